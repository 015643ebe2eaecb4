"""What an encoder is to a build, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vademecum_builder.encoders.table import Matrix, Progress


class EmbeddingModel(Protocol):
    """What gives vectors of texts: a transformer on this machine, or a host that is asked."""

    @property
    def digest(self) -> str:
        """Names it: two models of one digest give the same vectors. 64 hex digits."""
        ...

    @property
    def dimensions(self) -> int:
        """Of its vectors."""
        ...

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        """Return float64 [n, dimensions], not normalised."""
        ...


class DocumentEncoder(Protocol):
    """Turns chunks into document vectors."""

    @property
    def name(self) -> str:
        """What the release calls it: `builtin` or `sentence-transformers:MODEL`, without local folders."""
        ...

    @property
    def identity(self) -> str:
        """Part of the epoch: two encoders with one identity make vectors of one space."""
        ...

    @property
    def dimensions(self) -> int:
        """D, of documents and queries alike."""
        ...

    @property
    def query_encoder(self) -> bytes:
        """The encoder file to publish (format.md, section 4.3)."""
        ...

    @property
    def directions(self) -> bytes:
        """What a later build projects onto, kept beside the index (section 4.5); may be empty."""
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
    """Where a build has its encoders from."""

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        """Return the previous release's encoder, or None if another one is wanted now.

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
