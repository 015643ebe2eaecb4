"""`kind = "messages"`: an archive of messages, cut into documents by one strategy or several."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum.format.json import canonical, parse_object
from vademecum.format.markup import Code
from vademecum_builder.kinds.base import Key, OpenedSource, as_bool, as_number, as_one_of, as_path, as_text, as_texts
from vademecum_builder.kinds.records import as_zone
from vademecum_builder.kinds.sql import as_database, table_source
from vademecum_builder.kinds.templates import Template
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import Block, Outline
from vademecum_builder.readers.text import clean_line, unify_line_breaks
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.messages.exports import SHAPES, Export
from vademecum_builder.sources.messages.message import Limits
from vademecum_builder.sources.messages.view import STRATEGIES, Archive, MessageView, date_of
from vademecum_builder.sources.times import read_duration
from vademecum_builder.stages.documents import DocumentReader

_FIELDS: Final = ("id", "time", "author", "text", "channel", "thread", "reply-to", "subject", "updated", "deleted")
_ALWAYS: Final = _FIELDS[:4]
"""What every message has; the settings may give other names."""


def as_duration(value: Any, _: Path) -> timedelta | None:
    """Accept a duration."""
    return read_duration(value)


def as_strategies(value: Any, _: Path) -> tuple[str, ...] | None:
    """Accept names of strategies, each once."""
    names = as_texts(value, _) or ()
    return names if names and set(names) <= set(STRATEGIES) and len(set(names)) == len(names) else None


_DURATION: Final = "a duration, as in 30m, 12h or 7d"
KEYS: Final[Mapping[str, Key]] = {
    "url": Key("a database's address, as in sqlite:///chat.db or ${DATABASE_URL}", as_database),
    "table": Key("a table's name", as_text),
    "query": Key("a SELECT", as_text),
    "path": Key("an exported file or folder", as_path),
    "records": Key("the path of the list, as in data.messages", as_text),
    "shape": Key(f"{', '.join(SHAPES[:-1])} or {SHAPES[-1]}", as_one_of(*SHAPES)),
    **{name: Key(f"the field that holds it ({name})", as_text) for name in _FIELDS},
    "zone": Key("the zone of times without one, as in Europe/Berlin or UTC", as_zone),
    "drafts": Key("true or false", as_bool),
    "link": Key("a template, as in https://chat.example/{channel}/{id}", as_text),
    "strategies": Key(f"a list of {', '.join(STRATEGIES)}", as_strategies),
    "window": Key(_DURATION, as_duration),
    "gap": Key(_DURATION, as_duration),
    "silence": Key(_DURATION, as_duration),
    "messages": Key("a number of messages above 0", as_number(1)),
    "overlap": Key("a number of messages", as_number()),
    "tokens": Key("a number of tokens above 0", as_number(1)),
    "look-back": Key(_DURATION, as_duration),
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return a view for each strategy.

    Raises:
        UsageError: Both a database and a path, or neither; a column that does not exist; an overlap of half the
            messages or more.
        NetworkError: The database does not answer.
    """
    values = settings.values
    names = {field.name: field.name.replace("_", "-") for field in fields(Limits)}
    told = {field: values[name] for field, name in names.items() if name in values}
    limits = Limits(**told)
    if limits.overlap >= limits.messages // 2 + 1:
        raise UsageError(f"{settings.where}: source.overlap: {limits.overlap} is half of messages or more: lower it")
    archive = _archive(settings, request)
    try:
        link = Template.of(values["link"]) if "link" in values else None
        if link:
            link.check(_LINKED)
    except UsageError as error:
        raise UsageError(f"{settings.where}: source.link: {error.message}") from None
    reader = ConversationReader(limits, link)
    return [
        OpenedSource(MessageView(archive, strategy, limits, counts=not number), lambda: reader, strategy)
        for number, strategy in enumerate(values.get("strategies", STRATEGIES[:1]))
    ]


def _archive(settings: SourceSettings, request: BuildRequest) -> Archive:
    values = settings.values
    if ("url" in values) == ("path" in values):
        found = "url and path: take one of them out" if "url" in values else "name a database (url) or a file (path)"
        raise UsageError(f"{settings.where}: source: {found}")
    named = {name: name for name in _ALWAYS} | {name: values[name] for name in _FIELDS if name in values}
    columns = {name.replace("-", "_"): column for name, column in named.items()}
    zone, private = values.get("zone"), request.drafts or values.get("drafts", False)
    if "path" in values:
        shape, records = values.get("shape", ""), values.get("records", "")
        return Export(values["path"], shape, columns, zone, settings.where, records, private)
    from vademecum_builder.sources.messages.table import MessageTable  # which needs SQLAlchemy

    table = MessageTable(table_source(settings), columns, zone, private)
    if request.sync:
        table.check()
    return table


_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#.-]{0,20}")
_LINKED: Final = ("id", "channel", "time", "author")


@dataclass(frozen=True)
class ConversationReader(DocumentReader):
    """Makes documents of messages that belong together.

    The title, and whatever else shapes a chunk, do not depend on later messages: a new message only changes the chunk
    that it is in.
    """

    limits: Limits
    link: Template | None = None

    def shaped_by(self, item: SourceItem) -> str:  # noqa: ARG002 - all are shaped alike
        """Return the digest of the settings that make a document of messages."""
        told = [self.link.text if self.link else "", str(self.limits.zone)]
        return hashlib.sha256(canonical(told)).hexdigest()

    def read(self, item: SourceItem) -> Document | str:
        """Return the document, or why it is none; raise ContentError if it is no record."""
        record = parse_object(item.data, item.key)
        messages: list[dict[str, str]] = record["messages"]
        outline = Outline()
        titled = subject = messages[0].get("subject", "") if record["strategy"] == "conversation" else ""
        for message in messages:
            if subject != (subject := message.get("subject", "")):
                outline.block(subject)
            author = clean_line(message["author"])
            text = unify_line_breaks(message["text"]).strip()
            for number, block in enumerate(_blocks(text)):
                said = f"{author}:" if author and not number else ""
                if said and not isinstance(block, str):
                    outline.block(said)
                outline.block(f"{said} {block}" if said and isinstance(block, str) else block)
        sections = outline.sections("")
        if not sections:
            return "messages without text"
        first, last = messages[0], messages[-1]
        date = date_of(datetime.fromisoformat(first["time"]), self.limits.zone)
        title = clean_line(titled) or clean_line(f"{record['channel']}, {date}" if record["channel"] else date)
        metadata: dict[str, Any] = {
            "strategy": record["strategy"],
            "authors": sorted({message["author"] for message in messages if message["author"]}),
            "from": first["time"],
            "to": last["time"],
            "messages": len(messages),
            "updated": max(message.get("updated", message["time"]) for message in messages),
        }
        if record["channel"]:
            metadata["channel"] = record["channel"]
        url = self.link.render_url({**first, "channel": record["channel"]}) if self.link else ""
        return Document(item.key, title, url, metadata, sections)


def _blocks(text: str) -> Iterator[Block]:
    """Yield paragraphs, and code between three backticks, which every chat program uses."""
    for number, part in enumerate(text.split("```")):
        if number % 2:
            language, line, code = part.partition("\n")
            known = bool(line and _LANGUAGE.fullmatch(language))
            yield Code((code if known else part).strip("\n"), language if known else "")
        else:
            yield from filter(None, (paragraph.strip("\n") for paragraph in part.split("\n\n")))
