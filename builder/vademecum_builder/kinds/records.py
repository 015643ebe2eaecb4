"""From a record to a document, by templates: what the kinds with records share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError, UsageError
from vademecum.format.json import canonical, iso_time, parse_object
from vademecum_builder.kinds.base import Key, is_one_of, is_text, is_texts
from vademecum_builder.kinds.templates import Template, shown
from vademecum_builder.readers.document import LONGEST_URL, Document
from vademecum_builder.readers.outline import Outline, Section
from vademecum_builder.readers.text import clean, clean_line, unify_line_breaks
from vademecum_builder.request import SourceSettings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.records import instead
from vademecum_builder.sources.times import read_time, read_zone

_TITLES: Final = ("title", "name", "subject", "headline")
PLAIN, MARKDOWN, HTML = "plain", "markdown", "html"


def is_field_or_fields(value: Any, _: Path) -> tuple[str, ...] | None:
    """Take a template, or a list of fields."""
    if isinstance(value, str) and value:
        return (value,)
    return is_texts(value, _) or None


def is_zone(value: Any, _: Path) -> tzinfo | None:
    """Take the name of a zone."""
    return read_zone(value)


KEYS: Final[Mapping[str, Key]] = {
    "id": Key("the field that identifies a record", is_text),
    "title": Key("a field, or a template as in {name}", is_text),
    "text": Key("a template as in {name}: {description}, or a list of fields", is_field_or_fields),
    "link": Key("a field, or a template as in https://shop.example/{id}", is_text),
    "metadata": Key("a list of fields", is_texts),
    "updated": Key("the field that says when a record was changed", is_text),
    "zone": Key("the zone of times without one, as in Europe/Berlin or UTC", is_zone),
    "format": Key("plain, markdown or html", is_one_of(PLAIN, MARKDOWN, HTML)),
}
"""The keys of `[[source]]` that say how a record becomes a document."""


@dataclass(frozen=True)
class RecordReader:
    """Makes documents of records.

    Attributes:
        where: The settings' file and line, for messages.
        id: The field that identifies a record.
        title: None: the field `title`, `name`, `subject` or `headline`, else the first line of the text.
        text: One template, or a paragraph for each of several fields; empty: all fields that hold text, but for those
            that have another use.
        link: The document's address; None: it has none.
        metadata: Fields that the document carries.
        updated: The field that says how old a record is; empty: nobody knows.
        zone: Of times without one.
        format: What the text is.
        other_use: Fields that are no text unless a template names them.
        order: In which order fields are read; empty: by their names.
    """

    where: str
    id: str = "id"
    title: Template | None = None
    text: tuple[Template, ...] = ()
    link: Template | None = None
    metadata: tuple[str, ...] = ()
    updated: str = ""
    zone: tzinfo | None = None
    format: str = PLAIN
    other_use: frozenset[str] = field(default_factory=frozenset)
    order: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: SourceSettings, *other_use: str) -> RecordReader:
        """Return what the settings ask for.

        Args:
            other_use: Fields that are no text unless a template names them.

        Raises:
            UsageError: A template that cannot be read.
        """
        values = settings.values
        try:
            return cls(
                settings.where,
                values.get("id", "id"),
                Template.of(values["title"]) if "title" in values else None,
                tuple(map(Template.of, values.get("text", ()))),
                Template.of(values["link"]) if "link" in values else None,
                values.get("metadata", ()),
                values.get("updated", ""),
                values.get("zone"),
                values.get("format", PLAIN),
                frozenset(other_use),
            )
        except UsageError as error:
            raise UsageError(f"{settings.where}: {error.message}") from None

    @property
    def notice(self) -> str:
        """Nothing: how it is read stands in the settings."""
        return ""

    def check(self, fields: Sequence[str]) -> None:
        """Refuse settings that name a field which no record has.

        Raises:
            UsageError: It names settings, key, field, and which one may be meant.
        """
        named = {"title": (self.title,), "text": self.text, "link": (self.link,)}
        told = [(key, name) for key, many in named.items() for one in many if one for name in one.fields]
        told += [("id", self.id), *(("metadata", name) for name in self.metadata)]
        told += [("updated", self.updated)] if self.updated else []
        for key, name in told:
            if name not in fields:
                raise UsageError(
                    f"{self.where}: source.{key}: there is no field {name!r}; {instead(name, fields)}"
                )

    def shaped_by(self, item: SourceItem) -> str:  # noqa: ARG002 - every record is shaped alike
        """Return the digest of the settings that make a document of a record."""
        texts = [template.text for template in self.text]
        others = [self.title and self.title.text, self.link and self.link.text, str(self.zone)]
        told = [
            texts,
            others,
            self.metadata,
            self.updated,
            self.format,
            sorted(self.other_use),
            self.id,
            self.order,
        ]
        return hashlib.sha256(canonical(told)).hexdigest()

    def read(self, item: SourceItem) -> Document | str:
        """Return the document that a record is.

        Raises:
            ContentError: A time that is none, or one without a zone.
        """
        record = parse_object(item.data, item.key)
        text = self._text(record)
        metadata = {name: record[name] for name in self.metadata if record.get(name) is not None}
        warnings = []
        if self.updated and record.get(self.updated) is not None:
            try:
                metadata["updated"] = iso_time(read_time(record[self.updated], self.zone))
            except ContentError as error:
                hint = 'source.updated: write zone = "Europe/Berlin", say' if not self.zone else ""
                raise ContentError(f"{item.key}: {self.updated}: {error.message} {hint}".rstrip()) from None
        url = self.link.render_url(record) if self.link else ""
        if len(url) > LONGEST_URL or any(character <= " " for character in url):
            warnings.append(f"{item.key}: address {url[:60]!r} is left out: too long, or with spaces")
            url = ""
        title = clean_line(self._title(record, text)) or item.key
        return Document(item.key, title, url, metadata, self._sections(text, title), tuple(warnings))

    def warnings(self) -> Sequence[str]:
        """Nothing is half read."""
        return ()

    def _title(self, record: Mapping[str, Any], text: str) -> str:
        if self.title is not None:
            return self.title.render(record)
        named = (shown(record.get(name)) for name in _TITLES)
        return next(filter(None, named), "") or clean(text).strip().partition("\n")[0]

    def _text(self, record: Mapping[str, Any]) -> str:
        if self.text:
            return "\n\n".join(filter(None, (template.render(record).strip() for template in self.text)))
        titled = self.title.fields if self.title else tuple(filter(record.get, _TITLES))[:1]
        linked = self.link.fields if self.link else ()
        used = {self.id, self.updated, *titled, *linked, *self.metadata, *self.other_use}
        named = [name for name in self.order or record if name not in used]
        texts = (value for value in map(record.get, named) if isinstance(value, str))
        return "\n\n".join(filter(None, map(str.strip, texts)))

    def _sections(self, text: str, title: str) -> tuple[Section, ...]:
        text = unify_line_breaks(text)
        if self.format == MARKDOWN:
            from vademecum_builder.readers.markdown import read_markdown

            return read_markdown(text).sections
        if self.format == HTML:
            from vademecum_builder.readers.html.page import read_html

            return read_html(text).sections
        outline = Outline()
        for paragraph in text.split("\n\n"):
            outline.block(paragraph)
        return outline.sections(title)
