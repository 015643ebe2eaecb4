"""What holds for every source: the folder, one in memory that knows what changed, and each connector to come."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest

from support.pages_host import PagesHost
from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import MARKDOWN, Changes, Checkpoint, Entry, Removed, Skipped, Source, SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.databases.capture import Triggers, run_statements
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.debezium import DebeziumEvents
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.feed import FeedSource
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.function import FunctionSource
from vademecum_builder.sources.git import Clone, GitSource
from vademecum_builder.sources.messages.exports import Export
from vademecum_builder.sources.messages.message import Limits
from vademecum_builder.sources.messages.view import MessageView

ONE = {"a.md": "Ann", "b/c.md": "Cat", "é.md": "Eve"}
TWO = {"a.md": "Ann again", "d.md": "Dan", "é.md": "Eve"}


class Place(Protocol):
    """Where a source's documents lie. A new connector needs one of these, and a line in `PLACES`."""

    def write(self, documents: Mapping[str, str]) -> None:
        """Let these documents be all there is."""

    def source(self) -> Source:
        """Return the source as a build makes it: nothing is remembered from one build to the next."""
        ...


@dataclass
class Folder:
    root: Path

    def write(self, documents: Mapping[str, str]) -> None:
        for path in self.root.rglob("*.md"):
            path.unlink()
        for key, text in documents.items():
            (self.root / key).parent.mkdir(exist_ok=True)
            (self.root / key).write_text(text)

    def source(self) -> Source:
        return FolderSource(self.root)


@dataclass
class Log:
    """A table with a log of its changes, as a database has one: the position in it is the checkpoint."""

    root: Path
    documents: dict[str, str] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def write(self, documents: Mapping[str, str]) -> None:
        keys = sorted({*documents, *self.documents}, key=str.encode)
        self.touched += [key for key in keys if documents.get(key) != self.documents.get(key)]
        self.documents = dict(documents)

    def source(self) -> Source:
        return LogSource(self)


@dataclass
class LogSource:
    log: Log

    def changes(self, since: Checkpoint | None) -> Changes:
        if since is not None and since.strategy != "log":
            raise UsageError(f"not a checkpoint of this source: {since.strategy}")
        if not self.log.documents:
            raise UsageError("nothing to read")
        touched = self.log.documents.keys() if since is None else set(self.log.touched[int(since.position) :])
        there = sorted(touched & self.log.documents.keys(), key=str.encode)
        items = [SourceItem(key, MARKDOWN, self.log.documents[key].encode()) for key in there]
        gone = [Removed(key) for key in sorted(touched - self.log.documents.keys())] if since else []
        return Changes(iter([*items, *gone, Checkpoint("log", str(len(self.log.touched)))]))


