"""Proposing a catalog: which list of a file has its records, and what people should know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from vademecum.errors import UsageError
from vademecum_builder.discovery.apart import answering
from vademecum_builder.discovery.fields import SAMPLED, FieldFound, fields_of
from vademecum_builder.discovery.people import is_called_people, is_of_people, tells_of_people
from vademecum_builder.discovery.proposals import Proposal, completed, of_messages, of_records
from vademecum_builder.discovery.roles import names_an_id
from vademecum_builder.kinds.records import TITLES
from vademecum_builder.sources.catalog import SELDOM, CatalogSource
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.formats.record_files import Layout
from vademecum_builder.sources.formats.record_lists import WHOLE
from vademecum_builder.sources.formats.sheets import SHEETS
from vademecum_builder.sources.private_fields import why_private
from vademecum_builder.sources.unzipped import ending_of

_DJANGO = {"model", "pk", "fields"}
_FEW = 20
"""If an average record has only one of this many fields, the records have hardly a field in common."""
_ALL = 20
"""If a list in each record is this many times as long as everything else there, the list is the content."""
_TOLD = 10
"""How many lists are named."""
_RECORDS = 100_000
"""How many records are compared by id."""
_SHARED = 0.05
"""The share of them that may be wrong: a value that more records share is a group, such as a county."""
_OF_PEOPLE = "it looks like a list of people, of their secrets or of what they bought: whoever has a release reads it"
_BETWEEN_THEM = "it looks like what its participants wrote to each other: whoever has a release reads it"
UNLIKE = (
    "{}: each of its files holds something else: name the one that people are to search, or read them into a database, "
    "whose tables are joined by what refers to what"
)
NESTED = (".json", ".yaml", ".yml", ".toml")


def _told_apart(found: Proposal, source: CatalogSource, id: str) -> Proposal:
    """Return a proposal whose id is unique in all records, not only in the sample: of two universities with the same
    name, the second would be left out."""
    shared, read = (0, 0) if is_address(source.place) else source.shared(id, _RECORDS)
    if not shared:
        return found
    if names_an_id(id) and shared <= max(2, _SHARED * read):
        return replace(
            found, notes=(*found.notes, f"records with the {id} of an earlier one, which are left out: {shared}")
        )
    return replace(found, settings={name: value for name, value in found.settings.items() if name != "id"})


def _within(records: Sequence[Mapping[str, Any]], fields: Sequence[FieldFound]) -> str:
    """Return the list that has all the content of the records, such as topics with a list of rules, which would be
    documents without text themselves. Empty: there is none."""
    for one in fields:
        lists = [record.get(one.name) for record in records]
        are_lists = all(isinstance(each, list) and {*map(type, each)} == {dict} for each in lists)
        others = sum(other.length for other in fields if other is not one)
        if are_lists and {*one.types} <= {"nested", "private"} and one.length > _ALL * others:
            return one.name
    return ""


def _titled_within(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the elements of XML that have titles and all the content of the records, such as the talks of a day.
    Empty: there are none."""
    for name in dict.fromkeys(name for record in records for name in record):
        found = [record.get(name, []) for record in records]
        inner = [one for each in found for one in (each if isinstance(each, list) else [each])]
        others = sum(len(str(value)) for record in records for other, value in record.items() if other != name)
        titled = sum(isinstance(one, dict) and not {*map(str.lower, one)}.isdisjoint(TITLES) for one in inner)
        if titled == len(inner) and len(str(inner)) > _ALL * others:
            return name
    return ""


def _of_their_own(records: Sequence[Mapping[str, Any]], place: str) -> list[str]:
    """Return, as written in `parents`, how records refer to others of the same place, some of which are private."""
    now = datetime.now(UTC)
    if not any(why_private(one, now) for one in records):
        return []
    return [f"{name} in {place}" for name in answering(records)]


class _List(NamedTuple):
    """A list of records.

    Attributes:
        at: Its path in its file (`Layout.records`).
        source: What reads it.
        records, fields: Its first records, and what they hold.
    """

    at: str
    source: CatalogSource
    records: Sequence[Mapping[str, Any]]
    fields: Sequence[FieldFound]

    @property
    def columns(self) -> list[str]:
        """The names of its fields."""
        return [one.name for one in self.fields]

    @property
    def name(self) -> str:
        """What it is called in its file."""
        return self.at.rpartition(".")[2]


def _first_for_all(source: CatalogSource, lists: Sequence[str]) -> _List:
    """Return the first list that is not of people, else the last one."""
    for at in lists or [""]:
        read = replace(source, layout=Layout(at))
        records = read.sample(SAMPLED)
        found = _List(at, read, records, fields_of(records))
        if not is_of_people(found.name, found.fields, len(records), found.columns):
            break
    return found


