"""KnowledgeBase: the public face on CPython, over real SQLite files and published trees in folders and on HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import vademecum
from support.followed_tree import stop_working
from support.publisher import Documents, Publisher
from vademecum import Config, Hit, KnowledgeBase
from vademecum.errors import (
    BudgetError,
    ContentError,
    DamagedError,
    EmptyStoreError,
    NetworkError,
    NotAStoreError,
    SelfTestError,
    ServerError,
    SignatureError,
    UsageError,
    VademecumError,
)
from vademecum.events import EVENTS
from vademecum.generation.opened import Opened, open_generation
from vademecum.ports import Store
from vademecum.runtime.loop import run
from vademecum.search.results import Place, addressed
from vademecum.store.pointer import Generation
from vademecum.update.results import Check
from vademecum.update.run import search_page

ONE: Documents = {"a": {"chunks": ["rotate the key"], "title": "A", "url": "a.html"}, "b": {"chunks": ["a lamp"]}}
TWO: Documents = {"a": {"chunks": ["run home"], "title": "A"}, "b": {"chunks": ["a lamp"]}}
FAST = Config(retries=0)


class Tree:
    """A published tree in a folder; signed today, because KnowledgeBase goes by the real clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.publisher = Publisher(now=datetime.now(UTC).replace(microsecond=0))
        self.publish(ONE)

    def publish(self, documents: Documents) -> None:
        self.publisher.publish(documents)
        for path, data in self.publisher.files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(data)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "site")


@pytest.fixture
def kb(tree: Tree, tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root, config=FAST)


@pytest.fixture
def synced(kb: KnowledgeBase) -> KnowledgeBase:
    kb.sync()
    return kb


def texts(hits: list[Hit]) -> set[str]:
    return {hit.text for hit in hits}


def test_install_search_update_roll_back(kb: KnowledgeBase, tree: Tree) -> None:
    outcome = kb.sync()
    assert (outcome.plan, outcome.from_sequence, outcome.to_sequence) == ("full", None, 1)
    assert kb.search("rotate the key", limit=1)[0].text == "rotate the key"
    assert kb.release.sequence == 1
    tree.publish(TWO)
    bytes, cost = kb.check().bytes, kb.check().cost
    assert kb.check() == Check(True, 2, "v2", "tiers", bytes, 1, cost=cost, documents=1, decision="install")
    assert kb.sync().plan == "tiers"
    assert kb.release.sequence == 2, "the open one has followed"
    assert kb.search("run home", limit=1)[0].text == "run home"
    assert kb.rollback().sequence == 1
    assert kb.search("rotate the key", limit=1)[0].text == "rotate the key"
    assert kb.sync().plan == "none"


