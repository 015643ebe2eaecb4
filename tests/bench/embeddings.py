"""Embeddings for benchmarks: a transformer's output, cached by text, so that a rerun needs no model; real floats."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bench.snapshot import Snapshot, text_of
from vademecum_builder.encoders import transformer as embed
from vademecum_builder.encoders.base import DocumentEncoder
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.transformer import Model, digest_model

Vectors = NDArray[np.float32]


@contextmanager
def cached_embeddings(file: Path) -> Iterator[None]:
    """Let every transformer that the builder loads answer from `file` what it has answered before.

    Everything above the bare model (fitting, quantising) runs as it is. The model itself is loaded at the first
    text that is not in the file.
    """
    load = Model.load

    def load_cached(model: str) -> Model:
        if not Path(model).is_dir():
            return load(model)  # one from the hub has no digest before it is loaded
        digest = digest_model(Path(model))
        return Model(_Cached(file, digest, lambda: load(model).transformer), digest)

    with patch.object(embed.Model, "load", side_effect=load_cached):
        yield


class _Cached:
    """Stands in for a SentenceTransformer. The cache holds float32, which is what the model gives."""

    def __init__(self, file: Path, model: str, load: Any) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, check_same_thread=False)
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")
        self._model, self._load = model, load
        self._loaded: Any = None

    def encode(self, texts: Sequence[str], *, batch_size: int = 32, show_progress_bar: bool = False) -> Vectors:
        keys = [hashlib.sha256(f"{self._model}\n{text}".encode()).digest() for text in texts]
        known = {key: vector for key in keys if (vector := self._get(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            self._loaded = self._loaded or self._load()
            found = self._loaded.encode(
                list(missing.values()), batch_size=batch_size, show_progress_bar=show_progress_bar
            )
            known |= dict(zip(missing, np.asarray(found, np.float32), strict=True))
            rows = [(key, known[key].tobytes()) for key in missing]
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        return np.stack([known[key] for key in keys])

    def _get(self, key: bytes) -> Vectors | None:
        row = self._connection.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float32)


class Floats:
    """The encoder's own vectors of chunks, as float32 of length 1: what is usually shipped."""

    def __init__(self, name: str, query_encoder: bytes) -> None:
        encoder = NamedEncoders(name).load(query_encoder)
        assert encoder is not None, f"{name} is not the encoder of this release"
        self._encoder: DocumentEncoder = encoder
        self._known: dict[int, Vectors] = {}

    def of(self, snapshot: Snapshot) -> dict[int, Vectors]:
        """Return the vector of each chunk, by id."""
        texts = {chunk.id: text_of(document, chunk) for document, chunk in snapshot.in_order()}
        new = [chunk for chunk in texts if chunk not in self._known]
        vectors = self._encoder.embed([texts[chunk] for chunk in new])
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        self._known |= dict(zip(new, vectors.astype(np.float32), strict=True))
        return {chunk: self._known[chunk] for chunk in texts}
