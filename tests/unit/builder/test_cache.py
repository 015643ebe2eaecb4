"""Where a publisher's machine keeps what takes long: where its platform keeps such things."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vademecum_builder.cache import default_cache

HOME = Path.home()


@pytest.mark.parametrize(
    ("platform", "told", "folder"),
    [
        ("linux", {}, HOME / ".cache/vademecum"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, Path("/c/vademecum")),
        ("darwin", {"XDG_CACHE_HOME": "/c"}, HOME / "Library/Caches/vademecum"),
        ("win32", {"LOCALAPPDATA": "/l"}, Path("/l/vademecum")),
        ("win32", {}, HOME / "AppData/Local/vademecum"),
        ("win32", {"VADEMECUM_CACHE": "/v", "LOCALAPPDATA": "/l"}, Path("/v")),
    ],
)
def test_the_folder_of_each_platform(
    monkeypatch: pytest.MonkeyPatch, platform: str, told: dict[str, str], folder: Path
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "VADEMECUM_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert default_cache() == folder
