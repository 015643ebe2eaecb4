"""`kind = "messages"`: from the settings to hits, and what they may not say."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data.chat import Chat
from vademecum import KnowledgeBase
from vademecum.errors import UsageError
from vademecum.format.json import canonical
from vademecum.format.markup import Code
from vademecum_builder.build import BuildReport, build
from vademecum_builder.kinds.messages import ConversationReader
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.kinds.templates import Template
from vademecum_builder.readers.document import Document
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import RECORD, SourceItem
from vademecum_builder.sources.messages.exports import Export
from vademecum_builder.sources.messages.message import Limits
from vademecum_builder.sources.messages.view import MessageView

SETTINGS = """
site = false
[[source]]
name = "chat"
kind = "messages"
url = "sqlite:///chat.db"
table = "message"
channel = "channel"
thread = "thread"
reply-to = "reply_to"
updated = "updated"
deleted = "deleted"
link = "https://chat.example/{channel}/{id}"
strategies = ["conversation", "window"]
"""


def release(folder: Path, settings: str = SETTINGS, out: str = "site") -> BuildReport:
    (folder / "vademecum.toml").write_text(settings.replace("site = false", f'site = false\nout = "{out}"'))
    return build(read_settings(folder / "vademecum.toml"))


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chat:
    monkeypatch.chdir(tmp_path)
    made = Chat(300)
    made.next_day()
    made.write_database(tmp_path / "chat.db")
    return made


def documents(site: str) -> dict[str, object]:
    with KnowledgeBase.open(Path(f"{site}.db"), url=site) as kb:
        kb.sync()
        return {page.key: page for page in kb.documents()}


def read(record: dict[str, object]) -> Document | str:
    return ConversationReader(Limits()).read(SourceItem("a", RECORD, canonical(record)))


def test_code_is_code_and_a_conversation_has_the_title_of_its_mail() -> None:
    first = {
        "time": "2026-01-01T10:00:00Z",
        "author": "ann",
        "text": "Try\n```py\na = 1\n\nb\n```\nor",
        "subject": "Pool",
    }
    second = {**first, "text": "```b = 2```", "subject": "Pool"}
    third = {**first, "author": "", "text": "Hi", "subject": "Other"}
    record: dict[str, object] = {"channel": "list", "strategy": "conversation", "messages": [first, second, third]}
    document = read(record)
    assert isinstance(document, Document) and document.title == "Pool"
    code, inline = Code("a = 1\n\nb", "py"), Code("b = 2")
    assert document.sections[0].blocks == ("ann: Try", code, "or", "ann:", inline, "Other", "Hi")
    other = read(record | {"strategy": "window"})
    assert isinstance(other, Document) and other.title == "list, 2026-01-01"
    assert other.sections[0].blocks[0] == "Pool"
    assert document.metadata == {
        "strategy": "conversation", "authors": ["ann"], "from": first["time"], "to": first["time"], "messages": 3,
        "updated": first["time"], "channel": "list",
    }  # fmt: skip
    edited = [second | {"id": "7", "updated": "2026-01-02T00:00:00Z", "text": "```a b\nc```\n\n\n d \n"}, first]
    linked = ConversationReader(Limits(), Template.parse("https://chat.example/{channel}/{id}"))
    item = SourceItem("k", RECORD, canonical({"channel": "", "strategy": "window", "messages": edited}))
    told = linked.read(item)
    assert isinstance(told, Document) and (told.key, told.title, told.url) == ("k", "2026-01-01", "")
    assert told.metadata["updated"] == "2026-01-02T00:00:00Z" and "channel" not in told.metadata
    assert told.sections[0].blocks == ("Pool", "ann:", Code("a b\nc"), " d", "ann: Try", code, "or")
    channel = SourceItem("k", RECORD, canonical({"channel": "a/b", "strategy": "window", "messages": edited}))
    assert linked.read(channel).url == "https://chat.example/a%2Fb/7"  # type: ignore[union-attr]
    assert (
        len({linked.shaped_by(item), *(ConversationReader(Limits(zone=zone)).shaped_by(item) for zone in (None, UTC))})
        == 3
    )
    empty: dict[str, object] = {"channel": "", "strategy": "window", "messages": [first | {"text": " ", "subject": ""}]}
    assert read(empty) == "messages without text"


def test_the_settings_say_where_messages_lie_and_how_they_are_put_together(tmp_path: Path) -> None:
    settings = """
