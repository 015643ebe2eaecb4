"""`vademecum.toml`: what a publisher builds, from what and to where, so that no workflow has a long line.

```toml
title = "Acme handbook"
address = "https://acme.example/handbook/"   # where the tree is published: a build goes on from what lies there

[[source]]
path = "docs"
base-url = "https://acme.example/docs/"
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from vademecum.encoder.file import MAX_DIMENSIONS
from vademecum.errors import UsageError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.request import BuildRequest

DEFAULT_OUT: Final = Path("site")
_HTTP: Final = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True)
class _Key:
    """A key: the field of `BuildRequest` that it fills, what it may be in words, and how it is read: a function that
    returns None for what it may not be."""

    field: str
    expected: str
    read: Callable[[Any, Path], Any]


def read_settings(file: Path) -> BuildRequest:
    """Return what the file asks for. Its paths are relative to its folder.

    Raises:
        UsageError: It cannot be read, or a key of it cannot be meant: the message names line, key and fix.
    """
    try:
        text = file.read_text("utf-8-sig")
        told = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{file}: cannot be read: {reason}") from error
    lines = _Lines(file, text)
    sources, limits = told.pop("source", []), told.pop("limits", {})
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], dict):
        raise lines.error("", "source", 'name what to build, once: [[source]] and path = "docs" below it')
    if not isinstance(limits, dict):
        raise lines.error("", "limits", "expected a table: [limits]")
    fields = {
        **_fields(told, _TOP, "", lines),
        **_fields(sources[0], _SOURCE, "source", lines),
        **_fields(limits, _LIMITS, "limits", lines),
    }
    if "source" not in fields:
        raise lines.error("", "source", 'where are the documents? path = "docs" below [[source]]')
    return BuildRequest(**{"out": file.parent / DEFAULT_OUT, **fields})


def _fields(told: Mapping[str, Any], keys: Mapping[str, _Key], table: str, lines: _Lines) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in told.items():
        key = keys.get(name)
        if key is None:
            meant = get_close_matches(name, [*keys, *([] if table else ["source", "limits"])], 1)
            help_ = f"did you mean {meant[0]}?" if meant else f"there is {', '.join(keys)}"
            raise lines.error(table, name, f"no such key; {help_}")
        read = key.read(value, lines.file.parent)
        if read is None:
            raise lines.error(table, name, f"expected {key.expected}, not {value!r}")
        if key.field:
            fields[key.field] = read
    return fields


@dataclass(frozen=True)
class _Lines:
    """Where things stand in the file: the parser of Python's library does not tell."""

    file: Path
    text: str

    def error(self, table: str, key: str, what: str) -> UsageError:
        name = f"{table}.{key}" if table else key
        at = self._line(table, key)
        return UsageError(f"{self.file}{f', line {at}' if at else ''}: {name}: {what}")

    def _line(self, table: str, key: str) -> int:
        here = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([\w-]+)", line):
                here = header[1]
                if not table and here == key:
                    return number
            elif here == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                return number
        return 0


def _text(value: Any, _: Path) -> str | None:
    return value if isinstance(value, str) else None


def _http(value: Any, _: Path) -> str | None:
    return value if isinstance(value, str) and _HTTP.fullmatch(value) else None


def _path(value: Any, folder: Path) -> Path | None:
    return folder / value if isinstance(value, str) and value else None


def _truth(value: Any, _: Path) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: Any, _: Path) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def _packs(value: Any, _: Path) -> PackLimits | None:
    return PackLimits(most=value) if type(value) is int and value >= 0 else None


def _dimensions(value: Any, _: Path) -> int | None:
    return value if type(value) is int and 1 <= value <= MAX_DIMENSIONS else None


def _one_of(*values: Any) -> Callable[[Any, Path], Any]:
    return lambda value, _: value if type(value) is type(values[0]) and value in values else None


_ADDRESS = "an address that begins with https:// or http://"
_TOP: Final = {
    "title": _Key("title", "a text", _text),
    "address": _Key("previous", _ADDRESS, _http),
    "out": _Key("out", "a folder", _path),
    "root": _Key("root", "a file", _path),
    "encoder": _Key("encoder", "builtin or sentence-transformers:MODEL", _text),
    "bits": _Key("bits", "8, 4 or 2", _one_of(8, 4, 2)),
    "dimensions": _Key("dimensions", f"a number from 1 to {MAX_DIMENSIONS}", _dimensions),
    "site": _Key("site", "true or false", _truth),
    "strict": _Key("strict", "true or false", _truth),
}
_SOURCE: Final = {
    "kind": _Key("", 'the text "folder"', _one_of("folder")),
    "path": _Key("source", "a folder", _path),
    "base-url": _Key("base_url", _ADDRESS, _http),
    "pattern": _Key("patterns", "a list of texts", _texts),
    "profile": _Key("profile", "the name of a generator", _text),
    "drafts": _Key("drafts", "true or false", _truth),
}
_LIMITS: Final = {"packs": _Key("packs", "a number of bytes", _packs)}
