"""Opening an installed generation: its segments, its live state and its encoder, from the store alone."""

from __future__ import annotations

from vademecum.encoder.query import decode_encoder
from vademecum.format.segment import Segment, decode_segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.self_test import Loaded, of_epoch
from vademecum.ports import Store
from vademecum.store.objects import read_sound
from vademecum.store.pointer import Generation


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
