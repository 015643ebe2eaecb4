"""The space that the vectors of a release lie in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VectorSpace:
    """What two vectors must have in common to be compared.

    Attributes:
        encoder: The encoder's name, as the release carries it.
        dimensions: D.
        bits: Of a vector's component: 8, 4 or 2.
        epoch: 16 hex digits that name chunker, encoder and quantiser together; rows of different epochs never mix.
    """

    encoder: str
    dimensions: int
    bits: int
    epoch: str
