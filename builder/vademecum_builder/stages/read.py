"""The first stage: a source as it is now, compared with what the previous release knows of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

import orjson

from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum.format.segment import DocumentRow
from vademecum.search.tokens import runs_of
from vademecum.version import __version__
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.readers.document import MissingReader
from vademecum_builder.readers.language import guess_language, is_short
from vademecum_builder.readers.private import head_of, why_private, why_private_record
from vademecum_builder.sources.access_tokens import find_tokens, token_lines
from vademecum_builder.sources.base import BINARY, RECORD, Checkpoint, Removed, Skipped, Source, SourceItem
from vademecum_builder.sources.endings import BINARY_TYPES
from vademecum_builder.stages.ahead import Ahead, Read
from vademecum_builder.stages.audit import Audit, audit, ending_of
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.parsed import PendingChunk

_APART = 3
"""So many documents have a line each where the same is said of them."""
_ALIKE = 0.7
"""How many of their words two forms of one document share: one has headers of pages, and words cut by a hyphen."""


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


@dataclass
class _Found:
    documents: dict[str, DocumentRow] = field(default_factory=dict)
    chunks: dict[int, PendingChunk] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What readers say of documents."""
    left_out: Counter[str] = field(default_factory=Counter)
    files_left_out: dict[str, list[str]] = field(default_factory=dict)
    others: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Why files are no documents, by ending."""
    unread: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    tokens: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of items with tokens the lines in which they stand."""
    examples: set[str] = field(default_factory=set)
    """Items whose private keys may be shown."""
    skipped: set[str] = field(default_factory=set)
    """Items that cannot be read; an earlier version of them may be there."""
    short: set[str] = field(default_factory=set)
    """Sources of documents that are too short to tell their language by."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """Of items with several names the keys, by the item that they lead to."""
    records: Sequence[str] = ()
    """Sources whose items are no files."""

    def ending(self, key: str) -> str:
        return ending_of(key, self.records)

    def leave_out(self, key: str, reason: str) -> None:
        self.left_out[reason] += 1
        self.files_left_out.setdefault(reason, []).append(key)
        self.others[self.ending(key), reason] += 1


def read_source(source: Source, base: Base, context: BuildContext, *, audited: bool = True) -> SourceState:
    """Read what changed; what did not is taken from the previous release without being parsed.

    Args:
        audited: Whether all that a release would hold is looked at: leftovers of markup, access tokens and the like.

    Raises:
        UsageError: There is nothing to read.
        ContentError: Two different texts share a chunk id.
    """
    found = _Found(records=context.request.records)
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
                found.others[found.ending(item.key), "skipped"] += 1
                found.skipped.add(item.key)
            else:
                if item.shows_keys:
                    found.examples.add(item.key)
                if item.target:
                    found.names.setdefault(item.target, []).append(item.key)
                digest = _digest_of_unread(item, base, context, found)
                for read in ahead.read(item, digest) if digest else ():
                    _take(read, base, context, found)
        for read in ahead.rest():
            _take(read, base, context, found)
    context.progress("reading", done, done)
    _drop_aliases(found)
    _drop_originals(found, base)
    _tell_languages(found, base, context.sequence)
    found.warnings += [*_together(found.told), *context.documents.warnings()]
    found.warnings += [f"{count} {what}" for what, count in sorted(found.unread.items())]
    found.files += Counter(changes.unread)
    found.left_out += Counter(changes.left_out)
    found.warnings += changes.warnings
    state = _compared(found, base)
    return _looked_at(state, found, base) if audited else state


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


def _digest_of_unread(item: SourceItem, base: Base, context: BuildContext, found: _Found) -> str:
    """Return the digest of an item that has to be read; empty: it is private, or as it was in the previous release."""
    binary = item.media_type in BINARY
    found.tokens[item.key] = {} if binary else token_lines(item.data)
    shown = context.shows_drafts(item.key)
    private = ""
    if not shown:
        record = item.media_type == RECORD
        private = why_private_record(item.data) if record else why_private(head_of(item.data), context.now)
    if private and not binary:
        found.leave_out(item.key, private)
        return ""
    old = base.rows.documents.get(item.key)
    try:
        digest = _source_digest(item, context.documents.shaped_by(item))
    except ContentError as error:
        _refuse(item, error, found)
        return ""
    if (
        old is not None
        and not context.request.strict  # what is wrong with a page, its reader alone knows
        and not old.removed
        and base.sources.get(item.key) == digest
        and not _private(old, context)
    ):
        found.sources[item.key] = digest
        found.documents[item.key] = old
        return ""
    return digest


def _take(read: Read, base: Base, context: BuildContext, found: _Found) -> None:
    item, digest, outcome = read
    if isinstance(outcome, ContentError):
        _refuse(item, outcome, found)
        return
    if isinstance(outcome, str):
        found.leave_out(item.key, outcome)
        return
    found.told += outcome.warnings
    private = _private(outcome.row, context)
    if private:
        found.leave_out(item.key, private)
        return
    found.sources[item.key] = digest
    old = base.rows.documents.get(item.key)
    if old is not None and _same(outcome.row, old):
        found.documents[item.key] = old
        return
    found.documents[item.key] = outcome.row
    if outcome.is_short:
        found.short.add(_says(outcome.row, "source"))
    for chunk in outcome.chunks:
        _refuse_collision(chunk, found, base)
        found.chunks[chunk.id] = chunk


def _refuse(item: SourceItem, error: ContentError, found: _Found) -> None:
    if isinstance(error, MissingReader):
        found.unread[f"{PurePosixPath(item.key).suffix}: {error.message}"] += 1
        found.others[found.ending(item.key), error.message] += 1
        return
    is_named = item.key.rpartition("/")[2].rpartition(":")[2] in error.message
    found.warnings.append(f"{error.message if is_named else f'{item.key}: {error.message}'}; skipped")
    found.others[found.ending(item.key), "skipped"] += 1


def _drop_aliases(found: _Found) -> None:
    """Keep one document of each item that has several names: that of its own name, where it is one.

    Some generators write each page as `x.html` and as `x/index.html`, for hosts that know one of the two.
    """
    for target, keys in found.names.items():
        for alias in [key for key in (target, *keys) if key in found.documents][1:]:
            del found.documents[alias], found.sources[alias]
            found.leave_out(alias, "links to files that are read anyway")
    for key in [key for key in found.documents if key.endswith("/index.html")]:
        twin = found.documents.get(f"{key.removesuffix('/index.html')}.html")
        if twin is not None and (twin.title, twin.chunks) == (found.documents[key].title, found.documents[key].chunks):
            del found.documents[key], found.sources[key]
            found.leave_out(key, "the same page as x.html and x/index.html")


def _drop_originals(found: _Found, base: Base) -> None:
    """Keep the PDF of a document that lies beside it in the form that it was written in: that is what was issued."""
    issued = {key[: -len(".pdf")]: key for key in found.documents if key.lower().endswith(".pdf")}
    stems = {key: key.rpartition(".")[0] for key in found.documents if ending_of(key) in BINARY_TYPES}
    for key, issue in [(key, issued[stem]) for key, stem in stems.items() if issued.get(stem, key) != key]:
        here, there = ({*runs_of(" ".join(_texts(found, base, found.documents[one])))} for one in (key, issue))
        if len(here & there) > _ALIKE * max(len(here), len(there)):
            del found.documents[key], found.sources[key]
            found.leave_out(key, "the same document as the PDF beside it")


def _texts(found: _Found, base: Base, *rows: DocumentRow) -> list[str]:
    ids = (chunk for row in rows for chunk in row.chunks)
    return [(found.chunks.get(chunk) or base.rows.chunks[chunk]).text for chunk in ids]


def _tell_languages(found: _Found, base: Base, sequence: int) -> None:
    """Give short documents that say no language the one that they have together: a catalog is in German, though none of
    its records has the words to show it. Where all of them are too few, each keeps the one that it had before."""
    said = partial(_texts, found, base)
    for source in found.short:
        rows = [row for _, row in sorted(found.documents.items()) if _says(row, "source") == source]
        silent = [row for row in rows if not _says(row, "lang") and is_short(said(row))]
        guessed, are_few = guess_language(said(*silent)), is_short(said(*silent))
        for row in silent:
            old = base.rows.documents.get(row.key)
            if language := guessed or (_says(old, "lang") if are_few and old is not None else ""):
                told = canonical(orjson.loads(row.metadata or "{}") | {"lang": language}).decode()
                row = replace(row, metadata=told, sequence=sequence)
                found.documents[row.key] = old if old is not None and _same(row, old) else row


def _says(row: DocumentRow, field: str) -> str:
    value: str = orjson.loads(row.metadata or "{}").get(field) or ""
    return value


def _private(row: DocumentRow, context: BuildContext) -> str:
    """Return why a document is not for everybody; empty: it is.

    What has no front matter says it in its own way (`:draft: true`), which its reader has made metadata of.
    """
    return "" if not row.metadata or context.shows_drafts(row.key) else why_private(row.metadata, context.now)


def _source_digest(item: SourceItem, shaped_by: str) -> str:
    """Return the digest of the item and of what else shapes its rows."""
    return hashlib.sha256(canonical([__version__, CHUNKER, shaped_by, item.content_hash])).hexdigest()


def _refuse_collision(chunk: PendingChunk, found: _Found, base: Base) -> None:
    """Two different texts with one id (64 bits: about one chance in 10^9 among 100,000 chunks) are an error.

    Raises:
        ContentError: There are two.
    """
    known = base.rows.chunks.get(chunk.id, chunk)
    same_text = (known.headings, known.anchor, known.text) == (chunk.headings, chunk.anchor, chunk.text)
    if not same_text or found.chunks.get(chunk.id, chunk) != chunk:
        raise ContentError(f"two texts share the id {chunk.id:016x}: change a word in {chunk.text[:60]!r}")


def _compared(found: _Found, base: Base) -> SourceState:
    # In one order, whatever the source's is: an encoder may be fitted to them.
    now = {key: found.documents[key] for key in sorted(found.documents, key=str.encode)}
    live = base.documents
    return SourceState(
        documents=now,
        chunks=found.chunks,
        sources=found.sources,
        added=tuple(sorted(now.keys() - live.keys())),
        modified=tuple(sorted(key for key in now.keys() & live.keys() if not _same(now[key], live[key]))),
        removed=tuple(sorted(live.keys() - now.keys())),
        warnings=tuple(found.warnings),
        left_out=dict(found.left_out.most_common()),
        files_left_out=found.files_left_out,
    )


def _looked_at(state: SourceState, found: _Found, base: Base) -> SourceState:
    texts = {id: chunk.text for chunks in (base.rows.chunks, found.chunks) for id, chunk in chunks.items()}
    audited = audit(state.documents, texts, found.files, found.others, found.examples, found.skipped, found.records)
    tokens = _tokens(state.documents, texts, found.tokens)
    return replace(state, warnings=(*state.warnings, *tokens, *audited.warnings), audit=audited)


def _tokens(
    documents: Mapping[str, DocumentRow], texts: Mapping[int, str], lines: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """Yield a warning for each token that would be published, with the line of its file."""
    for key, row in documents.items():
        shown = "\n".join((row.metadata, *(texts[chunk].replace("\\", "") for chunk in row.chunks)))
        for token, kind in find_tokens(shown).items():
            line = lines[key].get(token)
            where = f"{key}, line {line}" if line else key
            todo = "revoke it, take it out, and build once with --erase-removed"
            yield f"{where}: {kind} ({token[:8]}…), which everybody could read: {todo}"


def _same(row: DocumentRow, other: DocumentRow) -> bool:
    """Return whether two rows say the same; when they last changed does not matter."""
    return replace(row, sequence=other.sequence) == other
