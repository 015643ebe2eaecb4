"""How well and how fast the encoders are: `encoders.py CRANFIELD [HISTORY] [--model FOLDER] [--unknown] [--bits]`.

CRANFIELD is a folder with documents.jsonl, queries.jsonl and qrels.tsv; HISTORY a history.jsonl.gz of a
Markdown tree, for time and size. Retrieval is nDCG@10 with binary relevance, through the very bytes that a
release holds (int8 vectors, integer scores). BM25 (k1 1.2, b 0.75) over the same words is the named peer.
`--unknown` prints the table of site/content/decisions/unknown-words.md, `--bits` that of quantiser.md beside it.
The table of encoder-table.md came from a script that is in the history.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from vademecum.encoder import rotation
from vademecum.encoder.query import decode_encoder, shrink
from vademecum.format.segment import LEVELS
from vademecum_builder.encoders import fit
from vademecum_builder.encoders import quantise as quantiser
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import Fitted
from vademecum_builder.encoders.builtin import Builtin, fit_builtin
from vademecum_builder.encoders.limits import FitLimits
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.table import Matrix
from vademecum_builder.encoders.transformer import PREFIX, Model


class Cranfield:
    def __init__(self, folder: Path) -> None:
        documents = [_parse(line) for line in _lines(folder / "documents.jsonl")]
        queries = [_parse(line) for line in _lines(folder / "queries.jsonl")]
        self.texts = [_text(document) for document in documents]
        self.queries = [query["text"] for query in queries]
        relevant = defaultdict(set)
        for line in _lines(folder / "qrels.tsv"):
            query_id, document, relevance = line.split("\t")
            if int(relevance) > 0:
                relevant[query_id].add(document)
        numbers = {document["id"]: number for number, document in enumerate(documents)}
        self.relevant = [{numbers[id_] for id_ in relevant[query["id"]]} for query in queries]

    def ndcg(self, scores: Matrix) -> float:
        """Return the mean nDCG@10 of scores [queries, documents]; ties go to the earlier document."""
        return float(np.mean(self.ndcg_each(scores)))

    def ndcg_each(self, scores: Matrix) -> Matrix:
        """Return nDCG@10 of each query that has relevant documents."""
        values = []
        for row, relevant in zip(scores, self.relevant, strict=True):
            best = np.argsort(-row, kind="stable")[:10]
            gain = sum(1 / math.log2(rank + 2) for rank, number in enumerate(best) if number in relevant)
            if relevant:
                values.append(gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant)))))
        return np.array(values)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _parse(line: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(line)
    return value


def _text(document: dict[str, str]) -> str:
    title, text = document["title"], document["text"]
    return text if text.startswith(title[:20]) else f"{title}\n{text}"


def bm25(texts: Sequence[str], queries: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Matrix:
    """Return BM25 scores [queries, documents]."""
    alphabet = build_alphabet(texts)
    splits = [alphabet.split(text) for text in texts]
    vocabulary = fit.choose_words(splits, 1 << 20, FitLimits())
    counts = fit.count_words(splits, vocabulary.words).astype(np.float64).tocoo()
    lengths = np.array([len(split) for split in splits])
    room = k1 * (1 - b + b * lengths / lengths.mean())
    counts.data = vocabulary.idf[counts.col] * counts.data * (k1 + 1) / (counts.data + room[counts.row])
    asked = fit.count_words([alphabet.split(query) for query in queries], vocabulary.words)
    return np.asarray((asked @ counts.tocsr().T).toarray(), dtype=np.float64)


def integer_scores(fitted: Fitted, queries: Matrix) -> Matrix:
    """Return the scores of format.md, section 4.2, for queries int [q, D]."""
    vectors, scales = quantise(fitted.vectors)
    return (queries @ vectors.astype(np.int64).T * scales.astype(np.int64)).astype(np.float64)


def static_queries(fitted: Fitted, queries: Sequence[str]) -> tuple[Matrix, float]:
    """Return the client's query vectors [q, D] and the milliseconds that one took."""
    encoder = decode_encoder(fitted.encoder.query_encoder)
    encoder.check_golden()
    start = time.perf_counter()
    vectors = [encoder.encode(query) for query in queries]
    return np.array(vectors, dtype=np.int64), (time.perf_counter() - start) * 1000 / len(queries)


