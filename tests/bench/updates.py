"""Bytes of an update, beside the minimum and beside seven programs: `updates.py HISTORY` (`make bench-updates`).

Replays a history (see histories.py) through `vade build`, in this process, and keeps each release's tree. Then, for
clients that are 1, 2, 5, 10, 30 and 100 releases behind, and for a first install, measures on the same data:

- vademecum: the real client pulls over HTTP, from a host that behaves like GitHub Pages, into a SQLite store that
  has the older release. Bodies, headers, requests; and dependent round trips, found by holding each answer back a
  little: the longest chain of requests of which each came after the answer to the one before.
- the minimum, as defined in minimum.py.
- peers, in the two layouts of layouts.py; see peers/. One that is not installed is named and left out.

Each result is compared with the release, byte for byte; one that differs fails the whole run. Writes JSON, Markdown
and an SVG chart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.embeddings import cached_embeddings
from bench.minimum import NOTHING, minimum
from bench.peak import Cost, cost_of
from bench.peers.all import PEERS
from bench.peers.peer import BenchError, Job, Peer, is_installed, measure
from bench.pulling import Pull, pull
from bench.replayed import LAYOUTS, Replayed
from bench.report import markdown, svg
from bench.results import FIRST, Costs, Measured, Results, choose_distances, choose_pairs
from bench.snapshot import read_store
from bench.trees import distinct_bytes
from support.pages_host import PagesHost

MOST = 1000
DISTANCES = (1, 2, 5, 10, 30, 100)
ARMS = ("minimum", "vademecum", *(peer.name for peer in PEERS))
VADE = [sys.executable, "-m", "vademecum_builder.cli.main"]
OUT = Path(__file__).parents[2] / "site/content/benchmarks"
CACHE = Path(__file__).parents[2] / ".cache/embeddings.db"


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def measure_pair(replayed: Replayed, start: int | None, target: int, arms: Collection[str]) -> Measured:
    """Measure every arm from one release, or from nothing, to another.

    Raises:
        BenchError: An arm did not bring the release.
    """
    new = replayed.snapshot(target)[0]
    old = NOTHING if start is None else replayed.snapshot(start)[0]
    peers = [peer for peer in PEERS if peer.name in arms]
    return Measured(
        behind=FIRST if start is None else target - start,
        start=start,
        target=target,
        minimum=minimum(old, new) if "minimum" in arms else None,
        pull=_pull(replayed, start, target) if "vademecum" in arms else None,
        peers={
            (peer.name, layout): _transfer(replayed, peer, layout, start, target)
            for peer in peers
            for layout in LAYOUTS
        },
    )


def _pull(replayed: Replayed, start: int | None, target: int) -> Pull:
    store = replayed.no_store() if start is None else replayed.store(start)
    pulled = pull(replayed.tree(target), store, replayed.manifest(target))
    if read_store(store) != replayed.snapshot(target)[0]:
        raise BenchError(f"vademecum: what it made of release {start} is not release {target}")
    return pulled


def _transfer(replayed: Replayed, peer: Peer, layout: str, start: int | None, target: int) -> int:
    old = None if start is None else replayed.layout(start, layout)
    with tempfile.TemporaryDirectory(dir=replayed.folder) as folder:
        return measure(peer, Job(old, replayed.layout(target, layout), Path(folder)))


def measure_costs(replayed: Replayed) -> Costs:
    """Measure what building, hosting and applying take, the latter two in processes of their own."""
    last = replayed.last
    pulls = {"first install": _cost_of_pull(replayed, None)}
    for behind in sorted({distance for distance in (1, min(100, last - 1)) if 0 < distance < last}):
        pulls[f"pull, {behind} behind"] = _cost_of_pull(replayed, last - behind)
    return Costs(
        host_all=distinct_bytes(replayed.trees),
        host_last=replayed.trees[-1].bytes,
        first_build=replayed.build_seconds[0],
        update_builds=replayed.build_seconds[1:],
        build=_cost_of_build(replayed),
        pulls=pulls,
    )


def _cost_of_build(replayed: Replayed) -> Cost:
    """Build the last release again, on the one before."""
    out = replayed.folder / "again"
    if replayed.last > 1:
        shutil.copytree(replayed.tree(replayed.last - 1), out)
    command = ["build", str(replayed.source), "--out", str(out), "--keys", str(replayed.keys)]
    return cost_of([*VADE, *command, "--encoder", replayed.encoder, "--no-site", "--json"])


def _cost_of_pull(replayed: Replayed, start: int | None) -> Cost:
    store = replayed.no_store() if start is None else replayed.store(start)
    with PagesHost(replayed.tree(replayed.last)) as server:
        return cost_of([*VADE, "pull", server.url, "--store", str(store), "--json"])


def run(options: argparse.Namespace, folder: Path) -> Results:
    """Replay and measure.

    Raises:
        BenchError: An arm failed.
    """
    started = time.monotonic()
    replayed = Replayed(folder, options.history, options.encoder, options.most, say)
    say(f"{replayed.last} releases built in {time.monotonic() - started:.0f} s")
    arms, missing = _available(options.arms)
    distances = choose_distances(replayed.last, DISTANCES)
    pairs: list[tuple[int | None, int]] = [*choose_pairs(replayed.last, distances, options.pairs)]
    measured = []
    for number, (start, target) in enumerate([*sorted(pairs, key=_by_target), (None, replayed.last)], 1):
        say(f"pair {number} of {len(pairs) + 1}, {time.monotonic() - started:.0f} s: {start or 'nothing'} -> {target}")
        measured.append(measure_pair(replayed, start, target, arms))
    manifest = replayed.manifest(replayed.last)
    return Results(
        facts=_facts(options),
        releases=replayed.last,
        documents=manifest.documents,
        chunks=manifest.chunks,
        missing=missing,
        measured=measured,
        costs=measure_costs(replayed) if "vademecum" in arms else None,
    )


def _by_target(pair: tuple[int | None, int]) -> tuple[int, int]:
    return pair[1], pair[0] or 0


def _available(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arms that can be measured here, and those that cannot."""
    missing = [peer.name for peer in PEERS if peer.name in wanted and not is_installed(peer)]
    if "minimum" in wanted and shutil.which("zstd") is None:
        missing.append("minimum (zstd)")
    for name in missing:
        say(f"left out, not installed: {name}")
    return [arm for arm in wanted if arm not in {name.partition(" ")[0] for name in missing}], missing


