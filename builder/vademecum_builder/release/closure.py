"""The closure of a release: all files that belong to it, and fetching them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields, parse_object
from vademecum.format.manifest import Manifest, decode_manifest
from vademecum.format.objects import GZIP_HEADER, MAX_SEQUENCE, ObjectRef, PackRef, read_ref
from vademecum.ports import Body, Progress, Transport
from vademecum.transport.downloader import Downloader, in_parallel
from vademecum.trust.channel import ManifestHint
from vademecum_builder.delta.schedule import files_needed, steps_to
from vademecum_builder.index.gzipped import gzipped

_IMMUTABLE = ("objects/", "releases/")


@dataclass(frozen=True)
class Closure:
    """All files of a release.

    Attributes:
        hint: The place of its manifest.
        sources: The builder's own list (format.md, section 6).
        older: The manifests of older releases that its packs start from, by digest.
        refs: All its files: path in the tree -> digest and size.
    """

    hint: ManifestHint
    manifest: Manifest
    sources: Fields
    older: Mapping[str, Manifest]
    refs: Mapping[str, ObjectRef]

    @property
    def archived(self) -> tuple[ManifestHint, ...]:
        """Earlier releases that stay published, newest first, to be promoted or rolled back to."""
        return tuple(map(_archived, self.sources.lists("releases")))


def archive_json(releases: Collection[ManifestHint]) -> list[object]:
    """Return the entry of `sources` that `Closure.archived` reads."""
    return [[one.sequence, one.length, one.sha256] for one in releases]


def _archived(entry: Fields) -> ManifestHint:
    sequence = entry.integer("0", 1, MAX_SEQUENCE)
    return ManifestHint(sequence, f"releases/{sequence}.json", entry.match("2", DIGEST), entry.integer("1", 1))


async def find_closure(hint: ManifestHint, downloader: Downloader) -> Closure:
    """Return the closure of a release; its manifests and the builder's list are fetched.

    Raises:
        NetworkError, ServerError: The host does not answer, or has lost one of them.
        ContentError: They are not what was signed.
    """
    manifest = decode_manifest(await downloader.fetch_plain(hint.url_path, hint.manifest))
    if manifest.sequence != hint.sequence:
        raise ContentError(f"{hint.url_path} is release {manifest.sequence}, not {hint.sequence}")
    sources = Fields(parse_object(await downloader.fetch_object(manifest.sources), "sources"), "sources")
    rows = read_ref(sources.child("history").child("rows"))
    older = await _older(manifest, downloader)
    packs = (entry.object for entry in manifest.packs)
    refs = {ref.path: ref for ref in (*manifest.objects, manifest.sources, rows, *manifest.extras, *packs)}
    refs |= {hint.url_path: hint.manifest, **files_needed(manifest.packs, older)}
    return Closure(hint, manifest, sources, older, refs)


async def bring(
    refs: Mapping[str, ObjectRef], downloader: Downloader, recorder: RecordingTransport, parallel: int
) -> dict[str, bytes]:
    """Fetch and verify files of a tree; return their contents, inflated, by digest. Errors: see `find_closure`.

    Args:
        recorder: The downloader's transport; afterwards it has the files as published.
    """
    contents: dict[str, bytes] = {}

    async def one(path: str) -> None:
        ref = refs[path]
        if not path.startswith("objects/"):
            contents[ref.sha256] = await downloader.fetch_plain(path, ref)
            return
        contents[ref.sha256] = content = await downloader.fetch_object(ref)
        if not isinstance(ref, PackRef):
            recorder.files[path] = _as_published(ref, content, recorder.files[path])

    await in_parallel(refs, parallel, one)
    return contents


async def _older(manifest: Manifest, downloader: Downloader) -> dict[str, Manifest]:
    """Return the manifests of older releases that packs start from, by digest.

    Raises:
        ContentError: One is the manifest of another release.
    """
    found: dict[str, Manifest] = {}
    waiting = list(manifest.packs)
    while waiting:
        entry = waiting.pop()
        if entry.manifest is None or entry.manifest.sha256 in found:
            continue
        older = decode_manifest(await downloader.fetch_plain(entry.manifest_path, entry.manifest))
        if (older.sequence, older.epoch) != (entry.after, manifest.epoch):
            raise ContentError(f"{entry.manifest_path} is not release {entry.after} of this epoch")
        found[entry.manifest.sha256] = older
        waiting += steps_to(older)
    return found


def _as_published(ref: ObjectRef, content: bytes, body: bytes) -> bytes:
    """Return the gzip file of an object that a host has sent inflated, if exactly that file can be made again."""
    if body.startswith(GZIP_HEADER):
        return body
    again, file = gzipped(content)
    return file if again == ref else body


class RecordingTransport:
    """A transport that keeps what it fetched, and fetches no immutable file twice.

    Args:
        files: What was fetched before: path -> bytes.
    """

    def __init__(self, inner: Transport, files: Mapping[str, bytes] | None = None) -> None:
        self._inner = inner
        self.files: dict[str, bytes] = dict(files or {})

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        """Return a file. Errors: those of the inner transport."""
        if path in self.files and path.startswith(_IMMUTABLE) and not fresh:
            return Body(self.files[path], transferred=0)
        body = await self._inner.fetch(path, limit=limit, fresh=fresh, progress=progress)
        self.files[path] = body.data
        return body

    async def close(self) -> None:
        """Close the inner transport."""
        await self._inner.close()
