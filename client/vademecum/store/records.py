"""The small records of a store, beside the pointer and the trust floor: a frozen value for each, and one table of them.

Losing one costs a few requests, no more (format.md, section 8). So a damaged one counts as missing, and is deleted when
the store is repaired.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from vademecum.errors import ContentError, DamagedError, VademecumError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.log import logger
from vademecum.policy import CHOICES, fault
from vademecum.ports import RecordStore
from vademecum.store.channel_status import ChannelStatus, decode_status, json_time
from vademecum.store.seal import LONGEST_MESSAGE, as_text, seal, unseal

T = TypeVar("T")

LONGEST_WAIT = timedelta(hours=24)
"""A longer wait that a host asks for is cut to this; js/update/schedule.mjs does the same."""

_SALT = re.compile(r"[0-9a-f]{32}")


# The values ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failures:
    """The record `health`: how often in a row this device failed, rather than the network or the publisher.

    After a few such failures the installed generation is repaired, or else fetched whole, once. If that fails too,
    nothing more is tried until something works again, or the user forces an update.

    Attributes:
        syncs: Syncs in a row that failed because of the store.
        reads: How often a reader could not open what is installed, since everything was last fetched.
        healed: Whether a whole download has been tried since, without success.
    """

    syncs: int = 0
    reads: int = 0
    healed: bool = False

    def is_due(self, after: int) -> bool:
        """Return whether everything is to be fetched again."""
        return max(self.syncs, self.reads) >= after and not self.healed

    def failed_sync(self, *, healing: bool) -> Failures:
        """Count a failed sync. `healing`: it was the one that was to repair the store."""
        return replace(self, syncs=self.syncs + 1, healed=self.healed or healing)

    def failed_read(self) -> Failures:
        """Count that a reader could not open what is installed."""
        return replace(self, reads=self.reads + 1)


@dataclass(frozen=True)
class Wait:
    """The record `retry`: until when the host asked to be left alone. Browsers write the same."""

    not_before: datetime | None = None

    @classmethod
    def of(cls, now: datetime, seconds: float) -> Wait:
        """Return a wait that a host asked for, a day at most."""
        return cls(now + timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds())))


@dataclass(frozen=True)
class Judged:
    """The record `seed`: which seed was examined last, by the digest of its `timestamp.json`, and what was wrong."""

    timestamp: str = ""
    code: str = ""
    message: str = ""

    @classmethod
    def failed(cls, timestamp: str, error: VademecumError) -> Judged:
        """Return the judgement of a seed that was ignored."""
        return cls(timestamp, error.code, as_text(error.message))


@dataclass(frozen=True)
class Spoiled:
    """The record `spoiled`: a release that was fetched whole but does not make the state that its manifest names.

    All of its objects are as signed, so the publisher is at fault, and fetching them again would not help. The next
    release, or the same one with another digest, is tried as usual.
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
        empty: The value of a missing record; it is never written.
        decode: Reads its JSON object; raises ContentError.
        encode: Returns its JSON object; fields that are None or empty are left out.
    """

    name: str
    empty: T
    decode: Callable[[Fields], T]
    encode: Callable[[T], Mapping[str, Any]]

    def parse(self, data: bytes | None) -> T:
        """Return the value of a record; raise DamagedError if it is not what was written."""
        try:
            if data is None:
                return self.empty
            return self.decode(Fields(parse_object(unseal(data, self.name), self.name), self.name))
        except ContentError as error:
            raise DamagedError(error.message) from error

    def format(self, value: T) -> bytes | None:
        """Return the bytes of the record; None for the empty value."""
        known = {name: part for name, part in self.encode(value).items() if part not in (None, "", [], {})}
        return None if value == self.empty else seal(canonical(known))

    async def read(self, store: RecordStore) -> T:
        """Return the value; a damaged record counts as missing. Errors: see `Store.read`."""
        data = await store.read(self.name)
        try:
            return self.parse(data)
        except DamagedError as error:
            logger.warning("the record %r is damaged and is begun anew: %s", self.name, error)
            return self.empty

    async def write(self, store: RecordStore, value: T) -> None:
        """Write the record, or delete an empty one. Errors: see `Store.write`."""
        await store.write({self.name: self.format(value)})


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
    decode_status,
    lambda status: (
        status.json()
        | {"error": status.error and status.error.json()}
        | {name: getattr(status, name) for name in ("settled", "whole", "tree", "channel")}
    ),
)
HEALTH = Record(
    "health",
    Failures(),
    lambda fields: Failures(fields.integer("syncs"), fields.integer("reads"), fields.integer("healed", 0, 1) == 1),
    lambda known: {"syncs": known.syncs, "reads": known.reads, "healed": int(known.healed)},
)
RETRY = Record(
    "retry",
    Wait(),
    lambda fields: Wait(fields.optional("notBefore", fields.time)),
    lambda wait: {"notBefore": json_time(wait.not_before)},
)
SEED = Record("seed", Judged(), _decode_seed, lambda judged: judged.__dict__)
SPOILED = Record(
    "spoiled",
    Spoiled(),
    lambda fields: Spoiled(fields.integer("sequence", 1), fields.match("digest", DIGEST)),
    lambda spoiled: spoiled.__dict__,
)
ROLLOUT = Record(
    "rollout", Rollout(), lambda fields: Rollout(fields.match("salt", _SALT)), lambda rollout: rollout.__dict__
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
    """Return the names of those that cannot be read. Errors: see `Store.read`."""
    found = []
    for record in RECORDS.values():
        data = await store.read(record.name)
        try:
            record.parse(data)
        except DamagedError:
            found.append(record.name)
    return found
