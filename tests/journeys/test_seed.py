"""A tree that an app ships, through the commands: real builds, a real store."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from vademecum_builder.cli.main import main

pytestmark = pytest.mark.fault("C41")


def vade(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == code, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def shipped(place: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Release 1 lies in `seed`; the host `dist` has release 2."""
    (place / "docs").mkdir()
    (place / "docs" / "a.md").write_text("# Keys\n\nRotate the release key.\n")
    build = ["build", "docs", "--out", "dist", "--keys", "keys", "--no-site"]
    vade(capsys, "keys", "new", "--out", "keys")
    vade(capsys, *build)
    shutil.copytree("dist", "seed")
    (place / "docs" / "b.md").write_text("# Lamps\n\nClean the lamp.\n")
    vade(capsys, *build)
    return place


PULL = ("pull", "--store", "kb.db", "--trust", "keys/root.json", "--seed", "seed")


def test_without_the_host_the_seed_is_installed_and_searched(shipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = vade(capsys, *PULL, shipped / "not-mounted")
    assert (done["from"], done["to"], done["seeded"], done["bytes"]) == (None, 1, 1, 0)
    assert vade(capsys, "search", "release key", "--store", "kb.db")["hits"]
    assert vade(capsys, "status", "--store", "kb.db")["lastError"]["code"] == "network"
    assert vade(capsys, *PULL, shipped / "not-mounted", code=3)["error"]["code"] == "network"
    done = vade(capsys, *PULL, "dist")
    assert (done["from"], done["to"], done["seeded"]) == (1, 2, None)
    assert done["plan"] in ("direct", "tiers")


def test_a_corrupt_seed_is_told_and_passed_over(shipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (shipped / "seed" / "objects").iterdir():
        path.write_bytes(b"rot")
    assert main([*PULL, "dist"]) == 0
    assert "the seed was passed over" in capsys.readouterr().err
    assert vade(capsys, "status", "--store", "kb.db")["installed"]["sequence"] == 2


@pytest.mark.fault("C38", "D49")
def test_a_checkup_mends_a_rotten_store_from_the_seed_without_the_host(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vade(capsys, *PULL, shipped / "not-mounted")
    with closing(sqlite3.connect("kb.db")) as connection:
        connection.execute("UPDATE objects SET data = zeroblob(length(data))")
        connection.commit()
    doctor = ("doctor", "not-mounted", "--store", "kb.db", "--trust", "keys/root.json")
    assert not vade(capsys, *doctor, code=1)["sound"]
    found = vade(capsys, *doctor, "--seed", "seed")
    assert found["sound"]
    (told,) = [check["message"] for check in found["checks"] if check["name"] == "repair"]
    assert "not-mounted" in told, "whether there is something newer is not known"
    assert vade(capsys, "search", "release key", "--store", "kb.db")["hits"]
