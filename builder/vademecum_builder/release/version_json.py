"""version.json (design, section 4): what a release is, for people and other tools. No client of ours trusts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vademecum.errors import ContentError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest
from vademecum.format.objects import ObjectRef

KINDS = ("added", "modified", "removed")


def version_json(manifest: Manifest, manifest_digest: str, changes: Mapping[str, Any]) -> bytes:
    """Return the file. `changes` has the lists `added`, `modified` and `removed` of documents."""
    return canonical(
        {
            "buildTime": manifest.built,
            "changes": {kind: changes.get(kind, []) for kind in KINDS},
            "channel": manifest.channel,
            "chunkCount": manifest.chunks,
            "dimensions": manifest.encoder.dimensions,
            "documentCount": manifest.documents,
            "embeddingModel": manifest.encoder.name,
            "files": [_file_json(ref) for ref in manifest.objects],
            "hash": manifest_digest,
            "sequence": manifest.sequence,
            "version": manifest.version,
        }
    )


def read_changes(data: bytes) -> dict[str, list[dict[str, str]]]:
    """Return the changes that a version.json names: for each kind the documents with `key`, `title` and `url`.

    Raises:
        ContentError: It is not a file that `version_json` makes.
    """
    changes = parse_object(data, "version.json").get("changes")
    if not isinstance(changes, dict):
        raise ContentError("version.json: expected changes")
    return {kind: [_document(kind, entry) for entry in _list(kind, changes.get(kind))] for kind in KINDS}


def _list(kind: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ContentError(f"version.json: changes.{kind}: expected a list")
    return value


def _document(kind: str, entry: object) -> dict[str, str]:
    match entry:
        case {"key": str(key), "title": str(title), "url": str(url)}:
            return {"key": key, "title": title, "url": url}
    raise ContentError(f"version.json: changes.{kind}: expected key, title and url of each document")


def _file_json(ref: ObjectRef) -> dict[str, object]:
    return {
        "compressionRatio": round(ref.uncompressed / ref.size, 2),
        "path": ref.path,
        "size": ref.size,
        "uncompressedSize": ref.uncompressed,
    }
