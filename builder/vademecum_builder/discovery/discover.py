"""Discovery: proposes a `[[source]]` for a database, records, a folder, a feed or messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zipfile import ZipFile, is_zipfile

from vademecum.errors import UsageError
from vademecum_builder.discovery.fields import SAMPLED, FieldFound, fields_of
from vademecum_builder.discovery.people import is_called_people, is_of_people, tells_of_people
from vademecum_builder.discovery.proposals import (
    ZONE,
    Proposal,
    completed,
    name_of,
    of_messages,
    of_records,
    of_their_own,
)
from vademecum_builder.discovery.roles import NOW, names_an_id
from vademecum_builder.discovery.tables import discover_tables
from vademecum_builder.kinds.records import MEDIAWIKI, TITLES
from vademecum_builder.kinds.values import shown
from vademecum_builder.sources.base import SourceError
from vademecum_builder.sources.catalog import ENDINGS, SELDOM, CatalogSource, ids_of, names_of_ids
from vademecum_builder.sources.charset import decode
from vademecum_builder.sources.endings import BINARY_TYPES, MEDIA_TYPES
from vademecum_builder.sources.fetched import fetch, is_address
from vademecum_builder.sources.formats.record_files import Layout
from vademecum_builder.sources.formats.record_lists import EVERY, WHOLE
from vademecum_builder.sources.formats.sheets import SHEETS, read_sheets
from vademecum_builder.sources.left_out import files_outside_of_published
from vademecum_builder.sources.messages.exports import CANNOT_UNPACK, UNPACK_IT, shape_of
from vademecum_builder.sources.messages.mail import MAILS, is_maildir
from vademecum_builder.sources.private_fields import plain_name, why_private
from vademecum_builder.sources.records import field_at, ids_in
from vademecum_builder.sources.unzipped import ending_of

_SQLITE = b"SQLite format 3\0"
_EXPORTED = (".txt", ".json", ".jsonl", ".csv", ".log", ".weechatlog", *MAILS)
_FEED = re.compile(rb"<(?:rss|feed)\b|<rdf:RDF\b[^>]*purl\.org/rss")
_EACH = 30
"""The most files of a folder that may each be a source of its own."""
_WIKI = re.compile(rb"<mediawiki\b")
_WIKI_BASE = re.compile(rb"<base>(https?://[^<>{}]+)/[^/<>]*</base>")
_SHOP = re.compile(rb"=[\"']https?://base\.google\.com/ns/")
"""A feed whose entries are products: prices and brands are fields of their own."""
_DJANGO = {"model", "pk", "fields"}
_FEW = 20
"""If an average record has only one of this many fields, the records have hardly a field in common."""
_ALL = 20
"""If a list in each record is this many times as long as everything else there, the list is the content."""
_TOLD = 10
"""How many lists are named."""
_NAMED = 3
"""How many files beside documents are named."""
_NESTED = (".json", ".yaml", ".yml", ".toml")
_RECORDS = 100_000
"""How many records are compared by id."""
_SHARED = 0.05
"""The share of them that may be wrong: a value that more records share is a group, such as a county."""
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet")
"""Endings of files with records only: .json and .yaml are just as often a program's configuration."""
_DATABASES = (".db", ".sqlite", ".sqlite3")
_UNLIKE = (
    "{}: each of its files holds something else: name the one that people are to search, or read them into a database, "
    "whose tables are joined by what refers to what"
)
_REFERRING = re.compile(r"_?(?:id|key|uuid|guid|slug|no|nr|num|number|code)s?$")
_BETWEEN_THEM = "it looks like what its participants wrote to each other: whoever has a release reads it"
_LOOKED_AT = 10_000
"""How many files of a folder are looked at."""
_SHAPED = 20
"""How many files decide whether a folder is an archive of messages."""
_DATABASE = re.compile(r"(?!https?:)[a-z][a-z0-9+]*:(?://|///)|\$\{\w+\}$")