def test_an_awaited_search_lets_the_loop_go_on(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    kb.sync()
    scanned: list[threading.Thread] = []
    search = kb.search

    def noted(query: str, limit: int, **options: Any) -> list[Hit]:
        scanned.append(threading.current_thread())
        return search(query, limit, **options)

    monkeypatch.setattr(kb, "search", noted)
    assert asyncio.run(kb.search_async("rotate the key", limit=1))[0].text == "rotate the key"
    assert scanned[0] is not threading.main_thread()


def test_the_same_with_await(kb: KnowledgeBase, tree: Tree) -> None:
    async def use() -> None:
        assert (await kb.sync_async()).to_sequence == 1
        assert (await kb.search_async("rotate the key", limit=1))[0].text == "rotate the key"
        tree.publish(TWO)
        assert (await kb.check_async()).available
        assert (await kb.sync_async()).to_sequence == 2
        assert texts(await kb.search_async("run home")) >= {"run home"}
        assert (await kb.rollback_async()).sequence == 1
        assert (await kb.status_async())["refused"] == [2]
        await kb.pin_async(1)
        assert (await kb.status_async())["pinned"] == 1

    asyncio.run(use())


def test_the_synchronous_face_inside_a_running_loop(kb: KnowledgeBase) -> None:
    """As in a notebook."""

    async def cell() -> set[str]:
        kb.sync()
        return texts(kb.search("rotate the key", limit=1))

    assert asyncio.run(cell()) == {"rotate the key"}


def test_reading_needs_no_url(synced: KnowledgeBase, tmp_path: Path) -> None:
    offline = KnowledgeBase.open(tmp_path / "kb.db")
    assert texts(offline.search("rotate the key", limit=1)) == {"rotate the key"}
    assert offline.status()["installed"]["sequence"] == 1
    for call in (offline.sync, offline.check):
        with pytest.raises(UsageError, match="without a url"):
            call()


def test_rolling_back_and_pinning_need_no_url(synced: KnowledgeBase, tree: Tree, tmp_path: Path) -> None:
    tree.publish(TWO)
    synced.sync()
    offline = KnowledgeBase.open(tmp_path / "kb.db")
    assert offline.rollback().sequence == 1
    offline.pin(2)
    assert offline.status()["pinned"] == 2
    assert offline.release.sequence == 2


def test_searching_before_the_first_install(kb: KnowledgeBase, tmp_path: Path) -> None:
    for call in (partial(kb.search, "key"), partial(kb.document, "a"), kb.reload, lambda: kb.release):
        with pytest.raises(EmptyStoreError):
            call()
    with pytest.raises(EmptyStoreError):
        asyncio.run(kb.search_async("key"))
    assert (kb.status()["installed"], kb.status()["policy"]["mode"]) == (None, "automatic"), "a first screen shows it"
    with pytest.raises(EmptyStoreError):
        KnowledgeBase.open(tmp_path / "kb.db").status()  # nothing could come: it may be another path
    assert not (tmp_path / "kb.db").exists(), "reading makes no file"


@pytest.mark.fault("C38", "D49")
def test_a_file_that_rots_is_mended(synced: KnowledgeBase, tmp_path: Path) -> None:
    """The reader that could not open it makes the next sync look at all of it."""
    heard: list[Mapping[str, Any]] = []
    synced.on("corruption", heard.append)
    with closing(sqlite3.connect(tmp_path / "kb.db")) as connection:
        connection.execute("UPDATE objects SET data = zeroblob(length(data))")
        connection.commit()
    with pytest.raises(DamagedError):
        synced.search("rotate the key")
    assert synced.sync().plan == "none"
    (detail,) = heard
    assert detail["repaired"] == len(detail["objects"]) == 2
    assert synced.search("rotate the key", limit=1)[0].text == "rotate the key"


def test_documents(synced: KnowledgeBase) -> None:
    view = synced.document("a")
    assert view is not None
    assert (view.title, view.url, [passage.text for passage in view.chunks]) == ("A", "a.html", ["rotate the key"])
    for key in ("nowhere", "", "\ud800"):
        assert synced.document(key) is None
    with pytest.raises(UsageError, match="key must be a text"):
        synced.document(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, -5, 1001])
def test_a_limit_is_from_1_to_1000(synced: KnowledgeBase, limit: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 1000"):
        synced.search("key", limit=limit)


@pytest.mark.fault("D44")
def test_another_process_updates(synced: KnowledgeBase, tree: Tree, tmp_path: Path) -> None:
    assert synced.release.sequence == 1
    tree.publish(TWO)
    other = KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root)
    other.sync()
    assert synced.release.sequence == 1, "a reader keeps its generation"
    assert texts(synced.search("rotate the key", limit=1)) == {"rotate the key"}
    synced.reload()
    assert synced.release.sequence == 2


