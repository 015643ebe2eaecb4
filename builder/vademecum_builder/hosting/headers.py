"""What a host should say of a file, where it can be told: its type, and how long it may be cached.

A gzipped object is a file of that type: sent with `Content-Encoding` a browser would inflate it, and its digest were
another one.
"""

from __future__ import annotations

import re
from typing import Final

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
