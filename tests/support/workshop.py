"""A catalog with settings and a workspace beside it, for tests of what a workspace remembers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vademecum_builder.build import BuildReport, build
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import Changes, Checkpoint, Entry
from vademecum_builder.workspace.jobs import Job, SyncOptions
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import sync_sources

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SETTINGS = """
site = false
[[source]]
name = "products"
kind = "catalog"
path = "products.jsonl"
title = "name"
text = "{text}"
"""


@dataclass(frozen=True)
class Workshop:
    """A folder with settings, a catalog and a workspace."""

    root: Path

    def write(self, records: Sequence[Mapping[str, Any]], *, more: str = "") -> None:
        """Let these be all records."""
        (self.root / "vademecum.toml").write_text(SETTINGS + more)
        (self.root / "products.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records))

    @property
    def request(self) -> BuildRequest:
        """What the settings ask for, with keys and a workspace in the folder."""
        request = read_settings(self.root / "vademecum.toml")
        keys = self.root / "keys"
        return replace(request, workspace=self.root / "work.db", keys=keys if keys.exists() else None)

    def sync(self, how: SyncOptions | None = None, **options: Any) -> list[Job]:
        """Sync as `vade sync` does."""
        request = replace(self.request, **{name: options.pop(name) for name in ("allow_shrink",) if name in options})
        with self.open() as workspace, workspace.writing():
            return sync_sources(workspace, request, open_sources(request), replace(how or SyncOptions(), **options))

    def build(self, **options: Any) -> BuildReport:
        """Build as `vade build` does."""
        return build(replace(self.request, **options), now=NOW)

    def open(self) -> Workspace:
        """Open the workspace."""
        return Workspace(self.root / "work.db", create=True, clock=lambda: 1000.0)


def lamp(number: int, **fields: Any) -> dict[str, Any]:
    """Return a record."""
    text = f"Lamp {number} shines {number * 7} lumens over the {['desk', 'door', 'river'][number % 3]}."
    return {"id": number, "name": f"Lamp {number}", "text": text, "price": number, **fields}


@dataclass
class Script:
    """A source that says what a test tells it to: for each checkpoint its entries."""

    said: Callable[[Checkpoint | None], Sequence[Entry]]
    asked: list[Checkpoint | None] = field(default_factory=list)
    whole: bool = False
    expected: int = 0

    def changes(self, since: Checkpoint | None) -> Changes:
        """Say it."""
        self.asked.append(since)
        return Changes(iter(self.said(since)), whole=self.whole, expected=self.expected)


def scripted(source: Script, **values: Any) -> tuple[BuildRequest, dict[str, list[OpenedSource]]]:
    """Return a request of one source called `log`, and that source, opened."""

    settings = SourceSettings("log", "catalog", values)
    request = BuildRequest(source=Path(), out=Path("out"), sources=(settings,))
    return request, {"log:": [OpenedSource(source, lambda: RecordReader(""))]}
