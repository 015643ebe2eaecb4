"""Sources: where documents come from. A source yields raw files, and names those that it had to leave out."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from vademecum.errors import ContentError

MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"
HTML = "text/html"


@dataclass(frozen=True)
class SourceFile:
    """One raw file.

    Attributes:
        key: Stable relative path, `/`-separated; the key of the document that it becomes.
        media_type: `text/markdown`, `text/plain` or `text/html`.
        data: The bytes as they lie in the source.
    """

    key: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def content_hash(self) -> str:
        """SHA-256 of `data`, 64 lower-case hex digits."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self) -> str:
        """Return `data` as text: UTF-8, with or without a byte order mark, or UTF-16 with one.

        Raises:
            ContentError: Binary (a NUL), or not in one of these encodings.
        """
        utf16 = self.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = self.data.decode("utf-16" if utf16 else "utf-8-sig")
        except UnicodeDecodeError as error:
            # A NUL says "binary" more clearly than the first byte that happens not to be UTF-8.
            raise ContentError(_BINARY if b"\0" in self.data else _UNDECODABLE.format(error.start)) from None
        if "\0" in text:
            raise ContentError(_BINARY)
        return text


@dataclass(frozen=True)
class Skipped:
    """A file or folder that was left out although it looked like a document, and why."""

    key: str
    reason: str


class Source(Protocol):
    """A connector: the one thing the pipeline knows about where documents come from."""

    def scan(self) -> Iterator[SourceFile | Skipped]:
        """Yield every file, by rising key (UTF-8 bytes). The same content gives the same sequence.

        Raises:
            UsageError: There is nothing to read there.
        """
        ...


_BINARY = "binary: it holds NUL bytes"
_UNDECODABLE = "neither UTF-8 nor UTF-16 with a byte order mark: save it as UTF-8 (first bad byte: {})"
