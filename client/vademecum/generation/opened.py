"""Opening an installed generation: its segments, its live state and its encoder, from the store alone."""

from __future__ import annotations

from dataclasses import dataclass

from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.format.segment import Segment, decode_segment
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum.generation.self_test import check_works, of_epoch
from vademecum.ports import Store
from vademecum.store.objects import read_sound
from vademecum.store.pointer import Generation


@dataclass(frozen=True)
class Opened:
    """A generation in memory. It does not need the store any more: a later update does not disturb it."""

    generation: Generation
    state: LiveRows[Segment]
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
