"""Archives of messages: what changes in the documents when a message does, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data.chat import Chat
from support.applied_changes import AppliedChanges, differing
from vademecum.errors import UsageError
from vademecum_builder.kinds.messages import ConversationReader
from vademecum_builder.readers.document import Document
from vademecum_builder.sources.base import RECORD, Checkpoint, Skipped, SourceItem
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.messages.cuts import Message, Piece, by_count, by_time, by_tokens, tokens
from vademecum_builder.sources.messages.exports import Export
from vademecum_builder.sources.messages.message import Limits, make_message
from vademecum_builder.sources.messages.table import MessageTable
from vademecum_builder.sources.messages.view import STRATEGIES, MessageView
from vademecum_builder.sources.times import time_before, time_form

FIELDS = {name: name for name in
          ("id", "time", "author", "text", "channel", "thread", "reply_to", "updated", "deleted")}  # fmt: skip
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def said(id: int, minutes: float = 0, text: str = "", **others: str) -> Message:
    message = Message(str(id), NOON + timedelta(minutes=minutes), "Ann", text or f"Message {id}.")
    return replace(message, **others)  # type: ignore[arg-type]


@dataclass
class Memory:
    messages: list[Message | Skipped] = field(default_factory=list)
    name: str = "memory"

    def read(self) -> Iterator[Message | Skipped]:
        return iter(self.messages)


def documents(messages: list[Message], strategy: str, limits: Limits | None = None) -> dict[str, list[str]]:
    """Return the ids of the messages of each document."""
    told = AppliedChanges().listen(MessageView(Memory([*messages]), strategy, limits or Limits()))
    return {key: [one["id"] for one in json.loads(data)["messages"]] for key, data in told.items.items()}


def table_view(
    folder: Path, strategy: str, limits: Limits | None = None, fields: dict[str, str] = FIELDS, zone: str = ""
) -> MessageView:
    rows = TableSource(Database("sqlite:///chat.db", folder), "message")
    return MessageView(MessageTable(rows, fields, ZoneInfo(zone) if zone else None), strategy, limits or Limits())


def changed(told: AppliedChanges, view: MessageView) -> tuple[set[str], set[str]]:
    """Listen; return what is another document, and what is gone: of an export, which is told whole, too."""
    before = dict(told.items)
    told.listen(view)
    return differing(before, told.items)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("shape", ["database", "export"])
def test_what_is_told_day_by_day_is_what_a_full_reading_finds(strategy: str, shape: str, tmp_path: Path) -> None:
    chat, told = Chat(600), AppliedChanges()
    view = table_view(tmp_path, strategy)
    if shape == "export":
        view = MessageView(Export(tmp_path / "chat.jsonl", "jsonl", FIELDS), strategy, Limits())
    for _ in chat.days(6):
        if shape == "export":
            chat.write_json_lines(tmp_path / "chat.jsonl")
        else:
            chat.write_database(tmp_path / "chat.db")
        news, gone = changed(told, view)
        assert told.items == AppliedChanges().listen(view).items
        if shape == "database":
            assert (told.news, told.gone) == (news, gone)
        live = {str(row.id) for row in chat.rows.values() if not row.deleted}
        assert {one["id"] for data in told.items.values() for one in json.loads(data)["messages"]} == live
        # A message touches the document that it is in, and at most those beside it.
        assert len(news) + len(gone) <= 3 * len(chat.touched)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_new_message_touches_the_open_end_only(strategy: str) -> None:
    messages = [said(id, id * 3 if id % 40 else id * 3 + 200) for id in range(300)]
    archive = Memory([*messages])
    view = MessageView(archive, strategy, Limits())
    told = AppliedChanges().listen(view)
    for id in range(300, 320):
        archive.messages.append(said(id, id * 3 + 200))
        news, gone = changed(told, view)
        assert (len(news) <= 2, gone) == (True, set())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_edit_modifies_the_documents_that_it_is_in(strategy: str) -> None:
    archive = Memory([said(id, id * 3) for id in range(500)])
    view = MessageView(archive, strategy, Limits(overlap=0))
    told = AppliedChanges().listen(view)
    archive.messages[100] = said(100, 300, "Message 000.")
    news, gone = changed(told, view)
    assert (len(news), gone) == (1, set())


@pytest.mark.parametrize("strategy", ["window", "tokens"])
def test_a_deletion_moves_no_cut_but_those_beside_it(strategy: str) -> None:
    messages = [said(id, id * 3) for id in range(400)]
    before = documents(messages, strategy, Limits(overlap=0))
    changed = 0
    for gone in range(100, 300, 10):
        after = documents(messages[:gone] + messages[gone + 1 :], strategy, Limits(overlap=0))
        now = sum(before.get(key) != ids for key, ids in after.items()) + len(before.keys() - after.keys())
        assert now <= 4
        changed += now
    assert changed <= 20 * 2


def test_pieces_are_as_large_as_was_asked_for() -> None:
    messages = [said(id, id, "word " * (id % 60 + 1)) for id in range(5000)]
    counts = [len(piece.messages) for piece in by_count(messages, 20)]
    assert sum(counts) == 5000
    assert (max(counts) <= 40, 18 < sum(counts) / len(counts) < 22) == (True, True)
    pieces = [piece.messages for piece in by_tokens(messages, 400)]
    assert [message for piece in pieces for message in piece] == messages
    weights = [sum(map(tokens, piece)) for piece in pieces]
    assert max(weights) <= 400 and sum(weights) / len(weights) > 150
    long = said(0, 0, "word " * 1000)
    assert [piece.messages for piece in by_tokens([long, said(1, 1)], 400)] == [[long], [said(1, 1)]]


def test_where_a_size_is_cut_stays_the_same_in_every_version() -> None:
    """Elsewhere cut, every document of every archive is another one."""
    messages = [said(id, id, "word " * (id % 5 + 1), channel="c") for id in range(30)]

    def cut(pieces: Iterable[Piece]) -> str:
        told = [(" ".join(one.id for one in piece.messages), "" if piece.sure else "?") for piece in pieces]
        return " | ".join(ids + unsure for ids, unsure in told)

    assert cut(by_count(messages, 4)) == (
        "0 1 2 3 4 5 | 6 7 8 9 10 | 11 12 13 14 15 16 17 18 | 19 20? | 21 22 23 | 24 25 26 27 28 29"
    )
    assert cut(by_count(messages, 4, 1)) == (
        "0 1 2 3 4 5 | 5 6 7 8 9 10 | 10 11 12 13 14 15 16 17 18 | 18 19 20? | 20 21 22 23 | 23 24 25 26 27 28 29"
    )
    assert cut(by_tokens(messages, 20)) == (
        "0 1 2 | 3 | 4 5 | 6 7 8 | 9 10 | 11 12 13 | 14 | 15 16 | 17 18 | 19 20 | 21 22 | 23 | 24 25 | 26 27 | 28 29"
    )
    assert [tokens(one) for one in messages[:5]] == [3, 4, 5, 6, 8]  # four characters, or a word
    assert tokens(said(1, 0, "a b c d e f g")) == 8
    many = [*by_count(messages, 4, 2)]
    assert [piece.repeated for piece in many] == [0, 2, 2, 2, 2, 2] and many[1].first.id == "6"


def test_a_piece_of_a_window_begins_with_what_was_said_before() -> None:
    plain = documents([said(id, id) for id in range(200)], "window", Limits(messages=10, overlap=0))
    more = documents([said(id, id) for id in range(200)], "window", Limits(messages=10, overlap=2))
    assert plain.keys() == more.keys()
    first, *others = sorted(plain, key=lambda key: int(plain[key][0]))
    assert plain[first] == more[first]
    for key in others:
        begin = int(plain[key][0])
        assert more[key] == [str(begin - 2), str(begin - 1), *plain[key]]


def test_days_end_at_midnight_of_the_zone_and_silence_ends_a_document() -> None:
    messages = [said(1, 0), said(2, 119), said(3, 240), said(4, 359), said(5, 361), said(6, 362)]
    pieces = by_time(messages, timedelta(days=1), timedelta(hours=2), ZoneInfo("Asia/Karachi"))  # 18:00 is 23:00
    assert [[one.id for one in piece.messages] for piece in pieces] == [["1", "2"], ["3", "4", "5", "6"]]
    pieces = by_time(messages, timedelta(days=1), timedelta(hours=9), ZoneInfo("Asia/Dhaka"))  # 18:00 is midnight
    assert [[one.id for one in piece.messages] for piece in pieces] == [["1", "2", "3", "4"], ["5", "6"]]
    pieces = by_time(messages, timedelta(hours=6), timedelta(hours=9), None)
    assert [[one.id for one in piece.messages] for piece in pieces] == [["1", "2", "3", "4"], ["5", "6"]]


def test_answers_and_threads_are_of_the_conversation_that_they_answer() -> None:
    messages = [
        said(1, 0),
        said(2, 1, thread="1"),
        said(3, 10),
        said(4, 500),
        said(5, 501, reply_to="3"),
        said(6, 502, reply_to="5"),
        said(7, 503, reply_to="99"),
        said(8, 900, thread="1"),
    ]
    assert documents(messages, "conversation") == {
        "conversation/-/1": ["1", "2", "8"],
        "conversation/-/3": ["3", "5", "6"],
        "conversation/-/4": ["4", "7"],
    }


def test_a_silence_is_longer_than_it_may_be() -> None:
    messages = [said(1, 0), said(2, 60), said(3, 120.1), said(4, 240.1), said(5, 360.2)]
    assert [*documents(messages, "conversation").values()] == [["1", "2"], ["3"], ["4"], ["5"]]
    assert [*documents(messages, "temporal").values()] == [["1", "2", "3", "4"], ["5"]]


def test_channels_are_apart() -> None:
    messages = [said(1, 0, channel="a/b"), said(2, 1, channel="c"), replace(said(1, 1), channel="c", text="other")]
    assert documents(messages, "temporal") == {"temporal/a%2Fb/1": ["1"], "temporal/c/1": ["1", "2"]}


def test_equal_times_are_in_the_order_of_their_ids() -> None:
    assert documents([said(10), said(9), said(2)], "temporal") == {"temporal/-/2": ["2", "9", "10"]}


def test_an_id_that_stands_twice_is_taken_from_nobody() -> None:
    archive = Memory([said(1), said(2), said(2), said(3), said(3, 1), Skipped("row 9", "no id")])
    told = AppliedChanges().listen(MessageView(archive, "temporal", Limits()))
    assert [one["id"] for one in json.loads(told.items["temporal/-/1"])["messages"]] == ["1", "2"]
    assert told.left_out == [
        Skipped("row 9", "no id"),
        Skipped("-/3", "several messages have this id: none of them is taken"),
    ]


def test_other_limits_are_told_as_a_change() -> None:
    archive = Memory([said(id, id) for id in range(100)])
    told = AppliedChanges().listen(MessageView(archive, "window", Limits(messages=10)))
    view = MessageView(archive, "window", Limits(messages=30))
    assert [view.changes(since).whole for since in (None, Checkpoint("window", ""))] == [False, True]
    told.listen(view)
    assert told.items == AppliedChanges().listen(MessageView(archive, "window", Limits(messages=30))).items


def test_an_archive_without_messages_is_refused() -> None:
    with pytest.raises(UsageError, match="memory: there is no message; nothing is changed"):
        AppliedChanges().listen(MessageView(Memory(), "window", Limits()))


@pytest.mark.parametrize(
    "checkpoint", [Checkpoint("tokens", "{}"), Checkpoint("window", "[1]"), Checkpoint("window", "")]
)
def test_what_is_no_checkpoint_of_the_view_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a checkpoint of window"):
        table_view(tmp_path, "window").changes(checkpoint)


def test_a_time_without_a_zone_is_refused_unless_somebody_says_which() -> None:
    told = {"id": 7, "time": "2026-10-25 02:30:00", "text": "a"}
    with pytest.raises(UsageError, match=r"line 3: message 7: .* has no zone.*zone = \"Europe/Berlin\""):
        make_message(told, None, "vademecum.toml, line 3")
    message = make_message(told, ZoneInfo("Europe/Berlin"), "")
    # That night a clock shows 02:30 twice: it is read as the first.
    assert isinstance(message, Message) and message.time == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"time": 1, "id": None}, "its id is None"),
        ({"time": 1, "id": 1.5}, "its id is 1.5"),
        ({"time": "yesterday", "id": 1}, "its time: 'yesterday' is not a time"),
        ({"time": None, "id": 1}, "its time: None is not a time"),
    ],
)
def test_what_is_no_message_is_left_out(told: dict[str, object], reason: str) -> None:
    message = make_message(told, None, "")
    assert isinstance(message, Skipped) and message.reason.startswith(reason)


def test_a_document_says_who_spoke_when_and_its_title_stays() -> None:
    view = MessageView(
        Memory([said(1, channel="help"), said(2, 9, "First.\n\nSecond.", channel="help")]), "window", Limits()
    )
    [item] = [entry for entry in view.changes(None).entries if isinstance(entry, SourceItem)]
    assert item.media_type == RECORD
    document = ConversationReader(Limits(zone=ZoneInfo("Asia/Tokyo"))).read(item)
    assert isinstance(document, Document)
    assert (document.title, document.sections[0].blocks) == (
        "help, 2026-05-01",
        ("Ann: Message 1.", "Ann: First.", "Second."),
    )
    assert document.metadata == {
        "strategy": "window",
        "channel": "help",
        "authors": ["Ann"],
        "from": "2026-05-01T12:00:00Z",
        "to": "2026-05-01T12:09:00Z",
        "updated": "2026-05-01T12:09:00Z",
        "messages": 2,
    }


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (True, ""), (7, "number 0"), (10**11, "number 0"), (10**11 + 1, "number 1"),
        (1_767_261_600_000, "number 1"), (1.7e18, "number 3"), (float("nan"), ""),
        ("1767261600", "digits 10"), ("1767261600000.5", "digits 13"), ("12345678", ""), ("2026-01-01 10:00", "text"),
        ("1.1.2026", ""), (NOON, "datetime"), (NOON.replace(tzinfo=None), "local"), (NOON.date(), "date"), (None, ""),
    ],
)  # fmt: skip
def test_how_a_time_is_written_and_what_no_later_one_is_less_than(value: object, form: str) -> None:
    assert time_form(value) == form
    day = datetime(2026, 4, 30, tzinfo=UTC)
    low = {
        "number 0": 1777636800, "number 1": 1777636800000, "number 3": 1777636800000000000, "digits 10": "1777636800",
        "digits 13": "1777636800000", "text": "2026-04-30", "local": day.replace(tzinfo=None), "date": day.date(),
        "datetime": NOON,
    }  # fmt: skip
    if form:
        sure = NOON if form.startswith(("number", "digits", "datetime")) else day - timedelta(days=1)
        assert time_before(NOON + timedelta(microseconds=7), form) == (low[form], sure)
