"""`vademecum.toml`: what it says, and one line with line, key and fix for what it cannot mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from vademecum.errors import UsageError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.encoders.http import HttpModel
from vademecum_builder.request import ApprovalRule, ArchiveLimits, BuildRequest
from vademecum_builder.settings import read_settings

WHOLE = """
title = "Acme handbook"
address = "https://acme.example/kb/"
out = "public/kb"
root = "root.json"
channel = "beta"
encoder = "builtin"
site = false
whole = true

[[source]]
kind = "folder"
path = "docs"
base-url = "https://acme.example/docs/"
pattern = ["guide/**", "!drafts/"]
profile = "mkdocs"
drafts = true

[limits]
packs = 0
"""


ENCODER = "[encoder]\n"
SOURCE = '\n[[source]]\npath = "d"'


def read(folder: Path, text: str) -> BuildRequest:
    (folder / "vademecum.toml").write_text(text, encoding="utf-8")
    return read_settings(folder / "vademecum.toml")


def test_every_key(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == BuildRequest(
        source=tmp_path / "docs",
        out=tmp_path / "public/kb",
        previous="https://acme.example/kb/",
        patterns=("guide/**", "!drafts/"),
        profile="mkdocs",
        base_url="https://acme.example/docs/",
        title="Acme handbook",
        channel="beta",
        encoder="builtin",
        root=tmp_path / "root.json",
        drafts=True,
        site=False,
        whole=True,
        packs=PackLimits(most=0),
    )


def test_the_encoder_is_a_name_or_a_table(tmp_path: Path) -> None:
    table = 'address = "https://a.b/v1"\nmodel = "org/m-3"\nbatch = 32\nrate = 600\nprice = 0.02\n'
    whole = f'[encoder]\n{table}[[source]]\npath = "docs"\n'
    asked = "http:https://a.b/v1#org/m-3&batch=32&per-minute=600&price=0.02"
    assert read(tmp_path, whole).encoder == asked
    limits = HttpModel.parse(asked.removeprefix("http:")).limits
    assert (limits.batch, limits.per_minute, limits.price) == (32, 600, 0.02)
    named = '[encoder]\nname = "sentence-transformers:m"\n[[source]]\npath = "docs"\n'
    assert read(tmp_path, named).encoder == "sentence-transformers:m"


def test_a_folder_is_enough(tmp_path: Path) -> None:
    expected = BuildRequest(source=tmp_path / "docs", out=tmp_path / "site")
    assert read(tmp_path, '[[source]]\npath = "docs"\n') == expected


def test_several_sources_have_names(tmp_path: Path) -> None:
    text = '[[source]]\nname = "handbook"\npath = "docs"\n[[source]]\npath = "notes"\ndrafts = true\n'
    read_in = read(tmp_path, text)
    assert (read_in.source, [source.prefix for source in read_in.sources]) == (tmp_path, ["handbook:", "folder:"])
    assert [source.values for source in read_in.sources] == [
        {"path": tmp_path / "docs"},
        {"path": tmp_path / "notes", "drafts": True},
    ]
    assert read_in.sources[1].where == f"{tmp_path / 'vademecum.toml'}, line 4"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "A"\n[[source]]\npath = "d"', "line 1: titel: no such key; did you mean title?"),
        (
            '[[source]]\npath = "d"\nbase_url = "https://a.b/"',
            "line 3: source.base_url: no such key; did you mean base-url?",
        ),
        (ENCODER + 'addres = "x"' + SOURCE, "line 2: encoder.addres: no such key; did you mean address?"),
        (
            ENCODER + 'address = "host"' + SOURCE,
            "line 2: encoder.address: expected an address that begins with https://",
        ),
        (ENCODER + 'address = "https://a.b/v1"' + SOURCE, "line 1: encoder: model is missing: the name of a model"),
        (ENCODER + 'model = "m&batch=9"' + SOURCE, "line 2: encoder.model: expected the name of a model"),
        (ENCODER + "batch = 0" + SOURCE, "line 2: encoder.batch: expected texts in a request, a number above 0, not 0"),
        (ENCODER + 'price = "2"' + SOURCE, "line 2: encoder.price: expected of a million tokens, a number, not '2'"),
        (ENCODER + 'name = "builtin"\nmodel = "m"' + SOURCE, "line 3: encoder.model: name is an encoder by itself"),
        ("[[source]]\n  'path' = 4", "line 2: source.path: expected a folder, not 4"),
        ("[[source]]\npath = 4", "line 2: source.path: expected a folder, not 4"),
        ('[[source]]\npath = ""', "line 2: source.path: expected a folder, not ''"),
        (
            'query-encoder = "b"\n[[source]]\npath = "d"',
            "line 1: query-encoder: expected table or transformer, not 'b'",
        ),
        (
            '[[source]]\npath = "d"\n[approval]\nmore-than = 20',
            "line 4: approval.more-than: expected a share of the documents from 0 to 1, as in 0.2, not 20",
        ),
        ('candidate = "x"\n[[source]]\npath = "d"', "line 1: candidate: expected true, or a percentage"),
        ('[[source]]\npath = "d"\n[limits]\nkeep = -1', "line 4: limits.keep: expected a number of earlier"),
        ('dimensions = true\n[[source]]\npath = "d"', "line 1: dimensions: expected a number from 1 to 4096, not True"),
        (
            'address = "acme.example"\n[[source]]\npath = "d"',
            "line 1: address: expected an address that begins with https://",
        ),
        ('[[source]]\npath = "d"\npattern = "a"', "line 3: source.pattern: expected a list of texts"),
        ('[[source]]\npath = "d"\n[limits]\npacks = -1', "line 4: limits.packs: expected a number of bytes, not -1"),
        ('[[source]]\npath = "d"\n[limitz]\npacks = 1', "line 3: limitz: no such key; did you mean limits?"),
        (
            '[[source]]\nkind = "foldre"\npath = "d"',
            "line 2: source.kind: there is no kind 'foldre'; did you mean folder?",
        ),
        ('[[source]]\npath = "d"\n[[source]]\npath = "e"', "line 1: source: 2 sources are called folder"),
        ('[[source]]\npath = "d"\n[[source]]\nname = "b"\npath = 4', "line 5: source.path: expected a folder, not 4"),
        ('[[source]]\nname = "a"\npath = "d"\n[[source]]\nname = "b"', "line 4: source: path is missing: a folder"),
        ('[[source]]\nname = "A b"\npath = "d"', "line 2: source.name: expected small letters, digits and -"),
        ('[source]\npath = "d"', "line 1: source: name what to build"),
        ("", "vademecum.toml: source: name what to build"),
        ("[[source]]", "line 1: source: path is missing: a folder"),
        ("limits = 1\n[[source]]", "line 1: limits: expected a table"),
        ('title = "A', "cannot be read: Unterminated"),
        ("title = 1 2", "cannot be read: Expected newline or end of document after a statement (at line 1"),
        ("\ufeff[[source]]", "line 1: source: path is missing"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match="vademecum") as caught:
        read(tmp_path, text)
    assert said in caught.value.message


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "vademecum.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path / "vademecum.toml")


def test_channel_candidate_approval_and_what_stays_are_said_in_the_settings(tmp_path: Path) -> None:
    told = 'channel = "beta"\ncandidate = {}\n[[source]]\npath = "d"\n[limits]\nkeep = 3\n[approval]\nmore-than = 0.2\n'
    for candidate, rollout in (("true", 0), ("10", 1000), ('"0.5%"', 50), ("2.5", 250)):
        found = read(tmp_path, told.format(candidate))
        assert (found.channel, found.candidate, found.archive) == ("beta", rollout, ArchiveLimits(3))
        assert found.approval == ApprovalRule(more_than=0.2)
