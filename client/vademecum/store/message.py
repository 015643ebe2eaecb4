"""Messages of errors, as records keep them."""

from __future__ import annotations

LONGEST_MESSAGE = 1000


def as_text(message: str) -> str:
    """Return a message as it can be written: it may name a file whose name is no text; that part is replaced."""
    return message[:LONGEST_MESSAGE].encode(errors="replace").decode()
