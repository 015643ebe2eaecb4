"""The release that a build goes on from: found, and verified with the roots that the publisher holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from vademecum.config import Config
from vademecum.errors import ServerError, SignatureError, VademecumError
from vademecum.ports import Body, Clock, Progress, Transport
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.locations import open_transport
from vademecum.runtime.loop import run
from vademecum.transport.downloader import Downloader
from vademecum_builder.publish.tree import TIMESTAMP
from vademecum_builder.release.published import Published, config_for, read_published
from vademecum_builder.signing.metadata import vouches


def locate_previous(previous: str | None, out: Path) -> str | None:
    """Return where the release to build on lies: where it is said, else in `out`, if there is one."""
    if previous is not None:
        return previous
    return str(out) if (out / TIMESTAMP).is_file() else None


def find_previous(location: str, held: Mapping[int, bytes]) -> Published:
    """Return the release to build on, verified.

    Args:
        location: An address or a folder.
        held: See `read_previous`.

    Raises:
        VademecumError: It cannot be read, or is not what was signed. The message names it and says what to do.
    """
    try:
        return run(_read(location, held))
    except VademecumError as error:
        where = _without_password(location)
        advice = (
            f"the previous release at {where} cannot be used: {error.message} (--force starts a new line)"
        )
        raise _reworded(error, advice) from error


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
