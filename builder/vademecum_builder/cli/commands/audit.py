"""`vade audit`."""

from __future__ import annotations

from argparse import Namespace
from collections import defaultdict
from collections.abc import Sequence

from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import any_settings_of, place_of
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.workspace.check import AgeReport, DocumentAge, ages_of, check_release, published_of
from vademecum_builder.workspace.store import Workspace


def run(options: Namespace) -> Shown:
    """Report the age of everything."""
    request = any_settings_of(options)
    check = check_release(request, open_sources(request))
    jobs: dict[str, dict[str, int]] = {}
    if place_of(options).exists():
        with Workspace(place_of(options)) as workspace:
            jobs = {settings.name: workspace.jobs_of_items(settings.name) for settings in request.sources}
    _, published = published_of(request)
    report = ages_of(published, check, jobs)
    return report.json() | {"sound": True, "check": check.json()}, _lines(report)


def _lines(report: AgeReport) -> list[str]:
    by_source: dict[str, list[DocumentAge]] = defaultdict(list)
    for one in report.documents:
        by_source[one.source].append(one)
    made = ", ".join(f"{name} {value}" for name, value in report.made_by.items())
    lines = [
        f"Release {report.release}, built {report.built}: {made}",
        "source            documents  stale  oldest      newest      changed in    vectors of",
    ]
    for source, found in by_source.items():
        told = sorted(one.updated for one in found if one.updated)
        oldest, newest = (told[0][:10], told[-1][:10]) if told else ("-", "-")
        stale = sum(bool(one.stale) for one in found)
        changed = _span([one.release for one in found])
        vectors = _span([each for one in found for each in one.vectors])
        name = source or "documents"
        lines.append(f"{name:<17} {len(found):>9} {stale:>6}  {oldest:<10}  {newest:<10}  {changed:<12}  {vectors}")
    lines += [f"  stale: {one.source}:{one.key}: {one.stale}" for one in report.documents if one.stale][:20]
    return lines


def _span(releases: Sequence[int]) -> str:
    first, last = min(releases), max(releases)
    return str(first) if first == last else f"{first} to {last}"
