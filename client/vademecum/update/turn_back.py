"""Rollback: back to the previous generation, because the user asks or the newer one does not work here."""

from __future__ import annotations

from dataclasses import replace

from vademecum.errors import DamagedError, EmptyStoreError, UsageError
from vademecum.generation.staged import stage_generation
from vademecum.integrity.scrub import scrub
from vademecum.store.pointer import Generation, Head
from vademecum.store.session import Session


async def roll_back(session: Session) -> Generation:
    """Go back to the previous generation; the release left behind is refused. Errors: see `Engine.rollback`."""
    head = session.pointer.rolled_back()
    _refuse_yanked(session, head)
    return await _turn_back(session, head)


async def undo(session: Session, reason: str) -> Generation:
    """Undo the installed release, which does not work here for that reason; return what is installed now.

    Errors: see `Engine.refuse_current`.
    """
    current = session.pointer.current
    # If its objects are damaged, the release itself may be good.
    if current is not None and (await scrub(session, current.objects)).broken:
        raise DamagedError("the installed release is damaged here; the next update repairs it")
    head = session.pointer.undone(reason)
    if head.current is None:
        await session.flip(head)
        raise EmptyStoreError("the release was undone, and there is none before it: update again later")
    return await _turn_back(session, head)


async def pin(session: Session, sequence: int | None) -> Generation | None:
    """Stay at a release; return the previous generation if this went back to it. Errors: see `Engine.pin`."""
    head = session.pointer
    if sequence is None or (head.current is not None and head.current.sequence == sequence):
        await session.flip(replace(head, pinned=sequence))
        return None
    if head.previous is None or head.previous.sequence != sequence:
        raise UsageError(f"release {sequence} is not installed here: pin the current or previous one")
    head = replace(head.exchanged(), pinned=sequence)
    _refuse_yanked(session, head)
    return await _turn_back(session, head)


async def skip(session: Session, sequence: int | None) -> None:
    """Do not install a release. Errors: see `Engine.skip`."""
    head = session.pointer
    if sequence is None:
        broken = tuple(number for number, _ in head.reasons)
        await session.flip(replace(head, refused=broken))
        return
    if type(sequence) is not int or not 1 <= sequence <= 2**53:  # what the pointer holds
        raise UsageError(f"a release is skipped by its number, not {sequence!r}")
    if head.current is not None and head.current.sequence == sequence:
        raise UsageError(f"release {sequence} is installed: go back with `rollback`")
    await session.flip(head.refuse(sequence))


def _refuse_yanked(session: Session, head: Head) -> None:
    """Raise EmptyStoreError if the user would go back to a release that its publisher has yanked."""
    if head.current is not None and head.current.sequence in session.status.yanked:
        raise EmptyStoreError(
            f"release {head.current.sequence} was taken back by its publisher: the installed one stays; "
            "a newer release comes with the next update"
        )


async def _turn_back(session: Session, head: Head) -> Generation:
    """Flip to a generation that was installed before, if it is still whole and works."""
    assert head.current is not None
    staged = await stage_generation(session, head.current)
    staged.self_test()
    if await staged.digest() != head.current.digest:
        raise DamagedError(f"release {head.current.sequence} cannot be gone back to: it is not as it was signed")
    await session.flip(head)
    return head.current
