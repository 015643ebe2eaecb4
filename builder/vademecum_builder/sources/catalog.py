"""A catalog as a source: records in JSON, JSON Lines, CSV, Parquet …; in one file, in several, or at an address."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from vademecum.errors import ContentError, UsageError, counted
from vademecum.format.json import canonical
from vademecum.version import __version__
from vademecum_builder.sources.base import (
    Changes,
    Checkpoint,
    EmptySourceError,
    Entry,
    Skipped,
    SourceError,
    SourceItem,
    digest_of,
)
from vademecum_builder.sources.fetched import Fetched, fetch, is_address
from vademecum_builder.sources.formats.merged_rows import merged
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.formats.record_lists import WHOLE, find_lists
from vademecum_builder.sources.formats.sheets import SHEETS
from vademecum_builder.sources.left_out import files_outside_of_published
from vademecum_builder.sources.private_fields import plain_name
from vademecum_builder.sources.private_keys import private_key_line
from vademecum_builder.sources.records import Failed, field_at, ids_in, instead, json_value, record_item, record_key
from vademecum_builder.sources.unzipped import ending_of, unzipped

ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".geojson", ".parquet")
"""Endings of the files that are read in a folder."""
SELDOM = (".xml", ".yaml", ".yml", ".toml", ".bib", ".ris", ".ics", *SHEETS)
"""Endings that are only read if there is none of the others, and sheets if there is nothing else: beside others, such
files belong to a program, or are notes."""
ID_NAMES = ("id", "_id", "key", "sku", "uuid", "guid", "slug", "handle", "_key")
"""The id if no field is named: the first of these fields that the first record has."""
_NUMBERED = re.compile(r"(?:.*_)?(?:id|key|no|nr|num|number|code)")
ALL = "*"
"""The id of records without an id field: a digest of all their fields."""
_KEY = "_key"
_NAMED = 30
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_STRATEGY = "http"
_FAILED = 1000
"""After this many unreadable records, no sample is taken."""


class Referring(NamedTuple):
    """A record: its ids, to what it refers in which fields, and whether it says that it is not public."""

    ids: Sequence[str]
    refers: Sequence[tuple[str, str]]
    is_private: bool

    def is_of(self, withheld: Mapping[str, Collection[str]]) -> bool:
        """Return whether it refers to one of these ids, by the fields that have them."""
        return any(said in withheld[name] for name, said in self.refers)


@dataclass(frozen=True)
class CatalogSource:
    """The records of a catalog, each with its id as the key.

    Attributes:
        place: A file, a folder, a glob (`data/*.json`), or an address.
        layout: How its files hold their records.
        id: The field that is the key; empty: one of `ID_NAMES`.
        needs: Fields that at least one record must have, each after the key in the settings that names it.
        where: The settings' file and line, for messages.
        merge: Whether to merge consecutive records with one id, such as rows for the variants of a product.
        called: Returns the name of a record: a record with the same id and name in another file is the same one, and is
            withheld if one of them is private.
        is_private: Whether a record is not public.
    """

    place: str
    layout: Layout = field(default_factory=Layout)
    id: str = ""
    needs: Sequence[tuple[str, str]] = ()
    where: str = ""
    merge: bool = False
    called: Callable[[Mapping[str, Any]], str] = field(default=lambda _: "", compare=False, repr=False)
    is_private: Callable[[Mapping[str, Any]], bool] = field(default=lambda _: False, compare=False, repr=False)

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything; for an address, nothing if it has not changed since the checkpoint.

        Raises:
            UsageError: There is nothing to read, or the checkpoint is not one of this source. While the entries are
                read: a file that is cut off or being written, or a field that no record has.
            NetworkError: The host does not answer.
            ServerError: The host has no such file.
        """
        if is_address(self.place):
            return self._fetched(since)
        if since is not None:
            raise UsageError(f"{self.place}: files have no checkpoint ({since.strategy})")
        listing = Listing(self)
        return Changes(listing.entries(_opened(self.files())), warnings=listing.warnings)

    def files(self) -> list[Path]:
        """Return the files, sorted; raise UsageError if there are none."""
        path = Path(self.place)
        if path.is_dir():
            found = [file for file in path.rglob("*") if ending_of(file.name) in (*ENDINGS, *SELDOM) and file.is_file()]
            found = [f for f in found if not any(part.startswith(".") for part in f.relative_to(path).parts)]
            found = files_outside_of_published(path, found)
            for usual in (ENDINGS, {*SELDOM} - {*SHEETS}):
                found = [file for file in found if ending_of(file.name) in usual] or found
        elif path.exists() or not set("*?[") & set(self.place):
            found = [path] if path.is_file() else []
        else:
            top = Path(path.anchor or ".")
            found = [file for file in top.glob(str(path.relative_to(path.anchor))) if file.is_file()]
        if not found:
            there = f"no {', '.join((*ENDINGS, *SELDOM))} file in this folder" if path.is_dir() else "no such file"
            raise SourceError(f"{self.place}: {there}")
        return sorted(found)

    def sample(self, most: int) -> list[dict[str, Any]]:
        """Return the first records, whatever their ids.

        Raises:
            UsageError: There is nothing to read, or nothing can be read.
            HostError: As `changes`.
        """
        found: list[dict[str, Any]] = []
        failed: list[str] = []
        with closing(self._records()) as records:
            while len(found) < most and len(failed) < _FAILED and (read := next(records, None)):
                if isinstance(read[1], Failed):
                    failed.append(f"{read[0]}: {read[1].reason}")
                else:
                    found.append(read[1])
        if not found:
            raise SourceError(f"{self.place}: no record in it can be read{f' ({failed[0]})' if failed else ''}")
        return found

    def shared(self, id: str, most: int) -> tuple[int, int]:
        """Return how many of the first records repeat a value of a field in their file, and how many were read. Errors:
        see `sample`."""
        with closing(self._records()) as records:
            read = islice(records, most)
            seen = Counter(
                (place.rpartition(":")[0], str(field_at(record, id)))
                for place, record in read
                if not isinstance(record, Failed)
            )
        return seen.total() - len(seen), seen.total()

    def references(self, fields: Sequence[str]) -> list[Referring]:
        """Return by what other records may refer to each, and to what it refers in some of its fields.

        Raises:
            UsageError: As `sample`, or a record cannot be read: what is of it may not be for everybody, either.
            HostError: As `sample`.
        """
        found = []
        with closing(self._records()) as records:
            for place, one in records:
                if isinstance(one, Failed):
                    raise UsageError(
                        f"{place}: {one.reason}; what refers to it may not be for everybody: repair it first"
                    )
                refers = [(name, id) for name in fields for id in ids_in(field_at(one, name))]
                found.append(Referring([*ids_of(one)], refers, self.is_private(one)))
        return found

    def _records(self) -> Generator[tuple[str, dict[str, Any] | Failed], None, None]:
        """Yield the records, each after its file and line."""
        with closing(self._bodies(self._files)) as bodies:
            for place, name, stream in bodies:
                try:
                    for number, record in self.read(place, name, stream):
                        yield f"{place}:{number}", record
                except ContentError as error:
                    raise SourceError(f"{place}: {error.message}") from error

    def read(
        self,
        place: str,
        name: str,
        stream: BinaryIO,
        warn: Callable[[str], None] = lambda told: None,  # noqa: ARG005
    ) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
        """Yield the records of a file, with the fields in the names of its folders; see `read_records`."""
        told = self._partitions(place)
        for number, record in read_records(stream, ending_of(name), self.layout, warn=warn):
            yield number, told | record if told and isinstance(record, dict) else record

    def _partitions(self, place: str) -> dict[str, Any]:
        """Return the fields in the names of folders, as written by Hive, Spark and DuckDB: `year=2024/month=01`; none
        for an address, whose `?token=a/b` is private."""
        if is_address(self.place):
            return {}
        above = [*takewhile(lambda part: not set("*?[") & set(part), Path(self.place).parts)]
        parts = (part.partition("=") for part in Path(place).parts[len(above) : -1])
        return {name: unquote(value) for name, equals, value in parts if name and equals and value != _NO_PARTITION}

    def lists_of_records(self, *, always: bool = False, one_of_many: bool = False) -> list[str]:
        """Return the paths of the lists in a file, that of the records first; empty: it need not be named.

        Args:
            always: Also return the path of an only list, which need not be named.
            one_of_many: Whether the file is one of several, each of which may be a record.

        Raises:
            UsageError, HostError: As `sample`.
        """
        files = self._files
        with closing(self._bodies(files)) as bodies:
            _, name, stream = next(bodies)
            try:
                return find_lists(stream, ending_of(name), always=always, one_of_many=one_of_many or len(files) > 1)
            except ContentError as error:
                raise SourceError(f"{self.place}: {error.message}") from error

    @property
    def _files(self) -> list[Path]:
        """The files; none for an address."""
        return [] if is_address(self.place) else self.files()

    def _bodies(self, files: Sequence[Path]) -> Generator[tuple[str, str, BinaryIO], None, None]:
        """Yield the open files, or that at the address."""
        yield from _opened(files)
        if not files and (fetched := fetch(self.place, {})):
            with closing(fetched.body), unzipped(fetched.body, self.place) as plain:
                yield self.place, self._file_name, plain

    @property
    def _file_name(self) -> str:
        return PurePosixPath(urlsplit(self.place).path).name or self.place

    def _fetched(self, since: Checkpoint | None) -> Changes:
        shaped = digest_of(repr((__version__, self.layout, self.id, self.merge)).encode())
        known: dict[str, Any] = since.read(_STRATEGY, f"the address {self.place}", json.loads) if since else {}
        # Other settings, or another version of this program, may read the same bytes differently.
        fetched = fetch(self.place, known["ask"] if known.get("shaped") == shaped else {})
        if fetched is None:
            return Changes(iter([since] if since else []))
        position = {"ask": fetched.validators, "shaped": shaped}
        checkpoint = Checkpoint(_STRATEGY, canonical(position).decode()) if fetched.validators else None
        listing = Listing(self)
        return Changes(self._received(listing, fetched, checkpoint), whole=True, warnings=listing.warnings)

    def _received(self, listing: Listing, fetched: Fetched, checkpoint: Checkpoint | None) -> Iterator[Entry]:
        with closing(fetched.body), unzipped(fetched.body, self.place) as plain:
            yield from listing.entries([(self.place, self._file_name, plain)])
        if checkpoint:
            yield checkpoint


