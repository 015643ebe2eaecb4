"""The `builtin` encoder: latent semantic analysis of the knowledge base itself. No download, no GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from vademecum.encoder.query import decode_encoder
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.limits import FitLimits
from vademecum_builder.encoders.table import Matrix, Progress, Table

NAME: Final = "builtin"


@dataclass(frozen=True)
class Builtin:
    """Document vectors from the published table itself: the same bits on every machine."""

    query_encoder: bytes
    name: str = NAME
    directions: bytes = b""

    @cached_property
    def _table(self) -> Table:
        return Table(decode_encoder(self.query_encoder))

    @cached_property
    def identity(self) -> str:
        """Name and digest of the table: another fit is another space."""
        return f"{self.name}@{sha256(self.query_encoder).hexdigest()}"

    @property
    def dimensions(self) -> int:
        """D."""
        return self._table.encoder.dimensions

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D], whole numbers."""
        return self._table.embed(texts, progress)


def fit_builtin(texts: Sequence[str], limits: FitLimits) -> Builtin:
    """Return an encoder fitted to the texts."""
    from vademecum_builder.encoders import (
        fit,  # brings scipy, which a build that fits nothing need not wait for
    )

    alphabet = build_alphabet(texts)
    splits = fit.split_texts(texts, alphabet)
    vocabulary = fit.choose_words(splits, limits.builtin_words, limits)
    features = vocabulary.features(splits)
    fitted = fit.FittedRows(alphabet, vocabulary, fit.fit_lsa(features, limits), limits.builtin_levels)
    goldens = fit.golden_texts(texts, limits)
    return Builtin(fit.build_file(NAME, fitted, goldens, words_weight=limits.builtin_words_weight))
