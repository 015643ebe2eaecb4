"""The safetensors container, read and written with the standard library alone.

Source of the format: https://github.com/huggingface/safetensors#format. What is narrower here (order,
no gaps, string columns) is fixed in site/content/format.md, section 4.
"""

from __future__ import annotations

import json
import math
import re
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from operator import le
from typing import overload

from vademecum.errors import ContentError, NewerFormatError
from vademecum.format.json import parse_object

if sys.byteorder != "little":  # pragma: no cover - arrays are read and written as they lie in memory
    raise ImportError("vademecum needs a little-endian machine")

_LENGTH = struct.Struct("<Q")
_MAX_HEADER = 1 << 16
_MAX_SIZE = 1 << 32
_WIDTHS = {"I8": 1, "U8": 1, "U16": 2, "U32": 4, "U64": 8}
_TYPECODES = {"I8": "b", "U8": "B", "U16": "H", "U32": "I", "U64": "Q"}
assert all(array(_TYPECODES[dtype]).itemsize == width for dtype, width in _WIDTHS.items())


@dataclass(frozen=True)
class Tensor:
    """One tensor: `dtype` (I8, U8, U16, U32 or U64), `shape`, and its little-endian `data`.

    `at` is where the data begin in the file that it was read from.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview
    at: int = field(default=0, compare=False)

    def values(self) -> array[int]:
        """Return the elements, flattened in row-major order."""
        values = array(_TYPECODES[self.dtype])
        values.frombytes(self.data)
        return values


@dataclass(frozen=True)
class Strings(Sequence[str]):
    """A string column: decoded one entry at a time, when it is asked for.

    Attributes:
        blob: All entries, one after another, in UTF-8.
        bounds: Entry i lies from `bounds[i]` to `bounds[i + 1]`, in bytes.
        at: Where the blob begins in the file that it was read from.
    """

    blob: bytes
    bounds: array[int]
    at: int = field(default=0, compare=False)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.encoded(index).decode()

    def __iter__(self) -> Iterator[str]:
        blob = self.blob
        return (blob[start:stop].decode() for start, stop in pairwise(self.bounds))

    def encoded(self, index: int) -> bytes:
        """Return the UTF-8 bytes of one entry; `index` from 0."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.blob[self.bounds[index] : self.bounds[index + 1]]


@dataclass(frozen=True)
class TensorFile:
    """A decoded file: its tensors by name, and the strings of `__metadata__`."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def tensor(self, name: str, dtype: str, shape: Sequence[int | None]) -> Tensor:
        """Return a tensor; raise ContentError if it is missing, or of another dtype or shape (None: any size)."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ContentError(f"tensor {name!r} is missing")
        matches = len(tensor.shape) == len(shape) and all(
            want is None or want == got for want, got in zip(shape, tensor.shape, strict=True)
        )
        if tensor.dtype != dtype or not matches:
            raise ContentError(
                f"tensor {name!r} is {tensor.dtype} {list(tensor.shape)}, expected {dtype} {list(shape)}"
            )
        return tensor

    def check_format(self, expected: str) -> None:
        """See that this is a file of the kind and the major format that its metadata are expected to name.

        Raises:
            NewerFormatError: A later major format of that kind.
            ContentError: Something else.
        """
        found = self.metadata.get("format", "")
        (kind, _, known), (family, _, version) = expected.rpartition("."), found.rpartition(".")
        if family == kind and re.fullmatch(r"[1-9][0-9]{0,8}", version) and int(version) > int(known):
            raise NewerFormatError(f"{found}: this vademecum reads {expected}; update vademecum")
        if found != expected:
            raise ContentError(f"a tensor file of format {found[:40]!r}, expected {expected!r}")

    def strings(self, name: str, count: int | None = None) -> Strings:
        """Return the string column `name` (format.md, section 4).

        Raises:
            ContentError: It is missing, malformed, not UTF-8, or has not `count` entries.
        """
        tensor = self.tensor(name, "U8", [None])
        blob = bytes(tensor.data)
        offsets = self.offsets(name, len(blob), count)
        try:
            blob.decode()
        except UnicodeDecodeError as error:
            raise ContentError(f"string column {name!r} is not UTF-8") from error
        # Whole, and cut only where a character begins: then every piece is UTF-8 too.
        if not blob.isascii() and any(blob[at] & 0xC0 == 0x80 for at in offsets if at < len(blob)):
            raise ContentError(f"string column {name!r} is cut inside a character")
        return Strings(blob, offsets, tensor.at)

    def offsets(self, name: str, end: int, count: int | None = None) -> array[int]:
        """Return `name.offsets`; raise ContentError unless `count` + 1 entries go from 0 to `end` and never fall."""
        wanted = None if count is None else count + 1
        offsets = self.tensor(f"{name}.offsets", "U32", [wanted]).values()
        if not offsets or offsets[0] != 0 or offsets[-1] != end:
            raise ContentError(f"{name}.offsets does not span its column of {end}")
        if not all(map(le, offsets, islice(offsets, 1, None))):
            raise ContentError(f"{name}.offsets falls")
        return offsets


