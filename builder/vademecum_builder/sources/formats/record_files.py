"""The records of a file of any size, one at a time: JSON, JSON Lines, CSV, sheets, XML, YAML, TOML, Parquet, calendars
and lists of references."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from vademecum.errors import ContentError
from vademecum_builder.sources.charset import encoding_of, unicode_of
from vademecum_builder.sources.formats import calendars, parquet_records
from vademecum_builder.sources.formats.csv_rows import csv_rows
from vademecum_builder.sources.formats.json_records import parsed_or_none, split_records
from vademecum_builder.sources.formats.office_files import LARGEST, Sheet
from vademecum_builder.sources.formats.record_lists import EVERY, WHOLE
from vademecum_builder.sources.formats.references import FORMATS, references
from vademecum_builder.sources.formats.sheets import SHEETS, are_tables, read_sheets, rows_of_sheet
from vademecum_builder.sources.formats.xml_records import repeated_elements, split_elements
from vademecum_builder.sources.formats.yaml_values import TOML, YAML, json_of
from vademecum_builder.sources.records import (
    EXTENDED,
    MAX_BYTES,
    NOT_UTF_8,
    Failed,
    Numbered,
    Record,
    field_at,
    too_large,
)

_HEAD = 1 << 20
_ZIP = b"PK\x03\x04"
_ENDINGS = {
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    ".xml": "xml",
    **dict.fromkeys(YAML, "yaml"),
    TOML: "toml",
    ".ics": "ics",
    ".parquet": "parquet",
    **FORMATS,
}
_BYTES = re.compile(rb"(?<!\\)(?:\\u00[89a-fA-F][0-9a-fA-F])+")
_LETTER = re.compile(rb"(?<!\\)\\u(?!00)")
"""An escape above a byte."""
_WIKI = re.compile(rb"<mediawiki\b")
_IS_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,99})(?:\.\d+)?")
_NO_NUMBER = re.compile(r"[:,\[]\s*(?:NaN|-?Infinity)\b")
"""What Python and pandas write for values that are not numbers; JSON does not have it."""
_GUESSED = 'read as {0}, which it looks like: save it as UTF-8, or write encoding = "{0}"'


@dataclass(frozen=True)
class Layout:
    """How a file holds its records.

    Attributes:
        records: In JSON, YAML and TOML, the path of the list, `data.items` or `/data/items`; in XML, that of the
            element, `channel.item`; in a spreadsheet, the name of a sheet. `products.*`: an object whose values are
            records, each with its key as `_key`; `*[]`: all lists of one object, or all sheets, each with its name as
            `_list`; `.`: the file itself; empty: the only list.
        encoding: Python's name for it; empty: guessed.
        halves: Whether to read a line with half an emoji: some programs cut messages there.
    """

    records: str = ""
    encoding: str = ""
    halves: bool = False


def read_records(
    stream: BinaryIO,
    ending: str,
    layout: Layout,
    longest: int = MAX_BYTES,
    warn: Callable[[str], None] = lambda told: None,  # noqa: ARG005
) -> Numbered:
    """Yield the records of a file, each after its line (in JSON after its number, from 1).

    JSON is UTF-8 (RFC 8259, 8.1) or UTF-16 unless the layout names another encoding; that of a table is guessed.

    Args:
        stream: Seekable.
        ending: `.json` and so on.
        longest: The most bytes of a record.
        warn: Called with a warning about the whole file, such as a guessed encoding.

    Raises:
        ContentError: It is empty, cut off, in another format, or has no list of records, or several.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head.strip():
        raise ContentError("empty")
    if head.startswith(parquet_records.BEGINS) or _ENDINGS.get(ending) == "parquet":
        return parquet_records.rows_of_parquet(stream)
    if ending in SHEETS or head.startswith(_ZIP):
        return _of_sheets(read_sheets(stream.read(LARGEST + 1)), layout.records, longest, warn)
    kind, encoding = _kind_of(head, ending, layout.encoding, warn)
    if kind == "xml":  # it names its encoding itself
        return _elements(stream, layout.records, longest, head)
    if kind in FORMATS.values():
        return _references(stream, kind, encoding, longest)
    if kind in ("csv", "ics"):
        return _rows(stream, kind, encoding, longest, warn)
    if encoding == "utf-8-sig":
        stream.seek(len(codecs.BOM_UTF8))
    elif encoding != "utf-8":
        stream = codecs.EncodedFile(stream, "utf-8", encoding, "replace")
    if kind in ("yaml", "toml"):
        stream, encoding = json_of(stream, is_toml=kind == "toml"), "utf-8"
        head = stream.read(_HEAD)
        stream.seek(0)
    if kind == "jsonl":
        return _lines(stream, longest, halves=layout.halves)
    return _listed(stream, layout.records, longest, head.decode(encoding, "replace"))


