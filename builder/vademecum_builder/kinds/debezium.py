"""`kind = "debezium"`: rows of a table, by the change events that Debezium writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vademecum_builder.kinds import records
from vademecum_builder.kinds.base import Key, OpenedSource, as_path, as_text
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.databases.debezium import DebeziumEvents

KEYS: Final[Mapping[str, Key]] = {
    "path": Key("a file of events, one a line, or a folder of such files", as_path, required=True),
    "table": Key("a table's name", as_text),
    **records.KEYS,
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:  # noqa: ARG001
    """Return the rows; raise UsageError if a template cannot be read."""
    values = settings.values
    reader = RecordReader.of(settings)
    return [
        OpenedSource(DebeziumEvents(values["path"], values.get("id", "id"), values.get("table", "")), lambda: reader)
    ]
