"""The report of a build: what it did, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vademecum_builder.encoders.http import Cost
from vademecum_builder.release.channels import DEFAULT_CHANNEL
from vademecum_builder.stages.assemble import AssembledRelease
from vademecum_builder.stages.audit import Audit
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.publish import Written
from vademecum_builder.stages.read import SourceState


@dataclass(frozen=True)
class IndexBytes:
    """Bytes of the index, that is of all segments and the manifest, without the encoder.

    Attributes:
        published: Of all of it.
        new: Of all files that this build wrote.
    """

    published: int
    new: int


@dataclass(frozen=True)
class Downloads:
    """Bytes that clients download, without metadata.

    Attributes:
        install: A new user: segments, encoder and manifest.
        update: A user of the previous release; None: nobody does.
    """

    install: int = 0
    update: int | None = None


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        sequence, version: Of the release that is published now.
        documents, chunks: How many are live in it.
        added, modified, removed: How many documents, compared with the previous release.
        embedded: How many chunks were sent to the encoder.
        changed: False when nothing was published.
        bytes, downloads: In bytes, what is published, and what clients download of it.
        unaddressed: How many documents have no address: their hits open only in the search page's reader.
        previous: The sequence of the release that was built on; None: none could be read.
        seconds: How long the build took.
        signed: Whether metadata was signed, for a new release or to renew signatures.
        site: Whether pages were written.
        warnings: What was wrong with the source, one line each.
        notices: What else the publisher should read, such as that keys were made.
        left_out: How many files are not documents, by reason.
        files_left_out: The keys of those that were read, by reason.
        audit: Files by ending, leftover markup, pages without text, duplicates.
        channel: The channel of the build.
        candidate: Its rollout as a candidate, in hundredths of a percent; None: it is for everybody.
        serves: The sequence that clients of the channel get; None: it was yanked.
        waits: Why it waits for approval; empty: it does not.
        cost: What a model behind an address was asked; None: no such model.
    """

    sequence: int
    version: str
    documents: int
    chunks: int
    added: int
    modified: int
    removed: int
    embedded: int
    changed: bool
    bytes: IndexBytes
    downloads: Downloads = Downloads()
    unaddressed: int = 0
    previous: int | None = None
    seconds: float = 0.0
    signed: bool = False
    site: bool = False
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    files_left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)
    channel: str = DEFAULT_CHANNEL
    candidate: int | None = None
    serves: int | None = None
    waits: str = ""
    cost: Cost | None = None

    def json(self) -> dict[str, Any]:
        """Return what `vade build --json` prints."""
        result = asdict(self) | {"seconds": round(self.seconds, 3), "warnings": list(self.warnings)}
        result["candidate"] = None if self.candidate is None else {"rollout": self.candidate / 100}
        result["leftOut"] = result.pop("left_out")
        result["filesLeftOut"] = result.pop("files_left_out")
        result["audit"]["privateKeys"] = result["audit"].pop("private_keys")
        result["audit"]["withoutText"] = result["audit"].pop("without_text")
        del result["notices"]
        return result


def report_of(
    release: AssembledRelease,
    state: SourceState,
    base: Base,
    context: BuildContext,
    written: Written,
    embedded: int | None,
) -> BuildReport:
    """Return the report; `embedded` is None if there is no new release."""
    manifest = release.manifest
    before, line = context.previous.published, written.channels[context.request.channel]
    install = len(release.manifest_bytes) + sum(object.size for object in manifest.objects)
    return BuildReport(
        sequence=manifest.sequence,
        version=manifest.version,
        documents=manifest.documents,
        chunks=manifest.chunks,
        added=len(state.added),
        modified=len(state.modified),
        removed=len(state.removed),
        embedded=embedded or 0,
        changed=embedded is not None,
        bytes=IndexBytes(release.index_bytes, written.bytes),
        downloads=Downloads(install, _update_bytes(release, base, install) if embedded is not None else None),
        unaddressed=sum(not row.url for row in state.documents.values()),
        previous=before.manifest.sequence if before else None,
        signed=written.signed,
        site=written.site,
        warnings=(*state.warnings, *_erasure_warning(context, written, manifest.sequence)),
        left_out=state.left_out,
        files_left_out=state.files_left_out,
        audit=state.audit,
        channel=context.request.channel,
        candidate=line.rollout if line.candidate and line.candidate.sequence == manifest.sequence else None,
        serves=line.current.sequence if line.current.sequence not in line.yanked else None,
    )


def _erasure_warning(context: BuildContext, written: Written, sequence: int) -> list[str]:
    """Return a warning if other releases stay beside one that was to erase what was removed."""
    stays = {release.sequence for line in written.channels.values() for release in line.releases} - {sequence}
    if not (context.request.erase_removed and stays):
        return []
    named = ", ".join(map(str, sorted(stays)))
    return [
        f"what was removed may be in release {named} still, which a channel leads to: promote this one, or build the "
        "other channel, and build with --erase-removed once more"
    ]


def _update_bytes(release: AssembledRelease, base: Base, install: int) -> int | None:
    """Return the bytes that a user of the previous release downloads; None: there was none."""
    if base.published is None:
        return install if base.documents else None
    before, manifest = base.published.manifest.sequence, release.manifest
    direct = [entry.size for entry in manifest.packs if entry.after == before]
    tiers = sum(entry.object.size for entry in manifest.segments if entry.upto > before)
    return len(release.manifest_bytes) + min([tiers, *direct])
