"""How much a run may download, and whether it may go on: what pauses an update between two objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vademecum.errors import BudgetError
from vademecum.format.objects import ObjectRef
from vademecum.ports import Permission, always


@dataclass(frozen=True)
class Budget:
    """What bounds the downloads of one run.

    Attributes:
        bytes: The most bytes that the run downloads; None: any number.
        permission: Asked before each object. A run that has begun goes on only while it says yes.
    """

    bytes: int | None = None
    permission: Permission = always

    def split(self, refs: Sequence[ObjectRef], spent: int) -> tuple[Sequence[ObjectRef], Sequence[ObjectRef]]:
        """Return the objects whose bytes the run may download, and those that wait for the next run.

        The first one always may, so that each run brings an update further.

        Args:
            spent: Bytes that this run has downloaded.
        """
        if self.bytes is None:
            return refs, ()
        for index, ref in enumerate(refs):
            spent += ref.size
            if index > 0 and spent > self.bytes:
                return refs[:index], refs[index:]
        return refs, ()

    def require_all(self, later: Sequence[ObjectRef]) -> None:
        """Do nothing if nothing waits for the next run.

        Raises:
            BudgetError: Something does.
        """
        if not later:
            return
        files = "1 file" if len(later) == 1 else f"{len(later)} files"
        size = sum(ref.size for ref in later)
        limit = "" if self.bytes is None else f" (a run may download {self.bytes})"
        raise BudgetError(f"paused: {files} of {size} bytes left{limit}; the next run goes on with them")


UNLIMITED = Budget()
