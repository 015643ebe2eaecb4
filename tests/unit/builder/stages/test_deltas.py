"""Packs as `vade build` publishes them: every client finds its way, whatever it has and wherever the line was built."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.publishing import HANDBOOK, Line, ask, pull, pulled, read, tree_of
from vademecum.delta.dictionary import step_of
from vademecum.errors import ContentError
from vademecum.format.json import Fields
from vademecum.format.manifest import decode_manifest
from vademecum.ports import Store
from vademecum.runtime.folder import FolderTransport
from vademecum_builder.delta.old_rows import History, decode_history, encode_history
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.index.rows import VectorSpace
from vademecum_builder.release.published import Published
from vademecum_builder.request import ArchiveLimits


def page(number: int) -> dict[str, str]:
    parts = "".join(
        f"## Part {part}\n\nPart {part} tells of lamps, keys and the weather of the {part}th month.\n\n"
        for part in range(12)
    )
    return {**HANDBOOK, "page.md": f"# Page\n\n{parts}## Edition\n\nEdition {number} of the page.\n"}


def current(line: Line) -> Published:
    return read(FolderTransport(line.out), line.root)


def packs_of(line: Line) -> list[int]:
    return [entry.after for entry in current(line).manifest.packs]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Line, dict[int, Store]]:
    """Twenty-two releases, and a client that stopped at each of them."""
    line = Line(tmp_path_factory.mktemp("packs"))
    stores: dict[int, Store] = {}
    for number in range(1, 23):
        line.release(page(number), archive=ArchiveLimits(0))
        stores[number] = pulled(line)
    return line, stores


@pytest.mark.slow
def test_from_every_release_packs_lead_to_the_last_one(releases: tuple[Line, dict[int, Store]]) -> None:
    line, stores = releases
    for number, store in stores.items():
        if number < 22:
            outcome = pull(store, FolderTransport(line.out), line.root)
            assert outcome.plan == "direct", number
            assert outcome.requests <= 12
        assert ask(store, "edition of the page")[0].text == "Edition 22 of the page."


def test_only_steps_stay_of_older_packs(releases: tuple[Line, dict[int, Store]]) -> None:
    line, _ = releases
    tree = tree_of(line.out)
    manifests = [decode_manifest(data) for path, data in tree.items() if path.startswith("releases/")]
    recent = sorted(manifest.sequence for manifest in manifests)[-3:]
    steps = [manifest.sequence for manifest in manifests if manifest.sequence not in recent]
    assert sorted(steps) == [4, 8, 12, 16]
    kept = {entry.object.path for manifest in manifests if manifest.sequence in recent for entry in manifest.packs}
    kept |= {
        entry.object.path
        for manifest in manifests
        for entry in manifest.packs
        if step_of(entry.after) == manifest.sequence
    }
    assert {path for path in tree if path.endswith(".pack")} == kept


@pytest.mark.slow
def test_the_line_goes_on_from_a_folder_that_was_carried_over(
    releases: tuple[Line, dict[int, Store]], tmp_path: Path
) -> None:
    line, _ = releases
    fresh = Line(tmp_path)
    shutil.rmtree(fresh.keys)
    shutil.copytree(line.keys, fresh.keys)
    store = pulled_at(line, tmp_path / "old", 3)
    fresh.release(page(23), previous=current(line))
    assert pull(store, FolderTransport(fresh.out), line.root).plan == "direct"
    assert ask(store, "edition of the page")[0].text == "Edition 23 of the page."


def pulled_at(line: Line, folder: Path, number: int) -> Store:
    """A client of an early release of the same content, under the same keys."""
    early = Line(folder)
    shutil.rmtree(early.keys)
    shutil.copytree(line.keys, early.keys)
    for edition in range(1, number + 1):
        early.release(page(edition))
    return pulled(early)


def test_no_packs_where_none_are_wanted(tmp_path: Path) -> None:
    line = Line(tmp_path)
    for number in (1, 2):
        line.release(page(number), packs=PackLimits(most=0))
    assert packs_of(line) == []
    store = pulled_at(line, tmp_path / "old", 1)
    assert pull(store, FolderTransport(line.out), line.root).plan == "tiers"


@pytest.mark.slow
def test_a_budget_drops_the_oldest_first(tmp_path: Path) -> None:
    line = Line(tmp_path)
    for number in range(1, 7):
        line.release(page(number))
    sizes = [entry.size for entry in current(line).manifest.packs]
    assert packs_of(line) == [5, 4, 3, 2, 1]
    line.release(page(7), packs=PackLimits(most=2 * max(sizes) + 20))
    assert packs_of(line) == [6, 5]
    line.release(page(8))
    assert packs_of(line) == [7, 6, 5], "what is not known any more cannot be built on"


def test_a_new_epoch_begins_without_packs(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(page(1))
    line.release(page(2))
    line.release(page(3), refit=True)
    assert packs_of(line) == []
    line.release(page(4))
    assert packs_of(line) == [3]


def test_an_unchanged_build_keeps_packs(tmp_path: Path) -> None:
    line = Line(tmp_path)
    for number in (1, 2):
        line.release(page(number))
    before = {path for path in tree_of(line.out) if path.endswith(".pack")}
    line.later(days=25)
    assert not line.release(page(2)).changed
    assert {path for path in tree_of(line.out) if path.endswith(".pack")} == before
    assert before


def test_a_history_that_does_not_fit_its_rows_is_refused(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(page(1))
    line.release(page(2))
    history = current(line).history
    assert [row.text for row, _ in history.chunks] == ["Edition 1 of the page."]
    dimensions = current(line).manifest.encoder.dimensions
    content, told = encode_history(history, VectorSpace("builtin", dimensions, "0" * 16))
    told = json.loads(json.dumps(told))
    assert decode_history(content, Fields(told, "history")) == history
    for name in ("documents", "chunks"):
        with pytest.raises(ContentError, match="counts are not those of its rows"):
            decode_history(content, Fields({**told, name: []}, "history"))
    assert history.since(2) == History(2)
