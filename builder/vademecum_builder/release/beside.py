"""Other releases of the tree that a build goes on from: read on demand, from the place of the first one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from vademecum.config import Config
from vademecum.errors import VademecumError
from vademecum.format.objects import ObjectRef
from vademecum.ports import Transport
from vademecum.runtime.clock import SystemClock
from vademecum.transport.downloader import Downloader, in_parallel
from vademecum.trust.channel import ManifestHint
from vademecum_builder.release.closure import Closure, RecordingTransport, bring, find_closure
from vademecum_builder.release.location import read_at
from vademecum_builder.release.previous import Previous
from vademecum_builder.release.published import Published, read_beside


def read_again(previous: Previous, out: Path, hint: ManifestHint) -> Published:
    """Return another release of the tree. Errors: see `read_published`.

    Args:
        previous: Has a release of the tree.
        out: The tree, if `previous` has no location.
    """
    published = previous.published
    assert published is not None, "nothing was read"
    if published.pointer.sha256 == hint.sha256:
        return published

    return read_at(
        previous.location or out, lambda tree, config: read_beside(published, hint, tree, SystemClock(), config)
    )


def find_closures(
    previous: Previous, out: Path, hints: Iterable[ManifestHint], *, whole: bool = False
) -> dict[int, Closure | VademecumError]:
    """Return the closure of each of these releases, or why it cannot be read, by sequence.

    Args:
        whole: Fetch and verify all their files, too.
    """
    found: dict[int, Closure | VademecumError] = {}

    async def find(transport: Transport, config: Config) -> None:
        recorder = RecordingTransport(transport, _files_of(previous))
        downloader = Downloader(recorder, SystemClock(), config)

        async def one(hint: ManifestHint) -> None:
            try:
                closure = found[hint.sequence] = await find_closure(hint, downloader)
                if whole:
                    await bring(closure.refs, downloader, recorder, config.parallel)
            except VademecumError as error:
                found[hint.sequence] = error

        await in_parallel(hints, config.parallel, one)

    read_at(previous.location or out, find)
    return found


def bring_files(previous: Previous, out: Path, refs: Mapping[str, ObjectRef]) -> dict[str, bytes]:
    """Return the files of the tree that are not in `out` already, as published. Errors: see `read_published`."""
    wanted = {path: ref for path, ref in refs.items() if not _lies_in(out, path, ref)}

    async def fetch(transport: Transport, config: Config) -> dict[str, bytes]:
        recorder = RecordingTransport(transport, _files_of(previous))
        await bring(wanted, Downloader(recorder, SystemClock(), config), recorder, config.parallel)
        return {path: recorder.files[path] for path in wanted}

    return read_at(previous.location or out, fetch) if wanted else {}


def _lies_in(out: Path, path: str, ref: ObjectRef) -> bool:
    return (out / path).is_file() and (out / path).stat().st_size == ref.size


def _files_of(previous: Previous) -> Mapping[str, bytes]:
    return {} if previous.published is None else previous.published.files
