"""The prior of the language: a transformer's vectors for general words, which the fit of a table is pulled to.

A knowledge base has few sentences, and its readers use words that it hardly has. So the rows of general words are
fitted once for each model, to tens of thousands of general sentences (site/content/decisions/language-prior.md). The
prior of all-MiniLM-L6-v2 is shipped (made by tests/bench/prior.py); that of another model is made when the model is
first fitted, and kept on this machine.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import itertools
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.errors import ContentError
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors, integers, string_column
from vademecum.search.spelling import LEAST_BEGUN, LONG, meant_by, tries
from vademecum_builder.cache import default_cache
from vademecum_builder.encoders import fit
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.directions import find_directions
from vademecum_builder.encoders.table import Matrix
from vademecum_builder.index.gzipped import gzipped

PRIOR_FORMAT: Final = "vademecum.prior.1"
PROBES: Final = ("key", "how do I bake bread", "The committee was dissolved.", "HTTP 404: not found")
"""A model is recognised by its vectors for these, wherever its files come from."""
_SAME: Final = 0.995  # cosine; rounding alone leaves 0.9999
_PENALTY: Final = 1.0
_DIMENSIONS: Final = 192
_UNIT: Final = 2.0**-17
_LEVELS: Final = 7
_STEP: Final = 0.4
_BITS: Final = 0xFFFFFF
_FOLDER: Final = files("vademecum_builder.encoders") / "language"

Embed = Callable[[Sequence[str]], Matrix]
"""Gives a model's vectors of texts, float64 [n, D], each of length 1."""


@dataclass(frozen=True)
class _Rows:
    """Rows in the form of the file: as floats they would take 60 MB, and a knowledge base needs only a few thousand."""

    components: NDArray[np.int8]
    sizes: NDArray[np.float64]
    directions: Matrix

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.components), self.directions.shape[1]

    def __getitem__(self, some: list[int] | slice) -> Matrix:
        return fit.product(self.components[some] * self.sizes[some, None], self.directions)


def _shorter(word: str) -> list[str]:
    """Return a word, and its remainders without one letter, or without two for a long word."""
    once = [word[:at] + word[at + 1 :] for at in range(len(word))]
    most = len(word) if len(word) >= LONG else 0
    return [word, *once, *(left[:at] + left[at + 1 :] for n, left in enumerate(once) for at in range(n, most - 1))]


def _flags(hashes: NDArray[np.int64]) -> NDArray[np.bool_]:
    flags = np.zeros(_BITS + 1, np.bool_)
    flags[hashes] = True
    return flags


