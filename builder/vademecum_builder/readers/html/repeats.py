"""Lines that are on many pages of a site, and so belong to none of them: found by comparing pages.

Lines are only the same at the same place of the template: "Installation" in every page's menu is no reason to remove
the title of the page of that name.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from vademecum_builder.readers.html.lines import Flow, Kind, Line

MIN_PAGES = 3
"""With fewer pages, nothing counts as repeated."""
SITE_SHARE = 0.3
"""Share of all pages: a line on so many is not part of the text, unless pages mark their content."""
FOLDER_SHARE = 0.5
"""The same for the pages of one folder: a menu of a part of the site."""
MARKED_SHARE = 0.5
"""Share of all pages: a line on so many is removed even from marked content ("Was this page helpful?")."""
MARKED_MIN_PAGES = 5
MIN_LINKS = 3
"""On one line: fewer links are kept ("See also: Keys, Channels" as a sentence of its own)."""
_LONGEST_PAGING = 400
_LABEL = 40
"""Characters that the label of a list of links may have ("On this page")."""


def identity(line: Line) -> int:
    """Return what is equal for lines with the same text at the same place."""
    said = repr((line.place, line.text)).encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Repeated:
    """The lines that repeat, by identity.

    Attributes:
        marked: Those that are removed from marked content, too.
        everywhere: Those of the whole site.
        folders: Those of each folder.
    """

    marked: frozenset[int] = frozenset()
    everywhere: frozenset[int] = frozenset()
    folders: dict[str, frozenset[int]] = field(default_factory=dict)

    def lines(self, folder: str, *, marked: bool) -> frozenset[int]:
        """Return those that are removed from a page."""
        if marked:
            return self.marked
        return self.everywhere | self.folders.get(folder, frozenset())


class Repeats:
    """Counts lines over pages, without a limit: callers bound the memory."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._counts: dict[str, Counter[int]] = {}

    def add(self, folder: str, lines: Iterable[Line]) -> None:
        """Count a page's lines, each once."""
        self._pages[folder] += 1
        counted = self._counts.setdefault(folder, Counter())
        counted.update({identity(line) for line in lines if line.kind not in (Kind.CODE, Kind.END)})

    def repeated(self) -> Repeated:
        """Return what repeats among the pages so far."""
        pages = sum(self._pages.values())
        total: Counter[int] = Counter()
        for counted in self._counts.values():
            total.update(counted)
        return Repeated(
            _frequent(total, max(MARKED_MIN_PAGES, pages * MARKED_SHARE)),
            _frequent(total, max(MIN_PAGES, pages * SITE_SHARE)),
            {
                folder: _frequent(counted, max(MIN_PAGES, self._pages[folder] * FOLDER_SHARE))
                for folder, counted in self._counts.items()
            },
        )


def without_repeats(flow: Flow, repeated: frozenset[int], *, marked: bool) -> list[Line]:
    """Return a page's own lines, without lists of links within the page.

    In marked content, headings and headers of tables stay even if they repeat.
    """
    flow = replace(flow, lines=[line for line in flow.lines if not _is_paging(line) and not _is_trail(line)])
    stays = (Kind.CODE, Kind.END, Kind.HEADING, Kind.HEADER) if marked else (Kind.CODE, Kind.END)
    gone = [line.kind not in stays and identity(line) in repeated for line in flow.lines] if repeated else []
    if any(gone):
        if not marked:
            gone = _with_own_headings(flow, _with_containers(flow, gone))
        lines = [line for line, out in zip(flow.lines, gone, strict=True) if not out]
    else:
        lines = flow.lines
    return _without_contents(lines, flow.parents)


_WORD = re.compile(r"\w+")
_POINTERS = frozenset({"next", "previous", "prev", "up"})
_STEP = re.compile(r"[>›»→]")
_PAGING = _POINTERS | {"top", "contents", "index", "home", "first", "last", "back", "forward"}


def _is_paging(line: Line) -> bool:
    """Return whether a line only has links to the previous, next and upper pages.

    "Next: Pumps, Up: Manual [Contents][Index]" of Texinfo, LaTeX2HTML and the like, and "[ < ] [ Up ] [ > ]".
    """
    if not line.links or line.kind not in (Kind.TEXT, Kind.HEADER) or len(line.text) > _LONGEST_PAGING:
        return False
    runs = [run for cell in (line.runs, *line.cells) for run in cell]
    said = {word for run in runs if not run.link for word in _WORD.findall(run.text.lower())}
    if not said <= _PAGING:
        return False
    if said & _POINTERS and ":" in line.text:
        return True
    led = {word for run in runs if run.link for word in run.text.lower().split()}
    words = {word for word in led if _WORD.search(word)}
    return words <= _PAGING and bool((led - words) | (words & _POINTERS)) and line.targets >= MIN_LINKS


