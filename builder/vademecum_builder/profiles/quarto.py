"""Quarto: `_quarto.yml`. Code is not run, so its output is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, private, stem
from vademecum_builder.profiles.blocks import attribute_lists, containers, pipes_in_code, raised_and_marked
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import address_of, at, matcher, read_yaml, text_at, yamls
from vademecum_builder.profiles.tags import shortcodes
from vademecum_builder.readers.slugs import PANDOC

FILES = yamls("_quarto")
_CELL = re.compile(r"^([ \t]*)(`{3,})\{(\w+)([^}\n]*)\}[ \t]*\n((?:(?![ \t]*\2).*\n)*?)[ \t]*\2[ \t]*$", re.MULTILINE)
_OPTION = re.compile(r"\A(?:[ \t]*(?:#|//|%%|--)\|.*\n)+")
_HIDDEN = re.compile(r"\b(?:echo|include)\s*[:=]\s*f(?:alse)?\b", re.IGNORECASE)
_CAPTION = re.compile(r"\b(?:fig-|tbl-|fig\.)cap\s*[:=]\s*(\"[^\"\n]*\"|'[^'\n]*'|[^|>\s][^\n]*)")
_INLINE = re.compile(r"(?<!`)`(?:r|\{(?:r|python|julia|ojs)\}) (?:[^`\n]|\n(?!\n))+`(?!`)")
_NOT_RENDERED = frozenset({"README", "CLAUDE", "AGENTS"})


def cells(text: str, page: Page) -> str:
    """Cells of code: options (`#| echo: false`) and hidden code are removed, captions stay. Code in a sentence
    (`r nrow(x)`) is removed: its output is unknown."""

    def cell(match: re.Match[str]) -> str:
        indent, fence, language, options_text, body = match.groups()
        options = _OPTION.match(body)
        options_text += options[0] if options else ""
        caption = _CAPTION.search(options_text)
        shown = f"{indent}{fence}{language}\n{body[options.end() if options else 0 :]}{indent}{fence}\n"
        shown_caption = "\n" + indent + caption[1].strip().strip("\"'") + "\n" if caption else ""
        return ("" if _HIDDEN.search(options_text) else shown) + shown_caption

    text = _INLINE.sub("", text)
    return _CELL.sub(cell, text) if "{" in text else text


footnotes = replacing(re.compile(r"(?<!\\)\^\[((?:(?!\n[ \t]*\n)(?:[^\[\]]|\[[^\[\]\n]*\]))*)\]"), r" (\1)", "^[")
"""`^[a note]`, which is shown at the foot of the page."""
spans = replacing(re.compile(r"\[([^\[\]]+)\]\{[.#][^{}\n]*\}"), r"\1", "]{")
"""`[text]{.class}` of Pandoc."""
_REFERENCE = re.compile(r"(?<![\w@\\])(\[)?-?@(fig|tbl|sec|eq|lst|thm|lem|cor|prp|exm|exr|def)-[\w-]*\w(?(1)\])")
_CALLED = {
    "fig": "Figure", "tbl": "Table", "sec": "Section", "eq": "Equation", "lst": "Listing", "thm": "Theorem",
    "lem": "Lemma", "cor": "Corollary", "prp": "Proposition", "exm": "Example", "exr": "Exercise", "def": "Definition",
}  # fmt: skip
references = replacing(_REFERENCE, lambda reference: _CALLED[reference[2]], "@")
"""`@fig-tank` becomes "Figure", without its number."""
citations = replacing(re.compile(r"[ \t]?\[(?=[^\[\]\n]*(?<![\w@])@\w)[^\[\]\n]*\](?![(\[{:])"), "", "@")
"""`[@hardin1968, p. 3]` is removed."""
raw_tex = replacing(
    re.compile(
        r"(?<!\\)\\(?:(?:clear|clear(?:double)?|new)page|pagebreak|noindent|(?:big|med|small)skip|(?:front|main|back)matter)\b"
        r"|(?<!\\)\\[A-Za-z]+\*?(?:\[[^\[\]\n]*\])*(?:\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]*\})*\})*\})+"
    ),
    "",
    "\\",
)
"""`\\index{pumps}`: Pandoc leaves TeX commands out of HTML."""
PASSES = (
    cells,
    containers,
    footnotes,
    spans,
    raised_and_marked,
    references,
    citations,
    raw_tex,
    attribute_lists,
    pipes_in_code,
    lambda text, _page: text.replace("`r ''`", ""),  # before a fence, so that the code in it is shown, not run
)


def _chapters(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _chapters(item)
    elif isinstance(value, str):
        yield value


def open_quarto(project: Project) -> Rules:
    config = read_yaml(project.text(*FILES))
    kind = text_at(config, "project", "type")
    book = config.get("book") if kind == "book" else None
    chapters = {*_chapters(at(book, "chapters")), *_chapters(at(book, "appendices"))}
    listed = at(config, "project", "render")
    rendered = [str(pattern) for pattern in listed] if isinstance(listed, list) else []
    wanted = matcher(f"/{pattern.lstrip('/')}" for pattern in rendered if not pattern.startswith("!"))
    unwanted = matcher(f"/{pattern[1:].lstrip('/')}" for pattern in rendered if pattern.startswith("!"))
    only = any(not pattern.startswith("!") for pattern in rendered)
    out = text_at(config, "project", "output-dir", default="_site").strip("/")

    def address(path: str, metadata: Metadata) -> str:
        private(path)
        if path.startswith(f"{out}/"):
            raise NotServed("in the folder of rendered pages")
        if stem(path).rpartition("/")[2] in _NOT_RENDERED and path not in chapters:
            raise NotServed("about the repository")
        if (chapters and path not in chapters) or (only and not wanted(path)) or unwanted(path):
            raise NotServed("not in the list of rendered pages")
        return f"{stem(path)}.html"

    of_site = kind if kind in ("book", "website") else "website"
    return Rules(
        (Folder("", address),),
        PANDOC,
        PASSES,
        templates=(shortcodes,),
        base_url=address_of(at(config, of_site, "site-url")),
        title=text_at(config, of_site, "title"),
    )


PROFILE = Profile("quarto", "Quarto", FILES, open_quarto)