def discover(place: str, folder: Path) -> Sequence[Proposal]:
    """Return what could be read at a place; for a database, one source for each table with text.

    Args:
        place: The address of a database, another address, or a path.
        folder: Of the settings: paths are relative to it.

    Raises:
        UsageError: There is nothing, or nothing that can be read.
        HostError: The host does not answer.
    """
    place = re.sub("^webcal(?=s?://)", "http", place)  # a calendar's address, as it is passed on
    if _DATABASE.match(place):
        return discover_tables(place, folder)
    if is_address(place):
        return [_at_address(place)]
    path = Path(place)
    if not path.exists() and not set("*?[") & set(place):
        raise UsageError(f"{place}: no such file or folder; a database is sqlite:///FILE or postgresql://…")
    if path.is_file() and _head(path).startswith(_SQLITE):
        return discover_tables(f"sqlite:///{_relative(path, folder)}", folder)
    if path.suffix.lower() in SHEETS and path.is_file() and (found := _of_sheets(path, folder)):
        return found
    return _in_folder(path, folder) if path.is_dir() else [_of_file(path, folder)]


_NAMES = re.compile(r"[^\t\n]*\t|\ufeff?[\w-]+(?:([,;|])[\w-]+)(?:\1[\w-]+)+\r?\n")
"""The first line of a table: names separated by tabs, or single words."""
_WORDS = re.compile(r"[^\W\d_]\s+[^\W\d_]")
"""Several words, unlike in a number, id or code."""
_MARC = re.compile(rb"\d{5}[acdnopsx][a-z][^\n]{3}22\d{5}[^\n]{3}4500")
"""The leader of a MARC record: its length, its type, and the sizes in its directory."""
_ZULIP = re.compile(rb'\s*\{\s*"zerver_')
_OPENAPI = re.compile(
    rb"\A\s*\{\s*(?:\"[^\"]*\"\s*:\s*\"[^\"]*\"\s*,\s*)*\"(?:openapi|swagger)\"\s*:\s*\"?\d"
    rb"|^[\"']?(?:openapi|swagger)[\"']?[ \t]*:[ \t]*[\"']?\d",
    re.MULTILINE,
)
"""At the top level only: a list of APIs has such a field in each record."""


def _relative(path: Path, folder: Path) -> str:
    absolute, top = path.absolute(), folder.absolute()
    return absolute.relative_to(top).as_posix() if absolute.is_relative_to(top) else absolute.as_posix()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def _at_address(address: str) -> Proposal:
    name = name_of(PurePosixPath(urlsplit(address).path).stem or urlsplit(address).netloc)
    if urlsplit(address).path.endswith(".git"):
        return Proposal(name, "git", {"url": address})
    fetched = fetch(address, {})
    assert fetched is not None
    with fetched.body:
        head = fetched.body.read(4096)
    if _FEED.search(head) and not _SHOP.search(head):
        return Proposal(name, "feed", {"path": address})
    return _catalog(name, address, address)


def _of_file(path: Path, folder: Path) -> Proposal:
    place, name = _relative(path, folder), name_of(path.stem)
    head = _head(path) if path.is_file() else b""
    if shape := shape_of(head, path.suffix.lower()) or _packed(path):
        return _messages(name, place, shape)
    if _FEED.search(head) and not _SHOP.search(head):
        return Proposal(name, "feed", {"path": place})
    if _WIKI.search(head):
        return _wiki(name, place, head)
    if _ZULIP.match(head):
        raise UsageError(
            f"{path}: an export of all of Zulip has what people wrote to each other alone: archive what is public, "
            "as zulip-archive does, and name that folder"
        )
    if path.suffix.lower() in _NESTED and _OPENAPI.search(head):
        raise UsageError(
            f"{path}: it describes an API (OpenAPI), and is not a list of records: make pages of it, as with "
            "`widdershins` or `redocly build-docs`, and name their folder"
        )
    if path.suffix.lower() in (".sql", ".dump") or head.startswith(b"PGDMP"):
        raise UsageError(
            f"{path}: a dump of a database: load it (sqlite3, mysql, psql or pg_restore), and name the database, as in "
            "sqlite:///FILE or postgresql+psycopg://user@host/name"
        )
    if _MARC.match(head):
        raise UsageError(
            f"{path}: records of a library in MARC (ISO 2709): convert them to MARCXML, "
            "as with `yaz-marcdump -o marcxml`"
        )
    table = path.suffix.lower() == ".txt" and _NAMES.match(decode(head).text)
    if path.suffix.lower() in {*MEDIA_TYPES, *BINARY_TYPES} and not table:
        raise UsageError(f"{path}: one document; name the folder that it lies in")
    known = bool(table) or ending_of(path.name) in ("", *ENDINGS, *SELDOM) or not path.is_file()
    found = _catalog(name, str(path), place, complete=known)
    if not known and not set(found.settings.get("text", ())) - {found.settings.get("id")}:
        raise UsageError(f"{path}: no records with text in it; what wrote it may export JSON or CSV")
    return found


