"""constraints.txt pins what pyproject.toml asks for, and names no host."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def test_every_requirement_is_pinned_to_a_version_that_it_takes() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.]+", line) for line in lines)
    pinned = dict(line.split("==") for line in lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in chain(project["dependencies"], *project["optional-dependencies"].values()):
        requirement = Requirement(text)
        if requirement.name != "vademecum":
            assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, "make constraints"
    assert pinned["torch"]


def test_a_worker_gets_the_fast_tests_of_a_module_as_one(request: pytest.FixtureRequest) -> None:
    """As tests/conftest.py has it, with the versions of pytest and pytest-xdist that are here."""
    nodeid, scheduling = request.node.nodeid, import_module("xdist.scheduler").LoadGroupScheduling
    group = scheduling._split_scope(None, nodeid)
    assert group == (nodeid.partition("::")[0] if hasattr(request.config, "workerinput") else nodeid)


def test_after_a_test_of_the_browser_a_worker_gets_no_others(request: pytest.FixtureRequest) -> None:
    """They would find an event loop that runs. One group may have both: it comes just before those of the browser."""
    scheduling = import_module("xdist.scheduler").LoadGroupScheduling
    units: dict[str, set[bool]] = {}
    for item in request.session.items:
        of_browser = item.get_closest_marker("browser") is not None
        units.setdefault(scheduling._split_scope(None, item.nodeid), set()).add(of_browser)
    order = [sum(found) / len(found) for found in units.values()]
    assert order == sorted(order) and order.count(0.5) <= 1
