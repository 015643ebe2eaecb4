"""The browser client as an app sees it: real Chromium, real Python in its worker, a published tree.

No page here has a service worker: what goes offline is the knowledge base, not the page.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from support import languages
from support.app import texts
from support.browser_app import FOUND, START, App, second_release, until
from support.publisher import Publisher
from vademecum import KnowledgeBase
from vademecum_builder.cli.main import main

HANDBOOK = Path(__file__).parents[1] / "demo" / "handbook"
TYPES = Path(__file__).parents[2] / "client" / "vademecum" / "js" / "vademecum.d.mts"


def flip_last_byte(path: Path) -> bytes:
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    return good


def test_the_policy_is_in_force_and_a_breach_would_be_seen(app: App, browser: Browser) -> None:
    """What the fixture `page` listens for, in all tests of this folder."""
    with browser.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{app.host.url}app.html")
        assert answer is not None
        policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; "
        assert answer.headers["content-security-policy"].startswith(policy)
        inline = """() => {
            const script = document.createElement('script');
            script.textContent = 'window.broken = true';
            document.head.append(script);
            return window.broken === true;
        }"""
        with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
            assert page.evaluate(inline) is False


def test_a_first_visit_installs_in_the_background_and_can_be_searched(app: App) -> None:
    assert app.start() is None
    assert app.refused("search", FOUND) == "empty"
    version = app.page.evaluate("kb.ready")
    assert version["sequence"] == 1
    app.wait_for("updateCompleted")
    hits = app.call("search", FOUND, {"limit": 3})
    assert len(hits) == 3
    assert hits[0]["document"] == "keys.md"
    assert hits[0]["title"] == "All about keys"
    assert hits[0]["heading"].startswith("Part ")
    names = app.names()
    assert names[-1] == "updateCompleted"
    stages = [event["stage"] for event in app.events("updateProgress")]
    # While Python is on its way nothing has started yet, and its bytes are told all the same.
    starting = stages.count("starting")
    assert names[:starting] == ["updateProgress"] * starting
    assert names[starting] == "updateStarted"
    assert set(names[starting + 1 : -1]) == {"updateProgress"}
    assert list(dict.fromkeys(stages[starting:])) == ["downloading", "verifying", "installing"]
    assert app.events("updateCompleted")[0]["plan"] == "full"
    document = app.call("document", "keys.md")
    assert document["chunks"][0]["headings"] == ["Part 0 of keys"]
    assert app.call("document", "none") is None


def test_what_is_installed_opens_without_network_and_without_python(installed: App) -> None:
    installed.call("setMode", "automatic")
    installed.page.route("**/metadata/**", lambda route: route.abort())
    installed.host.requests.clear()
    version = installed.start()
    assert version["sequence"] == 1
    assert installed.texts()
    installed.wait_for("updateFailed")
    failure = installed.events("updateFailed")[0]
    assert (failure["code"], failure["willRetry"]) == ("network", True)
    assert failure.keys() == {"code", "message", "willRetry"}
    assert installed.call("getStatus")["lastError"]["code"] == "network"
    assert installed.requested("pyodide") == []
    assert installed.texts()


def test_a_check_without_news_is_one_request_and_boots_no_python(installed: App) -> None:
    installed.call("setMode", "automatic")
    installed.wait_for_state("up-to-date")
    installed.host.requests.clear()
    installed.start()
    installed.wait_for_state("up-to-date")
    assert installed.requested("metadata") == ["/metadata/timestamp.json"]
    assert installed.requested("pyodide") == []
    check = installed.call("checkForUpdates")
    assert (check["available"], check["sequence"], check["reason"]) == (False, 1, None)
    assert installed.names() == []


def test_an_update_fetches_only_what_is_new(installed: App, publisher: Any) -> None:
    before = {path.name for path in (publisher.dist / "objects").iterdir()}
    second_release(publisher)
    outcome = installed.call("update")
    assert (outcome["from"], outcome["to"], outcome["plan"]) == (1, 2, "direct")
    assert outcome.keys() == declared("Outcome")
    assert_events_are_as_declared(installed)
    fetched = {path.removeprefix("/objects/") for path in installed.requested("/objects/")}
    assert fetched
    assert not fetched & before
    assert any("second edition" in text for text in installed.texts("second edition of keys"))
    assert installed.call("getLocalVersion")["sequence"] == 2
    assert installed.call("getStatus")["previous"]["sequence"] == 1


def assert_events_are_as_declared(app: App) -> None:
    """The fields that apps get."""
    common = {"sequence", "version", "plan"}
    [started], [completed] = app.events("updateStarted"), app.events("updateCompleted")
    assert started.keys() == common | {"totalBytes"}
    assert completed.keys() == common | {"bytes"}
    assert (started["sequence"], started["plan"]) == (completed["sequence"], completed["plan"]) == (2, "direct")
    progress = app.events("updateProgress")
    assert {frozenset(detail) for detail in progress} == {
        frozenset({"stage", "plan", "percentage", "bytes", "totalBytes"})
    }
    assert (progress[-1]["percentage"], progress[-1]["totalBytes"]) == (100, started["totalBytes"])


def declared(interface: str) -> set[str]:
    """The fields of an interface in the type declarations."""
    body = TYPES.read_text().split(f"export interface {interface} {{")[1].split("\n}")[0]
    return set(re.findall(r"^ {2}(\w+):", body, re.MULTILINE))


def test_the_status_has_the_declared_fields(installed: App) -> None:
    status = installed.call("getStatus")
    assert status.keys() == declared("Status")
    assert status["installed"].keys() == declared("LocalVersion")
    assert status["installed"] == installed.call("getLocalVersion")
    quiet: dict[str, Any] = {
        "mode": "off",
        "previous": None,
        "pinned": None,
        "refused": [],
        "offer": None,
        "lastError": None,
    }
    assert status.items() >= {**quiet, "state": "installed", "expired": False}.items()
    assert status["latest"] == {key: status["installed"][key] for key in ("sequence", "version")}
    assert installed.call("search", FOUND)[0].keys() == declared("Hit")


def test_debugging_logs_what_is_done(installed: App) -> None:
    lines: list[str] = []
    installed.page.on("console", lambda message: lines.append(message.text))
    installed.start()
    assert lines == []
    installed.start(debug=True)
    installed.call("checkForUpdates")
    assert any(line.startswith("[vademecum]") and "opened" in line for line in lines), lines


def test_automatic_mode_installs_what_is_new_by_itself(installed: App, publisher: Any) -> None:
    installed.call("setMode", "automatic")
    second_release(publisher)
    assert installed.start()["sequence"] == 1
    installed.wait_for("updateCompleted")
    assert installed.call("getLocalVersion")["sequence"] == 2
    assert any("second edition" in text for text in installed.texts("second edition of keys"))
    assert "updateAvailable" not in installed.names()


def test_manual_mode_asks_and_is_remembered(installed: App, publisher: Any) -> None:
    installed.call("setMode", "manual")
    second_release(publisher)
    installed.start()
    assert installed.page.evaluate("kb.mode") == "manual"
    installed.wait_for("updateAvailable")
    installed.wait_for_state("update-available")
    offer = installed.events("updateAvailable")[0]
    assert (offer["sequence"], offer["plan"]) == (2, "direct")
    assert installed.call("getStatus")["offer"] == offer
    installed.host.requests.clear()
    assert installed.call("checkForUpdates") == offer
    assert installed.requested("/") == ["/metadata/timestamp.json"]
    assert installed.call("getLocalVersion")["sequence"] == 1
    installed.call("update")
    assert installed.call("getLocalVersion")["sequence"] == 2
    assert installed.call("getStatus")["offer"] is None


@pytest.mark.fault("B28")
@pytest.mark.parametrize("connection", [{"saveData": True}, {"effectiveType": "slow-2g"}])
def test_saving_data_postpones_the_download_but_not_the_news(
    installed: App, publisher: Any, connection: dict[str, Any]
) -> None:
    installed.call("setMode", "automatic")
    second_release(publisher)
    installed.page.add_init_script(
        f"Object.defineProperty(navigator, 'connection', {{ value: {json.dumps(connection)} }})"
    )
    installed.start()
    installed.wait_for_state("update-available")
    assert installed.call("getLocalVersion")["sequence"] == 1
    assert installed.call("update")["to"] == 2, "who asks for it gets it"


def test_a_damaged_object_leaves_the_old_release(installed: App, publisher: Any) -> None:
    before = set((publisher.dist / "objects").iterdir())
    second_release(publisher)
    new = {path: flip_last_byte(path) for path in set((publisher.dist / "objects").iterdir()) - before}
    old = installed.texts()
    assert installed.refused("update") == "content"
    assert installed.events("updateFailed")[0]["code"] == "content"
    assert installed.call("getStatus")["state"] == "failed"
    assert installed.texts() == old
    for path, good in new.items():
        path.write_bytes(good)
    assert new
    assert installed.call("update")["to"] == 2
    assert installed.call("getStatus")["lastError"] is None


def test_the_way_back_and_the_way_forward(installed: App, publisher: Any) -> None:
    assert installed.refused("rollback") == "empty"
    second_release(publisher)
    installed.call("update")
    assert installed.call("rollback")["sequence"] == 1
    assert installed.events("rolledBack")[0]["sequence"] == 1
    assert not any("second edition" in text for text in installed.texts("second edition"))
    installed.host.requests.clear()
    check = installed.call("checkForUpdates")
    assert (check["available"], check["reason"]) == (False, "refused")
    assert installed.requested("/") == ["/metadata/timestamp.json"]
    assert installed.call("forceUpdate")["to"] == 2
    installed.call("pin", 1)
    assert installed.call("getLocalVersion")["sequence"] == 1
    assert [detail["sequence"] for detail in installed.events("rolledBack")] == [1, 1]
    installed.call("pin", None)
    assert installed.call("getStatus")["pinned"] is None


def test_a_second_tab_follows_without_a_download_of_its_own(
    installed: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    tab = App(installed.page.context.new_page(), installed.host, publisher.root, eventually)
    tab.start()
    second_release(publisher)
    installed.host.requests.clear()
    installed.call("update")
    tab.wait_for("updateCompleted")
    assert tab.events("updateCompleted")[0]["elsewhere"] is True
    assert tab.call("getLocalVersion")["sequence"] == 2
    assert any("second edition" in text for text in tab.texts("second edition of keys"))
    objects = installed.requested("/objects/")
    assert len(objects) == len(set(objects))
    installed.call("setMode", "manual")
    eventually(tab.page, "kb.mode === 'manual'")


@pytest.mark.fault("D42", "D44")
def test_a_tab_that_was_not_told_finds_out(
    installed: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    """The tab that installed the release ended before it could tell the others."""
    tab = App(installed.page.context.new_page(), installed.host, publisher.root, eventually)
    second_release(publisher)
    tab.page.add_init_script("BroadcastChannel.prototype.postMessage = () => undefined")
    tab.start(autoUpdate=False)
    tab.call("update")
    tab.page.close()
    assert installed.call("getLocalVersion")["sequence"] == 1
    installed.call("setMode", "automatic")
    installed.wait_for("updateCompleted")
    (told,) = installed.events("updateCompleted")
    assert (told["sequence"], told["plan"], told["elsewhere"]) == (2, "none", True)
    assert any("second edition" in text for text in installed.texts("second edition of keys"))


def test_two_tabs_never_write_at_the_same_time(
    installed: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    tab = App(installed.page.context.new_page(), installed.host, publisher.root, eventually)
    tab.start()
    second_release(publisher)
    hold = """() => new Promise((held) => {
        const forever = () => (held(), new Promise(() => {}));
        navigator.locks.request(`vademecum:${kb.url}`, forever);
    })"""
    tab.page.evaluate(hold)
    assert installed.refused("update") == "busy"
    assert installed.refused("clear") == "busy"
    assert installed.events("updateFailed") == []
    # Who would install by itself waits for the lock, and for no time: long waits of this page never end.
    no_waits = "const wait = setTimeout; globalThis.setTimeout = (work, ms = 0) => wait(work, ms < 5000 ? ms : 1e9)"
    installed.page.evaluate(f"() => {{ {no_waits} }}")
    installed.call("setMode", "automatic")
    eventually(installed.page, "navigator.locks.query().then(({ pending }) => pending.length === 1)")
    tab.page.close()
    installed.wait_for("updateCompleted")
    assert installed.call("getLocalVersion")["sequence"] == 2


def test_a_full_disk_is_told_and_does_no_harm(app: App) -> None:
    # From the start: Chromium asks about the room that is left only now and then.
    browser = app.page.context.new_cdp_session(app.page)
    origin = app.host.url.rstrip("/")
    browser.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    app.start(autoUpdate=False)
    assert app.refused("update") == "quota"
    failures = [failure for failure in app.events("updateFailed") if failure["code"] == "quota"]
    assert failures and all({"needed", "available"} <= failure.keys() for failure in failures)
    assert app.call("getStatus")["lastError"]["code"] == "quota"
    browser.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    assert app.call("update")["to"] == 1
    assert app.texts()


def test_a_database_that_another_page_deletes_is_let_go_and_made_anew(installed: App) -> None:
    delete = """() => new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(`vademecum:${kb.url}`);
        Object.assign(request, { onsuccess: () => resolve(), onerror: reject });
    })"""
    installed.page.evaluate(delete)
    assert installed.texts()  # the reader has its release in memory
    assert installed.call("getStatus")["installed"] is None
    assert installed.call("update")["plan"] == "full"


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_a_damaged_store_mends_itself(installed: App, damage: str) -> None:
    installed.call("setMode", "automatic")
    spoil = """async (damage) => {
        const { IndexedStore } = await import('/client/store/store.mjs');
        const { decodeTensors } = await import('/client/format/tensors.mjs');
        const store = new IndexedStore(kb.url);
        const { current } = JSON.parse(new TextDecoder().decode(await store.read('head')));
        if (damage === 'lost') return store.discard([current.segments[0]]);
        const encoder = await store.get(current.encoder);
        decodeTensors(encoder).tensors.get('golden.vector').values[0] ^= 1;
        return store.put(current.encoder, encoder);
    }"""
    installed.page.evaluate(spoil, damage)
    installed.host.requests.clear()
    assert installed.start() is None
    assert installed.events("updateFailed")[0]["code"] == "content"
    installed.wait_for("corruption")
    assert installed.texts()
    (detail,) = installed.events("corruption")
    assert detail["repaired"] == 1
    fetched = [path.rpartition("/")[2].partition(".")[0] for path in installed.requested("objects/")]
    assert fetched == detail["objects"], "nothing else is fetched"


def test_forgetting(installed: App) -> None:
    installed.call("clearVersion")
    assert installed.refused("search", FOUND) == "empty"
    assert installed.call("getStatus")["installed"] is None
    assert installed.call("update")["plan"] == "full"
    installed.call("clear")
    assert installed.refused("search", FOUND) == "empty"
    assert installed.start() is None
    assert installed.page.evaluate("kb.mode") == "off"
    assert installed.call("update")["to"] == 1


def test_a_store_of_a_newer_version_is_left_alone(app: App) -> None:
    app.page.goto(f"{app.host.url}app.html")
    newer = """() => new Promise((resolve, reject) => {
        const request = indexedDB.open(`vademecum:${location.origin}/`, 1_000_000);
        request.onerror = reject;
        request.onsuccess = () => { request.result.close(); resolve(); };
    })"""
    app.page.evaluate(newer)
    start = f"(options) => ({START})(options).then(String, ({{ code }}) => code)"
    assert app.page.evaluate(start, {"trust": app._root}) == "newer-format"


RETRY = """async () => {
    const { IndexedStore } = await import('/client/store/store.mjs');
    const record = await new IndexedStore(kb.url).read('retry');
    return record ? JSON.parse(new TextDecoder().decode(record)) : {};
}"""


@pytest.mark.fault("B21")
@pytest.mark.parametrize(("headers", "least"), [({"Retry-After": "3600"}, 3_000_000), ({}, 1)])
def test_a_host_in_trouble_is_left_in_peace_after_a_reload(installed: App, headers: dict[str, str], least: int) -> None:
    """For as long as it asked; where it asked for nothing, for as long as the page would have waited."""

    def overloaded(route: Route) -> None:
        route.fulfill(status=503, headers=headers)

    # No wait ends here, however slow the machine is.
    installed.page.add_init_script(f"Date.now = () => {time.time_ns() // 1_000_000}")
    installed.call("setMode", "automatic")
    installed.page.route("**/metadata/**", overloaded)
    installed.start()
    installed.wait_for("updateFailed")
    assert installed.events("updateFailed")[0]["code"] == "server"
    installed.page.unroute("**/metadata/**")
    asked = f"({RETRY})().then(({{ notBefore }}) => notBefore && Date.parse(notBefore) - Date.now())"
    installed._eventually(installed.page, asked)
    installed.host.requests.clear()
    installed.start()
    assert installed.texts()
    assert installed.page.evaluate(asked) > least
    assert installed.requested("metadata") == []


# Words, questions, beginnings of words, unknown and misspelt ones, other scripts, none at all.
QUERIES = """keys | mirrors | KEYS | keys roots | roots keys | release of the clients | names | offline offline
offline mirrors | what to know about keys, number 2 | how do I rotate a signing key? | my tomatoes have
brown spots | when do I sow beans in May | slugs at night after rain | pump after frost | the second
edition | by hand | compost | Watering | rel | mirr | tomat | roo cli | off | mi | k | zebra | zebra
keys | quaggas and okapis | tomatos | kyes | Ünïcode | unicode | café | CAFÉ naïve | strasse | Straße |
naïveté | ключ | КЛЮЧИ подписи | 鍵 | 鍵を回す | 回す keys | 🔑 | 🔑 keys | é | 3.14 | v2.0-beta_1 | <b>keys</b>
& "roots" | ..."""


def in_units(hit: dict[str, Any]) -> dict[str, Any]:
    """Return a hit as JavaScript counts: its marks in UTF-16 units."""
    marks = [[len(hit["excerpt"][:at].encode("utf-16-le")) // 2 for at in mark] for mark in hit["marks"]]
    return hit | {"marks": marks, "more": list(map(in_units, hit["more"]))}


def without_url(hit: dict[str, Any]) -> dict[str, Any]:
    """Return a hit as `vade search` has it, which knows no address of the tree, where documents have none."""
    assert "/?doc=" in hit["url"]
    return hit | {"url": "", "link": "", "more": list(map(without_url, hit["more"]))}


# In JavaScript's own words: half a pair of surrogates does not come over.
NOBODY_ASKS = r"""async () => {
    const told = (asked) => asked.then((found) => found.length, (error) => error.code ?? String(error));
    const all = (values, ask) => Promise.all(values.map((value) => told(ask(value))));
    const letters = ["a".repeat(10_000), "key ".repeat(2_500), "\0\x1b[31m", "\ud800", "key \udc00", "?!…", "鍵 key"];
    const options = [
        ...[0, 1e6, NaN, "5", 2.5].map((limit) => ({ limit })), ...[-1, 1e6].map((offset) => ({ offset })),
        ...[[], { lang: null }].map((filters) => ({ filters })), { mode: "fuzzy" }, { facets: "lang" }, 5, null, "lang",
    ];
    return {
        strings: await all(["", ...letters], (query) => kb.search(query)),
        usage: [
            ...(await all([undefined, null, 7, {}, ["key"]], (query) => kb.search(query))),
            ...(await all(options, (wrong) => kb.search("key", wrong))),
            ...(await all(["x", null], (id) => kb.similar(id))),
            ...(await all([0, 2.5, "5"], (limit) => kb.similar("0".repeat(16), { limit }))),
            ...(await all([5, null, ["a"]], (key) => kb.document(key))),
        ],
        nothing: await all([kb.search("a", { filters: { nobody: 1 } }), kb.similar("0".repeat(16))], (one) => one),
        documents: await Promise.all(["gone", "", "\ud800"].map((key) => kb.document(key))),
    };
}"""


def test_what_nobody_means_to_ask_has_an_answer_or_one_error(installed: App) -> None:
    told = installed.page.evaluate(NOBODY_ASKS)
    assert all(type(found) is int for found in told["strings"]), told
    assert [found > 0 for found in told["strings"]] == [False, False, True, False, False, True, False, True]
    assert {*told["usage"]} == {"usage"}, told
    assert (told["nothing"], told["documents"]) == ([0, 0], [None] * 3)


ASK_ALL = """(asked) => Promise.all(asked.map(async ([query, options]) => {
    const hits = await kb.search(query, options);
    return JSON.stringify({ hits, ...hits, words: [...hits.words].sort() });
}))"""


def test_hits_are_those_of_vade_search(
    installed: App, publisher: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over two tiers with dead rows, a removed document, nested headings and several scripts."""
    shutil.copytree(HANDBOOK, publisher.folder / "source" / "handbook")
    publisher.write(
        "écritures.md",
        "---\ntags: [ünïcode]\n---\n# Ünïcode\n\n## Straße\n\n### Café\n\nA naïve café in the Straße. 🔑 3.14\n\n"
        "## Ключ\n\nКлючи подписи меняют каждый год.\n\n## 鍵\n\n鍵を回す方法を説明します。\n",
    )
    for name, text in languages.PAGES.items():
        publisher.write(name, text)
    (publisher.folder / "source" / "offline.md").unlink()
    second_release(publisher)
    assert installed.call("update")["plan"] == "direct"
    queries = [*(query.strip() for query in QUERIES.replace("\n", " ").split("|")), ""]
    assert len(set(queries)) == 50
    store = str(tmp_path / "kb.db")
    assert main(["pull", str(publisher.dist), "--store", store]) == 0
    found = []
    for query in queries:
        capsys.readouterr()
        assert main(["search", query, "--store", store, "--limit", "7", "--json"]) == 0
        theirs = json.loads(capsys.readouterr().out)
        assert theirs["release"] == 2
        ours = list(map(without_url, installed.call("search", query, {"limit": 7})))
        assert ours == list(map(in_units, theirs["hits"])), query
        found.append(theirs["hits"])
    assert sum(1 for hits in found if len({hit["score"] for hit in hits}) > 1) > 20
    assert any(" › " in hit["heading"] for hits in found for hit in hits)
    assert any(hit["metadata"] for hits in found for hit in hits)
    assert found[-1] == []
    asked: list[tuple[str, dict[str, Any]]] = [(question, {"limit": 7}) for question in languages.questions()]
    assert len(asked) == 300
    asked += [(question, {"mode": mode}) for question, _ in asked[::10] for mode in ("lexical", "semantic")]
    asked += [("", {"filters": {"lang": ["de", "ja"]}}), ("key", {"filters": {"lang": "es"}, "facets": ["lang"]})]
    answers = [json.loads(answer) for answer in installed.page.evaluate(ASK_ALL, asked)]
    with KnowledgeBase.open(store) as knowledge:
        for (question, options), answer in zip(asked, answers, strict=True):
            theirs = knowledge.search(question, **options)
            told = json.loads(json.dumps([in_units(asdict(hit)) for hit in theirs]))
            assert list(map(without_url, answer["hits"])) == told, question
            for name in ("total", "unknown", "nearest", "meant", "language", "facets", "words"):
                assert answer[name] == json.loads(json.dumps(getattr(theirs, name))), (question, name)
    first = [answer["hits"][0]["document"] for answer in answers[:300] if answer["hits"]]
    assert len(first) > 250 and {*languages.PAGES} <= {*first}


