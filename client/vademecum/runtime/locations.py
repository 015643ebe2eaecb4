"""The transport for a URL or a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from vademecum.errors import UsageError
from vademecum.ports import Transport
from vademecum.runtime.files import real_path
from vademecum.runtime.folder import FolderTransport

_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/|$)", re.ASCII)
_HOST = re.compile(rf"{_NAME.pattern}|(?:localhost|[\d.]{{7,15}}):\d+(?:/|$)", re.ASCII)
"""What looks like a host: nobody calls a folder so."""


async def disk_room(path: Path) -> int | None:
    """Return how many bytes the disk of the store at `path` has for this user; None: it does not say."""
    try:
        disk = shutil.disk_usage(real_path(path).parent)
    except OSError:
        return None
    return disk.free if disk.total else None  # a file system without a size of its own, as many in user space


def open_transport(location: str | Path) -> Transport:
    """Return the transport for a published tree: `https://...`, `http://...`, `file://...` or a local folder.

    Raises:
        UsageError: A URL of another kind, or a malformed one.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", str(location))
    if scheme is None:
        if isinstance(location, str) and _HOST.match(location) and not Path(location).exists():
            kind = "https" if _NAME.match(location) else "http"  # this machine has no certificate
            raise UsageError(f"{location}: there is no such folder; did you mean {kind}://{location}?")
        return FolderTransport(location)
    kind = scheme[1].lower()
    if kind in ("http", "https"):
        from vademecum.runtime.http import HttpTransport  # httpx, which a folder need not wait for

        return HttpTransport(str(location))
    if kind == "file":
        return FolderTransport(url2pathname(urlsplit(str(location)).path))
    raise UsageError(f"a {kind}:// address cannot be read; use https://, http:// or a local folder")


def open_transports(locations: Iterable[str | Path]) -> dict[str, Transport]:
    """Return the transports of mirrors, by addresses without user and password; one that is named twice counts once.

    Errors: see `open_transport`.
    """
    transports: dict[str, Transport] = {}
    for location in locations:
        transport = open_transport(location)
        transports.setdefault(str(transport), transport)
    return transports
