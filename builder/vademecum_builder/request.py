"""The request for a build, and its progress callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final

from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.index.tiers import TierLimits
from vademecum_builder.signing.defaults import SigningRequest

_FEW: Final = 5
"""This many records may always fail, but never more than a third."""
Progress = Callable[[str, int, int], None]
"""Called with a stage (`asking`, `reading`, `embedding`), how much of it is done, and of how much."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class SourceSettings:
    """One `[[source]]`.

    Attributes:
        name: The keys of its documents begin with it and a colon. Empty: it is the only source, and there is no prefix.
        kind: The name of a module in `kinds`.
        values: The settings by key, as read by the module's `KEYS`.
        where: The settings' file and line, for messages.
    """

    name: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def prefix(self) -> str:
        """The prefix of its documents' keys."""
        return f"{self.name}:" if self.name else ""


OF_FILES: Final = frozenset({"folder", "site", "files", "git"})
"""Kinds of sources whose items are files; the items of all others are records, whose ids have no endings."""


@dataclass(frozen=True)
class ApprovalRule:
    """Which releases wait for approval: they are candidates that no client installs until they are promoted.

    Attributes:
        always: Every release waits.
        more_than: A release waits if it changes a larger share of the documents; None: no share is too large.
    """

    always: bool = False
    more_than: float | None = None


@dataclass(frozen=True)
class ArchiveLimits:
    """Which earlier releases stay published, to be promoted or rolled back to.

    Attributes:
        releases: At most this many, the newest.
        share: Bytes that they may take, as a share of the new release's.
        floor: Bytes that they may always take.
    """

    releases: int = 10
    share: float = 1.0
    floor: int = 1_048_576

    def budget(self, release: int) -> int:
        """Return how many bytes earlier releases may take beside a release of this many bytes."""
        return max(self.floor, int(self.share * release))


@dataclass(frozen=True, kw_only=True)
class TreeRequest(SigningRequest):
    """Which tree a build or a decision about releases changes, what it builds on, and how it is signed and laid out.

    Attributes:
        out: Folder of the published tree; empty, missing, or made by an earlier build. Afterwards it is complete and
            ready to deploy.
        previous: The address or folder of the release to build on; None: what is in `out`.
        channel: The channel that the release belongs to.
        title: The name of the knowledge base on its pages.
        site: Whether to publish pages and the browser client beside the index.
        runtime_cache: Where the browser client's Python is kept between builds; None: the platform's cache folder.
        force: If the previous release cannot be used, begin anew above all its numbers; trust this machine's clock.
        tiers: How rows are laid out in segments.
        packs: What direct packs may take on the host.
        archive: Which earlier releases stay published.
    """

    out: Path
    previous: str | None = None
    channel: str = "stable"
    title: str = ""
    site: bool = True
    runtime_cache: Path | None = None
    force: bool = False
    tiers: TierLimits = field(default_factory=TierLimits)
    packs: PackLimits = field(default_factory=PackLimits)
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


WITHOUT_DEAD: Final[Mapping[str, Any]] = {
    "tiers": TierLimits(dead_share=0),
    "packs": PackLimits(most=0),
    "archive": ArchiveLimits(releases=0),
}
"""The limits of a tree that holds nothing but its current release."""

QUERY_ENCODERS: Final = ("table", "transformer")


@dataclass(frozen=True, kw_only=True)
class SourcesRequest:
    """What is read: several sources, or one folder without a name.

    Attributes:
        source: Folder of documents: rendered pages, or files of the kinds in `sources.endings.MEDIA_TYPES`. With
            `sources`: the folder of the settings.
        sources: Named sources, read instead of the folder.
        patterns: Git-style: `guide/**` takes documents in, `!drafts/` leaves them out; none: everything is taken.
        example_keys: Git-style patterns of files whose private keys are examples; other files with a key are left out.
        profile: The generator that the files are written for, or `plain`; empty: found by its configuration.
        base_url: Where the documents are served; hits link there. Empty: hits open in the search page's reader.
        drafts: Whether to take pages that are not public: drafts, unlisted, noindex, not yet or no longer valid.
    """

    source: Path
    sources: tuple[SourceSettings, ...] = ()
    patterns: tuple[str, ...] = ()
    example_keys: tuple[str, ...] = ()
    profile: str = ""
    base_url: str = ""
    drafts: bool = False

    @property
    def records(self) -> tuple[str, ...]:
        """The names of the sources whose items are not files."""
        return tuple(one.name for one in self.sources if one.kind not in OF_FILES)


