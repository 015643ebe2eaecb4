"""Pages of a rendered site, read ahead by one process per processor: such a page depends only on its bytes and on what
is known of the site.

Each process runs this module, and is given the reader and then pages, pickled. `multiprocessing` would run the
caller's own program again, or fork a process that has threads.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, NamedTuple

from vademecum_builder.sources.base import SourceItem
from vademecum_builder.stages.documents import DocumentReader, PlacedPages, SitePages
from vademecum_builder.stages.parsed import Outcome, parse

LEAST = 300
"""Pages; with fewer, everything is read before the processes have started."""
MOST_PROCESSES = 8
_BATCH = 16
_SIZE = 8


class ReadItem(NamedTuple):
    """An item, the digest that the caller gave with it, and the outcome of reading it."""

    item: SourceItem
    digest: str
    outcome: Outcome


class Ahead:
    """Reads items and gives them back in the same order, some later than others are given.

    Args:
        reader: Makes documents of the items.
        sequence: Of the release that is being made.
        expected: About how many items there are.
    """

    def __init__(self, reader: DocumentReader, sequence: int, expected: int) -> None:
        self._reader, self._sequence = reader, sequence
        count = min(_processors(), MOST_PROCESSES)
        is_pure = isinstance(reader, PlacedPages) and isinstance(reader.inner, SitePages)
        self._count = count if is_pure and count > 1 and expected >= LEAST else 0
        self._idle: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        self._started: list[subprocess.Popen[bytes]] = []
        self._batch: list[tuple[SourceItem, str]] = []
        self._asked: deque[tuple[list[tuple[SourceItem, str]], Future[list[Outcome]]]] = deque()
        self._threads = ThreadPoolExecutor(max(1, self._count))

    def __enter__(self) -> Ahead:
        for _ in range(self._count):
            self._idle.put(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.kill()
            process.communicate()
        self._threads.shutdown(cancel_futures=True)

    def read(self, item: SourceItem, digest: str) -> Iterator[ReadItem]:
        """Take an item, and yield those that have been read by now."""
        if not self._count:
            yield ReadItem(item, digest, parse(self._reader, item, self._sequence))
            return
        self._batch.append((item, digest))
        if len(self._batch) == _BATCH:
            self._ask()
            if len(self._asked) > 2 * self._count:  # a source may be larger than memory
                yield from self._next()

    def rest(self) -> Iterator[ReadItem]:
        """Yield the remaining items."""
        if self._batch:
            self._ask()
        while self._asked:
            yield from self._next()

    def _ask(self) -> None:
        batch, self._batch = self._batch, []
        self._asked.append((batch, self._threads.submit(self._answer, [item for item, _ in batch])))

    def _next(self) -> Iterator[ReadItem]:
        batch, answer = self._asked.popleft()
        for (item, digest), outcome in zip(batch, answer.result(), strict=True):
            yield ReadItem(item, digest, outcome)

    def _start(self) -> subprocess.Popen[bytes] | None:
        # -P: nothing may be imported from the folder that is built, which may be a stranger's.
        command = [sys.executable, "-P", "-m", __name__]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            self._started.append(process)
            _send(process.stdin, (self._reader, self._sequence))
        except (OSError, pickle.PicklingError):
            return None
        return process

    def _answer(self, items: list[SourceItem]) -> list[Outcome]:
        process = self._idle.get()
        try:
            if process is not None:
                _send(process.stdin, items)
                answer: list[Outcome] = _received(process.stdout)
                return answer
        except (OSError, EOFError, pickle.UnpicklingError):
            process = None  # killed, perhaps for lack of memory: its pages are read here
        finally:
            self._idle.put(process)
        return [parse(self._reader, item, self._sequence) for item in items]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _send(stream: IO[bytes] | None, value: Any) -> None:
    assert stream is not None
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(len(data).to_bytes(_SIZE) + data)
    stream.flush()


def _received(stream: IO[bytes] | None) -> Any:
    assert stream is not None
    size = stream.read(_SIZE)
    if len(size) < _SIZE:
        raise EOFError
    data = stream.read(int.from_bytes(size))
    return pickle.loads(data)  # written by the other end of our own pipe


def main() -> None:
    """Answer each list of items with their outcomes, until there are no more."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not write into the answers
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        reader, sequence = _received(asked)
        while True:
            items: Sequence[SourceItem] = _received(asked)
            _send(answers, [parse(reader, item, sequence) for item in items])


if __name__ == "__main__":
    main()