@dataclass(frozen=True)
class Arm:
    """One way to store vectors: bits of a component and, packed, the width of a step."""

    bits: int
    step: float = 0.0

    def scores(self, vectors: Matrix, queries: Matrix, start: int, signs: str) -> tuple[Matrix, bytes]:
        """Return integer scores [queries, documents], and the rows as a segment holds them.

        Args:
            signs: Put before the words that the rotation's signs come from; empty: the published rotation.
        """
        with (
            mock.patch.object(rotation, "ROUNDS", [signs + word for word in rotation.ROUNDS]),
            mock.patch.dict(quantiser._STEPS, {self.bits: self.step}),
        ):
            rows, scales = quantise(vectors, self.bits, start)
            asked = queries
            if self.bits != 8:
                asked = np.array(
                    [shrink(list(q)) for q in np.array(rotation.rotate(list(queries.T), start)).T]
                )
        values = rows.astype(np.int64)
        if self.bits != 8:
            factor, offset = LEVELS[self.bits]
            lanes = np.arange(0, 8, self.bits)
            codes = (values[:, :, None] >> lanes & (1 << self.bits) - 1).reshape(len(rows), -1)
            values = factor * codes[:, : vectors.shape[1]] + offset
        return (asked @ values.T * scales.astype(np.int64)).astype(np.float64), rows.tobytes()


ARMS = (Arm(8), *(Arm(4, step) for step in (0.3, 0.4, 0.5, 0.6, 0.7)), *(Arm(2, step) for step in (0.8, 1.0)))
ROTATIONS = ("", *"abcdefghijk")


def run_bits(cranfield: Cranfield, model: str | None) -> None:
    for name in ["builtin"] + ([PREFIX + model] if model else []):
        fitted = NamedEncoders(name).fit(cranfield.texts)
        queries, _ = static_queries(fitted, cranfield.queries)
        start = decode_encoder(fitted.encoder.query_encoder).unknown_from
        report_bits(cranfield, fitted, queries, start, fitted.encoder.name)
        if model and name != "builtin":
            asked = Model.load(model).embed(cranfield.queries, FitLimits().batch)
            whole = np.floor(asked * 127 / np.abs(asked).max(axis=1, keepdims=True) + 0.5).astype(np.int64)
            report_bits(cranfield, fitted, whole, start, "the transformer itself asks")


def report_bits(cranfield: Cranfield, fitted: Fitted, queries: Matrix, start: int, label: str) -> None:
    """Print each arm against floats: the published rotation with a paired bootstrap, and others beside it."""
    lengths = np.linalg.norm(fitted.vectors, axis=1, keepdims=True)
    floats = cranfield.ndcg_each(queries @ (fitted.vectors / np.where(lengths > 0, lengths, 1.0)).T)
    print(f"\n{label}: floats {floats.mean():.4f}; nDCG@10 in % of that")
    print("bits step  published  95 % interval   rotations: mean  spread   least  bytes a vector, gzipped")
    draws = np.random.default_rng(0).integers(0, len(floats), (2000, len(floats)))
    for arm in ARMS:
        found = [
            arm.scores(fitted.vectors, queries, start, signs)
            for signs in ROTATIONS[: None if arm.step else 1]
        ]
        each = [cranfield.ndcg_each(scores) for scores, _ in found]
        low, high = np.percentile(each[0][draws].mean(axis=1) / floats[draws].mean(axis=1), [2.5, 97.5])
        share = [100 * values.mean() / floats.mean() for values in each]
        size = len(gzip.compress(found[0][1], 9)) / len(fitted.vectors)
        print(
            f"{arm.bits:4}{arm.step or '':5}{share[0]:11.2f}{100 * low:9.1f} to {100 * high:5.1f}"
            f"{np.mean(share):17.2f}{np.std(share):8.2f}{min(share):8.2f}{size:12.1f}",
            flush=True,
        )


def report(label: str, ndcg: float, note: str = "") -> None:
    print(f"{label:34}{ndcg:8.4f}  {note}", flush=True)


