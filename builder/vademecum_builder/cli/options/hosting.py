"""The options of `vade publish`, and of `vade probe`: what a published knowledge base is like from outside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    SETTINGS,
    AddOption,
    CommandGroup,
    add_config,
    add_json,
    add_trust,
    whole_number,
)

COMMANDS = CommandGroup()


@COMMANDS.command(
    "publish",
    "bring a built tree to its hosts, the pointer last",
    "publish dist s3://bucket/kb user@example.org:/var/www/kb",
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
    add_config(add)
    add("--trust FILE", "root.json, by which the tree has to verify first", Path)
    add(
        "--keep HOURS",
        "how long a file stays that is needed no more (default: 24)",
        lambda text: timedelta(hours=whole_number(text, "number of hours", most=99_999)),
        default=timedelta(hours=24),
    )
    add("--history", "add to a branch's history, rather than replace it")
    add("--dry-run", "write nothing; say what would be sent and deleted")
    add_json(add)


@COMMANDS.command(
    "probe",
    "be a user: install what is published, update to it, search",
    f"probe {EXAMPLE_SITE} --trust root.json --expect 7 --wait 600",
)
def _probe(add: AddOption) -> None:
    without = f"the published tree; without it: the address and the root that {SETTINGS} names"
    add("location URL|DIST", without, nargs="?")
    add_config(add)
    add_trust(add)
    add("--expect SEQUENCE", "fail where an older release is served", int, default=0)
    add("--wait S", "seconds in which the deploy may arrive, and caches may let go (default: 0)", int, default=0)
    add("--store PATH", "a user of the release before: brought up to date where it is there, else made", Path)
    add_json(add)
