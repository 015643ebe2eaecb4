"""What compaction costs and saves on a real history: `compaction.py HISTORY [--updates N] [--encoder NAME]`.

Two clients follow every release, one with the default limits and one that never compacts; their hits are compared
on the way. Prints segments, bytes and seconds of both.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bench.history import Bench
from support.pages_host import PagesHost
from vademecum.config import Config
from vademecum.generation.opened import open_generation
from vademecum.knowledge import KnowledgeBase
from vademecum.runtime.loop import run
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.store.pointer import decode_head

QUERIES = ("how do I install it", "error handling", "configuration file", "performance", "release")


@dataclass
class Client:
    """One client. Seconds are those of pulls and of opening what they gave, bytes those of stored objects."""

    name: str
    store: Path
    dist: Path
    config: Config
    pulls: list[float] = field(default_factory=list)
    opens: list[float] = field(default_factory=list)
    downloaded: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    needed: int = 0
    rewrites: int = 0
    written: int = 0

    def pull(self, url: str) -> list[str]:
        """Follow one release; return the hits."""
        before = run(self._sizes())[0]
        with KnowledgeBase.open(self.store, url=url, config=self.config) as knowledge:
            started = time.perf_counter()
            outcome = knowledge.sync()
            self.pulls.append(time.perf_counter() - started)
            self.downloaded.append(outcome.bytes)
            hits = [f"{hit.id} {hit.score}" for query in QUERIES for hit in knowledge.search(query, 20)]
        started = time.perf_counter()
        segments, sizes = run(self._open())
        self.opens.append(time.perf_counter() - started)
        self.segments.append(len(segments))
        self.stored.append(sum(sizes.values()))
        self.needed = sum(sizes[name] for name in segments)
        merged = [n for n in segments if n not in before and not (self.dist / f"objects/{n}.gz").exists()]
        self.rewrites += len(merged)
        self.written += sum(sizes[name] for name in merged)
        return hits

    async def _sizes(self) -> tuple[tuple[str, ...], dict[str, int]]:
        if not self.store.exists():
            return (), {}
        store = SqliteStore(self.store, readonly=True)
        try:
            current = decode_head(await store.read("head")).current
            return (() if current is None else current.segments), dict(await store.objects())
        finally:
            await store.close()

    async def _open(self) -> tuple[tuple[str, ...], dict[str, int]]:
        store = SqliteStore(self.store, readonly=True)
        try:
            current = decode_head(await store.read("head")).current
            assert current is not None
            await open_generation(store, current)
        finally:
            await store.close()
        return await self._sizes()

    def report(self) -> None:
        print(
            f"{self.name}: pulls {len(self.pulls)}, segments {self.segments[-1]} (most {max(self.segments)})"
        )
        print(f"  bytes of the segments {self.needed:,}, of all objects {self.stored[-1]:,}")
        print(f"  objects at their most {max(self.stored):,}, downloaded {sum(self.downloaded):,}")
        print(
            f"  pulls {sum(self.pulls[1:]):.2f} s, median {statistics.median(self.pulls[1:]):.4f} s", end=""
        )
        print(f", worst {max(self.pulls[1:]):.4f} s; the last state opens in {min(self.opens[-5:]):.4f} s")
        print(f"  merges {self.rewrites}, bytes written by them {self.written:,}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("history", type=Path)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--encoder", default="builtin", help="as for vade build")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder, options.history, options.updates, options.encoder)
        clients = [
            Client("compacting", folder / "compacting.db", bench.dist, Config()),
            Client("never", folder / "never.db", bench.dist, Config(max_segments=10**6, max_dead_share=1.0)),
        ]
        next(bench.states)
        bench.timed_build()
        with PagesHost(bench.dist) as server:
            for number in chain([0], bench.states):
                if number == 0 or bench.build()["changed"]:
                    hits = [client.pull(server.url) for client in clients]
                    assert hits[0] == hits[1], f"state {number}"
        assert clients[0].downloaded == clients[1].downloaded
        for client in clients:
            client.report()
    return 0


if __name__ == "__main__":
    sys.exit(main())
