"""The record `sync`: what the last checks found."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given

from support.mutations import damaged
from vademecum.errors import ContentError, NetworkError
from vademecum.store.channel_status import ErrorNote, Latest, Notes, decode_notes, encode_notes, note_of

WHEN = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOTES = Notes(WHEN, WHEN, Latest(12, "v12"), ErrorNote("network", "no answer", WHEN))


@pytest.mark.parametrize("notes", [Notes(), NOTES, Notes(latest=Latest(1, ""))])
def test_round_trip(notes: Notes) -> None:
    assert decode_notes(encode_notes(notes)) == notes


def test_what_is_not_known_is_not_written() -> None:
    assert encode_notes(Notes()) == b"{}"
    assert decode_notes(None) == Notes()
    assert {name for name, value in Notes().json().items() if value} == set()


def test_any_message_can_be_noted() -> None:
    note = note_of(NetworkError("caf\udce9.db " * 500), WHEN)
    assert decode_notes(encode_notes(Notes(error=note))).error == note
    assert note.message.startswith("caf?.db")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"checked":"yesterday"}',
        b'{"checked":"2026-11-21T08:00:00"}',
        b'{"expires":5}',
        b'{"latest":{"sequence":0,"version":"x"}}',
        b'{"error":{"code":"x"}}',
    ],
)
def test_damaged_records_are_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        decode_notes(data)


@given(damaged(encode_notes(NOTES)))
def test_damage_parses_or_raises_our_error(data: bytes) -> None:
    with contextlib.suppress(ContentError):
        decode_notes(data)
