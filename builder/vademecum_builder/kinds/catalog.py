"""`kind = "catalog"`: records in JSON, JSON Lines, CSV, sheets, Parquet …; a file, a glob, a folder, or an address."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum_builder.kinds import records
from vademecum_builder.kinds.base import Key, OpenedSource, as_bool, as_http, as_text, as_texts
from vademecum_builder.kinds.formats import AUTO
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.catalog import ALL, ID_NAMES, CatalogSource
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.formats.record_files import Layout
from vademecum_builder.sources.formats.sheets import SHEETS


def as_place(value: Any, folder: Path) -> str | None:
    """Accept an address, or a path relative to the settings."""
    if not isinstance(value, str) or not value:
        return None
    return as_http(value, folder) if is_address(value) else str(folder / value)


def _as_parents(value: Any, folder: Path) -> tuple[tuple[str, str], ...] | None:
    """Accept a list of fields, each with the path or address of the records that its ids refer to."""
    told = [_parent(one, folder) for one in as_texts(value, folder) or ()]
    return tuple(filter(None, told)) if told and all(told) else None


def _parent(told: str, folder: Path) -> tuple[str, str] | None:
    """Take `post_id in posts.json`. Fields and sheets may have that word in their names: a place is there."""
    words = told.split(" in ")
    halves = ((" in ".join(words[:at]), as_place(" in ".join(words[at:]), folder)) for at in range(1, len(words)))
    found = [(field, place) for field, place in halves if field and place]
    return next((one for one in found if Path(re.sub("#.*", "", one[1])).exists()), next(iter(found), None))


def _as_encoding(value: Any, _: Path) -> str | None:
    try:
        return codecs.lookup(value).name
    except (LookupError, TypeError, ValueError):
        return None


_SHEET: Final = re.compile(rf"(.*(?:{'|'.join(map(re.escape, SHEETS))}))#(.+)", re.IGNORECASE)
KEYS: Final[Mapping[str, Key]] = {
    "path": Key("a file, a folder, a glob as in data/*.json, or an address", as_place, required=True),
    "records": Key("the path of the list, as in data.items", as_text),
    "encoding": Key("the name of an encoding, as in cp1252", _as_encoding),
    "merge": Key("true or false", as_bool),
    "drafts": records.DRAFTS,
    "parents": Key(
        'a list of fields and where the records are of which they have ids, as in "post_id in posts.json"', _as_parents
    ),
    **records.KEYS,
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return the catalog.

    Raises:
        UsageError: There is no such file, `merge` without `id`, or a template that cannot be read.
    """
    values = settings.values
    id = values.get("id", "")
    reader = RecordReader.of(settings, *([] if id else ID_NAMES), form=AUTO)
    if values.get("merge") and id in ("", ALL):
        raise UsageError(f"{settings.where}: source.merge: name the field that several rows have in common: id")
    layout = Layout(values.get("records", ""), values.get("encoding", ""))
    source = CatalogSource(
        values["path"],
        layout,
        id,
        reader.named,
        settings.where,
        values.get("merge", False),
        called=reader.called,
        is_private=records.keeping_back(values, request),
    )
    if request.sync and not is_address(source.place):
        source.files()
    now = datetime.now(UTC)
    keeps_back = records.keeping_back(values, request, now)
    of = values.get("parents", ())

    def withheld() -> Mapping[str, frozenset[str]]:
        names = [name for name, _ in of]
        read = {place: _source_at(place, keeps_back).references(names) for _, place in of}
        closed: dict[str, frozenset[str]] = dict.fromkeys(names, frozenset())
        while True:  # each time also what is of those that were found before
            found = {
                place: {id for one in records if one.is_private or one.is_of(closed) for id in one.ids}
                for place, records in read.items()
            }
            more = {name: frozenset().union(*(found[place] for named, place in of if named == name)) for name in names}
            if more == closed:
                return closed
            closed = more

    return [OpenedSource(source, lambda: replace(reader, withheld=withheld()))]


def _source_at(place: str, is_private: Callable[[Mapping[str, Any]], bool]) -> CatalogSource:
    """Return the records of a file, or of a sheet: `shop.xlsx#Products`."""
    if sheet := _SHEET.fullmatch(place):
        return CatalogSource(sheet[1], Layout(sheet[2]), is_private=is_private)
    found = CatalogSource(place, is_private=is_private)
    return replace(found, layout=Layout("".join(found.lists_of_records()[:1])))
