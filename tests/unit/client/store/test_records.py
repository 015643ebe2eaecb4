"""The small records: what they say is what is read, and a damaged one counts as none."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.drive import drive
from vademecum.errors import DamagedError, NetworkError, ServerError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.channel_status import ChannelStatus, ErrorNote, Latest
from vademecum.store.records import (
    LONGEST_WAIT,
    RECORDS,
    RETRY,
    SYNC,
    Failures,
    Judged,
    Rollout,
    Spoiled,
    Wait,
    damaged,
)
from vademecum.store.seal import seal
from vademecum.transport.waiting import require_patience

WHEN = datetime(2026, 11, 21, 8, tzinfo=UTC)
STATUS = ChannelStatus(
    WHEN, WHEN, Latest(12, "v12"), ErrorNote("network", "no answer", WHEN), WHEN, (3, 4), True, "yanked", contacted=WHEN
)
VALUES: dict[str, list[Any]] = {
    "sync": [STATUS, ChannelStatus(latest=Latest(1, "")), ChannelStatus(expires=WHEN)],
    "health": [Failures(2, 1, healed=True), Failures(reads=1)],
    "retry": [Wait(WHEN)],
    "seed": [Judged("a" * 64), Judged("a" * 64, "content", "not a tree"), Judged("", "server", "404")],
    "spoiled": [Spoiled(3, "b" * 64)],
    "rollout": [Rollout("0" * 32)],
    "mode": [{"mode": "notify"}, {"channel": "beta", "connection": "wifi", "leastDocuments": 0, "maxUpdateBytes": 9}],
    "manifests": [{hashlib.sha256(text.encode()).hexdigest(): text for text in ("{}", "é")}],
}
WRONG = {
    "sync": [
        b'{"checked":"yesterday"}',
        b'{"checked":"2026-11-21T08:00:00"}',
        b'{"expires":5}',
        b'{"latest":{"sequence":0,"version":"x"}}',
        b'{"error":{"code":"x"}}',
        b'{"settled":1}',
        b'{"whole":"x"}',
    ],
    "health": [b"{}", b'{"syncs":-1,"reads":0,"healed":0}', b'{"syncs":1,"reads":0,"healed":2}'],
    "retry": [b'{"notBefore":"soon"}'],
    "seed": [b'{"timestamp":"x"}', b'{"code":5}'],
    "manifests": [b'{"kept":{}}', b'{"kept":[{"manifest":1}]}', b'{"kept":[{"manifest":""}]}'],
    "spoiled": [b"3 " + b"b" * 64, b'{"sequence":3}', b'{"sequence":0,"digest":"%s"}' % (b"b" * 64)],
    "rollout": [b"{}", b'{"salt":"0"}'],
    "mode": [b'{"mode":"never"}', b'{"channel":""}', b'{"leastDocuments":-1}', b'{"maxUpdateBytes":"1"}'],
}


def test_no_record_is_forgotten() -> None:
    assert RECORDS.keys() == VALUES.keys() == WRONG.keys()


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_written_is_read(name: str) -> None:
    record = RECORDS[name]
    for value in VALUES[name]:
        store = MemoryStore()
        drive(record.write(store, value))
        assert drive(record.read(store)) == value != record.empty
        drive(record.write(store, record.empty))
        assert drive(store.read(name)) is None, "what says nothing is not kept"
        assert drive(record.read(store)) == record.empty


@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_record_counts_as_none_and_is_found(name: str, caplog: pytest.LogCaptureFixture) -> None:
    for data in (b"", b"[]", b"\xff", *map(seal, WRONG[name])):
        database = MemoryDatabase({name: data})
        with pytest.raises(DamagedError):
            RECORDS[name].parse(data)
        with caplog.at_level(logging.WARNING):
            assert drive(RECORDS[name].read(MemoryStore(database))) == RECORDS[name].empty
        assert f"the record {name!r} is damaged" in caplog.text
        assert drive(damaged(MemoryStore(database))) == [name]
    assert drive(damaged(MemoryStore())) == []


def test_what_is_not_known_is_not_written() -> None:
    record = b'{"latest":{"sequence":1,"version":"x"},"settled":false}'
    assert SYNC.format(ChannelStatus(latest=Latest(1, "x"))) == seal(record)
    assert {name for name, value in ChannelStatus().json().items() if value} == set()


def test_any_message_can_be_noted() -> None:
    note = ErrorNote.of(NetworkError("caf\udce9.db " * 500), WHEN)
    assert SYNC.parse(SYNC.format(ChannelStatus(error=note))).error == note
    assert note.message.startswith("caf?.db")


@pytest.mark.fault("B21")
def test_a_wait_lasts_a_day_at_the_most() -> None:
    assert Wait.of(WHEN, 60) == Wait(WHEN + timedelta(minutes=1))
    assert Wait.of(WHEN, 1e300) == Wait(WHEN + LONGEST_WAIT)
    store = MemoryStore(MemoryDatabase())
    drive(RETRY.write(store, Wait(WHEN + LONGEST_WAIT)))
    with pytest.raises(ServerError) as caught:
        drive(require_patience(store, WHEN))
    assert caught.value.retry_after == LONGEST_WAIT.total_seconds()
    # Over, or written before the clock was turned; or there is none.
    for other in (WHEN, WHEN - timedelta(1), WHEN + LONGEST_WAIT + timedelta(seconds=1), None):
        drive(RETRY.write(store, Wait(other)))
        drive(require_patience(store, WHEN))
