"""Records of several sources that share an identity, as one source: each identity is one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import orjson

from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import RECORD, Changes, Checkpoint, Entry, Skipped, Source, SourceItem
from vademecum_builder.sources.records import field_at, record_item, record_key
from vademecum_builder.sources.times import read_time

RULES: Final = ("precedence", "newest", "refuse")
_MOST_TOLD: Final = 50
_SHOWN: Final = 60
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """One of the sources.

    Attributes:
        identity: The field that its records share with those of others.
    """

    name: str
    views: Sequence[Source]
    identity: str


@dataclass
class JoinedSource:
    """A record has the fields of all records that share its identity; if their values differ, the rule decides.

    Attributes:
        parts: In their order of precedence.
        rule: `precedence`: the first source that has the field; `newest`: the record that was updated last, in doubt
            the first; `refuse`: a record with a conflict is left out.
        updated: The field with the time of a record's last change.
        zone: Of times without one.
        is_private: Whether a record is not public; then nothing with its identity is, even if its source has
            an earlier record of it.
        conflicts: Differing values in the last reading; at most 50, then how many more.
    """

    parts: Sequence[Part]
    rule: str = RULES[0]
    updated: str = ""
    zone: tzinfo | None = None
    is_private: Callable[[Mapping[str, Any]], bool] = field(default=lambda _: False, compare=False, repr=False)
    conflicts: list[str] = field(default_factory=list)
    untold: int = 0

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything: a change in one source may change the records of others.

        Raises:
            UsageError: There is a checkpoint; or as the sources.
        """
        if since is not None:
            raise UsageError(f"joined sources have no checkpoint ({since.strategy})")
        warnings: list[str] = []
        return Changes(self._entries(warnings), warnings=warnings)

    def _entries(self, warnings: list[str]) -> Iterator[Entry]:
        self.conflicts, self.untold = [], 0
        found: dict[str, list[tuple[str, bytes]]] = {}
        kept_back: dict[str, SourceItem] = {}
        for part in self.parts:
            seen: set[str] = set()
            for view in part.views:
                changes = view.changes(None)
                for entry in changes.entries:
                    if isinstance(entry, Skipped):
                        yield Skipped(f"{part.name}:{entry.key}", entry.reason, entry.said)
                    elif isinstance(entry, SourceItem):
                        if entry.media_type != RECORD:
                            raise UsageError(f"{part.name}: {entry.key} is a file: records alone can be joined")
                        record = orjson.loads(entry.data)
                        key = record_key(field_at(record, part.identity))
                        if key is not None and key in seen and self.is_private(record):
                            kept_back[key] = replace(entry, key=key)
                            continue
                        if key is None or key in seen:
                            why = f"no {part.identity}" if key is None else f"its {part.identity} {key} stands twice"
                            yield Skipped(f"{part.name}:{entry.key}", why, entry.data.decode())
                            continue
                        seen.add(key)
                        found.setdefault(key, []).append((part.name, entry.data))
                warnings += [f"{part.name}: {told}" for told in changes.warnings]
        for key, records in found.items():
            yield kept_back.get(key) or self._joined(key, [(name, orjson.loads(data)) for name, data in records])

    def _joined(self, key: str, records: list[tuple[str, dict[str, Any]]]) -> SourceItem | Skipped:
        if self.rule == "newest":
            # The sort is stable: equal ones keep their order.
            records = sorted(records, key=lambda one: self._time(one[1]), reverse=True)
        joined: dict[str, Any] = {}
        said_by: dict[str, str] = {}
        conflicts: list[str] = []
        for name, record in records:
            for at, value in record.items():
                if value is None or value == "":
                    continue
                if at not in joined:
                    joined[at], said_by[at] = value, name
                elif joined[at] != value and at != self.updated:
                    conflicts.append(f"{at}: {said_by[at]} says {_shown(joined[at])}, {name} says {_shown(value)}")
        if conflicts and self.rule == "refuse":
            return Skipped(key, "; ".join(conflicts), str(records))
        self._tell(f"{key}: {one}" for one in conflicts)
        return record_item(key, joined)

    def _tell(self, conflicts: Iterator[str]) -> None:
        for one in conflicts:
            if len(self.conflicts) < _MOST_TOLD:
                self.conflicts.append(one)
            else:
                self.untold += 1

    def _time(self, record: Mapping[str, Any]) -> datetime:
        try:
            return read_time(field_at(record, self.updated), self.zone)
        except ContentError:
            return _NEVER


def _shown(value: Any) -> str:
    return repr(value)[:_SHOWN]