@dataclass(frozen=True)
class Prior:
    """A table of general words.

    Attributes:
        words: V of them, the commonest first; then `phrases`, likewise.
        rows: float64 [V, D]: the vector of a text with only this word.
        probes: float64 [P, D]: the model's vectors for `PROBES`.
    """

    words: Sequence[str]
    rows: Matrix | _Rows
    probes: Matrix

    @functools.cached_property
    def phrases(self) -> list[str]:
        """Two words joined by a space, whose meaning differs from that of both."""
        return [word for word in self.words if " " in word]

    @functools.cached_property
    def positions(self) -> dict[str, int]:
        """The position of each word."""
        return {word: position for position, word in enumerate(self.words)}

    def of(self, words: Sequence[str]) -> Matrix:
        """Return the rows of words, all of which it must have: [len(words), D]."""
        return np.asarray(self.rows[[self.positions[word] for word in words]])

    def common_beyond(self, words: Sequence[str], share: int) -> list[str]:
        """Return the commonest words that are not among these, one for every `share` of these that are in the table."""
        known = self.positions.keys() & words
        return [word for word in self.words if word not in known and " " not in word][: len(known) // share]

    @functools.cached_property
    def _remainders(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """The words without phrases, where the hashes of the remainders of each begin in the list, and that list."""
        single = [word for word in self.words if " " not in word]
        left = [*map(_shorter, single)]
        begins = np.cumsum([0, *map(len, left[:-1])])
        return single, begins, np.array([hash(each) & _BITS for each in itertools.chain(*left)], np.int64)

    def mistaken(self, words: Sequence[str]) -> list[str]:
        """Return words that are not among these, and that a client would take for a misspelt one of them, or for its
        misspelt beginning (search/spelling.py)."""
        known, sharing = set(words), dict[str, set[str]]()  # similar words share a remainder
        single, begins, hashes = self._remainders
        if not single:
            return []
        wanted = _flags(hashes).tobytes()  # most remainders of the texts' words are not those of any word of the table
        for word in words:
            for length in range(min(len(word), LEAST_BEGUN - 1), len(word) + 1):
                for left in _shorter(word[:length]):
                    if wanted[hash(left) & _BITS]:
                        sharing.setdefault(left, set()).add(word)
        shared = _flags(np.array([hash(left) & _BITS for left in sharing], np.int64))
        near = np.logical_or.reduceat(shared[hashes], begins)

        def is_taken(word: str) -> bool:
            others = sorted(set().union(*(sharing.get(left, ()) for left in _shorter(word))))
            return any(meant_by(others, word, most, begun=begun) for most, begun in tries(word, typed=True))

        return [
            word for word, is_near in zip(single, near, strict=True) if is_near and word not in known and is_taken(word)
        ]

    def joined(self, words: Sequence[str], rows: Matrix) -> Prior:
        """Return it with more words, which must be new."""
        return Prior([*self.words, *words], np.vstack([self.rows[:], rows]), self.probes)

    def is_of(self, probes: Matrix) -> bool:
        """Return whether a model with these vectors for `PROBES` is the one for which it was fitted."""
        return self.probes.shape == probes.shape and bool((self.probes * probes).sum(axis=1).min() > _SAME)


def find_prior(embed: Embed, digest: str, limits: FitLimits) -> Prior:
    """Return the prior of a model: the shipped one, the one kept on this machine, or one that is made and kept now.

    Args:
        digest: Identifies the model.
        limits: `general` is the number of sentences; 0: a prior without words.
    """
    probes = embed(PROBES)
    if not limits.general:
        return Prior([], np.zeros((0, probes.shape[1])), probes)
    shipped = shipped_prior()
    if shipped.is_of(probes):
        return shipped
    kept = default_cache() / f"prior-{digest[:16]}.gz"
    with contextlib.suppress(OSError, ContentError):  # not made yet, or damaged
        return decode_prior(kept.read_bytes())
    text = gzip.decompress((_FOLDER / "sentences.gz").read_bytes()).decode()
    made = fit_prior(shipped.words, text.splitlines()[: limits.general], embed)
    with contextlib.suppress(OSError):  # it is made again next time
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(encode_prior(made))
        part.replace(kept)
    return made


@functools.cache  # a service builds many times, a test run a thousand times
def shipped_prior() -> Prior:
    """Return the shipped prior of English words for all-MiniLM-L6-v2."""
    return decode_prior((_FOLDER / "all-MiniLM-L6-v2.gz").read_bytes())


def fit_prior(words: Sequence[str], sentences: Sequence[str], embed: Embed) -> Prior:
    """Return the prior of a model: each row is close to the word's own vector, and together they fit the sentences.

    Args:
        words: The commonest first.
    """
    vectors = embed([*PROBES, *words, *sentences])
    probes, of_words, of_sentences = np.split(vectors, np.cumsum([len(PROBES), len(words)]))
    splits = fit.split_texts(sentences, build_alphabet(sentences))
    features = fit.weigh_words(splits, words).features(splits)
    return Prior(words, fit.fit_ridge(features, of_sentences, _PENALTY, of_words), probes)


def encode_prior(prior: Prior) -> bytes:
    """Return a prior's file, gzipped: along principal directions, in a few levels."""
    made = prior.rows[:]
    directions = find_directions(made, made, _DIMENSIONS)
    # Integer directions are not quite orthogonal: these coordinates reproduce the rows best.
    rows = made @ np.linalg.pinv(directions.astype(np.float64)).T * 127
    units = _STEP * np.sqrt((rows * rows).mean(axis=1, keepdims=True))
    components = np.clip(np.rint(rows / np.where(units > 0, units, 1.0)), -_LEVELS, _LEVELS)
    sizes = np.minimum(np.rint(units[:, 0] / _UNIT), 0xFFFF).astype(int)
    probes = np.rint(prior.probes * 127).astype(np.int8)
    tensors = {
        **string_column("word", prior.words),
        "row": Tensor("I8", components.shape, components.astype(np.int8).tobytes()),
        "size": integers("U16", sizes.tolist()),
        "direction": Tensor("I8", directions.shape, directions.tobytes()),
        "probe": Tensor("I8", probes.shape, probes.tobytes()),
    }
    return gzipped(encode_tensors(TensorFile(tensors, {"format": PRIOR_FORMAT})))[1]


def decode_prior(data: bytes) -> Prior:
    """Return the prior of a file; raise ContentError if it is something else, or damaged."""
    try:
        file = decode_tensors(gzip.decompress(data))
    except (OSError, EOFError, zlib.error) as error:
        raise ContentError(f"a prior that is not a gzip file: {error}") from error
    file.check_format(PRIOR_FORMAT)
    words = file.strings("word")[:]
    rows, size = file.tensor("row", "I8", [len(words), None]), file.tensor("size", "U16", [len(words)])
    direction = file.tensor("direction", "I8", [None, rows.shape[1]])
    probe = file.tensor("probe", "I8", [len(PROBES), direction.shape[0]])
    components = np.frombuffer(rows.data, np.int8).reshape(rows.shape)
    directions, probes = (
        np.frombuffer(tensor.data, np.int8).reshape(tensor.shape).astype(np.float64) for tensor in (direction, probe)
    )
    sizes = np.frombuffer(size.data, np.uint16) * _UNIT / 127
    lengths = np.linalg.norm(probes, axis=1, keepdims=True)
    probes /= np.where(lengths > 0, lengths, 1.0)
    return Prior(words, _Rows(components, sizes, directions.T), probes)
