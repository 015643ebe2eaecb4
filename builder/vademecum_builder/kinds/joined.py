"""`kind = "joined"`: records of other sources that share an identity, as one document each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum_builder.kinds import records
from vademecum_builder.kinds.base import Key, OpenedSource, as_one_of, as_texts
from vademecum_builder.kinds.formats import AUTO
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.joined import RULES, JoinedSource, Part
from vademecum_builder.sources.records import instead
from vademecum_builder.stages.documents import ReaderOver


def _as_identity(value: Any, _: Path) -> Mapping[str, str] | None:
    """Accept the name of a field, or one for each source."""
    told = {"": value} if isinstance(value, str) and value else value
    named = isinstance(told, dict) and told and all(isinstance(one, str) and one for one in told.values())
    return told if named else None


def _as_sources(value: Any, folder: Path) -> tuple[str, ...] | None:
    names = as_texts(value, folder) or ()
    return names if len(set(names)) == len(names) > 1 else None


KEYS: Final[Mapping[str, Key]] = {
    "sources": Key("a list of names of other sources, those that go before first", _as_sources, required=True),
    "identity": Key('a field, or one for each as in {shop = "sku", erp = "number"}', _as_identity, required=True),
    "rule": Key(", ".join(RULES), as_one_of(*RULES)),
    "drafts": records.DRAFTS,
    **{name: key for name, key in records.KEYS.items() if name != "id"},
}


def taken_in(found: Sequence[SourceSettings]) -> tuple[SourceSettings, ...]:
    """Return the sources that are published: those that a joined source names are not published by themselves.

    Raises:
        UsageError: A joined source names one that does not exist.
    """
    others = {one.name: one for one in found if one.kind != "joined"}
    published = {one.name: one for one in found}
    for settings in found:
        if settings.name in others:
            continue
        for name in settings.values["sources"]:
            if name not in others:
                meant = instead(name, others)
                raise UsageError(f"{settings.where}: source.sources: there is no source {name!r}; {meant}")
            published.pop(name, None)
        parts = tuple(others[name] for name in settings.values["sources"])
        published[settings.name] = replace(settings, values=dict(settings.values) | {"sources": parts})
    return tuple(published.values())


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return the joined records of the sources that it names.

    Raises:
        UsageError: `newest` without `updated`, or as the sources.
    """
    from vademecum_builder.kinds.registry import open_one  # which imports this module by its name

    values = settings.values
    if values.get("rule") == "newest" and "updated" not in values:
        raise UsageError(f"{settings.where}: source.rule: newest needs updated, the field that says how old one is")
    parts = []
    for part in values["sources"]:
        identity = values["identity"].get(part.name) or values["identity"].get("")
        if not identity:
            raise UsageError(f"{settings.where}: source.identity: which field of {part.name} is it?")
        opened = open_one(part, request)
        parts.append(Part(part.name, [one.source for one in opened], identity))
    is_private = records.keeping_back(values, request)
    rule, updated = values.get("rule", RULES[0]), values.get("updated", "")
    source = JoinedSource(parts, rule, updated, values.get("zone"), is_private=is_private)
    reader = RecordReader.of(settings, *(part.identity for part in parts), form=AUTO)
    return [OpenedSource(source, lambda: JoinedReader(reader, source))]


@dataclass(frozen=True)
class JoinedReader(ReaderOver):
    """Makes documents of joined records, and warns of values that differ between their sources."""

    source: JoinedSource

    def warnings(self) -> Sequence[str]:
        """Return each conflict, with both values."""
        more = [f"{self.source.untold} more fields differ"] if self.source.untold else []
        return [*self.source.conflicts, *more]
