"""The settings of a command that may go without."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import SETTINGS
from vademecum_builder.request import BuildRequest
from vademecum_builder.settings import read_settings


def settings_named(config: Path) -> BuildRequest | None:
    """Return what the settings ask for; None: there are none here, and no others were named.

    Raises:
        UsageError: They cannot be read.
    """
    return read_settings(config) if config.exists() or config != SETTINGS else None
