"""The first stage: a source as it is now, compared with what the previous release knows of it."""

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
from vademecum_builder.readers.private import head_of, why_private, why_private_metadata, why_private_record
from vademecum_builder.sources.access_tokens import find_tokens, is_list_of_passwords, token_lines
from vademecum_builder.sources.base import BINARY, RECORD, Checkpoint, Removed, Skipped, Source, SourceItem
from vademecum_builder.stages.ahead import Ahead, Read
from vademecum_builder.stages.audit import SKIPPED, Audit, audit
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.gathered import (
    Gathered,
    drop_aliases,
    drop_originals,
    drop_withheld,
    says,
    tell_languages,
)
from vademecum_builder.stages.parsed import PendingChunk

_APART = 3
"""So many documents have a line each where the same is said of them."""


@dataclass(frozen=True)
class SourceState:
    """The source as it is now.

    Attributes:
        documents: Rows by key; the sequence is the new one for rows that differ from the previous release.
        chunks: By id, for documents that were read.
        sources: The digest of each source item and of what else shapes its rows.
        added, modified, removed: Keys of documents, sorted.
        warnings: One line each.
        left_out: How many items are no documents, by kind.
        files_left_out: Those that were read, or some of them, by kind.
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
    """Read what changed; what did not is taken from the previous release without being parsed.

    Args:
        audited: Whether all that a release would hold is looked at: leftovers of markup, access tokens and the like.

    Raises:
        UsageError: There is nothing to read.
        ContentError: Two different texts share a chunk id.
    """
    found = Gathered(records=context.request.records)
    changes = source.changes(None)  # the digests of the previous release tell what changed
    done = 0
    with Ahead(context.documents, context.sequence, changes.expected) as ahead:
        for item in changes.entries:  # one at a time: a source may be larger than memory
            if isinstance(item, Checkpoint | Removed):  # what is not among all that is there is gone
                continue
            context.progress("reading", done, max(done + 1, changes.expected))
            done += 1
            found.files[found.ending(item.key)] += 1
            if isinstance(item, Skipped):
                found.warnings.append(f"{item.key}: skipped: {item.reason}")
                found.others[found.ending(item.key), SKIPPED] += 1
                found.skipped.add(item.key)
            else:
                if item.shows_keys:
                    found.examples.add(item.key)
                if item.target:
                    found.names.setdefault(item.target, []).append(item.key)
                _read(item, ahead, base, context, found)
        for read in ahead.rest():
            _take(read, base, context, found)
    context.progress("reading", done, done)
    drop_withheld(found)
    drop_aliases(found)
    drop_originals(found, base)
    tell_languages(found, base, context.sequence)
    found.warnings += [*_together(found.told), *context.documents.warnings()]
    found.warnings += [f"{count} {what}" for what, count in sorted(found.unread.items())]
    found.files += Counter(changes.unread)
    found.left_out += Counter(changes.left_out)
    found.warnings += changes.warnings
    state = _compared(found, base)
    if not audited:
        return state
    chunks: dict[int, ChunkRow | PendingChunk] = {**base.rows.chunks, **found.chunks}
    look = audit(state.documents, chunks, found.files, found.others, found.examples, found.skipped, found.records)
    tokens = _tokens(state.documents, {id: chunk.text for id, chunk in chunks.items()}, found.tokens)
    return replace(state, warnings=(*state.warnings, *tokens, *look.warnings), audit=look)


def _together(warnings: Sequence[str]) -> Iterator[str]:
    """Yield one line for what is said of many documents, with the first ten."""
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


def _read(item: SourceItem, ahead: Ahead, base: Base, context: BuildContext, found: Gathered) -> None:
    digest = _digest_of_unread(item, base, context, found)
    for read in ahead.read(item, digest) if digest else ():
        _take(read, base, context, found)


def _digest_of_unread(item: SourceItem, base: Base, context: BuildContext, found: Gathered) -> str:
    """Return the digest of an item that has to be read; empty: it is private, or is as it was in the previous
    release."""
    binary = item.media_type in BINARY
    found.tokens[item.key] = {} if binary else token_lines(item.data)
    private = "" if context.shows_drafts(item.key) else _why_private(item, context)
    if private and not binary:
        found.withheld.add(item.key)
        found.leave_out(item.key, private)
        return ""
    old = base.rows.documents.get(item.key)
    try:
        shaped_by = context.documents.shaped_by(item)
    except ContentError as error:
        _refuse(item, error, found)
        return ""
    # Of the item and of what else shapes its rows.
    digest = hashlib.sha256(canonical([__version__, CHUNKER, shaped_by, item.content_hash])).hexdigest()
    if (
        old is not None
        and not context.request.strict  # what is wrong with a page, its reader alone knows
        and not old.removed
        and base.sources.get(item.key) == digest
        and not _private(old, item, context)
    ):
        found.sources[item.key] = digest
        found.documents[item.key] = old
        return ""
    return digest


def _why_private(item: SourceItem, context: BuildContext) -> str:
    if item.media_type != RECORD:
        return why_private(head_of(item.data), context.now)
    try:
        record = orjson.loads(item.data)
    except orjson.JSONDecodeError:
        return ""  # nested too deeply: its reader refuses it
    return why_private_record(record, context.now, context.mere_facts(item.key))


def _take(read: Read, base: Base, context: BuildContext, found: Gathered) -> None:
    item, digest, outcome = read
    if isinstance(outcome, ContentError):
        _refuse(item, outcome, found)
        return
    if isinstance(outcome, str):
        found.leave_out(item.key, outcome)
        return
    found.told += outcome.warnings
    private = _private(outcome.row, item, context)
    if private:
        found.leave_out(item.key, private)
        return
    found.sources[item.key] = digest
    old = base.rows.documents.get(item.key)
    if old is not None and same(outcome.row, old):
        found.documents[item.key] = old
        return
    found.documents[item.key] = outcome.row
    if outcome.is_short:
        found.short.add(says(outcome.row, "source"))
    for chunk in outcome.chunks:
        _refuse_collision(chunk, found, base)
        found.chunks[chunk.id] = chunk


def _refuse(item: SourceItem, error: ContentError, found: Gathered) -> None:
    if isinstance(error, MissingReader):
        found.unread[f"{PurePosixPath(item.key).suffix}: {error.message}"] += 1
        found.others[found.ending(item.key), error.message] += 1
        return
    is_named = item.key.rpartition("/")[2].rpartition(":")[2] in error.message
    found.warnings.append(f"{error.message if is_named else f'{item.key}: {error.message}'}; skipped")
    found.others[found.ending(item.key), SKIPPED] += 1


def _private(row: DocumentRow, item: SourceItem, context: BuildContext) -> str:
    """Return why a document is not for everybody; empty: it is.

    What has no front matter says it in its own way (`:draft: true`), which its reader has made metadata of. A record
    has said it before, and its `date` is no page's.
    """
    if not row.metadata or item.media_type == RECORD or context.shows_drafts(row.key):
        return ""
    return why_private_metadata(row.metadata, context.now)


def _refuse_collision(chunk: PendingChunk, found: Gathered, base: Base) -> None:
    """Raise ContentError if two texts have one id (64 bits: one chance in 10^9 among 100,000 chunks)."""
    known = base.rows.chunks.get(chunk.id, chunk)
    same_text = (known.headings, known.anchor, known.text) == (chunk.headings, chunk.anchor, chunk.text)
    if not same_text or found.chunks.get(chunk.id, chunk) != chunk:
        raise ContentError(f"two texts share the id {chunk.id:016x}: change a word in {chunk.text[:60]!r}")


def _compared(found: Gathered, base: Base) -> SourceState:
    # In one order, whatever the source's is: an encoder may be fitted to them.
    now = {key: found.documents[key] for key in sorted(found.documents, key=str.encode)}
    live = base.documents
    return SourceState(
        documents=now,
        chunks=found.chunks,
        sources=found.sources,
        added=tuple(sorted(now.keys() - live.keys())),
        modified=tuple(sorted(key for key in now.keys() & live.keys() if not same(now[key], live[key]))),
        removed=tuple(sorted(live.keys() - now.keys())),
        warnings=tuple(found.warnings),
        left_out=dict(found.left_out.most_common()),
        files_left_out=found.files_left_out,
    )


_ERASE: Final = "build once with --erase-removed"


def _tokens(
    documents: Mapping[str, DocumentRow], texts: Mapping[int, str], lines: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """Yield a warning for each token that would be published, with the line of its file, and for lists of passwords."""
    for key, row in documents.items():
        if is_list_of_passwords(key):
            yield f"{key}: called as a list of passwords, which everybody could read: take it out, and {_ERASE}"
        shown = "\n".join((row.metadata, *(texts[chunk].replace("\\", "") for chunk in row.chunks)))
        for token, kind in find_tokens(shown).items():
            line = lines[key].get(token)
            where = f"{key}, line {line}" if line else key
            todo = f"revoke it, take it out, and {_ERASE}"
            yield f"{where}: {kind} ({token[:8]}…), which everybody could read: {todo}"
