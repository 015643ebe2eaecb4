"""The rule for spans of an object, the same in every store."""

from __future__ import annotations

from collections.abc import Sequence

from vademecum.errors import StorageError
from vademecum.ports import Span


def check_spans(digest: str, size: int, spans: Sequence[Span]) -> None:
    """Do nothing, unless a span reaches beyond an object of so many bytes.

    Raises:
        StorageError: One does.
    """
    for at, length in spans:
        if at < 0 or length < 0 or at + length > size:
            raise StorageError(f"object {digest[:12]} has {size} bytes, asked for {at} to {at + length}")
