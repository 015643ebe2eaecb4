"""Includes of reStructuredText and AsciiDoc, if the included file is in the tree."""

from __future__ import annotations

import ast
import posixpath
import re
import textwrap
from collections.abc import Mapping

from vademecum_builder.profiles.base import Page, Pass
from vademecum_builder.profiles.includes import part
from vademecum_builder.profiles.titles import SHOWN, with_titles
from vademecum_builder.sources.base import ASCIIDOC, RST

_RST = re.compile(
    r"^(?P<indent>[ \t]*)\.\. (?P<kind>include|literalinclude)::[ \t]*(?P<name>\S+)[ \t]*\n"
    r"(?P<options>(?:(?P=indent)[ \t]+:.*\n)*)",
    re.MULTILINE,
)
_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_ASCIIDOC = re.compile(r"^include::(?P<name>[^\[\]\s]+)\[(?P<options>[^\]]*)\][ \t]*$", re.MULTILINE)
_ENTRY = re.compile(r"^:([\w-]+):[ \t]+(.+)$", re.MULTILINE)
_REFERENCE = re.compile(r"\{([\w-]+)\}")
_CODE = r"^(?P<fence>-{4,}+|\.{4,}+|/{4,}+|\+{4,}+|`{3,}+).*\n[\s\S]*?^(?P=fence)[ \t]*$"
_MACRO = re.compile(
    rf"{_CODE}|^(?!include::|image::|video::|audio::|toc::|ifn?def::|ifeval::|endif::)(?P<name>[a-z][\w-]*)::\S*\[.*\]"
    r"[ \t]*$",
    re.MULTILINE,
)
"""Code, or a block macro of an extension, which Asciidoctor does not know."""
_XREF = re.compile(rf"{_CODE}|(?<![\w:/`+\\])xref:(?P<target>[^\s\[\]{{}}#`]+\.adoc)\[\]", re.MULTILINE)
"""Code, or a reference to a page without a text of its own."""
_ASCIIDOC_OPTION = re.compile(r"(\w+)=(\"[^\"]*\"|[^,]*)")
_TAG = re.compile(r"^.*\b(?:tag|end)::[\w.-]+\[\].*\n?", re.MULTILINE)
_FAMILIES = {"partial$": "partials", "example$": "examples", "page$": "pages"}
"""Folders of Antora, beside the folder of pages of a module."""


def rst_includes(text: str, page: Page) -> str:
    """`.. include::` and `.. literalinclude::`, with the options that choose a part of the file."""

    def take(match: re.Match[str]) -> str:
        if match["indent"] and _is_shown(match):
            return match[0]
        name, options = match["name"], dict(_OPTION.findall(match["options"]))
        folder = "" if name.startswith("/") else posixpath.dirname(page.key)
        is_code = match["kind"] == "literalinclude" or "code" in options or "literal" in options
        # Beside the page, or below the root, where a tool gives docutils the text without its path.
        found = page.include(name, folder, "", passes=() if is_code else (rst_includes,))
        if not found:
            return ""
        found = chosen(found, options, by_line=match["kind"] == "literalinclude")
        if not is_code:
            return textwrap.indent(f"\n{found}\n", match["indent"])
        language = options.get("language") or options.get("code") or ""
        code = textwrap.indent(textwrap.dedent(found) if "dedent" in options else found, "   ")
        caption = f"   :caption: {options['caption']}\n" if options.get("caption") else ""
        return textwrap.indent(f".. code-block:: {language}\n{caption}\n{code}\n\n", match["indent"])

    return _RST.sub(take, text) if "include::" in text else text


def rst_references(text: str, page: Page) -> str:
    """`:ref:` and `:doc:` show the titles of their targets."""
    return with_titles(text, page.title)


def _is_shown(match: re.Match[str]) -> bool:
    """Return whether an indented include is an example of its use."""
    indent = len(match["indent"].expandtabs())
    for line in reversed(match.string[: match.start()].split("\n")):
        bare = line.strip()
        deep = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if bare and deep < indent:
            if SHOWN.match(bare):
                return True
            indent = deep
    return False


def chosen(text: str, options: Mapping[str, str], *, by_line: bool) -> str:
    """Return the chosen part of a file; `by_line`: whole lines, as with `literalinclude`."""
    if options.get("pyobject"):
        return _definition(text, options["pyobject"])
    lines = text.split("\n")
    numbers = (options.get(name, "") for name in ("start-line", "end-line"))
    first, last = (int(number) if re.fullmatch(r"-?\d{1,9}", number) else None for number in numbers)
    lines = lines[first:last]
    if by_line:
        for name, beyond in (("start-after", 1), ("start-at", 0)):
            if options.get(name):
                lines = lines[next((n + beyond for n, line in enumerate(lines) if options[name] in line), 0) :]
        for name, beyond in (("end-before", 0), ("end-at", 1)):
            if options.get(name):
                ends = (n + beyond for n, line in enumerate(lines) if options[name] in line and n + beyond)
                lines = lines[: next(ends, None)]
        text = "\n".join(lines)
    else:
        text = "\n".join(lines)
        text = text.partition(options["start-after"])[2] if options.get("start-after") else text
        text = text.partition(options["end-before"])[0] if options.get("end-before") else text
    return part(text, options["lines"]) if options.get("lines") else text


