"""Jupyter notebooks: their cells as one Markdown text, code as code, with outputs that are text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from nbformat.converter import convert
from nbformat.reader import reads

from vademecum_builder.readers.fences import fenced
from vademecum_builder.readers.markdown import read_markdown
from vademecum_builder.readers.outline import Reading
from vademecum_builder.readers.slugs import NO_IDS
from vademecum_builder.sources.formats.office_files import parser_errors

LONGEST_OUTPUT = 4000
"""The most characters of the output of a cell; the rest is cut off at a line."""
# Tags of Jupyter Book and nbsphinx, and Quarto's and nbdev's lines at the head of a cell.
_NO_CELL = frozenset({"remove-cell", "remove_cell", "hide-cell", "hide_cell", "hide", "hidden", "private"})
_NO_INPUT = frozenset({"remove-input", "remove_input", "hide-input", "hide_input"})
_NO_OUTPUT = frozenset({"remove-output", "remove_output", "hide-output", "hide_output"})
_SAID = re.compile(r"^#[ \t]*\|[ \t]*(.*)\n?", re.MULTILINE)
_HIDDEN = re.compile(r"hide|(?:include|eval-and-echo): *false")
_NO_ECHO = re.compile(r"hide_input|echo: *false")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_REPRESENTATION = re.compile(r"<[\w.]+(?: [^<>]*)? at 0x[0-9a-f]+>|<(?:Axes|Figure)[^<>]*>")
_COMMENT = re.compile(r"(?<!\S)%%(?!%)[\s\S]*?%%(?!\S)")
"""A comment of Obsidian, with white space around it; the magic of a cell (`%%time`) is code."""


def read_notebook(text: str) -> Reading:
    """Read a notebook of any version, titled by its first heading of level 1; raise ContentError if it is not one."""
    with parser_errors("notebook"):
        written = orjson.loads(text)
        for cell in written.get("cells", ()):
            cell.setdefault("metadata", {})  # without it nbformat refuses the notebook
        # `reads` does not validate: notebooks that break the schema are read without a warning.
        notebook: Any = convert(reads(orjson.dumps(written).decode()), 4)  # type: ignore[no-untyped-call]
        language = notebook.metadata.get("language_info", {}).get("name", "")
        language = language or notebook.metadata.get("kernelspec", {}).get("language", "")
        parts = [part for n, cell in enumerate(notebook.cells) for part in _parts(cell, n == 0, str(language))]
    return read_markdown("\n\n".join(parts) + "\n", NO_IDS)  # each way to show notebooks makes different ids


def _parts(cell: Any, is_first: bool, language: str) -> Iterator[str]:
    """Yield pieces of Markdown."""
    tags = {str(tag) for tag in cell.metadata.get("tags", ())} | {str(cell.metadata.get("nbsphinx", ""))}
    source = _text(cell.source)
    options = _SAID.findall(source) if cell.cell_type == "code" else []
    if tags & _NO_CELL or any(_HIDDEN.fullmatch(line.strip()) for line in options):
        return
    if cell.cell_type == "markdown" or (is_first and source.startswith("---\n")):
        yield _COMMENT.sub("", source)
    elif cell.cell_type == "code":
        if not tags & _NO_INPUT and not any(_NO_ECHO.fullmatch(line.strip()) for line in options):
            yield from _code(_SAID.sub("", source), language)
        if not tags & _NO_OUTPUT:
            output = "\n".join(filter(None, map(_output, cell.outputs)))
            if len(output) > LONGEST_OUTPUT:
                output = output[:LONGEST_OUTPUT].rpartition("\n")[0] + "\n…"
            yield from _code(output, "")


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return _ANSI.sub("", _text(output.text)).strip("\n")
    if output.output_type == "error":
        return f"{output.ename}: {_ANSI.sub('', _text(output.evalue))}"
    shown = _ANSI.sub("", _text(output.data.get("text/plain", "")))
    return "" if _REPRESENTATION.fullmatch(shown) else shown


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _code(code: str, language: str) -> Iterator[str]:
    if code.strip():
        yield fenced(code, language)
