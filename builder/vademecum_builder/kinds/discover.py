"""From a place to the `[[source]]` that reads it: a database, records, a folder, a feed, messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vademecum.errors import UsageError
from vademecum_builder.kinds.fields import SAMPLED, FieldFound, fields_of, proposal, zone_of
from vademecum_builder.kinds.sql import database_at
from vademecum_builder.sources.catalog import ENDINGS, CatalogSource
from vademecum_builder.sources.fetched import fetch, is_address
from vademecum_builder.sources.folder import MEDIA_TYPES
from vademecum_builder.sources.records import json_value

if TYPE_CHECKING:
    from sqlalchemy import Inspector

_SQLITE = b"SQLite format 3\0"
_DATABASE = re.compile(r"(?!https?:)[a-z][a-z0-9+]*:(?://|///)|\$\{\w+\}$")
_MESSAGE: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"(?:.*_)?(?:{words})", re.IGNORECASE)
    for name, words in {
        "time": "time|timestamp|ts|date|sent|sent_at|created|created_at|posted_at",
        "author": "author|sender|from|user|username|nick|nickname|from_user|member|user_name|display_name|"
        "user_id|author_id|sender_id|from_id|member_id",
        "text": "text|body|content|message|msg",
        "channel": "channel|room|room_id|channel_id|channel_name|conversation|conversation_id|chat|chat_id",
        "thread": "thread|thread_id|thread_ts",
        "reply-to": "reply_to|in_reply_to|parent|parent_id|reply_to_id",
        "updated": "updated|updated_at|edited|edited_at|modified_at",
        "deleted": "deleted|deleted_at|is_deleted|removed",
    }.items()
}


_LATER = ("thread", "reply-to", "updated", "deleted")
"""What may be empty in every row that was looked at."""


@dataclass(frozen=True)
class Proposal:
    """A `[[source]]` that can be written.

    Attributes:
        settings: By key, as they stand in the file.
        notes: What its reader should look at before it is published.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def toml(self, name: str = "") -> str:
        """Return the lines of the file, under this name or its own."""
        told = {"name": name or self.name, "kind": self.kind} | dict(self.settings)
        # A JSON string is a basic string of TOML 1.0 (its escapes are among TOML's), and so is a list of them a list.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
        return "\n".join(["[[source]]", *(f"# {note}" for note in self.notes), *lines]) + "\n"


def discover(place: str, folder: Path) -> Sequence[Proposal]:
    """Return what could be read at a place: of a database one source for each table with text.

    Args:
        place: A database's address, an address, or a path.
        folder: Of the settings: paths are relative to it.

    Raises:
        UsageError: There is nothing there, or nothing that can be read.
        HostError: It does not answer.
    """
    if _DATABASE.match(place):
        return _tables(place, folder)
    if is_address(place):
        return [_at_address(place)]
    path = Path(place)
    if not path.exists() and not set("*?[") & set(place):
        raise UsageError(f"{place}: no such file or folder; a database is sqlite:///FILE or postgresql://…")
    if path.is_file() and _head(path).startswith(_SQLITE):
        return _tables(f"sqlite:///{_relative(path, folder)}", folder)
    return [_in_folder(path, folder) if path.is_dir() else _of_file(path, folder)]


def _relative(path: Path, folder: Path) -> str:
    absolute, top = path.absolute(), folder.absolute()
    return absolute.relative_to(top).as_posix() if absolute.is_relative_to(top) else absolute.as_posix()


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "source"


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def _at_address(address: str) -> Proposal:
    name = _name(PurePosixPath(urlsplit(address).path).stem or urlsplit(address).netloc)
    if urlsplit(address).path.endswith(".git"):
        return Proposal(name, "git", {"url": address})
    fetched = fetch(address, {})
    assert fetched is not None
    with fetched.body:
        head = fetched.body.read(4096)
    if re.search(rb"<(?:rss|feed|rdf:RDF)\b", head):
        return Proposal(name, "feed", {"path": address})
    return _catalog(name, address, address)


