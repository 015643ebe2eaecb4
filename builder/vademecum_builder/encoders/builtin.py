"""The `builtin` encoder: what words mean in the language, and in the knowledge base itself. No download, no GPU.

Latent semantic analysis only knows which words occur together in the texts; the prior of the language knows which other
words people may use for them (site/content/decisions/builtin-prior.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np

from vademecum.encoder.query import decode_encoder
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.table import Matrix, Progress, Table, unit

if TYPE_CHECKING:
    from scipy import sparse

    from vademecum_builder.encoders.fit import Vocabulary

NAME: Final = "builtin"
_PENALTY: Final = 1.0
_MOST_LOOKED_AT: Final = 4096
_NEAR: Final = 0.5
"""The least cosine at which a phrase stands for a word."""


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
        return self._table.encoder.dimensions

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D], whole numbers. The first line of several is what the page is called, and counts twice:
        it says what all the others are about."""
        return self._table.embed([_called_twice(text) for text in texts], progress)


def _called_twice(text: str) -> str:
    title, line_break, _ = text.partition("\n")
    return f"{title}{line_break}{text}" if line_break else text


def fit_builtin(texts: Sequence[str], limits: FitLimits) -> Builtin:
    """Return an encoder fitted to the texts."""
    # They bring scipy, which a build that fits nothing need not wait for.
    from vademecum_builder.encoders import fit
    from vademecum_builder.encoders.prior import shipped_prior

    alphabet = build_alphabet(texts)
    splits = fit.split_texts(texts, alphabet)
    vocabulary = fit.choose_words(splits, limits.builtin_words, limits)
    prior, words = shipped_prior(), vocabulary.words
    known = vocabulary.spread[[word in prior.positions for word in words]].sum()
    if 2 * known > vocabulary.spread.sum():  # texts of the language
        vocabulary = vocabulary.joined([*prior.mistaken(words), *prior.phrases])
    else:
        vocabulary = vocabulary.joined(prior.common_beyond(words, limits.builtin_general))
    features = vocabulary.features(splits)
    sample = features[fit.spread_evenly(features.shape[0], limits.sample)]
    own, language = _alike(fit.fit_lsa(features, limits)), _language(sample, vocabulary.words, limits)
    rows = _projected(sample, np.hstack([_even(sample, own), _even(sample, language)]), limits)
    listed, places = _with_phrases(vocabulary, rows)
    rows[vocabulary.spread == 0] = 0.0  # known words are not taken for misspelt ones: decisions/builtin-prior.md
    vocabulary = replace(vocabulary, words=listed, idf=vocabulary.idf[places], spread=vocabulary.spread[places])
    fitted = fit.FittedRows(alphabet, vocabulary, rows[places])
    return Builtin(fit.build_file(NAME, fitted, texts, limits))


def _with_phrases(vocabulary: Vocabulary, rows: Matrix) -> tuple[list[str], list[int]]:
    """Return the words of the table, and the position of the row of each. A phrase follows the nearest word of the
    texts, if it is near, and has its row, so that gzip stores it once."""
    from vademecum_builder.encoders import fit

    words = vocabulary.words
    said = int((vocabulary.spread[:_MOST_LOOKED_AT] > 0).sum())
    plain = np.array([word.isalpha() for word in words[:said]], np.bool_)
    behind: dict[int, list[str]] = {}
    phrases = [place for place, word in enumerate(words) if " " in word] if plain.any() else []
    for place, near in zip(phrases, fit.product(unit(rows[phrases]), unit(rows[:said]).T), strict=True):
        near[~plain | np.isin(words[:said], words[place].split())] = 0.0
        if near.max() >= _NEAR:
            behind.setdefault(int(near.argmax()), []).append(words[place])
    order = [(each, at) for at, word in enumerate(words) if " " not in word for each in (word, *behind.get(at, ()))]
    return [word for word, _ in order], [at for _, at in order]


def _language(sample: sparse.csr_array, words: Sequence[str], limits: FitLimits) -> Matrix:
    """Return the meaning of the words in the language, [V, D]; unknown words have that of the words around them."""
    from vademecum_builder.encoders import fit
    from vademecum_builder.encoders.prior import shipped_prior

    prior = shipped_prior()
    known = [place for place, word in enumerate(words) if word in prior.positions]
    rows = np.zeros((len(words), prior.rows.shape[1]))
    rows[known] = prior.of([words[place] for place in known])
    rows = _even(sample, _projected(sample, rows, limits))
    return fit.fit_ridge(sample, unit(sample @ rows), _PENALTY, rows)


def _projected(sample: sparse.csr_array, rows: Matrix, limits: FitLimits) -> Matrix:
    """Return the rows, projected on the D principal directions of the texts."""
    from vademecum_builder.encoders import fit
    from vademecum_builder.encoders.directions import find_directions

    vectors = unit(sample @ rows)
    return fit.product(rows, find_directions(vectors, vectors[:0], limits.dimensions).astype(np.float64))


def _alike(rows: Matrix) -> Matrix:
    """Return the rows with their lengths to the power of a quarter: the D directions contain little of rare words,
    which are the most telling ones."""
    roots = np.sqrt(np.linalg.norm(rows, axis=1, keepdims=True))
    return np.asarray(rows / np.where(roots > 0, roots * np.sqrt(roots), 1.0))


def _even(sample: sparse.csr_array, rows: Matrix) -> Matrix:
    """Return the rows scaled so that texts have a length of about 1."""
    lengths = np.linalg.norm(sample @ rows, axis=1)
    return np.asarray(rows / (lengths.sum() / max(1, len(lengths)) or 1.0))