def run_cranfield(cranfield: Cranfield, model: str | None) -> None:
    print(f"{'Cranfield':34}{'nDCG@10':>8}")
    report("BM25 (peer)", cranfield.ndcg(bm25(cranfield.texts, cranfield.queries)))
    for name in ["builtin"] + ([PREFIX + model] if model else []):
        start = time.perf_counter()
        fitted = NamedEncoders(name).fit(cranfield.texts)
        seconds = time.perf_counter() - start
        queries, milliseconds = static_queries(fitted, cranfield.queries)
        packed = len(gzip.compress(fitted.encoder.query_encoder, 9)) / 1e3
        note = f"fit + embed {seconds:.1f} s, encoder {packed:.0f} kB gzipped, {milliseconds:.2f} ms a query"
        report(f"{fitted.encoder.name}, as released", cranfield.ndcg(integer_scores(fitted, queries)), note)
        if model and name != "builtin":
            report_transformer(cranfield, fitted, Model.load(model))


def report_transformer(cranfield: Cranfield, fitted: Fitted, model: Model) -> None:
    """The ceiling: the transformer itself encodes the query, in floats."""
    queries = model.embed(cranfield.queries, FitLimits().batch)
    documents = fitted.vectors / np.linalg.norm(fitted.vectors, axis=1, keepdims=True)
    report("the transformer itself, floats", cranfield.ndcg(queries @ documents.T))


def read_history(path: Path) -> tuple[list[str], list[str]]:
    """Return the chunks of the first and of the last state."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        commits: list[dict[str, Any]] = [json.loads(line) for line in file]
    pages: dict[str, str] = {}
    for commit in commits:
        pages = {key: page for key, page in pages.items() if key not in commit.get("delete", ())}
        pages |= commit["set"]
    first, last = (
        [chunk for _, page in sorted(state.items()) for chunk in _chunks(page)]
        for state in (commits[0]["set"], pages)
    )
    return first, last


def run_history(path: Path) -> None:
    chunks, _ = read_history(path)
    start = time.perf_counter()
    fitted = NamedEncoders("builtin").fit(chunks)
    fitting = time.perf_counter() - start
    start = time.perf_counter()
    fitted.encoder.embed(chunks)
    embedding = time.perf_counter() - start
    encoder = decode_encoder(fitted.encoder.query_encoder)
    packed = len(gzip.compress(fitted.encoder.query_encoder, 9)) / 1e3
    print(
        f"\n{path.name}: {len(chunks)} chunks, builtin fit + embed {fitting:.1f} s (embed {embedding:.1f} s),"
        f" {len(encoder.file.words)} words x {encoder.dimensions}, encoder {packed:.0f} kB gzipped"
    )


def _chunks(page: str, least: int = 350) -> list[str]:
    """Crude pieces: paragraphs, joined up to `least` characters, parted at headings."""
    pieces = [""]
    for paragraph in re.split(r"\n\s*\n", page):
        if len(pieces[-1]) > least or paragraph.startswith("#"):
            pieces.append("")
        pieces[-1] += paragraph + "\n"
    return [piece for piece in pieces if piece.strip()]


@dataclass(frozen=True)
class Rare:
    """Words of a single text of these, and that text's number."""

    words: Sequence[str]
    owners: Sequence[int]

    @classmethod
    def choose(cls, splits: Sequence[Sequence[str]], known: set[str], most: int = 400) -> Rare:
        spread = Counter(word for split in splits for word in set(split))
        words = sorted(
            word for word, n in spread.items() if n == 1 and word not in known and 3 <= len(word) <= 40
        )
        words = words[:: max(1, len(words) // most)]
        owners = {word: number for number, split in enumerate(splits) for word in split}
        return cls(words, [owners[word] for word in words])

    def typed(self) -> Rare:
        """The same without the last two letters, as a search while typing sees them."""
        return replace(self, words=[word[: max(4, len(word) - 2)] for word in self.words])

    def mrr(self, fitted: Fitted) -> float:
        """Return the mean reciprocal rank of the text for its word alone; not found is 0, ties share."""
        scores = integer_scores(fitted, static_queries(fitted, self.words)[0])
        own = scores[np.arange(len(self.words)), self.owners][:, None]
        rank = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) + 1) / 2
        return float(np.where(own[:, 0] > 0, 1 / rank, 0.0).mean())


