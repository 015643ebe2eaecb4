"""Whether this device's clock is plausible. Nothing is accepted here, only refused with a reason.

Whether metadata have expired is judged by the clock here. Two things speak against it: a signed release that was built
in its future, and the time that the host tells in its answers (RFC 9110, section 6.6.1), which is not signed and only
chooses between two errors.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vademecum.errors import ClockError, ExpiredError, TrustError
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest

TOLERANCE = timedelta(days=1)
"""Clocks differ, and caches answer with the time at which they were asked first."""


def require_past(manifest: Manifest, now: datetime) -> None:
    """Raise ClockError if a release was built more than a day from now.

    With a clock that far behind nobody can say whether metadata have expired, so nothing is installed.
    """
    if datetime.fromisoformat(manifest.built) - now > TOLERANCE:
        raise ClockError(
            f"release {manifest.sequence} was built on {manifest.built}, and this device's clock says {iso_time(now)}: "
            "set the clock, and update again (if it is right, the publisher's was wrong)"
        )


def judge_expiry(error: ExpiredError, now: datetime, host_time: datetime | None) -> TrustError:
    """Return the error to raise where metadata have expired by the clock of this device.

    Args:
        host_time: The latest Date header of the host, or None.
    """
    if host_time is not None and abs(now - host_time) > TOLERANCE:
        return ClockError(
            f"{error}; but this device's clock says {iso_time(now)}, and the host's {iso_time(host_time)}: set the "
            "clock, and update again"
        )
    return ExpiredError(
        f"{error} (this device's clock says {iso_time(now)}): nothing new is installed until the publisher signs again"
    )
