"""`vademecum.toml`, the settings of a publisher: what to build, from what and to where.

```toml
title = "Acme handbook"
address = "https://acme.example/handbook/"   # where the tree is published: a build goes on from there

[[source]]
path = "docs"
base-url = "https://acme.example/docs/"
```

If there are several sources, each has a name, which its documents' keys begin with: `handbook:guide/keys.md`.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from vademecum.encoder.file import MAX_DIMENSIONS
from vademecum.errors import UsageError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.hosting.targets import is_folder
from vademecum_builder.kinds.base import ADDRESS, Key, as_bool, as_http, as_number, as_one_of, as_path, as_texts
from vademecum_builder.kinds.joined import taken_in
from vademecum_builder.kinds.registry import KINDS, kind_of
from vademecum_builder.release.channels import CHANNEL_NAME
from vademecum_builder.release.share import parse_share
from vademecum_builder.request import QUERY_ENCODERS, ApprovalRule, ArchiveLimits, BuildRequest, SourceSettings
from vademecum_builder.sources.records import instead

DEFAULT_OUT: Final = Path("site")
_TABLES: Final = ("source", "limits", "approval", "encoder")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class NoSource(UsageError):
    """The settings do not say what to build."""


def read_settings(file: Path) -> BuildRequest:
    """Return what the file asks for. Its paths are relative to its folder.

    Raises:
        NoSource: It does not say what to build.
        UsageError: It cannot be read, or a key is wrong: the message names the line, the key and the fix.
    """
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{file}: no such file: `vade init` writes one, or name it with --config") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: cannot be read: it is not UTF-8: save it as UTF-8") from error
    lines = _Lines(file, text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise lines.unreadable(error) from error
    sources, limits, approval = document.pop("source", []), document.pop("limits", {}), document.pop("approval", {})
    if not isinstance(sources, list) or not sources or not all(isinstance(one, dict) for one in sources):
        nothing = lines.error("source", 'name what to build: [[source]] and path = "docs" below it')
        raise NoSource(nothing.message) if sources == [] else nothing
    for name, table in (("limits", limits), ("approval", approval)):
        if not isinstance(table, dict):
            raise lines.error(name, f"expected a table: [{name}]")
    encoder = document.pop("encoder") if isinstance(document.get("encoder"), dict) else None
    fields = _fields(document, _TOP, lines, _TABLES) | _fields(limits, _LIMITS, lines.within("limits"))
    if encoder is not None:
        fields["encoder"] = _encoder(encoder, lines.within("encoder"))
    fields["approval"] = ApprovalRule(**_fields(approval, _APPROVAL, lines.within("approval")))
    found = [_source(one, lines.within("source", number)) for number, one in enumerate(sources)]
    for name, count in Counter(source.name for source in found).items():
        if count > 1 and len(found) > 1:
            raise lines.error("source", f"{count} sources are called {name}: give each a name of its own")
    return BuildRequest(**{"out": file.parent / DEFAULT_OUT, **fields, **_source_of(found, file.parent, sources)})


def _encoder(table: Mapping[str, Any], lines: _Lines) -> str:
    """Return the name of the encoder that a table describes."""
    values = _values(table, _ENCODER, lines)
    if "name" in values:
        if others := [key for key in values if key != "name"]:
            raise lines.error(others[0], "name is an encoder by itself: take out one of the two")
        return str(values["name"])
    for missing in (key for key in ("address", "model") if key not in values):
        raise lines.error("", f"{missing} is missing: {_ENCODER[missing].expected} (or name an encoder: name)")
    names = {"rate": "per-minute"}
    limits = "".join(f"&{names.get(key, key)}={values[key]}" for key in values if key not in ("address", "model"))
    return f"http:{values['address']}#{values['model']}{limits}"


def _source_of(found: Sequence[SourceSettings], folder: Path, tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields that say what to build: a single folder without a name is given as `source`."""
    if len(found) > 1 or found[0].kind != "folder" or "name" in tables[0]:
        return {"source": folder, "sources": taken_in(found)}
    fields = {"path": "source", "base-url": "base_url", "pattern": "patterns", "example-keys": "example_keys"}
    return {fields.get(name, name): value for name, value in found[0].values.items()}


