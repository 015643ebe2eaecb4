"""The page site/content/house.md: its drawing and its tables are made from the code. `make house-page` writes them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from pathlib import Path

import grimp
import pytest

from unit.js import test_floors as javascript

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "site" / "content" / "house.md"
DRAWING = ROOT / "site" / "content" / "images" / "house.svg"
HOUSES = {"vademecum": ROOT / "client", "vademecum_builder": ROOT / "builder"}
JAVASCRIPT = "vademecum/js"

BOX, GAP, STOREY, MARGIN = 122, 14, 74, 20
"""Pixels: a room's width, the space between rooms, a floor's height, the edge."""

Arrows = Mapping[str, frozenset[str]]


def floors(package: str) -> list[list[str]]:
    """Return the rooms of a package, the highest floor first, as import-linter holds them (pyproject.toml)."""
    if package == JAVASCRIPT:
        return [floor.split(", ") for floor in reversed(javascript.FLOORS.split(" <- "))]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract.get("containers") == [package]]
    return [re.split(r" *\| *", layer) for layer in layers]


def arrows(package: str) -> Arrows:
    """Return which rooms the modules of each room import."""
    found: dict[str, set[str]] = {room: set() for floor in floors(package) for room in floor}
    if package == JAVASCRIPT:
        for path in javascript.CLIENT.rglob("*.mjs"):
            room = javascript.room(path.relative_to(javascript.CLIENT).as_posix())
            found.setdefault(room, set()).update(set(map(javascript.room, javascript.imports(path))) - {room})
        return {room: frozenset(targets) for room, targets in found.items()}
    graph = grimp.build_graph(package, cache_dir=None)
    for module in graph.modules - {package}:
        room = module.split(".")[1]
        targets = graph.find_modules_directly_imported_by(module) - {package}
        found[room] |= {target.split(".")[1] for target in targets if target.startswith(f"{package}.")} - {room}
    return {room: frozenset(targets) for room, targets in found.items()}


def needed(found: Arrows) -> Arrows:
    """Leave out the arrows to what a room reaches by way of another one: the drawing is to be read."""

    def below(room: str) -> frozenset[str]:
        return found[room].union(*map(below, found[room]))

    return {room: targets - frozenset().union(*map(below, targets)) for room, targets in found.items()}


def said(package: str, room: str) -> str:
    """Return the first sentence of a room's docstring."""
    place = HOUSES[package] / package / room
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, f"{path.relative_to(ROOT)} does not say what lives there"
    return " ".join(text.split("\n\n")[0].split())


def table(package: str) -> str:
    """Return the rooms in Markdown, the highest first."""
    folder = (HOUSES[package] / package).relative_to(ROOT)
    rows = [
        f"| [`{room}`](../../{folder}/{room if (ROOT / folder / room).is_dir() else room + '.py'}) "
        f"| {said(package, room)} |"
        for floor in floors(package)
        for room in floor
    ]
    return "\n".join(["| room | what lives there |", "|---|---|", *rows]) + "\n"


def drawing() -> str:
    """Return the houses as SVG, side by side: a row a floor, a box a room, an arrow to what a room needs."""
    parts: list[str] = []
    left, height = MARGIN, 0
    for package in (*HOUSES, JAVASCRIPT):
        storeys = floors(package)
        width = max(len(floor) for floor in storeys) * (BOX + GAP) - GAP
        places = {
            room: (
                left + (width - len(floor) * (BOX + GAP) + GAP) // 2 + at * (BOX + GAP),
                MARGIN + 30 + level * STOREY,
            )
            for level, floor in enumerate(storeys)
            for at, room in enumerate(floor)
        }
        parts.append(f'<text class="house" x="{left}" y="{MARGIN + 10}">{package}</text>')
        parts += _lines(places, needed(arrows(package)))
        parts += _boxes(places)
        left += width + 4 * GAP
        height = max(height, MARGIN + 30 + len(storeys) * STOREY)
    size = f"{left - 4 * GAP + MARGIN} {height}"
    return "\n".join([_HEAD.format(size=size), *parts, "</svg>"]) + "\n"


