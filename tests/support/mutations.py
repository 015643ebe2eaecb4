"""Strategies that damage a valid file in small ways."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Return `data` with a few bytes flipped, inserted or deleted, or its end cut off."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        match draw(st.sampled_from(["flip", "insert", "delete", "cut", "double"])):
            case "flip" if changed:
                changed[at] ^= draw(st.integers(1, 255))
            case "insert":
                changed[at:at] = draw(st.binary(min_size=1, max_size=9))
            case "delete":
                del changed[at : at + draw(st.integers(1, 9))]
            case "cut":
                del changed[at:]
            case _:
                changed[at:at] = changed[at : at + draw(st.integers(1, 40))]
    return bytes(changed)
