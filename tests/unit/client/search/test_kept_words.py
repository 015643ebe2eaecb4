"""The words of segments are kept beside them, found again, and never believed unless they are whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.publishing import Line
from vademecum import installation
from vademecum.format.segment import Segment
from vademecum.search import kept_words, segment_words
from vademecum.search.segment_words import SegmentWords

PAGES = {f"{n}.md": f"# Page {n}\n\nThe {word} stands in the garden.\n" for n, word in enumerate(("oak", "elm"))}


@pytest.fixture
def line(tmp_path: Path) -> Line:
    line = Line(tmp_path)
    line.release(PAGES)
    return line


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Segment]]:
    """The segments whose texts were read for their words."""
    read: list[Segment] = []

    def noted(segment: Segment) -> SegmentWords:
        read.append(segment)
        return segment_words.read_words(segment)

    monkeypatch.setattr(installation, "read_words", noted)
    yield read


def found(line: Line, *, sync: bool = False) -> list[str]:
    """Open the store anew, and search."""
    with line.app() as kb:
        if sync:
            kb.sync()
        return [hit.document for hit in kb.search("elm", mode="lexical")]


def kept(line: Line) -> dict[str, bytes]:
    with closing(sqlite3.connect(line.folder / "kb.db")) as database:
        return dict(database.execute("SELECT digest, data FROM words"))


def test_they_are_read_once(line: Line, read: list[Segment]) -> None:
    assert found(line, sync=True) == ["1.md"]
    assert len(read) == 1
    assert found(line) == ["1.md"]
    assert len(read) == 1


def test_an_update_reads_those_of_new_segments_and_drops_those_of_old(line: Line, read: list[Segment]) -> None:
    found(line, sync=True)
    (first,) = kept(line)
    line.release({**PAGES, "2.md": "# Page 2\n\nAn elm again.\n"})
    assert sorted(found(line, sync=True)) == ["1.md", "2.md"]
    assert len(read) == 2
    for n in range(3):  # neither the current nor the previous generation needs the first segment then
        line.release({f"{n}.md": f"# New {n}\n\nAn elm.\n"})
        found(line, sync=True)
    with closing(sqlite3.connect(line.folder / "kb.db")) as database:
        stored = {row[0] for row in database.execute("SELECT digest FROM objects")}
    assert kept(line).keys() <= stored
    assert first not in kept(line)


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty", "older", "of another"])
def test_what_is_not_whole_or_of_another_kind_is_read_again(
    line: Line, read: list[Segment], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(line, sync=True)
    ((digest, data),) = kept(line).items()
    words = kept_words.decode_words(data, digest)
    assert words is not None
    with monkeypatch.context() as older:
        older.setattr(kept_words, "WORDS_FORMAT", "vademecum.words.0")
        of_older = kept_words.encode_words(words, digest)
    spoiled = {
        "torn": data[:-9],
        "flipped": data[:-1] + bytes([data[-1] ^ 1]),
        "empty": b"",
        "older": of_older,
        "of another": kept_words.encode_words(words, "0" * 64),
    }[damage]
    with closing(sqlite3.connect(line.folder / "kb.db")) as database, database:
        database.execute("UPDATE words SET data = ?", (spoiled,))
    assert found(line) == ["1.md"]
    assert len(read) == 2
    assert kept(line) == {digest: data}


def test_a_store_that_cannot_be_written_is_searched_all_the_same(
    line: Line, read: list[Segment], monkeypatch: pytest.MonkeyPatch
) -> None:
    found(line, sync=True)
    with closing(sqlite3.connect(line.folder / "kb.db")) as database, database:
        database.execute("DROP TABLE words")
    with closing(sqlite3.connect(line.folder / "kb.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("vademecum.runtime.sqlite.file.BUSY_TIMEOUT", 0.05)
        assert found(line) == ["1.md"]
    assert found(line) == ["1.md"]
    assert len(read) == 3