_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="13">
<style>
rect.page {{ fill: #fff }} rect.room {{ fill: #eef4fb; stroke: #3b6ea5 }} text {{ fill: #1b2733; text-anchor: middle }}
text.house {{ text-anchor: start; font-weight: bold }} path {{ fill: none; stroke: #8aa4bf; stroke-width: 1.2 }}
</style>
<rect class="page" width="100%" height="100%"/>"""


def _lines(places: Mapping[str, tuple[int, int]], found: Arrows) -> Iterator[str]:
    for room, targets in found.items():
        x, y = places[room]
        for target in sorted(targets):
            to_x, to_y = places[target]
            start, end = (x + BOX // 2, y + 34), (to_x + BOX // 2, to_y)
            middle = (start[1] + end[1]) // 2
            yield f'<path d="M{start[0]} {start[1]} C{start[0]} {middle} {end[0]} {middle} {end[0]} {end[1]}"/>'


def _boxes(places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for room, (x, y) in places.items():
        yield f'<rect class="room" x="{x}" y="{y}" width="{BOX}" height="34" rx="5"/>'
        yield f'<text x="{x + BOX // 2}" y="{y + 22}">{escape(room)}</text>'


def with_tables(page: str) -> str:
    """Return the page with the tables as they are now."""
    for package in HOUSES:
        begin, end = f"<!-- rooms of {package}: make house-page -->\n", f"<!-- end of {package} -->\n"
        head, found, rest = page.partition(begin)
        assert found and end in rest, begin
        page = f"{head}{begin}\n{table(package)}\n{end}{rest.partition(end)[2]}"
    return page


def test_the_tables_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "make house-page writes them anew"


def test_the_drawing_is_up_to_date() -> None:
    assert DRAWING.read_text(encoding="utf-8") == drawing(), "make house-page draws it anew"


def test_no_arrow_runs_up() -> None:
    for package in (*HOUSES, JAVASCRIPT):
        height = {room: level for level, floor in enumerate(floors(package)) for room in floor}
        for room, targets in arrows(package).items():
            assert all(height[target] > height[room] for target in targets), room


@pytest.mark.parametrize("package", sorted(HOUSES))
def test_no_module_is_in_a_circle(package: str) -> None:
    """Imports within functions and those for types alone count as well."""
    graph = grimp.build_graph(package)
    below = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while ends := {module for module, to in below.items() if not to & below.keys()}:
        below = {module: to for module, to in below.items() if module not in ends}
    assert below == {}


def test_each_name_is_imported_from_where_it_is_made() -> None:
    """mypy lets a module hand on what it imports by `__all__` alone: so do those that are called from outside, and
    the one that stands for the parser of HTML."""
    handing_on = {
        path.name for home in HOUSES.values() for path in home.rglob("*.py") if "\n__all__" in path.read_text()
    }
    assert handing_on == {"__init__.py", "build.py", "releases.py", "tree.py"}


def test_every_room_of_javascript_is_told_of() -> None:
    told = re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [room for floor in floors(JAVASCRIPT) for room in floor]


def test_what_the_page_names_is_there() -> None:
    """Files in backticks, and the function behind a colon: `update/plan.py:plans`."""
    named = re.findall(r"`((?:client|builder|tests|site)/[\w./-]+?)(?::(\w+))?`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    for path, name in named:
        file = ROOT / path
        assert file.exists(), path
        if name:
            assert re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")), f"{path} has no {name}"


def test_the_arrows_that_are_left_out_are_reached_another_way() -> None:
    chain = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset[str]()}
    assert needed(chain) == {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()}
    for below, above in pairwise("cba"):
        assert below in needed(chain)[above]


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    DRAWING.write_text(drawing(), encoding="utf-8")
