"""AsciiDoc, converted by Asciidoctor, whose ids published pages have; no Python library reads all of it.

Its safe mode `secure` reads no other file, and runs nothing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

from vademecum_builder.readers.converted import converted_by, read_converted, typed
from vademecum_builder.readers.outline import Reading

_COMMAND = shutil.which("asciidoctor")
if _COMMAND is None:
    raise ModuleNotFoundError("asciidoctor")
_ATTRIBUTES = ("--attribute=showtitle", "--attribute=attribute-missing=warn@")
_OPTIONS = ("--safe-mode=secure", "--embedded", *_ATTRIBUTES, "--out-file=-", "-")
_WITHOUT_VALUE = re.compile(r"missing attribute: ([\w-]+)$", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^:(?!!)(?:page-)?([\w-]+)(?<!!):(?:[ \t]+(.*))?$", re.MULTILINE)
_HEAD = re.compile(r"\A(?:\s*\n|//[^\n]*\n)*(?:=[ \t][^\n]*\n)?(?:[^\n]+(?:\n|\Z))*")
_INCLUDE = re.compile(r"^(?<!\\)include::\S*\[.*\][ \t]*$", re.MULTILINE)
_LINK = re.compile(r"(?<![\w:/`+])\{(?P<name>\w[\w-]*)\}[^\s\[\]{}`]*\[(?P<shown>[^\[\]]*[^\[\],^])\^?\]")
"""In a line, a link that begins with an attribute (`{docs-url}a.html[Oil]`)."""
_FENCE = re.compile(r"-{4,}|\.{4,}|\+{4,}|(`{3,})[^`]*")
_METADATA = re.compile(
    r"author|date|description|keywords|lang|draft|published|publish|private|noindex|robots|unlisted|search"
)
_CALLOUT = re.compile(r'[ \t]*(?:#|//|--|;;)?[ \t]*<(?:b|i) class="conum"[^>]*>.*?</(?:b|i)>(?:<b>\(\d+\)</b>)?')
_TITLE = re.compile(r"<h1 id=\"[^\"]*\">")
"""Antora serves the title of a page without the id above it; the page's address leads there anyway."""


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
    defined = {name.lower() for name in re.findall(r"^:(?!!)([\w-]+)(?<!!):", text, re.MULTILINE)}
    text = "\n".join(_without_undefined_links(_INCLUDE.sub("", text), defined))
    page, messages = converted_by([str(_COMMAND), *_OPTIONS], text)
    undefined = dict.fromkeys(_WITHOUT_VALUE.findall(messages))
    warnings += [f"`{{{name}}}` has no value, and is shown as it is" for name in undefined]
    page = _TITLE.sub("<h1>", page, count=1)
    return read_converted(_CALLOUT.sub("", page), metadata, warnings)


def _without_undefined_links(text: str, defined: set[str]) -> Iterator[str]:
    """Yield the lines of a text, those of code unchanged; code may be open to the end."""
    fence = before = ""
    for line in text.split("\n"):
        bare = line.rstrip()
        if fence:
            fence = "" if bare == fence else fence
        elif (opens := _FENCE.fullmatch(bare)) and not _underlines(bare, before):
            fence = opens[1] or bare
        else:
            line = _LINK.sub(lambda link: _without_undefined(link, defined), line)
        yield line
        before = bare


def _underlines(line: str, before: str) -> bool:
    """Return whether a row of signs makes the line above it a title: their lengths differ by at most one."""
    return bool(before) and before[0] not in "[.=/" and abs(len(before) - len(line)) < 2


def _without_undefined(link: re.Match[str], defined: set[str]) -> str:
    """Return the text of a link whose address begins with an attribute from elsewhere, such as from a build."""
    return link[0] if not link["name"] or link["name"].lower() in defined else str(link["shown"])
