"""Change data capture by triggers: a second table records which ids changed, and in which order.

It has one row for each id that ever changed, so it does not grow with the number of changes. The rows themselves are
read from the original table. In PostgreSQL, a change is identified by its transaction: with a sequence, a change would
be lost if a transaction with a lower number ended later.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, inspect, text

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Changes, Checkpoint, Entry
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.databases.table_rows import CHANGED, TableReading

STRATEGY: Final = "triggers"
_LONGEST: Final = 40
"""The most characters of a table's name in derived names; PostgreSQL cuts names at 63."""
_SQLITE: Final = """
CREATE TABLE IF NOT EXISTS vademecum_capture (name TEXT PRIMARY KEY, install TEXT NOT NULL);
INSERT INTO vademecum_capture VALUES ({literal}, lower(hex(randomblob(8))));
CREATE TABLE {changes} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id UNIQUE);
CREATE TRIGGER {trigger}_insert AFTER INSERT ON {table} WHEN NEW.{id} IS NOT NULL BEGIN
  DELETE FROM {changes} WHERE id = NEW.{id}; INSERT INTO {changes} (id) VALUES (NEW.{id}); END;
CREATE TRIGGER {trigger}_update AFTER UPDATE ON {table} BEGIN
  DELETE FROM {changes} WHERE id IN (OLD.{id}, NEW.{id});
  INSERT INTO {changes} (id) SELECT OLD.{id} WHERE OLD.{id} IS NOT NULL;
  INSERT INTO {changes} (id) SELECT NEW.{id} WHERE NEW.{id} IS NOT NULL AND NEW.{id} IS NOT OLD.{id}; END;
CREATE TRIGGER {trigger}_delete AFTER DELETE ON {table} WHEN OLD.{id} IS NOT NULL BEGIN
  DELETE FROM {changes} WHERE id = OLD.{id}; INSERT INTO {changes} (id) VALUES (OLD.{id}); END
"""
# No ON CONFLICT within SQLite's triggers: that of the triggering statement would override it.
_SQLITE_REMOVE: Final = """
DROP TRIGGER IF EXISTS {trigger}_insert;
DROP TRIGGER IF EXISTS {trigger}_update;
DROP TRIGGER IF EXISTS {trigger}_delete;
DROP TABLE IF EXISTS {changes};
DELETE FROM vademecum_capture WHERE name = {literal}
"""
_POSTGRESQL: Final = """
CREATE TABLE IF NOT EXISTS vademecum_capture (name text PRIMARY KEY, install uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO vademecum_capture (name) VALUES ({literal});
CREATE TABLE {changes} (id {type} PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE vademecum_capture SET install = gen_random_uuid() WHERE name = {literal}; RETURN NULL; END IF;
  IF TG_OP <> 'INSERT' AND OLD.{id} IS NOT NULL THEN
    INSERT INTO {changes} (id) VALUES (OLD.{id}) ON CONFLICT (id) DO UPDATE SET xid = pg_current_xact_id(); END IF;
  IF TG_OP <> 'DELETE' AND NEW.{id} IS NOT NULL THEN
    INSERT INTO {changes} (id) VALUES (NEW.{id}) ON CONFLICT (id) DO UPDATE SET xid = pg_current_xact_id(); END IF;
  RETURN NULL; END $$;
CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}();
CREATE TRIGGER {trigger}_truncate AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()
"""
_POSTGRESQL_REMOVE: Final = """
DROP TRIGGER IF EXISTS {trigger} ON {table};
DROP TRIGGER IF EXISTS {trigger}_truncate ON {table};
DROP FUNCTION IF EXISTS {trigger}();
DROP TABLE IF EXISTS {changes};
DELETE FROM vademecum_capture WHERE name = {literal}
"""
_STATEMENT: Final = re.compile(r";\n(?=[A-Z])")


