"""Does what was read work here? Counts, dimensions, epoch, and the encoder's golden vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from vademecum.encoder.query import Encoder
from vademecum.errors import ContentError, SelfTestError
from vademecum.format.segment import SegmentOutline
from vademecum.generation.live_rows import LiveRows
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
        """Check that this is what the generation promises, and that it works here: counts, dimensions, golden vectors.

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


def of_epoch(segment: S, name: str, generation: Generation) -> S:
    """Return the segment if it belongs to the generation's epoch.

    Raises:
        ContentError: It does not.
    """
    if segment.epoch != generation.epoch:
        raise ContentError(f"segment {name[:12]} is of epoch {segment.epoch!r}, not {generation.epoch!r}")
    return segment
