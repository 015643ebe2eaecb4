"""The manual in the dialects of the generators: Markdown of several kinds, reStructuredText, AsciiDoc, Java, Rust."""

# ruff: noqa: E501
from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sites.manual import PAGES

_LINK = re.compile(r"\[([^\]]+)\]\((\w+)(?:#([^)]+))?\)")


def slug(heading: str) -> str:
    """The id that every generator gives a heading of plain words."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _indent(text: str, by: str = "    ") -> str:
    return "\n".join(f"{by}{line}".rstrip() for line in text.split("\n"))


def _containers(names: dict[str, str]) -> Callable[[str, str], str]:
    return lambda kind, text: f":::{names.get(kind, kind)}\n\n{text}\n\n:::"


def _quoted(kind: str, text: str) -> str:
    return f"> **{kind.title()}:** {text}"


def _html_list(items: Iterable[tuple[str, str]], ids: bool = True) -> str:
    rows = (
        f"<dt{f' id={slug(term)!r}' if ids else ''}>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>".replace(
            "'", '"'
        )
        for term, text in items
    )
    return f"<dl>{''.join(rows)}</dl>"


def _marked_list(items: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f"{term}\n:   {text}" for term, text in items)


def _headed_tabs(items: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f"### {label}\n\n{text}" for label, text in items)


@dataclass(frozen=True)
class Markdown:
    """One kind of Markdown. `link` makes the target of a page and a heading."""

    link: Callable[[str, str], str]
    note: Callable[[str, str], str] = _quoted
    tabs: Callable[[Iterable[tuple[str, str]]], str] = _headed_tabs
    entries: Callable[[Iterable[tuple[str, str]]], str] = _marked_list
    head: Callable[[str, str, int], str] = lambda key, title, number: f"# {title}\n"
    image: bool = True

    def page(self, number: int) -> str:
        """A page of the manual."""
        key, title, blocks = PAGES[number]
        return "\n\n".join([self.head(key, title, number), *map(self._block, blocks)]) + "\n"

    def _block(self, block: Sequence[Any]) -> str:
        kind, *rest = block
        if kind in ("h2", "h3"):
            return f"{'#' * int(kind[1])} {rest[0]}"
        if kind == "p":
            return self._text(rest[0])
        if kind == "list":
            return "\n".join(f"- {item}" for item in rest)
        if kind == "code":
            return f"```{rest[0]}\n{rest[1]}\n```"
        if kind == "note":
            return self.note(rest[0], rest[1])
        if kind == "tabs":
            return self.tabs(rest)
        if kind == "table":
            rows = [rest[0], tuple("---" for _ in rest[0]), *rest[1:]]
            return "\n".join(f"| {' | '.join(row)} |" for row in rows)
        if kind == "dl":
            return self.entries(rest)
        assert kind == "img"
        return f"![{rest[0]}]({rest[1]})" if self.image else f"*{rest[0]}*"

    def _text(self, text: str) -> str:
        return _LINK.sub(lambda found: f"[{found[1]}]({self.link(found[2], slug(found[3] or ''))})", text)


def _to_file(key: str, heading: str) -> str:
    return f"{key}.md{f'#{heading}' if heading else ''}"


def _front(key: str, title: str, number: int) -> str:
    return f"---\ntitle: {title}\n---\n"


def _tabs_of_mkdocs(items: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f'=== "{label}"\n\n{_indent(text)}' for label, text in items)


def _tabs_of_jsx(items: Iterable[tuple[str, str]]) -> str:
    inner = "\n".join(
        f'<TabItem value="{slug(label)}" label="{label}">\n\n{text}\n\n</TabItem>' for label, text in items
    )
    return f"<Tabs>\n{inner}\n</Tabs>"


MKDOCS = Markdown(_to_file, note=lambda kind, text: f"!!! {kind}\n\n{_indent(text)}", tabs=_tabs_of_mkdocs)
MDBOOK = Markdown(_to_file, note=lambda kind, text: f"> [!{'CAUTION' if kind == 'danger' else kind.upper()}]\n> {text}")
VITEPRESS = Markdown(_to_file, note=_containers({"note": "info"}), entries=_html_list, image=False)
DOCUSAURUS = Markdown(
    lambda key, heading: _to_file(key, heading).replace(".md", ".mdx"),
    note=_containers({}),
    entries=_html_list,
    tabs=_tabs_of_jsx,
    image=False,
    head=lambda key, title, number: (
        f"---\ntitle: {title}\nsidebar_position: {number}\n{'slug: /' if key == 'index' else ''}\n---\n\n"
        "import Tabs from '@theme/Tabs';\nimport TabItem from '@theme/TabItem';\n"
    ),
)
STARLIGHT = Markdown(
    lambda key, heading: f"/{'' if key == 'index' else key + '/'}{f'#{heading}' if heading else ''}",
    note=_containers({"warning": "caution"}),
    entries=_html_list,
    tabs=_tabs_of_jsx,
    image=False,
    head=lambda key, title, number: (
        f"---\ntitle: {title}\n---\n\nimport {{ Tabs, TabItem }} from '@astrojs/starlight/components';\n"
    ),
)
HUGO = Markdown(
    lambda key, heading: f'{{{{< ref "{"_index" if key == "index" else key}{f"#{heading}" if heading else ""}" >}}}}',
    head=_front,
)
JEKYLL = Markdown(
    lambda key, heading: f"{key}.html{f'#{heading}' if heading else ''}",
    head=lambda key, title, number: f"---\nlayout: page\ntitle: {title}\n---\n",
)


def restructured(number: int) -> str:
    """A page as Sphinx reads it."""
    key, title, blocks = PAGES[number]
    lines = [f".. _{key}:", f"{title}\n{'=' * len(title)}"]
    if key == "index":
        lines.append(".. toctree::\n   :hidden:\n\n" + "\n".join(f"   {page[0]}" for page in PAGES[1:]))
    for kind, *rest in blocks:
        if kind in ("h2", "h3"):
            label = f".. _{key}-{slug(str(rest[0]))}:\n\n" if kind == "h2" else ""
            lines.append(f"{label}{rest[0]}\n{('-' if kind == 'h2' else '~') * len(str(rest[0]))}")
        elif kind == "p":
            lines.append(_rst(str(rest[0])))
        elif kind == "list":
            lines.append("\n".join(f"- {item}" for item in rest))
        elif kind == "code":
            lines.append(f".. code-block:: {rest[0]}\n\n{_indent(str(rest[1]))}")
        elif kind == "note":
            lines.append(f".. {rest[0]}:: {rest[1]}")
        elif kind == "tabs":
            lines.append("\n\n".join(f"{label}\n{'~' * len(label)}\n\n{_rst(text)}" for label, text in rest))
        elif kind == "table":
            rows = "\n".join(", ".join(f'"{cell}"' for cell in row) for row in rest[1:])
            header = ", ".join(f'"{cell}"' for cell in rest[0])
            lines.append(f".. csv-table::\n   :header: {header}\n\n{_indent(rows, '   ')}")
        elif kind == "dl":
            entries = "\n".join(f"   {term}\n      {text}\n" for term, text in rest)
            lines.append(f".. glossary::\n\n{entries}")
        elif kind == "img":
            lines.append(f".. image:: {rest[1]}\n   :alt: {rest[0]}")
    return "\n\n".join(lines) + "\n"


def _rst(text: str) -> str:
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    return _LINK.sub(lambda found: f":ref:`{found[1]} <{found[2]}{f'-{slug(found[3])}' if found[3] else ''}>`", text)


def asciidoc(number: int) -> str:
    """A page as Antora reads it."""
    _, title, blocks = PAGES[number]
    lines = [f"= {title}"]
    for kind, *rest in blocks:
        if kind in ("h2", "h3"):
            lines.append(f"{'=' * int(kind[1])} {rest[0]}")
        elif kind == "p":
            lines.append(
                _LINK.sub(
                    lambda found: (
                        f"xref:{found[2]}.adoc{f'#_{slug(found[3]).replace(chr(45), chr(95))}' if found[3] else ''}[{found[1]}]"
                    ),
                    str(rest[0]),
                )
            )
        elif kind == "list":
            lines.append("\n".join(f"* {item}" for item in rest))
        elif kind == "code":
            lines.append(f"[source,{rest[0]}]\n----\n{rest[1]}\n----")
        elif kind == "note":
            names = {"danger": "CAUTION"}
            lines.append(f"{names.get(str(rest[0]), str(rest[0]).upper())}: {rest[1]}")
        elif kind == "tabs":
            lines.append("\n\n".join(f".{label}\n{text}" for label, text in rest))
        elif kind == "table":
            rows = "\n\n".join(" ".join(f"|{cell}" for cell in row) for row in rest[1:])
            lines.append(f"|===\n{' '.join(f'|{cell}' for cell in rest[0])}\n\n{rows}\n|===")
        elif kind == "dl":
            lines.append("\n".join(f"[[{slug(term)}]]{term}:: {text}" for term, text in rest))
        elif kind == "img":
            lines.append(f"_{rest[0]}_")
    return "\n\n".join(lines) + "\n"


def _words(title: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", title)


def _name(title: str) -> str:
    first, *others = _words(title)
    return first.lower() + "".join(word.title() for word in others)


def _sections(blocks: Iterable[Sequence[Any]]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """What stands before the first heading or term, and what stands below each."""
    before: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for kind, *rest in blocks:
        if kind in ("h2", "h3"):
            sections.append((str(rest[0]), []))
        elif kind == "dl":
            sections += [(term, [text]) for term, text in rest]
        else:
            words = [" ".join(item) if isinstance(item, list) else str(item) for item in rest]
            (sections[-1][1] if sections else before).append(_LINK.sub(r"\1", ". ".join(words)))
    return before, sections


def java(number: int) -> tuple[str, str]:
    """A page as a class: its name and its source."""
    _, title, blocks = PAGES[number]
    name = "".join(word.title() for word in _words(title))
    before, sections = _sections(blocks)
    doc = html.escape(" ".join(before) or f"{title}.", quote=False)
    members = []
    for count, (heading, texts) in enumerate(sections):
        text = html.escape(f"{heading}. {' '.join(texts)}", quote=False).replace("@", "&#64;")
        members.append(f"    /** {text} */\n    public void {_name(heading)}{count or ''}(int times) {{}}\n")
    return (
        name,
        f"package org.example.brunnen;\n\n/** {doc} */\npublic class {name} {{\n    /** Makes one. */\n    public {name}() {{}}\n{''.join(members)}}}\n",
    )


def rust() -> str:
    """The whole manual as one crate."""
    modules = []
    for key, title, blocks in PAGES[1:]:
        before, sections = _sections(blocks)
        functions = "".join(
            _docs(f"{heading}.\n\n{' '.join(texts)}") + f"pub fn {'_'.join(_words(heading)).lower()}_{count}() {{}}\n"
            for count, (heading, texts) in enumerate(sections)
        )
        listed = "".join(f"\n## {heading}\n\n{' '.join(texts)}\n" for heading, texts in sections)
        modules.append(f"{_docs(f'{title}. {chr(32).join(before)}{chr(10)}{listed}')}pub mod {key} {{\n{functions}}}\n")
    before, _ = _sections(PAGES[0][2])
    head = "\n".join(f"//! {line}" for line in " ".join(before).split("\n"))
    return f"{head}\n{''.join(modules)}"


def _docs(text: str) -> str:
    return "".join(f"/// {line}".rstrip() + "\n" for line in text.split("\n"))
