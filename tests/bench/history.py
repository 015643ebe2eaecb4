"""What a publisher and a user pay on a real history: `history.py HISTORY [--updates N] [--encoder NAME]`.

Builds every state of HISTORY (see replay.py) with the real commands, serves the tree as GitHub Pages would, and
pulls each release in turn into a SQLite store. Prints seconds, bytes and requests, and the size of the index
beside the usual way to ship one: a gzipped JSON file of texts and float vectors. Everything that a request
moves is counted: bodies as sent, and response headers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.embeddings import Floats
from bench.layouts import UsualJson
from bench.pulling import Watch, longest_chain
from bench.replay import build, states
from bench.snapshot import read_tree
from support.pages_host import PagesHost
from vademecum.knowledge import KnowledgeBase


@dataclass(frozen=True)
class Pull:
    """One pull: requests, of these the longest chain that waits for one another, body bytes, header bytes, seconds."""

    requests: int
    round_trips: int
    bodies: int
    headers: int
    seconds: float
    plan: str

    @property
    def all_in(self) -> int:
        return self.bodies + self.headers


class Bench:
    """One run, below one folder."""

    def __init__(self, folder: Path, history: Path, updates: int, encoder: str) -> None:
        self.encoder = encoder
        self.source, self.dist, self.store = folder / "source", folder / "dist", folder / "store.db"
        self.folder = folder
        self.states = states(history, self.source, updates + 1)

    def timed_build(self, *options: str) -> tuple[float, dict[str, Any]]:
        """Run `vade build` as a publisher does, in a process of its own; return its seconds and report."""
        started = time.perf_counter()
        command = [sys.executable, "-m", "vademecum_builder.cli.main", "build", str(self.source)]
        command += ["--out", str(self.dist), "--encoder", self.encoder, "--json", *options]
        answer = subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.PIPE).stdout
        return time.perf_counter() - started, json.loads(answer)

    def build(self) -> dict[str, Any]:
        """Build inside this process: the same, without the seconds of starting Python."""
        return build(self.source, self.dist, self.folder / ".vademecum/keys", self.encoder)

    def pull(self, server: PagesHost, watch: Watch) -> Pull:
        before, seen = len(server.requests), len(watch.seen)
        with KnowledgeBase.open(self.store, url=server.url) as knowledge:
            outcome = knowledge.sync()
        made = server.requests[before:]
        return Pull(
            requests=len(made),
            round_trips=longest_chain([(timed.start, timed.end) for timed in watch.seen[seen:]]),
            bodies=sum(request.sent_bytes for request in made),
            headers=sum(request.header_bytes for request in made),
            seconds=outcome.seconds,
            plan=outcome.plan,
        )

    def usual_json(self) -> int:
        """Return the bytes of the peer: all texts and the encoder's float32 vectors as one gzipped JSON file."""
        snapshot, published = read_tree(self.dist)
        floats = Floats(self.encoder, published.query_encoder)
        return len(UsualJson().write(snapshot, floats.of(snapshot)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("history", type=Path)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--encoder", default="builtin", help="as for vade build")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Bench(Path(folder), options.history, options.updates, options.encoder))
    for name, value in figures.items():
        print(f"{name:44} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def measure(bench: Bench) -> dict[str, str | float | int]:
    next(bench.states)
    seconds, report = bench.timed_build()
    unchanged, again = bench.timed_build()
    assert again["changed"] is False
    figures: dict[str, str | float | int] = {
        "documents": report["documents"],
        "chunks": report["chunks"],
        "first build, s (all of it: site, runtime)": round(seconds, 2),
        "unchanged rebuild, s": round(unchanged, 2),
    }
    watch = Watch()
    with PagesHost(bench.dist, log=watch.note) as server:
        install = bench.pull(server, watch)
        index, usual = report["bytes"]["published"], bench.usual_json()
        figures |= {
            "index without encoder, B": index,
            "usual gzipped JSON of floats, B": usual,
            "ratio usual / ours": round(usual / index, 1),
            "first install, B all in": install.all_in,
            "first install, requests": install.requests,
        }
        pulls, embedded, build_seconds = [], [], []
        for _ in bench.states:
            built = bench.build()
            if built["changed"]:
                embedded.append(built["embedded"])
                build_seconds.append(built["seconds"])
                pulls.append(bench.pull(server, watch))
        idle = bench.pull(server, watch)
    figures |= {"releases with changes": len(pulls), "plans": ", ".join(sorted({pull.plan for pull in pulls}))}
    figures |= summary("update, B all in", [pull.all_in for pull in pulls])
    figures |= summary("update, B bodies", [pull.bodies for pull in pulls])
    figures |= summary("update, requests", [pull.requests for pull in pulls])
    figures |= summary("update, dependent round trips", [pull.round_trips for pull in pulls])
    figures |= summary("update, s", [pull.seconds for pull in pulls])
    figures |= summary("update build, s", build_seconds)
    figures |= summary("update build, chunks embedded", embedded)
    figures |= {
        "ratio usual JSON / median update": round(usual / statistics.median(p.all_in for p in pulls)),
        "check without news, requests": idle.requests,
        "check without news, B all in": idle.all_in,
    }
    return figures


def summary(name: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{name}: median": round(statistics.median(values), 3), f"{name}: worst": round(max(values), 3)}


if __name__ == "__main__":
    sys.exit(main())
