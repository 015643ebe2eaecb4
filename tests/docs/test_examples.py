"""The examples in docstrings are run, and each public name of the client has one."""

from __future__ import annotations

import doctest
import inspect
import shutil
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest

import vademecum
from support.followed_tree import FollowedTree
from vademecum import KnowledgeBase, VademecumError

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_example_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`site` and `shipped` are a published tree and its root, `kb` a copy that holds both releases, each time anew."""
    place = FollowedTree(tmp_path)
    kept = shutil.copy(place.path, tmp_path / "kept.db")
    monkeypatch.chdir(tmp_path)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for folder in (ROOT / "client", ROOT / "builder"):
        for path in sorted(folder.rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                module = import_module(".".join(path.relative_to(folder).with_suffix("").parts))
                for test in filter(attrgetter("examples"), finder.find(module)):
                    shutil.copy(kept, place.path)
                    test.globs |= {"site": place.site, "shipped": place.publisher.first_root, "kb": place.open()}
                    runner.run(test)
    assert runner.tries > 60 and not runner.failures, "see above"


def test_each_public_name_has_an_example() -> None:
    """What is awaited has that of the method it awaits, and an error that of all errors."""
    public = [getattr(vademecum, name) for name in dir(vademecum) if name != "__version__"]
    named = [one for one in public if one is VademecumError or not issubclass(one, VademecumError)]
    methods = [one for name, one in vars(KnowledgeBase).items() if not name.startswith("_") and "async" not in name]
    assert [one for one in (*named, *methods) if ">>> " not in (inspect.getdoc(one) or "")] == []