@dataclass(frozen=True)
class Triggers:
    """The triggers of a table, and reading what they recorded."""

    table: TableSource

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all rows, or those that changed since a checkpoint. Everything is returned (`whole`) if the changes in
        between are unknown: the triggers were made anew, the table was truncated or has other columns, an older copy
        was restored.

        Raises:
            UsageError: There are no triggers, nothing to read, or not a checkpoint of this source.
            NetworkError: The database does not answer, is locked, or died.
        """
        known = since.read(STRATEGY, "triggers", _position) if since is not None else None
        with self.table.database.connect() as connection:
            install, now = self._now(connection)
            reading = TableReading(self.table, connection)
            count, columns = reading.count(), reading.columns()
        whole = known is not None and (known[::2] != (install, columns) or int(known[1]) > int(now))
        return Changes(
            self._entries(None if whole or known is None else known[1]),
            whole=whole,
            expected=0 if known and not whole else count,
        )

    def install(self) -> Sequence[str]:
        """Return the statements that make the triggers; `run` runs them.

        Raises:
            UsageError: There is no such table or column, or the database is neither SQLite nor PostgreSQL.
            NetworkError: The database does not answer.
        """
        with self.table.database.connect() as connection:
            return self._statements(connection, _SQLITE, _POSTGRESQL)

    def remove(self) -> Sequence[str]:
        """Return the statements that undo `install`. Errors: see there."""
        with self.table.database.connect() as connection:
            return self._statements(connection, _SQLITE_REMOVE, _POSTGRESQL_REMOVE)

    def status(self) -> dict[str, Any]:
        """Return `installed`, and the number of ids that ever changed (`changed`). Errors: see `install`."""
        with self.table.database.connect() as connection:
            if not self._is_there(connection):
                return {"installed": False}
            names = self._names(connection)
            return {"installed": True, "changed": connection.scalar(text(f"SELECT count(*) FROM {names['changes']}"))}

    def _entries(self, at: str | None) -> Iterator[Entry]:
        with self.table.database.connect() as connection:
            reading = TableReading(self.table, connection)
            columns = reading.columns()
            # The rows are of this state or (SQLite) a later one; then they are read again the next time.
            install, now = self._now(connection)
            if at is None:
                yield from reading.everything()
            else:
                behind = "c.seq > :at" if self._is_sqlite else "c.xid >= CAST(CAST(:at AS text) AS xid8)"
                statement = text(
                    "SELECT c.id AS {changed}, t.* FROM {changes} AS c LEFT JOIN {table} AS t ON t.{id} = c.id "
                    "WHERE {behind} ORDER BY c.id".format(changed=CHANGED, behind=behind, **self._names(connection))
                )
                yield from reading.changed(statement, {"at": int(at) if self._is_sqlite else at})
            yield Checkpoint(STRATEGY, orjson.dumps({"install": install, "at": now, "columns": columns}).decode())

    @property
    def _is_sqlite(self) -> bool:
        return self.table.database.dialect == "sqlite"

    def _now(self, connection: Connection) -> tuple[str, str]:
        """Return the identity of the triggers, and the position after which the next change will be."""
        if not self._is_there(connection):
            where = f"{self.table.database.where}: source.capture: "
            raise UsageError(f"{where}{self.table.name} has no triggers yet: vade cdc install")
        names = self._names(connection)
        install = connection.scalar(
            text("SELECT install FROM vademecum_capture WHERE name = {literal}".format(**names))
        )
        last = "SELECT coalesce(max(seq), 0) FROM {changes}" if self._is_sqlite else (
            "SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)"
        )  # fmt: skip
        return str(install), str(connection.scalar(text(last.format(**names))))

    def _is_there(self, connection: Connection) -> bool:
        return inspect(connection).has_table(_plain_names(self.table.table)[0])

    def _names(self, connection: Connection) -> dict[str, str]:
        quote = connection.dialect.identifier_preparer.quote
        changes, trigger = _plain_names(self.table.table)
        return {
            "table": ".".join(map(quote, self.table.table.split("."))),
            "id": quote(self.table.id),
            "changes": quote(changes),
            "trigger": quote(trigger),
            "literal": "'{}'".format(self.table.table.replace("'", "''")),
        }

    def _statements(self, connection: Connection, sqlite: str, postgresql: str) -> Sequence[str]:
        names = self._names(connection)
        dialect = self.table.database.dialect
        if dialect not in ("sqlite", "postgresql"):
            raise UsageError(f"{self.table.name}: triggers are made in SQLite and PostgreSQL, not in {dialect}")
        if not self.table.table:
            raise UsageError(f"{self.table.database.where}: source.capture: a query has no triggers: name a table")
        TableReading(self.table, connection).columns()
        if dialect == "postgresql":
            names["type"] = id_type(connection, names["table"], self.table.id)
        return _STATEMENT.split((sqlite if dialect == "sqlite" else postgresql).strip().format(**names))


def run_statements(source: TableSource, statements: Sequence[str]) -> None:
    """Run all statements or none; a SELECT, which makes a slot, begins a transaction of its own.

    Raises:
        UsageError: The database refuses a statement.
        NetworkError: It does not answer, is locked, or died.
    """
    with source.database.connect(write=True) as connection:
        if source.database.dialect == "sqlite":
            # Its driver begins no transaction for CREATE TABLE.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for statement in statements:
            if statement.startswith("SELECT"):
                connection.commit()
            connection.exec_driver_sql(statement)


def id_type(connection: Connection, table: str, id: str) -> str:
    """Return the type of a PostgreSQL column, as written in SQL."""
    found = connection.scalar(
        text(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = CAST(CAST(:table AS text) AS regclass) AND attname = :id"
        ),
        {"table": table, "id": id},
    )
    return str(found)


def _plain_names(table: str) -> tuple[str, str]:
    """Return the names of the table of changes and of the triggers."""
    name = re.sub(r"\W", "_", table)
    if name != table or len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}_{hashlib.sha256(table.encode()).hexdigest()[:8]}"
    return f"vademecum_changes_{name}", f"vademecum_{name}"


def _position(text: str) -> tuple[str, str, tuple[str, ...]]:
    position = orjson.loads(text)
    return str(position["install"]), str(int(position["at"])), tuple(position.get("columns", ()))
