"""Lists of references (BibTeX, BibLaTeX, RIS) as records with the fields of CSL, read by pandoc."""

from __future__ import annotations

import os
import re
import subprocess
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import accumulate, pairwise
from typing import Any, Final

import orjson

from vademecum.errors import ContentError
from vademecum.origin import pip_install
from vademecum_builder.sources.records import Failed, Numbered, mappings

FORMATS: Final[Mapping[str, str]] = {".bib": "biblatex", ".ris": "ris"}
"""Pandoc's name of a format, by a file's ending."""
_EACH: Final[Mapping[str, re.Pattern[str]]] = {
    "biblatex": re.compile(r"^[ \t]*(?=@[A-Za-z]+[ \t]*[{(])", re.MULTILINE),
    "ris": re.compile(r"^(?=TY  -)", re.MULTILINE),
}
_SHARED: Final = re.compile(r"\s*@(?:string|preamble|xdata)\b", re.IGNORECASE)
"""Entries that others need."""
_NO_ENTRY: Final = re.compile(r"\s*@comment\b", re.IGNORECASE)
_KEY: Final = re.compile(r"^(?:\s*@\w+\s*[{(]\s*([^\s,]+)\s*,|ID  - (.*\S))", re.MULTILINE)
_CROSSREF: Final = re.compile(r"(?:^|,)\s*crossref\s*=\s*[{\"]\s*([^\s}\"]+)", re.MULTILINE | re.IGNORECASE)
_SECONDS: Final = 60.0
_OWN: Final = frozenset({"annote", "title-short", "keyword"})
"""Private notes, and fields that are read in another way."""


def references(text: str, form: str) -> Numbered:
    """Yield each reference after the line on which it begins. A broken one does not affect others.

    Args:
        form: One of the values of `FORMATS`.

    Raises:
        ContentError: Pandoc is not installed.
    """
    if not find_spec("pypandoc"):
        raise ContentError(f"a list of references needs {pip_install('references')}")
    begins = [*(match.start() for match in _EACH[form].finditer(text)), len(text)]
    passed = accumulate(text.count("\n", at, end) for at, end in pairwise([0, *begins]))
    lines = [1 + count + text.startswith("\n", at) for count, at in zip(passed, begins, strict=True)]
    parts = [(line, text[at:end]) for line, at, end in zip(lines, begins, begins[1:], strict=False)]
    shared = "".join(part for _, part in parts if _SHARED.match(part))
    entries = [one for one in parts if not _SHARED.match(one[1]) and not _NO_ENTRY.match(one[1])]
    asked = {key for _, part in entries for key in _CROSSREF.findall(part)}
    others = {key[1]: part for _, part in entries if (key := _KEY.search(part)) and key[1] in asked}
    yield from _read(entries, shared, form, others)


def _read(parts: Sequence[tuple[int, str]], shared: str, form: str, others: Mapping[str, str]) -> Numbered:
    """Yield the references in parts.

    Args:
        others: Entries that are the target of a `crossref`, by key: parts are read together with those that they refer
            to, unless these are broken.
    """
    if not parts:
        return
    asked = {key for _, part in parts for key in _CROSSREF.findall(part)}
    beside = [part for key, part in others.items() if key in asked and part not in [one for _, one in parts]]
    read = _converted(shared + "\n".join([*beside, *(part for _, part in parts)]), form)
    if isinstance(read, list) and len(read) == len(parts) + len(beside):
        for (line, part), one in zip(parts, read[len(beside) :], strict=True):
            # pandoc makes up a key if a list has none, or has one twice.
            told, key = _fields(one), _KEY.search(part)
            yield line, told | {"id": (key[1] or key[2]) if key else told.get("DOI") or told.get("title", "")}
    elif len(parts) > 1:
        half = len(parts) // 2
        yield from _read(parts[:half], shared, form, others)
        yield from _read(parts[half:], shared, form, others)
    elif beside:
        yield from _read(parts, shared, form, {})
    else:
        line, part = parts[0]
        yield line, Failed(f"no reference that can be read ({read or 'nothing in it'})", part)


def _converted(text: str, form: str) -> list[dict[str, Any]] | str:
    """Return the references in a text, or why it cannot be read."""
    import pypandoc

    command = (pypandoc.get_pandoc_path(), "+RTS", "-M1g", "-RTS", f"--from={form}", "--to=csljson")
    # For English, pandoc converts titles to lower case, names included; in its sandbox it has no other locale. The
    # sandbox is not needed: neither format includes files.
    environment = {**os.environ, "LANG": "de_DE.UTF-8"}
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_SECONDS, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"it takes longer than {_SECONDS:g} seconds"
    if done.returncode:
        return " ".join(done.stderr.decode("utf-8", "replace").split())[:120]
    # An accent on TeX's dotless i is one letter.
    told = unicodedata.normalize("NFC", done.stdout.decode("utf-8", "replace").replace("ı\u0301", "í"))
    return [dict(one) for one in mappings(orjson.loads(told))]


def _fields(reference: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a reference that people search: names in full, the year, an address."""
    told: dict[str, Any] = {}
    for name, value in reference.items():
        if isinstance(value, str | int) and name not in _OWN:
            told[name] = value
        elif isinstance(value, list) and (names := [_called(one) for one in mappings(value)]):
            told[f"{name}s"] = names
    if words := [word.strip() for word in re.split("[,;]", str(reference.get("keyword", ""))) if word.strip()]:
        told["keywords"] = words
    year = re.match(r"\[\[(-?\d+)", orjson.dumps(reference.get("issued", {}).get("date-parts", [])).decode())
    if year:
        told["year"] = int(year[1])
    if "URL" in told or "DOI" in told:
        told["url"] = told.pop("URL", "") or f"https://doi.org/{told['DOI']}"
    return told


def _called(person: Mapping[str, Any]) -> str:
    parts = (person.get(name) for name in ("given", "dropping-particle", "non-dropping-particle", "family", "suffix"))
    return str(person.get("literal") or " ".join(filter(None, parts)))
