"""Exports of Slack and Discord, mbox and JSON Lines: what becomes a message, and what a broken one is told as."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from vademecum.errors import UsageError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.sources.base import Skipped, SourceError
from vademecum_builder.sources.messages.cuts import Message
from vademecum_builder.sources.messages.exports import Export
from vademecum_builder.sources.messages.mail import text_of_html
from vademecum_builder.sources.messages.message import Limits
from vademecum_builder.sources.messages.view import MessageView
from vademecum_builder.sources.several import NamedSources

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
    at, begun = datetime(2026, 1, 1, 10, tzinfo=UTC), "1767261600.000200"
    assert messages(tmp_path) == [
        Message(begun, at.replace(microsecond=200), "Ann", "Hi @Ann & x (https://a.example)", "help"),
        Message("1767261602.000000", at.replace(second=2), "U2", "#help https://a.example", "help", begun,
                updated=at.replace(minute=1, second=40)),
    ]  # fmt: skip


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
    first = Message("7", datetime(2026, 1, 1, 10, 0, 0, 500000, tzinfo=UTC), "Ann", "Hello", "help")
    edited = replace(first, id="8", reply_to="7", updated=datetime(2026, 1, 1, 11, tzinfo=UTC))
    reason = "its time: None is not a time: expected ISO 8601, or seconds since 1970"
    assert messages(tmp_path / "help.json") == [first, edited, Skipped("9", reason)]


def test_a_maildir_and_single_mails(tmp_path: Path) -> None:
    def mail(number: int, more: str = "") -> bytes:
        head = (
            f"From: Ann <ann@a.example>\nDate: Mon, 1 Jan 2024 10:0{number}:00 +0000\nMessage-ID: <{number}@a>\n{more}"
        )
        return f"{head}Subject: Oil\n\nText {number}.\n\n-- \nAnn\n".encode()

    box = tmp_path / "list"
    for folder, name in (("cur", "1:2,S"), ("cur", "2:2,DS"), ("cur", "3:2,ST"), ("new", "4")):
        (box / folder).mkdir(parents=True, exist_ok=True)
        (box / folder / name).write_bytes(mail(int(name[0])))
    (box / ".More" / "cur").mkdir(parents=True)
    (box / ".More" / "new").mkdir()
    (box / ".More" / "cur" / "5:2,").write_bytes(mail(5, "In-Reply-To: <4@a>\n"))
    read = [one for one in messages(box) if isinstance(one, Message)]
    assert [(one.id, one.text, one.channel) for one in read] == [
        ("1@a", "Text 1.", "list"), ("4@a", "Text 4.", "list"), ("5@a", "Text 5.", "More"),
    ]  # fmt: skip
    export = Export(box)
    list(export.read())
    assert export.left_out == {"drafts, and mails in the bin": 2}
    assert discover(str(box), tmp_path)[0].settings == {"path": "list", "shape": "mbox"}
    for name in (".Drafts", ".INBOX.Trash", ".Entw&APw-rfe"):  # not all programs flag what is in them
        (box / ".More").rename(box / name)
        export = Export(box)
        assert "5@a" not in [one.id for one in export.read() if isinstance(one, Message)]
        assert export.left_out["folders of drafts, of spam and of what was thrown away"] == 1
        (box / name).rename(box / ".More")
    (box / ".More").rename(box / ".Drafts")
    assert len(messages(box / ".Drafts")) == 1, "who names one wants it"
    (tmp_path / "none").mkdir()
    assert messages(tmp_path / "none", shape="mbox") == []
    eml = tmp_path / "eml"
    eml.mkdir()
    (eml / "a.eml").write_bytes(mail(6))
    (eml / "b.eml").write_bytes(mail(7).replace(b"Date:", b"X-Date:"))
    assert [one.id if isinstance(one, Message) else one.reason for one in messages(eml)] == [
        "6@a", "its date cannot be read: ''",
    ]  # fmt: skip
    assert discover(str(eml), tmp_path)[0].settings == {"path": "eml", "shape": "mbox"}


def room(*events: dict[str, Any]) -> dict[str, Any]:
    told = [
        {"event_id": f"$e{number}", "origin_server_ts": 1_700_000_000_000 + number * 1000, "sender": "@ann:a.example"}
        | {"type": "m.room.message"}
        | event
        for number, event in enumerate(events)
    ]
    return {"room_name": "Pumps", "exported_by": "@ann:a.example", "messages": told}


def said(body: str, **relates: Any) -> dict[str, Any]:
    return {"content": {"msgtype": "m.text", "body": body} | ({"m.relates_to": relates} if relates else {})}


def test_a_room_of_matrix(tmp_path: Path) -> None:
    edit = {"m.new_content": {"msgtype": "m.text", "body": "Use oil."}, "body": "* Use oil.", "msgtype": "m.text"}
    relates = {"rel_type": "m.replace", "event_id": "$e1"}
    events = room(
        {"type": "m.room.member", "state_key": "@bo:a.example", "content": {"displayname": "Bo"}},
        {"sender": "@bo:a.example"} | said("Use ol.", **{"m.in_reply_to": {"event_id": "$e2"}}),
        said("It squeaks."),
        {"sender": "@bo:a.example", "content": edit | {"m.relates_to": relates}},
        {"sender": "@eve:a.example", "content": edit | {"m.relates_to": relates | {"event_id": "$e2"}}},
        {"type": "m.room.encrypted", "content": {"ciphertext": "AwgA"}},
        {"content": {}},
        {"content": {"msgtype": "m.image", "body": "pump.jpg"}},
        said("> <@bo:a.example> Use oil.\n\nThanks!", **{"m.in_reply_to": {"event_id": "$e1"}}),
        said("More", rel_type="m.thread", event_id="$e2"),
        {"origin_server_ts": "soon"} | said("When?"),
        {"content": {"msgtype": ["m.text"], "body": "No kind of message."}},
        {"event_id": ["$e12"]} | said("No name of one."),
    )
    (tmp_path / "export.json").write_text(json.dumps(events))
    export = Export(tmp_path / "export.json")
    read = list(export.read())
    assert [(one.id, one.author, one.text, one.thread, one.reply_to) for one in read if isinstance(one, Message)] == [
        ("$e1", "Bo", "Use oil.", "", "$e2"),
        ("$e2", "ann", "It squeaks.", "$e2", ""),
        ("$e8", "ann", "Thanks!", "", "$e1"),
        ("$e9", "ann", "More", "$e2", ""),
    ]
    first = read[0]
    assert isinstance(first, Message) and first.channel == "Pumps"
    assert first.updated and (first.updated - first.time).total_seconds() == 2
    assert "soon" in str(read[-2]) and "its id is ['$e12']" in str(read[-1])
    assert export.left_out == {"messages that nobody could decrypt": 1, "messages that were deleted": 1}
    assert discover(str(tmp_path / "export.json"), tmp_path)[0].settings["shape"] == "matrix"


def test_mbox(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(
        b"From a Thu Jan  1 00:00:00 2026\nMessage-ID: <1@a>\nFrom: =?utf-8?q?J=C3=B6rg?= <j@a.example>\n"
        b"Date: Thu, 1 Jan 2026 12:00:00 +0200\nSubject: Valves\nContent-Type: text/plain; charset=latin-1\n\n"
        b"B\xe4r\n\n"
        b"From b Thu Jan  1 00:00:00 2026\nMessage-ID: <2@a>\nFrom: b@a.example\nIn-Reply-To: <1@a>\n"
        b"Date: Thu, 1 Jan 2026 10:30:00 -0000\nContent-Type: text/html\n\n<p>An <b>answer</b></p>\n\n"
        b"From J\xf6rg Thu Jan  1 00:00:00 2026\nMessage-ID: <3@a>\nDate: some day\n\nText\n"
    )
    first, second, third = messages(tmp_path / "list.mbox")
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert first == Message("1@a", at, "Jörg", "Bär", "list", "1@a", subject="Valves")
    assert second == Message("2@a", at.replace(minute=30), "b", "An answer", "list", reply_to="1@a")
    assert third == Skipped("list.mbox:2", "its date cannot be read: 'some day'")


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
        ("chat.json", '{"guild": {}, "messages": [{', "chat.json: not whole JSON"),
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


SAID_IN_SLACK = "me_message thread_broadcast reply_broadcast file_share file_comment"


def test_what_slack_exports_of_programs_and_of_the_channel_itself(tmp_path: Path) -> None:
    users = [{"id": "U1", "name": "ann"}, {"id": "U2", "name": "x", "profile": {"real_name": "Old User"}}]
    write(tmp_path / "users.json", users)
    write(tmp_path / "channels.json", [{"id": "C1", "name": "ops"}])
    blocks = [
        {"type": "text", "text": "Only "}, {"type": "link", "url": "https://a.example"},
        {"type": "user", "user_id": "U1"}, {"type": "emoji", "name": "wave"}, {"type": "channel", "channel_id": "C1"},
    ]  # fmt: skip
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": blocks}]}]
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}, {"text": "; c"}]}
    quote = {
        "type": "rich_text_quote",
        "elements": [{"type": "text", "text": "So "}, {"type": "text", "text": "be it"}],
    }
    link = {"type": "link", "url": "https://a.example/b", "text": "here"}
    section = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Disk*"},
        "fields": [{"text": "a"}, {"text": "b"}],
    }
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": "by cron"}, 7, link]}
    alert = {"fallback": "!", "pretext": "Alert", "title": "Slow", "text": "p95 is 2 s",
             "fields": [{"title": "Region", "value": "eu"}]}  # fmt: skip
    unfurled = {"from_url": "https://w.example", "title": "Sizes", "text": "Another page's text", "fallback": "!"}
    said: list[dict[str, Any]] = [
        {"user": "U2", "text": "<@U2> <!here> <#C1> <!date^1^{date}|Feb 1> <mailto:a@b.example|a@b.example> &lt;"},
        {"subtype": "bot_message", "username": "Grafana", "text": "", "attachments": [alert]},
        {"user": "U1", "text": "", "blocks": rich},
        {"user": "U1", "text": "", "blocks": [{"type": "rich_text", "elements": [code, quote]}, section, context]},
        {
            "user": "U1",
            "text": "<@U9|bo> <#C9|old> <#C9> <!subteam^S1|@on call> <!everyone> <tel:+491|call> <https://a|b>",
        },
        {"user": "U9", "user_profile": {"display_name": "Guest"}, "attachments": [{"fallback": "No rich text"}]},
        {"user": "U9", "files": [{"name": "p.pdf"}, {}]},
        {"user": "U1", "text": "see", "attachments": [unfurled], "files": [{"title": "Runbook", "name": "r.pdf"}]},
        {"user": "USLACKBOT", "text": "Reminder"},
        *({"subtype": kind, "text": kind} for kind in ("tombstone", "channel_name", "pinned_item", "huddle_thread")),
        {"type": "user_typing", "text": "…"},
        *({"subtype": kind, "user": "U1", "text": kind} for kind in SAID_IN_SLACK.split()),
    ]
    write(tmp_path / "ops" / "2026-01-01.json", [{"ts": f"17672616{n:02}.0001", **one} for n, one in enumerate(said)])
    write(tmp_path / "ops" / "canvas.json", [{"ts": "1767261600.0001", "text": "no day of messages"}])
    assert [(one.author, one.text) for one in messages(tmp_path) if isinstance(one, Message)] == [
        ("Old User", "@Old User @here #ops Feb 1 a@b.example <"),
        ("Grafana", "Alert\nSlow\np95 is 2 s\nRegion: eu"),
        ("ann", "Only https://a.example@ann:wave:#ops"),
        ("ann", "```\na < b; c\n```\nSo be it\n*Disk*\na\nb\nby cron\nhere (https://a.example/b)"),
        ("ann", "@bo #old #C9 @on call @everyone call (+491) b (https://a)"),
        ("Guest", "No rich text"),
        ("U9", "p.pdf"),
        ("ann", "see\n\nSizes\n\nRunbook"),
        ("Slackbot", "Reminder"),
        *(("ann", kind) for kind in SAID_IN_SLACK.split()),
    ]


def test_what_discord_exports_of_programs_and_of_the_server_itself(tmp_path: Path) -> None:
    embed = {"title": "Build 17", "description": "failed", "fields": [{"name": "Branch", "value": "main"}]}
    said: list[dict[str, Any]] = [
        {
            "content": "<@!2> <@3> <@&4> <#5> <:ok:9> <a:wave:8> <https://a.example> <b>",
            "mentions": [{"id": "2", "name": "bob"}, {"id": "3", "name": "c", "nickname": "Cy"}],
        },
        *({"content": kind, "type": kind} for kind in ("Default", "0", "19", "23")),
        {"content": "", "embeds": [embed, {"title": "More"}], "type": "20"},
        {"content": "look", "embeds": [embed], "attachments": [{"fileName": "chart.png"}], "type": "Reply"},
        *({"content": kind, "type": kind} for kind in ("GuildMemberJoin", "ChannelPinnedMessage", "Call", "8")),
    ]
    told = [{"id": str(n), "timestamp": f"2026-01-01T00:0{n}:00Z", **one} for n, one in enumerate(said)]
    write(tmp_path / "a.json", {"guild": {}, "channel": {"name": "help"}, "messages": told})
    assert [one.text for one in messages(tmp_path / "a.json") if isinstance(one, Message)] == [
        "@bob @Cy @4 #5 :ok: :wave: https://a.example <b>",
        *("Default", "0", "19", "23"),
        "Build 17\nfailed\nBranch: main\n\nMore",
        "look\n\nBuild 17\n\nchart.png",
    ]


WRONG: list[Any] = ["x", 7, None, True, [], [None], ["x", 7], {}, {"a": None}, {"name": ["x"]}]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_entries_of_another_type_are_told_or_left_out(tmp_path: Path, wrong: Any) -> None:
    good = {"id": "1", "ts": "1767261600.0001", "timestamp": "2026-01-01T00:00:00Z", "text": "Hi", "content": "Hi"}
    names = (
        "subtype", "user", "user_profile", "edited", "blocks", "attachments", "files", "username",
        "channel", "author", "reference", "mentions", "embeds", "type", "text", "content", "thread_ts",
    )  # fmt: skip
    inner = [{"fields": wrong, "title": wrong, "elements": wrong, "text": wrong, "type": "rich_text_section"}]
    day: list[Any] = [{**good, "ts": f"176726160{n}.1", "id": str(n)} for n in range(9)]
    day += [good | {name: wrong} for name in names] + [good | {"attachments": inner, "embeds": inner, "files": inner}]
    day += [good | {"text": "", "content": "", "blocks": inner, "attachments": inner, "embeds": inner}, wrong]
    write(tmp_path / "slack" / "ops" / "2026-01-01.json", day)
    write(tmp_path / "slack" / "ops" / "2026-01-02.json", wrong)
    write(tmp_path / "slack" / "users.json", [wrong, {"id": wrong, "profile": wrong}, {"id": "U1"}])
    write(tmp_path / "slack" / "channels.json", wrong)
    write(tmp_path / "a.json", {"guild": {}, "channel": wrong, "messages": day})
    for path, key in (tmp_path / "slack", "ops/2026-01-01.json"), (tmp_path / "a.json", "a.json"):
        found = messages(path)
        assert sum(isinstance(one, Message) for one in found) >= 9
        if not isinstance(wrong, dict):
            assert Skipped(f"{key}:{len(day) - 1}", "no object of fields", repr(wrong)) in found


def mailed(tmp_path: Path, *texts: bytes) -> list[Message]:
    (tmp_path / "list.mbox").write_bytes(
        b"".join(b"From a at b  Thu Jan  1 10:00:00 2026\n" + t + b"\n" for t in texts)
    )
    return [one for one in messages(tmp_path / "list.mbox") if isinstance(one, Message)]


@pytest.mark.parametrize("charset", ["rot13", "idna", "undefined", "nonsense"])
def test_a_mail_in_no_charset_is_read_as_it_looks(tmp_path: Path, charset: str) -> None:
    head = f"From: ann@a.example\nSubject: Bear\nContent-Type: text/plain; charset={charset}\n\n"
    assert [one.text for one in mailed(tmp_path, f"{head}Bär\n".encode())] == ["Bär"]


def test_a_mail_is_what_it_says_itself(tmp_path: Path) -> None:
    head = b"Message-ID: <%d@a>\nFrom: ann at a.example (Ann)\n"
    first, second, third, fourth = mailed(
        tmp_path,
        head % 1 + b"Subject: [list] Pool\n sizes\n\nHi,\n\n>From the log.\n\n-- \nAnn\nhttps://ann.example\n",
        head
        % 2
        + b"Subject: Re: [list] Pool sizes\nReferences: <1@a> <9@a>\nContent-Type: text/plain; format=flowed\n\n"
        b"It goes \non.\n\nOn Thu, Jan 1, Ann\n<ann at a.example> wrote:\n> Hi,\n>\n> > more\n\n"
        + b"_" * 47
        + b"\nlist\n",
        b"From: =?unknown-8bit?q?Ren=E9?= <r@a.example>\nSubject: caf\xe9\n"
        b"Content-Type: multipart/alternative; boundary=B\n\n"
        b"--B\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<html><head><title>T</title><style>p{}</style></head><body><div style=3D'display:none'>pre</div>"
        b"<h1>News</h1>\n"
        b"<p>A <a href=3D'x'>link</a>.<br>=E2=80=93 on</p><ul><li>one<li>two</ul><script>x</script></body></html>\n"
        b"--B\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n--B--\n",
        head % 4 + b"Subject: Re: other\nIn-Reply-To: Your message <1@a>\n\n> only a quote\n",
    )
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert first == Message("1@a", at, "Ann", "Hi,\n\nFrom the log.", "list", "1@a", subject="[list] Pool sizes")
    assert (second.text, second.thread, second.reply_to) == ("It goes on.", "1@a", "9@a")
    assert second.subject == first.subject
    assert (third.author, third.subject) == ("René", "café") and len(third.id) == 32 and third.thread == third.id
    assert third.text == "News\n\nA link.\n– on\n\none\ntwo"
    assert (fourth.text, fourth.thread, fourth.reply_to) == ("> only a quote\n", "", "1@a")


def test_a_mail_that_refers_to_its_parent_alone_is_in_the_thread_of_that(tmp_path: Path) -> None:
    head = b"From: ann@a.example\nSubject: Oil\nMessage-ID: <%d@a>\n%s\nHi\n"
    found = mailed(
        tmp_path,
        head % (1, b""),
        head % (2, b"References: <1@a>\n"),
        head % (3, b"References: <2@a>\n"),
        head % (4, b"In-Reply-To: <3@a>\n"),
        head % (5, b"References: <4@a>\n"),
        head % (6, b"References: <9@a>\n"),
    )
    assert [(one.thread, one.reply_to) for one in found] == [
        ("1@a", ""), ("1@a", "1@a"), ("1@a", "2@a"), ("", "3@a"), ("1@a", "4@a"), ("9@a", "9@a")
    ]  # fmt: skip


def test_mails_without_an_id_are_told_apart_by_all_that_they_say(tmp_path: Path) -> None:
    mail = b"From: a@a.example\nDate: Thu, 1 Jan 2026 10:00:00 +0000\nSubject: Oil\n\nHi\n"
    others = [mail.replace(*one) for one in ((b"a@a", b"b@a"), (b"10:00", b"11:00"), (b"Oil", b"Air"), (b"Hi", b"Ho"))]
    assert len({one.id for one in mailed(tmp_path, mail, *others)}) == 5


def test_a_text_in_html_keeps_its_paragraphs() -> None:
    page = "a<p>b <i>c</i></p>d<br>e<ul><li>f</ul>g<div hidden>h</div><table><tr><td>i</table>j<style>k{}</style>"
    assert text_of_html(page) == "a\n\nb c\n\nd\ne\n\nf\n\ng\n\ni\n\nj"


def test_of_a_mail_every_part_is_read_and_no_quote_at_its_end(tmp_path: Path) -> None:
    head = b"From: =?utf-8?b?a?= <a@a.example>\nDate: Thu, 1 Jan 2026 10:00:00 +0000\nSubject: AW: Re[2]: Fwd: Oil\n"
    mixed = b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\none\n"
    texts = (
        mixed + b"--B\nContent-Type: text/plain\n\ntwo\n--B\nContent-Type: text/html\n\n<p>three</p>\n--B--\n",
        b"\nHi\n\nOn Thu,\nAnn\nwrote:\n> why\n\n> not\n",
        b"\na\nb\nc\nOn Thu Ann wrote:\n\n> why\n",  # a paragraph of four lines says something itself
        b"\nSee:\n> why\n\nSo it is.\n____________________________________________\nlist\n",
        b"Content-Type: text/plain; format=flowed\n\nIt goes \n\n> on \nnow\n--\x20\nAnn\n",
        b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: image/png\n\nx\n--B--\n",
    )
    found = mailed(tmp_path, *(head + text for text in texts))
    assert [one.text for one in found] == [
        "one\n\ntwo", "Hi", "a\nb\nc", "See:\n> why\n\nSo it is.", "It goes", "",
    ]  # fmt: skip
    assert {(one.author, one.subject) for one in found} == {("=?utf-8?b?a?=", "Oil")}
    with pytest.raises(UsageError, match="has no zone"):
        mailed(tmp_path, head.replace(b" +0000", b"") + b"\nHi\n")


def test_a_quote_does_not_publish_an_address_and_an_original_message_is_no_answer(tmp_path: Path) -> None:
    head = b"From: Ann <a@a.example>\nDate: Thu, 1 Jan 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n"
    below = "\nVon: Bob <b@a.example>\nGesendet: Montag\n\nWhy?\n"
    texts = (
        "On Mon, Bob Lee\n<b@a.example> wrote:\n> why\n\nSo.\n",
        "Bob Lee <b at a.example> schrieb am\n1. Januar:\n\n> why\n\nSo.\n",
        f"So.\n\n-----Ursprüngliche Nachricht-----{below}",
        f"So.\n\n---- Message d'origine ----{below}",
        f"See below.\n\n---------- Forwarded message ---------{below}",
        "Ask <help@a.example>:\n\nthey know.\n",
    )
    assert [one.text for one in mailed(tmp_path, *(head + text.encode() for text in texts))] == [
        "On Mon, Bob Lee\n wrote:\n> why\n\nSo.",
        "Bob Lee schrieb am\n1. Januar:\n\n> why\n\nSo.",
        "So.",
        "So.",
        f"See below.\n\n---------- Forwarded message ---------{below}".rstrip(),
        "Ask <help@a.example>:\n\nthey know.",
    ]


def test_whoever_has_no_name_is_not_published_by_number_or_address_and_nobody_is_away(tmp_path: Path) -> None:
    head = b"Date: Thu, 1 Jan 2026 10:00:00 +0000\nSubject: Oil\n"
    away = head + b"From: eve@a.example\nAuto-Submitted: auto-replied (vacation)\n\nI am away.\n"
    [mail] = mailed(tmp_path, head + b"From: <ann.lee@a.example>\nAuto-Submitted: no\n\nHi\n", away)
    assert mail.author == "ann.lee"
    (tmp_path / "WhatsApp Chat with Club.txt").write_text(
        "31/12/23, 23:59 - +49 171 1234567: Who?\n31/12/23, 23:59 - Ann: Ask @491711234567, in 20240101\n"
    )
    found = messages(tmp_path / "WhatsApp Chat with Club.txt", zone=UTC, shape="whatsapp")
    assert [(one.author, one.text) for one in found if isinstance(one, Message)] == [
        ("…67", "Who?"), ("Ann", "Ask @…67, in 20240101"),
    ]  # fmt: skip


def test_telegram(tmp_path: Path) -> None:
    chat = {
        "name": "Boats",
        "messages": [
            {"id": 1, "type": "service", "date_unixtime": "1704103200", "actor": "Ann", "text": ""},
            {"id": 2, "type": "message", "date_unixtime": "1704103260", "from": "Ann", "text": "How?"},
            {
                "id": 3, "type": "message", "date_unixtime": "1704103320", "edited_unixtime": "1704103740",
                "from": "Bob", "reply_to_message_id": 2,
                "text": ["See ", {"type": "link", "text": "https://a.example"}, "!"],
            },
            7,
            {"id": 4, "type": "message", "date": "2024-01-01T10:03Z", "edited": "2024-01-01T10:04Z", "from_id": "u7",
             "topic_id": 9, "text": None},
        ],
    }  # fmt: skip
    for told in (chat, {"chats": {"list": [chat, {"type": "saved_messages", "messages": [chat["messages"][1]]}]}}):
        write(tmp_path / "result.json", told)
        at = datetime(2024, 1, 1, 10, 1, tzinfo=UTC)
        assert messages(tmp_path / "result.json", shape="telegram") == [
            Message("2", at, "Ann", "How?", "Boats"),
            Message("3", at.replace(minute=2), "Bob", "See https://a.example!", "Boats", reply_to="2",
                    updated=at.replace(minute=9)),
            Skipped("result.json:Boats:3", "no object of fields", "7"),
            Message("4", at.replace(minute=3), "u7", "", "Boats", "9", updated=at.replace(minute=4)),
        ]  # fmt: skip


NEW_YEAR = ["2023-12-31 21:15:00", "2024-01-01 00:05:00"]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        *(
            (text.replace(" Ann", " Ann: Hello\nmore of it\n").replace(" Bob", " Bob: Hi\n"), NEW_YEAR)
            for text in (
                "12/31/23, 9:15 PM - Ann1/1/24, 12:05\u202fAM - Bob",
                "12/31/2023, 9:15 p. m. - Ann1/1/2024, 12:05 a.m. - Bob",
                "[31.12.23, 21:15:00] Ann\u200e[01.01.24, 00:05:00] Bob",
                "2023/12/31 21.15 - Ann2024/01/01 00.05 - Bob",
                "٣١\u200f/١٢\u200f/٢٠٢٣، ٩:١٥ م - Ann١\u200f/١\u200f/٢٠٢٤، ١٢:٠٥ ص - Bob",
                "2023. 12. 31. 오후 9:15 - Ann2024. 1. 1. 오전 12:05 - Bob",
                "[2023/12/31 下午9:15:00] Ann[2024/1/1 上午12:05:00] Bob",
            )
        ),
        # Nothing but that they rise tells a day from a month.
        (
            "01/02/24, 10:00:09 - Ann: Hello\nmore of it\n02/01/24, 12:00 pm - Bob: Hi\n",
            ["2024-01-02 10:00:09", "2024-02-01 12:00:00"],
        ),
        (
            "01/02/24, 10:00 - Ann: Hello\nmore of it\n01/03/24, 10:00 - Bob: Hi\n",
            ["2024-02-01 10:00:00", "2024-03-01 10:00:00"],
        ),
    ],
)
def test_whatsapp(tmp_path: Path, text: str, times: list[str]) -> None:
    omitted = text.splitlines()[-1].partition("Bob")[0] + "Bob: <Media omitted>\n"
    system = text.partition("Ann")[0] + "Messages are end-to-end encrypted.\n"
    file = tmp_path / "WhatsApp Chat with Boats.txt"
    file.write_text(system + text + omitted)
    first, second = messages(file, zone=UTC)
    assert isinstance(first, Message) and isinstance(second, Message)
    assert (first.author, first.text, first.channel) == ("Ann", "Hello\nmore of it", "Boats")
    assert [f"{one.time:%F %T}" for one in (first, second)] == times
    with pytest.raises(UsageError, match="has no zone"):
        messages(file)


IRSSI = """--- Log opened Mon Jan 01 09:00:00 2024
10:01 < ann> Hello
10:02 -!- bob [x] has joined
10:02  * ann  waves
10:03 <@bob> Hi
"""
WEECHAT = (
    "2024-01-01 10:01:00\tann\tHello\n"
    + "".join(f"2024-01-01 10:02:00\t{sign}\tbob\n" for sign in "--> <-- -- - =!= ***".split())
    + "2024-01-01 10:03:00\t@bob\tHi\n"
)
ZNC = "[10:01:00] <ann> Hello\n[10:02:00] *** Joins: bob\n[10:03:00] <bob> Hi\n"


@pytest.mark.parametrize(
    ("name", "text"), [("boats.log", IRSSI), ("boats.weechatlog", WEECHAT), ("boats_20240101.log", ZNC)]
)
def test_logs_of_irc(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    told = messages(tmp_path / name, zone=UTC)
    assert [(one.author, one.text, one.channel, f"{one.time:%F %R}") for one in told if isinstance(one, Message)] == [
        ("ann", "Hello", "boats", "2024-01-01 10:01"),
        *([("ann", "ann  waves", "boats", "2024-01-01 10:02")] if text is IRSSI else []),
        ("bob", "Hi", "boats", "2024-01-01 10:03"),
    ]


def test_records_whose_fields_are_nested_and_a_packed_export(tmp_path: Path) -> None:
    one = {"id": "1", "at": "2024-01-01T10:00:00Z", "who": {"name": "Ann"}, "body": {"html": "<p>See <b>this</b></p>"}}
    write(tmp_path / "a.json", {"other": [{"x": 1}], "value": [one]})
    fields = {"id": "id", "time": "at", "author": "who.name", "text": "body.html"}
    [told] = messages(tmp_path / "a.json", fields=fields, records="value")
    assert isinstance(told, Message) and (told.author, told.text) == ("Ann", "See this")
    with ZipFile(tmp_path / "export.zip", "w") as packed:
        packed.writestr("users.json", "[]")
        packed.writestr("channels.json", "[]")
        said = [{"type": "message", "user": "U1", "text": "Hi", "ts": "1767261600.0"}]
        packed.writestr("help/2026-01-01.json", json.dumps(said))
    [told] = messages(tmp_path / "export.zip")
    assert isinstance(told, Message) and (told.text, told.channel) == ("Hi", "help")


UNREADABLE = {
    "#chan-12345678.log": ("[10:00] <ann> hello\n", "a time without a day"),
    "#chan-20240231.log": ("[10:00] <ann> hello\n", "a time without a day"),
    "boats_20240101.log": ("[29:61] <bob> hi\n", "2024-01-01 29:61 is not a time"),
    "boats.weechatlog": ("2024-02-31 10:00:00\tann\thello\n", "2024-02-31 10:00:00 is not a time"),
    "changed.log": ("--- Day changed Wed Feb 31 2024\n", "a day that cannot be read"),
    "opened.log": ("--- Log opened Mi Okt 02 10:00:00 2024\n10:00 < ann> hello\n", "a day that cannot be read"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_line_of_irc_that_cannot_be_read_is_told_and_the_next_is_read(tmp_path: Path, name: str) -> None:
    text, reason = UNREADABLE[name]
    (tmp_path / name).write_text(f"{text}2024-03-01 10:00:00\tann\tHi\n")
    first, *_, last = messages(tmp_path / name, zone=UTC, shape="irc")
    assert isinstance(first, Skipped) and first.reason.startswith(reason)
    assert isinstance(last, Message) and last.text == "Hi"


def test_a_log_of_a_day_in_another_language_has_the_day_of_its_name_until_the_day_changes(tmp_path: Path) -> None:
    lines = (
        "--- Log opened Mi Okt 02 10:00:00 2024",
        "10:00 < ann> a",
        "--- Day changed Do Okt 03 2024",
        "10:00 < ann> b",
    )
    (tmp_path / "#boats.2024-10-02.log").write_text("\n".join(lines))
    opened, said, changed, lost = messages(tmp_path / "#boats.2024-10-02.log", zone=UTC)
    assert isinstance(said, Message) and (f"{said.time:%F}", said.channel) == ("2024-10-02", "#boats")
    assert all(isinstance(one, Skipped) for one in (opened, changed, lost))


def packed(files: dict[str, str | bytes]) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def broken(how: str) -> bytes:
    data = bytearray(packed({"chat.json": "{}\n" * 99}))
    local, central = 0, data.index(b"PK\1\2")
    if how == "password":
        data[local + 6] |= 1
        data[central + 8] |= 1
    elif how == "compression":
        data[local + 8] = data[central + 10] = 97
    elif how == "crc":
        data[central + 16] ^= 1
    elif how == "stream":
        data[39:central] = bytes([255]) * (central - 39)
    else:
        data[central] = 0
    return bytes(data)


@pytest.mark.parametrize("how", ["password", "compression", "crc", "stream", "directory"])
def test_a_packed_export_that_cannot_be_unpacked_is_named(tmp_path: Path, how: str) -> None:
    (tmp_path / "export.zip").write_bytes(broken(how))
    with pytest.raises(SourceError, match=r"line 3: .*export.zip: cannot be read .*: unpack it"):
        messages(tmp_path / "export.zip")
    with pytest.raises(UsageError, match=r"export.zip: cannot be read .*: unpack it"):
        discover(str(tmp_path / "export.zip"), tmp_path)


def test_what_is_packed_twice_is_told_and_not_unpacked(tmp_path: Path) -> None:
    inner = packed({"a.jsonl": json.dumps({"id": 1, "at": 1767261600, "who": "a", "said": "b"}) + "\n"})
    (tmp_path / "one.zip").write_bytes(packed({"inner.zip": inner}))
    with pytest.raises(SourceError, match=r"one.zip: it holds another packed file"):
        messages(tmp_path / "one.zip", fields=FIELDS, shape="jsonl")
    (tmp_path / "two.zip").write_bytes(packed({"inner.zip": inner, "b.ndjson": "[1]\n"}))
    archive = Export(tmp_path / "two.zip", "jsonl", FIELDS)
    assert len([*archive.read()]) == 1 and archive.left_out == {"packed files in a packed export": 1}


def test_beside_messages_in_lines_no_other_records_are_taken_for_messages(tmp_path: Path) -> None:
    one = {"id": "1", "at": 1767261600, "who": "Ann", "said": "Hi"}
    write(tmp_path / "users.json", [{"id": "u", "mail": "ann@a.example"}])
    write(tmp_path / "more.json", [one | {"id": "2"}])
    (tmp_path / "a.ndjson").write_text(json.dumps(one) + "\n")
    [told] = messages(tmp_path, fields=FIELDS, shape="jsonl")
    assert isinstance(told, Message) and told.id == "1"
    (tmp_path / "a.ndjson").unlink()
    assert "2" in [one.id for one in messages(tmp_path, fields=FIELDS, shape="jsonl") if isinstance(one, Message)]


WHATSAPP_SAYS = [
    "Messages and calls are end-to-end encrypted. Tap: learn more",
    'Ann changed the group name to "Plan: B"',
    "Ann changed the group name from “A: x” to “B”",
    *(f"Ann: {said}" for said in ("This message was deleted", "You deleted this message.", "null")),
    *(f"Bob: {said}" for said in ("<Media omitted>", "<Medien ausgeschlossen>", "image omitted")),
    "Bob: IMG-20240101-WA0001.jpg (Datei angehängt)",
    "Bob: Diese Nachricht wurde gelöscht.",
]


def test_a_message_of_whatsapp_at_no_time_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    file = tmp_path / "WhatsApp Chat with Boats.txt"
    file.write_text("12/31/23, 9:75 PM - Ann: Hello\n12/31/23, 9:16 PM - Bob: Hi\n")
    first, second = messages(file, zone=UTC)
    assert isinstance(first, Skipped) and first.reason == "12/31/23 9:75 is not a time"
    assert isinstance(second, Message) and second.text == "Hi"


def test_what_whatsapp_says_itself_is_nobodys_message(tmp_path: Path) -> None:
    said = ["Ann: null and void: <b>", "Bob: I was omitted", "Bob: 7 <This message was edited>"]
    file = tmp_path / "WhatsApp Chat with Boats.txt"
    file.write_text("".join(f"12/31/23, 9:15 PM - {line}\n" for line in (*WHATSAPP_SAYS, *said)))
    archive = Export(file, zone=UTC)
    assert [one.text for one in archive.read() if isinstance(one, Message)] == [
        "null and void: <b>", "I was omitted", "7",
    ]  # fmt: skip
    assert archive.left_out.total() == len(WHATSAPP_SAYS)
    assert (archive, repr(archive)) == (Export(file, zone=UTC), repr(Export(file, zone=UTC)))


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("WhatsApp Chat - Boats.zip", "_chat.txt"),
        ("a.zip", "WhatsApp Chat with Boats.txt"),
        ("a.zip", "WhatsApp-Chat mit Boats.txt"),
    ],
)
def test_a_packed_chat_of_a_telephone(tmp_path: Path, name: str, inner: str) -> None:
    lines = "Ann: Hi", "Boats: \u200eAnn hat die Gruppe erstellt", "Bob: \u200eBild weggelassen", "Bob: Ho"
    chat = "".join(f"[31.12.23, 21:15:0{n}] {line}\n" for n, line in enumerate(lines))
    (tmp_path / name).write_bytes(packed({inner: chat, "a.jpg": b"x"}))
    [found] = discover(str(tmp_path / name), tmp_path)
    assert found.settings == {"path": name, "shape": "whatsapp", "zone": "UTC"} and found.notes
    told = messages(tmp_path / name, zone=UTC, shape="whatsapp")
    assert [(one.text, one.channel) for one in told if isinstance(one, Message)] == [("Hi", "Boats"), ("Ho", "Boats")]


@pytest.mark.parametrize("kind", ["personal_chat", "bot_chat", "saved_messages"])
def test_a_private_chat_of_telegram_is_taken_where_somebody_said_so(tmp_path: Path, kind: str) -> None:
    one = {"id": 1, "type": "message", "date_unixtime": "1704103260", "from": "Ann", "text": "For you"}
    both = [
        {"name": "Bob", "type": kind, "messages": [one]},
        {"name": "Boats", "type": "public_supergroup", "messages": [one]},
    ]
    write(tmp_path / "result.json", {"chats": {"list": both}})
    archive = Export(tmp_path / "result.json", "telegram")
    assert [one.channel for one in archive.read() if isinstance(one, Message)] == ["Boats"]
    assert archive.left_out == {"messages of private chats (drafts = true includes them)": 1}
    assert len(messages(tmp_path / "result.json", shape="telegram", private=True)) == 2
    archive.left_out.clear()  # what is told is what this reading leaves out
    all_ = NamedSources(
        {"chat:": [MessageView(archive, one, Limits(), one == "window") for one in ("conversation", "window")]}
    )
    changes = all_.changes(None)
    assert len([*changes.entries]) == 2 and [*changes.left_out.values()] == [1]
    write(tmp_path / "result.json", both[0])
    with pytest.raises(UsageError, match="no message; left out: 1 message of private chats"):
        [*MessageView(archive, "window", Limits()).changes(None).entries]


PRIVATE = "messages of private chats (drafts = true includes them)"


def test_private_channels_of_slack_and_private_groups_among_all_of_telegram_are_left_out(tmp_path: Path) -> None:
    slack = tmp_path / "slack"
    write(slack / "groups.json", [{"id": "G1", "name": "board"}])
    write(slack / "dms.json", [{"id": "D1"}])
    write(slack / "mpims.json", [{"id": "G2", "name": "mpdm-ann--bob"}])
    for channel in ("board", "D1", "mpdm-ann--bob", "help"):
        write(slack / channel / "2026-01-01.json", [{"text": "x", "ts": "1767261600.0"}])
    archive = Export(slack)
    assert [one.channel for one in archive.read() if isinstance(one, Message)] == ["help"]
    assert archive.left_out == {PRIVATE: 3} and len(messages(slack, private=True)) == 4
    one = {"id": 1, "type": "message", "date_unixtime": "1767261600", "text": "x"}
    group = {"name": "Boats", "type": "private_supergroup", "messages": [one]}
    write(tmp_path / "one.json", group)
    write(tmp_path / "all.json", {"chats": {"list": [group, group | {"name": "Sea", "type": "public_channel"}]}})
    assert len(messages(tmp_path / "one.json", shape="telegram")) == 1
    assert [one.channel for one in messages(tmp_path / "all.json", shape="telegram")] == ["Sea"]  # type: ignore[union-attr]


def test_mattermost(tmp_path: Path) -> None:
    reply = {"user": "bob", "message": "Use B", "create_at": 1767261700000, "edit_at": 1767261800000}
    post = {"team": "t", "channel": "pumps", "user": "ann", "message": "It leaks", "create_at": 1767261600000}
    lines = [
        {"type": "version", "version": 1},
        {"type": "channel", "channel": {"team": "t", "name": "board", "type": "P"}},
        {"type": "post", "post": post | {"replies": [reply]}},
        {"type": "post", "post": post | {"type": "system_join_channel"}},
        {"type": "post", "post": post | {"channel": "board"}},
        {"type": "direct_post", "direct_post": {"channel_members": ["ann", "bob"], "user": "ann", "message": "x"}},
    ]
    (tmp_path / "import.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{cut\n")
    for place in (tmp_path, tmp_path / "import.jsonl"):
        archive = Export(place)
        first, second, cut = archive.read()
        assert isinstance(first, Message) and isinstance(second, Message) and isinstance(cut, Skipped)
        at = datetime(2026, 1, 1, 10, tzinfo=UTC)
        assert first == Message(first.id, at, "ann", "It leaks", "pumps", first.id)
        at = at.replace(minute=1, second=40)
        assert second == Message(
            second.id, at, "bob", "Use B", "pumps", first.id, updated=at.replace(minute=3, second=20)
        )
        assert (cut.key, cut.said) == ("import.jsonl:7", "{cut\n")
        assert archive.left_out == {PRIVATE: 2}


def test_discord_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "Ops - Text - pumps [12].csv"
    row = "1,ann,2026-01-01T10:00:00.0000000+00:00,It leaks,,"
    file.write_text(f"AuthorID,Author,Date,Content,Attachments,Reactions\n{row}\n{row}\n2\n")
    first, second, short = messages(file)
    assert isinstance(first, Message)
    assert first == Message(first.id, datetime(2026, 1, 1, 10, tzinfo=UTC), "ann", "It leaks", "pumps")
    assert second == replace(first, id=f"{first.id}-2")
    assert short == Skipped(f"{file.name}:4", "1 field in a row of 6 columns", "2")
    write(tmp_path / "more.json", {"messages": [{"id": "7", "timestamp": "2026-01-01T10:00:00Z", "content": "Yes"}]})
    (tmp_path / "note.txt").write_text("no export")
    assert [one.text for one in messages(tmp_path) if isinstance(one, Message)] == ["It leaks", "It leaks", "Yes"]


def test_an_answer_to_a_message_that_waits_for_a_moderator_waits_with_it(tmp_path: Path) -> None:
    rows = [
        {"id": id, "time": "2024-01-01T10:00:00Z", "author": "Ann", "text": f"Said {id}", "of": of, "status": state}
        for id, of, state in (("d", "c", ""), ("c", 7.0, ""), (7, "", "pending"), ("a", None, ""), ("e", "a", "open"),
                              (None, None, "pending"))
    ]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(rows))
    fields = {name: name for name in ("id", "time", "author", "text")}
    for answers, left in (({"reply_to": "of"}, "ae"), ({"thread": "of"}, "ae"), ({}, "acde")):
        export = Export(tmp_path / "a.json", "", fields | answers)
        assert sorted(one.id for one in export.read() if isinstance(one, Message)) == [*left]
        assert sum(export.left_out.values()) == 6 - len(left)
