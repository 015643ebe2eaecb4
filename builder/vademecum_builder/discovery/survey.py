"""What the sources in the settings contain: counts, fields, sample documents, and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from vademecum.errors import ContentError, VademecumError
from vademecum_builder.discovery.fields import SAMPLED, FieldFound, fields_of
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.kinds.registry import kind_of, sources_of
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import RECORD, Skipped, SourceItem
from vademecum_builder.sources.endings import suffix_of

_WARNINGS = 5
_SAMPLES = 2


@dataclass
class SourceFound:
    """One source of the settings.

    Attributes:
        items: How many there are.
        endings: How many files there are of each ending.
        fields: Of records.
        samples: The first documents, each with key, title, URL and the beginning of its text.
        skipped: How many records or files cannot be read.
        warnings: The first of those, with their reasons.
        error: Why it cannot be read at all; empty: it can.
    """

    name: str
    kind: str
    where: str
    items: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    fields: list[FieldFound] = field(default_factory=list)
    samples: list[dict[str, str]] = field(default_factory=list)
    skipped: int = 0
    warnings: list[str] = field(default_factory=list)
    error: str = ""


def survey(request: BuildRequest) -> Sequence[SourceFound]:
    """Read all sources of a request without publishing; a source that cannot be read has an `error`."""
    return [_surveyed(settings, request) for settings in sources_of(request)]


def _surveyed(settings: SourceSettings, request: BuildRequest) -> SourceFound:
    found = SourceFound(settings.name, settings.kind, settings.where)
    records: list[dict[str, object]] = []
    try:
        for opened in kind_of(settings.kind).open_source(settings, request):
            _read(opened, found, records)
    except VademecumError as error:
        found.error = error.message
    found.fields = fields_of(records)
    return found


def _read(opened: OpenedSource, found: SourceFound, records: list[dict[str, object]]) -> None:
    reader = opened.reader()
    for entry in opened.source.changes(None).entries:
        if isinstance(entry, Skipped):
            found.skipped += 1
            _warn(found, f"{entry.key}: {entry.reason}")
        elif isinstance(entry, SourceItem):
            found.items += 1
            if entry.media_type == RECORD:
                if len(records) < SAMPLED:
                    records.append(orjson.loads(entry.data))
            else:
                ending = suffix_of(entry.key)
                found.endings[ending] = found.endings.get(ending, 0) + 1
            if len(found.samples) < _SAMPLES:
                try:
                    document = reader.read(entry)
                except ContentError as error:
                    _warn(found, error.message)
                    continue
                if isinstance(document, Document):
                    found.samples.append(_sample(document))


def _sample(document: Document) -> dict[str, str]:
    texts = (block_text(block) for section in document.sections for block in section.blocks)
    text = " ".join(" ".join(texts).split())[:100]
    return {"key": document.key, "title": document.title, "url": document.url, "text": text}


def _warn(found: SourceFound, warning: str) -> None:
    if len(found.warnings) < _WARNINGS:
        found.warnings.append(warning)
