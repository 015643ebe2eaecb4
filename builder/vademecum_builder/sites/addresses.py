"""The address of a page: by its file's path, or the canonical address that it names on the same site."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urljoin, urlsplit

from vademecum_builder.sources.places import version_named

LONGEST = 2000
_INDEX = re.compile(r"(?:^|(?<=/))index\.x?html?$")
_PAGE = re.compile(r"\.x?html?$")
_HERE = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})
"""Hosts of a generator's own server: `jekyll serve` leaves pages with such addresses."""


@dataclass(frozen=True)
class Address:
    """The address of a page.

    Attributes:
        url: Absolute; empty: it is unknown where the site is served.
        canonical: The key of another page of the site that the page names as canonical; else empty.
    """

    url: str
    canonical: str = ""


def place_of(key: str) -> str:
    """Return the path of a page below its site, percent-encoded: `x/index.html` is `x/`."""
    return quote(_INDEX.sub("", key), safe="/~!$&'()*+,;=:@-._")


class Addresses:
    """The addresses of a site's pages.

    Args:
        keys: Of all pages.
        base_url: Where the site is served, unchanged; empty: as the pages say, if they do.
        clean: Whether pages are served without their ending: `x/y.html` at `x/y`.
    """

    def __init__(self, keys: Iterable[str], base_url: str, *, clean: bool = False) -> None:
        self.base_url = base_url
        self._clean = clean
        self._by_place = {_bare(place_of(key)): key for key in sorted(keys, reverse=True)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_place.values())

    def of(self, key: str, canonical: str) -> Address:
        """Return the address of a page.

        Args:
            canonical: As the page names it; only used if it is on the same site.
        """
        place = _PAGE.sub("", place_of(key)) if self._clean else place_of(key)
        own = f"{self.base_url.removesuffix('/')}/{place}" if self.base_url else ""
        try:
            whole = urljoin(own, canonical).partition("#")[0] if canonical and own else ""
            named = self._below_base(whole)
        except ValueError:  # not an address: "https://["
            return Address(own)
        if named is None:
            return Address(own)
        target = self._by_place.get(_bare(named))
        if target in (key, None):
            return Address(whole if _is_fit(whole) else own)
        return Address(own, target or "")

    def _below_base(self, url: str) -> str | None:
        """Return the path below the base; None: it is on another site."""
        base, named = urlsplit(self.base_url), urlsplit(url)
        if named.scheme not in ("http", "https") or named.netloc.lower() != base.netloc.lower():
            return None
        folder = base.path.removesuffix("/") + "/"
        if not (named.path + "/").startswith(folder):
            return None
        return named.path[len(folder) :] if not named.query else None


def base_of(pages: Iterable[tuple[str, str]]) -> str:
    """Return where a site is served, according to its pages: the common beginning of their canonical addresses.

    Args:
        pages: Key and canonical address of each.
    """
    votes: Counter[str] = Counter()
    for key, canonical in pages:
        place = _bare(place_of(key))
        try:
            parts = urlsplit(canonical)
        except ValueError:
            continue
        if parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.hostname in _HERE:
            continue
        path = _bare(parts.path)
        if not place:
            votes[f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('index.html')}"] += 1
        elif path == place or path.endswith(f"/{place}"):
            votes[f"{parts.scheme}://{parts.netloc}/{path[: len(path) - len(place)]}"] += 1
    if not votes:
        return ""
    base, count = votes.most_common(1)[0]
    return base.removesuffix("/") + "/" if count * 2 > sum(votes.values()) else ""


def are_clean(keys: Iterable[str], links: Iterable[tuple[str, str]]) -> bool:
    """Return whether a site's own links omit the ending of pages, as with Next, VitePress (`cleanUrls`) and Docusaurus
    (`trailingSlash: false`).

    Args:
        links: Pairs of a page's key and a link as it is written there.

    >>> are_clean(["a/b.html", "c/index.html"], [("c/index.html", "/base/a/b"), ("c/index.html", "../a/b#part")])
    True
    """
    keys = list(keys)
    places = {_bare(key) for key in keys if not _INDEX.search(key)} - {_bare(key) for key in keys if _INDEX.search(key)}
    votes: Counter[bool] = Counter()
    for key, link in links:
        path = re.split("[?#]", link, maxsplit=1)[0]
        if "//" in path or path.endswith("/"):
            continue
        place = _bare(posixpath.join("/", posixpath.dirname(key), path))
        while path.startswith("/") and place and place not in places:
            place = place.partition("/")[2]  # the folder where the site is served
        if place in places and place != _bare(key):
            votes[_PAGE.search(path) is None] += 1
    return votes[True] > votes[False]


def version_in(key: str) -> str:
    """Return the version at the beginning of a page's path, maybe after a language; empty: none."""
    return next(filter(None, map(version_named, PurePosixPath(key).parts[:-1][:2])), "")


def _bare(place: str) -> str:
    """Return a normalised path, the same for all ways to write one address."""
    path = posixpath.normpath(_PAGE.sub("", _INDEX.sub("", unquote(place))).strip("/"))
    return "" if path == "." else path


def _is_fit(url: str) -> bool:
    return len(url) <= LONGEST and not any(character <= " " or character == "\x7f" for character in url)
