"""A folder of files as a source: those whose ending is in `MEDIA_TYPES`.

Left out and counted: what is hidden, what `.gitignore` names, packages, parts of pages and files for programs
(`left_out`), and files of other kinds. Left out with a reason (`Skipped`):
whatever looks like a document but cannot be read. A pattern that names a folder (`.github/**`) takes it in.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import (
    ASCIIDOC,
    BINARY,
    DOCX,
    EPUB,
    HTML,
    MARKDOWN,
    NOTEBOOK,
    ORG,
    PDF,
    PLAIN_TEXT,
    PPTX,
    RST,
    XLSX,
    Changes,
    Checkpoint,
    Skipped,
    SourceItem,
)
from vademecum_builder.sources.gitignore import GitIgnore, Selection, enclosing_rules
from vademecum_builder.sources.left_out import GIT_IGNORED, documents_below, file_kind, folder_kind
from vademecum_builder.sources.private_keys import private_key_line

MEDIA_TYPES = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdown": MARKDOWN,
    ".mkd": MARKDOWN,
    ".mdx": MARKDOWN,
    ".qmd": MARKDOWN,
    ".rmd": MARKDOWN,
    ".txt": PLAIN_TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".rst": RST,
    ".adoc": ASCIIDOC,
    ".asciidoc": ASCIIDOC,
    ".asc": ASCIIDOC,
    ".org": ORG,
    ".ipynb": NOTEBOOK,
}
"""By their endings, the files that are documents: the one place where a kind's endings are named."""
BINARY_TYPES = {".pdf": PDF, ".docx": DOCX, ".pptx": PPTX, ".xlsx": XLSX, ".epub": EPUB}
"""Files that hold a document, and that pages link to as they lie."""
MAX_BYTES = 16 * 1024 * 1024
"""A larger file is skipped, and never read whole."""
MAX_BINARY_BYTES = 64 * 1024 * 1024
"""The same of one that is no text: most of it is pictures."""
MAX_DEPTH = 100
"""Folders nested deeper are skipped."""


@dataclass(frozen=True)
class _Entry:
    """One name in a folder. `key` is printable as it is; a folder's ends in `/`."""

    path: Path
    key: str
    real: str
    info: os.stat_result


_PGP = b"-----BEGIN PGP "
_LFS = b"version https://git-lfs.github.com/spec/"


