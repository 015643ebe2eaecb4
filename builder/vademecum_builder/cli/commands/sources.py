"""`vade sources`."""

from __future__ import annotations

import contextlib
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError, counted
from vademecum_builder.cli.wording import Shown
from vademecum_builder.discovery.discover import discover
from vademecum_builder.discovery.proposals import Proposal
from vademecum_builder.discovery.survey import SourceFound, survey
from vademecum_builder.request import SourcesRequest
from vademecum_builder.scaffold.beside import records_beside
from vademecum_builder.settings import NoSource, read_settings
from vademecum_builder.sources.base import SourceError
from vademecum_builder.sources.folder import FolderSource

_FIELDS = 30
_OF_FOLDERS = ("folder", "files")
"""The kinds that read a folder of documents."""


def run(options: Namespace) -> Shown:
    """Show the contents of the sources, or propose one; the exit code is 1 if one cannot be read."""
    if options.discover:
        return _discovered(options.discover, options.config, write=options.write)
    if options.write:
        raise UsageError("--write belongs to --discover: name what to read")
    if not options.config.exists():
        raise UsageError(f"{options.config}: no such file; vade sources --discover docs --write makes one")
    found = survey(read_settings(options.config))
    lines = [line for source in found for line in _lines(source)]
    names = ("name", "type", "records", "samples")
    fields = ([{name: getattr(one, name) for name in names} for one in source.fields] for source in found)
    told = [asdict(source) | {"fields": shown} for source, shown in zip(found, fields, strict=True)]
    return {"sources": told, "sound": not any(source.error for source in found)}, lines


def _lines(source: SourceFound) -> list[str]:
    head = f"{source.name or source.kind} ({source.kind}): "
    if source.error:
        return [f"{head}cannot be read: {source.error}"]
    endings = ", ".join(f"{count} {ending}" for ending, count in sorted(source.endings.items()))
    skipped = f", {source.skipped} cannot be read" if source.skipped else ""
    width = max((len(one.name) for one in source.fields), default=0)
    return [
        f"{head}{counted(source.items, 'items')}{f' ({endings})' if endings else ''}{skipped}",
        *(
            f"  {one.name:{width}}  {one.type:7}  {' | '.join(' '.join(sample.split()) for sample in one.samples)}"
            for one in source.fields[:_FIELDS]
        ),
        *(f"  becomes: {' '.join(filter(None, (one['title'], one['url'])))}: {one['text']}" for one in source.samples),
        *(f"  warning: {warning}" for warning in source.warnings),
    ]


def _discovered(place: str, config: Path, *, write: bool) -> Shown:
    try:
        proposals = discover(place, config.parent)
    except SourceError as error:
        # The place is an argument, not a setting that may have worked before.
        raise UsageError(error.message) from error
    text = _named(proposals, config)
    told = {"proposal": text, "written": str(config) if write else None}
    if not write:
        return told, [text.rstrip(), "", f"--write writes this into {config}; then: vade build"]
    before = config.read_text("utf-8") if config.exists() else f'title = "{_title(place)}"\n'
    config.write_text(f"{before.rstrip()}\n\n{text}", encoding="utf-8")
    if missing := next(filter(None, (one.missing for one in proposals)), ""):
        return told, [text.rstrip(), "", f"written into {config}; to be completed: {missing}"]
    try:
        out = read_settings(config).out
    except UsageError as error:
        return told, [text.rstrip(), "", f"written into {config}; to be completed: {error.message}"]
    return told, [text.rstrip(), "", f"Written into {config}. Next: vade build, then vade serve {os.path.relpath(out)}"]


def _title(place: str) -> str:
    return (
        Path(place.rstrip("/")).stem.replace("-", " ").replace("_", " ").replace('"', "").strip().title() or "Knowledge"
    )


def _named(proposals: Sequence[Proposal], config: Path) -> str:
    """Return the text of the proposals, with names that are new to the settings."""
    request = None
    if config.exists():
        with contextlib.suppress(NoSource):  # the proposals are the first
            request = read_settings(config)
    taken = {source.name for source in request.sources} if request else set()
    texts = []
    for one in proposals:
        if request and one.kind in _OF_FOLDERS and _path(one.settings, config) in _folders(request, config):
            path = one.settings["path"]
            raise UsageError(f"{path}: {config} reads this folder already; change there what is to be{_records(path)}")
        name, number = one.name, 2
        while name in taken:
            name, number = f"{one.name}-{number}", number + 1
        taken.add(name)
        texts.append(one.toml(name))
    return "\n".join(texts)


def _records(path: str) -> str:
    """Return a message about records in a folder; empty if there are none."""
    found = [place for place, _ in records_beside(list(FolderSource(Path(path)).keys()))]
    return f"; records in it are sources of their own: name one, as {Path(path, found[0])}" if found else ""


def _folders(request: SourcesRequest, config: Path) -> set[Path]:
    """Return the folders in the settings."""
    if not request.sources:
        return {request.source.resolve()}
    return {_path(source.values, config) for source in request.sources if source.kind in _OF_FOLDERS}


def _path(settings: Mapping[str, Any], config: Path) -> Path:
    return Path(config.parent, settings["path"]).resolve()