def test_published_version_and_closing(installed: App) -> None:
    published = installed.call("fetchPublishedVersion")
    assert published["sequence"] == 1
    waiting = """() => {
        const end = kb.forceUpdate().then(() => 'done', ({ code }) => code);
        void kb.close();
        return end;
    }"""
    assert installed.page.evaluate(waiting) == "cancelled"
    assert installed.refused("search", FOUND) == "cancelled"


def bad_mirror(publisher: Any, kind: str) -> None:
    """Put a mirror under /bad/: everything is a page, or only the objects are, or it stays at what is published now."""
    bad = publisher.dist / "bad"
    for folder in ("metadata", "releases", "objects"):
        shutil.copytree(publisher.dist / folder, bad / folder)
    parts = {"pages": "*/*", "objects": "objects/*", "stale": ""}[kind]
    for path in bad.glob(parts) if parts else ():
        path.write_text("<!doctype html><html><title>Welcome</title></html>")


@pytest.mark.fault("B29")
@pytest.mark.parametrize("kind", ["missing", "pages", "objects"])
def test_one_bad_mirror_and_one_good(app: App, publisher: Any, kind: str) -> None:
    """The update succeeds without a failure. What the first mirror shows counts; if it is away, what the next does."""
    if kind != "missing":
        bad_mirror(publisher, kind)
    app.start(url=["/bad/", "/"], autoUpdate=False)
    app.call("setMode", "off")
    assert app.call("update")["to"] == 1
    assert "updateFailed" not in app.names()
    assert app.texts()
    assert app.page.evaluate("kb.url").endswith("/bad/"), "the first names the store"
    app.call("setMode", "automatic")
    app.wait_for_state("up-to-date")
    app.host.requests.clear()
    app.start(url=["/bad/", "/"])
    app.wait_for_state("up-to-date")
    asked = ["/bad/metadata/timestamp.json", "/metadata/timestamp.json"]
    if kind != "pages":  # those are no metadata: Python looks what to make of them
        assert app.requested("metadata") == (asked if kind == "missing" else asked[:1])
        assert app.requested("pyodide") == []


