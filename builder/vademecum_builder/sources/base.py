"""The source protocol: items with stable keys since a checkpoint, and what had to be left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import BinaryIO, Protocol, TypeVar

from vademecum.errors import ContentError, UsageError
from vademecum.format.json import Fields, canonical, parse_object
from vademecum_builder.sources.charset import decode_text

T = TypeVar("T")
MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"
HTML = "text/html"
RST = "text/x-rst"
ASCIIDOC = "text/asciidoc"
ORG = "text/org"
NOTEBOOK = "application/x-ipynb+json"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EPUB = "application/epub+zip"
ODF = "application/vnd.oasis.opendocument"
BINARY = frozenset({PDF, DOCX, PPTX, XLSX, EPUB, ODF})
"""Files that are not text until they are read."""
RECORD = "application/x-vademecum-record+json"
"""A record of a catalog, a table or an archive: one canonical JSON object of its fields. Its source's reader makes a
document of it; changes are reported by field."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
LFS_HAS_IT = "Git LFS has the file, and this is its pointer: `git lfs pull` brings it"
LONGEST_POSITION = 2**28
"""The most characters of a checkpoint's position, with hashes of a look-back, or of all documents of an archive."""


def digest_of(data: bytes) -> str:
    """Return 16 hex digits of a SHA-256, to see whether something has changed, and to name what has no name."""
    return hashlib.sha256(data).hexdigest()[:16]


class SourceError(UsageError):
    """The source is cut off, being written, damaged, empty, or gone. The settings are still right; so the exit code is
    that of damaged bytes."""

    code = ContentError.code


_SAID = 200


def refuse_pointer(file: BinaryIO, place: str) -> None:
    """Raise SourceError if a file is a Git LFS pointer. Afterwards the file is at its beginning again."""
    is_pointer = file.read(len(LFS_POINTER)) == LFS_POINTER
    file.seek(0)
    if is_pointer:
        raise SourceError(f"{place}: {LFS_HAS_IT}")


class EmptySourceError(SourceError):
    """The source is empty, but not broken: a table without rows, an empty list."""


@dataclass(frozen=True)
class SourceItem:
    """One raw file, row or message.

    Attributes:
        key: Stable and unique in the source; the key of the document that it becomes. For a file: its relative path,
            `/`-separated.
        media_type: Chooses the reader: one of the constants above.
        data: The bytes as they are in the source.
        target: For another name of an item, such as a link to a file: the key of that item; else empty.
        shows_keys: Whether private keys in it are examples, as the publisher has declared.
    """

    key: str
    media_type: str
    data: bytes = field(repr=False)
    target: str = ""
    shows_keys: bool = False

    @property
    def content_hash(self) -> str:
        """SHA-256 of `data`, 64 lower-case hex digits."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self) -> str:
        """Return `data` as text, decoded by `charset.decode_text`; raise ContentError if it is binary."""
        return decode_text(self.data).text


@dataclass(frozen=True)
class Skipped:
    """A file, folder or record that was left out although it looked like a document, and why.

    Attributes:
        said: The first 200 characters of its content, as far as they can be shown; only for the publisher.
    """

    key: str
    reason: str
    said: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", self.said[:_SAID])


@dataclass(frozen=True)
class Removed:
    """An item is gone."""

    key: str


@dataclass(frozen=True)
class Checkpoint:
    """How far a source was read: reading continues after everything that came before it. Only the source that gave it
    understands it.

    Attributes:
        strategy: How the source finds what is new: `since-id`, `commit`.
        position: An id and a time, a place in a log, a commit; whatever the source needs to continue.
    """

    strategy: str
    position: str

    def read(self, strategy: str, source: str, parse: Callable[[str], T]) -> T:
        """Return the position as read by `parse`.

        Args:
            strategy: The source's own strategy.
            source: What the source is called in an error.

        Raises:
            UsageError: It is the checkpoint of another source, or `parse` cannot read it.
        """
        try:
            if self.strategy != strategy:
                raise ValueError
            return parse(self.position)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"not a checkpoint of {source} ({self.strategy}): `vade sync --full` forgets it") from None

    def encode(self) -> bytes:
        """Return the checkpoint as canonical JSON."""
        return canonical({"position": self.position, "strategy": self.strategy})

    @classmethod
    def decode(cls, data: bytes) -> Checkpoint:
        """Read what `encode` gave; raise ContentError if it is anything else."""
        fields = Fields(parse_object(data, "checkpoint"), "checkpoint")
        return cls(fields.text("strategy"), fields.text("position", longest=LONGEST_POSITION))


Entry = SourceItem | Skipped | Removed | Checkpoint
"""What a source yields."""


def digest_of_entry(entry: SourceItem | Skipped | Removed) -> str:
    """Return the digest of an entry; of an item, that of its bytes."""
    return digest_of(entry.data if isinstance(entry, SourceItem) else repr(entry).encode())


@dataclass(frozen=True)
class Changes:
    """The changes of a source since a checkpoint.

    Attributes:
        entries: Read lazily. Since a checkpoint: new and edited items, removed ones, what had to be left out, and
            checkpoints between them: whoever has stored all that came before one can continue from there. Without a
            checkpoint: every item that there is, once; what is not among them is gone.
        whole: The entries are every item in spite of a checkpoint, since an address has other content, or a history
            was rewritten. What is not among them is gone, as without a checkpoint.
        expected: About how many items there are, for a progress bar; 0: unknown.
        unread: How many other files there are without a reader, by ending.
        left_out: How many files that look like documents are not, by what they are.
        warnings: What a publisher should know about the source, one line each; complete after all entries were read.
    """

    entries: Iterator[Entry]
    whole: bool = False
    expected: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()


class Source(Protocol):
    """A connector: all that the pipeline knows about where documents come from.

    `tests/contract/test_source.py` has the rules for all of them.
    """

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return what changed since a checkpoint of this source.

        The same content gives the same entries. A source that cannot tell what is new yields everything and no
        checkpoint: contents are compared anyway.

        Args:
            since: None: return everything.

        Raises:
            UsageError: There is nothing to read, or the checkpoint is not one of this source. It may also be raised
                while the entries are read.
        """
        ...


@dataclass(frozen=True)
class MayBeEmpty:
    """A source that may be empty, as the publisher has said; otherwise that is an error."""

    source: Source

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return the source's changes; none, and `whole`, if it is empty.

        Raises:
            UsageError: As the source.
        """
        try:
            changes = self.source.changes(since)
            first = next(changes.entries, None)
        except EmptySourceError:
            return Changes(iter(()), whole=True)
        return replace(changes, entries=chain([first] if first else [], changes.entries))