@dataclass(frozen=True)
class Variant:
    """A way to stand up to unknown words.

    Attributes:
        least: Words of fewer texts are left out of the table.
        shared: Unknown words use the dimensions of the known ones.
    """

    limits: FitLimits
    least: int = 1
    shared: bool = False

    def fit(self, texts: Sequence[str]) -> Builtin:
        if self.least == 1 and not self.shared:
            return fit_builtin(texts, self.limits)
        alphabet = build_alphabet(texts)
        splits = [alphabet.split(text) for text in texts]
        every = fit.choose_words(splits, self.limits.builtin_words, self.limits)
        spread = Counter(word for split in splits for word in set(split))
        size = sum(spread[word] >= self.least for word in every.words)  # they lie first
        vocabulary = replace(
            every, words=every.words[:size], idf=every.idf[:size], spread=every.spread[:size]
        )
        features = vocabulary.features(splits)
        rows = fit.fit_lsa(features, self.limits)
        room, unknown = fit.make_room(features, rows, vocabulary.rarest, self.limits)
        if self.shared:
            room, unknown = rows, replace(unknown, start=0)
        fitted = fit.FittedRows(alphabet, vocabulary, room, unknown, self.limits.builtin_levels)
        return Builtin(fit.build_file("builtin", fitted, fit.golden_texts(texts, self.limits)))


def _variants() -> dict[str, Variant]:
    plain = FitLimits(dimensions=192, unknown_dimensions=1, unknown_share=1e-9, builtin_levels=127)
    shared = {
        f"192 shared, share {share}{', df >= 2' * (least > 1)}": Variant(
            replace(plain, unknown_share=share), least, True
        )
        for least in (1, 2)
        for share in (0.5, 1.0)
    }
    sizes = ((192, 64, 127), (192, 64, 7), (160, 64, 7), (160, 96, 3), (128, 128, 7), (160, 96, 7))
    own = {
        f"{known} + {room}, {levels} levels": Variant(
            FitLimits(dimensions=known, unknown_dimensions=room, builtin_levels=levels)
        )
        for known, room, levels in sizes
    }
    shares = {
        f"160 + 96, 7 levels, share {share}": Variant(FitLimits(unknown_share=share))
        for share in (0.25, 0.75, 1.0)
    }
    pruned = {"160 + 96, 7 levels, df >= 2": Variant(FitLimits(), least=2)}
    return {"192, unknown words mean nothing": Variant(plain)} | shared | own | shares | pruned


def run_unknown(cranfield: Cranfield, path: Path) -> None:
    first, last = read_history(path)
    half = cranfield.texts[::2]
    titles = ("nDCG", "half", "rare", "typed", "new", "encoder", "vectors")
    print(f"\n{'builtin':38}" + "".join(f"{title:>9}" for title in titles))
    for label, variant in _variants().items():
        whole = Fitted(encoder := variant.fit(cranfield.texts), encoder.embed(cranfield.texts))
        stale = Fitted(encoder := variant.fit(half), encoder.embed(cranfield.texts))
        docs = Fitted(encoder := variant.fit(first), encoder.embed(first))
        client = decode_encoder(encoder.query_encoder)
        later = Fitted(encoder, encoder.embed(last))
        rare = Rare.choose([client.split(text) for text in first], set())
        known = {word for text in first for word in client.split(text)}
        new = Rare.choose([client.split(text) for text in last], known)
        ndcg = [
            cranfield.ndcg(integer_scores(fitted, static_queries(fitted, cranfield.queries)[0]))
            for fitted in (whole, stale)
        ]
        found = [rare.mrr(docs), rare.typed().mrr(docs), new.mrr(later)]
        sizes = [
            len(gzip.compress(encoder.query_encoder, 9)),
            len(gzip.compress(quantise(docs.vectors)[0].tobytes(), 9)),
        ]
        print(
            f"{label:38}"
            + "".join(f"{value:9.4f}" for value in ndcg)
            + "".join(f"{value:9.3f}" for value in found)
            + "".join(f"{size / 1000:6.0f} kB" for size in sizes),
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cranfield", type=Path)
    parser.add_argument("history", type=Path, nargs="?")
    parser.add_argument("--model", help="folder or hub name of a sentence-transformers model")
    parser.add_argument("--unknown", action="store_true", help="compare ways with words not in the table")
    parser.add_argument("--bits", action="store_true", help="compare ways to store vectors")
    arguments = parser.parse_args()
    if arguments.unknown and not arguments.history:
        parser.error("--unknown needs HISTORY")
    cranfield = Cranfield(arguments.cranfield)
    if arguments.unknown:
        run_unknown(cranfield, arguments.history)
        return
    if arguments.bits:
        run_bits(cranfield, arguments.model)
        return
    run_cranfield(cranfield, arguments.model)
    if arguments.history:
        run_history(arguments.history)


if __name__ == "__main__":
    main()
