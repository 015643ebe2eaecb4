"""A host that does everything wrong, and a second mirror that is good, over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from support import faulty_pages as host
from support.faulty_pages import Rule, faulty_pages, write_tree
from support.http_mirrors import FAULTS, PATIENT
from support.oracle import judge_content
from support.scenes import Scene, tiers
from support.tally import count
from vademecum.engine import Engine
from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum.runtime.http import HttpLimits, HttpTransport
from vademecum.runtime.locations import open_transports
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.update.results import Outcome

TIMESTAMP = "metadata/timestamp.json"


async def sync(scene: Scene, database: MemoryDatabase, urls: list[str], limits: HttpLimits) -> Outcome:
    async with AsyncExitStack() as closing:
        # Time limits are for the first, which is bad: a busy machine may take its time with the others.
        hosts = {url: HttpTransport(url, limits if url == urls[0] else PATIENT) for url in urls}
        for transport in hosts.values():
            closing.push_async_callback(transport.close)
        engine = Engine(MemoryStore(database), hosts, scene.now, trust=scene.root, config=scene.config)
        return await engine.sync()


@pytest.mark.fault("A9", "B29")
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("paths", [".*", "objects/.*"])
def test_one_bad_mirror_and_one_good(tmp_path: Path, kind: str, paths: str) -> None:
    """The update succeeds; the bad mirror is asked last from then on in the run."""
    scene, (fault, limits) = tiers(), FAULTS[kind]
    database = scene.copy()
    write_tree(tmp_path / "site", scene.files)
    with faulty_pages(tmp_path / "site", Rule(paths, fault)) as bad, faulty_pages(tmp_path / "site") as good:
        outcome = asyncio.run(sync(scene, database, [bad.url, good.url], limits))
        assert outcome.to_sequence == 2
        objects = [path for path in bad.paths() if path.startswith("objects/")]
        assert len(bad.paths()) <= 2 or 1 <= len(objects) <= 2 * scene.config.parallel, "not for every file"
    found = judge_content(scene, database.records, database.objects)
    count("mirrors, over HTTP", paths, 0, kind, "none", found)
    assert not found


@pytest.mark.fault("B29", "E56")
@pytest.mark.parametrize("target", ["", "data:text/plain,x", "javascript:alert(1)", "http://127.0.0.1:99999999/x"])
def test_a_redirection_of_one_mirror_is_its_own_affair(tmp_path: Path, target: str) -> None:
    """Where the first leads to what does not exist, or is no address, the second is asked as it was named."""
    scene = tiers()
    database = scene.copy()
    write_tree(tmp_path / "site", scene.files)
    with faulty_pages(tmp_path / "site") as good:
        moved = Rule(".*", host.status(302, Location=target or f"{good.url}elsewhere.json"))
        with faulty_pages(tmp_path / "site", moved) as bad:
            outcome = asyncio.run(sync(scene, database, [bad.url, good.url], PATIENT))
        assert outcome.to_sequence == 2
        assert TIMESTAMP in good.paths()


def test_names_of_mirrors_tell_no_secrets(tmp_path: Path) -> None:
    """A mirror is called by its address without user and password; each has its own."""
    scene = tiers()
    write_tree(tmp_path / "site", scene.files)
    store = tmp_path / "kb.db"
    with faulty_pages(tmp_path / "site", Rule(".*", host.status(401))) as bad, faulty_pages(tmp_path / "site") as good:
        secret = bad.url.replace("http://", "http://user:hunter2@")
        knowledge = KnowledgeBase.open(store, url=[secret, good.url], trust=scene.root)
        assert knowledge.sync().to_sequence == 2
        assert all("Authorization" in headers for _, headers in bad.asked)
        assert not any("Authorization" in headers for _, headers in good.asked)
    assert b"hunter2" not in store.read_bytes()
    assert list(open_transports([secret])) == [bad.url]


def test_a_mirror_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    named: list[str | Path] = ["http://127.0.0.1:1/kb", "http://127.0.0.1:1/kb/", str(tmp_path), tmp_path]
    assert list(open_transports(named)) == ["http://127.0.0.1:1/kb/", str(tmp_path.resolve())]
    with pytest.raises(UsageError):
        open_transports([str(tmp_path), "ftp://example.org/"])
