"""From a database to a `[[source]]` for each table that holds text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vademecum.errors import UsageError
from vademecum_builder.discovery.fields import SAMPLED, fields_of
from vademecum_builder.discovery.people import is_called_people, is_dealing, is_of_people
from vademecum_builder.discovery.proposals import MESSAGE, Proposal, name_of, of_messages, of_records
from vademecum_builder.kinds.sql import database_at
from vademecum_builder.sources.private_fields import may_say, why_private
from vademecum_builder.sources.records import json_value

if TYPE_CHECKING:
    from vademecum_builder.discovery.schema import Join, Schema


def discover_tables(url: str, folder: Path) -> list[Proposal]:
    """Return what tables of a database seem to hold documents, as settings. Errors: see `database_at`."""
    database = database_at(url, folder, "what was asked for")
    from vademecum_builder.discovery.schema import Schema  # which needs SQLAlchemy

    private: list[str] = []
    with database.connect() as connection:
        schema = Schema(database, connection)
        views, elsewhere = [one for one in schema.views if one not in schema.unread], schema.elsewhere
        proposals = _proposals(url, [one for one in schema.tables if one not in views], schema, private)
        if not proposals:
            proposals, views = _proposals(url, views, schema, private), []
    # What another table has been given the names of, and that says nothing else, is no document.
    found = [one for table, one in proposals.items() if not (table in schema.joined and _is_name(one))]
    # What a table is translated in has its texts, and those are the documents.
    translated = {told[1] for table in proposals if (told := schema.translates(table))}
    found = [one for table, one in proposals.items() if one in found and table not in translated] or found
    if not found:
        without = f"; this user may not read {_named(schema.unread)}" if schema.unread else ""
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
        notes.append(f"tables that hold what is private, or a program's own, are left out: {_named(private)}")
    if elsewhere:
        notes.append(f"other schemas are not read: {_named(elsewhere)}: name a table of theirs as schema.table")
    if views:
        twice = "views and partitions show what tables hold, so each record would be found twice; left out"
        notes.append(f"{twice}: {_named(views)}")
    return [replace(found[0], notes=(*found[0].notes, *notes)), *found[1:]] if notes else found


def _named(tables: Sequence[str]) -> str:
    """Return tables in a list; those of many months, or of many tenants, once."""
    return ", ".join(dict.fromkeys(re.sub(r"\d+", "…", table) for table in tables))


def _proposals(url: str, tables: Sequence[str], schema: Schema, private: list[str]) -> dict[str, Proposal]:
    """Return the sources of tables with text; those with what is not for everybody are noted."""
    found = {}
    for table in tables:
        proposed = _of_table(url, table, schema)
        if proposed is None:
            private.append(table)
        elif proposed.kind == "messages" or proposed.settings["text"]:
            found[table] = proposed
    return found


def _is_name(proposed: Proposal) -> bool:
    """Return whether its texts are its name alone, be it in several languages (`name_de`, `name_en`)."""
    told = [proposed.settings.get("title") or "", *proposed.settings.get("text", ())]
    return len(told) > 1 and len({re.sub(r"_[a-z]{2}$", "", name) for name in told}) == 1


def _of_table(url: str, table: str, schema: Schema) -> Proposal | None:
    """Return the source that reads a table; None: what is in it is not for everybody."""
    found, columns = schema.sample(table, SAMPLED)
    rows = [{name: json_value(value) for name, value in row.items()} for row in found]
    column, of = schema.translates(table) or ("", table)
    if column:
        rows = _with_translated(rows, table, column, schema)
    fields = [one for one in fields_of(rows) if one.name not in schema.kinds_of_owners(table)]
    only = schema.for_everybody(table)
    dealings = not any(map(may_say, columns)) and _belongs_to_a_dealing(table, schema)
    if (
        only is None
        or dealings
        or is_of_people(table, fields, len(rows), columns)
        or (rows and all(map(why_private, rows)))
    ):
        return None
    keys, selected, joins = schema.keys(table), ["m.*"], []
    if len(keys) > 1:
        selected.append(f"{schema.as_one('m', keys)} AS record_key")
        keys = ["record_key"]
    place = {"url": url, "table": table}
    proposed = of_messages(table, place, fields, keys, columns)
    if proposed is None:
        proposed = of_records(name_of(table), "sql", place, fields, len(rows), keys)
        gone = [name for name in columns if MESSAGE["deleted"].fullmatch(name)]
        settings = {**proposed.settings, **({"deleted": gone[0]} if gone else {})}
        if settings["text"]:
            same = [one.name for one in fields if one.is_the_same(len(rows))]
            names = _names(table, [one for one in columns if one not in same], schema)
            joins += [join.sql for _, join in names.values()]
            selected += [f"{join.name} AS {schema.quoted(name)}" for name, (_, join) in names.items()]
            # What has no title of its own has that of what it alone is of: a page's text that of the page.
            alone = [name for name, (own, _) in names.items() if len({row[own] for row in rows}) == len(rows) > 1]
            settings |= {"title": alone[0]} if alone and "title" not in settings else {}
            there = {one.lower() for one in (*columns, *names)}
            its = schema.sample(of, 0)[1] if column else ()
            said = [one for one in _named_in(settings) if one in its and one not in columns]
            if said:
                joins.append(schema.join_of(table, column, "t"))
                selected += [f"t.{schema.quoted(one)}" for one in said]
                there |= {one.lower() for one in said}
            listed = schema.lists(of, partial(_is_open, schema), column)
            lists = {name: sql for name, sql in listed if name.lower() not in there}
            selected += [f"{sql} AS {schema.quoted(name)}" for name, sql in lists.items()]
            settings["text"] += [name for name in (*names, *lists) if name != settings.get("title")]
            numbers = {one.name for one in fields if one.type == "number"} & schema.ids(table)
            kept = [one for one in settings.pop("metadata", ()) if one not in numbers]
            settings |= {"metadata": [*kept, *names]} if kept or names else {}
    else:
        settings = dict(proposed.settings)
        if not {"channel", "thread"} & settings.keys() and (about := _about(table, settings, schema)):
            settings["thread"] = about
        for role, told in (("author", "author"), ("channel", "channel"), ("thread", "subject")):
            column, name = settings.get(role, role), f"{role}_name"
            if name not in columns and (join := schema.join("m", table, column, role, people=role == "author")):
                joins.append(join.sql)
                selected.append(f"{join.name} AS {name}")
                settings[told] = name
    notes = list(proposed.notes)
    if only:
        notes.append("what is in something private (a channel, a topic …) is left out: see WHERE")
    if joins or only or len(selected) > 1:
        query = [f"SELECT {', '.join(selected)} FROM {schema.quoted(settings.pop('table'))} AS m", *joins]
        query += [f"WHERE {' AND '.join(only)}"] if only else []
        settings = {"url": settings.pop("url"), "query": " ".join(query), **settings}
    return replace(proposed, settings=settings, notes=notes)


def _belongs_to_a_dealing(table: str, schema: Schema) -> bool:
    """Return whether each row is of an order or a ticket: what was said of it is as private. A book is not of its loan,
    and what says itself who may read it is no such thing."""
    return any(is_dealing(other, schema.sample(other, 0)[1]) for other in schema.within(table))


def _about(table: str, settings: Mapping[str, Any], schema: Schema) -> str:
    """Return the column that says what a message is about: the article of a comment; empty: none."""
    refers = schema.refers(table).items()
    fit = (
        one for one, other in refers if other != table and not is_called_people(other) and one not in settings.values()
    )
    return next(fit, "")


def _with_translated(
    rows: Sequence[Mapping[str, Any]], table: str, column: str, schema: Schema
) -> list[dict[str, Any]]:
    """Return rows with what the row says that they are translations of: the price of a product, whose names stand
    elsewhere."""
    other, key = schema.reference(table, column)
    its, _ = schema.sample(other, SAMPLED)
    by_key = {json_value(row[key]): {name: json_value(value) for name, value in row.items()} for row in its}
    return [{**by_key.get(row[column], {}), **row} for row in rows]


def _named_in(settings: Mapping[str, Any]) -> list[str]:
    """Return the fields that settings name, but those in a template."""
    told = [settings.get(one, "") for one in ("title", "link", "updated", "deleted")]
    return [*dict.fromkeys(filter(None, [*told, *settings["text"], *settings.get("metadata", ())]))]


def _names(table: str, columns: Sequence[str], schema: Schema) -> dict[str, tuple[str, Join]]:
    """Return how the names are had of what the ids of a record stand for, under what the ids are called without `id`,
    behind the columns that have these: the genre of a track, the category of a product; people's are nobody's
    business."""
    found: dict[str, tuple[str, Join]] = {}
    there = {one.lower() for one in columns}
    for column in columns:
        name = re.sub(r"[_ ]?id$", "", column, flags=re.IGNORECASE)
        name = name if name and name.lower() not in there else f"{name or column}_name"
        other = schema.stands_for(table, column)
        if not other or name.lower() in there or not _is_open(schema, other):
            continue
        if join := schema.join("m", table, column, f"r{len(found) + 1}", people=False):
            found[name] = column, join
            there.add(name.lower())
    return found


def _is_open(schema: Schema, table: str) -> bool:
    """Return whether what the rows of a table are called may stand in others: they are no people."""
    rows, columns = schema.sample(table, SAMPLED)
    fields = fields_of({name: json_value(value) for name, value in row.items()} for row in rows)
    return not (is_called_people(table) or is_of_people(table, fields, len(rows), columns))


_PASSWORD = re.compile(r"[^/]+://[^/@]*:[^/@]+@")
