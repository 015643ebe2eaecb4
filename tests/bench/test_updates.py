"""The arithmetic of the updates benchmark (tests/bench/updates.py): a figure that nobody checks is worth nothing."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest

from bench import updates
from bench.chart import Line, Panel, draw, spread
from bench.histories import changes
from bench.layouts import columns
from bench.minimum import (
    NOTHING,
    Minimum,
    adaptive_bits,
    code_bits,
    cost,
    difference_bits,
    list_bits,
    near_bits,
    new_texts,
    position_bits,
    vector_bits,
)
from bench.peak import cost_of
from bench.peers.patches import Gzip
from bench.peers.peer import BenchError, Job, measure
from bench.peers.range_host import RangeHost, multipart, parse_ranges
from bench.pulling import Pull, longest_chain
from bench.replayed import Replayed
from bench.report import markdown
from bench.results import FIRST, Measured, Results, choose_distances, choose_pairs
from bench.snapshot import Snapshot
from bench.trees import Trees, distinct_bytes
from vademecum.format.segment import ChunkRow, DocumentRow


def chunk(number: int, *, vector: bytes = b"\1\2", text: str = "text") -> ChunkRow:
    return ChunkRow(number, 0, vector, 258, "Heading", "anchor", text)


def snapshot(*documents: DocumentRow, vectors: dict[int, bytes] | None = None) -> Snapshot:
    ids = {number for document in documents for number in document.chunks}
    vectors = vectors or {}
    rows = {n: chunk(n, vector=vectors.get(n, bytes([n, 2])), text=f"text {n}") for n in sorted(ids)}
    return Snapshot(documents, rows)


KEYS = DocumentRow("keys.md", 0, "Keys", "/keys", "", (1, 2, 3))
OTHER = DocumentRow("other.md", 0, "Other", "/other", "", (4,))


# The minimum ----------------------------------------------------------------------------------------


def test_texts_are_the_fields_that_are_new() -> None:
    before = snapshot(KEYS, OTHER)
    assert new_texts(before, before) == b""
    retitled = snapshot(replace(KEYS, title="Key"), OTHER)
    assert new_texts(before, retitled) == b"Key\0/keys\0\0"
    grown = snapshot(replace(KEYS, chunks=(1, 9, 2, 3)), OTHER)
    assert new_texts(before, grown) == b"Heading\0anchor\0text 9\0"
    assert new_texts(snapshot(KEYS), before) == b"other.md\0Other\0/other\0\0Heading\0anchor\0text 4\0"


def test_order_0_cost_is_shannons() -> None:
    halves = np.array([0, 1, 0, 1], np.uint8)
    assert cost(halves, np.array([0, 0, 1], np.uint8)) == pytest.approx(3)
    assert cost(np.array([7, 7, 7, 8], np.uint8), np.array([8], np.uint8)) == pytest.approx(2)


def test_adaptive_bits_are_those_of_a_coder_that_learns_as_it_goes() -> None:
    chance = np.random.default_rng(1)
    old, new = (chance.integers(0, 4, (count, 3)).astype(np.uint8) for count in (5, 7))
    everything = np.vstack([old, new])
    overall = np.bincount(everything.ravel(), minlength=256) / everything.size
    expected = 0.0
    for column_old, column_new in zip(old.T, new.T, strict=True):
        counts = np.bincount(column_old, minlength=256) + np.maximum(16.0 * overall, 1e-9)
        for code in column_new:
            expected -= math.log2(counts[code] / counts.sum())
            counts[code] += 1
    assert adaptive_bits(old, new, everything)[0] == pytest.approx(expected)


def test_repeated_rows_cost_less_than_their_counts() -> None:
    chance = np.random.default_rng(2)
    row = chance.integers(0, 256, (1, 512)).astype(np.uint8)
    other = chance.integers(0, 256, (64, 512)).astype(np.uint8)
    repeated = np.repeat(row, 64, axis=0)
    assert code_bits(other, repeated, np.vstack([other, repeated])) < 8 * 700
    assert code_bits(other, other[:1], other) <= cost(other.ravel(), other[:1].ravel())


def test_a_vector_that_is_there_already_is_a_reference() -> None:
    before = snapshot(KEYS, OTHER, vectors={4: b"\x07\x09"})
    anchored = snapshot(KEYS, replace(OTHER, chunks=(5,)), vectors={5: b"\x07\x09"})
    assert vector_bits(before, anchored) == pytest.approx(math.log2(4))
    edited = snapshot(KEYS, replace(OTHER, chunks=(5,)), vectors={5: b"\x07\x08"})
    assert vector_bits(before, edited) != pytest.approx(math.log2(4))
    assert vector_bits(before, before) == 0
    assert vector_bits(NOTHING, before) > 0


def test_a_vector_near_an_old_one_costs_its_differences() -> None:
    chance = np.random.default_rng(3)
    old = chance.integers(0, 100, (64, 512)).astype(np.uint8)
    edited = old[:1].copy()
    edited[0, ::2] += 1
    everything = np.vstack([old, edited])
    assert difference_bits(old, old[:2]) == pytest.approx(0, abs=1e-3)
    assert near_bits(old, edited, everything) < 1000 < code_bits(old, edited, everything) / 3
    half = np.array([[0, 1, 0, 1]])  # a mean of 1/2: q = sqrt(5) - 2, and 4 log2((1 + q) / (1 - q)) - 2 log2(q)
    q = math.sqrt(5) - 2
    parted = np.repeat(half, 8, axis=0).reshape(1, 32).astype(np.uint8)
    expected = 32 * math.log2((1 + q) / (1 - q)) - 16 * math.log2(q)
    assert difference_bits(np.zeros((1, 32), np.uint8), parted) == pytest.approx(expected)


def test_positions_are_counted_as_the_page_defines_them() -> None:
    nothing_happened = list_bits((1, 2, 3), (1, 2, 3), frozenset())
    assert nothing_happened == 2  # two counts of nothing
    one_inserted = list_bits((1, 2, 3), (1, 9, 2, 3), frozenset({1, 2, 3}))
    assert one_inserted == pytest.approx(1 + 3 + math.log2(4) + 1)
    one_moved = list_bits((1, 2, 3), (2, 3, 1), frozenset({1, 2, 3}))
    assert one_moved == pytest.approx(2 * (3 + math.log2(3)) + 1 + math.log2(3))


def test_touched_documents_cost_their_choice_and_a_bit() -> None:
    before = snapshot(KEYS, OTHER)
    assert position_bits(before, before) == 2
    assert position_bits(before, snapshot(KEYS)) == pytest.approx(3 + math.log2(2) + 1 + 1)


# Rounds, pairs, verdicts ------------------------------------------------------------------------------


def test_what_overlaps_is_one_round_trip() -> None:
    assert longest_chain([]) == 0
    assert longest_chain([(0, 1), (2, 3), (2.1, 3.2), (2.2, 3.1)]) == 2
    assert longest_chain([(0, 10), (1, 2), (3, 4), (4, 5)]) == 3


def test_pairs_are_spread_over_the_history() -> None:
    assert choose_pairs(101, [100], 10) == [(1, 101)]
    assert choose_pairs(11, [1], 3) == [(1, 2), (5, 6), (10, 11)]
    pairs = choose_pairs(40, [1, 5, 30], 7)
    assert len(pairs) == len(set(pairs)) == 21
    assert all(1 <= start < target <= 40 for start, target in pairs)
    assert {target for _, target in pairs} >= {40}
    assert choose_pairs(1, [], 5) == []


def test_a_short_history_ends_with_its_whole_length() -> None:
    assert choose_distances(101, [1, 10, 100]) == [1, 10, 100]
    assert choose_distances(60, [1, 10, 100]) == [1, 10, 59]
    assert choose_distances(11, [1, 10, 100]) == [1, 10]
    assert choose_distances(1, [1, 10, 100]) == []


def test_only_the_very_bytes_pass(tmp_path: Path) -> None:
    new = tmp_path / "index.bin"
    new.write_bytes(b"release" * 100)
    (tmp_path / "work").mkdir()
    job = Job(None, new, tmp_path / "work")
    assert measure(Gzip(), job) == len(gzip.compress(new.read_bytes(), 9, mtime=0))
    with pytest.raises(BenchError, match="is not"):
        measure(Truncating(), job)


@dataclass(frozen=True)
class Truncating:
    name: str = "truncating"
    programs: tuple[str, ...] = ()

    def transfer(self, job: Job) -> tuple[int, Path]:
        result = job.folder / "short"
        result.write_bytes(job.new.read_bytes()[:-1])
        return 1, result


def results(*measured: Measured, missing: Sequence[str] = ()) -> Results:
    facts = {"history": "h", "encoder": "builtin"}
    return Results(facts, 3, 2, 4, missing, measured, None)


def test_the_table_says_where_a_peer_wins() -> None:
    pull = Pull("tiers", 700, 5000, 200, 100, 6, 6)
    found = results(
        Measured(1, 1, 2, Minimum(100, 200, 50), pull, {("zstd", "columns"): 999, ("gzip", "usual"): 2000}),
        Measured(FIRST, None, 2, None, pull, {("zstd", "columns"): 1001}),
        missing=["casync"],
    )
    assert found.wins() == [("zstd, columns", 1)]  # 1000 B, the encoder not counted
    page = markdown(found, "x.svg")
    assert "| zstd, columns | **999** | 1,001 |" in page
    assert "| gzip, usual | 2,000 |  |" in page
    assert "- **zstd, columns**: 1\n" in page
    assert "not installed here, so left out: casync" in page
    assert "| rows alone / minimum | 2.00 |  |" in page


def test_labels_of_a_chart_keep_their_distance() -> None:
    wished = {"a": 10.0, "b": 11.0, "c": 12.0, "d": 100.0}
    places = spread(wished, 15)
    assert sorted(places, key=lambda name: places[name]) == ["a", "b", "c", "d"]
    heights = sorted(places.values())
    assert all(b - a >= 15 - 1e-9 for a, b in pairwise(heights))
    assert places["d"] == 100
    drawing = draw(
        "T & U", "s", [Panel("p", [Line("x", "#123456", {"1": 10, "first": 1000})])], ["1", "first"], "first"
    )
    assert "T &amp; U" in drawing
    assert drawing.count("<circle") == 2


# What the peers are given -----------------------------------------------------------------------------


def test_columns_keep_unchanged_rows_where_they_are() -> None:
    before, after = snapshot(KEYS, OTHER), snapshot(KEYS, OTHER, vectors={2: b"\x55\x66"})
    one, two = columns(before), columns(after)
    assert len(one) == len(two)
    assert sum(a != b for a, b in zip(one, two, strict=True)) == 2


def test_ranges_are_answered_one_by_one_and_together(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(100)))
    assert parse_ranges("bytes=0-9,90-200", 100) == [(0, 9), (90, 99)]
    assert parse_ranges("bytes=5-", 100) == []
    with RangeHost(tmp_path) as host:
        with urlopen(Request(f"{host.url}file", headers={"Range": "bytes=3-5"})) as answer:
            assert (answer.status, answer.read()) == (206, b"\3\4\5")
        before = host.sent
        with urlopen(Request(f"{host.url}file", headers={"Range": "bytes=3-5,7-7"})) as answer:
            body = answer.read()
        assert body == multipart(bytes(range(100)), [(3, 5), (7, 7)])
        assert host.sent > before + len(body)  # with the headers
        assert host.requests == 2


def test_trees_share_what_they_have_in_common(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "same").write_bytes(b"12345")
    (dist / "timestamp").write_bytes(b"1")
    trees = Trees(tmp_path / "blobs")
    first = trees.keep(dist)
    (dist / "timestamp").unlink()
    (dist / "timestamp").write_bytes(b"22")
    second = trees.keep(dist)
    assert (first.bytes, second.bytes, distinct_bytes([first, second])) == (6, 7, 8)
    assert (trees.lay(first, tmp_path / "old") / "timestamp").read_bytes() == b"1"


# Histories --------------------------------------------------------------------------------------------


def test_a_synthetic_history_repeats() -> None:
    name = "synthetic:chunks=200,releases=3,edited=0.05,seed=7"
    once, again = list(changes(name, 100)), list(changes(name, 100))
    assert once == again
    assert len(once) == 3
    assert len(once[0].set) == 10
    assert 1 <= len(once[1].set) <= 10
    assert once != list(changes(name.replace("seed=7", "seed=8"), 100))
    assert len(list(changes(name, 2))) == 2
    with pytest.raises(SystemExit, match="'size' is not one of"):
        list(changes("synthetic:size=3", 1))


def test_json_lines_are_read(tmp_path: Path) -> None:
    lines = [{"set": {"a.md": "A"}, "delete": []}, {"set": {}, "delete": ["a.md"]}]
    file = tmp_path / "history.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    assert [(change.set, change.delete) for change in changes(str(file), 9)] == [({"a.md": b"A"}, ()), ({}, ("a.md",))]
    with pytest.raises(SystemExit, match="neither a file"):
        changes(str(tmp_path / "missing"), 1)


def test_a_git_repository_is_read(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    git("init", "--quiet")
    docs = tmp_path / "docs"
    docs.mkdir()
    for number, (name, text) in enumerate((("a.md", "one"), ("b.md", "two"), ("a.md", None), ("x.png", "no"))):
        (docs / name).unlink() if text is None else (docs / name).write_text(text)
        git("add", "-A")
        git("commit", "--quiet", "-m", str(number))
    found = [(dict(change.set), change.delete) for change in changes(f"{tmp_path}:docs", 100)]
    assert found == [({"a.md": b"one"}, ()), ({"b.md": b"two"}, ()), ({}, ("a.md",))]
    newest = [dict(change.set) for change in changes(f"{tmp_path}:docs", 3)]
    assert newest == [{"a.md": b"one", "b.md": b"two"}, {}]


# All of it --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    folder = tmp_path_factory.mktemp("bench")
    return Replayed(folder, "synthetic:chunks=60,releases=3,edited=0.05", "builtin", 100, print)


def test_a_pair_is_measured(replayed: Replayed) -> None:
    found = updates.measure_pair(replayed, 1, 3, ["vademecum", "gzip"])
    assert (found.behind, found.minimum) == (2, None)
    assert found.pull is not None
    assert (found.pull.plan, found.pull.encoder) == ("direct", 0)
    assert 0 < found.pull.payload < replayed.manifest(3).segments[-1].object.size
    # timestamp, snapshot, targets beside the manifest, then the objects together
    assert found.pull.round_trips == 4
    assert found.bytes["gzip, usual"] == replayed.layout(3, "usual").stat().st_size
    first = updates.measure_pair(replayed, None, 3, ["vademecum"])
    assert first.pull is not None
    assert first.pull.encoder == replayed.manifest(3).encoder.object.size
    assert first.pull.round_trips < first.pull.requests == 7 + len(replayed.manifest(3).segments)


def test_a_client_with_other_rows_fails_the_run(replayed: Replayed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "read_store", lambda path: replayed.snapshot(1)[0])
    with pytest.raises(BenchError, match="is not release 3"):
        updates.measure_pair(replayed, 1, 3, ["vademecum"])


def test_the_cost_of_a_command_is_that_of_its_own_process() -> None:
    hungry = "x = bytearray(150_000_000); x[::4096] = b'1' * len(x[::4096]); print('{}')"
    small = cost_of([sys.executable, "-c", "print('{}')"])
    assert cost_of([sys.executable, "-c", hungry]).bytes > 150_000_000 > small.bytes
    with pytest.raises(SystemExit, match="failed"):
        cost_of([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_run_writes_its_three_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(updates, "is_installed", lambda peer: peer.name != "casync")
    history = "synthetic:chunks=40,releases=2"
    words = [history, "--out", str(tmp_path / "out"), "--arms", "vademecum,gzip,casync", "--cache", str(tmp_path / "c")]
    assert updates.main(words) == 0
    figures = json.loads((tmp_path / "out/updates.json").read_text())
    assert figures["missing"] == ["casync"]
    assert figures["bytes"]["gzip, columns"]["1"]["pairs"] == 1
    assert figures["costs"]["build"]["bytes"] > 0
    assert [pair["behind"] for pair in figures["pairs"]] == [1, 0]
    assert capsys.readouterr().out.strip() == (tmp_path / "out/updates.md").read_text().strip()
    assert (tmp_path / "out/updates.svg").read_text().startswith("<svg")
