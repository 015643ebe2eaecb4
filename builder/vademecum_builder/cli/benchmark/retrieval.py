"""Search over a collection, built, pulled and asked as users do, by arm, beside the peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum.search.ranking import Mode
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.cli.benchmark.collection import Collection, Rankings
from vademecum_builder.cli.benchmark.figures import DEPTH, Interval, by_kind
from vademecum_builder.cli.benchmark.peers import PEERS, ask
from vademecum_builder.encoders.transformer import PREFIX, Model
from vademecum_builder.request import Progress


@dataclass(frozen=True)
class Measured:
    """Figures by arm or peer, kind of question and name; and what was left out, with how to install it."""

    arms: Mapping[str, Mapping[str, Mapping[str, Interval]]]
    missing: Mapping[str, str]


def measure(
    collection: Collection, encoders: Sequence[str], dimensions: int | None, packages: Path | None, progress: Progress
) -> Measured:
    """Return what each arm finds: by words, by meaning, by both; where a transformer made the vectors, asked by it too.

    Args:
        encoders: As `vade build --encoder` takes them.
        packages: Where peers of npm lie; None: no peers.

    Raises:
        VademecumError: An index cannot be built.
    """
    arms, missing = {}, {}
    for name in encoders:
        for arm, rankings in _arms(collection, name, dimensions, progress):
            arms[arm] = by_kind(rankings, collection.queries)
    for peer in PEERS if packages is not None else ():
        try:
            arms[peer] = by_kind(ask(peer, collection, packages or Path()), collection.queries)
        except UsageError as error:
            missing[peer] = error.message
    return Measured(arms, missing)


def _arms(
    collection: Collection, name: str, dimensions: int | None, progress: Progress
) -> Iterator[tuple[str, Rankings]]:
    short = name.removeprefix(PREFIX).rsplit("/", 1)[-1]
    with TemporaryDirectory() as folder:
        tree = _built(collection, Path(folder), name, dimensions, progress)
        with _opened(tree) as knowledge:
            for mode in ("lexical", "semantic", "hybrid"):
                yield f"{short} {mode}", rank(knowledge, collection, mode)
        if name.startswith(PREFIX):
            model = Model.load(name.removeprefix(PREFIX))
            with _opened(tree, lambda text: model.embed([text], 1)[0]) as knowledge:
                yield f"{short} transformer", rank(knowledge, collection, "semantic")
                yield f"{short} transformer, hybrid", rank(knowledge, collection, "hybrid")


def _built(collection: Collection, folder: Path, encoder: str, dimensions: int | None, progress: Progress) -> Path:
    for key, text in collection.documents.items():
        file = folder / "docs" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    tree = folder / "dist"
    request = BuildRequest(
        source=folder / "docs", out=tree, encoder=encoder, dimensions=dimensions, preview=True, site=False
    )
    build(request, progress=progress)
    return tree


@contextmanager
def _opened(tree: Path, encoder: Any = None) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tree.with_name("kb.db"), url=tree, encoder=encoder) as knowledge:
        knowledge.update()
        yield knowledge


def rank(knowledge: KnowledgeBase, collection: Collection, mode: Mode) -> Rankings:
    """Return the documents that search finds for each query."""
    return [[hit.document for hit in knowledge.search(query.text, DEPTH, mode=mode)] for query in collection.queries]
