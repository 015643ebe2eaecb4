"""Row indexes: mappings over arrays, of 12 to 20 bytes an entry; dictionaries of tuples take twenty times that.

A place is (index of the segment, row in it), packed into one integer where there are many.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vademecum.format.tensors import Strings

Place = tuple[int, int]
"""Where a row lies: (index of the segment, index of the row in it)."""

ROW = (1 << 32) - 1
"""The bits of a packed place that are the row; those above are the segment."""


def packed(index: int, row: int) -> int:
    """Return a place as one integer.

    >>> packed(2, 5) == (2 << 32) + 5, unpacked(packed(2, 5))
    (True, (2, 5))
    """
    return index << 32 | row


def unpacked(place: int) -> Place:
    """Return (index of the segment, row) of a packed place."""
    return place >> 32, place & ROW


@dataclass(frozen=True, eq=False)
class DocumentPlaces(Mapping[bytes, Place]):
    """Where the row of each key lies. Keys are UTF-8 bytes, in rising order.

    Attributes:
        columns: Of each segment, its column of keys.
        places: Packed, in the order of the keys.
    """

    columns: Sequence[Strings]
    places: array[int]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[bytes]:
        return map(self.key, range(len(self.places)))

    def __getitem__(self, key: bytes) -> Place:
        at = bisect_left(range(len(self.places)), key, key=self.key)
        if at == len(self.places) or self.key(at) != key:
            raise KeyError(key)
        return unpacked(self.places[at])

    def key(self, at: int) -> bytes:
        """Return the key at this position in rising order."""
        index, row = unpacked(self.places[at])
        return self.columns[index].encoded(row)


@dataclass(frozen=True, eq=False)
class ChunkPlaces(Mapping[int, Place]):
    """Where the row of each chunk lies.

    Attributes:
        ids: Rising.
        places: Packed, in their order.
        owners: In their order, the position of the document that each chunk is shown as part of.
    """

    ids: array[int]
    places: array[int]
    owners: array[int]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids)

    def __getitem__(self, chunk: int) -> Place:
        return unpacked(self.places[position(self.ids, chunk)])


def position(ids: array[int], chunk: int) -> int:
    """Return where a chunk stands among rising ids; raise KeyError if it is not among them."""
    at = bisect_left(ids, chunk)
    if at == len(ids) or ids[at] != chunk:
        raise KeyError(chunk)
    return at
