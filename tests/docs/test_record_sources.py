"""The examples of site/content/sources.md for records build what they say."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from data.chat import Chat
from support.pages_host import PagesHost
from vademecum_builder.build import build
from vademecum_builder.settings import read_settings

PAGE = Path(__file__).parents[2] / "site" / "content" / "sources.md"


def settings_below(heading: str) -> str:
    """Return the first settings below a heading of the page."""
    _, _, section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    found = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert found
    return "site = false\n" + found[1]


@pytest.mark.slow
def test_tables_of_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE item (id, name, description, price, changed, gone)")
        row = (1, "Chair", "Of oak.", 19.5, "2026-01-01T10:00:00Z", None)
        database.execute("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)", row)
    Path("vademecum.toml").write_text(settings_below("Tables of a database"), encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_catalogs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    details = {"description": "Of oak.", "brand": "Acme"}
    item = {"sku": "a/1", "name": "Chair", "details": details, "price": "19,50 €", "changed": "2026-01-01T10:00:00Z"}
    Path("products.json").write_text(json.dumps({"data": {"items": [item]}}))
    Path("makers.json").write_text('[{"id": 1, "name": "Acme"}]')
    Path("vademecum.toml").write_text(settings_below("Catalogs"), encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chat = Chat(300)
    chat.next_day()
    chat.write_json_lines(Path("chat.jsonl"))
    Path("vademecum.toml").write_text(settings_below("Messages"), encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents > 2


@pytest.mark.slow
def test_files_of_office_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("manuals").mkdir()
    book = openpyxl.Workbook()
    book.active.append(["Pump", "Oil it"])
    book.save("manuals/pumps.xlsx")
    Path("vademecum.toml").write_text(settings_below("Files of office programs"), encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    item = "<item><guid>1</guid><title>News</title><description>Of oak.</description></item>"
    Path("feed.xml").write_text(f'<rss version="2.0"><channel>{item}</channel></rss>')
    with PagesHost(tmp_path) as host:
        text = settings_below("Feeds").replace("https://acme.example/", host.url)
        Path("vademecum.toml").write_text(text, encoding="utf-8")
        assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VADEMECUM_CACHE", str(tmp_path / "cache"))
    Path("handbook.git/docs").mkdir(parents=True)
    Path("handbook.git/docs/a.md").write_text("# A\n\nOf oak.\n")
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@a.example", "-C", "handbook.git"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*named, *command], check=True)
    text = settings_below("Repositories").replace("https://git.example/acme/", "")
    Path("vademecum.toml").write_text(text, encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_your_own_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, _, section = PAGE.read_text(encoding="utf-8").partition("\n## Your own function\n")
    [code] = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    Path("shop_source.py").write_text(code)
    Path("vademecum.toml").write_text(settings_below("Your own function"), encoding="utf-8")
    assert build(read_settings(Path("vademecum.toml"))).documents == 1


@pytest.mark.slow
def test_joined_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.json").write_text(json.dumps([{"id": 1, "sku": "a", "name": "Chair", "price": 10}]))
    Path("stock.csv").write_text("number,price,shelf\na,12,Left\n")
    Path("vademecum.toml").write_text(settings_below("Joined records"), encoding="utf-8")
    report = build(read_settings(Path("vademecum.toml")))
    assert report.documents == 1
    assert any("shop says 10, stock says '12'" in warning for warning in report.warnings)
