"""A folder of files as a source: those whose ending is in `MEDIA_TYPES`.

Left out and counted: hidden files, what `.gitignore` names, packages, parts of pages, files for programs (`left_out`),
and files of other kinds. Left out with a reason (`Skipped`): whatever looks like a document but cannot be read. A
pattern that names a folder (`.github/**`) takes it in.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from vademecum.errors import ContentError, UsageError, counted
from vademecum_builder.sources.base import (
    BINARY,
    HTML,
    LFS_HAS_IT,
    LFS_POINTER,
    Changes,
    Checkpoint,
    Skipped,
    SourceItem,
)
from vademecum_builder.sources.endings import BINARY_TYPES, MEDIA_TYPES, media_type
from vademecum_builder.sources.gitignore import Selection, misspelt
from vademecum_builder.sources.private_keys import private_key_line
from vademecum_builder.sources.walk import Entry, Walk

MAX_BYTES = 16 * 1024 * 1024
"""A larger file is skipped and never read as a whole."""
MAX_BINARY_BYTES = 64 * 1024 * 1024
"""The same for binary files, which consist mostly of pictures."""
_PGP = b"-----BEGIN PGP "
_FRONT_MATTER = re.compile(rb"---\r?\n(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+---\r?\n")
_PAGES_AMONG = 4
"""If an ending without a reader has at least one file per this many documents, some of the files are looked at."""
_LOOKED_AT = 9
"""How many of them."""


class FolderSource:
    """The documents below one folder.

    Args:
        patterns: Git-style patterns that include (`guide/**`) or exclude (`!drafts/`); the last match decides. None:
            everything.
        max_bytes: Larger files are skipped.
        defaults: The patterns if none is given.
        leave_out: Folders or files below `root` that are not part of it, such as the output folder.
        may_be_empty: Whether a folder may have no readable document.
        example_keys: Git-style patterns of files whose private keys are only examples.
    """

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        *,
        defaults: Sequence[str] = (),
        leave_out: Sequence[Path] = (),
        may_be_empty: bool = False,
        example_keys: Sequence[str] = (),
    ) -> None:
        self.root = Path(root)
        self._may_be_empty = may_be_empty
        self.max_bytes = max_bytes
        self._patterns = patterns
        self._selection = Selection.of(patterns or defaults)
        self._example_keys = Selection.of(example_keys)
        self._left_out = frozenset(os.path.realpath(path) for path in leave_out)

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything: a folder does not know what is new, and hashing it is too fast to need a checkpoint.

        Raises:
            UsageError: See `scan`; or there is a checkpoint, which a folder never gives.
        """
        if since is not None:
            raise UsageError(f"{self.root}: a folder has no checkpoint ({since.strategy})")
        walk, warnings = self._walk(), list[str]()
        items = self.scan(warnings)
        all_keys = _keys(walk)
        keys = [key for key in all_keys if self._selection.takes(key)]
        warnings += misspelt(self._patterns, all_keys)
        unread = Counter(PurePosixPath(key).suffix.lower() for key in keys if media_type(key) is None)
        warnings += self.unread_pages(keys)
        return Changes(
            items, expected=len(keys) - unread.total(), unread=unread, left_out=walk.counted, warnings=warnings
        )

    def unread_pages(self, keys: Sequence[str]) -> list[str]:
        """Return what is to be told of files that are pages by what they begin with, and of a kind that nothing reads,
        one line each; a few of them are looked into."""
        unread = Counter(PurePosixPath(key).suffix.lower() for key in keys if media_type(key) is None)
        read = len(keys) - unread.total()
        return [
            f"{counted(count, 'files')} ({ending}) with front matter, as pages have it, that nothing reads: copy them "
            f"as .md, or build the rendered site (the folder has {counted(read, 'documents')} beside them)"
            for ending, count in unread.items()
            if ending and count * _PAGES_AMONG >= max(read, _PAGES_AMONG) and self._are_pages(ending, keys)
        ]

    def _are_pages(self, ending: str, keys: Sequence[str]) -> bool:
        some = [key for key in keys if key.lower().endswith(ending) and (self.root / key).is_file()][:_LOOKED_AT]
        return 2 * sum(map(self._is_page, some)) > len(some)

    def _is_page(self, key: str) -> bool:
        try:
            return _FRONT_MATTER.match(self.read(key)) is not None
        except OSError:
            return False  # it is counted by its ending, as a file without a reader

    def scan(self, warnings: list[str] | None = None) -> Iterator[SourceItem | Skipped]:
        """Yield the documents and what was skipped, sorted by key (UTF-8 bytes).

        Args:
            warnings: At the end, what a publisher should know about the folder is added.

        Raises:
            UsageError: No such folder, a file in its place, or (at the end) no readable document in it although it
                must not be empty.
        """
        real = os.path.realpath(self.root)
        if not Path(real).is_dir():
            raise UsageError(f"{self.root}: {_why_no_folder(self.root)}")
        return self._scan([] if warnings is None else warnings)

    def keys(self) -> list[str]:
        """Return the keys of all files of any kind that the patterns take, sorted; nothing is read."""
        return [key for key in _keys(self._walk()) if self._selection.takes(key)]

    def _walk(self) -> Walk:
        return Walk(self.root, os.path.realpath(self.root), self._left_out, self._selection)

    def read(self, key: str) -> bytes:
        """Return the first `max_bytes` bytes of a file.

        Raises:
            OSError: It cannot be read.
        """
        with (self.root / key).open("rb") as stream:
            return stream.read(self.max_bytes)

    def _scan(self, warnings: list[str]) -> Iterator[SourceItem | Skipped]:
        found: dict[str, tuple[int, int]] = {}
        skipped: list[Skipped] = []
        for item in self._walk().entries():
            result = self._read(item) if isinstance(item, Entry) else item
            if isinstance(result, Skipped):
                skipped.append(result)
            elif isinstance(item, Entry) and result is not None:
                found[item.key] = _state(item.info)
            if result is not None:
                yield result
        # A file that a generator or an editor is writing at this moment would be read as it is, perhaps half.
        changed = [key for key, before in found.items() if self._state_of(key) != before]
        if changed:
            warnings.append(
                f"{len(changed)} of {len(found)} files changed while the folder was read, the first is {changed[0]}: "
                "what is built may have half of them, or what they were; build again when nothing writes there"
            )
        if not (found or self._may_be_empty):
            raise UsageError(_nothing(self.root, skipped, self._patterns))

    def _state_of(self, key: str) -> tuple[int, int] | None:
        try:
            return _state((self.root / key).stat())
        except OSError:
            return None

    def _read(self, entry: Entry) -> SourceItem | Skipped | None:
        kind = media_type(entry.key)
        if kind is None or not self._selection.takes(entry.key):
            return None
        if not stat.S_ISREG(entry.info.st_mode):
            return Skipped(entry.key, "not a regular file")
        binary = kind in BINARY
        limit = max(self.max_bytes, MAX_BINARY_BYTES) if binary else self.max_bytes
        if entry.info.st_size > limit:
            return Skipped(entry.key, _too_large(entry.info.st_size, limit))
        try:
            with entry.path.open("rb") as stream:
                data = stream.read(limit + 1)  # it may have grown in the meantime
        except OSError as error:
            return Skipped(entry.key, f"cannot be read: {error.strerror}")
        if len(data) > limit:
            return Skipped(entry.key, _too_large(len(data), limit))
        if data.startswith(LFS_POINTER):
            return Skipped(entry.key, LFS_HAS_IT)
        if data.startswith(_PGP):
            return Skipped(entry.key, "a signature or a key of PGP: no document")
        shows_keys = self._example_keys.takes_by_name(entry.key)
        if not (binary or shows_keys) and (line := private_key_line(data)):
            reason = f"it holds a private key (line {line}): take it out, or name it in example-keys (vademecum.toml)"
            return Skipped(entry.key, reason)
        target = os.path.relpath(entry.real, os.path.realpath(self.root))
        file = SourceItem(entry.key, kind, data, "" if target == entry.key else target, shows_keys)
        try:
            if kind != HTML and not binary:  # a page declares its encoding itself
                file.text()
        except ContentError as error:
            return Skipped(entry.key, error.message)
        return file


