"""`vade cdc`: the SQL is shown before it is run."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from vademecum_builder.cli.main import main

SETTINGS = """
[[source]]
name = "shop"
kind = "sql"
url = "sqlite:///shop.db"
table = "item"
capture = "triggers"
[[source]]
name = "plain"
kind = "sql"
url = "sqlite:///shop.db"
table = "item"
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vademecum.toml").write_text(SETTINGS)
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE item (id, name)")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["cdc", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def triggers() -> int:
    with closing(sqlite3.connect("shop.db")) as database:
        return int(database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0])


def test_nothing_is_run_without_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cdc", "install", "shop"]) == 0
    shown = capsys.readouterr().out
    assert "CREATE TRIGGER vademecum_item_insert AFTER INSERT ON item" in shown
    assert shown.endswith("Nothing was run: --yes runs this.\n")
    assert (triggers(), told(capsys, "status", "shop")) == (0, {"source": "shop", "installed": False})
    assert told(capsys, "install", "shop", "--yes")["done"]
    assert triggers() == 3
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as database:
        database.execute("INSERT INTO item VALUES (1, 'a'), (2, 'b')")
    assert told(capsys, "status", "shop") == {"source": "shop", "installed": True, "changed": 2}
    assert told(capsys, "install", "shop", "--yes") == {"source": "shop", "sql": [], "done": False}
    assert told(capsys, "remove", "shop", "--yes")["done"]
    assert triggers() == 0


def test_which_source_can_be_captured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cdc", "install", "stop"]) == 2
    assert "no source 'stop' of kind sql; there is shop, plain" in capsys.readouterr().err
    assert main(["cdc", "install", "plain"]) == 2
    assert 'line 8: write capture = "triggers"' in capsys.readouterr().err


@pytest.mark.parametrize(("key", "said"), [("cursor", "cursor and capture: take one"), ("query", "a query has none")])
def test_what_does_not_go_together(key: str, said: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = 'cursor = "id"\ntable = "item"' if key == "cursor" else 'query = "SELECT 1"'
    (place / "vademecum.toml").write_text(SETTINGS.replace('table = "item"', more, 1))
    assert main(["cdc", "status", "shop"]) == 2
    assert said in capsys.readouterr().err
