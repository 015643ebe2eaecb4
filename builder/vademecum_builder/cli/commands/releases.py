"""`vade releases`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from vademecum.errors import UsageError
from vademecum_builder.cli.options.common import SETTINGS, or_settings
from vademecum_builder.cli.releasing import channel_lines
from vademecum_builder.cli.wording import Shown, counted, size
from vademecum_builder.releases import list_releases
from vademecum_builder.settings import read_settings


def _published(config: Path) -> str:
    """Return where the tree is published, else where it was built, as the settings say.

    Raises:
        UsageError: There are none; they cannot be read.
    """
    if not config.exists() and config == SETTINGS:
        raise UsageError(f"which tree? vade releases URL|DIST, or {or_settings()}")
    settings = read_settings(config)
    return settings.previous or str(settings.out)


def run(options: Namespace) -> Shown:
    """Say what a published tree holds, and what its channels lead to."""
    found = list_releases(options.location or _published(options.config), options.trust)
    return found.json(), [
        *channel_lines(found.channels),
        f"  signed until {found.expires:%Y-%m-%d %H:%M} UTC",
        *(
            f"  {one.sequence:>6}  {one.built}  {counted(one.documents, 'document')}, {counted(one.chunks, 'chunk')}, "
            f"{size(one.bytes)}  {one.version}{', taken back' if one.yanked else ''}"
            for one in found.releases
        ),
    ]
