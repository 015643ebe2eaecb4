"""What the environment says, for the commands that build."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from vademecum.errors import UsageError


def time_of_build(environ: Mapping[str, str]) -> datetime:
    """Return the time of this build: SOURCE_DATE_EPOCH where it is set, so that builds can be repeated.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    given = environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH={given!r} is not a number of seconds since 1970") from error