def string_column(name: str, values: Iterable[str]) -> dict[str, Tensor]:
    """Return the two tensors of a string column."""
    encoded = [value.encode() for value in values]
    offsets = array("I", [0])
    for value in encoded:
        offsets.append(offsets[-1] + len(value))
    blob = b"".join(encoded)
    return {name: Tensor("U8", (len(blob),), blob), f"{name}.offsets": integers("U32", offsets)}


def integers(dtype: str, values: Iterable[int], shape: tuple[int, ...] | None = None) -> Tensor:
    """Return a tensor of integers; one-dimensional unless a shape is given."""
    data = array(_TYPECODES[dtype], values)
    return Tensor(dtype, shape if shape is not None else (len(data),), data.tobytes())


def encode_tensors(file: TensorFile) -> bytes:
    """Return the bytes of the file. The same content gives the same bytes."""
    header: dict[str, object] = {"__metadata__": dict(sorted(file.metadata.items()))}
    position = 0
    ordered = sorted(file.tensors.items(), key=lambda item: (-_WIDTHS[item[1].dtype], item[0]))
    for name, tensor in ordered:
        end = position + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([_LENGTH.pack(len(text)), text, *(tensor.data for _, tensor in ordered)])


def decode_tensors(data: bytes) -> TensorFile:
    """Read a file. Tensors are views into `data`; nothing is copied.

    Raises:
        ContentError: Not a safetensors file, or not the narrow kind that format.md describes.
    """
    if len(data) < 8:
        raise ContentError(f"tensor file of {len(data)} bytes has no header")
    (length,) = _LENGTH.unpack_from(data)
    if length > _MAX_HEADER or 8 + length > len(data) or length % 8:
        raise ContentError(f"tensor file with a header of {length} bytes")
    header = parse_object(data[8 : 8 + length].rstrip(b" "), "tensor header")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ContentError("tensor header: __metadata__ must hold strings")
    body = memoryview(data)[8 + length :]
    tensors: dict[str, Tensor] = {}
    position = 0
    for name, entry in header.items():
        tensor = _decode_entry(name, entry, body, position)
        tensors[name] = replace(tensor, at=8 + length + position)
        position += len(tensor.data)
    if position != len(body):
        raise ContentError(f"tensor file has {len(body)} bytes of data, its header names {position}")
    return TensorFile(tensors, metadata)


def _decode_entry(name: str, entry: object, body: memoryview, position: int) -> Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(start), int(end)]}:
            pass
        case _:
            raise ContentError(f"tensor {name!r}: malformed header entry")
    if dtype not in _WIDTHS:
        raise ContentError(f"tensor {name!r}: unknown dtype {dtype!r}")
    # A tensor without elements may still have a long axis: the vectors of a segment that holds no chunks.
    if len(shape) > 2 or not all(type(size) is int and 0 <= size < _MAX_SIZE for size in shape):
        raise ContentError(f"tensor {name!r}: impossible shape {str(shape)[:80]}")
    size = math.prod(shape) * _WIDTHS[dtype]
    if start != position or end - start != size or end > len(body) or start % _WIDTHS[dtype]:
        raise ContentError(f"tensor {name!r}: data at {start}..{end} does not fit")
    return Tensor(dtype, tuple(shape), body[start:end])