def _kind_of(head: bytes, ending: str, encoding: str, warn: Callable[[str], None]) -> tuple[str, str]:
    """Return the format and the encoding of a file, given its beginning."""
    few = 1 + len(head) // 100
    known = encoding or unicode_of(head, few) or "utf-8"
    kind = _ENDINGS.get(ending) or _format_of(head.decode(known, "replace"))
    if kind in ("csv", "ics", *FORMATS.values()) and not encoding and known == "utf-8":
        known = encoding_of(head, few)
        if not known.startswith("utf"):
            warn(_GUESSED.format(known))
    return kind, "utf-8-sig" if known == "utf-8" and head.startswith(codecs.BOM_UTF8) else known


def _references(stream: BinaryIO, kind: str, encoding: str, longest: int) -> Numbered:
    data = stream.read(longest + 1)
    if len(data) > longest:
        raise ContentError(f"larger than {longest >> 20} MiB: split it")
    yield from references(data.decode(encoding, "replace"), kind)


def _rows(stream: BinaryIO, kind: str, encoding: str, longest: int, warn: Callable[[str], None]) -> Numbered:
    text = io.TextIOWrapper(stream, encoding, "surrogateescape" if kind == "csv" else "replace", newline="")
    try:
        yield from (csv_rows if kind == "csv" else calendars.events)(text, longest, warn)
    finally:
        if not stream.closed:  # who reads only the first records may have closed it
            text.detach()  # who opened the file closes it


def _of_sheets(sheets: list[Sheet], wanted: str, longest: int, warn: Callable[[str], None]) -> Numbered:
    found = are_tables(sheets) or [sheet for sheet in sheets if sheet.rows]
    named = {sheet.name: sheet for sheet in sheets}
    if wanted == EVERY:
        for sheet in found:
            for number, record in rows_of_sheet(sheet, longest, warn):
                yield number, record if isinstance(record, Failed) else record | {"_list": sheet.name}
    elif wanted and wanted not in named:
        raise ContentError(f"no sheet {wanted!r} that is shown; there is {', '.join(named) or 'none'}")
    elif not wanted and len(found) != 1:
        raise ContentError(_SEVERAL_SHEETS.format(*named) if found else "empty")
    else:
        yield from rows_of_sheet(named[wanted] if wanted else found[0], longest, warn)


def _format_of(head: str) -> str:
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("<?xml"):
        return "xml"
    if text[:20].upper().startswith(calendars.BEGINS):
        return "ics"
    if text.startswith("<"):
        raise ContentError("HTML or XML where records were expected (a login page or an error page?)")
    if text.startswith("["):
        return "json"
    if not text.startswith("{"):
        return "csv"
    line, _, rest = text.partition("\n")
    return "jsonl" if rest.lstrip().startswith("{") and isinstance(_parsed(line.encode()), dict) else "json"


def _elements(stream: BinaryIO, records: str, longest: int, head: bytes) -> Numbered:
    wanted = records.strip("/").replace("/", ".")
    found = [wanted if records != WHOLE else ""] if wanted else list(repeated_elements(head))
    if len(found) != 1:
        raise ContentError(_SEVERAL.format(*sorted(found)) if found else "no element in it occurs several times")
    number = 0
    is_wiki = _WIKI.search(head) is not None
    for number, record in enumerate(split_elements(stream, found[0], longest), 1):
        if is_wiki and isinstance(history := record.get("revision"), list):
            record["revision"] = history[-1]  # the newest; the list is the history of a page
        yield number, record
    if not number:
        raise ContentError(f"no element at {found[0]}; there is {', '.join(repeated_elements(head)) or 'none'}")


