"""A client over real HTTP, and a host that does everything wrong; the oracle judges what the client holds after.

Chromium runs most of these tests too: tests/browser/test_network_faults.py.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from support import faulty_pages as host
from support.faulty_pages import HTML, Fault, FaultyPages, Rule, faulty_pages, write_tree
from support.in_hand import FixedClock
from support.oracle import judge_content
from support.scenes import Scene, tiers
from support.tally import count
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ServerError, VademecumError
from vademecum.runtime.http import HttpLimits, HttpTransport
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.update.results import Outcome

QUICK = HttpLimits(connect=5.0, idle=0.4, total=1.2)
PATIENT = HttpLimits(connect=20.0, idle=20.0, total=40.0)
"""For faults that are told at once: a busy machine may take its time."""
TIMESTAMP = "metadata/timestamp.json"
Code = str | None | tuple[str | None, ...]
"""What a sync ends with: the code of an error, or None."""


@dataclass
class Client:
    """A client of `scene` over HTTP, and what it heard."""

    scene: Scene
    folder: Path
    config: Config
    database: MemoryDatabase
    clock: FixedClock
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    error: VademecumError | None = None
    family: ClassVar[str] = "network, over HTTP"

    def sync(self, url: str, limits: HttpLimits = PATIENT, *, force: bool = False) -> Outcome | None:
        """Sync; keep the error."""
        self.error, self.events = None, []
        try:
            return asyncio.run(self._sync(url, limits, force))
        except VademecumError as error:
            self.error = error
            return None

    async def _sync(self, url: str, limits: HttpLimits, force: bool) -> Outcome:
        transport = HttpTransport(url, limits)
        engine = Engine(
            MemoryStore(self.database),
            transport,
            self.clock,
            trust=self.scene.root,
            config=self.config,
            emit=lambda name, detail: self.events.append((name, dict(detail))),
        )
        try:
            return await engine.sync(force=force)
        finally:
            await transport.close()

    def meet(self, script: list[Rule], code: Code, limits: HttpLimits = PATIENT) -> FaultyPages:
        """Sync with a host of this script: it ends with this error, or one of these, and the promise is kept."""
        with self.host(script) as pages:
            self.sync(pages.url, limits)
        assert self.code() in (code if isinstance(code, tuple) else (code,)), self.error
        if self.code() is not None:
            told = dict(self.events)["updateFailed"]
            assert told["code"] == self.code()
            assert self.status()["lastError"]["code"] == self.code()
        found = self.judge()
        point = sum(map(ord, script[0].paths)) if script else 0
        count(self.family, script[0].paths if script else "", point, str(self.code()), "none", found)
        assert not found
        return pages

    def host(self, script: list[Rule]) -> AbstractContextManager[FaultyPages]:
        """Return a host of this script."""
        return faulty_pages(self.folder, *script)

    def judge(self) -> list[str]:
        """Return what the oracle finds in the store."""
        return judge_content(self.scene, self.database.records, self.database.objects)

    def cut_short(self, path: str, code: str) -> Code:
        """Return what a body of this file that breaks off may lead to: `code`, where nothing else is known."""
        return code

    def record(self, name: str) -> bytes:
        return self.database.records[name]

    def slept(self) -> list[float]:
        """Return the waits between tries, in seconds."""
        return self.clock.slept

    def advance(self, seconds: float) -> None:
        """Turn the client's clock on."""
        self.clock.advance(seconds)

    def status(self) -> dict[str, Any]:
        engine = Engine(MemoryStore(self.database), HttpTransport("http://127.0.0.1/"), self.clock)
        return asyncio.run(engine.status())

    def updated(self) -> bool:
        return bool(self.status()["installed"]["sequence"] == 2)

    def code(self) -> str | None:
        return None if self.error is None else self.error.code


SCENE = tiers()


@pytest.fixture
def new_client(tmp_path: Path) -> Callable[..., Client]:
    """Makes clients that have release 1, of a host that has release 2."""
    folder = tmp_path / "site"
    write_tree(folder, SCENE.files)

    def make(**config: Any) -> Client:
        quick = replace(SCENE.config, **{"retries": 0, "parallel": 2, **config})
        return Client(SCENE, folder, quick, SCENE.copy(), FixedClock(SCENE.now.now()))

    return make


@pytest.fixture
def asked(new_client: Callable[..., Client]) -> list[str]:
    """The files that an undisturbed update fetches."""
    client = new_client()
    pages = client.meet([], None)
    assert client.updated()
    paths = [path for path in pages.paths() if path in SCENE.files]
    kinds = {path.partition("/")[0] for path in paths}
    assert kinds == {"metadata", "releases", "objects"}
    return paths


