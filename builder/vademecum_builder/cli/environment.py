"""What the environment says, for the commands that build."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from vademecum.errors import ClockError, UsageError


def time_of_build(environ: Mapping[str, str]) -> datetime:
    """Return the time of this build: SOURCE_DATE_EPOCH where it is set, so that builds can be repeated.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
        ClockError: It is more than a day ahead of this machine's clock: no client would install what it dates.
    """
    given = environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return datetime.now(UTC)
    try:
        told = datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH={given!r} is not a number of seconds since 1970") from error
    if told > datetime.now(UTC) + timedelta(days=1):
        raise ClockError(
            f"SOURCE_DATE_EPOCH is {told:%Y-%m-%d}, ahead of this machine's clock: no client would install it"
        )
    return told
