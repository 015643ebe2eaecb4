"""The words of a segment as bytes, and kept in the store beside it: a cache of readers (format.md, section 5.2).

js/search/kept_words.mjs is the twin, and writes the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.errors import VademecumError
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors
from vademecum.ports import Store
from vademecum.search.segment_words import Postings, SegmentWords

WORDS_FORMAT: Final = "vademecum.words.4"
"""Another one as soon as a segment has other words than before."""
_SEAL: Final = 32
_COLUMNS: Final = (("start", "U32"), ("code", "U32"), ("row", "U32"), ("count", "U8"), ("length", "U32"))


async def kept_words(store: Store, digest: str) -> SegmentWords | None:
    """Return the words of the segment of that digest, if they are kept, whole, and of this version."""
    try:
        kept = await store.words(digest)
        return None if kept is None else decode_words(kept, digest)
    except VademecumError:  # they can be read again from the segment
        return None


def encode_words(found: SegmentWords, digest: str) -> bytes:
    """Return the words of the segment of that digest: the SHA-256 of the rest, and a file of tensors."""
    text = "\n".join(found.words).encode()
    tensors = {"word": Tensor("U8", (len(text),), text)}
    for name, postings in (("chunk", found.chunks), ("title", found.titles)):
        columns: list[NDArray[np.uint32] | NDArray[np.uint8]] = [postings.starts.astype(np.uint32)]
        columns += [postings.codes.astype(np.uint32), postings.rows, postings.counts, postings.lengths]
        for (column, dtype), values in zip(_COLUMNS, columns, strict=True):
            tensors[f"{name}.{column}"] = Tensor(dtype, (len(values),), values.tobytes())
    content = encode_tensors(TensorFile(tensors, {"format": WORDS_FORMAT, "segment": digest}))
    return hashlib.sha256(content).digest() + content


def decode_words(kept: bytes, digest: str) -> SegmentWords | None:
    """Return what `encode_words` had; None where it is not whole, of another segment, or of another version.

    Raises:
        ContentError: Not even that can be read.
    """
    content = kept[_SEAL:]
    if hashlib.sha256(content).digest() != kept[:_SEAL]:
        return None
    file = decode_tensors(content)
    if file.metadata != {"format": WORDS_FORMAT, "segment": digest}:
        return None
    text = bytes(file.tensor("word", "U8", [None]).data).decode()
    chunks, titles = (_postings(file, name) for name in ("chunk", "title"))
    return SegmentWords(text.split("\n") if text else [], chunks, titles)


def _postings(file: TensorFile, name: str) -> Postings:
    starts, codes, rows, counts, lengths = (
        file.tensor(f"{name}.{column}", dtype, [None]).data for column, dtype in _COLUMNS
    )
    return Postings(
        np.frombuffer(starts, np.uint32).astype(np.int64),
        np.frombuffer(codes, np.uint32).astype(np.int64),
        np.frombuffer(rows, np.uint32),
        np.frombuffer(counts, np.uint8),
        np.frombuffer(lengths, np.uint32),
    )
