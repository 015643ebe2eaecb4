"""How small an encoder's table may be: `encoder_table.py CRANFIELD HISTORY --model FOLDER [--cache FILE]`.

CRANFIELD and HISTORY are those of encoders.py. Prints the tables of site/content/decisions/encoder-table.md:
what a file consists of, then one line for each way to store the rows. Every line is an encoder file as a release
would carry it, read back and asked through the client's own code. nDCG@10 is on Cranfield, with document vectors
of 8 bits; *near* is the mean cosine between the table's vector of a query and the transformer's own; *rare* the
mean reciprocal rank of the text for a word that stands in it alone (Cranfield, then HISTORY); bytes are those of
the gzip file.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.embeddings import cached_embeddings
from bench.encoders import Cranfield, integer_scores, static_queries
from bench.replay import states
from vademecum.encoder.alphabet import Alphabet
from vademecum.encoder.file import encode_encoder
from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.format.objects import deflate
from vademecum.format.tensors import decode_tensors
from vademecum_builder.chunking.structure import chunk_document, embedding_text
from vademecum_builder.encoders import fit
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import Fitted
from vademecum_builder.encoders.builtin import Builtin, fit_builtin
from vademecum_builder.encoders.limits import FitLimits
from vademecum_builder.encoders.table import Matrix, unpack_rows
from vademecum_builder.encoders.transformer import Model
from vademecum_builder.readers.document import parse_document
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.folder import FolderSource

CACHE = Path(__file__).parents[2] / ".cache/embeddings.db"
LIMITS = FitLimits()


@dataclass(frozen=True)
class Way:
    """A way to store rows.

    Attributes:
        levels: The largest component.
        common, rare: Steps of words that stand in at least `least` texts, and of others; 0: stretched.
        words: The most of them.
        whole: Whether rows that could be packed are in whole bytes.
    """

    label: str
    levels: int = 7
    common: float = 0.0
    rare: float = 0.0
    least: int = 0
    words: int = 1 << 16
    whole: bool = False


DECIDED = Way(
    "as decided",
    LIMITS.model_levels,
    LIMITS.model_step,
    LIMITS.model_rare_step,
    LIMITS.model_common,
)


@dataclass(frozen=True)
class Fit:
    """A query table fitted to texts, before anything is rounded."""

    texts: Sequence[str]
    alphabet: Alphabet
    vocabulary: fit.Vocabulary
    rows: Matrix
    documents: Matrix

    @classmethod
    def of(cls, texts: Sequence[str], model: Model) -> Fit:
        parts = fit.choose_parts(texts, int(LIMITS.parts * len(texts)))
        vectors = unit(model.embed([*texts, *parts], LIMITS.batch))
        alphabet = build_alphabet(texts)
        splits = [alphabet.split(text) for text in [*texts, *parts]]
        vocabulary = fit.choose_words(splits[: len(texts)], LIMITS.model_words, LIMITS)
        rows = fit.fit_ridge(vocabulary.features(splits), vectors, LIMITS.penalty)
        return cls(texts, alphabet, vocabulary, rows, vectors[: len(texts)])

    def file(self, way: Way) -> bytes:
        """Return the encoder file with the rows stored that way."""
        whole = self.vocabulary
        some = replace(
            whole,
            words=whole.words[: way.words],
            idf=whole.idf[: way.words],
            spread=whole.spread[: way.words],
        )
        steps = np.where(some.spread >= way.least, way.common, way.rare) if way.common else None
        rows = self.rows[: way.words]
        fitted = fit.FittedRows(self.alphabet, some, rows, levels=way.levels, steps=steps)
        data = fit.build_file("table", fitted, fit.golden_texts(self.texts, LIMITS))
        return unpacked(data) if way.whole else data

    def rare(self, encoder: Encoder) -> float:
        """Return the mean reciprocal rank of the one text that holds a word, for every third of such words."""
        words = [
            word for word, n in zip(self.vocabulary.words, self.vocabulary.spread, strict=True) if n == 1
        ]
        known = set(encoder.file.words)
        owner = {word: i for i, text in enumerate(self.texts) for word in self.alphabet.split(text)}
        found = []
        for word in words[::3]:
            scores = self.documents @ np.array(encoder.encode(word), dtype=np.float64)
            rank = 1 + (scores > scores[owner[word]]).sum()
            found.append(1 / rank if word in known else 0.0)
        return float(np.mean(found))


def unit(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)


def unpacked(data: bytes) -> bytes:
    file = decode_encoder(data).file
    return encode_encoder(replace(file, rows=unpack_rows(file).tobytes(), bits=8))


def gzipped(data: bytes) -> int:
    return len(deflate(data)[1])


def ways() -> Iterator[Way]:
    yield Way("8 bits", 127)
    yield Way("-7 to 7, stretched, in whole bytes", whole=True)
    yield Way("4 bits, stretched")
    for step in (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2):
        yield Way(f"4 bits, step {step}", common=step, rare=step)
    yield Way("4 bits, step 1.0, -3 to 3", 3, common=1.0, rare=1.0)
    for common, rare, least in ((0.4, 0.6, 5), (0.4, 1.0, 3), (0.4, 1.0, 5), (0.4, 1.2, 5), (0.4, 1.0, 10)):
        yield Way(f"4 bits, step {common}; {rare} below {least} texts", common=common, rare=rare, least=least)
    yield replace(DECIDED, label="0.4; 1.0 below 5 texts, in whole bytes", whole=True)
    for words in (6000, 4096, 3000, 2048, 1024):
        yield replace(DECIDED, label=f"0.4; 1.0 below 5 texts, {words} words", words=words)


def read_last(history: str) -> list[str]:
    """Return the texts of all chunks of a history's last state, as a build makes them."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in states(history, Path(folder) / "source"):
            pass
        source = FolderSource(Path(folder) / "source")
        items = [item for item in source.scan() if isinstance(item, SourceItem)]
    documents = map(parse_document, items)
    texts = [embedding_text(page.title, chunk) for page in documents for chunk in chunk_document(page)]
    return list(dict.fromkeys(texts))