def _inner(one: _List, lists: Sequence[str]) -> tuple[str, str]:
    """Return the path of a list within the records that has all their content, and its name; empty: there is none."""
    where = one.source.place
    if len(lists) == 1 and ending_of(where) == ".xml" and (inner := _titled_within(one.records)):
        return f"{one.at}.{inner}", inner
    if not lists and PurePosixPath(where).suffix.lower() in NESTED and (inner := _within(one.records, one.fields)):
        [outer] = one.source.lists_of_records(always=True)
        return f"{outer}.*.{inner}".lstrip("."), inner
    return "", ""


def catalog(
    name: str, where: str, place: str, *, complete: bool = True, within: str = "", as_messages: bool = True
) -> Proposal:
    """Return the source for the records of a file, a folder or an address: a catalog, or an archive of messages.

    Args:
        where, place: The same place, as it is read and as the settings name it.
        complete: Whether to propose what the fields alone do not show, such as a title (`completed`).
        within: The path of the list; empty: it is looked for.
        as_messages: Whether messages are proposed as such, not as records.

    Raises:
        UsageError: There is no record that can be read, or the records have hardly a field in common.
        HostError: The host does not answer.
    """
    source = CatalogSource(where)
    lists = [within] if within else source.lists_of_records()
    one = _first_for_all(source, lists)
    deeper, inner = _inner(one, lists)
    if deeper:
        found = catalog(name, where, place, complete=complete, within=deeper)
        around = ", ".join(name for name in one.columns if name.partition(".")[0] != inner)
        return replace(found, notes=[*found.notes, f"what they stand in is not read: {around}"]) if around else found
    _refuse_unlike(one)
    told = {"path": place} | ({"records": one.at} if lists else {})
    others = [other for other in lists if other != one.at]
    archive = _archive(name, told, one) if as_messages else None
    found = archive or _records(name, told, one, whole=lists == [WHOLE])
    if any(path.rpartition(".")[2].lower() == "participants" for path in others):
        found = replace(found, notes=(_BETWEEN_THEM, *found.notes))
    if others:
        more = f" and {len(others) - _TOLD} more" if len(others) > _TOLD else ""
        unread = f"not read, as a source of its own would: {', '.join(others[:_TOLD])}{more}"
        found = replace(found, notes=(*found.notes, unread))
    return completed(found, one.fields) if complete and not archive else found


def _refuse_unlike(one: _List) -> None:
    """Raise UsageError if records have hardly a field in common."""
    where = one.source.place
    if Path(where).is_dir() and _FEW * sum(each.records for each in one.fields) < len(one.fields) * len(one.records):
        raise UsageError(UNLIKE.format(where))
    if {*one.records[0]} == _DJANGO:
        raise UsageError(
            f"{where}: rows of all tables of a program (Django's dumpdata): name its database, whose tables are "
            "proposed one by one, without those of users"
        )


def _archive(name: str, told: Mapping[str, Any], one: _List) -> Proposal | None:
    """Return a list as an archive of messages; None: it is none, or not in a file of JSON or a table, which these are
    read of."""
    where = one.source.place
    if is_address(where) or where.lower().endswith(SELDOM):
        return None
    in_list = "".join(CatalogSource(where).lists_of_records(always=True)[:1])
    called = f"{name}_{in_list.rpartition('.')[2]}".strip("_*.")
    found = of_messages(called, dict(told), one.fields, (), one.columns)
    return found and replace(found, name=name)


def _records(name: str, told: Mapping[str, Any], one: _List, *, whole: bool) -> Proposal:
    """Return a list as records, with what is private or shared among them; `whole`: each file is a record."""
    found = of_records(name, "catalog", dict(told), one.fields, len(one.records))
    in_sheet = one.at and one.source.place.lower().endswith(SHEETS)
    if parents := _of_their_own(one.records, f"{told['path']}#{one.at}" if in_sheet else told["path"]):
        found = replace(found, settings={**found.settings, "parents": parents})
    if whole and not names_an_id(str(found.settings.get("id", ""))):
        found = of_records(name, "catalog", dict(told), one.fields, len(one.records), ["_key"])  # its file's name
    called = one.name if is_called_people(one.name) else PurePosixPath(told["path"]).stem
    if tells_of_people(called, one.fields, len(one.records), one.columns):
        found = replace(found, notes=(_OF_PEOPLE, *found.notes))
    id = str(found.settings.get("id", ""))
    return found if found.settings.get("merge") or id in ("", "_key") else _told_apart(found, one.source, id)
