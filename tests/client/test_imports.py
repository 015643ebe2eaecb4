"""The house rule of imports, read from the source: one way, and one owner for each thing from outside."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client/vademecum"
BUILDER = ROOT / "builder/vademecum_builder"

LAYERS = [
    {"errors"},
    {"strict_json", "config", "ports", "codebooks"},
    {"tensors", "format", "notes", "events", "keep", "patience", "health", "signatures"},
    {"segment", "encoder", "head", "trust", "mirrors", "spoiled", "expiry", "budget"},
    {"download"},
    {"places", "rollout", "plan", "refresh", "records", "rotation"},
    {"state", "stored", "delegations"},
    {"reader", "outcome", "route", "scrub", "seed"},
    {"staged"},
    {"pack_base"},
    {"pack"},
    {"compact", "unpack"},
    {"repair"},
    {"install"},
    {"upkeep", "checkup", "follow"},
    {"planting"},
    {"sync"},
    {
        "runtime.paths",
        "runtime.spans",
        "runtime.clock",
        "runtime.dates",
        "runtime.content_encoding",
        "runtime.renames",
        "runtime.sqlite_lock",
    },
    {"runtime.sqlite_swap"},
    {"runtime.sqlite_file"},
    {"runtime.sqlite_rescue"},
    {"runtime.memory", "runtime.browser", "runtime.folder", "runtime.http", "runtime.sqlite"},
    {"runtime.cpython"},
    {"search", "doctor"},
    {"knowledge"},
]
"""Each module imports only from layers above its own. `runtime` comes after `sync`; `knowledge` is the highest."""

CORE = {name for layer in LAYERS[:17] for name in layer}
OUTSIDE = {
    "signatures": {"tuf"},
    "trust": {"tuf"},
    "search": {"numpy"},
    "runtime.http": {"httpx"},
    "runtime.browser": {"pyodide"},
}
"""What comes from outside the standard library, and the one module that imports it."""


def modules(folder: Path) -> dict[str, Path]:
    names = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        names[".".join(part for part in parts if part != "__init__")] = path
    return names


CLIENT_MODULES = modules(CLIENT)
BUILDER_MODULES = modules(BUILDER)


def imports(package: str, name: str, path: Path) -> Iterator[str]:
    """Full names of the modules that a module imports, wherever in it the import stands."""
    inside = path.name == "__init__.py"
    parents = [package, *filter(None, name.split("."))]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + inside] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def targets(package: str, name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the same package that a module imports."""
    found = set()
    for full in imports(package, name, path):
        inner = full.removeprefix(f"{package}.")
        if inner == full:
            continue
        found.add(inner if inner in known else inner.rpartition(".")[0])
    return found - {""}


def outsiders(package: str, name: str, path: Path) -> set[str]:
    tops = {full.split(".")[0] for full in imports(package, name, path)}
    return tops - set(sys.stdlib_module_names) - {package, "__future__"}


def layer_of(name: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if name in layer)


def test_every_module_of_the_client_has_its_layer() -> None:
    listed = [name for layer in LAYERS for name in layer]
    assert sorted(listed) == sorted(set(CLIENT_MODULES) - {"", "runtime"})


@pytest.mark.parametrize("name", sorted(set(CLIENT_MODULES) - {"", "runtime"}))
def test_imports_run_one_way(name: str) -> None:
    own = layer_of(name)
    for target in targets("vademecum", name, CLIENT_MODULES[name], CLIENT_MODULES):
        peer = layer_of(target) == own and own in (1, 2, 3, 4, 5)
        assert layer_of(target) < own or peer, f"{name} imports {target}"


def test_no_module_of_the_client_imports_in_a_circle() -> None:
    graph = {
        name: targets("vademecum", name, path, CLIENT_MODULES)
        for name, path in CLIENT_MODULES.items()
        if name
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in graph[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert done == set(graph)


@pytest.mark.parametrize("name", sorted(CLIENT_MODULES))
def test_each_thing_from_outside_has_one_owner(name: str) -> None:
    assert outsiders("vademecum", name, CLIENT_MODULES[name]) == OUTSIDE.get(name, set())


def test_the_core_is_pure() -> None:
    """No clock, network, randomness or environment: they are arguments."""
    impure = {
        "os",
        "time",
        "random",
        "socket",
        "ssl",
        "subprocess",
        "threading",
        "sqlite3",
        "urllib",
        "pathlib",
    }
    for name in sorted(CORE):
        tops = {full.split(".")[0] for full in imports("vademecum", name, CLIENT_MODULES[name])}
        assert not tops & impure, name
        for node in ast.walk(ast.parse(CLIENT_MODULES[name].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"), name


def test_the_lowest_module_imports_nothing() -> None:
    assert list(imports("vademecum", "errors", CLIENT_MODULES["errors"])) == ["__future__.annotations"]


def test_the_core_is_imported_without_numpy_httpx_and_sqlite() -> None:
    for name in CORE | {"runtime.memory"}:
        assert not targets("vademecum", name, CLIENT_MODULES[name], CLIENT_MODULES) & {
            "search",
            "knowledge",
            "runtime.http",
            "runtime.sqlite",
            "runtime.cpython",
            "runtime.browser",
        }, name


def test_the_client_never_imports_the_builder() -> None:
    for name, path in CLIENT_MODULES.items():
        assert "vademecum_builder" not in outsiders("vademecum", name, path), name


# The builder -------------------------------------------------------------------------------------


def owners(package: str) -> set[str]:
    return {
        name
        for name, path in BUILDER_MODULES.items()
        if package in outsiders("vademecum_builder", name, path)
    }


def test_each_heavy_library_of_the_builder_has_one_owner() -> None:
    assert owners("sentence_transformers") == {"embed"}
    assert owners("jinja2") == {"render"}
    assert owners("torch") <= {"embed"}


def test_only_the_command_line_prints_and_ends_the_process() -> None:
    for folder in (CLIENT, BUILDER):
        for name, path in modules(folder).items():
            if (folder, name) == (BUILDER, "cli"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    assert ast.unparse(node.func) not in ("print", "sys.exit", "exit", "quit"), (
                        f"{name}:{node.lineno}"
                    )


def test_imports_of_the_builder_run_from_the_command_line_down() -> None:
    above = ["cli", "publisher", "pipeline"]
    for name, path in BUILDER_MODULES.items():
        found = targets("vademecum_builder", name, path, BUILDER_MODULES)
        height = above.index(name) if name in above else len(above)
        assert not found & set(above[: height + 1]), name
