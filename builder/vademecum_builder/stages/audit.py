"""The audit of a build: what was read and what was left out, so that nothing is dropped silently."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from vademecum.errors import counted
from vademecum.format.markup import Code, Row, parse, plain
from vademecum.format.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow
from vademecum_builder.index.rows import metadata_of
from vademecum_builder.sources.endings import BINARY_TYPES, MEDIA_TYPES, install_hint, media_type, suffix_of
from vademecum_builder.sources.private_keys import private_key_line
from vademecum_builder.stages.gathered import SKIPPED, Gathered
from vademecum_builder.stages.parsed import PendingChunk

_MAY_HAVE = re.compile(r"\{[{%]|\\\[|:::|<[A-Za-z/<]")
_TAG = (
    r"</?(?:div|span|br|hr|img|table|thead|tbody|t[rdh]|[uo]l|li|d[lt]|em|strong|code|pre|details|summary|center|"
    r"font|su[bp]|kbd|iframe|video|h[1-6]|section|figure)(?:\s[^<>]*)?/?>"
    # `copy <a> <b>` has placeholders.
    r"|<[abip]\s[^<>]*=[^<>]*>|</[abip]>"
    # A component of JSX; manuals write `<URL>` and `<Name>` for "put yours here".
    r"|<[A-Z]\w*(?:\s+\w+=[^<>]*|\s*/)>|</[A-Z]\w*>"
)
_CONFLICT = "<" * 7
"""How git marks a conflict of two branches; the line below it may become a heading."""
_LEFTOVER = re.compile(rf"\{{\{{|\{{%|\[\[|^:{{3,}}|\[!\w+\]|(?<!<){_CONFLICT}(?= \S)|{_TAG}", re.MULTILINE)
_DOCUMENTS = frozenset(
    """
    .eml .mbox .msg .doc .odt .rtf .ppt .ppsx .ppsm .odp .xls .xlsb .ods .tex .textile .wiki .mediawiki .creole
    .pod .rdoc .dita .dbk .typ
    """.split()
).union(ending for ending, media in (MEDIA_TYPES | BINARY_TYPES).items() if install_hint(media))
"""Endings of what people call documents, whether there is a reader for them or not."""
_PACKED = frozenset(".zip .7z .rar .tar .tgz .gz".split())
_OFFICE = frozenset({".doc", ".ppt", ".ppsx", ".ppsm", ".xls", ".xlsb"})
_MAIL = 'a [[source]] of kind = "messages" and shape = "mbox" reads mail'
_UNFINISHED = re.compile(
    r"(?<!\w)(?:drafts?|entwurf|brouillon|borrador|bozza|rascunho|copy|copie|kopie|copia)(?!\w)|\(\d\)$"
)
"""What people and programs write into the name of a file that is not the one that is meant."""
_MARKED = re.compile(
    r"(?<!\w)(?:DRAFT|ENTWURF|BROUILLON|BORRADOR|BOZZA|RASCUNHO|WIP)(?!\w)"
    r"|[(\[](?i:draft|entwurf|brouillon|borrador|bozza|rascunho|wip)(?!\w)[^()\[\]]*[)\]]"
)
"""A page is called so in capitals or brackets; `draft releases` tells of drafts."""
_VERSION = re.compile(
    r"[ _.(-]+(?:(?:v|ver|version|rev)[ ._]?\d+(?:[._]\d+)*|final|endfassung|neu|new|nouveau|alt|old|ancien)\)?$"
)
"""One of several ends so: plan_v2_final."""
_NO_READER = "no reader: "
_UNREAD = (SKIPPED, _NO_READER, "not read: ")
"""How the reasons begin that the publisher did not ask for; the last: the library of a reader is not installed."""
NO_DOCUMENT = "no document by its ending"
PACKED = "packed: unpack what has documents"


@dataclass(frozen=True)
class KindCount:
    """How many items of a kind there are, and how many of them are documents of the release.

    Attributes:
        others: How many of the others are not documents, by reason.
    """

    files: int
    documents: int
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """What the publisher should look at.

    Attributes:
        kinds: By the ending of files and the source of records; the most frequent first.
        leftovers: Markup that is left as text outside of code, by document: no reader recognised it.
        without_text: Documents that can only be found by their titles and headings.
        private_keys: Documents with a private key that the publisher has allowed.
        stale: Documents whose source has a newer version that cannot be read.
        duplicates: Documents with the same text, each group sorted; versions of one page do not count.
        unfinished: Files of office programs that are called a draft or a copy, and pages that are marked as a draft.
        versions: Files of office programs in one folder that are called versions of one document.
    """

    kinds: Mapping[str, KindCount] = field(default_factory=dict)
    leftovers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without_text: tuple[str, ...] = ()
    private_keys: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    duplicates: tuple[tuple[str, ...], ...] = ()
    unfinished: tuple[str, ...] = ()
    versions: tuple[tuple[str, ...], ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line if a quarter of what people call documents has no reader, or most of it cannot be read; what the
        publisher leaves out does not count."""
        missing = {ending: n for ending, kind in self.kinds.items() if (n := _unread(ending, kind.others))}
        read = sum(kind.documents for kind in self.kinds.values())
        unknown = sum(n for kind in self.kinds.values() for why, n in kind.others.items() if why.startswith(_NO_READER))
        if sum(missing.values()) <= read and 4 * unknown < max(read, 4):
            return ()
        named = "; ".join(
            f"{n} {ending} ({_remedy(ending, self.kinds[ending].others)})" for ending, n in missing.items()
        )
        return (f"not read, beside {counted(read, 'documents')}: {named}; or leave these files out by --pattern",)


