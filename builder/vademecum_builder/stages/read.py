"""The first stage: a source as it is now, compared with the previous release."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

import orjson

from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum.format.segment import ChunkRow, DocumentRow
from vademecum.version import __version__
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.index.rows import same
from vademecum_builder.readers.document import MissingReader
from vademecum_builder.readers.private import (
    RAW_NOTE,
    head_of,
    is_raw_note,
    why_private,
    why_private_metadata,
    why_private_record,
)
from vademecum_builder.sources.access_tokens import find_tokens, is_list_of_passwords, token_lines
from vademecum_builder.sources.base import (
    BINARY,
    MARKDOWN,
    RECORD,
    Changes,
    Checkpoint,
    Removed,
    Skipped,
    Source,
    SourceItem,
)
from vademecum_builder.stages.ahead import Ahead, ReadItem
from vademecum_builder.stages.audit import Audit, audit
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.gathered import (
    SKIPPED,
    Excluded,
    Gathered,
    drop_aliases,
    drop_originals,
    drop_withheld,
    guess_languages,
    metadata_text,
)
from vademecum_builder.stages.parsed import Outcome, PendingChunk

_APART = 3
"""Up to this many documents with the same warning get a line each."""


@dataclass(frozen=True)
class SourceState:
    """The source as it is now.

    Attributes:
        documents: Rows by key; a row that differs from the previous release has the new sequence.
        chunks: By id, for documents that were read.
        sources: The digest of each source item and of everything else that shapes its rows.
        added, modified, removed: Keys of documents, sorted.
        warnings: One line each.
        left_out: How many items were left out, by reason.
        files_left_out: The keys of those that were read, by reason.
        audit: What the publisher should look at.
    """

    documents: Mapping[str, DocumentRow] = field(default_factory=dict)
    chunks: Mapping[int, PendingChunk] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    files_left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)

    @property
    def is_new(self) -> bool:
        """Whether any document was added, modified or removed."""
        return bool(self.added or self.modified or self.removed)


def read_source(source: Source, base: Base, context: BuildContext, *, audited: bool = True) -> SourceState:
    """Read what changed; what did not change is taken from the previous release without being parsed.

    Args:
        audited: Whether to look through all that the release would hold for leftover markup, access tokens and so on.

    Raises:
        UsageError: There is nothing to read.
        ContentError: Two different texts share a chunk id.
    """
    gathered = Gathered(Excluded(context.request.records))
    changes = source.changes(None)  # the digests of the previous release tell what changed
    _Reading(base, context, gathered).read_all(changes)
    drop_withheld(gathered)
    drop_aliases(gathered)
    drop_originals(gathered, base)
    guess_languages(gathered, base, context.sequence)
    excluded = gathered.excluded
    excluded.items += Counter(changes.unread)
    gathered.warnings += [
        *_merged(gathered.document_warnings),
        *context.documents.warnings(),
        *_missing_readers(excluded),
        *changes.warnings,
    ]
    state = _compare(gathered, base, changes.left_out)
    return _audited(state, gathered, base) if audited else state


def _audited(state: SourceState, gathered: Gathered, base: Base) -> SourceState:
    """Return the state with its audit, and a warning for each access token."""
    chunks: dict[int, ChunkRow | PendingChunk] = {**base.rows.chunks, **gathered.chunks}
    found = audit(state.documents, chunks, gathered)
    texts = {id: chunk.text for id, chunk in chunks.items()}
    tokens = _token_warnings(state.documents, texts, gathered.access_tokens)
    return replace(state, warnings=(*state.warnings, *tokens, *found.warnings), audit=found)


def _merged(warnings: Sequence[str]) -> Iterator[str]:
    """Yield one line for a warning that many documents share, naming the first ten."""
    about: dict[str, list[str]] = {}
    for warning in warnings:
        key, _, said = warning.partition(": ")
        about.setdefault(said, []).append(key)
    for said, keys in about.items():
        if len(keys) > _APART:
            more = f" and {len(keys) - 10} more" if len(keys) > 10 else ""
            yield f"{len(keys)} documents: {said} ({', '.join(keys[:10])}{more})"
        else:
            yield from (f"{key}: {said}" for key in keys)


def _missing_readers(excluded: Excluded) -> list[str]:
    """Return one line for the files of each ending whose reader is not installed."""
    missing = {reason: keys for reason, keys in excluded.unreadable.items() if reason != SKIPPED}
    counts = Counter(f"{PurePosixPath(key).suffix}: {reason}" for reason, keys in missing.items() for key in keys)
    return [f"{count} {what}" for what, count in sorted(counts.items())]


@dataclass(frozen=True)
class _Reading:
    """One pass over a source; what becomes of each item is noted in `gathered`."""

    base: Base
    context: BuildContext
    gathered: Gathered

    def read_all(self, changes: Changes) -> None:
        """Read each item that is not settled by the previous release.

        Raises:
            ContentError: Two different texts share a chunk id.
        """
        done = 0
        with Ahead(self.context.documents, self.context.sequence, changes.expected) as ahead:
            for entry in changes.entries:  # one at a time: a source may be larger than memory
                if isinstance(entry, Checkpoint | Removed):  # without a checkpoint, what is not listed is gone
                    continue
                self.context.progress("reading", done, max(done + 1, changes.expected))
                done += 1
                for read in self._read(entry, ahead):
                    self._take(*read)
            for read in ahead.rest():
                self._take(*read)
        self.context.progress("reading", done, done)

    def _read(self, entry: SourceItem | Skipped, ahead: Ahead) -> Iterator[ReadItem]:
        """Have an item read, and return the items that have been read by now."""
        gathered, excluded = self.gathered, self.gathered.excluded
        excluded.items[excluded.kind(entry.key)] += 1
        if isinstance(entry, Skipped):
            gathered.skip(entry.key, f"{entry.key}: skipped: {entry.reason}")
            return iter(())
        if entry.shows_keys:
            gathered.with_example_keys.add(entry.key)
        if entry.target:
            gathered.aliases.setdefault(entry.target, []).append(entry.key)
        digest = self._digest_if_unread(entry)
        return ahead.read(entry, digest) if digest else iter(())

    def _digest_if_unread(self, item: SourceItem) -> str:
        """Return the digest of an item that has to be read; empty: it is private, unreadable, or unchanged since the
        previous release."""
        context, gathered = self.context, self.gathered
        binary = item.media_type in BINARY
        gathered.access_tokens[item.key] = {} if binary else token_lines(item.data)
        private = "" if context.shows_drafts(item.key) else self._why_private(item)
        if private and not binary:
            gathered.withheld.add(item.key)
            gathered.excluded.left_out[private].append(item.key)
            return ""
        old = self.base.rows.documents.get(item.key)
        try:
            shaped_by = context.documents.shaped_by(item)
        except ContentError as error:
            self._refuse(item, error)
            return ""
        # Of the item, and of everything else that shapes its rows.
        digest = hashlib.sha256(canonical([__version__, CHUNKER, shaped_by, item.content_hash])).hexdigest()
        if (
            old is not None
            and not context.request.strict  # only its reader knows what is wrong with a page
            and not old.removed
            and self.base.sources.get(item.key) == digest
            and not self._why_private_row(old, item)
        ):
            gathered.sources[item.key] = digest
            gathered.documents[item.key] = old
            return ""
        return digest

    def _take(self, item: SourceItem, digest: str, outcome: Outcome) -> None:
        """Note what reading an item gave.

        Raises:
            ContentError: Two different texts share a chunk id.
        """
        gathered = self.gathered
        if isinstance(outcome, ContentError):
            self._refuse(item, outcome)
            return
        if isinstance(outcome, str):
            gathered.excluded.left_out[outcome].append(item.key)
            return
        gathered.document_warnings += outcome.warnings
        if private := self._why_private_row(outcome.row, item):
            gathered.excluded.left_out[private].append(item.key)
            return
        gathered.sources[item.key] = digest
        old = self.base.rows.documents.get(item.key)
        if old is not None and same(outcome.row, old):
            gathered.documents[item.key] = old
            return
        gathered.documents[item.key] = outcome.row
        if outcome.is_short:
            gathered.short_sources.add(metadata_text(outcome.row, "source"))
        for chunk in outcome.chunks:
            self._refuse_collision(chunk)
            gathered.chunks[chunk.id] = chunk

    def _why_private(self, item: SourceItem) -> str:
        """Return why an item is not public, as far as its bytes say; empty: it is."""
        if item.media_type == MARKDOWN and is_raw_note(item.data):
            return RAW_NOTE
        if item.media_type != RECORD:
            return why_private(head_of(item.data), self.context.now)
        try:
            record = orjson.loads(item.data)
        except orjson.JSONDecodeError:
            return ""  # nested too deeply: its reader refuses it
        return why_private_record(record, self.context.now, self.context.mere_facts(item.key))

    def _why_private_row(self, row: DocumentRow, item: SourceItem) -> str:
        """Return why a document is not public, as far as its metadata says; empty: it is.

        A format without front matter has its own way to say so (`:draft: true`), which its reader has turned into
        metadata. For a record `_why_private` has decided: its `date` is not that of a page.
        """
        if not row.metadata or item.media_type == RECORD or self.context.shows_drafts(row.key):
            return ""
        return why_private_metadata(row.metadata, self.context.now)

    def _refuse(self, item: SourceItem, error: ContentError) -> None:
        if isinstance(error, MissingReader):
            self.gathered.excluded.unreadable[error.message].append(item.key)
            return
        is_named = item.key.rpartition("/")[2].rpartition(":")[2] in error.message
        self.gathered.skip(item.key, f"{error.message if is_named else f'{item.key}: {error.message}'}; skipped")

    def _refuse_collision(self, chunk: PendingChunk) -> None:
        """Raise ContentError if two texts have one id (64 bits: one chance in 10^9 among 100,000 chunks)."""
        known = self.base.rows.chunks.get(chunk.id, chunk)
        same_text = (known.headings, known.anchor, known.text) == (chunk.headings, chunk.anchor, chunk.text)
        if not same_text or self.gathered.chunks.get(chunk.id, chunk) != chunk:
            raise ContentError(f"two texts share the id {chunk.id:016x}: change a word in {chunk.text[:60]!r}")


def _compare(gathered: Gathered, base: Base, left_out: Mapping[str, int]) -> SourceState:
    """Return the state; `left_out`: how many items the source itself has left out, by reason."""
    # In an order that does not depend on the source: an encoder may be fitted to them.
    now = {key: gathered.documents[key] for key in sorted(gathered.documents, key=str.encode)}
    live, excluded = base.documents, gathered.excluded
    counts = Counter({reason: len(keys) for reason, keys in excluded.left_out.items()}) + Counter(left_out)
    return SourceState(
        documents=now,
        chunks=gathered.chunks,
        sources=gathered.sources,
        added=tuple(sorted(now.keys() - live.keys())),
        modified=tuple(sorted(key for key in now.keys() & live.keys() if not same(now[key], live[key]))),
        removed=tuple(sorted(live.keys() - now.keys())),
        warnings=tuple(gathered.warnings),
        left_out=dict(counts.most_common()),
        files_left_out=dict(excluded.left_out),
    )


_ERASE: Final = "build once with --erase-removed"


def _token_warnings(
    documents: Mapping[str, DocumentRow], texts: Mapping[int, str], lines: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """Yield a warning for each access token that would be published, with its line, and for each list of passwords."""
    for key, row in documents.items():
        if is_list_of_passwords(key):
            yield f"{key}: named like a list of passwords, which everybody could read: take it out, and {_ERASE}"
        shown = "\n".join((row.metadata, *(texts[chunk].replace("\\", "") for chunk in row.chunks)))
        for token, kind in find_tokens(shown).items():
            line = lines[key].get(token)
            where = f"{key}, line {line}" if line else key
            todo = f"revoke it, take it out, and {_ERASE}"
            yield f"{where}: {kind} ({token[:8]}…), which everybody could read: {todo}"
