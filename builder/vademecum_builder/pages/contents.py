"""The contents of a release for its page: the documents as a tree, and what the build left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from vademecum.format.segment import DocumentRow
from vademecum.search.question import NUMBER, text_of
from vademecum_builder.index.rows import metadata_of

_FOLDER_PAGE = re.compile(r"(?:index|_index|readme)\.\w+", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+)")
_DAY = re.compile(r"(?:19|20)\d\d(?:\D?\d\d){0,2}(?!\d)")
_FEW = 50
_EARLIER = 10
_SHORT = 30
"""Characters."""
_MOST = 10
"""Fields."""


@dataclass(frozen=True)
class FileKind:
    """The files of one ending.

    Attributes:
        why: Why not all of them are documents; empty: they are.
    """

    ending: str
    files: int
    documents: int
    why: str = ""


@dataclass(frozen=True)
class Contents:
    """What a release holds, and what its build says about it, without names of files that are not documents.

    Attributes:
        documents: All of them.
        kinds: The most frequent first.
        left_out: How many files are not documents, by reason.
        leftovers: Markup that is left as text, by document.
        without_text: Keys of documents that can only be found by their titles and headings.
        private_keys: Keys of documents with a private key that the publisher has allowed.
        stale: Keys of documents whose source has a newer version that cannot be read.
        duplicates: Keys of documents with the same text.
        headings: By key of a document, the innermost heading above each passage that was read, in reading order.
        made_by: The programs that read and cut the documents, with their versions.
        fields: The metadata fields that the settings of sources name.
    """

    documents: Sequence[DocumentRow] = ()
    kinds: Sequence[FileKind] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    leftovers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without_text: Sequence[str] = ()
    private_keys: Sequence[str] = ()
    stale: Sequence[str] = ()
    duplicates: Sequence[Sequence[str]] = ()
    headings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    made_by: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[str] = ()


def audit_json(contents: Contents) -> dict[str, Any]:
    """Return what a build says about a release besides its documents, to be stored with it for later pages."""
    values = asdict(replace(contents, documents=(), headings={}))
    return {name: value for name, value in values.items() if value}


def read_audit(
    audit: Mapping[str, Any], documents: Sequence[DocumentRow], headings: Mapping[str, Sequence[str]]
) -> Contents:
    """Return the contents of a release from what `audit_json` gave, and from its rows."""
    kinds = tuple(FileKind(**kind) for kind in audit.get("kinds", ()))
    return Contents(documents, **{**audit, "kinds": kinds}, headings=headings)


def shown_fields(contents: Contents) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields of the settings that the search page filters by, since many documents share few values or most
    are numbers, and those that it shows, since their values are short; only the first few, so that hits remain
    visible."""
    metadata = [metadata_of(row) for row in contents.documents]
    said = {name: [one[name] for one in metadata if name in one] for name in contents.fields}
    found = {
        name: {text_of(value) for one in many for value in (one if isinstance(one, list) else [one])}
        for name, many in said.items()
    }
    few = (
        name
        for name, texts in found.items()
        if 2 <= len(texts) <= min(_FEW, len(said[name]) / 2)
        or (len(texts) > _FEW and 2 * len([*filter(NUMBER.fullmatch, texts)]) > len(texts))
    )
    short = (name for name, texts in found.items() if texts and all(len(text) <= _SHORT for text in texts))
    return tuple(islice(few, _MOST)), tuple(islice(short, _MOST))


def earlier_of(documents: Iterable[DocumentRow], sequence: int) -> list[tuple[int, list[DocumentRow]]]:
    """Return the last releases before this one, newest first, each with the documents that last changed in it."""
    found: dict[int, list[DocumentRow]] = {}
    for row in documents:
        if row.sequence < sequence:
            found.setdefault(row.sequence, []).append(row)
    return sorted(found.items(), reverse=True)[:_EARLIER]


@dataclass(frozen=True)
class SourceAges:
    """How old the documents of a source are.

    Attributes:
        name: Empty: there is only one folder.
        oldest, newest: Days of changes to documents, according to the source; empty: it does not say.
        first, last: Sequences of the releases in which documents last changed.
    """

    name: str
    documents: int
    oldest: str
    newest: str
    first: int
    last: int


