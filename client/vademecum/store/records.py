"""The small records of a store, beside the pointer and the trust floor: a frozen value for each, and one table of them.

Losing one costs a few requests, no more (format.md, section 8). So a damaged one counts as none, and is deleted where a
store is mended.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from vademecum.errors import TRANSIENT, ContentError, DamagedError, VademecumError
from vademecum.format.json import DIGEST, Fields, canonical, iso_time, parse_object
from vademecum.policy import CHOICES, fault
from vademecum.ports import RecordStore
from vademecum.store.message import LONGEST_MESSAGE, as_text
from vademecum.store.seal import seal, unseal

T = TypeVar("T")
logger = logging.getLogger("vademecum")

LONGEST_WAIT = timedelta(hours=24)
"""What a host asks for beyond that is cut; js/update/schedule.mjs does the same."""

LONGEST_ADDRESS = 2000
"""Characters of a tree's address that is kept."""
_SALT = re.compile(r"[0-9a-f]{32}")


# The values ------------------------------------------------------------------------------------------


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
        return cls(error.code, as_text(error.message), time)

    def told(self) -> dict[str, object]:
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
        settled: There is nothing to do about the published release: it is installed, or `reason` says why it is not to
            be. Browsers read it, so that they need not decide it again.
        reason: `yanked`, `refused` or `pinned`; or None.
        whole: The digest of the installed segments that were found to make the signed state.
        tree: Where the search page of the tree is that was asked last; empty: of a folder nobody knows.
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

    def json(self) -> dict[str, object]:
        """Return the JSON values that `status()` has too: but for the last four; null where there is none."""
        latest, error = self.latest, self.error
        return {
            "checked": _told(self.checked),
            "expires": _told(self.expires),
            "latest": None if latest is None else latest.json(),
            "error": None
            if error is None
            else {"code": error.code, "message": error.message, "time": iso_time(error.time)},
            "staleSince": _told(self.stale),
            "yanked": list(self.yanked),
        }


@dataclass(frozen=True)
class Failures:
    """The record `health`: how often in a row this device failed, not the network nor the publisher.

    After a few such failures the installed generation is mended, or else fetched whole, once: what a disk has lost, a
    host still has. If that fails here too, nothing more is tried until something works again, or the user forces an
    update.

    Attributes:
        syncs: Syncs in a row that failed for want of a working store.
        reads: Times that a reader could not open what is installed, since everything was fetched anew.
        healed: Whether a whole download has been tried since, in vain.
    """

    syncs: int = 0
    reads: int = 0
    healed: bool = False

    def is_due(self, after: int) -> bool:
        """Whether everything is to be fetched anew."""
        return max(self.syncs, self.reads) >= after and not self.healed

    def failed_sync(self, *, healing: bool) -> Failures:
        """A sync failed. `healing`: it was the one that should have mended things."""
        return replace(self, syncs=self.syncs + 1, healed=self.healed or healing)

    def failed_read(self) -> Failures:
        """A reader could not open what is installed."""
        return replace(self, reads=self.reads + 1)


@dataclass(frozen=True)
class Wait:
    """The record `retry`: until when the host asked to be left alone. Browsers write the same."""

    not_before: datetime | None = None

    @classmethod
    def of(cls, now: datetime, seconds: float) -> Wait:
        """Return a wait that a host asked for: it is over after a day at the latest."""
        return cls(now + min(timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds())), LONGEST_WAIT))


@dataclass(frozen=True)
class Judged:
    """The record `seed`: which seed was looked at last, by the digest of its `timestamp.json`, and what was wrong."""

    timestamp: str = ""
    code: str = ""
    message: str = ""

    @classmethod
    def failed(cls, timestamp: str, error: VademecumError) -> Judged:
        return cls(timestamp, error.code, as_text(error.message))


@dataclass(frozen=True)
class Spoiled:
    """The record `spoiled`: a release that was fetched whole, and is not the state that its manifest promises.

    All of its objects are what was signed, so the publisher is at fault, and fetching them again would bring the same.
    The next release, or the same one with another digest, is tried as usual.
    """

    sequence: int = 0
    digest: str = ""


@dataclass(frozen=True)
class Rollout:
    """The record `rollout`: this store's salt, 32 hexadecimal digits, drawn at random and never sent anywhere."""

    salt: str = ""


# The codecs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record(Generic[T]):
    """How a record is read and written.

    Attributes:
        empty: The value where there is none, which is never written.
        decode: Reads its JSON object; raises ContentError.
        encode: Returns its JSON object; what is None or empty is left out.
    """

    name: str
    empty: T
    decode: Callable[[Fields], T]
    encode: Callable[[T], Mapping[str, Any]]

    def parse(self, data: bytes | None) -> T:
        """Return the value of a record.

        Raises:
            DamagedError: It is not what was written.
        """
        try:
            if data is None:
                return self.empty
            return self.decode(Fields(parse_object(unseal(data, self.name), self.name), self.name))
        except ContentError as error:
            raise DamagedError(error.message) from error

    def format(self, value: T) -> bytes | None:
        """Return the record; None where there is nothing to say."""
        known = {name: part for name, part in self.encode(value).items() if part not in (None, "", [], {})}
        return None if value == self.empty else seal(canonical(known))

    async def read(self, store: RecordStore) -> T:
        """Return the value; a damaged record counts as none.

        Raises:
            StorageError: See `Store.read`.
        """
        data = await store.read(self.name)
        try:
            return self.parse(data)
        except DamagedError as error:
            logger.warning("the record %r is damaged and is begun anew: %s", self.name, error)
            return self.empty

    async def write(self, store: RecordStore, value: T) -> None:
        """Write the record, or delete an empty one.

        Raises:
            StorageError, QuotaError: See `Store.write`.
        """
        await store.write({self.name: self.format(value)})


