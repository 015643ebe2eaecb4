"""Records of a file: JSON, JSON Lines, CSV, XML, YAML or references, one at a time, whatever its size."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
import yaml

from vademecum.errors import ContentError
from vademecum_builder.sources.charset import encoding_of, unicode_of
from vademecum_builder.sources.json_records import split_records
from vademecum_builder.sources.records import MAX_BYTES, Failed, field_at
from vademecum_builder.sources.references import FORMATS, references
from vademecum_builder.sources.xml_records import repeated_elements, split_elements

_HEAD = 1 << 20
_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".xml": "xml",
    ".yaml": "yaml",
    ".yml": "yaml",
    **FORMATS,
}
_DELIMITER = re.compile(r"\ufeff?sep=([^\r\n])[\r\n]*")
_DELIMITERS = ",;\t|"
_NOTHING = "\x1f"
"""What sets the cells of a single column apart: it stands in no text."""
_SHOWN = 60
_FIRST = 20
"""Lines among which the names of columns stand."""
_ESCAPED = re.compile(r"(?:\\r)?\\n(?:(?<=[>.;!?,)]\\n)|(?<=\\n\\n)|(?=\s*[<*•]|\\n))")
"""A line break that shops write as two characters, at the end of a sentence or beside markup: `C:\\new` is none."""
_QUOTED = re.compile(r'"[^"]*"')
WHOLE = "."
"""Where a file is one record."""
_YAML: Any = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
_YAML.add_constructor("tag:yaml.org,2002:value", _YAML.construct_yaml_str)  # a plain `=` is a text: PyYAML has none
# Beside its own errors, PyYAML lets those of its constructors through: `2025-13-45` (ValueError), `!!int ""`
# (IndexError), `!!bool x` (KeyError), `!!timestamp x` (AttributeError), `{[]: 1}` (TypeError), `[[[[…`.
YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
_NOT_UTF_8 = "bytes that are not UTF-8: save it as UTF-8, or say its encoding"
_GUESSED = 'read as {0}, which it looks like: save it as UTF-8, or write encoding = "{0}"'


@dataclass(frozen=True)
class Layout:
    """How a file holds its records.

    Attributes:
        records: The path of the list in JSON and YAML, `data.items` or `/data/items`, of the element in XML,
            `channel.item`; `products.*`: of the object whose values are records, each with its key as `_key`; `.`: the
            file itself; empty: the one list that there is.
        encoding: As Python names it; empty: as it looks.
        halves: Whether a line with half an emoji is read: programs cut messages there.
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
) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    """Yield the records of a file: the line (of JSON the number of the record, from 1), and its fields.

    JSON is UTF-8 (RFC 8259, 8.1) or UTF-16 unless its encoding is said; that of a table, which says none, is guessed.

    Args:
        stream: Can be told to go back.
        ending: `.json` and so on.
        longest: Bytes of a record.
        warn: Called with what is told of the whole file: a guess.

    Raises:
        ContentError: It is empty, ends in the middle, is none of these, or has no list of records, or several.
    """
    head = stream.read(_HEAD)
    if not head.strip():
        raise ContentError("empty")
    few = 1 + len(head) // 100
    encoding = layout.encoding or unicode_of(head, few) or "utf-8"
    kind = _ENDINGS.get(ending) or _format_of(head.decode(encoding, "replace"))
    if kind == "xml":  # it says its encoding itself
        stream.seek(0)
        yield from _elements(stream, layout.records, longest, head)
        return
    if kind in ("csv", *FORMATS.values()) and not layout.encoding and encoding == "utf-8":
        encoding = encoding_of(head, few)
        if not encoding.startswith("utf"):
            warn(_GUESSED.format(encoding))
    marked = encoding == "utf-8" and head.startswith(codecs.BOM_UTF8)
    encoding = "utf-8-sig" if marked else encoding
    stream.seek(0)
    if kind in FORMATS.values():
        data = stream.read(longest + 1)
        if len(data) > longest:
            raise ContentError(f"larger than {longest >> 20} MiB: split it")
        yield from references(data.decode(encoding, "replace"), kind)
        return
    if kind == "csv":
        text = io.TextIOWrapper(stream, encoding, "surrogateescape", newline="")
        try:
            yield from _rows(text, longest, warn)
        finally:
            if not stream.closed:  # who reads but the first records may have closed it
                text.detach()  # who opened the file closes it
        return
    if encoding == "utf-8-sig":
        stream.seek(len(codecs.BOM_UTF8))
    elif encoding != "utf-8":
        stream = codecs.EncodedFile(stream, "utf-8", encoding, "replace")
    if kind == "yaml":
        stream = _json_of(stream)
        head, encoding = stream.read(_HEAD), "utf-8"
        stream.seek(0)
    if kind == "jsonl":
        yield from _lines(stream, longest, halves=layout.halves)
    else:
        yield from _listed(stream, layout.records, longest, head.decode(encoding, "replace"))


