"""The listings of a published tree: site.json, the files of its site, and `sources`, the digest of each source file."""

from __future__ import annotations

from collections.abc import Mapping

from vademecum.errors import ContentError, UsageError
from vademecum.format.json import parse_object
from vademecum.format.objects import ObjectRef
from vademecum.transport.paths import check_path


def listed_files(listing: Mapping[str, object]) -> Mapping[str, ObjectRef]:
    """Return what site.json says of the site's files.

    Raises:
        ContentError: It is not as format.md says.
    """
    files = listing.get("files")
    if not isinstance(files, dict):
        raise ContentError("site.json: expected files")
    return {path: _listed(path, entry) for path, entry in files.items()}


def _listed(path: str, entry: object) -> ObjectRef:
    """Return one entry. Its path will be fetched, written and deleted: nothing hidden, nothing outside."""
    try:
        check_path(path)
    except UsageError as error:
        raise ContentError(f"site.json: {error.message}") from None
    if any(part.startswith(".") for part in path.split("/")):
        raise ContentError(f"site.json: {path}: a hidden file is no part of a published tree")
    match entry:
        case {"sha256": str(sha256), "size": int(size)}:
            return ObjectRef(sha256, size, size)
    raise ContentError(f"site.json: {path}: expected its digest and size")


def listed_sources(data: bytes) -> Mapping[str, str]:
    """Return what the builder's own list says: the digest behind each source file.

    Raises:
        ContentError: It is not as format.md says.
    """
    files = parse_object(data, "sources").get("files")
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise ContentError("sources: expected the content hash of each file")
    return files
