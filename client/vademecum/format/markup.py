"""The text of a chunk with its structure: few things of Markdown, each written in one way (format.md, section 4.5).

Every string can be read, and nothing in it is ever an error: what is not written as this page says is text.
The builder writes it (chunking/markup.py); js/format/markup.mjs is the twin, and reads the same blocks.

>>> plain("Run `make`, then [**look**](keys.md).")
'Run make, then look.'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias


@dataclass(frozen=True)
class Run:
    """Neighbouring characters that look alike.

    Attributes:
        text: Of an image, its alternative text.
        link: Where it leads: an address as `is_address` takes it; empty: nowhere.
        image: The address of the image that it stands for; empty: it is text.
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str = ""
    image: str = ""

    def with_text(self, text: str) -> Run:
        """Return a run that looks like this one; `dataclasses.replace` takes five times as long."""
        return Run(text, self.strong, self.emphasis, self.code, self.link, self.image)


Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    """Lines of text; a line feed is a line break."""

    runs: Runs


@dataclass(frozen=True)
class Item:
    """An item of a list: with a number, or with a bullet; `depth` counts the lists around its own, up to 9."""

    runs: Runs
    depth: int = 0
    number: int | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table. Neighbouring rows are one table; `header` begins one."""

    cells: tuple[Runs, ...]
    header: bool = False


@dataclass(frozen=True)
class Code:
    """A code block, with its language if that is known (`[A-Za-z0-9_+#.-]`, at most 40)."""

    text: str
    language: str = ""


Block: TypeAlias = Paragraph | Item | Row | Code

DEEPEST: Final = 9
_LANGUAGE = r"[A-Za-z0-9_+#.-]{0,40}"
_ITEM = re.compile(rf"((?:  ){{0,{DEEPEST}}})(?:-|([0-9]{{1,9}})\.) (.*)", re.DOTALL)
_FENCE = re.compile(rf"(`{{3,}})({_LANGUAGE})")
_RULE = re.compile(r"\|(?: --- \|)+")

# Alternatives begin with different characters, or differ at the next one: reading takes linear time.
_ESCAPE = r"\\[!-/:-@\[-`{-~]"
_CODE = r"`` (?:[^`\n]|`(?!`))+ ``|`[^`\n]+`"
_ADDRESS = r"(?:\\[()\\]|[^\x00-\x20()\\])+"
_ALT = rf"(?:{_ESCAPE}|[^\\\[\]])*"
_IMAGE = rf"!\[{_ALT}\]\({_ADDRESS}\)"
_LABEL = rf"(?:{_ESCAPE}|{_CODE}|{_IMAGE}|[^\\\[\]`])+"
_EMPHASIS = rf"\*(?:{_ESCAPE}|{_CODE}|{_IMAGE}|[^\\*`\[\]])+\*"
_STRONG = rf"\*\*(?:{_ESCAPE}|{_CODE}|{_IMAGE}|{_EMPHASIS}|[^\\*`\[\]])+\*\*"
_INLINE = re.compile(
    rf"(?P<escape>{_ESCAPE})|(?P<code>{_CODE})|!\[(?P<alt>{_ALT})\]\((?P<source>{_ADDRESS})\)"
    rf"|\[(?P<label>{_LABEL})\]\((?P<target>{_ADDRESS})\)|(?P<strong>{_STRONG})|(?P<emphasis>{_EMPHASIS})"
    r"|[^\\`*\[\]!]+|.",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a chunk's text, in reading order."""
    return tuple(_blocks(text.split("\n")))


def plain(text: str) -> str:
    """Return the words of a chunk's text alone: what is searched, embedded and shown as an excerpt."""
    return join((plain_block(block), block) for block in parse(text))


def plain_block(block: Block) -> str:
    """Return the words of a block: of an image its alternative text, between cells ` | `."""
    match block:
        case Code():
            return block.text
        case Row():
            return " | ".join(filter(None, map(plain_runs, block.cells)))
        case Paragraph() | Item():
            return plain_runs(block.runs)