def one_by_one(
    asked: list[str], new_client: Callable[..., Client], fault: Fault, codes: str | Mapping[str, str]
) -> None:
    """The fault meets one file after another."""
    for path in asked:
        kind = path.partition("/")[0]
        client = new_client()
        client.meet([Rule(path, fault)], codes if isinstance(codes, str) else codes[kind])
        assert not client.updated()
        client.meet([], None)
        assert client.updated()


@pytest.mark.fault("B18")
@pytest.mark.parametrize("kind", ["page", "empty", "gzipped page", "other JSON"])
def test_200_with_something_else(asked: list[str], new_client: Callable[..., Client], kind: str) -> None:
    bodies = {
        "page": host.body(HTML),
        "empty": host.body(b""),
        "gzipped page": host.body(gzip.compress(HTML), Content_Encoding="gzip"),
        "other JSON": host.body(b'{"error": "not found"}', Content_Type="application/json"),
    }
    one_by_one(asked, new_client, bodies[kind], "content")


@pytest.mark.fault("B18")
def test_a_captive_portal_for_every_file(new_client: Callable[..., Client]) -> None:
    client = new_client(retries=3)
    pages = client.meet([Rule(".*", host.body(HTML))], "content")
    assert len(set(pages.paths())) == len(pages.paths()) <= 2, "a page is an answer: it is not asked for again"
    client.meet([], None)
    assert client.updated()


@pytest.mark.fault("B19")
def test_404_for_a_fresh_object_passes(asked: list[str], new_client: Callable[..., Client]) -> None:
    for path in asked:
        client = new_client(retries=2)
        pages = client.meet([Rule(path, host.not_found, times=2)], None)
        assert client.updated()
        assert pages.paths().count(path) == 3
        assert len(client.slept()) == 2


@pytest.mark.fault("B19", "B20")
def test_404_that_stays(asked: list[str], new_client: Callable[..., Client]) -> None:
    """Snapshot, targets, manifest or object: the pointer may move on, the old release goes on."""
    for path in asked:
        client = new_client(retries=1)
        pages = client.meet([Rule(path, host.not_found)], "server")
        assert pages.paths().count(path) == 2
        assert not client.updated()
        if path != TIMESTAMP:
            assert client.record("trust/timestamp.json") == SCENE.files[TIMESTAMP]
        client.meet([], None)
        assert client.updated()


HOUR = timedelta(hours=1)


@pytest.mark.fault("B21")
@pytest.mark.parametrize(
    ("code", "asked_for", "shortest", "longest"),
    [
        *((code, None, None, None) for code in (403, 429, 500, 502, 503)),
        *((code, "7200", 2 * HOUR, 2 * HOUR) for code in (403, 429, 500, 502, 503)),
        (503, "soon", None, None),
        (429, "-5", None, None),
        (429, "date", HOUR - timedelta(minutes=10), HOUR),
        (503, "9" * 400, 24 * HOUR, 24 * HOUR),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", 24 * HOUR, 24 * HOUR),
    ],
)
def test_a_busy_host_is_left_alone(
    new_client: Callable[..., Client],
    code: int,
    asked_for: str | None,
    shortest: timedelta | None,
    longest: timedelta | None,
) -> None:
    """Retry-After in seconds, as a date, as garbage: honoured, cut at 24 hours, and kept over a restart."""
    if asked_for == "date":
        asked_for = format_datetime(datetime.now(UTC) + HOUR, usegmt=True)
    headers = {} if asked_for is None else {"Retry_After": asked_for}
    client = new_client()
    client.meet([Rule(TIMESTAMP, host.status(code, **headers))], "server")
    assert isinstance(client.error, ServerError) and client.error.status == code
    if shortest is None or longest is None:
        client.meet([], None)
        assert client.updated()
        return
    client.advance((shortest - timedelta(seconds=1)).total_seconds())
    assert client.meet([], "server").paths() == [], "nothing is asked before the time has come"
    client.advance((longest - shortest).total_seconds() + 1)
    client.meet([], None)
    assert client.updated()


@pytest.mark.fault("B21")
def test_a_short_wait_is_waited_for(asked: list[str], new_client: Callable[..., Client]) -> None:
    for path in asked:
        client = new_client(retries=1)
        client.meet([Rule(path, host.status(503, Retry_After="3"), times=1)], None)
        assert client.slept() == [3.0]
        assert client.updated()


