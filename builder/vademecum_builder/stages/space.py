"""Which space the vectors of an encoder lie in."""

from __future__ import annotations

import hashlib

from vademecum.format.json import canonical
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.encoders.base import DocumentEncoder
from vademecum_builder.index.space import VectorSpace

QUANTISERS = {8: "int8", 4: "rotated-4", 2: "rotated-2"}
"""By bits of a component; part of the epoch."""


def space_of(encoder: DocumentEncoder, bits: int) -> VectorSpace:
    """Return the space of an encoder's vectors, once they are quantised to so many bits (8, 4 or 2)."""
    epoch = hashlib.sha256(canonical([CHUNKER, encoder.identity, QUANTISERS[bits]])).hexdigest()[:16]
    return VectorSpace(encoder.name, encoder.dimensions, bits, epoch)
