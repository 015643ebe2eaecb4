"""The page and the chart of the updates benchmark."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from bench.chart import Line, Panel, draw
from bench.peak import Cost
from bench.results import COLUMNS, FIRST, MINIMUM, OURS, ROWS, USUAL, Costs, Results, distance_name

_COLOURS = {
    "gzip": "#8b919c",
    "zstd": "#3b8ee0",
    "bsdiff": "#a06bd6",
    "xdelta3": "#22a093",
    "rsync": "#d9822b",
    "zsync": "#b39800",
    "casync": "#d65f8f",
}
_NOTES = """
How to read it. All figures are bytes, median (worst) over the pairs of releases; **bold: less than vademecum**.

- *minimum* is computed, no program makes it: the new texts compressed with zstd -22 against all old texts, ideal
  codes of the new vectors or of their differences to old ones, and positions. `tests/bench/minimum.py` defines it.
- *vademecum, rows alone* is the bodies of the objects that hold rows. *vademecum, all* adds the signed metadata and
  the headers of every answer. No row counts the encoder, which the peers' files do not hold.
- The peers carry the same releases in two layouts: *usual*, a gzipped JSON file of texts and float vectors (zsync and
  xdelta3 look inside the gzip by themselves), and *columns*, the best that we can build for them: our own
  texts and vectors, uncompressed, in an order that an edit does not disturb.
- gzip, zstd, bsdiff and xdelta3 are the body of one file; how a client learns what to fetch is not counted, and
  except for gzip the publisher needs another file for each pair of releases.
- rsync counts both directions. zsync counts headers. casync counts its index and the chunks, without headers. The
  first two need more than a static host: a daemon, and Range requests.
