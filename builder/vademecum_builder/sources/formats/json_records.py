"""The records of a JSON file of any size: lists of objects are found and cut into objects without parsing the file.

Only single records are parsed (by orjson); only one record and a window of the file are in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import orjson

from vademecum.errors import ContentError
from vademecum_builder.sources.records import json_value

_WINDOW = 1 << 20
# Possessive, so that no input makes them slow. The first one stops at the quote of a string that ends after the window.
_NO_BRACKETS = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BETWEEN = re.compile(rb'[^"\[\]{}:,]*+')
_STRING = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_CUT = "it ends in the middle: it was cut off, or is being written"


def parsed_or_none(text: bytes | str) -> Any:
    """Return the value of a JSON text; None: it is not JSON."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(text)
    return None


def split_records(
    stream: BinaryIO, longest: int, keyed: str | None = None, wanted: str = ""
) -> Iterator[tuple[str, bytes | None]]:
    """Yield each object in a list, with the path of the list: `data.items`, empty for the outermost.

    Lists within such an object belong to it, unless one of them is wanted.

    Args:
        stream: JSON in UTF-8.
        longest: The most bytes of an object; for a longer one, None is yielded.
        keyed: The path of an object whose values are also yielded, each with its key as `_key`; None: there is none.
        wanted: The path of a list within objects of another list: `db.*.data.posts`.

    Raises:
        ContentError: It is cut off, or brackets do not match.
    """
    window = _Window(stream, longest)
    containers: list[str] = []
    keys: list[str] = []
    key = said = ""
    while (token := window.token()) is not None:
        inside = containers[-1] if containers else ""
        match token[:1]:
            case b'"':
                try:
                    said = json_value(json.loads(token.decode("utf-8", "replace"), strict=False))
                except ValueError as error:
                    raise ContentError(f"not JSON: {error}") from None
            case b":":
                key = said
            case b"{" if inside == "{" and keyed == ".".join(filter(None, keys)):
                window.at -= 1
                data = window.take_object()
                own = json.dumps(key).encode()
                named = data and b'{"_key":' + own + (b"," if data[1:].strip() != b"}" else b"") + data[1:]
                yield keyed, named
            case b"{" if inside == "[" and not wanted.startswith(f"{'.'.join(filter(None, keys))}.*.".lstrip(".")):
                window.at -= 1
                yield ".".join(filter(None, keys)), window.take_object()
            case b"{" | b"[":
                containers.append(token.decode())
                keys.append("*" if inside == "[" else key if inside else "")
            case b"}" | b"]":
                if inside != {b"}": "{", b"]": "["}[token]:
                    raise ContentError(f"not JSON: a {token.decode()} closes what was not opened")
                containers.pop()
                keys.pop()
    if containers:
        raise ContentError(_CUT)


class _Window:
    """The piece of a stream in memory. `at` is the place in `data` where reading continues."""

    def __init__(self, stream: BinaryIO, longest: int) -> None:
        self.data = b""
        self.at = 0
        self._stream = stream
        self._longest = longest

    def token(self) -> bytes | None:
        """Read the next string, bracket, colon or comma; None: there is none."""
        while True:
            self.at = _BETWEEN.match(self.data, self.at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if self.at < len(self.data):
                if self.data[self.at] != 0x22:
                    self.at += 1
                    return self.data[self.at - 1 : self.at]
                if string := _STRING.match(self.data, self.at):
                    self.at = string.end()
                    return string[0]
            if len(self.data) - self.at > self._longest:
                raise ContentError(f"a text of more than {self._longest >> 20} MiB outside of its records")
            rest = self.data[self.at :]
            read = self._stream.read(max(_WINDOW, len(rest)))
            if not read:
                if rest:
                    raise ContentError(_CUT)
                return None
            self.data, self.at = rest + read, 0

    def take_object(self) -> bytes | None:
        """Read the object that begins here, None if it is too long; raise ContentError if the stream ends within it."""
        kept: list[bytes] = []
        size = depth = 0
        begin, in_string = self.at, False
        while True:
            inner = _IN_STRING if in_string else _NO_BRACKETS
            self.at = inner.match(self.data, self.at).end()  # type: ignore[union-attr]
            found = self.data[self.at : self.at + 1]
            if found == b'"':
                in_string = not in_string
            elif not in_string and found:
                depth += 1 if found in b"[{" else -1
                if not depth:
                    self.at += 1
                    kept.append(self.data[begin : self.at])
                    return b"".join(kept) if size + self.at - begin <= self._longest else None
            else:  # the end of the window, maybe within an escape
                size += self.at - begin
                kept = [*kept, self.data[begin : self.at]] if size <= self._longest else []
                read = self._stream.read(_WINDOW)
                if not read:
                    raise ContentError(_CUT)
                self.data, begin, self.at = self.data[self.at :] + read, 0, 0
                continue
            self.at += 1
