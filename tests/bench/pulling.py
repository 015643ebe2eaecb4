"""One pull with the real client from a Pages-like host, and everything that it moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.pages_host import PagesHost, Request
from vademecum.format.manifest import Manifest
from vademecum.knowledge import KnowledgeBase

LATENCY = 0.03
"""Seconds that each answer is held back, so that requests made in parallel are seen to overlap."""


@dataclass(frozen=True)
class Timed:
    """A request as the host saw it: when it came, when its answer left."""

    request: Request
    start: float
    end: float


@dataclass(frozen=True)
class Pull:
    """What one pull moved, in bytes. Bodies as sent; headers are those of the answers.

    Attributes:
        payload: Bodies of objects, without the encoder.
        metadata: Bodies of TUF metadata and the manifest.
        round_trips: The longest chain of requests of which each began after the one before was answered.
    """

    plan: str
    payload: int
    encoder: int
    metadata: int
    headers: int
    requests: int
    round_trips: int

    @property
    def all_in(self) -> int:
        return self.payload + self.encoder + self.metadata + self.headers


class Watch:
    """Keeps the requests of a `PagesHost`, and delays its answers: pass `note` as its `log`."""

    def __init__(self, latency: float = LATENCY) -> None:
        self._latency = latency
        self._lock = threading.Lock()
        self.seen: list[Timed] = []

    def note(self, request: Request) -> None:
        start = time.perf_counter() - request.seconds
        time.sleep(self._latency)
        with self._lock:
            self.seen.append(Timed(request, start, time.perf_counter()))


def pull(tree: Path, store: Path, manifest: Manifest) -> Pull:
    """Bring `store` to the release that `tree` shows.

    Args:
        manifest: That release's, to tell its encoder from its rows.
    """
    watch = Watch()
    with PagesHost(tree, log=watch.note) as server, KnowledgeBase.open(store, url=server.url) as knowledge:
        plan = knowledge.sync().plan
    bodies = {"payload": 0, "encoder": 0, "metadata": 0}
    for timed in watch.seen:
        bodies[_kind(timed.request.path, manifest)] += timed.request.sent_bytes
    return Pull(
        plan=plan,
        headers=sum(timed.request.header_bytes for timed in watch.seen),
        requests=len(watch.seen),
        round_trips=longest_chain([(timed.start, timed.end) for timed in watch.seen]),
        **bodies,
    )


def longest_chain(spans: Sequence[tuple[float, float]]) -> int:
    """Return the length of the longest chain of spans that do not overlap: each starts after the last one's end."""
    chain = 0
    last_end = float("-inf")
    for start, end in sorted(spans, key=lambda span: span[1]):
        if start >= last_end:
            chain, last_end = chain + 1, end
    return chain


def _kind(path: str, manifest: Manifest) -> str:
    path = path.lstrip("/").partition("?")[0]
    if not path.startswith("objects/"):
        return "metadata"
    return "encoder" if path == manifest.encoder.object.path else "payload"
