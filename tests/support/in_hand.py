"""A host and a clock that a test has in its hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from vademecum.errors import ContentError, ServerError, UsageError, VademecumError
from vademecum.ports import Body, Progress
from vademecum.transport.paths import check_path


class MemoryTransport:
    """A `Transport` over a mapping from path to bytes; an error in place of bytes is raised.

    The mapping is read at each fetch, so that a test may publish, damage or remove files as it goes.

    Attributes:
        requests: The paths asked for, in order, answered or not.
    """

    def __init__(self, files: Mapping[str, bytes | VademecumError]) -> None:
        self._files = files
        self.requests: list[str] = []

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        self.requests.append(check_path(path))
        data = self._files.get(path)
        if data is None:
            raise ServerError(f"{path}: there is no such file", status=404)
        if isinstance(data, VademecumError):
            raise data
        if len(data) > limit:
            raise ContentError(f"{path}: more than the {limit} bytes allowed")
        if progress is not None:
            progress(len(data))
        return Body(data, transferred=len(data))

    async def close(self) -> None:
        pass


class FixedClock:
    """A `Clock` that moves only when it is told to, or when somebody sleeps.

    Attributes:
        slept: The sleeps asked for, in seconds, in order.
    """

    def __init__(self, now: datetime, jitter: float = 0.5) -> None:
        if now.tzinfo is None:
            raise UsageError("a clock needs an aware datetime, such as datetime(2026, 1, 1, tzinfo=UTC)")
        self._now = now
        self._jitter = jitter
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock; negative seconds turn it back."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def jitter(self) -> float:
        return self._jitter
