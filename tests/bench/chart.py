"""A chart of bytes over releases behind, as SVG by hand: logarithmic, readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1040, 500
_TOP, _BOTTOM, _LEFT, _PLOT, _LABELS = 84, 438, 62, 330, 128
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #3c4149; }
  .title { font-size: 16px; font-weight: 600; fill: #16191d; }
  .panel { font-size: 13px; font-weight: 600; fill: #16191d; }
  .grid { stroke: #d9dde3; stroke-width: 1; }
  .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
  .main .line { stroke-width: 3.5; }
  .main text { font-weight: 700; }
  .floor .line { stroke-dasharray: 5 4; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b9c0ca; }
    .title, .panel { fill: #f0f3f6; }
    .grid { stroke: #3a4049; }
  }
"""


@dataclass(frozen=True)
class Line:
    """One arm: its name, its colour, the bytes for each position (those without are left out), `main` or `floor`."""

    name: str
    colour: str
    values: Mapping[str, float]
    kind: str = ""


@dataclass(frozen=True)
class Panel:
    title: str
    lines: Sequence[Line]


def draw(title: str, subtitle: str, panels: Sequence[Panel], positions: Sequence[str], apart: str) -> str:
    """Return the SVG.

    Args:
        positions: Along the x axis; the one named `apart` is a dot of its own, joined to no line.
    """
    values = [v for panel in panels for line in panel.lines for v in line.values.values() if v > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    axis = _Axis(positions, apart, low, max(high, low + 1))
    body = [_panel(panel, axis, _LEFT + n * (WIDTH // 2)) for n, panel in enumerate(panels)]
    head = f'<text class="title" x="{_LEFT - 44}" y="26">{escape(title)}</text>'
    head += f'<text x="{_LEFT - 44}" y="46">{escape(subtitle)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{_STYLE}</style>\n{head}\n' + "\n".join(body) + "\n</svg>\n"
    )


@dataclass(frozen=True)
class _Axis:
    positions: Sequence[str]
    apart: str
    low: int
    high: int

    def x(self, position: str) -> float:
        return 12 + self.positions.index(position) * (_PLOT - 24) / max(1, len(self.positions) - 1)

    def y(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return _BOTTOM - share * (_BOTTOM - _TOP)


def _panel(panel: Panel, axis: _Axis, left: int) -> str:
    parts = [
        f'<g transform="translate({left} 0)">',
        f'<text class="panel" y="{_TOP - 16}">{escape(panel.title)}</text>',
    ]
    for power in range(axis.low, axis.high + 1):
        y = axis.y(10**power)
        parts.append(f'<line class="grid" x1="0" x2="{_PLOT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{_size(10**power)}</text>')
    for position in axis.positions:
        x = axis.x(position)
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{escape(position)}</text>')
    parts.append(f'<text x="{_PLOT / 2}" y="{_BOTTOM + 42}" text-anchor="middle">releases behind</text>')
    ends = {line.name: axis.y(line.values[_last(line, axis)]) for line in panel.lines if line.values}
    places = spread(ends, 15.0)
    parts += [_line(line, axis, places[line.name]) for line in panel.lines if line.values]
    return "\n".join([*parts, "</g>"])


def _line(line: Line, axis: _Axis, label: float) -> str:
    points = {p: (axis.x(p), axis.y(line.values[p])) for p in axis.positions if line.values.get(p, 0) > 0}
    path = " ".join(f"{x:.1f},{y:.1f}" for p, (x, y) in points.items() if p != axis.apart)
    radius = 4 if line.kind == "main" else 2.5
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in points.values())
    x, y = points[_last(line, axis)]
    leader = f'<path class="line" style="stroke-width:.7" d="M{x + 5:.1f} {y:.1f}L{_PLOT + 8} {label:.1f}"/>'
    return (
        f'<g class="{line.kind}" stroke="{line.colour}"><polyline class="line" points="{path}"/>{leader}'
        f'<g fill="{line.colour}" stroke="none">{dots}<text x="{_PLOT + 12}" y="{label + 4:.1f}" '
        f'style="fill:{line.colour}">{escape(line.name)}</text></g></g>'
    )


def _last(line: Line, axis: _Axis) -> str:
    return next(position for position in reversed(axis.positions) if line.values.get(position, 0) > 0)


def spread(wished: Mapping[str, float], gap: float) -> dict[str, float]:
    """Return heights near the wished ones, in their order, at least `gap` apart."""
    places: dict[str, float] = {}
    groups: list[tuple[list[str], float]] = []
    for name in sorted(wished, key=lambda name: wished[name]):
        members, centre = [name], wished[name]
        while groups and centre - (len(members) - 1) * gap / 2 < _end(groups[-1], gap) + gap:
            above, _ = groups.pop()
            members = above + members
            centre = sum(wished[member] for member in members) / len(members)
        groups.append((members, centre))
    for members, centre in groups:
        start = centre - (len(members) - 1) * gap / 2
        places |= {member: start + index * gap for index, member in enumerate(members)}
    return places


def _end(group: tuple[list[str], float], gap: float) -> float:
    members, centre = group
    return centre + (len(members) - 1) * gap / 2


def _size(count: int) -> str:
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count // unit} {name}"
    return f"{count} B"
