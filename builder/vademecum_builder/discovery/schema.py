"""The schema of a database: references between tables, names for ids, and which rows are public."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from vademecum_builder.discovery.proposals import of_their_own
from vademecum_builder.discovery.roles import NOW, names_a_record, person_of
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.private_fields import is_private, may_say, plain_name, says_more, shown_when
from vademecum_builder.sources.records import json_value

_PERSONS: Final = ("display_name", "nickname", "nick", "username", "full_name", "handle", "login", "name")
_THINGS: Final = ("display_name", "title", "subject", "name")
_SAMPLED: Final = 1000
_PEOPLE: Final = re.compile(r"(?:.*_)?(?:users?|accounts?|members?|people|persons?|profiles?|authors?)", re.IGNORECASE)
_VALUES: Final = 20
"""A column with more different values is neither a flag nor a choice."""
_TIME: Final = "2000-01-01"
_WHO: Final = re.compile(r"(?:.*_)?(?:visibility|privacy)(?:_level)?")
_STATE: Final = re.compile(r"(?:.*_)?stat(?:us|e)")
_NOBODY: Final = "1 = 0"
_TRANSLATION: Final = re.compile(r"(.+?)s?_(?:translations?|i18n|langs?|locali[sz]ations?)")
_LANGUAGE: Final = re.compile(r"(?:.*_)?(?:lang|language|locale)(?:_?(?:id|code))?")
_BETWEEN: Final = 5
"""The most columns of a table that only links two others."""
_FROM: Final = "FROM {1} AS link JOIN {2} AS there ON there.{3} = link.{4} WHERE link.{5} = m.{6}"
_LISTED: Final = {
    "sqlite": f"(SELECT GROUP_CONCAT(said, ', ') FROM (SELECT DISTINCT {{0}} AS said {_FROM} ORDER BY 1))",
    "postgresql": f"(SELECT STRING_AGG(DISTINCT {{0}}, ', ' ORDER BY {{0}}) {_FROM})",
    "mariadb": f"(SELECT GROUP_CONCAT(DISTINCT {{0}} ORDER BY {{0}} SEPARATOR ', ') {_FROM})",
}
"""By dialect, SQL for the names of the rows that a row is linked with. They are sorted, so that only changes are
changes. MySQL silently cuts such a text after 1,024 bytes."""
_WITHHELD: Final = (
    "{0} NOT IN (WITH RECURSIVE withheld AS (SELECT {1} FROM {2} AS m WHERE {4} "
    "UNION SELECT {5} FROM {2} AS one JOIN withheld ON {6}) SELECT {3} FROM withheld WHERE {7})"
)
"""The condition that neither a row nor any row that it belongs to in its own table is withheld."""
_UNITS: Final = (
    "CASE WHEN {0} > 100000000000000000 THEN 1000000000 WHEN {0} > 100000000000000 THEN 1000000 "
    "WHEN {0} > 100000000000 THEN 1000 WHEN {0} > 100000000 THEN 1 END"
)
"""The number of units in a second, as in `times`; NULL if a number is not a time."""
_SECONDS: Final = {
    "sqlite": "CAST(STRFTIME('%s', 'now') AS INTEGER)",
    "postgresql": "EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)",
    "": "UNIX_TIMESTAMP()",
}
"""By dialect, the seconds since 1970."""
_DAYS: Final = (
    "CASE WHEN {0} BETWEEN 10000101 AND 99991231 THEN {0} WHEN {0} BETWEEN 1000 AND 9999 THEN {0} * 10000 + {1} END"
)
"""A day in digits (20270331), for a year its first or last one; NULL if a number is neither."""
_TODAY: Final = {
    "sqlite": "CAST(STRFTIME('%Y%m%d', 'now') AS INTEGER)",
    "postgresql": "CAST(TO_CHAR(CURRENT_TIMESTAMP, 'YYYYMMDD') AS INTEGER)",
    "": "(CURRENT_DATE + 0)",
}
"""By dialect, today's date in digits."""
_NUMBERS: Final = (sa.Numeric, sa.Integer, sa.Float)
_MOST_TABLES: Final = 2000
_LONGEST_CONDITION: Final = 20_000
"""The most tables to look at for one table, counting each path; the most characters of a condition."""


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


class Join(NamedTuple):
    """The JOIN for the target of an id, and SQL for the target's name."""

    sql: str
    name: str


