"""`vade releases`: what a published tree holds, and what its channels lead to. Needs no keys or settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vademecum.config import Config
from vademecum.errors import ContentError, VademecumError
from vademecum.format.json import iso_time
from vademecum.ports import Clock, Transport
from vademecum.runtime.clock import SystemClock
from vademecum.transport.downloader import Downloader, in_parallel, is_absent
from vademecum.trust.channel import ManifestHint
from vademecum_builder.release.channels import Channels, named, yanked_of
from vademecum_builder.release.closure import Closure, find_closure
from vademecum_builder.release.location import read_at, read_root
from vademecum_builder.release.signed import read_signed
from vademecum_builder.release.version_json import line_json


@dataclass(frozen=True)
class StoredRelease:
    """A release that a tree still holds.

    Attributes:
        bytes: Of a first install.
        yanked: Whether it was yanked.
    """

    sequence: int
    version: str
    built: str
    documents: int
    chunks: int
    bytes: int
    yanked: bool


@dataclass(frozen=True)
class Inventory:
    """What a tree holds.

    Attributes:
        channels: What each channel leads to.
        releases: Newest first.
        expires: When the timestamp expires: afterwards no client installs anything.
    """

    channels: Channels
    releases: tuple[StoredRelease, ...]
    expires: datetime

    def json(self) -> dict[str, Any]:
        """Return what `vade releases --json` prints."""
        return {
            "channels": {name: line_json(line) for name, line in self.channels.items()},
            "expires": iso_time(self.expires),
            "releases": [vars(one) for one in self.releases],
        }


def list_releases(location: str, trust: Path | None = None) -> Inventory:
    """Return what a published tree holds.

    Args:
        location: An address or a folder.
        trust: The root metadata file to trust; None takes the tree's own first root.

    Raises:
        UsageError: The root metadata cannot be read.
        VademecumError: The tree cannot be read, or is not what was signed.
    """
    root = read_root(trust)
    return read_at(location, lambda tree, config: read_inventory(tree, root, SystemClock(), config))


async def read_inventory(transport: Transport, root: bytes | None, clock: Clock, config: Config) -> Inventory:
    """Return what a published tree holds. Arguments and errors: see `read_published`."""
    signed = await read_signed(transport, root, clock, config)
    if signed.channels is None:
        raise ContentError("its targets are damaged or gone: `vade verify` says more")
    downloader = Downloader(transport, clock, config)
    found: dict[int, Closure] = {}

    async def one(hint: ManifestHint) -> None:
        try:
            found[hint.sequence] = await find_closure(hint, downloader)
        except VademecumError as error:
            if hint.sequence in led_to or not (isinstance(error, ContentError) or is_absent(error)):
                raise

    led_to: Mapping[int, ManifestHint] = named(signed.channels)
    await in_parallel(led_to.values(), config.parallel, one)
    earlier = [hint for hint in found[max(found)].archived if hint.sequence not in found]
    await in_parallel(earlier, config.parallel, one)
    yanked = yanked_of(signed.channels)
    releases = tuple(
        StoredRelease(
            sequence,
            manifest.version,
            manifest.built,
            manifest.documents,
            manifest.chunks,
            sum(ref.size for ref in manifest.objects),
            sequence in yanked,
        )
        for sequence, manifest in ((number, found[number].manifest) for number in sorted(found, reverse=True))
    )
    return Inventory(signed.channels, releases, signed.expires)
