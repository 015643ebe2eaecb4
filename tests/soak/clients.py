"""One client of a history: its store, its clock, what it may show, and the judgement after each of its steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from soak.disks import Disk, End, Fault, MemoryDisk
from soak.lines import QUERIES, Hits, KnowledgeBase, hits_of
from support.app import open_installed, texts_of
from support.in_hand import FixedClock, MemoryTransport
from support.oracle import kept
from support.tally import count
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ContentError, VademecumError
from vademecum.ports import Store
from vademecum.search.searcher import Searcher
from vademecum.store.pointer import Head, decode_head

Act = Callable[[Engine], Awaitable[object]]
NETWORK = frozenset(("network", "server", "content", "signature", "rollback", "expired", "clock", "newer-format"))
"""What a sync may say when the host misbehaves."""


class _Published(Container[bytes]):
    """Trusted files that say what a published one says; a signature in capital digits is the same signature."""

    def __init__(self, files: set[bytes]) -> None:
        self._files = files

    def __contains__(self, file: object) -> bool:
        if file in self._files or not isinstance(file, bytes):
            return file in self._files
        signed = json.loads(file)["signed"]
        return any(json.loads(published)["signed"] == signed for published in self._files)


@dataclass
class Reader:
    """Somebody who has opened a release, and goes on reading it whatever is installed meanwhile."""

    index: Searcher
    hits: Mapping[str, Hits]


@dataclass
class Client:
    """Keeps up with one line.

    Attributes:
        skew: How far the device's clock is off, in hours.
        damaged: Objects that were damaged or deleted in the store by a step of the history.
        headless: The pointer was damaged by a step of the history.
    """

    knowledge: KnowledgeBase
    disk: Disk
    config: Config
    listener_throws: bool = False
    skew: float = 0.0
    damaged: set[str] = field(default_factory=set)
    headless: bool = False
    readers: list[Reader] = field(default_factory=list)
    before: dict[str, bytes] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    head: Head = field(default_factory=Head)

    def engine(self, store: Store, files: Mapping[str, Any]) -> Engine:
        return Engine(
            store,
            MemoryTransport(files),
            FixedClock(self.knowledge.now + timedelta(hours=self.skew)),
            trust=self.knowledge.root,
            config=self.config,
            emit=self._hear,
        )

    def _hear(self, name: str, detail: Mapping[str, Any]) -> None:
        if self.listener_throws:
            raise RuntimeError(f"a listener of {name}")

    async def look(self) -> None:
        """Remember what is there before a step."""
        async with self.disk.open() as store:
            names = [f"trust/{role}.json" for role in ("root", "timestamp", "snapshot", "targets")]
            records = {name: await store.read(name) for name in (*names, "head", "retry")}
            self.before = {name: data for name, data in records.items() if data is not None}
            self.held = frozenset(await store.objects())
        self.head = Head() if self.headless else decode_head(self.before.get("head"))

    async def play(self, act: Act, files: Mapping[str, Any], fault: Fault | None) -> End:
        return await self.disk.play(lambda store: act(self.engine(store, files)), fault)

    # Judgement --------------------------------------------------------------------------------

    async def judge(self, allowed: set[int | None]) -> list[str]:
        """Return what is wrong: the reader's part of the oracle, after a restart.

        Args:
            allowed: The releases that may be installed now; None: nothing.
        """
        async with self.disk.open() as store:
            data = await store.read("head")
            try:
                head = decode_head(data)
            except ContentError:
                return [] if self.headless else ["mixed state: the pointer cannot be read"]
            self.headless = False
            objects = await store.objects()
            sequence = None if head.current is None else head.current.sequence
            await self._forget_damage(store, head)
            found = await kept(store, head, self.before, _Published(self.knowledge.trusted), self.damaged)
            if sequence not in allowed:
                found.append(f"mixed state: release {sequence} is installed, not one of {allowed}")
            found += await self._read(store, head)
            litter = objects.keys() - head.objects - self.held
            bound = 4 * sum(objects[digest] for digest in head.objects & objects.keys()) + 100_000
            if sum(objects[digest] for digest in litter) > bound:
                found.append(f"litter: {len(litter)} new objects that nothing names")
        return found + self._go_on_reading()

    async def _forget_damage(self, store: Store, head: Head) -> None:
        """What was mended, or is no longer named, is expected to be good."""
        for digest in self.damaged & head.objects:
            data = await store.get(digest)
            if data is not None and hashlib.sha256(data).hexdigest() == digest:
                self.damaged.discard(digest)
        self.damaged &= head.objects

    def _rotten(self, head: Head) -> bool:
        """Whether what is installed has rotted since. What a flip leads to works, whatever lies in its dead rows."""
        before, current = self.head.current, head.current
        flipped = before is not None and current is not None and before.sequence != current.sequence
        return current is not None and not flipped and bool(self.damaged & current.objects)

    async def _read(self, store: Store, head: Head) -> list[str]:
        if head.current is None or self._rotten(head):
            return []  # what a reader makes of bits that rot at rest is judged where they are looked for
        sequence = head.current.sequence
        try:
            opened = await open_installed(store)
        except (VademecumError, AssertionError) as error:
            return [f"mixed state: the store does not open: {error}"]
        assert opened is not None
        if sequence not in self.knowledge.truths:
            return [f"unverified read: release {sequence} was never good, and can be read"]
        truth = self.knowledge.truths[sequence]
        if texts_of(opened) != truth.content:
            return [f"mixed state: release {sequence} shows {texts_of(opened)}, not {truth.content}"]
        query = QUERIES[(sequence + len(self.readers)) % len(QUERIES)]
        if hits_of(Searcher(opened), query) != truth.hits(query):
            return [f"mixed state: release {sequence} gives other hits for {query!r} than a fresh index"]
        return []

    async def hold(self) -> bool:
        """Open what is installed, and keep it open; False where there is nothing to read."""
        async with self.disk.open() as store:
            try:
                opened = await open_installed(store)
            except (VademecumError, AssertionError):
                return False
        if opened is None:
            return False
        index = Searcher(opened)
        self.readers = [*self.readers[-1:], Reader(index, {query: hits_of(index, query) for query in QUERIES})]
        return True

    def _go_on_reading(self) -> list[str]:
        return [
            f"mixed state: somebody who was reading gets other hits for {query!r}"
            for reader in self.readers
            for query, hits in reader.hits.items()
            if hits_of(reader.index, query) != hits
        ]

    def count(self, name: str, fault: Fault | None, trouble: str | None, found: list[str]) -> None:
        """Count the step in the table of faults."""
        family = "random histories, " + ("memory" if isinstance(self.disk, MemoryDisk) else "SQLite")
        if fault is not None:
            count(family, name, fault.at, fault.kind, fault.damage, found)
        elif trouble is not None:
            count(family, name, 0, trouble, "-", found)
