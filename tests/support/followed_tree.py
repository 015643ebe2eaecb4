"""A published tree in a folder, and a store in a real SQLite file that follows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.publisher import Documents, Publisher
from vademecum import Config, KnowledgeBase
from vademecum.errors import SelfTestError
from vademecum.generation.opened import Loaded
from vademecum.integrity.treatment import Diagnosis

PAGE = 4096
ONE: Documents = {"a": {"chunks": ["rotate the key"], "title": "A"}, "b": {"chunks": ["a lamp"]}}
TWO: Documents = {"a": {"chunks": ["run home"], "title": "A"}, "b": {"chunks": ["a lamp"]}}
FAST = Config(retries=0)


class FollowedTree:
    """A published tree with two releases, and a store that has followed both."""

    def __init__(self, folder: Path) -> None:
        self.site, self.path = folder / "site", folder / "kb.db"
        self.publisher = Publisher(now=datetime.now(UTC).replace(microsecond=0))
        for documents in (ONE, TWO):
            self.publisher.publish(documents)
            self.write()
            self.open().sync()

    def write(self) -> None:
        for path, data in self.publisher.files.items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_bytes(data)

    def open(self, *, trust: bool = True, online: bool = True) -> KnowledgeBase:
        root = self.publisher.first_root if trust else None
        return KnowledgeBase.open(self.path, url=self.site if online else None, trust=root, config=FAST)

    def check(self) -> Diagnosis:
        return self.open().doctor(repair=False)

    def works(self) -> bool:
        with self.open(online=False) as kb:
            return kb.search("run home", limit=1)[0].text == "run home"

    def sql(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(statement, values)
            connection.commit()

    def record(self, name: str) -> bytes | None:
        with closing(sqlite3.connect(self.path)) as connection:
            row = connection.execute("SELECT value FROM records WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])


def stop_working(monkeypatch: pytest.MonkeyPatch, sequence: int) -> None:
    """From now on, as after an upgrade of this program, one release does not pass its self-test any more."""

    def check(loaded: Loaded[Any]) -> None:
        if loaded.generation.sequence == sequence:
            raise SelfTestError(f"release {sequence}: another vector")

    monkeypatch.setattr(Loaded, "self_test", check)
