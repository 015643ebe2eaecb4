"""Bits that rot on SQLite's own pages: whatever they hit, an app gets an error of ours, and the doctor mends it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.followed_tree import PAGE, FollowedTree
from support.sampling import sample
from vademecum.doctor import begin_anew
from vademecum.errors import BusyError, StorageError, VademecumError
from vademecum.runtime.sqlite.rescue import set_aside
from vademecum.runtime.sqlite.store import SqliteStore

TOP = 0x80
"""With this bit, no letter is one: neither SQLite's messages nor what it returns can be decoded."""
MARKS = {*range(60, 64), *range(68, 72)}
"""Version and application id: with others, it is a file of somebody else."""


@pytest.fixture
def place(quick: Path) -> FollowedTree:
    return FollowedTree(quick)


def lay(place: FollowedTree, data: bytes) -> None:
    for left in place.path.parent.glob("kb.db*"):
        left.unlink()
    place.path.write_bytes(data)


def flipped(data: bytes, byte: int) -> bytes:
    return data[:byte] + bytes([data[byte] ^ TOP]) + data[byte + 1 :]


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except VademecumError as error:
        return error.code
    return ""


@pytest.mark.fault("C38")
def test_a_bit_of_any_byte_of_the_first_page(place: FollowedTree) -> None:
    """SQLite's header, and the names and descriptions of the tables. No error is raised but ours."""
    data = place.path.read_bytes()
    used = [byte for byte in range(PAGE) if data[byte]]
    assert len(used) > 300
    codes = set()
    for number, byte in enumerate(sorted({*MARKS.intersection(used), *sample(used, 8, "first page")})):
        lay(place, flipped(data, byte))
        codes |= {code_of(lambda: place.open().status()), code_of(place.check)}
        if byte in MARKS:
            assert code_of(lambda: place.open().doctor()) in ("not-a-store", "newer-format")
            continue
        if number % 5 == 0:
            code_of(lambda: place.open().sync())
            assert place.open().doctor().sound
            assert place.works()
        else:
            saved = begin_anew(place.path, datetime.now(UTC))
            assert "trust/root.json" in saved.records, f"byte {byte}: what the first page says is known"
    assert codes == {"", "storage", "not-a-store", "newer-format"}


@pytest.mark.fault("C38")
def test_a_name_that_is_no_text_any_more(place: FollowedTree) -> None:
    """Python itself refuses to return it: that error has no code of SQLite's."""
    place.sql("UPDATE objects SET digest = CAST(x'ff' AS TEXT) WHERE rowid = 1")

    async def names() -> list[str]:
        store = SqliteStore(place.path, readonly=True)
        try:
            return sorted(await store.objects())
        finally:
            await store.close()

    with pytest.raises(StorageError, match="is damaged"):
        asyncio.run(names())
    assert "UTF-8" in place.check().checks[0].message, "SQLite's integrity check passes it"
    assert place.open().doctor().sound
    assert place.works()


@pytest.mark.fault("C38")
@pytest.mark.parametrize("column", ["name", "digest"])
def test_a_column_whose_name_is_another_one(place: FollowedTree, column: str) -> None:
    """SQLite's integrity check passes that: to SQLite any name is as good."""
    lay(place, place.path.read_bytes().replace(f"{column} TEXT".encode(), f"x{column[1:]} TEXT".encode()))
    with pytest.raises(StorageError, match=r"is damaged.*vade doctor"):
        place.works()
    assert "description of its tables" in place.check().checks[0].message
    found = place.open().doctor()
    assert "the trust floor was kept" in found.checks[0].message
    assert found.sound
    assert place.works()


@pytest.mark.fault("C38")
@pytest.mark.parametrize("rooted", [True, False])
def test_the_sync_after_a_search_that_failed_begins_a_damaged_file_anew_but_no_trust(
    place: FollowedTree, rooted: bool
) -> None:
    if not rooted:
        place.sql("UPDATE records SET value = x'00' WHERE name = 'trust/root.json'")
    lay(place, place.path.read_bytes().replace(b"digest TEXT", b"xigest TEXT"))
    kb = place.open()
    with pytest.raises(StorageError, match="the next sync repairs it"):
        kb.search("run")
    before, error = place.path.read_bytes(), kb.sync().error
    assert set_aside(place.path).read_bytes() == before
    if rooted:
        assert error is None and kb.search("run") and place.works() and place.check().sound
    else:
        assert isinstance(error, StorageError) and "vade doctor` starts over" in error.message
        assert place.path.read_bytes() == before
        copied = set_aside(place.path).stat().st_mtime_ns
        assert isinstance(kb.sync().error, StorageError)
        assert set_aside(place.path).stat().st_mtime_ns == copied, "what lies there already is not copied each time"


@pytest.mark.fault("C38")
def test_the_first_sync_of_another_program_mends_what_a_search_has_met(place: FollowedTree) -> None:
    with closing(sqlite3.connect(place.path)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'objects'")
    data = place.path.read_bytes()
    lay(place, data[: (root - 1) * PAGE] + bytes(PAGE) + data[root * PAGE :])
    for _ in range(2):
        with place.open(online=False) as kb, pytest.raises(StorageError, match="the next sync repairs it"):
            kb.search("run")
    with place.open() as kb:
        assert kb.update().to_sequence == 2
    assert place.works() and place.check().sound


@pytest.mark.fault("C38")
def test_until_a_file_that_was_begun_anew_is_filled_again_search_says_that_it_will_be(place: FollowedTree) -> None:
    begin_anew(place.path, datetime.now(UTC))
    with place.open(online=False) as kb, pytest.raises(StorageError, match="fetched again, now or by the next sync"):
        kb.search("run")


@pytest.mark.fault("C38")
def test_a_sync_keeps_a_floor_that_can_be_read_once_the_first_page_is_mended(place: FollowedTree) -> None:
    data = bytearray(place.path.read_bytes())
    data[100:108] = b"\xff" * 8  # the head of the description of the tables
    lay(place, bytes(data))
    kb = place.open()
    assert kb.sync().error is None and kb.search("run") and place.check().sound


@pytest.mark.fault("C38")
def test_a_file_that_another_process_has_mended_is_not_set_aside(place: FollowedTree) -> None:
    before = place.path.read_bytes()
    with pytest.raises(BusyError, match="has just repaired"):
        begin_anew(place.path, datetime.now(UTC), unasked=True)
    assert place.path.read_bytes() == before and not set_aside(place.path).exists()
