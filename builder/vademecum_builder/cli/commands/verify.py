"""`vade verify`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.errors import counted
from vademecum_builder.cli.wording import Shown, size
from vademecum_builder.release.verify import verify


def run(options: Namespace) -> Shown:
    """Check every signature, hash, digest and golden vector of a published tree."""
    found = verify(options.location, options.trust, expect=options.expect)
    return asdict(found), [
        f"Good: release {found.sequence} ({found.version}), {counted(found.documents, 'documents')}, "
        f"{counted(found.chunks, 'chunks')};",
        f"  {counted(found.files, 'files')}, {size(found.bytes)}, every signature, hash, digest and golden vector; "
        f"signed until {found.expires[:10]}",
        *([] if options.trust else ["  checked by the tree's own root: --trust root.json checks whose it is"]),
        *(f"  left by an earlier release, needed no more, and damaged: {what}" for what in found.damaged),
    ]
