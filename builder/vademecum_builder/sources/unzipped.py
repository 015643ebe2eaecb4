"""Files that are packed by gzip, read as what is in them: `prices.csv.gz`."""

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
    """Return how a file's name ends, without what says that it is packed: `.csv` of `a.csv.gz`."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


@contextmanager
def unzipped(stream: BinaryIO, place: str) -> Iterator[BinaryIO]:
    """Give a file itself, or what is packed in it, on the disk: it can be told to go back.

    Raises:
        SourceError: It is cut off or damaged, or what is in it is larger than 4 GB; or Git LFS has it.
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
