"""The results of searching and reading: hits, documents and their chunks."""

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
    """The rank of a hit by words alone and by meaning alone, from 1; None: not found that way."""

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
        url: The document's URL with the chunk's anchor; without one, the tree's search page at this document, or empty
            if the tree's address is unknown.
        text: Plain text, without markup.
        score: Higher is better; comparable within one search only. With `semantic`, about the cosine.
        markdown: The text with its structure: lists, tables, code, links (format.md, section 4.5).
        places: Other places of the text, and the page in other versions and languages; the preferred first.
        excerpt: The best sentence.
        marks: Spans of the query's words in the excerpt, [start, end) in characters.
        why: Its rank by words and by meaning.
        more: Further hits of the same document, best first.
        link: `url` with a text fragment, so that browsers mark the words on the page.

    `repr` is one line, without whole texts and further hits.
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
    """Hits, best first, and facts about all of them.

    >>> Results(total=0, unknown=("zxcvbn",)).unknown
    ('zxcvbn',)

    Attributes:
        total: How many pages match, shown or not; versions and translations of a page count once. Without grouping:
            chunks.
        unknown: Words of the query that no page has, as typed.
        nearest: Whether few or no words of the query were found, or no page has most of them together.
        facets: Counts of values among the matching documents, by field: the fields that were asked for, else `lang`,
            `version` and `source` where documents differ; the 100 commonest values.
        meant: The corrected query, if unknown words were taken for others; else empty.
        words: The words that the query matched, folded: what to mark in titles and pages.
        language: Tag of the query's language, if it is one that no page is in; else empty.
        unsaid: Fields of the filters that no document has, each with a suggestion, which may be empty.
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
    """Yield the hits; those without an address with that of the tree's search page, which shows the document.
    JavaScript's `readerAddress` is the twin.

    Args:
        tree: The tree's address, which may have a query; empty: unknown.
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

    >>> DocumentView("a.md", "A page", "https://docs.example/a", {"lang": "en"}, []).metadata["lang"]
    'en'

    Attributes:
        key: The document's stable identifier, such as its path in the source.
        metadata: From its front matter, HTML head or record.
        chunks: In reading order.
    """

    key: str
    title: str
    url: str
    metadata: Mapping[str, Any]
    chunks: Sequence[Passage]


@dataclass(frozen=True)
class Entry:
    """A document in the list of all documents; `url` may be empty."""

    key: str
    title: str
    url: str


def list_documents(opened: Opened) -> tuple[Entry, ...]:
    """Return all live documents, by key."""
    state = opened.state
    rows = map(state.document, range(len(state.documents)))
    return tuple(sorted((Entry(row.key, row.title, row.url) for row in rows), key=lambda entry: entry.key))


def view_document(opened: Opened, key: str) -> DocumentView | None:
    """Return a live document, None if there is none; raise ContentError if its metadata are not a JSON object."""
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
    """Return a document's metadata; raise ContentError if the row does not hold a JSON object."""
    return parse_object(text.encode(), "document metadata") if text else {}
