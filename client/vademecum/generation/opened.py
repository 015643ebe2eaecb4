"""Opening an installed generation: its segments, its live state and its encoder, from the store alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.errors import ContentError, DamagedError, SelfTestError, StorageError
from vademecum.format.segment import Outline, Segment, decode_segment
from vademecum.generation.live_rows import State, assemble
from vademecum.ports import Store
from vademecum.store.pointer import Generation

S = TypeVar("S", bound=Outline)


@dataclass(frozen=True)
class Opened:
    """A generation in memory. It does not need the store any more: a later update does not disturb it."""

    generation: Generation
    state: State[Segment]
    encoder: Encoder

    def self_test(self) -> None:
        """Check that this generation works here: counts, dimensions and the encoder's golden vectors.

        Raises:
            SelfTestError: It does not; the message says what differs.
        """
        check_works(self.generation, self.state, self.encoder)


async def open_generation(store: Store, generation: Generation) -> Opened:
    """Read a generation from the store. No byte of it is shown that is not what its name says.

    Raises:
        StorageError: An object that it needs is not there.
        DamagedError: An object is not what its name says.
        ContentError: The rows do not fit together.
    """
    segments = []
    for name in generation.segments:
        segment = decode_segment(await read_sound(store, name))
        segments.append(of_epoch(segment, name, generation))
    encoder = decode_encoder(await read_sound(store, generation.encoder))
    return Opened(generation, assemble(segments), encoder)


def check_works(generation: Generation, state: State[S], encoder: Encoder) -> None:
    """Check that what was read is what the generation promises, and that its encoder works here.

    Raises:
        SelfTestError: It does not; the message says what differs.
    """
    found = (len(state.documents), len(state.chunks), encoder.dimensions)
    if found != (generation.documents, generation.chunks, generation.dimensions):
        raise SelfTestError(
            f"release {generation.sequence}: documents, chunks and dimensions are {found}, expected "
            f"{(generation.documents, generation.chunks, generation.dimensions)}"
        )
    if any(segment.dimensions != generation.dimensions for segment in state.segments):
        raise SelfTestError(f"release {generation.sequence}: vectors and encoder differ in dimensions")
    encoder.check_golden()


def of_epoch(segment: S, name: str, generation: Generation) -> S:
    """Return the segment if it belongs to the generation's epoch.

    Raises:
        ContentError: It does not.
    """
    if segment.epoch != generation.epoch:
        raise ContentError(f"segment {name[:12]} is of epoch {segment.epoch!r}, not {generation.epoch!r}")
    return segment


async def read_object(store: Store, digest: str) -> bytes:
    """Return an object that must be there.

    Raises:
        StorageError: The store has lost it.
    """
    data = await store.get(digest)
    if data is None:
        raise StorageError(f"the store has lost object {digest[:12]}: run a forced update to fetch it again")
    return data


async def read_sound(store: Store, digest: str) -> bytes:
    """The same, of an object that is what its name says: a disk may have changed it since it was verified.

    Raises:
        StorageError: The store has lost it.
        DamagedError: It is something else.
    """
    data = await read_object(store, digest)
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedError(f"the stored object {digest[:12]} is damaged: the next update mends it")
    return data
