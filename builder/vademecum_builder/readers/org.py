"""Org, read by pandoc, which leaves out what Org does: comments, drawers, COMMENT and :noexport: trees."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from vademecum.errors import ContentError
from vademecum_builder.readers.converted import by_pandoc, read_converted, typed
from vademecum_builder.readers.outline import Reading

if not find_spec("pypandoc"):
    raise ModuleNotFoundError("pypandoc")
# Org makes a new id at each export; only a CUSTOM_ID stays.
_FORMAT, _LEVELS = "org-auto_identifiers-citations", "--shift-heading-level-by=1"
_KEYWORD = re.compile(r"^[ \t]*#\+([\w-]+):[ \t]*(.*)$", re.MULTILINE)
_BLOCK = re.compile(  # the innermost: an unclosed one ends at the next, for linear time
    r"^[ \t]*#\+begin_(\w+)(?:(?!^[ \t]*#\+begin_)[\s\S])*?^[ \t]*#\+end_\1\b.*$", re.MULTILINE | re.IGNORECASE
)
_COOKIE = re.compile(r"^(\*+ .*?)\[#\w\][ \t]*", re.MULTILINE)
_PLANNING = re.compile(r"^[ \t]*(?:(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):[ \t]*[<\[].*)\n", re.MULTILINE)
_SHOWN = re.compile(r"^[ \t]*#\+(?:include|toc|print_bibliography)\b.*$", re.MULTILINE | re.IGNORECASE)
_LEFT = re.compile(
    rf"(?:{_BLOCK.pattern})|^[ \t]*: .*$"
    r"|(?<![^\s({'\"-])(?P<mark>[=~])(?=\S)(?:(?!(?P=mark)|\n).){1,500}(?P=mark)(?![^\s.,:!?;'\")}\[-])"
    r"|\{\{\{(?P<macro>[A-Za-z][\w-]*)(?:\((?P<said>(?:(?!\}\}\}|\{\{\{)[\s\S]){0,500}?)\))?\}\}\}|\[\[\*(?P<heading>[^\[\]]+)\]\]",
    re.MULTILINE | re.IGNORECASE,
)
_DEFINED = re.compile(r"^[ \t]*#\+macro:[ \t]*([\w-]+)", re.MULTILINE | re.IGNORECASE)
# pandoc 3.9 fails on a list with one of these, which stand for the sign after them.
_ESCAPE = re.compile(r"\\(?=[^\w\n\\(\[-])")
_OPTIONS = "\n#+OPTIONS: toc:nil tags:nil todo:nil d:nil\n"
_METADATA = re.compile(r"title|author|date|description|keywords|language|draft|published|publish|private")
_HUGO = re.compile(r"\AHUGO_", re.IGNORECASE)


def read_org(text: str) -> Reading:
    """Read an Org text (line breaks are `\\n`). Keywords at its head, also those of ox-hugo, are metadata.

    Raises:
        ContentError: pandoc refuses it.
    """
    metadata: dict[str, Any] = {}
    for name, value in _KEYWORD.findall(_BLOCK.sub("", text)):
        key = _HUGO.sub("", name).lower()
        if _METADATA.fullmatch(key):
            metadata.setdefault(key, typed(value))
    left = len(_SHOWN.findall(text))
    defined = {name.lower() for name in _DEFINED.findall(text)}
    text = _LEFT.sub(lambda match: _shown(match, defined), text)
    text = _PLANNING.sub("", _COOKIE.sub(r"\1", _SHOWN.sub("", text)))
    warnings = [f"{left} × `#+INCLUDE` left out: no other file is read"] if left else []
    try:
        page = by_pandoc(_FORMAT, text + _OPTIONS, _LEVELS)
    except ContentError:
        page = by_pandoc(_FORMAT, _ESCAPE.sub("", text) + _OPTIONS, _LEVELS)
    return read_converted(page, metadata, warnings)


def _shown(match: re.Match[str], defined: set[str]) -> str:
    """Return the text of a link to a heading, or the arguments of a macro from another file."""
    if match["heading"]:
        return str(match["heading"])
    if not match["macro"] or match["macro"].lower() in defined:
        return match[0]
    said = re.sub(r"\\(?=,)", "", match["said"] or "")
    return f"~{said}~" if match["macro"].lower() == "kbd" and said and "~" not in said else said
