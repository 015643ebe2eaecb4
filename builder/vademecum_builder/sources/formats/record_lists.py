"""Where the records of a JSON, YAML or XML file are, as far as its beginning tells, and those of a spreadsheet."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from contextlib import suppress
from typing import Any, BinaryIO, Final

from vademecum.errors import ContentError
from vademecum_builder.sources.formats.json_records import parsed_or_none, split_records
from vademecum_builder.sources.formats.office_files import LARGEST
from vademecum_builder.sources.formats.sheets import SHEETS, are_tables, read_sheets
from vademecum_builder.sources.formats.xml_records import repeated_elements, split_elements
from vademecum_builder.sources.formats.yaml_values import json_of
from vademecum_builder.sources.records import MAX_BYTES

WHOLE: Final = "."
"""Where a file is one record."""
EVERY: Final = "*[]"
"""Where the records are all that stand in the lists of one object: questions by topic."""
YAML: Final = (".yaml", ".yml")
_HEAD: Final = 1 << 20
"""Bytes that are looked at."""
_LISTS: Final = ("data", "items", "results", "products", "records", "entries", "rows", "documents", "hits", "value")
"""What a list of records is called, of several."""
_MANY: Final = 10
_SEVERAL: Final = 3
"""Lists of records that are alike, in one object."""
_ONE_LIST: Final = re.compile(rb'(?:\{\s*"(\w+)"\s*:\s*)?\[\s*\{')
"""How a file begins that is a list, or an object whose first field is one."""
_ONE_OBJECT: Final = re.compile(rb'\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\{')


def find_lists(stream: BinaryIO, ending: str, *, always: bool = False, one_of_many: bool = False) -> list[str]:
    """Return the paths of the lists in a file (`Layout.records`): that which holds the records first, as far as it has
    to be named; empty: it has not.

    Args:
        ending: `.json` and so on.
        always: Also the only list, which has not.
        one_of_many: Whether the file is one of several, each of which may be a record.

    Raises:
        ContentError: YAML that cannot be read.
    """
    if ending in SHEETS:
        tables = [sheet.name for sheet in are_tables(read_sheets(stream.read(LARGEST + 1)))]
        return tables if always or len(tables) > 1 else []
    head = (json_of(stream) if ending in YAML else stream).read(_HEAD)
    text = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    value = parsed_or_none(head.removeprefix(codecs.BOM_UTF8))  # None: no JSON, or longer than what is looked at
    found = repeated_elements(head) if ending == ".xml" else _lists_of(text, value)
    named = [path for path in found if path.rpartition(".")[2] in _LISTS]
    whole = _root_of(head) if ending == ".xml" and one_of_many else value
    if one_of_many and not named and _is_one_record(whole, listed=bool(found)):
        return [WHOLE]
    if not found:
        keyed = _keyed_records(value, text)
        return [keyed] if keyed else []
    if not named and _are_in_records(found, value, text):
        return ["*"]
    if not named and ending != ".xml" and _are_alike(text, found):
        return [EVERY]
    # What stands below the root of XML is known by its path alone, and its first part may be another one tomorrow;
    # what stands below a list by the path that leads into it.
    if always or len(found) > 1 or ending == ".xml" or "*" in "".join(found):
        return sorted(found, key=lambda path: (path not in named, -found[path]))
    return []


def _root_of(head: bytes) -> Any:
    """Return what an XML file holds, where its end is in its beginning; None: it is not, or it cannot be read."""
    with suppress(ContentError):
        return next(split_elements(io.BytesIO(head), "", _HEAD), None)
    return None


def _are_alike(text: bytes, lists: Counter[str]) -> bool:
    """Return whether lists in one object are several, of records with the same fields for the most part."""
    if len(lists) < _SEVERAL or any("." in path or not path for path in lists):
        return False
    names: dict[str, set[str]] = {path: set() for path in lists}
    with suppress(ContentError):  # the beginning ends in the middle
        for path, data in split_records(io.BytesIO(text), MAX_BYTES):
            names[path] |= {*(parsed_or_none(data or b"") or ())}
    usual = names[max(lists, key=lambda path: lists[path])]
    return all(2 * len(one & usual) > len(one | usual) for one in names.values())


def _lists_of(text: bytes, value: Any) -> Counter[str]:
    """Return how large the lists of objects in JSON are; of a list of one object that says nothing itself the lists in
    there, if any."""
    if text[:1] not in (b"{", b"["):
        return Counter()
    found, objects = _lists_in(text)
    only = _ONE_LIST.match(text)
    if not objects or (only and objects == 1 and not _is_one_record(_only_object(value), listed=True)):
        at = f"{only[1].decode()}.*." if only and only[1] else "*."
        inner = {path: size for path, size in _lists_in(text, at)[0].items() if path.startswith(at)}
        return Counter(inner) or found
    return found


def _only_object(value: Any) -> Any:
    """Return the object of a list of one, be it the first field of an object."""
    listed = next(iter(value.values()), None) if isinstance(value, dict) else value
    return listed[0] if isinstance(listed, list) and listed else None


def _lists_in(text: bytes, wanted: str = "") -> tuple[Counter[str], int]:
    """Return how many bytes of objects each list holds, and how many objects there are."""
    found: Counter[str] = Counter()
    objects = 0
    with suppress(ContentError):  # the beginning ends in the middle
        for path, data in split_records(io.BytesIO(text), MAX_BYTES, wanted=wanted):
            found[path] += len(data or b"")
            objects += 1
    return found, objects


def _is_one_record(value: Any, *, listed: bool) -> bool:
    """Return whether a value is an object that says something itself, in two texts at least; of one with lists of
    objects (`listed`) a text of several words, or it is what they are packed in."""
    texts = [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
    return len(texts) > 1 and (not listed or any(" " in one.strip() for one in texts))


def _keyed_records(value: Any, text: bytes) -> str:
    """Return where an object is whose values are records; empty: nowhere.

    Args:
        text: The JSON of the value, or its beginning where it is None.
    """
    if value is None:
        first = _ONE_OBJECT.match(text)
        places = ("", first[1].decode()) if first else ()
        return next((f"{at}.*".lstrip(".") for at in places if _keyed_in(text, at)), "")
    if _are_records(value):
        return "*"
    inner = value.items() if isinstance(value, dict) else ()
    return next((f"{name}.*" for name, one in inner if _are_records(one)), "")


def _are_in_records(lists: Counter[str], value: Any, text: bytes) -> bool:
    """Return whether lists stand each in another value of one object, which are the records: `horse.examples` and
    `cow.examples`, as part of what these say, or too many to be one collection each."""
    keys = {path.partition(".")[0] for path in lists}
    some = len(keys) >= _MANY or (len(keys) > 1 and 2 * sum(lists.values()) < len(text))
    return some and "" not in keys and _keyed_records(value, text) == "*"


def _keyed_in(text: bytes, at: str) -> bool:
    """Return whether several objects stand in the object at a path."""
    with suppress(ContentError):
        found = (path for path, _ in split_records(io.BytesIO(text), MAX_BYTES, at) if path == at)
        return next(found, None) is not None and next(found, None) is not None
    return False


def _are_records(value: Any) -> bool:
    return isinstance(value, dict) and len(value) > 1 and all(isinstance(one, dict) for one in value.values())
