"""Files compressed with gzip, read as their content: `prices.csv.gz`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from vademecum_builder.sources.base import SourceError, refuse_pointer

_MAGIC: Final = b"\x1f\x8b"
_WINDOW: Final = 1 << 20
_LARGEST: Final = 4 * 2**30


def ending_of(name: str) -> str:
    """Return a file's ending without that of its compression: `.csv` for `a.csv.gz`."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


@contextmanager
def unzipped(stream: BinaryIO, place: str) -> Iterator[BinaryIO]:
    """Open a file, or its decompressed content on the disk; both are seekable.

    Raises:
        SourceError: It is cut off or damaged, larger than 4 GB inside, or a Git LFS pointer.
    """
    refuse_pointer(stream, place)
    packed = stream.read(len(_MAGIC)) == _MAGIC
    stream.seek(0)
    if not packed:
        yield stream
        return
    with TemporaryFile() as plain:
        try:
            with gzip.open(stream) as inner:
                while data := inner.read(_WINDOW):
                    plain.write(data)
                    if plain.tell() > _LARGEST:
                        raise SourceError(f"{place}: more than {_LARGEST >> 30} GB are packed in it: split it")
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(f"{place}: cannot be unpacked ({error}): it was cut off, or is being written") from None
        plain.seek(0)
        yield plain
