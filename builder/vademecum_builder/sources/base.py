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
"""Files that are no text before they are read."""
RECORD = "application/x-vademecum-record+json"
"""A record of a catalog, a table or an archive: one JSON object of its fields, canonical. Its source's reader makes a
document of it; what changed is told by field."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
LFS_HAS_IT = "Git LFS has the file, and this is its pointer: `git lfs pull` brings it"
LONGEST_POSITION = 2**28
"""Characters of a checkpoint's position: hashes of a look-back, or of all documents of an archive."""


def digest_of(data: bytes) -> str:
    """Return 16 hex digits of a SHA-256: they tell whether something is another one, and name what has no name."""
    return hashlib.sha256(data).hexdigest()[:16]


class SourceError(UsageError):
    """What lies there is not what it should be: cut off, being written, damaged, empty, or gone. Settings that were
    right yesterday are; so it ends with the exit code of damaged bytes."""

    code = ContentError.code


_SAID = 200


def refuse_pointer(file: BinaryIO, place: str) -> None:
    """Raise SourceError if a file is the pointer of one in Git LFS; it stands at its beginning again then."""
    is_pointer = file.read(len(LFS_POINTER)) == LFS_POINTER
    file.seek(0)
    if is_pointer:
        raise SourceError(f"{place}: {LFS_HAS_IT}")


class EmptySourceError(SourceError):
    """Nothing is in it, and nothing is wrong with it: a table without rows, an empty list."""


@dataclass(frozen=True)
class SourceItem:
    """One raw file, row or message.

    Attributes:
        key: Stable and unique in the source; the key of the document that it becomes. Of a file: its relative
            path, `/`-separated.
        media_type: Chooses the reader: one of the constants above.
        data: The bytes as they lie in the source.
        target: The key of the item that this is another name of, such as a link to a file; empty: of none.
        shows_keys: Whether private keys in it are examples, which the publisher has said.
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
        """Return `data` as text, its encoding told by `charset.decode_text`; raise ContentError if it is binary."""
        return decode_text(self.data).text


@dataclass(frozen=True)
class Skipped:
    """A file, folder or record that was left out although it looked like a document, and why.

    Attributes:
        said: What it said, as far as it can be shown, and its first 200 characters: for a publisher's own eyes.
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
    """How far a source was read: reading goes on behind all that came before it. It means something to the source that
    gave it, and to nobody else.

    Attributes:
        strategy: How the source finds what is new: `since-id`, `commit`.
        position: An id and a time, a place in a log, a commit; whatever the source needs to go on.
    """

    strategy: str
    position: str

    def read(self, strategy: str, source: str, parse: Callable[[str], T]) -> T:
        """Return what `parse` makes of the position.

        Args:
            strategy: The source's own.
            source: What it is, in an error.

        Raises:
            UsageError: It is another source's, or `parse` cannot read it.
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
"""What a source says, one after another."""


def digest_of_entry(entry: SourceItem | Skipped | Removed) -> str:
    """Return `digest_of` what an entry says: of a document, its bytes."""
    return digest_of(entry.data if isinstance(entry, SourceItem) else repr(entry).encode())


@dataclass(frozen=True)
class Changes:
    """What a source has to say since a checkpoint.

    Attributes:
        entries: Read while they are asked for. Since a checkpoint: new and edited items, what is gone, what had to be
            left out, and between them checkpoints: whoever has kept all that came before one can go on from there.
            Without one: every item that is there, each once; what is not among them is gone.
        whole: In spite of a checkpoint, every item that is there: an address whose content is another one, a history
            that was rewritten. What is not among them is gone, as without a checkpoint.
        expected: About how many items there are, for a bar of progress; 0: nobody knows.
        unread: How much else lies there that no reader reads, by the files' ending.
        left_out: How many files that look like documents are none, by what they are.
        warnings: What a publisher should know of all of it, one line each; whole when the entries are taken.
    """

    entries: Iterator[Entry]
    whole: bool = False
    expected: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()


class Source(Protocol):
    """A connector: the one thing the pipeline knows about where documents come from.

    `tests/contract/test_source.py` says what holds for each of them.
    """

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return what changed since a checkpoint of this source.

        The same content gives the same entries. A source that cannot tell what is new yields everything, and no
        checkpoint: contents are compared anyway.

        Args:
            since: None: everything that is there.

        Raises:
            UsageError: There is nothing to read there, or the checkpoint is not one of this source. It may be
                raised while the entries are taken, too.
        """
        ...


@dataclass(frozen=True)
class MayBeEmpty:
    """A source out of which everything may go, since somebody said so; else that is an error."""

    source: Source

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return what the source says, or that nothing is left.

        Raises:
            UsageError: As the source.
        """
        try:
            changes = self.source.changes(since)
            first = next(changes.entries, None)
        except EmptySourceError:
            return Changes(iter(()), whole=True)
        return replace(changes, entries=chain([first] if first else [], changes.entries))
