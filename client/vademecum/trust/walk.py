"""The walk through the metadata: TUF's client workflow (specification, section 5) over our ports and mirrors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from vademecum.config import Config
from vademecum.errors import HostError, RollbackError, ServerError, TrustError, VademecumError
from vademecum.log import logger
from vademecum.ports import RecordStore
from vademecum.transport.downloader import Downloader
from vademecum.transport.mirrors import Mirror
from vademecum.trust.channel import Line
from vademecum.trust.floor import PIN, ROOT, as_floor, encode_pin
from vademecum.trust.metadata import TIMESTAMP, StaleError, Trust


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a walk.

    Attributes:
        trust: The trusted metadata.
        complete: Everything was refreshed, roots included.
        stale: Every host that answered shows an older timestamp than the trusted one, which stays.
        restarted: The channel as such a host shows it, if its timestamp expires no earlier than the trusted one.
        equivocation: What else of a trusted version the host shows, signed as well; what was trusted first stays.
    """

    trust: Trust
    complete: bool
    stale: bool = False
    restarted: Line | None = None
    equivocation: str = ""


@contextmanager
def nothing_there(downloader: Downloader) -> Iterator[None]:
    """Say what a 404 means on a first contact, and what to do."""
    try:
        yield
    except ServerError as error:
        if not downloader.first_contact or error.status != 404:
            raise
        raise ServerError(
            f"{error.message}: no knowledge base is published there; check the address, and that the folder that "
            "`vade build` wrote was deployed",
            404,
        ) from error


@dataclass(frozen=True)
class _Shown:
    """The timestamp, `data`, that a mirror has shown. Verdicts: `news`; the `same` as the trusted one; an `other` one
    of its version; an older one, `stale` (`fresh`: it expires no earlier)."""

    mirror: Mirror
    data: bytes
    verdict: str
    trust: Trust
    detail: str = ""
    fresh: bool = False


