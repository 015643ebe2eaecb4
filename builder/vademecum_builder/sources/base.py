"""What a source is: it yields items with stable keys since a checkpoint, and names what it had to leave out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vademecum.format.json import Fields, canonical, parse_object
from vademecum_builder.sources.charset import decode_text

MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"
HTML = "text/html"
RST = "text/x-rst"
ASCIIDOC = "text/asciidoc"
ORG = "text/org"
NOTEBOOK = "application/x-ipynb+json"


@dataclass(frozen=True)
class SourceItem:
    """One raw file, row or message.

    Attributes:
        key: Stable and unique in the source; the key of the document that it becomes. Of a file: its relative
            path, `/`-separated.
        media_type: Chooses the reader: one of the constants above.
        data: The bytes as they lie in the source.
        target: The key of the item that this is another name of, such as a link to a file; empty: of none.
    """

    key: str
    media_type: str
    data: bytes = field(repr=False)
    target: str = ""

    @property
    def content_hash(self) -> str:
        """SHA-256 of `data`, 64 lower-case hex digits."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self) -> str:
        """Return `data` as text, whatever its encoding is; `charset.decode_text` tells which.

        Raises:
            ContentError: Binary.
        """
        return decode_text(self.data).text


@dataclass(frozen=True)
class Skipped:
    """A file or folder that was left out although it looked like a document, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class Checkpoint:
    """How far a source was read. It means something to the source that gave it, and to nobody else.

    Attributes:
        strategy: How the source finds what is new: `since-id`, `commit`.
        position: An id, a time, a place in a log, a commit.
    """

    strategy: str
    position: str

    def encode(self) -> bytes:
        """Return the checkpoint as canonical JSON."""
        return canonical({"position": self.position, "strategy": self.strategy})

    @classmethod
    def decode(cls, data: bytes) -> Checkpoint:
        """Read what `encode` gave.

        Raises:
            ContentError: Anything else.
        """
        fields = Fields(parse_object(data, "checkpoint"), "checkpoint")
        return cls(fields.text("strategy"), fields.text("position"))


@dataclass(frozen=True)
class Changes:
    """What a source has to say since a checkpoint.

    Attributes:
        items: New and edited ones, by rising key (UTF-8 bytes), read while they are asked for; between them what
            had to be left out.
        removals: Keys that are gone since the checkpoint.
        checkpoint: What to ask with the next time, once all items were taken; None: the source always tells all.
        expected: About how many items there are, for a bar of progress; 0: nobody knows.
        unread: How much else lies there that no reader reads, by the files' ending.
        left_out: How many files that look like documents are none, by what they are.
    """

    items: Iterator[SourceItem | Skipped]
    removals: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None
    expected: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """A connector: the one thing the pipeline knows about where documents come from.

    `tests/contract/test_source.py` says what holds for each of them.
    """

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return what changed since a checkpoint of this source.

        The same content gives the same items. A source that cannot tell what is new yields everything, with the
        checkpoint None: the build compares contents anyway.

        Args:
            since: None: everything that is there; nothing is removed then, for what is not among it is gone.

        Raises:
            UsageError: There is nothing to read there, or the checkpoint is not one of this source. It may be
                raised while the items are taken, too.
        """
        ...
