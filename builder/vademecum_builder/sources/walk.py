"""A walk through a folder: possible documents, and what is left out by name or place."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from errno import ENOENT
from functools import cached_property
from pathlib import Path, PurePosixPath

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.endings import media_type
from vademecum_builder.sources.gitignore import GitIgnore, Selection, Surroundings
from vademecum_builder.sources.left_out import GIT_IGNORED, documents_below, file_kind, folder_kind

MAX_DEPTH = 100
"""Folders nested deeper are skipped."""


@dataclass(frozen=True)
class Entry:
    """An entry of a folder. `key` is printable; that of a folder ends in `/`."""

    path: Path
    key: str
    real: str
    info: os.stat_result


@dataclass(frozen=True)
class Walk:
    """One walk through a tree. `counted`: how many files look like documents but are left out, by reason."""

    root: Path
    real_root: str
    left_out: frozenset[str]
    selection: Selection
    counted: Counter[str] = field(default_factory=Counter)

    def entries(self) -> Iterator[Entry | Skipped]:
        """Yield everything that may be a document, and what was skipped, sorted by key."""
        return self.walk(self.root, "", (self.real_root,), self._surroundings.enclosing)

    def walk(self, folder: Path, key: str, above: tuple[str, ...], ignore: GitIgnore) -> Iterator[Entry | Skipped]:
        """Yield the content of `folder`. `above`: the real paths of the folders around it, its own last."""
        try:
            paths = list(folder.iterdir())
        except OSError as error:
            yield Skipped(key or ".", f"cannot be read: {error.strerror}")
            return
        if not paths and Path(above[-1]) in self._surroundings.submodules:
            yield Skipped(key or ".", "a submodule that is not here: `git submodule update --init` brings it")
        ignore = ignore.inside(folder, key)
        entries = [self._entry(path, key, above[-1]) for path in paths if not self._is_none(path)]
        # With its slash, a folder is sorted where the keys of its files belong.
        for entry in sorted(entries, key=lambda entry: entry.key.encode()):
            if ignore.ignores(entry.key) or self._is_ignored_where_it_lies(entry):
                if isinstance(entry, Entry) and entry.real not in self.left_out:
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
                yield from self.walk(entry.path, entry.key, (*above, entry.real), ignore)

    def _is_none(self, path: Path) -> bool:
        """Return whether a file or folder is left out by its name, and no pattern names it."""
        kind = folder_kind(path) if path.is_dir() else file_kind(path.name)
        is_none = bool(kind) and not self.selection.names(path.name)
        if is_none and os.path.realpath(path) not in self.left_out:
            self._count(kind, path)
        return is_none

    def _count(self, kind: str, path: Path) -> None:
        documents = (
            documents_below(path, lambda name: media_type(name) is not None)
            if path.is_dir()
            else int(media_type(path.name) is not None)
        )
        if documents:
            self.counted[kind] += documents

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(Path(self.real_root))

    def _is_inside(self, real: Path) -> bool:
        """Return whether a link leads into the folder, or to a file of the repository around it."""
        return self._surroundings.holds(real) and (real.is_file() or real.is_relative_to(self.real_root))

    def _is_ignored_where_it_lies(self, entry: Entry | Skipped) -> bool:
        """Return whether a link leads to something that git ignores, itself or by a folder around it."""
        return (
            isinstance(entry, Entry)
            and entry.real != str(Path(self.real_root, entry.key))
            and self._surroundings.ignores(Path(entry.real))
        )

    def _entry(self, path: Path, key: str, real_folder: str) -> Entry | Skipped:
        shown = key + _printable(os.fsencode(path.name))
        try:
            linked = path.is_symlink()
            real = os.path.realpath(path) if linked else str(Path(real_folder, path.name))
            info = path.stat()
        except OSError as error:
            to_nothing = linked and error.errno == ENOENT
            return Skipped(shown, "a symbolic link to nothing" if to_nothing else f"cannot be read: {error.strerror}")
        if stat.S_ISDIR(info.st_mode):
            shown += "/"
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in path.name):
            return Skipped(shown, "its name is not UTF-8 or holds control characters: rename it")
        if linked and not self._is_inside(Path(real)):
            return Skipped(shown, "a symbolic link that leads out of the folder")
        return Entry(path, shown, real, info)


def _may_be_wanted(key: str) -> bool:
    """Return whether a skipped entry is worth mentioning: a document, a folder, or a link that may be one."""
    return key.endswith("/") or not PurePosixPath(key).suffix or media_type(key) is not None


def _printable(name: bytes) -> str:
    text = name.decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) == "Cc" else character
        for character in text
    )
