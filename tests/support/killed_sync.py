"""`python -m support.killed_sync FOLDER`: syncs and builds, killed at one transaction after another.

`FOLDER/start` holds a workshop; `FOLDER/killed-N` gets what is left after a death where the Nth transaction of the
workspace begins or ends. Prints how each child ended, as JSON: -9, and 0 for the last one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from unittest import mock

from support.killed import die_at
from support.workshop import Workshop
from vademecum_builder.workspace.sync import Wish

BATCH = 10


def work(shop: Workshop) -> None:
    """What is killed."""
    shop.sync(Wish(batch=BATCH))
    shop.build(sync=False)


def main(folder: Path) -> None:
    ends: list[int] = []
    while not ends or ends[-1] == -signal.SIGKILL:
        place = folder / f"killed-{len(ends)}"
        shutil.copytree(folder / "start", place)
        process = os.fork()
        if process == 0:
            with mock.patch("sqlite3.connect", die_at(len(ends), ("BEGIN IMMEDIATE", "COMMIT"))):
                work(Workshop(place))
            os._exit(0)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    print(json.dumps(ends))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
