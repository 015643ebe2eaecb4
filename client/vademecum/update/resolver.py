"""From a trusted pointer to an installed release: which one, its manifest, the way there, and whether to go it."""

from __future__ import annotations

import logging
from dataclasses import replace

from vademecum.config import Config
from vademecum.errors import ContentError, NewerFormatError, ServerError
from vademecum.format.manifest import Manifest, PackEntry, decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.ports import Clock, Store
from vademecum.store.pointer import Head
from vademecum.transport.downloader import Downloader
from vademecum.trust.channel import Line, ReleasePointer
from vademecum.trust.clock_check import require_past
from vademecum.trust.rollout import choose as pick
from vademecum.trust.rollout import read_salt
from vademecum.update.delta_chain import find_route
from vademecum.update.download_budget import UNLIMITED, Budget
from vademecum.update.installer import Installer
from vademecum.update.plan import Plan, plan_update, reason_to_wait
from vademecum.update.results import Check

logger = logging.getLogger("vademecum")


class Follower:
    """Follows pointers in one store. The caller holds the writer's lock.

    Args:
        any_time: A release that was built in this device's future is followed too; see planting.py.
    """

    def __init__(
        self, store: Store, clock: Clock, config: Config, installer: Installer, *, any_time: bool = False
    ) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._installer = installer
        self._any_time = any_time

    async def choose(self, line: Line) -> ReleasePointer:
        """Return the release of the line that this store is to have: the current one, or a candidate.

        Raises:
            StorageError: The salt could not be read or written.
        """
        if line.candidate is None:
            return line.current
        return pick(line, await read_salt(self._store, self._clock))

    async def offer(self, pointer: ReleasePointer, head: Head, downloader: Downloader) -> Check:
        """Return what `follow` would do; nothing but manifests is downloaded. Errors: see `manifest`."""
        installed = None if head.current is None else head.current.sequence
        check = Check(False, pointer.sequence, pointer.version, installed=installed)
        reason = reason_to_wait(pointer, head)
        if reason is not None:
            return replace(check, reason=None if reason in ("current", "ahead") else reason)
        manifest = await self.manifest(pointer, downloader)
        route = await self._route(head, manifest, downloader)
        plan = plan_update(head.current, await self._store.objects(), manifest, route)
        return replace(check, available=True, plan=plan.kind, bytes=plan.bytes)

    async def follow(
        self,
        pointer: ReleasePointer,
        head: Head,
        downloader: Downloader,
        *,
        force: bool,
        budget: Budget = UNLIMITED,
    ) -> Plan:
        """Install the release, unless something speaks against it; return the plan that worked.

        Args:
            head: What the store's pointer says now.
            force: Fetch it whole, whatever the user decided about it before.
            budget: See `Installer.install`.

        Raises:
            VademecumError: See `manifest` and `Installer.install`.
        """
        reason = reason_to_wait(pointer, head)
        # The user may overrule himself, but not the publisher.
        if reason in ("ahead", "yanked") or (reason is not None and not force):
            return Plan("none")
        manifest = await self.manifest(pointer, downloader)
        route = () if force else await self._route(head, manifest, downloader)
        return await self._installer.install(
            manifest, head, downloader, route=route, force=force, budget=budget
        )

    async def _route(self, head: Head, manifest: Manifest, downloader: Downloader) -> tuple[PackEntry, ...]:
        """Return the packs that lead to a release; none, where the host does not show the way: there are tiers."""

        async def fetch(entry: PackEntry) -> Manifest:
            assert entry.manifest is not None
            self._check_size(entry.manifest_path, entry.manifest.size)
            return decode_manifest(await downloader.fetch_plain(entry.manifest_path, entry.manifest))

        if head.current is None:
            return ()
        try:
            return await find_route(head.current, manifest, fetch)
        except (ContentError, ServerError, NewerFormatError) as error:
            logger.warning("release %d: no way by packs: %s", manifest.sequence, error)
            return ()

    def _check_size(self, path: str, size: int) -> None:
        if size > self._config.max_manifest:
            raise ContentError(f"{path}: {size} bytes, more than {self._config.max_manifest}")

    async def manifest(self, pointer: ReleasePointer, downloader: Downloader) -> Manifest:
        """Return the manifest that the signed targets name.

        Raises:
            NetworkError, ServerError: The host cannot be asked now.
            ContentError: It is not what was signed, or beyond the limits of the configuration.
            ClockError: It was built in this device's future.
        """
        self._check_size(pointer.path, pointer.length)
        ref = ObjectRef(pointer.sha256, pointer.length, pointer.length)
        manifest = decode_manifest(await downloader.fetch_plain(pointer.url_path, ref))
        if (manifest.sequence, manifest.channel) != (pointer.sequence, self._config.channel):
            raise ContentError(
                f"{pointer.path} describes release {manifest.sequence} of {manifest.channel!r}, "
                f"the signed targets say {pointer.sequence} of {self._config.channel!r}"
            )
        if not self._any_time:
            require_past(manifest, self._clock.now())
        total = sum(ref.uncompressed for ref in manifest.objects)
        if total > self._config.max_release:
            raise ContentError(f"{pointer.path}: {total} bytes, more than {self._config.max_release}")
        return manifest