@pytest.mark.fault("A4", "B25", "B29")
def test_a_mirror_that_is_behind_is_no_failure(app: App, publisher: Any) -> None:
    bad_mirror(publisher, "stale")
    second_release(publisher)
    app.start(url=["/", "/bad/"], autoUpdate=False)
    app.call("setMode", "off")
    app.call("update")
    shutil.rmtree(publisher.dist / "metadata")
    outcome = app.call("update")
    assert (outcome["to"], outcome["plan"], outcome["reason"]) == (2, "none", "stale-mirror")
    assert app.call("checkForUpdates")["reason"] == "stale-mirror"
    status = app.call("getStatus")
    assert status["staleSince"] is not None
    assert (status["lastError"], status["installed"]["sequence"]) == (None, 2)
    assert "updateFailed" not in app.names()


@pytest.mark.fault("B28")
def test_a_byte_budget_pauses_an_update_and_the_next_goes_on(app: App) -> None:
    app.start(autoUpdate=False, maxUpdateBytes=1)
    app.call("setMode", "off")
    fetched: list[str] = []
    while True:
        app.host.requests.clear()
        code = app.refused("update")
        fetched += app.requested("/objects/")
        if code != "budget":
            break
        assert app.refused("search", FOUND) == "empty", "never a part of a release"
        assert app.call("getStatus")["lastError"]["code"] == "budget"
        assert app.events("updateFailed")[-1]["willRetry"] is True
        assert len(app.requested("/objects/")) == 1
    assert code == "None"
    assert len(fetched) == len(set(fetched)) > 1
    assert app.texts()


