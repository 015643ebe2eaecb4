"""`vade search`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.errors import counted
from vademecum.knowledge import KnowledgeBase
from vademecum.search.results import Hit
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Search a local store, offline."""
    filters: dict[str, list[str]] = {}
    for name, value in options.filter:
        filters.setdefault(name, []).append(value)
    with KnowledgeBase.open(options.store) as knowledge:
        query, prefer = " ".join(options.query), dict(options.prefer)
        hits = knowledge.search(
            query,
            options.limit,
            offset=options.offset,
            mode=options.mode,
            filters=filters,
            prefer=prefer,
            facets=options.facet,
        )
        release = knowledge.release.sequence
    names = ("total", "unknown", "nearest", "meant", "language", "facets", "unsaid")
    told = {name: getattr(hits, name) for name in names}
    lines = [f"No hits in release {release}."] if not hits else []
    for name, meant in hits.unsaid.items():
        lines.append(f"No document has a field {name!r}{f'; did you mean {meant}?' if meant else '.'}")
    if hits.meant:
        typed = query.replace('"', " ").strip()
        lines.append(f"Shown for: {hits.meant} (in quotes words are meant as they are: '\"{typed}\"')")
    if hits.language:
        lines.append(f"No page is in the question's language ({hits.language}).")
    if hits.unknown:
        lines.append(f"No page has: {', '.join(hits.unknown)}.")
    if hits.nearest and not any(hit.why.words for hit in hits):
        lines.append("Near in meaning:")
    elif hits.nearest and not hits.unknown:
        lines.append("No page has most of these words.")
    for number, hit in enumerate(hits, options.offset + 1):
        place = " › ".join(filter(None, (hit.title, hit.heading)))
        lines += [f"{number:2}. {place}  ({hit.score:.2f})", *_details(hit, whole=options.markdown)]
    for name in options.facet or ():
        counts = ", ".join(f"{value} ({count})" for value, count in hits.facets[name].items())
        lines.append(f"{name}: {counts or 'nobody says'}")
    after = options.offset + len(hits)
    if hits and after < hits.total:
        lines.append(f"{len(hits)} of {counted(hits.total, 'pages')}; --offset {after} shows the next.")
    return {"release": release, "hits": [asdict(hit) for hit in hits], **told}, lines


def _details(hit: Hit, *, whole: bool) -> list[str]:
    """Return what is shown below a hit's title."""
    also = [" ".join((other.version, other.lang)).strip() for other in hit.places]
    lines = [hit.url or hit.document]
    lines += [f"also: {', '.join(dict.fromkeys(filter(None, also)))}"] if any(also) else []
    lines += hit.markdown.split("\n") if whole else [hit.excerpt] if hit.excerpt else []
    if hit.more:
        headings = dict.fromkeys(more.heading or more.title for more in hit.more)
        lines.append(f"{len(hit.more)} more on this page: {', '.join(headings)}")
    return [f"    {line}" for line in lines]