def plain_runs(runs: Iterable[Run]) -> str:
    """Return the words of some runs."""
    return "".join(run.text for run in runs)


def is_address(address: str, *schemes: str) -> bool:
    """Return whether an address is relative or has one of the schemes, and neither white space nor controls."""
    found = _SCHEME.match(address)
    known = found is None or found[0].lower() in schemes
    return known and re.fullmatch(r"[^\x00-\x20\x7f]+", address) is not None


def join(pieces: Iterable[tuple[str, Block]]) -> str:
    """Return texts of blocks below each other: items and rows on lines, a blank line between others."""
    whole, last = [], None
    for text, block in pieces:
        if last is not None:
            whole.append("\n" if isinstance(block, Item | Row) and follows(last, block) else "\n\n")
        whole.append(text)
        last = block
    return "".join(whole)


def follows(last: Block, block: Block) -> bool:
    """Return whether a block goes on with the list or table of the last one."""
    return isinstance(block, Item | Row) and type(last) is type(block) and not getattr(block, "header", False)


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if fence := _FENCE.fullmatch(line):
            end = next((i for i in range(at, len(lines)) if lines[i] == fence[1]), len(lines))
            yield Code("\n".join(lines[at:end]), fence[2])
            at = end + 1
        elif _is_row(line):
            header = at < len(lines) and _RULE.fullmatch(lines[at]) is not None
            at += header
            yield Row(tuple(_read(cell.replace("\\|", "|")) for cell in line[2:-2].split(" | ")), header)
        elif line:
            item = _ITEM.fullmatch(line)
            first, at = at, next((i for i in range(at, len(lines)) if _begins(lines[i])), len(lines))
            runs = _read("\n".join([item[3] if item else line, *lines[first:at]]))
            yield (Item(runs, len(item[1]) // 2, int(item[2]) if item[2] else None) if item else Paragraph(runs))


def _is_row(line: str) -> bool:
    return len(line) > 3 and line.startswith("| ") and line.endswith(" |")


def _begins(line: str) -> bool:
    """Return whether a line ends the paragraph or item above it."""
    return not line or _is_row(line) or bool(_ITEM.fullmatch(line) or _FENCE.fullmatch(line))


def _read(text: str) -> Runs:
    return merged(_runs(text, Run("")))


def _runs(text: str, style: Run) -> Iterator[Run]:
    for found in _INLINE.finditer(text):
        piece = found[0]
        if found["escape"]:
            yield style.with_text(piece[1])
        elif found["code"]:
            yield replace(style, text=piece[3:-3] if piece.startswith("``") else piece[1:-1], code=True)
        elif found["source"]:
            address = _unescaped(found["source"])
            image = address if is_address(address, "http:", "https:") else ""
            yield replace(style, text=_unescaped(found["alt"]), image=image)
        elif found["target"]:
            address = _unescaped(found["target"])
            link = address if is_address(address, "http:", "https:", "mailto:") else ""
            yield from _runs(found["label"], replace(style, link=link))
        elif found["strong"]:
            yield from _runs(piece[2:-2], replace(style, strong=True))
        elif found["emphasis"]:
            yield from _runs(piece[1:-1], replace(style, emphasis=True))
        else:
            yield style.with_text(piece)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def merged(runs: Iterable[Run]) -> Runs:
    """Return runs without empty ones, neighbours that look alike as one."""
    kept: list[Run] = []
    for run in runs:
        if kept and not run.image and _look_alike(run, kept[-1]):
            kept[-1] = run.with_text(kept[-1].text + run.text)
        elif run.text or run.image:
            kept.append(run)
    return tuple(kept)


def _look_alike(run: Run, other: Run) -> bool:
    return (
        run.code == other.code
        and run.link == other.link
        and run.strong == other.strong
        and run.emphasis == other.emphasis
        and run.image == other.image
    )
