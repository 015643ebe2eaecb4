"""A rollout as people write it, a percentage; the format has integers in hundredths of a percent."""

from __future__ import annotations

import re

from vademecum.errors import UsageError
from vademecum.trust.channel import WHOLE

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))? ?%?", re.ASCII)


def parse_share(text: str) -> int:
    """Return a percentage as a rollout: in hundredths of a percent.

    >>> parse_share("25%"), parse_share("0.5 %"), parse_share("100")
    (2500, 50, 10000)

    Raises:
        UsageError: It is not from 0 to 100, or has more than two decimal places.
    """
    found = _PERCENT.fullmatch(text)
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else WHOLE + 1
    if share > WHOLE:
        raise UsageError(f"{text!r} is not a percentage: 0 to 100, at most two decimal places, as 25% or 0.5%")
    return share


def share_text(rollout: int) -> str:
    """Return a rollout as a percentage.

    >>> share_text(2500), share_text(50)
    ('25 %', '0.5 %')
    """
    return f"{rollout / 100:g} %"
