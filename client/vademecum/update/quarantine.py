"""The record `spoiled`: a release that was fetched whole, and is not the state that its manifest promises.

All of its objects are what was signed, so the publisher is at fault, and fetching them again would bring the same.
The next release, or the same one with another digest, is tried as usual.
"""

from __future__ import annotations

from vademecum.errors import ContentError
from vademecum.format.manifest import Manifest
from vademecum.ports import Store


async def mark_spoiled(store: Store, manifest: Manifest) -> None:
    """Remember the release.

    Raises:
        StorageError: See `Store.write`.
    """
    await store.write({"spoiled": _name(manifest)})


async def refuse_spoiled(store: Store, manifest: Manifest) -> None:
    """Do nothing, unless this release is known to be spoiled.

    Raises:
        ContentError: It is.
        StorageError: See `Store.read`.
    """
    if await store.read("spoiled") == _name(manifest):
        raise ContentError(
            f"release {manifest.sequence} was fetched whole and does not make the state that is signed; it is not "
            "fetched again until its publisher mends it (a forced update tries)"
        )


def _name(manifest: Manifest) -> bytes:
    return f"{manifest.sequence} {manifest.digest}".encode()
