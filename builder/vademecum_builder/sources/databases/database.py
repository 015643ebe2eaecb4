"""Databases, through SQLAlchemy: opened for reading, with errors in one line and without passwords.

SQLAlchemy comes with the extra `[sql]`. The user installs drivers for databases other than SQLite.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from vademecum.errors import NetworkError, UsageError
from vademecum_builder.sources.base import SourceError, refuse_pointer
from vademecum_builder.sources.records import instead

BUSY_SECONDS = 10.0
"""How long to wait for a lock of SQLite."""
FETCHED = 100
"""How many rows are fetched at once: a row may have megabytes."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_COLLATION = re.compile(r"\bCOLLATE\s+[\"'`\[]?(\w+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_BIND = re.compile(r"(?<![:\w\\]):(?=\w)(?!\w+:)")
# Errors that pass with time, by SQLSTATE class: connection, resources, shutdown, locks. SQLite has no such classes,
# only its driver's OperationalError.
_PASSING = ("08", "53", "57", "40", "55P03", "55006")


@dataclass(frozen=True, repr=False)
class Database:
    """A database to read from.

    Attributes:
        url: As in the settings, with `${VARIABLE}` from the environment.
        folder: The path of an SQLite file is relative to it.
        where: The settings' file and line, for messages.
    """

    url: str
    folder: Path
    where: str = ""

    def __repr__(self) -> str:
        """Identify the database, for checkpoints, without a password that may be in the settings."""
        return f"Database({hashlib.sha256(repr((self.url, self.folder)).encode()).hexdigest()})"

    @property
    def name(self) -> str:
        """The address without password and options, for messages."""
        url = self._url()
        shown = sa.URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
        return shown.render_as_string()

    @property
    def dialect(self) -> str:
        """`sqlite`, `postgresql` …"""
        return self._url().get_backend_name()

    @contextmanager
    def connect(self, *, write: bool = False) -> Iterator[sa.Connection]:
        """Open the database; reads see one consistent state, if the database supports that.

        Args:
            write: Whether to commit at the end.

        Raises:
            UsageError: It cannot be opened, or refuses a statement.
            NetworkError: It does not answer, is locked, or died; a later try may succeed.
        """
        with self._telling():
            engine = self._engine(write=write)
            try:
                with engine.connect() as connection:
                    if self.dialect == "postgresql" and not write:
                        connection = connection.execution_options(
                            isolation_level="REPEATABLE READ", postgresql_readonly=True
                        )
                    yield connection
                    if write:
                        connection.commit()
            finally:
                engine.dispose()

    def table(self, connection: sa.Connection, name: str) -> sa.FromClause:
        """Return a table or view, by `name` or `schema.name`.

        Raises:
            UsageError: There is none; the message names the one that may be meant.
        """
        schema, _, plain = name.rpartition(".")
        inspector = sa.inspect(connection)
        there = inspector.get_table_names() + inspector.get_view_names()
        if name in there:
            return sa.table(name)
        if schema:
            there += [f"{schema}.{one}" for one in inspector.get_table_names(schema=schema)]
            there += [f"{schema}.{one}" for one in inspector.get_view_names(schema=schema)]
        if name not in there:
            raise UsageError(f"{self.where}: source.table: {self.name} has no table {name!r}; {instead(name, there)}")
        return sa.table(plain, schema=schema)

    def query(self, query: str) -> sa.TextClause:
        """Return a query to select from; colons in it are not parameters."""
        return sa.text(f"({_BIND.sub(chr(92) + ':', query.strip().rstrip(';'))}) AS vademecum_query")

    def _url(self) -> sa.URL:
        missing = [name for name in _VARIABLE.findall(self.url) if not os.environ.get(name)]
        if missing:
            raise UsageError(f"{self.where}: source.url: the environment variable {missing[0]} is not set")
        expanded = _VARIABLE.sub(lambda match: os.environ[match[1]], self.url)
        try:
            url = sa.make_url(expanded)
        except (ArgumentError, ValueError):
            example = "sqlite:///shop.db, postgresql+psycopg://user@host/name"
            raise UsageError(f"{self.where}: source.url: not a database's address; write {example}") from None
        return url.set(drivername="postgresql") if url.drivername == "postgres" else url

    def _engine(self, *, write: bool) -> sa.Engine:
        url = self._url()
        try:
            if url.get_backend_name() != "sqlite":
                return sa.create_engine(url, poolclass=NullPool)
            path = self._file(url)
            return sa.create_engine("sqlite://", creator=lambda: _open_sqlite(path, write), poolclass=NullPool)
        except NoSuchModuleError:
            raise UsageError(
                f"{self.where}: source.url: SQLAlchemy knows no database {url.drivername!r}; write postgresql+psycopg, "
                "mysql+pymysql or sqlite, or install the dialect"
            ) from None
        except ModuleNotFoundError as error:
            raise UsageError(
                f"{self.where}: source.url: the driver {error.name} is not installed: pip install {error.name}, "
                "or name another one, as in postgresql+psycopg://"
            ) from None

    def _file(self, url: sa.URL) -> Path:
        path = self.folder / (url.database or "")
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "no such file"
            raise SourceError(f"{self.where}: source.url: {path}: {found}; write sqlite:/// and the database's path")
        with path.open("rb") as stream:
            refuse_pointer(stream, f"{self.where}: {path}")
        return path

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn errors of SQLAlchemy and of drivers, which may be pages long, into one line."""
        try:
            yield
        except DBAPIError as error:
            said = f"{self.name}: {self._without_password(str(error.orig))}"
            if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                damaged = f"{self.where}: {said}: it is damaged, or no database: restore a copy"
                raise SourceError(damaged.removeprefix(": ")) from None
            state = str(getattr(error.orig, "sqlstate", None) or "")
            passing = isinstance(error, OperationalError) and (not state or state.startswith(_PASSING))
            if error.connection_invalidated or state.startswith(_PASSING) or (passing and not _is_wrong(said)):
                raise NetworkError(f"{said}; nothing is lost: try again") from None
            raise UsageError(f"{self.where}: {said}".removeprefix(": ")) from None
        except SQLAlchemyError as error:
            raise UsageError(f"{self.where}: {self.name}: {self._without_password(str(error))}") from None

    def _without_password(self, said: str) -> str:
        password = self._url().password
        line = " ".join(said.split())[:300]
        for secret in filter(None, (password and str(password), password and quote(str(password)))):
            line = line.replace(secret, "***")
        return line


def _is_wrong(said: str) -> bool:
    """Return whether SQLite's only class of errors means a wrong query, which a later try would not mend."""
    return any(words in said for words in ("no such", "syntax error", "ambiguous", "readonly", "misuse"))


def _open_sqlite(path: Path, write: bool) -> sqlite3.Connection:
    # mode=rw: a missing file is not created, but a journal left by a crash can be rolled back.
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    for name in _collations_of(connection):
        connection.create_collation(name, _compare)
    if not write:
        connection.execute("PRAGMA query_only = 1")
    return connection


def _compare(one: str, other: str) -> int:
    """Compare as nearly all programs do that bring an order along: by letters whatever their case. In another order
    than its indexes have, SQLite does not find in them what is there."""
    one, other = one.casefold(), other.casefold()
    return (one > other) - (one < other)


def _collations_of(connection: sqlite3.Connection) -> set[str]:
    """Return the orders of texts that a program brought along (Anki's `unicase`, Plex's `icu_root`): without them its
    tables cannot be read."""
    known = {name.upper() for _, name in connection.execute("PRAGMA collation_list")}
    schema = connection.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%COLLATE%'")
    return {name for (sql,) in schema for name in _COLLATION.findall(sql) if name.upper() not in known}


_ENCODED: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),  # must come after datetime, which is a date too
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}
"""Types that JSON does not have, by name: how they are written and read."""


def encode_value(value: Any) -> Any:
    """Return the value of a cursor or an id as JSON; `decode_value` returns the driver's value again.

    Raises:
        UsageError: Its type has no order, such as a boolean.
    """
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        return value
    value = bytes(value) if isinstance(value, memoryview) else value
    for name, (kind, write, _) in _ENCODED.items():
        if isinstance(value, kind):
            return [name, write(value)]
    raise UsageError(f"a value of type {type(value).__name__} has no order: {str(value)[:40]!r}")


def decode_value(value: Any) -> Any:
    """Return what `encode_value` was given."""
    return _ENCODED[value[0]][2](value[1]) if isinstance(value, list) else value