def ages_of(documents: Iterable[DocumentRow]) -> tuple[SourceAges, ...]:
    """Return the ages of the documents of each source by name: as in `vade audit`, but without private details."""
    found: dict[str, tuple[list[int], list[str]]] = {}
    for row in documents:
        metadata = metadata_of(row)
        sequences, days = found.setdefault(str(metadata.get("source", "")), ([], []))
        sequences.append(row.sequence)
        if isinstance(updated := metadata.get("updated"), str) and updated:
            days.append(updated[:10])
    return tuple(
        SourceAges(name, len(sequences), min(days, default=""), max(days, default=""), min(sequences), max(sequences))
        for name, (sequences, days) in sorted(found.items())
    )


@dataclass(frozen=True)
class Folder:
    """A folder of documents.

    Attributes:
        name: The title of its own page (`index`, `README`), else the folder's name.
        pages: Its own page first, the others sorted by place.
        count: How many documents are in it and its folders.
        more: How many of these are not listed.
    """

    name: str
    pages: tuple[DocumentRow, ...]
    folders: tuple[Folder, ...]
    count: int
    more: int = 0


def tree_of(documents: Iterable[DocumentRow]) -> Folder:
    """Return documents as the tree of their keys, numbers in names by their size (`2-b` before `10-a`).

    A folder that contains only one folder is joined with it; one that contains only a page is replaced by it. A folder
    where most names begin with a day or a year is a journal: newest first, after everything else. So are folders that
    are named as versions.
    """
    return _folder("", [(_place(row).parts, row) for row in documents])


def cut_tree(folder: Folder, most: int) -> Folder:
    """Return a tree that lists `most` documents at most: where there are more, the first of each folder. What a small
    folder does not need, the larger ones beside it have."""
    if folder.count <= most:
        return folder
    inner = folder.folders[:most]
    counts = [len(folder.pages), *(one.count for one in inner)]
    shares, left = counts[:], most
    for after, at in enumerate(sorted(range(len(counts)), key=counts.__getitem__)):
        shares[at] = min(counts[at], left // (len(counts) - after))
        left -= shares[at]
    pages = folder.pages[: shares[0]]
    more = folder.count - len(pages) - sum(counts[1:])
    folders = tuple(map(cut_tree, inner, shares[1:]))
    return replace(folder, pages=pages, folders=folders, more=more)


def _place(row: DocumentRow) -> PurePosixPath:
    """Return a document's place in the tree; with several sources, each is a folder."""
    source, colon, key = row.key.partition(":")
    named = colon and f'"source":"{source}"' in row.metadata
    return PurePosixPath(source, key) if named else PurePosixPath(row.key)


_Rows = Sequence[tuple[tuple[str, ...], DocumentRow]]


def _folder(name: str, rows: _Rows) -> Folder:
    own = [row for parts, row in rows if len(parts) == 1]
    below: dict[str, list[tuple[tuple[str, ...], DocumentRow]]] = {}
    for parts, row in rows:
        if len(parts) > 1:
            below.setdefault(parts[0], []).append((parts[1:], row))
    if not own and len(below) == 1:
        [(inner, found)] = below.items()
        return _folder(f"{name}/{inner}" if name else "", found)  # the outermost folder has no name
    newest_first = _is_journal(rows)
    own.sort(key=lambda row: _natural(str(_place(row))), reverse=newest_first)
    own.sort(key=lambda row: not _is_folder_page(row))
    titled = own[0].title if own and _is_folder_page(own[0]) else ""
    folders = []
    inners = sorted(below, key=_natural, reverse=newest_first)
    versions = [name for name in inners if all(f'"version":"{name}"' in row.metadata for _, row in below[name])]
    versions.sort(key=lambda inner: (_NUMBER.search(inner) is None, _natural(inner)), reverse=True)
    others = [inner for inner in inners if inner not in versions]
    for inner in (*sorted(others, key=lambda inner: _is_journal(below[inner])), *versions):
        folder = _folder(inner, below[inner])
        if folder.count == 1:
            own += folder.pages
        else:
            folders.append(replace(folder, name=inner) if inner in versions else folder)
    return Folder(titled or name, tuple(own), tuple(folders), len(rows))


def _is_journal(rows: _Rows) -> bool:
    """Return whether most names in a folder, apart from its own page, begin with a day or a year."""
    names = {parts[0] for parts, row in rows if len(parts) > 1 or not _is_folder_page(row)}
    return 2 * sum(_DAY.match(name) is not None for name in names) > len(names)


def _is_folder_page(row: DocumentRow) -> bool:
    return _FOLDER_PAGE.fullmatch(_place(row).name) is not None


def _natural(name: str) -> list[tuple[int, str]]:
    pieces = _NUMBER.split(name.lower())
    return [(int(piece), "") if piece.isdecimal() and len(piece) < 20 else (-1, piece) for piece in pieces]