def _keys(walk: Walk) -> list[str]:
    return [entry.key for entry in walk.entries() if isinstance(entry, Entry)]


def _why_no_folder(root: Path) -> str:
    name_it = "name the folder that holds the documents"
    if root.exists():
        return f"is a file, not a folder; {name_it}"
    if not root.name.isprintable() or (root.parent / root.name.replace("\\", "/")).is_dir():  # "docs\new"
        return "no such folder; write / between the names of folders"
    beside = {path.name.casefold(): path.name for path in root.parent.glob("*/")}
    meant = [beside[name] for name in get_close_matches(root.name.casefold(), beside, 1)]
    return f"no such folder; {f'did you mean {meant[0]}?' if meant else f'run what makes it, or {name_it}'}"


def _state(info: os.stat_result) -> tuple[int, int]:
    """Return a value that changes whenever the file is written."""
    return info.st_mtime_ns, info.st_size


def _too_large(size: int, limit: int) -> str:
    return f"larger than the limit of {limit / 2**20:g} MiB ({size / 2**20:.1f} MiB): split it"


def _nothing(root: Path, skipped: Sequence[Skipped], patterns: Sequence[str]) -> str:
    kinds = ", ".join((*MEDIA_TYPES, *BINARY_TYPES))
    if not skipped and patterns:
        return (
            f"{root}: no document in this folder that the patterns take ({', '.join(patterns)}); they are written as "
            "in a .gitignore file: from this folder on, with /"
        )
    if not skipped:
        return f"{root}: no document in this folder; add {kinds} files, or check .gitignore"
    first = f"{skipped[0].key} ({skipped[0].reason})"
    return f"{root}: no readable document in this folder; {len(skipped)} skipped, the first is {first}"
