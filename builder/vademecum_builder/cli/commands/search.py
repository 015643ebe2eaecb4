"""`vade search`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown

_LONGEST_EXCERPT = 160  # characters


def run(options: Namespace) -> Shown:
    """Search a local store, offline."""
    filters: dict[str, list[str]] = {}
    for name, value in options.filter:
        filters.setdefault(name, []).append(value)
    with KnowledgeBase.open(options.store) as knowledge:
        query, prefer = " ".join(options.query), dict(options.prefer)
        hits = knowledge.search(query, options.limit, filters=filters, prefer=prefer)
        release = knowledge.release.sequence
    result = {"release": release, "hits": [asdict(hit) for hit in hits]}
    lines = [f"No hits in release {release}."] if not hits else []
    for number, hit in enumerate(hits, 1):
        place = " › ".join(filter(None, (hit.title, hit.heading)))
        lines += [f"{number:2}. {place}  ({hit.score:.2f})", f"    {hit.url or hit.document}"]
        also = [" ".join((other.version, other.lang)).strip() for other in hit.places]
        lines += [f"    also: {', '.join(dict.fromkeys(filter(None, also)))}"] if any(also) else []
        lines += (
            [f"    {line}" for line in hit.markdown.split("\n")]
            if options.markdown
            else [f"    {_excerpt(hit.text)}"]
        )
    return result, lines


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXCERPT else f"{line[: _LONGEST_EXCERPT - 1]}…"
