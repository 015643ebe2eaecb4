"""A Python function as a source: it yields records, or items that a reader knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vademecum.errors import UsageError, VademecumError
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, SourceItem
from vademecum_builder.sources.catalog import CatalogSource, Listing


@dataclass(frozen=True)
class FunctionSource:
    """Everything that a function yields, each time it is read.

    Attributes:
        call: Returns an iterable of dicts, or of `SourceItem`s (Markdown, HTML … with a key).
        records: Which field of the dicts is the key, and which fields they need; its place is the function's name.
    """

    call: Callable[[], Any]
    records: CatalogSource

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything.

        Raises:
            UsageError: There is a checkpoint, which a function never gives. While the entries are read: the function
                raises something, or yields something else or nothing.
        """
        if since is not None:
            raise UsageError(f"{self.records.place}: a function has no checkpoint ({since.strategy})")
        return Changes(self._entries())

    def _entries(self) -> Iterator[Entry]:
        listing = Listing(self.records)
        items = 0
        try:
            for number, value in enumerate(self.call(), 1):
                if isinstance(value, SourceItem):
                    items += 1
                    yield value
                elif isinstance(value, dict):
                    yield from listing.entry(f"{number}", value)
                else:
                    what = f"a {type(value).__name__}: yield a dict of fields, or a SourceItem"
                    raise UsageError(f"{self.records.place}: number {number} is {what}")
        except VademecumError:
            raise
        except Exception as error:
            raise UsageError(f"{self.records.place}: {type(error).__name__}: {error}") from error
        if not items:
            listing.check()
