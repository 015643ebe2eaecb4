"""The workflow's text: what a repository is like is put in as YAML, whatever its names are."""

from __future__ import annotations

import pytest
import yaml

from vademecum_builder.scaffold.files import workflow


@pytest.mark.parametrize(
    ("branch", "source", "pattern"),
    [
        ("main", "docs", "docs/**"),
        ("release/1.x #2", "my docs: all", "my docs: all/**"),
        ("main", "docs [old]*", r"docs \[old\]\*/**"),
        ("yes", 'a"b', 'a"b/**'),
        ("main", ".", "**"),
    ],
)
def test_names_of_any_kind_stay_what_they_are(branch: str, source: str, pattern: str) -> None:
    told = yaml.safe_load(workflow(branch=branch, sources=[source], version="1.0"))
    push = told[True]["push"]
    assert (push["branches"], push["paths"][0]) == ([branch], pattern)
    assert ("root.json" in push["paths"]) == (source != ".")
