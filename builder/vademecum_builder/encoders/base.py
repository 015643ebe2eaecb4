"""The encoder protocol of a build, and the limits of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vademecum_builder.encoders.table import Matrix, Progress


@dataclass(frozen=True)
class FitLimits:
    """What a fit may take. The defaults are for knowledge bases of up to some 100,000 chunks on 2 cores.

    Attributes:
        dimensions: D. A transformer with more is projected onto this many directions.
        builtin_words: Vocabulary of the builtin encoder.
        builtin_words_weight: The weight of words against meaning, in thousandths: more than for a transformer, since
            `builtin` knows little more than words do.
        model_words_weight: The same for a transformer.
        model_words: Vocabulary of a transformer's query table.
        step: Between two components of a common word's row, as a part of its root mean square.
        rare_step: The same for other words (site/content/decisions/encoder-table.md).
        general_step: The same for words of the language that are in no text, in a transformer's table.
        common: How many texts have a common word.
        word_length: In characters; longer words are blobs of data.
        sample: The most texts that the decomposition or the regression reads.
        parts: The most sentences and headings embedded for the regression: minutes, whatever the number of texts.
        penalty: Of the ridge regression, where every example has length 1.
        general: How many sentences the prior of the language is made of, for a model whose prior is not shipped; 0: the
            prior of a word is its own embedding.
        builtin_general, model_general: For this many words that the texts share with the language, a table gets one
            that is in no text; for `builtin` only if the texts are mostly in another language.
        goldens: Golden texts.
        golden_length: The most characters of one.
        batch: Texts that a transformer embeds at a time.
    """

    dimensions: int = 96
    builtin_words: int = 16_384
    builtin_words_weight: int = 700
    model_words_weight: int = 500
    model_words: int = 8_192
    step: float = 0.5
    rare_step: float = 1.2
    general_step: float = 2.8
    common: int = 5
    word_length: int = 40
    sample: int = 20_000
    parts: int = 20_000
    penalty: float = 3.0
    general: int = 16_000
    builtin_general: int = 1
    model_general: int = 6
    goldens: int = 16
    golden_length: int = 80
    batch: int = 32


class EmbeddingModel(Protocol):
    """Makes vectors of texts: a transformer on this machine, or a host."""

    @property
    def digest(self) -> str:
        """Identifies it: two models with one digest give the same vectors. 64 hex digits."""
        ...

    @property
    def dimensions(self) -> int:
        """The dimensions of its vectors."""
        ...

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        """Return float64 [n, dimensions], not normalised."""
        ...


class DocumentEncoder(Protocol):
    """Turns chunks into document vectors."""

    @property
    def name(self) -> str:
        """Its name in a release: `builtin` or `sentence-transformers:MODEL`, without local folders."""
        ...

    @property
    def identity(self) -> str:
        """Part of the epoch: encoders with the same identity make vectors of the same space."""
        ...

    @property
    def dimensions(self) -> int:
        """D, for documents and queries."""
        ...

    @property
    def query_encoder(self) -> bytes:
        """The encoder file to publish (format.md, section 4.3)."""
        ...

    @property
    def directions(self) -> bytes:
        """The directions that later builds project onto, published beside the index (section 4.6); may be empty."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D], not normalised; `quantise` comes next.

        Raises:
            UsageError: The model cannot be loaded, or is no longer the one that made the earlier vectors.
        """
        ...


@dataclass(frozen=True)
class Fitted:
    """A new encoder, and the vectors [n, D] of the texts that it was fitted to."""

    encoder: DocumentEncoder
    vectors: Matrix


class Encoders(Protocol):
    """The source of encoders for a build."""

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        """Return the previous release's encoder; None: another one is wanted now.

        Args:
            query_encoder, directions: Of the previous release.

        Raises:
            ContentError: They are not what they should be. UsageError: No such encoder.
        """
        ...

    def fit(self, texts: Sequence[str], progress: Progress | None) -> Fitted:
        """Fit a new encoder to the texts of all chunks, and embed them.

        Raises:
            UsageError: No such encoder, or it cannot be loaded.
        """
        ...
