"""`vade bench`. Other programs, Chromium and other sizes are measured by tests/bench/search.py of the repository."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from vademecum.errors import UsageError, counted
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.benchmark.collection import read_collection
from vademecum_builder.cli.benchmark.retrieval import measure
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown
from vademecum_builder.encoders.registry import DEFAULT_ENCODER


def run(options: Namespace) -> Shown:
    """Measure."""
    return _retrieval(options) if options.action == "retrieval" else _search(options)


def _retrieval(options: Namespace) -> Shown:
    """Report how well search finds, by arm, compared with other programs."""
    collection = read_collection(options.collection, options.questions, options.set)
    with Bars() as bars:
        packages = None if options.no_peers else options.packages
        found = measure(collection, options.encoders or [DEFAULT_ENCODER], options.dimensions, packages, bars)
    lines = [f"{counted(len(collection.documents), 'documents')}, {counted(len(collection.queries), 'questions')}"]
    for arm, kinds in found.arms.items():
        lines.append(arm)
        for kind, row in kinds.items():
            cells = (f"{name} {mean:.3f} [{low:.3f}, {high:.3f}]" for name, (mean, low, high) in row.items())
            lines.append(f"  {kind:12} {'  '.join(cells)}")
        if len(kinds) > 1:
            lines.append(f"  {'mean':12} mrr {sum(row['mrr'][0] for row in kinds.values()) / len(kinds):.3f}")
    lines += [f"left out: {why}" for why in found.missing.values()]
    counts = {"documents": len(collection.documents), "questions": len(collection.queries)}
    return {**counts, "arms": found.arms, "missing": found.missing}, lines


def _search(options: Namespace) -> Shown:
    """Measure opening and searching a store, in milliseconds and bytes; raise UsageError if there is no question."""
    asked = filter(None, map(str.strip, options.questions.read_text("utf-8", errors="replace").splitlines()))
    questions = list(asked)
    if not questions:
        raise UsageError(f"{options.questions}: no question in it; write one on each line")
    with KnowledgeBase.open(options.store) as knowledge:
        opened = _milliseconds(knowledge, questions[0])
        release = knowledge.release
        times = sorted(_milliseconds(knowledge, question) for question in questions)
    p50, p95 = (times[int(share * (len(times) - 1))] for share in (0.5, 0.95))
    lines = [
        f"Release {release.sequence}: {counted(release.documents, 'documents')}, {counted(release.chunks, 'chunks')}",
        f"  open, with the first hits: {opened:.0f} ms",
        f"  a question of {len(times)}: {p50:.1f} ms at the median, one in twenty above {p95:.1f} ms",
    ]
    memory = _memory()
    if memory is not None:
        lines.append(f"  memory, Python and all: {memory / 1e6:.0f} MB at most")
    told = {"release": release.sequence, "chunks": release.chunks, "questions": len(times)}
    return {**told, "open": opened, "p50": p50, "p95": p95, "memory": memory}, lines


def _milliseconds(knowledge: KnowledgeBase, question: str) -> float:
    started = time.perf_counter()
    knowledge.search(question)
    return (time.perf_counter() - started) * 1000


def _memory() -> int | None:
    """Return this process's peak memory in bytes; None if the system does not report it (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
