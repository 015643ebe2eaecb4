"""The record `sync`: what the last checks found (format.md, section 8). Losing it costs one full check, no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vademecum.errors import TRANSIENT, VademecumError
from vademecum.format.json import Fields, canonical, iso_time, parse_object

_LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Latest:
    """The release that the channel showed last."""

    sequence: int
    version: str


@dataclass(frozen=True)
class ErrorNote:
    """The last error: its stable code, its message, and when it happened."""

    code: str
    message: str
    time: datetime

    def told(self) -> dict[str, object]:
        """Return what `status()` says of it. `transient`: trying again later, unchanged, may well succeed."""
        transient = self.code in TRANSIENT
        return {"code": self.code, "message": self.message, "at": iso_time(self.time), "transient": transient}


@dataclass(frozen=True)
class Notes:
    """What is known of the channel.

    Attributes:
        checked: When the whole metadata was last walked.
        expires: When the first of the metadata expires.
        latest: The published release, as of the last good check.
        error: The last error, if no good check came after it.
        stale: Since when the host shows older metadata than those that are trusted here.
        yanked: Sequences that the publisher has taken back.
    """

    checked: datetime | None = None
    expires: datetime | None = None
    latest: Latest | None = None
    error: ErrorNote | None = None
    stale: datetime | None = None
    yanked: tuple[int, ...] = ()

    def json(self) -> dict[str, object]:
        """Return the JSON values of the record and of `status()`; every field is there, or null."""
        latest, error = self.latest, self.error
        return {
            "checked": None if self.checked is None else iso_time(self.checked),
            "expires": None if self.expires is None else iso_time(self.expires),
            "latest": None if latest is None else {"sequence": latest.sequence, "version": latest.version},
            "error": None
            if error is None
            else {"code": error.code, "message": error.message, "time": iso_time(error.time)},
            "staleSince": None if self.stale is None else iso_time(self.stale),
            "yanked": list(self.yanked),
        }


def note_of(error: VademecumError, time: datetime) -> ErrorNote:
    """Return the note of an error. A message may name a file whose name is no text: that part is replaced."""
    message = error.message[:_LONGEST_MESSAGE].encode(errors="replace").decode()
    return ErrorNote(error.code, message, time)


def encode_notes(notes: Notes) -> bytes:
    return canonical({name: value for name, value in notes.json().items() if value not in (None, [])})


def decode_notes(data: bytes | None) -> Notes:
    """Read the record; None (no such record) gives empty notes.

    Raises:
        ContentError: Damaged.
    """
    if data is None:
        return Notes()
    fields = Fields(parse_object(data, "sync"), "sync")
    latest, error = fields.optional("latest", fields.child), fields.optional("error", fields.child)
    return Notes(
        checked=fields.optional("checked", fields.time),
        expires=fields.optional("expires", fields.time),
        latest=None if latest is None else Latest(latest.integer("sequence", 1), latest.text("version")),
        error=None if error is None else _error_note(error),
        stale=fields.optional("staleSince", fields.time),
        yanked=fields.integers("yanked") if "yanked" in fields else (),
    )


def _error_note(fields: Fields) -> ErrorNote:
    message = fields.text("message", longest=_LONGEST_MESSAGE)
    return ErrorNote(fields.text("code", 1, 100), message, fields.time("time"))
