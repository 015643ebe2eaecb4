"""Trees that were published long ago: this client reads them, and finds what clients found then."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.generation.opened import open_generation
from vademecum.ports import Store
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.search.question import Question
from vademecum.search.searcher import Searcher
from vademecum.store.pointer import decode_head
from vademecum.update.results import Outcome
from vademecum_builder.release.verify import files_below, verify_tree

HERE = Path(__file__).parent
FORMATS = sorted(path for path in HERE.iterdir() if path.name.startswith("format-"))
THEN = datetime(2026, 11, 23, tzinfo=UTC)
ONCE = Config(retries=0)


@pytest.fixture(params=FORMATS, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def hits_of(golden: Path, release: str) -> dict[str, list[dict[str, Any]]]:
    expected = json.loads((golden / "expected.json").read_text(encoding="utf-8"))["hits"][release]
    assert isinstance(expected, dict)
    return expected


async def pull(store: Store, golden: Path, release: str) -> Outcome:
    trust = (golden / "root.json").read_bytes()
    engine = Engine(store, FolderTransport(golden / release), FixedClock(THEN), trust=trust, config=ONCE)
    return await engine.sync()


async def check_hits(store: Store, golden: Path, release: str) -> None:
    head = decode_head(await store.read("head"))
    assert head.current is not None
    index = Searcher(await open_generation(store, head.current))
    for query, expected in hits_of(golden, release).items():
        found = [
            {"chunk": hit.id, "document": hit.document, "score": round(hit.score, 9)}
            | {"text": hit.text, "markdown": hit.markdown}
            for hit in index.search(Question(query, 5))
        ]
        assert found == expected, query


@pytest.mark.parametrize(("kind", "plan"), [("memory", "direct"), ("sqlite", "direct"), ("memory", "tiers")])
def test_a_client_pulls_both_releases_and_answers_as_clients_did(
    golden: Path, kind: str, plan: str, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(golden, tree)
    (pack,) = (tree / "second/objects").glob("*.pack")
    if plan == "tiers":
        pack.unlink()

    async def journey() -> None:
        store: Store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "kb.db")
        first = await pull(store, tree, "first")
        assert (first.plan, first.to_sequence) == ("full", 1)
        await check_hits(store, tree, "first")
        second = await pull(store, tree, "second")
        assert (second.plan, second.from_sequence, second.to_sequence) == (plan, 1, 2)
        assert len(decode_head(await store.read("head")).objects) == 3, "the encoder and a segment of each"
        await check_hits(store, tree, "second")
        await store.close()

    asyncio.run(journey())


def test_a_new_client_installs_the_second_release_at_once(golden: Path) -> None:
    async def journey() -> None:
        store = MemoryStore()
        assert (await pull(store, golden, "second")).plan == "full"
        await check_hits(store, golden, "second")

    asyncio.run(journey())


@pytest.mark.parametrize("release", ["first", "second"])
def test_every_file_still_verifies(golden: Path, release: str) -> None:
    folder = golden / release
    verified = asyncio.run(
        verify_tree(
            FolderTransport(folder),
            (golden / "root.json").read_bytes(),
            FixedClock(THEN),
            ONCE,
            present=files_below(folder),
        )
    )
    assert (verified.documents, verified.unsigned) == (3, ())
    assert verified.files == len(files_below(folder))


def test_there_is_a_tree_for_the_format_that_is_written_now() -> None:
    from vademecum.format.objects import FORMAT

    assert f"format-{FORMAT}" in {path.name for path in FORMATS}


def test_trees_are_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 150_000