@dataclass
class Table:
    """A table of an SQLite database; its rows are compared whole."""

    root: Path
    cursor: str = ""
    step: int = 0

    def write(self, documents: Mapping[str, str]) -> None:
        self.step += 1
        with closing(sqlite3.connect(self.root / "a.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS page (id PRIMARY KEY, text, step, gone)")
            database.execute("UPDATE page SET gone = 1, step = ? WHERE gone IS NULL", [self.step])
            rows = [(key, text, self.step) for key, text in documents.items()]
            database.executemany("REPLACE INTO page VALUES (?, ?, ?, NULL)", rows)

    def source(self) -> Source:
        (self.root / "a.db").touch()
        database = Database("sqlite:///a.db", self.root)
        return TextOf(TableSource(database, "page", cursor=self.cursor, deleted="gone"))


class CursorTable(Table):
    """One that is read by a column that rises."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "step")


class CapturedTable(Table):
    """One whose changes triggers capture; rows are deleted."""

    def write(self, documents: Mapping[str, str]) -> None:
        with closing(sqlite3.connect(self.root / "a.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS page (id PRIMARY KEY, text)")
            if not self.capture().status()["installed"]:
                run_statements(self.capture().table, self.capture().install())
            for (key,) in database.execute("SELECT id FROM page").fetchall():
                if key not in documents:
                    database.execute("DELETE FROM page WHERE id = ?", [key])
            upsert = "INSERT INTO page VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text"
            database.executemany(upsert, documents.items())

    def capture(self) -> Triggers:
        (self.root / "a.db").touch()
        return Triggers(TableSource(Database("sqlite:///a.db", self.root), "page"))

    def source(self) -> Source:
        return TextOf(self.capture())


@dataclass
class Events:
    """A log in Debezium's shape."""

    root: Path
    documents: dict[str, str] = field(default_factory=dict)

    def write(self, documents: Mapping[str, str]) -> None:
        gone = [{"op": "d", "before": {"id": key}} for key in self.documents.keys() - documents.keys()]
        put = [
            {"op": "u", "after": {"id": key, "text": text}}
            for key, text in documents.items()
            if self.documents.get(key) != text
        ]
        with (self.root / "events.jsonl").open("a") as stream:
            stream.writelines(f"{json.dumps(event)}\n" for event in gone + put)
        self.documents = dict(documents)

    def source(self) -> Source:
        return TextOf(DebeziumEvents(self.root / "events.jsonl"))


@dataclass
class Chat:
    """An export of messages, each a conversation by itself."""

    root: Path

    def write(self, documents: Mapping[str, str]) -> None:
        messages = [
            {"id": key, "time": int(sha256(key.encode()).hexdigest()[:6], 16) * 5000, "author": "", "text": text}
            for key, text in documents.items()
        ]
        (self.root / "chat.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in messages))

    def source(self) -> Source:
        fields = {name: name for name in ("id", "time", "author", "text")}
        export = Export(self.root / "chat.jsonl", fields=fields)
        return TextOf(MessageView(export, "conversation", Limits()), "conversation/-/")


@dataclass
class TextOf:
    """Records as texts: what holds for items holds for them too."""

    records: Source
    prefix: str = ""

    def changes(self, since: Checkpoint | None) -> Changes:
        said = self.records.changes(since)
        return replace(said, entries=map(self._text, said.entries))

    def _text(self, entry: Entry) -> Entry:
        if isinstance(entry, Checkpoint):
            return entry
        entry = replace(entry, key=entry.key.removeprefix(self.prefix))
        if isinstance(entry, SourceItem):
            record = json.loads(entry.data)
            [told] = record.get("messages", [record])
            return replace(entry, data=told["text"].encode())
        return entry


class Catalog:
    """A file of JSON Lines."""

    def __init__(self, root: Path) -> None:
        self.file = root / "a.jsonl"

    def write(self, documents: Mapping[str, str]) -> None:
        lines = [json.dumps({"id": key, "text": text}) for key, text in documents.items()]
        self.file.write_text("\n".join(lines))

    def source(self) -> Source:
        return TextOf(CatalogSource(str(self.file)))


class FetchedCatalog(Catalog):
    """One at an address, with an ETag."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.file.touch()
        self.host = PagesHost(root).start()

    def source(self) -> Source:
        return TextOf(CatalogSource(f"{self.host.url}{self.file.name}"))

    def close(self) -> None:
        self.host.stop()


class Feed:
    """An RSS feed, whose entries are all that there is."""

    def __init__(self, root: Path) -> None:
        self.file = root / "a.xml"

    def write(self, documents: Mapping[str, str]) -> None:
        items = (f"<item><guid>{key}</guid><description>{text}</description></item>" for key, text in documents.items())
        self.file.write_text(f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>')

    def source(self) -> Source:
        return TextOf(FeedSource(str(self.file), keep=False))


class Function:
    """A function that yields dicts."""

    def __init__(self, root: Path) -> None:
        self.documents: dict[str, str] = {}

    def write(self, documents: Mapping[str, str]) -> None:
        self.documents = dict(documents)

    def source(self) -> Source:
        rows = [{"id": key, "text": text} for key, text in self.documents.items()]
        return TextOf(FunctionSource(lambda: rows, CatalogSource("rows")))


class Git(Folder):
    """A repository, with a commit for each state."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "repository")
        self.root.mkdir()
        self._git("init", "-q")

    def write(self, documents: Mapping[str, str]) -> None:
        super().write(documents)
        self._git("add", "-A")
        self._git("-c", "user.name=a", "-c", "user.email=a@a.example", "commit", "-q", "-m", "x")

    def source(self) -> Source:
        repository = Clone(str(self.root), cache=self.root.parent / "cache")
        return GitSource(repository, "", FolderSource(repository.files))

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True)


PLACES: Mapping[str, type[Folder | Log | Table | Catalog | Chat | Feed | Function | Events]] = {
    "catalog": Catalog,
    "fetched": FetchedCatalog,
    "feed": Feed,
    "function": Function,
    "git": Git,
    "folder": Folder,
    "log": Log,
    "table": Table,
    "cursor": CursorTable,
    "captured": CapturedTable,
    "debezium": Events,
    "messages": Chat,
}


@pytest.fixture(
    params=[pytest.param(one, marks=pytest.mark.process if one is Git else ()) for one in PLACES.values()],
    ids=list(PLACES),
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made: Place = request.param(tmp_path)
    yield made
    if isinstance(made, FetchedCatalog):
        made.close()


@dataclass
class Said:
    """What a source said: texts by key, what is gone, and the last checkpoint."""

    texts: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    gone: set[str] = field(default_factory=set)
    checkpoint: Checkpoint | None = None


def read(changes: Changes) -> Said:
    said = Said(whole=changes.whole)
    for entry in changes.entries:
        assert not isinstance(entry, Skipped)
        if isinstance(entry, Checkpoint):
            said.checkpoint = entry
        elif isinstance(entry, Removed):
            said.gone.add(entry.key)
        else:
            assert entry.key not in said.texts
            said.texts[entry.key] = entry.text()
    return said


def test_without_a_checkpoint_it_is_everything(place: Place) -> None:
    place.write(ONE)
    said = read(place.source().changes(None))
    assert (said.texts, said.gone) == (ONE, set())


def test_the_same_content_gives_the_same_entries(place: Place) -> None:
    place.write(ONE)
    first, second = place.source().changes(None), place.source().changes(None)
    assert list(first.entries) == list(second.entries)


def test_what_is_told_since_a_checkpoint_makes_the_old_state_the_new_one(place: Place) -> None:
    place.write(ONE)
    before = read(place.source().changes(None))
    place.write(TWO)
    after = read(place.source().changes(before.checkpoint))
    old = before.texts if before.checkpoint and not after.whole else {}
    assert {key: text for key, text in old.items() if key not in after.gone} | after.texts == TWO
    assert read(place.source().changes(None)).texts == TWO


def test_a_source_that_gives_checkpoints_tells_nothing_twice(place: Place) -> None:
    place.write(ONE)
    since = read(place.source().changes(None)).checkpoint
    if since is not None:
        assert read(place.source().changes(since)) == Said(checkpoint=since)


def test_a_checkpoint_of_another_source_is_refused(place: Place) -> None:
    place.write(ONE)
    with pytest.raises(UsageError):
        read(place.source().changes(Checkpoint("of another source", "7")))


def test_nothing_to_read_is_said(place: Place) -> None:
    with pytest.raises(UsageError):
        read(place.source().changes(None))


def test_a_checkpoint_outlives_the_process() -> None:
    for position in ("4711", "a hash, " * 10_000):
        checkpoint = Checkpoint("since-id", position)
        assert Checkpoint.decode(checkpoint.encode()) == checkpoint


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"strategy": "log", "position": 7}', b"\xff"])
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        Checkpoint.decode(data)
