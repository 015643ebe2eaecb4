"""Where keys lie and how long signatures hold; importable without cryptography."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True)
class SigningRequest:
    """Who signs, and for how long.

    Attributes:
        keys: Folder of keys; None: `.vademecum/keys`, made on a first day.
        root: The public root metadata; None: `root.json` among the keys.
        signing_key: The release key itself (a PEM, or a key URI as `awskms:...`); empty: the file among the keys.
        validity: How long signatures hold.
    """

    keys: Path | None = None
    root: Path | None = None
    signing_key: str = field(default="", repr=False)
    validity: Validity = field(default_factory=Validity)
