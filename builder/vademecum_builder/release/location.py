"""Opening a published tree by its location, and the root metadata to trust."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from vademecum.config import Config
from vademecum.errors import ContentError, UsageError
from vademecum.ports import Transport
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.locations import open_transport
from vademecum.runtime.loop import run
from vademecum_builder.signing.metadata import parse_root

T = TypeVar("T")


def config_for(transport: Transport) -> Config:
    """Return the client's limits, without retries for a folder: reading it again would not help."""
    if isinstance(transport, FolderTransport):
        return Config(retries=0)
    # Nobody watches a build: it may wait until the network is back.
    return Config(first_retries=Config.retries)


def read_at(location: str | Path, read: Callable[[Transport, Config], Coroutine[Any, Any, T]]) -> T:
    """Return what `read` returns for the tree at an address or in a folder; the transport is closed afterwards.

    Raises:
        UsageError: It is no kind of place that can be opened. Also whatever `read` raises.
    """

    async def opened() -> T:
        transport = open_transport(location)
        try:
            return await read(transport, config_for(transport))
        finally:
            await transport.close()

    return run(opened())


def read_root(trust: Path | None) -> bytes | None:
    """Return the root metadata to trust; None, the tree's own first root, if no file is named.

    Raises:
        UsageError: The file cannot be read, or is not root metadata.
    """
    if trust is None:
        return None
    try:
        data = trust.read_bytes()
    except OSError as error:
        raise UsageError(f"{trust}: cannot be read: {error.strerror}") from error
    try:
        parse_root(data)
    except ContentError as error:
        told = f"{trust} is not root metadata: give the root.json that `vade keys new` made"
        raise UsageError(told) from error
    return data