def _wiki(name: str, place: str, head: bytes) -> Proposal:
    """Return the pages of an exported wiki, which contains its own address."""
    told = {"path": place, "records": "page", "id": "id", "title": "title", "text": ["revision.text.#text"]}
    base = _WIKI_BASE.search(head)
    link = {"link": f"{base[1].decode('utf-8', 'replace')}/{{title}}"} if base else {}
    return Proposal(name, "catalog", told | link | {"updated": "revision.timestamp", "format": MEDIAWIKI})


def _packed(path: Path) -> str:
    """Return the program that wrote a packed export; empty: it is not packed, or is a document in a packed format.

    Raises:
        UsageError: It cannot be unpacked, or its content is unknown.
    """
    if path.suffix.lower() in BINARY_TYPES or not is_zipfile(path):
        return ""
    try:
        with ZipFile(path) as packed:
            names = {name: PurePosixPath(name) for name in packed.namelist()}
            if {"users.json", "channels.json"} <= {one.name for one in names.values()}:
                return "slack"
            texts = (name for name, one in names.items() if one.suffix.lower() in _EXPORTED)
            for name in islice(texts, 100):
                with packed.open(name) as stream:
                    if shape := shape_of(stream.read(4096), names[name].suffix.lower()):
                        return shape
    except CANNOT_UNPACK as error:
        raise UsageError(f"{path}: cannot be read ({error}): {UNPACK_IT}") from None
    raise UsageError(f"{path}: a packed folder: unpack it, and name the folder")


def _messages(name: str, place: str, shape: str) -> Proposal:
    zone, notes = ({"zone": "UTC"}, [ZONE]) if shape in ("whatsapp", "irc") else ({}, [])
    return Proposal(name, "messages", {"path": place, "shape": shape} | zone, notes)


def _in_folder(path: Path, folder: Path) -> list[Proposal]:
    place, name = _relative(path, folder), name_of(path.resolve().name)
    if (path / "users.json").exists() and (path / "channels.json").exists():
        return [_messages(name, place, "slack")]
    if is_maildir(path):
        return [_messages(name, place, "mbox")]
    seen = (file for file in path.rglob("*") if not any(part[0] == "." for part in file.relative_to(path).parts))
    listed = [file for file in islice(seen, _LOOKED_AT) if file.is_file()]
    listed = sorted(files_outside_of_published(path, listed))
    files = [ending_of(file.name) for file in listed]
    read = [file for file in listed if file.suffix.lower() in {*_EXPORTED, *MEDIA_TYPES, *BINARY_TYPES, *ENDINGS}]
    shapes = {shape_of(_head(file), file.suffix.lower()) for file in read[:_SHAPED]}
    if len(shapes) == 1 and (shape := shapes.pop()):
        return [_messages(name, place, shape)]
    documents = sum(ending in MEDIA_TYPES for ending in files)
    office = sum(ending in BINARY_TYPES for ending in files)
    if sum(ending in ENDINGS for ending in files) > documents + office:
        return _catalogs(name, path, folder)
    if not documents and not office:
        there = [*filter(_is_known, listed)]
        if not there and {*files} & {*SELDOM}:
            return _catalogs(name, path, folder)
        kinds = ", ".join(f"{count} {ending}" for ending, count in Counter(files).most_common(5) if ending)
        hint = f"; name a file of it, as {there[0]}" if there else f" ({kinds})" if kinds else ""
        raise UsageError(f"{path}: no documents and no records in this folder{hint}")
    return [Proposal(name, "folder" if documents else "files", {"path": place}, _beside(path, listed))]


