"""Where a publisher's machine keeps what takes long: where it is said, else where its platform keeps such things."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from vademecum_builder.cache import default_cache


def test_the_folder_that_is_named_comes_before_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VADEMECUM_CACHE", raising=False)
    assert default_cache() == user_cache_path() / "vademecum"
    monkeypatch.setenv("VADEMECUM_CACHE", "/v")
    assert default_cache() == Path("/v")
