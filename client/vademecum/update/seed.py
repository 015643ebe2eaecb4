"""The seed: a published tree that the app ships, for a first run without network and for what a disk has lost.

It is verified as a host is, by the same root, except for expiry: an app's package may be older than its signatures
hold. What it proves raises the trust floor and never lowers it. A seed that is older than what is known, or damaged, or
signed by other keys, is ignored; no update fails because of it (decisions/seed.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vademecum.errors import HostError, RollbackError, ServerError, TrustError
from vademecum.log import logger
from vademecum.ports import RecordStore, Transport
from vademecum.store.records import SEED, Judged
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader, is_absent
from vademecum.trust import rollout
from vademecum.trust.channel import ReleasePointer
from vademecum.trust.floor import ANY_TIME, ROOT, judge_installed, trusted_before
from vademecum.trust.metadata import TIMESTAMP, Trust
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Walk
from vademecum.update.context import Context
from vademecum.update.plan import Kind, refuse_older, refuse_other
from vademecum.update.update import Update, vouch


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
class Planted:
    """The plan that installed the seed, and its release."""

    kind: Kind = "none"
    sequence: int | None = None


class Seed:
    """The tree that an app ships.

    Args:
        transport: Reads the seed; each file is asked for once.
        root: The root metadata that the app ships, or None.
    """

    def __init__(self, transport: Transport, context: Context, root: bytes | None) -> None:
        self._context = replace(context, config=replace(context.config, retries=0))
        self._config = self._context.config
        self._root = root
        self.downloader = Downloader(transport, context.clock, self._config)

    async def install(self, session: Session) -> Planted:
        """Install the seed, if it is newer than what is known here and was not examined yet.

        It is examined again if it was good and nothing is installed any more, and if everything is to be fetched again:
        then it is installed whole even if it is the installed release. What is wrong with a seed is logged and
        recorded.

        Raises:
            StorageError, QuotaError: The store is broken or full; the seed is examined again next time.
            DamagedError: The same.
        """
        known = await SEED.read(session)
        lost = session.pointer.current is None and not known.code
        digest, planted = "", Planted()
        try:
            timestamp = await self.downloader.fetch(TIMESTAMP, self._config.max_timestamp, fresh=True)
            digest = hashlib.sha256(timestamp).hexdigest()
            if known.timestamp == digest and not (session.healing or lost):
                return planted
            planted = await self._follow(session, await self._prove(session))
            judged = Judged(digest)
        except RollbackError as error:
            logger.info("the seed is older than what is known here: %s", error)
            judged = Judged(digest)
        except (HostError, TrustError) as error:
            if error.transient and not is_absent(error):
                logger.warning("the seed cannot be read now: %s", error)
                return planted
            logger.warning("the seed is passed over: %s", error)
            judged = Judged.failed(digest, error)
        await SEED.write(session, judged)
        return planted

    async def _follow(self, session: Session, proof: Proof) -> Planted:
        """Install what the seed proves, if it should be. The trust floor rises first."""
        update = Update(session, self.downloader, self._context, any_time=True)
        line = proof.trust.line(session.policy.channel)
        judge_installed(session, proof.trust)
        vouch(session, line)
        refuse_other(session.pointer, line)
        pointer = await update.assigned(line)
        refuse_older(pointer, session.pointer, line)
        if not proof.older:
            session.status = replace(
                session.status, expires=proof.trust.expires, latest=rollout.latest(line, pointer), yanked=line.yanked
            )
            await session.write(proof.records)
            await session.commit()
        reason = session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        whole = session.healing and reason in (None, "current")
        if proof.older and (whole or reason is None):
            await self._require_release(update, pointer)
        plan = await update.follow(pointer, force=whole)
        return Planted() if plan.kind == "none" else Planted(plan.kind, pointer.sequence)

    async def _require_release(self, update: Update, pointer: ReleasePointer) -> None:
        """Raise RollbackError if a seed with older metadata does not have the release that is trusted here."""
        try:
            await update.manifest(pointer)
        except ServerError as error:
            if not is_absent(error):
                raise
            raise RollbackError(f"the seed has not release {pointer.sequence}: {error}") from error

    async def _prove(self, session: Session) -> Proof:
        staging = _Staging(session)
        try:
            config = replace(self._config, channel=session.policy.channel)
            walk = Walk(staging, self.downloader, ANY_TIME, config)
            found = await refresh(walk, self._root, idle_allowed=False)
        except RollbackError:
            # Its objects may still be those of the release that is trusted here.
            before = await trusted_before(session, ANY_TIME, self._root)
            if before is None:
                raise
            return Proof(before, {}, older=True)
        # An app may ship an older root than the one that the host's chain has led to.
        stored = await session.read(ROOT)
        version = 0 if stored is None else Trust(stored, ANY_TIME).root_version
        if found.trust.root_version < version:
            raise RollbackError(f"the seed has root version {found.trust.root_version}, {version} is trusted here")
        return Proof(found.trust, staging.written)


class _Staging:
    """Records over those of a store: what is written stays here until all of it has verified."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self.written: dict[str, bytes | None] = {}

    async def read(self, name: str) -> bytes | None:
        return self.written[name] if name in self.written else await self._store.read(name)

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        self.written.update(records)
