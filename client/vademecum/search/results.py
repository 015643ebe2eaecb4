"""What a search and a look at a document give: hits, documents and their chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from vademecum.format.json import parse_object
from vademecum.format.markup import plain
from vademecum.format.segment import HEADING_SEPARATOR
from vademecum.generation.opened import Opened


@dataclass(frozen=True)
class Place:
    """Another place of a hit's text, or of its page: a version, a translation, a mirror.

    Attributes:
        document: Key of the document there.
        url: With the hit's anchor, where the document there holds the same text.
        lang, version: As its metadata say; empty where they do not.
    """

    document: str
    title: str
    url: str
    lang: str = ""
    version: str = ""


@dataclass(frozen=True)
class Why:
    """Where a hit stands among all that answer by its words, and by its meaning, from 1; None: nowhere."""

    words: int | None = None
    meaning: int | None = None


@dataclass(frozen=True)
class Hit:
    """A chunk that answers a query.

    >>> Hit("0123456789abcdef", "a", "A page", "Keys › Rotation", "https://docs.example/a#rotation", "run home", 1.0)
    Hit(id='0123456789abcdef', document='a', title='A page', heading='Keys › Rotation', ...)

    Attributes:
        id: The chunk's id, 16 hex digits.
        document: Key of the document.
        heading: The headings above the text, outermost first, joined by " › "; may be empty.
        url: The document's URL with the chunk's anchor; if it has none, where the tree's search page shows it, or
            empty where no address of the tree is known.
        text: Plain text, without markup.
        score: The higher the better among the hits of one search; by meaning alone about the cosine, of the
            passage and of its page.
        markdown: The text with its structure: lists, tables, code, links (format.md, section 4.5).
        places: Where else the text stands, and the page in other versions and languages; the preferred first.
        excerpt: The sentence that answers.
        marks: Where words of the query stand in it, [start, end).
        why: What found it.
        more: Further hits of the same document, best first.
        link: `url`, and on a page of the document's own a text fragment with it: browsers mark the words there.

    Printed, it is one line: without whole texts and further hits.
    """

    id: str
    document: str
    title: str
    heading: str
    url: str
    text: str = field(repr=False)
    score: float
    metadata: Mapping[str, Any] = field(default_factory=dict)
    markdown: str = field(default="", repr=False)
    places: tuple[Place, ...] = field(default=(), repr=False)
    excerpt: str = ""
    marks: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    why: Why = Why()
    more: tuple[Hit, ...] = field(default=(), repr=False)
    link: str = field(default="", repr=False)


class Results(list[Hit]):
    """Hits, best first, and what is to be said of them all.

    Attributes:
        total: How many pages answer, shown or not; versions and translations of one count once. Without grouping:
            chunks.
        unknown: Words of the query that no page has, as it writes them.
        nearest: No page has the words of the query, or few of them: the hits are near in meaning.
        facets: For the fields that were asked for, or for `lang`, `version` and `source`, where documents differ: how
            many of those that answer say what; the 100 commonest.
        meant: The question as it was looked for, where words that no page has were taken for others; or empty.
        words: What the question stands for in these hits, folded: what to mark in a title, or a whole page.
        language: The tag of the language that the question is in, where no page is; empty where pages are, or
            nobody can tell.
        unsaid: Fields of the filters that no document has (misspelt, or of another release), each with that which may
            be meant; empty: nobody can tell.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        *,
        total: int = 0,
        unknown: tuple[str, ...] = (),
        nearest: bool = False,
        facets: Mapping[str, Mapping[str, int]] | None = None,
        words: tuple[str, ...] = (),
        meant: str = "",
        language: str = "",
        unsaid: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(hits)
        self.total = total
        self.unknown = unknown
        self.nearest = nearest
        self.facets = facets or {}
        self.words = words
        self.meant = meant
        self.language = language
        self.unsaid = unsaid or {}


def addressed(hits: Iterable[Hit], tree: str) -> Iterator[Hit]:
    """Yield the hits; where a document is published nowhere by itself, with the address of the tree's search page,
    which shows it. JavaScript's `readerAddress` is the twin.

    Args:
        tree: The tree's address, which may have a query; empty: nobody knows it.
    """
    if not tree:
        yield from hits
        return
    for hit in hits:
        places = tuple(replace(place, url=place.url or _reader(place.document, tree)) for place in hit.places)
        more = tuple(addressed(hit.more, tree))
        url = hit.url or _reader(hit.document, tree)
        yield replace(hit, url=url, link=hit.link or url, places=places, more=more)


def _reader(key: str, tree: str) -> str:
    parameter = quote(key, safe="!'()*")  # as encodeURIComponent does it
    return f"{tree}{'&' if '?' in tree else '?'}doc={parameter}"


@dataclass(frozen=True)
class Passage:
    """One chunk of a document, for reading. JavaScript's has the same keys.

    Attributes:
        id: The chunk's id, 16 hex digits, as in a `Hit`.
        heading: As in a `Hit`: the headings joined by " › ".
        headings: The headings above the text, outermost first; the document's title is not among them.
        anchor: The URL fragment of the nearest heading, without `#`; may be empty.
        text, markdown: As in a `Hit`.
    """

    id: str
    heading: str
    headings: tuple[str, ...]
    anchor: str
    text: str
    markdown: str


@dataclass(frozen=True)
class DocumentView:
    """A whole document.

    Attributes:
        key: What the document is known by, such as its path in the source.
        metadata: What its front matter or its head says.
        chunks: In reading order.
    """

    key: str
    title: str
    url: str
    metadata: Mapping[str, Any]
    chunks: Sequence[Passage]


@dataclass(frozen=True)
class Entry:
    """A document as a list of all of them names it; `url` may be empty."""

    key: str
    title: str
    url: str


def list_documents(opened: Opened) -> tuple[Entry, ...]:
    """Return all live documents, by key."""
    state = opened.state
    rows = (state.segments[segment].document(row) for segment, row in state.documents.values())
    return tuple(sorted((Entry(row.key, row.title, row.url) for row in rows), key=lambda entry: entry.key))


def view_document(opened: Opened, key: str) -> DocumentView | None:
    """Return a live document, or None if there is none of that key.

    Raises:
        ContentError: Its metadata are no JSON object.
    """
    state = opened.state
    place = state.documents.get(key.encode(errors="surrogatepass"))
    if place is None:
        return None
    row = state.segments[place[0]].document(place[1])
    passages = []
    for chunk in row.chunks:
        index, position = state.chunks[chunk]
        found = state.segments[index].chunk(position)
        headings = heading_text(found.headings), split_headings(found.headings)
        passages.append(Passage(f"{chunk:016x}", *headings, found.anchor, plain(found.text), found.text))
    return DocumentView(row.key, row.title, row.url, metadata_of(row.metadata), tuple(passages))


def split_headings(headings: str) -> tuple[str, ...]:
    """Return the headings of a chunk's row, outermost first.

    >>> split_headings("Keys\\x1fRotate")
    ('Keys', 'Rotate')
    """
    return tuple(filter(None, headings.split(HEADING_SEPARATOR)))


def heading_text(headings: str) -> str:
    """Return the headings of a chunk's row as a hit shows them.

    >>> heading_text("Keys\\x1fRotate")
    'Keys › Rotate'
    """
    return " › ".join(split_headings(headings))


def metadata_of(text: str) -> dict[str, Any]:
    """Return a document's metadata.

    Raises:
        ContentError: The row holds something else than a JSON object.
    """
    return parse_object(text.encode(), "document metadata") if text else {}
