"""Jobs: everything that reads sources or embeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from vademecum_builder.request import Progress

RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED = "running", "done", "failed", "cancelled", "interrupted"
CANCELLING: Final = "cancelling"
UNFINISHED: Final = (FAILED, CANCELLED, INTERRUPTED)
"""States that can be resumed. `interrupted`: its process ended in the middle."""


@dataclass(frozen=True)
class Job:
    """A job, finished or not.

    Attributes:
        id: Counts up.
        kind: `sync`, `build` or `rollback`.
        source: The name of its source; empty: all of them.
        state: `running`, `cancelling`, `done`, `failed`, `cancelled` or `interrupted`.
        asked: What was asked for: `ids`, `full`, `batch`.
        started: Seconds since 1970.
        total: About how many items there are; 0: unknown.
        done: How many items were read.
        failed: How many of them went to quarantine.
        added, modified, removed: How many items; of a build, documents.
        embedded: How many chunks were sent to the encoder.
        seconds: How long it has taken so far.
        release: The sequence that a build published, or found published.
        error: Why it failed.
    """

    id: int
    kind: str
    source: str
    state: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    total: int = 0
    done: int = 0
    failed: int = 0
    added: int = 0
    modified: int = 0
    removed: int = 0
    embedded: int = 0
    seconds: float = 0.0
    release: int = 0
    error: str = ""

    @property
    def rate(self) -> float:
        """Items per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """About how many seconds are left; None: unknown."""
        if self.state != RUNNING or not self.rate or self.total < self.done:
            return None
        return (self.total - self.done) / self.rate

    def json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        left = self.seconds_left
        return asdict(self) | {
            "started": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 1),
            "left": None if left is None else round(left, 1),
        }


BATCH = 500


Report = Callable[[Job], None]
"""Called after each batch."""


@dataclass(frozen=True)
class SyncOptions:
    """How sources are to be read.

    Attributes:
        sources: Their names; none: all.
        ids: Read only these keys anew; none: whatever changed.
        full: Forget the checkpoints and read everything.
        batch: Entries in a transaction.
        resume: The job to continue; None: a new one.
        reads: Whether to try to make documents of what changed; a build does that right afterwards anyway.
        report: Called after each batch.
        stop: Asked after each batch; True cancels the job.
    """

    sources: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    full: bool = False
    batch: int = BATCH
    resume: Job | None = None
    reads: bool = True
    report: Report = lambda _: None
    stop: Callable[[], bool] = lambda: False

    @property
    def asked(self) -> dict[str, object]:
        """What is stored of it with a job."""
        return {"ids": list(self.ids), "full": self.full, "batch": self.batch}

    @classmethod
    def of(cls, job: Job) -> SyncOptions:
        """Return the options that a job was begun with."""
        asked = job.asked
        return cls((job.source,), tuple(asked["ids"]), asked["full"], asked["batch"])


def in_stages(progress: Progress) -> Report:
    """Return a report that passes the progress of a sync on as that of a build."""
    return lambda job: progress("syncing", job.done, max(job.done, job.total))
