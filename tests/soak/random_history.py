"""A random history of one knowledge base and its clients, fully determined by its seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from soak.clients import NETWORK, Act, Client
from soak.disks import End, Fault, MemoryDisk, SqliteDisk
from soak.lines import Built, KnowledgeBase, Simulated, later
from soak.networks import TROUBLES, TroubledHost
from support.storage_faults import DAMAGES, FAULTS
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.store.pointer import decode_head

STEPS = 16
BUILT_EVERY, SQLITE_EVERY = 20, 6
"""Every so many histories are of the real builder; have clients with SQLite files."""


@dataclass
class History:
    """What happened, and what was found.

    Attributes:
        steps: What was done, in words.
        counts: How often each kind of thing happened.
        found: Violations; the first ends the history.
    """

    seed: int
    steps: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)


def play(history: History, folder: Path) -> None:
    """Play one history, and write down what happens. `folder`: an empty one, for files."""
    asyncio.run(_Play(history, folder).run())


class _Play:
    def __init__(self, history: History, folder: Path) -> None:
        self._history = history
        self._random = random = Random(history.seed)
        self._counts = history.counts
        built = history.seed % BUILT_EVERY == BUILT_EVERY - 1
        if built:
            (folder / "line").mkdir()
        self._line: KnowledgeBase = Built(folder / "line") if built else Simulated()
        self._counts["histories"] += 1
        self._counts["of the real builder"] += built
        real = history.seed % SQLITE_EVERY == 0
        self._clients = [
            Client(
                self._line,
                SqliteDisk(folder / f"client {number}") if real and number == 0 else MemoryDisk(),
                self._config(),
                listener_throws=random.random() < 0.25,
            )
            for number in range(random.randint(1, 3))
        ]
        self._counts["on SQLite"] += real

    def _config(self) -> Config:
        random = self._random
        return Config(
            retries=random.choice((0, 0, 2)),
            parallel=1,
            idle_check_age=random.choice((0.0, 86_400.0)),
            max_segments=random.choice((1, 2, 32)),
            min_dead_bytes=random.choice((64, 65_536)),
            max_merged=random.choice((600, 8_388_608)),
        )

    async def run(self) -> None:
        await self._publish(good=True)
        for _ in range(STEPS):
            await self._step()
            if self._history.found:
                return
        await self._end()

    def _say(self, text: str) -> None:
        self._history.steps.append(text)

    async def _step(self) -> None:
        random = self._random
        later(self._line, random.choice((0.0, 0.1, 2.0, 30.0)))
        client = random.choice(self._clients)
        kinds = {
            self._publish_step: 6,
            self._pull: 8,
            self._rollback: 1,
            self._pin: 1,
            self._unpin: 1,
            self._clear: 0.4,
            self._refuse: 0.4,
            self._skew: 0.7,
            self._damage: 2,
            self._damage_record: 0.4,
            self._hold: 1,
            self._busy: 0.4,
        }
        (step,) = random.choices(list(kinds), list(kinds.values()))
        await step(client)
        self._counts["steps"] += 1

    # What the publisher does ------------------------------------------------------------------

    async def _publish(self, *, good: bool = False) -> None:
        """The builder runs a loop of its own, which needs a thread of its own."""
        self._say(await asyncio.to_thread(self._line.publish, self._random, good=good))
        self._counts["releases"] += 1

    async def _publish_step(self, client: Client) -> None:
        if self._random.random() < 0.1:
            await asyncio.to_thread(self._line.sign_again)
            self._say("signed again")
        else:
            await self._publish()

    # What clients do --------------------------------------------------------------------------

    async def _pull(self, client: Client) -> None:
        random = self._random
        force = random.random() < 0.12
        fault = self._fault() if random.random() < 0.5 else None
        trouble = random.choice(TROUBLES) if random.random() < 0.3 else None
        await self._sync(client, force, fault, trouble)
        if fault is not None and random.random() < 0.4:
            await self._sync(client, force, self._fault(), None)

    async def _sync(self, client: Client, force: bool, fault: Fault | None, trouble: str | None) -> None:
        files: Mapping[str, Any] = self._line.files
        if trouble is not None:
            seed = self._random.randrange(1 << 30)
            files = TroubledHost(files, trouble, self._line.pointers, seed)
        await client.look()
        current = client.head.current
        here = None if current is None else current.sequence
        allowed: set[int | None] = {here, self._line.latest}
        if trouble == "old pointer":
            allowed |= {s for s in self._line.truths if here is None or s >= here}
        if client.headless:
            allowed |= {None, *self._line.truths}
        if self._line.latest in self._line.broken and client.head.previous is not None:
            allowed.add(client.head.previous.sequence)
        if self._line.latest in self._line.broken:
            allowed |= {None} if current is None else set()
        name = f"pull{', forced' if force else ''}"

        async def sync(engine: Engine) -> None:
            self._counts[f"by {(await engine.sync(force=force)).plan}"] += 1

        end = await self._act(client, name, sync, allowed, fault, trouble)
        self._expect_sync(client, end, trouble, force=force)

    def _expect_sync(self, client: Client, end: End, trouble: str | None, *, force: bool) -> None:
        """Judge the error of a sync: there is a reason for it, and it is one of that reason's codes."""
        if end.error is None:
            return
        may: set[str] = set()
        if end.struck:
            may |= {"storage", "quota"}
        if trouble is not None:
            may |= NETWORK
        if self._line.latest in self._line.spoiled:
            may.add("content")
        if self._line.latest in self._line.broken:
            may.add("self-test")
        if client.headless:
            may.add("content")
        if client.skew:
            may |= {"expired", "clock", "rollback"}
        if "retry" in client.before and not force:
            may.add("server")
        if end.error.code not in may:
            why = f"{end.error.code}: {end.error}"
            self._history.found.append(f"stuck: a pull that nothing hinders failed with {why}")

    async def _act(
        self,
        client: Client,
        name: str,
        act: Act,
        allowed: set[int | None],
        fault: Fault | None,
        trouble: str | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> End:
        """Make one call with a fault, restart, and judge. `look` has been called."""
        number = self._clients.index(client)
        if trouble is not None:
            files = TroubledHost(self._line.files, trouble, self._line.pointers, self._random.randrange(1 << 30))
        told = f"client {number}: {name}"
        try:
            end = await client.play(act, self._line.files if files is None else files, fault)
        except Exception as error:
            self._say(told)
            self._history.found.append(f"stuck: {name} raised {error!r}")
            raise
        if end.struck and fault is not None:
            told += f", {fault.kind} at operation {fault.at}, {fault.damage}"
            self._counts["storage faults"] += 1
            self._counts["crashes"] += fault.kind == "crash"
        if trouble is not None:
            told += f", host: {trouble}"
            self._counts["network faults"] += 1
        self._counts["restarts"] += 1
        found = await client.judge(allowed)
        self._history.found += found
        client.count(name, fault if end.struck else None, trouble, found)
        self._say(f"{told} -> {'cut off' if end.cut else end.error or 'done'}")
        return end

    async def _local(self, client: Client, name: str, act: Act, allowed: set[int | None], may: set[str]) -> End:
        """Make a call that asks nothing of the host. `may`: the errors that it may have without any fault."""
        fault = self._fault() if self._random.random() < 0.4 else None
        if client.headless:
            may, allowed = {*may, "content"}, {*allowed, None, *self._line.truths}
        if client.damaged:
            may = {*may, "content", "storage", "self-test"}
        end = await self._act(client, name, act, allowed, fault, files={})
        if end.error is not None and end.error.code not in (may | {"storage", "quota"} if end.struck else may):
            self._history.found.append(f"stuck: {name} failed with {end.error.code}: {end.error}")
        self._counts[name.split()[0]] += 1
        return end

    async def _rollback(self, client: Client) -> None:
        await client.look()
        may = set() if client.head.previous is not None else {"empty"}
        await self._local(client, "rollback", lambda engine: engine.rollback(), _either(client), may)

    async def _pin(self, client: Client) -> None:
        await client.look()
        known = [g.sequence for g in (client.head.current, client.head.previous) if g is not None]
        to = self._random.choice([*known, self._line.latest])
        may = set() if to in known else {"usage"}
        await self._local(client, f"pin {to}", lambda engine: engine.pin(to), _either(client), may)

    async def _unpin(self, client: Client) -> None:
        await client.look()
        await self._local(client, "unpin", lambda engine: engine.pin(None), _here(client), set())

    async def _clear(self, client: Client) -> None:
        await client.look()
        end = await self._local(client, "clear", lambda engine: engine.clear(), _here(client) | {None}, set())
        if end == End():
            async with client.disk.open() as store:
                if await store.objects():
                    self._history.found.append("litter: objects are left after clear")

    async def _refuse(self, client: Client) -> None:
        await client.look()
        may = {"empty"} if client.head.previous is None else set()
        allowed = _either(client) | ({None} if client.head.previous is None else set())
        await self._local(client, "refuse", lambda engine: engine.refuse_current("no"), allowed, may)

    async def _skew(self, client: Client) -> None:
        """The device's clock jumps; or is set right."""
        client.skew = 0.0 if client.skew else self._random.choice((-2000.0, -3.0, 3.0, 500.0, 2000.0))
        self._counts["clock jumps"] += 1
        self._say(f"client {self._clients.index(client)}: the clock is {client.skew} hours off")

    async def _damage(self, client: Client) -> None:
        """An object rots, or is lost, at rest."""
        async with client.disk.open() as store:
            objects = await store.objects()
            if not objects:
                return
            await client.look()
            previous = client.head.previous
            likely = () if previous is None else sorted(previous.objects & objects.keys())
            digest = self._random.choice([*sorted(objects), *likely])
            data = await store.get(digest) or b""
            at = self._random.randrange(max(1, len(data)))
            if self._random.random() < 0.7:
                await store.put(digest, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            else:
                await store.discard([digest])
        client.damaged.add(digest)
        self._counts["damaged objects"] += 1
        self._say(f"client {self._clients.index(client)}: object {digest[:12]} is damaged at byte {at}, or lost")
        if self._random.random() < 0.6:
            await self._rollback(client)

    async def _damage_record(self, client: Client) -> None:
        name = self._random.choice(("head", "sync", "health", "retry", "spoiled"))
        async with client.disk.open() as store:
            data = await store.read(name)
            if data is None:
                return
            await store.write({name: self._random.choice((b"", data[: len(data) // 2], b"{" + data))})
            client.headless |= name == "head" and not _readable(await store.read("head"))
        self._counts["damaged records"] += 1
        self._say(f"client {self._clients.index(client)}: the record {name} is damaged")

    async def _hold(self, client: Client) -> None:
        if await client.hold():
            self._counts["readers held"] += 1
            self._say(f"client {self._clients.index(client)}: somebody begins to read, and goes on")

    async def _busy(self, client: Client) -> None:
        """Another process is writing."""
        async with client.disk.open() as store, client.disk.open() as other, other.lock():
            try:
                await client.engine(store, self._line.files).sync(force=True)
                self._history.found.append("mixed state: two writers at once")
            except VademecumError as error:
                if error.code != "busy":
                    self._history.found.append(f"stuck: a busy store says {error.code}: {error}")
        self._counts["busy"] += 1
        self._say(f"client {self._clients.index(client)}: pull while another writes")

    def _fault(self) -> Fault:
        random = self._random
        at = random.randrange(random.choice((6, 25, 60)))
        kind = random.choice(("crash", "crash", "cancel", *FAULTS))
        return Fault(kind, at, random.choice(DAMAGES))

    # The end ----------------------------------------------------------------------------------

    async def _end(self) -> None:
        """Everything is well again: with the next release each client shows it, and holds nothing else."""
        later(self._line, 25)
        await self._publish(good=True)
        for client in [*self._clients, Client(self._line, MemoryDisk(), Config(retries=0))]:
            await self._settle(client)
            if self._history.found:
                return

    async def _settle(self, client: Client) -> None:
        client.skew = 0.0
        await client.look()
        end = End()
        for _ in range(Config().heal_after + 2 if client.headless else 1):
            async with client.disk.open() as store:
                engine = client.engine(store, self._line.files)
                try:
                    if not client.headless:
                        await engine.pin(None)
                    await engine.sync()
                except VademecumError as error:
                    end = End(error)
                else:
                    end = End()
                    break
        self._say(f"at the end: {end.error or 'done'}")
        if end.error is not None:
            self._history.found.append(f"stuck: at the end: {end.error.code}: {end.error}")
        self._history.found += await client.judge({self._line.latest})
        async with client.disk.open() as store:
            needed = decode_head(await store.read("head")).objects
            if frozenset(await store.objects()) - needed:
                self._history.found.append("litter: at the end there still is some")


def _readable(data: bytes | None) -> bool:
    try:
        decode_head(data)
    except VademecumError:
        return False
    return True


def _here(client: Client) -> set[int | None]:
    current = client.head.current
    return {None if current is None else current.sequence}


def _either(client: Client) -> set[int | None]:
    previous = client.head.previous
    return _here(client) | ({previous.sequence} if previous is not None else set())
