"""Delegated targets: which role signs a file (TUF specification, section 5.6.7).

Our own releases have no delegations, and a sync asks the top-level targets alone. This module makes the client a
whole one for repositories that have them.
"""

from __future__ import annotations

from vademecum.config import Config
from vademecum.ports import Store
from vademecum.transport.downloader import Downloader
from vademecum.trust.metadata import SignedFile, Trust
from vademecum.trust.refresh import as_floor

_TOP = ("targets", "root")


async def find_target(
    path: str, trust: Trust, store: Store, downloader: Downloader, config: Config
) -> SignedFile | None:
    """Return the target at `path`, or None where no role signs it.

    Roles are asked in pre-order, each at most once. A terminating delegation has the last word: whoever was to
    be asked after it is not asked any more.

    Args:
        trust: After a complete refresh.
        store: Keeps delegated metadata as `trust/ROLE.json`; a kept one counts only as far as who delegates to it now
            has it.

    Raises:
        NetworkError, ServerError: The host cannot be asked.
        ContentError, SignatureError, RollbackError, ExpiredError: Metadata that are not acceptable.
    """
    waiting, asked = [_TOP], set[str]()
    while waiting and len(asked) <= config.max_delegations:
        role, delegator = waiting.pop()
        if role in asked:
            continue
        asked.add(role)
        if (role, delegator) != _TOP:
            await _load(role, delegator, trust, store, downloader, config)
        found = trust.signed_file(role, path)
        if found is not None:
            return found
        children = []
        for child, terminating in trust.delegations(role, path):
            children.append((child, role))
            if terminating:
                waiting.clear()
                break
        waiting.extend(reversed(children))
    return None


async def _load(
    role: str, delegator: str, trust: Trust, store: Store, downloader: Downloader, config: Config
) -> None:
    """Have `role` trusted: as it is stored, or as the host shows it."""
    record = f"trust/{role}.json"
    stored = await store.read(record)
    if stored is not None and as_floor(lambda: trust.accept_delegated(stored, role, delegator)):
        return
    version, length = trust.delegated_meta(role, config.max_targets)
    data = await downloader.fetch(trust.metadata_path(role, version), length)
    trust.accept_delegated(data, role, delegator)
    await store.write({record: data})
