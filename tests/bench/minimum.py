"""The computed minimum of an update: what its new rows take where all else costs nothing.

It is computed from what the release before and the release after hold, not from any format of ours:

- **texts**: `zstd -22 --ultra --long=27 --patch-from` of the fields that are new, with all old texts as the
  reference. New are headings, anchor and text of a chunk whose id is new; title, URL and metadata of a document
  where any of them changed; and all of a document, its key included, where its key is new.
- **vectors**: for each new chunk the ideal length of its components, with the best of a few models of one: its
  frequency among all vectors of the release after; or, for each dimension by itself, a count that begins with all
  vectors of the release before and learns as it goes, from a prior (see `adaptive_bits`); and either for the first
  dimensions only, the others compressed with zstd against the old ones, which sees where rows repeat each other. What a
  model needs to be told is not counted. A vector that the release before has, bit for bit, in another row (an anchor
  changed, say) is a reference: `log2(rows before)` bits. One that is near an old one is that reference, and the ideal
  length of its differences to it (see `difference_bits`), where that is less than the mean of what the models take.
- **positions**: which of *m* documents were touched, `log2 C(m, touched)`, and one bit each: removed or changed. For
  the list of chunks of each changed or new document: which of its *p* entries go, `log2 C(p, gone)`; where among the
  *q* entries after the inserted ones stand, `log2 C(q, inserted)`; one bit for each of those, new row or known row, and
  `log2(rows before)` for a known one. Entries that changed their order (all but a longest rising
  subsequence) count as gone and inserted. Each count *n* is an Elias gamma code: `2 * floor(log2(n + 1)) + 1` bits.

Not in it: names, digests, signatures, headers. It is no law of nature: a coder that predicts a vector from the text, or
from several old ones, can go below; none of the peers does.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bench.peers.patches import ZSTD
from bench.snapshot import Snapshot
from vademecum.format.segment import ChunkRow, DocumentRow

_PRIOR_WEIGHTS = (16.0, 1024.0)
"""How many vectors the prior of a dimension counts for: few where dimensions differ oddly, many where it fits."""
_FLOOR = 1e-9
_CUTS = 8
_MOST_PACKED = 1 << 23
"""Codes; beyond, zstd at its strongest takes minutes, and only counting is tried."""

NOTHING = Snapshot((), {})
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Minimum:
    """Bytes of each part, rounded up."""

    texts: int
    vectors: int
    positions: int

    @property
    def total(self) -> int:
        return self.texts + self.vectors + self.positions


def minimum(old: Snapshot, new: Snapshot) -> Minimum:
    """Return the minimum of the update from `old` to `new`; `NOTHING` as `old` is a first install.

    Raises:
        FileNotFoundError: There is no zstd.
    """
    return Minimum(
        compressed(new_texts(old, new), new_texts(NOTHING, old)),
        math.ceil(vector_bits(old, new) / 8),
        math.ceil(position_bits(old, new) / 8),
    )


# Texts ----------------------------------------------------------------------------------------------


def new_texts(old: Snapshot, new: Snapshot) -> bytes:
    """Return the fields that are new, in reading order, each ended by a zero byte."""
    before = {row.key: row for row in old.documents}
    seen = set(old.chunks)
    fields: list[str] = []
    for document in new.documents:
        known = before.get(document.key)
        if known is None:
            fields.append(document.key)
        if known is None or _facts(known) != _facts(document):
            fields += _facts(document)
        for chunk in document.chunks:
            if chunk not in seen:
                row = new.chunks[chunk]
                fields += (row.headings, row.anchor, row.text)
                seen.add(chunk)
    return "".join(f"{field}\0" for field in fields).encode()


def compressed(data: bytes, reference: bytes) -> int:
    """Return the bytes that `data` takes for somebody who has `reference`; nothing takes none."""
    if not data:
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "new").write_bytes(data)
        (folder / "old").write_bytes(reference)
        known = [f"--patch-from={folder / 'old'}"] if reference else []
        out = folder / "out"
        command = [*ZSTD, "--no-check", *known, str(folder / "new"), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out.stat().st_size


def _facts(row: DocumentRow) -> tuple[str, str, str]:
    return row.title, row.url, row.metadata


# Vectors --------------------------------------------------------------------------------------------


def vector_bits(old: Snapshot, new: Snapshot) -> float:
    """Return the bits of all vectors that are new."""
    fresh = [row for chunk, row in new.chunks.items() if chunk not in old.chunks]
    known = {row.vector for row in old.chunks.values()}
    coded = [row for row in fresh if row.vector not in known]
    references = len(fresh) - len(coded)
    before, fresh_codes, everything = (_codes(rows) for rows in (old.chunks.values(), coded, new.chunks.values()))
    return near_bits(before, fresh_codes, everything) + references * _log2(len(old.chunks))


def near_bits(old: Codes, coded: Codes, everything: Codes) -> float:
    """Return the bits of `coded` [n, D], those near an old vector told by their differences to it."""
    alone = code_bits(old, coded, everything)
    if not coded.size or old.shape[1:] != coded.shape[1:]:
        return alone
    told = difference_bits(old, coded) + _log2(len(old))
    near = told < alone / len(coded)
    return min(alone, float(told[near].sum()) + code_bits(old, coded[~near], everything) + len(coded))


def difference_bits(old: Codes, coded: Codes) -> NDArray[np.float64]:
    """Return for each of `coded` [n, D] the least bits of its differences to one of `old` [m, D], m > 0.

    The differences of each of eight parts of a vector have a two-sided geometric distribution of their own mean size:
    with a mean of *a*, difference *d* has the probability *(1 - q) / (1 + q) q^|d|*, *q = (sqrt(1 + a^2) - 1) / a*.
    """
    signed = old.view(np.int8).astype(np.int16)
    least = [_geometric_bits(np.abs(signed - row.view(np.int8))).min() for row in coded]
    return np.array(least)


def _geometric_bits(sizes: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the bits of the differences of each row [m, D] of their sizes."""
    bits = np.zeros(len(sizes))
    for part in np.array_split(sizes, _CUTS, axis=1):
        count, total = part.shape[1], part.sum(axis=1, dtype=np.float64)
        mean = np.maximum(total, _FLOOR) / max(1, count)
        q = (np.sqrt(1 + mean**2) - 1) / mean
        bits += count * np.log2((1 + q) / (1 - q)) - total * np.log2(np.maximum(q, _FLOOR))
    return bits


