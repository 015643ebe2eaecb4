"""`vade sources`: from a place that nobody has described to a searchable page, with nothing read but `--help`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from vademecum import KnowledgeBase
from vademecum_builder.cli.main import main


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shop(place: Path) -> None:
    with closing(sqlite3.connect(place / "shop.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE product (sku TEXT PRIMARY KEY, name, description, cost, updated_at)")
        database.execute("CREATE TABLE stock (sku, count INTEGER)")
        database.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, full_name, email, password_hash, notes)")
        rows = [(f"p-{n}", f"Chair {n}", f"A chair of oak, number {n}.", 10.5, "2026-01-01 10:00:00") for n in range(9)]
        database.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?)", rows)
        database.execute("INSERT INTO stock VALUES ('p-1', 3)")
        note = "Likes chairs of oak, and asks often."
        database.execute("INSERT INTO customer VALUES (1, 'Ann Lee', 'ann@a.example', 'x9 y8', ?)", [note])


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_a_folder_is_not_read_twice(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "docs").mkdir()
    (place / "docs" / "pump.md").write_text("# Pump\n\nOil it.\n")
    (place / "vademecum.toml").write_text('title = "Pumps"\nout = "kb"\n\n[[source]]\npath = "docs"\n')
    before = (place / "vademecum.toml").read_text()
    assert main(["sources", "--discover", "docs/", "--write"]) == 2
    assert capsys.readouterr().err.endswith("reads this folder already; change there what is to be\n")
    (place / "docs" / "pumps.csv").write_text("id;name\n1;Bilge pump\n")
    assert main(["sources", "--discover", "docs", "--write"]) == 2
    assert "records in it are sources of their own: name one, as docs/pumps.csv" in capsys.readouterr().err
    assert (place / "vademecum.toml").read_text() == before
    (place / "more").mkdir()
    (place / "more" / "valve.md").write_text("# Valve\n\nTurn it.\n")
    assert "vade serve kb" in say(capsys, "sources", "--discover", "more", "--write")
    (place / "vademecum.toml").write_text('title = "Pumps"\nout = "kb"\n')  # who took out the wrong one goes on
    assert "vade serve kb" in say(capsys, "sources", "--discover", "docs", "--write")


@pytest.mark.slow
@pytest.mark.parametrize("address", ["sqlite:///shop.db", "shop.db"])
def test_a_database_is_found_written_and_built(place: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    shop(place)
    said = say(capsys, "sources", "--discover", address, "--write")
    assert "Next: vade build, then vade serve site" in said
    written = (place / "vademecum.toml").read_text()
    assert 'title = "Shop"' in written and 'table = "stock"' not in written
    assert "# private tables, and those of a program's own, are left out: customer" in written
    assert '"cost"' not in written
    assert "email" not in written and "# private, so left out: cost" in written
    say(capsys, "build", "--no-site")
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        hit = kb.search("chair number 7", limit=1)[0]
        assert (hit.document, hit.title) == ("product:p-7", "Chair 7")
        assert hit.metadata["updated"] == "2026-01-01T10:00:00Z"
        assert not kb.search("x9 y8 ann@a.example", mode="lexical")
    say(capsys, "sources", "--discover", address, "--write")  # once more: other names, and still settings
    assert 'name = "product-2"' in (place / "vademecum.toml").read_text()


@pytest.mark.slow
def test_from_a_chat_to_a_page_in_three_commands(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(place / "chat.db", isolation_level=None)) as database:
        columns = "id INTEGER PRIMARY KEY, room TEXT, sender TEXT, body TEXT, sent_at TEXT, reply_to INTEGER"
        database.execute(f"CREATE TABLE message ({columns})")
        said = [("ann", "Does anybody know how the heron pump is oiled?"), ("bob", "Weekly, with thin oil.")] * 3
        rows = [(n, "yard", *one, f"2026-01-01 10:0{n}:00", n or None) for n, one in enumerate(said)]
        database.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", rows)
    say(capsys, "sources", "--discover", "sqlite:///chat.db", "--write")
    written = (place / "vademecum.toml").read_text()
    expected = ('kind = "messages"', 'time = "sent_at"', 'author = "sender"', 'text = "body"', 'reply-to = "reply_to"')
    assert all(line in written.splitlines() for line in expected)
    say(capsys, "build", "--no-site")
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        assert "thin oil" in kb.search("how is the pump oiled")[0].text


@pytest.mark.slow
def test_what_is_configured_is_shown_with_its_fields(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop(place)
    (place / "docs").mkdir()
    (place / "docs/a.md").write_text("# A page\n\nAbout herons.\n")
    (place / "items.csv").write_text("nr;what\n1;A first thing\n2\n3;A third thing\n")
    (place / "vademecum.toml").write_text(
        '[[source]]\nname = "docs"\npath = "docs"\n'
        '[[source]]\nname = "items"\nkind = "catalog"\npath = "items.csv"\nid = "nr"\n'
    )
    said = say(capsys, "sources")
    assert "docs (folder): 1 item (1 .md)" in said
    assert "items (catalog): 2 items, 1 cannot be read" in said
    assert "what  text     A first thing | A third thing" in said
    assert "warning: items.csv:3: 1 field in a row of 2 columns" in said
    assert "becomes: A page: About herons." in said
    told = json.loads(say(capsys, "sources", "--json"))
    assert [source["items"] for source in told["sources"]] == [1, 2]
    number = {"name": "nr", "type": "number", "records": 2, "samples": ["1", "3"]}
    assert told["sources"][1]["fields"][0] == number
    assert not (place / "site").exists()


def test_a_source_that_cannot_be_read_says_why_and_the_others_go_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.json").write_text('[{"id": 1, "name": "One"}]')
    for name in ("a", "b"):
        with (place / "vademecum.toml").open("a") as file:
            file.write(f'[[source]]\nname = "{name}"\nkind = "catalog"\npath = "{name}.json"\n')
    assert main(["sources"]) == 1
    said = capsys.readouterr().out
    assert "a (catalog): 1 item" in said and "b (catalog): cannot be read: " in said


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '{"a": [{"Nr": "x1", "Title": "One two"}]}', ('kind = "catalog"', 'id = "Nr"', 'title = "Title"')),
        ("items.csv", "sku,name,link\n1,One,https://a.b/1\n", ('id = "sku"', 'link = "link"', 'path = "items.csv"')),
        ("one/a.jsonl", '{"id": 1, "text": "A text"}', ('kind = "catalog"', 'path = "one"')),
        ("one/a.md", "# A", ('kind = "folder"', 'path = "one"')),
    ],
)  # fmt: skip
def test_what_lies_there_is_proposed_and_nothing_is_written(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, expected: tuple[str, ...]
) -> None:
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_text(content)
    said = say(capsys, "sources", "--discover", name.partition("/")[0])
    assert all(line in said.splitlines() for line in expected)
    assert not (place / "vademecum.toml").exists()


def test_a_table_of_messages_is_an_archive_and_one_column_of_text_is_no_title(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(place / "chat.db")) as chat, chat:
        chat.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, sent_at TEXT, body TEXT)")
        chat.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, what TEXT)")
        chat.execute("INSERT INTO posts VALUES (1, 7, '2026-11-01T09:00:00Z', 'The printer is jammed again')")
        chat.execute("INSERT INTO notes VALUES (1, 'Feed the herons in the morning, not at night')")
    said = say(capsys, "sources", "--discover", "sqlite:///chat.db").split("[[source]]")
    posts, notes = sorted(said[1:], key=lambda one: "notes" in one)
    assert 'kind = "messages"' in posts and 'author = "user_id"' in posts
    assert 'kind = "sql"' in notes and 'text = ["what"]' in notes and "title" not in notes


@pytest.mark.slow
def test_ids_of_authors_are_names_and_what_is_empty_yet_may_say_later_that_a_row_is_gone(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(place / "chat.db")) as chat, chat:
        chat.executescript("""
            CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
            CREATE TABLE rooms (id INTEGER PRIMARY KEY, title TEXT);
            CREATE TABLE "Posts" (id INTEGER PRIMARY KEY, room_id INTEGER REFERENCES rooms, user_id INTEGER,
                sent_at TEXT, body TEXT, deleted_at TEXT);
            CREATE TABLE notes (id INTEGER PRIMARY KEY, what TEXT, deleted_at TEXT);
            INSERT INTO users VALUES (7, 'Ann', 'ann@a.example'); INSERT INTO rooms VALUES (1, 'help');
            INSERT INTO "Posts" VALUES (1, 1, 7, '2026-11-01T09:00:00Z', 'The printer is jammed', NULL),
                (2, 1, 8, '2026-11-01T09:01:00Z', 'Which of them is it?', NULL);
            INSERT INTO notes VALUES (1, 'Feed the herons in the morning, not at night', NULL);
        """)
    said = say(capsys, "sources", "--discover", "sqlite:///chat.db", "--write")
    assert said.count('deleted = "deleted_at"') == 2
    say(capsys, "build", "--no-site")
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        [hit] = kb.search("jammed printer", limit=1)
        assert "Ann: The printer is jammed" in hit.text and hit.metadata["channel"] == "help"
        assert "ann@a.example" not in str(hit)
    with closing(sqlite3.connect(place / "chat.db")) as chat, chat:
        chat.execute("UPDATE \"Posts\" SET deleted_at = '2026-11-02T00:00:00Z' WHERE id = 1")
    say(capsys, "build", "--no-site")
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        assert not any("jammed" in hit.text for hit in kb.search("jammed printer"))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["sources"], "vade sources --discover docs --write makes one"),
        (["sources", "--write"], "--write belongs to --discover"),
        (["sources", "--discover", "none"], "none: no such file or folder"),
        (["sources", "--discover", "empty"], "empty: no documents and no records"),
        (["sources", "--discover", "a.md"], "a.md: one document; name the folder"),
        (["sources", "--discover", "a.xlsx"], "a.xlsx: damaged: no workbook that can be read"),
        (["sources", "--discover", "x.json"], "x.json: no list of objects"),
        (["sources", "--discover", "sqlite:///none.db"], "none.db"),
    ],
)
def test_what_cannot_be_found_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    (place / "empty").mkdir()
    (place / "a.md").write_text("# A")
    (place / "x.json").write_text("[1, 2]")
    with ZipFile(place / "a.xlsx", "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
    assert main(arguments) == 2
    assert why in capsys.readouterr().err


def test_what_would_change_is_told_before_the_first_sync(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop(place)
    say(capsys, "sources", "--discover", "sqlite:///shop.db", "--write")
    assert "A sync would change: 9 added" in say(capsys, "monitor")
    assert not (place / ".vademecum").exists()


def test_an_error_about_a_key_names_its_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.csv").write_text("id,name,text\n1,One,A text\n")
    (place / "vademecum.toml").write_text(
        '[[source]]\nname = "a"\nkind = "catalog"\npath = "a.csv"\n\n"title" = "nam"\n'
    )
    assert main(["build", "--no-site", "--json"]) == 2
    said = capsys.readouterr()
    for told in (said.err, json.loads(said.out)["error"]["message"]):
        assert "vademecum.toml, line 6: source.title: no record has a field 'nam'" in told
