"""version.json (design, section 4): what a release is, for people and other tools. No client of ours trusts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vademecum.format import Manifest, ObjectRef
from vademecum.strict_json import canonical


def version_json(manifest: Manifest, manifest_digest: str, changes: Mapping[str, Any]) -> bytes:
    """Return the file. `changes` has the lists `added`, `modified` and `removed` of documents."""
    return canonical(
        {
            "buildTime": manifest.built,
            "changes": {kind: changes.get(kind, []) for kind in ("added", "modified", "removed")},
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


def _file_json(ref: ObjectRef) -> dict[str, object]:
    return {
        "compressionRatio": round(ref.uncompressed / ref.size, 2),
        "path": ref.path,
        "size": ref.size,
        "uncompressedSize": ref.uncompressed,
    }