def code_bits(old: Codes, coded: Codes, everything: Codes) -> float:
    """Return the bits of `coded` [n, D] under the best of the models (see the module's docstring)."""
    if not coded.size:
        return 0.0
    dimensions = coded.shape[1]
    old = old if old.shape[1:] == coded.shape[1:] else coded[:0]
    cuts = {dimensions * i // _CUTS for i in range(_CUTS + 1)} if coded.size < _MOST_PACKED else {dimensions}
    return min(
        _counted_bits(old[:, :cut], coded[:, :cut], everything[:, :cut])
        + 8 * compressed(coded[:, cut:].tobytes(), old[:, cut:].tobytes())
        for cut in cuts
    )


def _counted_bits(old: Codes, coded: Codes, everything: Codes) -> float:
    frequencies = cost(everything.ravel(), coded.ravel())
    return min(frequencies, *adaptive_bits(old, coded, everything))


def adaptive_bits(old: Codes, coded: Codes, everything: Codes) -> list[float]:
    """Return the bits of `coded` [n, D] for a coder that counts codes for each dimension, one length for each prior.

    The counts begin with `old` and a prior, and go up with each code: a Dirichlet-multinomial, whose length
    does not depend on the order. A prior is `everything`'s frequencies over all dimensions; or 2 % of that, and for
    the rest half a Laplace and half a normal distribution over the signed codes, each fitted to the dimension.

    Args:
        everything: All vectors of the release after.
    """
    if not coded.size:
        return [0.0]
    overall = np.bincount(everything.ravel(), minlength=256) / everything.size
    seen = _counts(old)
    priors = (np.broadcast_to(overall, seen.shape), 0.02 * overall + 0.98 * _bells(everything))
    return [
        _dirichlet_bits(seen + np.maximum(weight * prior, _FLOOR), _counts(coded))
        for prior in priors
        for weight in _PRIOR_WEIGHTS
    ]


def _dirichlet_bits(before: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """Return the bits of codes seen `counts` [D, 256] times, where the pseudo-counts begin at `before`."""
    totals = before.sum(axis=1)
    nats = (gammaln(totals + counts.sum(axis=1)) - gammaln(totals)).sum()
    return float(nats - (gammaln(before + counts) - gammaln(before)).sum()) / math.log(2)


def _bells(codes: Codes) -> NDArray[np.float64]:
    """Return for each dimension the mean of a Laplace and a normal distribution over the 256 codes, [D, 256]."""
    values = np.ascontiguousarray(codes).view(np.int8).astype(np.float64)
    axis = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64)
    spread = np.maximum(np.abs(values).mean(axis=0), 0.05)[:, None]
    deviation = np.maximum(np.sqrt((values**2).mean(axis=0)), 0.1)[:, None]
    laplace: NDArray[np.float64] = np.exp(-np.abs(axis) / spread)
    normal: NDArray[np.float64] = np.exp(-((axis / deviation) ** 2) / 2)
    laplace /= laplace.sum(axis=1, keepdims=True)
    normal /= normal.sum(axis=1, keepdims=True)
    return (laplace + normal) / 2


def _counts(codes: Codes) -> NDArray[np.float64]:
    """Return how often each dimension has each code, [D, 256]."""
    dimensions = codes.shape[1]
    places = codes.astype(np.int64) + 256 * np.arange(dimensions)
    return np.bincount(places.ravel(), minlength=256 * dimensions).reshape(dimensions, 256).astype(np.float64)


def cost(statistics: NDArray[np.uint8], data: NDArray[np.uint8]) -> float:
    """Return the bits of `data` under the order-0 frequencies of `statistics`, which holds all its values."""
    counts = np.bincount(statistics, minlength=256)
    values, times = np.unique(data, return_counts=True)
    return float((times * -np.log2(counts[values] / max(1, len(statistics)))).sum())


def _codes(rows: Iterable[ChunkRow]) -> Codes:
    """Return the codes of rows, [n, D]."""
    vectors = [row.vector for row in rows]
    return np.frombuffer(b"".join(vectors), np.uint8).reshape(len(vectors), -1 if vectors else 0)


# Positions ------------------------------------------------------------------------------------------


def position_bits(old: Snapshot, new: Snapshot) -> float:
    """Return the bits that say which rows go and where the others stand."""
    before, after = ({row.key: row for row in state.documents} for state in (old, new))
    changed = [key for key in before if key in after and before[key] != after[key]]
    removed = [key for key in before if key not in after]
    added = [key for key in after if key not in before]
    touched = len(changed) + len(removed)
    bits = _gamma(touched) + _log2_ways(len(before), touched) + touched + _gamma(len(added))
    known = frozenset(old.chunks)
    bits += sum(list_bits(before[key].chunks, after[key].chunks, known) for key in changed)
    return bits + sum(list_bits((), after[key].chunks, known) for key in added)


def list_bits(before: Sequence[int], after: Sequence[int], known: frozenset[int]) -> float:
    """Return the bits that make one list of chunks from another; `known`: all ids of the release before."""
    places = {chunk: place for place, chunk in enumerate(before)}
    stays = _longest_rising([places[chunk] for chunk in after if chunk in places])
    gone, inserted = len(before) - stays, len(after) - stays
    references = sum(chunk in known for chunk in after) - stays
    bits = _gamma(gone) + _log2_ways(len(before), gone) + _gamma(inserted) + _log2_ways(len(after), inserted)
    return bits + inserted + references * _log2(len(known))


def _longest_rising(values: Iterable[int]) -> int:
    """Return the length of a longest rising subsequence (patience sorting)."""
    tails: list[int] = []
    for value in values:
        at = bisect_left(tails, value)
        tails[at : at + 1] = [value]
    return len(tails)


def _log2_ways(total: int, chosen: int) -> float:
    """Return log2 of the number of ways to choose."""
    ways = math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
    return max(0.0, ways / math.log(2))


def _log2(count: int) -> float:
    return math.log2(count) if count else 0.0


def _gamma(count: int) -> int:
    return 2 * (count + 1).bit_length() - 1
