"""What a build goes on from: the keys that may sign it, and the previous release, verified."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vademecum.config import Config
from vademecum.errors import ServerError, SignatureError, UsageError, VademecumError
from vademecum.ports import Body, Clock, Progress, Transport
from vademecum.runtime.cpython import SystemClock, open_transport, run
from vademecum.transport.downloader import Downloader
from vademecum_builder.publish.tree import TIMESTAMP
from vademecum_builder.release.published import Published, config_for, read_published
from vademecum_builder.signing.folder import DEFAULT_KEYS
from vademecum_builder.signing.keys import (
    KEY_VARIABLE,
    RELEASE_KEY,
    ROOT_FILE,
    Authority,
    load_authority,
    load_roots,
    new_keys,
)
from vademecum_builder.signing.metadata import vouches


@dataclass(frozen=True)
class Keys:
    """Where the keys are. `roots` is empty where only the release key is known: the tree's root rules then."""

    roots: Mapping[int, bytes]
    key_file: Path
    notices: tuple[str, ...] = ()


def find_keys(options: Namespace, environ: Mapping[str, str], now: datetime) -> Keys:
    """Return the keys that the options name; where there is nothing at all yet, make development keys.

    Raises:
        UsageError: They cannot be read, or lie where they would be published.
        StorageError: Development keys cannot be written.
    """
    folder: Path = options.keys or DEFAULT_KEYS
    if folder.resolve().is_relative_to(options.out.resolve()):
        raise UsageError(
            f"{folder}: the keys lie in {options.out} and would be published; move them elsewhere"
        )
    root_file: Path = options.root or folder / ROOT_FILE
    key_file = folder / RELEASE_KEY
    if root_file.exists() or options.root is not None or options.keys is not None:
        return Keys(load_roots(root_file), key_file)
    if environ.get(KEY_VARIABLE):
        return Keys({}, key_file)
    location = _location(options)
    if location is not None and not options.force:
        raise UsageError(
            f"no keys in {folder}, but there is a release at {location} that was signed with some: name them "
            f"with --keys, or set {KEY_VARIABLE} (--force makes new keys and starts a new line)"
        )
    new_keys(folder, now)
    (folder.parent / ".gitignore").write_text("*\n")
    notice = (
        f"made development keys in {folder} (git-ignored). Anybody who has them can sign releases; "
        "for a real site make your own with `vade keys new`"
    )
    return Keys(load_roots(root_file), key_file, (notice,))


def choose_authority(
    keys: Keys, previous: Published | None, environ: Mapping[str, str], now: datetime
) -> Authority:
    """Return who signs. A root that is published already is never taken back.

    Raises:
        UsageError: There is no root, or another one is published under its version.
        ExpiredError, SignatureError, ContentError: See `load_authority`.
    """
    published = {} if previous is None else previous.roots
    if not keys.roots and not published:
        raise UsageError(
            f"{KEY_VARIABLE} is set, but there is no root metadata: commit the public root.json that "
            "`vade keys new` made and name it with --root"
        )
    for version in keys.roots.keys() & published.keys():
        if keys.roots[version] != published[version]:
            raise UsageError(
                f"root version {version} differs from the published one: clients would refuse it; "
                f"use the root.json that lies at metadata/{version}.root.json"
            )
    return load_authority({**published, **keys.roots}, keys.key_file, environ, now)


def find_previous(options: Namespace, keys: Keys) -> Published | None:
    """Return the release to build on, or None: there is none, or `--force` gives it up.

    Raises:
        VademecumError: It cannot be read, or is not what was signed.
    """
    location = _location(options)
    if location is None:
        return None
    try:
        return run(_read(location, keys.roots))
    except VademecumError as error:
        if options.force:
            return None
        where = _without_password(location)
        advice = (
            f"the previous release at {where} cannot be used: {error.message} (--force starts a new line)"
        )
        raise _reworded(error, advice) from error


def _location(options: Namespace) -> str | None:
    if options.previous is not None:
        return str(options.previous)
    return str(options.out) if (options.out / TIMESTAMP).is_file() else None


def _without_password(location: str) -> str:
    """Return the location, fit for a message. A password may hold anything, so the last `@` ends it."""
    return re.sub(r"(?<=://).*@", "", location)


def _reworded(error: VademecumError, message: str) -> VademecumError:
    if isinstance(error, ServerError):
        return ServerError(message, error.status, error.retry_after)
    return type(error)(message)


async def _read(location: str, held: Mapping[int, bytes]) -> Published:
    transport = open_transport(location)
    try:
        return await read_previous(transport, held, SystemClock(), config_for(transport))
    finally:
        await transport.close()


async def read_previous(
    transport: Transport, held: Mapping[int, bytes], clock: Clock, config: Config
) -> Published:
    """Read and verify the release to build on.

    Args:
        held: The roots that the publisher holds; empty trusts the tree's own first root.

    Raises:
        VademecumError: See `read_published`.
    """
    if not held:
        return await read_published(transport, None, clock, config=config)
    # The oldest root that we hold: the tree's own chain leads from it to whichever key signed the tree.
    try:
        return await read_published(transport, held[min(held)], clock, config=config)
    except SignatureError as error:
        refusal = error
    # A new root of ours is not published yet, or a crash came between it and the timestamp that its key
    # signs. So the tree may be signed by the keys of an earlier root of ours.
    earlier = await _earlier_roots(held, Downloader(transport, clock, config), config)
    for version in sorted({*earlier, *held} - {max(held)}, reverse=True):
        until = _Until(transport, version)
        try:
            return await read_published(until, {**earlier, **held}[version], clock, config=config)
        except SignatureError:
            continue
    raise refusal


async def _earlier_roots(
    held: Mapping[int, bytes], downloader: Downloader, config: Config
) -> dict[int, bytes]:
    """Return the tree's roots before the oldest that we hold, as far as our root keys signed them."""
    oldest = min(held)
    earlier: dict[int, bytes] = {}
    for version in range(1, oldest):
        data = await downloader.fetch_or_absent(f"metadata/{version}.root.json", config.max_root)
        if data is not None and vouches(held[oldest], data):
            earlier[version] = data
    return earlier


class _Until:
    """A transport that does not show roots newer than `version`."""

    def __init__(self, inner: Transport, version: int) -> None:
        self._inner = inner
        self._hidden = f"metadata/{version + 1}.root.json"

    async def fetch(
        self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None
    ) -> Body:
        if path == self._hidden:
            raise ServerError(f"{path}: left aside", 404)
        return await self._inner.fetch(path, limit=limit, fresh=fresh, progress=progress)

    async def close(self) -> None:
        await self._inner.close()
