"""From a database to a `[[source]]` for each table that holds text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vademecum.errors import UsageError
from vademecum_builder.kinds.fields import SAMPLED, FieldFound, fields_of
from vademecum_builder.kinds.proposals import MESSAGE, Proposal, name_of, of_messages, of_records
from vademecum_builder.kinds.sql import database_at
from vademecum_builder.sources.records import json_value

if TYPE_CHECKING:
    from sqlalchemy import Inspector


def discover_tables(url: str, folder: Path) -> list[Proposal]:
    database = database_at(url, folder, "what was asked for")
    from sqlalchemy import inspect, literal_column, select

    found: list[Proposal] = []
    private: list[str] = []
    with database.connect() as connection:
        inspector = inspect(connection)
        views = inspector.get_view_names()
        names = [*inspector.get_table_names(), *views]
        for table in names:
            origin = database.table(connection, table)
            first: Any = connection.execute(select(literal_column("*")).select_from(origin).limit(SAMPLED))
            rows = first.mappings().all()
            fields = fields_of({name: json_value(value) for name, value in row.items()} for row in rows)
            columns = list(first.keys())
            keys = [] if table in views else inspector.get_pk_constraint(table)["constrained_columns"]
            where = {"url": url, "table": table}
            if len(keys) > 1 and database.dialect in ("sqlite", "postgresql"):
                query = f"SELECT t.*, {_as_one(keys)} AS record_key FROM {_quoted(table)} AS t"
                where, keys = {"url": url, "query": query}, ["record_key"]
            proposed = of_messages(table, where, fields, keys, columns)
            if proposed is None:
                proposed = of_records(
                    name_of(table), "sql", where, fields, len(rows), keys if len(keys) == 1 else ()
                )
                gone = [name for name in columns if MESSAGE["deleted"].fullmatch(name)]
                settings = {**proposed.settings, **({"deleted": gone[0]} if gone else {})}
                proposed = replace(proposed, settings=settings)
            else:
                if "table" in proposed.settings:
                    proposed = _with_names(proposed, columns, _named_by(inspector, table, names))
            if _is_of_people(table, fields, len(rows)):
                private.append(table)
            elif proposed.kind == "messages" or proposed.settings["text"]:
                found.append(proposed)
    if not found:
        without = (
            f"; left out, as private or a program's own: {', '.join(private)}: name it yourself"
            if private
            else ""
        )
        raise UsageError(
            f"{database.name}: no table with text in it; there is {', '.join(names) or 'no table'}{without}"
        )
    if private:
        note = f"tables that hold what is private, or a program's own, are left out: {', '.join(private)}"
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


_PEOPLE = re.compile(
    r"(?:.*_)?(?:users?|customers?|members?|accounts?|persons?|people|contacts?|employees?|patients?|subscribers?|guests?"
    r"|leads?|sessions?|tokens?|credentials?|logins?|auth)(?:_.*)?",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?:.*_)?(?:sessions?|tokens?|migrations?|cache|options|settings|config|configuration|preferences|jobs?|queue"
    r"|admin_log|audit_log|oauth|secrets?|credentials?|usermeta|schema|content_types?|versions?)(?:_.*)?"
    r"|(?:django|sqlite|pg|alembic|ar_internal|active_storage)_.*",
    re.IGNORECASE,
)
"""What a program keeps for itself: sessions, keys, settings. None of it is anybody's knowledge."""
_SECRET = re.compile(r"pass(?:word|wd)?\b|_pass\b|secret|token|iban|\bssn\b", re.IGNORECASE)
_MAIL = re.compile(r"e_?mail", re.IGNORECASE)
_NAME = re.compile(r"(?:full|first|last|sur|display|user|nick)_?name", re.IGNORECASE)


def _is_of_people(table: str, fields: Sequence[FieldFound], rows: int) -> bool:
    """Return whether a table is nobody's business: a program's own, or about people: most of its rows have a secret, or
    the mail address of somebody who has a name. A single private column of another table is left out by itself."""

    def most(words: re.Pattern[str]) -> bool:
        return any(words.search(one.name) and 2 * one.records > rows for one in fields)

    private = most(_SECRET) or most(_MAIL)
    return bool(_PROGRAM.fullmatch(table)) or (
        private and bool(_PEOPLE.fullmatch(table) or most(_SECRET) or most(_NAME))
    )


def _as_one(keys: Sequence[str]) -> str:
    return " || '-' || ".join(f"CAST(t.{_quoted(key)} AS TEXT)" for key in keys)


def _named_by(
    inspector: Inspector, table: str, tables: Sequence[str]
) -> dict[str, tuple[str, str, str, str]]:
    """Return which table says what an id stands for: by column that table, its key, its column of names, and the one
    that says who may read (`_PUBLIC`)."""
    found = {}
    foreign = {
        one["constrained_columns"][0]: one["referred_table"]
        for one in inspector.get_foreign_keys(table)
        if len(one["constrained_columns"]) == 1
    }
    for column in (one["name"] for one in inspector.get_columns(table)):
        stem = column.lower().removesuffix("_id")
        guessed = next((one for one in tables if one.lower() in (stem, f"{stem}s")), "")
        other = foreign.get(column) or (guessed if column.lower().endswith("_id") else "")
        if other and other != table and other in inspector.get_table_names():
            there = {one["name"] for one in inspector.get_columns(other)}
            keys = inspector.get_pk_constraint(other)["constrained_columns"]
            name = next((one for one in _NAMES if one in there), "")
            if name and len(keys) == 1:
                found[column] = (other, keys[0], name, next((one for one in _PUBLIC if one in there), ""))
    return found


_NAMES = ("display_name", "nickname", "nick", "username", "user_name", "handle", "login", "name", "title")


_PUBLIC: Mapping[str, str] = {"archetype": "{} = 'regular'", "is_private": "NOT {}", "private": "NOT {}"}
"""What a channel or topic is for everybody by, as Discourse and others have it."""


def _with_names(
    proposed: Proposal, columns: Sequence[str], named_by: Mapping[str, tuple[str, str, str, str]]
) -> Proposal:
    """Return an archive with the names of authors and channels where its table has their ids alone, without what is
    not for everybody."""
    settings, selected, joins, only = dict(proposed.settings), ["m.*"], [], []
    notes = list(proposed.notes)
    for role in ("author", "channel", "thread"):
        column, name = settings.get(role, role), f"{role}_name"
        if column in named_by and name not in columns:
            table, key, names, public = named_by[column]
            if role == "thread" and not public:
                continue
            joins.append(
                f"LEFT JOIN {_quoted(table)} AS {role} ON {role}.{_quoted(key)} = m.{_quoted(column)}"
            )
            if public and role != "author":
                only.append(_PUBLIC[public].format(f"{role}.{_quoted(public)}"))
                notes.append(f"what {table}.{public} says is private is left out")
            if role != "thread":
                selected.append(f"{role}.{_quoted(names)} AS {name}")
                settings[role] = name
    if not joins:
        return proposed
    table = _quoted(settings.pop("table"))
    query = f"SELECT {', '.join(selected)} FROM {table} AS m {' '.join(joins)}"
    query += f" WHERE {' AND '.join(only)}" if only else ""
    return replace(proposed, settings={"url": settings.pop("url"), "query": query, **settings}, notes=notes)


def _quoted(name: str) -> str:
    return name if name.isidentifier() and name.islower() else '"{}"'.format(name.replace('"', '""'))
