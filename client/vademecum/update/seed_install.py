"""Planting: what the seed of an app proves is installed, where it is newer than what is known (seed.py).

No time counts, that of the build neither: a release is refused for having been built in this device's future because
nobody can say then whether its metadata have expired, and of a seed nobody asks that. A device whose clock begins at
1970 and that never meets a network would have nothing otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from vademecum.config import Config
from vademecum.errors import RollbackError, ServerError
from vademecum.ports import Clock, Store
from vademecum.store.channel_status import Latest, encode_notes
from vademecum.store.pointer import Head
from vademecum.store.records import Records
from vademecum.transport.downloader import is_absent
from vademecum.trust.channel import ReleasePointer
from vademecum.update.installer import Installer
from vademecum.update.plan import reason_to_wait, refuse_older
from vademecum.update.resolver import Follower
from vademecum.update.seed import Planted, Proof, Seed, read_judged


class Planter:
    """Installs one seed in one store. The caller holds the writer's lock."""

    def __init__(self, seed: Seed, store: Store, clock: Clock, config: Config, installer: Installer) -> None:
        self._seed = seed
        self._store = store
        self._records = Records(store)
        self._config = config
        self._follower = Follower(store, clock, config, installer, any_time=True)

    async def plant(self, *, healing: bool) -> Planted:
        """Install the seed if it is to be.

        Args:
            healing: What is installed is damaged: the seed is looked at again, and is taken whole even if it is
                the installed release.

        Raises:
            StorageError, QuotaError: The store is broken or full.
        """
        head = await self._records.head()
        planted = Planted()

        async def install(proof: Proof) -> None:
            nonlocal planted
            planted = await self._install(proof, head, healing=healing)

        known = await read_judged(self._store)
        lost = head.current is None and (known is None or not known.code)
        await self._seed.plant(install, anew=healing or lost)
        return planted

    async def _install(self, proof: Proof, head: Head, *, healing: bool) -> Planted:
        downloader = self._seed.downloader
        line = proof.trust.line(self._config.channel)
        pointer = await self._follower.choose(line)
        refuse_older(pointer, head, line.newest)
        notes = replace(
            await self._records.notes(),
            expires=proof.trust.expires,
            latest=Latest(pointer.sequence, pointer.version),
            yanked=line.yanked,
        )
        if not proof.older:
            await self._store.write({**proof.records, "sync": encode_notes(notes)})
        whole = healing and reason_to_wait(pointer, head) in (None, "current")
        if proof.older and (whole or reason_to_wait(pointer, head) is None):
            await self._require_release(pointer)
        plan = await self._follower.follow(pointer, head, downloader, force=whole)
        return Planted() if plan.kind == "none" else Planted(plan.kind, pointer.sequence)

    async def _require_release(self, pointer: ReleasePointer) -> None:
        """Do nothing, unless a seed of older metadata has not the release that is trusted here."""
        try:
            await self._follower.manifest(pointer, self._seed.downloader)
        except ServerError as error:
            if not is_absent(error):
                raise
            raise RollbackError(f"the seed has not release {pointer.sequence}: {error}") from error
