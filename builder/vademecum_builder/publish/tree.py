"""Writing a published tree so that a crash at any moment leaves one that can be served.

Immutable files first, then the pages, a new root, and `timestamp.json` last; each file whole (written beside,
synced, renamed). Only then are files deleted that no release of the last few needs.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from vademecum.errors import (
    BusyError,
    ContentError,
    EquivocationError,
    QuotaError,
    StorageError,
    UsageError,
)
from vademecum.format.json import Fields, parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.runtime.rename import patiently, replace_durably
from vademecum.trust.channel import CUSTOM, ManifestHint, read_hint

TIMESTAMP = "metadata/timestamp.json"
KEPT_RELEASES = 3
"""Manifests that stay, with their objects, for clients that are in the middle of fetching them."""

_SWEPT = ("objects", "releases", "metadata", "client", "assets")
_PARTIAL = ".vademecum-partial"
_METADATA = re.compile(rf"(timestamp|\d+\.(root|targets|snapshot))\.json({re.escape(_PARTIAL)})?")
_ROOT = re.compile(r"metadata/\d+\.root\.json")


def check_target(folder: Path, source: Path) -> None:
    """Refuse an output folder that holds something else, or the source.

    Hidden files (`.git`, `.nojekyll`) are nobody's business and stay as they are.

    Raises:
        UsageError: It is a file, the source lies in it, or it has files in it but is no published tree.
        StorageError: It cannot be read.
    """
    if source.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{folder} contains the source {source}; name another folder for the published tree")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the published tree")
    try:
        foreign = folder.is_dir() and not _is_ours(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read: {error.strerror}") from error
    if foreign:
        raise UsageError(
            f"{folder} has files that vademecum did not publish; name an empty folder, or empty this one"
        )


def _is_ours(folder: Path) -> bool:
    """Return whether it is empty, or a tree of ours: an interrupted first build has begun with `metadata/`."""
    metadata = folder / "metadata"
    names = [path.name for path in metadata.iterdir()] if metadata.is_dir() else []
    if any(map(_METADATA.fullmatch, names)):
        return True
    others = [path for path in folder.iterdir() if not path.name.startswith(".") and path != metadata]
    return not names and not others


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an output folder: what is written and swept there is one build's alone.

    The lock is the system's, on the folder itself: it leaves no file in a tree that is published, and ends with the
    process however that ends. Windows locks no folders: there `require_unmoved` alone tells two builds apart.

    Raises:
        BusyError: Another build holds it. StorageError: The folder cannot be written.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
        descriptor = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
    except OSError as error:
        raise _failed(folder, error) from error
    try:
        if descriptor is not None:
            _hold(folder, descriptor)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _hold(folder: Path, descriptor: int) -> None:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(
            f"{folder}: another build is writing there; nothing was written, try again"
        ) from error
    except OSError as error:
        raise _failed(folder, error) from error


def require_unmoved(folder: Path, built_on: int, release: ManifestHint, channel: str, lying: int = 0) -> None:
    """Do nothing, unless the tree is newer than what the release was built on, or has another one of its number.

    Args:
        built_on: The version of the timestamp that was read.
        release: What is to be published, in this channel.
        lying: The version of the timestamp that lay there when the build began.

    Raises:
        BusyError, EquivocationError: It is. Nothing was written.
    """
    if is_preview(folder):
        return
    found = timestamp_version(folder)
    if built_on < found == lying:
        raise BusyError(
            f"{folder} holds what was built before and is not yet published (timestamp {found}, and {built_on} where "
            f"this goes on from); nothing was written. Publish it, or go on from it (--previous {folder}), or delete it"
        )
    if found > built_on:
        raise BusyError(
            f"{folder / TIMESTAMP}: another build has published there in the meantime (timestamp {found}, this build "
            f"goes on from {built_on}); nothing was written, run this build again"
        )
    shown = _shown(folder, channel)
    if shown is not None and shown.sequence == release.sequence and shown.sha256 != release.sha256:
        raise EquivocationError(
            f"{folder} has another release {release.sequence}: clients keep the one that they saw first. Nothing was "
            "written; build on what lies there, or into another folder"
        )


def is_preview(folder: Path) -> bool:
    """Return whether the tree says of itself that nobody goes on from it: it raises no number, and is written over."""
    try:
        told = parse_object((folder / TIMESTAMP).read_bytes(), TIMESTAMP)
    except (ContentError, OSError):
        return False
    match told.get("signed"):
        case {"vademecum": {"preview": True}}:
            return True
    return False


def timestamp_version(folder: Path) -> int:
    """Return the version that a tree's timestamp says, signed or not; 0 where there is none that can be read."""
    try:
        told = parse_object((folder / TIMESTAMP).read_bytes(), TIMESTAMP)
        return Fields(told, TIMESTAMP).child("signed").integer("version")
    except (ContentError, OSError):
        return 0


