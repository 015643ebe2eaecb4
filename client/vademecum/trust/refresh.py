"""Refreshing the trusted metadata: from which root, how much of the walk, and the result.

What verifies is written to the store of the walk, so that the trust floor only rises; a session keeps it until its
commit (decisions/trust-floor.md). What is stored is only ever a floor and a cache: an interrupted walk leaves
nothing that reading depends on.
"""

from __future__ import annotations

from collections.abc import Callable

from vademecum.errors import DamagedError, TrustError
from vademecum.log import logger
from vademecum.trust.floor import PIN, ROOT, origin_from, origin_of
from vademecum.trust.walk import Refreshed, Walk, nothing_there


async def refresh(
    walk: Walk,
    shipped_root: bytes | None,
    *,
    idle_allowed: bool,
    stale_allowed: bool = False,
    wanted: Callable[[int], bool] = lambda _: False,
) -> Refreshed:
    """Bring the trusted metadata up to date.

    Args:
        shipped_root: The root that the app ships. None: the first root that the host shows is pinned.
        idle_allowed: The last complete walk was not long ago: ask for a newer root only if something does not verify or
            has expired. An unchanged `timestamp.json` then ends the walk after one request.
        stale_allowed: A well signed timestamp that is older than the trusted one is no error, and what is trusted
            stays: a cache or mirror may be behind. Otherwise it is a rollback. And if a complete walk finds nothing
            new, compare what lies under the same timestamp too, so that an equivocation is noticed.
        wanted: Returns whether the manifest of a release, by its sequence, will be needed: if the snapshot hints at it,
            it is fetched beside the targets (`Downloader.prefetch`).

    Raises:
        NetworkError, ServerError: The host cannot be asked now; nothing is known to be wrong.
        ContentError, SignatureError, RollbackError, ExpiredError: What the host shows is not acceptable.
    """
    store, downloader = walk.store, walk.downloader
    pin = origin_from(shipped_root)
    pinned, stored_root = await store.read(PIN), await store.read(ROOT)
    origin = origin_of(pinned, stored_root)
    if stored_root is not None and pinned is not None and origin is None and shipped_root is None:
        raise DamagedError(
            "the trusted root in this store is not the one that was trusted here: `vade doctor` starts over"
        )
    # 5.2. A shipped root takes precedence over a stored one that it did not lead to; without one, the stored root stays
    # trusted. That it may have expired does not matter: 5.3 brings the next one.
    as_before = stored_root is not None and (shipped_root is None or pin == origin)
    root = stored_root if as_before else shipped_root
    downloader.first_contact = await store.read("trust/timestamp.json") is None
    if root is None:
        # Not in the specification, which has a root shipped out of band: trust on first use, which `status` tells.
        with nothing_there(downloader):
            root = await downloader.fetch("metadata/1.root.json", walk.config.max_root, fresh=True)
    await walk.begin(root, origin if shipped_root is None and origin else pin)
    if idle_allowed and as_before:
        try:
            return await walk.down(stale_allowed, wanted)
        except TrustError as error:
            if walk.rooted:
                raise
            # A newer root may name other keys, and an expired root must be followed by a newer one (5.3.10).
            logger.debug("a newer root is asked for: %s", error)
    walk.roots_due = True
    return await walk.down(stale_allowed, wanted)
