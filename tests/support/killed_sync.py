"""`python -m support.killed_sync FOLDER`: syncs and builds, killed at one transaction after another.

`FOLDER/start` holds a workshop; `FOLDER/killed-N` gets what is left after a death where the Nth transaction of the
workspace begins or ends. Prints how each child ended, as JSON: -9, and 0 for the last one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from support.killed import die_at, kill_one_after_another
from support.workshop import Workshop
from vademecum_builder.workspace.jobs import SyncOptions

BATCH = 10


def work(shop: Workshop) -> None:
    """What is killed."""
    shop.sync(SyncOptions(batch=BATCH))
    shop.build(sync=False)


def killed(place: Path, at: int) -> None:
    with mock.patch("sqlite3.connect", die_at(at, ("BEGIN IMMEDIATE", "COMMIT"))):
        work(Workshop(place))


if __name__ == "__main__":
    kill_one_after_another(Path(sys.argv[1]), killed)
