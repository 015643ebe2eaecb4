"""The schema of a database: its tables and columns, and references between tables, declared or by names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from vademecum_builder.discovery.roles import NOW
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.private_fields import plain_name

SAMPLED: Final = 1000
"""The most rows or values to look at."""
_COMPARED: Final = 100_000
"""The most rows to compare."""
PEOPLE: Final = re.compile(r"(?:.*_)?(?:users?|accounts?|members?|people|persons?|profiles?|authors?)", re.IGNORECASE)
_TRANSLATION: Final = re.compile(r"(.+?)s?_(?:translations?|i18n|langs?|locali[sz]ations?)")
_LANGUAGE: Final = re.compile(r"(?:.*_)?(?:lang|language|locale)(?:_?(?:id|code))?")
NUMBERS: Final = (sa.Numeric, sa.Integer, sa.Float)


class Reference(NamedTuple):
    """The target of an id: a row of a table, by its key."""

    table: str
    key: str


class Whole(NamedTuple):
    """Columns that together refer to a row of another table: a site, and the number of a post there."""

    columns: Sequence[str]
    table: str
    keys: Sequence[str]


class Owners(NamedTuple):
    """Two columns that together name the row of one of several tables that a row belongs to: `Issue` and 7.

    Attributes:
        type, id: The columns.
        tables: The tables by the value of `type`; an empty name: unknown.
    """

    type: str
    id: str
    tables: Mapping[str, str]


class Schema:
    """The tables of an opened database. SQL is returned in its dialect."""

    def __init__(self, database: Database, connection: sa.Connection) -> None:
        self._database = database
        self._connection = connection
        self._inspector = sa.inspect(connection)
        self.quoted = connection.dialect.identifier_preparer.quote

    @property
    def dialect(self) -> str:
        """The dialect of its SQL."""
        return self._database.dialect

    @cached_property
    def tables(self) -> Sequence[str]:
        """The names of tables and views that can be read."""
        return [one for one in self._all if one not in self.unread]

    @cached_property
    def unread(self) -> Sequence[str]:
        """The names of those that cannot be read: this user may not, or what a view shows no longer exists."""
        return [one for one in self._all if not self._can_read(one)]

    @cached_property
    def _all(self) -> Sequence[str]:
        found = dict.fromkeys([*self._inspector.get_table_names(), *self.views])
        return [one for one in found if one not in self._of_search]

    @cached_property
    def _of_search(self) -> Set[str]:
        """The tables in which SQLite keeps an index for searching (`posts_content` of `posts`): nobody reads them."""
        if self._connection.dialect.name != "sqlite":
            return set()
        told = self._connection.exec_driver_sql("PRAGMA table_list")  # says nothing before SQLite 3.37
        return {row.name for row in told if row.type == "shadow"} if told.returns_rows else set()

    def _can_read(self, table: str) -> bool:
        try:
            with self._connection.begin_nested():  # an error would end the transaction
                self._connection.execute(self._select(sa.literal_column("*"), table).limit(0))
        except (sa.exc.ProgrammingError, sa.exc.OperationalError) as error:
            if error.connection_invalidated:
                raise
            return False
        return True

    @cached_property
    def views(self) -> Sequence[str]:
        """The names of views, and of PostgreSQL's partitions: each of their rows is also in another table."""
        is_postgresql = self._connection.dialect.name == "postgresql"
        # Partitions of tables, not of indexes.
        tables = "relispartition AND relkind IN ('r', 'p') AND pg_table_is_visible(oid)"
        parts = sa.text(f"SELECT relname FROM pg_class WHERE {tables}")
        return [*self._inspector.get_view_names(), *(self._connection.scalars(parts) if is_postgresql else ())]

    @cached_property
    def elsewhere(self) -> Sequence[str]:
        """Other schemas of PostgreSQL in which there are tables."""
        if self._connection.dialect.name != "postgresql":
            return []
        others = {*self._inspector.get_schema_names()} - {self._inspector.default_schema_name, "information_schema"}
        return [one for one in sorted(others) if self._inspector.get_table_names(schema=one)]

    def sample(self, table: str, number: int) -> tuple[Sequence[Mapping[str, Any]], Sequence[str]]:
        """Return the first rows of a table, and the names of its columns."""
        first = self._connection.execute(self._select(sa.literal_column("*"), table).limit(number))
        names = list(first.keys())
        return [dict(row) for row in first.mappings()], names

    def values(self, table: str, column: str, most: int) -> Sequence[Any]:
        """Return different values of a column."""
        return self._connection.scalars(self._select(sa.column(column), table).distinct().limit(most)).all()

    def keys(self, table: str) -> Sequence[str]:
        """Return the columns that identify a row."""
        return self._keys.get(table, ())

    @cached_property
    def _keys(self) -> Mapping[str, Sequence[str]]:
        """By table, the columns of its primary key, else those that do as well."""
        tables = [one for one in self._all if one not in self.views]
        declared = {one: self._inspector.get_pk_constraint(one)["constrained_columns"] for one in tables}
        return {one: keys or (one in self.tables and self._ids_together(one)) or () for one, keys in declared.items()}

    def _ids_together(self, table: str) -> Sequence[str]:
        """Return the columns of ids and of a language that no two rows have alike, in a table without an id of its own,
        as tables of translations are that were read from CSV; empty: some have."""
        columns = {one: plain(one) for one in self.columns(table)}
        ids = [one for one, name in columns.items() if name.endswith("_id") or _LANGUAGE.fullmatch(name)]
        if len(ids) < 2 or "id" in columns.values():
            return ()
        first = self._select(sa.literal_column("*"), table).limit(_COMPARED).subquery()
        compared: list[sa.ColumnElement[Any]] = [sa.column(one) for one in ids]
        twice = sa.select(*compared).select_from(first).group_by(*compared).having(sa.func.count() > 1).limit(1)
        return () if self._connection.execute(twice).first() else ids

    def as_one(self, alias: str, columns: Sequence[str]) -> str:
        """Return SQL that joins several columns to one text."""
        mysql = self.dialect in ("mysql", "mariadb")
        texts = [f"CAST({alias}.{self.quoted(one)} AS {'CHAR' if mysql else 'VARCHAR(500)'})" for one in columns]
        return f"CONCAT_WS('-', {', '.join(texts)})" if mysql else " || '-' || ".join(texts)

    def within(self, table: str) -> Set[str]:
        """Return the tables that a row of a table may belong to: not by a column for the last or default one."""
        owners = {other for one in self.owners[table] for other in one.tables.values() if other}
        refers = (*self.declared[table], *self.guessed[table])
        return owners.union(one.table for one in refers if one.table != table and not any(map(NOW.match, one.columns)))

    def kinds_of_owners(self, table: str) -> Set[str]:
        """Return the `type` columns of `Owners`: their values, such as `Issue`, are a program's own words."""
        return {one.type for one in self.owners[table]}

    def stands_for(self, table: str, column: str) -> str:
        """Return the table that a column has ids of; empty: it has none."""
        reference = self.references[table].get(column)
        return reference.table if reference else ""

    def join_of(self, table: str, column: str, role: str) -> str:
        """Return the JOIN for the rows that a column's ids refer to; the table's alias is `m`."""
        other, key = map(self.quoted, self.references[table][column])
        return f"LEFT JOIN {other} AS {role} ON {role}.{key} = m.{self.quoted(column)}"

    def translates(self, table: str) -> tuple[str, str] | None:
        """Return, for a table of translations, the column with the ids of what it translates, and the table of those.
        None: by its name and its key, it is not a table of translations."""
        stem, keys = _TRANSLATION.fullmatch(plain(table)), self.keys(table)
        by_language = len(keys) == 2 and any(_LANGUAGE.fullmatch(plain(one)) for one in keys)
        for column, (other, _) in self.references[table].items():
            called = stem and plain(other).rstrip("s") == stem[1].rstrip("s")
            if called or (by_language and column in keys and not _LANGUAGE.fullmatch(plain(column))):
                return column, other
        return None

    @cached_property
    def references(self) -> Mapping[str, Mapping[str, Reference]]:
        """The targets of ids by table and column."""
        return {table: self._references(table) for table in self.tables}

    @cached_property
    def declared(self) -> Mapping[str, Sequence[Whole]]:
        """By table, the references that the database declares."""
        return {
            table: [
                Whole(
                    one["constrained_columns"],
                    one["referred_table"],
                    one["referred_columns"] or self.keys(one["referred_table"]),
                )
                for one in self._inspector.get_foreign_keys(table)
                if one["referred_table"] in self.tables
            ]
            for table in self.tables
        }

    def _references(self, table: str) -> Mapping[str, Reference]:
        """Return the references that the database declares, else those by name."""
        found: dict[str, Reference] = {}
        for columns, other, keys in (*self.declared[table], *self.guessed[table]):
            if len(keys) == 1 and other != table:
                found.setdefault(columns[0], Reference(other, keys[0]))
        return {column: found[column] for column in self.columns(table) if column in found}

    @cached_property
    def guessed(self) -> Mapping[str, Sequence[Whole]]:
        """By table, undeclared references that follow from the names of columns; without keys if the row is unknown.
        Not `comment_id` of posts, whose comments refer to them."""
        return {table: [*self._guesses(table)] for table in self.tables}

    def _guesses(self, table: str) -> Iterator[Whole]:
        told = {column for one in self.declared[table] for column in one.columns}
        for column in self.columns(table):
            if column in told or not (other := self._called(column, table) or self._holding(column, table)):
                continue
            back = (one.columns for one in self.declared[other] if one.table == table)
            if all(any(map(NOW.match, columns)) for columns in back):
                yield self._guess(column, table, other)

    def _holding(self, column: str, table: str) -> str:
        """Return the table that a column is named after (`book` after `books`) and has nothing but ids of, in a
        database that declares no foreign keys; empty: there is none. If a database declares keys, `order` may be a
        number."""
        counts = plain(column).endswith("s")  # `votes` of a post are a number
        other = "" if counts or any(self.declared.values()) else self._called(f"{column}_id", table)
        keys = self.keys(other) if other and plain(column) != "id" else ()
        kinds = self.columns(table), self.columns(other) if keys else {}
        if len(keys) != 1 or not self.are_alike(kinds[0][column], kinds[1][keys[0]]):
            return ""
        said: sa.ColumnElement[Any] = sa.column(column)
        known = said.in_(self._select(sa.column(keys[0]), other))
        wrong = self._connection.execute(self._select(said, table).where(said.is_not(None), ~known).limit(1)).first()
        some = self._connection.execute(self._select(said, table).where(said.is_not(None)).limit(1)).first()
        return other if some and not wrong else ""

    def _guess(self, column: str, table: str, other: str) -> Whole:
        """Return the reference of a column that is named after a table: to its only key; or to all its keys, together
        with columns of the same names, such as a site's; or, without keys, to a column of the same name."""
        there, columns = self.columns(table), self.columns(other)
        keys = [key for key in self.keys(other) if not isinstance(columns[key], sa.Date | sa.DateTime)]
        keys = keys or [key for key in columns if plain(key) in ("id", plain(column))][:1]
        own = [key for key in keys if key not in there or plain(key) == "id"]
        if not keys or (len(keys) > 1 and len(own) != (column not in keys)):
            return Whole([column], other, ())
        return Whole([column if key in own or len(keys) == 1 else key for key in keys], other, keys)

    @cached_property
    def owners(self) -> Mapping[str, Sequence[Owners]]:
        """By table, the pairs of columns that name an owner in one of several tables, as Rails and Laravel do."""
        return {table: [*self._owners_of(table)] for table in self.tables}

    def _owners_of(self, table: str) -> Iterator[Owners]:
        columns = {plain(one): one for one in self.columns(table)}
        for name, column in columns.items():
            id = columns.get(f"{name.removesuffix('_type')}_id", "") if name.endswith("_type") else ""
            if not id or id in self.references[table]:
                continue
            types = self.values(table, column, SAMPLED)
            names = {one: re.split(r"\W+", one)[-1] for one in types if isinstance(one, str) and one}
            tables = {one: self._called(f"{name}_id", table) for one, name in names.items()}
            if any(tables.values()):
                yield Owners(column, id, tables)

    def are_alike(self, one: Any, other: Any) -> bool:
        """Return whether columns of two types can be compared; in SQLite all can."""
        numbers = isinstance(one, NUMBERS) and isinstance(other, NUMBERS)
        return self.dialect == "sqlite" or numbers or one._type_affinity is other._type_affinity

    def columns(self, table: str) -> Mapping[str, Any]:
        """Return the types of columns."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sa.exc.SAWarning)  # a type that SQLAlchemy does not know
            return {one["name"]: one["type"] for one in self._inspector.get_columns(table)}

    def key_of(self, table: str) -> Reference | None:
        """Return the only key of a table; None: it has none, or several."""
        keys = self.keys(table) if table in self.tables else ()
        return Reference(table, keys[0]) if len(keys) == 1 else None

    def _called(self, column: str, table: str) -> str:
        """Return the table that a column is named after: `topic_id` after `topics` or `phpbb_topics`; empty: none."""
        stem = re.sub(r"_?id$", "", plain(column))
        parts = stem.split("_") if stem and stem != plain(column) else []
        for start in range(len(parts)):
            one = "_".join(parts[start:])
            words = {one, f"{one}s", f"{one}es", f"{one.removesuffix('y')}ies"}
            fit = [name for name in self.tables if any(f"_{name}".lower().endswith(f"_{word}") for word in words)]
            if table in fit and [column] == [*self.keys(table)]:
                return ""  # its own key: `layout_module_id` of `layout_module`
            fit = [name for name in fit if name != table]
            if fit:
                return min(fit, key=lambda name: (name.split("_")[0] != table.split("_")[0], len(name), name))
        return ""

    def _select(self, what: Any, table: str) -> sa.Select[Any]:
        return sa.select(what).select_from(self._database.table(self._connection, table))


def plain(name: str) -> str:
    """Return a name in lower case, with the same sign between its words."""
    return plain_name(name).lower()