- Each result was compared with the release, byte for byte.
"""


def markdown(results: Results, chart: str) -> str:
    """Return the page; `chart`: the name of the SVG beside it."""
    parts = [
        "# Bytes of an update\n",
        _facts(results),
        f"\n![Bytes against releases behind]({chart})\n",
        "## Bytes\n",
        "\n".join(_bytes_table(results)),
        _wins(results),
        _NOTES,
        "## Against vademecum, all\n\nHow many times its bytes, per pair: median.\n",
        "\n".join(_ratio_table(results)),
        "\n## vademecum by itself\n",
        "\n".join(_own_table(results)),
    ]
    if results.costs is not None:
        parts += ["\n## Seconds, memory, storage\n", "\n".join(_cost_lines(results.costs))]
    return "\n".join(parts) + "\n"


def svg(results: Results) -> str:
    """Return the chart: the columns layout on the left, the usual one on the right, medians."""
    names = {distance: "first" if distance == FIRST else str(distance) for distance in results.distances}

    def line(arm: str, label: str, colour: str, kind: str = "") -> Line:
        values = {names[d]: results.median(arm, d) for d in results.distances}
        return Line(label, colour, {name: v for name, v in values.items() if v}, kind)

    def panel(title: str, layout: str) -> Panel:
        peers = [line(f"{name}, {layout}", name, colour) for name, colour in _COLOURS.items()]
        own = [line(MINIMUM, "minimum", "#7f8896", "floor"), line(OURS, "vademecum", "#e5484d", "main")]
        return Panel(title, [*peers, *own])

    return draw(
        "Bytes that an update moves, by releases behind",
        f"Median, logarithmic, encoder not counted. {results.facts['history']}; {results.facts['encoder']} vectors.",
        [panel("Peers on our own columns", COLUMNS), panel("Peers on the usual gzipped JSON", USUAL)],
        sorted(names.values(), key=lambda name: name != "first"),  # labels go beside the far end of the lines
        "first",
    )


def _facts(results: Results) -> str:
    facts = [f"- {name}: {value}" for name, value in results.facts.items()]
    facts.append(f"- releases: {results.releases}; the last has {results.documents} documents, {results.chunks} chunks")
    pairs = ", ".join(f"{len(results.at(d))} × {distance_name(d)}" for d in results.distances)
    facts.append(f"- pairs: {pairs}")
    if results.missing:
        facts.append(f"- not installed here, so left out: {', '.join(results.missing)}")
    return "\n".join(facts)


def _head(results: Results, first: str) -> list[str]:
    names = [distance_name(d) if d == FIRST else f"{d} behind" for d in results.distances]
    return [f"| {first} | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]


def _bytes_table(results: Results) -> Iterator[str]:
    yield from _head(results, "")
    wins = set(results.wins())
    for arm in results.arms:
        cells = [_bytes_cell(results.values(arm, d), (arm, d) in wins) for d in results.distances]
        yield f"| {arm} | {' | '.join(cells)} |"


def _bytes_cell(values: Sequence[int], wins: bool) -> str:
    if not values:
        return ""
    text = f"{statistics.median(values):,.0f}"
    text = f"**{text}**" if wins else text
    return text if len(values) == 1 else f"{text} ({max(values):,})"


def _wins(results: Results) -> str:
    if not any(OURS in item.bytes for item in results.measured):
        return ""
    found: dict[str, list[str]] = {}
    for arm, distance in results.wins():
        found.setdefault(arm, []).append(distance_name(distance))
    if not found:
        return "\nNo peer moves less than vademecum at any distance (medians).\n"
    lines = [f"- **{arm}**: {', '.join(distances)}" for arm, distances in found.items()]
    return "\nWhere a peer moves less than vademecum (medians), by releases behind:\n\n" + "\n".join(lines) + "\n"


def _ratio_table(results: Results) -> Iterator[str]:
    yield from _head(results, "")
    for arm in results.arms:
        if arm == OURS:
            continue
        ratios = [results.ratios(arm, OURS, d) for d in results.distances]
        peer = arm not in (MINIMUM, ROWS)
        cells = [_ratio(statistics.median(values), peer) if values else "" for values in ratios]
        yield f"| {arm} | {' | '.join(cells)} |"


def _ratio(value: float, peer: bool) -> str:
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"**{text} ×**" if peer and value < 1 else f"{text} ×"


def _own_table(results: Results) -> Iterator[str]:
    yield from _head(results, "median (worst)")
    ratios = [results.ratios(ROWS, MINIMUM, d) for d in results.distances]
    yield _row("rows alone / minimum", [_pair(values, ".2f") for values in ratios])
    for name, field in (
        ("metadata, B", "metadata"),
        ("headers of answers, B", "headers"),
        ("encoder, B", "encoder"),
        ("requests", "requests"),
        ("dependent round trips", "round_trips"),
    ):
        found = [[float(getattr(item.pull, field)) for item in results.at(d) if item.pull] for d in results.distances]
        yield _row(name, [_pair(values, ",.0f") for values in found])
    for field in ("texts", "vectors", "positions"):
        found = [
            [float(getattr(item.minimum, field)) for item in results.at(d) if item.minimum] for d in results.distances
        ]
        yield _row(f"minimum: {field}, B", [_pair(values, ",.0f") for values in found])
    plans = [sorted({item.pull.plan for item in results.at(d) if item.pull}) for d in results.distances]
    yield _row("plans", [", ".join(names) for names in plans])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _pair(values: Sequence[float], form: str) -> str:
    if not values:
        return ""
    middle = format(statistics.median(values), form)
    return middle if len(values) == 1 else f"{middle} ({format(max(values), form)})"


def _cost_lines(costs: Costs) -> Iterator[str]:
    yield "| | seconds | peak memory |"
    yield "|---|---:|---:|"
    yield f"| first build, in a running process | {costs.first_build:.2f} | |"
    if costs.update_builds:
        yield f"| update build, in a running process: median (worst) | {_pair(costs.update_builds, '.2f')} | |"
    yield _cost_row("update build, a process of its own", costs.build)
    for name, cost in costs.pulls.items():
        yield _cost_row(f"{name}, a process of its own", cost)
    yield "\nSeconds of a process of its own: what the command reports, without the start of Python."
    yield f"\n- host, trees of all releases kept: {costs.host_all / 1e6:.2f} MB"
    yield f"- host, the last tree alone: {costs.host_last / 1e6:.2f} MB"


def _cost_row(name: str, cost: Cost) -> str:
    return f"| {name} | {cost.said['seconds']:.2f} | {cost.bytes / 1e6:.0f} MB |"
