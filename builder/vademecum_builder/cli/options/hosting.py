"""The options of `vade publish`, and of `vade probe`: what a published knowledge base is like from outside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from vademecum_builder.cli.options.common import EXAMPLE_SITE, SETTINGS, AddOption, CommandGroup, whole_number

COMMANDS = CommandGroup()


@COMMANDS.command(
    "publish", "copy a built tree to its hosts", "publish dist s3://bucket/kb user@example.org:/var/www/kb"
)
def _publish(add: AddOption) -> None:
    without = f"without it: what {SETTINGS} says"
    add("dist DIST", f"folder of the published tree; {without}", Path, nargs="?")
    add(
        "targets TARGET",
        "a folder, s3://bucket/prefix, user@host:/path, ssh://, rsync://, gh-pages, or git+URL#branch "
        f"(of a branch also branch:folder); {without}",
        nargs="*",
    )
    add.config()
    add("--trust FILE", "root.json, by which the tree must verify", Path)
    add(
        "--keep HOURS",
        "how long files stay that are no longer needed (default: 24)",
        lambda text: timedelta(hours=whole_number(text, "number of hours", most=99_999)),
        default=timedelta(hours=24),
    )
    add("--history", "add a commit to a branch, instead of replacing its history")
    add("--dry-run", "write nothing; say what would be sent and deleted")
    add.json()


@COMMANDS.command(
    "probe",
    "install, update and search what is published, as a user would",
    f"probe {EXAMPLE_SITE} --trust root.json --expect 7 --wait 600",
)
def _probe(add: AddOption) -> None:
    without = f"the published tree; without it: the address and the root that {SETTINGS} names"
    add("location URL|DIST", without, nargs="?")
    add.config()
    add.trust()
    add("--expect SEQUENCE", "fail if an older release is served", int, default=0)
    add("--wait S", "seconds to wait until the deploy has arrived and caches have expired (default: 0)", int, default=0)
    add("--store PATH", "a store of the release before, to be updated; made if it does not exist", Path)
    add.json()
