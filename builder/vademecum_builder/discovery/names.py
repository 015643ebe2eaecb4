"""The names that rows of other tables give to a row of a database: by a JOIN, or as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Final, NamedTuple

from vademecum_builder.discovery.roles import NOW, names_a_record, person_of
from vademecum_builder.discovery.schema import PEOPLE, SAMPLED, Schema, plain
from vademecum_builder.discovery.visibility import Visibility

_PERSONS: Final = ("display_name", "nickname", "nick", "username", "full_name", "handle", "login", "name")
_THINGS: Final = ("display_name", "title", "subject", "name")
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


class Join(NamedTuple):
    """The JOIN for the target of an id, and SQL for the target's name."""

    sql: str
    name: str


class Names:
    """Finds them, where they are public.

    Attributes:
        joined: The tables whose names have been joined to another table.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.visibility = Visibility(schema)
        self.joined: set[str] = set()

    def ids(self, table: str) -> Set[str]:
        """Return the columns with ids of rows, also of the same table."""
        refers = (*self.schema.declared[table], *self.schema.guessed[table], *self.visibility.selves.get(table, ()))
        return {column for one in refers for column in one.columns}

    def join(self, alias: str, table: str, column: str, role: str, *, people: bool) -> Join | None:
        """Return the join for the target of a column; None: it has none, or that has no name.

        Args:
            alias: Of the table in the query.
            role: The alias of the other table there.
            people: Whether the only table of people is the target if no other is known.
        """
        known = [one for one in self.schema.tables if PEOPLE.fullmatch(one)] if people else []
        only = known[0] if len(known) == 1 and column.lower().endswith(("id", "by")) else ""
        reference = self.schema.references[table].get(column) or (only and self.schema.key_of(only))
        if not reference or not (name := self._name_of(reference.table)):
            return None
        if NOW.match(column) and reference.table in self.visibility.restricted:
            return None  # the conditions only cover what a row belongs to, not this
        self.joined.add(reference.table)
        other, key, one = map(self.schema.quoted, (*reference, column))
        return Join(
            f"LEFT JOIN {other} AS {role} ON {role}.{key} = {alias}.{one}", f"{role}.{self.schema.quoted(name)}"
        )

    def lists(self, table: str, is_open: Callable[[str], bool], at: str = "") -> Iterator[tuple[str, str]]:
        """Yield lists that a linking table gives to the rows of a table, such as the tags of an article, each with a
        name and with SQL for its text. The table's alias is `m`.

        Args:
            is_open: Whether the names of a table's rows are public. They are not if the table itself says who may read
                its rows.
            at: The column of `m` with the table's ids, if `m` is another table; empty: the table's key.
        """
        dialect, keys = self.schema.dialect, self.schema.keys(table)
        for link, refers in self.schema.references.items():
            tables = {column: other for column, (other, _) in refers.items()}
            if (
                len(tables) != 2
                or len(keys) != 1
                or len(self.schema.columns(link)) > _BETWEEN
                or dialect not in _LISTED
            ):
                continue
            own = next((column for column, other in tables.items() if other == table), "")
            there = next((column for column, other in tables.items() if other != table), "")
            other, key = refers[there] if own and there else ("", "")
            if (
                not other
                or link in self.schema.views
                or self.schema.translates(link)
                or {*self.visibility.own_conditions.get(link, ()), *self.visibility.own_conditions.get(other, ())}
            ):
                continue
            # Conditions on a row's own fields are checked when it is read as a record; here they would not be.
            if is_open(other) and self.visibility.for_everybody(other) == [] and (name := self._called_by(other)):
                self.joined.add(other)
                columns = map(self.schema.quoted, (link, other, key, there, own, at or refers[own].key))
                yield _rest(other, table), _LISTED[dialect].format(name, *columns)

    def _called_by(self, table: str) -> str:
        """Return SQL for the name, maybe in two parts, of the rows of a table with the alias `there`; empty: none."""
        parts = [name] if (name := self._name_of(table)) else person_of([*self.schema.columns(table)])
        columns = [f"there.{self.schema.quoted(one)}" for one in parts]
        return " || ' ' || ".join(columns) if len(columns) < 2 or self.schema.dialect != "mariadb" else ""

    def _name_of(self, table: str) -> str:
        """Return the column with the name of most rows, such as `topic_title` of `topics`; empty: none."""
        rows, columns = self.schema.sample(table, SAMPLED)
        of = [part.rstrip("s") for part in plain(table).split("_")]
        there: dict[str, str] = {}
        for column in columns:
            first, _, rest = plain(column).partition("_")
            if 2 * sum(bool(row[column]) for row in rows) >= len(rows):
                there.setdefault((rest if first in of else plain(column)).replace("_", ""), column)
        people = PEOPLE.fullmatch(table)
        names = (name.replace("_", "") for name in (_PERSONS if people else _THINGS))
        called = "" if people else next(filter(names_a_record, there.values()), "")
        return next((there[name] for name in names if name in there), called)


def _rest(other: str, table: str) -> str:
    """Return a table's name without the prefix that it shares with another: `tag` for `blog_tag` beside `blog_post`."""
    parts, beside = other.split("_"), table.split("_")
    same = next((at for at, (one, two) in enumerate(zip(parts, beside, strict=False)) if one != two), 0)
    return "_".join(parts[min(same, len(parts) - 1) :])
