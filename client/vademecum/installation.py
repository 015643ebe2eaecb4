"""The local copy on CPython: the store's file, its hosts, and the release in memory.

Whoever reads opens the file, reads one generation whole, and closes it again. What cannot be read is counted, so that
the next sync repairs it; a release that does not work here any more is left for the one before.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, TypeVar

from vademecum.arguments import OpenOptions
from vademecum.doctor import begin_anew
from vademecum.engine import Engine
from vademecum.errors import EmptyStoreError, SelfTestError, StorageError, UsageError, VademecumError
from vademecum.events import ignore
from vademecum.generation.opened import Opened, open_generation
from vademecum.log import logger
from vademecum.ports import Emit, Store
from vademecum.runtime.locations import disk_room, open_transport, open_transports
from vademecum.runtime.loop import run
from vademecum.runtime.memory import MemoryStore
from vademecum.runtime.sqlite.rescue import file_fault
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.search.kept_words import encode_words, kept_words
from vademecum.search.local import index_documents
from vademecum.search.own_encoder import OwnEncoder
from vademecum.search.published_model import run_model
from vademecum.search.searcher import Searcher
from vademecum.search.segment_words import SegmentWords, read_words
from vademecum.store.pointer import Generation, decode_head, manifest_of
from vademecum.store.records import HEALTH, MANIFESTS, SYNC
from vademecum.update.results import Outcome

T = TypeVar("T")


@dataclass(frozen=True)
class Answering:
    """The release in memory, and what searches it."""

    opened: Opened
    searcher: Searcher


class Installation:
    """One store, from one process. Threads may share it: one of them opens what is installed, the others wait.

    Args:
        options: How the app has opened it.
        emit: Called with the engine's events.
    """

    def __init__(self, options: OpenOptions, emit: Emit) -> None:
        self._options = options
        encoder = options.encoder
        self._extra = "" if encoder is None else "model" if encoder == "published" else "directions"
        self.path, self.clock, self.online = options.path, options.clock, bool(options.locations)
        self._emit = emit
        self._lock = threading.Lock()
        self._answering: Answering | None = None
        self.tree = ""
        """Where the search page is of the tree that what is installed came from, as the store says; or nothing."""

    def answering(self) -> Answering:
        """Return the release in memory; the installed one is read where there is none. Errors: see `reload`."""
        with self._lock:
            if self._answering is None:
                run(self.reload())
            assert self._answering is not None
            return self._answering

    async def reload(self) -> None:
        """Read what is installed, and answer from that.

        Raises:
            EmptyStoreError: Nothing is installed yet; no file is made.
            SelfTestError: It does not work here, and there is no way back.
            StorageError, DamagedError, ContentError: The store cannot be read, or is damaged: that was counted.
        """
        while True:
            try:
                opened, own = await self._read()
            except EmptyStoreError:
                if self._local is None:
                    raise
                self._answering = Answering(self._local, Searcher(self._local))
                return
            try:
                opened.self_test()
            except SelfTestError as error:
                await self._undo(opened.generation, error)
            else:
                break
        searcher = Searcher(opened, lambda opened: run(self._load_words(opened)), own)
        self._answering = Answering(opened, searcher)

    def close(self) -> None:
        """Let go of the release in memory."""
        self._answering = None

    @cached_property
    def _local(self) -> Opened | None:
        """The index of the app's own documents. Raises UsageError: one of them is none."""
        return None if self._options.fallback is None else index_documents(self._options.fallback)

    async def status(self) -> dict[str, Any]:
        """See `Engine.status`; the file is opened for reading only, and none is made."""
        try:
            async with self._reading() as store:
                return await self._status(store)
        except EmptyStoreError:
            if not self.online and self._local is None:
                raise
            return await self._status(MemoryStore())

    async def _status(self, store: Store) -> dict[str, Any]:
        status = await Engine(store, {}, self.clock, config=self._options.config, policy=self._options.policy).status()
        if status["installed"] is None and self._local is not None:
            generation = self._local.generation
            status["local"] = {"documents": generation.documents, "chunks": generation.chunks}
        return status

    async def use(
        self,
        work: Callable[[Engine], Awaitable[T]],
        *,
        online: bool = True,
        updating: bool = False,
        emit: Emit | None = None,
    ) -> T:
        """Call `work` with an engine over the store, and answer from what is installed then.

        Args:
            online: The work asks the host, or the seed.
            updating: Where the policy has it so, what comes of it answers from the next start on.
            emit: Called with the events, in place of the listener that all others get.

        Raises:
            UsageError: `online`, and there is nobody to ask.
            VademecumError: Whatever `work` raises; see `SqliteStore`, `reload`.
        """
        if online and not self.online:
            raise UsageError("this knowledge base was opened without a url: there is nothing to sync with")
        options = self._options
        hosts = open_transports(options.locations)
        seed = open_transport(options.seed) if online and options.seed is not None else None
        async with AsyncExitStack() as closing:
            for transport in [*hosts.values(), *([] if seed is None else [seed])]:
                closing.push_async_callback(transport.close)
            store = SqliteStore(self.path)
            closing.push_async_callback(store.close)
            engine = Engine(
                store,
                hosts,
                self.clock,
                trust=options.trust,
                seed=seed,
                config=options.config,
                policy=options.policy,
                connection=options.connection(),
                emit=emit or self._emit,
                room=partial(disk_room, self.path),
                extra=self._extra,
            )
            result = await work(engine)
            released = self._answering is not None and self._answering.opened.generation.sequence > 0
            later = updating and released and (await engine.policy()).activation == "next-start"
        if self._answering is not None and not later:
            await self._follow()
        return result

    async def sync_or_raise(self, *, force: bool = False, unasked: bool = False) -> Outcome:
        """Have the engine sync; a damaged file is begun anew where what it trusts can be kept. Errors: see `use`."""
        run_engine = partial(self.use, lambda engine: engine.sync(force=force, unasked=unasked), updating=True)
        if not (await self._is_reported() and self._is_damaged()):
            try:
                return await run_engine()
            except StorageError as error:
                if not (error.repairable and self._is_damaged()):
                    raise
        begin_anew(self.path, self.clock.now(), unasked=True)
        return await run_engine()

    async def _is_reported(self) -> bool:
        """Return whether a reader, of whatever process, could not open what is installed."""
        with suppress(VademecumError):  # the sync says why
            async with self._reading() as store:
                return (await HEALTH.read(store)).reads > 0
        return False

    def _is_damaged(self) -> bool:
        with suppress(VademecumError):  # no file, or none of ours
            return file_fault(self.path) is not None
        return False

    async def sync(self, *, force: bool, unasked: bool) -> Outcome:
        """Have the engine sync; what keeps it from that is the outcome's `error`, and an event.

        Raises:
            UsageError: There is nobody to ask.
        """
        started = self.clock.now()
        try:
            return await self.sync_or_raise(force=force, unasked=unasked)
        except UsageError:
            raise
        except VademecumError as error:
            current = None
            with suppress(VademecumError):
                async with self._reading() as store:
                    current = decode_head(await store.read("head")).current
            number, version = (0, "") if current is None else (current.sequence, current.version)
            seconds = (self.clock.now() - started).total_seconds()
            return Outcome(number or None, number, version, "none", error.requests, error.bytes, seconds, error=error)

    async def _follow(self) -> None:
        """Turn to what is installed now, if that is something else than what answers."""
        async with self._reading() as store:
            head = decode_head(await store.read("head"))
            if self._answering is not None and head.current == self._answering.opened.generation:
                searcher = self._answering.searcher
                searcher.own = searcher.own or await self._own_encoder(store, self._answering.opened)
                return
        if self._answering is not None:
            await self.reload()

    async def _read(self) -> tuple[Opened, OwnEncoder | None]:
        """Read what is installed, and what encodes for it in place of its table.

        Another process may flip meanwhile and collect what is being read: once more then.
        """
        async with self._reading() as store:
            while True:
                current = decode_head(await store.read("head")).current
                if current is None:
                    last = (await SYNC.read(store)).error
                    why = "pull a release first" if last is None else f"the last try failed: {last.message}"
                    raise EmptyStoreError(f"{self.path}: nothing is installed yet; {why}")
                try:
                    self.tree = (await SYNC.read(store)).tree
                    opened = await open_generation(store, current)
                    return opened, await self._own_encoder(store, opened)
                except VademecumError as error:
                    if decode_head(await store.read("head")).current == current:
                        await self._report_damage(error)
                        raise

    async def _own_encoder(self, store: Store, opened: Opened) -> OwnEncoder | None:
        """Return the app's encoder for this release; None: there is none, or a sync has to bring what it takes."""
        if self._options.encoder is None:
            return None
        generation = opened.generation
        manifest = manifest_of(generation, await MANIFESTS.read(store))
        ref = None if manifest is None else manifest.encoder.extras.get(self._extra)
        kept = (await store.words(generation.encoder) if ref else None) or b""
        if ref and sha256(kept).hexdigest() != ref.sha256:
            logger.warning(
                "release %d: its own table encodes queries until the next sync brings the %s of %s",
                *(generation.sequence, self._extra, opened.encoder.name),
            )
            return None
        if self._options.encoder == "published":
            return OwnEncoder(run_model(kept), b"", opened) if ref else None
        return OwnEncoder(self._options.encoder, kept, opened)

    async def _load_words(self, opened: Opened) -> list[SegmentWords]:
        """Return the words of its segments: as they are kept, or read now, and kept if that can be."""
        names = opened.generation.segments
        kept: list[SegmentWords | None] = [None] * len(names)
        with suppress(VademecumError):
            async with self._reading() as store:
                kept = [await kept_words(store, name) for name in names]
        missing = [n for n, words in enumerate(kept) if words is None]
        read = {n: read_words(opened.state.segments[n]) for n in missing}
        if read and self.path.exists():
            with suppress(VademecumError):  # another process writes, or the medium cannot be written
                store = SqliteStore(self.path)
                try:
                    for n, words in read.items():
                        await store.keep_words(names[n], encode_words(words, names[n]))
                finally:
                    await store.close()
        return [words or read[n] for n, words in enumerate(kept)]

    async def _undo(self, found: Generation, error: SelfTestError) -> None:
        """Go back from a release that does not work here (any more: this program may be newer than the release).

        No event tells of it: a listener that searches would wait for the very search that found this out.

        Raises:
            SelfTestError: There is no way back, or the store cannot be written.
        """
        try:
            await self.use(lambda engine: engine.refuse_current(error.message, found=found), online=False, emit=ignore)
        except VademecumError as failure:
            raise SelfTestError(f"{error.message}; going back: {failure.message}") from failure

    async def _report_damage(self, error: VademecumError) -> None:
        """Have it counted; where that cannot be written, the caller gets `error` all the same."""
        try:
            await self.use(lambda engine: engine.report_damage(error), online=False)
        except VademecumError as failure:
            logger.debug("the damage could not be noted: %s", failure)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Store]:
        store = SqliteStore(self.path, readonly=True)
        try:
            yield store
        finally:
            await store.close()
