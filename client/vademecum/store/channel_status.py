"""The record `sync`: the state of the channel as of the last checks; most of what `status()` returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vademecum.errors import TRANSIENT, VademecumError
from vademecum.format.json import DIGEST, Fields, iso_time
from vademecum.store.seal import LONGEST_MESSAGE, as_text

LONGEST_ADDRESS = 2000
"""The most characters of a tree's address that are kept."""


@dataclass(frozen=True)
class Candidate:
    """The channel's candidate: for how many of 10,000 it is, and whether this store is among them."""

    sequence: int
    rollout: int
    assigned: bool


@dataclass(frozen=True)
class Latest:
    """The release that the channel showed last to this store, and its candidate, if it has one."""

    sequence: int
    version: str
    candidate: Candidate | None = None

    def json(self) -> dict[str, object]:
        """Return the JSON value, as `_decode_latest` reads it."""
        candidate = {} if self.candidate is None else {"candidate": dict(self.candidate.__dict__)}
        return {"sequence": self.sequence, "version": self.version, **candidate}


@dataclass(frozen=True)
class ErrorNote:
    """The last error: its stable code, its message, and when it happened."""

    code: str
    message: str
    time: datetime

    @classmethod
    def of(cls, error: VademecumError, time: datetime) -> ErrorNote:
        """Return what is kept of an error, noted at that time."""
        return cls(error.code, as_text(error.message), time)

    def json(self) -> dict[str, object]:
        """Return the JSON value in the record."""
        return {"code": self.code, "message": self.message, "time": iso_time(self.time)}

    def last_error(self) -> dict[str, object]:
        """Return what `status()` says of it. `transient`: trying again later, unchanged, may well succeed."""
        transient = self.code in TRANSIENT
        return {"code": self.code, "message": self.message, "at": iso_time(self.time), "transient": transient}


@dataclass(frozen=True)
class ChannelStatus:
    """The record `sync`: what the last checks found of the channel.

    Attributes:
        checked: When the whole metadata was last walked.
        expires: When the first of the metadata expires.
        latest: The published release, as of the last good check.
        error: The last error, if no good check came after it.
        stale: Since when the host shows older metadata than those that are trusted here.
        yanked: Sequences that the publisher has taken back.
        settled: There is nothing to do about the published release: it is installed, or `reason` says why not. Browsers
            read this instead of deciding it again.
        reason: `yanked`, `refused` or `pinned`; or None.
        whole: The digest of the installed segments that were found to make the signed state.
        tree: The search page of the tree that was asked last; empty for a folder.
        contacted: When the host last answered as it should.
        channel: The channel of `latest`.
    """

    checked: datetime | None = None
    expires: datetime | None = None
    latest: Latest | None = None
    error: ErrorNote | None = None
    stale: datetime | None = None
    yanked: tuple[int, ...] = ()
    settled: bool = False
    reason: str | None = None
    whole: str = ""
    tree: str = ""
    contacted: datetime | None = None
    channel: str = ""

    def json(self) -> dict[str, object]:
        """Return the JSON values that `status()` has too."""
        return {
            "checked": json_time(self.checked),
            "contacted": json_time(self.contacted),
            "expires": json_time(self.expires),
            "latest": self.latest and self.latest.json(),
            "staleSince": json_time(self.stale),
            "yanked": list(self.yanked),
            "reason": self.reason,
        }


def decode_status(fields: Fields) -> ChannelStatus:
    """Return what the JSON of the record `sync` says; raise ContentError if it is not as `ChannelStatus` has it."""
    return ChannelStatus(
        checked=fields.optional("checked", fields.time),
        expires=fields.optional("expires", fields.time),
        latest=fields.optional("latest", lambda name: _decode_latest(fields.child(name))),
        error=fields.optional("error", lambda name: _decode_error(fields.child(name))),
        stale=fields.optional("staleSince", fields.time),
        yanked=fields.integers("yanked") if "yanked" in fields else (),
        settled="settled" in fields and fields.boolean("settled"),
        reason=fields.text("reason", 1, 100) if "reason" in fields else None,
        whole=fields.match("whole", DIGEST) if "whole" in fields else "",
        tree=fields.text("tree", longest=LONGEST_ADDRESS) if "tree" in fields else "",
        contacted=fields.optional("contacted", fields.time),
        channel=fields.text("channel", longest=100) if "channel" in fields else "",
    )


def _decode_latest(fields: Fields) -> Latest:
    candidate = fields.optional("candidate", fields.child)
    return Latest(
        fields.integer("sequence", 1),
        fields.text("version"),
        None
        if candidate is None
        else Candidate(candidate.integer("sequence", 1), candidate.integer("rollout"), candidate.boolean("assigned")),
    )


def _decode_error(fields: Fields) -> ErrorNote:
    message = fields.text("message", longest=LONGEST_MESSAGE)
    return ErrorNote(fields.text("code", 1, 100), message, fields.time("time"))


def json_time(time: datetime | None) -> str | None:
    """Return a time as JSON has it, or None."""
    return None if time is None else iso_time(time)
