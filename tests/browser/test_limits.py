"""The limits of these tests themselves: what never comes is told of, and holds up nobody."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

NEVER = "new Promise(() => {})"


def test_a_promise_that_never_settles_is_given_up(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.chromium.LIMIT", 0.5)
    for scope in (page, page.main_frame):
        with pytest.raises(AssertionError, match=r"not settled after 0\.5 s: new Promise"):
            scope.evaluate(NEVER)
    with pytest.raises(AssertionError, match="not settled"):
        page.evaluate_handle("({ wait: () => new Promise(() => {}) })").evaluate("(held) => held.wait()")
    monkeypatch.undo()
    assert page.evaluate("1 + 1") == 2
