"""Logseq, for graphs that it publishes: `logseq/config.edn`. A page is an outline, with properties `name:: value`."""

from __future__ import annotations

import re

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import matcher
from vademecum_builder.profiles.links import wikilinks

_HIDDEN = re.compile(r":hidden\s*\[([^\]]*)\]")
_PROPERTY = re.compile(r"^([ \t]*(?:- )?)([A-Za-z][\w.?/-]*)::(?:[ \t]+(.*))?$", re.MULTILINE)
_SHOWN = frozenset({"description", "type", "tags", "author", "status", "source", "url", "platforms"})
_LOGBOOK = re.compile(r"^[ \t]*:LOGBOOK:[ \t]*\n(?:(?![ \t]*:END:).*\n)*?[ \t]*:END:[ \t]*\n?", re.MULTILINE)
_PLANNED = re.compile(r"^[ \t]*(?:SCHEDULED|DEADLINE): <.*>[ \t]*\n?", re.MULTILINE)
_BLOCK = re.compile(r"^([ \t]*(?:- )?)#\+(BEGIN|END)_(\w+)(?:[ \t]+(\w+))?.*$", re.MULTILINE | re.IGNORECASE)
_QUERY = re.compile(
    r"^[ \t]*(?:- )?#\+BEGIN_QUERY(?:(?!^[ \t]*#\+BEGIN_)[\s\S])*?^[ \t]*#\+END_QUERY.*$", re.MULTILINE | re.IGNORECASE
)
_CODE = frozenset({"EXAMPLE", "SRC", "EXPORT"})
_CLOZE = re.compile(r"\{\{cloze\s++([^{}]*?)(?:\\\\[^{}]*)?\}\}")
_MACRO = re.compile(r"\{\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\}")
_REFERENCE = re.compile(r"(?<!\()\(\([0-9a-f]{8}-[0-9a-f-]{27}\)\)(?!\))")
_SIZE = re.compile(r"(?<=\))\{:[^{}\n]*\}")
_HEADING = re.compile(r"- (#{1,6} .*)")
_NAMED = re.compile(r"(?<!!)\[([^\[\]|\n]+)\]\((?:\[\[([^\[\]|\n]+)\]\]|([^\s()<>\":/#|]+(?: [^\s()<>\"#|]+)+))\)")
"""`[shown](A page)`: a link of CommonMark has no spaces."""


def outline(text: str, page: Page) -> str:
    """Headings are not items of a list here, and the text below one is indented as if it were not an item."""
    lines: list[str] = []
    opened: list[int] = []
    for line in text.split("\n"):
        body = line.lstrip("\t")
        depth = len(line) - len(body)
        if body.startswith("- ") or body == "-":
            while opened and opened[-1] >= depth:
                opened.pop()
        inner = opened[-1] + 1 if opened else 0
        heading = _HEADING.fullmatch(body)
        if heading:
            opened.append(depth)
            lines.append(f"\n{heading[1]}\n")
        else:
            lines.append("\t" * (depth - inner) + (body if depth >= inner else body.strip()))
    return "\n".join(lines)


def markup(text: str, page: Page) -> str:
    """Properties, macros, references to blocks, and blocks as in Org."""

    def block(match: re.Match[str]) -> str:
        indent, mark, name, language = match.groups()
        return f"{indent}```{language or ''}" if name.upper() in _CODE else indent.rstrip("- ") if mark else ""

    def shown_property(match: re.Match[str]) -> str:
        name, value = match[2].lower(), match[3] or ""
        return f"{match[1]}{name.capitalize()}: {value}" if name in _SHOWN and value else match[1].rstrip()

    text = _BLOCK.sub(block, _QUERY.sub("", text))

    def edit(plain: str) -> str:
        plain = _PLANNED.sub("", _LOGBOOK.sub("", _PROPERTY.sub(shown_property, plain)))
        plain = _NAMED.sub(r"[[\2\3|\1]]", plain)
        plain = _MACRO.sub("", _CLOZE.sub(lambda cloze: cloze[1].strip(), plain))
        return _SIZE.sub("", _REFERENCE.sub("", plain))

    return outside_code(text, edit)


def open_logseq(project: Project) -> Rules:
    config = re.sub(r";[^\n]*", "", project.text("logseq/config.edn"))
    said = _HIDDEN.search(config)
    hidden = matcher(re.findall(r'"([^"]*)"', said[1]) if said else ())

    def called(path: str) -> str:
        name = stem(path).rpartition("/")[2]
        return re.sub(r"___|%2F", "/", name)

    def address(path: str, metadata: Metadata) -> str:
        if hidden(path) or path.split("/")[0] not in ("pages", "journals"):
            raise NotServed("hidden, or not a page of the graph")
        if re.search(r"^(?:- )?(?:public:: false|private:: true)[ \t]*$", project.text(path), re.MULTILINE):
            raise NotServed("public:: false")
        return f"#/page/{called(path).lower()}"

    return Rules((Folder("", address),), passes=(markup, outline, wikilinks), called=called)


PROFILE = Profile("logseq", "Logseq", ("logseq/config.edn",), open_logseq)
