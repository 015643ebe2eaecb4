"""The records of an XML file of any size: a repeated element, with fields for what is in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree as ET

from vademecum.errors import ContentError
from vademecum_builder.sources.formats.lido_records import LIDO, lido_fields
from vademecum_builder.sources.formats.marc_records import MARC, is_marc, marc_fields
from vademecum_builder.sources.records import mapping

_WINDOW = 1 << 16
_NAMESPACE = re.compile(r"\{[^}]*\}")
_DEEPEST = 100
"""The deepest nesting: the path of each element is kept in memory, and reading is recursive."""
_SEVERAL = 2
_CUT = "it ends in the middle: it was cut off, or is being written"
_NOTE = ["en-export", "note"]
"""Where Evernote's notes are; a file may have one alone, with a large picture."""
_FIELDS = frozenset("field column property attribute str int long float double bool date arr lst null".split())
TEXT = "#text"
"""The name of an element's text if it has attributes as well: `price.#text` beside `price.currency`."""


def repeated_elements(head: bytes) -> Counter[str]:
    """Return the number of elements with content in the head of a file, by their paths below the root (`channel.item`),
    on the highest level where any is repeated; of records of libraries and museums, and of notes of Evernote, these
    alone.

    Raises:
        ContentError: It is not XML, or is nested too deeply.
    """
    found: Counter[str] = Counter()
    known: Counter[str] = Counter()
    parser = _parser()
    at: list[str] = []
    try:
        for begin in range(0, len(head), _WINDOW):
            parser.feed(head[begin : begin + _WINDOW])
            for event, element in _events(parser):
                if event == "start":
                    _enter(at, element)
                    is_known = (element.tag in (LIDO, MARC) and "metadata" not in at) or at == _NOTE
                    known[".".join(at[1:]) or at[0]] += is_known
                else:
                    found[".".join(at[1:])] += len(element) > 0 or len(element.attrib) > 1
                    at.pop()
    except ET.ParseError as error:
        if not found:
            raise ContentError(f"not XML that can be read ({error})") from None
    if +known:
        return +known
    several = {path for path, count in found.items() if count > 1 and path}
    level = min((path.count(".") for path in several), default=0)
    return Counter({path: found[path] for path in several if path.count(".") == level})


def split_elements(stream: BinaryIO, records: str, longest: int) -> Iterator[dict[str, Any]]:
    """Yield each element at a path as fields.

    Args:
        records: The path below the root; empty, or its name: the root itself.
        longest: About the most bytes of an element.

    Raises:
        ContentError: It is not XML, is nested too deeply or cut off, or has a longer element.
    """
    parser = _parser()
    at: list[str] = []
    above: list[ET.Element] = []
    size = 0
    while True:
        read = stream.read(_WINDOW)
        try:
            if read:
                parser.feed(read)
            else:
                parser.close()
            for event, element in _events(parser):
                if event == "start":
                    _enter(at, element)
                    above.append(element)
                    continue
                above.pop()
                if at == [records] or (".".join(at[1:]) == records and bool(above) is bool(records)):
                    value = _by_name(element) or _value(element)
                    yield _harvested(value) if isinstance(value, dict) else {TEXT: value}
                    size = 0
                    for outer in above[-1:]:
                        outer.clear()
                at.pop()
        except ET.ParseError as error:
            raise ContentError(f"not XML that can be read ({error})" if read else _CUT) from None
        size += len(read)
        if size > longest + _WINDOW:
            raise ContentError(f"more than {longest >> 20} MiB without an element {records}")
        if not read:
            return


def _harvested(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the status in its header (OAI-PMH 2.0, 2.5.1), which may be `deleted`. The record inside may
    also say so."""
    header, (within, *_) = record.get("header"), [*mapping(record.get("metadata")).values(), None]
    gone = mapping(header).get("status") == "deleted" or mapping(within).get("deleted") is True
    return record | {"deleted": True} if gone else record


def _parser() -> ET.XMLPullParser[ET.Element]:
    return ET.XMLPullParser(("start", "end"))


def _events(parser: ET.XMLPullParser[ET.Element]) -> Iterator[tuple[str, ET.Element]]:
    for event in parser.read_events():
        yield cast("tuple[str, ET.Element]", event)  # only these two events


def _enter(at: list[str], element: ET.Element) -> None:
    at.append(_name(element.tag))
    if len(at) > _DEEPEST:
        raise ContentError("nested too deeply")


def _name(tag: str) -> str:
    return _NAMESPACE.sub("", tag)


def _by_name(element: ET.Element) -> dict[str, Any]:
    """Return the fields of a record whose elements are all called so, or by their type, and have their names as
    attributes, as Solr and `mysqldump --xml` write them: `<field name="title">`. Empty: it is something else."""
    fields: dict[str, Any] = {_name(name): value for name, value in element.attrib.items()}
    for child in element:
        said = {_name(name): value for name, value in child.attrib.items()}
        if len(element) < _SEVERAL or _name(child.tag) not in _FIELDS or said.keys() - {"nil", "type"} != {"name"}:
            return {}
        value = _value(child)
        told = [one for name, one in value.items() if name not in said] if isinstance(value, dict) else [value]
        if told:
            _add(fields, said["name"], told[0] if len(told) == 1 else told)
    return fields if len(element) else {}


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    before = fields.get(name)
    fields[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]


def _value(element: ET.Element) -> Any:
    """Return the content of an element: a text, or fields for its attributes and elements; the markup, if it is text
    with elements in it; the fields of a MARC record."""
    if element.get("encoding") == "base64":
        return ""
    if is_marc(element):
        return marc_fields(element)
    if element.tag == LIDO:
        return lido_fields(element)
    if any(child.tail and child.tail.strip() for child in element):
        return _inner(element)
    fields: dict[str, Any] = {_name(name): value for name, value in element.attrib.items()}
    for child in element:
        name, value = _name(child.tag), _value(child)
        if value not in ("", {}):
            _add(fields, name, value)
    text = (element.text or "").strip()
    if not fields:
        return text
    return fields | {TEXT: text} if text else fields


def _inner(element: ET.Element) -> str:
    for inner in element.iter():
        inner.tag = _name(inner.tag)
    children = "".join(ET.tostring(child, "unicode") for child in element)
    return ((element.text or "") + children).strip()
