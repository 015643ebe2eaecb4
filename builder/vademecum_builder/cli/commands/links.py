"""`vade links`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.errors import counted
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown, listed
from vademecum_builder.links import LinkReport, check_links


def run(options: Namespace) -> Shown:
    """Check whether each document and anchor of a published tree exists; the exit code is 1 if one does not, or if
    there is nothing to check."""
    with Bars() as bars:
        return told_of_links(check_links(options.location, options.against, trust=options.trust, progress=bars))


def told_of_links(found: LinkReport) -> Shown:
    """Return the lines about a check."""
    broken = [f"  {link.url}  ({link.document}): {link.reason}" for link in found.broken]
    unaddressed = f"; {counted(found.unaddressed, 'documents')} without an address" if found.unaddressed else ""
    if found.unasked:
        return asdict(found) | {"sound": False}, [f"Not checked: {found.unasked}{unaddressed}"]
    return asdict(found) | {"sound": not broken}, [
        f"{'Broken' if broken else 'Good'}: {counted(found.pages, 'pages')} and {counted(found.anchors, 'anchors')} "
        f"asked for, {len(broken)} are not there{unaddressed}",
        *listed(broken),
    ]
