"""Published trees of all releases, kept by content: what two releases share lies on the disk once."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tree:
    """One published state: path -> digest of the file. `sizes`: digest -> bytes."""

    files: Mapping[str, str]
    sizes: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """Bytes on the host."""
        return sum(self.sizes[digest] for digest in self.files.values())


class Trees:
    """Keeps trees below `folder`. Files are linked, not copied: a publisher replaces files and never edits them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True)

    def keep(self, dist: Path) -> Tree:
        """Return the tree as it lies in `dist` now."""
        files, sizes = {}, {}
        for path in sorted(path for path in dist.rglob("*") if path.is_file()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.relative_to(dist).as_posix()] = digest
            sizes[digest] = path.stat().st_size
            if not (self._folder / digest).exists():
                os.link(path, self._folder / digest)
        return Tree(files, sizes)

    def lay(self, tree: Tree, folder: Path) -> Path:
        """Put a tree into `folder`, made anew; return the folder."""
        shutil.rmtree(folder, ignore_errors=True)
        for path, digest in tree.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(self._folder / digest, folder / path)
        return folder


def distinct_bytes(trees: Iterable[Tree]) -> int:
    """Return what a host stores that keeps all of these trees: each path of each content once."""
    files = {(path, digest): tree.sizes[digest] for tree in trees for path, digest in tree.files.items()}
    return sum(files.values())
