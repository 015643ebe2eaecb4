"""A build over the workspace: the same readers, over the items that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vademecum.errors import CancelledError, ContentError, UsageError, VademecumError
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.readers.document import Document, MissingReader
from vademecum_builder.request import BuildRequest, SourcesRequest
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, Skipped, SourceItem
from vademecum_builder.sources.gitignore import Selection
from vademecum_builder.stages.documents import NamedReaders
from vademecum_builder.stages.report import BuildReport
from vademecum_builder.workspace.jobs import CANCELLED, DONE, FAILED, Job
from vademecum_builder.workspace.store import FROM_READER, Workspace, unreadable


@dataclass(frozen=True)
class StoredView:
    """A view of a source as the workspace has it: all its items, and what failed.

    Attributes:
        example_keys: The files whose private keys are examples, by the current settings.
    """

    workspace: Workspace
    source: str
    view: str
    example_keys: Selection

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything; raise UsageError if there is a checkpoint, which a workspace never gives."""
        if since is not None:
            raise UsageError(f"a workspace has no checkpoint ({since.strategy})")
        known = self.workspace.view(self.source, self.view)
        told = known.told if known else {}
        expected = self.workspace.count(self.source, self.view)
        return Changes(
            self._entries(),
            expected=expected,
            unread=told.get("unread", {}),
            left_out=told.get("leftOut", {}),
            warnings=list(told.get("warnings", ())),
        )

    def _entries(self) -> Iterator[Entry]:
        for item in self.workspace.items(self.source, self.view):
            yield replace(item, shows_keys=self.example_keys.takes_by_name(item.key))
        for one in self.workspace.quarantined(self.source):
            if one.view == self.view and one.stage != FROM_READER:
                yield Skipped(one.key, one.reason, one.said)


def stored(
    workspace: Workspace, request: SourcesRequest, opened: Mapping[str, Sequence[OpenedSource]]
) -> dict[str, list[OpenedSource]]:
    """Return the sources as the workspace has them."""
    sources = {settings.prefix: settings for settings in request.sources}
    examples = {prefix: Selection.of(settings.values.get("example-keys", ())) for prefix, settings in sources.items()}
    return {
        prefix: [
            replace(one, source=StoredView(workspace, sources[prefix].name, one.view, examples[prefix]))
            for one in views
        ]
        for prefix, views in opened.items()
    }


@dataclass(frozen=True)
class NotedReaders(NamedReaders):
    """Readers that record what failed.

    Attributes:
        most: How many may fail.
        failed: Why items failed, by key.
    """

    most: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def read(self, item: SourceItem) -> Document | str:
        try:
            return super().read(item)
        except MissingReader:
            raise
        except ContentError as error:
            self.failed[item.key] = error.message
            if len(self.failed) > self.most:
                raise UsageError(
                    f"more than {self.most} records cannot be read: nothing was published. See `vade quarantine`; to "
                    "allow more: failures = 0.5 below [limits]"
                ) from error
            raise


def run_job(
    workspace: Workspace, request: BuildRequest, readers: NamedReaders, run: Callable[[NotedReaders], BuildReport]
) -> BuildReport:
    """Run a build as a job over the workspace; what its readers cannot read goes to quarantine.

    Raises:
        VademecumError: Whatever `run` raises.
    """
    job = workspace.begin("build", "")
    total = sum(workspace.count(settings.name) for settings in request.sources)
    noted = NotedReaders(readers.readers, request.may_fail(total))
    try:
        report = run(noted)
    except VademecumError as error:
        state = CANCELLED if isinstance(error, CancelledError) else FAILED
        _finish(workspace, replace(job, total=total, state=state, error=error.message), noted)
        raise
    except KeyboardInterrupt:
        _finish(workspace, replace(job, total=total, state=CANCELLED), noted)
        raise
    _finish(workspace, replace(_done(job, report), total=total), noted)
    with workspace.batch():
        workspace.vectors.forget(request.vector_bytes)
    return report


def run_with_vectors(workspace: Workspace, request: BuildRequest, run: Callable[[], BuildReport]) -> BuildReport:
    """Run a build of other sources than the workspace's as a job: only what is embedded is kept there."""
    job = workspace.begin("build", "")
    report = run()
    workspace.note(_done(job, report))
    with workspace.batch():
        workspace.vectors.forget(request.vector_bytes)
    return report


def _done(job: Job, report: BuildReport) -> Job:
    return replace(
        job,
        state=DONE,
        done=report.documents,
        added=report.added,
        modified=report.modified,
        removed=report.removed,
        embedded=report.embedded,
        release=report.sequence,
    )


def _finish(workspace: Workspace, job: Job, noted: NotedReaders) -> None:
    with workspace.batch():
        for one in workspace.quarantined():
            if one.stage == FROM_READER:  # it was tried again now
                workspace.release(one.source, one.key)
        for named, reason in noted.failed.items():
            source, _, key = named.partition(":")
            found = workspace.item(source, key)
            if found is not None:
                workspace.quarantine(unreadable(job.id, source, found.view, found.item, reason))
        workspace.note(replace(job, failed=len(noted.failed)))
