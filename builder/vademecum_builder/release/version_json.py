"""version.json: a release described for people and other tools. No client trusts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from vademecum.errors import ContentError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest
from vademecum.trust.channel import Line, ReleasePointer
from vademecum_builder.release.channels import Channels, shown_channel

KINDS = ("added", "modified", "removed")
MOST_LISTED = 1_000
"""Documents of a kind that are named: all of a first release of 200,000 are 24 MB, which no client fetches."""


@dataclass(frozen=True)
class DocumentChange:
    """One document that a release added, modified or removed.

    Attributes:
        was: The key of a removed document with the same text: it was renamed.
        fields: Names of metadata fields, if nothing else was modified.
    """

    key: str
    title: str
    url: str = ""
    was: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentChanges:
    """What a release changed, sorted by key.

    Attributes:
        more: How many documents changed beside those that are named, by the kinds of `by_kind`.
    """

    added: tuple[DocumentChange, ...] = ()
    modified: tuple[DocumentChange, ...] = ()
    removed: tuple[DocumentChange, ...] = ()
    more: Mapping[str, int] = field(default_factory=dict)

    def by_kind(self) -> dict[str, list[DocumentChange]]:
        """Return them as people see them: renamed documents and changed fields are kinds of their own."""
        renamed = [change for change in self.added if change.was]
        gone = {change.was for change in renamed}
        return {
            "added": [change for change in self.added if not change.was],
            "renamed": renamed,
            "modified": [change for change in self.modified if not change.fields],
            "fields": [change for change in self.modified if change.fields],
            "removed": [change for change in self.removed if change.key not in gone],
        }

    def shortened(self) -> DocumentChanges:
        """Return them with the first of each kind named, and the others counted."""
        kinds = self.by_kind()
        named = {change for found in kinds.values() for change in found[:MOST_LISTED]}
        gone = {change.was for change in named}
        named |= {change for change in self.removed if change.key in gone}
        kept = {kind: tuple(change for change in getattr(self, kind) if change in named) for kind in KINDS}
        more = {kind: len(changes) - MOST_LISTED for kind, changes in kinds.items() if len(changes) > MOST_LISTED}
        return DocumentChanges(**kept, more=more)


def version_json(manifest: Manifest, manifest_digest: str, changes: DocumentChanges, channels: Channels) -> bytes:
    """Return the file.

    Args:
        manifest: Of the current release of the channel that the pages are about (`shown_channel`).
        manifest_digest: SHA-256 of the manifest's bytes, hex.
    """
    return canonical(
        {
            "buildTime": manifest.built,
            "changes": _changes_json(changes),
            "chunkCount": manifest.chunks,
            "dimensions": manifest.encoder.dimensions,
            "documentCount": manifest.documents,
            "embeddingModel": manifest.encoder.name,
            "files": [
                {
                    "compressionRatio": round(ref.uncompressed / ref.size, 2),
                    "path": ref.path,
                    "size": ref.size,
                    "uncompressedSize": ref.uncompressed,
                }
                for ref in manifest.objects
            ],
            "hash": manifest_digest,
            "sequence": manifest.sequence,
            "version": manifest.version,
            **_channels_json(channels),
        }
    )


def with_channels(data: bytes, channels: Channels) -> bytes:
    """Return a version.json as it was when channels led there; raise ContentError if it is malformed."""
    return canonical(parse_object(data, "version.json") | _channels_json(channels))


def _channels_json(channels: Channels) -> dict[str, object]:
    lines = {name: line_json(line) for name, line in channels.items()}
    return {"channel": shown_channel(channels), "channels": lines}


def _changes_json(changes: DocumentChanges) -> dict[str, object]:
    named = {kind: [_change_json(one) for one in getattr(changes, kind)] for kind in KINDS}
    return named | ({"more": dict(changes.more)} if changes.more else {})


def _change_json(change: DocumentChange) -> dict[str, object]:
    return {name: value for name, value in asdict(change).items() if value or name not in {"was", "fields"}}


def line_json(line: Line) -> dict[str, object]:
    """Return a channel's release, its candidate (or null) with the rollout in percent, and `yanked`."""
    candidate = line.candidate
    return {
        **_release_json(line.current),
        "candidate": None if candidate is None else {**_release_json(candidate), "rollout": line.rollout / 100},
        "yanked": list(line.yanked),
    }


def _release_json(release: ReleasePointer) -> dict[str, object]:
    return {"sequence": release.sequence, "version": release.version}


def read_changes(data: bytes) -> DocumentChanges:
    """Return the changes of a version.json; raise ContentError if it is malformed."""
    changes = parse_object(data, "version.json").get("changes")
    if not isinstance(changes, dict):
        raise ContentError("version.json: expected changes")
    kinds = {kind: tuple(_document(kind, entry) for entry in _list(kind, changes.get(kind))) for kind in KINDS}
    kinds_shown = DocumentChanges().by_kind().keys()
    match changes.get("more", {}):
        case dict(more) if more.keys() <= kinds_shown and all(type(count) is int for count in more.values()):
            return DocumentChanges(**kinds, more=more)
    raise ContentError("version.json: changes.more: expected a number for each kind")


def _list(kind: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ContentError(f"version.json: changes.{kind}: expected a list")
    return value


def _document(kind: str, entry: object) -> DocumentChange:
    match entry:
        case {"key": str(key), "title": str(title), "url": str(url), **more}:
            fields = _list(kind, more.get("fields", []))
            return DocumentChange(key, title, url, str(more.get("was", "")), tuple(map(str, fields)))
    raise ContentError(f"version.json: changes.{kind}: expected key, title and url of each document")