def _definition(code: str, name: str) -> str:
    """Return the lines of a function or class (`Pump.turn`) of Python; all lines if it is not found."""
    try:
        found: ast.AST = ast.parse(code)
        for piece in name.split("."):
            found = next(node for node in ast.iter_child_nodes(found) if getattr(node, "name", "") == piece)
    except (SyntaxError, ValueError, RecursionError, StopIteration):
        return code
    decorators = [node.lineno for node in getattr(found, "decorator_list", [])]
    start, end = min([found.lineno, *decorators]), found.end_lineno  # type: ignore[attr-defined]
    return "\n".join(code.split("\n")[start - 1 : end])


def asciidoc_includes(text: str, page: Page) -> str:
    """`include::file[]`, with `lines`, `tag` and `leveloffset`, and the families of Antora (`partial$file`)."""

    attributes = dict(_ENTRY.findall(text)) if "{" in text else {}

    def take(match: re.Match[str]) -> str:
        name, here = match["name"], posixpath.dirname(page.key)
        for _ in range(3):  # one may contain another
            name = _REFERENCE.sub(lambda found: attributes.get(found[1], found[0]).strip(), name)
        if ":" in name and "$" not in name and "://" not in name:
            name = "page$".join(re.split("(?<=:)(?!.*:)", name))  # without a family, a page of another module
        module, _, name = name.rpartition(":") if "$" in name else ("", "", name)
        for family, folder in _FAMILIES.items():
            if name.startswith(family):
                own = re.split("/(?:pages|partials|examples)(?:/|$)", here)[0]
                place = posixpath.join(posixpath.dirname(own), module) if module else own
                name, here = name.removeprefix(family), posixpath.join(place, folder)
        options = {key: value.strip('"') for key, value in _ASCIIDOC_OPTION.findall(match["options"])}
        found = page.include(name, here, passes=(asciidoc_includes,))
        if not found:
            return ""  # counted already
        if options.get("lines"):
            found = part(found, options["lines"].replace("..", "-").replace(";", ","))
        tags = re.split("[;,]", options.get("tag") or options.get("tags") or "")
        found = "".join(_tagged(found, tag) for tag in tags) if tags[0] else _TAG.sub("", found)
        offset = options.get("leveloffset", "")
        back = offset.translate(str.maketrans("+-", "-+"))
        return f":leveloffset: {offset}\n\n{found}\n\n:leveloffset: {back}\n" if offset else found.rstrip("\n")

    def extension(match: re.Match[str]) -> str:
        return match[0] if match["fence"] else page.miss(f"what an extension makes of `{match['name']}::`")

    text = _ASCIIDOC.sub(take, text) if "include::" in text else text
    return _MACRO.sub(extension, text) if "::" in text else text


_TITLED = re.compile(r"^=+[ \t]+\S", re.MULTILINE)


def chapters_apart(text: str, page: Page) -> str:
    """A file that is a document by itself is left out of the book that includes it: all of it would be found twice."""

    def stays(match: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(page.key), match["name"]))
        apart = not match["options"].strip(",").replace("leveloffset=", "").lstrip("+-0123456789")
        return "" if apart and place in page.project.keys and _TITLED.search(page.project.text(place)) else match[0]

    return _ASCIIDOC.sub(stays, text) if "include::" in text else text


def asciidoc_references(text: str, page: Page) -> str:
    """`xref:oil.adoc[]` shows the title of its target, as in Antora, where pages are in modules."""

    def titled(match: re.Match[str]) -> str:
        *modules, name = (match["target"] or "").removesuffix(".adoc").split(":")
        pages, found, _ = page.key.rpartition("/pages/")
        pages = posixpath.join(posixpath.dirname(pages), modules[-1] or "ROOT") if modules else pages
        place = f"/{pages}/pages/{name}" if found and not name.startswith("./") else name
        title = page.title("doc", place) if name else ""
        is_said = all(f":{one}:" in text for one in _REFERENCE.findall(title))
        return f"{match[0][:-1]}{title}]" if title and is_said else match[0]

    return _XREF.sub(titled, text) if "xref:" in text else text


def _tagged(text: str, tag: str) -> str:
    found = re.search(
        rf"^.*\btag::{re.escape(tag.strip())}\[\].*\n([\s\S]*?)^.*\bend::{re.escape(tag.strip())}\[\]", text, re.M
    )
    return _TAG.sub("", found[1]) if found else ""


INCLUDES: dict[str, tuple[Pass, ...]] = {
    RST: (rst_includes, rst_references),
    ASCIIDOC: (asciidoc_includes, asciidoc_references),
}
