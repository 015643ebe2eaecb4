"""Which folder of js/ may import which: the twin of import-linter's contracts in pyproject.toml."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

from vademecum_builder.pages.bundle import closure

JS = Path(__file__).parent
CLIENT = Path(__file__).parents[3] / "client" / "vademecum" / "js"
FLOORS = (
    "errors <- format, net <- workers <- store, search <- update, worker, query <- page, ui <- vademecum"
    " <- vademecum-search"
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS.split(" <- ")) for name in names.split(", ")}


def imports(module: Path) -> set[str]:
    text = module.read_text(encoding="utf-8")
    found = re.findall(r'^(?:import|export)\b[^;]*?"(\.[^"]+)";', text, re.MULTILINE)
    return {os.path.normpath(module.relative_to(CLIENT).parent / path) for path in found}


def room(path: str) -> str:
    """A folder, or a module that lies beside the folders."""
    return path.split("/")[0].removesuffix(".mjs")


def test_imports_go_down_and_never_to_a_neighbour() -> None:
    modules = sorted(CLIENT.rglob("*.mjs"))
    arrows = {(module.relative_to(CLIENT).as_posix(), to) for module in modules for to in imports(module)}
    assert ("vademecum.mjs", "errors.mjs") in arrows
    assert {room(end) for arrow in arrows for end in arrow} == set(FLOOR)
    inner = {(a, b) for a, b in arrows if room(a) == room(b)}
    assert [(a, b) for a, b in sorted(arrows - inner) if FLOOR[room(a)] <= FLOOR[room(b)]] == []


def test_there_is_no_circle_in_a_folder() -> None:
    below = {module.relative_to(CLIENT).as_posix(): imports(module) for module in CLIENT.rglob("*.mjs")}
    while ends := {path for path, to in below.items() if not to & below.keys()}:
        below = {path: to for path, to in below.items() if path not in ends}
    assert below == {}


def test_every_module_is_checked_by_typescript() -> None:
    """The stemmers of Snowball alone are not ours to check: tsconfig.json leaves it to each module."""
    modules = sorted(CLIENT.rglob("*.mjs"))
    assert [path for path in modules if not path.read_text(encoding="utf-8").startswith("// @ts-check\n")] == []


TOP = re.compile(
    r"^(?:/\*\*.*?\*/ )?(?:export )?(?:async function|function\*?|class|const|let) (\w+|[\[{].*?[\]}])", re.MULTILINE
)


def tops(module: str) -> set[str]:
    text = (CLIENT / module).read_text(encoding="utf-8")
    return {name for found in TOP.findall(text) for name in re.findall(r"\w+(?!\w*:)", found)}


def test_a_name_stands_at_the_top_of_one_module_alone() -> None:
    """A page or a worker has all of its modules in one file (pages/bundle.py), and knows nobody else by their names."""
    modules = {path.relative_to(CLIENT).as_posix(): path.read_text(encoding="utf-8") for path in CLIENT.rglob("*.mjs")}
    page = closure("vademecum.mjs", modules)
    types = JS / "node_modules" / "typescript" / "lib"
    told = "".join((types / f"lib.{name}.d.ts").read_text(encoding="utf-8") for name in ("dom", "webworker", "es5"))
    known = set(re.findall(r"^declare (?:var|const|function) (\w+)", told, re.MULTILINE)) - {"name"}
    assert {"document", "fetch", "isNaN", "postMessage"} <= known
    for entry in ("vademecum-search.mjs", "worker.mjs", "query.mjs"):
        beside = dict.fromkeys([*page, *closure(entry, modules)])
        names = Counter(name for module in beside for name in tops(module))
        assert {name for name, count in names.items() if count > 1} == set(), entry
        assert names.keys() & known == set(), entry


def test_files_are_named_literally_beside_their_own_address_and_folders_never() -> None:
    """Bundlers take `new URL("./x", import.meta.url)` for a file of the module's, also by way of a constant: Turbopack
    looked for a module of the name ".."."""
    found = [
        (path, address, base)
        for path in sorted(CLIENT.rglob("*.mjs"))
        for address, base in re.findall(r'new URL\("(\.[^"]*)", ([\w.]+)\)', path.read_text(encoding="utf-8"))
    ]
    here = {address for _, address, base in found if base == "import.meta.url"}
    assert {"../query.mjs", "../worker.mjs"} <= here and all(address.endswith(".mjs") for address in here)
    others = [(path.name, base) for path, _, base in found if base != "import.meta.url"]
    assert others == [("transport.mjs", "module")]