@dataclass(frozen=True, kw_only=True)
class WorkspaceRequest:
    """What this machine remembers between builds, and how it is brought up to date.

    Attributes:
        workspace: Its file; None: there is no workspace.
        sync: Whether to read the sources into it before a build; otherwise it is built as it is.
        batch: Entries in one transaction.
        failures: If a larger share of a job's records fails, nothing is published.
        history_jobs, history_bytes: For how many jobs, and in how many bytes, earlier versions of items are kept.
        vector_bytes: Bytes of a model's vectors that are kept; those of the newest build always stay.
    """

    workspace: Path | None = None
    sync: bool = True
    batch: int = 500
    failures: float = 0.05
    history_jobs: int = 20
    history_bytes: int = 268_435_456
    vector_bytes: int = 1_073_741_824

    def may_fail(self, of: int) -> int:
        """Return how many of this many records may fail: the share, or a few in a small source, where single records
        (scans among files) may be bad without the settings being wrong."""
        return max(ceil(self.failures * of), min(_FEW, of // 3) if self.failures else 0)


@dataclass(frozen=True, kw_only=True)
class EncoderRequest:
    """How meaning is encoded.

    Attributes:
        encoder: `builtin`, `sentence-transformers:MODEL` or `http:https://host/v1#MODEL`; None: the previous release's,
            else `builtin`.
        dimensions: Of a vector; a change means a full download for clients. None: as before, else 96.
        query_encoder: `table`, or `transformer` to publish the model's own files as well. None: as before.
        refit: Fit the encoder anew, which means a full download for clients.
    """

    encoder: str | None = None
    dimensions: int | None = None
    query_encoder: str | None = None
    refit: bool = False


@dataclass(frozen=True, kw_only=True)
class CareRequest:
    """What a build refuses.

    Attributes:
        strict: Publish nothing if there is a warning, leftover markup, or a broken link (`links`).
        links: Folder or address of the real pages: under `strict`, the page and anchor of every hit must exist there.
        allow_empty: Allow a release without documents.
        allow_shrink: Allow a release with less than half the documents of the previous one.
        make_keys: Allow making keys for a first build; in CI they would be lost with the machine.
    """

    strict: bool = False
    links: str = ""
    allow_empty: bool = False
    allow_shrink: bool = False
    make_keys: bool = True


@dataclass(frozen=True, kw_only=True)
class BuildRequest(TreeRequest, SourcesRequest, WorkspaceRequest, EncoderRequest, CareRequest):
    """What to build, from what, and how: the classes above, each for one concern, and options of the release itself.
    Only `source` and `out` have no default.

    Attributes:
        version: The human version; empty: made from the date and the sequence.
        candidate: Publish it as a candidate, for this share of the clients in hundredths of a percent; 0: for nobody
            until it is rolled out or promoted. None: for everybody, as is the first release of a channel.
        critical: Clients install it even if it changes few documents.
        yank: Sequences to yank: no client installs them any more or rolls back to them.
        approval: Which releases wait until they are promoted.
        erase_removed: Leave no byte of removed documents in the tree: not in dead rows, packs or earlier releases of
            this channel, nor in the words of the encoder, which is fitted anew.
        preview: Only for a look: signed with a key that nobody keeps, so that no client follows it.
        whole: Write the tree, signed again, even if nothing changed and `out` has none: for a deploy that replaces the
            whole site that it is part of.
        restart: Begin at number 1, whatever was published before.
        publish: Where `vade publish` brings the tree by default.
    """

    version: str = ""
    candidate: int | None = None
    critical: bool = False
    yank: tuple[int, ...] = ()
    approval: ApprovalRule = field(default_factory=ApprovalRule)
    erase_removed: bool = False
    preview: bool = False
    whole: bool = False
    restart: bool = False
    publish: tuple[str, ...] = ()
