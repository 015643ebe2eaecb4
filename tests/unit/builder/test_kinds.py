"""Kinds of sources: all that a `[[source]]` may say, and what it may not."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from vademecum.errors import UsageError
from vademecum_builder.discovery.survey import SourceFound, survey
from vademecum_builder.kinds.records import KEYS as RECORDS
from vademecum_builder.kinds.registry import KINDS, kind_of, open_sources
from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.databases.database import Database

EVERY_KIND = """
[[source]]
kind = "folder"
path = "docs"
base-url = "https://acme.example/docs/"
pattern = ["guide/**"]
example-keys = ["keys/*.md"]
profile = "mkdocs"
drafts = true
[[source]]
kind = "files"
path = "scans"
base-url = "https://acme.example/scans/"
pattern = ["*.pdf"]
[[source]]
kind = "git"
url = "manual.git"
ref = "main"
folder = "docs/en/"
base-url = "https://acme.example/"
pattern = ["*.md"]
example-keys = ["*.pem.md"]
profile = "hugo"
drafts = false
[[source]]
name = "shop"
kind = "catalog"
path = "shop/*.csv"
records = "data.items"
encoding = "windows-1252"
merge = true
parents = ["post_id in posts.json"]
drafts = true
id = "sku"
title = "{name}"
text = ["name", "about"]
link = "https://shop.example/{sku}"
metadata = ["price"]
updated = "changed"
zone = "Europe/Berlin"
format = "html"
[[source]]
name = "rows"
kind = "sql"
url = "sqlite:///shop.db"
table = "item"
query = "SELECT 1"
cursor = "changed"
deleted = "gone"
drafts = true
capture = "triggers"
look-back = 1
text = "{name}: {about}"
[[source]]
kind = "debezium"
path = "events"
table = "item"
[[source]]
kind = "messages"
url = "sqlite:///chat.db"
table = "post"
query = "SELECT 2"
path = "export"
records = "data.messages"
shape = "irc"
id = "nr"
time = "at"
author = "who"
text = "said"
channel = "room"
thread = "topic"
reply-to = "answers"
subject = "about"
updated = "edited"
deleted = "gone"
zone = "UTC"
drafts = true
link = "https://chat.example/{id}"
strategies = ["window", "tokens"]
window = "2d"
gap = "30m"
silence = "90s"
messages = 1
overlap = 0
tokens = 1
look-back = "1w"
[[source]]
kind = "feed"
path = "https://acme.example/feed.xml"
keep = false
[[source]]
kind = "python"
call = "shop:items"
arguments = {shop = 7}
drafts = true
[[source]]
kind = "joined"
sources = ["shop", "rows"]
identity = {shop = "sku", rows = "number"}
rule = "newest"
drafts = true
"""


NOT_THERE = {
    "folder": "no such folder",
    "files": "no such folder",
    "git": "a repository is read by git: install it",
    "shop": "no such file",
    "rows": "table and query: take one of them out",
    "debezium": "",
    "messages": "url and path: take one of them out",
    "feed": "",
    "python": "shop:items: No module named 'shop'",
    "joined": "newest needs updated, the field that says how old one is",
}


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Why sources of every kind cannot be opened, by their names: none of them is there."""

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("vademecum_builder.sources.git.default_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr("vademecum_builder.sources.git.subprocess.run", missing)
    (tmp_path / "vademecum.toml").write_text(EVERY_KIND)
    request = read_settings(tmp_path / "vademecum.toml")
    request = replace(request, sync=True)
    *others, joined = request.sources
    why = {}
    for one in (*others, *joined.values["sources"], joined):
        why[one.name] = ""
        try:
            kind_of(one.kind).open_source(one, request)
        except UsageError as error:
            why[one.name] = error.message
    return why


def test_what_is_not_there_is_told_of_every_kind(opened: dict[str, str]) -> None:
    assert opened.keys() == NOT_THERE.keys()
    assert [name for name, why in NOT_THERE.items() if (why not in opened[name] if why else opened[name])] == []


def test_files_of_office_programs_are_all_that_is_read_of_a_folder(tmp_path: Path) -> None:
    names = ["a.pdf", "b.docx", "c.pptx", "d.xlsx", "e/f.EPUB"]
    for name in (*names, "g.md", "h.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "vademecum.toml").write_text('[[source]]\nkind = "files"\npath = "."\nbase-url = "https://a.example"\n')
    [[one]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    assert [item.key for item in one.source.changes(None).entries if isinstance(item, SourceItem)] == names
    assert one.reader() == PlainPages(tmp_path, "https://a.example", named=True)


def test_every_key_of_every_kind_is_read(tmp_path: Path) -> None:
    expected: list[dict[str, Any]] = tomllib.loads(EVERY_KIND)["source"]
    read_as: dict[object, Any] = {
        "sqlite:///shop.db": Database("sqlite:///shop.db", tmp_path),
        "sqlite:///chat.db": Database("sqlite:///chat.db", tmp_path),
        **{name: tmp_path / name for name in ("docs", "scans", "events", "export")},
        "docs/en/": "docs/en",
        "shop/*.csv": str(tmp_path / "shop/*.csv"),
        "windows-1252": "cp1252",
        **{name: ZoneInfo(name) for name in ("Europe/Berlin", "UTC")},
        "{name}: {about}": ("{name}: {about}",),
        "shop:items": ("shop:items", tmp_path),
        "2d": timedelta(2),
        "30m": timedelta(minutes=30),
        "90s": timedelta(seconds=90),
        "1w": timedelta(7),
    }

    def value_of(name: str, told: Any) -> Any:
        if isinstance(told, list) and name != "sources":
            return (("post_id", str(tmp_path / "posts.json")),) if name == "parents" else tuple(told)
        return told if isinstance(told, list | dict) else read_as.get(told, told)

    (tmp_path / "vademecum.toml").write_text(EVERY_KIND)
    request = read_settings(tmp_path / "vademecum.toml")
    *others, joined = request.sources
    found = [*others, *joined.values["sources"]]
    told = {one.name: {"kind": one.kind, **one.values} for one in found}
    told["joined"] = {"kind": "joined", **joined.values, "sources": [one.name for one in joined.values["sources"]]}
    assert told == {
        one.pop("name", one["kind"]): {name: value_of(name, value) for name, value in one.items()} for one in expected
    }
    unread = {(kind, name) for kind in KINDS for name in kind_of(kind).KEYS if kind == "catalog" or name not in RECORDS}
    assert not unread - {(one["kind"], name) for one in expected for name in one}


NOT_MEANT: list[tuple[str, str, list[Any]]] = [
    ("folder", "base-url", ["ftp://a.example", "https://", "https:///", "https://a b.example", "a.example"]),
    ("folder", "pattern", ["*.md", [1], {"a": "b"}]),
    ("folder", "drafts", [1, 0, "true"]),
    ("git", "url", ["", "--upload-pack=x"]),
    ("git", "folder", ["/etc", "a/../..", ["a"]]),
    ("catalog", "path", ["", "https://", ["a.csv"]]),
    ("catalog", "encoding", ["cp12345", "", 1252]),
    ("catalog", "text", ["", [], [1]]),
    ("catalog", "zone", ["Mars/Olympus", "", "../x"]),
    ("catalog", "format", ["xml", "", True]),
    ("sql", "url", ["shop.db", 1]),
    ("sql", "look-back", [0, 1.0, True, "1"]),
    ("messages", "strategies", [[], ["window", "window"], ["days"], "window"]),
    ("messages", "window", ["0s", "2", "d", "2y", 2, "1000000000s"]),
    ("messages", "overlap", [-1]),
    ("messages", "tokens", [0]),
    ("messages", "shape", ["teams"]),
    ("python", "call", ["", ":", 1]),
    ("python", "arguments", [[], "a"]),
    ("joined", "sources", [["a"], ["a", "a"], [], "a"]),
    ("joined", "identity", ["", {}, {"a": ""}, {"a": 1}, ["a"]]),
    ("joined", "rule", ["oldest"]),
]


def test_what_a_key_of_a_kind_may_not_be_is_refused_in_words(tmp_path: Path) -> None:
    read_ = {(kind, name): key for kind in KINDS for name, key in kind_of(kind).KEYS.items()}
    taken = [(kind, name, one) for kind, name, wrong in NOT_MEANT for one in wrong
             if read_[kind, name].read(one, tmp_path) is not None]  # fmt: skip
    taken += [(*at, None) for at, key in read_.items() if key.read(object(), tmp_path) is not None or not key.expected]
    assert taken == []
    needed = {kind: [name for (of, name), key in read_.items() if of == kind and key.required] for kind in KINDS}
    assert needed == {
        "folder": ["path"], "files": ["path"], "git": ["url"], "catalog": ["path"], "sql": ["url"],
        "debezium": ["path"], "messages": [], "feed": ["path"], "python": ["call"], "joined": ["sources", "identity"],
    }  # fmt: skip


def test_a_survey_says_of_each_source_what_it_holds_and_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name, text in (("a.md", "# One\n\n" + "Oil it. " * 20), ("b.md", "# Two\n\nDry it."), ("c.TXT", "Three")):
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "docs/d.md").write_bytes(b"\0")
    records = [{"id": n, "name": f"Pump {n}", "on": f"{n}.5.2026"} for n in range(3)]
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records) + "[1]\n" * 7)
    names = {
        "docs": 'kind = "folder"\nbase-url = "https://a.example"',
        "shop": 'kind = "catalog"',
        "none": 'kind = "catalog"',
    }
    paths = {"docs": "docs", "shop": "shop.jsonl", "none": "none.json"}
    told = [f'[[source]]\nname = "{name}"\n{kind}\npath = "{paths[name]}"\n' for name, kind in names.items()]
    (tmp_path / "vademecum.toml").write_text("".join(told))
    docs, shop, none = survey(read_settings(tmp_path / "vademecum.toml"))
    where = f"{tmp_path / 'vademecum.toml'}, line "
    samples = [
        {"key": "a.md", "title": "One", "url": "https://a.example/a/", "text": ("Oil it. " * 20)[:100]},
        {"key": "b.md", "title": "Two", "url": "https://a.example/b/", "text": "Dry it."},
    ]
    assert docs == SourceFound(
        "docs", "folder", f"{where}1", 3, {".md": 2, ".txt": 1}, [], samples, 1, ["d.md: binary: it holds NUL bytes"]
    )
    assert [(one.name, one.records, one.type, one.samples) for one in shop.fields] == [
        ("id", 3, "number", ["0", "1", "2"]),
        ("name", 3, "text", ["Pump 0", "Pump 1", "Pump 2"]),
        ("on", 3, "time", ["0.5.2026", "1.5.2026", "2.5.2026"]),
    ]
    samples = [{"key": str(n), "title": f"Pump {n}", "url": "", "text": f"{n}.5.2026"} for n in range(2)]
    warnings = [f"shop.jsonl:{n}: no object of fields" for n in range(4, 9)]
    assert replace(shop, fields=[]) == SourceFound(
        "shop", "catalog", f"{where}6", 3, samples=samples, skipped=7, warnings=warnings
    )
    assert none == SourceFound(
        "none", "catalog", f"{where}10", error=f"{tmp_path / 'none.json'}: no such file", fields=[]
    )


@pytest.mark.parametrize(
    "source",
    [
        'kind = "catalog"\npath = "large.csv"\nid = "sku"\ntitle = "name"',
        'kind = "catalog"\npath = "large.json"',
        'kind = "catalog"\npath = "large.parquet"\nid = "sku"',
        'kind = "sql"\nurl = "sqlite:///large.db"\ntable = "items"',
        'kind = "messages"\npath = "large.mbox"',
    ],
)
def test_a_file_that_git_lfs_has_is_told_as_that_whatever_the_kind(source: str, tmp_path: Path) -> None:
    """And not as one that has no field of this name, or is damaged."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    for ending in ("csv", "json", "parquet", "db", "mbox"):
        (tmp_path / f"large.{ending}").write_text(pointer)
    (tmp_path / "vademecum.toml").write_text(f"[[source]]\n{source}\n")
    request = read_settings(tmp_path / "vademecum.toml")
    with pytest.raises(UsageError, match=r"large\.\w+: Git LFS has the file"):
        for [opened] in open_sources(request).values():
            list(opened.source.changes(None).entries)
