"""Includes of reStructuredText and AsciiDoc, where their file lies in the tree."""

from __future__ import annotations

import posixpath
import re
import textwrap

from vademecum_builder.profiles.base import Page, Pass
from vademecum_builder.profiles.includes import part
from vademecum_builder.sources.base import ASCIIDOC, RST

# At the margin alone: an indented one may be an example of its use.
_RST = re.compile(
    r"^\.\. (?P<kind>include|literalinclude)::[ \t]*(?P<name>\S+)[ \t]*\n(?P<options>(?:[ \t]+:.*\n)*)",
    re.MULTILINE,
)
_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_ASCIIDOC = re.compile(r"^include::(?P<name>[^\[\]\s]+)\[(?P<options>[^\]]*)\][ \t]*$", re.MULTILINE)
_ASCIIDOC_OPTION = re.compile(r"(\w+)=(\"[^\"]*\"|[^,]*)")
_TAG = re.compile(r"^.*\b(?:tag|end)::[\w.-]+\[\].*\n?", re.MULTILINE)
_FAMILIES = {"partial$": "partials", "example$": "examples", "page$": "pages"}
"""Antora's, beside the folder of pages of a module."""


def rst_includes(text: str, page: Page) -> str:
    """`.. include::` and `.. literalinclude::`, with their `lines`, `start-after` and `end-before`."""

    def take(match: re.Match[str]) -> str:
        name, options = match["name"], dict(_OPTION.findall(match["options"]))
        folder = "" if name.startswith("/") else posixpath.dirname(page.key)
        is_code = match["kind"] == "literalinclude" or "code" in options or "literal" in options
        found = page.include(name, folder, passes=() if is_code else (rst_includes,))
        if not found or "pyobject" in options:
            return match[0] if found else ""
        start, end = options.get("start-after", ""), options.get("end-before", "")
        found = found.partition(start)[2] if start else found
        found = found.partition(end)[0] if end else found
        found = part(found, options["lines"]) if options.get("lines") else found
        if not is_code:
            return f"\n{found}\n"
        return f".. code-block:: {options.get('language', '')}\n\n{textwrap.indent(found, '   ')}\n\n"

    return _RST.sub(take, text) if "include::" in text else text


def asciidoc_includes(text: str, page: Page) -> str:
    """`include::file[]`, with `lines`, `tag` and `leveloffset`, and the families of Antora (`partial$file`)."""

    def take(match: re.Match[str]) -> str:
        name, here = match["name"], posixpath.dirname(page.key)
        for family, folder in _FAMILIES.items():
            if name.startswith(family):
                module = re.split("/(?:pages|partials|examples)(?:/|$)", here)[0]
                name, here = name.removeprefix(family), posixpath.join(module, folder)
        options = {key: value.strip('"') for key, value in _ASCIIDOC_OPTION.findall(match["options"])}
        found = page.include(name, here, passes=(asciidoc_includes,))
        if not found:
            return ""  # counted already
        if options.get("lines"):
            found = part(found, options["lines"].replace("..", "-").replace(";", ","))
        tags = re.split("[;,]", options.get("tag") or options.get("tags") or "")
        found = "\n".join(_tagged(found, tag) for tag in tags) if tags[0] else _TAG.sub("", found)
        offset = options.get("leveloffset", "")
        back = offset.translate(str.maketrans("+-", "-+"))
        return (
            f":leveloffset: {offset}\n\n{found}\n\n:leveloffset: {back}\n" if offset else found.rstrip("\n")
        )

    return _ASCIIDOC.sub(take, text) if "include::" in text else text


def _tagged(text: str, tag: str) -> str:
    found = re.search(
        rf"^.*\btag::{re.escape(tag.strip())}\[\].*\n([\s\S]*?)^.*\bend::{re.escape(tag.strip())}\[\]",
        text,
        re.M,
    )
    return _TAG.sub("", found[1]) if found else ""


INCLUDES: dict[str, tuple[Pass, ...]] = {RST: (rst_includes,), ASCIIDOC: (asciidoc_includes,)}
