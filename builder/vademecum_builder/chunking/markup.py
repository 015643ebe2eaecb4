"""Blocks written as the text of a chunk: `vademecum.format.markup` reads the same ones (format.md, section 4.5).

>>> write([Item((Run("Press "), Run("F1", code=True))), Item((Run("2 * 3"),))])
'- Press `F1`\\n- 2 \\\\* 3'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from vademecum.format.markup import DEEPEST, Block, Code, Item, Paragraph, Row, Run, Runs, join, merged, plain_block

_LIKE_A_BLOCK = re.compile(r"^( *)([0-9]{1,9}(?=\. )|(?=- )|(?=\|))", re.MULTILINE)
_PARENTHESES = re.compile(r"[()\\]")
_BACKSLASHED = r"\\\g<0>"
_MARKUP = re.compile(r"[\\`*\[\]]")


def write(blocks: Sequence[Block]) -> str:
    """Return the text of a chunk. Blocks without words are left out, style at white space on its edge as well."""
    return join((_written(block), block) for block in blocks if plain_block(block).strip())


def _written(block: Block) -> str:
    match block:
        case Code():
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.text)), default=0))
            return f"{fence}{block.language}\n{block.text}\n{fence}"
        case Row():
            line = f"| {' | '.join(map(_cell, block.cells))} |"
            return line + "\n|" + " --- |" * len(block.cells) if block.header else line
        case Paragraph():
            return _lines(block.runs)
        case Item():
            sign = "-" if block.number is None else f"{block.number}."
            return f"{'  ' * min(block.depth, DEEPEST)}{sign} {_lines(block.runs)}"


def _cell(runs: Runs) -> str:
    text = _marked(runs).replace("\n", " ").strip().replace("|", "\\|")
    return "\\---" if text == "---" else text


def _lines(runs: Runs) -> str:
    text = "\n".join(line.rstrip() for line in _marked(runs).split("\n")).strip("\n")
    return _LIKE_A_BLOCK.sub(r"\1\2\\", text)


def _marked(runs: Runs) -> str:
    text = ""
    for link, group in groupby(merged(runs), lambda run: run.link):
        inner = _styled(group, "strong", "emphasis")
        if link:
            inner = _wrapped(inner, "[", f"]({_PARENTHESES.sub(_BACKSLASHED, link)})")
        text = text[:-1] + "\\!" + inner if text.endswith("!") and inner.startswith("[") else text + inner
    return text


def _styled(runs: Iterable[Run], *styles: str) -> str:
    if not styles:
        return "".join(map(_leaf, runs))
    text = ""
    for on, group in groupby(runs, lambda run: bool(getattr(run, styles[0]))):
        inner = _styled(group, *styles[1:])
        sign = "**" if styles[0] == "strong" else "*"
        text += _wrapped(inner, sign, sign) if on else inner
    return text


def _wrapped(text: str, before: str, after: str) -> str:
    core = text.strip()
    head, tail = len(text) - len(text.lstrip()), len(text.rstrip())
    return f"{text[:head]}{before}{core}{after}{text[tail:]}" if core else text


def _leaf(run: Run) -> str:
    if run.image:
        return f"![{_escaped(run.text)}]({_PARENTHESES.sub(_BACKSLASHED, run.image)})"
    if run.code and not re.search("``|\n", run.text):
        return f"`` {run.text} ``" if "`" in run.text else f"`{run.text}`"
    return _escaped(run.text)


def _escaped(text: str) -> str:
    return _MARKUP.sub(_BACKSLASHED, text)
