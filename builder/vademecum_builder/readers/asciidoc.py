"""AsciiDoc: Asciidoctor reads it, the program whose ids published pages have; no Python library reads it whole.

In its safe mode `secure` no other file is read, and nothing is run.
"""

from __future__ import annotations

import re
import shutil
from typing import Any

from vademecum_builder.readers.converted import converted_by, read_converted, typed
from vademecum_builder.readers.outline import Reading

_COMMAND = shutil.which("asciidoctor")
if _COMMAND is None:
    raise ModuleNotFoundError("asciidoctor")
_OPTIONS = ("--safe-mode=secure", "--embedded", "--quiet", "--attribute=showtitle", "--out-file=-", "-")
_ATTRIBUTE = re.compile(r"^:(?!!)(?:page-)?([\w-]+)(?<!!):(?:[ \t]+(.*))?$", re.MULTILINE)
_HEAD = re.compile(r"\A(?:\s*\n|//[^\n]*\n)*(?:=[ \t][^\n]*\n)?(?:[^\n]+(?:\n|\Z))*")
_INCLUDE = re.compile(r"^(?<!\\)include::\S*\[.*\][ \t]*$", re.MULTILINE)
_LINK = re.compile(
    r"^(-{4,}|\.{4,}|`{3,}|\+{4,})[^\n]*\n[\s\S]*?^\1[ \t]*$"
    r"|(?<![\w:/`+])\{(?P<name>\w[\w-]*)\}[^\s\[\]{}`]*\[(?P<shown>[^\[\]\n]*[^\[\]\n,^])\^?\]",
    re.MULTILINE,
)
"""Code, or a link whose beginning is an attribute (`{docs-url}a.html[Oil]`)."""
_METADATA = re.compile(
    r"author|date|description|keywords|lang|draft|published|publish|private|noindex|robots|unlisted|search"
)
_CALLOUT = re.compile(
    r'[ \t]*(?:#|//|--|;;)?[ \t]*<(?:b|i) class="conum"[^>]*>.*?</(?:b|i)>(?:<b>\(\d+\)</b>)?'
)

_TITLE = re.compile(r"<h1 id=\"[^\"]*\">")
"""Antora serves the title of a page without the id that stands above it; a page's address leads there anyway."""


def read_asciidoc(text: str) -> Reading:
    """Read an AsciiDoc text (line breaks are `\\n`). Attributes at its head are metadata.

    Raises:
        ContentError: It cannot be read.
    """
    head = _HEAD.match(text)
    metadata: dict[str, Any] = {
        name.lower(): typed(value)
        for name, value in _ATTRIBUTE.findall(head[0] if head else "")
        if _METADATA.fullmatch(name.lower())
    }
    left = len(_INCLUDE.findall(text))
    warnings = [f"{left} × `include::` left out: no other file is read"] if left else []
    said = {name.lower() for name in re.findall(r"^:(?!!)([\w-]+)(?<!!):", text, re.MULTILINE)}
    text = _LINK.sub(lambda link: _without_unsaid(link, said), _INCLUDE.sub("", text))
    page = converted_by([str(_COMMAND), *_OPTIONS], text)
    page = _TITLE.sub("<h1>", page, count=1)
    return read_converted(_CALLOUT.sub("", page), metadata, warnings)


def _without_unsaid(link: re.Match[str], said: set[str]) -> str:
    """Return what a link shows whose address begins with an attribute that is said elsewhere, as by a build."""
    return link[0] if not link["name"] or link["name"].lower() in said else str(link["shown"])
