"""A model with a cache of vectors: what was embedded before a build was interrupted is not embedded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

import numpy as np

from vademecum_builder.encoders.base import EmbeddingModel
from vademecum_builder.encoders.http import Cost, HttpModel
from vademecum_builder.encoders.table import Matrix, Progress

_SLICE: Final = 256
"""How many texts are embedded and stored at a time: a crash loses at most that many."""


class KeptVectors(Protocol):
    """A cache of vectors, by the SHA-256 of their texts and the name of their model."""

    def of(self, model: str, texts: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the vectors that are there."""
        ...

    def keep(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Store more vectors durably."""
        ...


@dataclass(frozen=True)
class KeptModel:
    """A model that looks into the cache before it embeds.

    Texts are embedded in slices in a fixed order, so that a build that is repeated uses the same slices, and gets the
    same bits, as one that was not interrupted.
    """

    model: EmbeddingModel
    kept: KeptVectors

    @property
    def digest(self) -> str:
        return self.model.digest

    @property
    def dimensions(self) -> int:
        return self.model.dimensions

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        """Return float64 [n, dimensions], not normalised."""
        names = {text: sha256(text.encode()).digest() for text in texts}
        known = self.kept.of(self.digest, list(names.values()))
        new = [text for text, name in names.items() if name not in known]
        for start in range(0, len(new), _SLICE):
            some = new[start : start + _SLICE]
            vectors = np.ascontiguousarray(self.model.embed(some, batch), dtype="<f8")
            made = {names[text]: vector.tobytes() for text, vector in zip(some, vectors, strict=True)}
            self.kept.keep(self.digest, made)
            known |= made
            if progress:
                progress(len(texts) - len(new) + start + len(some), len(texts))
        if not texts:
            return np.zeros((0, self.dimensions))
        return np.stack([np.frombuffer(known[names[text]], dtype="<f8") for text in texts])


class Estimated(Exception):
    """What a model behind an address would be asked for.

    Attributes:
        cost: An estimate, without what is in the cache.
    """

    def __init__(self, cost: Cost) -> None:
        super().__init__(cost.before)
        self.cost = cost


@dataclass(frozen=True)
class EstimatedModel:
    """A stand-in for a model behind an address: the first texts raise `Estimated` with what they would cost."""

    model: HttpModel
    kept: KeptVectors | None = None

    @property
    def digest(self) -> str:
        return self.model.digest

    @property
    def dimensions(self) -> int:
        """Return any number above 0: only the model knows."""
        return self.model.dimensions_known or 1

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:  # noqa: ARG002
        """Return float64 [n, dimensions] for no texts, or those that a fit begins with; raise Estimated for others."""
        from vademecum_builder.encoders.prior import PROBES

        if set(texts) <= set(PROBES):
            return np.ones((len(texts), self.dimensions))
        names = {text: sha256(text.encode()).digest() for text in texts}
        known = self.kept.of(self.digest, list(names.values())) if self.kept else {}
        raise Estimated(self.model.estimate([text for text, name in names.items() if name not in known]))
