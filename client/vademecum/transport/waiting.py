"""Waits: backoff between retries of a run, and Retry-After across runs.

The second is the record `retry` (format.md, section 8). Dates are those of HTTP (RFC 9110, section 5.6.7).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from vademecum.config import Config
from vademecum.errors import NetworkError, ServerError, VademecumError
from vademecum.format.json import iso_time
from vademecum.ports import RecordStore
from vademecum.store.records import LONGEST_WAIT, RETRY, Wait

_PASSING = frozenset({404, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass: 404 because a host's edges learn of a new file one by one."""


def seconds_to_wait(
    error: VademecumError,
    attempt: int,
    config: Config,
    jitter: float,
    *,
    heard: bool,
    mute: bool = False,
    first_contact: bool,
) -> float | None:
    """Return the seconds to wait before the next try, or None if trying again is of no use.

    What the host asks for by Retry-After (RFC 9110, section 10.2.3), but at least a time that doubles with each try.

    Args:
        attempt: How many tries there were before this one.
        jitter: In [0, 1), so that not all clients come back at once.
        heard: The host has answered in this run.
        mute: No byte came for longer than a run waits: waiting so long again helps nobody.
        first_contact: Nothing is known of this host yet: its 404 is an answer, and no edge that lags behind.
    """
    if mute or not isinstance(error, NetworkError | ServerError):
        return None
    if isinstance(error, NetworkError) and not heard and attempt >= config.first_retries:
        return None
    asked = error.retry_after or 0.0
    if isinstance(error, ServerError):
        final = error.status not in _PASSING or (error.status == 404 and first_contact)
        if final or asked > config.longest_wait:
            return None
    backoff = config.backoff * (1 << attempt) * (0.5 + jitter)
    return max(asked, min(backoff, config.longest_wait))


async def remember_wait(store: RecordStore, error: VademecumError, now: datetime, shortest: float) -> None:
    """Write down what a host asked for in its answer. Errors: see `Store.write`.

    Args:
        shortest: Waits of up to so many seconds are not noted: one run waits that long by itself.
    """
    if error.retry_after is not None and error.retry_after > shortest:
        await RETRY.write(store, Wait.of(now, error.retry_after))


async def require_patience(store: RecordStore, now: datetime) -> None:
    """Raise ServerError, and ask nothing, if the host asked to be left alone until later than `now`."""
    until = (await RETRY.read(store)).not_before
    # A time further away than any host may ask for was written before somebody turned the clock: it does not count.
    if until is not None and timedelta() < until - now <= LONGEST_WAIT:
        raise ServerError(
            f"the host asked to be left alone until {iso_time(until)}; a forced update asks anyway",
            503,
            (until - now).total_seconds(),
        )


def http_date(value: str | None) -> datetime | None:
    """Return the time that a header tells, in UTC where it has no zone; None if it tells none."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for an hour of a hundred digits, or before the year 1
        return None
