"""A staged generation: verified row by row from the store, never in memory as a whole.

What stays in memory is some 60 bytes a chunk: ids, places and the bounds of texts. One object at a time is read whole,
to be checked; publishers and compaction keep segments small for that (format.md, section 3).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vademecum.encoder.query import decode_encoder
from vademecum.format.segment import ChunkRow, DocumentRow
from vademecum.generation.lazy_segment import StoredSegment, decode_stored, read_rows
from vademecum.generation.live_rows import StateDigest, assemble
from vademecum.generation.opened import Loaded, of_epoch
from vademecum.generation.row_index import packed, unpacked
from vademecum.ports import Store
from vademecum.store.objects import read_sound
from vademecum.store.pointer import Generation

_BATCH = 4096
"""Rows in memory at a time: some megabytes."""


@dataclass(frozen=True)
class Staged(Loaded[StoredSegment]):
    """A generation whose texts and vectors stay in the store."""

    store: Store

    async def digest(self) -> str:
        """Return the state digest, from the rows as they lie in the store.

        Raises:
            StorageError: The store has lost an object.
        """
        state, digest = self.state, StateDigest()
        for batch in _batches(state.documents.places):
            rows = await read_rows(self.store, state.segments, batch, "document_columns")
            for place, texts in zip(batch, rows, strict=True):
                index, row = unpacked(place)
                key = state.segments[index].keys.encoded(row)
                digest.add_document(key, texts, state.document_chunks(place))
        for batch in _batches(state.chunks.places):
            rows = await read_rows(self.store, state.segments, batch, "chunk_columns")
            for place, columns in zip(batch, rows, strict=True):
                index, row = unpacked(place)
                segment = state.segments[index]
                digest.add_chunk(segment.ids[row], segment.scales[row], columns[0], columns[1:])
        return digest.hex()

    async def chunks(self, ids: Iterable[int]) -> list[ChunkRow]:
        """Return the rows of these live chunks, in this order. For a few thousand at a time.

        Raises:
            KeyError: There is no live chunk of that id.
            StorageError: The store has lost an object.
        """
        return await self.chunk_rows([packed(*self.state.chunks[chunk]) for chunk in ids])

    async def document_rows(self, places: Sequence[int]) -> list[DocumentRow]:
        """Return the document rows at these packed places, live or not."""
        segments = self.state.segments
        found = await read_rows(self.store, segments, places, "document_columns")
        at = map(unpacked, places)
        return [segments[index].document_row(row, *texts) for (index, row), texts in zip(at, found, strict=True)]

    async def chunk_rows(self, places: Sequence[int]) -> list[ChunkRow]:
        """Return the chunk rows at these packed places, live or not."""
        segments = self.state.segments
        found = await read_rows(self.store, segments, places, "chunk_columns")
        at = map(unpacked, places)
        return [segments[index].chunk_row(row, *cells) for (index, row), cells in zip(at, found, strict=True)]


def _batches(places: array[int]) -> Iterator[array[int]]:
    return (places[start : start + _BATCH] for start in range(0, len(places), _BATCH))


async def stage_generation(store: Store, generation: Generation, known: Staged | None = None) -> Staged:
    """Read what says which rows of a generation count; each of its objects is checked on the way.

    Args:
        known: Another generation of this store, read and checked just now: the segments and the encoder that both
            have are not read and decoded again.

    Raises:
        StorageError: An object that it needs is not there.
        DamagedError: An object is not what its name says.
        ContentError: The rows do not fit together.
    """
    checked = {segment.name: segment for segment in known.state.segments} if known else {}
    segments = []
    for name in generation.segments:
        segment = checked.get(name) or decode_stored(name, await read_sound(store, name))
        segments.append(of_epoch(segment, name, generation))
    if known and known.generation.encoder == generation.encoder:
        encoder = known.encoder
    else:
        encoder = decode_encoder(await read_sound(store, generation.encoder))
    return Staged(generation, assemble(segments), encoder, store)
