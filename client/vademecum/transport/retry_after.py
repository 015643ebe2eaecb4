"""Until when the host asked to be left alone: the record `retry` (format.md, section 8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from vademecum.errors import ServerError, VademecumError
from vademecum.format.json import iso_time
from vademecum.ports import RecordStore
from vademecum.store.records import LONGEST_WAIT, RETRY, Wait


async def remember_wait(store: RecordStore, error: VademecumError, now: datetime, shortest: float) -> None:
    """Write down what a host asked for in its answer.

    Args:
        shortest: Waits of up to so many seconds are not worth it: one run waits that long by itself.

    Raises:
        StorageError: See `Store.write`.
    """
    if error.retry_after is not None and error.retry_after > shortest:
        await RETRY.write(store, Wait.of(now, error.retry_after))


async def require_patience(store: RecordStore, now: datetime) -> None:
    """Do nothing, unless the host asked to be left alone until later than `now`.

    Raises:
        ServerError: It did; nothing was asked of it.
        StorageError: See `Store.read`.
    """
    until = (await RETRY.read(store)).not_before
    # What is further away than any host may ask for was written before somebody turned the clock: it does not count.
    if until is not None and timedelta() < until - now <= LONGEST_WAIT:
        raise ServerError(
            f"the host asked not to be asked before {iso_time(until)}; a forced update asks all the same",
            503,
            (until - now).total_seconds(),
        )
