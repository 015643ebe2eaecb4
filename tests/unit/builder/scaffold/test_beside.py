"""Records beside documents: which files are some, and which are a program's own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from vademecum_builder.scaffold.beside import records_beside

TEN = [f"{n:02}" for n in range(10)]
CASES: dict[str, tuple[list[str], list[tuple[str, int]]]] = {
    "a folder with a record in each file": ([f"software/{n}.yml" for n in TEN], [("software", 10)]),
    "a record in each of many folders": ([f"recipes/{n}/recipe-{n}.json" for n in TEN], [("recipes", 10)]),
    "one of many records that is called after people": (
        [f"software/{n}.yml" for n in [*TEN, "contacts"]],
        [("software", 11)],
    ),
    "two folders, the larger first": (
        [*(f"a/{n}.yml" for n in TEN), *(f"b/{n}.yml" for n in [*TEN, "x"])],
        [("b", 11), ("a", 10)],
    ),
    "tables, a calendar and references": (
        ["boats/boats.csv", "calendar.ics", "levels.parquet", "papers.bib"],
        [("boats/boats.csv", 1), ("calendar.ics", 1), ("levels.parquet", 1), ("papers.bib", 1)],
    ),
    "tables at the top": ([f"{n}.csv" for n in TEN], [(".", 10)]),
    "settings": (["package.json", "mkdocs.yml", ".hidden/a.csv", "~$a.csv", *(f"{n}.json" for n in TEN)], []),
    "settings of packages": ([f"packages/{n}/package.json" for n in TEN], []),
    "what programs read": ([f"{folder}/{n}.json" for folder in ("locales", "tests", "src/i18n") for n in TEN], []),
    "fewer than many": ([f"data/{n}.json" for n in TEN[1:]], []),
    "lists of people": (["members.csv", "Members/list.csv", "staff/a.parquet"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_records_beside_documents(case: str) -> None:
    files, expected = CASES[case]
    assert records_beside(["README.md", *files]) == expected


def test_of_many_folders_each_file_is_looked_at_once_for_each_depth() -> None:
    looks = Counter[str]()

    class Name(str):
        __slots__ = ()

        def count(self, *arguments: Any) -> int:
            looks[self] += 1
            return super().count(*arguments)

        def startswith(self, *arguments: Any) -> bool:
            looks[self] += 1
            return super().startswith(*arguments)

    assert len(records_beside([Name(f"data/{folder}/{n}.json") for folder in range(100) for n in range(10)])) == 100
    assert set(looks.values()) == {2}, "for the greatest depth, and in the folder"


def test_the_settings_of_programs_in_toml_are_no_records_but_a_folder_of_records_in_it_is() -> None:
    programs = ["Cargo.toml", "pyproject.toml", "netlify.toml", "docs/book.toml"]
    assert records_beside(programs) == []
    assert records_beside([*programs, *(f"plants/p{n}.toml" for n in range(12))]) == [("plants", 12)]
