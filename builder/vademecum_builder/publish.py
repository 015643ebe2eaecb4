"""Writing a published tree so that a crash at any moment leaves one that can be served.

Immutable files first, then the pages, `timestamp.json` last; each file whole (written beside, synced,
renamed). Only then are files deleted that no release of the last few needs.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Set
from pathlib import Path

from vademecum.errors import ContentError, QuotaError, StorageError, UsageError
from vademecum.format import decode_manifest

TIMESTAMP = "metadata/timestamp.json"
KEPT_RELEASES = 3
"""Manifests that stay, with their objects, for clients that are in the middle of fetching them."""

_SWEPT = ("objects", "releases", "metadata", "client", "assets")
_PARTIAL = ".vademecum-partial"


def check_target(folder: Path) -> None:
    """Refuse a folder that holds something else.

    Raises:
        UsageError: It is a file, or has files in it but is no published tree.
        StorageError: It cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the published tree")
    try:
        foreign = folder.is_dir() and any(folder.iterdir()) and not (folder / "metadata").is_dir()
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read: {error.strerror}") from error
    if foreign:
        raise UsageError(
            f"{folder} has files that vademecum did not publish; name an empty folder, or empty this one"
        )


def write_tree(folder: Path, files: Mapping[str, bytes | Path]) -> int:
    """Write files of a tree, `timestamp.json` last; return the bytes written. Unchanged files are left alone.

    Args:
        files: Path in the tree -> content, or the file that has it.

    Raises:
        QuotaError: The disk is full. StorageError: The folder cannot be written.
    """
    written = 0
    order = sorted(files, key=lambda path: (path == TIMESTAMP, not _is_immutable(path), path))
    for path in order:
        content = files[path]
        data = content if isinstance(content, bytes) else content.read_bytes()
        written += _write(folder / path, data)
    return written


def sweep(folder: Path, current: Set[str], root_versions: int) -> None:
    """Delete what neither the current release nor the last few need.

    Args:
        current: Paths of all files of the current release, site and metadata.
        root_versions: The newest root version; all roots stay, so that old clients can walk them.
    """
    manifests = sorted((folder / "releases").glob("*.json"), key=_sequence, reverse=True)
    needed = set(current) | {f"metadata/{version}.root.json" for version in range(1, root_versions + 1)}
    for path in manifests[:KEPT_RELEASES]:
        needed.add(f"releases/{path.name}")
        try:
            manifest = decode_manifest(path.read_bytes())
        except (ContentError, OSError):
            continue  # not one of ours, or damaged: its objects are not kept on its word
        needed |= {ref.path for ref in manifest.objects}
    needed |= _recent_metadata(folder)
    try:
        for top in _SWEPT:
            for path in sorted((folder / top).rglob("*")):
                if path.is_file() and path.relative_to(folder).as_posix() not in needed:
                    path.unlink()
        for path in folder.glob("*.site.json"):
            if path.name not in needed:
                path.unlink()
    except OSError as error:
        raise StorageError(f"{folder}: cannot delete old files: {error.strerror}") from error


def _recent_metadata(folder: Path) -> set[str]:
    """Return the numbered metadata that a client in the middle of a walk may still ask for."""
    recent: set[str] = set()
    for role in ("snapshot", "targets"):
        paths = sorted((folder / "metadata").glob(f"*.{role}.json"), key=_version, reverse=True)
        recent |= {f"metadata/{path.name}" for path in paths[:KEPT_RELEASES]}
    return recent


def _is_immutable(path: str) -> bool:
    return path.startswith(("objects/", "releases/", "metadata/")) or path.endswith(".site.json")


def _sequence(path: Path) -> int:
    number = path.name.split(".")[1:2]
    return int(number[0]) if number and number[0].isdecimal() else 0


def _version(path: Path) -> int:
    number = path.name.split(".")[0]
    return int(number) if number.isdecimal() else 0


def _write(path: Path, data: bytes) -> int:
    try:
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + _PARTIAL)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise QuotaError(f"{path}: no space left; the published release is unchanged") from error
        raise StorageError(
            f"{path}: cannot be written: {error.strerror}; the published release is unchanged"
        ) from error
    return len(data)
