"""`kind = "sql"`: each row of a table or a query of a database is a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.kinds import records
from vademecum_builder.kinds.base import Key, OpenedSource, as_number, as_one_of, as_text
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.request import BuildRequest, SourceSettings

# SQLAlchemy is imported only when a database is read: an export of messages does not need it.
if TYPE_CHECKING:
    from vademecum_builder.sources.databases.capture import Triggers
    from vademecum_builder.sources.databases.database import Database
    from vademecum_builder.sources.databases.slot import Slot
    from vademecum_builder.sources.databases.table import TableSource


def database_at(url: str, folder: Path, where: str = "") -> Database:
    """Return a database that can be read; raise UsageError if SQLAlchemy is not installed."""
    try:
        from vademecum_builder.sources.databases.database import Database
    except ModuleNotFoundError:
        raise UsageError(f"source.url: SQLAlchemy reads a database: {pip_install('sql')}") from None
    return Database(url, folder, where)


def as_database(value: Any, folder: Path) -> Database | None:
    """Accept a database's address."""
    return database_at(value, folder) if isinstance(value, str) and ":" in value else None


KEYS: Final[Mapping[str, Key]] = {
    "url": Key("a database's address, as in sqlite:///shop.db or ${DATABASE_URL}", as_database, required=True),
    "table": Key("a table's name", as_text),
    "query": Key("a SELECT", as_text),
    "cursor": Key("the column that rises with each change", as_text),
    "deleted": Key("the column that says that a row is gone", as_text),
    "drafts": records.DRAFTS,
    "capture": Key("triggers or slot", as_one_of("triggers", "slot")),
    "look-back": Key("a number of rows above 0", as_number(1)),
    **records.KEYS,
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:  # noqa: ARG001
    """Return the table's rows.

    Raises:
        UsageError: Both a table and a query, or neither; a field that does not exist; an empty table.
        NetworkError: The database does not answer.
    """
    table = table_source(settings)
    reader = RecordReader.of(settings, table.cursor, table.deleted)
    source = captured(settings, table) or table
    columns = table.columns()
    reader.check(columns)
    return [OpenedSource(source, lambda: replace(reader, order=columns))]


def captured(settings: SourceSettings, table: TableSource) -> Triggers | Slot | None:
    """Return how the changes of a table are captured; None: they are not.

    Raises:
        UsageError: There is also a cursor, or a query in place of a table.
    """
    capture = settings.values.get("capture")
    if capture and (table.cursor or not table.table):
        both, query = "cursor and capture: take one of them out", "capture: a query has none: name a table"
        raise UsageError(f"{settings.where}: source: {both if table.cursor else query}")
    from vademecum_builder.sources.databases.capture import Triggers
    from vademecum_builder.sources.databases.slot import Slot

    if capture == "triggers":
        return Triggers(table)
    return Slot(table, f"vademecum_{settings.name.replace('-', '_')}") if capture else None


def table_source(settings: SourceSettings) -> TableSource:
    """Return the table or query that the settings name; raise UsageError if they name both or neither."""
    values = settings.values
    if ("table" in values) == ("query" in values):
        found = "table and query: take one of them out" if "table" in values else "no table: name one (or a query)"
        raise UsageError(f"{settings.where}: source: {found}")
    from vademecum_builder.sources.databases.table import TableSource
    from vademecum_builder.sources.databases.table_rows import LOOK_BACK

    return TableSource(
        database=replace(values["url"], where=settings.where),
        table=values.get("table", ""),
        query=values.get("query", ""),
        id=values.get("id", "id"),
        cursor=values.get("cursor", ""),
        deleted=values.get("deleted", ""),
        look_back=values.get("look-back", LOOK_BACK),
    )
