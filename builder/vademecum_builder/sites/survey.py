"""A first look at a site: what its pages share, from a sample, so that memory does not grow with the site."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vademecum.errors import ContentError
from vademecum_builder.readers.html.content import BODY_MARKS
from vademecum_builder.readers.html.page import Template, look_at, name_parts, open_page, without_names
from vademecum_builder.readers.html.repeats import FOLDER_SHARE, Repeats
from vademecum_builder.sites.addresses import are_clean, base_of
from vademecum_builder.sites.kinds import kind_by_name
from vademecum_builder.sources.charset import decode

SAMPLE = 400
"""How many pages of the whole site are looked at."""
SAMPLE_OF_FOLDER = 30
"""How many of each folder at the top."""
NAME_SHARE = 0.3
"""A part of titles that this share of pages has in common is the site's name."""
WHOLE_NAME_SHARE = 0.9
"""Of the titles with such a part, this share has the rest of the name beside it: "Pumps - Acme - Water for All"."""
MIN_TITLES = 3


@dataclass(frozen=True)
class Survey:
    """What a site's pages share.

    Attributes:
        template: The repeated parts of pages.
        base_url: Where the site is served, according to its pages; empty: they do not say.
        marks_bodies: Whether pages mark the part to be searched: then pages without a mark are not searched.
        clean: Whether its own links omit the ending of pages.
    """

    template: Template
    base_url: str
    marks_bodies: bool
    clean: bool

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of everything that shapes how a page is read."""
        repeated = self.template.repeated
        told = [
            sorted(repeated.marked),
            sorted(repeated.everywhere),
            sorted((folder, sorted(lines)) for folder, lines in repeated.folders.items()),
            sorted(self.template.names),
            sorted((folder, sorted(names)) for folder, names in self.template.folders.items()),
            self.base_url,
            self.marks_bodies,
            self.clean,
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def top_folder(key: str) -> str:
    """Return the folder at the top that a page is in."""
    return key.partition("/")[0] if "/" in key else ""


def sample_of(keys: Iterable[str]) -> list[str]:
    """Return the pages to look at: the same ones as long as they exist, whatever other pages come or go."""
    chosen: set[str] = set()
    whole = sorted(keys, key=lambda key: hashlib.sha256(key.encode("utf-8", "replace")).digest())
    chosen.update(whole[:SAMPLE])
    taken: Counter[str] = Counter()
    for key in whole:
        folder = top_folder(key)
        if taken[folder] < SAMPLE_OF_FOLDER:
            taken[folder] += 1
            chosen.add(key)
    return [key for key in whole if key in chosen]


class _Titles:
    """Counts the parts of titles, to find the names of the site and of its folders."""

    def __init__(self) -> None:
        self._titles: Counter[str] = Counter()
        self._parts: dict[str, Counter[str]] = {}
        self._alien: dict[str, Counter[str]] = {}
        self._headings: dict[str, set[str]] = {}

    def add(self, folder: str, title: str, h1: str) -> None:
        """Count a page's title."""
        parts = set(name_parts(title))
        self._titles[folder] += bool(title)
        self._parts.setdefault(folder, Counter()).update(parts)
        self._alien.setdefault(folder, Counter()).update(part for part in parts if h1 and part not in h1)
        self._headings.setdefault(title, set()).update(filter(None, [h1]))

    def of_site(self) -> frozenset[str]:
        """Return the parts that many pages have, and the whole titles of pages whose headings differ."""
        parts: Counter[str] = Counter()
        for counted in self._parts.values():
            parts.update(counted)
        same = {title for title, headings in self._headings.items() if title and len(headings) >= MIN_TITLES}
        names = _above(parts, self._titles.total() * NAME_SHARE)
        return frozenset(names | self._beside(names) | same)

    def _beside(self, names: frozenset[str]) -> frozenset[str]:
        """Return the further parts of a site's name that has separators of its own."""
        rests = [rest for title in self._headings if (rest := without_names(title, names)) != title]
        parts = Counter(part for rest in rests for part in set(name_parts(rest)))
        return _above(parts, len(rests) * WHOLE_NAME_SHARE)

    def of_folders(self) -> dict[str, frozenset[str]]:
        """Return the parts that many pages of a folder have, other than in their headings: "v2 - Release notes" is a
        title."""
        found = {folder: _above(parts, self._titles[folder] * FOLDER_SHARE) for folder, parts in self._alien.items()}
        return {folder: names for folder, names in found.items() if names}


def _above(counted: Counter[str], least: float) -> frozenset[str]:
    return frozenset(name for name, count in counted.items() if count >= max(MIN_TITLES, least))


def survey(keys: Sequence[str], read: Callable[[str], bytes]) -> Survey:
    """Look at a sample of a site's pages.

    Args:
        keys: Of all pages.
        read: Returns the bytes of one.
    """
    repeats = Repeats()
    titles = _Titles()
    places: list[tuple[str, str]] = []
    links: set[tuple[str, str]] = set()
    marks_bodies = False
    for key in sample_of(key for key in keys if kind_by_name(key) is None):
        try:
            text = decode(read(key)).text
            page = open_page(text)
        except (ContentError, OSError):
            continue  # reported when the page itself is read
        head = page.head
        if head.redirect is not None:
            continue
        look = look_at(page)
        repeats.add(top_folder(key), look.flow.lines)
        titles.add(top_folder(key), head.title, look.h1)
        marks_bodies = marks_bodies or any(f" {mark}" in text for mark in BODY_MARKS)
        paths = {(node.attributes.get("href") or "").partition("#")[0] for node in page.tree.css("a[href]")}
        links.update((key, path) for path in paths if path)
        if head.canonical:
            places.append((key, head.canonical))
    template = Template(repeats.repeated(), titles.of_site(), titles.of_folders())
    return Survey(template, base_of(places), marks_bodies, are_clean(keys, links))