@pytest.mark.fault("D44")
@pytest.mark.parametrize("change", ["force", "publish"])
def test_another_process_flips_while_this_one_reads(
    synced: KnowledgeBase, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """What is being read is collected under the reader: it reads what is there now, and no damage is counted."""

    def other() -> KnowledgeBase:
        return KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root)

    tree.publish(TWO)
    merging = Config(retries=0, max_segments=1)  # the merged segment is nobody else's
    KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root, config=merging).sync()

    def flip() -> None:
        for documents in (None,) if change == "force" else (ONE, TWO):
            if documents:
                tree.publish(documents)
            other().sync(force=True)

    async def read_late(store: Store, generation: Generation) -> Opened:
        monkeypatch.undo()
        thread = threading.Thread(target=flip)
        thread.start()
        thread.join()
        return await open_generation(store, generation)

    monkeypatch.setattr("vademecum.installation.open_generation", read_late)
    reader = other()
    assert texts(reader.search("run home", limit=1)) == {"run home"}
    assert reader.release.sequence == (2 if change == "force" else 4)
    with closing(sqlite3.connect(tmp_path / "kb.db")) as connection:
        assert not connection.execute("SELECT value FROM records WHERE name = 'health'").fetchall()


@pytest.mark.fault("D47")
def test_a_release_that_does_not_work_any_more_is_undone_by_whoever_opens_it(
    synced: KnowledgeBase, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.publish(TWO)
    synced.sync()
    stop_working(monkeypatch, 2)
    synced.reload()
    assert (synced.release.sequence, synced.status()["refused"]) == (1, [2])
    assert texts(synced.search("rotate the key", limit=1)) == {"rotate the key"}
    assert synced.sync().plan == "none", "it is not tried again"


@pytest.mark.fault("D47")
def test_the_first_release_does_not_work_any_more(synced: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_working(monkeypatch, 1)
    synced.close()
    with pytest.raises(SelfTestError, match="another vector; going back: the release was undone, and there is"):
        synced.search("key")
    with pytest.raises(EmptyStoreError):
        synced.search("key")


@pytest.mark.fault("D47")
def test_what_was_installed_meanwhile_is_not_undone(
    synced: KnowledgeBase, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root)
    tree.publish(TWO)
    found = synced.release
    other.sync()
    kept = run(synced._installation.use(lambda engine: engine.refuse_current("no", found=found)))
    assert (kept.sequence, synced.status()["refused"]) == (2, [])


def test_all_that_is_public_says_what_it_does() -> None:
    methods = [name for name in vars(KnowledgeBase) if not name.startswith("_")]
    assert {"sync", "sync_async", "release"} <= {*methods}
    assert [name for name in methods if not getattr(KnowledgeBase, name).__doc__] == []


def test_closing_and_using_again(synced: KnowledgeBase) -> None:
    with synced as kb:
        assert kb.search("key")
    assert synced.search("key"), "it is opened again"


# Trust -------------------------------------------------------------------------------------------


def test_trust_may_be_bytes_text_or_a_file(tree: Tree, tmp_path: Path) -> None:
    root = tree.publisher.first_root
    file = tmp_path / "root.json"
    file.write_bytes(root)
    forms: list[bytes | str | Path] = [root, root.decode(), file, str(file)]
    for number, trust in enumerate(forms):
        kb = KnowledgeBase.open(tmp_path / f"{number}.db", url=tree.folder, trust=trust)
        assert kb.sync().to_sequence == 1
        assert kb.status()["firstUse"] is False
    with pytest.raises(UsageError, match="nowhere"):
        KnowledgeBase.open(tmp_path / "x.db", trust=tmp_path / "nowhere.json")


def test_without_trust_the_first_contact_is_pinned_and_said(tree: Tree, tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder)
    kb.sync()
    assert kb.status()["firstUse"] is True


def test_a_wrong_root(tree: Tree, tmp_path: Path) -> None:
    stranger = Publisher(line="stranger ", now=tree.publisher.now)
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=stranger.first_root, config=FAST)
    outcome = kb.sync()
    assert isinstance(outcome.error, SignatureError)
    assert (outcome.plan, outcome.from_sequence, outcome.to_sequence) == ("none", None, 0)
    with pytest.raises(EmptyStoreError):
        kb.search("key")


# Events ------------------------------------------------------------------------------------------


def test_events(kb: KnowledgeBase, tree: Tree) -> None:
    heard: list[tuple[str, Mapping[str, Any]]] = []
    for event in EVENTS:
        kb.on(event, lambda detail, event=event: heard.append((event, detail)))  # type: ignore[misc]
    kb.sync()
    names = [name for name, _ in heard]
    assert (names[0], names[-1]) == ("updateStarted", "updateCompleted")
    assert set(names[1:-1]) == {"updateProgress"}
    tree.publish(TWO)
    heard.clear()
    kb.check()
    assert [name for name, _ in heard] == ["updateAvailable"]
    kb.sync()
    heard.clear()
    kb.rollback()
    assert heard == [("rolledBack", {"sequence": 1, "version": "v1"})]


def test_failures_are_announced_and_noted(synced: KnowledgeBase, tree: Tree) -> None:
    failures: list[Mapping[str, Any]] = []
    synced.on("updateFailed", failures.append)
    (tree.folder / "metadata/timestamp.json").write_bytes(b"<html>")
    outcome = synced.sync()
    assert isinstance(outcome.error, ContentError)
    assert (outcome.from_sequence, outcome.to_sequence, outcome.version) == (1, 1, "v1")
    assert [(failure["code"], failure["willRetry"]) for failure in failures] == [("content", False)]
    assert synced.status()["lastError"]["code"] == "content"
    assert synced.search("key")


def test_a_sync_that_did_not_end_says_what_it_took(tree: Tree, tmp_path: Path) -> None:
    config = Config(retries=0, max_update_bytes=1)
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tree.folder, trust=tree.publisher.first_root, config=config)
    asked = [kb.sync()]
    while asked[-1].error:
        asked.append(kb.sync())
    first = asked[0]
    assert isinstance(first.error, BudgetError)
    whole = sum((tree.folder / path).stat().st_size for path in tree.publisher.files if "root.json" not in path)
    assert 0 < first.bytes < whole <= sum(outcome.bytes for outcome in asked)
    assert first.requests > 3
    assert first.seconds > 0
    (tree.folder / "metadata/timestamp.json").unlink()
    missing = kb.sync()
    assert (type(missing.error), missing.requests, missing.bytes) == (ServerError, 1, 0)


