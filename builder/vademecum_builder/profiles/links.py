"""Wikilinks, embeds, block ids and private comments, as Obsidian and its like write them; lists of chapters."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, unquote

from vademecum_builder.profiles.base import Page
from vademecum_builder.profiles.code import outside_code, replacing

_CHAPTER = re.compile(
    r"(?:\[((?:\\.|\[[^\[\]\n]*\]|[^\[\]\\\n])*))?\]\(<?((?:\\.|[^)>#\\\n]){1,500}\.md)>?"
    r"(?:#[^)\s]*>?)?(?:[ \t]+\"[^\"\n]*\")?\)"
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def chapters_of(summary: str) -> dict[str, str]:
    """Return the titles of the files in a SUMMARY.md, by their paths relative to it."""
    pairs = ((_ESCAPE.sub(r"\1", part.strip()) for part in pair) for pair in _CHAPTER.findall(summary))  # `a\_b.md`
    called: dict[str, str] = {}
    for name, place in pairs:
        called.setdefault(posixpath.normpath(unquote(place)), re.sub(r"[`*]", "", name))  # then parts of it: `a.md#b`
    return called


_COMMENT = re.compile(r"%%[\s\S]*?%%")
private_comments = replacing(_COMMENT, "", "%%")
"""`%% ... %%` is hidden in the app, so people write private notes in it."""
comments_set_apart = replacing(re.compile(r"(?<!\S)%%(?!%)[\s\S]*?%%(?!\S)"), "", "%%")
"""The same, if it is not known to be Obsidian's: only with white space around it."""
block_ids = replacing(re.compile(r"(?:(?<=\s)|^)\^[A-Za-z0-9-]+[ \t]*$", re.MULTILINE), "", "^")
"""`^id` at the end of a line is a target, not text."""
_WIKILINK = re.compile(r"(!?)\[\[([^\[\]\n|]+?)(?:\\?\|([^\[\]\n]*))?\]\](?![(\[])")
_MEDIA = re.compile(r"\.(?!md\b|markdown\b)[A-Za-z0-9]{2,5}$")


def wikilinks(text: str, page: Page) -> str:
    """`[[Page#Part|shown]]` becomes a link, `![[picture]]` is removed, `![[Page]]` is included if its file is found."""
    return outside_code(text, lambda plain: _WIKILINK.sub(lambda m: _link(m, page), plain)) if "[[" in text else text


def _link(match: re.Match[str], page: Page) -> str:
    target, shown = match[2].strip(), (match[3] or "").strip()
    name, _, part = target.partition("#")
    if target.lower() in ("toc", "_toc_"):
        return match[0]
    if match[1]:
        return "" if _MEDIA.search(name) else _embedded(name, part, page)
    shown = shown or (f"{name} > {part.lstrip('^')}" if name and part and not part.startswith("^") else name or part)
    found = find_note(name, page)
    if not found:
        return shown
    return f"[{shown}](<{quote(found, safe='/')}{f'#{quote(part)}' if part else ''}>)"


def find_note(name: str, page: Page) -> str:
    """Return the file of a note relative to the page; of several, the nearest to the root. Empty if there is none."""
    if not name:
        return ""
    wanted = name.strip("/").removesuffix(".md").lower()
    for key in page.project.notes.get(wanted.rpartition("/")[2], ()):
        if f"/{key.lower().removesuffix('.md')}".endswith(f"/{wanted}"):
            return "/".join([".."] * page.key.count("/") + [key])
    return ""


def _embedded(name: str, part: str, page: Page) -> str:
    found = find_note(name, page)
    if not found or posixpath.normpath(posixpath.join(posixpath.dirname(page.key), found)) == page.key:
        return ""  # a page contains its parts already
    text = page.include_page(found, passes=(private_comments, wikilinks))
    if part.startswith("^"):
        block = re.search(rf"(?:^|\n\n)((?:(?!\n\n)[\s\S])*?)[ \n]\^{re.escape(part[1:])}[ \t]*(?:\n|$)", text)
        text = block[1] if block else ""
    elif part:
        text = section(text, part)
    return f"\n\n{_COMMENT.sub('', text)}\n\n"


def section(text: str, heading: str) -> str:
    """Return the text below the heading with these words."""
    wanted = heading.rpartition("#")[2].strip().lower()
    found = next(
        (m for m in re.finditer(r"^(#{1,6})[ \t]+(.*)$", text, re.MULTILINE) if m[2].strip().lower() == wanted), None
    )
    return section_below(text, found) if found else ""


def section_below(text: str, heading: re.Match[str]) -> str:
    """Return the text below a heading, whose hashes are the first group of a match, up to the next of its level."""
    end = re.compile(rf"^#{{1,{len(heading[1])}}}[ \t]", re.MULTILINE).search(text, heading.end())
    return text[heading.end() : end.start() if end else len(text)]
