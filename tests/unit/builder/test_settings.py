"""`vademecum.toml`: what it says, and one line with line, key and fix for what it cannot mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vademecum.errors import UsageError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.encoders.http import HttpLimits, HttpModel
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.request import ApprovalRule, ArchiveLimits, BuildRequest
from vademecum_builder.settings import read_settings

WHOLE = """
title = "Acme handbook"
address = "https://acme.example/kb/"
out = "public/kb"
root = "root.json"
channel = "beta"
candidate = 2.5
dimensions = 4096
query-encoder = "table"
publish = ["public", "s3://kb"]
site = false
whole = true
strict = true

[[source]]
kind = "folder"
path = "docs"
base-url = "https://acme.example/docs/"
pattern = ["guide/**", "!drafts/"]
example-keys = ["tests/"]
profile = "mkdocs"
drafts = true

[encoder]
address = "https://a.example/v1"
model = "org/m-3"
batch = 1
parallel = 1
rate = 1
price = 1000000
seconds = 1
attempts = 1

[approval]
always = true
more-than = 1

[limits]
packs = 0
keep = 3
history = 4
history-bytes = 5
vectors = 6
failures = 0.07
allow-empty = true
allow-shrink = true
"""

EXPECTED = """
title: expected a text
address: expected an address that begins with https:// or http://, without blanks
out: expected a folder
root: expected a file
channel: expected small letters, digits and -, as in stable
candidate: expected true, or a percentage from 0 to 100
dimensions: expected a number from 1 to 4096
query-encoder: expected table or transformer
publish: expected a list of places, as `vade publish` takes them
site: expected true or false
whole: expected true or false
strict: expected true or false
source.kind: there is no kind {}
source.path: expected a folder
source.base-url: expected an address that begins with https:// or http://, without blanks
source.pattern: expected a list of texts
source.example-keys: expected a list of texts
source.profile: expected the name of a generator
source.drafts: expected true or false
encoder.address: expected an address that begins with https:// or http://, as in https://host/v1
encoder.model: expected the name of a model that answers there
encoder.batch: expected texts in a request, a number above 0
encoder.parallel: expected requests at a time, a number above 0
encoder.rate: expected the most requests in a minute, a number above 0
encoder.price: expected of a million tokens, a number
encoder.seconds: expected for which it may say nothing, a number above 0
encoder.attempts: expected a number above 0
approval.always: expected true or false
approval.more-than: expected a share of the documents from 0 to 1, as in 0.2
limits.packs: expected a number of bytes
limits.keep: expected a number of earlier releases
limits.history: expected a number of jobs
limits.history-bytes: expected a number of bytes
limits.vectors: expected a number of bytes
limits.failures: expected a share from 0 to 1, as in 0.05
limits.allow-empty: expected true or false
limits.allow-shrink: expected true or false
"""

ENCODER = "[encoder]\n"
SOURCE = '\n[[source]]\npath = "d"'


def read(folder: Path, text: str) -> BuildRequest:
    (folder / "vademecum.toml").write_text(text, encoding="utf-8")
    return read_settings(folder / "vademecum.toml")


def test_every_key(tmp_path: Path) -> None:
    asked = "https://a.example/v1#org/m-3&batch=1&parallel=1&per-minute=1&price=1000000&seconds=1&attempts=1"
    assert read(tmp_path, WHOLE) == BuildRequest(
        source=tmp_path / "docs",
        out=tmp_path / "public/kb",
        previous="https://acme.example/kb/",
        patterns=("guide/**", "!drafts/"),
        example_keys=("tests/",),
        profile="mkdocs",
        base_url="https://acme.example/docs/",
        title="Acme handbook",
        channel="beta",
        candidate=250,
        encoder=f"http:{asked}",
        dimensions=4096,
        query_encoder="table",
        root=tmp_path / "root.json",
        publish=(str(tmp_path / "public"), "s3://kb"),
        drafts=True,
        site=False,
        whole=True,
        strict=True,
        approval=ApprovalRule(always=True, more_than=1),
        packs=PackLimits(most=0),
        archive=ArchiveLimits(3),
        history_jobs=4,
        history_bytes=5,
        vector_bytes=6,
        failures=0.07,
        allow_empty=True,
        allow_shrink=True,
    )
    assert HttpModel.parse(asked).limits == HttpLimits(1, 1, 1, 1_000_000, 1, 1)


def test_every_key_says_what_it_may_be(tmp_path: Path) -> None:
    lines, told, table = WHOLE.splitlines(), [], ""
    for at, line in enumerate(lines):
        table = f"{line.strip('[]')}." if line.startswith("[") else table
        if " = " in line:
            key = line.partition(" = ")[0]
            with pytest.raises(UsageError) as caught:
                read(tmp_path, "\n".join([*lines[:at], f"{key} = {{}}", *lines[at + 1 :]]))
            place, _, said = caught.value.message.partition(": ")
            assert place == f"{tmp_path / 'vademecum.toml'}, line {at + 1}"
            told.append(said)
    assert [re.sub(", not {}.*|; there is .*", "", said) for said in told] == EXPECTED.split("\n")[1:-1]


@pytest.mark.parametrize(
    "line",
    [
        "dimensions = 0",
        "dimensions = 4097",
        "out = ''",
        "candidate = 101",
        "publish = 'a'",
        "channel = 'A'",
        "[encoder]\naddress = 'https://a.b/v1'\nmodel = ''",
        "[encoder]\nrate = 0",
        "[encoder]\nparallel = 0",
        "[encoder]\nseconds = 0",
        "[encoder]\nattempts = 0",
        "[encoder]\nprice = -0.1",
        "[encoder]\nprice = 1000001",
        "[approval]\nmore-than = 1.1",
        "[approval]\nmore-than = -0.1",
        "[limits]\nfailures = 1.1",
        "[limits]\nhistory = -1",
    ],
)
def test_what_a_key_may_not_be(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        read(tmp_path, line + SOURCE)


def test_the_encoder_is_a_name_or_a_table(tmp_path: Path) -> None:
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
        ('keys = "A"\n[[source]]\npath = "d"', "candidate, channel, dimensions, encoder, limits, out, publish"),
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
        ("title = 1 2", "line 1: cannot be read: Expected newline or end of document after a statement: title = 1 2"),
        (
            "[[source]]\npath = “docs”",
            'line 2: cannot be read: Invalid value (a text stands between straight quotes: "',
        ),
        ("[limits]\nkeep = 1\n[limits]", "line 3: cannot be read: Cannot declare ('limits',) twice: [limits]"),
        ('title = "A"\ntitle = "B"\n', "cannot be read: Cannot overwrite a value (the key stands twice): title"),
        ('[[source]]\npath = "d\\guide"\n', "cannot be read: Unescaped '\\' in a string (write / between the names"),
        ('[[source]]\npath = "C:\\Users"\n', "cannot be read: Invalid hex value (write / between the names"),
        ('[[source]]\npath = "d"\ntitle = "A"', "line 3: source.title: this key belongs to the top of the file"),
        ('[[source]]\npath = "https://x.y/z"', "line 2: source.path: expected a folder, not 'https://x.y/z'"),
        (
            'address = "https://x.y/a b"\n[[source]]',
            "line 1: address: expected an address that begins with https:// or http://, without blanks",
        ),
        ("\ufeff[[source]]", "line 1: source: path is missing"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match="vademecum") as caught:
        read(tmp_path, text)
    assert said in caught.value.message


def test_settings_that_are_missing_are_said_to_be_with_what_writes_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"vademecum\.toml: no such file: `vade init` writes one"):
        read_settings(tmp_path / "vademecum.toml")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "vademecum.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(UsageError, match="cannot be read: it is not UTF-8: save it as UTF-8"):
        read_settings(tmp_path / "vademecum.toml")


def test_channel_candidate_approval_and_what_stays_are_said_in_the_settings(tmp_path: Path) -> None:
    told = 'channel = "beta"\ncandidate = {}\n[[source]]\npath = "d"\n[limits]\nkeep = 3\n[approval]\nmore-than = 0.2\n'
    for candidate, rollout in (("true", 0), ("10", 1000), ('"0.5%"', 50), ("2.5", 250)):
        found = read(tmp_path, told.format(candidate))
        assert (found.channel, found.candidate, found.archive) == ("beta", rollout, ArchiveLimits(3))
        assert found.approval == ApprovalRule(more_than=0.2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('encoder = "bultin"\n', "line 1: encoder: expected builtin, .* not 'bultin'"),
        ('[encoder]\nname = "sentence-transformers:"\n', "line 2: .*name: expected builtin"),
        ('[[source]]\nname = "a"\npath = "dcs"\n', "line 1: source: .*dcs: no such folder"),
        ('[[source]]\nkind = "catalog"\npath = "x.csv"\n', r"line 1: source: .*x\.csv: no such file"),
        ('[[source]]\nkind = "feed"\npath = "x.xml"\n', r"line 1: source: .*x\.xml: no such file"),
    ],
)
def test_what_the_settings_name_and_is_not_there_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "vademecum.toml").write_text(text if "source" in text else f'{text}\n[[source]]\npath = "."\n')
    with pytest.raises(UsageError, match=said):
        open_sources(read_settings(tmp_path / "vademecum.toml"))
