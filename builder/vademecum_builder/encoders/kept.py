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
"""Texts that are embedded and kept at a time: a crash costs as many."""


class KeptVectors(Protocol):
    """Where vectors are kept, by the SHA-256 of their texts and the name of their model."""

    def of(self, model: str, texts: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those that are there."""
        ...

    def keep(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Keep some more, for good when this returns."""
        ...


@dataclass(frozen=True)
class KeptModel:
    """A model that asks what is kept before it embeds.

    Texts are embedded in slices of one order, so that a build that is run again embeds in the slices, and so to the
    bits, of one that was not disturbed.
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
        cost: Estimated; of what is kept nothing.
    """

    def __init__(self, cost: Cost) -> None:
        super().__init__(cost.before)
        self.cost = cost


@dataclass(frozen=True)
class EstimatedModel:
    """A model behind an address that is not asked: the first texts end it with what they would take."""

    model: HttpModel
    kept: KeptVectors | None = None

    @property
    def digest(self) -> str:
        return self.model.digest

    @property
    def dimensions(self) -> int:
        """Return any number above 0: the model alone knows."""
        return self.model.dimensions_known or 1

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:  # noqa: ARG002
        """Return float64 [n, dimensions] of no texts, or of those that a fit begins with; raise Estimated at others."""
        from vademecum_builder.encoders.prior import PROBES

        if set(texts) <= set(PROBES):
            return np.ones((len(texts), self.dimensions))
        names = {text: sha256(text.encode()).digest() for text in texts}
        known = self.kept.of(self.digest, list(names.values())) if self.kept else {}
        raise Estimated(self.model.estimate([text for text, name in names.items() if name not in known]))
