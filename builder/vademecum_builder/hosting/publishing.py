"""Publishing a built tree in an order that keeps the host consistent at any moment, and deleting old files."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError, UsageError, VademecumError
from vademecum.format.json import canonical, parse_object
from vademecum.ports import Clock
from vademecum.runtime.clock import SystemClock
from vademecum_builder.hosting.base import (
    DEFAULT_OPTIONS,
    Host,
    PublishOptions,
    StoredFile,
    Upload,
    ignore,
    is_immutable,
    shown,
)
from vademecum_builder.hosting.current import require_older
from vademecum_builder.hosting.targets import open_host
from vademecum_builder.hosting.tree import Tree, read_tree
from vademecum_builder.publish.guard import locked
from vademecum_builder.request import Progress, ignore_progress

UNNEEDED: Final = ".vademecum-unneeded.json"
"""A file on the host: since when each of the files in it is no longer needed."""
_METADATA = re.compile(r"metadata/(\d+\.(targets|snapshot|root)|timestamp)\.json")
_KEPT = re.compile(r"metadata/(\d+\.root|timestamp)\.json")
"""Files that always stay: old clients walk all roots."""


@dataclass(frozen=True)
class Delivery:
    """What became of one target.

    Attributes:
        files, bytes: How many were sent; in a dry run, how many would be at most.
        skipped: How many files were there already.
        deleted: How many files were no longer needed, and are gone.
        kept: How many files are no longer needed, but stay for a while.
        error: Why it failed, or None. The host then still serves what it served before.
    """

    files: int = 0
    bytes: int = 0
    skipped: int = 0
    deleted: int = 0
    kept: int = 0
    seconds: float = 0.0
    error: VademecumError | None = None
    target: str = ""


@dataclass(frozen=True)
class Publication:
    """What became of all targets."""

    sequence: int
    foreign: tuple[str, ...]
    deliveries: tuple[Delivery, ...]


def publish(
    folder: Path,
    targets: Sequence[str],
    options: PublishOptions = DEFAULT_OPTIONS,
    *,
    trust: bytes | None = None,
    clock: Clock | None = None,
    progress: Progress = ignore_progress,
) -> Publication:
    """Bring a built tree to each of the targets, one after the other; one that fails does not stop the others.

    Args:
        folder: The built tree.
        targets: See `open_host`.
        trust: The root metadata to verify the tree by; None: its own first root.
        clock: For expiry and the age of files; None: this machine's.
        progress: Called with how many bytes of how many have been sent.

    Raises:
        UsageError: A target makes no sense. VademecumError: The tree does not verify. Nothing was published.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name the one that `vade build --out` has written")
    hosts = [open_host(target, folder, options) for target in targets]
    clock, deliveries = clock or SystemClock(), []
    with locked(folder):
        tree = read_tree(folder, trust, clock)
        for target, opening in zip(targets, hosts, strict=True):
            begun = time.monotonic()
            try:
                with opening as host:
                    done = deliver(host, tree, clock.now(), options, progress)
            except VademecumError as error:
                done = Delivery(error=error)
            seconds = round(time.monotonic() - begun, 3)
            deliveries.append(replace(done, target=shown(target), seconds=seconds))
    return Publication(tree.sequence, tree.foreign, tuple(deliveries))


def deliver(
    host: Host,
    tree: Tree,
    now: datetime,
    options: PublishOptions = DEFAULT_OPTIONS,
    progress: Progress = ignore_progress,
) -> Delivery:
    """Bring a tree to one host. Arguments: see `publish`.

    Raises:
        UsageError, RollbackError, EquivocationError: The host has another tree, or a newer one; nothing was written.
        VademecumError: The host failed; it serves what it served before, or this tree.
    """
    listed = host.list()
    if not require_older(host, tree):
        _require_no_foreign_pages(listed, tree)
    stages = [[each for each in stage if not _is_there(host, each, listed)] for stage in tree.stages]
    sent = {each.path: each.size for stage in stages for each in stage}
    written: dict[str, int] = {}

    def done(path: str) -> None:
        written[path] = sent[path]
        progress("publishing", sum(written.values()), sum(sent.values()))

    if options.dry_run:
        written = sent
    else:
        for stage in stages:  # each has arrived before the next begins; the timestamp is the last stage
            if stage:
                host.write(stage, done)
    since = _unneeded(host, tree, listed, now)
    gone = [path for path, at in since.items() if now - at >= options.keep]
    kept = {path: at for path, at in since.items() if path not in gone}
    if not options.dry_run:
        note = Upload(UNNEEDED, canonical({path: at.isoformat() for path, at in kept.items()}))
        if not _is_there(host, note, listed) and (kept or UNNEEDED in listed):
            host.write([note], ignore)
        host.delete(gone)
        host.commit(f"Release {tree.sequence}")
    return Delivery(
        files=len(written),
        bytes=sum(written.values()),
        skipped=len(tree.paths) - len(written),
        deleted=len(gone),
        kept=len(kept),
    )


def _is_there(host: Host, upload: Upload, listed: Mapping[str, StoredFile]) -> bool:
    stored = listed.get(upload.path)
    return stored is not None and stored.size == upload.size and host.holds(upload, stored)


def _require_no_foreign_pages(listed: Mapping[str, StoredFile], tree: Tree) -> None:
    """Raise UsageError if there is somebody else's `index.html`. Our own first publish begins with `metadata/`."""
    if any(map(_METADATA.fullmatch, listed)):
        return
    foreign = sorted(path for path in listed if path in tree.paths and not is_immutable(path))
    if foreign:
        raise UsageError(
            f"files lie there that vademecum did not publish ({foreign[0]}); name an empty place, or a folder of "
            "its own below it"
        )


def _unneeded(host: Host, tree: Tree, listed: Mapping[str, StoredFile], now: datetime) -> Mapping[str, datetime]:
    """Return the files on the host that we published and that are no longer needed, and since when: never a file that
    we would not have written."""
    told = _read_json(host, UNNEEDED) if UNNEEDED in listed else {}
    ours = {path for path in listed if is_immutable(path) or _METADATA.fullmatch(path)} | told.keys()
    for path in listed.keys() - tree.paths:
        if path.endswith(".site.json") and is_immutable(path):
            files = _read_json(host, path).get("files")
            ours |= files.keys() if isinstance(files, dict) else set()
    since = {path: _time(told.get(path), now) for path in ours & listed.keys() - tree.paths}
    return {path: since[path] for path in sorted(since) if not _KEPT.fullmatch(path)}


def _read_json(host: Host, path: str) -> Mapping[str, Any]:
    """Return a JSON object from the host; empty if it is damaged: then nothing is deleted because of it."""
    try:
        return parse_object(host.read(path) or b"", path)
    except ContentError:
        return {}


def _time(text: object, now: datetime) -> datetime:
    """Return a stored time, at most now; now if there is none."""
    try:
        noted = datetime.fromisoformat(str(text))
    except ValueError:
        return now
    return min(noted, now) if noted.tzinfo else now
