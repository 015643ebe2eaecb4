"""What a build has read of a source, and the rules that need all of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vademecum.format.json import canonical
from vademecum.format.segment import DocumentRow
from vademecum.search.tokens import runs_of
from vademecum_builder.index.rows import metadata_of, same
from vademecum_builder.readers.language import guess_language, is_short
from vademecum_builder.sources.endings import BINARY_TYPES, suffix_of
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.parsed import PendingChunk

SKIPPED = "skipped"
_ALIKE = 0.7
"""The share of words that two forms of one document have in common: a PDF adds page headers and hyphenates words."""


@dataclass
class Excluded:
    """Items that are not documents, and why.

    Attributes:
        records: Sources whose items are not files.
        items: How many items there are in all, by kind.
        left_out: Keys by the reason for which they were left out.
        unreadable: Keys by the reason for which they cannot be read: `SKIPPED`, or that their reader is not installed.
            The previous release may hold an earlier version of them.
    """

    records: Sequence[str] = ()
    items: Counter[str] = field(default_factory=Counter)
    left_out: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unreadable: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def kind(self, key: str) -> str:
        """Return what an item is counted as: the ending of a file, the source of a record."""
        source = key.partition(":")[0]
        return source if source in self.records else suffix_of(key)

    def reasons(self) -> Counter[tuple[str, str]]:
        """Return how many there are, by kind and reason."""
        both = (*self.left_out.items(), *self.unreadable.items())
        return Counter((self.kind(key), reason) for reason, keys in both for key in keys)


@dataclass
class Gathered:
    """What was read.

    Attributes:
        documents, chunks: Rows by key, and the chunks that they consist of by id.
        sources: The digest of each item.
        excluded: The items that are not documents.
        document_warnings: Warnings about single documents, from their readers or because they were skipped.
        access_tokens: The access tokens of each item, with the line of each.
        with_example_keys: Items whose private keys are examples that may be shown.
        withheld: Items that are not public, whatever an earlier item of the same key says.
        short_sources: Sources with documents that are too short to tell their language.
        aliases: Keys that are other names of an item, by the key of that item.
    """

    excluded: Excluded
    documents: dict[str, DocumentRow] = field(default_factory=dict)
    chunks: dict[int, PendingChunk] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    document_warnings: list[str] = field(default_factory=list)
    access_tokens: dict[str, dict[str, int]] = field(default_factory=dict)
    with_example_keys: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    short_sources: set[str] = field(default_factory=set)
    aliases: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, key: str, warning: str) -> None:
        """Note that an item cannot be read."""
        self.document_warnings.append(warning)
        self.excluded.unreadable[SKIPPED].append(key)

    def texts_of(self, base: Base, *rows: DocumentRow) -> list[str]:
        """Return the texts of these documents' chunks, read now or in an earlier build."""
        ids = (chunk for row in rows for chunk in row.chunks)
        return [(self.chunks.get(chunk) or base.rows.chunks[chunk]).text for chunk in ids]

    def drop(self, key: str, reason: str) -> None:
        """Take a document out again."""
        del self.documents[key], self.sources[key]
        self.excluded.left_out[reason].append(key)


def drop_aliases(gathered: Gathered) -> None:
    """Keep one document of each item that has several names: the one under its own name, if that is a document.

    Some generators write each page both as `x.html` and as `x/index.html`, since a host may know only one of them.
    """
    for target, keys in gathered.aliases.items():
        for alias in [key for key in (target, *keys) if key in gathered.documents][1:]:
            gathered.drop(alias, "links to files that are read anyway")
    for key in [key for key in gathered.documents if key.endswith("/index.html")]:
        twin = gathered.documents.get(f"{key.removesuffix('/index.html')}.html")
        if twin is not None and (twin.title, twin.chunks) == (
            gathered.documents[key].title,
            gathered.documents[key].chunks,
        ):
            gathered.drop(key, "the same page as x.html and x/index.html")


def drop_withheld(gathered: Gathered) -> None:
    """Drop each document whose key a later item withheld."""
    for key in gathered.withheld & gathered.documents.keys():
        del gathered.documents[key], gathered.sources[key]


def drop_originals(gathered: Gathered, base: Base) -> None:
    """Drop an office file that has the same text as the PDF beside it: the PDF is what was issued."""
    issued = {key[: -len(".pdf")]: key for key in gathered.documents if key.lower().endswith(".pdf")}
    stems = {key: key.rpartition(".")[0] for key in gathered.documents if suffix_of(key) in BINARY_TYPES}
    for key, issue in [(key, issued[stem]) for key, stem in stems.items() if issued.get(stem, key) != key]:
        here, there = ({*runs_of(" ".join(gathered.texts_of(base, gathered.documents[name])))} for name in (key, issue))
        if len(here & there) > _ALIKE * max(len(here), len(there)):
            gathered.drop(key, "the same document as the PDF beside it")


def guess_languages(gathered: Gathered, base: Base, sequence: int) -> None:
    """Guess one language for all the short documents of a source that name none: a catalog may be in German although no
    single record is long enough to show it. Where all of them together are too short, each keeps its previous one."""
    for source in gathered.short_sources:
        rows = [row for _, row in sorted(gathered.documents.items()) if metadata_text(row, "source") == source]
        silent = [row for row in rows if not metadata_text(row, "lang") and is_short(gathered.texts_of(base, row))]
        guessed, are_few = guess_language(gathered.texts_of(base, *silent)), is_short(gathered.texts_of(base, *silent))
        for row in silent:
            old = base.rows.documents.get(row.key)
            if language := guessed or (metadata_text(old, "lang") if are_few and old is not None else ""):
                metadata = canonical(metadata_of(row) | {"lang": language}).decode()
                row = replace(row, metadata=metadata, sequence=sequence)
                gathered.documents[row.key] = old if old is not None and same(row, old) else row


def metadata_text(row: DocumentRow, name: str) -> str:
    """Return a text field of a document's metadata; empty: it has none of that name."""
    return metadata_of(row).get(name) or ""
