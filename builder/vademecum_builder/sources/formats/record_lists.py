"""Finding the records of a JSON, YAML, TOML or XML file by its beginning, and those of a spreadsheet."""

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
from vademecum_builder.sources.formats.yaml_values import TOML, YAML, json_of
from vademecum_builder.sources.records import MAX_BYTES

WHOLE: Final = "."
"""`Layout.records` of a file that is one record."""
EVERY: Final = "*[]"
"""`Layout.records` if the records are in all lists of one object: questions by topic."""
_HEAD: Final = 1 << 20
"""How many bytes are looked at."""
_LISTS: Final = ("data", "items", "results", "products", "records", "entries", "rows", "documents", "hits", "value")
"""Names of lists of records, to choose among several lists."""
_HISTORY: Final = ("actions", "activity", "history", "log", "logs", "revisions")
"""Names of lists of what happened to the records of another list, such as the cards of Trello. No `events`: those of a
calendar are what people look for."""
_MANY: Final = 10
_SEVERAL: Final = 3
"""How many similar lists make one object a collection."""
_ONE_LIST: Final = re.compile(rb'(?:\{\s*"(\w+)"\s*:\s*)?\[\s*\{')
"""The beginning of a file that is a list, or an object whose first field is one."""
_ONE_OBJECT: Final = re.compile(rb'\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\{')


def find_lists(stream: BinaryIO, ending: str, *, always: bool = False, one_of_many: bool = False) -> list[str]:
    """Return the paths of the lists in a file (`Layout.records`), that of the records first; empty: it need not be
    named.

    Args:
        ending: `.json` and so on.
        always: Also return the path of an only list, which need not be named.
        one_of_many: Whether the file is one of several, each of which may be a record.

    Raises:
        ContentError: YAML or TOML that cannot be read.
    """
    if ending in SHEETS:
        tables = [sheet.name for sheet in are_tables(read_sheets(stream.read(LARGEST + 1)))]
        return tables if always or len(tables) > 1 else []
    if ending in (*YAML, TOML):
        stream = json_of(stream, is_toml=ending == TOML)
    head = stream.read(_HEAD)
    text = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    value = parsed_or_none(head.removeprefix(codecs.BOM_UTF8))  # None: not JSON, or longer than the head
    if value is None and isinstance(parsed_or_none(text.partition(b"\n")[0]), dict):
        return []  # one record a line
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
    # In XML, the path always has to be named, since tomorrow the first element may be another one; and so does the path
    # of a list within a list.
    if always or len(found) > 1 or ending == ".xml" or "*" in "".join(found):
        return sorted(found, key=lambda path: (path.rpartition(".")[2] in _HISTORY, path not in named, -found[path]))
    return []


def _root_of(head: bytes) -> Any:
    """Return the value of an XML file that ends within its head; None: it does not, or cannot be read."""
    with suppress(ContentError):
        return next(split_elements(io.BytesIO(head), "", _HEAD), None)
    return None


def _are_alike(text: bytes, lists: Counter[str]) -> bool:
    """Return whether there are several lists in one object, of records with mostly the same fields."""
    if len(lists) < _SEVERAL or any("." in path or not path for path in lists):
        return False
    names: dict[str, set[str]] = {path: set() for path in lists}
    with suppress(ContentError):  # the beginning ends in the middle
        for path, data in split_records(io.BytesIO(text), MAX_BYTES):
            names[path] |= {*(parsed_or_none(data or b"") or ())}
    usual = names[max(lists, key=lambda path: lists[path])]
    return all(2 * len(one & usual) > len(one | usual) for one in names.values())


def _lists_of(text: bytes, value: Any) -> Counter[str]:
    """Return the sizes of the lists of objects in JSON; for a list of a single object without content, those of the
    lists in that object, if any."""
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
    """Return the object of a list of one; the list may be the first field of an object."""
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
    """Return whether a value is an object with content, at least two texts; if it has lists of objects (`listed`), one
    of them must have several words, or it only wraps the lists."""
    texts = [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
    return len(texts) > 1 and (not listed or any(" " in one.strip() for one in texts))


def _keyed_records(value: Any, text: bytes) -> str:
    """Return the path of an object whose values are records; empty: there is none.

    Args:
        text: The JSON of the value, or its beginning if the value is None.
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
    """Return whether the values of an object are the records, not the lists in them (`horse.examples`, `cow.examples`):
    the lists are only part of the content, or too many to be a collection each."""
    keys = {path.partition(".")[0] for path in lists}
    some = len(keys) >= _MANY or (len(keys) > 1 and 2 * sum(lists.values()) < len(text))
    return some and "" not in keys and _keyed_records(value, text) == "*"


def _keyed_in(text: bytes, at: str) -> bool:
    """Return whether the object at a path contains several objects."""
    with suppress(ContentError):
        found = (path for path, _ in split_records(io.BytesIO(text), MAX_BYTES, at) if path == at)
        return next(found, None) is not None and next(found, None) is not None
    return False


def _are_records(value: Any) -> bool:
    return isinstance(value, dict) and len(value) > 1 and all(isinstance(one, dict) for one in value.values())