def _of_file(path: Path, folder: Path) -> Proposal:
    place, name = _relative(path, folder), _name(path.stem)
    head = _head(path) if path.is_file() else b""
    if path.suffix.lower() == ".mbox" or head.startswith(b"From "):
        return Proposal(name, "messages", {"path": place, "shape": "mbox"})
    if re.search(rb"<(?:rss|feed|rdf:RDF)\b", head):
        return Proposal(name, "feed", {"path": place})
    if path.suffix.lower() in MEDIA_TYPES:
        raise UsageError(f"{path}: one document; name the folder that it lies in")
    return _catalog(name, str(path), place)


def _in_folder(path: Path, folder: Path) -> Proposal:
    place, name = _relative(path, folder), _name(path.resolve().name)
    if (path / "users.json").exists() and (path / "channels.json").exists():
        return Proposal(name, "messages", {"path": place, "shape": "slack"})
    files = [file.suffix.lower() for file in islice(path.rglob("*"), 10_000) if file.is_file()]
    documents = sum(ending in MEDIA_TYPES for ending in files)
    if sum(ending in ENDINGS for ending in files) > documents:
        return _catalog(name, str(path), place)
    if ".mbox" in files and not documents:
        return Proposal(name, "messages", {"path": place, "shape": "mbox"})
    if not documents:
        raise UsageError(f"{path}: no documents and no records in this folder")
    return Proposal(name, "folder", {"path": place})


def _catalog(name: str, where: str, place: str) -> Proposal:
    records = CatalogSource(where).sample(SAMPLED)
    if not records:
        raise UsageError(f"{where}: no record in it can be read")
    return _proposal(name, "catalog", {"path": place}, fields_of(records), len(records))


def _proposal(
    name: str,
    kind: str,
    where: dict[str, Any],
    fields: Sequence[FieldFound],
    count: int,
    keys: Sequence[str] = (),
) -> Proposal:
    told = proposal(fields, count, keys)
    notes = []
    if "id" not in told:
        told = {"id": "?"} | told
        notes.append("no field names a record: write the one that does")
    private = [one.name for one in fields if one.is_private]
    if private:
        notes.append(f"left out, by their names: {', '.join(private)}")
    if "zone" in told:
        notes.append(_ZONE)
    return Proposal(name, kind, where | told, notes)


_ZONE = "times say no zone: is it this one?"


def _tables(url: str, folder: Path) -> list[Proposal]:
    database = database_at(url, folder, "what was asked for")
    from sqlalchemy import inspect, literal_column, select

    found: list[Proposal] = []
    private: list[str] = []
    with database.connect() as connection:
        inspector = inspect(connection)
        views = inspector.get_view_names()
        names = [*inspector.get_table_names(), *views]
        for table in names:
            origin = database.table(connection, table)
            first: Any = connection.execute(select(literal_column("*")).select_from(origin).limit(SAMPLED))
            rows = first.mappings().all()
            fields = fields_of({name: json_value(value) for name, value in row.items()} for row in rows)
            columns = list(first.keys())
            keys = [] if table in views else inspector.get_pk_constraint(table)["constrained_columns"]
            where = {"url": url, "table": table}
            proposed = _messages(table, where, fields, keys, columns)
            if proposed is None:
                proposed = _proposal(
                    _name(table), "sql", where, fields, len(rows), keys if len(keys) == 1 else ()
                )
                gone = [name for name in columns if _MESSAGE["deleted"].fullmatch(name)]
                settings = {**proposed.settings, **({"deleted": gone[0]} if gone else {})}
                proposed = replace(proposed, settings=settings)
            else:
                proposed = _with_names(proposed, columns, _named_by(inspector, table, names))
            if any(map(_PEOPLE.search, (one.name for one in fields))):
                private.append(table)
            elif proposed.kind == "messages" or proposed.settings["text"]:
                found.append(proposed)
    if not found:
        without = f"; {', '.join(private)} holds what is private: name it yourself" if private else ""
        raise UsageError(
            f"{database.name}: no table with text in it; there is {', '.join(names) or 'no table'}{without}"
        )
    if private:
        note = f"tables that hold what is private are left out: {', '.join(private)}"
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