def _opened(files: Sequence[Path]) -> Generator[tuple[str, str, BinaryIO], None, None]:
    for file in files:
        try:
            with file.open("rb") as stream, unzipped(stream, str(file)) as plain:
                before = os.fstat(stream.fileno())
                yield str(file), file.name, plain
                after = file.stat()
        except OSError as error:
            raise SourceError(f"{file}: cannot be read: {error.strerror}") from error
        if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
            raise SourceError(f"{file}: it was changed while it was read: build again when it is written")


def names_of_ids(record: Mapping[str, Any]) -> list[str]:
    """Return the fields by which other records may refer to one: its ids, else the first field with the name of an
    id."""
    named = [name for name in record if name.lower() in ID_NAMES]
    return named or [name for name in record if _NUMBERED.fullmatch(plain_name(name).lower())][:1]


def ids_of(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values by which other records may refer to one."""
    yield from (id for name in names_of_ids(record) for id in ids_in(record[name]))


class _Seen(NamedTuple):
    """A record that was read: its key, its id and its file; and, if there are several files, a digest of its content,
    its name, and whether it is private."""

    key: str
    id: str | int
    file: str
    said: str
    called: str
    is_private: bool


class Listing:
    """One reading of all files, with the ids and fields that were seen."""

    def __init__(self, source: CatalogSource) -> None:
        self.source = source
        self.id = source.id
        self.seen: dict[str, _Seen] = {}
        # Records with one id and one name in several files; if one of them is private, it comes first.
        self.alike_named: dict[tuple[str, str], list[_Seen]] = {}
        self.file = ""
        self.is_one_of_several = not is_address(source.place) and not Path(source.place).is_file()
        self.elsewhere = 0
        self.read = 0
        self.names: dict[str, None] = {}
        self.needs = [*source.needs, *([("id", source.id)] if source.id not in ("", ALL) else [])]
        self.missing = {path for _, path in self.needs}
        self.warnings: list[str] = []
        self.alike: Counter[str] = Counter()

    def entries(self, files: Iterable[tuple[str, str, BinaryIO]]) -> Iterator[Entry]:
        """Yield the records of the files, in order."""
        for place, name, stream in files:
            try:
                said: list[str] = []
                self.file = self._called(place)
                records = self.source.read(place, name, stream, said.append)
                for number, record in merged(records, self._id_or_none) if self.source.merge else records:
                    if self.source.layout.records == WHOLE and isinstance(record, dict):
                        record.setdefault(_KEY, self.file)
                    yield from self.entry(f"{name}:{number}", record)
                self.warnings += [f"{name}: {told}" for told in said]
            except ContentError as error:
                raise SourceError(f"{place}: {error.message}") from error
        if self.elsewhere:
            told = f"{counted(self.elsewhere, 'records')} with the {self.id} of another one in another file"
            self.warnings.append(f"{told}: their keys begin with what their file is called")
        self.check()

    def _called(self, place: str) -> str:
        """Return the path of a file in the folder that is read, without its ending."""
        path, top = Path(place), Path(self.source.place)
        return (path.relative_to(top) if top.is_dir() else Path(path.name)).with_suffix("").as_posix()

    def check(self) -> None:
        """Raise UsageError if there was no record, or none had a required field."""
        for key, path in self.needs if self.names else ():
            if path in self.missing:
                what = f"no record has a field {path!r}; {instead(path, self.names)}"
                raise UsageError(f"{self.source.where}: source.{key}: {what}")
        if not self.seen:
            if not self.read:
                raise EmptySourceError(f"{self.source.place}: there is no record; nothing is changed")
            raise SourceError(f"{self.source.place}: no record in it can be read")

    def entry(self, place: str, record: dict[str, Any] | Failed) -> Iterator[SourceItem | Skipped]:
        """Yield a record as an item, or why it is skipped. A private record also withholds earlier ones: it is yielded
        under the key of each.

        Args:
            place: The name of a record without an id of its own.
        """
        self.read += 1
        if isinstance(record, Failed):
            yield Skipped(place, record.reason, record.said)
            return
        self._note(record)
        id = self._id_of(record)
        if isinstance(id, Failed):
            yield Skipped(place, id.reason, str(record))
            return
        try:
            item = record_item(str(id), record)
        except RecursionError:
            yield Skipped(place, "nested too deeply", str(record))
            return
        one = self._listed(id, record, item)
        first = self.seen.get(one.key)
        if first and type(first.id) is type(id) and first.file != one.file and first.said != one.said:
            yield from self._of_another_file(place, one, first, record, item)
        else:
            yield from self._unique(place, one, record, item)

    def _of_another_file(
        self, place: str, one: _Seen, first: _Seen, record: Mapping[str, Any], item: SourceItem | Skipped
    ) -> Iterator[SourceItem | Skipped]:
        """Yield a record whose id a different record in another file has: its key begins with the name of its file.

        Records with one id and one name are taken for the same: if one of them is private, none is published.
        """
        key, one = one.key, one._replace(key=f"{self.file}/{one.key}")
        same = [first] if first.called == one.called else []
        same = self.alike_named.setdefault((key, one.called), same) if one.called else []
        if same and same[0].is_private and not one.is_private:
            yield Skipped(place, f"the record of its id {key} and its name in another file is not public")
        elif same and one.is_private and not same[0].is_private:
            yield from (replace(item, key=other.key) for other in same)
            same.insert(0, one)
        else:
            same.append(one)
            self.elsewhere += 1
            yield from self._unique(place, one, record, replace(item, key=one.key))

    def _unique(
        self, place: str, one: _Seen, record: Mapping[str, Any], item: SourceItem | Skipped
    ) -> Iterator[SourceItem | Skipped]:
        """Yield a record, unless an earlier one has its key."""
        first = self.seen.get(one.key)
        if first and type(first.id) is not type(one.id):
            reason = f"its id is {one.id!r}, and that of another record is the same in another type"
            yield Skipped(place, reason, str(record))
        elif first and self.source.is_private(record):
            yield item  # withholds the earlier one
        elif first:
            yield Skipped(place, f"its id {one.key} is that of an earlier record, which stands", str(record))
        elif isinstance(item, SourceItem) and private_key_line(item.data):
            yield Skipped(place, "it holds a private key, which everybody could read: take it out")
        else:
            self.seen[one.key] = one
            yield item

    def _listed(self, id: str | int, record: Mapping[str, Any], item: SourceItem | Skipped) -> _Seen:
        if not self.is_one_of_several or isinstance(item, Skipped):
            return _Seen(str(id), id, self.file, "", "", is_private=False)
        said, source = digest_of(item.data), self.source
        return _Seen(str(id), id, self.file, said, source.called(record), source.is_private(record))

    def _digest(self, record: Mapping[str, Any]) -> str | Failed:
        """Return an id from all fields of a record; equal records get numbers."""
        try:
            digest = digest_of(canonical(json_value(record)))
        except RecursionError:
            return Failed("nested too deeply")
        self.alike[digest] += 1
        return digest if self.alike[digest] == 1 else f"{digest}-{self.alike[digest]}"

    def _note(self, record: Mapping[str, Any]) -> None:
        """Note the fields of a record, as long as required ones are missing."""
        if self.missing:
            self.names |= dict.fromkeys(record)
            self.missing -= {path for path in self.missing if field_at(record, path) is not None}

    def _id_or_none(self, record: Mapping[str, Any]) -> str | int | Failed:
        id = self._id_of(record)
        return "" if isinstance(id, Failed) and field_at(record, self.id) in (None, "") else id

    def _id_of(self, record: Mapping[str, Any]) -> str | int | Failed:
        if not self.id:
            found = next((name for name in ID_NAMES if name in record), None)
            if found is None:
                said = ", ".join(list(record)[:_NAMED])
                raise UsageError(
                    f"{self.source.where}: source.id is missing: which of {said} identifies a record? "
                    f'If none does, write id = "{ALL}"'
                )
            self.id = found
        if self.id == ALL:
            return self._digest(record)
        id = field_at(record, self.id)
        if id is None or id == "":
            return Failed(f"no id: {self.id} is empty or not there")
        if record_key(id) is None:
            return Failed(f"no id: {str(id)[:40]!r} is neither a short text that can be shown nor a whole number")
        return id  # type: ignore[no-any-return]  # text or a whole number, as was asked above
