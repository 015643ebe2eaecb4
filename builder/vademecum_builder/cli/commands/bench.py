"""`vade bench`. What other programs take is measured by tests/bench/search.py of the repository."""

from __future__ import annotations

import time
from argparse import Namespace

from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Say what opening a store and asking it questions costs on this machine, in milliseconds.

    Raises:
        UsageError: There is no question.
    """
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
        f"Release {release.sequence}: {release.documents} documents, {release.chunks} chunks",
        f"  open, with the first hits: {opened:.0f} ms",
        f"  a question of {len(times)}: {p50:.1f} ms at the median, one in twenty above {p95:.1f} ms",
    ]
    told = {"release": release.sequence, "chunks": release.chunks, "questions": len(times)}
    return {**told, "open": opened, "p50": p50, "p95": p95}, lines


def _milliseconds(knowledge: KnowledgeBase, question: str) -> float:
    started = time.perf_counter()
    knowledge.search(question)
    return (time.perf_counter() - started) * 1000
