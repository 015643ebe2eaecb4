"""The directions that a transformer's vectors are projected onto: the principal ones of the knowledge base.

They are frozen with the epoch, in an object of their own (format.md, section 4.6). Small integers, so that
every builder projects onto the very same ones. Why so few do: site/content/decisions/dimensions.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder import directions as directions_file
from vademecum.format.tensors import Tensor
from vademecum_builder.encoders.table import Matrix

_GENERAL: Final = 0.05
"""The weight of general texts against those of the knowledge base: a small one may grow in any direction."""


def find_directions(vectors: Matrix, general: Matrix, count: int) -> NDArray[np.int8]:
    """Return the `count` principal directions of the vectors, the largest first: int8 [D, count].

    They are eigenvectors of the second moment about zero (uncentred principal components).

    Args:
        vectors: Of the texts, float64 [n, D], each of length 1.
        general: Of general texts, float64 [m, D], likewise.
    """
    from vademecum_builder.encoders.fit import one_thread  # imports SciPy, which `vade verify` does not need

    with one_thread():
        moment = _moment(vectors) + _GENERAL * _moment(general)
        axes = np.linalg.eigh(moment)[1][:, ::-1][:, :count]
    peaks = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    directions: NDArray[np.int8] = np.rint(axes * np.sign(peaks) * (127 / np.abs(peaks).max())).astype(np.int8)
    return directions


def _moment(vectors: Matrix) -> Matrix:
    return np.asarray(vectors.T @ vectors / max(1, len(vectors)))


def encode_directions(directions: NDArray[np.int8]) -> bytes:
    """Return the object with them."""
    return directions_file.encode_directions(Tensor("I8", directions.shape, directions.tobytes()))


def decode_directions(data: bytes, dimensions: int) -> NDArray[np.int8]:
    """Return the directions of an object, int8 [D of the model, dimensions]. Raises ContentError if it is another."""
    tensor = directions_file.decode_directions(data, dimensions)
    return np.frombuffer(tensor.data, np.int8).reshape(tensor.shape)
