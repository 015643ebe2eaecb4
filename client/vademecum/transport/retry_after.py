"""The record `retry`: until when the host asked to be left alone (format.md, section 8). Browsers write the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from vademecum.errors import ContentError, ServerError, VademecumError
from vademecum.format.json import Fields, canonical, iso_time, parse_object
from vademecum.ports import Store

LONGEST = timedelta(hours=24)
"""What a host asks for beyond that is cut; js/update/schedule.mjs does the same."""


async def remember_wait(store: Store, error: VademecumError, now: datetime, shortest: float) -> None:
    """Write down what a host asked for in its answer.

    Args:
        shortest: Waits of up to so many seconds are not worth it: one run waits that long by itself.

    Raises:
        StorageError: See `Store.write`.
    """
    asked = error.retry_after if isinstance(error, ServerError) else None
    if asked is not None and asked > shortest:
        until = now + min(timedelta(seconds=min(asked, LONGEST.total_seconds())), LONGEST)
        await store.write({"retry": canonical({"notBefore": iso_time(until)})})


async def require_patience(store: Store, now: datetime) -> None:
    """Do nothing, unless the host asked to be left alone until later than `now`.

    A time that is further away than any host may ask for was written before somebody turned the clock: it does
    not count. Neither does a damaged record.

    Raises:
        ServerError: It did; nothing was asked of it.
        StorageError: See `Store.read`.
    """
    until = _decode(await store.read("retry"))
    if until is not None and timedelta() < until - now <= LONGEST:
        seconds = (until - now).total_seconds()
        raise ServerError(
            f"the host asked not to be asked before {iso_time(until)}; a forced update asks all the same",
            503,
            seconds,
        )


def _decode(data: bytes | None) -> datetime | None:
    try:
        return None if data is None else Fields(parse_object(data, "retry"), "retry").time("notBefore")
    except ContentError:
        return None
