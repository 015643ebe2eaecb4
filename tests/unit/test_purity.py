"""What import-linter cannot say of the code (pyproject.toml has what may import what)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from support.python_worker import core_files

ROOT = Path(__file__).parents[2]
CLIENT, BUILDER = ROOT / "client/vademecum", ROOT / "builder/vademecum_builder"
CORE = "format encoder delta transport store trust generation integrity update engine.py config.py ports.py events.py"
IMPURE = {"os", "time", "random", "socket", "ssl", "subprocess", "threading", "urllib", "pathlib"}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
ENDS = {"print", "sys.exit", "exit", "quit"}


def nodes(*roots: Path, but: Path | None = None, with_: str = "") -> Iterator[tuple[Path, ast.AST]]:
    """What is parsed: a file `with_` a match, and not below `but`."""
    paths = [path for root in roots for path in (sorted(root.rglob("*.py")) if root.is_dir() else [root])]
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if re.search(with_, text) and (but is None or but not in path.parents):
            yield from ((path, node) for node in ast.walk(ast.parse(text)))


def called(node: ast.Call) -> str:
    """Return `name` or `module.name`; nothing of what is longer."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def test_the_core_is_pure() -> None:
    """No clock, network, randomness or environment: they are arguments."""
    for path, node in nodes(*(CLIENT / name for name in CORE.split())):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & IMPURE, f"{path}:{node.lineno}"
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in IMPURE, f"{path}:{node.lineno}"
        elif isinstance(node, ast.Call):
            assert called(node) not in CLOCKS, f"{path}:{node.lineno}"


def test_the_tests_of_the_core_ask_nothing_of_the_builder() -> None:
    """They run in Chromium too, where there is none."""
    for path, node in nodes(*(path for path in core_files() if path.name.startswith("test_"))):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("vademecum_builder"), f"{path}:{node.lineno}"


def test_only_the_command_line_prints_and_ends_the_process() -> None:
    for path, node in nodes(CLIENT, BUILDER, but=BUILDER / "cli", with_=r"\b(print|exit|quit)\b"):
        if isinstance(node, ast.Call):
            assert called(node) not in ENDS, f"{path}:{node.lineno}"


def test_the_ground_imports_nothing() -> None:
    for name in ("errors.py", "version.py"):
        imports = [node for _, node in nodes(CLIENT / name) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [ast.unparse(node) for node in imports] in ([], ["from __future__ import annotations"])
