"""Includes in the syntaxes of the generators: whole files, lines, or named parts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from vademecum_builder.profiles.base import Page, Pass, without_front_matter
from vademecum_builder.profiles.code import CODE
from vademecum_builder.readers.fences import fenced

_SPAN = re.compile(r"\s*(\d{0,9})\s*(?:([:-])\s*(-1|\d{0,9})\s*)?")
_MARK = re.compile(r"^.*(?:ANCHOR(?:_END)?:|--8<--\s*\[(?:start|end):|#(?:end)?region\b).*\n?", re.MULTILINE)


def part(text: str, wanted: str) -> str:
    """Return lines (`3`, `3:8`, `3-8`, `:8`, `3--1` to the end, with commas) or a named part, without marks of parts.

    Malformed ranges (`3 4`) have no lines.
    """
    if not wanted:
        return _MARK.sub("", text)
    if re.fullmatch(r"[\d:,\- ]+", wanted):
        lines = text.split("\n")
        picked: list[str] = []
        for span in wanted.split(","):
            if span.strip() and (found := _SPAN.fullmatch(span)):
                first, separator, last = found.groups()
                end = int(last) if last and last != "-1" else len(lines) if separator else int(first)
                picked += lines[max(int(first or 1), 1) - 1 : end]
        return "\n".join(picked)
    name = re.escape(wanted)
    found = re.search(
        rf"^.*(?:ANCHOR:\s*{name}|--8<--\s*\[start:\s*{name}\]|#region\s+{name})\s*[^\n\w]*\n([\s\S]*?)"
        rf"^.*(?:ANCHOR_END:\s*{name}\b|--8<--\s*\[end:\s*{name}\]|#endregion\b)",
        text,
        re.MULTILINE,
    )
    return _MARK.sub("", found[1]) if found else ""


def _taken(match: re.Match[str], text: str | None) -> str:
    """Return an included text with the indent of the line that includes it."""
    indent = match.groupdict().get("indent") or ""
    return textwrap.indent((text or "").rstrip("\n"), indent) if indent.strip(" \t") == "" else indent + (text or "")


_MDBOOK = re.compile(
    r"(?P<escaped>\\)?\{\{#(?P<kind>include|rustdoc_include|playground|title)\s++(?P<rest>[^{}\n]*)\}\}"
)
_RUST = re.compile(r"[ \t>]*(?:[-*+] +|\d+[.)] +)?`{3,}[ \t]*rust\b.*")
_HIDDEN = re.compile(r"^[ \t>]*#(?: .*)?\n", re.MULTILINE)


def mdbook_includes(text: str, page: Page) -> str:
    """`{{#include file.rs:anchor}}` and similar ones."""

    def take(match: re.Match[str]) -> str:
        if match["escaped"] or match["kind"] == "title":
            return match[0][1:] if match["escaped"] else ""
        name, _, wanted = match["rest"].split()[0].partition(":") if match["rest"].split() else ("", "", "")
        found = page.include(name, passes=(mdbook_includes,) if name.endswith(".md") else ())
        return part(found or "", wanted).rstrip("\n")

    return _MDBOOK.sub(take, text) if "{{#" in text else text


def hidden_rust(text: str, page: Page) -> str:
    """Removes lines of Rust that mdBook hides (`# `)."""

    def shown(match: re.Match[str]) -> str:
        opening, feed, rest = match[0].partition("\n")
        return opening + feed + _HIDDEN.sub("", rest) if match["fence"] and _RUST.fullmatch(opening) else match[0]

    return CODE.sub(shown, text) if "```" in text else text


_SNIPPET = re.compile(
    r"^(?P<indent>[ \t]*)(?:;?-{1,}8<-{1,})[ \t]+(?P<quote>['\"])(?P<name>[^'\"\n]+)(?P=quote)[ \t]*$", re.MULTILINE
)
_SNIPPETS = re.compile(
    r"^(?P<indent>[ \t]*)-{1,}8<-{1,}[ \t]*\n(?P<names>(?:(?![ \t]*-+8<-).*\n)*?)[ \t]*-{1,}8<-{1,}[ \t]*$",
    re.MULTILINE,
)
_CURLY = re.compile(
    r"^(?P<indent>[ \t]*)\{(?P<mark>[*!])>?[ \t]*(?P<name>[^\s{}*!]+)(?P<rest>[^{}]*?)(?P=mark)\}", re.MULTILINE
)
_INCLUDE_PLUGIN = re.compile(
    r"(?<!\{)\{%-?[ \t\n]*include(?:-markdown)?[ \t\n]+['\"](?P<name>[^'\"]+)['\"](?P<rest>(?:[^%]|%(?!\}))*)-?%\}"
)


def mkdocs_snippets(folders: Sequence[str], docs: str, *, tags: bool = True) -> Pass:
    """`--8<-- "file:part"` of pymdownx, `{* file *}`, `{! file !}`, `{% include-markdown "file" %}` of plugins.

    Args:
        folders: Folders of snippets, relative to the project.
        docs: The folder of pages.
        tags: Whether a plugin processes `{% include "file" %}`.
    """

    def snippets(text: str, page: Page) -> str:
        def one(name: str) -> str:
            file, _, wanted = name.partition(":")
            include = page.include_page if file.endswith(".md") else page.include
            return part(include(file, *folders, passes=(snippets,)) or "", wanted)

        def several(match: re.Match[str]) -> str:
            names = [
                line.strip() for line in match["names"].split("\n") if line.strip() and not line.strip().startswith(";")
            ]
            return _taken(match, "\n\n".join(map(one, names)))

        def curly(match: re.Match[str]) -> str:
            name = match["name"]
            beside = (page.key.rpartition("/")[0], *folders, "", docs)
            found = page.include(name, *beside, passes=(snippets,) if name.endswith(".md") else ())
            lines = re.search(r"ln\[([\d:,\- ]+)\]", match["rest"])
            found = part(found or "", lines[1] if lines else "")
            is_code = found and not name.endswith(".md") and match["mark"] == "*"
            return _taken(match, fenced(found, name.rpartition(".")[2]) if is_code else found)

        def plugin(match: re.Match[str]) -> str:
            marks = dict(re.findall(r"(start|end)=['\"]([^'\"]+)['\"]", match["rest"]))
            beside = (page.key.rpartition("/")[0], docs, "", *folders)
            found = page.include(match["name"], *beside, passes=(snippets,)) or ""
            start = marks.get("start", "")
            found = found.partition(start)[2] if start and start in found else found
            return without_front_matter(found.partition(marks["end"])[0] if "end" in marks else found)

        if "8<" in text:
            text = _SNIPPET.sub(lambda m: "" if m[0].lstrip().startswith(";") else _taken(m, one(m["name"])), text)
            text = _SNIPPETS.sub(several, text)
        text = _CURLY.sub(curly, text) if "{*" in text or "{!" in text else text
        return _INCLUDE_PLUGIN.sub(plugin, text) if tags and "{%" in text else text

    return snippets


_VITE = re.compile(
    r"<!--[ \t]*@include:[ \t]*(?P<name>[^\s{}#]+)(?:#(?P<heading>[\w-]+))?(?:\{(?P<lines>[^}]*)\})?[ \t]*-->"
)
_VITE_CODE = re.compile(
    r"^(?P<indent>[ \t]*)<<<[ \t]+(?P<name>[^\s{}#\[]+)(?:#(?P<region>[\w-]+))?[^\n]*$", re.MULTILINE
)


def vitepress_includes(source: str) -> Pass:
    """`<!--@include: ./x.md{3,8}-->` and `<<< @/file.ts#region`; `@` is the folder of pages."""

    def place(name: str, page: Page) -> tuple[str, str]:
        return (name[1:], source) if name.startswith("@") else (name, page.key.rpartition("/")[0])

    def includes(text: str, page: Page) -> str:
        def take(match: re.Match[str]) -> str:
            wanted = (match["lines"] or "").replace(",", "-") or match["heading"] or ""
            return part(page.include_page(*place(match["name"], page), passes=(includes,)), wanted)

        def code(match: re.Match[str]) -> str:
            found = part(page.include(*place(match["name"], page)) or "", match["region"] or "")
            return _taken(match, fenced(found, match["name"].rpartition(".")[2])) if found else ""

        return _VITE_CODE.sub(code, _VITE.sub(take, text)) if "@include" in text or "<<<" in text else text

    return includes
