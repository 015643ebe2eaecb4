"""Asks the manual's ten questions of documents, as a release of them is searched: words and meaning, `builtin`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sites.manual import QUESTIONS
from unit.client.search.test_vectors import opened
from vademecum.encoder.query import decode_encoder
from vademecum.format.segment import ChunkRow, DocumentRow, scale_of
from vademecum.search.question import Question
from vademecum.search.results import Results
from vademecum.search.searcher import Searcher
from vademecum_builder.chunking.structure import chunk_document, embedding_text
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.builtin import fit_builtin
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.readers.document import Document

# What javadoc and rustdoc call the pages that others call by their key.
_NAMED = {"configuration": "settings", "quickstart": "thefirsthour", "faq": "questionsandanswers"}


def unanswered(search: Callable[[str, int], Results]) -> list[str]:
    """Return the questions whose page is not among the first three, each with those."""
    missed = []
    for question, page in QUESTIONS:
        first = [hit.document.lower() for hit in search(question, 3)]
        if not any(wanted in key for key in first for wanted in (page, _NAMED.get(page, page))):
            missed.append(f"{question} {first}")
    return missed


def search_of(documents: Iterable[Document]) -> Callable[[str, int], Results]:
    """Return what searches these documents."""
    cut = [(document, chunk) for document in documents for chunk in chunk_document(document)]
    texts = [embedding_text(document.title, chunk) for document, chunk in cut]
    table = fit_builtin(texts, FitLimits())
    vectors = [row.tobytes() for row in quantise(table.embed(texts))]
    chunks: list[ChunkRow] = []
    rows: dict[str, DocumentRow] = {}
    for number, (document, chunk) in enumerate(cut):
        headings = " › ".join(chunk.headings)
        vector = vectors[number]
        chunks.append(ChunkRow(number, 1, vector, scale_of(vector), headings, chunk.anchor, chunk.text))
        of_page = rows[document.key].chunks if document.key in rows else ()
        rows[document.key] = DocumentRow(document.key, 1, document.title, document.url, chunks=(*of_page, number))
    searcher = Searcher(opened(decode_encoder(table.query_encoder), [*rows.values(), *chunks]))
    return lambda query, limit: searcher.search(Question(query, limit))