class Schema:
    """The tables of an opened database. SQL is returned in its dialect.

    Attributes:
        joined: The tables whose names have been joined to another table.
    """

    def __init__(self, database: Database, connection: sa.Connection) -> None:
        self._database = database
        self._connection = connection
        self._inspector = sa.inspect(connection)
        self.joined: set[str] = set()
        self._known: dict[str, list[str]] = {}
        self._left = 0
        self.quoted = connection.dialect.identifier_preparer.quote

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

    def keys(self, table: str) -> Sequence[str]:
        """Return the columns that identify a row."""
        return () if table in self.views else self._inspector.get_pk_constraint(table)["constrained_columns"]

    def as_one(self, alias: str, columns: Sequence[str]) -> str:
        """Return SQL that joins several columns to one text."""
        mysql = self._database.dialect in ("mysql", "mariadb")
        texts = [f"CAST({alias}.{self.quoted(one)} AS {'CHAR' if mysql else 'VARCHAR(500)'})" for one in columns]
        return f"CONCAT_WS('-', {', '.join(texts)})" if mysql else " || '-' || ".join(texts)

    def refers(self, table: str) -> Mapping[str, str]:
        """Return the columns with ids of other tables, with those tables."""
        return {column: other for column, (other, _) in self._refers[table].items()}

    def ids(self, table: str) -> Set[str]:
        """Return the columns with ids of rows, also of the same table."""
        refers = (*self._told[table], *self._guessed[table], *self._selves.get(table, ()))
        return {column for one in refers for column in one.columns}

    def within(self, table: str) -> Set[str]:
        """Return the tables that a row of a table may belong to: not by a column for the last or default one."""
        owners = {other for one in self._owners[table] for other in one.tables.values() if other}
        refers = (*self._told[table], *self._guessed[table])
        return owners.union(one.table for one in refers if one.table != table and not any(map(NOW.match, one.columns)))

    def kinds_of_owners(self, table: str) -> Set[str]:
        """Return the `type` columns of `Owners`: their values, such as `Issue`, are a program's own words."""
        return {one.type for one in self._owners[table]}

    def stands_for(self, table: str, column: str) -> str:
        """Return the table that a column has ids of; empty: it has none."""
        reference = self._refers[table].get(column)
        return reference.table if reference else ""

    def join(self, alias: str, table: str, column: str, role: str, *, people: bool) -> Join | None:
        """Return the join for the target of a column; None: it has none, or that has no name.

        Args:
            alias: Of the table in the query.
            role: The alias of the other table there.
            people: Whether the only table of people is the target if no other is known.
        """
        known = [one for one in self.tables if _PEOPLE.fullmatch(one)] if people else []
        only = known[0] if len(known) == 1 and column.lower().endswith(("id", "by")) else ""
        reference = self._refers[table].get(column) or (only and self._reference(only))
        if not reference or not (name := self._name_of(reference.table)):
            return None
        if NOW.match(column) and reference.table in self._telling:
            return None  # the conditions only cover what a row belongs to, not this
        self.joined.add(reference.table)
        other, key, one = map(self.quoted, (*reference, column))
        return Join(f"LEFT JOIN {other} AS {role} ON {role}.{key} = {alias}.{one}", f"{role}.{self.quoted(name)}")

    def reference(self, table: str, column: str) -> Reference:
        """Return the target of a column's ids."""
        return self._refers[table][column]

    def join_of(self, table: str, column: str, role: str) -> str:
        """Return the JOIN for the rows that a column's ids refer to; the table's alias is `m`."""
        other, key = map(self.quoted, self._refers[table][column])
        return f"LEFT JOIN {other} AS {role} ON {role}.{key} = m.{self.quoted(column)}"

    def translates(self, table: str) -> tuple[str, str] | None:
        """Return, for a table of translations, the column with the ids of what it translates, and the table of those.
        None: by its name and its key, it is not a table of translations."""
        stem, keys = _TRANSLATION.fullmatch(_plain(table)), self.keys(table)
        by_language = len(keys) == 2 and any(_LANGUAGE.fullmatch(_plain(one)) for one in keys)
        for column, (other, _) in self._refers[table].items():
            called = stem and _plain(other).rstrip("s") == stem[1].rstrip("s")
            if called or (by_language and column in keys and not _LANGUAGE.fullmatch(_plain(column))):
                return column, other
        return None

    def lists(self, table: str, is_open: Callable[[str], bool], at: str = "") -> Iterator[tuple[str, str]]:
        """Yield lists that a linking table gives to the rows of a table, such as the tags of an article, each with a
        name and with SQL for its text. The table's alias is `m`.

        Args:
            is_open: Whether the names of a table's rows are public. They are not if the table itself says who may read
                its rows.
            at: The column of `m` with the table's ids, if `m` is another table; empty: the table's key.
        """
        dialect, keys = self._database.dialect, self.keys(table)
        for link, refers in self._refers.items():
            tables = {column: other for column, (other, _) in refers.items()}
            if len(tables) != 2 or len(keys) != 1 or len(self._columns(link)) > _BETWEEN or dialect not in _LISTED:
                continue
            own = next((column for column, other in tables.items() if other == table), "")
            there = next((column for column, other in tables.items() if other != table), "")
            other, key = refers[there] if own and there else ("", "")
            if (
                not other
                or link in self.views
                or self.translates(link)
                or {*self._said.get(link, ()), *self._said.get(other, ())}
            ):
                continue
            # Conditions on a row's own fields are checked when it is read as a record; here they would not be.
            if is_open(other) and self.for_everybody(other) == [] and (name := self._called_by(other)):
                self.joined.add(other)
                columns = map(self.quoted, (link, other, key, there, own, at or refers[own].key))
                yield _rest(other, table), _LISTED[dialect].format(name, *columns)

    def _called_by(self, table: str) -> str:
        """Return SQL for the name, maybe in two parts, of the rows of a table with the alias `there`; empty: none."""
        parts = [name] if (name := self._name_of(table)) else person_of([*self._columns(table)])
        columns = [f"there.{self.quoted(one)}" for one in parts]
        return " || ' ' || ".join(columns) if len(columns) < 2 or self._database.dialect != "mariadb" else ""

    @cached_property
    def _refers(self) -> Mapping[str, Mapping[str, Reference]]:
        """The targets of ids by table and column."""
        return {table: self._references(table) for table in self.tables}

    @cached_property
    def _told(self) -> Mapping[str, Sequence[Whole]]:
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
        for columns, other, keys in (*self._told[table], *self._guessed[table]):
            if len(keys) == 1 and other != table:
                found.setdefault(columns[0], Reference(other, keys[0]))
        return {column: found[column] for column in self._columns(table) if column in found}

    @cached_property
    def _guessed(self) -> Mapping[str, Sequence[Whole]]:
        """By table, undeclared references that follow from the names of columns; without keys if the row is unknown.
        Not `comment_id` of posts, whose comments refer to them."""
        return {table: [*self._guesses(table)] for table in self.tables}

    def _guesses(self, table: str) -> Iterator[Whole]:
        told = {column for one in self._told[table] for column in one.columns}
        for column in self._columns(table):
            if column in told or not (other := self._called(column, table) or self._holding(column, table)):
                continue
            back = (one.columns for one in self._told[other] if one.table == table)
            if all(any(map(NOW.match, columns)) for columns in back):
                yield self._guess(column, table, other)

    def _holding(self, column: str, table: str) -> str:
        """Return the table that a column is named after (`book` after `books`) and has nothing but ids of, in a
        database that declares no foreign keys; empty: there is none. If a database declares keys, `order` may be a
        number."""
        counts = _plain(column).endswith("s")  # `votes` of a post are a number
        other = "" if counts or any(self._told.values()) else self._called(f"{column}_id", table)
        keys = self.keys(other) if other and _plain(column) != "id" else ()
        kinds = self._columns(table), self._columns(other) if keys else {}
        if len(keys) != 1 or not self._are_alike(kinds[0][column], kinds[1][keys[0]]):
            return ""
        said: sa.ColumnElement[Any] = sa.column(column)
        known = said.in_(self._select(sa.column(keys[0]), other))
        wrong = self._connection.execute(self._select(said, table).where(said.is_not(None), ~known).limit(1)).first()
        some = self._connection.execute(self._select(said, table).where(said.is_not(None)).limit(1)).first()
        return other if some and not wrong else ""

    def _guess(self, column: str, table: str, other: str) -> Whole:
        """Return the reference of a column that is named after a table: to its only key; or to all its keys, together
        with columns of the same names, such as a site's; or, without keys, to a column of the same name."""
        there, columns = self._columns(table), self._columns(other)
        keys = [key for key in self.keys(other) if not isinstance(columns[key], sa.Date | sa.DateTime)]
        keys = keys or [key for key in columns if _plain(key) in ("id", _plain(column))][:1]
        own = [key for key in keys if key not in there or _plain(key) == "id"]
        if not keys or (len(keys) > 1 and len(own) != (column not in keys)):
            return Whole([column], other, ())
        return Whole([column if key in own or len(keys) == 1 else key for key in keys], other, keys)

    @cached_property
    def _owners(self) -> Mapping[str, Sequence[Owners]]:
        """By table, the pairs of columns that name an owner in one of several tables, as Rails and Laravel do."""
        return {table: [*self._owners_of(table)] for table in self.tables}

    def _owners_of(self, table: str) -> Iterator[Owners]:
        columns = {_plain(one): one for one in self._columns(table)}
        for plain, column in columns.items():
            id = columns.get(f"{plain.removesuffix('_type')}_id", "") if plain.endswith("_type") else ""
            if not id or id in self._refers[table]:
                continue
            types = self._connection.scalars(self._select(sa.column(column), table).distinct().limit(_SAMPLED)).all()
            names = {one: re.split(r"\W+", one)[-1] for one in types if isinstance(one, str) and one}
            tables = {one: self._called(f"{name}_id", table) for one, name in names.items()}
            if any(tables.values()):
                yield Owners(column, id, tables)

    def for_everybody(self, table: str) -> Sequence[str] | None:
        """Return the conditions for a row to be public that depend on what it belongs to, or on its table in
        particular; the other fields of a record are checked when it is read (`private_fields`). None: they cannot be
        known, or are too long to be read by anybody.

        The table's alias is `m`.
        """
        self._left = _MOST_TABLES
        found, _ = self._conditions(table, "m.", ())
        unsayable = self._left < 0 or sum(map(len, found)) > _LONGEST_CONDITION
        return None if unsayable or any(_NOBODY in one for one in found) else found

    def _conditions(self, table: str, prefix: str, seen: tuple[str, ...]) -> tuple[list[str], bool]:
        """Return them, and whether tables in a circle were passed over: then they are only valid on this path."""
        self._left -= 1
        found, passed = [*self._said[table]] if seen else self._own(table, prefix, inner=False), self._left < 0
        for owners in self._owners[table] if self._telling else ():
            condition, short = self._of_owners(owners, prefix, (*seen, table))
            found += condition
            passed = passed or short
        for columns, other, keys in (*self._told[table], *self._guessed[table]):
            if other == table or other not in self._telling or self._left < 0 or any(map(NOW.match, columns)):
                continue
            if other in seen:
                passed = True
                continue
            inner, short = self._above(other, (*seen, table))
            passed = passed or short
            if inner:
                names = [prefix + self.quoted(column) for column in columns]
                unset, told = " OR ".join(f"{name} IS NULL" for name in names), ", ".join(names)
                of = f"SELECT {', '.join(map(self.quoted, keys))} FROM {self.quoted(other)} WHERE {' AND '.join(inner)}"
                told = told if len(names) == 1 else f"({told})"
                found.append(f"({unset} OR {told} IN ({of}))" if keys else _NOBODY)
        closed = [*self._said.get(table, ()), *found]
        if closed and (selves := self._selves.get(table)):
            found = [self._not_withheld(table, prefix, selves, closed)]
        return found, passed

    @cached_property
    def _selves(self) -> Mapping[str, Sequence[Whole]]:
        """By table with conditions, its references to itself."""
        return {table: self._of_itself(table) for table in self._telling}

    def _of_itself(self, table: str) -> Sequence[Whole]:
        """Return those that the database declares, else those that the values show."""
        told = [one for one in self._told[table] if one.table == table and not any(map(NOW.match, one.columns))]
        if told or len(keys := self.keys(table) or [one for one in self._columns(table) if _plain(one) == "id"]) != 1:
            return told
        kinds, (rows, _) = self._columns(table), self.sample(table, _SAMPLED)
        alike = [one for one in kinds if one not in self._refers[table] and self._are_alike(kinds[one], kinds[keys[0]])]
        return [Whole([one], table, keys) for one in of_their_own(rows, keys[0], alike)]

    def _are_alike(self, one: Any, other: Any) -> bool:
        """Return whether columns of two types can be compared; in SQLite all can."""
        numbers = isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS)
        return self._database.dialect == "sqlite" or numbers or one._type_affinity is other._type_affinity

    def _not_withheld(self, table: str, prefix: str, selves: Sequence[Whole], conditions: Sequence[str]) -> str:
        """Return the condition that a row, and all rows of its table that it belongs to, meet these conditions."""
        keys = [self.quoted(key) for key in selves[0].keys]
        names = [*dict.fromkeys(self.quoted(key) for one in selves for key in one.keys)]
        ways = (
            " AND ".join(
                f"one.{self.quoted(column)} = withheld.{self.quoted(key)}"
                for column, key in zip(one.columns, one.keys, strict=True)
            )
            for one in selves
        )
        told = ", ".join(f"{prefix}{key}" for key in keys)
        return _WITHHELD.format(
            told if len(keys) == 1 else f"({told})",
            ", ".join(f"m.{name}" for name in names),
            self.quoted(table),
            ", ".join(keys),
            f"({' AND '.join(conditions)}) IS NOT TRUE",
            ", ".join(f"one.{name}" for name in names),
            " OR ".join(f"({way})" for way in ways),
            " AND ".join(f"{key} IS NOT NULL" for key in keys),
        )

    def _above(self, table: str, seen: tuple[str, ...]) -> tuple[list[str], bool]:
        """Return the conditions of a table that others refer to, kept if it is in no circle."""
        if table in self._known:
            return self._known[table], False
        found, passed = self._conditions(table, "", seen)
        if not passed:
            self._known[table] = found
        return found, passed

    def _of_owners(self, owners: Owners, prefix: str, seen: tuple[str, ...]) -> tuple[list[str], bool]:
        """Return the condition that the owner of a row is public, and whether tables were passed over."""
        of, id = prefix + self.quoted(owners.type), prefix + self.quoted(owners.id)
        open_, found, passed = [], [], False
        for said, table in owners.tables.items():
            reference = self._reference(table)
            if reference is None or table in seen or self._left < 0:
                passed = passed or table in seen  # unknown
                continue
            inner, short = self._above(table, seen) if table in self._telling else ([], False)
            passed = passed or short
            if not inner:
                open_.append(said)
            elif _NOBODY not in " ".join(inner):
                rows = f"SELECT {self.quoted(reference.key)} FROM {self.quoted(table)} WHERE {' AND '.join(inner)}"
                found.append(f"({of} = {_listed([said])} AND {id} IN ({rows}))")
        if len(open_) == len(owners.tables):
            return [], passed
        found += [f"{of} IN ({_listed(open_)})"] if open_ else []
        return [f"({id} IS NULL OR {' OR '.join(found)})" if found else _NOBODY], passed

    def _own(self, table: str, prefix: str, *, inner: bool) -> list[str]:
        """Return the conditions on a table's own columns."""
        found: list[str] = []
        for column in self._columns(table):
            if (may_say(column, table) if inner else says_more(column, table)) or _WHO.fullmatch(_plain(column)):
                found += self._shown(table, column, prefix)
            if inner and (when := shown_when(column)):
                found += self._shown_now(table, column, when, prefix)
        return found

    @cached_property
    def _said(self) -> Mapping[str, list[str]]:
        """By table, the conditions on its own columns for what belongs to its rows; tables of people have none."""
        return {table: self._own(table, "", inner=True) for table in self.tables if not _PEOPLE.fullmatch(table)}

    @cached_property
    def _telling(self) -> Set[str]:
        """The tables with conditions, and all that refer to one."""
        refers = {table: self.within(table) for table in self._said}
        found = {table for table in refers if self._said[table]}
        while more := {table for table in {*refers} - found if refers[table] & found}:
            found |= more
        return found

    def _shown(self, table: str, column: str, prefix: str) -> Iterator[str]:
        """Yield the condition on a column: one of the values that exist now and are public, no other that may come; for
        a state (open, closed), anything but the values that are not public."""
        name = prefix + self.quoted(column)
        if is_private(column, None, table):
            yield f"NOT ({name} IS NULL{self._or_empty(table, column, name)})"
            return
        if is_private(column, _TIME, table):
            yield f"({name} IS NULL{self._or_empty(table, column, name)})"
            return
        found = self._connection.scalars(self._select(sa.column(column), table).distinct().limit(_VALUES + 1)).all()
        values = [one for one in found if one is not None]
        hidden = [one for one in values if is_private(column, json_value(one), table)]
        state = _STATE.fullmatch(_plain(column))
        if len(found) > _VALUES or not values or (state and not hidden):
            return
        if _WHO.fullmatch(_plain(column)) and not isinstance(values[0], bool | str) and not is_private(column, 0):
            yield _NOBODY  # a number with an unknown meaning
        elif state:
            yield f"({name} IS NULL OR {name} NOT IN ({_listed(hidden)}))"
        elif shown := [one for one in values if one not in hidden]:
            yield f"({name} IS NULL OR {name} IN ({_listed(shown)}))"
        else:
            yield _NOBODY

    def _shown_now(self, table: str, column: str, when: str, prefix: str) -> Iterator[str]:
        """Yield the condition that what is shown from or until a time is shown now. Texts are compared as ISO 8601,
        numbers as seconds since 1970, or as a day or year in digits; anything else counts as not shown."""
        kind, name = self._columns(table)[column], prefix + self.quoted(column)
        if isinstance(kind, sa.Boolean | sa.Time):
            return  # not a time: it is checked when the record is read
        dialect, order = self._database.dialect, ">=" if when == "until" else "<="
        letters = f"{name} LIKE '____-__-__%' AND {name} {order} CAST(CURRENT_TIMESTAMP AS CHAR(19))"
        seconds = f"{name} / {_UNITS.format(name)} {order} {_SECONDS.get(dialect, _SECONDS[''])}"
        day = f"{_DAYS.format(name, 101 if when == 'from' else 1231)} {'<' if when == 'embargo' else order}"
        number = f"({seconds} OR {day} {_TODAY.get(dialect, _TODAY[''])})"
        if dialect == "sqlite":  # a column of any type may contain numbers
            said = f"CASE TYPEOF({name}) WHEN 'text' THEN {letters} ELSE {number} END"
            yield f"({name} IS NULL OR {name} IN (0, '') OR {said})"
        elif isinstance(kind, sa.Date | sa.DateTime):
            yield f"({name} IS NULL OR {name} {order} CURRENT_TIMESTAMP)"
        elif isinstance(kind, _NUMBERS):
            yield f"({name} IS NULL OR {name} = 0 OR {number})"
        else:
            yield f"({name} IS NULL OR {name} = '' OR ({letters}))"

    def _or_empty(self, table: str, column: str, name: str) -> str:
        kind = self._columns(table)[column]
        if self._database.dialect == "sqlite":
            return f" OR {name} IN (0, '')"
        if isinstance(kind, sa.Date | sa.DateTime | sa.Time | sa.Boolean):
            return ""
        return f" OR {name} = {0 if isinstance(kind, _NUMBERS) else _listed([''])}"

    def _columns(self, table: str) -> Mapping[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sa.exc.SAWarning)  # a type that SQLAlchemy does not know
            return {one["name"]: one["type"] for one in self._inspector.get_columns(table)}

    def _reference(self, table: str) -> Reference | None:
        keys = self.keys(table) if table in self.tables else ()
        return Reference(table, keys[0]) if len(keys) == 1 else None

    def _name_of(self, table: str) -> str:
        """Return the column with the name of most rows, such as `topic_title` of `topics`; empty: none."""
        rows, columns = self.sample(table, _SAMPLED)
        of = [part.rstrip("s") for part in _plain(table).split("_")]
        there: dict[str, str] = {}
        for column in columns:
            first, _, rest = _plain(column).partition("_")
            if 2 * sum(bool(row[column]) for row in rows) >= len(rows):
                there.setdefault((rest if first in of else _plain(column)).replace("_", ""), column)
        people = _PEOPLE.fullmatch(table)
        names = (name.replace("_", "") for name in (_PERSONS if people else _THINGS))
        called = "" if people else next(filter(names_a_record, there.values()), "")
        return next((there[name] for name in names if name in there), called)

    def _called(self, column: str, table: str) -> str:
        """Return the table that a column is named after: `topic_id` after `topics` or `phpbb_topics`; empty: none."""
        stem = re.sub(r"_?id$", "", _plain(column))
        parts = stem.split("_") if stem and stem != _plain(column) else []
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


def _rest(other: str, table: str) -> str:
    """Return a table's name without the prefix that it shares with another: `tag` for `blog_tag` beside `blog_post`."""
    parts, beside = other.split("_"), table.split("_")
    same = next((at for at, (one, two) in enumerate(zip(parts, beside, strict=False)) if one != two), 0)
    return "_".join(parts[min(same, len(parts) - 1) :])


def _plain(name: str) -> str:
    return plain_name(name).lower()


def _listed(values: Sequence[Any]) -> str:
    """Return a list of values in SQL; quotes in texts are doubled."""
    return ", ".join(
        str(one).lower() if isinstance(one, bool | int) else "'{}'".format(str(one).replace("'", "''"))
        for one in sorted(values, key=str)
    )
