"""The public face on CPython: one class, synchronous and asynchronous over the same engine."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from vademecum.config import Config
from vademecum.doctor import Diagnosis, diagnose, treat
from vademecum.engine import Check, Engine, Outcome
from vademecum.errors import EmptyStoreError, SelfTestError, UsageError, VademecumError
from vademecum.events import ignore
from vademecum.generation.opened import Opened, open_generation
from vademecum.integrity.scrub import Looked, ignore_looks
from vademecum.ports import Clock, Emit, Store, Transport
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.locations import disk_room, open_transport, open_transports
from vademecum.runtime.loop import run
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.search.results import DocumentView, Hit, view_document
from vademecum.search.vectors import MOST_HITS, Index
from vademecum.store.pointer import Generation, decode_head

Listener = Callable[[Mapping[str, Any]], None]
T = TypeVar("T")
logger = logging.getLogger("vademecum")

EVENTS = (
    "updateAvailable",
    "updateStarted",
    "updateProgress",
    "updateCompleted",
    "updateFailed",
    "rolledBack",
    "corruption",
)


class KnowledgeBase:
    """A local, searchable copy of a published knowledge base.

    Open one with `KnowledgeBase.open`. Reading never needs the network. An open knowledge base goes on
    answering from the generation it has read, until `sync`, `rollback` or `reload` brings another.
    May be shared between threads.
    """

    def __init__(
        self,
        path: Path,
        *,
        locations: Sequence[str],
        trust: bytes | None,
        config: Config,
        clock: Clock,
        seed: str | None = None,
    ) -> None:
        self._path = path
        self._locations = tuple(locations)
        self._trust = trust
        self._config = config
        self._clock = clock
        self._seed = seed
        self._listeners: dict[str, list[Listener]] = {name: [] for name in EVENTS}
        self._lock = threading.Lock()
        self._index: tuple[Generation, Index, Any] | None = None

    @classmethod
    def open(
        cls,
        store: str | Path,
        *,
        url: str | Path | Sequence[str | Path] | None = None,
        trust: bytes | str | Path | None = None,
        seed: str | Path | None = None,
        config: Config | None = None,
    ) -> KnowledgeBase:
        """Open a knowledge base. Nothing is read or written yet.

        Args:
            store: Path of the local database file; made by the first `sync`.
            url: The published tree: `https://...` or a local folder; or a list of mirrors of it, the preferred one
                first. Not needed to search.
            trust: The root metadata that the app ships: its bytes, its JSON text, or the path of the file.
                Without it the first root that the host shows is pinned (trust on first use).
            seed: A published tree that the app ships, as a folder: what `sync` installs where it is newer than
                what is installed, network or not.

        Raises:
            UsageError: `trust` names a file that cannot be read.
        """
        urls = [] if url is None else [url] if isinstance(url, str | Path) else url
        return cls(
            Path(store),
            locations=[str(location) for location in urls],
            trust=_root_bytes(trust),
            config=config or Config(),
            clock=SystemClock(),
            seed=None if seed is None else str(seed),
        )

    # Keeping it current -----------------------------------------------------------------------

    def sync(self, *, force: bool = False) -> Outcome:
        """Check, download, verify and install; return what happened. Errors: see `Engine.sync`."""
        return run(self.sync_async(force=force))

    async def sync_async(self, *, force: bool = False) -> Outcome:
        return await self._with_engine(lambda engine: engine.sync(force=force))

    def check(self) -> Check:
        """Ask the host for news, without installing anything. Errors: see `Engine.check`."""
        return run(self.check_async())

    async def check_async(self) -> Check:
        return await self._with_engine(lambda engine: engine.check())

    def rollback(self) -> Generation:
        """Go back to the generation before. Errors: see `Engine.rollback`."""
        return run(self.rollback_async())

    async def rollback_async(self) -> Generation:
        return await self._with_engine(lambda engine: engine.rollback(), online=False)

    def pin(self, sequence: int | None) -> None:
        """Stay at a release; None follows the channel again. Errors: see `Engine.pin`."""
        run(self.pin_async(sequence))

    async def pin_async(self, sequence: int | None) -> None:
        await self._with_engine(lambda engine: engine.pin(sequence), online=False)

    def status(self) -> dict[str, Any]:
        """Return what is installed and what is known of the channel; no request is made.

        Raises:
            EmptyStoreError: There is no store yet.
            StorageError: The file cannot be read, or is not a store.
        """
        return run(self.status_async())

    async def status_async(self) -> dict[str, Any]:
        async with self._reading() as store:
            engine = Engine(store, _Offline(), self._clock, config=self._config)
            return await engine.status()

    def doctor(self, *, repair: bool = True, looked: Looked = ignore_looks) -> Diagnosis:
        """Examine the store whole, and mend what is broken with as little as it takes.

        Args:
            repair: Mend; needs a url. Without, nothing is written.
            looked: Called with the bytes of objects read so far, and those there are.

        Raises:
            EmptyStoreError, NotAStoreError, NewerFormatError: There is no store of ours that could be examined.
            StorageError: It cannot be opened, and not because it is damaged.
        """
        return run(self.doctor_async(repair=repair, looked=looked))

    async def doctor_async(self, *, repair: bool = True, looked: Looked = ignore_looks) -> Diagnosis:
        now = self._clock.now()
        if not repair or not self._locations:
            return Diagnosis(await diagnose(self._path, now, looked))
        return await treat(self._path, now, looked, self._with_engine)

    # Reading ----------------------------------------------------------------------------------

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return the best hits for the query, best first, from the installed generation.

        Raises:
            EmptyStoreError: Nothing is installed yet.
            UsageError: A limit that is not from 1 to 1,000.
            StorageError, ContentError: The store cannot be read or is damaged.
        """
        if not 1 <= limit <= MOST_HITS:
            raise UsageError(f"limit must be from 1 to {MOST_HITS}, not {limit}")
        return self._opened()[1].search(query, limit)

    async def search_async(self, query: str, limit: int = 10) -> list[Hit]:
        """The same in a thread: the event loop goes on meanwhile. Errors: see `search`."""
        return await asyncio.to_thread(self.search, query, limit)

    def document(self, key: str) -> DocumentView | None:
        """Return a whole document as it was indexed, or None if the release has none of that key."""
        return view_document(self._opened()[2], key)

    @property
    def release(self) -> Generation:
        """The generation that answers."""
        return self._opened()[0]

    def reload(self) -> None:
        """Answer from what the store holds now, for example after another process has updated it."""
        run(self._load(reload=True))

    # Events -----------------------------------------------------------------------------------

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the details of each such event; return a function that ends that.

        Raises:
            UsageError: There is no such event.
        """
        if event not in self._listeners:
            raise UsageError(f"no event {event!r}; there are: {', '.join(EVENTS)}")
        self._listeners[event].append(listener)
        return lambda: self.off(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling `listener`; one that was never added is passed over."""
        if listener in self._listeners.get(event, []):
            self._listeners[event].remove(listener)

    def close(self) -> None:
        """Let go of the generation in memory."""
        self._index = None

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Inner workings ---------------------------------------------------------------------------

    def _opened(self) -> tuple[Generation, Index, Any]:
        with self._lock:
            if self._index is None:
                run(self._load())
            assert self._index is not None
            return self._index

    async def _load(self, *, reload: bool = False) -> None:
        if self._index is not None and not reload:
            return
        while True:
            opened = await self._read()
            try:
                opened.self_test()
            except SelfTestError as error:
                await self._undo(opened.generation, error)
            else:
                break
        self._index = (opened.generation, Index(opened), opened)

    async def _read(self) -> Opened:
        """Read what is installed. Another process may flip meanwhile and collect what is being read: once more then."""
        async with self._reading() as store:
            while True:
                current = decode_head(await store.read("head")).current
                if current is None:
                    raise EmptyStoreError(f"{self._path}: nothing is installed yet; pull a release first")
                try:
                    return await open_generation(store, current)
                except VademecumError as error:
                    if decode_head(await store.read("head")).current == current:
                        await self._report_damage(error)
                        raise

    async def _undo(self, found: Generation, error: SelfTestError) -> None:
        """Go back from a release that does not work here (any more: this program may be newer than the release).

        No event tells of it: a listener that searches would wait for the very search that found this out.

        Raises:
            SelfTestError: There is no way back, or the store cannot be written.
        """
        try:
            await self._with_engine(
                lambda engine: engine.refuse_current(error.message, found=found), online=False, emit=ignore
            )
        except VademecumError as failure:
            raise SelfTestError(f"{error.message}; going back: {failure.message}") from failure

    async def _report_damage(self, error: VademecumError) -> None:
        """Have it counted; where that cannot be written, the caller gets `error` all the same."""
        try:
            await self._with_engine(lambda engine: engine.report_damage(error), online=False)
        except VademecumError as failure:
            logger.debug("the damage could not be noted: %s", failure)

    async def _with_engine(
        self, use: Callable[[Engine], Awaitable[T]], *, online: bool = True, emit: Emit | None = None
    ) -> T:
        if online and not self._locations:
            raise UsageError("this knowledge base was opened without a url: there is nothing to sync with")
        hosts: Mapping[str, Transport] = open_transports(self._locations) or {"": _Offline()}
        seed = open_transport(self._seed) if online and self._seed is not None else None
        async with AsyncExitStack() as closing:
            for transport in [*hosts.values(), *([] if seed is None else [seed])]:
                closing.push_async_callback(transport.close)
            store = SqliteStore(self._path)
            closing.push_async_callback(store.close)
            engine = Engine(
                store,
                hosts,
                self._clock,
                trust=self._trust,
                seed=seed,
                config=self._config,
                emit=emit or self._emit,
                room=partial(disk_room, self._path),
            )
            result = await use(engine)
        if self._index is not None:
            await self._follow()
        return result

    async def _follow(self) -> None:
        """Turn to what is installed now, if that is something else than what answers."""
        async with self._reading() as store:
            head = decode_head(await store.read("head"))
        if self._index is not None and head.current != self._index[0]:
            await self._load(reload=True)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Store]:
        store = SqliteStore(self._path, readonly=True)
        try:
            yield store
        finally:
            await store.close()

    def _emit(self, event: str, detail: Mapping[str, Any]) -> None:
        for listener in tuple(self._listeners[event]):
            try:
                listener(detail)
            except Exception:  # the others are called all the same
                logger.exception("a listener of %s failed", event)


class _Offline:
    """The transport of a knowledge base without a url: it is never asked."""

    async def fetch(self, path: str, **_: Any) -> Any:
        raise UsageError(f"{path}: this knowledge base was opened without a url")

    async def close(self) -> None:
        """There is nothing to let go of."""


def _root_bytes(trust: bytes | str | Path | None) -> bytes | None:
    if trust is None or isinstance(trust, bytes):
        return trust
    if isinstance(trust, str) and trust.lstrip().startswith("{"):
        return trust.encode()
    try:
        return Path(trust).read_bytes()
    except OSError as error:
        raise UsageError(f"trust: cannot read {trust}: {error.strerror}") from error
