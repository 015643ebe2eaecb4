"""Staged rollout: whether this store takes a candidate (format.md, section 2).

Each store draws a salt once, which never leaves it. Hashed with the release it gives a bucket: the same one for as long
as the release is a candidate, another one for the next release. What is not a rollout that format.md knows is none:
the store stays with the channel's current release.
"""

from __future__ import annotations

import hashlib

from vademecum.ports import Clock, RecordStore
from vademecum.store.channel_status import Candidate, Latest
from vademecum.store.records import ROLLOUT, Rollout
from vademecum.trust.channel import WHOLE, Line, ReleasePointer


def assigned(line: Line, salt: str) -> ReleasePointer:
    """Return the release that a store with this salt follows: the channel's current one, or its candidate."""
    candidate = line.candidate
    if candidate is None or candidate.yanked or bucket(salt, candidate.sha256) >= line.rollout:
        return line.current
    return candidate


def latest(line: Line, chosen: ReleasePointer) -> Latest:
    """Return what the status says of the channel, where a store follows this release of it."""
    named = line.candidate
    if named is None or named.yanked:
        return Latest(chosen.sequence, chosen.version)
    return Latest(chosen.sequence, chosen.version, Candidate(named.sequence, line.rollout, assigned=chosen is named))


def bucket(salt: str, release: str) -> int:
    """Return a number from 0 to 9,999.

    Args:
        salt: 32 hexadecimal digits.
        release: The digest of the manifest.
    """
    digest = hashlib.sha256(f"vademecum.rollout {salt} {release}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE


async def read_salt(store: RecordStore, clock: Clock) -> str:
    """Return this store's salt; the first call draws it. A damaged one is drawn anew.

    Errors: see `Store.read` and `Store.write`.
    """
    known = await ROLLOUT.read(store)
    if known.salt:
        return known.salt
    salt = "".join(f"{int(clock.jitter() * 2**32):08x}" for _ in range(4))
    await ROLLOUT.write(store, Rollout(salt))
    return salt
