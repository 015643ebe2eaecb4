"""GitBook and HonKit: `.gitbook.yaml` or `book.json`, and SUMMARY.md. The pages are those in SUMMARY.md."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from urllib.parse import unquote

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Pass, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import outside, replacing
from vademecum_builder.profiles.config import at, folder_of, read_yaml, text_at
from vademecum_builder.profiles.links import chapters_of
from vademecum_builder.profiles.tags import liquid
from vademecum_builder.readers.slugs import GITHUB, HONKIT

_CARD = re.compile(
    r"\{% content-ref url=\"(?P<place>[^\"\n]*)\" %\}(?:(?!\{% content-ref)[\s\S])*?\{% endcontent-ref %\}"
)
_MENTION = re.compile(r"\[(?P<shown>[^\[\]\n]*)\]\((?P<place>[^()\n]*?)[ \t]+\"mention\"\)")
"""A link that shows the title of another page; its own text is the name of the file."""
_empty = replacing(re.compile(r"\\[ \t]*(?=\n[ \t]*(?:\n|[*+-][ \t]|\d+[.)][ \t]|\Z)|\Z)|(?<!\*)\*{4}(?!\*)"), "")
"""Marks of the editor that are not shown: a line break at the end of a block, and empty bold text."""
_named = replacing(
    re.compile(r"^(#{1,6} [^\n]*?)[ \t]*<a href=\"#[^\"\n]*\" id=\"([^\"\s]+)\"></a>[ \t]*$", re.MULTILINE), r"\1 {#\2}"
)
"""The id of a heading, as the editor writes it."""
_TABLE = re.compile(r"<table\b(?:(?!<table\b)[\s\S])*?</table>")
_ROW = re.compile(r"<tr\b(?:(?!<tr\b)[\s\S])*?</tr>")
_CELL = re.compile(r"(<t[hd]\b[^<>]*>)(?:(?!<t[hd]\b)[\s\S])*?</t[hd]>")
_LANGUAGE = re.compile(r"\]\((?:\./)?([\w.-]+)/?\)")
"""A line of LANGS.md, with the folder of a book."""
_VARIABLE = re.compile(r"\{\{-?[ \t]*book\.([\w.]+)[ \t]*-?\}\}")
FILES = (".gitbook.yaml", "book.json", "SUMMARY.md")


def _columns(text: str, page: Page) -> str:
    """Removes hidden columns of tables: the target of a card, the file of its picture."""

    def seen(table: re.Match[str]) -> str:
        hidden = ["data-hidden" in cell[1] for cell in _CELL.finditer(table[0].partition("</tr>")[0])]

        def row(cells: re.Match[str]) -> str:
            at = iter(hidden)
            return _CELL.sub(lambda cell: "" if next(at, False) else cell[0], cells[0])

        return _ROW.sub(row, table[0])

    return _TABLE.sub(seen, text) if "data-hidden" in text else text


def _cards(chapters: Mapping[str, str], root: str) -> Pass:
    """Return the pass after which cards and mentions show the title of their target, not the name of its file."""

    def cards(text: str, page: Page) -> str:
        folder = posixpath.dirname(page.key.removeprefix(f"{root}/" if root else ""))

        def titled(address: str) -> str:
            path, _, anchor = address.strip("<>").partition("#")
            place = posixpath.normpath(posixpath.join(folder, unquote(path))) if path else ""
            known = (place, f"{place}.md", posixpath.normpath(f"{place}/README.md"))
            name = next((chapters[p] for p in known if p in chapters), "")
            name = name or ("" if path else anchor.replace("-", " "))
            return f"[{name}](<{address.strip('<>')}>)" if name else ""

        text = _CARD.sub(lambda card: titled(card["place"]), text) if "content-ref" in text else text
        return _MENTION.sub(lambda mention: titled(mention["place"]) or mention[0], text)

    return cards


def open_gitbook(project: Project) -> Rules | None:
    hosted = read_yaml(project.text(".gitbook.yaml"))
    config = hosted or read_yaml(project.text("book.json"))  # JSON is YAML
    root = folder_of(text_at(config, "root"))
    summary = text_at(config, "structure", "summary", default="SUMMARY.md").lstrip("./")
    readme = text_at(config, "structure", "readme", default="README.md").lstrip("./")
    books = _LANGUAGE.findall(project.text(posixpath.join(root, "LANGS.md"))) or [""]
    chapters = {
        posixpath.join(book, place): name
        for book in books
        for place, name in chapters_of(project.text(posixpath.join(root, book, summary))).items()
    }
    if not chapters:
        return None
    in_files = not hosted and bool(project.has("book.json"))  # GitBook 3 and HonKit write files
    first = {posixpath.join(book, readme) for book in books}
    named = {posixpath.join(book, "GLOSSARY.md") for book in books if in_files}

    def variables(text: str, page: Page) -> str:
        return _VARIABLE.sub(lambda name: str(at(config, "variables", *name[1].split(".")) or ""), text)

    def address(path: str, metadata: Metadata) -> str:
        if path not in {*chapters, *first, *named}:
            raise NotServed(f"not in {summary}")
        folder, _, name = stem(path).rpartition("/")
        if path in first or name.lower() == "readme":
            return posixpath.join(folder, "index.html") if in_files else folder
        return f"{stem(path)}.html" if in_files else stem(path)

    return Rules(
        (Folder(root, address),),
        HONKIT if in_files else GITHUB,
        passes=(
            outside(_cards(chapters, root)),
            outside(_columns),
            outside(liquid),
            _empty,
            alerts,
            attribute_lists,
            variables if in_files else _named,
        ),
        called=lambda path: chapters.get(path, ""),
        title=text_at(config, "title"),
    )


PROFILE = Profile("gitbook", "GitBook, HonKit", FILES, open_gitbook)
