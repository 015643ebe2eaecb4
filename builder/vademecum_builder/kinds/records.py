"""From a record to a document, by templates; shared by all kinds of sources with records."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError, UsageError, counted
from vademecum.format.json import canonical, iso_time, parse_object
from vademecum.origin import pip_install
from vademecum_builder.kinds.base import Key, as_bool_or_texts, as_one_of, as_text, as_texts
from vademecum_builder.kinds.formats import (
    AUTO,
    HTML,
    LINE,
    MARKDOWN,
    MEDIAWIKI,
    PLAIN,
    as_html,
    bare,
    is_block,
    is_html,
    label,
    sections_of,
    unescaped,
)
from vademecum_builder.kinds.templates import Template
from vademecum_builder.kinds.values import WRAPPED, is_fact, is_rich_text, name_in_words, shown
from vademecum_builder.readers.document import LONGEST_URL, Document
from vademecum_builder.readers.mediawiki import categories, is_redirect
from vademecum_builder.readers.outline import Section, block_text
from vademecum_builder.readers.text import clean_line
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.prices import price_of
from vademecum_builder.sources.private_fields import is_named_private, many_reach, reaches, why_private
from vademecum_builder.sources.records import field_at, ids_in, instead
from vademecum_builder.sources.times import NoZoneError, read_time, read_zone
from vademecum_builder.stages.documents import DocumentReader

TITLES: Final = (
    "title name subject headline label display_name product_name summary titel titre titulo titolo nombre nom nome "
    "naam bezeichnung produktname artikelname betreff asunto objet oggetto designation heading term "
    "question frage pregunta domanda pergunta vraag"
).split()
"""Fields that may be the title of a record, the likeliest first."""
TEXTS: Final = (
    "text body content message desc description details abstract excerpt introduction answer comment note notes "
    "texte texto testo tekst inhalt contenu contenido contenuto inhoud beschreibung descripcion descripción descrição "
    "descrizione omschrijving zusammenfassung résumé resumen riassunto antwort réponse respuesta resposta risposta"
).split()
"""Fields that may be the text of a record."""
_UNNAMED: Final = WRAPPED.union(TITLES, TEXTS)
"""Names, in lower case, that need not be shown before a text."""
LANGUAGE: Final = ("lang", "locale", "langcode", "lang_code", "language_code")
"""Fields with the language of a record's texts; `language` may be that of a film or a book."""
_TAG: Final = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_TAGS: Final = re.compile(r"(?:<[^<>\s]+>)+|\|(?:[^|\s]+\|)+")
"""Tags as Stack Exchange writes them: `<hops><taste>`, `|hops|taste|`."""
_INDEX: Final = re.compile(r"\.\d+(?=\.|$)")
_ARTICLES: Final = ("0", "4", "12", "102", "104", "106", "108", "110", "112", "114", "116", "118")
"""The namespaces of MediaWiki that hold articles, by number: the main one, the project's, help, and custom ones."""
_SHORT: Final = 120
"""The most characters of a text that may be somebody's contact."""
PRICE: Final = re.compile(r"price|cost|amount|msrp|preis|prix|precio", re.IGNORECASE)


def as_field_or_fields(value: Any, _: Path) -> tuple[str, ...] | None:
    """Accept a template, or a list of fields."""
    if isinstance(value, str) and value:
        return (value,)
    return as_texts(value, _) or None


def as_zone(value: Any, _: Path) -> tzinfo | None:
    """Accept the name of a time zone."""
    return read_zone(value)


KEYS: Final[Mapping[str, Key]] = {
    "id": Key("the field that identifies a record", as_text),
    "title": Key("a field, or a template as in {name}", as_text),
    "text": Key("a template as in {name}: {description}, or a list of fields", as_field_or_fields),
    "link": Key("a field, or a template as in https://shop.example/{id}", as_text),
    "metadata": Key("a list of fields", as_texts),
    "updated": Key("the field that says when a record was changed", as_text),
    "zone": Key("the zone of times without one, as in Europe/Berlin or UTC", as_zone),
    "format": Key("plain, markdown, html, mediawiki or auto", as_one_of(PLAIN, MARKDOWN, HTML, AUTO, MEDIAWIKI)),
}
"""The keys of `[[source]]` that say how a record becomes a document."""
OF_WITHHELD: Final = "records of others that are not public"
DRAFTS: Final = Key("true or false, or a list of fields that keep no record back", as_bool_or_texts)