def _source(table: Mapping[str, Any], lines: _Lines) -> SourceSettings:
    table = dict(table)
    kind = table.pop("kind", "folder")
    if kind not in KINDS:
        raise lines.error("kind", f"there is no kind {kind!r}; {instead(kind, KINDS)}")
    name = table.pop("name", kind)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise lines.error("name", f"expected small letters, digits and -, as in handbook-2, not {name!r}")
    keys = kind_of(kind).KEYS
    values = _values(table, keys, lines, ("name", "kind"))
    for missing in (key for key in keys if keys[key].required and key not in values):
        raise lines.error("", f"{missing} is missing: {keys[missing].expected}")
    return SourceSettings(name, kind, values, lines.place(""))


def _fields(
    table: Mapping[str, Any], keys: Mapping[str, Key], lines: _Lines, others: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values of a table by the request field that each fills; by default the field of its name."""
    values = _values(table, keys, lines, others)
    return {_FILLS.get(name, name.replace("-", "_")): value for name, value in values.items()}


def _values(
    table: Mapping[str, Any], keys: Mapping[str, Key], lines: _Lines, others: Sequence[str] = ()
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        key = keys.get(name)
        if key is None and lines.table and name in _TOP:
            raise lines.error(name, "this key belongs to the top of the file, above the first [table]")
        if key is None:
            raise lines.error(name, f"no such key; {instead(name, {*keys, *others})}")
        values[name] = key.read(value, lines.file.parent)
        if values[name] is None:
            raise lines.error(name, f"expected {key.expected}, not {value!r}")
    return values


_SLASHES = "write / between the names of folders"
_HINTS = {
    # The most frequent causes: missing quotes, or quotes that an editor made typographic.
    "Invalid value": 'a text stands between straight quotes: "docs"',
    "Cannot overwrite a value": "the key stands twice",
    "Unescaped '\\' in a string": _SLASHES,
    "Invalid hex value": _SLASHES,  # "C:\Users"
}
"""What to do about errors of Python's parser."""


@dataclass(frozen=True)
class _Lines:
    """The lines of tables and keys in the file, which Python's parser does not report.

    Attributes:
        table: The table; empty: the keys above all tables.
        number: Which of the tables of that name.
    """

    file: Path
    text: str
    table: str = ""
    number: int = 0

    def within(self, table: str, number: int = 0) -> _Lines:
        return replace(self, table=table, number=number)

    def error(self, key: str, what: str) -> UsageError:
        """Return an error that names the file, line and key, and what is wrong; an empty key means the table itself."""
        name = ".".join(filter(None, (self.table, key)))
        return UsageError(f"{self.place(key)}: {name}: {what}")

    def unreadable(self, error: tomllib.TOMLDecodeError) -> UsageError:
        """Return an error that names the line, as far as the parser reports it, and shows its text."""
        found = re.fullmatch(r"(.+) \(at line (\d+), column \d+\)", str(error))
        if found is None:
            return UsageError(f"{self.file}: cannot be read: {error}")
        hint = f" ({_HINTS[found[1]]})" if found[1] in _HINTS else ""
        number = int(found[2])
        shown = "".join(self.text.splitlines()[number - 1 : number]).strip()
        return UsageError(f"{self.file}, line {number}: cannot be read: {found[1]}{hint}: {shown}")

    def place(self, key: str) -> str:
        """Return the file and line of a key; an empty key means the table."""
        line = self._line(key)
        return f"{self.file}, line {line}" if line else str(self.file)

    def _line(self, key: str) -> int:
        here, seen = "", -1
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([\w.-]+)", line):
                here = header[1]
                seen += here == self.table
                found = here == (self.table or key) and not (self.table and key)
            else:
                named = key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line)
                found = here == self.table and bool(named)
            if found and (not self.table or seen == self.number):
                return number
        return 0


