"""Every decoder parses or raises our error, nothing else, in bounded memory; some dozens of damaged files each.

`make fuzz` goes on where this stops: coverage-guided, for as long as one likes.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.decoders import DECODERS, Decoder
from fuzz.fuzz import main
from vademecum.errors import VademecumError

ROUNDS = 50
PER_BYTE, AT_LEAST = 200, 8_000_000
"""What reading a file may hold at its peak: bytes for each byte of it, and for anything."""

every = pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)


def read(decoder: Decoder, data: bytes) -> bool:
    """Return whether it was taken; any other error than ours goes through, and fails the test."""
    try:
        decoder.read(data)
    except VademecumError:
        return False
    return True


def test_names_are_unique() -> None:
    assert len({decoder.name for decoder in DECODERS}) == len(DECODERS)


@every
def test_damaged_files_are_taken_or_refused(decoder: Decoder) -> None:
    random = Random(decoder.name)
    taken = [read(decoder, seed) for seed in decoder.seeds()]
    assert any(taken) or decoder.refuses_all
    for _ in range(ROUNDS):
        data = random.choice(decoder.seeds())
        for _ in range(random.choice((1, 1, 2, 4))):
            data = decoder.mutate(data, random)
        read(decoder, data)


@every
@settings(max_examples=40, deadline=None, database=None)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_taken_or_refused(decoder: Decoder, data: bytes) -> None:
    read(decoder, data)


@every
def test_memory_is_bounded_by_the_file(decoder: Decoder) -> None:
    random = Random(f"memory {decoder.name}")
    files = [decoder.mutate(random.choice(decoder.seeds()), random) for _ in range(10)]
    read(decoder, files[0])  # what is made once, such as tables of letters, does not count
    seldom = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # as often as outside of the tests
    tracemalloc.start()
    try:
        for data in files:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            read(decoder, data)
            assert tracemalloc.get_traced_memory()[1] - before <= PER_BYTE * len(data) + AT_LEAST
    finally:
        tracemalloc.stop()
        gc.set_threshold(*seldom)


def test_a_finding_fails() -> None:
    """The rule itself: an error that is not ours does not pass for a refusal."""
    with pytest.raises(ValueError):
        read(Decoder("broken", lambda data: int(data), lambda: [b""]), b"x")


def test_an_input_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make fuzz` has found is looked at with `fuzz.py DECODER --replay FILE`, without atheris."""
    (tmp_path / "crash").write_bytes(b"{")
    monkeypatch.setitem(sys.modules, "atheris", None)
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "manifest", "--replay", str(tmp_path / "crash")])
    assert main() == 0