path = "out"
shape = "jsonl"
records = "data.said"
time = "at"
reply-to = "answers"
zone = "UTC"
drafts = true
strategies = ["temporal", "window"]
window = "2d"
gap = "3h"
silence = "4h"
messages = 10
overlap = 5
tokens = 7
look-back = "8d"
"""
    (tmp_path / "vademecum.toml").write_text(f'[[source]]\nkind = "messages"{settings}')
    request = read_settings(tmp_path / "vademecum.toml")
    [views] = open_sources(request).values()
    fields = {"id": "id", "time": "at", "author": "author", "text": "text", "reply_to": "answers"}
    archive = Export(tmp_path / "out", "jsonl", fields, ZoneInfo("UTC"), request.sources[0].where, "data.said", True)
    hours = timedelta(hours=1)
    limits = Limits(48 * hours, 3 * hours, 4 * hours, 10, 5, 7, ZoneInfo("UTC"), 8 * 24 * hours)
    assert [(one.source, one.view) for one in views] == [
        (MessageView(archive, "temporal", limits), "temporal"),
        (MessageView(archive, "window", limits, counts=False), "window"),
    ]
    assert [one.reader() for one in views] == [ConversationReader(limits)] * 2
    (tmp_path / "vademecum.toml").write_text('[[source]]\nkind = "messages"\npath = "out"\n')
    [[plain]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    named = {name: name for name in ("id", "time", "author", "text")}
    archive = Export(tmp_path / "out", "", named, None, request.sources[0].where)
    assert (plain.source, plain.view) == (MessageView(archive, "conversation", Limits()), "conversation")


@pytest.mark.slow
def test_each_day_gives_what_a_build_from_nothing_gives(chat: Chat, tmp_path: Path) -> None:
    release(tmp_path)
    for day in chat.days(3):
        chat.write_database(tmp_path / "chat.db")
        release(tmp_path)
        release(tmp_path, out=f"anew-{day}")
        assert documents("site") == documents(f"anew-{day}")
    key = next(iter(documents("site")))
    assert key.startswith(("chat:conversation/", "chat:window/"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('url = "sqlite:///chat.db"', "", r"name a database \(url\) or a file \(path\)"),
        ('url = "sqlite:///chat.db"', 'url = "sqlite:///chat.db"\npath = "a"', "url and path: take one of them out"),
        ('"message"', '"messages"', "source.table: .*did you mean message"),
        ('"thread"', '"thred"', "source.thread: .*no column 'thred'; did you mean thread"),
        ('"reply_to"', '"repl_to"', "source.reply-to: .*did you mean reply_to"),
        ('"window"', '"windows"', "source.strategies: expected a list of conversation, temporal, window, tokens"),
        ('"window"]', '"window"]\ngap = "soon"', "source.gap: expected a duration, as in 30m"),
        ('"window"]', '"window"]\noverlap = 11', "source.overlap: 11 is half of messages or more"),
        ('"window"]', '"window"]\ntokens = 0', "source.tokens: expected a number of tokens above 0"),
        ('"window"]', '"window"]\nzone = "Mars"', "source.zone: expected the zone of times"),
        ('"window"]', '"window"]\nshape = "teams"', "source.shape: expected jsonl, slack, discord, telegram"),
        ("{id}", "{idd}", "source.link: .*there is no field 'idd'; did you mean id"),
        ('deleted = "deleted"', 'time = "tim"', "source.time: .*no column 'tim'; did you mean time"),
    ],
)
def test_settings_that_cannot_be_meant(chat: Chat, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        release(tmp_path, SETTINGS.replace(old, new))
    assert not (tmp_path / "site").exists()


def test_private_chats_are_published_where_the_settings_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = {"id": 1, "type": "message", "date_unixtime": "1704103260", "from": "Ann", "text": "Hello to all of you"}
    chats = [{"name": kind, "type": kind, "messages": [one]} for kind in ("personal_chat", "public_supergroup")]
    (tmp_path / "result.json").write_text(json.dumps({"chats": {"list": chats}}))
    settings = 'site = false\n[[source]]\nname = "chat"\nkind = "messages"\nshape = "telegram"\npath = "result.json"\n'
    report = release(tmp_path, settings)
    assert report.documents == 1
    assert report.left_out == {"messages of private chats (drafts = true includes them)": 1}
    assert release(tmp_path, settings + "drafts = true\n").documents == 2


@pytest.mark.parametrize("place", ['path = "chat.jsonl"', 'url = "sqlite:///chat.db"\ntable = "message"'])
def test_a_message_that_says_that_it_is_internal_is_left_out_until_it_says_so_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = f'site = false\n[[source]]\nname = "chat"\nkind = "messages"\n{place}\n'

    def said(internal: tuple[bool, bool], more: str = "") -> tuple[int, int]:
        told = [
            {"id": n + 1, "time": 1704103260 + 7200 * n, "author": "Ann", "text": f"Hello, {n}", "internal": one}
            for n, one in enumerate(internal)
        ]
        Path("chat.jsonl").write_text("\n".join(map(json.dumps, told)))
        Path("chat.db").unlink(missing_ok=True)
        with closing(sqlite3.connect("chat.db")) as chat, chat:
            chat.execute("CREATE TABLE message (id, time, author, text, internal)")
            chat.executemany("INSERT INTO message VALUES (:id, :time, :author, :text, :internal)", told)
        report = release(tmp_path, settings + more)
        name = "messages that are not public: internal (drafts = true includes them)"
        return report.documents, report.left_out.get(name, 0)

    assert said((False, True)) == (1, 1)
    assert said((True, False)) == (1, 1)
    assert said((True, False), "drafts = true\n") == (2, 0)
