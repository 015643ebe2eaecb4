"""A sync and a build that are killed at any transaction of the workspace end, run again, in the undisturbed bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.killed_sync import BATCH, work
from support.sampling import sample
from support.workshop import NOW, Workshop, lamp
from vademecum_builder.signing.root import new_keys


def tree(shop: Workshop) -> dict[str, bytes]:
    site = shop.root / "site"
    return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.fault("D50", "D51")
def test_killed_at_every_transaction(tmp_path: Path) -> None:
    start = Workshop(tmp_path / "start")
    start.root.mkdir()
    new_keys(start.root / "keys", NOW)
    start.write([lamp(number) for number in range(60)])
    start.build()
    start.write([lamp(number, **({"text": "Edited."} if number % 9 == 0 else {})) for number in range(3, 70)])
    undisturbed = Workshop(tmp_path / "undisturbed")
    shutil.copytree(start.root, undisturbed.root)
    work(undisturbed)
    command = [sys.executable, "-m", "support.killed_sync", str(tmp_path)]
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    ends = json.loads(done.stdout)
    assert set(ends[:-1]) == {-9} and ends[-1] == 0, "every child but the last is killed"
    assert len(ends) > 2 * 67 // BATCH
    for at in sample(range(len(ends)), 3, "killed syncs"):
        shop = Workshop(tmp_path / f"killed-{at}")
        shop.build()
        assert tree(shop) == tree(undisturbed), f"killed at {at}"
        with shop.open() as workspace:
            changed = [change.key for change in workspace.changes() if change.what == "modified"]
            assert len(changed) == len(set(changed)), "no change was taken in twice"
            assert sum(job.embedded for job in workspace.jobs()) <= 60 + 10 + 8, "no text was embedded twice"
