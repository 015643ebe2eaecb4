"""Each test of a command has a folder and an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; nothing of the developer's environment shines in."""
    for name in ("VADEMECUM_SIGNING_KEY", "SOURCE_DATE_EPOCH", "VADEMECUM_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
