"""Office files as zips: opened within limits, with any damage as one kind of error."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from vademecum.errors import ContentError

LARGEST = 256 * 1024 * 1024
"""The most bytes of a file's parts, unpacked."""
_OLE = b"\xd0\xcf\x11\xe0"  # [MS-CFB], 2.2: an encrypted file, or one from before 2007


@dataclass(frozen=True)
class Sheet:
    """A sheet that is shown: each row that says something behind its number, from 1, what was left out, and where the
    first link of a row leads, by the row's number."""

    name: str
    rows: list[tuple[int, list[str]]]
    warnings: list[str]
    links: Mapping[int, str] = field(default_factory=dict)


@contextmanager
def parser_errors(name: str) -> Iterator[None]:
    """Raise a ContentError for whatever a parser raises on broken input."""
    try:
        yield
    except ContentError:  # already clear
        raise
    except RecursionError:
        raise ContentError(f"no {name} that can be read (nested too deeply)") from None
    except Exception as error:  # noqa: BLE001 (on broken input these libraries raise whatever they run into)
        said = f"damaged: no {name} that can be read ({type(error).__name__})"
        raise ContentError(f"{said}: open it in its program, and save it again") from None


@contextmanager
def opened_zip(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file.

    Raises:
        ContentError: It is encrypted, damaged, or too large unpacked; or a parser raises anything inside.
    """
    if data.startswith(_OLE):
        raise ContentError("encrypted, or of before 2007: save it without a password, as a new document")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise ContentError(f"damaged: no {what} that can be opened") from None
    with archive, parser_errors(what):
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise ContentError(f"larger than {LARGEST >> 20} MB when it is unpacked: split it")
        yield archive
