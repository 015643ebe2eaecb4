"""What `vade` says of a published release that is not the installed one."""

from __future__ import annotations

from typing import Any

import pytest

from vademecum_builder.cli.wording import waiting


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "pull it"),
        ({"latest": {"sequence": 2}}, ""),
        ({"latest": {"sequence": 1}}, ""),
        ({"latest": None}, ""),
        ({"installed": None}, "pull it"),
        ({"installed": None, "yanked": [3]}, "and there is no other yet"),
        ({"yanked": [3]}, "taken back by its publisher"),
        ({"pinned": 2}, "pinned to release 2"),
        ({"refused": [3]}, "a rollback left it (pull --force takes it)"),
        ({"refused": [3], "reasons": {"3": "no vectors"}}, "does not work here: no vectors"),
        ({"installed": {"sequence": 9, "revoked": True}}, "keys that are revoked"),
    ],
)
def test_why_the_published_release_is_not_the_installed_one(change: dict[str, Any], said: str) -> None:
    status: dict[str, Any] = {
        "installed": {"sequence": 2, "revoked": False},
        "latest": {"sequence": 3},
        "yanked": [],
        "refused": [],
        "reasons": {},
        "pinned": None,
        **change,
    }
    told = waiting(status)
    assert said in told
    assert bool(said) == bool(told)
