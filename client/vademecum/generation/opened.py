"""Opening an installed generation, from the store alone: its segments, its live state and its encoder, and whether what
was read works here: counts, dimensions, epoch, and the encoder's golden vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.errors import ContentError, SelfTestError
from vademecum.format.segment import Segment, SegmentOutline, decode_segment
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum.ports import Store
from vademecum.store.objects import read_sound
from vademecum.store.pointer import Generation

S = TypeVar("S", bound=SegmentOutline)


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """What was read of an installed generation: which of its rows count, and its encoder.

    Attributes:
        state: Its live rows. `state.documents` maps a key (bytes) to a place, in rising order.
    """

    generation: Generation
    state: LiveRows[S]
    encoder: Encoder

    def self_test(self) -> None:
        """Raise SelfTestError, which says what differs, if counts, dimensions or golden vectors are not as promised."""
        generation, state = self.generation, self.state
        found = (len(state.documents), len(state.chunks), self.encoder.dimensions)
        if found != (generation.documents, generation.chunks, generation.dimensions):
            raise SelfTestError(
                f"release {generation.sequence}: documents, chunks and dimensions are {found}, expected "
                f"{(generation.documents, generation.chunks, generation.dimensions)}"
            )
        if any(segment.dimensions != generation.dimensions for segment in state.segments):
            raise SelfTestError(f"release {generation.sequence}: vectors and encoder differ in dimensions")
        self.encoder.check_golden()


def of_epoch(segment: S, name: str, generation: Generation) -> S:
    """Return the segment; raise ContentError if it is not of the generation's epoch."""
    if segment.epoch != generation.epoch:
        raise ContentError(f"segment {name[:12]} is of epoch {segment.epoch!r}, not {generation.epoch!r}")
    return segment


class Opened(Loaded[Segment]):
    """A generation in memory. It does not need the store any more: a later update does not disturb it."""


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
