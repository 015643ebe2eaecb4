"""The trust floor: the metadata that was verified last, below which nothing is accepted."""

from __future__ import annotations

import logging
from datetime import datetime

from vademecum.errors import ContentError, TrustError
from vademecum.ports import Store
from vademecum.trust.metadata import Trust

logger = logging.getLogger("vademecum")


async def drop_if_damaged(store: Store, now: datetime) -> None:
    """Delete the whole trust floor if its root cannot be read: all of it hangs on that."""
    root = await store.read("trust/root.json")
    names = [f"trust/{role}.json" for role in ("root", "timestamp", "snapshot", "targets")]
    try:
        if root is not None:
            Trust(root, now)
            return
    except (ContentError, TrustError) as error:
        logger.warning("the trusted root is damaged and is begun anew: %s", error)
    if any([await store.read(name) for name in names]):
        await store.write(dict.fromkeys((*names, "trust/pin")))
