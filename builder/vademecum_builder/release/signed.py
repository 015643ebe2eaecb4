"""The verified metadata of a published tree, even if files that they name are lost.

The walk is the client's own (`vademecum.trust.refresh`), so that a build trusts exactly what a client would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vademecum.config import Config
from vademecum.errors import ContentError, ServerError, TrustError
from vademecum.format.json import canonical, parse_object
from vademecum.ports import Clock, Transport
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader, is_absent
from vademecum.trust.channel import Line
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Walk
from vademecum_builder.release.channels import Channels, newest_of
from vademecum_builder.release.numbers import Numbers
from vademecum_builder.signing.metadata import Versions


@dataclass(frozen=True)
class Signed:
    """What the metadata of a tree say, whatever became of the release: the chain of roots, the numbers, the channels
    (None: they cannot be read any more), when the timestamp expires, and the host's time."""

    roots: Mapping[int, bytes]
    numbers: Numbers
    channels: Channels | None
    expires: datetime
    host_time: datetime | None


async def read_signed(transport: Transport, root: bytes | None, clock: Clock, config: Config) -> Signed:
    """Read and verify the metadata of a tree. Arguments and errors: see `read_published`.

    Nothing counts as expired: a publisher may come back after any pause and build on what is there. If snapshot or
    targets are lost or damaged, the timestamp is enough: a build signs each role once and makes at most one release, so
    no other number is above the highest version.
    """
    downloader, store = Downloader(transport, clock, config), MemoryStore()
    try:
        trust, newest = await walk(downloader, root, ANY_TIME, config, store)
        channels: Channels | None = channels_of(trust)
        numbers = Numbers(newest_of(channels or {}), versions_of(trust))
    except (ContentError, ServerError) as error:
        timestamp = await store.read("trust/timestamp.json")
        if timestamp is None or (isinstance(error, ServerError) and not is_absent(error)):
            raise
        newest = _present(await store.read("trust/root.json"))
        trust = Trust(newest, ANY_TIME)
        trust.accept_timestamp(timestamp)
        highest = max(trust.timestamp_version, trust.snapshot_version)
        numbers, channels = Numbers(highest, Versions(highest, highest, highest)), None
    roots = await chain_of(trust, newest, downloader, config)
    return Signed(roots, numbers, channels, trust.timestamp_expires, downloader.host_time)


async def walk(
    downloader: Downloader, root: bytes | None, now: datetime, config: Config, store: MemoryStore
) -> tuple[Trust, bytes]:
    """Walk the metadata into an empty store; return what is trusted afterwards, and the newest root."""
    walked = await refresh(Walk(store, downloader, now, config), root, idle_allowed=False)
    return walked.trust, _present(await store.read("trust/root.json"))


def versions_of(trust: Trust) -> Versions:
    """Return the versions of the metadata that were walked; the next ones are higher."""
    return Versions(trust.targets_version, trust.snapshot_version, trust.timestamp_version)


def channels_of(trust: Trust) -> dict[str, Line]:
    """Return what each channel leads to; raise ContentError if the targets have none, or one is malformed."""
    names = trust.channels()
    return {name: trust.line(name) for name in names or (Config().channel,)}


async def chain_of(trust: Trust, newest: bytes, downloader: Downloader, config: Config) -> dict[int, bytes]:
    """Return the published roots. Old clients will walk them, so each must accept the one after it.

    Raises:
        ContentError, SignatureError, RollbackError: The chain is broken.
    """
    chain = {trust.root_version: newest}
    for version in range(trust.root_version, 0, -1):
        path = f"metadata/{version}.root.json"
        data = await downloader.fetch_or_absent(path, config.max_root)
        if data is None:
            continue
        if version == trust.root_version:
            if canonical(parse_object(data, path)) != canonical(parse_object(newest, "root.json")):
                raise ContentError(f"{path} is not the trusted root of this version")
        elif version + 1 in chain:
            try:
                Trust(data, ANY_TIME).accept_root(chain[version + 1])
            except (ContentError, TrustError) as error:
                raise type(error)(f"{path}: {error.message}") from error
        chain[version] = data
    return chain


def _present(value: bytes | None) -> bytes:
    assert value is not None, "a complete walk stores every role"
    return value
