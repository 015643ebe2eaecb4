"""A history, built release after release: trees, stores and the peers' files, made when they are asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from bench.dev_keys import make_keys
from bench.embeddings import Floats
from bench.layouts import UsualJson, columns
from bench.replay import build, states
from bench.results import COLUMNS, USUAL
from bench.snapshot import Snapshot, read_tree
from bench.trees import Tree, Trees
from vademecum.format.manifest import Manifest
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.release.published import Published

LAYOUTS = {USUAL: "index.json.gz", COLUMNS: "index.bin"}


class Replayed:
    """A history, built: every release's tree, and what is made of it when it is asked for.

    Releases are numbered by their sequence, from 1.
    """

    def __init__(self, folder: Path, history: str, encoder: str, most: int, say: Callable[[str], None]) -> None:
        self.folder, self.encoder = folder, encoder
        self.source, self.keys = folder / "source", make_keys(folder / "keys")
        self._trees, self._kept = Trees(folder / "blobs"), list[Tree]()
        self.build_seconds: list[float] = []
        self._usual = UsualJson()
        # Rows of many releases at once would not fit in memory; neighbours in the list of pairs share them.
        self.snapshot = lru_cache(maxsize=6)(self._snapshot)
        for number in states(history, self.source, most):
            report = build(self.source, folder / "dist", self.keys, encoder)
            if report["changed"]:
                self._kept.append(self._trees.keep(folder / "dist"))
                self.build_seconds.append(report["seconds"])
            if number % 10 == 0:
                say(f"state {number}: release {report['sequence']}, {report['chunks']} chunks")

    @property
    def last(self) -> int:
        return len(self._kept)

    @property
    def trees(self) -> Sequence[Tree]:
        return self._kept

    def tree(self, sequence: int) -> Path:
        """Return the folder of a release's published tree."""
        folder = self.folder / "trees" / str(sequence)
        return folder if folder.exists() else self._trees.lay(self._kept[sequence - 1], folder)

    def manifest(self, sequence: int) -> Manifest:
        return self.snapshot(sequence)[1].manifest

    def store(self, sequence: int) -> Path:
        """Return a new copy of a client's store that has this release."""
        kept = self.folder / "stores" / f"{sequence}.db"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            with KnowledgeBase.open(kept, url=self.tree(sequence)) as knowledge:
                knowledge.sync()
        return Path(shutil.copyfile(kept, self.no_store()))

    def no_store(self) -> Path:
        """Return where a store may be made."""
        for leftover in self.folder.glob("client.db*"):
            leftover.unlink()
        return self.folder / "client.db"

    def layout(self, sequence: int, layout: str) -> Path:
        """Return the file in which a peer carries a release."""
        file = self.folder / "layouts" / str(sequence) / LAYOUTS[layout]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            snapshot = self.snapshot(sequence)[0]
            usual = layout == USUAL
            file.write_bytes(self._usual.write(snapshot, self._floats.of(snapshot)) if usual else columns(snapshot))
        return file

    @cached_property
    def _floats(self) -> Floats:
        return Floats(self.encoder, self.snapshot(self.last)[1].query_encoder)

    def _snapshot(self, sequence: int) -> tuple[Snapshot, Published]:
        return read_tree(self.tree(sequence))
