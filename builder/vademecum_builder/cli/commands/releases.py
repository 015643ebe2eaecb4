"""`vade releases`."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from vademecum.errors import NetworkError, counted
from vademecum_builder.cli.environment import settings_or
from vademecum_builder.cli.releasing import channel_lines
from vademecum_builder.cli.wording import Shown, size
from vademecum_builder.publish.guard import timestamp_version
from vademecum_builder.release.inventory import Inventory, list_releases


def _published(config: Path, trust: Path | None) -> Inventory:
    """Return the releases that are published or built, according to the settings. Errors: see `settings_or` and
    `list_releases`."""
    settings = settings_or(config, "which tree? vade releases URL|DIST")
    try:
        return list_releases(settings.previous or str(settings.out), trust)
    except NetworkError as error:
        built = f"; `vade releases {shlex.quote(str(settings.out))}` lists what was built here"
        raise NetworkError(f"{error.message}{built if timestamp_version(settings.out) else ''}") from error


def run(options: Namespace) -> Shown:
    """Show the releases of a published tree, and where its channels lead."""
    location, trust = options.location, options.trust
    found = list_releases(location, trust) if location else _published(options.config, trust)
    return found.json(), [
        *channel_lines(found.channels),
        f"  signed until {found.expires:%Y-%m-%d %H:%M} UTC",
        *(
            f"  {one.sequence:>6}  {one.built}  {counted(one.documents, 'documents')}, {counted(one.chunks, 'chunks')}"
            f", {size(one.bytes)}  {one.version}{', taken back' if one.yanked else ''}"
            for one in found.releases
        ),
    ]