def _is_trail(line: Line) -> bool:
    """Return whether a line is a breadcrumb trail: "Manual > Version 2 > Pumps", whose last part may not be a link."""
    runs = [run for run in line.runs if run.text.strip()]
    links = [run for run in runs if run.link]
    between = [run.text.strip() for run in runs[:-1] if not run.link]
    return len(links) >= MIN_LINKS and len(between) >= len(links) - 1 and all(_STEP.fullmatch(one) for one in between)


def _frequent(counted: Counter[int], least: float) -> frozenset[int]:
    return frozenset(line for line, count in counted.items() if count >= least)


def _with_containers(flow: Flow, gone: list[bool]) -> list[bool]:
    """Add what little is left of lists and containers that are mostly removed, such as a menu's open entry."""
    lines, out_of = Counter(line.block for line in flow.lines), Counter[int]()
    out_of.update(line.block for line, out in zip(flow.lines, gone, strict=True) if out)
    gone = [
        out or (line.kind is Kind.TEXT and out_of[line.block] * 3 >= lines[line.block] * 2)
        for line, out in zip(flow.lines, gone, strict=True)
    ]
    parents = flow.parents
    lost, kept = [0] * len(parents), [0] * len(parents)
    holds_heading = [False] * len(parents)
    for line, out in zip(flow.lines, gone, strict=True):
        count = lost if out else kept
        count[line.container] += len(line.text)
        holds_heading[line.container] |= not out and line.kind is Kind.HEADING
    for container in range(len(parents) - 1, 1, -1):  # parents have smaller numbers
        parent = parents[container]
        lost[parent] += lost[container]
        kept[parent] += kept[container]
        holds_heading[parent] |= holds_heading[container]
    falls = [lost[n] > 4 * kept[n] and not holds_heading[n] for n in range(len(parents))]
    falls[0] = falls[1] = False
    for container in range(2, len(parents)):
        falls[container] = falls[container] or falls[parents[container]]
    more = [out or falls[line.container] for line, out in zip(flow.lines, gone, strict=True)]
    return gone if all(out or line.kind is Kind.END for line, out in zip(flow.lines, more, strict=True)) else more


def _with_own_headings(flow: Flow, gone: list[bool]) -> list[bool]:
    """Keep headings of sections and tables, such as "Synopsis", that a line of this page alone follows: a menu's is
    followed by its entries, which repeat, and that of contents by links."""
    kept = list(gone)
    lines = flow.lines
    for n in range(len(lines) - 2, -1, -1):
        line, below = lines[n], lines[n + 1]
        ends = below.kind is Kind.END or (below.kind is Kind.HEADING and below.level <= line.level)
        if line.kind in (Kind.HEADING, Kind.HEADER) and line.level != 1 and not (ends or _is_links(below)):
            kept[n] = gone[n] and (kept[n + 1] or not _is_within(below.container, line.container, flow.parents))
    return kept


def _is_within(container: int, outer: int, parents: Sequence[int]) -> bool:
    while container > outer:  # parents have smaller numbers
        container = parents[container]
    return container == outer


def _without_contents(lines: Sequence[Line], parents: Sequence[int]) -> list[Line]:
    """Leave out lists of links within the page and to other pages, and their label: their text is also at the
    targets."""
    kept: list[Line] = []
    position = 0
    while position < len(lines):
        end = position
        while end < len(lines) and _is_links(lines[end]):
            end += 1
        described = end < len(lines) and end > position and lines[end].block == lines[end - 1].block
        while described and end > position and lines[end - 1].kind is Kind.TERM:
            end -= 1
        if sum(line.targets for line in lines[position:end]) >= MIN_LINKS or end - position >= 2:
            label = kept[-1] if kept else None
            above = parents[min(line.container for line in lines[position:end])]  # of the outermost list
            if label is not None and label.container == above and _is_label(label):
                kept.pop()
        else:
            end = max(end, position + 1)
            kept += lines[position:end]
        position = end
    return kept


def _is_links(line: Line) -> bool:
    """Return whether a line only has links, with numbers and separators."""
    others = len(line.text) - line.links
    return (
        line.targets > 0
        and line.kind in (Kind.TEXT, Kind.TERM)
        and others <= max(0.1 * len(line.text), 3 * line.targets)
    )


def _is_label(line: Line) -> bool:
    return line.kind is Kind.TEXT and len(line.text) <= _LABEL and line.text[-1] not in ".!?。！？…"
