"""The page site/content/faults.md: each fault has a test, and the table says which. `make faults-page` writes it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.fault_lines import LINES, NOTES
from support.python_worker import CORE

TESTS = Path(__file__).parents[1]
IN_CHROMIUM = ("browser/", "faults/memory/", *(f"unit/client/{name}/" for name in CORE))
PAGE = TESTS.parent / "site" / "content" / "faults.md"

_TELLS = re.compile(r"\bmark\.fault\b|^from [\w.]*\btest_", re.MULTILINE)
"""A file that marks tests, or takes some from another one."""
BEGIN, END = "<!-- the table: make faults-page -->\n", "<!-- end of the table -->\n"


@dataclass(frozen=True)
class Covering:
    """A test that is marked with a line of fault_lines.py, and the files that run it."""

    name: str
    line: str
    files: tuple[str, ...]

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Where it runs: the core's tests in both places (test_core_in_chromium.py)."""
        in_chromium = any(file.startswith(IN_CHROMIUM) for file in self.files)
        on_cpython = any(not file.startswith("browser/") for file in self.files)
        return ("CPython",) * on_cpython + ("Chromium",) * in_chromium


@functools.cache
def covering() -> list[Covering]:
    """Return the marked tests, in the order of their files."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in sorted(TESTS.rglob("test_*.py"))
        if "node_modules" not in path.parts
    }
    trees = {path: ast.parse(text) for path, text in texts.items() if _TELLS.search(text)}
    imports = {path: _imports(tree) for path, tree in trees.items()}
    found = []
    for path, tree in trees.items():
        for name, line in _marks(tree):
            also = [other for other, names in imports.items() if other != path and (_module(path), name) in names]
            files = tuple(file.relative_to(TESTS).as_posix() for file in (path, *also))
            found.append(Covering(f"{path.stem}::{name}", line, files))
    return found


def table() -> str:
    """Return the table in Markdown: a row a line, its tests by runtime, and what is not tested where."""
    tests = covering()
    rows = ["| line | fault | on both | CPython alone | Chromium alone | remarks |", "|---|---|---|---|---|---|"]
    for line, title in LINES.items():
        cells = [
            "<br>".join(f"`{test.name}`" for test in tests if test.line == line and test.runtimes == where)
            for where in (("CPython", "Chromium"), ("CPython",), ("Chromium",))
        ]
        rows.append(f"| {line} | {title} | {' | '.join(cell or '–' for cell in cells)} | {NOTES.get(line, '')} |")
    return "\n".join(rows) + "\n"


def with_table(page: str) -> str:
    """Return the page with the table as it is now."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the tests that are marked, one by one or by the mark of their module, with the lines."""
    of_all = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in (*of_all, *node.decorator_list):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    yield from ((node.name, ast.literal_eval(argument)) for argument in mark.args)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(TESTS).with_suffix("").parts)


def _imports(tree: ast.Module) -> set[tuple[str | None, str]]:
    """Tests that a module takes from another one to run them once more."""
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {(node.module, alias.name) for node in imports for alias in node.names}


@pytest.mark.slow
def test_every_line_has_a_test_or_a_reason() -> None:
    tests = covering()
    for runtime in ("CPython", "Chromium"):
        covered = {test.line for test in tests if runtime in test.runtimes}
        assert [line for line in LINES if line not in covered | NOTES.keys()] == []


@pytest.mark.slow
def test_the_table_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "make faults-page writes it anew"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
