"""How near titles are to a query: in meaning, and the more, the more chunks pages have."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.app import open_installed
from support.publishing import Line, pulled
from vademecum.search.titles import Titles

PAGES = {
    "cars.md": "# Automobiles\n\n## Red\n\nAn automobile is red.\n\n## Blue\n\nAnother one is blue.\n",
    "trees.md": "# Forests\n\n## Oak\n\nAn oak is old.\n\n## Birch\n\nA birch is not.\n",
}


def titles_of(folder: Path, pages: Mapping[str, str]) -> tuple[Titles, list[int]]:
    """Return the titles, and the document of each chunk."""
    line = Line(folder)
    line.release(pages)
    opened = asyncio.run(open_installed(pulled(line)))
    assert opened is not None
    return Titles(opened), list(opened.state.chunks.owners)


def test_a_title_is_near_in_meaning_for_all_chunks_of_its_page(tmp_path: Path) -> None:
    titles, owners = titles_of(tmp_path, PAGES)
    cars, trees = (owners.index(document) for document in (0, 1))
    near = titles.near("red automobiles")
    assert near is not None
    assert near(cars) > near(trees) >= 0
    assert near(cars) == near(len(owners) - 1 - owners[::-1].index(0))
    exact = titles.near("Automobiles")
    assert exact is not None
    assert exact(cars) == pytest.approx((len(owners) - 2) / len(owners)), "the share of chunks beyond one a page"


def test_what_is_nothing_but_its_title_has_said_it_already(tmp_path: Path) -> None:
    more = {
        "bare.md": "# Automobiles\n",
        "begun.md": "# Automobiles\n\nAutomobiles\n\n## Red\n\nRed.\n",  # one that says more
        "one.md": "# Automobiles\n\nRed.\n",
    }
    titles, owners = titles_of(tmp_path, PAGES | more)
    near = titles.near("automobiles")
    assert near is not None
    bare, *others = (near(row) for row in sorted(range(len(owners)), key=owners.__getitem__) if owners[row] < 4)
    assert {-bare} == set(others) and bare < 0


def test_no_title_counts_where_each_page_is_one_chunk_or_no_word_is_known(tmp_path: Path) -> None:
    titles, _ = titles_of(tmp_path / "one", {"a.md": "# Cars\n\nRed.\n", "b.md": "# Trees\n\nOld.\n"})
    assert titles.near("cars")(0) == 0
    titles, _ = titles_of(tmp_path / "more", PAGES)
    assert titles.near("qwertzuiop")(0) == 0
