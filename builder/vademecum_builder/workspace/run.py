"""One job over one source: its changes go into the workspace, one transaction per batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Final

from vademecum.errors import CancelledError, ContentError, UsageError, VademecumError
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.readers.document import MissingReader
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import BINARY, RECORD, Changes, Checkpoint, Entry, Removed, SourceItem
from vademecum_builder.stages.documents import DocumentReader
from vademecum_builder.workspace.items import MODIFIED
from vademecum_builder.workspace.jobs import CANCELLED, CANCELLING, DONE, FAILED, RUNNING, Job, SyncOptions
from vademecum_builder.workspace.store import (
    FROM_READER,
    FROM_SOURCE,
    FROM_UPDATE,
    Quarantined,
    View,
    Workspace,
    unreadable,
)

_READ_FIRST: Final = BINARY | {RECORD}
"""Types whose items are read at once. Text can nearly always be read, and reading one page opens a whole folder."""


def settings_digest(settings: SourceSettings) -> str:
    """Return the digest that a checkpoint is valid for: other settings read other items."""
    return hashlib.sha256(repr((settings.kind, sorted(settings.values.items()))).encode()).hexdigest()


def checkpoint_of(workspace: Workspace, settings: SourceSettings, view: str) -> Checkpoint | None:
    """Return how far a view was read with exactly these settings; None: not at all."""
    known = workspace.view(settings.name, view)
    return known.checkpoint if known and known.settings == settings_digest(settings) else None


@dataclass
class SourceRun:
    """One job over one source."""

    workspace: Workspace
    request: BuildRequest
    settings: SourceSettings
    views: Callable[[], Sequence[OpenedSource]]
    options: SyncOptions
    before: int = 0
    found: set[str] = field(default_factory=set)
    """Those of the requested ids that are, or were, there."""

    @property
    def source(self) -> str:
        return self.settings.name

    @cached_property
    def opened(self) -> Sequence[OpenedSource]:
        return self.views()

    def run(self) -> Job:
        workspace, options = self.workspace, self.options
        if options.resume is None:
            self.job = workspace.begin("sync", self.source, options.asked)
        else:
            self.job = replace(options.resume, state=RUNNING, error="", done=0, failed=0)
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
        self.options.report(self.job)

    def _read_view(self, opened: OpenedSource) -> _Reading:
        workspace, options, view = self.workspace, self.options, opened.view
        since = None if options.full or options.ids else checkpoint_of(workspace, self.settings, view)
        changes = opened.source.changes(since)
        whole = since is None or changes.whole
        # To continue a listing that was cut off would miss what is gone: it begins again, and finds most unchanged.
        keeps_checkpoints = not whole or not workspace.count(self.source, view)
        reading = _Reading(view, changes, whole, since)
        self.job = replace(self.job, total=self.job.total + (changes.expected or workspace.count(self.source, view)))
        entries = self._asked_for(changes.entries)
        while batch := list(islice(entries, options.batch)):
            with workspace.batch():
                for entry in batch:
                    self._take(entry, reading)
                if all_ := max(self.before, self.job.total):  # otherwise it is only known at the end
                    self._refuse_failures(all_)
                # The next run reads again what may be too many failures, and what may not be removed yet.
                may_go_on = self.job.failed <= self.request.may_fail(self.job.done) and not reading.gone
                if keeps_checkpoints and not options.ids and may_go_on:
                    self._note_view(reading)
                cancelled = workspace.job(self.job.id).state == CANCELLING
                self.job = workspace.note(self.job)
            self.options.report(self.job)
            if cancelled or self.options.stop():
                raise CancelledError(
                    f"{self.source}: stopped after {self.job.done} entries; `vade jobs resume {self.job.id}` goes on"
                )
        return reading

    def _asked_for(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        ids = set(self.options.ids)
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
            # A version that cannot be read does not replace one that could.
            replaces = bool(change and change.what == MODIFIED) and entry.media_type in _READ_FIRST
            asked = (change or failed) and (self.options.reads or replaces)
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
        else:  # the version from before stays
            failure = FROM_SOURCE, entry.reason, entry.said
            workspace.quarantine(Quarantined(source, entry.key, reading.view, *failure, job.id))
            self.job = replace(self.job, failed=job.failed + 1)

    @cached_property
    def _reader(self) -> DocumentReader:
        return self.opened[0].reader()

    def _why_unreadable(self, item: SourceItem) -> str:
        """Return why no document can be made of an item; empty: it can, or its reader is not installed."""
        try:
            self._reader.read(item)
        except MissingReader:
            pass
        except ContentError as error:
            return error.message
        return ""

    def _remove_what_is_gone(self, readings: Sequence[_Reading]) -> None:
        """Remove what is gone, in one transaction, after the whole source was read: a refused job removes nothing."""
        workspace, source = self.workspace, self.source
        left = {one.view for one in workspace.views() if one.source == source} - {one.view for one in self.opened}
        gone = {key for view in left for key in workspace.keys(source, view)}
        for reading in readings:
            gone |= reading.gone
            if reading.whole:
                there = set(workspace.keys(source, reading.view))
                failed = {one.key for one in workspace.quarantined(source) if one.view == reading.view}
                gone |= ((there | failed) & (set(self.options.ids) or there | failed)) - reading.seen
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
            for reading in readings if not self.options.ids else ():
                self._note_view(reading)

    def _refuse_failures(self, of: int = 0) -> None:
        """Raise UsageError if too many failed, of all that was read or will be."""
        failed = self.job.failed
        if failed > self.request.may_fail(max(of, self.job.done)):
            # If all failed, the settings are wrong, whatever share may fail.
            more = "" if failed == self.job.done else "; to allow more: failures = 0.5 below [limits]"
            ours = (one for one in self.workspace.quarantined(self.source) if one.job == self.job.id)
            first = next((f" The first: {one.key}: {one.reason}." for one in ours), "")
            raise UsageError(
                f"{self.source}: {failed} of {self.job.done} records failed, more than allowed "
                f"({self.request.failures:.0%}, of few records a third): nothing was removed or published.{first} "
                f"See `vade quarantine`{more}"
            )

    def _refuse_loss(self, gone: int) -> None:
        left = self.before + self.job.added - gone
        if 2 * left < self.before and not (self.request.allow_shrink or self.request.allow_empty):
            raise UsageError(
                f"{self.source}: {gone} of {self.before} items are gone, more than half. Is it the right place, "
                "and all of it? Nothing was deleted or published; if you mean it: --allow-shrink"
            )

    def _note_view(self, reading: _Reading) -> None:
        changes = reading.changes
        told = {"unread": dict(changes.unread), "leftOut": dict(changes.left_out)}
        told["warnings"] = dict.fromkeys(changes.warnings, 1)
        digest = settings_digest(self.settings)
        self.workspace.set_view(View(self.source, reading.view, digest, reading.checkpoint, told, self.job.id))


@dataclass
class _Reading:
    """One view while it is read."""

    view: str
    changes: Changes
    whole: bool
    checkpoint: Checkpoint | None
    seen: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
