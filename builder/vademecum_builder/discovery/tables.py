"""Proposing a `[[source]]` for each table of a database that holds text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vademecum.errors import UsageError
from vademecum_builder.discovery.fields import SAMPLED, FieldFound, fields_of
from vademecum_builder.discovery.people import is_called_people, is_dealing, is_of_people
from vademecum_builder.discovery.proposals import MESSAGE, Proposal, name_of, of_messages, of_records
from vademecum_builder.kinds.sql import database_at
from vademecum_builder.sources.private_fields import may_say, why_private
from vademecum_builder.sources.records import json_value

if TYPE_CHECKING:
    from vademecum_builder.discovery.names import Join, Names
    from vademecum_builder.discovery.schema import Schema


_ELSEWHERE = (
    "other schemas are not read: {0}: name a table of theirs as schema.table, or end the address in "
    "?options=-csearch_path%3D{1}"
)


def discover_tables(url: str, folder: Path) -> list[Proposal]:
    """Return a source for each table of a database that seems to hold documents. Errors: see `database_at`."""
    database = database_at(url, folder, "what was asked for")
    from vademecum_builder.discovery.names import Names  # needs SQLAlchemy
    from vademecum_builder.discovery.schema import Schema

    private: list[str] = []
    with database.connect() as connection:
        schema = Schema(database, connection)
        names = Names(schema)
        views, elsewhere = [one for one in schema.views if one not in schema.unread], schema.elsewhere
        proposals = _proposals(url, [one for one in schema.tables if one not in views], names, private)
        if not proposals:
            proposals, views = _proposals(url, views, names, private), []
    # A table whose names were joined to another one, and that has nothing but names, has no documents.
    found = [one for table, one in proposals.items() if not (table in names.joined and _is_name(one))]
    # The translations of a table have its texts, so they are the documents.
    translated = {told[1] for table in proposals if (told := schema.translates(table))}
    found = [one for table, one in proposals.items() if one in found and table not in translated] or found
    if not found:
        without = f"; this user may not read {_named(schema.unread)}" if schema.unread else ""
        without += f"; {_ELSEWHERE.format(_named(elsewhere), elsewhere[0])}" if elsewhere else ""
        without += f"; left out, as private or a program's own: {_named(private)}: name it yourself" if private else ""
        raise UsageError(
            f"{database.name}: no table with text in it; there is {', '.join(schema.tables) or 'no table'}{without}"
        )
    notes = []
    if _PASSWORD.match(url):
        notes.append('its password stands in this file: write url = "${DATABASE_URL}", and set that variable')
    if schema.unread:
        notes.append(f"this user may not read, or nobody can: {_named(schema.unread)}")
    if private:
        notes.append(f"private tables, and those of a program's own, are left out: {_named(private)}")
    if elsewhere:
        notes.append(_ELSEWHERE.format(_named(elsewhere), elsewhere[0]))
    if views:
        twice = "views and partitions show what tables hold, so each record would be found twice; left out"
        notes.append(f"{twice}: {_named(views)}")
    return [replace(found[0], notes=(*found[0].notes, *notes)), *found[1:]] if notes else found


def _named(tables: Sequence[str]) -> str:
    """Return a list of tables; those that differ only in a number, as for months or tenants, once."""
    return ", ".join(dict.fromkeys(re.sub(r"\d+", "…", table) for table in tables))


def _proposals(url: str, tables: Sequence[str], names: Names, private: list[str]) -> dict[str, Proposal]:
    """Return the sources of tables with text; private tables are added to `private`."""
    found = {}
    for table in tables:
        proposed = _of_table(url, table, names)
        if proposed is None:
            private.append(table)
        elif proposed.kind == "messages" or proposed.settings["text"]:
            found[table] = proposed
    return found


def _is_name(proposed: Proposal) -> bool:
    """Return whether its only texts are its name, maybe in several languages (`name_de`, `name_en`)."""
    told = [proposed.settings.get("title") or "", *proposed.settings.get("text", ())]
    return len(told) > 1 and len({re.sub(r"_[a-z]{2}$", "", name) for name in told}) == 1


def _of_table(url: str, table: str, names: Names) -> Proposal | None:
    """Return the source for a table; None: the table is private."""
    schema = names.schema
    found, columns = schema.sample(table, SAMPLED)
    rows = [{name: json_value(value) for name, value in row.items()} for row in found]
    if translated := schema.translates(table):
        rows = _with_translated(rows, table, translated[0], schema)
    fields = [one for one in fields_of(rows) if one.name not in schema.kinds_of_owners(table)]
    only = names.visibility.for_everybody(table)
    # A table that says itself who may read its rows is not as private as what they belong to.
    dealings = not any(map(may_say, columns)) and _belongs_to_a_dealing(table, schema)
    if (
        only is None
        or dealings
        or is_of_people(table, fields, len(rows), columns)
        or (rows and all(map(why_private, rows)))
    ):
        return None
    keys, query = schema.keys(table), _Query(names, table)
    if len(keys) > 1:
        query.selected.append(f"{schema.as_one('m', keys)} AS record_key")
        keys = ["record_key"]
    place = {"url": url, "table": table}
    messages = of_messages(table, place, fields, keys, columns)
    if messages is not None:
        proposed, settings = messages, _of_messages(messages, columns, query)
    else:
        proposed = of_records(name_of(table), "sql", place, fields, len(rows), keys)
        gone = [name for name in columns if MESSAGE["deleted"].fullmatch(name)]
        settings = {**proposed.settings, **({"deleted": gone[0]} if gone else {})}
        if settings["text"]:
            _add_names(settings, rows, fields, query)
    notes = list(proposed.notes)
    if only:
        notes.append("what is in something private (a channel, a topic …) is left out: see WHERE")
    if only or query.joins or len(query.selected) > 1:
        del settings["table"]
        settings = {"url": settings.pop("url"), "query": query.sql(only), **settings}
    return replace(proposed, settings=settings, notes=notes)


@dataclass
class _Query:
    """A SELECT from a table with the alias `m`, with names and lists from other tables."""

    names: Names
    table: str
    selected: list[str] = field(default_factory=lambda: ["m.*"])
    joins: list[str] = field(default_factory=list)

    def add(self, join: Join, name: str) -> None:
        """Select the name that a join gives."""
        self.joins.append(join.sql)
        self.selected.append(f"{join.name} AS {name}")

    def sql(self, conditions: Sequence[str]) -> str:
        """Return the statement."""
        where = [f"WHERE {' AND '.join(conditions)}"] if conditions else []
        selected = f"SELECT {', '.join(self.selected)} FROM {self.names.schema.quoted(self.table)} AS m"
        return " ".join([selected, *self.joins, *where])


def _of_messages(proposed: Proposal, columns: Sequence[str], query: _Query) -> dict[str, Any]:
    """Return the settings of an archive of messages, with the names of its authors, channels and threads."""
    settings, table, schema = dict(proposed.settings), query.table, query.names.schema
    if not {"channel", "thread"} & settings.keys() and (about := _about(table, settings, schema)):
        settings["thread"] = about
    for role, shown in (("author", "author"), ("channel", "channel"), ("thread", "subject")):
        column, name = settings.get(role, role), f"{role}_name"
        if name not in columns and (join := query.names.join("m", table, column, role, people=role == "author")):
            query.add(join, name)
            settings[shown] = name
    return settings


def _add_names(
    settings: dict[str, Any], rows: Sequence[Mapping[str, Any]], fields: Sequence[FieldFound], query: _Query
) -> None:
    """Add to the settings of records the names and lists that rows of other tables give them."""
    schema, table = query.names.schema, query.table
    columns = schema.sample(table, 0)[1]
    translated, of = schema.translates(table) or ("", table)
    same = [one.name for one in fields if one.is_the_same(len(rows))]
    names = _names(table, [one for one in columns if one not in same], query.names)
    for name, (_, join) in names.items():
        query.add(join, schema.quoted(name))
    # A record without a title takes that of the only row that it belongs to: the text of a page that of the page.
    alone = [name for name, (own, _) in names.items() if len({row[own] for row in rows}) == len(rows) > 1]
    settings |= {"title": alone[0]} if alone and "title" not in settings else {}
    there = {one.lower() for one in (*columns, *names)}
    its = schema.sample(of, 0)[1] if translated else ()
    taken = [one for one in _named_in(settings) if one in its and one not in columns]
    if taken:
        query.joins.append(schema.join_of(table, translated, "t"))
        query.selected += [f"t.{schema.quoted(one)}" for one in taken]
        there |= {one.lower() for one in taken}
    listed = query.names.lists(of, partial(_is_open, schema), translated)
    lists = {name: sql for name, sql in listed if name.lower() not in there}
    query.selected += [f"{sql} AS {schema.quoted(name)}" for name, sql in lists.items()]
    settings["text"] += [name for name in (*names, *lists) if name != settings.get("title")]
    numbers = {one.name for one in fields if one.type == "number"} & query.names.ids(table)
    kept = [one for one in settings.pop("metadata", ()) if one not in numbers]
    settings |= {"metadata": [*kept, *names]} if kept or names else {}


def _belongs_to_a_dealing(table: str, schema: Schema) -> bool:
    """Return whether each row belongs to an order or a ticket, and so is as private as that. A book does not belong to
    its loan."""
    return any(is_dealing(other, schema.sample(other, 0)[1]) for other in schema.within(table))


def _about(table: str, settings: Mapping[str, Any], schema: Schema) -> str:
    """Return the column for what a message is about, such as the article of a comment; empty: none."""
    refers = schema.references[table].items()
    fit = (
        one
        for one, (other, _) in refers
        if other != table and not is_called_people(other) and one not in settings.values()
    )
    return next(fit, "")


def _with_translated(
    rows: Sequence[Mapping[str, Any]], table: str, column: str, schema: Schema
) -> list[dict[str, Any]]:
    """Return translations with the fields of the rows that they translate, such as the price of a product."""
    other, key = schema.references[table][column]
    its, _ = schema.sample(other, SAMPLED)
    by_key = {json_value(row[key]): {name: json_value(value) for name, value in row.items()} for row in its}
    return [{**by_key.get(row[column], {}), **row} for row in rows]


def _named_in(settings: Mapping[str, Any]) -> list[str]:
    """Return the fields that settings name, except in templates."""
    told = [settings.get(one, "") for one in ("title", "link", "updated", "deleted")]
    return [*dict.fromkeys(filter(None, [*told, *settings["text"], *settings.get("metadata", ())]))]


def _names(table: str, columns: Sequence[str], names: Names) -> dict[str, tuple[str, Join]]:
    """Return joins for the names behind the ids of a record, such as the genre of a track or the category of a product,
    each after the column of the ids; the key is that column's name without `id`. Names of people are private."""
    found: dict[str, tuple[str, Join]] = {}
    there = {one.lower() for one in columns}
    for column in columns:
        name = re.sub(r"[_ ]?id$", "", column, flags=re.IGNORECASE)
        name = name if name and name.lower() not in there else f"{name or column}_name"
        other = names.schema.stands_for(table, column)
        if not other or name.lower() in there or not _is_open(names.schema, other):
            continue
        if join := names.join("m", table, column, f"r{len(found) + 1}", people=False):
            found[name] = column, join
    return found


def _is_open(schema: Schema, table: str) -> bool:
    """Return whether the names of a table's rows may be shown in other tables: they are not people."""
    rows, columns = schema.sample(table, SAMPLED)
    fields = fields_of({name: json_value(value) for name, value in row.items()} for row in rows)
    return not (is_called_people(table) or is_of_people(table, fields, len(rows), columns))


_PASSWORD = re.compile(r"[^/]+://[^/@]*:[^/@]+@")
