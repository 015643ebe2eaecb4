"""Where keys lie unless another folder is named. Apart, since the command line needs no cryptography to say so."""

from __future__ import annotations

from pathlib import Path

DEFAULT_KEYS = Path(".vademecum/keys")
UNUSED = "unused"
"""A file that lies beside new keys until something is signed with them; it holds the digest of their root metadata."""