def _unread(ending: str, others: Mapping[str, int]) -> int:
    """Return how many files of an ending have no reader or cannot be read."""
    return sum(n for why, n in others.items() if why.startswith(_UNREAD)) if ending in _DOCUMENTS else 0


def _remedy(ending: str, others: Mapping[str, int]) -> str:
    """Return how to get those files of an ending read that were not."""
    return "each has its own warning" if SKIPPED in others else remedy_of(ending)


def remedy_of(ending: str) -> str:
    """Return how to get files of this ending read."""
    if ending in (".eml", ".mbox", ".msg"):
        return f"save it as .eml: {_MAIL}" if ending == ".msg" else _MAIL
    if ending in _OFFICE:
        return "`soffice --headless --convert-to html FILE`"
    return install_hint(media_type(f"file{ending}") or "") or "`pandoc FILE -t gfm -o FILE.md`"


def audit(
    documents: Mapping[str, DocumentRow], chunks: Mapping[int, ChunkRow | PendingChunk], gathered: Gathered
) -> Audit:
    """Look at all that a release holds, whether this build or an earlier one has read it.

    Args:
        documents: The live rows, by key.
        chunks: Their chunks, by id.
        gathered: What this build has read.
    """
    excluded = gathered.excluded
    read = Counter(map(excluded.kind, documents))
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)

    def page_of(key: str) -> str:
        """Return the key that all versions and languages of a page share (format.md, section 5.1)."""
        return str(metadata_of(documents[key]).get("pageKey", key))

    for key, row in documents.items():
        # A document without text has its name as its text (chunking/structure.py).
        bare = all(plain(one.text) in (row.title, _heading(one)) for one in map(chunks.__getitem__, row.chunks))
        # By their texts: the ids of chunks tell a copy apart, which is called otherwise.
        groups[() if bare else tuple(chunks[chunk].text for chunk in row.chunks)].append(key)
    leftovers = {
        key: marks
        for key, row in sorted(documents.items())
        if (marks := tuple(sorted({mark for chunk in row.chunks for mark in _leftovers(chunks[chunk])})))
    }
    files = [key for key in sorted(documents) if suffix_of(key) in BINARY_TYPES]
    counts, reasons = sorted((excluded.items | read).items(), key=lambda item: (-item[1], item[0])), excluded.reasons()
    return Audit(
        kinds={
            kind: KindCount(count, read[kind], _why_not(kind, count - read[kind], reasons)) for kind, count in counts
        },
        leftovers=leftovers,
        without_text=tuple(sorted(groups.pop((), []))),
        private_keys=tuple(
            key for key in sorted(gathered.with_example_keys) if key in documents and _has_key(documents[key], chunks)
        ),
        stale=tuple(sorted(documents.keys() & excluded.unreadable[SKIPPED])),
        duplicates=tuple(sorted(tuple(sorted(keys)) for keys in groups.values() if len({*map(page_of, keys)}) > 1)),
        unfinished=tuple(key for key in sorted(documents) if _is_unfinished(key)),
        versions=tuple(_versions(files)),
    )


def _is_unfinished(key: str) -> bool:
    """Return whether the name of a file says that it is not the one that is meant; keys of records may say anything."""
    if suffix_of(key) in BINARY_TYPES:
        return _UNFINISHED.search(_name_of(key)) is not None
    return media_type(key) is not None and _MARKED.search(PurePosixPath(key).stem.replace("_", " ")) is not None


def _name_of(key: str) -> str:
    return PurePosixPath(key).stem.lower().replace("_", " ")


def _versions(files: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the files of each folder whose names differ by a version at their end alone."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for key in files:
        name, count = PurePosixPath(key).stem.lower(), 1
        while count:
            name, count = _VERSION.subn("", name)
        groups[key.rpartition("/")[0], name].append(key)
    # A document beside its PDF is called the same.
    return (tuple(keys) for keys in groups.values() if len({*map(_name_of, keys)}) > 1)


def _heading(chunk: ChunkRow | PendingChunk) -> str:
    return chunk.headings.rpartition(HEADING_SEPARATOR)[2]


def _has_key(row: DocumentRow, chunks: Mapping[int, ChunkRow | PendingChunk]) -> bool:
    """Return whether a document contains a private key; a long key continues in the next chunk."""
    return private_key_line("\n".join(plain(chunks[chunk].text) for chunk in row.chunks).encode()) > 0


def _why_not(ending: str, missing: int, others: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Return why files of an ending are not documents, and how many; without any other reason there is no reader."""
    known = {reason: count for (its, reason), count in others.items() if its == ending}
    rest = missing - sum(known.values())
    reason = (
        f"{_NO_READER}{remedy_of(ending)}" if ending in _DOCUMENTS else PACKED if ending in _PACKED else NO_DOCUMENT
    )
    return known | ({reason: rest} if rest > 0 else {})


def _leftovers(chunk: ChunkRow | PendingChunk) -> Iterator[str]:
    if _CONFLICT in chunk.headings:
        yield _CONFLICT
    if not _MAY_HAVE.search(chunk.text):
        return
    for block in parse(chunk.text):
        if isinstance(block, Code):
            continue
        for runs in block.cells if isinstance(block, Row) else (block.runs,):
            # Code leaves a placeholder, so that the text on both sides of it does not join.
            shown = "".join("\ufffc" if run.code else run.text for run in runs)
            yield from (match[0] for match in _LEFTOVER.finditer(shown))