def _facts(options: argparse.Namespace) -> dict[str, str]:
    return {
        "command": f"`{_command(options)}`",
        "history": _short(options.history),
        "encoder": _short(options.encoder),
        "machine": f"{_processor()}, {os.cpu_count()} cores; {platform.system()}; Python {platform.python_version()}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _command(options: argparse.Namespace) -> str:
    """Return the command that repeats this run; folders that only this machine has are left out."""
    words = [f"--encoder={_short(options.encoder)}", f"--pairs={options.pairs}"]
    words += [f"--most={options.most}"] if options.most != MOST else []
    words += [f"--arms={','.join(options.arms)}"] if options.arms != list(ARMS) else []
    return f"make bench-updates HISTORY={_short(options.history)} OPTIONS={shlex.quote(' '.join(words))}"


def _short(name: str) -> str:
    """Return a name without the folders that only this machine has."""
    kind, separator, path = name.partition(":")
    if separator and kind == "sentence-transformers":
        return f"{kind}:{Path(path).name}"
    path = name.removesuffix("/")
    return "/".join(Path(path).parts[-2:]) if "/" in path else name


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _arms(text: str) -> list[str]:
    wanted = text.split(",")
    unknown = sorted(set(wanted) - set(ARMS))
    if unknown:
        raise argparse.ArgumentTypeError(f"no arm {unknown[0]!r}; there are: {', '.join(ARMS)}")
    return [arm for arm in ARMS if arm in wanted]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("history", help="JSON lines, REPOSITORY[:FOLDER] or synthetic:...; see histories.py")
    add("--encoder", default="builtin", help="builtin or sentence-transformers:FOLDER")
    add("--pairs", type=int, default=10, help="starting releases for each distance")
    add("--most", type=int, default=MOST, help="states of the history")
    add("--arms", type=_arms, default=list(ARMS), help=",".join(ARMS))
    add("--cache", type=Path, default=CACHE, help="embeddings of a transformer, kept between runs")
    add("--out", type=Path, default=OUT, help="folder for updates.json, updates.md and updates.svg")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-updates-") as folder, cached_embeddings(options.cache):
            results = run(options, Path(folder))
    except BenchError as error:
        say(f"failed: {error}")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    page = markdown(results, "updates.svg")
    (options.out / "updates.md").write_text(page)
    (options.out / "updates.svg").write_text(svg(results))
    (options.out / "updates.json").write_text(json.dumps(results.as_json(), indent=1) + "\n")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
