"""What holds for every source: the folder, one in memory that knows what changed, and each connector to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import (
    MARKDOWN,
    Changes,
    Checkpoint,
    Skipped,
    Source,
    SourceItem,
)
from vademecum_builder.sources.folder import FolderSource

ONE = {"a.md": "Ann", "b/c.md": "Cat", "é.md": "Eve"}
TWO = {"a.md": "Ann again", "d.md": "Dan", "é.md": "Eve"}


class Place(Protocol):
    """Where a source's documents lie. A new connector needs one of these, and a line in `PLACES`."""

    def write(self, documents: Mapping[str, str]) -> None:
        """Let these documents be all there is."""

    def source(self) -> Source:
        """Return the source as a build makes it: nothing is remembered from one build to the next."""
        ...


@dataclass
class Folder:
    root: Path

    def write(self, documents: Mapping[str, str]) -> None:
        for path in self.root.rglob("*.md"):
            path.unlink()
        for key, text in documents.items():
            (self.root / key).parent.mkdir(exist_ok=True)
            (self.root / key).write_text(text)

    def source(self) -> Source:
        return FolderSource(self.root)


@dataclass
class Log:
    """A table with a log of its changes, as a database has one: the position in it is the checkpoint."""

    root: Path
    documents: dict[str, str] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def write(self, documents: Mapping[str, str]) -> None:
        keys = sorted({*documents, *self.documents}, key=str.encode)
        self.touched += [key for key in keys if documents.get(key) != self.documents.get(key)]
        self.documents = dict(documents)

    def source(self) -> Source:
        return LogSource(self)


@dataclass
class LogSource:
    log: Log

    def changes(self, since: Checkpoint | None) -> Changes:
        if since is not None and since.strategy != "log":
            raise UsageError(f"not a checkpoint of this source: {since.strategy}")
        if not self.log.documents:
            raise UsageError("nothing to read")
        touched = self.log.documents.keys() if since is None else set(self.log.touched[int(since.position) :])
        there = sorted(touched & self.log.documents.keys(), key=str.encode)
        items = (SourceItem(key, MARKDOWN, self.log.documents[key].encode()) for key in there)
        gone = tuple(sorted(touched - self.log.documents.keys()))
        return Changes(items, gone, Checkpoint("log", str(len(self.log.touched))))


PLACES: Mapping[str, type[Folder | Log]] = {"folder": Folder, "log": Log}


@pytest.fixture(params=list(PLACES.values()), ids=list(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = request.param(tmp_path)
    return made


def read(changes: Changes) -> dict[str, str]:
    items = list(changes.items)
    assert not [item for item in items if isinstance(item, Skipped)]
    return {item.key: item.text() for item in items if isinstance(item, SourceItem)}


def test_without_a_checkpoint_it_is_everything_by_rising_key(place: Place) -> None:
    place.write(ONE)
    changes = place.source().changes(None)
    found = read(changes)
    assert found == ONE
    assert list(found) == sorted(found, key=str.encode)
    assert changes.removals == ()


def test_the_same_content_gives_the_same_items(place: Place) -> None:
    place.write(ONE)
    first, second = place.source().changes(None), place.source().changes(None)
    assert list(first.items) == list(second.items)
    assert first.checkpoint == second.checkpoint


def test_what_is_told_since_a_checkpoint_makes_the_old_state_the_new_one(place: Place) -> None:
    place.write(ONE)
    before = place.source().changes(None)
    state, since = read(before), before.checkpoint
    place.write(TWO)
    after = place.source().changes(since)
    fresh, gone = read(after), after.removals
    state = fresh if since is None else {key: state[key] for key in state.keys() - set(gone)} | fresh
    assert state == TWO == read(place.source().changes(None))


def test_a_source_that_gives_checkpoints_tells_nothing_twice(place: Place) -> None:
    place.write(ONE)
    since = place.source().changes(None).checkpoint
    if since is not None:
        again = place.source().changes(since)
        assert (read(again), again.removals, again.checkpoint) == ({}, (), since)


def test_a_checkpoint_of_another_source_is_refused(place: Place) -> None:
    place.write(ONE)
    with pytest.raises(UsageError):
        read(place.source().changes(Checkpoint("of another source", "7")))


def test_nothing_to_read_is_said(place: Place) -> None:
    with pytest.raises(UsageError):
        read(place.source().changes(None))


def test_a_checkpoint_outlives_the_process() -> None:
    checkpoint = Checkpoint("since-id", "4711")
    assert Checkpoint.decode(checkpoint.encode()) == checkpoint


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"strategy": "log", "position": 7}', b"\xff"])
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        Checkpoint.decode(data)
