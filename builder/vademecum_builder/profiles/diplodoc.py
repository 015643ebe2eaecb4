"""Diplodoc (YFM, Yandex Flavored Markdown): `.yfm`, and variables in a `presets.yaml` of each folder."""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vademecum_builder.profiles.base import (
    Folder,
    Metadata,
    NotServed,
    Page,
    Pass,
    Profile,
    Project,
    Rules,
    private,
    stem,
)
from vademecum_builder.profiles.blocks import attribute_lists
from vademecum_builder.profiles.code import CODE, Kept, outside, outside_code
from vademecum_builder.profiles.config import at, read_yaml, text_at, texts_at, upward
from vademecum_builder.profiles.links import section_below
from vademecum_builder.profiles.tags import liquid
from vademecum_builder.readers.slugs import SLUGIFY

_PRESETS = "presets.yaml"
_VALUE = re.compile(r"not_var(?P<kept>\{\{[^{}\n]*\}\})|\{\{[ \t]*(?P<name>[\w.-]+)[ \t]*\}\}")
_IF = re.compile(
    r"\{%-?[ \t]*if[ \t]+(?P<test>[^{}%\n]*?)[ \t]*-?%\}"
    r"(?P<shown>(?:(?!\{%-?[ \t]*(?:if|endif)\b)[\s\S])*)\{%-?[ \t]*endif[ \t]*-?%\}"
)
_ELSE = re.compile(r"\{%-?[ \t]*(?:elsif[ \t]+([^{}%\n]*?)|else)[ \t]*-?%\}")
_TEST = re.compile(r"([\w.-]+)(?:\s*([=!]=)\s*(\"[^\"]*\"|'[^']*'|[\w.-]+))?")
_TOC = re.compile(r"toc.*\.ya?ml")
_INCLUDE = re.compile(
    r"\{%[ \t]*include[ \t]+(?P<bare>notitle[ \t]+)?\[[^\[\]\n]*\]"
    r"\((?P<place>[^()#\n]+)#?(?P<part>[^()\n]*)\)[ \t]*%\}"
)
_HEADING = re.compile(r"\A#{1,6}[ \t].*")
_TITLED = re.compile(r"\{%-?[ \t]*(?:note|cut)\b[^{}%\n\"]*\"(?P<title>[^\"\n]*)\"[^{}%\n]*%\}")
_MONOSPACED = re.compile(r"(?<![#\w])##(?![#\s])((?:(?!##)[^\n`])+?)##(?!#)")
_TERM = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\(\*[^()\s]+\)")
_DEFINITION = re.compile(r"^[ ]{0,3}\[\*[^\[\]\n]+\]:[ \t]*", re.MULTILINE)
_UNNAMED = re.compile(r"\[(?:\{#T\})?\]\((?P<place>(?P<page>[^()#\s:]+)\.md(?:#[^()\s]*)?)\)")
# A table without another one in it: the innermost is found first.
_TABLE = re.compile(r"^(?P<indent>[ \t]*)#\|(?P<rows>(?:(?!#\||\|#)[\s\S])*)\|#(?:[ \t]*\{[^{}\n]*\})?", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")
_ESCAPED = r"\\|"
_SPANNED = {">", "^"}
"""A cell that is merged with its neighbour."""


_Values = Callable[[str, str], Any]
"""Returns the value of a name in a folder, from the nearest `presets.yaml`; None if there is none."""


def _presets(project: Project, preset: str) -> _Values:
    placed = sorted(key for key in project.keys if posixpath.basename(key) == _PRESETS)
    presets = {posixpath.dirname(key): read_yaml(project.text(key)) for key in placed}
    groups = {folder: [found.get(preset), found.get("default")] for folder, found in presets.items()}

    def value(folder: str, name: str) -> Any:
        near = (group for above in (*upward(folder), "") for group in groups.get(above, ()))
        return next((found for group in near if (found := at(group, *name.split("."))) is not None), None)

    return value


def _holds(test: Any, folder: str, value: _Values) -> bool:
    """Return whether a condition holds (`audience == "internal" and beta`); conditions in another form hold."""

    def holds(said: str) -> bool:
        found = _TEST.fullmatch(said.strip())
        if not found:
            return True
        name, sign, other = found.groups()
        known = value(folder, name)
        return (str(known) == other.strip("\"'")) == (sign == "==") if sign else bool(known)

    return any(all(map(holds, re.split(r"\s+and\s+", part))) for part in re.split(r"\s+or\s+", str(test)))


def _conditions(value: _Values) -> Pass:
    """Return the pass that keeps the shown branch of `{% if audience == "internal" %}` … `{% endif %}`."""

    def conditions(text: str, page: Page) -> str:
        folder = posixpath.dirname(page.key)

        def kept(match: re.Match[str]) -> str:
            parts = [match["test"], *_ELSE.split(match["shown"])]  # tests and what they show, in turn; None: `else`
            tests = zip(parts[::2], parts[1::2], strict=True)
            return next((shown for test, shown in tests if test is None or _holds(test, folder, value)), "")

        while (done := _IF.sub(kept, text)) != text:
            text = done
        return text

    return outside(conditions)


def _values(value: _Values) -> Pass:
    """Return the pass that replaces `{{ name }}` by its value, also in code."""

    def applied(text: str, page: Page) -> str:
        def put_in(match: re.Match[str]) -> str:
            if match["kept"]:
                return match["kept"]
            found = value(posixpath.dirname(page.key), match["name"])
            return str(found) if isinstance(found, str | int | float) else match[0]

        return _VALUE.sub(put_in, text)

    return applied


def includes(text: str, page: Page) -> str:
    """`{% include [any](part.md#anchor) %}` is the file, or the section of the anchor; `notitle`: without title."""

    def take(match: re.Match[str]) -> str:
        found = page.include_page(match["place"].strip(), passes=(outside(includes), marks)).strip()
        found = _section(found, match["part"]) if match["part"] else found
        return f"\n\n{_HEADING.sub('', found, count=1) if match['bare'] else found}\n\n"

    return _INCLUDE.sub(take, text)


def _section(text: str, anchor: str) -> str:
    """Return the heading with an anchor and the text below it; the whole text if there is none."""
    head = re.search(rf"^(#{{1,6}})[ \t].*\{{[ \t]*#{re.escape(anchor)}[ \t]*\}}[ \t]*$", text, re.MULTILINE)
    return head[0] + section_below(text, head) if head else text


def tables(text: str, page: Page) -> str:
    """`#| || a | b || |#` becomes a table of Markdown, or paragraphs if a cell has several lines."""
    kept = Kept()  # code, and finished tables

    def drawn(match: re.Match[str]) -> str:
        written = filter(str.strip, match["rows"].split("||"))
        rows = [[_cell(kept.back(cell)) for cell in _CELL.split(row)] for row in written]
        if any("\n" in cell for row in rows for cell in row):
            lines = "\n\n".join(filter(None, (cell for row in rows for cell in row)))
        else:
            ruled = [*rows[:1], ["---"] * len(rows[0]), *rows[1:]] if rows else []
            lines = "\n".join(f"| {' | '.join(_CELL.sub(_ESCAPED, cell) for cell in row)} |" for row in ruled)
        return kept.keep(textwrap.indent(f"\n{lines}\n", match["indent"]))  # one piece in the table around it

    plain = CODE.sub(lambda match: kept.keep(match[0]), text.replace("\ue000", ""))
    while (found := _TABLE.sub(drawn, plain)) != plain:
        plain = found
    return kept.back(plain)


def _cell(text: str) -> str:
    cell = textwrap.dedent(text).strip()
    return "" if cell in _SPANNED else cell


def marks(text: str, page: Page) -> str:
    """Titles of notes and cuts, `##monospaced##`, terms, links that show the title of their target."""

    def named(match: re.Match[str]) -> str:
        return f"[{page.title('doc', match['page']) or match['page']}]({match['place']})"

    def edit(plain: str) -> str:
        plain = _DEFINITION.sub("", _TERM.sub(r"\1", _TITLED.sub(r"**\g<title>**\n", plain)))
        return _UNNAMED.sub(named, _MONOSPACED.sub(r"`\1`", plain))

    return outside_code(text, edit)


def _listed(entry: Any, folder: str, value: _Values) -> Iterator[str]:
    for part in entry if isinstance(entry, list) else [entry]:
        if isinstance(part, Mapping) and _holds(part.get("when", "") or "", folder, value):
            yield str(part.get("href"))
            yield from _listed(part.get("items"), folder, value)


def open_diplodoc(project: Project) -> Rules | None:
    config = read_yaml(project.text(".yfm"))
    value = _presets(project, text_at(config, "varsPreset"))
    languages = texts_at(config, "langs")
    lang = text_at(config, "lang") or next(iter(languages), "")
    contents = (read_yaml(project.text(key)) for key in (f"{lang}/toc.yaml", "toc.yaml"))
    tocs = {key: project.text(key) for key in project.keys if _TOC.fullmatch(posixpath.basename(key))}
    including = {posixpath.dirname(key) for key, text in tocs.items() if "include:" in text}
    pages = {
        posixpath.normpath(posixpath.join(folder, href))
        for key, text in tocs.items()
        for href in _listed(read_yaml(text), posixpath.dirname(key), value)
        for folder in {posixpath.dirname(key), *including}  # a merged list belongs to the folder of the other
    }
    makes_pages = any("includers:" in text for text in tocs.values())

    def address(path: str, metadata: Metadata) -> str:
        private(path)
        if tocs and not makes_pages and not pages & {path, re.sub(r"/?index\.md$", "", path) or "."}:
            raise NotServed("in no toc.yaml")
        return f"{stem(path)}.html"

    return Rules(
        (Folder("", address),),
        SLUGIFY,
        passes=(
            _conditions(value),
            outside(includes),
            _conditions(value),
            _values(value),
            marks,
            tables,
            outside(liquid),
            attribute_lists,
        ),
        title=next((title for toc in contents if (title := text_at(toc, "title"))), ""),
        first={"lang": lang} if lang else {},
    )


PROFILE = Profile("diplodoc", "Diplodoc, YFM", (".yfm",), open_diplodoc)
