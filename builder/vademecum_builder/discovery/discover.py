"""Discovery: proposes a `[[source]]` for a database, records, a folder, a feed or messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile, is_zipfile

from vademecum.errors import UsageError
from vademecum_builder.discovery.apart import Part, apart, noted
from vademecum_builder.discovery.catalogs import NESTED, UNLIKE, catalog
from vademecum_builder.discovery.fields import SAMPLED
from vademecum_builder.discovery.people import is_called_people
from vademecum_builder.discovery.proposals import ZONE, Proposal, name_of
from vademecum_builder.discovery.tables import discover_tables
from vademecum_builder.kinds.formats import MEDIAWIKI
from vademecum_builder.sources.base import SourceError
from vademecum_builder.sources.catalog import ENDINGS, SELDOM, CatalogSource
from vademecum_builder.sources.charset import decode
from vademecum_builder.sources.endings import BINARY_TYPES, MEDIA_TYPES
from vademecum_builder.sources.fetched import fetch, is_address
from vademecum_builder.sources.formats.record_files import Layout
from vademecum_builder.sources.formats.record_lists import EVERY, WHOLE
from vademecum_builder.sources.formats.sheets import SHEETS, read_sheets
from vademecum_builder.sources.left_out import files_outside_of_published
from vademecum_builder.sources.messages.exports import CANNOT_UNPACK, UNPACK_IT, shape_of
from vademecum_builder.sources.messages.mail import MAILS, is_maildir
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
_NAMED = 3
"""How many files beside documents are named."""
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet")
"""Endings of files with records only: .json and .yaml are just as often a program's configuration."""
_DATABASES = (".db", ".sqlite", ".sqlite3")
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
_NAME = re.compile(r"[^\W\d_][\w .()/-]{0,39}|_\w{1,39}")
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
    return catalog(name, address, address)


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
    if path.suffix.lower() in NESTED and _OPENAPI.search(head):
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
    ending = ending_of(path.name)
    known = bool(table) or ending in ("", *ENDINGS, *SELDOM) or not path.is_file()
    found = catalog(name, str(path), place, complete=known)
    nothing = not known and not set(found.settings.get("text", ())) - {found.settings.get("id")}
    if nothing or (not table and path.is_file() and ending not in (*ENDINGS, *SELDOM) and not _has_names(path)):
        raise UsageError(f"{path}: no records with text in it; what wrote it may export JSON or CSV")
    return found


def _has_names(path: Path) -> bool:
    """Return whether its records have names for what they hold: else it is no table, though its lines have commas."""
    return all(map(_NAME.fullmatch, CatalogSource(str(path)).sample(1)[0]))


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
        raise UsageError(UNLIKE.format(path))
    first = "".join(source.lists_of_records()[:1])
    within = layout.records if len(files) > 1 and layout.records != first else ""
    return [catalog(name, str(path), _relative(path, folder), within=within)]


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
        return [catalog(name, str(path), place, within=EVERY)]
    found: Sequence[Proposal] = [catalog(name, str(path), place) for _ in tables[:1]]
    if len(tables) > 1:
        proposed = {table: partial(_of_sheet, path, place, table) for table in tables}
        found = apart("sheets", [Part(at, at, f"{place}#{at}", samples[at], one, one) for at, one in proposed.items()])
    others = [one for one in read_sheets(path.read_bytes()) if one.name not in tables and (one.rows or one.warnings)]
    unread = ", ".join(f"{one.name} ({', '.join(one.warnings)})" if one.warnings else one.name for one in others)
    return noted(found, f"sheets that are not tables are not read: {unread}") if found and others else [*found]


def _of_sheet(path: Path, place: str, sheet: str) -> Proposal:
    return replace(catalog(sheet, str(path), place, within=sheet), name=name_of(f"{name_of(path.stem)}-{sheet}"))


def _each(files: Sequence[Path], folder: Path) -> list[Proposal]:
    """Return a source for each file except private ones, as for the tables of a database. Errors: see `apart`."""
    parts = []
    for file in files:
        records: list[dict[str, Any]] = []
        with suppress(SourceError):  # of several lists, only the proposed one is looked at; a broken file is reported
            records = CatalogSource(str(file)).sample(SAMPLED)
        listed = next(iter(CatalogSource(str(file)).lists_of_records(always=True)), "").rpartition(".")[2]
        called = listed if is_called_people(listed) else file.stem
        place = _relative(file, folder)
        as_records = partial(catalog, name_of(file.stem), str(file), place, as_messages=False)
        parts.append(Part(file.name, called, place, records, partial(_of_file, file, folder), as_records))
    return apart("files", parts)


def _is_known(file: Path) -> bool:
    head = _head(file)
    return head.startswith(_SQLITE) or _FEED.search(head) is not None
