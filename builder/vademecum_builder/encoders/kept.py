"""A model with a cache of vectors: what was embedded before a build was interrupted is not embedded again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

import numpy as np

from vademecum.errors import ContentError
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
        left = len(new)
        for start, vectors in self._parts(new, batch):
            rows = [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f8")]
            self._require_same_dimensions(known, rows)
            made = {names[text]: row for text, row in zip(new[start : start + len(rows)], rows, strict=True)}
            self.kept.keep(self.digest, made)
            known |= made
            left -= len(made)
            if progress:
                progress(len(texts) - left, len(texts))
        if not texts:
            return np.zeros((0, self.dimensions))
        return np.stack([np.frombuffer(known[names[text]], dtype="<f8") for text in texts])

    def _require_same_dimensions(self, known: Mapping[bytes, bytes], rows: Sequence[bytes]) -> None:
        before, now = (len(next(iter(some), b"")) // 8 for some in (known.values(), rows))
        if known and before != now:
            raise ContentError(
                f"the encoder gives vectors of {now} dimensions where it gave {before} before: it is another model by "
                "now. Bring the earlier one back, give this one another name, or delete the workspace"
            )

    def _parts(self, texts: Sequence[str], batch: int) -> Iterator[tuple[int, Matrix]]:
        """Yield the vectors of some texts after others, and the number of the first of them."""
        if isinstance(self.model, HttpModel):
            yield from self.model.batches(texts)  # in its own batches: each is paid for
            return
        for start in range(0, len(texts), _SLICE):
            yield start, self.model.embed(texts[start : start + _SLICE], batch)


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
