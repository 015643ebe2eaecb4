"""The host port: what a place must be able to do for a tree to be published there.

Rules that every host keeps (tests/contract/test_host.py):

- A path is relative to the tree and `/`-separated. Files that are not ours are never touched.
- A file that is read while it is written is either the old one or the new one, complete.
- A file that was read through a host is only replaced if it has not changed since: of two publishers, one loses.

If possible, a host also sends the type of a file, and how long it may be cached. A gzipped object has a type of its
own: with `Content-Encoding` a browser would inflate it, and its digest would differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

Done = Callable[[str], None]
"""Called with the path of each file, once it is on the host."""


def ignore(path: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class PublishOptions:
    """How a tree is brought to its hosts.

    Attributes:
        keep: How long a file stays after the last release that needs it: a client may still be fetching it.
        history: Whether to add to the history of a branch, rather than replace it.
        dry_run: Whether to write nothing, but report what would be written.
    """

    keep: timedelta = timedelta(hours=24)
    history: bool = False
    dry_run: bool = False


DEFAULT_OPTIONS: Final = PublishOptions()


@dataclass(frozen=True)
class Upload:
    """A file to be published.

    Attributes:
        content: Its bytes, or a file with them.
    """

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def read(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class StoredFile:
    """A file on a host.

    Attributes:
        size: In bytes.
        tag: The host's identifier of its content (an entity tag, the name of a blob); empty: none.
    """

    size: int
    tag: str = ""


class Host(Protocol):
    """A place for a published tree. Errors of all methods: `HostError`, `BusyError`, `StorageError`, `UsageError`."""

    def list(self) -> Mapping[str, StoredFile]:
        """Return all files by path; none if the place does not exist yet."""
        ...

    def holds(self, upload: Upload, stored: StoredFile) -> bool:
        """Return whether the stored file is known to be this one."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a small file; None: there is none."""
        ...

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        """Write files in any order, each as a whole. A file that turns out to be there already may be left out."""
        ...

    def delete(self, paths: Sequence[str]) -> None:
        """Delete files; a missing one counts as deleted."""
        ...

    def commit(self, message: str) -> None:
        """Make everything visible that was written, if the host does so at once; others have done so file by file."""
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
    """Return whether the path contains the digest of the content, so that the content never changes."""
    return _NAMED_BY_CONTENT.fullmatch(path) is not None


def content_type(path: str) -> str:
    """Return the media type of a file of a tree: browsers insist on it for modules and WebAssembly."""
    return _TYPES.get(path.rpartition(".")[2], "application/octet-stream")


def cache_control(path: str) -> str:
    """Return the caching of a file: for ever, or only after asking the host whether it has changed.

    Numbered metadata have to be asked for, too: after a theft, a number may be used again.
    """
    return "public, max-age=31536000, immutable" if is_immutable(path) else "no-cache"


def shown(target: str) -> str:
    """Return a target, or a text about it, without the password or token in its address."""
    known = r"(https?://)[^/@\s]*@|(://[^/@:\s]*):[^/@\s]*@"
    return re.sub(known, lambda found: found[1] or f"{found[2]}@", target)