def report_parts(label: str, data: bytes) -> None:
    """Print what the file's tensors weigh, each gzipped by itself."""
    sizes = {name: gzipped(bytes(tensor.data)) for name, tensor in decode_tensors(data).tensors.items()}
    print(f"{label}: {gzipped(data):,} bytes gzipped, {len(data):,} inflated")
    print("  " + ", ".join(f"{name} {size:,}" for name, size in sorted(sizes.items(), key=lambda i: -i[1])))


@dataclass(frozen=True)
class Judge:
    """Asks encoders about Cranfield."""

    cranfield: Cranfield
    asked: Matrix
    documents: Matrix

    def measure(self, data: bytes) -> tuple[float, float]:
        """Return nDCG@10 and the mean cosine with the transformer's own queries."""
        fitted = Fitted(Builtin(data), self.documents)
        queries, _ = static_queries(fitted, self.cranfield.queries)
        near = float((unit(queries.astype(np.float64)) * self.asked).sum(axis=1).mean())
        return self.cranfield.ndcg(integer_scores(fitted, queries)), near


def run_model(cranfield: Cranfield, docs: Sequence[str], name: str) -> None:
    model = Model.load(name)
    one, other = Fit.of(cranfield.texts, model), Fit.of(docs, model)
    asked = unit(model.embed(cranfield.queries, LIMITS.batch))
    judge = Judge(cranfield, asked, one.documents)
    print(f"the transformer itself: nDCG@10 {cranfield.ndcg(asked @ one.documents.T):.4f}")
    for label, fitted in (("Cranfield", one), ("history", other)):
        spread = fitted.vocabulary.spread
        print(f"{label}: {len(fitted.texts)} chunks, {len(spread)} words, {(spread == 1).sum()} of one chunk")
        report_parts("  with 8 bits", fitted.file(Way("", 127)))
        report_parts("  as decided", fitted.file(DECIDED))
    print(f"\n{'rows':44}{'nDCG@10':>9}{'near':>8}{'rare':>7}{'rare':>7}{'Cranfield':>11}{'history':>11}")
    for way in ways():
        files = [fitted.file(way) for fitted in (one, other)]
        ndcg, near = judge.measure(files[0])
        rares = [f.rare(decode_encoder(file)) for f, file in zip((one, other), files, strict=True)]
        print(f"{way.label:44}{ndcg:9.4f}{near:8.4f}{rares[0]:7.3f}{rares[1]:7.3f}", end="")
        print("".join(f"{gzipped(file):11,}" for file in files), flush=True)


def run_builtin(cranfield: Cranfield, docs: Sequence[str]) -> None:
    print(f"\n{'builtin':44}{'nDCG@10':>9}{'Cranfield':>11}{'history':>11}")
    for label, levels, packed in (("8 bits", 127, True), ("7 levels, 8 bits", 7, False), ("4 bits", 7, True)):
        limits = replace(LIMITS, builtin_levels=levels)
        sizes = []
        for texts in (docs, cranfield.texts):
            data = fit_builtin(texts, limits).query_encoder
            data = data if packed else unpacked(data)
            sizes.append(gzipped(data))
        encoder = Builtin(data)
        fitted = Fitted(encoder, encoder.embed(cranfield.texts))
        ndcg = cranfield.ndcg(integer_scores(fitted, static_queries(fitted, cranfield.queries)[0]))
        print(f"{label:44}{ndcg:9.4f}{sizes[1]:11,}{sizes[0]:11,}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cranfield", type=Path)
    parser.add_argument("history")
    parser.add_argument("--model", required=True, help="folder of a sentence-transformers model")
    parser.add_argument("--cache", type=Path, default=CACHE, help="embeddings, kept between runs")
    arguments = parser.parse_args()
    cranfield, docs = Cranfield(arguments.cranfield), read_last(arguments.history)
    run_builtin(cranfield, docs)
    with cached_embeddings(arguments.cache):
        run_model(cranfield, docs, arguments.model)


if __name__ == "__main__":
    main()
