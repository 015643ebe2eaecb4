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
"""Records that may always fail, where they are a third of all at most."""
Progress = Callable[[str, int, int], None]
"""Called with a stage (`asking`, `reading`, `embedding`), and how much of how much is done."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """What to pass where nobody looks."""


@dataclass(frozen=True)
class SourceSettings:
    """One `[[source]]`.

    Attributes:
        name: Its documents have keys that begin with it and a colon; empty: with neither, for it is the only one.
        kind: The name of a module in `kinds`.
        values: By key, as the module's `KEYS` read them.
        where: The settings' file and line, for messages.
    """

    name: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def prefix(self) -> str:
        """What the keys of its documents begin with."""
        return f"{self.name}:" if self.name else ""


OF_FILES: Final = frozenset({"folder", "site", "files", "git"})
"""Kinds of sources whose items are files; those of others are records, whose ids have no endings."""


@dataclass(frozen=True)
class ApprovalRule:
    """Which releases are candidates for nobody until they are promoted.

    Attributes:
        always: All are.
        more_than: Those are in which a larger share of the documents changes; None: no share is too large.
    """

    always: bool = False
    more_than: float | None = None


@dataclass(frozen=True)
class ArchiveLimits:
    """Which earlier releases stay published, so that one can be promoted or gone back to.

    Attributes:
        releases: At most so many, the newest.
        share: Bytes that they may take beside the new one, as a share of its own.
        floor: Bytes that they may take in any case.
    """

    releases: int = 10
    share: float = 1.0
    floor: int = 1_048_576

    def budget(self, release: int) -> int:
        """Return the bytes for earlier releases beside one of so many bytes."""
        return max(self.floor, int(self.share * release))


@dataclass(frozen=True, kw_only=True)
class TreeRequest(SigningRequest):
    """Which tree a build or a decision about releases changes, and how it is gone on from, signed and laid out.

    Attributes:
        out: Folder of the published tree; empty, missing, or one that an earlier build has made. Whole and ready to be
            deployed afterwards.
        previous: The release to build on, an address or a folder; None: what lies in `out`.
        channel: The line of releases that it belongs to.
        title: Name of the knowledge base, for its pages.
        site: Whether to publish pages and the browser client beside the index.
        runtime_cache: Where the browser client's Python is kept between builds; None: the platform's place.
        force: Build anew, on above all numbers, where the previous release cannot be used; trust this clock.
        tiers: How segments are laid.
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
"""What a tree is laid by that holds nothing but its release."""

QUERY_ENCODERS: Final = ("table", "transformer")


@dataclass(frozen=True, kw_only=True)
class SourcesRequest:
    """What is read: several sources, or one folder without a name.

    Attributes:
        source: Folder of documents: rendered pages, or files of the kinds in `sources.endings.MEDIA_TYPES`. Where there
            are `sources`: the settings' folder.
        sources: What is read, each with a name, in place of the folder.
        patterns: Git-style: `guide/**` takes documents in, `!drafts/` leaves some out; none: everything.
        example_keys: Git-style, files whose private keys everybody may have; others with one are left out.
        profile: The generator whose sources they are, or `plain`; empty: as the configuration that lies there says.
        base_url: Where the documents themselves are served; hits link there. Empty: only in the search page's reader.
        drafts: Whether to take in pages that are not for everybody: drafts, unlisted, noindex, of another time.
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
        """The names of the sources whose items are no files."""
        return tuple(one.name for one in self.sources if one.kind not in OF_FILES)


@dataclass(frozen=True, kw_only=True)
class WorkspaceRequest:
    """What this machine remembers between builds, and how it is brought up to date.

    Attributes:
        workspace: The file (`workspace`); None: none.
        sync: Whether to bring it to what its sources say before a build; else it is built as it is.
        batch: Entries that it takes in at a time, in one transaction.
        failures: Which share of a job's records may fail before nothing is published.
        history_jobs, history_bytes: For how many jobs, and in how many bytes, it keeps what items were before.
        vector_bytes: That it keeps of what a model was asked; those of the newest build stay in any case.
    """

    workspace: Path | None = None
    sync: bool = True
    batch: int = 500
    failures: float = 0.05
    history_jobs: int = 20
    history_bytes: int = 268_435_456
    vector_bytes: int = 1_073_741_824

    def may_fail(self, of: int) -> int:
        """Return how many of so many records may fail: the share, and of few records some that are wrong themselves,
        such as scans among files, rather than the settings."""
        return max(ceil(self.failures * of), min(_FEW, of // 3) if self.failures else 0)


@dataclass(frozen=True, kw_only=True)
class EncoderRequest:
    """How meaning is encoded.

    Attributes:
        encoder: `builtin`, `sentence-transformers:MODEL` or `http:https://host/v1#MODEL`; None: that of the previous
            release, else `builtin`.
        dimensions: Of a vector; another number than before is a full download. None: as before, else 96.
        query_encoder: `table`, or `transformer`: the model's own files are published as well. None: as before.
        refit: Fit the encoder anew: a full download for every client.
    """

    encoder: str | None = None
    dimensions: int | None = None
    query_encoder: str | None = None
    refit: bool = False


@dataclass(frozen=True, kw_only=True)
class CareRequest:
    """What is refused.

    Attributes:
        strict: Whether to publish nothing where there is a warning, a leftover of markup, or a broken link (`links`).
        links: The real pages, a folder or an address: under `strict` each hit's page and anchor has to be there.
        allow_empty: Whether to publish a release without documents.
        allow_shrink: Whether to publish one of less than half the documents of the release before.
        make_keys: Whether keys may be made on a first day; in CI they would be gone with the machine.
    """

    strict: bool = False
    links: str = ""
    allow_empty: bool = False
    allow_shrink: bool = False
    make_keys: bool = True


@dataclass(frozen=True, kw_only=True)
class BuildRequest(TreeRequest, SourcesRequest, WorkspaceRequest, EncoderRequest, CareRequest):
    """What to build, from what, and how: of the classes above, by what they are about, and what is said of the release
    itself. Only `source` and `out` have no default.

    Attributes:
        version: The human version; made from date and sequence if empty.
        candidate: It is a candidate of that channel, for so many, in hundredths of a percent; 0: for nobody, until it
            is rolled out or promoted. None: it is for everybody, and so is the first release of a channel.
        critical: Whether clients are to install it however few documents it changes.
        yank: Sequences to take back: no client installs them any more, nor goes back to them.
        approval: Which releases wait until somebody promotes them.
        erase_removed: Whether no byte of what was removed may stay in the tree, in no dead row, pack or earlier release
            of this channel and in no word of the encoder, which is fitted anew.
        preview: Whether it is for a look alone: signed with a key that nobody keeps, and no client goes on from it.
        whole: Whether to write the tree, signed anew, also where nothing changed and `out` has none: for a deploy that
            replaces a site of which it is a part.
        restart: Begin at number 1, whatever was published: for a very first release.
        publish: Where `vade publish` brings the tree, if it is not told.
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
