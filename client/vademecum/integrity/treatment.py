"""The doctor's procedure for any kind of store: examine, repair, and if that is not enough fetch everything anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

from vademecum.errors import VademecumError
from vademecum.integrity.inspection import Finding


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found and did.

    Attributes:
        checks: How the store is now.
        before: How it was, if something was done about it; else empty.
        set_aside: Where a damaged file lies now, or None.
    """

    checks: tuple[Finding, ...]
    before: tuple[Finding, ...] = ()
    set_aside: str | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return all(finding.sound for finding in self.checks)

    def json(self) -> dict[str, object]:
        """Return the keys of `vade doctor --json`, which are also those of JavaScript."""
        return {
            "sound": self.sound,
            "checks": [asdict(finding) for finding in self.checks],
            "before": [asdict(finding) for finding in self.before],
            "setAside": self.set_aside,
        }


@dataclass(frozen=True)
class Prepared:
    """What was done before anything is fetched: where a damaged file lies now, and what is to be said of it."""

    set_aside: str | None = None
    notes: tuple[Finding, ...] = ()


async def treat(
    examine: Callable[[], Awaitable[Sequence[Finding]]],
    heal: Callable[[bool], Awaitable[object]],
    prepare: Callable[[Sequence[Finding]], Prepared] = lambda _: Prepared(),
) -> Diagnosis:
    """Examine a store, and mend what is broken.

    Args:
        heal: Mends just what is broken; with True it fetches everything anew.
        prepare: Called with what was found, if something is broken.

    Raises:
        VademecumError: Whatever `examine` raises. What goes wrong while mending is a finding.
    """
    before = tuple(await examine())
    if all(finding.sound for finding in before):
        return Diagnosis(before)
    prepared, failure = Prepared(), ""
    try:
        prepared = prepare(before)
        await heal(False)
        if not all(finding.sound for finding in await examine()):
            await heal(True)
    except VademecumError as error:
        failure = error.message
    after = tuple(await examine())
    notes = prepared.notes
    if failure:
        notes = (*notes, Finding("repair", all(finding.sound for finding in after), failure))
    return Diagnosis((*notes, *after), before, prepared.set_aside)
