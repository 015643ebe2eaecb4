"""The files that surround the index: pages, browser client, version.json, and the signed list of them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import vademecum
from vademecum.format.json import canonical
from vademecum.format.segment import DocumentRow
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import PAIRED
from vademecum.version import __version__
from vademecum_builder.index.rows import metadata_of
from vademecum_builder.pages.client_bundle import client_files, digests
from vademecum_builder.pages.contents import Contents
from vademecum_builder.pages.pyodide import fetch_runtime, load_pins
from vademecum_builder.pages.render import ShownRelease, SiteContext, render_site, site_folder
from vademecum_builder.release.channels import Channels
from vademecum_builder.release.version_json import DocumentChange, DocumentChanges
from vademecum_builder.signing.metadata import SignedTarget

LISTING = "site.json"
_EXAMPLES = 4
_WORD = r"(?:how|what|why|when|where|which|who|can|could|should|do|does|is|are|wie|was|warum|wann|wo)\b"
_QUESTION = re.compile(rf"{_WORD}.*\?$|(?:how (?:to|do|can|does)|wie)\b", re.IGNORECASE)
_ASKING = re.compile(rf"{_WORD}(?!.*{PAIRED.pattern})|.*[?？]$", re.IGNORECASE)
"""Among kana or Han characters `is` is a name."""
_UNSPACED_WORD = 3
"""Characters that count as a word where writing has no spaces."""
_POINTING = re.compile(r"\b(?:this|these|those|it|(?:are|will) you|dies\w*|es)\b", re.IGNORECASE)
"""Words that point to earlier text, or to the reader."""


@dataclass(frozen=True)
class SiteFiles:
    """The files beside the index, and the listing to sign; None: no site is published."""

    files: Mapping[str, bytes | Path]
    listing: SignedTarget | None


@dataclass(frozen=True)
class SiteBuilder:
    """Renders the site of a release.

    Attributes:
        runtime_cache: Where the browser's Python runtime is kept between builds; None: the platform's cache folder.
    """

    runtime_cache: Path | None = None

    @cached_property
    def generator(self) -> str:
        """A digest of everything in this installation that shapes a site: code, templates, runtime pins, Snowball."""
        total = hashlib.sha256(f"{__version__} {version('snowballstemmer')}".encode())
        package = Path(vademecum.__file__).parent
        own = Path(__file__).parent
        roots = (package, own, site_folder() / "templates", site_folder() / "static")
        files = (path for root in roots for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".pyc")
        for path in [*files, own.parent / "release" / "version_json.py"]:
            total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        total.update(canonical(sorted(load_pins().files.items())))
        return total.hexdigest()

    def is_current(self, listing: Mapping[str, object] | None, title: str) -> bool:
        """Return whether the published pages are the ones that this installation would render."""
        return listing is not None and listing.get("generator") == self._mark(title)

    def _mark(self, title: str) -> str:
        return hashlib.sha256(canonical([self.generator, title])).hexdigest()

    def render(self, shown: ShownRelease, channels: Channels, title: str, *, root: bytes, version: bytes) -> SiteFiles:
        """Return all files of the site for a release.

        Args:
            root: The newest root metadata, as published.
            version: version.json.

        Raises:
            UsageError, NetworkError, ContentError: The browser's runtime cannot be had.
        """
        client = client_files(fetch_runtime(self.runtime_cache))
        first = {name: values[0] for name, values in shown.manifest.places.items() if values}
        examples = _examples(shown.contents, shown.changes, first)
        context = SiteContext(title or "Knowledge base", shown, root, digests(client), examples, channels)
        files: dict[str, bytes | Path] = {**render_site(context), **client, "version.json": version}
        named: dict[str, dict[str, object]] = {}
        for path, content in sorted(files.items()):
            data = content if isinstance(content, bytes) else content.read_bytes()
            named[path] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        listing = canonical({"files": named, "format": 1, "generator": self._mark(title), "title": title})
        digest = hashlib.sha256(listing).hexdigest()
        files[f"{digest}.{LISTING}"] = listing
        return SiteFiles(files, SignedTarget(LISTING, digest, len(listing)))


def _examples(contents: Contents, changes: DocumentChanges, first: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return questions to try, from all parts of the documents: headings that are questions, longer headings, titles; a
    second one from a page only if other pages have none.

    A heading that occurs several times, points elsewhere, or has only one significant word is not clear by itself.

    Args:
        first: The language and version that the release shows first; other documents are ignored.

    >>> read = Contents(headings={"keys.md": ["Overview", "How to rotate a key", "Why two keys?"]})
    >>> _examples(read, DocumentChanges())
    ('How to rotate a key', 'Why two keys?')
    >>> _examples(Contents(headings={"a.md": ["How it works", "Why two keys?"]}), DocumentChanges())
    ('Why two keys?',)
    """
    places = (first or {}).items()
    others = {
        row.key
        for row in contents.documents
        if places and any(metadata_of(row).get(name, value) not in ("", value) for name, value in places)
    }
    stands = Counter(text for key, found in contents.headings.items() if key not in others for text in set(found))
    telling = {
        text: key
        for key, found in contents.headings.items()
        for text in dict.fromkeys(found)
        if stands[text] == 1 and _tells(text)
    }
    questions = [text for text in telling if _QUESTION.match(text)]
    asking = [text for text in telling if _ASKING.match(text) and text not in questions]
    rest = [text for text in telling if text not in (*questions, *asking)]
    of_pages: dict[str, list[str]] = {}
    chosen = _spread(questions) + _spread(asking) + _spread(rest)
    for text in chosen:
        of_pages.setdefault(telling[text], []).append(text)
    chosen.sort(key=lambda text: of_pages[telling[text]].index(text))
    entries: Sequence[DocumentChange | DocumentRow] = (*changes.added, *changes.modified, *contents.documents)
    titles = (one.title for one in entries if 4 <= len(one.title) <= 40 and one.key not in others)
    return tuple(dict.fromkeys((*chosen, *titles)))[:_EXAMPLES]


def _tells(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    telling = {*words}.difference(*STOP_WORDS.values())
    unspaced = sum(map(len, PAIRED.findall(text))) // _UNSPACED_WORD
    is_long = 3 <= len(text.split()) + unspaced <= 9 and len(text) <= 60
    return is_long and len(telling) + unspaced > 1 and not _POINTING.search(text)


def _spread(texts: list[str]) -> list[str]:
    return texts[:: max(1, len(texts) // _EXAMPLES)]
