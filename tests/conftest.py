"""What holds for all tests. pyproject.toml (`pythonpath`) makes the helper modules of the folders importable."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: Playwright keeps an event loop running in this thread from its first test on."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture
def small_site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites come with a browser runtime of a few bytes: the real one is 6 MB, and has tests of its own."""
    from publishing import make_runtime

    runtime = make_runtime(tmp_path_factory.mktemp("runtime") / "small")
    monkeypatch.setattr("vademecum_builder.pages.fetch_runtime", lambda cache: runtime)