_PEOPLE = re.compile(r"pass(?:word|wd)|e_?mail|secret|token|iban|ssn", re.IGNORECASE)


def _named_by(inspector: Inspector, table: str, tables: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return which table says what an id stands for: by column that table, its key and its column of names."""
    found = {}
    foreign = {
        one["constrained_columns"][0]: one["referred_table"]
        for one in inspector.get_foreign_keys(table)
        if len(one["constrained_columns"]) == 1
    }
    for column in (one["name"] for one in inspector.get_columns(table)):
        stem = column.lower().removesuffix("_id")
        guessed = next((one for one in tables if one.lower() in (stem, f"{stem}s")), "")
        other = foreign.get(column) or (guessed if column.lower().endswith("_id") else "")
        if other and other != table and other in inspector.get_table_names():
            there = {one["name"] for one in inspector.get_columns(other)}
            keys = inspector.get_pk_constraint(other)["constrained_columns"]
            name = next((one for one in _NAMES if one in there), "")
            if name and len(keys) == 1:
                found[column] = (other, keys[0], name)
    return found


_NAMES = ("display_name", "nickname", "nick", "username", "user_name", "name", "title")


def _with_names(
    proposed: Proposal, columns: Sequence[str], named_by: Mapping[str, tuple[str, str, str]]
) -> Proposal:
    """Return an archive with the names of authors and channels where its table has their ids alone."""
    settings, selected, joins = dict(proposed.settings), ["m.*"], []
    for role in ("author", "channel"):
        column, name = settings.get(role, role), f"{role}_name"
        if column in named_by and name not in columns:
            table, key, names = named_by[column]
            selected.append(f"{role}.{_quoted(names)} AS {name}")
            joins.append(
                f"LEFT JOIN {_quoted(table)} AS {role} ON {role}.{_quoted(key)} = m.{_quoted(column)}"
            )
            settings[role] = name
    if not joins:
        return proposed
    table = _quoted(settings.pop("table"))
    query = f"SELECT {', '.join(selected)} FROM {table} AS m {' '.join(joins)}"
    return replace(proposed, settings={"url": settings.pop("url"), "query": query, **settings})


def _quoted(name: str) -> str:
    return name if name.isidentifier() and name.islower() else '"{}"'.format(name.replace('"', '""'))


def _messages(
    table: str,
    where: dict[str, Any],
    fields: Sequence[FieldFound],
    keys: Sequence[str],
    columns: Sequence[str],
) -> Proposal | None:
    """Return the archive that a table is: where each row has a time, an author and a text; None: it is none.

    Args:
        columns: All names: what is empty yet says of a message later that it is edited, deleted or an answer.
    """
    there = {one.name for one in fields}
    empty = [FieldFound(name) for name in columns if name not in there]
    named: dict[str, FieldFound] = {}
    for role, words in _MESSAGE.items():
        fit = [
            one
            for one in (*fields, *(empty if role in _LATER else ()))
            if words.fullmatch(one.name) and one.name not in keys and one not in named.values()
        ]
        if role == "time":
            fit = [one for one in fit if one.type in ("time", "number")]
        if fit:
            named[role] = min(fit, key=lambda one: len(one.name))
    ids = [*keys, *(one.name for one in fields if one.name.lower() == "id")]
    if not ids or not {"time", "author", "text"} <= named.keys():
        return None
    told = {"id": ids[0]} | {role: one.name for role, one in named.items()}
    told = {
        role: name
        for role, name in told.items()
        if role != name or role not in ("id", "time", "author", "text")
    }
    zone = zone_of(named["time"])
    return Proposal(_name(table), "messages", where | told | zone, [_ZONE] if zone else [])
