"""Which rows of a database are public: conditions on their own columns, and on what they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from vademecum_builder.discovery.proposals import of_their_own
from vademecum_builder.discovery.roles import NOW
from vademecum_builder.discovery.schema import NUMBERS, PEOPLE, SAMPLED, Owners, Schema, Whole, plain
from vademecum_builder.sources.private_fields import is_private, may_say, says_more, shown_when
from vademecum_builder.sources.records import json_value

_VALUES: Final = 20
"""A column with more different values is neither a flag nor a choice."""
_TIME: Final = "2000-01-01"
_WHO: Final = re.compile(r"(?:.*_)?(?:visibility|privacy)(?:_level)?")
_STATE: Final = re.compile(r"(?:.*_)?stat(?:us|e)")
_NOBODY: Final = "1 = 0"
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
_MOST_TABLES: Final = 2000
_LONGEST_CONDITION: Final = 20_000
"""The most tables to look at for one table, counting each path; the most characters of a condition."""


class Visibility:
    """Says which rows are public, in SQL."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: dict[str, list[str]] = {}
        self._left = 0

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
        found, passed = [*self.own_conditions[table]] if seen else self._own(table, prefix, inner=False), self._left < 0
        for owners in self._schema.owners[table] if self.restricted else ():
            condition, short = self._of_owners(owners, prefix, (*seen, table))
            found += condition
            passed = passed or short
        for columns, other, keys in (*self._schema.declared[table], *self._schema.guessed[table]):
            if other == table or other not in self.restricted or self._left < 0 or any(map(NOW.match, columns)):
                continue
            if other in seen:
                passed = True
                continue
            inner, short = self._above(other, (*seen, table))
            passed = passed or short
            if inner:
                names = [prefix + self._schema.quoted(column) for column in columns]
                unset, told = " OR ".join(f"{name} IS NULL" for name in names), ", ".join(names)
                of = self._rows(keys, other, inner)
                told = told if len(names) == 1 else f"({told})"
                found.append(f"({unset} OR {told} IN ({of}))" if keys else _NOBODY)
        closed = [*self.own_conditions.get(table, ()), *found]
        if closed and (selves := self.selves.get(table)):
            found = [self._not_withheld(table, prefix, selves, closed)]
        return found, passed

    @cached_property
    def selves(self) -> Mapping[str, Sequence[Whole]]:
        """By table with conditions, its references to itself."""
        return {table: self._of_itself(table) for table in self.restricted}

    def _of_itself(self, table: str) -> Sequence[Whole]:
        """Return those that the database declares, else those that the values show."""
        told = [
            one for one in self._schema.declared[table] if one.table == table and not any(map(NOW.match, one.columns))
        ]
        if (
            told
            or len(
                keys := self._schema.keys(table) or [one for one in self._schema.columns(table) if plain(one) == "id"]
            )
            != 1
        ):
            return told
        kinds, (rows, _) = self._schema.columns(table), self._schema.sample(table, SAMPLED)
        alike = [
            one
            for one in kinds
            if one not in self._schema.references[table] and self._schema.are_alike(kinds[one], kinds[keys[0]])
        ]
        return [Whole([one], table, keys) for one in of_their_own(rows, keys[0], alike)]

    def _not_withheld(self, table: str, prefix: str, selves: Sequence[Whole], conditions: Sequence[str]) -> str:
        """Return the condition that a row, and all rows of its table that it belongs to, meet these conditions."""
        keys = [self._schema.quoted(key) for key in selves[0].keys]
        names = [*dict.fromkeys(self._schema.quoted(key) for one in selves for key in one.keys)]
        ways = (
            " AND ".join(
                f"one.{self._schema.quoted(column)} = withheld.{self._schema.quoted(key)}"
                for column, key in zip(one.columns, one.keys, strict=True)
            )
            for one in selves
        )
        told = ", ".join(f"{prefix}{key}" for key in keys)
        return _WITHHELD.format(
            told if len(keys) == 1 else f"({told})",
            ", ".join(f"m.{name}" for name in names),
            self._schema.quoted(table),
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
        of, id = prefix + self._schema.quoted(owners.type), prefix + self._schema.quoted(owners.id)
        open_, found, passed = [], [], False
        for said, table in owners.tables.items():
            reference = self._schema.key_of(table)
            if reference is None or table in seen or self._left < 0:
                passed = passed or table in seen  # unknown
                continue
            inner, short = self._above(table, seen) if table in self.restricted else ([], False)
            passed = passed or short
            if not inner:
                open_.append(said)
            elif _NOBODY not in " ".join(inner):
                rows = self._rows([reference.key], table, inner)
                found.append(f"({of} = {_listed([said])} AND {id} IN ({rows}))")
        if len(open_) == len(owners.tables):
            return [], passed
        found += [f"{of} IN ({_listed(open_)})"] if open_ else []
        return [f"({id} IS NULL OR {' OR '.join(found)})" if found else _NOBODY], passed

    def _rows(self, keys: Sequence[str], table: str, conditions: Sequence[str]) -> str:
        """Return the SELECT of the keys of rows that meet conditions."""
        named = ", ".join(map(self._schema.quoted, keys))
        return f"SELECT {named} FROM {self._schema.quoted(table)} WHERE {' AND '.join(conditions)}"

    def _own(self, table: str, prefix: str, *, inner: bool) -> list[str]:
        """Return the conditions on a table's own columns."""
        found: list[str] = []
        for column in self._schema.columns(table):
            if (may_say(column, table) if inner else says_more(column, table)) or _WHO.fullmatch(plain(column)):
                found += self._shown(table, column, prefix)
            if inner and (when := shown_when(column)):
                found += self._shown_now(table, column, when, prefix)
        return found

    @cached_property
    def own_conditions(self) -> Mapping[str, list[str]]:
        """By table, the conditions on its own columns for what belongs to its rows; tables of people have none."""
        return {table: self._own(table, "", inner=True) for table in self._schema.tables if not PEOPLE.fullmatch(table)}

    @cached_property
    def restricted(self) -> Set[str]:
        """The tables with conditions, and all that refer to one."""
        refers = {table: self._schema.within(table) for table in self.own_conditions}
        found = {table for table in refers if self.own_conditions[table]}
        while more := {table for table in {*refers} - found if refers[table] & found}:
            found |= more
        return found

    def _shown(self, table: str, column: str, prefix: str) -> Iterator[str]:
        """Yield the condition on a column: one of the values that exist now and are public, no other that may come; for
        a state (open, closed), anything but the values that are not public."""
        name = prefix + self._schema.quoted(column)
        if is_private(column, None, table):
            yield f"NOT ({name} IS NULL{self._or_empty(table, column, name)})"
            return
        if is_private(column, _TIME, table):
            yield f"({name} IS NULL{self._or_empty(table, column, name)})"
            return
        found = self._schema.values(table, column, _VALUES + 1)
        values = [one for one in found if one is not None]
        hidden = [one for one in values if is_private(column, json_value(one), table)]
        state = _STATE.fullmatch(plain(column))
        if len(found) > _VALUES or not values or (state and not hidden):
            return
        if _WHO.fullmatch(plain(column)) and not isinstance(values[0], bool | str) and not is_private(column, 0):
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
        kind, name = self._schema.columns(table)[column], prefix + self._schema.quoted(column)
        if isinstance(kind, sa.Boolean | sa.Time):
            return  # not a time: it is checked when the record is read
        dialect, order = self._schema.dialect, ">=" if when == "until" else "<="
        letters = f"{name} LIKE '____-__-__%' AND {name} {order} CAST(CURRENT_TIMESTAMP AS CHAR(19))"
        seconds = f"{name} / {_UNITS.format(name)} {order} {_SECONDS.get(dialect, _SECONDS[''])}"
        day = f"{_DAYS.format(name, 101 if when == 'from' else 1231)} {'<' if when == 'embargo' else order}"
        number = f"({seconds} OR {day} {_TODAY.get(dialect, _TODAY[''])})"
        if dialect == "sqlite":  # a column of any type may contain numbers
            said = f"CASE TYPEOF({name}) WHEN 'text' THEN {letters} ELSE {number} END"
            yield f"({name} IS NULL OR {name} IN (0, '') OR {said})"
        elif isinstance(kind, sa.Date | sa.DateTime):
            yield f"({name} IS NULL OR {name} {order} CURRENT_TIMESTAMP)"
        elif isinstance(kind, NUMBERS):
            yield f"({name} IS NULL OR {name} = 0 OR {number})"
        else:
            yield f"({name} IS NULL OR {name} = '' OR ({letters}))"

    def _or_empty(self, table: str, column: str, name: str) -> str:
        kind = self._schema.columns(table)[column]
        if self._schema.dialect == "sqlite":
            return f" OR {name} IN (0, '')"
        if isinstance(kind, sa.Date | sa.DateTime | sa.Time | sa.Boolean):
            return ""
        return f" OR {name} = {0 if isinstance(kind, NUMBERS) else _listed([''])}"


def _listed(values: Sequence[Any]) -> str:
    """Return a list of values in SQL; quotes in texts are doubled."""
    return ", ".join(
        str(one).lower() if isinstance(one, bool | int) else "'{}'".format(str(one).replace("'", "''"))
        for one in sorted(values, key=str)
    )
