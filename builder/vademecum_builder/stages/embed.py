"""The second stage: vectors for the chunks that are new. What was embedded before keeps its bits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vademecum.encoder.query import decode_encoder
from vademecum.format.json import canonical
from vademecum.format.segment import DocumentRow
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.encoders.base import DocumentEncoder, Encoders
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.table import Matrix
from vademecum_builder.index.rows import Rows
from vademecum_builder.options import Progress
from vademecum_builder.stages.read import Reading

QUANTISERS = {8: "int8", 4: "rotated-4", 2: "rotated-2"}
"""By bits of a component; part of the epoch."""


@dataclass(frozen=True)
class Embedded:
    """All rows of the release, the encoder of their vectors, and how many chunks it had to embed."""

    rows: Rows
    encoder: DocumentEncoder
    count: int


def epoch_of(encoder: DocumentEncoder, bits: int) -> str:
    """Return the name of the space that rows belong to: chunker, encoder and quantiser together."""
    return hashlib.sha256(canonical([CHUNKER, encoder.identity, QUANTISERS[bits]])).hexdigest()[:16]


def embed_chunks(
    reading: Reading,
    old: Rows,
    encoder: DocumentEncoder | None,
    encoders: Encoders,
    sequence: int,
    bits: int,
    progress: Progress,
) -> Embedded:
    """Return the rows of the release, tombstones among them.

    Args:
        old: The rows to build on; none in a new epoch.
        encoder: The frozen one that `old` was made with; None fits a new one.
        bits: Of a vector's component.

    Raises:
        UsageError, ContentError: The encoder cannot be had, or gives no numbers.
    """
    needed = dict.fromkeys(chunk for row in reading.documents.values() for chunk in row.chunks)
    new = [chunk for chunk in needed if chunk not in old.chunks]
    encoder, vectors = _vectors([reading.chunks[chunk][0] for chunk in new], encoder, encoders, progress)
    codes, scales = quantise(vectors, bits, decode_encoder(encoder.query_encoder).unknown_from)
    chunks = {chunk: old.chunks[chunk] for chunk in needed if chunk in old.chunks}
    for position, chunk in enumerate(new):
        row = reading.chunks[chunk][1]
        chunks[chunk] = replace(row, vector=codes[position].tobytes(), scale=int(scales[position]))
    documents = {**_tombstones(reading, old, sequence), **reading.documents}
    return Embedded(Rows(documents, chunks), encoder, len(new))


def _vectors(
    texts: Sequence[str], encoder: DocumentEncoder | None, encoders: Encoders, progress: Progress
) -> tuple[DocumentEncoder, Matrix]:
    def report(done: int, total: int) -> None:
        progress("embedding", done, total)

    if encoder is not None:
        return encoder, encoder.embed(texts, report)
    fitted = encoders.fit(texts, report)
    return fitted.encoder, fitted.vectors


def _tombstones(reading: Reading, old: Rows, sequence: int) -> dict[str, DocumentRow]:
    """Return the old tombstones and those of this release. A new epoch needs none: no client keeps old rows."""
    earlier = {key: row for key, row in old.documents.items() if row.removed}
    fresh = [key for key in reading.removed if key in old.documents]
    return earlier | {key: DocumentRow(key, sequence, removed=True) for key in fresh}