class Walk:
    """The steps of one walk.

    Args:
        store: Takes what verifies.
        shown: A mirror that was asked for its timestamp just now, with the answer: it is not asked again.

    Attributes:
        roots_due: Whether to ask each mirror for a newer root before anything else (5.3.3); not between two complete
            walks, see decisions/round-trips.md.
        rooted: Whether a mirror was asked for one.
    """

    def __init__(
        self,
        store: RecordStore,
        downloader: Downloader,
        now: datetime,
        config: Config,
        shown: tuple[Mirror, bytes] | None = None,
    ) -> None:
        self.store = store
        self.downloader = downloader
        self._now = now
        self.config = config
        self._shown = shown
        self._steps = 0
        self.roots_due = self.rooted = False

    async def down(self, stale_allowed: bool, wanted: Callable[[int], bool]) -> Refreshed:
        """Walk from the root to the targets, in the specification's order."""
        with nothing_there(self.downloader):
            shown = await self.newest(stale_allowed)
        self.downloader.first_contact = False  # a file that the host names from here on may not have arrived there yet
        other = await self.snapshot(shown.trust, wanted) or (shown.detail if shown.verdict == "other" else "")
        await self.targets(shown.trust)
        stale = shown.verdict == "stale"
        if not other and stale_allowed and shown.verdict == "same" and self.rooted:
            below = await self._trust_through(shown)
            other = "" if below is None else shown.trust.differs_from(below)
        older = await self._trust_through(shown) if stale and shown.fresh else None
        restarted = None if older is None else older.line(self.config.channel)
        # After an equivocation the next walk is a complete one, even if the timestamp is the same.
        return Refreshed(shown.trust, self.rooted and not stale and not other, stale, restarted, other)

    async def begin(self, root: bytes, pin: bytes) -> None:
        """Start from `root`.

        Each good root is stored. But if the app ships another root than the one that led to the stored one, the stored
        one stays until the roots are walked: the floor never goes down half-way.

        Raises:
            ContentError, SignatureError: It is not a root.
        """
        Trust(root, self._now)  # 5.2: it is signed by its own keys
        stored = await self.store.read(ROOT)
        self._switching = stored is not None and stored != root
        self._root, self._pin = root, pin
        self._saved = (stored, await self.store.read(PIN))
        if not self._switching:
            await self._save_root()

    async def _save_root(self) -> None:
        saved = self._root, encode_pin(self._pin, self._root)
        if self._saved != saved:
            await self.store.write({ROOT: saved[0], PIN: saved[1]})
            self._saved = saved

    async def newest(self, stale_allowed: bool) -> _Shown:
        """Return the best timestamp that the mirrors show, and its verdict.

        One mirror that shows something new is enough. While none does, the others are asked, once each: this is how a
        mirror that stays behind is noticed.
        """
        seen: list[_Shown] = []
        while True:
            asked = {shown.mirror for shown in seen}
            if seen and all(mirror in asked for mirror in self.downloader.mirrors.turns()):
                break
            root = self._root
            try:
                shown = await self.downloader.by_turns(self._look, but=asked, insist=not seen)
            except VademecumError:
                if not seen or self._root is not root:
                    raise  # under a newer root, what was seen before does not count
                break
            seen.append(shown)
            if shown.verdict == "news":
                break
        best = min(seen, key=lambda shown: ("news", "other", "same", "stale").index(shown.verdict))
        for shown in seen:
            if shown is not best and shown.verdict != best.verdict:
                shown.mirror.failures += 1
        if best.verdict == "stale" and not stale_allowed:
            raise RollbackError(best.detail)
        return best

    async def _look(self, mirror: Mirror) -> _Shown:
        """Walk the roots of one mirror, then take its timestamp (5.3 and 5.4)."""
        if not self.roots_due:
            fetched = await self._timestamp(mirror)
            try:
                return await self._take_timestamp(mirror, fetched, Trust(self._root, self._now))
            except TrustError as error:
                logger.debug("a newer root is asked for: %s", error)
        trust = await self._roots(mirror)
        fetched = await self._timestamp(mirror)
        try:
            return await self._take_timestamp(mirror, fetched, trust)
        except StaleError as error:
            return _Shown(mirror, fetched, "stale", trust, str(error), error.fresh)

    async def _timestamp(self, mirror: Mirror) -> bytes:
        if self._shown is not None and self._shown[0] is mirror:
            return self._shown[1]
        return await self.downloader.once(mirror, TIMESTAMP, self.config.max_timestamp, True)

    async def _take_timestamp(self, mirror: Mirror, fetched: bytes, trust: Trust) -> _Shown:
        stored = await self.store.read("trust/timestamp.json")
        if stored is not None:
            # 5.4.3 compares with it. 5.3.11: one that the newest root's keys did not sign is refused here, and so is no
            # floor; it is not deleted but overwritten.
            as_floor(trust.accept_timestamp, stored)
        news = trust.accept_timestamp(fetched)  # 5.4.2 to 5.4.4
        if news:  # 5.4.5
            await self.store.write({"trust/timestamp.json": fetched})
        if not news and trust.is_other_timestamp(fetched):
            other = f"timestamp.json of version {trust.timestamp_version}"
            return _Shown(mirror, fetched, "other", trust, other)
        return _Shown(mirror, fetched, "news" if news else "same", trust)

    async def _trust_through(self, shown: _Shown) -> Trust | None:
        """Return what a mirror's timestamp leads to, verified by the trusted root alone; None if that is not valid."""

        async def fetch(path: str, limit: int) -> bytes:
            return await self.downloader.once(shown.mirror, path, limit, True)

        config, trust = self.config, Trust(self._root, self._now)
        try:
            trust.accept_timestamp(shown.data)
            path = trust.metadata_path("snapshot", trust.snapshot_version)
            trust.accept_snapshot(await fetch(path, trust.snapshot_length(config.max_snapshot)))
            path = trust.metadata_path("targets", trust.targets_version)
            trust.accept_targets(await fetch(path, trust.targets_length(config.max_targets)))
            trust.line(config.channel)
        except (HostError, TrustError) as error:
            logger.debug("what the host shows below its timestamp is no line: %s", error)
            return None
        return trust

    async def _roots(self, mirror: Mirror) -> Trust:
        """Walk from the newest known root to the newest that this mirror has (5.3), a bounded number of steps a run."""
        trust, self.rooted = Trust(self._root, self._now), True
        while self._steps < self.config.max_root_rotations:  # 5.3.9, and 5.3.3's bound: the next run goes on
            path = f"metadata/{trust.root_version + 1}.root.json"
            data = await self.downloader.once_or_absent(mirror, path, self.config.max_root)
            if data is None or data.lstrip().startswith(b"<"):  # a single-page app's host shows its page for it
                break
            trust.accept_root(data)  # 5.3.4, 5.3.5; whether it has expired does not matter yet (5.3.6)
            self._root, self._steps = data, self._steps + 1  # 5.3.7
            if not self._switching:
                await self._save_root()  # 5.3.8
        await self._save_root()
        stored = await self.store.read("trust/snapshot.json")
        rotated = self._steps > 0 and not self._switching
        if rotated and stored is not None and not trust.signs("snapshot", stored):
            # 5.3.11: a thief of either key can have signed the highest versions. Old timestamps of a revoked key are
            # refused below, but one whose own key stays may name a snapshot that a thief of that key has signed.
            await self.store.write({"trust/timestamp.json": None, "trust/snapshot.json": None})
        return trust

    async def snapshot(self, trust: Trust, wanted: Callable[[int], bool]) -> str:
        """Take the snapshot (5.5); return what is wrong if the timestamp names another one of the stored version."""
        stored = await self.store.read("trust/snapshot.json")
        # Accepted, it is the current one: 5.5.1 has nothing to download. Refused as old, 5.5.5 compares with it.
        if stored is not None and as_floor(partial(trust.accept_snapshot, stored=True), stored):
            other = trust.is_other_snapshot(stored)
            return f"snapshot.json of version {trust.snapshot_version}" if other else ""
        path = trust.metadata_path("snapshot", trust.snapshot_version)
        limit = trust.snapshot_length(self.config.max_snapshot)  # 5.5.1
        data = await self.downloader.fetch_accepted(path, limit, trust.accept_snapshot)
        hint = trust.hint(self.config.channel)
        if hint is not None and hint.length <= self.config.max_manifest and wanted(hint.sequence):
            # The manifest comes beside the targets, which decide whether it is used, and by which digest.
            self.downloader.prefetch(hint.url_path, hint.manifest)
        await self.store.write({"trust/snapshot.json": data})  # 5.5.7
        return ""

    async def targets(self, trust: Trust) -> None:
        """Take the targets (5.6)."""
        stored = await self.store.read("trust/targets.json")
        # No floor: which version counts, the snapshot says (5.6.4), and 5.5.5 keeps that from going down.
        if stored is not None and as_floor(trust.accept_targets, stored):
            return
        path = trust.metadata_path("targets", trust.targets_version)
        limit = trust.targets_length(self.config.max_targets)  # 5.6.1
        data = await self.downloader.fetch_accepted(path, limit, trust.accept_targets)
        await self.store.write({"trust/targets.json": data})  # 5.6.6
