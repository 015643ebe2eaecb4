"""The places of keys, and how long signatures are valid; importable without cryptography."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

DEFAULT_KEYS = Path(".vademecum/keys")
UNUSED = "unused"
"""A file beside new keys until something is signed with them; it contains the digest of their root metadata."""


@dataclass(frozen=True)
class Validity:
    """How long signatures are valid. A build signs again once half of a timestamp's time has passed."""

    root: timedelta = timedelta(days=3 * 365)
    targets: timedelta = timedelta(days=365)
    timestamp: timedelta = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class SigningRequest:
    """Who signs, and for how long.

    Attributes:
        keys: Folder of keys; None: `.vademecum/keys`, made by the first build.
        root: The public root metadata; None: `root.json` among the keys.
        signing_key: The release key itself (a PEM, or a key URI such as `awskms:...`); empty: the file among the keys.
        validity: How long signatures are valid.
    """

    keys: Path | None = None
    root: Path | None = None
    signing_key: str = field(default="", repr=False)
    validity: Validity = field(default_factory=Validity)
