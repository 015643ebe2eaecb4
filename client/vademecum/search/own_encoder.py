"""An app's own encoder in place of the release's table: the vector of its model, along the release's directions.

Whether it is of the model that made the release's vectors, the passages say themselves: a few are encoded, and must
lie where they are stored. js/search/own_encoder.mjs is the twin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.directions import decode_directions
from vademecum.encoder.query import shrink
from vademecum.errors import UsageError
from vademecum.format.markup import plain
from vademecum.format.segment import HEADING_SEPARATOR
from vademecum.generation.opened import Opened
from vademecum.search.vectors import Index

Encode: TypeAlias = Callable[[str], Sequence[float] | NDArray[Any]]
"""What an app gives: a text, and the vector that its model has for it."""

_TRIED: Final = 3
"""Passages that tell whether a model is the release's own."""
_ALIKE: Final = 0.6
"""The least mean cosine of these with their stored vectors. The same model in 8 bits has 0.97; others less than 0.3."""
_WHOLE: Final = 1e6
"""A component of 1, where real vectors become whole numbers."""


class OwnEncoder:
    """Makes query vectors with an app's function.

    Args:
        encode: Called in the thread that searches; what it raises passes through.
        directions: The object that the release names (format.md, section 4.6); empty: it names none.
    """

    def __init__(self, encode: Encode, directions: bytes, opened: Opened) -> None:
        self._encode, self._opened = encode, opened
        self._name = opened.encoder.name
        self._directions: NDArray[np.int8] | None = None
        self._width = opened.encoder.dimensions
        if directions:
            tensor = decode_directions(directions, self._width)
            self._directions = np.frombuffer(tensor.data, np.int8).reshape(tensor.shape)
            self._width = len(self._directions)
        self._checked = False

    def encode(self, text: str, index: Index) -> NDArray[np.int64]:
        """Return the query as `Index.cosines` takes it, [D].

        Raises:
            UsageError: The function gave something else than a vector of the release's model.
        """
        if not self._checked:
            self._check(index)
            self._checked = True
        return self._vector(text)

    def _vector(self, text: str) -> NDArray[np.int64]:
        told = self._encode(text)
        try:
            vector = np.asarray(told, np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise UsageError(f"encoder: it has to return numbers: {error}") from error
        fits = vector.shape == (self._width,)
        if not fits or not np.isfinite(vector).all():
            given = "not all of them are finite" if fits else f"not {'x'.join(map(str, vector.shape)) or 'one'}"
            raise UsageError(
                f"encoder: it has to return {self._width} finite numbers, as {self._name} does that made this "
                f"release's vectors: {given}"
            )
        with np.errstate(over="ignore"):  # of 1e300: infinite, and then no passage is near
            length = float(np.linalg.norm(vector)) or 1.0
        vector = vector / length
        if self._directions is not None:
            vector = vector @ self._directions
        integers = shrink([round(value * _WHOLE) for value in vector.tolist()])
        return np.array(integers, np.int64)

    def _check(self, index: Index) -> None:
        """Raise UsageError unless a few passages lie where the release has them."""
        rows = np.linspace(0, len(index.ids) - 1, min(_TRIED, len(index.ids))).astype(int).tolist()
        alike = [float(index.cosines(self._vector(self._text(row)))[row]) for row in rows]
        if alike and sum(alike) / len(alike) < _ALIKE:
            raise UsageError(
                f"encoder: its vectors are not those of {self._name}, which made this release's: passages lie at a "
                f"cosine of {sum(alike) / len(alike):.2f} from where they should. Use that model, with its pooling"
            )

    def _text(self, row: int) -> str:
        """Return what the builder's encoder read of a passage (format.md, section 4.6)."""
        state = self._opened.state
        chunk, title = state.chunk(row), state.document(state.chunks.owners[row]).title
        return "\n".join(filter(None, (title, *chunk.headings.split(HEADING_SEPARATOR), plain(chunk.text))))
