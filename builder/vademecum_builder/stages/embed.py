"""The second stage: vectors for new chunks. What was embedded before keeps its bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vademecum.format.segment import HEADING_SEPARATOR, scale_of
from vademecum_builder.chunking.structure import Chunk, embedding_text
from vademecum_builder.encoders.base import DocumentEncoder, Encoders, Fitted
from vademecum_builder.encoders.onnx_model import export_model
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.index.rows import Rows, VectorSpace
from vademecum_builder.request import QUERY_ENCODERS
from vademecum_builder.stages.base import Base, space_of
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.parsed import PendingChunk
from vademecum_builder.stages.read import SourceState


@dataclass(frozen=True)
class Embedded:
    """The live rows of a release, their vector space and its encoder.

    Attributes:
        query_encoder, directions: See `encoders.base.DocumentEncoder`.
        model: The model's own files, if they are published (`encoders.onnx_model`); else empty.
        count: How many chunks were embedded by this build.
    """

    rows: Rows
    space: VectorSpace
    query_encoder: bytes
    directions: bytes
    model: bytes = b""
    count: int = 0


def embed_chunks(state: SourceState, base: Base, encoders: Encoders, context: BuildContext) -> Embedded:
    """Return the rows of the release.

    Raises:
        UsageError, ContentError: The encoder is not available, or returns something other than numbers.
    """
    new, known = texts_to_embed(state, base), _vectors_of_texts(state, base)
    fitted = embed_texts(new, base, encoders, context)
    space = space_of(fitted.encoder)
    vectors = [row.tobytes() for row in quantise(fitted.vectors)]
    known |= {text: (vector, scale_of(vector)) for text, vector in zip(new, vectors, strict=True)}
    needed = (chunk for row in state.documents.values() for chunk in row.chunks)
    chunks = {chunk: base.rows.chunks[chunk] for chunk in needed if chunk in base.rows.chunks}
    chunks |= {chunk.id: chunk.row(*known[chunk.embedded_text]) for chunk in _added(state, base)}
    rows, encoder = Rows(state.documents, chunks), fitted.encoder
    model = _model(encoder, base, context)
    return Embedded(rows, space, encoder.query_encoder, encoder.directions, model, len(new))


def _model(encoder: DocumentEncoder, base: Base, context: BuildContext) -> bytes:
    """Return the model's own files if they are to be published, as published before or made now; else empty."""
    asked, previous = context.request.query_encoder, context.previous.published
    as_before = previous is not None and previous.model and previous.manifest.encoder.name == encoder.name
    if not (asked == QUERY_ENCODERS[1] or (asked is None and as_before)):
        return b""
    return (base.published and base.published.model) or export_model(encoder)


def wants_other_model(context: BuildContext) -> bool:
    """Return whether the model's own files are to be published or withdrawn, other than in the previous release."""
    asked, previous = context.request.query_encoder, context.previous.published
    return asked is not None and previous is not None and bool(previous.model) != (asked == QUERY_ENCODERS[1])


def texts_to_embed(state: SourceState, base: Base) -> list[str]:
    """Return the texts that `embed_chunks` sends to the encoder."""
    known = _vectors_of_texts(state, base)
    return [chunk.embedded_text for chunk in _added(state, base) if chunk.embedded_text not in known]


def _added(state: SourceState, base: Base) -> list[PendingChunk]:
    """Return the chunks that the base does not have, in reading order."""
    needed = dict.fromkeys(chunk for row in state.documents.values() for chunk in row.chunks)
    return [state.chunks[chunk] for chunk in needed if chunk not in base.rows.chunks]


def _vectors_of_texts(state: SourceState, base: Base) -> dict[str, tuple[bytes, int]]:
    """Return the vectors of modified documents by embedded text: if only markup or an anchor changed, they stay."""
    known: dict[str, tuple[bytes, int]] = {}
    for row in (base.documents[key] for key in state.modified):
        for old in (base.rows.chunks[chunk] for chunk in row.chunks if chunk in base.rows.chunks):
            chunk = Chunk(tuple(old.headings.split(HEADING_SEPARATOR)), old.anchor, old.text)
            known[embedding_text(row.title, chunk)] = old.vector, old.scale
    return known


def embed_texts(texts: Sequence[str], base: Base, encoders: Encoders, context: BuildContext) -> Fitted:
    """Return the vectors of texts, and the encoder: the base's, or a new one fitted to them."""

    def report(done: int, total: int) -> None:
        context.progress("embedding", done, total)

    if base.encoder is None:
        return encoders.fit(texts, report)
    return Fitted(base.encoder, base.encoder.embed(texts, report))
