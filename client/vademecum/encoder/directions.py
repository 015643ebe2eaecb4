"""What vectors of a model are projected onto (format.md, section 4.6): as a publisher's builds do, so does a client
whose app encodes queries itself.
"""

from __future__ import annotations

from typing import Final

from vademecum.errors import ContentError
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors

DIRECTIONS_FORMAT: Final = "vademecum.directions.1"


def encode_directions(directions: Tensor) -> bytes:
    """Return the object that holds them: I8 [M of the model, D]."""
    return encode_tensors(TensorFile({"direction": directions}, {"format": DIRECTIONS_FORMAT}))


def decode_directions(data: bytes, dimensions: int) -> Tensor:
    """Return an object's directions, I8 [M of the model, dimensions]; raise ContentError if it holds something else."""
    file = decode_tensors(data)
    file.check_format(DIRECTIONS_FORMAT)
    tensor = file.tensor("direction", "I8", [None, dimensions])
    if not tensor.shape[0]:
        raise ContentError("directions of a model without dimensions")
    return tensor
