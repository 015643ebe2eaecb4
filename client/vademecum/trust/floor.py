"""The trust floor: the metadata that was verified last, below which nothing is accepted.

Its records are a root, what that root's keys signed, and the pin: which root the app had shipped. They are judged only
here, for the walk, for an inspection, and for the doctor that saves them from a damaged file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from vademecum.errors import ContentError, TrustError
from vademecum.format.json import DIGEST, parse_object
from vademecum.log import logger
from vademecum.ports import RecordStore
from vademecum.store.session import Session
from vademecum.trust.metadata import Trust

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing has expired at this time."""

ROOT = "trust/root.json"
PIN = "trust/pin"
FIRST_USE = b"first-use"
"""`PIN` is two words: this one, or the digest of the root that the app shipped; and the digest of the stored root, so
that a root that another program put there is noticed."""

SIGNED = ("timestamp", "snapshot", "targets")
"""The roles below the root, in the order in which they are accepted."""

RECORDS = (ROOT, *(f"trust/{role}.json" for role in SIGNED), PIN)


def origin_from(shipped_root: bytes | None) -> bytes:
    """Return a pin's first word: the digest of the root that the app ships, or `FIRST_USE`."""
    return FIRST_USE if shipped_root is None else hashlib.sha256(shipped_root).hexdigest().encode()


def encode_pin(origin: bytes, root: bytes) -> bytes:
    """Return the pin of a root that was reached from `origin`."""
    return origin + b" " + hashlib.sha256(root).hexdigest().encode()


def origin_of(pin: bytes | None, root: bytes | None) -> bytes | None:
    """Return a pin's first word; None if the pin is malformed, or of another root."""
    origin = (pin or b"").split(b" ")[0]
    known = origin == FIRST_USE or DIGEST.fullmatch(origin.decode(errors="replace"))
    return origin if known and root is not None and pin == encode_pin(origin, root) else None


def is_first_use(pin: bytes | None) -> bool:
    """Return whether the trust was pinned on first use."""
    return pin is not None and pin.split(b" ")[0] == FIRST_USE


async def read_floor(store: RecordStore) -> dict[str, bytes]:
    """Return the records of the floor that exist. Errors: see `RecordStore.read`."""
    found = {name: await store.read(name) for name in RECORDS}
    return {name: data for name, data in found.items() if data is not None}


def judge(records: Mapping[str, bytes], now: datetime) -> tuple[Trust | None, dict[str, str]]:
    """Judge a floor as it is stored.

    Metadata that have expired, or were signed by a key that is revoked by now, are not damaged: they are no floor any
    more, and are fetched again.

    Returns:
        The root with what still counts below it, or None if no root can be read; and what is damaged, by the name of
        the record. If the root is damaged, so is everything below it.
    """
    if ROOT not in records:
        others = [name for name in records if name != PIN]
        return None, dict.fromkeys(others, "the trusted root is missing")
    try:
        trust = Trust(records[ROOT], now)
        if PIN in records and origin_of(records[PIN], records[ROOT]) is None:
            raise ContentError("the trusted root, or the note of where it came from, is not what was written")
    except (ContentError, TrustError) as error:
        return None, dict.fromkeys(records, error.message)
    # Their type is said: mypy infers now and then no more than that they are functions.
    accepts: list[Callable[[bytes], object]] = [trust.accept_timestamp, trust.accept_snapshot, trust.accept_targets]
    damaged: dict[str, str] = {}
    counts = True
    for role, accept in zip(SIGNED, accepts, strict=True):
        name = f"trust/{role}.json"
        if name not in records:
            counts = False
            continue
        try:
            parse_object(records[name], f"{role}.json")
        except ContentError as error:
            damaged[name] = error.message
        if counts and not as_floor(accept, records[name]):
            counts = False
            # A key that is still named, whose signature does not fit, means that a bit has changed.
            if trust.claims(role, records[name]) and not trust.signs(role, records[name]):
                damaged[name] = f"{role}.json is not what was signed"
    return trust, damaged


async def drop_if_damaged(store: RecordStore, now: datetime) -> None:
    """Delete the whole trust floor if its root cannot be read: all of it depends on that."""
    records = await read_floor(store)
    trust, damaged = judge(records, now)
    if trust is None and damaged:
        logger.warning("the trusted root is damaged and is begun anew: %s", next(iter(damaged.values())))
        await store.write(dict.fromkeys(RECORDS))


async def trusted_before(store: RecordStore, now: datetime, shipped_root: bytes | None) -> Trust | None:
    """Return what the store alone proves at that time; None if it is not complete, or depends on another root.

    Args:
        shipped_root: The root that the app ships, or None.

    Raises:
        StorageError: See `Store.read`.
    """
    records = await read_floor(store)
    if shipped_root is not None and origin_of(records.get(PIN), records.get(ROOT)) != origin_from(shipped_root):
        return None
    if not records.keys() >= {*RECORDS} - {PIN}:
        return None
    try:
        trust = Trust(records[ROOT], now)
        trust.accept_timestamp(records["trust/timestamp.json"])
        trust.accept_snapshot(records["trust/snapshot.json"])
        trust.accept_targets(records["trust/targets.json"])
    except (TrustError, ContentError):
        return None  # a complete walk will say what is wrong, if anything still is
    return trust


def judge_installed(session: Session, trust: Trust) -> None:
    """Judge by the trusted root who signed what is installed: a key that is revoked leaves no floor (TUF 5.3.11)."""
    session.pointer = session.pointer.judged(*trust.named())


def as_floor(accept: Callable[[bytes], object], stored: bytes) -> bool:
    """Offer stored metadata; return whether they are still current, rather than old, expired or no longer well signed.

    Old or expired metadata stay in the trusted set as the floor that newer ones are judged against (TUF 5.4.3.1,
    5.5.5); those that a revoked key had signed are no floor at all (TUF 5.3.11; python-tuf's updater does the same).
    """
    try:
        accept(stored)
    except (TrustError, ContentError):
        return False
    return True