def _shown(folder: Path, channel: str) -> ManifestHint | None:
    """Return what the tree's snapshot says of the release, signed or not; None where nothing can be read."""
    try:
        told = Fields(parse_object((folder / TIMESTAMP).read_bytes(), TIMESTAMP), TIMESTAMP)
        version = told.child("signed").child("meta").child("snapshot.json").integer("version")
        snapshot = parse_object((folder / f"metadata/{version}.snapshot.json").read_bytes(), "snapshot.json")
    except (ContentError, OSError):
        return None  # what lies there is damaged: it is replaced
    signed = snapshot.get("signed")
    return read_hint(signed.get(CUSTOM), channel) if isinstance(signed, dict) else None


def write_tree(folder: Path, files: Mapping[str, bytes | Path]) -> int:
    """Write files of a tree, `timestamp.json` last; return the bytes written. Unchanged files are left alone.

    Args:
        files: Path in the tree -> content, or the file that has it.

    Raises:
        QuotaError: The disk is full. StorageError: The folder cannot be written.
    """
    written = 0
    for path in sorted(files, key=lambda path: (rank(path), path)):
        content = files[path]
        data = content if isinstance(content, bytes) else content.read_bytes()
        written += _write(folder / path, data)
    return written


def sweep(folder: Path, current: Set[str], *, former: Iterable[str] = (), recent: bool = True) -> None:
    """Delete what neither the current release nor the last few need. All roots stay: old clients walk them.

    Args:
        current: Paths of all files of the current release, site and metadata.
        former: Paths of the site that was published before.
        recent: Whether the last few are this line's, and good: a thief's releases do not stay.
    """
    needed = set(current)
    if recent:
        needed |= _recent_releases(folder) | _recent_metadata(folder)
    try:
        for path in _sweepable(folder, former):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in needed and not _ROOT.fullmatch(name):
                patiently(path.unlink)
    except OSError as error:
        raise StorageError(f"{folder}: cannot delete old files: {error.strerror}") from error


def is_intact(folder: Path, files: Mapping[str, ObjectRef]) -> bool:
    """Return whether all of these files are there, with the content that was signed."""
    return all(_has(folder / path, ref) for path, ref in files.items())


def _has(path: Path, ref: ObjectRef) -> bool:
    if not path.is_file() or path.stat().st_size != ref.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == ref.sha256


def _sweepable(folder: Path, former: Iterable[str]) -> list[Path]:
    """Return what may be deleted if nothing needs it: never a file that we would not have written."""
    paths = [path for top in _SWEPT for path in (folder / top).rglob("*")]
    paths += [*folder.glob("*.site.json"), *folder.glob(f"*{_PARTIAL}")]
    paths += [folder / path for path in former if (folder / path).resolve().is_relative_to(folder.resolve())]
    return sorted(set(paths))


def _recent_releases(folder: Path) -> set[str]:
    """Return the last few manifests and their objects."""
    needed: set[str] = set()
    manifests = sorted((folder / "releases").glob("*.json"), key=_sequence, reverse=True)
    for path in manifests[:KEPT_RELEASES]:
        needed.add(f"releases/{path.name}")
        try:
            manifest = decode_manifest(path.read_bytes())
        except (ContentError, OSError):
            continue  # not one of ours, or damaged: its objects are not kept on its word
        packs = (entry.object for entry in manifest.packs)
        needed |= {ref.path for ref in (*manifest.objects, *manifest.beside, *packs)}
    return needed


def _recent_metadata(folder: Path) -> set[str]:
    """Return the numbered metadata that a client in the middle of a walk may still ask for."""
    recent: set[str] = set()
    for role in ("snapshot", "targets"):
        paths = sorted((folder / "metadata").glob(f"*.{role}.json"), key=_version, reverse=True)
        recent |= {f"metadata/{path.name}" for path in paths[:KEPT_RELEASES]}
    return recent


def rank(path: str) -> int:
    """Return when a file is written: what is immutable, the pages, new roots, the timestamp."""
    if path == TIMESTAMP:
        return 3
    if _ROOT.fullmatch(path):
        return 2  # the timestamp that a revoked key has signed ends here: as shortly as possible before the new one
    return 0 if path.startswith(("objects/", "releases/", "metadata/")) or path.endswith(".site.json") else 1


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
        replace_durably(path, data, _PARTIAL)
    except OSError as error:
        raise _failed(path, error) from error
    return len(data)


def _failed(path: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return QuotaError(f"{path}: no space left; the published release is unchanged")
    return StorageError(f"{path}: cannot be written: {error.strerror}; the published release is unchanged")
