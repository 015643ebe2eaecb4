"""A tab of Chromium follows a repository whose documents are published by the commands of the workflow.

The workflow itself runs in journeys/test_workflow_story.py. The clock of a browser is its own, so the story begins
long ago by it: what is signed then has expired.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browser_app import App
from support.pages_host import PagesHost
from support.story import Story, keep_log, lose, page_of, poison, rotate


@pytest.mark.long
@pytest.mark.fault("E52")
def test_a_tab_ends_on_the_right_release(
    page: Page,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[[Path], PagesHost],
    eventually: Callable[[Page, str], Any],
) -> None:
    for name in ("site", "repository"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    host = serve(tmp_path / "site")
    story = Story(tmp_path, host, datetime.now(UTC) - timedelta(days=40), pages=True)
    tab = App(page, host, (story.repository / "root.json").read_text(), eventually)

    def follow(subject: str, text: str) -> int:
        """Update the tab; what it answers is the text, and never what was written by a thief."""
        host.requests.clear()
        tab.call("update")
        sequence = int(tab.call("getStatus")["installed"]["sequence"])
        taken = sum(request.sent_bytes for request in host.requests)
        story.told.append(f"  tab: release {sequence}, {len(host.requests)} requests, {taken} bytes")
        assert any(text in found for found in tab.texts(f"about {subject}")), (story.told, subject)
        return sequence

    story.publish("build")
    back = story.client("back")
    assert back.follow(story.now) == "", "and is offline from now on"
    (tmp_path / "site" / "app.html").write_text("<!doctype html><title>app</title>")
    tab.start(autoUpdate=False)
    tab.call("setMode", "off")
    del host.extra["Date"]  # it would say that the browser's clock is wrong, as it is in this story
    assert tab.refused("update") == "expired"
    story.later(days=20)
    story.publish("resign")
    first = follow("pumps", "know about pumps")
    story.write("docs/pumps.md", page_of("pumps", "Oil them."))
    story.publish("build")
    assert follow("pumps", "Oil them.") == first + 1

    (story.repository / "docs/anchors.md").unlink()
    (story.repository / "docs/ropes.md").rename(story.repository / "docs/rigging.md")
    story.publish("build")
    good = follow("ropes", "know about ropes")

    lose(story)
    story.later(days=2)
    story.write("docs/pumps.md", page_of("pumps", "Grease them."))
    story.publish("build")
    assert follow("pumps", "Grease them.") > good

    rotate(story)
    story.write("docs/valves.md", page_of("valves", "Open them."))
    story.publish("build")
    good = follow("valves", "Open them.")

    def decide(subject: str, text: str, *command: str) -> int:
        story.publish(*command)
        return follow(subject, text)

    settings = (story.repository / "vademecum.toml").read_text()
    story.write("vademecum.toml", f"{settings}\n[approval]\nalways = true\n")
    story.write("docs/valves.md", page_of("valves", "Close them."))
    story.publish("build")
    assert follow("valves", "Open them.") == good
    candidate = str(good + 1)
    assert decide("valves", "Close them.", "rollout", candidate, "100%") == good + 1
    assert decide("valves", "Close them.", "promote", candidate) == good + 1
    assert decide("valves", "Open them.", "rollback", "--to", str(good)) == good + 2
    good = decide("valves", "Open them.", "yank", candidate)
    assert tab.refused("rollback") == "empty", "nobody goes back to what was taken back"
    story.write("vademecum.toml", settings)
    story.write("docs/valves.md", page_of("valves", "Open them."))

    story.later(days=1)
    poison(story)
    assert follow("poison", "know about poison") == good + 1, "whoever has the key is believed"
    story.later(days=1)
    rotate(story)
    story.publish("build")
    assert follow("valves", "Open them.") > good + 1
    assert back.follow(story.now) == "" and back.shown(story.now).keys() == story.documents()
    assert back.downloads[-1][0] == tab.call("getStatus")["installed"]["sequence"]
    assert not any("poison" in text for text in tab.texts("about poison"))
    keep_log(story, "chromium")
