"""Releases that stay published beside the newest: the channels', and some to promote or roll back to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vademecum.errors import ContentError, VademecumError
from vademecum.format.manifest import Manifest
from vademecum.format.objects import ObjectRef
from vademecum.transport.downloader import is_absent
from vademecum.trust.channel import ManifestHint
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.release.beside import find_closures
from vademecum_builder.release.channels import Channels, named
from vademecum_builder.release.closure import Closure
from vademecum_builder.request import ArchiveLimits
from vademecum_builder.stages.context import BuildContext


@dataclass(frozen=True)
class Archive:
    """What a tree holds besides the release that is being made.

    Attributes:
        closures: Of the releases that can be read, by sequence, newest first.
        lost: Channels that are damaged, as is the previous release: no client can follow them any more.
    """

    closures: Mapping[int, Closure] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    def hints(self) -> tuple[ManifestHint, ...]:
        """Return the places of the manifests, newest first."""
        return tuple(closure.hint for closure in self.closures.values())

    def within(self, limits: ArchiveLimits, manifest: Manifest, yanked: Iterable[int]) -> Archive:
        """Return the newest releases that stay beside a new one, within the limits.

        Args:
            manifest: Of the new release. Files that it shares with older releases do not count.
            yanked: Yanked releases do not stay: they are neither promoted nor rolled back to.
        """
        own = {ref.path for ref in (*manifest.objects, manifest.sources)}
        room = limits.budget(sum(ref.size for ref in manifest.objects))
        kept: dict[int, Closure] = {}
        for sequence, closure in self.closures.items():
            if sequence in set(yanked):
                continue
            more = {path: ref.size for path, ref in closure.refs.items() if path not in own}
            room -= sum(more.values())
            if room < 0 or len(kept) == limits.releases:
                break
            own |= more.keys()
            kept[sequence] = closure
        return Archive(kept, self.lost)

    def files(self, channels: Channels, archived: Iterable[int] = ()) -> dict[str, ObjectRef]:
        """Return the files of the releases that these channels name, and of `archived`: path -> digest and size."""
        wanted = {*named(channels), *archived}
        return {
            path: ref
            for sequence, closure in self.closures.items()
            if sequence in wanted
            for path, ref in closure.refs.items()
        }


def find_archive(context: BuildContext) -> Archive:
    """Return the releases of the tree that is built on.

    Raises:
        ContentError: A channel leads to a release that is damaged.
        NetworkError, ServerError: The host cannot be asked.
    """
    previous, out = context.previous, context.request.out
    if previous.published is None:
        return _what_is_whole(context)
    results = find_closures(previous, out, named(previous.channels).values())
    for sequence, error in results.items():
        if isinstance(error, VademecumError):
            raise type(error)(f"release {sequence}, to which a channel leads, cannot be read: {error.message}")
    whole = _only_closures(results)
    earlier = [hint for hint in whole[max(whole)].archived if hint.sequence not in whole]
    if previous.location or (out / TIMESTAMP).is_file():
        for sequence, result in find_closures(previous, out, earlier).items():
            if isinstance(result, Closure):
                whole[sequence] = result
            elif not (isinstance(result, ContentError) or is_absent(result)):
                raise result  # a host in trouble: an earlier release is given up only if it is gone
    return Archive(dict(sorted(whole.items(), reverse=True)))


def _what_is_whole(context: BuildContext) -> Archive:
    """Return the releases that other channels of a damaged tree lead to, as far as they are complete."""
    previous, own = context.previous, context.request.channel
    others = {name: line for name, line in previous.channels.items() if name != own}
    results = find_closures(previous, context.request.out, named(others).values(), whole=True)
    whole = _only_closures(results)
    lost = [name for name, line in others.items() if any(r.sequence not in whole for r in line.releases)]
    return Archive(dict(sorted(whole.items(), reverse=True)), (own, *lost))


def _only_closures(found: Mapping[int, Closure | VademecumError]) -> dict[int, Closure]:
    return {sequence: one for sequence, one in found.items() if isinstance(one, Closure)}
