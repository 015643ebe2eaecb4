"""The hosts of one published tree: whom to ask first, and what is remembered of each (decisions/mirrors.md).

A host that failed is asked last for a day; one that asked to be left alone (Retry-After) is left alone, while the
others are asked. js/update/mirrors.mjs has the same order for the idle check. With one host there is no such record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vademecum.config import Config
from vademecum.errors import ContentError, ServerError, StorageError, VademecumError
from vademecum.format.json import Fields, canonical, iso_time, parse_object
from vademecum.ports import Store, Transport
from vademecum.transport.retry_after import LONGEST, require_patience

logger = logging.getLogger("vademecum")

RECORD = "mirrors"
STALE = "stale-mirror"
"""The reason of a host that shows older metadata than another one did."""


@dataclass(frozen=True)
class Mark:
    """What is remembered of a host.

    Attributes:
        failed: When it last failed, if nothing good came from it alone since.
        reason: The code of that error, or `stale-mirror`.
        not_before: Until when it asked to be left alone.
    """

    failed: datetime | None = None
    reason: str = ""
    not_before: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether it is to be left alone. Times further away than any host may ask for do not count."""
        return self.not_before is not None and timedelta() < self.not_before - now <= LONGEST


def order(names: Iterable[str], marks: Mapping[str, Mark], now: datetime, forgive: float) -> list[str]:
    """Return the hosts that may be asked, best first: as the app lists them, those that failed behind them.

    Args:
        forgive: After so many seconds a failure is forgiven. One in the future was noted before the clock was turned.
    """

    def rank(name: str) -> datetime:
        failed = marks.get(name, Mark()).failed
        recent = failed is not None and timedelta() <= now - failed < timedelta(seconds=forgive)
        return failed if failed is not None and recent else datetime.min.replace(tzinfo=now.tzinfo)

    return sorted((name for name in names if not marks.get(name, Mark()).waits(now)), key=rank)


@dataclass(eq=False)
class Mirror:
    """One host in one run.

    Attributes:
        name: Its address, fit to be shown.
        rank: Its place in the order at the beginning.
        failures: In this run.
        error: The last of them: its code, or `stale-mirror`.
        answered: Something good came from it.
        wait: The seconds for which it asked to be left alone; it is not asked again in this run.
    """

    name: str
    transport: Transport
    rank: int
    failures: int = 0
    error: str = ""
    answered: bool = False
    wait: float | None = None

    def fail(self, reason: str) -> None:
        self.failures += 1
        self.error = reason


class Mirrors:
    """The hosts of one run. `marks` is what was remembered before it."""

    def __init__(
        self, transports: Mapping[str, Transport], marks: Mapping[str, Mark], names: Sequence[str]
    ) -> None:
        self._marks = marks
        self._all = [Mirror(name, transports[name], rank) for rank, name in enumerate(names)]

    @classmethod
    def of(cls, transport: Transport) -> Mirrors:
        """Return the one host that there is."""
        return cls({"": transport}, {}, [""])

    @property
    def several(self) -> bool:
        return len(self._all) > 1

    def turns(self) -> list[Mirror]:
        """Return whom to ask, best first: who failed in this run comes later."""
        left = [mirror for mirror in self._all if mirror.wait is None]
        return sorted(left, key=lambda mirror: (mirror.failures, mirror.rank))

    def require_one(self) -> None:
        """Do nothing, unless all have asked in this run to be left alone.

        Raises:
            ServerError: They have.
        """
        waits = [mirror.wait for mirror in self._all if mirror.wait is not None]
        if len(waits) == len(self._all):
            raise ServerError("the host asked to be left alone for a while; try again later", 503, min(waits))

    def marked(self, now: datetime) -> dict[str, Mark]:
        """Return what is to be remembered: who failed, even if something good came from it as well."""
        marks = dict(self._marks)
        for mirror in self._all:
            mark = marks.get(mirror.name, Mark())
            if mirror.failures:
                mark = replace(mark, failed=now, reason=mirror.error)
            elif mirror.answered:
                mark = Mark()
            if mirror.wait is not None:
                until = now + min(timedelta(seconds=min(mirror.wait, LONGEST.total_seconds())), LONGEST)
                mark = replace(mark, not_before=until)
            marks[mirror.name] = mark
        return {name: mark for name, mark in marks.items() if mark != Mark()}


async def open_mirrors(
    store: Store, transports: Mapping[str, Transport], now: datetime, config: Config, *, patient: bool
) -> Mirrors:
    """Return the hosts that may be asked now.

    Args:
        patient: Where all of them asked to be left alone, ask none. Otherwise they are asked all the same.

    Raises:
        ServerError: Nobody may be asked before a time that lies ahead.
        StorageError: See `Store.read`.
    """
    if len(transports) == 1:
        if patient:
            await require_patience(store, now)
        return Mirrors(transports, {}, list(transports))
    marks = decode_marks(await store.read(RECORD))
    names = order(transports, marks, now, config.forgive_mirror)
    if not names:
        soonest = min(mark.not_before for mark in marks.values() if mark.not_before and mark.waits(now))
        if patient:
            raise ServerError(
                f"all mirrors asked not to be asked before {iso_time(soonest)}; a forced update asks all the same",
                503,
                (soonest - now).total_seconds(),
            )
        names = list(transports)
    return Mirrors(transports, {name: mark for name, mark in marks.items() if name in transports}, names)


async def save_mirrors(store: Store, mirrors: Mirrors, now: datetime) -> None:
    """Remember how the hosts did, where there are several. It only saves requests: failing to write is no failure."""
    if not mirrors.several:
        return
    try:
        record = encode_marks(mirrors.marked(now.replace(microsecond=0)))
        if record != await store.read(RECORD):
            await store.write({RECORD: record})
    except StorageError as error:
        logger.warning("how the mirrors did is not remembered: %s", error)


def telling(errors: Iterable[VademecumError]) -> VademecumError:
    """Return the error that says best what to do: one that may pass soon, or that passes first, or the first one."""

    def wait(error: VademecumError) -> tuple[bool, float]:
        asked = error.retry_after if isinstance(error, ServerError) else None
        return not error.transient, asked or 0.0

    return min(errors, key=wait)


def encode_marks(marks: Mapping[str, Mark]) -> bytes | None:
    """Return the record; None where there is nothing to remember."""
    hosts = {}
    for name, mark in marks.items():
        times = {"failed": mark.failed, "notBefore": mark.not_before}
        hosts[name] = {key: iso_time(time) for key, time in times.items() if time is not None}
        if mark.failed is not None:
            hosts[name]["reason"] = mark.reason
    return canonical({"hosts": hosts}) if hosts else None


def decode_marks(data: bytes | None) -> dict[str, Mark]:
    """Read the record. A damaged one, which costs a few requests, counts as none."""
    try:
        if data is None:
            return {}
        hosts = Fields(parse_object(data, RECORD), RECORD).child("hosts")
        return {name: _mark(hosts.child(name)) for name in hosts.names()}
    except ContentError:
        return {}


def _mark(fields: Fields) -> Mark:
    failed = fields.optional("failed", fields.time)
    reason = "" if failed is None else fields.text("reason", 1, 100)
    return Mark(failed, reason, fields.optional("notBefore", fields.time))