def _parsed(data: bytes, *, halves: bool = False) -> Record:
    data = _in_utf_8(data) if b"\\u00" in data else data
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            text = data.decode()
            if not (halves and "surrogate" in str(error)) and not _NO_NUMBER.search(text):
                raise
            value = json.loads(text, parse_constant=lambda _: None)
            value = value if halves else orjson.loads(json.dumps(value))  # orjson refuses half an emoji
        except UnicodeDecodeError:
            return Failed(NOT_UTF_8, _begin(data))
        except (ValueError, RecursionError):
            return Failed(f"not JSON that can be read ({error})", _begin(data))
    try:
        value = _unwrapped(value) if b'"$' in data else value
    except RecursionError:
        return Failed("nested too deeply to be read", _begin(data))
    return value if isinstance(value, dict) else Failed("no object of fields", _begin(data))


def _unwrapped(value: Any) -> Any:
    """Return a value of MongoDB's Extended JSON as plain JSON: `{"$oid": "53c2"}` beside ids that are numbers, or
    `{"$date": {"$numberLong": "1700000000000"}}`, is a single value."""
    if isinstance(value, list):
        return [*map(_unwrapped, value)]
    if not isinstance(value, dict):
        return value
    if len(value) > 1 or not EXTENDED & value.keys():
        return {name: _unwrapped(inner) for name, inner in value.items()}
    [(kind, inner)] = value.items()
    inner = _unwrapped(inner)
    is_number = "$number" in kind and isinstance(inner, str) and _IS_NUMBER.fullmatch(inner)
    return json.loads(inner) if is_number else inner


def _in_utf_8(data: bytes) -> bytes:
    """Return a record in which each byte of UTF-8 is escaped (`\\u00c3\\u00bc` for an ü), as exported by Messenger and
    Instagram, with proper letters; any other as it is."""
    if not data.isascii() or _LETTER.search(data):
        return data
    try:
        return _BYTES.sub(lambda run: bytes.fromhex(run[0].replace(b"\\u00", b"").decode()).decode().encode(), data)
    except UnicodeDecodeError:
        return data


def _begin(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _lines(stream: BinaryIO, longest: int, *, halves: bool) -> Numbered:
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest and not line.endswith(b"\n"):
            yield number, too_large(longest, _begin(line))
            while line and not line.endswith(b"\n"):
                line = stream.readline(longest + 1)
        elif line.strip():
            record = _parsed(line, halves=halves)
            if isinstance(record, Failed) and not line.endswith(b"\n"):
                raise ContentError("its last line ends in the middle: it was cut off, or is being written")
            yield number, record


def _listed(stream: BinaryIO, records: str, longest: int, head: str) -> Numbered:
    if records == WHOLE:
        whole = stream.read(longest + 1)
        yield 1, too_large(longest) if len(whole) > longest else _parsed(whole)
        return
    wanted = records.strip("/").replace("/", ".")
    keyed = wanted[:-1].rstrip(".") if wanted.split(".")[-1] == "*" else None
    wanted = wanted if keyed is None else keyed
    others: dict[str, None] = {}
    number = 0
    for path, data in split_records(stream, longest, keyed, wanted):
        if (not records and not number) or (records == EVERY and path and "." not in path):
            wanted = path
        if path != wanted:
            others[path or "/"] = None
            if not records:
                raise ContentError(_SEVERAL.format(wanted or "/", path or "/"))
            continue
        number += 1
        record = too_large(longest) if data is None else _parsed(data)
        yield (
            number,
            record | {"_list": record.get("_list", path)} if records == EVERY and isinstance(record, dict) else record,
        )
    if not number and (others or not _is_empty_list(head, wanted)):
        found = f"; there is {', '.join(others)}" if others else ""
        raise ContentError(f"no list of objects {f'at {records}' if records else 'in it'}{found}")


def _is_empty_list(head: str, path: str) -> bool:
    """Return whether there is an empty list in place of records; an error in JSON has none."""
    value = parsed_or_none(head)
    return _has_empty_list(field_at(value, path) if path and isinstance(value, dict) else value)


def _has_empty_list(value: Any) -> bool:
    return value == [] or (isinstance(value, dict) and any(map(_has_empty_list, value.values())))


_SEVERAL_SHEETS = "it has several sheets: name one, as in records = {!r} or {!r}"
_SEVERAL = "it has several lists of objects: name one, as in records = {!r} or {!r}"