class FolderSource:
    """The documents below one folder.

    Args:
        root: The folder.
        patterns: Git-style patterns that include (`guide/**`) or exclude (`!drafts/`); the last that matches
            decides. None: everything.
        max_bytes: Larger files are skipped.
        leave_out: Folders or files below `root` that are not part of it, such as the output folder.
        may_be_empty: Whether a folder without a readable document is one.
        example_keys: Git-style patterns of files whose private keys are examples that everybody may have.
    """

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        *,
        leave_out: Sequence[Path] = (),
        may_be_empty: bool = False,
        example_keys: Sequence[str] = (),
    ) -> None:
        self.root = Path(root)
        self._may_be_empty = may_be_empty
        self.max_bytes = max_bytes
        self._selection = Selection.of(patterns)
        self._example_keys = Selection.of(example_keys)
        self._left_out = frozenset(os.path.realpath(path) for path in leave_out)

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything: a folder does not tell what is new, and hashing it takes no time worth a checkpoint.

        Raises:
            UsageError: See `scan`; or there is a checkpoint, which a folder never gave.
        """
        if since is not None:
            raise UsageError(f"{self.root}: a folder has no checkpoint ({since.strategy})")
        walk, items = self._walk(), self.scan()
        keys = self._keys(walk)
        unread = Counter(PurePosixPath(key).suffix.lower() for key in keys if _media_type(key) is None)
        return Changes(items, expected=len(keys) - unread.total(), unread=unread, left_out=walk.counted)

    def scan(self) -> Iterator[SourceItem | Skipped]:
        """Yield the documents and what was skipped, by rising key (UTF-8 bytes).

        Raises:
            UsageError: No such folder, a file in its place, or (at the end) no readable document in it, where there has
                to be one.
        """
        real = os.path.realpath(self.root)
        if not Path(real).is_dir():
            found = "is a file, not a folder" if self.root.exists() else "no such folder"
            raise UsageError(f"{self.root}: {found}; name the folder that holds the documents")
        return self._scan()

    def keys(self) -> list[str]:
        """Return the keys of all files of whatever kind that the patterns take, sorted; nothing is read."""
        return self._keys(self._walk())

    def _walk(self) -> _Walk:
        return _Walk(self.root, os.path.realpath(self.root), self._left_out, self._selection)

    def _keys(self, walk: _Walk) -> list[str]:
        return [e.key for e in walk.entries() if isinstance(e, _Entry) and self._selection.takes(e.key)]

    def read(self, key: str) -> bytes:
        """Return the bytes of a file, those of a larger one than `max_bytes` up to there.

        Raises:
            OSError: It cannot be read.
        """
        with (self.root / key).open("rb") as stream:
            return stream.read(self.max_bytes)

    def _scan(self) -> Iterator[SourceItem | Skipped]:
        found = 0
        skipped: list[Skipped] = []
        for item in self._walk().entries():
            result = self._read(item) if isinstance(item, _Entry) else item
            if isinstance(result, Skipped):
                skipped.append(result)
            elif result is not None:
                found += 1
            if result is not None:
                yield result
        if not (found or self._may_be_empty):
            raise UsageError(_nothing(self.root, skipped))

    def _read(self, entry: _Entry) -> SourceItem | Skipped | None:
        media_type = _media_type(entry.key)
        if media_type is None or not self._selection.takes(entry.key):
            return None
        if not stat.S_ISREG(entry.info.st_mode):
            return Skipped(entry.key, "not a regular file")
        binary = media_type in BINARY
        limit = max(self.max_bytes, MAX_BINARY_BYTES) if binary else self.max_bytes
        if entry.info.st_size > limit:
            return Skipped(entry.key, _too_large(entry.info.st_size, limit))
        try:
            with entry.path.open("rb") as stream:
                data = stream.read(limit + 1)  # it may have grown since
        except OSError as error:
            return Skipped(entry.key, f"cannot be read: {error.strerror}")
        if len(data) > limit:
            return Skipped(entry.key, _too_large(len(data), limit))
        if data.startswith(_LFS):
            return Skipped(
                entry.key, "Git LFS has the file, and this is its pointer: `git lfs pull` brings it"
            )
        if data.startswith(_PGP):
            return Skipped(entry.key, "a signature or a key of PGP: no document")
        shows_keys = not self._example_keys.otherwise and self._example_keys.takes(entry.key)
        if not (binary or shows_keys) and (line := private_key_line(data)):
            reason = f"it holds a private key (line {line}): take it out, or name it in example-keys"
            return Skipped(entry.key, reason)
        target = os.path.relpath(entry.real, os.path.realpath(self.root))
        file = SourceItem(entry.key, media_type, data, "" if target == entry.key else target, shows_keys)
        try:
            if media_type != HTML and not binary:  # a page says its encoding itself
                file.text()
        except ContentError as error:
            return Skipped(entry.key, error.message)
        return file


@dataclass(frozen=True)
class _Walk:
    """One walk through a tree. `counted`: documents that are none by their names, by kind."""

    root: Path
    real_root: str
    left_out: frozenset[str]
    selection: Selection
    counted: Counter[str] = field(default_factory=Counter)

    def entries(self) -> Iterator[_Entry | Skipped]:
        """Yield everything that may be a document, and what was skipped, by rising key."""
        return self.below(self.root, "", (self.real_root,), enclosing_rules(Path(self.real_root)))

    def below(
        self, folder: Path, key: str, above: tuple[str, ...], ignore: GitIgnore
    ) -> Iterator[_Entry | Skipped]:
        """Yield what lies in `folder`. `above`: real paths of the folders that it lies in, its own last."""
        try:
            paths = list(folder.iterdir())
        except OSError as error:
            yield Skipped(key or ".", f"cannot be read: {error.strerror}")
            return
        ignore = ignore.inside(folder, key)
        entries = [self._entry(path, key, above[-1]) for path in paths if not self._is_none(path)]
        # With its slash, a folder sorts among files where the keys of its files belong.
        for entry in sorted(entries, key=lambda entry: entry.key.encode()):
            if ignore.ignores(entry.key):
                if isinstance(entry, _Entry) and entry.real not in self.left_out:
                    self._count(GIT_IGNORED, entry.path)
                continue
            if isinstance(entry, Skipped):
                if _may_be_wanted(entry.key):
                    yield entry
            elif entry.real in self.left_out:
                continue
            elif not stat.S_ISDIR(entry.info.st_mode):
                yield entry
            elif entry.real in above:
                yield Skipped(entry.key, "a symbolic link to a folder that it lies in")
            elif len(above) > MAX_DEPTH:
                yield Skipped(entry.key, f"folders are nested deeper than {MAX_DEPTH}")
            else:
                yield from self.below(entry.path, entry.key, (*above, entry.real), ignore)

    def _is_none(self, path: Path) -> bool:
        """Return whether a file or folder is nobody's document by its name, and no pattern names it."""
        kind = folder_kind(path) if path.is_dir() else file_kind(path.name)
        if not kind or self.selection.names(path.name):
            return False
        if os.path.realpath(path) not in self.left_out:
            self._count(kind, path)
        return True

    def _count(self, kind: str, path: Path) -> None:
        documents = (
            documents_below(path, lambda name: _media_type(name) is not None)
            if path.is_dir()
            else int(_media_type(path.name) is not None)
        )
        if documents:
            self.counted[kind] += documents

    def _entry(self, path: Path, key: str, real_folder: str) -> _Entry | Skipped:
        name = os.fsencode(path.name)
        shown = key + _printable(name)
        try:
            linked = path.is_symlink()
            real = os.path.realpath(path, strict=True) if linked else str(Path(real_folder, path.name))
            info = path.stat()
        except OSError as error:
            return Skipped(shown, f"cannot be read: {error.strerror}")
        if stat.S_ISDIR(info.st_mode):
            shown += "/"
        if not _is_plain(name):
            return Skipped(shown, "its name is not UTF-8 or holds control characters: rename it")
        if linked and os.path.commonpath((real, self.real_root)) != self.real_root:
            return Skipped(shown, "a symbolic link that leads out of the folder")
        return _Entry(path, shown, real, info)


def _media_type(key: str) -> str | None:
    ending = PurePosixPath(key).suffix.lower()
    return MEDIA_TYPES.get(ending) or BINARY_TYPES.get(ending)


def _may_be_wanted(key: str) -> bool:
    """Return whether a skipped entry is worth naming: a document, a folder, or a link that may be one."""
    return key.endswith("/") or not PurePosixPath(key).suffix or _media_type(key) is not None


def _is_plain(name: bytes) -> bool:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(character) == "Cc" for character in text)


def _printable(name: bytes) -> str:
    text = name.decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) == "Cc" else character
        for character in text
    )


def _too_large(size: int, limit: int) -> str:
    return f"larger than the limit of {limit / 2**20:g} MiB ({size / 2**20:.1f} MiB): split it"


def _nothing(root: Path, skipped: Sequence[Skipped]) -> str:
    kinds = ", ".join(MEDIA_TYPES)
    if not skipped:
        return f"{root}: no document in this folder; add {kinds} files, or check the patterns and .gitignore"
    first = f"{skipped[0].key} ({skipped[0].reason})"
    return f"{root}: no readable document in this folder; {len(skipped)} skipped, the first is {first}"
