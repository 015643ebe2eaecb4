"""`vade releases`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.releasing import channel_lines
from vademecum_builder.cli.wording import Shown, size
from vademecum_builder.releases import list_releases


def run(options: Namespace) -> Shown:
    """Say what a published tree holds, and what its channels lead to."""
    found = list_releases(options.location, options.trust)
    return found.json(), [
        *channel_lines(found.channels),
        f"  signed until {found.expires:%Y-%m-%d %H:%M} UTC",
        *(
            f"  {one.sequence:>6}  {one.built}  {one.documents} documents, {one.chunks} chunks, {size(one.bytes)}"
            f"  {one.version}{', taken back' if one.yanked else ''}"
            for one in found.releases
        ),
    ]
