"""`vade search`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown

_LONGEST_EXCERPT = 160  # characters


def run(options: Namespace) -> Shown:
    """Search a local store, offline."""
    with KnowledgeBase.open(options.store) as knowledge:
        hits = knowledge.search(" ".join(options.query), options.limit)
        release = knowledge.release.sequence
    result = {"release": release, "hits": [asdict(hit) for hit in hits]}
    lines = [f"No hits in release {release}."] if not hits else []
    for number, hit in enumerate(hits, 1):
        place = " › ".join(filter(None, (hit.title, hit.heading)))
        lines += [f"{number:2}. {place}  ({hit.score:.2f})", f"    {hit.url or hit.document}"]
        lines += (
            [f"    {line}" for line in hit.markdown.split("\n")]
            if options.markdown
            else [f"    {_excerpt(hit.text)}"]
        )
    return result, lines


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXCERPT else f"{line[: _LONGEST_EXCERPT - 1]}…"