def lists_of(stream: BinaryIO, ending: str) -> Counter[str]:
    """Return how large the lists of objects in a JSON or YAML file are, or of XML how often each element stands, as far
    as its beginning tells; empty: it is none. Of a list of one object it is the lists in there, if there are any."""
    stream = _json_of(stream) if _ENDINGS.get(ending) == "yaml" else stream
    head = stream.read(_HEAD)
    if _ENDINGS.get(ending) == "xml":
        return repeated_elements(head)
    head = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    if head[:1] not in (b"{", b"["):
        return Counter()
    found, objects = _lists_in(head)
    only = _ONE_LIST.match(head)
    if not objects or (only and objects == 1):
        at = f"{only[1].decode()}.*." if only and only[1] else "*."
        inner = {path: size for path, size in _lists_in(head, at)[0].items() if path.startswith(at)}
        return Counter(inner) or found
    return found


_ONE_LIST = re.compile(rb'(?:\{\s*"(\w+)"\s*:\s*)?\[\s*\{')
"""How a file begins that is a list, or an object whose first field is one."""


def _lists_in(head: bytes, wanted: str = "") -> tuple[Counter[str], int]:
    """Return how many bytes of objects each list holds, and how many objects there are."""
    found: Counter[str] = Counter()
    objects = 0
    with suppress(ContentError):  # the beginning ends in the middle
        for path, data in split_records(io.BytesIO(head), MAX_BYTES, wanted=wanted):
            found[path] += len(data or b"")
            objects += 1
    return found, objects


def keyed_records_of(stream: BinaryIO, ending: str) -> str:
    """Return where a JSON or YAML file has an object whose values are records, as `Layout.records`; empty: nowhere."""
    value = _begun(stream, ending)
    if _are_records(value):
        return "*"
    if value is None:  # a large file: what its beginning holds
        stream.seek(0)
        head = stream.read(_HEAD).lstrip(codecs.BOM_UTF8 + b" \t\r\n")
        first = _ONE_OBJECT.match(head)
        return (
            next((f"{at}.*".lstrip(".") for at in ("", first[1].decode()) if _keyed_in(head, at)), "") if first else ""
        )
    inner = value.items() if isinstance(value, dict) else ()
    return next((f"{name}.*" for name, one in inner if _are_records(one)), "")


_ONE_OBJECT = re.compile(rb'\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\{')


def _keyed_in(head: bytes, at: str) -> bool:
    """Return whether several objects stand in the object at a path."""
    with suppress(ContentError):
        found = (path for path, _ in split_records(io.BytesIO(head), MAX_BYTES, at) if path == at)
        return next(found, None) is not None and next(found, None) is not None
    return False


