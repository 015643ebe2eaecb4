"""What is told to be installed can be, from where this came."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from vademecum.origin import pip_install


@pytest.mark.parametrize(
    ("told", "command"),
    [
        (None, "pip install 'vademecum[files,sql]'"),
        ({"url": "file:///nowhere", "dir_info": {}}, "pip install 'vademecum[files,sql]'"),
        ({"url": "file://HERE", "dir_info": {"editable": True}}, "pip install -e 'HERE[files,sql]'"),
        ({"url": "file://HERE/a%20b.whl", "archive_info": {}}, "pip install 'HERE/a b.whl[files,sql]'"),
        (
            {"url": "https://git.example/v.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "pip install 'vademecum[files,sql] @ git+https://git.example/v.git@c0ffee'",
        ),
        ({"url": "https://a.example/v.whl"}, "pip install 'vademecum[files,sql] @ https://a.example/v.whl'"),
    ],
)
def test_extras_are_installed_from_where_it_came(
    told: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a b.whl").touch()
    here = str(tmp_path)

    class Installed:
        def read_text(self, _: str) -> str | None:
            return json.dumps(told).replace("HERE", here) if told else None

    monkeypatch.setattr(metadata, "distribution", lambda _: Installed())
    assert pip_install("files", "sql") == command.replace("HERE", here)