def keeping_back(
    values: Mapping[str, Any], request: BuildRequest, now: datetime | None = None
) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that tells whether a record is not public under these settings; with `now`, times in the
    record count too."""
    drafts = request.drafts or values.get("drafts", False)
    return lambda record: drafts is not True and why_private(record, now, drafts or ()) != ""


def is_of(record: Mapping[str, Any], withheld: Mapping[str, frozenset[str]]) -> bool:
    """Return whether a record refers to a withheld one.

    Args:
        withheld: The ids of withheld records, by the fields that refer to them.
    """
    return any(one in ids for name, ids in withheld.items() for one in ids_in(field_at(record, name)))


@dataclass(frozen=True)
class RecordReader(DocumentReader):
    """Makes documents of records.

    Attributes:
        where: The settings' file and line, for messages.
        id: The field that identifies a record.
        title: None: the first field of `TITLES` that is not empty, else the first line of the text.
        text: One template; or several fields, each a paragraph, with neighbouring facts in one paragraph, each after
            its name; empty: all fields with text, except those with another use or a private name.
        link: The document's address; None: it has none.
        metadata: Fields that become metadata; a price that is written as text becomes a number.
        updated: The field with the time of a record's last change; empty: there is none.
        zone: Of times without one.
        format: The format of the text; `auto`: HTML if one of its fields is, else plain.
        other_use: Fields that are not text unless a template names them.
        order: The order in which fields are read; empty: by name.
        withheld: The ids of records that are not public, by the fields that refer to them.
        undated: Why a record's date cannot be read, by record.
        untold: Fields that the settings do not name and that are left out since their names are private; also those
            within an object that is named as a whole.
        texts, reached: For the other fields that the settings do not name: how many texts they have, and in how many
            somebody's contact is given.
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
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
    undated: list[str] = field(default_factory=list, compare=False, repr=False)
    untold: set[str] = field(default_factory=set, compare=False, repr=False)
    texts: Counter[str] = field(default_factory=Counter, compare=False, repr=False)
    reached: Counter[str] = field(default_factory=Counter, compare=False, repr=False)

    @classmethod
    def of(cls, settings: SourceSettings, *other_use: str, form: str = PLAIN) -> RecordReader:
        """Return the reader that the settings ask for.

        Args:
            other_use: Fields that are not text unless a template names them.
            form: The format of the text if the settings do not name it.

        Raises:
            UsageError: A template cannot be read, or the reader of the format is not installed.
        """
        values = settings.values
        if values.get("format") == MEDIAWIKI and not find_spec("pypandoc"):
            raise UsageError(f"{settings.where}: source.format: a wiki needs {pip_install('mediawiki')}")
        try:
            return cls(
                settings.where,
                id=values.get("id", "id"),
                title=Template.of(values["title"]) if "title" in values else None,
                text=tuple(map(Template.of, values.get("text", ()))),
                link=Template.of(values["link"]) if "link" in values else None,
                metadata=values.get("metadata", ()),
                updated=values.get("updated", ""),
                zone=values.get("zone"),
                format=values.get("format", form),
                other_use=frozenset(other_use),
            )
        except UsageError as error:
            raise UsageError(f"{settings.where}: {error.message}") from None

    @property
    def named(self) -> Sequence[tuple[str, str]]:
        """The fields that the settings name, each after its key."""
        templates = {"title": (self.title,), "text": self.text, "link": (self.link,)}
        told = [(key, name) for key, many in templates.items() for one in many if one for name in one.fields]
        return [
            *told,
            *(("metadata", name) for name in self.metadata),
            *(("updated", name) for name in [self.updated] if name),
        ]

    def check(self, fields: Sequence[str]) -> None:
        """Refuse settings that name a field which no record has.

        Raises:
            UsageError: With the settings, the key, the field, and the one that may be meant.
        """
        for key, name in self.named:
            if name not in fields and name.partition(".")[0] not in fields:
                raise UsageError(f"{self.where}: source.{key}: there is no field {name!r}; {instead(name, fields)}")

    def shaped_by(self, item: SourceItem) -> str:  # noqa: ARG002 - every record is shaped alike
        """Return the digest of the settings that make a document of a record."""
        return self._shape

    @cached_property
    def _shape(self) -> str:
        texts = [template.text for template in self.text] or ["all but what is called private, facts by their names"]
        others = [self.title and self.title.text, self.link and self.link.text, str(self.zone)]
        told = [
            LANGUAGE,
            texts,
            others,
            self.metadata,
            self.updated,
            self.format,
            sorted(self.other_use),
            self.id,
            self.order,
            {name: sorted(ids) for name, ids in self.withheld.items()},
        ]
        return hashlib.sha256(canonical(told)).hexdigest()

    def read(self, item: SourceItem) -> Document | str:
        """Return the document of a record; raise ContentError for a time without a zone."""
        record = parse_object(item.data, item.key)
        if is_of(record, self.withheld):
            return OF_WITHHELD
        record = self._open(record)
        if self.format in (AUTO, HTML) and b"&lt;" in item.data:
            record = {name: unescaped(value) for name, value in record.items()}
        text, form = self._text(record)
        told = {name: _metadata_value(name, field_at(record, name)) for name in self.metadata}
        metadata = {name: value for name, value in told.items() if value is not None}
        if (said := next(filter(None, map(record.get, LANGUAGE)), "")) and _TAG.fullmatch(str(said)):
            metadata.setdefault("lang", str(said).replace("_", "-"))
        warnings = []
        if self.updated and (said := field_at(record, self.updated)) not in (None, ""):
            try:
                metadata["updated"] = iso_time(read_time(said, self.zone))
            except NoZoneError as error:
                hint = 'source.updated: write zone = "Europe/Berlin", say'
                raise ContentError(f"{item.key}: {self.updated}: {error.message} {hint}") from None
            except ContentError as error:
                self.undated.append(f"{item.key}: {error.message}")
        url = self.link.render_url(record) if self.link else ""
        if len(url) > LONGEST_URL or any(character <= " " for character in url):
            warnings.append(f"{item.key}: address {url[:60]!r} is left out: too long, or with spaces")
            url = ""
        if form == MEDIAWIKI:
            if why := _no_article(record, text):
                return why
            if tags := categories(text):
                metadata["tags"] = tags
            url = url.replace("%2F", "/").replace("%20", "_")  # as the wiki itself writes addresses
        sections = sections_of(text, form)
        title = clean_line(self._title(record, sections)) or item.key
        return Document(item.key, title, url, metadata, sections, tuple(warnings))

    def warnings(self) -> Sequence[str]:
        """Return one line for all records without a date, and one for each way in which something may be private."""
        updated, text = f"{self.where}: source.updated", f"{self.where}: source.text names no fields:"
        private = f"{self.where}: source.{'text' if self.text else 'text names no fields'}:"
        told = (
            [f"{updated}: {counted(len(self.undated), 'records')} without a date, as {self.undated[0]}"]
            if self.undated
            else []
        )
        if self.untold:
            names = ", ".join(sorted(self.untold))
            told.append(f"{private} {names} are left out, as private by their names; name what everybody may read")
        if found := [name for name, count in self.reached.items() if many_reach(count, self.texts[name])]:
            names = ", ".join(sorted(found))
            told.append(f"{text} {names} are published, and say where people are reached; name what everybody may read")
        return told

    def _open(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record without the private fields of objects that the settings name as a whole."""
        named = {name for _, name in self.named}
        tops = {name if name in record else name.partition(".")[0] for name in named}
        nested = {name: record[name] for name in tops if isinstance(record.get(name), dict | list)}
        return record | {name: self._without_private(value, name, named) for name, value in nested.items()}

    def _without_private(self, value: Any, path: str, named: Collection[str]) -> Any:
        if isinstance(value, list):
            return [self._without_private(one, path, named) for one in value]
        if not isinstance(value, dict) or is_rich_text(value):
            return value
        kept = {}
        for name, inner in value.items():
            called = f"{path}.{name}"
            if is_named_private(name) and not any(f"{_INDEX.sub('', one)}.".startswith(f"{called}.") for one in named):
                self.untold.add(called)
            else:
                kept[name] = self._without_private(inner, called, named)
        return kept

    def called(self, record: Mapping[str, Any]) -> str:
        """Return the title of a record from its fields; empty: they have none."""
        return self._title(record, ())

    def _title(self, record: Mapping[str, Any], sections: Sequence[Section]) -> str:
        if self.title is not None and (told := bare(self.title.render(record), self.format)):
            return told
        named = (shown(record.get(name)) for name in TITLES)
        texts = (block_text(block) for section in sections for block in section.blocks)
        return bare(next(filter(None, named), ""), self.format) or next(texts, "").partition("\n")[0]

    def _text(self, record: Mapping[str, Any]) -> tuple[str, str]:
        """Return the text and its format."""
        templates = self.text or [*map(Template.bare, self._rest(record))]
        values = (shown(field_at(record, name)) for template in templates for name in template.fields)
        form = (HTML if any(map(is_html, values)) else PLAIN) if self.format == AUTO else self.format
        write = as_html if form != self.format and form == HTML else str
        said = ((template, template.render(record, write).strip()) for template in templates)
        named = [(self._name(template, record, form), text) for template, text in said if text]
        if named and (len(templates) == 1 or not self._title(record, ())):
            named[0] = ("", named[0][1])  # the text itself, or what will be the title
        paragraphs: list[str] = []
        for has_name, group in groupby(named, key=lambda one: one[0] != ""):
            if has_name:
                facts = LINE.get(form, "\n").join(f"{label(name, form)}: {text}" for name, text in group)
                paragraphs.append(f"<div>{facts}</div>" if form == HTML else facts)
            else:
                paragraphs += [f"<div>{text}</div>" if write is as_html else text for _, text in group]
        return "\n\n".join(paragraphs), form

    def _name(self, template: Template, record: Mapping[str, Any], form: str) -> str:
        """Return the name of a fact; empty: it is not a fact, or is the title or the text itself."""
        field = template.text
        if form == MEDIAWIKI or not template.is_bare or field in self._titled(record):
            return ""  # in a wiki's text, the beginning of a line is its markup
        name, value = name_in_words(field), field_at(record, field)
        said = shown(value).strip()
        as_text = _UNNAMED.issuperset(name.lower().split()) or is_block(said, form)
        return name if not as_text and is_fact(value, said) else ""

    def _titled(self, record: Mapping[str, Any]) -> Sequence[str]:
        return self.title.fields if self.title else tuple(filter(record.get, TITLES))[:1]

    def _rest(self, record: Mapping[str, Any]) -> Iterator[str]:
        """Yield the fields that have text and no other use."""
        linked = self.link.fields if self.link else ()
        used = {self.id, self.updated, *self._titled(record), *linked, *self.metadata, *self.other_use}
        for name in self.order or record:
            for path in _texts(record.get(name), name):
                if path in used or name in used:
                    continue
                called = _INDEX.sub("", path)
                if is_named_private(called):
                    self.untold.add(called)
                    continue
                value = field_at(record, path)
                for said in value if _is_list_of_facts(value) else [shown(value)]:
                    if len(said) <= _SHORT:
                        self.texts[called] += 1
                        self.reached[called] += reaches(said)
                yield path


def _no_article(record: Mapping[str, Any], text: str) -> str:
    """Return why a page of a wiki is left out: a redirect, or a page for talk, a user or a program; empty: it is
    not."""
    if "redirect" in record or is_redirect(text):
        return "pages of a wiki that lead to others"
    return (
        "" if str(record.get("ns", "0")) in _ARTICLES else "pages of a wiki that are not articles (talk, users, files)"
    )


def _texts(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of all texts in a field."""
    if isinstance(value, str) or is_rich_text(value) or _is_list_of_facts(value):
        yield path
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, f"{path}.{name}")


def _is_list_of_facts(value: Any) -> bool:
    """Return whether a field is a list of words; in a list of paragraphs, each one is a text."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(one, str) and is_fact(one, one) and not is_html(one) for one in value)


def _metadata_value(name: str, value: Any) -> Any:
    """Return the value of a field as metadata: none for an empty text, a number for a price."""
    if not isinstance(value, str):
        return value
    if _TAGS.fullmatch(value):
        return re.findall(r"[^<>|]+", value)
    return (price_of(value) if PRICE.search(name) else value.strip()) or None
