"""A large knowledge base, end to end: `scale.py [--chunks N ...] [--edited SHARE] [--sequences N] [--no-browser]`.

A seeded synthetic one (384 dimensions, texts of about 600 characters, 10 chunks a document) without any
embedding: the codes are drawn as rotated vectors fall. The first release holds everything, the next edits a
share of the chunks. Prints for each N: seconds of packing the second on the first; of the first install and of the
update with `vade pull`, and the most memory that each took; and the same in Chromium. Searching: search.py.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from bench.browser import ARGUMENTS, CHROMIUM
from bench.dev_keys import make_keys
from bench.peak import Cost, cost_of
from support.pages_host import PagesHost
from vademecum.encoder.file import EncoderFile, encode_encoder
from vademecum.format.segment import ChunkRow, DocumentRow, chunk_id, scale_of
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.loop import run
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.table import Matrix, Progress, pack_rows
from vademecum_builder.index.rows import Rows, rows_of
from vademecum_builder.index.segments import lay_segments
from vademecum_builder.pages.client_bundle import client_files
from vademecum_builder.pages.contents import Contents
from vademecum_builder.pages.pyodide import fetch_runtime
from vademecum_builder.release.location import config_for
from vademecum_builder.release.previous import Previous, going_on, read_previous
from vademecum_builder.release.version_json import DocumentChanges
from vademecum_builder.request import BuildRequest
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, load_authority, load_roots
from vademecum_builder.stages.archive import Archive
from vademecum_builder.stages.assemble import ReleaseInput, assemble_release
from vademecum_builder.stages.base import Base, space_of
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import make_packs
from vademecum_builder.stages.embed import Embedded
from vademecum_builder.stages.publish import publish_release

DIMENSIONS = 384
CHUNKS_A_DOCUMENT = 10
WORDS_A_CHUNK = 96
VOCABULARY = 8000
NOW = datetime.now(UTC)
VADE = [sys.executable, "-m", "vademecum_builder.cli.main"]
START = """async (options) => {
    const { KnowledgeBase } = await import('/client/vademecum.mjs');
    window.kb = new KnowledgeBase({ url: '/', autoUpdate: false, ...options });
    await kb.initialize();
}"""
UPDATE = """async () => {
    const started = performance.now();
    const { plan } = await kb.update() ?? {};
    return (performance.now() - started) / 1000;
}"""


class Corpus:
    """Rows of a synthetic knowledge base. The same number of chunks and seed give the same rows."""

    def __init__(self, chunks: int, sequences: int = 1, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        letters = "aeioubcdfglmnprstv"
        self.words = sorted(
            {"".join(self._chance.choices(letters, k=self._chance.randint(3, 9))) for _ in range(VOCABULARY)}
        )
        weights = np.cumsum([1 / rank for rank in range(1, len(self.words) + 1)])
        self._weights = weights.tolist()
        self._count = chunks
        self.first = sequences

    def rows(self) -> Rows:
        """Return the rows of the first release; its documents last changed in any sequence up to then."""
        chunks: dict[int, ChunkRow] = {}
        documents: dict[str, DocumentRow] = {}
        for number in range(self._count // CHUNKS_A_DOCUMENT):
            key = f"part-{number // 100:04}/page-{number:06}.md"
            sequence = self._chance.randint(1, self.first)
            rows = [self._chunk(key, self._text(), section, sequence) for section in range(CHUNKS_A_DOCUMENT)]
            chunks.update((row.id, row) for row in rows)
            documents[key] = DocumentRow(key, 1, key, f"/{key[:-3]}.html", "", tuple(row.id for row in rows))
        return Rows(documents, self._with_vectors(chunks))

    def edited(self, rows: Rows, share: float, sequence: int) -> Rows:
        """Return the rows with a share of the chunks edited, each in two words."""
        documents, chunks = dict(rows.documents), dict(rows.chunks)
        fresh: dict[int, ChunkRow] = {}
        for key in self._chance.choices(sorted(documents), k=max(1, round(share * len(chunks)))):
            row = documents[key]
            at = self._chance.randrange(len(row.chunks))
            old = fresh.pop(row.chunks[at], None) or chunks.pop(row.chunks[at])
            words = old.text.split()
            words[self._chance.randrange(len(words))] = " ".join(self._chance.choices(self.words, k=2))
            new = self._chunk(key, " ".join(words), at, sequence)
            fresh[new.id] = new
            ids = (*row.chunks[:at], new.id, *row.chunks[at + 1 :])
            documents[key] = replace(row, sequence=sequence, chunks=ids)
        return Rows(documents, {**chunks, **self._with_vectors(fresh)})

    def encoder(self) -> bytes:
        """Return a query encoder over the words of the texts, its rows drawn at random."""
        count = len(self.words)
        rows = pack_rows(np.clip(self._noise.normal(0, 3, (count, DIMENSIONS)), -8, 7))
        alphabet = build_alphabet(self.words)
        weights = [1000] * count
        return encode_encoder(EncoderFile("synthetic", DIMENSIONS, self.words, rows, weights, alphabet))

    def _text(self) -> str:
        return " ".join(self._chance.choices(self.words, cum_weights=self._weights, k=WORDS_A_CHUNK))

    def _chunk(self, title: str, text: str, section: int, sequence: int) -> ChunkRow:
        heading, anchor = f"Section {section}", f"section-{section}"
        number = chunk_id(title, heading, anchor, text)
        return ChunkRow(number, sequence, b"", 0, heading, anchor, text)

    def _with_vectors(self, rows: dict[int, ChunkRow]) -> dict[int, ChunkRow]:
        drawn = self._noise.normal(0, 5, (len(rows), DIMENSIONS)).astype(np.float32)
        vectors = [vector.tobytes() for vector in np.rint(drawn).astype(np.int8)]
        return {
            number: replace(row, vector=vector, scale=scale_of(vector))
            for vector, (number, row) in zip(vectors, rows.items(), strict=True)
        }


@dataclass(frozen=True)
class Drawn:
    """A `DocumentEncoder` for vectors that are drawn: it embeds nothing."""

    query_encoder: bytes
    name: str = "synthetic"
    identity: str = "synthetic"
    dimensions: int = DIMENSIONS
    directions: bytes = b""

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        raise SystemExit(f"{len(texts)} texts to embed: the vectors of this benchmark are drawn, not embedded")


# The builder's part: a process of its own ------------------------------------------------------


def write_releases(folder: Path, corpus: Corpus, share: float) -> dict[str, float]:
    """Write the trees `folder/one` and `folder/two`; return seconds of the steps of packing the second."""
    keys = make_keys(folder / "keys")
    encoder = Drawn(corpus.encoder())
    _release(folder, keys, encoder, corpus.rows(), Base(), corpus.first)
    shutil.copytree(folder / "tree", folder / "one")
    steps: dict[str, float] = {}
    with _timed(steps, "read"):
        held = load_roots(keys / ROOT_FILE)
        transport = FolderTransport(folder / "tree")
        before = run(read_previous(transport, held, SystemClock(), config_for(transport))).published
        assert before is not None
    with _timed(steps, "rows"):
        rows = rows_of(before.segments)
    edited = corpus.edited(rows, share, corpus.first + 1)
    with _timed(steps, "write"):
        _release(folder, keys, encoder, edited, Base(published=before, rows=rows), corpus.first + 1)
    (folder / "tree").rename(folder / "two")
    return steps


def _release(folder: Path, keys: Path, encoder: Drawn, rows: Rows, base: Base, sequence: int) -> None:
    now = NOW + timedelta(seconds=sequence)
    authority = load_authority(load_roots(keys / ROOT_FILE), keys / RELEASE_KEY, {}, now)
    # The first release has the number of its newest rows.
    context = Numbered(
        BuildRequest(source=folder, out=folder / "tree"),
        authority,
        Previous() if base.published is None else going_on(base.published),
        None,
        now,
        number=sequence,
    )
    embedded = Embedded(rows, space_of(encoder), encoder.query_encoder, encoder.directions)
    segments = lay_segments(rows, sequence, embedded.space, published=base.segments)
    packs = make_packs(embedded, base, segments, context)
    release = assemble_release(ReleaseInput(embedded, {}, Contents(), {}), segments, packs, Archive(), context)
    publish_release(release, DocumentChanges(), Archive(), context)


@dataclass(frozen=True)
class Numbered(BuildContext):
    number: int = 0

    @property
    def sequence(self) -> int:
        return self.number


@contextmanager
def _timed(steps: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    steps[name] = round(time.perf_counter() - started, 3)


# The client's parts -----------------------------------------------------------------------------


def measure_cpython(folder: Path, store: Path) -> dict[str, str]:
    install, update = (_pull(folder / name, store) for name in ("one", "two"))
    return {
        "CPython, first install": _shown(install),
        "CPython, update": f"{_shown(update)}, {update.said['bytes']:,} B, {update.said['plan']}",
    }


def _pull(tree: Path, store: Path) -> Cost:
    with PagesHost(tree) as server:
        return cost_of([*VADE, "pull", server.url, "--store", str(store), "--json"])


def _shown(cost: Cost) -> str:
    inside = f" ({cost.said['seconds']:.2f} s inside)"
    return f"{cost.seconds:.2f} s{inside}, {cost.bytes / 1e6:.0f} MB"


def measure_chromium(browser: Browser, folder: Path, sequence: int) -> dict[str, str]:
    site = folder / "site"
    shutil.copytree(folder / "one", site)
    for name, content in client_files(fetch_runtime()).items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    (site / "app.html").write_text("<!doctype html><title>app</title>")
    options = {"trust": (folder / "keys" / ROOT_FILE).read_text()}
    context = browser.new_context()
    with PagesHost(site) as server:
        page = context.new_page()
        page.set_default_timeout(600_000)
        page.goto(f"{server.url}app.html")
        page.evaluate(START, options)
        install = page.evaluate(UPDATE)
        shutil.copytree(folder / "two", site, dirs_exist_ok=True)
        update = page.evaluate(UPDATE)
        assert page.evaluate("kb.getStatus()")["installed"]["sequence"] == sequence
    context.close()
    return {"Chromium, first install": f"{install:.2f} s", "Chromium, update": f"{update:.2f} s"}


# The whole --------------------------------------------------------------------------------------


def measure(folder: Path, chunks: int, options: argparse.Namespace, browser: Browser | None) -> dict[str, str]:
    build = [sys.executable, __file__, "--build", str(folder), "--chunks", str(chunks)]
    build += ["--edited", str(options.edited), "--sequences", str(options.sequences)]
    built = cost_of(build)
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in built.said.items())
    figures = {
        "published objects": f"{sum(f.stat().st_size for f in (folder / 'one/objects').iterdir()):,} B",
        "packing": f"{sum(built.said.values()):.1f} s ({steps}), {built.bytes / 1e6:.0f} MB",
        **measure_cpython(folder, folder / "store.db"),
    }
    return figures | (measure_chromium(browser, folder, options.sequences + 1) if browser else {})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--edited", type=float, default=0.01, help="share of the chunks that release 2 edits")
    parser.add_argument("--sequences", type=int, default=1, help="in which the first release's rows changed last")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.build:
        corpus = Corpus(options.chunks[0], options.sequences)
        print(json.dumps(write_releases(options.build, corpus, options.edited)))
        return 0
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        root = options.keep or Path(temporary)
        for chunks in options.chunks:
            folder = root / str(chunks)
            folder.mkdir(parents=True)
            path = CHROMIUM if CHROMIUM.exists() else None
            chosen: Any = None
            if not options.no_browser:
                chosen = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            print(f"{chunks:,} chunks, {options.edited:.2%} edited", flush=True)
            for name, value in measure(folder, chunks, options, chosen).items():
                print(f"  {name:30} {value}", flush=True)
            if chosen is not None:
                chosen.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
