"""The two layouts in which the peers carry a release. Neither holds the encoder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping

import numpy as np

from bench.embeddings import Vectors
from bench.snapshot import Snapshot
from vademecum.format.segment import HEADING_SEPARATOR
from vademecum.format.tensors import Tensor, TensorFile, encode_tensors, integers


class UsualJson:
    """`usual`: all texts and the encoder's float32 vectors as one JSON file, gzipped: what people ship.

    Numbers have as many digits as float32 needs, no more. Rows lie in reading order, document by key.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, str] = {}

    def write(self, snapshot: Snapshot, vectors: Mapping[int, Vectors]) -> bytes:
        rows = []
        for document, chunk in snapshot.in_order():
            row = {
                "id": f"{chunk.id:016x}",
                "title": document.title,
                "headings": chunk.headings.split(HEADING_SEPARATOR),
                "text": chunk.text,
            }
            rows.append(f'{json.dumps(row)[:-1]}, "embedding": {self._vector(chunk.id, vectors[chunk.id])}}}')
        whole = f"[{', '.join(rows)}]".encode()
        # The program itself, as it comes: zsync and xdelta3 look inside such a file, and make it again with gzip.
        return subprocess.run(["gzip", "-nc"], input=whole, capture_output=True, check=True).stdout

    def _vector(self, chunk: int, vector: Vectors) -> str:
        if chunk not in self._numbers:
            self._numbers[chunk] = json.dumps([float(str(x)) for x in vector])
        return self._numbers[chunk]


def columns(snapshot: Snapshot) -> bytes:
    """Return `columns`: one uncompressed safetensors file, the best that we can build for a peer.

    The vectors and texts are ours. Rows lie in reading order, document by key, so that an edit moves no
    others; lengths stand in place of offsets, which would all change behind an edit; chunk ids and sequences
    are left out (the former follow from the texts).
    """
    documents, rows = snapshot.documents, [chunk for _, chunk in snapshot.in_order()]
    vectors = b"".join(row.vector for row in rows)
    tensors = {
        "chunk.scale": integers("U16", (row.scale for row in rows)),
        "chunk.vector": Tensor("I8", (len(rows), len(vectors) // max(1, len(rows))), vectors),
        "document.chunks": integers("U32", (len(document.chunks) for document in documents)),
        **_strings("chunk.headings", (row.headings for row in rows)),
        **_strings("chunk.anchor", (row.anchor for row in rows)),
        **_strings("chunk.text", (row.text for row in rows)),
        **_strings("document.key", (row.key for row in documents)),
        **_strings("document.title", (row.title for row in documents)),
        **_strings("document.url", (row.url for row in documents)),
        **_strings("document.metadata", (row.metadata for row in documents)),
    }
    return encode_tensors(TensorFile(tensors, {"format": "columns"}))


def _strings(name: str, values: Iterable[str]) -> dict[str, Tensor]:
    encoded = [value.encode() for value in values]
    blob = b"".join(encoded)
    lengths = np.array([len(value) for value in encoded], np.uint32).tobytes()
    return {name: Tensor("U8", (len(blob),), blob), f"{name}.lengths": Tensor("U32", (len(encoded),), lengths)}