def is_one_record(stream: BinaryIO, ending: str, *, listed: bool = False) -> bool:
    """Return whether a JSON or YAML file is an object that says something itself, in two texts at least; of one with
    lists of objects (`listed`) a text of several words, or it is what they are packed in."""
    value = _begun(stream, ending)
    texts = [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
    return len(texts) > 1 and (not listed or any(" " in one.strip() for one in texts))


def _begun(stream: BinaryIO, ending: str) -> Any:
    """Return what a JSON or YAML file is; None: no JSON, or too long to be looked at whole."""
    data = (_json_of(stream) if _ENDINGS.get(ending) == "yaml" else stream).read(_HEAD)
    return _value_of(data.removeprefix(codecs.BOM_UTF8))


def _value_of(text: bytes | str) -> Any:
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(text)
    return None


def _are_records(value: Any) -> bool:
    return isinstance(value, dict) and len(value) > 1 and all(isinstance(one, dict) for one in value.values())


def _format_of(head: str) -> str:
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("<?xml"):
        return "xml"
    if text.startswith("<"):
        raise ContentError("HTML or XML where records were expected (a login page or an error page?)")
    if text.startswith("["):
        return "json"
    if not text.startswith("{"):
        return "csv"
    line, _, rest = text.partition("\n")
    return "jsonl" if rest.lstrip().startswith("{") and isinstance(_parsed(line.encode()), dict) else "json"


def _json_of(stream: BinaryIO) -> BinaryIO:
    """Return a YAML file, whose documents are a list if there are several, as JSON.

    Raises:
        ContentError: It is none, or larger than what is read whole.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ContentError(f"larger than {MAX_BYTES >> 20} MiB, in one piece: write it as JSON Lines")
    try:
        found = [one for one in yaml.load_all(data, _YAML) if one is not None]
        if _length(found, {}) > MAX_BYTES:
            raise ContentError(f"what its aliases stand for is larger than {MAX_BYTES >> 20} MiB, written out")
        return io.BytesIO(orjson.dumps(found[0] if len(found) == 1 else found, str, orjson.OPT_NON_STR_KEYS))
    except YAML_ERRORS as error:
        raise ContentError(f"no YAML that can be read ({' '.join(str(error).split())})") from None


def _length(value: Any, known: dict[int, int]) -> int:
    """Return how many characters a value of YAML takes written out, about: an alias is one object, time and again."""
    if id(value) not in known:
        parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = len(value) if isinstance(value, str | bytes) else 1
        known[id(value)] = own + sum(_length(part, known) for part in parts)
    return known[id(value)]


def _elements(
    stream: BinaryIO, records: str, longest: int, head: bytes
) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    wanted = records.strip("/").replace("/", ".")
    found = [wanted] if wanted else list(repeated_elements(head))
    if len(found) != 1:
        raise ContentError(_SEVERAL.format(*sorted(found)) if found else "no element in it stands several times")
    number = 0
    for number, record in enumerate(split_elements(stream, found[0], longest), 1):
        yield number, record
    if not number:
        raise ContentError(f"no element at {found[0]}; there is {', '.join(repeated_elements(head)) or 'none'}")


def _parsed(data: bytes, *, halves: bool = False) -> dict[str, Any] | Failed:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            text = data.decode()
            if not halves or "surrogate" not in str(error):
                raise
            value = json.loads(text)
        except UnicodeDecodeError:
            return Failed(_NOT_UTF_8, _begin(data))
        except (ValueError, RecursionError):
            return Failed(f"no JSON that can be read ({error})", _begin(data))
    return value if isinstance(value, dict) else Failed("no object of fields", _begin(data))


def _begin(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _lines(stream: BinaryIO, longest: int, *, halves: bool) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest and not line.endswith(b"\n"):
            yield number, _too_large(longest, _begin(line))
            while line and not line.endswith(b"\n"):
                line = stream.readline(longest + 1)
        elif line.strip():
            record = _parsed(line, halves=halves)
            if isinstance(record, Failed) and not line.endswith(b"\n"):
                raise ContentError("its last line ends in the middle: it was cut off, or is being written")
            yield number, record


def _too_large(longest: int, said: str = "") -> Failed:
    return Failed(f"larger than the limit of {longest / 2**20:g} MiB: split it", said)


def _listed(stream: BinaryIO, records: str, longest: int, head: str) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    if records == WHOLE:
        whole = stream.read(longest + 1)
        yield 1, _too_large(longest) if len(whole) > longest else _parsed(whole)
        return
    wanted = records.strip("/").replace("/", ".")
    keyed = wanted[:-1].rstrip(".") if wanted.split(".")[-1] == "*" else None
    wanted = wanted if keyed is None else keyed
    others: dict[str, None] = {}
    number = 0
    for path, data in split_records(stream, longest, keyed, wanted):
        if not records and not number:
            wanted = path
        if path != wanted:
            others[path or "/"] = None
            if not records:
                raise ContentError(_SEVERAL.format(wanted or "/", path or "/"))
            continue
        number += 1
        yield number, _too_large(longest) if data is None else _parsed(data)
    if not number and (others or not _is_empty_list(head, wanted)):
        found = f"; there is {', '.join(others)}" if others else ""
        raise ContentError(f"no list of objects {f'at {records}' if records else 'in it'}{found}")


def _is_empty_list(head: str, path: str) -> bool:
    """Return whether an empty list stands where records would; an error told in JSON has none."""
    value = _value_of(head)
    return _has_empty_list(field_at(value, path) if path and isinstance(value, dict) else value)


def _has_empty_list(value: Any) -> bool:
    return value == [] or (isinstance(value, dict) and any(map(_has_empty_list, value.values())))


_SEVERAL = "it has several lists of objects: name one, as in records = {!r} or {!r}"


def _rows(
    text: io.TextIOWrapper, longest: int, warn: Callable[[str], None]
) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    csv.field_size_limit(longest)
    first = [text.readline(longest)]
    while len(first) < _FIRST and sum(map(len, first)) < _HEAD:
        first.append(text.readline(longest))
    said = _DELIMITER.fullmatch(first[0])  # Excel reads it, and writes it where it is told to
    told = int(said is not None)
    delimiter, skipped = _head_of(first[told:])
    if skipped:
        title = first[told].strip(f" \r\n{_DELIMITERS}")
        warn(f"{skipped} lines above the names of its columns are left out ({title[:_SHOWN]})")
    text.seek(0)
    for _ in range(told + skipped):
        text.readline(longest)
    lines = _Lines(text, longest)
    rows = csv.reader(lines, delimiter=said[1] if said else delimiter, strict=True)
    above = 1 + told + skipped
    names = _names(next(rows, []))
    number = rows.line_num + above
    while True:
        try:
            row, wrong = next(rows, None), ""
        except csv.Error as error:
            row, wrong = [], str(error)
        if row is None:
            return
        if "unexpected end" in wrong:
            raise ContentError("it ends within a quoted field: it was cut off, or is being written")
        if wrong or lines.too_long:
            yield number, _too_large(longest) if lines.too_long else Failed(f"no row that can be read ({wrong})")
            lines.too_long = False
        elif len(row) < len(names) and any(row) and not lines.last.endswith(("\r", "\n")):
            raise ContentError("its last row ends in the middle: it was cut off, or is being written")
        elif any(cell.strip() for cell in row):
            yield number, _record(names, row)
        number = rows.line_num + above


def _head_of(lines: Sequence[str]) -> tuple[str, int]:
    """Return by what a table sets its cells apart, and how many of its first lines are no names of columns: a title and
    a date stand alone above those, with as many cells as all lines have, or with one alone above at least three."""
    most = next((line for line in lines if max(map(_QUOTED.sub("", line).count, _DELIMITERS))), "")
    delimiter = max(_DELIMITERS, key=_QUOTED.sub("", most).count)
    rows = [line.rstrip("\r\n").split(delimiter) for line in lines if '"' not in line]
    filled = [sum(map(bool, map(str.strip, row))) for row in rows]
    head = next((at for at, count in enumerate(filled) if count > 1), 0)
    alike = all(len(row) == len(rows[head]) for row in rows[:head])
    below = len(rows) > head + 1 and len(rows[head + 1]) == len(rows[head])
    several = filled[head] > 2 or (alike and filled[head] == len(rows[head])) if rows else False
    counts = Counter(len(row) for row in rows[1:] if any(row))
    if rows and len(rows[0]) == 1 and 2 * max((counts[n] for n in counts if n > 1), default=1) <= counts.total():
        return _NOTHING, 0  # a column alone, of texts some of which have commas
    return delimiter, head if head and filled[0] and below and several else 0


def _names(row: list[str]) -> list[str]:
    """Return what columns are called; those without a name of their own get a number, as spreadsheets count."""
    names: dict[str, None] = {}
    for number, name in enumerate(map(str.strip, row), 1):
        free = name or f"column {number}"
        count = 1
        while free in names:
            free = f"{name} {(count := count + 1)}"
        names[free] = None
    return list(names)


class _Lines:
    """The lines of a text; of one that is too long its beginning: it is never held whole.

    Attributes:
        last: The last one, or its last piece.
        too_long: Whether one of them was, since somebody set this to False.
    """

    def __init__(self, text: io.TextIOWrapper, longest: int) -> None:
        self.last = ""
        self.too_long = False
        self._text = text
        self._longest = longest

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = line = self._text.readline(self._longest + 1)
        while len(self.last) > self._longest and not self.last.endswith("\n"):
            self.too_long = True
            self.last = self._text.readline(self._longest + 1)
        if not line:
            raise StopIteration
        return line


def _record(names: list[str], row: list[str]) -> dict[str, Any] | Failed:
    said = ",".join(row)
    if len(row) != len(names):
        return Failed(f"{len(row)} fields in a row of {len(names)} columns", said)
    if any("\udc80" <= character <= "\udcff" for cell in row if not cell.isascii() for character in cell):
        return Failed(_NOT_UTF_8, said)
    cells = (_ESCAPED.sub("\n", cell) if "\\n" in cell else cell for cell in row)
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell}
