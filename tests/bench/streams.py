"""How the bytes of a release come about: `streams.py HISTORY [--encoder NAME]`.

Builds a history, then prints, for the segments of its last release and for every segment that it ever published:
bytes under each way to gzip them; what each tensor takes; what an other order of rows and other codings would give;
and what each field of the metadata and of the manifest costs. The tables of
site/content/decisions/streams-and-metadata.md.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zlib import Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE

from bench.dev_keys import make_keys
from bench.embeddings import cached_embeddings
from bench.replay import build, states
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.objects import deflate
from vademecum.format.segment import ChunkRow, Segment, decode_segment, encode_segment
from vademecum.format.tensors import TensorFile, decode_tensors, encode_tensors, integers
from vademecum_builder.index import gzip_tensors as streams
from vademecum_builder.index.gzip_tensors import deflate_tensors

CACHE = Path(__file__).parents[2] / ".cache/embeddings.db"

Measure = Callable[[bytes], int]
Order = Callable[[ChunkRow], Any]


def published(history: str, encoder: str, folder: Path, most: int) -> tuple[list[bytes], list[bytes], Path]:
    """Build a history; return the segments of the last release, all segments ever, and the last tree."""
    keys, dist = make_keys(folder / "keys"), folder / "dist"
    ever: dict[str, bytes] = {}
    last: list[str] = []
    for _ in states(history, folder / "source", most):
        if not build(folder / "source", dist, keys, encoder)["changed"]:
            continue
        manifest = decode_manifest(newest(dist, "releases").read_bytes())
        last = [entry.object.sha256 for entry in manifest.segments]
        for entry in manifest.segments:
            if entry.object.sha256 not in ever:
                ever[entry.object.sha256] = gzip.decompress((dist / entry.object.path).read_bytes())
    return [ever[name] for name in last], list(ever.values()), dist


def newest(dist: Path, kind: str) -> Path:
    """Return the newest manifest, snapshot or targets of a tree."""
    if kind == "releases":
        return max((dist / kind).iterdir(), key=lambda path: int(path.name.split(".")[1]))
    return max((dist / "metadata").glob(f"*.{kind}.json"), key=lambda path: int(path.name.split(".")[0]))


def cut(
    strategies: tuple[int, ...] = streams.STRATEGIES,
    least: int = streams.LEAST,
    window: int = streams.WINDOW,
) -> Measure:
    """Return a measure: bytes of the gzip file, with these in the place of the constants of `streams`."""

    def measure(content: bytes) -> int:
        with patch.multiple(streams, STRATEGIES=strategies, LEAST=least, WINDOW=window):
            return deflate_tensors(content)[0].size

    return measure


def table(title: str, rows: Mapping[str, Sequence[object]], *columns: str) -> None:
    print(f"\n| {title} | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name, values in rows.items():
        print(f"| {name} | {' | '.join(f'{v:,}' if isinstance(v, int) else str(v) for v in values)} |")


def compare_ways(last: Sequence[bytes], ever: Sequence[bytes]) -> None:
    """Print bytes and seconds of each way to gzip."""
    groups = {
        "last release": last,
        "segments below 10 kB": [content for content in ever if deflate(content)[0].size < 10_000],
        "all segments ever": ever,
    }
    measures: dict[str, Measure] = {
        "one stream": lambda content: deflate(content)[0].size,
        "cut, matches everywhere": cut(strategies=(Z_DEFAULT_STRATEGY,)),
        "cut, matches or symbols": cut(strategies=(Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY)),
        "cut, matches or runs (chosen)": cut(),
        "cut, matches, runs or filtered": cut(strategies=(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_RLE)),
        "every tensor a piece": cut(least=1),
        "pieces of 256 bytes or more": cut(least=256),
        "pieces of 2 kB or more": cut(least=2048),
        "no piece refers to another": cut(window=1),
    }
    rows: dict[str, list[object]] = {}
    for name, measure in measures.items():
        started = time.process_time()
        rows[name] = [sum(map(measure, contents)) for contents in groups.values()]
        rows[name].append(f"{time.process_time() - started:.1f}")
    table("bytes", rows, *(f"{name} ({len(contents)})" for name, contents in groups.items()), "seconds")


def compare_tensors(last: Sequence[bytes]) -> None:
    """Print what each tensor of the oldest segment takes, coded alone in each way."""
    rows: dict[str, list[object]] = {}
    for name, tensor in decode_tensors(last[-1]).tensors.items():
        data = bytes(tensor.data)
        if data:
            rows[f"`{name}`"] = [
                len(data),
                *(streams_alone(data, strategy) for strategy in streams.STRATEGIES),
            ]
    table("tensor of the oldest segment", rows, "raw", "matches", "runs")


def streams_alone(data: bytes, strategy: int) -> int:
    return len(streams._piece(data, 0, len(data), strategy))


def compare_orders(last: Sequence[bytes]) -> None:
    """Print what other orders of chunks of one sequence would give: the format sorts by id."""
    places = {
        chunk: at for content in last for at, chunk in enumerate(decode_segment(content).document_chunks)
    }
    orders: dict[str, Order] = {
        "id (the format)": lambda row: row.id,
        "document, reading order": lambda row: places.get(row.id, 0),
        "text": lambda row: row.text,
        "headings, text": lambda row: (row.headings, row.text),
        "headings, anchor, text": lambda row: (row.headings, row.anchor, row.text),
    }
    rows = {
        name: [sum(deflate_tensors(_reordered(decode_segment(content), order))[0].size for content in last)]
        for name, order in orders.items()
    }
    table("order of chunks of one sequence", rows, "last release")


def _reordered(segment: Segment, order: Order) -> bytes:
    rows = [segment.chunk(row) for row in range(len(segment.ids))]
    rows.sort(key=lambda row: (-row.sequence, order(row)))
    ranked = [replace(row, id=rank) for rank, row in enumerate(rows)]
    documents = [segment.document(row) for row in range(len(segment.keys))]
    sorted_by_rank = encode_segment(segment.epoch, segment.dimensions, documents, ranked, segment.bits)
    file = decode_tensors(sorted_by_rank)
    tensors = {**file.tensors, "chunk.id": integers("U64", (row.id for row in rows))}
    return encode_tensors(TensorFile(tensors, file.metadata))


def compare_codings(last: Sequence[bytes]) -> None:
    """Print what lengths in the place of offsets, and ids that readers compute, would give."""
    rows: dict[str, list[object]] = {}
    segments = [decode_segment(content) for content in last]
    columns = [column for s in segments for column in (s.headings, s.anchors, s.texts)]
    offsets = [column.bounds for column in columns]
    lengths = [array("I", [b - a for a, b in pairwise(bounds)]) for bounds in offsets]
    rows["offsets of a chunk's strings (the format)"] = [sum(_least(bounds.tobytes()) for bounds in offsets)]
    rows["their lengths"] = [sum(_least(values.tobytes()) for values in lengths)]
    rows["their lengths, byte after byte"] = [
        sum(_least(b"".join(values.tobytes()[at::4] for at in range(4))) for values in lengths)
    ]
    rows["ids of chunks (left out, they could be computed)"] = [
        sum(_least(s.ids.tobytes()) for s in segments)
    ]
    table("coding", rows, "last release")


def _least(data: bytes) -> int:
    return min(streams_alone(data, strategy) for strategy in streams.STRATEGIES)


def compare_zopfli(last: Sequence[bytes]) -> None:
    """Print what zopfli makes of the oldest segment's texts, where it is installed."""
    try:
        zopfli = import_module("zopfli.zlib")
    except ImportError:
        print("\nzopfli is not installed: left out")
        return
    tensors = decode_tensors(last[-1]).tensors
    text = bytes(tensors["chunk.text"].data)
    rows: dict[str, list[object]] = {"zlib": [streams_alone(text, Z_DEFAULT_STRATEGY), ""]}
    for count in (1, 5, 15):
        started = time.process_time()
        size = (
            len(zopfli.compress(text, numiterations=count)) - 6
        )  # without header and checksum of zlib's format
        seconds = time.process_time() - started
        rows[f"zopfli, {count} iterations"] = [size, f"{seconds / len(text) * 1e6:.1f}"]
    table("`chunk.text` of the oldest segment", rows, "bytes", "seconds a MB")


