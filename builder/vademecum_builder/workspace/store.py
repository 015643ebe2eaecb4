"""Items, checkpoints, quarantine, jobs and the log of a workspace, and the transactions that move it forward."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from vademecum.errors import BusyError, UsageError
from vademecum.runtime.sqlite.lock import WriterLock
from vademecum_builder.sources.base import Checkpoint, SourceItem
from vademecum_builder.workspace.database import WorkspaceDatabase, busy, our_errors
from vademecum_builder.workspace.items import (
    ADDED,
    MODIFIED,
    REMOVED,
    Change,
    StoredItem,
    changed_fields,
    digest_of,
    packed,
    stored,
    unpacked,
)
from vademecum_builder.workspace.jobs import CANCELLING, INTERRUPTED, RUNNING, Job
from vademecum_builder.workspace.vectors import Vectors

FROM_SOURCE, FROM_READER, FROM_UPDATE = "source", "reader", "update"
_JOB: Final = ", ".join(f'"{one.name}"' for one in fields(Job))


@dataclass(frozen=True)
class Quarantined:
    """A record that failed.

    Attributes:
        stage: `source` or `reader`: which of them failed. `update`: the reader, with a newer version of an item that
            stays as it is.
        reason: Why it failed.
        said: Its content, as far as it can be shown.
    """

    source: str
    key: str
    view: str
    stage: str
    reason: str
    said: str
    job: int


@dataclass(frozen=True)
class View:
    """How far a view of a source was read.

    Attributes:
        settings: The digest of its settings: a checkpoint is only valid for these.
        told: What its source reported besides items: `unread` and `leftOut`, counted, and `warnings`.
    """

    source: str
    view: str
    settings: str = ""
    checkpoint: Checkpoint | None = None
    told: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    job: int = 0


class Workspace(WorkspaceDatabase):
    """A workspace, opened. A writer holds its lock (`writing`) and writes in transactions (`batch`).

    with Workspace(Path(".vademecum/work.db")) as workspace:
        for job in workspace.jobs():
            print(job.id, job.state, job.error)
    """

    def __init__(self, path: Path, *, create: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Open it; see `open_database`."""
        super().__init__(path, create=create)
        self.clock = clock
        self.vectors = Vectors(self)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock, or raise BusyError. Jobs whose process has ended are marked as interrupted."""
        lock = WriterLock(self.path)
        with our_errors(self.path):
            try:
                lock.acquire()
            except BusyError as error:
                raise busy(self.path) from error
        try:
            with self.batch():
                self.run("UPDATE jobs SET state = ? WHERE state IN (?, ?)", INTERRUPTED, RUNNING, CANCELLING)
            yield
        finally:
            lock.release()

    # Items

    def count(self, source: str, view: str | None = None) -> int:
        """Return how many items a source, or one of its views, has."""
        [(count,)] = (
            self.run("SELECT count(*) FROM items WHERE source = ?", source)
            if view is None
            else self.run("SELECT count(*) FROM items WHERE source = ? AND view = ?", source, view)
        )
        return int(count)

    def keys(self, source: str, view: str) -> list[str]:
        """Return the keys of a view's items, in no order."""
        return [key for (key,) in self.run("SELECT key FROM items WHERE source = ? AND view = ?", source, view)]

    def digest(self, source: str, key: str) -> str:
        """Return the digest of an item and everything kept with it; empty: there is none."""
        found = self.run("SELECT digest FROM items WHERE source = ? AND key = ?", source, key)
        return str(found[0][0]) if found else ""

    def item(self, source: str, key: str) -> StoredItem | None:
        """Return an item; None: there is none."""
        found = self.run(f"{_ITEMS} WHERE source = ? AND key = ?", source, key)
        return stored(found[0]) if found else None

    def items(self, source: str, view: str) -> Iterator[SourceItem]:
        """Yield the items of a view, one at a time, by key."""
        for row in self.rows(f"{_ITEMS} WHERE source = ? AND view = ? ORDER BY key", source, view):
            yield stored(row).item

    def jobs_of_items(self, source: str) -> dict[str, int]:
        """Return the job that brought each item of a source, by key."""
        return dict(self.run("SELECT key, job FROM items WHERE source = ?", source))

    def difference(self, source: str, view: str, item: SourceItem) -> Change | None:
        """Return the change that an item makes; None: it is unchanged."""
        digest = digest_of(view, item)
        old = self.digest(source, item.key)
        if old == digest:
            return None
        if not old:
            return Change(source, item.key, ADDED, new=digest)
        before = self.item(source, item.key)
        found = changed_fields(before.item, item) if before else {}
        return Change(source, item.key, MODIFIED, found, old, digest)

    def put(self, job: int, view: str, item: SourceItem, change: Change) -> None:
        """Write a changed item, and the log."""
        self.log(job, change)
        values = (view, item.media_type, item.target, change.new, job, zlib.compress(item.data, 1))
        self.run("REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)", change.source, item.key, *values)

    def remove(self, job: int, source: str, key: str) -> bool:
        """Delete an item; return whether it was there."""
        old = self.digest(source, key)
        if old:
            self.log(job, Change(source, key, REMOVED, old=old))
            self.run("DELETE FROM items WHERE source = ? AND key = ?", source, key)
        return bool(old)

    # The log

    def log(self, job: int, change: Change) -> None:
        """Log a change before it is made, with the item as it was."""
        before = None if change.what == ADDED else self.item(change.source, change.key)
        was = None if before is None else packed(before)
        told_fields = json.dumps(change.fields, ensure_ascii=False)
        values = (job, change.source, change.key, change.what, told_fields, change.old, change.new, was)
        self.run("INSERT INTO changes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def changes(self, since: int = 0, job: int = 0) -> Iterator[Change]:
        """Yield the changes in the log after `since`, oldest first.

        Args:
            job: Only of this job; 0: of all.
        """
        only = "AND job = ?" if job else "AND ? = 0"
        columns = "source, key, what, fields, old, new, seq, job"
        statement = f"SELECT {columns} FROM changes WHERE seq > ? {only} ORDER BY seq"
        for source, key, what, found, *rest in self.rows(statement, since, job):
            told_fields = {name: tuple(each) for name, each in json.loads(found).items()}
            yield Change(source, key, what, told_fields, *rest)

    def before(self, job: int, source: str) -> dict[str, StoredItem | None]:
        """Return a source's items as before a job, None: not there; raise UsageError if that is no longer kept."""
        rows = self.run(
            "SELECT key, what, was FROM changes WHERE job >= ? AND source = ? ORDER BY seq DESC", job, source
        )
        if any(what != ADDED and was is None for _, what, was in rows):
            raise UsageError(f"what the items of {source} were before job {job} is not kept any more (vade jobs)")
        return {key: None if was is None else unpacked(was) for key, what, was in rows}

    def forget(self, jobs: int, most: int) -> None:
        """Drop earlier versions of items beyond the last `jobs` that changed any, or beyond `most` bytes."""
        rows = self.run(
            "SELECT job, sum(length(was)) FROM changes WHERE was IS NOT NULL GROUP BY job ORDER BY job DESC"
        )
        total = 0
        for number, (job, size) in enumerate(rows):
            total += size
            if number >= jobs or total > most:
                self.run("UPDATE changes SET was = NULL WHERE job <= ?", job)
                return

    # Views and quarantine

    def views(self) -> list[View]:
        """Return how far each view was read."""
        rows = self.run("SELECT source, view, settings, checkpoint, told, job FROM views ORDER BY source, view")
        return [
            View(source, view, settings, Checkpoint.decode(point) if point else None, json.loads(said), job)
            for source, view, settings, point, said, job in rows
        ]

    def view(self, source: str, view: str) -> View | None:
        """Return how far one view was read; None: never."""
        return next((one for one in self.views() if (one.source, one.view) == (source, view)), None)

    def set_view(self, view: View) -> None:
        """Store how far a view was read."""
        point = None if view.checkpoint is None else view.checkpoint.encode()
        values = (view.source, view.view, view.settings, point, json.dumps(view.told), view.job)
        self.run("REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?)", *values)

    def forget_view(self, source: str, view: str) -> None:
        """Forget how far a view was read."""
        self.run("DELETE FROM views WHERE source = ? AND view = ?", source, view)

    def quarantined(self, source: str | None = None) -> list[Quarantined]:
        """Return the failed records of one source, or of all."""
        rows = self.run(
            "SELECT source, key, view, stage, reason, said, job FROM quarantine WHERE ? IS NULL OR source = ? "
            "ORDER BY source, key",
            source,
            source,
        )
        return [Quarantined(*row) for row in rows]

    def quarantine(self, record: Quarantined) -> None:
        """Store a failed record."""
        values = tuple(asdict(record).values())
        self.run("REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?)", *values)

    def release(self, source: str, key: str) -> bool:
        """Take a record out of quarantine; return whether it was there."""
        statement = "DELETE FROM quarantine WHERE source = ? AND key = ? RETURNING key"
        return bool(self.run(statement, source, key))

    # Jobs

    def begin(self, kind: str, source: str, asked: Mapping[str, Any] | None = None) -> Job:
        """Store a new job and return it."""
        started = self.clock()
        with self.batch():
            [(id,)] = self.run(
                "INSERT INTO jobs (kind, source, state, asked, started) VALUES (?, ?, ?, ?, ?) RETURNING id",
                *(kind, source, RUNNING, json.dumps(asked or {}), started),
            )
        return Job(id, kind, source, RUNNING, asked or {}, started)

    def note(self, job: Job) -> Job:
        """Store the state of a job; return it with the seconds that it has taken."""
        job = replace(job, seconds=max(0.0, self.clock() - job.started))
        values = asdict(job) | {"asked": json.dumps(job.asked)}
        marks = ", ".join("?" * len(values))
        self.run(f"REPLACE INTO jobs ({_JOB}) VALUES ({marks})", *values.values())
        return job

    def jobs(self) -> list[Job]:
        """Return all jobs, oldest first."""
        return [_job(row) for row in self.run(f"SELECT {_JOB} FROM jobs ORDER BY id")]

    def job(self, id: int) -> Job:
        """Return a job; raise UsageError if there is no such job."""
        found = self.run(f"SELECT {_JOB} FROM jobs WHERE id = ?", id)
        if not found:
            raise UsageError(f"there is no job {id} (see `vade jobs`)")
        return _job(found[0])


_ITEMS: Final = "SELECT view, key, media_type, target, job, data FROM items"


def unreadable(
    job: int, source: str, view: str, item: SourceItem, reason: str, stage: str = FROM_READER
) -> Quarantined:
    """Return an item that a reader could not read as a record for the quarantine."""
    said = item.data[:200].decode("utf-8", "replace")
    return Quarantined(source, item.key, view, stage, reason, said, job)


def _job(row: Sequence[Any]) -> Job:
    values = dict(zip((one.name for one in fields(Job)), row, strict=True))
    return Job(**(values | {"asked": json.loads(values["asked"])}))
