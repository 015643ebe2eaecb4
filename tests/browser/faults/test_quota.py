"""The origin's room is used up in the middle of an update."""

from __future__ import annotations

import random
from typing import Any

import pytest

from support.browser_app import FOUND, App

ROOM = 400_000
LARGE = 600_000
OBJECTS = """import('/client/store/store.mjs').then(({ IndexedStore }) => new IndexedStore(kb.url).objects())
    .then((objects) => objects.length)"""


@pytest.mark.fault("C34")
def test_no_room_for_an_update(app: App, publisher: Any) -> None:
    # From the start: Chromium asks about the room that is left only now and then.
    browser = app.page.context.new_cdp_session(app.page)
    origin = app.host.url.rstrip("/")
    browser.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": ROOM})
    app.start(autoUpdate=False)
    app.call("setMode", "off")
    assert app.call("update")["to"] == 1
    chance = random.Random(1)
    words = " ".join(f"{chance.getrandbits(64):x}" for _ in range(LARGE // 17))
    publisher.write("large.md", f"# Large\n\n{words}\n")
    publisher.publish()
    before = app.page.evaluate(OBJECTS)
    app.page.evaluate("void events.splice(0)")
    app.host.requests.clear()
    assert app.refused("update") == "quota"
    asked = app.requested("/objects/")
    assert asked and len(asked) == len(set(asked)), "nothing is fetched twice"
    (failure,) = app.events("updateFailed")
    assert (failure["code"], failure["willRetry"]) == ("quota", False)
    assert app.texts(FOUND)
    assert app.call("getLocalVersion")["sequence"] == 1
    assert app.page.evaluate(OBJECTS) == before, "what was staged is given back"
    browser.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    assert app.call("update")["to"] == 2
