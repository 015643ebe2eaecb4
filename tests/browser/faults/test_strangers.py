"""What outsiders tried on the page itself: two lines under one number, changed records, answers that lead nowhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Route

from support.browser_app import FOUND, App
from vademecum_builder.cli.main import main

AGAIN = """async () => {
    let calls = 0;
    kb.on('updateFailed', ({ willRetry }) => {
        calls += 1;
        if (willRetry && calls < 50) kb.update().catch(() => {});
    });
    const code = await kb.update().then(() => 'done', ({ code }) => code);
    return [code, calls];
}"""


@pytest.mark.fault("E54")
def test_another_release_of_the_number_that_is_installed(
    installed: App, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = installed.texts()
    publisher.write("keys.md", "# All about keys\n\nAnother first edition.\n")
    shutil.rmtree(publisher.dist)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) - 3600))
    source, keys = publisher.folder / "source", publisher.folder / "keys"
    assert main(["build", str(source), "--out", str(publisher.dist), "--keys", str(keys), "--restart"]) == 0
    for _ in (1, 2):
        assert installed.refused("update") == "equivocation"
        assert installed.events("updateFailed")[-1]["code"] == "equivocation"
        assert installed.call("getStatus")["lastError"]["code"] == "equivocation"
        assert installed.refused("checkForUpdates") == "equivocation"
        assert installed.texts() == before


@pytest.mark.fault("E58")
@pytest.mark.parametrize("name", ["head", "sync", "manifests", "mode", "trust/pin", "trust/root.json"])
def test_a_flipped_bit_in_a_record_is_never_the_end(installed: App, name: str) -> None:
    before, content = installed.texts(), installed.stored()
    record, random = bytearray.fromhex(content["records"][name]), Random(name)
    record[random.randrange(len(record))] ^= 1 << random.randrange(8)
    installed.restore({**content, "records": {**content["records"], name: record.hex()}})
    installed.start(autoUpdate=False)
    installed.call("setMode", "off")
    assert installed.call("update")["to"] == 1
    assert installed.texts() == before
    after = installed.stored()["records"]
    assert after.keys() >= content["records"].keys()
    assert after[name] != record.hex()


@pytest.mark.fault("E56")
@pytest.mark.parametrize("location", ["data:text/plain,x", "http://127.0.0.1:99999999/"])
def test_a_redirection_to_nowhere_is_that_hosts_error(app: App, location: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(status=302, headers={"Location": location})

    app.page.route("**/bad/**", answer)
    app.hurry()
    app.start(autoUpdate=False, url=["/bad/"])
    assert app.refused("update") in ("network", "server")
    app.start(autoUpdate=False, url=["/bad/", "/"])
    assert app.call("update")["to"] == 1
    assert app.texts(FOUND)


@pytest.mark.fault("E59")
def test_a_listener_that_updates_again_is_not_called_from_inside_itself(
    installed: App, eventually: Callable[..., Any]
) -> None:
    installed.page.route("**/metadata/**", lambda route: route.abort())
    installed.hurry()
    code, calls = installed.page.evaluate(AGAIN)
    assert code == "network"
    assert calls < 5


@pytest.mark.fault("E55")
def test_a_query_and_escapes_go_along_with_every_request(app: App, publisher: Any) -> None:
    target = publisher.dist / "group/project" / "kb"
    shutil.copytree(publisher.dist, publisher.folder / "copy")
    shutil.copytree(publisher.folder / "copy", target)
    app.start(autoUpdate=False, url="/group%2Fproject/kb/?token=a%26b")
    app.host.requests.clear()
    assert app.call("update")["to"] == 1
    asked = [request.path for request in app.host.requests if "metadata" in request.path or "objects" in request.path]
    assert asked
    assert all(path.startswith("/group%2Fproject/kb/") and path.endswith("?token=a%26b") for path in asked)
