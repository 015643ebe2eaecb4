"""How long signatures hold: a value that the command line knows, which need not wait for cryptography."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Validity:
    """How long signatures hold. A build signs anew once half of a timestamp's time has passed."""

    root: timedelta = timedelta(days=3 * 365)
    targets: timedelta = timedelta(days=365)
    timestamp: timedelta = timedelta(days=30)
