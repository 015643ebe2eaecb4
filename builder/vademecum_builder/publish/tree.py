"""Writing a published tree so that a crash at any moment leaves one that can be served.

All files are written beside the old ones first, so that a full disk changes nothing. Then they are renamed: immutable
files, the pages, a new root, and `timestamp.json` last. Only then are files deleted that none of the last few releases
needs.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path

from vademecum.errors import ContentError, QuotaError, StorageError
from vademecum.format.manifest import decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.runtime.files import patiently, real_path, sync_folder, write_durably
from vademecum.trust.metadata import TIMESTAMP

KEPT_RELEASES = 3
"""How many manifests stay, with their objects, for clients that are still fetching them."""

_SWEPT = ("objects", "releases", "metadata", "client", "assets")
PARTIAL = ".vademecum-partial"
"""The ending of files that are being written."""
_ROOT = re.compile(r"metadata/\d+\.root\.json")


def write_tree(folder: Path, files: Mapping[str, bytes | Path]) -> int:
    """Write files of a tree, `timestamp.json` last; return the bytes written. Unchanged files are left alone.

    Args:
        files: Path in the tree -> content, or a file with the content.

    Raises:
        QuotaError: The disk is full. StorageError: The folder cannot be written.
    """
    written = 0
    staged: list[str] = []
    try:
        # `version.json` last of the pages: there a build after a crash finds what the release before had changed.
        for path in sorted(files, key=lambda path: (rank(path), path == "version.json", path)):
            content = files[path]
            data = content if isinstance(content, bytes) else content.read_bytes()
            if not _is_there(folder / path, data):
                _write_beside(folder / path, data)
                staged.append(path)
                written += len(data)
        for _, paths in groupby(staged, key=rank):
            _rename([folder / path for path in paths])
    except StorageError:
        for path in staged:
            with suppress(OSError):
                _partial(folder / path).unlink()
        raise
    return written


def sweep(folder: Path, current: Set[str], *, former: Iterable[str] = (), recent: bool = True) -> None:
    """Delete what neither the current release nor the last few need. All roots stay: old clients walk them.

    Args:
        current: Paths of all files of the current release, site and metadata included.
        former: Paths of the site that was published before.
        recent: Whether the last few releases can be trusted: a thief's releases do not stay.
    """
    needed = set(current)
    if recent:
        needed |= _recent(folder)
    try:
        for path in _sweepable(folder, former):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in needed and not _ROOT.fullmatch(name):
                patiently(path.unlink)
    except OSError as error:
        raise StorageError(f"{folder}: cannot delete old files: {error.strerror}") from error


def is_intact(folder: Path, files: Mapping[str, ObjectRef]) -> bool:
    """Return whether all of these files are there with the content that was signed."""
    return all(_has(folder / path, ref) for path, ref in files.items())


def _has(path: Path, ref: ObjectRef) -> bool:
    if not path.is_file() or path.stat().st_size != ref.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == ref.sha256


def _sweepable(folder: Path, former: Iterable[str]) -> list[Path]:
    """Return what may be deleted if nothing needs it: never a file that we would not have written."""
    paths = [path for top in _SWEPT for path in (folder / top).rglob("*")]
    paths += [*folder.glob("*.site.json"), *folder.glob(f"*{PARTIAL}")]
    paths += [folder / path for path in former if real_path(folder / path).is_relative_to(real_path(folder))]
    return sorted(set(paths))


def _recent(folder: Path) -> set[str]:
    """Return the last few manifests and their objects, and the numbered metadata that a client may still ask for in the
    middle of a walk."""
    needed: set[str] = set()
    for role in ("snapshot", "targets"):
        paths = sorted((folder / "metadata").glob(f"*.{role}.json"), key=_number, reverse=True)
        needed |= {f"metadata/{path.name}" for path in paths[:KEPT_RELEASES]}
    manifests = sorted((folder / "releases").glob("*.json"), key=_number, reverse=True)
    for path in manifests[:KEPT_RELEASES]:
        needed.add(f"releases/{path.name}")
        try:
            manifest = decode_manifest(path.read_bytes())
        except (ContentError, OSError):
            continue  # not ours, or damaged: its objects are not kept
        packs = (entry.object for entry in manifest.packs)
        needed |= {ref.path for ref in (*manifest.objects, *manifest.extras, *packs)}
    return needed


def rank(path: str) -> int:
    """Return the order of writing: immutable files, the pages, new roots, the timestamp."""
    if path == TIMESTAMP:
        return 3
    if _ROOT.fullmatch(path):
        return 2  # a new root ends a timestamp that a revoked key has signed: write it just before the new timestamp
    return 0 if path.startswith(("objects/", "releases/", "metadata/")) or path.endswith(".site.json") else 1


def _number(path: Path) -> int:
    """Return the version in `7.targets.json`, the sequence in `DIGEST.7.json`; 0: there is none."""
    return next((int(part) for part in path.name.split(".")[:2] if part.isdecimal() and len(part) < 64), 0)


def _is_there(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError as error:
        raise unwritable(path, error) from error


def _partial(path: Path) -> Path:
    return path.with_name(path.name + PARTIAL)


def _write_beside(path: Path, data: bytes) -> None:
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "there is a folder of this name")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(_partial(path), data)
    except OSError as error:
        with suppress(OSError):  # what is half written takes the room that is missing
            _partial(path).unlink()
        raise unwritable(path, error) from error


def _rename(paths: Sequence[Path]) -> None:
    """Show what was written beside; it outlives a power cut before anything later is shown."""
    for path in paths:
        try:
            patiently(partial(_partial(path).replace, path))
        except OSError as error:
            raise unwritable(path, error) from error
    for folder in {path.parent for path in paths}:
        try:
            sync_folder(folder)
        except OSError as error:
            raise unwritable(folder, error) from error


def unwritable(path: Path, error: OSError) -> StorageError:
    """Return the error for a file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return QuotaError(f"{path}: no space left; what was published is unchanged")
    return StorageError(f"{path}: cannot be written: {error.strerror}; what was published is unchanged")
