"""The walk through the metadata: TUF's client workflow (specification, section 5) over our ports.

What verifies is stored at once, so that the trust floor only rises. What is stored is only ever a floor
and a cache: an interrupted walk leaves nothing that reading depends on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .config import Config
from .download import Downloader
from .errors import ContentError, TrustError
from .ports import RecordStore
from .trust import Trust

TIMESTAMP = "metadata/timestamp.json"
FIRST_USE = b"first-use"


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a walk: the trusted metadata, and whether the whole of it was walked."""

    trust: Trust
    complete: bool


async def refresh(
    store: RecordStore,
    downloader: Downloader,
    now: datetime,
    *,
    shipped_root: bytes | None,
    config: Config,
    idle_allowed: bool,
) -> Refreshed:
    """Bring the trusted metadata up to date.

    Args:
        shipped_root: The root that the app ships. None: the first root that the host shows is pinned.
        idle_allowed: An unchanged `timestamp.json` may end the walk after that one request.

    Raises:
        NetworkError, ServerError: The host cannot be asked now; nothing is known to be wrong.
        ContentError, SignatureError, RollbackError, ExpiredError: What the host shows is not acceptable.
    """
    walk = _Walk(store, downloader, now, config)
    pin = FIRST_USE if shipped_root is None else hashlib.sha256(shipped_root).hexdigest().encode()
    pinned = await store.read("trust/pin")
    stored_root = await store.read("trust/root.json")
    # A shipped root rules; without one, whatever was trusted before goes on being trusted.
    as_before = stored_root is not None and (shipped_root is None or pin == pinned)
    root = stored_root if as_before else shipped_root
    fetched: bytes | None = None
    if idle_allowed and as_before:
        fetched = await walk.fetch_timestamp()
        known = await walk.stored(root) if fetched == await store.read("trust/timestamp.json") else None
        if known is not None:
            return Refreshed(known, complete=False)
    if root is None:
        root = await downloader.fetch("metadata/1.root.json", config.max_root, fresh=True)
    trust = await walk.roots(root, pinned if shipped_root is None and pinned else pin)
    await walk.timestamp(trust, await walk.fetch_timestamp() if fetched is None else fetched)
    await walk.snapshot(trust)
    await walk.targets(trust)
    return Refreshed(trust, complete=True)


class _Walk:
    """The steps of one walk."""

    def __init__(self, store: RecordStore, downloader: Downloader, now: datetime, config: Config) -> None:
        self._store = store
        self._downloader = downloader
        self._now = now
        self._config = config

    async def fetch_timestamp(self) -> bytes:
        return await self._downloader.fetch(TIMESTAMP, self._config.max_timestamp, fresh=True)

    async def stored(self, root: bytes | None) -> Trust | None:
        """Return what the store alone proves, or None where it does not prove all."""
        return await _proved(self._store, root, self._now)

    async def roots(self, root: bytes, pin: bytes) -> Trust:
        """Walk from `root` to the newest root (5.3), a bounded number of steps a run.

        Each good root is stored at once. But where the app ships another root than the one that the store's
        was reached from, the stored one stays until the walk is done: a floor never goes down half-way.
        """
        trust = Trust(root, self._now)
        stored = await self._store.read("trust/root.json")
        switching = stored is not None and stored != root
        newest, saved = root, (stored, await self._store.read("trust/pin"))
        for step in range(self._config.max_root_rotations + 1):
            if not switching and saved != (newest, pin):
                await self._store.write({"trust/root.json": newest, "trust/pin": pin})
                saved = (newest, pin)
            if step == self._config.max_root_rotations:
                break
            path = f"metadata/{trust.root_version + 1}.root.json"
            data = await self._downloader.fetch_or_absent(path, self._config.max_root)
            if data is None:
                break
            trust.accept_root(data)
            newest = data
        if switching:
            await self._store.write({"trust/root.json": newest, "trust/pin": pin})
        return trust

    async def timestamp(self, trust: Trust, fetched: bytes) -> None:
        stored = await self._store.read("trust/timestamp.json")
        if stored is not None:
            as_floor(lambda: trust.accept_timestamp(stored))
        if trust.accept_timestamp(fetched):
            await self._store.write({"trust/timestamp.json": fetched})

    async def snapshot(self, trust: Trust) -> None:
        stored = await self._store.read("trust/snapshot.json")
        if stored is not None and as_floor(lambda: trust.accept_snapshot(stored, stored=True)):
            return
        path = trust.metadata_path("snapshot", trust.snapshot_version)
        data = await self._downloader.fetch(path, trust.snapshot_length(self._config.max_snapshot))
        trust.accept_snapshot(data)
        await self._store.write({"trust/snapshot.json": data})

    async def targets(self, trust: Trust) -> None:
        stored = await self._store.read("trust/targets.json")
        if stored is not None and as_floor(lambda: trust.accept_targets(stored)):
            return
        path = trust.metadata_path("targets", trust.targets_version)
        data = await self._downloader.fetch(path, trust.targets_length(self._config.max_targets))
        trust.accept_targets(data)
        await self._store.write({"trust/targets.json": data})


async def trusted_before(store: RecordStore, now: datetime, shipped_root: bytes | None) -> Trust | None:
    """Return what the store alone proves at that time; None where it does not prove all, or by another root.

    Args:
        shipped_root: The root that the app ships, or None.

    Raises:
        StorageError: See `Store.read`.
    """
    pinned = await store.read("trust/pin")
    if shipped_root is not None and pinned != hashlib.sha256(shipped_root).hexdigest().encode():
        return None
    return await _proved(store, await store.read("trust/root.json"), now)


async def _proved(store: RecordStore, root: bytes | None, now: datetime) -> Trust | None:
    parts = [await store.read(f"trust/{name}.json") for name in ("timestamp", "snapshot", "targets")]
    timestamp, snapshot, targets = parts
    if root is None or timestamp is None or snapshot is None or targets is None:
        return None
    try:
        trust = Trust(root, now)
        trust.accept_timestamp(timestamp)
        trust.accept_snapshot(snapshot)
        trust.accept_targets(targets)
    except (TrustError, ContentError):
        return None  # the complete walk will say what is wrong, if it still is
    return trust


def as_floor(accept: Callable[[], object]) -> bool:
    """Offer stored metadata. True: it is still current. False: it is old, expired or no longer signed well.

    Old or expired metadata stay in the trusted set as the floor that newer ones are judged against; those
    that a revoked key had signed are no floor at all (python-tuf's updater does the same).
    """
    try:
        accept()
    except (TrustError, ContentError):
        return False
    return True
