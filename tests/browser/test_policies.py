"""In a real Chromium: what is done unasked, the app's own documents, and the doctor."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.test_site import settled
from support.browser_app import App, second_release


def test_a_release_waits_as_the_user_has_chosen_and_tells_its_cost(installed: App, publisher: Any) -> None:
    installed.call("setPolicy", {"mode": "notify"})
    second_release(publisher)
    installed.start()
    installed.wait_for("updateAvailable")
    (offer,) = installed.events("updateAvailable")
    assert (offer["decision"], offer["documents"], offer["sequence"]) == ("notify", 1, 2)
    installed.call("setPolicy", {"mode": "automatic", "leastDocuments": 2})
    assert installed.call("getStatus")["offer"]["reason"] == "insignificant"
    installed.call("setPolicy", {"leastDocuments": 1, "activation": "next-start"})
    installed.wait_for("updateCompleted")
    (done,) = installed.events("updateCompleted")
    assert offer["bytes"] <= done["bytes"] <= 2 * offer["cost"]
    assert not any("second edition" in text for text in installed.texts()), "from the next start on"
    installed.start()
    assert any("second edition" in text for text in installed.texts())
    status = installed.call("getStatus")
    assert status["channels"] == ["stable"]
    assert status["policy"]["leastDocuments"] == 1


def test_the_apps_documents_answer_till_a_release_is_here(app: App) -> None:
    documents = [{"key": "a", "title": "Pumps", "html": "<p>Oil the <b>pump</b>.", "url": "pumps/"}]
    app.page.route("**/metadata/**", lambda route: route.abort())
    app.start(fallback=documents)
    (hit,) = app.call("search", "pumps")
    assert (hit["document"], hit["url"], hit["text"]) == ("a", "pumps/", "Oil the pump.")
    assert app.page.evaluate("kb.ready.then(({ version }) => version)") == "local"
    status = app.call("getStatus")
    assert (status["installed"], status["local"]) == (None, {"documents": 1, "chunks": 1})
    assert app.stored()["objects"] == {}
    app.page.unroute_all()
    app.call("update")
    assert app.texts()
    assert app.call("search", "pumps", {"mode": "lexical"}) == [], "nothing is mixed"
    assert app.call("getStatus")["local"] is None
    app.start(fallback=documents)
    assert app.call("getLocalVersion")["sequence"] == 1


def test_the_doctor_finds_and_mends(installed: App) -> None:
    found = installed.call("doctor", {"repair": False})
    assert found["sound"]
    names = ["pointer", "objects", "release", "leftovers", "trust", "records"]
    assert [check["name"] for check in found["checks"]] == names
    content = installed.stored()
    digest = next(iter(content["objects"]))
    content["objects"][digest] = "00" + content["objects"][digest][2:]
    installed.restore(content)
    installed.start(autoUpdate=False)
    bad = installed.call("doctor", {"repair": False})
    assert [check["name"] for check in bad["checks"] if not check["sound"]] == ["objects"]
    mended = installed.call("doctor")
    assert mended["sound"]
    assert not all(check["sound"] for check in mended["before"])
    assert installed.texts()


def test_the_published_page_tells_of_a_release_and_takes_it_when_asked(app: App, publisher: Any) -> None:
    page = app.page
    page.goto(f"{app.host.url}index.html")
    expect(page.locator("#pill")).to_have_text(re.compile("^Release 1 "))
    page.locator("#pill").click()
    page.get_by_label("Tell me").check()
    settled(page)
    page.get_by_role("combobox", name="Worth an update").select_option("5")
    settled(page)
    second_release(publisher)
    page.reload()
    expect(page.locator("#pill")).to_contain_text("update available")
    expect(page.locator("#notice")).to_be_hidden()
    page.locator("#pill").click()
    told = r"^Release 2 is available: 1 document changed, \d+(\.\d)? (kB|byte)\."
    expect(page.locator("#details-state")).to_have_text(re.compile(rf"{told} It waits for more changes\.$"))
    page.get_by_role("combobox", name="Worth an update").select_option("0")
    expect(page.locator("#details-state")).to_have_text(re.compile(rf"{told}$"))
    settled(page)
    page.reload()
    expect(page.locator("#notice-text")).to_have_text(re.compile("^Release 2 is available: 1 document changed"))
    page.get_by_role("button", name="Install").click()
    expect(page.locator("#pill")).to_contain_text("Release 2")
    page.locator("#pill").click()
    page.get_by_role("button", name="Go back to release 1").click()
    expect(page.locator("#details-state")).to_contain_text("Release 2 was left")
    page.get_by_role("button", name="Go forward to release 2").click()
    expect(page.locator("#pill")).to_contain_text("Release 2")


@pytest.mark.parametrize("repair", [True, False])
def test_the_doctor_of_nothing(app: App, repair: bool) -> None:
    app.start(autoUpdate=False)
    app.call("setMode", "off")
    found = app.call("doctor", {"repair": repair})
    assert found["sound"] == repair, "what is missing is fetched"
    assert bool(app.call("getLocalVersion")) == repair
