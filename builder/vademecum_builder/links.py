"""The link check: each document's address and each chunk's anchor, looked up on the real pages."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from vademecum.errors import UsageError
from vademecum.format.segment import DocumentRow
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.loop import run
from vademecum_builder.index.rows import rows_of
from vademecum_builder.readers.html.anchors import ids_of
from vademecum_builder.release.location import read_at, read_root
from vademecum_builder.release.published import read_published
from vademecum_builder.request import Progress, ignore_progress

if TYPE_CHECKING:
    import httpx

_PARALLEL, _SECONDS = 6, 30.0
"""Pages asked for at a time; how long one may take, from the request to its last byte."""
_LATE = f"did not come whole within {_SECONDS:g} s"
_MOST = 64_000_000
"""Bytes of one page."""
_SAMPLE = 200
"""How many addresses are compared to find where a folder lies below its host."""


@dataclass(frozen=True)
class BrokenLink:
    """A hit that would lead nowhere.

    Attributes:
        document: Its key.
        url: Its address; with the anchor, if only that is missing.
        reason: In words.
    """

    document: str
    url: str
    reason: str


@dataclass(frozen=True)
class LinkReport:
    """What was looked up, and what is missing.

    Attributes:
        pages: How many documents have an address. `unaddressed`: how many have none and open only in the search page.
        anchors: How many places in these pages chunks lead to.
        broken: By document.
    """

    pages: int
    anchors: int
    unaddressed: int
    broken: tuple[BrokenLink, ...]

    @property
    def unasked(self) -> str:
        """Why nothing was looked up, so that nothing is proven; empty: something was, or there are no documents."""
        if self.pages or not self.unaddressed:
            return ""
        return "no document has an address, so there is no page to ask for: base-url says where they are served"


def check_links(
    location: str, against: str, *, trust: Path | None = None, progress: Progress = ignore_progress
) -> LinkReport:
    """Look up each document and anchor of a published tree on the real pages.

    Args:
        location: The tree: a folder or an address.
        against: The real pages: a folder of rendered pages, or the address where they are served. Relative addresses
            are joined to it; those of another host are looked up here, at the same path.
        trust: The root metadata; None takes the tree's own.

    Raises:
        UsageError: `against` is neither a folder nor an address.
        VademecumError: The tree cannot be read.
    """
    root = read_root(trust)
    published = read_at(location, lambda tree, config: read_published(tree, root, SystemClock(), config=config))
    rows = rows_of(published.segments)
    anchors = {number: chunk.anchor for number, chunk in rows.chunks.items()}
    return check_rows(rows.live, anchors, against, progress)


def check_rows(
    documents: Iterable[DocumentRow], anchors: Mapping[int, str], against: str, progress: Progress = ignore_progress
) -> LinkReport:
    """Look up each of these documents and the anchors of its chunks. See `check_links`."""
    rows = {row.key: row for row in documents}
    asked: dict[str, list[str]] = {}
    for row in rows.values():
        asked.setdefault(row.url.partition("#")[0], []).append(row.key)
    unaddressed = len(asked.pop("", []))
    pages = run(_ids_of_all(sorted(asked), against, progress))
    broken: list[BrokenLink] = []
    count = 0
    for url, keys in asked.items():
        found = pages[url]
        for key in keys:
            if isinstance(found, str):
                broken.append(BrokenLink(key, url, found))
                continue
            wanted = sorted(filter(None, {anchors[chunk] for chunk in rows[key].chunks}))
            count += len(wanted)
            broken += [
                BrokenLink(key, f"{url}#{anchor}", "the page has no such id")
                for anchor in wanted
                if anchor not in found and unquote(anchor) not in found
            ]
    broken.sort(key=lambda link: (link.document, link.url))
    return LinkReport(sum(map(len, asked.values())), count, unaddressed, tuple(broken))


async def _ids_of_all(urls: list[str], against: str, progress: Progress) -> Mapping[str, frozenset[str] | str]:
    if "://" not in against:
        folder = Path(against)
        if not folder.is_dir():
            raise UsageError(f"--against {against}: there is no such folder; name one, or an http(s) address")
        above = _leading_parts(folder, urls[:: max(1, len(urls) // _SAMPLE)])
        return {url: _ids_in_folder(folder, url, above) for url in urls}
    if urlsplit(against).scheme not in ("http", "https"):
        raise UsageError(f"--against {against}: only http and https can be asked")
    import httpx  # slow to import; most builds do not need it

    gate, done, late = asyncio.Semaphore(_PARALLEL), 0, 0
    async with httpx.AsyncClient(follow_redirects=True, timeout=None) as client:  # `_ids_at` has one for all of it

        async def one(url: str) -> frozenset[str] | str:
            nonlocal done, late
            async with gate:
                if late >= _PARALLEL:  # or a host that is silent takes as long as all of its pages together
                    found: frozenset[str] | str = f"not asked for: {_PARALLEL} pages before it {_LATE}"
                else:
                    found = await _ids_at(client, _moved(url, against))
                    late = late + 1 if found == _LATE else 0
            done += 1
            progress("asking", done, len(urls))
            return found

        return dict(zip(urls, await asyncio.gather(*map(one, urls)), strict=True))


def _moved(url: str, against: str) -> str:
    """Return the address on the host where pages are looked up."""
    whole, host = urlsplit(urljoin(against.removesuffix("/") + "/", url)), urlsplit(against)
    return whole._replace(scheme=host.scheme, netloc=host.netloc).geturl()


async def _ids_at(client: httpx.AsyncClient, url: str) -> frozenset[str] | str:
    import httpx

    page = bytearray()
    try:
        async with asyncio.timeout(_SECONDS), client.stream("GET", url) as answer:
            if answer.status_code != 200:
                return f"the host answers {answer.status_code}"
            async for piece in answer.aiter_bytes():
                page += piece
                if len(page) > _MOST:
                    return f"more than the {_MOST} bytes that a page may have"
    except TimeoutError:
        return _LATE
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"no answer: {error or type(error).__name__}"
    return ids_of(bytes(page))


def _parts(url: str) -> list[str]:
    return [unquote(part) for part in urlsplit(url).path.split("/") if part]


def _is_folder(url: str) -> bool:
    return urlsplit(url).path.endswith("/")


def _leading_parts(folder: Path, urls: Iterable[str]) -> list[str]:
    """Return the leading parts of the addresses' paths that lie above the folder: most pages are found without them."""
    shared: Counter[tuple[str, ...]] = Counter()
    found: Counter[tuple[str, ...]] = Counter()
    for url in urls:
        parts = _parts(url)
        for count in range(len(parts) + 1):
            above = tuple(parts[:count])
            shared[above] += 1
            found[above] += _file(folder, parts[count:], is_folder=_is_folder(url)) is not None
    # Without all of its parts, any address is the start page: so only parts that most addresses begin with count.
    common = [above for above, count in shared.items() if 2 * count > shared[()]]
    best = max(common, key=lambda above: (found[above], -len(above)), default=())
    return list(best)


def _file(folder: Path, parts: list[str], *, is_folder: bool) -> Path | None:
    """Return the file that static hosts serve at a path: `x/` is always `x/index.html`, `x` may be `x.html`."""
    path = folder.joinpath(*parts)
    if ".." in parts:
        return None
    candidates = [path / "index.html"]
    if not is_folder:
        candidates += [path, path.with_name(f"{path.name}.html")]
    return next((file for file in candidates if file.is_file()), None)


def _ids_in_folder(folder: Path, url: str, above: list[str]) -> frozenset[str] | str:
    parts = _parts(url)
    below = parts[len(above) :] if parts[: len(above)] == above else parts
    file = _file(folder, below, is_folder=_is_folder(url))
    return ids_of(file.read_bytes()) if file is not None else f"there is no such page in {folder}"