def _beside(path: Path, listed: Sequence[Path]) -> list[str]:
    """Return a note that names the files with records in a folder that is proposed for its documents only."""
    ends = ((file, ending_of(file.name)) for file in listed)
    sheets = islice((file for file in listed if ending_of(file.name) in SHEETS), _SHAPED)
    tables = [*filter(_has_table, sheets)]
    found = [
        file.relative_to(path).as_posix()
        for file, ending in ends
        if ending in (*_TABLES, *MAILS) or file in tables or (ending in _DATABASES and _head(file).startswith(_SQLITE))
    ]
    if not found:
        return []
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    twice = [file.relative_to(path).as_posix() for file in tables[:1]]  # a spreadsheet is a document, too
    out = "".join(f'; then leave sheets out here, as in pattern = ["!{name}"]' for name in twice)
    told = "reads the documents alone; name to --discover what holds records or mail"
    return [f"{told}: {', '.join(found[:_NAMED])}{more}{out}"]


def _has_table(file: Path) -> bool:
    with suppress(SourceError):
        return bool(CatalogSource(str(file)).lists_of_records(always=True))
    return False


def _catalogs(name: str, path: Path, folder: Path) -> list[Proposal]:
    """Return one catalog for the files of a folder, or one for each if they hold different things."""
    source = CatalogSource(str(path))
    files = source.files()
    some = files[:: -(-len(files) // _EACH)] if len(files) > 1 else ()
    layout = Layout(_most_common_list(some))
    found: list[set[str]] = []
    for file in some:
        with suppress(SourceError):  # it holds something else, such as several lists
            found.append(set(CatalogSource(str(file), layout).sample(1)[0]))
            continue
        found.append(set())
    # Compared with the file that most are like: one that lists the others is not.
    unlike = min((sum(not _are_alike(names, usual) for names in found) for usual in found), default=0)
    if unlike and len(files) <= _EACH and layout.records != WHOLE:
        return _each(files, folder)
    if 2 * unlike > len(found):
        raise UsageError(_UNLIKE.format(path))
    first = "".join(source.lists_of_records()[:1])
    within = layout.records if len(files) > 1 and layout.records != first else ""
    return [_catalog(name, str(path), _relative(path, folder), within=within)]


def _are_alike(names: set[str], usual: set[str]) -> bool:
    return bool(names) and 2 * len(names & usual) >= len(names | usual)


def _most_common_list(files: Sequence[Path]) -> str:
    """Return the place of the records in most files of a folder (`Layout.records`)."""
    found: Counter[str] = Counter()
    for file in files:
        with suppress(SourceError):
            found["".join(CatalogSource(str(file)).lists_of_records(one_of_many=True)[:1])] += 1
    return next((at for at, _ in found.most_common(1)), "")


def _of_sheets(path: Path, folder: Path) -> list[Proposal]:
    """Return one catalog for the sheets of a spreadsheet that are tables, or one for each if they hold different
    things;
    empty: no sheet is a table."""
    place, name = _relative(path, folder), name_of(path.stem)
    tables = CatalogSource(str(path)).lists_of_records(always=True)
    samples = {table: CatalogSource(str(path), Layout(table)).sample(SAMPLED) for table in tables}
    names = [{name for record in records for name in record} for records in samples.values()]
    if len(tables) > 1 and all(_are_alike(one, names[0]) for one in names):
        return [_catalog(name, str(path), place, within=EVERY)]
    found: Sequence[Proposal] = [_catalog(name, str(path), place) for _ in tables[:1]]
    if len(tables) > 1:
        proposed = {table: partial(_of_sheet, path, place, table) for table in tables}
        found = _apart(
            "sheets", [_Part(at, at, f"{place}#{at}", samples[at], one, one) for at, one in proposed.items()]
        )
    others = [one for one in read_sheets(path.read_bytes()) if one.name not in tables and (one.rows or one.warnings)]
    unread = ", ".join(f"{one.name} ({', '.join(one.warnings)})" if one.warnings else one.name for one in others)
    return _noted(found, f"sheets that are not tables are not read: {unread}") if found and others else [*found]


def _of_sheet(path: Path, place: str, sheet: str) -> Proposal:
    return replace(_catalog(sheet, str(path), place, within=sheet), name=name_of(f"{name_of(path.stem)}-{sheet}"))


class _Part(NamedTuple):
    """One of several files or sheets that each hold something different.

    Attributes:
        called, listed: Its name, and that of its list of records.
        place: Its place, as written in `parents`.
        records: Its first records.
        propose, as_records: Proposes it; for an archive of messages, `as_records` proposes each message as a record.
    """

    called: str
    listed: str
    place: str
    records: Sequence[Mapping[str, Any]]
    propose: Callable[[], Proposal]
    as_records: Callable[[], Proposal]


def _each(files: Sequence[Path], folder: Path) -> list[Proposal]:
    """Return a source for each file except private ones, as for the tables of a database. Errors: see `_apart`."""
    parts = []
    for file in files:
        records: list[dict[str, Any]] = []
        with suppress(SourceError):  # of several lists, only the proposed one is looked at; a broken file is reported
            records = CatalogSource(str(file)).sample(SAMPLED)
        listed = next(iter(CatalogSource(str(file)).lists_of_records(always=True)), "").rpartition(".")[2]
        called = listed if is_called_people(listed) else file.stem
        place = _relative(file, folder)
        as_records = partial(_catalog, name_of(file.stem), str(file), place, as_messages=False)
        parts.append(_Part(file.name, called, place, records, partial(_of_file, file, folder), as_records))
    return _apart("files", parts)


def _apart(what: str, parts: Sequence[_Part]) -> list[Proposal]:
    """Return a source for each part, except for private ones and those with only numbers. A part that refers to records
    of which some are not public gets `parents`, and so does what refers to that part.

    Args:
        what: What the parts are, in words.

    Raises:
        UsageError: No part is left.
    """
    now = datetime.now(UTC)
    own = [part for part in parts if any(why_private(one, now) for one in part.records)]
    closed = [*own]
    above: dict[str, list[tuple[str, _Part]]] = {part.place: [] for part in parts}
    for of in closed:  # grows in the loop
        for part in parts:
            # A post that names its last comment does not belong to it, if comments belong to posts.
            is_below = of not in own and any(one is part for _, one in above[of.place])
            if part is not of and not is_below and (names := [*_refers(part, of)]):
                above[part.place] += [(name, of) for name in names]
                closed += [part] if part not in closed else []
    for part in closed:  # what answers one of its own kind
        above[part.place] += [(name, part) for name in _answering(part.records)]
    found, private, numbers = [], [], []
    for part in parts:
        columns = list(dict.fromkeys(name for record in part.records for name in record))
        if is_of_people(part.listed, fields_of(part.records), len(part.records), columns):
            private.append(part.called)
            continue
        parents = dict.fromkeys(_parents(part, above, []))
        proposed = part.propose()
        proposed = part.as_records() if parents and proposed.kind != "catalog" else proposed
        says_nothing = not any(_WORDS.search(shown(value)) for record in part.records for value in record.values())
        if proposed.kind == "catalog" and not {"text", "title"} & {*proposed.settings} and says_nothing:
            numbers.append(part.called)
            continue
        parents |= dict.fromkeys(proposed.settings.get("parents", ()))
        settings = {**proposed.settings, **({"parents": [*parents]} if parents else {})}
        found.append(replace(proposed, settings=settings))
    left = [
        f"{what} that hold what is private, or what somebody bought, are left out: {', '.join(private)}",
        f"{what} that hold numbers alone, by which nobody finds them, are left out: {', '.join(numbers)}",
    ]
    told = [one for one, names in zip(left, (private, numbers), strict=True) if names]
    if not found:
        raise UsageError(f"{'; '.join(told)}: name one yourself")
    return _noted(found, *told)


def _parents(part: _Part, above: Mapping[str, Sequence[tuple[str, _Part]]], seen: list[_Part]) -> Iterator[str]:
    """Yield what a part refers to, and what that refers to, as written in `parents`."""
    seen.append(part)
    for name, of in above[part.place]:
        yield f"{name} in {of.place}"
        if of not in seen:
            yield from _parents(of, above, seen)


def _noted(found: Sequence[Proposal], *told: str) -> list[Proposal]:
    """Return proposals; the first has a note about what is left out."""
    return [replace(one, notes=(*one.notes, *told)) if one is found[0] else one for one in found]


def _forms(name: str) -> set[str]:
    """Return the last word of a name with and without plural endings: `posts`, `Produkte`, `categories`."""
    last = name.lower().rpartition("_")[2]
    shorter = {last.removesuffix(ending) for ending in ("s", "es", "y", "ies", "e", "n", "en")}
    return {last} | {form for form in shorter if len(form) > 2}


def _refers(part: _Part, of: _Part) -> Iterator[str]:
    """Yield the fields with ids of another part's records: they are named after it (`post_id` for `posts`), or have
    more of its ids than of others, unless these are mere numbers."""
    ids = {id for other in of.records for id in ids_of(other)}
    called = _forms(re.sub(r"[\W\d_]+$", "", plain_name(PurePosixPath(of.called).stem)))  # `posts_2024`, `Posts (2)`
    for one in fields_of(part.records):
        values = {id for record in part.records for id in ids_in(field_at(record, one.name))}
        known = len(values & ids)
        plain = plain_name(one.name).lower()
        counts = one.type == "number" and plain.endswith("s") and not _REFERRING.search(plain)  # `votes` of a post
        if NOW.match(plain) or counts:
            continue
        if (known and called & _forms(_REFERRING.sub("", plain))) or (
            2 * known > len(values) and not any(map(str.isdecimal, values))
        ):
            yield one.name


def _of_their_own(records: Sequence[Mapping[str, Any]], place: str) -> list[str]:
    """Return, as written in `parents`, how records refer to others of the same place, some of which are private."""
    now = datetime.now(UTC)
    if not any(why_private(one, now) for one in records):
        return []
    return [f"{name} in {place}" for name in _answering(records)]


def _answering(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the fields by which records are of others among them, whichever field these are known by."""
    keys = dict.fromkeys(name for record in records for name in names_of_ids(record))
    columns = [one.name for one in fields_of(records)]
    return [*dict.fromkeys(name for key in keys for name in of_their_own(records, key, columns))]


def _told_apart(found: Proposal, source: CatalogSource, id: str) -> Proposal:
    """Return a proposal whose id is unique in all records, not only in the sample: of two universities with the same
    name, the second would be left out."""
    shared, read = (0, 0) if is_address(source.place) else source.shared(id, _RECORDS)
    if not shared:
        return found
    if names_an_id(id) and shared <= max(2, _SHARED * read):
        return replace(
            found, notes=(*found.notes, f"records with the {id} of an earlier one, which are left out: {shared}")
        )
    return replace(found, settings={name: value for name, value in found.settings.items() if name != "id"})


def _is_known(file: Path) -> bool:
    head = _head(file)
    return head.startswith(_SQLITE) or _FEED.search(head) is not None


def _within(records: Sequence[Mapping[str, Any]], fields: Sequence[FieldFound]) -> str:
    """Return the list that has all the content of the records, such as topics with a list of rules, which would be
    documents without text themselves. Empty: there is none."""
    for one in fields:
        lists = [record.get(one.name) for record in records]
        are_lists = all(isinstance(each, list) and {*map(type, each)} == {dict} for each in lists)
        others = sum(other.length for other in fields if other is not one)
        if are_lists and {*one.types} <= {"nested", "private"} and one.length > _ALL * others:
            return one.name
    return ""


def _titled_within(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the elements of XML that have titles and all the content of the records, such as the talks of a day.
    Empty: there are none."""
    for name in dict.fromkeys(name for record in records for name in record):
        found = [record.get(name, []) for record in records]
        inner = [one for each in found for one in (each if isinstance(each, list) else [each])]
        others = sum(len(str(value)) for record in records for other, value in record.items() if other != name)
        titled = sum(isinstance(one, dict) and not {*map(str.lower, one)}.isdisjoint(TITLES) for one in inner)
        if titled == len(inner) and len(str(inner)) > _ALL * others:
            return name
    return ""


def _catalog(
    name: str, where: str, place: str, *, complete: bool = True, within: str = "", as_messages: bool = True
) -> Proposal:
    source = CatalogSource(where)
    told = {"path": place}
    lists = [within] if within else source.lists_of_records()
    for at in lists or [""]:
        read = replace(source, layout=Layout(at))
        records = read.sample(SAMPLED)
        fields = fields_of(records)
        columns = [one.name for one in fields]
        if not lists[1:] or at == lists[-1] or not is_of_people(at.rpartition(".")[2], fields, len(records), columns):
            break
    deeper = ""
    if len(lists) == 1 and ending_of(where) == ".xml" and (inner := _titled_within(records)):
        deeper = f"{at}.{inner}"
    elif not lists and PurePosixPath(where).suffix.lower() in _NESTED and (inner := _within(records, fields)):
        [outer] = source.lists_of_records(always=True)
        deeper = f"{outer}.*.{inner}".lstrip(".")
    if deeper:
        found = _catalog(name, where, place, complete=complete, within=deeper)
        around = ", ".join(one.name for one in fields if one.name.partition(".")[0] != inner)
        return replace(found, notes=[*found.notes, f"what they stand in is not read: {around}"]) if around else found
    if lists:
        told["records"] = at
        lists = [at, *(other for other in lists if other != at)]
    if Path(where).is_dir() and _FEW * sum(one.records for one in fields) < len(fields) * len(records):
        raise UsageError(_UNLIKE.format(where))
    if {*records[0]} == _DJANGO:
        raise UsageError(
            f"{where}: rows of all tables of a program (Django's dumpdata): name its database, whose tables are "
            "proposed one by one, without those of users"
        )
    # Addresses, XML and YAML are read as catalogs: an archive of messages has to be a file of JSON or a table.
    catalog = is_address(where) or where.lower().endswith(SELDOM)
    in_list = "" if catalog else "".join(source.lists_of_records(always=True)[:1])
    called = f"{name}_{in_list.rpartition('.')[2]}".strip("_*.")
    archive = None if catalog or not as_messages else of_messages(called, dict(told), fields, (), columns)
    archive = archive and replace(archive, name=name)
    found = archive or of_records(name, "catalog", dict(told), fields, len(records))
    if not archive and (
        parents := [*_of_their_own(records, f"{place}#{at}" if at and where.lower().endswith(SHEETS) else place)]
    ):
        found = replace(found, settings={**found.settings, "parents": parents})
    if lists == [WHOLE] and not archive and not names_an_id(str(found.settings.get("id", ""))):
        found = of_records(name, "catalog", dict(told), fields, len(records), ["_key"])  # the name of its file
    named = PurePosixPath(place).stem
    listed = at.rpartition(".")[2]
    if not archive and tells_of_people(listed if is_called_people(listed) else named, fields, len(records), columns):
        told_of = (
            "it looks like a list of people, of their secrets or of what they bought: whoever has a release reads it"
        )
        found = replace(found, notes=(told_of, *found.notes))
    if any(path.rpartition(".")[2].lower() == "participants" for path in lists[1:]):
        found = replace(found, notes=(_BETWEEN_THEM, *found.notes))
    if (
        not archive
        and not found.settings.get("merge")
        and (id := str(found.settings.get("id", ""))) not in ("", "_key")
    ):
        found = _told_apart(found, read, id)
    if lists[1:]:
        more = f" and {len(lists) - 1 - _TOLD} more" if len(lists) - 1 > _TOLD else ""
        told_of = f"not read, as a source of its own would: {', '.join(lists[1 : 1 + _TOLD])}{more}"
        found = replace(found, notes=(*found.notes, told_of))
    return completed(found, fields) if complete and not archive else found
