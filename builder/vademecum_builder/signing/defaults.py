"""Where keys lie and how long signatures hold; importable without cryptography."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

DEFAULT_KEYS = Path(".vademecum/keys")
UNUSED = "unused"
"""A file that lies beside new keys until something is signed with them; it holds the digest of their root metadata."""


@dataclass(frozen=True)
class Validity:
    """How long signatures hold. A build signs anew once half of a timestamp's time has passed."""

    root: timedelta = timedelta(days=3 * 365)
    targets: timedelta = timedelta(days=365)
    timestamp: timedelta = timedelta(days=30)