def compare_fields(dist: Path) -> None:
    """Print what each field of the metadata and the manifest costs: bytes that go when it goes, raw and gzipped."""
    files = {kind: newest(dist, kind) for kind in ("targets", "snapshot", "releases")}
    files = {"timestamp": dist / "metadata/timestamp.json", **files}
    rows: dict[str, list[object]] = {}
    for kind, path in files.items():
        value = parse_object(path.read_bytes(), kind)
        whole = _cost(value)
        rows[f"**{kind}**"] = [*whole]
        for name, part in _without_each(value):
            raw, sent = _cost(part)
            rows[f"{kind}: {name}"] = [whole[0] - raw, whole[1] - sent]
    table("file or field", rows, "bytes", "gzipped")
    compare_manifests(parse_object(files["releases"].read_bytes(), "manifest"))


def _cost(value: object) -> tuple[int, int]:
    data = canonical(value)
    return len(data), len(gzip.compress(data, 6))


def _without_each(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the object without one field, for each; of metadata, the fields of `signed`, and the signature."""
    if "signed" not in value:
        yield from ((name, {k: v for k, v in value.items() if k != name}) for name in value)
        return
    (signature,) = value["signatures"]
    for name in signature:
        yield name, {**value, "signatures": [{k: v for k, v in signature.items() if k != name}]}
    signed = value["signed"]
    for name in signed:
        yield name, {**value, "signed": {k: v for k, v in signed.items() if k != name}}


def compare_manifests(manifest: Mapping[str, Any]) -> None:
    """Print other forms of the manifest."""
    arrays = [_flat(entry) for entry in manifest["segments"]]
    bare = [{**entry, "object": {**entry["object"], "sha256": ""}} for entry in manifest["segments"]]
    chance = random.Random(1)
    packs = [(100 - i, chance.randbytes(32).hex(), chance.randrange(300, 40_000)) for i in range(17)]
    forms: dict[str, Mapping[str, Any]] = {
        "as it is": manifest,
        "segments as arrays": {**manifest, "segments": arrays},
        "segments without digests": {**manifest, "segments": bare},
        "17 packs as objects": {
            **manifest,
            "packs": [{"from": f, "sha256": d, "size": s} for f, d, s in packs],
        },
        "17 packs as arrays": {**manifest, "packs": packs},
        "17 packs as arrays, digests of 128 bits": {
            **manifest,
            "packs": [(f, d[:32], s) for f, d, s in packs],
        },
        "17 packs as arrays, no digests": {**manifest, "packs": [(f, s) for f, _, s in packs]},
    }
    table("manifest", {name: _cost(form) for name, form in forms.items()}, "bytes", "gzipped")


def _flat(value: Mapping[str, Any]) -> list[Any]:
    return [leaf for item in value.values() for leaf in (_flat(item) if isinstance(item, dict) else [item])]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("history", help="see histories.py")
    parser.add_argument("--encoder", default="builtin")
    parser.add_argument("--most", type=int, default=1000, help="states to build")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, cached_embeddings(CACHE):
        last, ever, dist = published(options.history, options.encoder, Path(name), options.most)
        compare_ways(last, ever)
        compare_tensors(last)
        compare_orders(last)
        compare_codings(last)
        compare_zopfli(last)
        compare_fields(dist)
    return 0


if __name__ == "__main__":
    sys.exit(main())
