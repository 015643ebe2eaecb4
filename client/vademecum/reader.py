"""Opening an installed generation: its segments, its live state and its encoder, from the store alone."""

from __future__ import annotations

from dataclasses import dataclass

from .encoder import Encoder, decode_encoder
from .errors import ContentError, SelfTestError, StorageError
from .head import Generation
from .ports import Store
from .segment import decode_segment
from .state import State, assemble


@dataclass(frozen=True)
class Opened:
    """A generation in memory. It does not need the store any more: a later update does not disturb it."""

    generation: Generation
    state: State
    encoder: Encoder

    def self_test(self) -> None:
        """Check that this generation works here: counts, dimensions and the encoder's golden vectors.

        Raises:
            SelfTestError: It does not; the message says what differs.
        """
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


async def open_generation(store: Store, generation: Generation) -> Opened:
    """Read a generation from the store.

    Raises:
        StorageError: An object that it needs is not there.
        ContentError: An object is damaged, or the rows do not fit together.
    """
    segments = []
    for digest in generation.segments:
        segment = decode_segment(await _object(store, digest))
        if segment.epoch != generation.epoch:
            raise ContentError(
                f"segment {digest[:12]} is of epoch {segment.epoch!r}, not {generation.epoch!r}"
            )
        segments.append(segment)
    encoder = decode_encoder(await _object(store, generation.encoder))
    return Opened(generation, assemble(segments), encoder)


async def _object(store: Store, digest: str) -> bytes:
    data = await store.get(digest)
    if data is None:
        raise StorageError(f"the store has lost object {digest[:12]}: run a forced update to fetch it again")
    return data
