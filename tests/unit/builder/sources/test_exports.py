"""Exports of Slack and Discord, mbox and JSON Lines: what becomes a message, and what a broken one is told as."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.cuts import Message
from vademecum_builder.sources.exports import Export

FIELDS = {"id": "id", "time": "at", "author": "who", "text": "said", "deleted": "gone"}


def write(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))


def messages(path: Path, **settings: Any) -> list[Message | Skipped]:
    return list(Export(path, where="vademecum.toml, line 3", **settings).read())


def test_slack(tmp_path: Path) -> None:
    write(tmp_path / "users.json", [{"id": "U1", "name": "ann", "profile": {"display_name": "Ann"}}])
    write(tmp_path / "channels.json", [{"name": "help"}])
    day = [
        {"type": "message", "user": "U1", "text": "Hi <@U1> &amp; <https://a.example|x>", "ts": "1767261600.000200"},
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "joined", "ts": "1767261601.000000"},
        {
            "type": "message", "user": "U2", "text": "<#C1|help> <https://a.example>", "ts": "1767261602.000000",
            "thread_ts": "1767261600.000200", "edited": {"ts": "1767261700.000000"},
        },
    ]  # fmt: skip
    write(tmp_path / "help" / "2026-01-01.json", day)
    first, second = messages(tmp_path)
    assert first == Message(
        "1767261600.000200",
        datetime(2026, 1, 1, 10, 0, 0, 200, tzinfo=UTC),
        "Ann",
        "Hi @Ann & x (https://a.example)",
        "help",
    )
    assert isinstance(second, Message)
    assert (second.author, second.text, second.thread) == (
        "U2",
        "#help https://a.example",
        "1767261600.000200",
    )
    assert second.updated == datetime(2026, 1, 1, 10, 1, 40, tzinfo=UTC)


def test_discord(tmp_path: Path) -> None:
    one = {
        "id": "7",
        "timestamp": "2026-01-01T12:00:00.5+02:00",
        "content": "Hello",
        "author": {"name": "ann", "nickname": "Ann"},
    }
    two = {**one, "id": "8", "reference": {"messageId": "7"}, "timestampEdited": "2026-01-01T13:00:00+02:00"}
    write(
        tmp_path / "help.json",
        {"guild": {"name": "g"}, "channel": {"name": "help"}, "messages": [one, two, {"id": "9"}]},
    )
    first, second, third = messages(tmp_path / "help.json")
    assert first == Message("7", datetime(2026, 1, 1, 10, 0, 0, 500000, tzinfo=UTC), "Ann", "Hello", "help")
    assert isinstance(second, Message) and (second.reply_to, second.updated is not None) == ("7", True)
    assert isinstance(third, Skipped)


def test_mbox(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(
        b"From a Thu Jan  1 00:00:00 2026\nMessage-ID: <1@a>\nFrom: =?utf-8?q?J=C3=B6rg?= <j@a.example>\n"
        b"Date: Thu, 1 Jan 2026 12:00:00 +0200\nSubject: Valves\nContent-Type: text/plain; charset=latin-1\n\n"
        b"B\xe4r\n\n"
        b"From b Thu Jan  1 00:00:00 2026\nMessage-ID: <2@a>\nFrom: b@a.example\nIn-Reply-To: <1@a>\n"
        b"Date: Thu, 1 Jan 2026 10:30:00 -0000\nContent-Type: text/html\n\n<p>An <b>answer</b></p>\n\n"
        b"From c Thu Jan  1 00:00:00 2026\nMessage-ID: <3@a>\nDate: some day\n\nText\n"
    )
    first, second, third = messages(tmp_path / "list.mbox")
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert first == Message("1@a", at, "Jörg", "Valves\n\nBär\n", "list")
    assert second == Message("2@a", at.replace(minute=30), "b@a.example", "An answer", "list", reply_to="1@a")
    assert third == Skipped("list.mbox:2", "its date is none: 'some day'")


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {"id": 1, "at": 1767261600, "who": "Ann", "said": "a\0 \ud800", "more": 1},
        {"id": 2, "at": 1767261600000, "who": None, "said": "b", "gone": False},
        {"id": 3, "at": 1, "gone": True},
        [1],
        {"id": 4, "at": 1767261600, "said": "\xff"},
    ]
    written = "\n".join([*map(json.dumps, lines[:-1]), json.dumps(lines[-1], ensure_ascii=False)]) + "\n\n"
    (tmp_path / "chat.jsonl").write_bytes(written.encode("latin-1"))
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert messages(tmp_path / "chat.jsonl", fields=FIELDS) == [
        Message("1", at, "Ann", "a\ufffd \ufffd"),
        Message("2", at, "", "b"),
        Skipped("chat.jsonl:4", "no object of fields", "[1]\n"),
        Skipped(
            "chat.jsonl:5",
            "bytes that are not UTF-8: save it as UTF-8, or say its encoding",
            '{"id": 4, "at": 1767261600, "said": "\ufffd"}\n',
        ),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "chat.jsonl",
            '{"id": 1, "at": 1}\n{"id": 2, "a',
            r"line 3: .*chat.jsonl: its last line ends in the middle: .*is being written",
        ),
        ("chat.json", '{"guild": {}, "messages": [{', "chat.json: no whole JSON"),
        ("chat.json", '{"guild": {}}', "no export of Discord"),
        ("2026-01-01.json", "", "is it still being written"),
    ],
)
def test_half_a_file_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    folder = tmp_path / "general"
    folder.mkdir()
    (folder / name).write_text(text)
    with pytest.raises(UsageError, match=said):
        messages(tmp_path if name.startswith("2026") else folder / name, fields=FIELDS)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 3: source.path: .*chat.json: no such file"):
        messages(tmp_path / "chat.json")