def test_each_listener_has_a_dictionary_of_its_own(synced: KnowledgeBase, tree: Tree) -> None:
    heard = []

    def takes(detail: dict[str, Any]) -> None:
        detail.clear()

    synced.on("updateCompleted", takes)
    synced.on("updateCompleted", lambda detail: heard.append(detail["version"]))
    tree.publish(TWO)
    synced.sync()
    assert heard == ["v2"]


@pytest.mark.fault("E59")
def test_a_listener_that_syncs_again_is_not_called_from_inside_itself(tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url="http://127.0.0.1:9/", config=FAST)
    calls = []

    def again(detail: Mapping[str, Any]) -> None:
        calls.append(detail)
        if detail["willRetry"]:
            kb.sync()

    kb.on("updateFailed", again)
    assert isinstance(kb.sync().error, NetworkError)
    assert len(calls) == 1, "the store is busy, and that is no failure"


def test_a_listener_that_throws_disturbs_nobody(kb: KnowledgeBase, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[object] = []

    def broken(detail: Mapping[str, Any]) -> None:
        raise RuntimeError("the app's own bug")

    kb.on("updateCompleted", broken)
    kb.on("updateCompleted", heard.append)
    assert kb.sync().to_sequence == 1
    assert len(heard) == 1, "the others are called all the same"
    assert "a listener of updateCompleted failed" in caplog.text


def test_listeners_come_and_go(kb: KnowledgeBase, tree: Tree) -> None:
    heard: list[object] = []
    stop = kb.on("updateCompleted", heard.append)
    kb.sync()
    stop()
    kb.off("updateCompleted", heard.append)
    kb.off("nonsense", heard.append)
    tree.publish(TWO)
    kb.sync()
    assert len(heard) == 1
    with pytest.raises(UsageError, match="no event 'updated'; there are: updateAvailable"):
        kb.on("updated", heard.append)


# Faults ------------------------------------------------------------------------------------------


def test_no_such_folder(tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tmp_path / "nowhere", config=FAST)
    error = kb.sync().error
    assert isinstance(error, NetworkError)
    assert "no such folder" in error.message


def test_a_file_that_is_no_store(tree: Tree, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, which nobody is to overwrite" * 100, encoding="utf-8")
    before = path.read_bytes()
    kb = KnowledgeBase.open(path, url=tree.folder)
    assert isinstance(kb.sync().error, NotAStoreError)
    for call in (kb.status, partial(kb.search, "key")):
        with pytest.raises(NotAStoreError):
            call()
    assert path.read_bytes() == before


def test_an_address_of_another_kind(tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url="ftp://127.0.0.1/kb/")
    with pytest.raises(UsageError, match="ftp"):
        kb.sync()
    assert not (tmp_path / "kb.db").exists()


def test_threads_share_one(synced: KnowledgeBase, tree: Tree) -> None:
    """While one thread updates, others search: each list is of one release or the other."""
    synced.close()
    barrier = threading.Barrier(5)

    def search(_: int) -> list[set[str]]:
        barrier.wait()
        return [texts(synced.search("rotate the key and run home", limit=10)) for _ in range(20)]

    def update() -> None:
        barrier.wait()
        tree.publish(TWO)
        synced.sync()

    with ThreadPoolExecutor(5) as pool:
        updated = pool.submit(update)
        seen = [found for future in [pool.submit(search, n) for n in range(4)] for found in future.result()]
        updated.result()
    assert len(seen) == 80
    assert not any({"rotate the key", "run home"} <= found for found in seen)
    assert synced.release.sequence == 2


# HTTP --------------------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Tests keep the terminal for themselves."""


@pytest.fixture
def address(tree: Tree) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tree.folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_over_http(address: str, tree: Tree, tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=address, trust=tree.publisher.first_root, config=FAST)
    outcome = kb.sync()
    assert (outcome.to_sequence, outcome.plan, outcome.requests) == (1, "full", 7)
    assert texts(kb.search("rotate the key", limit=1)) == {"rotate the key"}
    again = kb.sync()
    assert (again.plan, again.requests) == ("none", 1)
    tree.publish(TWO)
    assert asyncio.run(kb.sync_async()).plan == "tiers"
    assert texts(kb.search("run home", limit=1)) == {"run home"}


@pytest.mark.fault("B26")
@pytest.mark.parametrize(
    ("url", "key", "page"),
    [
        ("https://h/kb/", "guide/keys (1).md", "https://h/kb/?doc=guide%2Fkeys%20(1).md"),
        ("https://h/kb/?sig=1", "ä&b", "https://h/kb/?sig=1&doc=%C3%A4%26b"),
        ("https://me:secret@h/kb/index.html", "a", "https://h/kb/?doc=a"),
        ("https://h/kb", "a", "https://h/kb/?doc=a"),
        ("/a/folder", "a", ""),
    ],
)
def test_what_has_no_page_of_its_own_is_shown_by_the_trees_search_page(url: str, key: str, page: str) -> None:
    """As tests/unit/js/net/transport.test.mjs has it."""
    other = Hit("1", "b", "B", "", "https://docs.example/b#x", "text", 1.0)
    hit = Hit("0", key, "A", "", "", "text", 1.0, places=(Place(key, "A", ""),), more=(other,))
    [found] = addressed([hit], search_page(url))
    assert (found.url, found.link, found.places[0].url, found.more[0].url) == (page, page, page, other.url)


def test_no_hit_is_without_an_address(address: str, tree: Tree, tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=address, trust=tree.publisher.first_root, config=FAST)
    kb.sync()
    [first, *_] = kb.search("run")
    assert first.url == first.link == f"{address}?doc={first.document}"
    # An address that is wrong changes nothing of it.
    assert KnowledgeBase.open(tmp_path / "kb.db", url=str(tmp_path / "nowhere"), config=FAST).sync().error
    [offline, *_] = KnowledgeBase.open(tmp_path / "kb.db").search("run")
    assert offline == first, "the store knows where it came from"


def test_a_host_that_is_gone(synced: KnowledgeBase, tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url="http://127.0.0.1:1/", config=FAST)
    error = kb.sync().error
    assert error is not None
    assert error.transient
    with pytest.raises(NetworkError):
        kb.check()
    assert texts(kb.search("rotate the key", limit=1)) == {"rotate the key"}


def kinds(kind: type[VademecumError]) -> set[type[VademecumError]]:
    """The client's classes below it, and itself; the builder has errors of its own."""
    below = (each for each in kind.__subclasses__() if each.__module__ == "vademecum.errors")
    return {kind}.union(*map(kinds, below))


def test_an_error_says_whose_fault_it_is() -> None:
    """One root of four for each, and no class under two."""
    roots = [vademecum.HostError, vademecum.TrustError, vademecum.StoreError, vademecum.CallerError]
    assert kinds(VademecumError) == {VademecumError}.union(*map(kinds, roots))
    assert sum(len(kinds(root)) for root in roots) == len(kinds(VademecumError)) - 1
    assert kinds(vademecum.StoreError) >= {vademecum.DamagedError, vademecum.BusyError, vademecum.QuotaError}
    assert vademecum.DamagedError.code == vademecum.ContentError.code == "content"


def test_the_package_shows_its_face() -> None:
    errors = {name for name, kind in vars(vademecum.errors).items() if name in dir(vademecum)}
    assert errors == {kind.__name__ for kind in kinds(VademecumError)}
    values = {"Check", "Config", "Connection", "DocumentView", "Hit", "KnowledgeBase", "Outcome", "Policy", "Results"}
    assert set(dir(vademecum)) == errors | values | {"__version__"}
    assert all(getattr(vademecum, name) is not None for name in vademecum.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = vademecum.Nonsense


# Misuse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"trust": {}}, "trust is not root metadata"),
        ({"trust": {"a": 1}}, "trust is not root metadata"),
        ({"trust": "{}"}, "trust is not root metadata"),
        ({"trust": b"release"}, "trust is not root metadata"),
        ({"trust": 7}, "trust must be root.json"),
        ({"trust": "a\0b"}, "trust: cannot read"),
        ({"store": None}, "store must be"),
        ({"store": ""}, "store must be"),
        ({"url": 7}, "url must be an address, a folder, or a list"),
        ({"url": ["https://example.org/", None]}, "url must be"),
        ({"url": ""}, "url must be"),
        ({"seed": 1}, "seed must be"),
        ({"config": {}}, "config must be"),
        ({"policy": "off"}, "policy must be"),
    ],
    ids=repr,
)
def test_arguments_of_another_type_are_told_at_once(tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        KnowledgeBase.open(**{"store": tmp_path / "kb.db", **arguments})


def test_a_file_that_is_no_root_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "release.pem").write_text("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(ContentError, match=r"release\.pem is not root metadata"):
        KnowledgeBase.open(tmp_path / "kb.db", trust=tmp_path / "release.pem")


def test_an_address_without_a_scheme_is_a_mistake_and_no_trouble_of_the_network(tmp_path: Path) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", url="example.org/kb")
    with pytest.raises(UsageError, match=r"did you mean https://example\.org/kb"):
        kb.sync()


def test_a_question_of_another_type(synced: KnowledgeBase) -> None:
    wrong: list[dict[str, Any]] = [{"query": None}, {"limit": "5"}, {"limit": True}, {"limit": 2.5}, {"mode": 1}]
    for arguments in wrong:
        with pytest.raises(UsageError, match=next(iter(arguments))):
            synced.search(**{"query": "key", **arguments})
