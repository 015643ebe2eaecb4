"""Fits an encoder table to a knowledge base.

Two fits share one idea, words weighted by `sqrt(tf) * idf`:
* latent semantic analysis (Deerwester et al. 1990), for `builtin`: the table makes documents and queries;
* ridge regression from word weights to a transformer's embeddings: the table makes queries only.

The same input gives the same bytes on one machine; a refit elsewhere may differ in last bits, which is why an
encoder is frozen once published. BLAS gets one thread: the order of its sums would follow the number of
threads, and on shared cores its threads wait for each other (measured: 0.3 s with one, 3 to 17 s with two).
The other choices were measured too: site/content/decisions/unknown-words.md and encoder-table.md.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from vademecum.encoder.alphabet import Alphabet
from vademecum.encoder.file import EncoderFile, Golden, encode_encoder
from vademecum.encoder.query import Encoder
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.table import Matrix, quantise_table

_OVERSAMPLING: Final = 32
_ITERATIONS: Final = 5
_ENOUGH: Final = 1e-3
_MOST_STEPS: Final = 200
_PART_BORDER: Final = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")


def split_texts(texts: Iterable[str], alphabet: Alphabet) -> list[list[str]]:
    """Return the words of each text; equal words are one object, which takes a tenth of the memory."""
    held: dict[str, str] = {}
    return [[held.setdefault(word, word) for word in alphabet.split(text)] for text in texts]


def count_words(splits: Sequence[Sequence[str]], words: Sequence[str]) -> sparse.csr_array:
    """Return how often each of `words` occurs in each split text: int64 [n, V]."""
    positions = {word: position for position, word in enumerate(words)}
    values, columns, ends = array("q"), array("i"), array("q", [0])
    for split in splits:
        for word, n in Counter(split).items():
            if (position := positions.get(word)) is not None:
                values.append(n)
                columns.append(position)
        ends.append(len(values))
    counts = sparse.csr_array(tuple(map(np.array, (values, columns, ends))), shape=(len(splits), len(words)))
    counts.sort_indices()
    return counts


@dataclass(frozen=True)
class Vocabulary:
    """The words of a fit, most widespread first, and how telling each is.

    Attributes:
        words: V different words.
        idf: float64 [V], `ln(1 + (n - df + 1/2) / (df + 1/2))`, as in BM25; always positive.
        rarest: The same for a word of a single text.
        spread: float64 [V], the number of texts with each word.
    """

    words: Sequence[str]
    idf: NDArray[np.float64]
    rarest: float
    spread: NDArray[np.float64]

    def features(self, splits: Sequence[Sequence[str]]) -> sparse.csr_array:
        """Return `sqrt(tf) * idf` of each split text, scaled to length 1: float64 [n, V]."""
        counts = count_words(splits, self.words)
        weighted = sparse.csr_array(counts.sqrt() * self.idf)
        lengths = np.sqrt(weighted.power(2).sum(axis=1))
        scale = 1.0 / np.where(lengths > 0, lengths, 1.0)
        return sparse.csr_array(sparse.diags_array(scale) @ weighted)

    def steps(self, limits: FitLimits) -> NDArray[np.float64]:
        """Return how coarsely the row of each word is rounded, [V]: see `quantise_table`."""
        steps = np.where(self.spread >= limits.common, limits.step, limits.rare_step)
        return np.where(self.spread > 0, steps, limits.general_step)

    def joined(self, words: Sequence[str]) -> Vocabulary:
        """Return it with more words after its own, which no text has; they weigh as much as a word of a single text."""
        more = np.zeros(len(words))
        return Vocabulary(
            [*self.words, *words], np.append(self.idf, more + self.rarest), self.rarest, np.append(self.spread, more)
        )


def choose_words(splits: Sequence[Sequence[str]], most: int, limits: FitLimits) -> Vocabulary:
    """Return the `most` words that are in the most texts; ties in the order of first appearance.

    Words of the same single text have the same row, and are adjacent, so that gzip stores it once.

    A word of a single text is as welcome as any other: the name of a function is what people search for. Common
    words stay, too: without them, `the` in a query would be completed to `theory` (Cranfield: 0.34 for 0.41).
    """
    spread = Counter(word for split in splits for word in set(split) if len(word) <= limits.word_length)
    first: dict[str, int] = {}
    for number, split in enumerate(splits):
        for word in split:
            first.setdefault(word, number)
    return weigh_words(splits, sorted(spread, key=lambda word: (-spread[word], first[word], word))[:most])


def weigh_words(splits: Sequence[Sequence[str]], words: Sequence[str]) -> Vocabulary:
    """Return these words, weighed by the texts; one in no text weighs a little more than one in a single text."""
    spread = Counter(word for split in splits for word in set(split))
    df = np.array([spread[word] for word in words], dtype=np.float64)
    texts = max(1, len(splits))
    return Vocabulary(words, _idf(texts, df), float(_idf(texts, np.ones(1))[0]), df)


def _idf(texts: int, df: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log1p((texts - df + 0.5) / (df + 0.5))


def fit_lsa(features: sparse.csr_array, limits: FitLimits) -> Matrix:
    """Return a vector for each word: float64 [V, D], right singular vectors times sqrt(singular value).

    If the texts have fewer directions than D, the rest is zero. This is between plain singular vectors and those scaled
    by the singular value, and better than both on Cranfield.
    """
    texts, words = features.shape
    rank = min(limits.dimensions, texts, words)
    rows = np.zeros((words, limits.dimensions))
    if not rank:
        return rows
    chosen = spread_evenly(texts, limits.sample)
    with one_thread():
        values, vectors = _decompose(features[chosen], min(rank, len(chosen)))
    if len(chosen) < texts:
        # One more step of the power method makes vectors for words that are not in the sample.
        vectors = features.T @ (features @ vectors)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=0), np.finfo(float).tiny)
    rows[:, : len(values)] = vectors * np.sqrt(values)
    return rows


def _decompose(features: sparse.csr_array, rank: int) -> tuple[NDArray[np.float64], Matrix]:
    """Return the largest singular values, falling, and their right vectors [V, rank] with fixed signs.

    Subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4): a few products with wide matrices.
    On 20,000 texts it takes a third of the time of ARPACK (`scipy.sparse.linalg.svds`), and finds as well.
    """
    width = min(rank + _OVERSAMPLING, *features.shape)
    transposed = sparse.csr_array(features.T)
    basis = features @ np.random.default_rng(0).standard_normal((features.shape[1], width))
    for _ in range(_ITERATIONS):
        basis = features @ (transposed @ _orthonormal(basis))
    basis = _orthonormal(basis)
    vectors, values, _ = np.linalg.svd(transposed @ basis, full_matrices=False)
    values, vectors = values[:rank], vectors[:, :rank]
    peaks = vectors[np.abs(vectors).argmax(axis=0), np.arange(rank)]
    # Directions without weight are rounding noise.
    values = np.where(values > 1e-9 * values[0], values, 0.0)
    return values, vectors * np.where(peaks < 0, -1.0, 1.0)


def one_thread() -> AbstractContextManager[object]:
    """Return a block in which sums are made by one thread, so that their order is the same on each machine."""
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


def product(left: Matrix, right: Matrix) -> Matrix:
    """Return `left @ right` of dense matrices, to the same bit on however many cores."""
    with one_thread():
        return np.asarray(left @ right)


@functools.cache
def _libraries() -> ThreadpoolController:
    """Libraries of NumPy, which are loaded by now: a search of all libraries of a process takes milliseconds."""
    return ThreadpoolController()


def _orthonormal(columns: Matrix) -> Matrix:
    return np.asarray(np.linalg.qr(columns)[0])


def fit_ridge(features: sparse.csr_array, targets: Matrix, penalty: float, prior: Matrix) -> Matrix:
    """Return W [V, D] that minimises |features @ W - targets|^2 + penalty |W - prior|^2.

    By conjugate gradients from the prior on (Hestenes and Stiefel 1952), all columns at once: a few products with a
    sparse matrix, whatever the number of words. Where it stops, W is a part in a thousand from the exact one.
    """
    transposed = sparse.csr_array(features.T)
    rows = prior.copy()
    residual = transposed @ (targets - features @ rows)
    step, size = residual.copy(), (residual * residual).sum(axis=0)
    enough = _ENOUGH**2 * size
    for _ in range(_MOST_STEPS):
        if (size <= enough).all():
            break
        turned = transposed @ (features @ step) + penalty * step
        length = size / np.maximum((step * turned).sum(axis=0), np.finfo(float).tiny)
        rows += length * step
        residual -= length * turned
        size, before = (residual * residual).sum(axis=0), size
        step = residual + size / np.maximum(before, np.finfo(float).tiny) * step
    return np.asarray(rows)


def choose_parts(texts: Iterable[str], most: int) -> list[str]:
    """Return up to `most` different sentences and lines of the texts, the same ones each time."""
    parts = {part for text in texts for part in _PART_BORDER.split(text) if len(part.split()) > 1}
    return sorted(parts, key=lambda part: (sha256(part.encode(errors="replace")).digest(), part))[:most]


def spread_evenly(count: int, most: int) -> NDArray[np.int64]:
    """Return up to `most` of the positions below `count`, rising."""
    return np.arange(min(count, most), dtype=np.int64) * count // max(1, min(count, most))


@dataclass(frozen=True)
class FittedRows:
    """A query table before anything is rounded.

    Attributes:
        alphabet: What splits a text into words.
        vocabulary: V words.
        rows: float64 [V, D], one a word.
    """

    alphabet: Alphabet
    vocabulary: Vocabulary
    rows: Matrix


def build_file(name: str, fitted: FittedRows, texts: Iterable[str], limits: FitLimits, model: str = "") -> bytes:
    """Return the encoder file (format.md, section 4.3), with goldens made by the client's own code.

    Args:
        name: What the release calls the encoder.
        texts: The goldens are pieces of these.
        model: The model that made the document vectors, if it is not this table.
    """
    vocabulary = fitted.vocabulary
    rows, weights = quantise_table(fitted.rows, vocabulary.idf, vocabulary.steps(limits))
    file = EncoderFile(
        name,
        fitted.rows.shape[1],
        vocabulary.words,
        rows,
        weights,
        fitted.alphabet,
        model=model,
        words_weight=limits.model_words_weight if model else limits.builtin_words_weight,
    )
    encoder = Encoder(file)
    goldens = [Golden(text, encoder.encode(text)) for text in golden_texts(texts, limits)]
    return encode_encoder(replace(file, goldens=goldens))


def golden_texts(texts: Iterable[str], limits: FitLimits) -> list[str]:
    """Return short and longer pieces of the texts; most end inside a word, which tests completions."""
    parts = choose_parts(texts, limits.goldens)
    shortest, span = limits.golden_length // 8, limits.golden_length - limits.golden_length // 8
    return [part[: shortest + span * (number + 1) // len(parts)] for number, part in enumerate(parts)]
