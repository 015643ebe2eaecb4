"""The engine: check, plan, download, verify, stage, activate, roll back. The only place with policy.

The order that keeps the store's promise (design, section 6): objects are verified before they are put;
a generation is checked whole, from the stored bytes, before `head` is flipped; garbage is collected only
after the flip. So at every moment `head` names only objects that are there and good.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .config import Config
from .download import Downloader, in_parallel
from .errors import (
    ContentError,
    QuotaError,
    RollbackError,
    SelfTestError,
    StorageError,
    UsageError,
    VademecumError,
)
from .format import Manifest, ObjectRef, decode_manifest
from .head import Generation, Head, decode_head, encode_head, generation_of
from .plan import Kind, Plan, full_plan, plan_update
from .ports import Clock, Emit, Store, Transport
from .reader import open_generation
from .refresh import FIRST_USE, refresh
from .strict_json import canonical, parse_object
from .trust import ReleasePointer

logger = logging.getLogger("vademecum")


@dataclass(frozen=True)
class Check:
    """What the host has to offer.

    Attributes:
        available: There is a release to install.
        sequence, version: The published release.
        plan: How it would be installed.
        bytes: What that would download.
        installed: The installed sequence, or None.
        reason: Why a newer release is not offered (`refused`, `pinned`), or None.
    """

    available: bool
    sequence: int
    version: str
    plan: Kind = "none"
    bytes: int = 0
    installed: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a sync did: `requests` and `bytes` (bodies, as sent) count the check too; `seconds` passed."""

    from_sequence: int | None
    to_sequence: int
    version: str
    plan: Kind
    requests: int
    bytes: int
    seconds: float


def ignore(name: str, detail: Mapping[str, Any]) -> None:
    """The listener that does nothing."""


