"""Valid paths for a transport: names inside one published tree."""

from __future__ import annotations

from vademecum.errors import UsageError


def check_path(path: str) -> str:
    """Return `path`; raise UsageError if it may leave the tree on some host or file system: it is empty or absolute, or
    has `.`, `..` or empty parts, a backslash or a NUL."""
    if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path or "\0" in path:
        raise UsageError(f"{path!r} is not a path inside a published tree")
    return path
