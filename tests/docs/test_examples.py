"""The examples in docstrings are run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from support.place import Place

ROOT = Path(__file__).parents[2]


def test_every_example_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)  # what `site` and `shipped` are in the examples of the public face
    names = {"site": place.site, "shipped": place.publisher.first_root}
    monkeypatch.chdir(tmp_path)
    ran = 0
    for folder in (ROOT / "client", ROOT / "builder"):
        for path in sorted(folder.rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                module = import_module(".".join(path.relative_to(folder).with_suffix("").parts))
                failed, tried = doctest.testmod(module, extraglobs=names)
                assert not failed, f"{path}: see above"
                ran += tried
    assert ran > 15
