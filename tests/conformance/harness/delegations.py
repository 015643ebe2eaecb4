"""Delegated targets, which the client's own releases have none of: TUF 5.6.7, over the client's real trust code.

The public suites ask for a whole client. What they need beside ours lies here, and no browser downloads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from tuf.api import exceptions
from tuf.api.metadata import TargetFile, Targets

from vademecum.config import Config
from vademecum.errors import ContentError
from vademecum.ports import Store
from vademecum.transport.downloader import Downloader
from vademecum.trust.floor import as_floor
from vademecum.trust.judging import judging
from vademecum.trust.metadata import Trust
from vademecum.trust.signatures import require_signatures

MAX_DELEGATIONS = 32
"""Roles asked for one file, at the most."""

_TOP = ("targets", "root")


@dataclass(frozen=True)
class SignedFile:
    """A target as its role signs it.

    Attributes:
        path: Its TUF name.
        url_path: Where it lies below the targets' address: with consistent snapshots, a digest stands before
            the file's name (specification, section 6.2).
        length: Bytes.
        hashes: Hexadecimal digests by algorithm.
    """

    path: str
    url_path: str
    length: int
    hashes: Mapping[str, str]

    def verify(self, data: bytes) -> None:
        """Raise unless `data` has the signed length and all of the signed digests.

        Raises:
            ContentError: Other bytes, or an algorithm that is not known here.
        """
        try:
            TargetFile(self.length, dict(self.hashes), self.path).verify_length_and_hashes(data)
        except exceptions.LengthOrHashMismatchError as error:
            raise ContentError(f"{self.path}: not the file that was signed ({error})") from error


class DelegatingTrust(Trust):
    """What `trust` trusts after a complete refresh, and the delegated targets that are accepted from here on."""

    def __init__(self, trust: Trust) -> None:
        self._set = trust._set

    def accept_delegated(self, data: bytes, role: str, delegator: str) -> None:
        """Take delegated targets (5.6.7): named by the snapshot, signed as the delegator asks now.

        Args:
            delegator: A role that was accepted before, such as `targets`.

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with judging(f"{role}.json", data):
            require_signatures(data, self._targets_of(delegator), role)
            self._set.update_delegated_targets(data, role, delegator)

    def delegations(self, role: str, path: str) -> list[tuple[str, bool]]:
        """Return whom `role` trusts with the target at `path`, in its order, and whether each one has the last word."""
        delegations = self._targets_of(role).delegations
        return [] if delegations is None else list(delegations.get_roles_for_target(path))

    def delegated_meta(self, role: str, default_length: int) -> tuple[int, int]:
        """Return version and size limit of a role's metadata, as the snapshot names them.

        Raises:
            ContentError: The snapshot does not name it.
        """
        meta = self._set.snapshot.meta.get(f"{role}.json")
        if meta is None:
            raise ContentError(f"snapshot.json does not name {role}.json")
        return meta.version, meta.length or default_length

    def signed_file(self, role: str, path: str) -> SignedFile | None:
        """Return the target that `role` itself signs at `path`."""
        target = self._targets_of(role).targets.get(path)
        if target is None:
            return None
        url_path = path
        if self._set.root.consistent_snapshot:
            folder, slash, name = path.rpartition("/")
            url_path = f"{folder}{slash}{_digest(target)}.{name}"
        return SignedFile(path, url_path, target.length, target.hashes)

    def _targets_of(self, role: str) -> Targets:
        return cast(Targets, self._set[role])


async def find_target(
    path: str, trust: DelegatingTrust, store: Store, downloader: Downloader, config: Config, most: int
) -> SignedFile | None:
    """Return the target at `path`, or None where no role signs it.

    Roles are asked in pre-order, each at most once. A terminating delegation has the last word: whoever was to
    be asked after it is not asked any more.

    Args:
        store: Keeps delegated metadata as `trust/ROLE.json`; a kept one counts only as far as who delegates to it now
            has it.
        most: Roles asked, at the most.

    Raises:
        NetworkError, ServerError: The host cannot be asked.
        ContentError, SignatureError, RollbackError, ExpiredError: Metadata that are not acceptable.
    """
    waiting, asked = [_TOP], set[str]()
    while waiting and len(asked) <= most:
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
    role: str, delegator: str, trust: DelegatingTrust, store: Store, downloader: Downloader, config: Config
) -> None:
    """Have `role` trusted: as it is stored, or as the host shows it."""
    record = f"trust/{role}.json"
    stored = await store.read(record)
    if stored is not None and as_floor(lambda data: trust.accept_delegated(data, role, delegator), stored):
        return
    version, length = trust.delegated_meta(role, config.max_targets)
    data = await downloader.fetch(trust.metadata_path(role, version), length)
    trust.accept_delegated(data, role, delegator)
    await store.write({record: data})


def _digest(target: TargetFile) -> str:
    """Return the digest that stands in a target's file name."""
    digest = target.hashes.get("sha256") or next(iter(target.hashes.values()), "")
    if not re.fullmatch(r"[0-9a-f]{1,128}", digest):  # it becomes part of a URL
        raise ContentError(f"{target.path}: signed with a digest that is none")
    return digest
