"""What a build has read of a source, and the rules that need all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vademecum.format.json import canonical
from vademecum.format.segment import DocumentRow
from vademecum.search.tokens import runs_of
from vademecum_builder.index.rows import metadata_of, same
from vademecum_builder.readers.language import guess_language, is_short
from vademecum_builder.sources.endings import BINARY_TYPES
from vademecum_builder.stages.audit import ending_of
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.parsed import PendingChunk

_ALIKE = 0.7
"""How many of their words two forms of one document share: one has headers of pages, and words cut by a hyphen."""


@dataclass
class Gathered:
    """What was read: documents and what they are of, and why other items are none.

    Attributes:
        documents, chunks: Rows by key, and what they are made of by id.
        sources: The digest of each item.
        told: What readers say of documents.
        left_out, files_left_out: How many items are no documents, and which, by reason.
        others: Why files are no documents, by ending.
        unread, files: How many files have no reader, by what is said of them; how many there are, by ending.
        tokens: Of items with tokens the lines in which they stand.
        examples: Items whose private keys may be shown.
        withheld: Items that are not for everybody, whatever an earlier one of the same key says.
        skipped: Items that cannot be read; an earlier version of them may be there.
        short: Sources of documents that are too short to tell their language by.
        names: Of items with several names the keys, by the item that they lead to.
        records: Sources whose items are no files.
    """

    documents: dict[str, DocumentRow] = field(default_factory=dict)
    chunks: dict[int, PendingChunk] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    files_left_out: dict[str, list[str]] = field(default_factory=dict)
    others: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    tokens: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    names: dict[str, list[str]] = field(default_factory=dict)
    records: Sequence[str] = ()

    def ending(self, key: str) -> str:
        """Return by what an item is counted: a file's ending, a record's source."""
        return ending_of(key, self.records)

    def leave_out(self, key: str, reason: str) -> None:
        """Note that an item is no document."""
        self.left_out[reason] += 1
        self.files_left_out.setdefault(reason, []).append(key)
        self.others[self.ending(key), reason] += 1

    def texts_of(self, base: Base, *rows: DocumentRow) -> list[str]:
        """Return the texts of these documents' chunks, read now or in an earlier build."""
        ids = (chunk for row in rows for chunk in row.chunks)
        return [(self.chunks.get(chunk) or base.rows.chunks[chunk]).text for chunk in ids]

    def drop(self, key: str, reason: str) -> None:
        """Take a document out again."""
        del self.documents[key], self.sources[key]
        self.leave_out(key, reason)


def drop_aliases(found: Gathered) -> None:
    """Keep one document of each item that has several names: that of its own name, where it is one.

    Some generators write each page as `x.html` and as `x/index.html`, for hosts that know one of the two.
    """
    for target, keys in found.names.items():
        for alias in [key for key in (target, *keys) if key in found.documents][1:]:
            found.drop(alias, "links to files that are read anyway")
    for key in [key for key in found.documents if key.endswith("/index.html")]:
        twin = found.documents.get(f"{key.removesuffix('/index.html')}.html")
        if twin is not None and (twin.title, twin.chunks) == (found.documents[key].title, found.documents[key].chunks):
            found.drop(key, "the same page as x.html and x/index.html")


def drop_withheld(found: Gathered) -> None:
    """Keep no document of which a later item says that it is not for everybody."""
    for key in found.withheld & found.documents.keys():
        del found.documents[key], found.sources[key]


def drop_originals(found: Gathered, base: Base) -> None:
    """Keep the PDF of a document that lies beside it in the form that it was written in: that is what was issued."""
    issued = {key[: -len(".pdf")]: key for key in found.documents if key.lower().endswith(".pdf")}
    stems = {key: key.rpartition(".")[0] for key in found.documents if ending_of(key) in BINARY_TYPES}
    for key, issue in [(key, issued[stem]) for key, stem in stems.items() if issued.get(stem, key) != key]:
        here, there = ({*runs_of(" ".join(found.texts_of(base, found.documents[one])))} for one in (key, issue))
        if len(here & there) > _ALIKE * max(len(here), len(there)):
            found.drop(key, "the same document as the PDF beside it")


def tell_languages(found: Gathered, base: Base, sequence: int) -> None:
    """Give short documents that say no language the one that they have together: a catalog is in German, though none of
    its records has the words to show it. Where all of them are too few, each keeps the one that it had before."""
    for source in found.short:
        rows = [row for _, row in sorted(found.documents.items()) if says(row, "source") == source]
        silent = [row for row in rows if not says(row, "lang") and is_short(found.texts_of(base, row))]
        guessed, are_few = guess_language(found.texts_of(base, *silent)), is_short(found.texts_of(base, *silent))
        for row in silent:
            old = base.rows.documents.get(row.key)
            if language := guessed or (says(old, "lang") if are_few and old is not None else ""):
                told = canonical(metadata_of(row) | {"lang": language}).decode()
                row = replace(row, metadata=told, sequence=sequence)
                found.documents[row.key] = old if old is not None and same(row, old) else row


def says(row: DocumentRow, name: str) -> str:
    """Return a text of a document's metadata; empty: there is none of that name."""
    return metadata_of(row).get(name) or ""