class Engine:
    """Keeps one store in step with one published tree.

    Args:
        store, transport, clock: The ports.
        trust: The root metadata that the app ships; None pins the first root that the host shows.
        emit: Called with events; what it raises is logged and changes nothing.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
        clock: Clock,
        *,
        trust: bytes | None = None,
        config: Config | None = None,
        emit: Emit = ignore,
    ) -> None:
        self._store = store
        self._transport = transport
        self._clock = clock
        self._root = trust
        self._config = config or Config()
        self._listener = emit

    # What apps call ---------------------------------------------------------------------------

    async def check(self) -> Check:
        """Ask the host for news; nothing is installed.

        Raises:
            VademecumError: See `sync`.
        """
        async with self._writing():
            downloader = self._downloader()
            pointer = await self._refresh(downloader)
            head = await self._head()
            offer = await self._offer(pointer, head, downloader)
        if offer.available:
            self._emit("updateAvailable", asdict(offer))
        return offer

    async def sync(self, *, force: bool = False) -> Outcome:
        """Install the published release if there is a newer one.

        Args:
            force: Fetch and install the published release whole, even if it is the installed one,
                was refused before, or is not the pinned one.

        Raises:
            NetworkError, ServerError: The host cannot be asked now; trying later may help.
            ContentError, SignatureError, RollbackError, ExpiredError: What it shows is not acceptable.
            SelfTestError: The release does not work here; it was undone and is refused from now on.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        started = self._clock.now()
        downloader = self._downloader()
        async with self._writing():
            pointer = await self._refresh(downloader)
            head = await self._head()
            plan: Kind = "none"
            if force or _reason_to_wait(pointer, head) is None:
                plan = await self._update(pointer, head, downloader, force=force)
        installed = None if head.current is None else head.current.sequence
        return Outcome(
            from_sequence=installed,
            to_sequence=pointer.sequence if plan != "none" else installed or 0,
            version=pointer.version if plan != "none" or head.current is None else head.current.version,
            plan=plan,
            requests=downloader.requests,
            bytes=downloader.bytes,
            seconds=(self._clock.now() - started).total_seconds(),
        )

    async def rollback(self) -> Generation:
        """Go back to the generation before. The one that is left is refused until a newer one appears.

        Raises:
            EmptyStoreError: There is none.
            ContentError, StorageError: It is damaged; the current one stays.
        """
        async with self._store.lock():
            head = (await self._head()).rolled_back()
            assert head.current is not None
            (await open_generation(self._store, head.current)).self_test()
            await self._flip(head)
        self._emit("rolledBack", {"sequence": head.current.sequence, "version": head.current.version})
        return head.current

    async def refuse_current(self, reason: str) -> Generation:
        """Undo the installed release, which a reader found not to work, and do not try it again."""
        logger.warning("the installed release failed its self-test: %s", reason)
        return await self.rollback()

    async def pin(self, sequence: int | None) -> None:
        """Stay at a release (None: follow the channel again).

        Raises:
            UsageError: That release is neither installed nor the previous generation.
        """
        async with self._store.lock():
            head = await self._head()
            if sequence is not None and (head.current is None or head.current.sequence != sequence):
                if head.previous is None or head.previous.sequence != sequence:
                    raise UsageError(
                        f"release {sequence} is not installed here: pin the current or previous one"
                    )
                head = head.rolled_back()
            await self._flip(replace(head, pinned=sequence))

    async def clear(self) -> None:
        """Forget everything that is installed, but not the trust floor."""
        async with self._store.lock():
            await self._store.write({"head": None, "sync": None})
            await self._store.discard(await self._store.objects())

    async def status(self) -> dict[str, Any]:
        """Return what is installed, from the store alone: no request is made."""
        head = await self._head()
        notes = await self._notes()
        objects = await self._store.objects()
        return {
            "installed": None if head.current is None else asdict(head.current),
            "previous": None if head.previous is None else head.previous.sequence,
            "pinned": head.pinned,
            "refused": list(head.refused),
            "latest": notes.get("latest"),
            "checked": notes.get("checked"),
            "expires": notes.get("expires"),
            "expired": "expires" in notes and _time(notes["expires"]) <= self._clock.now(),
            "error": notes.get("error"),
            "firstUse": (await self._store.read("trust/pin")) == FIRST_USE,
            "bytes": sum(objects.values()),
            "objects": len(objects),
        }

    # The steps --------------------------------------------------------------------------------

    async def _refresh(self, downloader: Downloader) -> ReleasePointer:
        notes = await self._notes()
        now = self._clock.now()
        age = timedelta(seconds=self._config.idle_check_age)
        recent = "checked" in notes and timedelta() <= now - _time(notes["checked"]) < age
        refreshed = await refresh(
            self._store,
            downloader,
            now,
            shipped_root=self._root,
            config=self._config,
            idle_allowed=recent,
        )
        pointer = refreshed.trust.release(self._config.channel)
        await self._note_check(notes, refreshed.complete, refreshed.trust.timestamp_expires, pointer)
        return pointer

    async def _offer(self, pointer: ReleasePointer, head: Head, downloader: Downloader) -> Check:
        installed = None if head.current is None else head.current.sequence
        check = Check(False, pointer.sequence, pointer.version, installed=installed)
        reason = _reason_to_wait(pointer, head)
        if reason is not None:
            return replace(check, reason=None if reason == "current" else reason)
        manifest = await self._manifest(pointer, downloader)
        plan = plan_update(head.current, await self._store.objects(), manifest)
        return replace(check, available=True, plan=plan.kind, bytes=plan.bytes)

    async def _manifest(self, pointer: ReleasePointer, downloader: Downloader) -> Manifest:
        if pointer.length > self._config.max_manifest:
            raise ContentError(
                f"{pointer.path}: {pointer.length} bytes, more than {self._config.max_manifest}"
            )
        ref = ObjectRef(pointer.sha256, pointer.length, pointer.length)
        manifest = decode_manifest(await downloader.fetch_plain(pointer.url_path, ref))
        if (manifest.sequence, manifest.channel) != (pointer.sequence, self._config.channel):
            raise ContentError(
                f"{pointer.path} describes release {manifest.sequence} of {manifest.channel!r}, "
                f"the signed targets say {pointer.sequence} of {self._config.channel!r}"
            )
        return manifest

    async def _update(
        self, pointer: ReleasePointer, head: Head, downloader: Downloader, *, force: bool
    ) -> Kind:
        manifest = await self._manifest(pointer, downloader)
        held = await self._store.objects()
        plan = full_plan((), manifest) if force else plan_update(head.current, held, manifest)
        try:
            return await self._install(plan, manifest, head, downloader)
        except _StagingError as error:
            if plan.kind == "full" and force:
                raise error.cause from error
            # What is installed does not add up with what came: everything anew, once.
            logger.warning("release %d: %s; fetching it whole", manifest.sequence, error.cause)
        try:
            return await self._install(full_plan((), manifest), manifest, head, downloader)
        except _StagingError as error:
            raise error.cause from error

    async def _install(self, plan: Plan, manifest: Manifest, head: Head, downloader: Downloader) -> Kind:
        detail = {"sequence": manifest.sequence, "version": manifest.version, "plan": plan.kind}
        self._emit("updateStarted", {**detail, "totalBytes": plan.bytes})
        await self._download(plan, downloader)
        self._emit_progress("verifying", plan.bytes, plan.bytes)
        generation = await self._stage(plan, manifest)
        self._emit_progress("installing", plan.bytes, plan.bytes)
        await self._activate(generation, head)
        self._emit("updateCompleted", {**detail, "bytes": downloader.bytes})
        return plan.kind

    async def _download(self, plan: Plan, downloader: Downloader) -> None:
        received: dict[str, int] = {}

        async def one(ref: ObjectRef) -> None:
            def progress(count: int) -> None:
                # A host that undoes the gzip sends more than the manifest says: never above 100 %.
                received[ref.sha256] = min(count, ref.size)
                self._emit_progress("downloading", sum(received.values()), plan.bytes)

            content = await downloader.fetch_object(ref, progress)
            await self._store.put(ref.sha256, content)
            progress(ref.size)

        await in_parallel(plan.downloads, self._config.parallel, one)

    async def _stage(self, plan: Plan, manifest: Manifest) -> Generation:
        """Check the new generation whole, from the bytes as they are stored; return it."""
        installed = self._clock.now().isoformat(timespec="seconds")
        generation = generation_of(manifest, plan.segments, installed)
        try:
            opened = await open_generation(self._store, generation)
            if opened.state.digest() != manifest.digest:
                raise ContentError(f"release {manifest.sequence}: the state digest is not the signed one")
        except (ContentError, StorageError) as error:
            raise _StagingError(error) from error
        used = {place[0] for place in opened.state.documents.values()}
        used |= {place[0] for place in opened.state.chunks.values()}
        # A segment without a live row may still hold the tombstone that keeps an older row dead.
        used |= {index for index, segment in enumerate(opened.state.segments) if any(segment.removed)}
        segments = tuple(digest for index, digest in enumerate(plan.segments) if index in used)
        return replace(generation, segments=segments)

    async def _activate(self, generation: Generation, head: Head) -> None:
        """Flip to the new generation, test it as a reader would, and flip back if it does not work."""
        await self._store.write({"head": encode_head(head.installed(generation))})
        try:
            (await open_generation(self._store, generation)).self_test()
        except (SelfTestError, ContentError) as error:
            await self._flip(head.refuse(generation.sequence))
            raise SelfTestError(f"release {generation.sequence} was undone: {error}") from error
        await self.collect()

    async def collect(self) -> None:
        """Delete the objects that neither the current nor the previous generation needs."""
        needed = (await self._head()).objects
        garbage = [digest for digest in await self._store.objects() if digest not in needed]
        if garbage:
            await self._store.discard(garbage)

    # Records ----------------------------------------------------------------------------------

    async def _head(self) -> Head:
        return decode_head(await self._store.read("head"))

    async def _flip(self, head: Head) -> None:
        await self._store.write({"head": encode_head(head)})

    async def _notes(self) -> dict[str, Any]:
        data = await self._store.read("sync")
        return {} if data is None else parse_object(data, "sync")

    async def _note_check(
        self, notes: dict[str, Any], complete: bool, expires: datetime, pointer: ReleasePointer
    ) -> None:
        new = {key: value for key, value in notes.items() if key != "error"}
        new["latest"] = {"sequence": pointer.sequence, "version": pointer.version}
        new["expires"] = expires.isoformat()
        if complete:
            new["checked"] = self._clock.now().isoformat(timespec="seconds")
        if new != notes:
            await self._store.write({"sync": canonical(new)})

    # Faults and events ------------------------------------------------------------------------

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Hold the writer's lock; a failure is noted, announced and raised on."""
        try:
            async with self._store.lock():
                try:
                    yield
                except QuotaError:
                    await self.collect()  # give back what the failed update had stored
                    raise
        except VademecumError as error:
            await self._note_error(error)
            detail = {"code": error.code, "message": error.message, "willRetry": error.transient}
            self._emit("updateFailed", detail)
            raise

    async def _note_error(self, error: VademecumError) -> None:
        entry = {"code": error.code, "message": error.message, "time": self._clock.now().isoformat()}
        try:
            await self._store.write({"sync": canonical({**await self._notes(), "error": entry})})
        except VademecumError as failure:
            # The store itself is what fails: the error that is about to be raised says so.
            logger.debug("the error could not be noted: %s", failure)

    def _emit_progress(self, stage: str, count: int, total: int) -> None:
        share = 100 if total == 0 else count * 100 // total
        detail = {"stage": stage, "percentage": share, "bytes": count, "totalBytes": total}
        self._emit("updateProgress", detail)

    def _emit(self, name: str, detail: Mapping[str, Any]) -> None:
        logger.debug("%s %s", name, detail)
        try:
            self._listener(name, detail)
        except Exception:
            logger.exception("a listener of %s failed", name)

    def _downloader(self) -> Downloader:
        return Downloader(self._transport, self._clock, self._config)


class _StagingError(Exception):
    """What was staged does not make the signed state."""

    def __init__(self, cause: ContentError | StorageError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _reason_to_wait(pointer: ReleasePointer, head: Head) -> str | None:
    """Return why the published release is not to be installed: `current`, `pinned`, `refused`; or None.

    Raises:
        RollbackError: The signed targets name an older release than the installed one.
    """
    current = head.current
    if current is not None and pointer.sequence == current.sequence:
        return "current"
    if pointer.sequence in head.refused:
        return "refused"
    if head.pinned is not None and pointer.sequence != head.pinned:
        return "pinned"
    if current is not None and pointer.sequence < current.sequence:
        raise RollbackError(
            f"the host offers release {pointer.sequence}, release {current.sequence} is installed: "
            "a publisher takes a release back by publishing a newer one"
        )
    return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