def _as_encoder(value: Any, _: Path) -> str | None:
    known = isinstance(value, str) and re.fullmatch(r"builtin|(?:sentence-transformers|http):.+", value)
    return str(value) if known else None


def _model(value: Any, _: Path) -> str | None:
    return value if isinstance(value, str) and value and not set(value) & set("&# ") else None


def _channel(value: Any, _: Path) -> str | None:
    return value if isinstance(value, str) and CHANNEL_NAME.fullmatch(value) else None


def _candidate(value: Any, _: Path) -> int | None:
    try:
        return 0 if value is True else parse_share(str(value))
    except UsageError:
        return None


def _targets(value: Any, folder: Path) -> tuple[str, ...] | None:
    found = as_texts(value, folder)
    return found and tuple(str(folder / each) if is_folder(each) else each for each in found)


_FILLS: Final = {"address": "previous", "keep": "archive", "history": "history_jobs", "vectors": "vector_bytes"}
_TOP: Final[Mapping[str, Key]] = {
    "title": Key("a text", lambda value, _: value if isinstance(value, str) else None),
    "address": Key(ADDRESS, as_http),
    "out": Key("a folder", as_path),
    "root": Key("a file", as_path),
    "channel": Key("small letters, digits and -, as in stable", _channel),
    "encoder": Key("builtin, sentence-transformers:MODEL or http:https://host/v1#MODEL", _as_encoder),
    "dimensions": Key(f"a number from 1 to {MAX_DIMENSIONS}", as_number(1, MAX_DIMENSIONS)),
    "query-encoder": Key(" or ".join(QUERY_ENCODERS), as_one_of(*QUERY_ENCODERS)),
    "publish": Key("a list of places, as `vade publish` takes them", _targets),
    "candidate": Key("true, or a percentage from 0 to 100", _candidate),
    "site": Key("true or false", as_bool),
    "whole": Key("true or false", as_bool),
    "strict": Key("true or false", as_bool),
}
_ENCODER: Final[Mapping[str, Key]] = {
    "name": Key("builtin or sentence-transformers:MODEL", _as_encoder),
    "address": Key("an address that begins with https:// or http://, as in https://host/v1", as_http),
    "model": Key("the name of a model that answers there", _model),
    "batch": Key("texts in a request, a number above 0", as_number(1)),
    "parallel": Key("requests at a time, a number above 0", as_number(1)),
    "rate": Key("the most requests in a minute, a number above 0", as_number(1)),
    "price": Key("of a million tokens, a number", as_number(0, 10**6, real=True)),
    "seconds": Key("for which it may say nothing, a number above 0", as_number(1)),
    "attempts": Key("a number above 0", as_number(1)),
}
"""The keys of `[encoder]`: the name of an encoder, or a model behind an address (`encoders.http`)."""
_APPROVAL: Final[Mapping[str, Key]] = {
    "always": Key("true or false", as_bool),
    "more-than": Key("a share of the documents from 0 to 1, as in 0.2", as_number(0, 1, real=True)),
}
_LIMITS: Final[Mapping[str, Key]] = {
    "packs": Key("a number of bytes", as_number(make=lambda most: PackLimits(most=most))),
    "keep": Key("a number of earlier releases", as_number(make=ArchiveLimits)),
    "history": Key("a number of jobs", as_number()),
    "history-bytes": Key("a number of bytes", as_number()),
    "vectors": Key("a number of bytes", as_number()),
    "failures": Key("a share from 0 to 1, as in 0.05", as_number(0, 1, real=True)),
    "allow-empty": Key("true or false", as_bool),
    "allow-shrink": Key("true or false", as_bool),
}
