"""The host port: what a place must be able to do for a tree to be published there.

Rules that every host keeps (tests/contract/test_host.py):

- A path is relative to the tree and `/`-separated. What lies there and is not ours is never touched.
- A file that is read while it is written is the old one or the new one, whole.
- A file that was read through a host is replaced only where it still is what was read: of two publishers one loses.

And what a host should say of a file, where it can be told: its type, and how long it may be cached. A gzipped object is
a file of its own type: sent with `Content-Encoding` a browser would inflate it, and it would have another digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

Done = Callable[[str], None]
"""Called with the path of each file, once it is on the host."""


def ignore(path: str) -> None:
    """What to pass where nobody counts."""


@dataclass(frozen=True)
class Upload:
    """A file to be published.

    Attributes:
        content: Its bytes, or the file that has them.
    """

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def read(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Stored:
    """A file that lies on a host.

    Attributes:
        size: In bytes.
        tag: What the host knows of its content (an entity tag, a blob's name); empty: nothing.
    """

    size: int
    tag: str = ""


class Host(Protocol):
    """A place for a published tree. Errors of all methods: `HostError`, `BusyError`, `StorageError`, `UsageError`."""

    def list(self) -> Mapping[str, Stored]:
        """Return all files by path; none where nothing lies there yet."""
        ...

    def holds(self, upload: Upload, stored: Stored) -> bool:
        """Whether what lies there is known to be this file."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a small file, or None where there is none."""
        ...

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        """Put files there, in any order, each whole. One that turns out to be there already may be left out."""
        ...

    def delete(self, paths: Sequence[str]) -> None:
        """Delete files; one that is gone already counts as deleted."""
        ...

    def commit(self, message: str) -> None:
        """Show what was written, where the host shows all of it at once; others have done so file by file."""
        ...


_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "gz": "application/gzip",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "mts": "text/plain; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "xml": "application/xml",
    "zip": "application/zip",
}
_NAMED_BY_CONTENT: Final = re.compile(
    r"objects/[0-9a-f]{64}\.(gz|pack)|releases/[0-9a-f]{64}\.[^/]+|[0-9a-f]{64}\.site\.json"
)


def is_immutable(path: str) -> bool:
    """Return whether the path holds the digest of the content, so that it never stands for another."""
    return _NAMED_BY_CONTENT.fullmatch(path) is not None


def content_type(path: str) -> str:
    """Return the media type of a file of a tree: of modules and WebAssembly browsers take no other."""
    return _TYPES.get(path.rpartition(".")[2], "application/octet-stream")


def cache_control(path: str) -> str:
    """Return for how long a file may be kept: for ever, or until the host has been asked whether it is still that.

    Numbered metadata are no exception: after a theft a number may come again.
    """
    return "public, max-age=31536000, immutable" if is_immutable(path) else "no-cache"


def shown(target: str) -> str:
    """Return a target, or what is said of it, without the password or token in its address."""
    known = r"(https?://)[^/@\s]*@|(://[^/@:\s]*):[^/@\s]*@"
    return re.sub(known, lambda found: found[1] or f"{found[2]}@", target)
