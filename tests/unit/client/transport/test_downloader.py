"""Getting files from a host that may fail. Time is the fixed clock's: nothing here waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.drive import drive
from support.in_hand import FixedClock
from support.objects import deflate
from support.publisher import NOW
from vademecum.config import Config
from vademecum.errors import ContentError, NetworkError, ServerError, VademecumError
from vademecum.format.objects import ObjectRef
from vademecum.ports import Body, Progress
from vademecum.transport.downloader import Downloader, at_once, in_parallel

CONFIG = Config(retries=3, backoff=1.0, longest_wait=10.0)
REF, FILE = deflate(b"the content of an object" * 10)


class Script:
    """A transport that answers each path with one thing after another; the last one stays."""

    def __init__(self, answers: Mapping[str, list[bytes | VademecumError]]) -> None:
        self._answers = {path: iter(self._forever(list(answer))) for path, answer in answers.items()}
        self.requests: list[tuple[str, bool]] = []

    @staticmethod
    def _forever(answers: list[bytes | VademecumError]) -> Iterator[bytes | VademecumError]:
        yield from answers
        while True:
            yield answers[-1]

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        self.requests.append((path, fresh))
        answer = next(self._answers[path])
        if isinstance(answer, VademecumError):
            raise answer
        if len(answer) > limit:
            raise ContentError(f"more than {limit}")
        if progress is not None:
            progress(len(answer))
        return Body(answer, len(answer) + 5)

    async def close(self) -> None:
        pass


class Run:
    """A downloader over a script, with its clock."""

    def __init__(self, *answers: bytes | VademecumError, jitter: float = 0.5, config: Config = CONFIG) -> None:
        self.transport = Script({"x": list(answers), REF.path: list(answers)})
        self.clock = FixedClock(NOW, jitter)
        self.downloader = Downloader(self.transport, self.clock, config)

    def fetch(self, limit: int = 100) -> bytes:
        return drive(self.downloader.fetch("x", limit))

    def fetch_or_absent(self) -> bytes | None:
        return drive(self.downloader.fetch_or_absent("x", 100))

    def fetch_object(self) -> bytes:
        return drive(self.downloader.fetch_object(REF))


OFF = NetworkError("no answer")


def status(code: int, retry_after: float | None = None) -> ServerError:
    return ServerError(f"status {code}", code, retry_after)


def test_what_comes_is_counted() -> None:
    run = Run(b"hello")
    assert run.fetch() == b"hello"
    assert (run.downloader.requests, run.downloader.bytes, run.clock.slept) == (1, 10, [])


def test_waits_double_up_to_a_bound() -> None:
    run = Run(status(500), config=Config(retries=6, backoff=1.0, longest_wait=10.0))
    with pytest.raises(ServerError):
        run.fetch()
    assert run.clock.slept == [1, 2, 4, 8, 10, 10]
    assert run.downloader.requests == 7


@pytest.mark.fault("B26")
def test_who_is_offline_is_told_soon() -> None:
    """A host that has answered nothing in this run is asked twice: somebody waits for the search behind it."""
    run = Run(OFF, OFF, b"never")
    with pytest.raises(NetworkError):
        run.fetch()
    assert (run.downloader.requests, run.clock.slept) == (2, [1.0])


@pytest.mark.parametrize("heard", [b"hello", status(503), ContentError("no data")])
def test_what_breaks_off_is_tried_longer(heard: bytes | VademecumError) -> None:
    run = Run(heard, OFF, OFF, b"ok")
    with suppress(ContentError):
        run.fetch()
    assert run.fetch() == b"ok"


class Slow(Script):
    """A host that breaks off each answer after so many seconds, and so many bytes."""

    def __init__(self, clock: FixedClock, seconds: float, received: int) -> None:
        super().__init__({"x": [OFF]})
        self.clock, self.seconds, self.received = clock, seconds, received

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        assert progress is not None
        if self.received:
            progress(self.received)
        self.clock.advance(self.seconds)
        return await super().fetch(path, limit=limit, fresh=fresh)


@pytest.mark.fault("B22")
@pytest.mark.parametrize(("seconds", "received", "requests"), [(30.0, 0, 1), (30.0, 1, 4), (0.1, 0, 4)])
def test_a_host_that_never_answers_is_waited_for_once(seconds: float, received: int, requests: int) -> None:
    """It has shown its metadata. Five waits of half a minute each are no patience but a page that hangs."""
    run = Run(OFF)
    host = Slow(run.clock, seconds, received)
    downloader = Downloader(host, run.clock, CONFIG)
    downloader.mirrors.turns()[0].heard = True
    with pytest.raises(NetworkError):
        drive(downloader.fetch("x", 100))
    assert len(host.requests) == requests


@pytest.mark.parametrize(("jitter", "waits"), [(0.0, [0.5, 1.0]), (0.99, [1.49, 2.98])])
def test_waits_are_jittered(jitter: float, waits: list[float]) -> None:
    run = Run(status(500), status(500), b"ok", jitter=jitter)
    assert run.fetch() == b"ok"
    assert run.clock.slept == pytest.approx(waits)


@pytest.mark.parametrize("code", [404, 408, 425, 429, 500, 502, 503, 504])
def test_statuses_that_may_pass_are_tried_again(code: int) -> None:
    run = Run(status(code), b"ok")
    assert run.fetch() == b"ok"


@pytest.mark.parametrize("code", [301, 400, 401, 403, 410, 501])
def test_other_statuses_are_not(code: int) -> None:
    run = Run(status(code), b"ok")
    with pytest.raises(ServerError):
        run.fetch()
    assert run.downloader.requests == 1


def test_a_host_may_ask_for_a_longer_wait() -> None:
    run = Run(status(503, 7.0), status(503, 0.1), b"ok")
    assert run.fetch() == b"ok"
    assert run.clock.slept == [7.0, 2.0]


def test_too_long_a_wait_ends_the_run() -> None:
    run = Run(status(503, 11.0), b"ok")
    with pytest.raises(ServerError) as caught:
        run.fetch()
    assert caught.value.retry_after == 11.0
    assert run.clock.slept == []


def test_wrong_content_is_not_tried_again_as_it_is() -> None:
    run = Run(b"too long", b"ok")
    with pytest.raises(ContentError):
        run.fetch(limit=4)
    assert run.downloader.requests == 1


@pytest.mark.parametrize("code", [403, 404])
def test_absence_is_an_answer(code: int) -> None:
    run = Run(status(code))
    assert run.fetch_or_absent() is None
    assert run.transport.requests == [("x", True)]


@pytest.mark.parametrize("trouble", [OFF, status(503)])
def test_absence_after_trouble_is_an_answer_too(trouble: VademecumError) -> None:
    assert Run(trouble, status(404)).fetch_or_absent() is None
    assert Run(trouble, b"here").fetch_or_absent() == b"here"


@pytest.mark.parametrize("trouble", [OFF, status(503), status(500)])
def test_lasting_trouble_is_no_absence(trouble: VademecumError) -> None:
    run = Run(trouble)
    with pytest.raises(type(trouble)):
        run.fetch_or_absent()
    assert run.downloader.requests == (2 if trouble is OFF else 4)


def test_objects_are_verified() -> None:
    assert Run(FILE).fetch_object() == b"the content of an object" * 10


def test_wrong_objects_are_asked_for_once_more_past_the_caches() -> None:
    run = Run(b"stale", FILE)
    assert run.fetch_object() == b"the content of an object" * 10
    assert run.transport.requests == [(REF.path, False), (REF.path, True)]
    wrong = Run(b"stale")
    with pytest.raises(ContentError):
        wrong.fetch_object()
    assert len(wrong.transport.requests) == 2


def test_plain_files_likewise() -> None:
    ref = ObjectRef(REF.sha256, REF.uncompressed, REF.uncompressed)
    run = Run(b"stale", b"the content of an object" * 10)
    assert drive(run.downloader.fetch_plain("x", ref)) == b"the content of an object" * 10
    assert run.transport.requests == [("x", False), ("x", True)]
    with pytest.raises(ContentError, match=r"^x: "):
        drive(Run(b"stale").downloader.fetch_plain("x", ref))


@pytest.mark.parametrize("ref", [ObjectRef("a" * 64, 11, 5), ObjectRef("a" * 64, 5, 11)])
def test_huge_objects_are_not_even_asked_for(ref: ObjectRef) -> None:
    run = Run(FILE, config=Config(max_object=10))
    with pytest.raises(ContentError, match="more than 10"):
        drive(run.downloader.fetch_object(ref))
    assert run.downloader.requests == 0


# Several at a time ------------------------------------------------------------------------------

REFS = [ObjectRef(f"{number:064x}", 1, 1) for number in range(10)]


def test_no_more_than_so_many_at_a_time() -> None:
    running = most = 0
    done: list[ObjectRef] = []

    async def work(ref: ObjectRef) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done.append(ref)

    drive(in_parallel(REFS, 3, work))
    assert (most, len(done)) == (3, 10)


def test_the_first_error_ends_the_rest() -> None:
    ended: list[str] = []

    async def work(ref: ObjectRef) -> None:
        try:
            if ref == REFS[1]:
                raise NetworkError("gone")
            for _ in range(100):
                await asyncio.sleep(0)
            ended.append("finished")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(NetworkError):
        drive(in_parallel(REFS, 3, work))
    assert set(ended) == {"cancelled"}
    assert len(ended) < len(REFS) - 1, "only those under way: most never began"


def test_a_cancellation_reaches_all() -> None:
    cancelled = 0

    async def work(ref: ObjectRef) -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    async def main(run: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(run())
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    drive(main(lambda: in_parallel(REFS, 4, work)))
    assert cancelled == 4


@pytest.mark.fault("E61")
def test_large_objects_come_one_after_another() -> None:
    config = Config(parallel=6, max_on_the_way=100)
    small = ObjectRef("1" * 64, 1, 1)
    for size, most in {1: 6, 5: 6, 10: 5, 25: 2, 50: 1, 1000: 1}.items():
        assert at_once([small, ObjectRef("0" * 64, size, size)], config) == most
    assert at_once([], config) == 6


def test_the_time_that_counts_is_the_latest_that_the_host_told() -> None:
    """A cache answers with the Date of long ago."""

    class Dated(Script):
        async def fetch(self, path: str, **more: Any) -> Body:
            return replace(await super().fetch(path, **more), host_time=times.pop(0))

    times = [NOW, NOW - timedelta(days=300), None]
    downloader = Downloader(Dated({"x": [b""]}), FixedClock(NOW), CONFIG)
    for _ in range(3):
        drive(downloader.fetch("x", 1))
        assert downloader.host_time == NOW