@pytest.mark.fault("B22")
def test_a_body_that_breaks_off_at_any_byte(asked: list[str], new_client: Callable[..., Client]) -> None:
    for path in asked:
        size = len(SCENE.files[path])
        for at in sorted({0, 1, 9, 10, size // 2, size - 1, *range(size // 4, size, size // 4 + 1)}):
            # A proxy's own gzip is shorter than the file, and breaks off earlier.
            packed = len(gzip.compress(SCENE.files[path], 6, mtime=0)) if path.endswith(".json") else size
            client = new_client()
            client.meet([Rule(path, host.drop(min(at, packed - 1)))], client.cut_short(path, "network"))
            assert client.updated() == (client.code() is None)


@pytest.mark.fault("B22")
def test_a_body_that_breaks_off_once_is_fetched_again(asked: list[str], new_client: Callable[..., Client]) -> None:
    for path in asked:
        client = new_client(retries=1)
        pages = client.meet([Rule(path, host.drop(-1), times=1)], None)
        assert client.updated()
        assert pages.paths().count(path) == 2


@pytest.mark.fault("B22")
@pytest.mark.parametrize(
    ("fault", "limits"),
    [(host.stall, QUICK), (host.trickle, replace(PATIENT, idle=0.4)), (host.trickle, replace(PATIENT, total=1.2))],
    ids=["silent", "one byte at a time", "one byte at a time, and patience"],
)
def test_a_host_that_never_finishes(
    asked: list[str], new_client: Callable[..., Client], fault: Fault, limits: HttpLimits
) -> None:
    for path in (asked[0], asked[-1]):
        client = new_client()
        client.meet([Rule(path, fault)], "network", limits)
        assert not client.updated()
        client.meet([], None)
        assert client.updated()


@pytest.mark.fault("B23")
@pytest.mark.parametrize(
    ("change", "code"),
    [(lambda size: None, None), (lambda size: size + 10, "network"), (lambda size: 10**12, "network")],
    ids=["none", "too long", "absurd"],
)
def test_content_length_lies(
    asked: list[str], new_client: Callable[..., Client], change: Callable[[int], int | None], code: str | None
) -> None:
    for path in asked:
        client = new_client()
        client.meet([Rule(path, host.length(change))], code)
        assert client.updated() == (code is None)
        shares = [detail["percentage"] for name, detail in client.events if name == "updateProgress"]
        assert shares == sorted(shares)
        assert all(0 <= share <= 100 for share in shares)


@pytest.mark.fault("B23")
@pytest.mark.parametrize(
    "say",
    [
        lambda size: ["abc"],
        lambda size: ["-5"],
        lambda size: [f"+{size}"],
        lambda size: [""],
        lambda size: ["9" * 400],
        lambda size: [f"{size}, {size}"],
        lambda size: [str(size)] * 2,
        lambda size: [str(size), str(size + 1)],
    ],
    ids=["letters", "negative", "signed", "empty", "400 digits", "list", "twice", "two"],
)
def test_content_length_that_is_no_number_of_bytes(
    asked: list[str], new_client: Callable[..., Client], say: Callable[[int], list[str]]
) -> None:
    """HTTP clients differ: some refuse the answer, some take the body. It ends well, or with an error of ours."""
    client = new_client()
    client.meet([Rule("|".join(asked), host.lengths(say))], ("network", None))
    assert client.updated() == (client.code() is None)
    completed = [detail["bytes"] for name, detail in client.events if name == "updateCompleted"]
    assert len(completed) == client.updated(), "the event is not lost"
    assert all(size > 0 for size in completed)
    client.meet([], None)
    assert client.updated()


@pytest.mark.fault("B23")
def test_content_length_too_short(asked: list[str], new_client: Callable[..., Client]) -> None:
    """What has come is cut there: a wrong digest, JSON or gzip that does not end."""
    for path in asked:
        client = new_client()
        client.meet([Rule(path, host.length(lambda size: size - 1))], client.cut_short(path, "content"))
        assert client.updated() == (client.code() is None)
        client.meet([], None)
        assert client.updated()


@pytest.mark.fault("B24")
def test_ranges_are_never_asked_for_nor_taken(asked: list[str], new_client: Callable[..., Client]) -> None:
    client = new_client(retries=1)
    pages = client.meet([Rule(asked[-1], host.drop(5), times=1)], None)
    assert client.updated()
    assert not any("Range" in headers for _, headers in pages.asked)
    for status in (206, 416):
        one_by_one(asked, new_client, host.status(status), "server")


@pytest.mark.fault("A10")
def test_endless_bodies(asked: list[str], new_client: Callable[..., Client]) -> None:
    one_by_one(asked, new_client, host.endless, "content")


@pytest.mark.fault("A11")
def test_decompression_bombs(asked: list[str], new_client: Callable[..., Client]) -> None:
    bomb = gzip.compress(bytes(20_000_000), 9, mtime=0)
    header = bytes.fromhex("1f8b08000000000002ff")
    one_by_one(asked, new_client, host.body(bomb, Content_Encoding="gzip"), "content")
    one_by_one(asked, new_client, host.body(header + bomb[10:]), "content")


@pytest.mark.fault("A9")
def test_the_right_name_and_the_wrong_bytes(asked: list[str], new_client: Callable[..., Client]) -> None:
    objects = [path for path in SCENE.files if path.startswith("objects/")]
    for path in (path for path in asked if path.startswith("objects/")):
        for other in objects:
            if other != path:
                client = new_client()
                pages = client.meet([Rule(path, host.body(SCENE.files[other]))], "content")
                assert pages.paths().count(path) == 2, "once more past all caches"
                assert not client.updated()


@pytest.mark.fault("A9", "B25")
def test_a_stale_cache_on_the_way_is_gone_past(asked: list[str], new_client: Callable[..., Client]) -> None:
    """A proxy keeps wrong bytes, and gives them to all who do not ask past it."""
    client = new_client()
    pages = client.meet([Rule("objects/.*|releases/.*", host.body(b"stale"), unless_fresh=True)], None)
    assert client.updated()
    assert all(
        "no-cache" in headers["Cache-Control"] and "no-store" in headers["Cache-Control"]
        for path, headers in pages.asked
        if path == TIMESTAMP
    )


@pytest.mark.fault("A4", "B25")
def test_the_old_pointer_for_ever(new_client: Callable[..., Client]) -> None:
    """A mirror that stays behind: nothing is installed, nothing is lowered, and it can catch up."""
    old = SCENE.database.records["trust/timestamp.json"]
    client = new_client()
    client.meet([Rule(TIMESTAMP, host.body(old))], None)
    assert not client.updated()
    client.meet([], None)
    assert client.updated()
    client.meet([Rule(TIMESTAMP, host.body(old))], None)
    assert client.updated()
    assert client.events == [], "older, and signed well: no failure, and no event"
    assert client.status()["staleSince"] is not None
    client.advance(40 * 86_400)
    # Which of the two depends on today's date, which the host tells.
    client.meet([Rule(TIMESTAMP, host.body(old))], ("expired", "clock"))
    assert client.updated()


@pytest.mark.fault("A8", "B20")
def test_a_new_pointer_with_old_metadata(asked: list[str], new_client: Callable[..., Client]) -> None:
    """A deployment that is half done: the old files stand under the new names."""
    olds = {
        "snapshot": SCENE.database.records["trust/snapshot.json"],
        "targets": SCENE.database.records["trust/targets.json"],
    }
    for role, old in olds.items():
        client = new_client()
        client.meet([Rule(rf"metadata/\d+\.{role}\.json", host.body(old))], "content")
        assert not client.updated()
        client.meet([], None)
        assert client.updated()


@pytest.mark.fault("B26", "B27")
def test_no_connection(new_client: Callable[..., Client]) -> None:
    """Nobody listens, somebody hangs up, somebody speaks no TLS; the next try is judged by what comes."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = new_client()
        client.sync(f"http://127.0.0.1:{taken.getsockname()[1]}/kb/")
        assert client.code() == "network"
    client.meet([Rule(".*", host.hang_up)], "network")
    with faulty_pages(client.folder) as pages:
        client.sync(pages.url.replace("http://", "https://"))
        assert client.code() == "network"
    assert not client.updated()
    client.meet([], None)
    assert client.updated()


@pytest.mark.fault("B26")
def test_redirections(asked: list[str], new_client: Callable[..., Client]) -> None:
    client = new_client()
    with faulty_pages(client.folder) as other:
        moved = [Rule(path, host.status(302, Location=f"{other.url}{path}")) for path in asked]
        client.meet(moved, None)
        assert client.updated()
    circle = new_client()
    pages = circle.meet([Rule(TIMESTAMP, host.status(302, Location="timestamp.json"))], "server")
    assert len(pages.paths()) == 4
    assert not circle.updated()
