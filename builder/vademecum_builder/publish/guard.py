"""Checks before a tree is written: the folder is ours, no other build holds it, and it has nothing newer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vademecum.errors import BusyError, ContentError, EquivocationError, StorageError, UsageError
from vademecum.format.json import Fields, parse_object
from vademecum.runtime.files import real_path
from vademecum.trust.channel import CUSTOM, ManifestHint, read_hint
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.publish.tree import PARTIAL, unwritable

_METADATA = re.compile(rf"(timestamp|\d+\.(root|targets|snapshot))\.json({re.escape(PARTIAL)})?")


def check_target(folder: Path, source: Path) -> None:
    """Refuse an output folder that holds something else, or the source.

    Hidden files (`.git`, `.nojekyll`) do not count and stay as they are.

    Raises:
        UsageError: It is a file, the source lies in it, or it has files but is not a published tree.
        StorageError: It cannot be read.
    """
    if real_path(source).is_relative_to(real_path(folder)):
        raise UsageError(f"{folder} contains the source {source}; name another folder for the published tree")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the published tree")
    try:
        foreign = folder.is_dir() and not _is_ours(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read: {error.strerror}") from error
    if foreign:
        raise UsageError(f"{folder} has files that vademecum did not publish; name an empty folder, or empty this one")


def _is_ours(folder: Path) -> bool:
    """Return whether it has no file, or is a tree of ours: an interrupted first build has begun with `metadata/`, and
    one whose disk was full has left empty folders."""
    metadata = folder / "metadata"
    names = [path.name for path in metadata.iterdir()] if metadata.is_dir() else []
    if any(map(_METADATA.fullmatch, names)):
        return True
    others = [path for path in folder.iterdir() if not path.name.startswith(".") and path != metadata]
    return not names and not any(file.is_file() for path in others for file in (path, *path.rglob("*")))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock an output folder, so that only one build writes and deletes there.

    The operating system locks the folder itself: this leaves no file in the published tree, and ends with the process
    in any case. Windows cannot lock folders: there, only `require_unmoved` tells two builds apart.

    Raises:
        BusyError: Another build has locked it. StorageError: The folder cannot be written.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
        descriptor = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        if descriptor is not None:
            import fcntl

            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(f"{folder}: another build is writing there; nothing was written, try again") from error
            except OSError as error:
                raise unwritable(folder, error) from error
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def require_unmoved(
    folder: Path, built_on: int, release: ManifestHint, channel: str, timestamp_before: int = 0
) -> None:
    """Raise BusyError if the tree is newer than what the release was built on, EquivocationError if it has a different
    release of the same number. Nothing has been written then.

    Args:
        built_on: The version of the timestamp that was read.
        release: The release to publish in this channel.
        timestamp_before: The version of the timestamp in the folder when the build began; 0: there was none.
    """
    if is_preview(folder):
        return
    found = timestamp_version(folder)
    if built_on < found == timestamp_before:
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
    """Return whether the tree is a preview: no build counts on from it, and it may be overwritten."""
    try:
        return _timestamp(folder).child(CUSTOM).boolean("preview")
    except (ContentError, OSError):
        return False


def refuse_preview(folder: Path) -> None:
    """Raise UsageError if the tree is a preview."""
    if is_preview(folder):
        raise UsageError(
            f"{folder} is a preview, signed with a key that nobody keeps: no release could follow it. Build it with "
            "your own keys (`vade build`), and publish that"
        )


def timestamp_version(folder: Path) -> int:
    """Return the version of a tree's timestamp, signed or not; 0: there is none, or it cannot be read."""
    try:
        return _timestamp(folder).integer("version")
    except (ContentError, OSError):
        return 0


def _shown(folder: Path, channel: str) -> ManifestHint | None:
    """Return what the tree's snapshot says about the release, signed or not; None: it cannot be read."""
    try:
        version = _timestamp(folder).child("meta").child("snapshot.json").integer("version")
        snapshot = parse_object((folder / f"metadata/{version}.snapshot.json").read_bytes(), "snapshot.json")
    except (ContentError, OSError):
        return None  # damaged: it will be replaced
    signed = snapshot.get("signed")
    return read_hint(signed.get(CUSTOM), channel) if isinstance(signed, dict) else None


def _timestamp(folder: Path) -> Fields:
    """Return the content of its timestamp, signed or not; raise ContentError or OSError if it cannot be read."""
    return Fields(parse_object((folder / TIMESTAMP).read_bytes(), TIMESTAMP), TIMESTAMP).child("signed")
