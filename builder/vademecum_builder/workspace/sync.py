"""Bringing a workspace to what its sources say now, one transaction a batch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from typing import Final

from vademecum.errors import CancelledError, ContentError, StoreError, UsageError, VademecumError
from vademecum_builder.kinds.base import Opened
from vademecum_builder.readers.document import MissingReader
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import BINARY, RECORD, Changes, Checkpoint, Entry, Removed, SourceItem
from vademecum_builder.stages.documents import DocumentReader
from vademecum_builder.workspace.items import MODIFIED
from vademecum_builder.workspace.jobs import (
    CANCELLED,
    CANCELLING,
    DONE,
    FAILED,
    Job,
    Report,
    ignore_job,
)
from vademecum_builder.workspace.store import FROM_READER, FROM_UPDATE, View, Workspace, skipped, unreadable

BATCH = 500
_READ_FIRST: Final = BINARY | {RECORD}
"""Of what is text, next to nothing cannot be read; and a folder of pages is opened as a whole to read one."""


@dataclass(frozen=True)
class Wish:
    """How sources are to be read.

    Attributes:
        sources: Their names; none: all.
        ids: Keys that alone are read anew; none: whatever changed.
        full: Forget the checkpoints and read everything.
        batch: Entries in a transaction.
        resume: The job to go on with; None: a new one.
    """

    sources: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    full: bool = False
    batch: int = BATCH
    resume: Job | None = None

    @property
    def asked(self) -> dict[str, object]:
        """What is written down of it with a job."""
        return {"ids": list(self.ids), "full": self.full, "batch": self.batch}

    @classmethod
    def of(cls, job: Job) -> Wish:
        """Return what a job was asked for."""
        asked = job.asked
        return cls((job.source,), tuple(asked["ids"]), asked["full"], asked["batch"])


def sync_sources(
    workspace: Workspace,
    request: BuildRequest,
    opened: Mapping[str, Sequence[Opened]],
    wish: Wish = Wish(),
    *,
    report: Report = ignore_job,
    stop: Callable[[], bool] = lambda: False,
    reading: bool = True,
) -> list[Job]:
    """Read what changed in the sources into the workspace; each source is a job of its own.

    The writer's lock is held by who calls (`Workspace.writing`).

    Args:
        opened: The sources of the request, as `open_sources` gives them.
        report: Called after each batch.
        stop: Asked after each batch.
        reading: Whether it is tried at once to make documents of what changed; a build does that right afterwards.

    Raises:
        UsageError: There is no such source; one of them vanished, is empty, lost more than half of its items, or has
            more failures than the request allows. What was read is kept; nothing is removed or published. The sources
            after it are read all the same. Or nobody has one of the ids.
        CancelledError: It was stopped; a resumed job goes on behind the last batch.
    """
    runs: list[_Run] = []
    errors: list[VademecumError] = []
    for settings in chosen_sources(request, wish.sources):
        views = partial(opened.__getitem__, settings.prefix)
        runs.append(_Run(workspace, request, settings, views, wish, report, stop, reading))
        try:
            runs[-1].run()
        except (CancelledError, StoreError):
            raise
        except VademecumError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    if missing := set(wish.ids).difference(*(run.found for run in runs)):
        raise UsageError(f"no source that was read has {', '.join(sorted(missing))} (ids: `vade sources`)")
    return [run.job for run in runs]


def refuse_unfinished(workspace: Workspace, sources: Sequence[SourceSettings]) -> None:
    """Refuse to publish a workspace that a sync has left half way: some records are new, others are not.

    Raises:
        UsageError: The last sync of a whole source was refused, cancelled or broke off.
    """
    for job in {job.source: job for job in workspace.jobs() if not job.asked.get("ids")}.values():
        if job.state != DONE and job.source in {settings.name for settings in sources}:
            raise UsageError(
                f"{job.source}: its last sync (job {job.id}) is {job.state}, so that a part of it alone is new: "
                f"`vade sync {job.source}` first, or `vade jobs rollback {job.id}`"
            )


def chosen_sources(request: BuildRequest, names: Sequence[str]) -> list[SourceSettings]:
    """Return the sources of these names; all, where there is none.

    Raises:
        UsageError: There is no such source.
    """
    known = {settings.name: settings for settings in request.sources}
    if missing := [name for name in names if name not in known]:
        raise UsageError(f"there is no source {missing[0]!r}; there is {', '.join(known)}")
    return [known[name] for name in names] if names else list(request.sources)


def settings_digest(settings: SourceSettings) -> str:
    """Return what a checkpoint belongs to: other settings read other items."""
    return hashlib.sha256(repr((settings.kind, sorted(settings.values.items()))).encode()).hexdigest()


def checkpoint_of(workspace: Workspace, settings: SourceSettings, view: str) -> Checkpoint | None:
    """Return how far a view was read by these very settings; None: from nothing."""
    known = workspace.view(settings.name, view)
    return known.checkpoint if known and known.settings == settings_digest(settings) else None


@dataclass
class _Run:
    """One job over one source."""

    workspace: Workspace
    request: BuildRequest
    settings: SourceSettings
    views: Callable[[], Sequence[Opened]]
    wish: Wish
    report: Report
    stop: Callable[[], bool]
    reads: bool
    before: int = 0
    found: set[str] = field(default_factory=set)
    """Of the ids that were asked for, those that are there, or were."""

    @property
    def source(self) -> str:
        return self.settings.name

    @cached_property
    def opened(self) -> Sequence[Opened]:
        return self.views()

    def run(self) -> Job:
        workspace, wish = self.workspace, self.wish
        if wish.resume is None:
            self.job = workspace.begin("sync", self.source, wish.asked)
        else:
            self.job = replace(wish.resume, state="running", error="", done=0, failed=0)
        self.before = workspace.count(self.source)
        try:
            self._remove_what_is_gone([self._read_view(one) for one in self.opened])
            self._finish(DONE)
        except (CancelledError, KeyboardInterrupt):
            self._finish(CANCELLED)
            raise
        except VademecumError as error:
            self._finish(FAILED, error.message)
            raise
        return self.job

    def _finish(self, state: str, error: str = "") -> None:
        with self.workspace.batch():
            self.workspace.forget(self.request.history_jobs, self.request.history_bytes)
            self.job = self.workspace.note(replace(self.job, state=state, error=error))
        self.report(self.job)

    def _read_view(self, opened: Opened) -> _Reading:
        workspace, wish, view = self.workspace, self.wish, opened.view
        since = None if wish.full or wish.ids else checkpoint_of(workspace, self.settings, view)
        changes = opened.source.changes(since)
        whole = since is None or changes.whole
        # Where a listing was cut off, what is gone would be missed: it begins again, and finds most of it unchanged.
        keeps_checkpoints = not whole or not workspace.count(self.source, view)
        reading = _Reading(view, changes, whole, since)
        self.job = replace(
            self.job, total=self.job.total + (changes.expected or workspace.count(self.source, view))
        )
        entries = self._asked_for(changes.entries)
        while batch := list(islice(entries, wish.batch)):
            with workspace.batch():
                for entry in batch:
                    self._take(entry, reading)
                if all_ := max(self.before, self.job.total):  # else nobody knows, and the end tells
                    self._refuse_failures(all_)
                # What may be too many failures is read again by the next run, and so is what may not be removed yet.
                may_go_on = self.job.failed <= self._may_fail(self.job.done) and not reading.gone
                if keeps_checkpoints and not wish.ids and may_go_on:
                    self._note_view(reading)
                cancelled = workspace.job(self.job.id).state == CANCELLING
                self.job = workspace.note(self.job)
            self.report(self.job)
            if cancelled or self.stop():
                raise CancelledError(
                    f"{self.source}: stopped after {self.job.done} entries; `vade jobs resume {self.job.id}` goes on"
                )
        return reading

    def _asked_for(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        ids = set(self.wish.ids)
        for entry in entries:
            if not ids or (not isinstance(entry, Checkpoint) and entry.key in ids):
                yield entry

    def _take(self, entry: Entry, reading: _Reading) -> None:
        workspace, source, job = self.workspace, self.source, self.job
        if isinstance(entry, Checkpoint):
            reading.checkpoint = entry
            return
        self.job = job = replace(job, done=job.done + 1)
        reading.seen.add(entry.key)
        reading.gone.discard(entry.key)
        if isinstance(entry, SourceItem):
            failed = workspace.release(source, entry.key)
            change = workspace.difference(source, reading.view, entry)
            # A version that cannot be read does not take the place of one that could.
            replaces = bool(change and change.what == MODIFIED) and entry.media_type in _READ_FIRST
            asked = (change or failed) and (self.reads or replaces)
            if asked and (reason := self._why_unreadable(entry)):
                stage = FROM_UPDATE if replaces else FROM_READER
                workspace.quarantine(unreadable(job.id, source, reading.view, entry, reason, stage))
                self.job = replace(job, failed=job.failed + 1)
                if replaces:
                    return
            if change:
                workspace.put(job.id, reading.view, entry, change)
                counted = {change.what: getattr(job, change.what) + 1}
                self.job = replace(self.job, **counted)
            return
        if isinstance(entry, Removed):
            reading.gone.add(entry.key)
        else:  # what was there before stays
            workspace.quarantine(skipped(job.id, source, reading.view, entry))
            self.job = replace(self.job, failed=job.failed + 1)

    @cached_property
    def _reader(self) -> DocumentReader:
        return self.opened[0].reader()

    def _why_unreadable(self, item: SourceItem) -> str:
        """Return why no document can be made of an item; where what reads it is not installed, nobody knows."""
        try:
            self._reader.read(item)
        except MissingReader:
            pass
        except ContentError as error:
            return error.message
        return ""

    def _remove_what_is_gone(self, readings: Sequence[_Reading]) -> None:
        """Remove it, in one transaction, once the whole source was read and judged: a refused job removes nothing."""
        workspace, source = self.workspace, self.source
        left = {one.view for one in workspace.views() if one.source == source} - {
            one.view for one in self.opened
        }
        gone = {key for view in left for key in workspace.keys(source, view)}
        for reading in readings:
            gone |= reading.gone
            if reading.whole:
                there = set(workspace.keys(source, reading.view))
                failed = {one.key for one in workspace.quarantined(source) if one.view == reading.view}
                gone |= ((there | failed) & (set(self.wish.ids) or there | failed)) - reading.seen
        self.found = gone.union(*(reading.seen for reading in readings))
        self._refuse_failures()
        self._refuse_loss(sum(1 for key in gone if workspace.digest(source, key)))
        with workspace.batch():
            for key in sorted(gone):
                workspace.release(source, key)
                removed = workspace.remove(self.job.id, source, key)
                self.job = replace(self.job, removed=self.job.removed + removed)
            for view in left:
                workspace.forget_view(source, view)
            for reading in readings if not self.wish.ids else ():
                self._note_view(reading)

    def _may_fail(self, of: int) -> int:
        return math.ceil(self.request.failures * of)

    def _refuse_failures(self, of: int = 0) -> None:
        """Raise where more failed than may: of all that was read, or of all that will be."""
        failed = self.job.failed
        if failed > self._may_fail(max(of, self.job.done)):
            # Where all failed, the settings are wrong, and no share helps.
            more = "" if failed == self.job.done else "; to allow more: failures = 0.5 below [limits]"
            raise UsageError(
                f"{self.source}: {failed} of {self.job.done} records failed, more than {self.request.failures:.0%} of "
                f"all: nothing was removed or published. See `vade quarantine`{more}"
            )

    def _refuse_loss(self, gone: int) -> None:
        left = self.before + self.job.added - gone
        if 2 * left < self.before and not (self.request.allow_shrink or self.request.allow_empty):
            raise UsageError(
                f"{self.source}: {gone} of {self.before} items are gone, more than half. Is it the right place, "
                "and all of it? Nothing was deleted or published; if that is meant: --allow-shrink"
            )

    def _note_view(self, reading: _Reading) -> None:
        changes = reading.changes
        told = {"unread": dict(changes.unread), "leftOut": dict(changes.left_out)}
        told["warnings"] = dict.fromkeys(changes.warnings, 1)
        digest = settings_digest(self.settings)
        self.workspace.set_view(
            View(self.source, reading.view, digest, reading.checkpoint, told, self.job.id)
        )


@dataclass
class _Reading:
    """One view, as it is read."""

    view: str
    changes: Changes
    whole: bool
    checkpoint: Checkpoint | None
    seen: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
