"""An app over the ports in memory: one store, one host, one clock, and the events that the app hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.drive import drive
from support.faults import Fuse, FusedTransport
from support.in_hand import FixedClock, MemoryTransport
from support.publisher import NOW, Publisher
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.generation.opened import Opened, open_generation
from vademecum.policy import Policy
from vademecum.ports import Emit, Permission, Store, always
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.pointer import Generation, Head, decode_head
from vademecum.update.results import Check, Outcome

Event = tuple[str, Mapping[str, Any]]


@dataclass
class Host(Mapping[str, bytes | VademecumError]):
    """What the host answers: the published files, but for some trouble.

    Attributes:
        broken: What it answers instead, every time.
        hiccups: What it answers instead, once.
    """

    files: Mapping[str, bytes]
    broken: dict[str, bytes | VademecumError] = field(default_factory=dict)
    hiccups: dict[str, VademecumError] = field(default_factory=dict)

    def __getitem__(self, path: str) -> bytes | VademecumError:
        if path in self.hiccups:
            return self.hiccups.pop(path)
        return self.broken[path] if path in self.broken else self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter({*self.files, *self.broken})

    def __len__(self) -> int:
        return len({*self.files, *self.broken})


@dataclass
class App:
    """Everything that one test needs. Each call opens the store anew, as a new process would.

    Attributes:
        seed: The files of a tree that the app ships, if it ships one.
        permission: Whether another object may be downloaded now.
        policy: What is done unasked; None: the engine's defaults.
        requests: What the last call asked the host for.
        events: What the last call announced.
    """

    publisher: Publisher
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    config: Config = field(default_factory=Config)
    requests: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    seed: Mapping[str, bytes | VademecumError] | None = None
    permission: Permission = always
    policy: Policy | None = None

    @classmethod
    def holding(cls, *releases: Any) -> App:
        """Return an app that has installed these releases, each as it was published, and does not wait for hosts."""
        app = cls(Publisher(), config=Config(retries=0))
        for documents in releases:
            app.publisher.publish(documents)
            app.sync()
        return app

    def __post_init__(self) -> None:
        self.host = Host(self.publisher.files)

    def engine(self, store: Store | None = None, fuse: Fuse | None = None, listener: Emit | None = None) -> Engine:
        """Return an engine over this database, or over `store`; `fuse` counts the requests."""
        transport = MemoryTransport(self.host)
        self.requests, self.events = transport.requests, []
        return Engine(
            store or MemoryStore(self.database),
            transport if fuse is None else FusedTransport(transport, fuse),
            self.clock,
            trust=self.publisher.first_root,
            seed=None if self.seed is None else MemoryTransport(self.seed),
            config=self.config,
            policy=self.policy,
            emit=listener or self._hear,
            permission=self.permission,
        )

    def _hear(self, name: str, detail: Mapping[str, Any]) -> None:
        self.events.append((name, dict(detail)))

    def sync(self, *, force: bool = False, unasked: bool = False) -> Outcome:
        return drive(self.engine().sync(force=force, unasked=unasked))

    def check(self) -> Check:
        return drive(self.engine().check())

    def rollback(self) -> Generation:
        return drive(self.engine().rollback())

    def refuse_current(self) -> Generation:
        return drive(self.engine().refuse_current("the reader says so"))

    def pin(self, sequence: int | None) -> None:
        drive(self.engine().pin(sequence))

    def clear(self) -> None:
        drive(self.engine().clear())

    def status(self) -> dict[str, Any]:
        heard = self.requests, self.events
        status = drive(self.engine().status())
        assert (self.requests, self.events) == ([], []), "a status is read from the store alone"
        self.requests, self.events = heard
        return status

    @property
    def objects(self) -> list[str]:
        """The objects that the last call asked for."""
        return [path for path in self.requests if path.startswith("objects/")]

    @property
    def head(self) -> Head:
        return decode_head(self.database.records.get("head"))

    @property
    def sequence(self) -> int | None:
        return None if self.head.current is None else self.head.current.sequence

    def content(self) -> dict[str, list[str]]:
        """What a reader sees offline: the texts of each document; self-tested on the way."""
        return drive(read_content(MemoryStore(self.database)))

    def names(self) -> list[str]:
        """The events of the last call; progress told once a stage."""
        names: list[str] = []
        for name, detail in self.events:
            told = f"{name} {detail['stage']}" if name == "updateProgress" else name
            if names[-1:] != [told]:
                names.append(told)
        return names

    def detail(self, event: str) -> Mapping[str, Any]:
        """The details of the one such event of the last call."""
        (detail,) = [detail for name, detail in self.events if name == event]
        return detail


def texts(*chunks: str, **more: Any) -> dict[str, Any]:
    return {"chunks": list(chunks), **more}


def shown(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what a reader sees of these documents: the texts of each, by key."""
    return {key: document["chunks"] for key, document in documents.items()}


async def read_content(store: Store) -> dict[str, list[str]]:
    """Return what a reader sees offline, after the checks that a reader makes."""
    opened = await open_installed(store)
    return {} if opened is None else texts_of(opened)


async def open_installed(store: Store) -> Opened | None:
    """Open what is installed, offline, with the checks that a reader makes; None: nothing is."""
    current = decode_head(await store.read("head")).current
    if current is None:
        return None
    opened = await open_generation(store, current)
    opened.self_test()
    assert opened.state.digest() == current.digest, "it is not the signed state"
    return opened


def texts_of(opened: Opened) -> dict[str, list[str]]:
    content: dict[str, list[str]] = {}
    for key, (index, row) in opened.state.documents.items():
        places = [opened.state.chunks[chunk] for chunk in opened.state.segments[index].document(row).chunks]
        content[key.decode()] = [opened.state.segments[i].chunk(j).text for i, j in places]
    return content
