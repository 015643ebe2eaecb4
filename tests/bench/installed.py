"""A large knowledge base as it lies in a store, drawn at random: no tree, no signature, nothing embedded.

Chunks have codes as rotated vectors fall and texts of words by Zipf's law; ten make a document. It is what opening and
searching cost that is measured with it, not what they find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.file import EncoderFile, encode_encoder
from vademecum.format.segment import SEGMENT_FORMAT
from vademecum.format.tensors import Tensor, TensorFile, encode_tensors
from vademecum.store.pointer import Generation, Head, encode_head
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.table import pack_rows

EPOCH = "0123456789abcdef"
CHUNKS_A_DOCUMENT = 10
CHUNKS_A_SEGMENT = 25_000
VOCABULARY = 20_000
STOP_WORDS = 100
LETTERS = np.array(list("aeioubcdfglmnprstv"))


@dataclass(frozen=True)
class Shape:
    """How large it is. `words` are those of one chunk's text."""

    chunks: int
    dimensions: int = 96
    words: int = 40


class Drawn:
    """The objects of one drawn knowledge base, and questions to it. The same shape gives the same bytes."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._noise = np.random.default_rng(shape.chunks)
        lengths = self._noise.integers(3, 10, VOCABULARY)
        letters = self._noise.choice(LETTERS, lengths.sum())
        cuts = np.split(letters, np.cumsum(lengths)[:-1])
        self.words = sorted({"".join(word) for word in cuts})
        # How often a word is used has nothing to do with how it begins.
        chances = self._noise.permutation(1 / np.arange(1, len(self.words) + 1))
        self._chances = np.cumsum(chances / chances.sum())
        self._telling = np.flatnonzero(chances < 1 / STOP_WORDS)

    def objects(self) -> Mapping[str, bytes]:
        """Return the segments, newest first, and the encoder as the last: digest -> content."""
        files = [*self._segments(), self._encoder()]
        return {hashlib.sha256(file).hexdigest(): file for file in files}

    def head(self, digests: list[str]) -> bytes:
        """Return the store's pointer to these objects."""
        shape = self.shape
        documents = -(-shape.chunks // CHUNKS_A_DOCUMENT)
        generation = Generation(
            *(1, "drawn", "2026-01-01T00:00:00Z", EPOCH, "0" * 64, documents, shape.chunks),
            *("2026-01-01T00:00:00Z", shape.dimensions, digests[-1], tuple(digests[:-1])),
            *("0" * 64, 1, ("0" * 64,)),
        )
        return encode_head(Head(current=generation))

    def queries(self, count: int, words: int = 4) -> list[str]:
        """Return questions without the commonest words, which tell nothing apart: real ones are stop words."""
        asked = self._drawn(count * words * 4, 1)[:, 0]
        telling = asked[np.isin(asked, self._telling)][: count * words].reshape(count, words)
        return [" ".join(self.words[at] for at in row) for row in telling]

    def _drawn(self, count: int, words: int) -> NDArray[np.int64]:
        """Return positions of words, [count, words], the first ones often."""
        return np.searchsorted(self._chances, self._noise.random((count, words)))

    def _encoder(self) -> bytes:
        count, dimensions = len(self.words), self.shape.dimensions
        rows = pack_rows(np.clip(self._noise.normal(0, 3, (count, dimensions)), -8, 7))
        alphabet = build_alphabet(self.words)
        return encode_encoder(EncoderFile("drawn", dimensions, self.words, rows, [1000] * count, alphabet))

    def _segments(self) -> Iterator[bytes]:
        for start in range(0, self.shape.chunks, CHUNKS_A_SEGMENT):
            yield self._segment(start, min(CHUNKS_A_SEGMENT, self.shape.chunks - start))

    def _segment(self, start: int, n: int) -> bytes:
        noise, shape = self._noise, self.shape
        ids = np.sort(noise.integers(0, 2**64, n, np.uint64))
        named = noise.permutation(ids)
        firsts = range(0, n, CHUNKS_A_DOCUMENT)
        m = len(firsts)
        keys = [f"part-{(start + at) // 1000:05}/page-{start + at:08}.md" for at in firsts]
        texts = [" ".join(self.words[at] for at in row) for row in self._drawn(n, shape.words)]
        vectors = np.rint(noise.normal(0, 5, (n, shape.dimensions))).astype(np.int8)
        ones = np.ones(max(n, m), np.uint32)
        columns = {
            "chunk.headings": [f"Section {at % CHUNKS_A_DOCUMENT}" for at in range(n)],
            "chunk.anchor": [f"section-{at % CHUNKS_A_DOCUMENT}" for at in range(n)],
            "chunk.text": texts,
            "document.key": keys,
            "document.title": [" ".join(text.split()[:3]) for text in texts[:m]],
            "document.url": [f"/{key[:-3]}.html" for key in keys],
            "document.metadata": [""] * m,
        }
        tensors = {
            "chunk.id": _tensor("U64", ids),
            "chunk.sequence": _tensor("U32", ones[:n]),
            "chunk.vector": _tensor("I8", vectors),
            "chunk.scale": _tensor("U16", noise.integers(1300, 1400, n, np.uint16)),
            "document.sequence": _tensor("U32", ones[:m]),
            "document.removed": _tensor("U8", np.zeros(m, np.uint8)),
            "document.chunks": _tensor("U64", named),
            "document.chunks.offsets": _tensor("U32", np.array([*firsts, n], np.uint32)),
        }
        for name, values in columns.items():
            blob = [value.encode() for value in values]
            tensors[name] = _tensor("U8", np.frombuffer(b"".join(blob), np.uint8))
            ends = np.cumsum([0, *map(len, blob)])
            tensors[f"{name}.offsets"] = _tensor("U32", ends.astype(np.uint32))
        return encode_tensors(TensorFile(tensors, {"epoch": EPOCH, "format": SEGMENT_FORMAT}))


def _tensor(dtype: str, values: NDArray[Any]) -> Tensor:
    return Tensor(dtype, values.shape, values.tobytes())