METERED = """window.connection = Object.assign(new EventTarget(), { saveData: false });
Object.defineProperty(navigator, 'connection', { value: connection });
window.saveData = (saveData) => {
    Object.assign(connection, { saveData });
    connection.dispatchEvent(new Event('change'));
};
"""


@pytest.mark.fault("B28")
def test_a_connection_that_becomes_metered_pauses_the_update_until_it_is_not(
    app: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    """Ten objects; six are asked for at once, and then the user begins to save data."""
    many = many_objects(publisher)
    held: list[Route] = []
    app.page.route("**/objects/**", lambda route: held.append(route))
    app.page.add_init_script(METERED)
    app.start(trust=many.first_root.decode())
    until(app.page, lambda: len(held) == 6)
    app.page.evaluate("saveData(true)")
    held.pop().continue_()
    eventually(app.page, "events.some(([name, { stage }]) => stage === 'downloading')")
    while held:
        held.pop().continue_()
    app.wait_for("updateFailed")
    assert app.events("updateFailed")[0]["code"] == "budget"
    assert app.refused("search", "key") == "empty"
    assert len(app.requested("/objects/")) == 6
    app.page.unroute("**/objects/**")
    app.page.evaluate("saveData(false)")
    app.wait_for("updateCompleted")
    fetched = app.requested("/objects/")
    assert len(fetched) == len(set(fetched)) == 10
    assert app.call("getLocalVersion")["sequence"] == 9


def many_objects(publisher: Any) -> Publisher:
    """Publish a release of nine tiers beside the app, in the place of the one that is there."""
    many = Publisher()
    for number in range(1, 10):
        many.publish({str(key): texts(f"the key {key}") for key in range(number)})
    shutil.rmtree(publisher.dist / "metadata")
    for path, content in many.files.items():
        (publisher.dist / path).parent.mkdir(parents=True, exist_ok=True)
        (publisher.dist / path).write_bytes(content)
    return many


# The seed that an app ships ------------------------------------------------------------------------------


def seed_alone(route: Route) -> None:
    if "/seed/" in route.request.url:
        route.continue_()
    else:
        route.abort()


def ship_seed(app: App, publisher: Any) -> Path:
    """Ship the current release with the app, and let the host be out of reach."""
    shipped = publisher.folder / "shipped"
    shutil.copytree(publisher.dist, shipped)
    shutil.move(shipped, publisher.dist / "seed")
    app.page.route("**/metadata/**", seed_alone)
    return Path(publisher.dist / "seed")


@pytest.mark.fault("C41")
def test_a_first_visit_without_the_host_installs_the_seed(app: App, publisher: Any) -> None:
    ship_seed(app, publisher)
    app.hurry()
    app.start(seed="/seed/")
    app.wait_for("updateCompleted")
    assert FOUND in app.texts()[0]
    app.wait_for_state("failed")
    status = app.call("getStatus")
    assert (status["installed"]["sequence"], status["seed"], status["lastError"]["code"]) == (1, None, "network")
    assert not [path for path in app.requested("objects/") if not path.startswith("/seed/")]


NO_ROOM_AT_FIRST = """let asked = 0;
navigator.storage.estimate = async () => ({ quota: asked++ === 0 ? 0 : 1e9, usage: 0 });
"""


@pytest.mark.fault("C34", "C41")
def test_a_seed_without_room_does_not_stop_the_host(app: App, publisher: Any) -> None:
    shutil.copytree(publisher.dist, publisher.folder / "shipped")
    shutil.move(publisher.folder / "shipped", publisher.dist / "seed")

    def crowded(route: Route) -> None:
        route.fulfill(response=(answer := route.fetch()), body=NO_ROOM_AT_FIRST + answer.text())

    app.page.route("**/client/worker.mjs", crowded)
    app.start(seed="/seed/")
    app.wait_for("updateCompleted")
    (failure,) = app.events("updateFailed")
    assert failure["code"] == "quota"
    fetched = app.requested("/objects/")
    assert fetched and not [path for path in fetched if path.startswith("/seed/")]
    assert app.texts()
    app.wait_for_state("installed")
    assert app.call("getStatus")["lastError"] is None


@pytest.mark.fault("C41")
def test_a_corrupt_seed_is_passed_over_and_a_newer_one_wins(app: App, publisher: Any) -> None:
    seed = ship_seed(app, publisher)
    (targets,) = (seed / "metadata").glob("*.targets.json")
    good = targets.read_bytes()
    targets.write_bytes(b"rot")
    app.hurry()
    app.start(seed="/seed/", autoUpdate=False)
    app.call("setMode", "off")
    assert app.refused("update") == "network"
    assert app.call("getStatus")["seed"]["code"] == "content"
    app.page.unroute("**/metadata/**")
    assert app.call("update")["to"] == 1
    targets.write_bytes(good)
    second_release(publisher)
    for part in ("metadata", "objects", "releases"):
        shutil.copytree(publisher.dist / part, seed / part, dirs_exist_ok=True)
    app.page.route("**/metadata/**", seed_alone)
    outcome = app.call("update")
    assert (outcome["to"], outcome["seeded"]) == (2, 2)
    assert app.names()[-2:] == ["updateCompleted", "updateFailed"]
    status = app.call("getStatus")
    assert (status["seed"], status["state"], status["lastError"]["code"]) == (None, "installed", "network")


@pytest.mark.fault("C41", "B21")
def test_a_seed_whose_origin_is_busy_is_taken_later_while_the_host_is_left_alone(app: App, publisher: Any) -> None:
    """Who takes it does not matter: the schedule plants as well."""
    ship_seed(app, publisher)
    app.page.unroute("**/metadata/**")

    def busy(route: Route) -> None:
        if "/seed/" not in route.request.url:
            route.fulfill(status=503, headers={"retry-after": "3600"})
        elif "/objects/" in route.request.url:
            route.fulfill(status=503)
        else:
            route.continue_()

    for part in ("metadata", "objects"):
        app.page.route(f"**/{part}/**", busy)
    app.hurry()
    app.start(seed="/seed/", autoUpdate=False)
    assert app.refused("update") == "server"
    status = app.call("getStatus")
    assert (status["installed"], status["seed"]) == (None, None)
    app.page.unroute("**/objects/**")
    app.refused("update")
    assert app.call("getLocalVersion")["sequence"] == 1
    assert app.call("getStatus")["lastError"]["code"] == "server"
