"""Valid paths for a transport: names inside one published tree."""

from __future__ import annotations

from vademecum.errors import UsageError


def check_path(path: str) -> str:
    """Return `path` if it stays inside a tree on every host and file system.

    Raises:
        UsageError: It is empty, absolute, has `.`, `..` or empty parts, a backslash or a NUL.
    """
    if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path or "\0" in path:
        raise UsageError(f"{path!r} is not a path inside a published tree")
    return path
