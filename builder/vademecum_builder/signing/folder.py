"""Where keys lie unless another folder is named. Apart, since the command line needs no cryptography to say so."""

from __future__ import annotations

from pathlib import Path

DEFAULT_KEYS = Path(".vademecum/keys")
