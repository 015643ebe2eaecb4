"""The seed: a published tree that the app ships, for a first run without network and for what a disk has lost.

It is judged as a host is, by the same root, but for time: it lies inside the app's own package, and a package may be
older than its signatures. What it proves raises the trust floor and never lowers it. A seed that is older than what
is known, or damaged, or of other keys, is passed over; no update fails for it (decisions/seed.md).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vademecum.config import Config
from vademecum.errors import (
    ContentError,
    NetworkError,
    RollbackError,
    SelfTestError,
    ServerError,
    TrustError,
)
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.ports import Clock, Store, Transport
from vademecum.transport.downloader import Downloader, is_absent
from vademecum.trust.floor import trusted_before
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import TIMESTAMP, refresh
from vademecum.update.plan import Kind

logger = logging.getLogger("vademecum")

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing has expired at this time."""

_LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Proof:
    """What a seed proves.

    Attributes:
        trust: The metadata: the seed's own, or the store's where the seed's are older.
        records: What of it the store does not know yet: the floor rises by writing it.
        older: Whether the seed's own metadata are older than what the store trusts.
    """

    trust: Trust
    records: Mapping[str, bytes | None]
    older: bool = False


@dataclass(frozen=True)
class Judged:
    """The record `seed`: which seed was looked at last, by the digest of its `timestamp.json`, and what was wrong."""

    timestamp: str
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Planted:
    """What came of it: the plan that installed the seed, and its release."""

    kind: Kind = "none"
    sequence: int | None = None


class Seed:
    """The tree that an app ships.

    Args:
        transport: Over the seed; it is asked once for each file.
        root: The root metadata that the app ships, or None.
    """

    def __init__(
        self, transport: Transport, store: Store, clock: Clock, config: Config, root: bytes | None
    ) -> None:
        self._store = store
        self._config = replace(config, retries=0)
        self._root = root
        self.downloader = Downloader(transport, clock, self._config)

    async def plant(self, install: Callable[[Proof], Awaitable[None]], *, anew: bool) -> None:
        """Have a seed installed that was not looked at yet. What is wrong with it is logged and written down.

        Args:
            install: Installs what the seed proves, if that is to be. Called at most once.
            anew: Look at it even if it was found wanting before.

        Raises:
            StorageError, QuotaError: The store is broken or full; the seed is looked at again next time.
            DamagedError: The same.
        """
        known = await read_judged(self._store)
        digest = ""
        try:
            timestamp = await self.downloader.fetch(TIMESTAMP, self._config.max_timestamp, fresh=True)
            digest = hashlib.sha256(timestamp).hexdigest()
            if not anew and known is not None and known.timestamp == digest:
                return
            await install(await self._prove())
            judged = Judged(digest)
        except RollbackError as error:
            logger.info("the seed is older than what is known here: %s", error)
            judged = Judged(digest)
        except (ContentError, TrustError, NetworkError, ServerError, SelfTestError) as error:
            if error.transient and not is_absent(error):
                logger.warning("the seed cannot be read now: %s", error)
                return
            logger.warning("the seed is passed over: %s", error)
            judged = Judged(digest, error.code, error.message[:_LONGEST_MESSAGE])
        if judged != known:
            await _write_judged(self._store, judged)

    async def _prove(self) -> Proof:
        staging = _Staging(self._store)
        try:
            found = await refresh(
                staging,
                self.downloader,
                ANY_TIME,
                shipped_root=self._root,
                config=self._config,
                idle_allowed=False,
            )
        except RollbackError:
            # Its objects may be those of the very release that is trusted here.
            before = await trusted_before(self._store, ANY_TIME, self._root)
            if before is None:
                raise
            return Proof(before, {}, older=True)
        await self._refuse_older_root(found.trust)
        return Proof(found.trust, staging.written)

    async def _refuse_older_root(self, trust: Trust) -> None:
        """An app may ship an older root than the one that the host's chain has led to."""
        stored = await self._store.read("trust/root.json")
        if stored is None:
            return
        version = Trust(stored, ANY_TIME).root_version
        if trust.root_version < version:
            raise RollbackError(f"the seed has root version {trust.root_version}, {version} is trusted here")


async def read_judged(store: Store) -> Judged | None:
    """Return the record; None where there is none, or a damaged one: the seed is looked at anew.

    Raises:
        StorageError: See `Store.read`.
    """
    data = await store.read("seed")
    try:
        return None if data is None else _decode(data)
    except ContentError:
        return None


async def seed_error(store: Store) -> dict[str, str] | None:
    """Return code and message of what was wrong with the seed that was looked at last, or None.

    Raises:
        StorageError: See `Store.read`.
    """
    judged = await read_judged(store)
    return {"code": judged.code, "message": judged.message} if judged is not None and judged.code else None


def _decode(data: bytes) -> Judged:
    fields = Fields(parse_object(data, "seed"), "seed")
    return Judged(
        fields.match("timestamp", DIGEST) if "timestamp" in fields else "",
        fields.text("code", longest=100) if "code" in fields else "",
        fields.text("message", longest=_LONGEST_MESSAGE) if "message" in fields else "",
    )


async def _write_judged(store: Store, judged: Judged) -> None:
    values = {"timestamp": judged.timestamp, "code": judged.code, "message": judged.message}
    message = judged.message.encode(errors="replace").decode()  # a file's name need not be text
    known = {name: value for name, value in {**values, "message": message}.items() if value}
    await store.write({"seed": canonical(known)})


class _Staging:
    """Records over those of a store: what is written stays here until all of it has verified."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written: dict[str, bytes | None] = {}

    async def read(self, name: str) -> bytes | None:
        return self.written[name] if name in self.written else await self._store.read(name)

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        self.written.update(records)