def _decode_sync(fields: Fields) -> ChannelStatus:
    latest, error = fields.optional("latest", fields.child), fields.optional("error", fields.child)
    return ChannelStatus(
        checked=fields.optional("checked", fields.time),
        expires=fields.optional("expires", fields.time),
        latest=None if latest is None else _decode_latest(latest),
        error=None if error is None else _decode_error(error),
        stale=fields.optional("staleSince", fields.time),
        yanked=fields.integers("yanked") if "yanked" in fields else (),
        settled="settled" in fields and fields.boolean("settled"),
        reason=fields.text("reason", 1, 100) if "reason" in fields else None,
        whole=fields.match("whole", DIGEST) if "whole" in fields else "",
        tree=fields.text("tree", longest=LONGEST_ADDRESS) if "tree" in fields else "",
    )


def _decode_latest(fields: Fields) -> Latest:
    candidate = fields.optional("candidate", fields.child)
    return Latest(
        fields.integer("sequence", 1),
        fields.text("version"),
        None
        if candidate is None
        else Candidate(
            candidate.integer("sequence", 1), candidate.integer("rollout"), candidate.boolean("assigned")
        ),
    )


def _decode_error(fields: Fields) -> ErrorNote:
    message = fields.text("message", longest=LONGEST_MESSAGE)
    return ErrorNote(fields.text("code", 1, 100), message, fields.time("time"))


def _decode_seed(fields: Fields) -> Judged:
    return Judged(
        fields.match("timestamp", DIGEST) if "timestamp" in fields else "",
        fields.text("code", longest=100) if "code" in fields else "",
        fields.text("message", longest=LONGEST_MESSAGE) if "message" in fields else "",
    )


def _decode_choices(fields: Fields) -> Mapping[str, Any]:
    choices = {name: fields.raw(name) for name in CHOICES if name in fields}
    for name, value in choices.items():
        if told := fault(name, value):
            raise ContentError(told)
    return choices


SYNC = Record(
    "sync",
    ChannelStatus(),
    _decode_sync,
    lambda status: {
        **status.json(),
        "settled": status.settled,
        "reason": status.reason,
        "whole": status.whole,
        "tree": status.tree,
    },
)
HEALTH = Record(
    "health",
    Failures(),
    lambda fields: Failures(
        fields.integer("syncs"), fields.integer("reads"), fields.integer("healed", 0, 1) == 1
    ),
    lambda known: {"syncs": known.syncs, "reads": known.reads, "healed": int(known.healed)},
)
RETRY = Record(
    "retry",
    Wait(),
    lambda fields: Wait(fields.optional("notBefore", fields.time)),
    lambda wait: {"notBefore": _told(wait.not_before)},
)
SEED = Record("seed", Judged(), _decode_seed, lambda judged: judged.__dict__)
SPOILED = Record(
    "spoiled",
    Spoiled(),
    lambda fields: Spoiled(fields.integer("sequence", 1), fields.match("digest", DIGEST)),
    lambda spoiled: spoiled.__dict__,
)
ROLLOUT = Record(
    "rollout",
    Rollout(),
    lambda fields: Rollout(fields.match("salt", _SALT)),
    lambda rollout: rollout.__dict__,
)

POLICY: Record[Mapping[str, Any]] = Record("mode", {}, _decode_choices, lambda choices: choices)
"""What the user of this store has chosen, by the names in JSON."""

MANIFESTS: Record[Mapping[str, str]] = Record(
    "manifests",
    {},
    lambda fields: {
        hashlib.sha256(text.encode()).hexdigest(): text
        for text in (kept.text("manifest", 1, 2**24) for kept in fields.children("kept"))
    },
    lambda manifests: {"kept": [{"manifest": text} for text in manifests.values()]},
)
"""The manifests of what is installed, as they were signed, by their digests."""

RECORDS: Mapping[str, Record[Any]] = {
    record.name: record for record in (SYNC, HEALTH, RETRY, SEED, SPOILED, ROLLOUT, POLICY, MANIFESTS)
}
"""All of them, by name."""


async def damaged(store: RecordStore) -> list[str]:
    """Return the names of those that cannot be read.

    Raises:
        StorageError: See `Store.read`.
    """
    found = []
    for record in RECORDS.values():
        data = await store.read(record.name)
        try:
            record.parse(data)
        except DamagedError:
            found.append(record.name)
    return found


def _told(time: datetime | None) -> str | None:
    return None if time is None else iso_time(time)
