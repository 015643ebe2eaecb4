"""A catalog: its formats, what is wrong with a record, and what is wrong with a file."""

from __future__ import annotations

import gzip
import io
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from support.growth import grows_with_the_square
from support.pages_host import PagesHost
from vademecum.errors import ContentError, NetworkError, ServerError, UsageError
from vademecum_builder.sources.base import Checkpoint, Skipped, SourceError, SourceItem
from vademecum_builder.sources.catalog import CatalogSource, Listing
from vademecum_builder.sources.formats.csv_rows import csv_rows
from vademecum_builder.sources.formats.json_records import split_records
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.formats.record_lists import WHOLE
from vademecum_builder.sources.formats.xml_records import repeated_elements, split_elements
from vademecum_builder.sources.private_fields import why_private
from vademecum_builder.sources.records import Failed, field_at, record_key

PUMP = {"id": 7, "name": "Pump", "price": {"amount": 12.5}}
VALVE = {"id": "v/1", "name": 'Valve "A" {x} [y] \\'}


def listed(source: CatalogSource) -> tuple[dict[str, object], dict[str, str]]:
    """Return the records by key, and why others are left out, by place."""
    entries = list(source.changes(None).entries)
    found = {entry.key: json.loads(entry.data) for entry in entries if isinstance(entry, SourceItem)}
    return found, {entry.key: entry.reason for entry in entries if isinstance(entry, Skipped)}


def catalog(tmp_path: Path, name: str, content: str | bytes, **told: object) -> CatalogSource:
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    return CatalogSource(str(tmp_path / name), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["id", "_id", "key", "sku", "uuid", "guid", "slug", "handle"])
def test_fields_that_are_the_id_where_none_is_named(name: str, tmp_path: Path) -> None:
    assert listed(catalog(tmp_path, "a.json", json.dumps([{"title": "Pump", name: "p-7"}])))[0].keys() == {"p-7"}


BOTH = json.dumps([PUMP, VALVE])
ALIASES = "\n".join(["- &a0 [xxxxxxxxxx]", *(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8))])
"""Ten million texts, in a few hundred bytes."""
LINES = json.dumps(PUMP) + "\n\n" + json.dumps(VALVE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", BOTH),
        ("a.json", "\ufeff" + BOTH),
        ("a.json", BOTH.encode("utf-16")),
        ("a.json", json.dumps({"meta": {"tags": ["x"]}, "data": {"items": [PUMP, VALVE]}, "next": None}, indent=2)),
        ("a.json", LINES),  # JSON Lines under another name
        ("a.jsonl", LINES),
        ("a.ndjson", LINES + "\n"),
        ("a.jsonl", "\ufeff" + LINES),
    ],
)
def test_json_of_any_shape_is_read(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert listed(catalog(tmp_path, name, content)) == ({"7": PUMP, "v/1": VALVE}, {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_whatever_its_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = ["id,name,note", '1,"Pümpe, 2","two\nlines"', "", "2,Düse,", '3,"a ""b""",']
    text = "\r\n".join(rows).replace(",", delimiter).replace(f'"Pümpe{delimiter} 2"', '"Pümpe, 2"')
    changes = catalog(tmp_path, "a.csv", text.encode(encoding)).changes(None)
    assert len([*changes.entries]) == 3
    guess = 'a.csv: read as cp1252, which it looks like: save it as UTF-8, or write encoding = "cp1252"'
    assert changes.warnings == ([guess] if encoding == "cp1252" else [])
    assert listed(catalog(tmp_path, "a.csv", text.encode(encoding))) == (
        {
            "1": {"id": "1", "name": "Pümpe, 2", "note": "two\nlines"},
            "2": {"id": "2", "name": "Düse"},
            "3": {"id": "3", "name": 'a "b"'},
        },
        {},
    )


def test_an_encoding_that_is_said_is_taken(tmp_path: Path) -> None:
    data = "id;name\n1;Žluťoučký\n".encode("cp1250")
    assert listed(catalog(tmp_path, "a.csv", data, layout=Layout(encoding="cp1250")))[0]["1"] == {
        "id": "1",
        "name": "Žluťoučký",
    }
    marked = catalog(tmp_path, "a.csv", b"\xef\xbb\xbfid\n7\n", layout=Layout(encoding="utf-8"))
    assert listed(marked)[0] == {"7": {"id": "7"}}
    cut = b'\n [{"id": 7, "x": "\x81"}]'  # a byte that means nothing there
    assert listed(catalog(tmp_path, "a.json", cut, layout=Layout(encoding="cp1252")))[0] == {
        "7": {"id": 7, "x": "\ufffd"}
    }
    assert listed(catalog(tmp_path, "a.json", cut.replace(b"}]", b'}, {"id": 8}]'))) == (
        {"8": {"id": 8}}, {"a.json:1": "bytes that are not UTF-8: save it as UTF-8, or say its encoding"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["data", "data/*.json*", "data/**/*.json*"])
def test_a_folder_and_a_glob_are_all_their_files(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data/more.json").mkdir(parents=True)
    (tmp_path / "data/a.json").write_text(json.dumps([PUMP]))
    (tmp_path / "data/b.jsonl").write_text(json.dumps(VALVE))
    (tmp_path / "data/c.txt").write_text("A note.")
    assert listed(CatalogSource(str(tmp_path / name)))[0].keys() == {"7", "v/1"}
    monkeypatch.chdir(tmp_path)
    assert CatalogSource(name).files() == [Path("data/a.json"), Path("data/b.jsonl")]


def test_of_a_folder_every_ending_of_records_is_read_and_what_is_hidden_is_not(tmp_path: Path) -> None:
    names = ["a.JSON", "b.csv", "c.geojson", "d/e.jsonl", "d/f.ndjson", "d/g.tsv"]
    for name in (*names, ".h.json", ".i/j.json", "d/.k/l.csv", "m.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert CatalogSource(str(tmp_path)).files() == [tmp_path / name for name in names]
    seldom = [tmp_path / "d/seldom" / name for name in ("a.xml", "b.yaml", "c.YML")]
    seldom[0].parent.mkdir()
    for file in (*seldom, tmp_path / "d/seldom/d.txt"):
        file.touch()
    assert CatalogSource(str(tmp_path / "d/seldom")).files() == seldom


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".tab"])
def test_a_table_may_have_names_in_brackets_and_one_record_makes_a_file_of_lines(tmp_path: Path, ending: str) -> None:
    assert listed(catalog(tmp_path, f"a{ending}", "[id],[name]\n1,One\n", id="[id]"))[0].keys() == {"1"}
    for line in (".jsonl", ".ndjson"):
        assert listed(catalog(tmp_path, f"a{line}", json.dumps(PUMP)))[0] == {"7": PUMP}


def test_the_list_of_records_is_named_where_there_are_several(tmp_path: Path) -> None:
    text = json.dumps({"shops": [{"id": 1}], "a": {"b": [PUMP]}})
    with pytest.raises(UsageError, match=r"several lists of objects: name one, as in records = 'shops' or 'a\.b'"):
        listed(catalog(tmp_path, "a.json", text))
    for path in ("a.b", "/a/b"):
        assert listed(catalog(tmp_path, "a.json", text, layout=Layout(records=path)))[0] == {"7": PUMP}
    with pytest.raises(UsageError, match=r"no list of objects at a; there is shops, a\.b"):
        listed(catalog(tmp_path, "a.json", text, layout=Layout(records="a")))


def test_which_list_of_several_holds_the_records(tmp_path: Path) -> None:
    def found(value: object) -> str:
        return next(iter(catalog(tmp_path, "a.json", json.dumps(value)).lists_of_records()), "")

    many = [VALVE] * 3
    for name in "data items results products records entries rows documents hits value".split():
        assert found({"included": many, "out": {name: [PUMP]}}) == f"out.{name}"
    assert found({"errors": [PUMP], "included": many}) == "included"
    assert (found([PUMP]), found({"data": many}), found({"a": PUMP, "b": VALVE}), found({"a": PUMP, "b": 1})) == (
        "", "", "*", "",
    )  # fmt: skip
    told = {"n": 1, "shop": {"open": True}, "list": {"a": PUMP, "b": VALVE}, "more": {"c": {}, "d": {}}}
    assert found(told) == "list.*"
    assert catalog(tmp_path, "a.json", '\ufeff \t\r\n{"b": [{}, {}], "c": [{"x": 1}]}').lists_of_records() == ["c", "b"]
    nested = [{"a": {"posts": many}, "b": [PUMP] * 9}]
    assert (found({"db": nested}), found(nested)) == ("db.*.b", "*.b")
    assert found({"db": [*nested, PUMP]}) == ""
    assert found({"db": [{"a": {"posts": [PUMP | {"x": "y" * 2000}] * 600, "b": [PUMP]}}]}) == "db.*.a.posts"
    said = {f"toad{n}": PUMP | {"means": "An animal of rivers.", "heard": [{"x": 1}]} for n in range(3)}
    assert found(said) == "*"  # a list in what each says is a part of it
    assert found({name: {"items": many} for name in ("fr", "de")}) == "fr.items"
    assert found({f"w{n}": {"senses": many} for n in range(10)}) == "*"  # too many to be one collection each
    texts = ('id,x\n1,{"a": [{}]}\n', '\ufeff{"a": {}, "b": {}}')
    assert [catalog(tmp_path, "a.csv", text).lists_of_records() for text in texts] == [[], ["*"]]


def test_the_first_records_are_a_sample_and_why_none_can_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("cut\n" + json.dumps(PUMP) + "\n7\n")
    (tmp_path / "b.jsonl").write_text((json.dumps(VALVE) + "\n") * 3)
    source = CatalogSource(str(tmp_path))
    assert (source.sample(5), source.sample(2)) == ([PUMP, VALVE, VALVE, VALVE], [PUMP, VALVE])
    with pytest.raises(
        UsageError, match=r"a\.jsonl: no record in it can be read \(.*a\.jsonl:1: no object of fields\)"
    ):
        catalog(tmp_path, "a.jsonl", "7\n[]\n").sample(5)
    with pytest.raises(UsageError, match=r"a\.json: empty"):
        catalog(tmp_path, "a.json", "").sample(5)
    with pytest.raises(UsageError, match=r"a\.csv: no record in it can be read$"):
        catalog(tmp_path, "a.csv", "id\n").sample(5)
    (tmp_path / "a.json").write_text(json.dumps({"more": [PUMP], "data": [VALVE] * 3, "n": 1}))
    with PagesHost(tmp_path) as host:
        source = CatalogSource(f"{host.url}a.json?page=1")
        assert source.lists_of_records() == ["data", "more"]
        assert CatalogSource(source.place, Layout("data")).sample(2) == [VALVE] * 2


def test_records_of_several_files_with_one_id_are_told_apart_by_their_file(tmp_path: Path) -> None:
    (tmp_path / "dc.json").write_text(json.dumps([{"id": 1, "name": "Bat"}, {"id": 2, "name": "Cat"}]))
    more = [{"id": 1, "name": "Ant"}, {"id": 2, "name": "Cat"}, {"id": 1, "name": "Bee"}, {"id": "2"}]
    (tmp_path / "marvel.json").write_text(json.dumps(more))
    source = CatalogSource(str(tmp_path))
    changes = source.changes(None)
    entries = [*changes.entries]
    assert [one.key for one in entries if isinstance(one, SourceItem)] == ["1", "2", "marvel/1"]
    assert [one.reason for one in entries if isinstance(one, Skipped)] == [
        "its id 2 is that of an earlier record, which stands",
        "its id marvel/1 is that of an earlier record, which stands",
        "its id is '2', and that of another record is the same in another type",
    ]
    [told] = changes.warnings
    assert told.startswith("2 records with the id of another one in another file")
    assert source.shared("id", 10) == (2, 6)


@pytest.mark.slow
def test_files_that_all_have_a_record_of_one_id_and_name_are_read_in_a_time_that_grows_as_they_do(
    tmp_path: Path,
) -> None:
    def read(files: int) -> int:
        listing = Listing(CatalogSource(str(tmp_path), id="id", called=lambda record: str(record["name"])))
        for number in range(files):
            listing.file = str(number)
            [item] = listing.entry("1", {"id": 1, "name": "Pump", "number": number})
            assert isinstance(item, SourceItem)
        return files

    assert not grows_with_the_square(read, 1000)


def test_a_table_without_names_of_columns_is_told(tmp_path: Path) -> None:
    for head, told in (("1,Goroka,-6.08,145.39", True), ("id,name,2019,0.5", False)):
        (tmp_path / "a.csv").write_text(f"{head}\n2,Madang,-5.2,145.78\n3,Nadzab,-6.56,146.72\n")
        changes = CatalogSource(str(tmp_path / "a.csv"), id=head.partition(",")[0]).changes(None)
        assert len([*changes.entries]) == 2
        assert ["looks like a record (-6.08): name them above" in one for one in changes.warnings] == [True] * told


def test_folders_of_a_partition_are_fields_of_what_is_in_them(tmp_path: Path) -> None:
    top = tmp_path / "b=c"
    for folder in ("year=2023/of=New%20York", "year=__HIVE_DEFAULT_PARTITION__", "plain"):
        (top / folder).mkdir(parents=True)
        (top / folder / "a.csv").write_text(f"id,name\n{len(folder)},Pump\n")
    first = {"id": "23", "name": "Pump", "of": "New York", "year": "2023"}
    assert [*listed(CatalogSource(str(top)))[0].values()] == [
        {"id": "5", "name": "Pump"},
        first,
        {"id": "31", "name": "Pump"},
    ]
    for place in ("year=*/*/*.csv", "*/*/a.csv"):
        source = CatalogSource(str(top / place))
        assert [*listed(source)[0].values()] == source.sample(9) == [first]
    assert listed(CatalogSource(str(top / "year=2023")))[0] == {"23": {"id": "23", "name": "Pump", "of": "New York"}}
    assert listed(CatalogSource(str(top / "plain" / "a.csv")))[0] == {"5": {"id": "5", "name": "Pump"}}
    address = "https://a.org/list.json?token=ab/of=c/page=1"
    read = CatalogSource(address).read(address, "list.json", io.BytesIO(b'[{"id": 1}]'))
    assert [*read] == [(1, {"id": 1})]


def test_an_object_of_lists_and_the_root_of_xml_are_records(tmp_path: Path) -> None:
    data = json.dumps({"a": [{"q": 1}, {"_list": "x"}], "b": [{"q": 2}], "c": {"d": [{"q": 3}]}}).encode()
    found = [*read_records(io.BytesIO(data), ".json", Layout("*[]"))]
    assert found == [(1, {"_list": "a", "q": 1}), (2, {"_list": "x"}), (3, {"_list": "b", "q": 2})]
    star = b"<system><name>Sun</name><planet><name>Earth</name></planet><planet><name>Mars</name></planet></system>"
    [(_, record)] = read_records(io.BytesIO(star), ".xml", Layout("."))
    assert record == {"name": "Sun", "planet": [{"name": "Earth"}, {"name": "Mars"}]}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ('{"name": "no id"}', "no id: id is empty or not there"),
        ('{"id": ""}', "no id: id is empty or not there"),
        ('{"id": null}', "no id: id is empty or not there"),
        ('{"id": true}', "no id: 'True' is neither a short text"),
        ('{"id": 1.5}', "no id: '1.5' is neither a short text"),
        ('{"id": "a\\u0000b"}', "no id: "),
        ('{"id": " "}', "no id: "),
        ('{"id": 7, "name": "again"}', "its id 7 is that of an earlier record, which stands"),
        ('{"id": "7"}', "its id is '7', and that of another record is the same in another type"),
        ('{"id": 8, "x": "\\ud800"}', "not JSON that can be read"),
        ('{"id": 8, "x": 1e999}', "not JSON that can be read"),
        ('{"id": 8, "x": nan}', "not JSON that can be read"),
        (f'{{"id": 8, "x": {"[" * 600}{"]" * 600}}}', "nested too deeply"),
        ("[1, 2]", "no object of fields"),
        ('{"id": 8, "x": "\xff"}', "bytes that are not UTF-8"),
        ('{"id": 8', "not JSON that can be read"),
        (
            f'{{"id": 8, "x": "-----BEGIN PRIVATE KEY-----\\n{"aB3" * 40}\\n-----END PRIVATE KEY-----"}}',
            "it holds a private",
        ),
    ],
)
def test_a_record_that_fails_is_told_and_the_others_go_on(tmp_path: Path, wrong: str, reason: str) -> None:
    lines = [json.dumps(PUMP), wrong, json.dumps(VALVE)]
    found, skipped = listed(catalog(tmp_path, "a.jsonl", "\n".join(lines).encode("latin-1")))
    assert {"7": PUMP, "v/1": VALVE}.items() <= found.items()
    assert [*skipped] == (["a.jsonl:2"] if reason else [])
    assert skipped.get("a.jsonl:2", "").startswith(reason)


def test_values_that_mongodb_wraps_in_their_type_are_single_ones(tmp_path: Path) -> None:
    wrapped = {
        "_id": {"$oid": "53c2ae8528d75d572c06ad9d"}, "at": {"$date": {"$numberLong": "1700000000000"}},
        "prices": [{"$numberDecimal": "9.50"}, {"$numberInt": "007"}], "kept": {"$oid": "a", "more": 1},
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps([wrapped]))
    [read] = CatalogSource(str(tmp_path / "a.json")).sample(1)
    assert read == {
        "_id": "53c2ae8528d75d572c06ad9d", "at": 1700000000000, "prices": [9.5, "007"], "kept": {"$oid": "a", "more": 1}
    }  # fmt: skip
    assert field_at(read, "_id.$oid") == read["_id"] and field_at(read, "at.$date.$numberLong") == 1700000000000


def test_what_mongodb_never_wraps_so_is_read_all_the_same_or_told(tmp_path: Path) -> None:
    deep = '{"a": ' * 600 + '{"$oid": "1"}' + "}" * 600
    numbers = [{"id": 1, "n": {"$numberInt": 5}, "m": {"$numberLong": "1" * 5000}}]
    (tmp_path / "a.jsonl").write_text("\n".join([json.dumps(numbers[0]), deep, '{"$oid": "53c2"}', ""]))
    read, *failed = (
        one
        for one in CatalogSource(str(tmp_path / "a.jsonl"), id="id").changes(None).entries
        if not isinstance(one, Checkpoint)
    )
    assert isinstance(read, SourceItem) and json.loads(read.data) == {"id": 1, "n": 5, "m": "1" * 5000}
    assert [one.reason for one in failed if isinstance(one, Skipped)] == [
        "nested too deeply to be read", "no object of fields"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["\ufeff[[tool]]\nid = 1\n[[tool]]\nid = 2\n", "[[tool]]\nid = 99999999999999999999\n"]
)
def test_toml_of_windows_is_read_and_numbers_that_nothing_can_hold_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    source = CatalogSource(str(tmp_path / "a.toml"))
    if "999" not in text:
        assert source.sample(9) == [{"id": 1}, {"id": 2}]
        return
    with pytest.raises(SourceError, match="not TOML that can be read"):
        source.sample(9)


def test_a_table_in_toml_is_read_and_what_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[[tool]]\nid = 1\nmade = 2024-01-02\n[[tool]]\nid = 2\n")
    source = CatalogSource(str(tmp_path / "a.toml"))
    assert source.sample(9) == [{"id": 1, "made": "2024-01-02"}, {"id": 2}]
    (tmp_path / "a.toml").write_text("[[tool]\n")
    with pytest.raises(SourceError, match="not TOML that can be read"):
        source.sample(9)


def test_what_a_failing_record_said_is_kept(tmp_path: Path) -> None:
    source = catalog(tmp_path, "a.jsonl", '{"id": 1}\n{"name": "secret sauce"}\n')
    [skipped] = [entry for entry in source.changes(None).entries if isinstance(entry, Skipped)]
    assert "secret sauce" in skipped.said and "secret" not in repr(skipped)


def test_a_row_that_is_ragged_or_no_utf_8_is_told(tmp_path: Path) -> None:
    data = b"id,name\n1,one\n2\n3,three,more\n" + "é".encode() * 9 + b",\x80\n4,\xff\n , \n5,five\n"
    unknown = "bytes that are not UTF-8: save it as UTF-8, or say its encoding"
    entries = [*catalog(tmp_path, "a.csv", data).changes(None).entries]
    assert [entry for entry in entries if not isinstance(entry, SourceItem)] == [
        Skipped("a.csv:3", "1 field in a row of 2 columns", "2"),
        Skipped("a.csv:4", "3 fields in a row of 2 columns", "3,three,more"),
        Skipped("a.csv:5", unknown, "é" * 9 + ",\udc80"),
        Skipped("a.csv:6", unknown, "4,\udcff"),
    ]
    assert [entry.key for entry in entries if isinstance(entry, SourceItem)] == ["1", "5"]


def test_a_column_alone_has_texts_with_commas_as_they_are() -> None:
    lines = ["text", "Pumps, valves, seals", "Oil, grease, wax", '"A key, or two"', "Lamp", "Rope, a hook", "Nails"]
    told: list[str] = []
    found = read_records(io.BytesIO("\n".join(lines).encode()), ".csv", Layout(), warn=told.append)
    assert [record for _, record in found] == [{"text": line.strip('"')} for line in lines[1:]]
    assert told == []


def test_rows_that_cannot_be_read_are_told_by_their_lines() -> None:
    text = f'sep=;\nid;name\n1;{"x" * 999}\n2;"a"b\n3;{"y" * 2000}\n4;"d\ne"\n5;{"z" * 992}\n'
    text += f'6;"{"v" * 600}\n{"w" * 600}"\n'
    large = Failed("larger than the limit of 0.000953674 MiB: split it")
    assert list(read_records(io.BytesIO(text.encode()), ".csv", Layout(), 1000)) == [
        (3, large),
        (4, Failed("no row that can be read (';' expected after '\"')")),
        (5, large),
        (6, {"id": "4", "name": "d\ne"}),
        (8, {"id": "5", "name": "z" * 992}),
        (9, Failed("no row that can be read (field larger than field limit (1000))")),
    ]


def test_a_file_that_is_a_record_is_held_to_the_limit_of_one() -> None:
    told = json.dumps({"x": "y" * 1024}).encode()
    large = Failed(f"larger than the limit of {(len(told) - 1) / 2**20:g} MiB: split it")
    for longest, expected in ((len(told), json.loads(told)), (len(told) - 1, large)):
        assert list(read_records(io.BytesIO(told), ".json", Layout(WHOLE), longest)) == [(1, expected)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"T\u00c3\u00bcr \u00f0\u009f\u0098\u0082", "Tür 😂"),
        (r"T\u00fcr", "Tür"),
        (r"T\u00fcr, \u00c3\u00bc", "Tür, Ã¼"),  # one is a letter, and so is the other
        (r"\u00c3\u00bc, \u2019", "Ã¼, ’"),
        ("ü, \\u00c3\\u00bc", "ü, Ã¼"),
        (r"a \\u00c3\u0085", "a \\u00c3\x85"),
    ],
)
def test_escapes_that_are_bytes_of_utf_8_are_its_letters(written: str, read: str) -> None:
    for ending, text in ((".json", f'[{{"a": "{written}"}}]'), (".jsonl", f'{{"a": "{written}"}}\n')):
        assert [*read_records(io.BytesIO(text.encode()), ending, Layout())] == [(1, {"a": read})]


def test_two_lines_that_name_columns_are_read_as_one(tmp_path: Path) -> None:
    survey = "Id,Which have you seen?,,,Age\n,Jaws,Alien,Up,Response\n3,Jaws,,Up,30-44\n4,,,Up,18\n"
    told: list[str] = []
    records = read_records(io.BytesIO(survey.encode()), ".csv", Layout(), warn=told.append)
    seen = "Which have you seen?"
    first = {"Id": "3", f"{seen}: Jaws": "Jaws", f"{seen}: Up": "Up", "Age: Response": "30-44"}
    assert [*records] == [(3, first), (4, {"Id": "4", f"{seen}: Up": "Up", "Age: Response": "18"})]
    assert told == ["two lines name its columns: Jaws, Alien … is the second"]
    merged = (
        survey.replace("\n,Jaws", "\nId,Jaws")
        .replace("3,Jaws", "3,1")
        .replace("Up,18", "1,18")
        .replace("Up,30", "1,30")
    )
    assert all(
        not isinstance(record, Failed) and "Id" in record
        for _, record in read_records(io.BytesIO(merged.encode()), ".csv", Layout())
    )
    answers = survey.replace("Age\n", "Age,Town\n").replace("Response\n", "Response,Response\n")
    data = answers.replace("30-44\n4,,,Up,18", "30,Rome").encode()
    [(_, read)] = read_records(io.BytesIO(data), ".csv", Layout())
    assert read == {"Id": "3", f"{seen}: Jaws": "Jaws", f"{seen}: Up": "Up", "Age": "30", "Town": "Rome"}
    places = b"Place,,,Votes\nCity,State,Zip,Yes\nRome,NY,13440,a few\n"
    [(_, read)] = read_records(io.BytesIO(places), ".csv", Layout())
    assert read == {"Place: City": "Rome", "Place: State": "NY", "Place: Zip": "13440", "Votes: Yes": "a few"}


@pytest.mark.parametrize(
    "text",
    [
        "code,name,,,\na,Pump,red,big,old\nb,Valve,blue,small,new\n",  # of words alone nobody knows
        "code,name,,,\na,Pump,red,7,old\nb,Valve,9,8,5\n",
        "code,name,,,\na,Pump,red,,old\nb,Valve,9,8,5\n",
        "code,name,,,\na,Pump,red,red,old\nb,Valve,9,8,5\n",
        "name,,size\nPump,red,big\nValve,9,5\n",
        "name,,,size\nPump,red,shiny,big\nValve,blue,dull,9\n",
        "name,,,size\nPump,red,shiny,big\nValve,9,dull,5\nHose,blue,8,5\n",
        ",name,size\nPump,red,big\nValve,9,5\n",
    ],
)
def test_what_may_be_a_record_names_no_columns(text: str) -> None:
    assert next(read_records(io.BytesIO(text.encode()), ".csv", Layout()))[0] == 2


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv"])
@pytest.mark.parametrize("size", [1 << 10, 3 << 20])
def test_a_record_that_is_too_large_is_passed_over(tmp_path: Path, name: str, size: int) -> None:
    large = 'x\\" {' * (size // 5)
    parts = [json.dumps(PUMP), f'{{"id": 9, "x": "{large}"}}', json.dumps(VALVE)]
    content = {
        "a.json": f"[{','.join(parts)}]",
        "a.jsonl": "\n".join(parts),
        "a.csv": f"id,name\n7,Pump\n9,{'x' * size}\nv/1,Valve\n",
    }[name]
    read = list(read_records(io.BytesIO(content.encode()), name[1:], Layout(), 1000))
    kinds = [isinstance(record, Failed) and record.reason.partition(":")[0] for _, record in read]
    assert kinds == [False, "larger than the limit of 0.000953674 MiB", False]


def test_who_reads_the_first_rows_may_close_the_file_before_the_reading_ends() -> None:
    stream = io.BytesIO(b"id,name\n1,Pump\n2,Tank\n")
    rows = read_records(stream, ".csv", Layout())
    assert next(rows)[1] == {"id": "1", "name": "Pump"}
    stream.close()
    rows.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv"])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    whole = {
        "a.json": json.dumps({"items": [PUMP, VALVE], "more": "text"}),
        "a.jsonl": LINES,
        "a.csv": 'id,name,more\n1,"one",\n2,"a longer name","x"',
    }[name]
    refused = 0
    for end in range(len(whole) - 25, len(whole)):
        try:
            list(catalog(tmp_path, name, whole[:end]).changes(None).entries)
        except UsageError as error:
            assert "cut off, or is being written" in str(error) or "no list of objects" in str(error)
            refused += 1
    assert refused > (10 if name == "a.csv" else 22)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    entries = catalog(tmp_path, "a.jsonl", LINES + "\n").changes(None).entries
    next(entries)
    with (tmp_path / "a.jsonl").open("a") as stream:
        stream.write('{"id": 9}\n')
    with pytest.raises(UsageError, match="changed while it was read"):
        list(entries)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.json", "", "empty"),
        ("a.json", " \n ", "empty"),
        ("a.json", "[]", "there is no record"),
        ("a.json", '{"a": [1, 2]}', "no list of objects in it"),
        ("a.json", "<!doctype html><p>Please log in", "HTML or XML where records were expected"),
        ("a.json", '[{"id": 1}}]', "closes what was not opened"),
        ("a.jsonl", '{"x": 1}\n', "id is missing: which of x identifies a record"),
        ("a.jsonl", '{"id": ""}\n', "no record in it can be read"),
        ("a.csv", "id,name\n", "there is no record"),
        ("a.xml", "<a><b x='1' id='2'/><b x='1' id='3'/><b x='1'", "it ends in the middle"),
        ("a.xml", "<a><b x='1' id='2'/><b x='1' id='3'/>&nothing;</a>", "not XML that can be read"),
        ("a.xml", "<a>b</a>", "no element in it occurs several times"),
        ("a.xml", "<a><b x='1' y='2'/><b/><d x='1' y='2'/><d x='1' y='2'/></a>", "it has|id is missing"),
        ("a.yaml", "a: [1", "not YAML that can be read"),
        ("a.yaml", "a: [1, 2]", "no list of objects in it"),
        ("a.yaml", "- {id: !!timestamp x}", "not YAML that can be read"),
        ("a.yaml", "- {id: !!bool x}", "not YAML that can be read"),
        ("a.yaml", ALIASES, "what its aliases stand for is larger than"),
        ("a.xml", f"<a><b id='1' x='2'/><b>{'<c>' * 100}{'</c>' * 100}</b></a>", "nested too deeply"),
        ("a.jsonl", b"\x00\x01\x02\x03" * 100, "binary"),
    ],
)
def test_a_file_without_records_is_refused(tmp_path: Path, name: str, content: str | bytes, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        listed(catalog(tmp_path, name, content))


def test_which_elements_of_xml_are_records_and_that_none_may_be_too_long() -> None:
    both = "<a xmlns:g='u'><m/><m/><c><g:d><e/></g:d><g:d><e/></g:d></c>{}</a>"
    assert repeated_elements(both.format("").encode()) == {"c.d": 2}
    rows = "<b x='1' y='2'/><b x='1' y='2'/><b x='1'/><f><e/></f><f><e/></f><f><e/></f><h x='1'/><h x='1'/>"
    assert repeated_elements(both.format(rows).encode()) == {"b": 2, "f": 3}
    assert repeated_elements(both.format(rows).encode()[:-30]) == {"b": 2, "f": 2}
    with pytest.raises(ContentError, match="not XML that can be read"):
        repeated_elements(b"<a &")
    large = ("<a>" + "<b x='1'>y</b>" * 9 + f"<c>{'z' * 200_000}</c></a>").encode()
    told = split_elements(io.BytesIO(large), "b", 1 << 20)
    assert [*told] == [{"x": "1", "#text": "y"}] * 9
    text = "<?xml version='1.0'?><a><b x='1' id='2'/><b x='1' id='3'/></a>"
    assert [one["id"] for _, one in read_records(io.BytesIO(text.encode()), ".txt", Layout())] == ["2", "3"]  # type: ignore[index]
    of = read_records(io.BytesIO(both.format("").encode()), ".xml", Layout("/c/d/"))
    assert [one for _, one in of] == [{"#text": ""}] * 2
    with pytest.raises(ContentError, match=r"no element at c\.e; there is c\.d"):
        list(read_records(io.BytesIO(both.format("").encode()), ".xml", Layout("c.e")))
    with pytest.raises(ContentError, match="more than 0 MiB without an element b"):
        list(split_elements(io.BytesIO(large), "b", 1000))


@pytest.mark.parametrize(
    ("text", "names", "left_out"),
    [
        ("Sales 2024;;\n;;\nid;name;price\n1;Oak;2\n2;Elm;3\n", ["id", "name", "price"], "2 lines .*Sales 2024"),
        ("Sales 2024\n\nid,name,price\n1,Oak,2\n2,Elm,3\n", ["id", "name", "price"], "2 lines .*Sales 2024"),
        ("sep=;\nSales;;\nid;name;price\n1;Oak;2\n", ["id", "name", "price"], "1 line .*Sales"),
        ("Sales;\nid;name\n1;Oak\n", ["id", "name"], "1 line .*Sales"),
        ("Sales, 2024\n\nid;name;a;b\n1;Oak;2;3\n2;Elm;2;3\n", ["id", "name", "a", "b"], "2 lines .*Sales, 2024"),
        ("Sales, 2024\nid,name,a,b\n1,Oak,2,3\n2,Elm,2,3\n", ["id", "name", "a", "b"], "1 line .*Sales, 2024"),
        ('"Sales, 2024",,\nid,name,a\n1,Oak,2\n', ["id", "name", "a"], "1 line .*Sales, 2024"),
        ("2,x\n1,Oak,2,3\n2,Elm,2,3\n", [], ""),
        ("id;text\n1;a, b, c, d\n2;e, f, g, h\n", ["id", "text"], ""),
        ("id,text\n1,a, b, c\n2,d\n3,e, f, g\n", ["id", "text"], ""),
        ("id;;\n1;;\n2;x;\n3;;\n", ["id", "column 2", "column 3"], ""),
        ("id\nTo be, or not\nTo be, or so\n", ["id"], ""),
        ("id\n1\n2\n", ["id"], ""),
        ('id,name\n"1\n2",Oak\n', ["id", "name"], ""),
    ],
)
def test_lines_above_the_names_of_columns_are_left_out_and_told(
    tmp_path: Path, text: str, names: list[str], left_out: str
) -> None:
    source = catalog(tmp_path, "a.csv", text)
    told: list[str] = []
    with (tmp_path / "a.csv").open("rb") as stream:
        records = [record for _, record in read_records(stream, ".csv", Layout(), warn=told.append)]
    said = [record for record in records if isinstance(record, dict)]
    assert {name for record in said for name in record} <= {*names} and source
    assert re.search(left_out, told[0]) if left_out else told == []


def test_what_an_element_of_xml_holds(tmp_path: Path) -> None:
    told = (
        "<a xmlns:g='u'><b id='1'><g:price currency='EUR'>2</g:price><tag>x</tag><tag>y</tag><none/>"
        "<text>So <i>much</i> oil</text></b><b id='2'><![CDATA[a & b]]></b></a>"
    )
    found = listed(catalog(tmp_path, "a.xml", told, layout=Layout("b")))[0]
    assert found["1"] == {
        "id": "1",
        "price": {"currency": "EUR", "#text": "2"},
        "tag": ["x", "y"],
        "text": "So <i>much</i> oil",
    }
    assert found["2"] == {"id": "2", "#text": "a & b"}


def test_elements_that_have_names_as_attributes_are_fields_by_these() -> None:
    """As in a file of Solr and in a dump of MySQL: they were pairs of a name and a text."""
    solr = (
        '<add><doc><field name="id">1</field><field name="tag">a</field><field name="tag">b</field></doc>'
        '<doc><str name="id">2</str><arr name="tag"><str>c</str><str>d</str></arr><null name="x"/></doc></add>'
    )
    assert [*split_elements(io.BytesIO(solr.encode()), "doc", 1000)] == [
        {"id": "1", "tag": ["a", "b"]},
        {"id": "2", "tag": ["c", "d"]},
    ]
    film = '<a><film><actor name="Ann" as="Eve">x</actor><actor name="Bo">y</actor></film></a>'
    [found] = split_elements(io.BytesIO(film.encode()), "film", 1000)
    assert found["actor"][1] == {"name": "Bo", "#text": "y"}


@pytest.mark.parametrize(
    ("element", "fields"),
    [
        (
            '<r id="7"><field name="a">A <b>good</b> pump</field><field name="b">x</field></r>',
            {"id": "7", "a": "A <b>good</b> pump", "b": "x"},
        ),
        (  # as Jackrabbit exports pages
            '<r xmlns:v="j"><v:property v:name="a" v:type="String"><v:value>x</v:value></v:property>'
            '<v:property v:name="b"><v:value>y</v:value></v:property></r>',
            {"a": "x", "b": "y"},
        ),
        (  # things, which are no fields
            '<r title="Soup"><part name="Oil">5 g</part><part name="Salt"/></r>',
            {"title": "Soup", "part": [{"name": "Oil", "#text": "5 g"}, {"name": "Salt"}]},
        ),
    ],
)
def test_nothing_of_a_record_with_named_elements_is_lost(element: str, fields: dict[str, object]) -> None:
    """What is in its own attributes, markup and names of things; a name with a namespace ended the reading."""
    assert [*split_elements(io.BytesIO(f"<a>{element}</a>".encode()), "r", 1000)] == [fields]


def test_a_note_of_evernote_is_a_record_even_alone_with_a_large_picture() -> None:
    picture = f'<resource><data encoding="base64">{"QUJD" * 400_000}</data><mime>image/png</mime></resource>'
    note = f"<en-export><note><title>Oil</title><content>Rub it in.</content>{picture * 2}</note></en-export>"
    assert repeated_elements(note.encode()[: 1 << 20]) == {"note": 1}
    [found] = split_elements(io.BytesIO(note.encode()), "note", 1 << 24)
    assert found == {"title": "Oil", "content": "Rub it in.", "resource": [{"mime": "image/png"}] * 2}


def test_an_element_of_xml_that_never_ends_is_not_held_in_memory(tmp_path: Path) -> None:
    stream = io.BytesIO(b"<a><b>" + b"x" * 300_000)
    with pytest.raises(ContentError, match="MiB without an element b"):
        list(split_elements(stream, "b", 100_000))
    many = io.BytesIO(b"<a>" + b"<b><c>x</c></b>" * 30_000 + b"</a>")
    assert sum(1 for _ in split_elements(many, "b", 100_000)) == 30_000


def test_records_that_nothing_names_are_named_by_all_that_they_say(tmp_path: Path) -> None:
    lines = '{"a": 1, "b": 2}\n{"b": 2, "a": 1}\n{"a": 2}\n'
    keys = [*listed(catalog(tmp_path, "a.jsonl", lines, id="*"))[0]]
    assert keys == [keys[0], f"{keys[0]}-2", keys[2]] and len({*keys}) == 3
    assert [*listed(catalog(tmp_path, "a.jsonl", lines[17:], id="*"))[0]] == [keys[0], keys[2]]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name, why in (("a.json", "no such file"), ("*.json", "no such file"), ("", r"no \.json")):
        with pytest.raises(UsageError, match=why):
            CatalogSource(str(tmp_path / name)).changes(None)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = catalog(tmp_path, "a.jsonl", LINES)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched, pytest.raises(UsageError, match=r"a\.jsonl: cannot be read: Permission"):
        patched.setattr(Path, "open", refused)
        listed(source)


def test_a_field_that_no_record_has_is_told_with_what_may_be_meant(tmp_path: Path) -> None:
    source = catalog(tmp_path, "a.jsonl", LINES, needs=[("text", "name"), ("title", "nmae")], where="x.toml, line 3")
    with pytest.raises(UsageError, match=r"line 3: source\.title: no record has a field 'nmae'; did you mean name"):
        listed(source)
    source = catalog(tmp_path, "a.jsonl", LINES, needs=[("text", "price.amount")])
    assert len(listed(source)[0]) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), min_size=1, max_size=5), st.integers(1, 9))
def test_objects_are_cut_as_a_parser_reads_them(objects: list[dict[str, object]], window: int) -> None:
    stream = io.BytesIO(json.dumps({"a": {"list": objects}}, ensure_ascii=False).encode())
    slow = io.BufferedReader(stream)

    class Slow:
        def read(self, _: int) -> bytes:
            return slow.read(window)

    found = list(split_records(Slow(), 10_000))  # type: ignore[arg-type]
    assert [json.loads(data or b"") for _, data in found] == objects
    assert {path for path, _ in found} == {"a.list"}


@given(st.binary(max_size=60))
def test_what_is_no_json_is_cut_or_refused(data: bytes) -> None:
    with suppress(ContentError):
        list(split_records(io.BytesIO(b"[" + data), 1000))


def test_an_address_is_read_again_only_where_it_gives_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text(BOTH)
    with PagesHost(tmp_path) as host:
        source = CatalogSource(f"{host.url}a.json")
        first = list(source.changes(None).entries)
        assert [entry.key for entry in first[:-1] if isinstance(entry, SourceItem)] == ["7", "v/1"]
        assert isinstance(first[-1], Checkpoint)
        same = source.changes(first[-1])
        assert (list(same.entries), same.whole) == ([first[-1]], False)
        other = CatalogSource(f"{host.url}a.json", id="name").changes(first[-1])  # the same bytes, read otherwise
        assert (len(list(other.entries)), other.whole) == (3, True)
        (tmp_path / "a.json").write_text(json.dumps([VALVE]))
        changed = source.changes(first[-1])
        [item, last] = changed.entries
        assert (type(item), type(last), changed.whole) == (SourceItem, Checkpoint, True)
        assert [request.status for request in host.requests] == [200, 304, 200, 200]
        with pytest.raises(UsageError, match=r"not a checkpoint of the address \S+a\.json \(cursor\)"):
            source.changes(Checkpoint("cursor", first[-1].position))
        assert isinstance(last, Checkpoint) and [*source.changes(last).entries] == [last]
        monkeypatch.setattr(f"{CatalogSource.__module__}.__version__", "another")  # which may read something else
        assert [type(entry) for entry in source.changes(last).entries] == [SourceItem, Checkpoint]


def test_an_address_that_leads_to_another_one_is_followed(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list/index.html").write_text(BOTH)
    with PagesHost(tmp_path) as host:
        assert CatalogSource(f"{host.url}list").sample(1) == [PUMP]
        assert [request.status for request in host.requests] == [301, 200]


def test_an_address_that_does_not_answer_is_told(tmp_path: Path) -> None:
    stamina.set_testing(True, attempts=2)
    with PagesHost(tmp_path) as host:
        address = f"{host.url}a.json"
        with pytest.raises(ServerError, match=r"a\.json: the host answers 404"):
            CatalogSource(address).changes(None)
    with pytest.raises(NetworkError, match=r"a\.json: no answer"):
        CatalogSource(address).changes(None)
    stamina.set_testing(False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,price,price\n1,2,3\n", {"id": "1", "price": "2", "price 2": "3"}),  # a name that stands twice
        ("id,name,\n1,One,\n", {"id": "1", "name": "One"}),  # a delimiter at the end of each line
        (",name\n7,One\n", {"column 1": "7", "name": "One"}),  # an index, as pandas writes it
        ("sep=;\r\nid;name\r\n1;a,b\r\n", {"id": "1", "name": "a,b"}),  # as Excel is told which delimiter it is
    ],
)
def test_a_table_is_read_as_programs_write_it(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    source = CatalogSource(str(tmp_path / "a.csv"), id="column 1" if text.startswith(",") else "id")
    [entry] = source.changes(None).entries
    assert isinstance(entry, SourceItem) and json.loads(entry.data) == expected


def test_rows_that_follow_each_other_under_one_id_are_one_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "handle,title,sku\nchair,Oak chair,c-1\nchair,,c-2\nbroken\nchair,,c-3\nlamp,Lamp,l-1\n"
    )
    source = CatalogSource(str(tmp_path / "a.csv"), id="handle", merge=True)
    entries = list(source.changes(None).entries)
    records = [json.loads(entry.data) for entry in entries if isinstance(entry, SourceItem)]
    assert records == [
        {"handle": "chair", "title": "Oak chair", "sku": ["c-1", "c-2", "c-3"]},
        {"handle": "lamp", "title": "Lamp", "sku": "l-1"},
    ]
    assert len(entries) == 3  # the broken row is told


def merged(path: Path, rows: list[Any], id: str = "id") -> list[Any]:
    (path / "a.json").write_text(json.dumps(rows))
    entries = CatalogSource(str(path / "a.json"), id=id, merge=True).changes(None).entries
    return [json.loads(entry.data) if isinstance(entry, SourceItem) else entry.reason for entry in entries]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([["a", "b"], ["a", "b"], ["a", "c"]], ["a", "b", "c"]),
        (["a", ["a", "b"], "c"], ["a", "b", "c"]),
        ([1, True, 1, False, 0], [1, True, False, 0]),
        ([None, "a", None], "a"),
        ([{"x": 1, "y": 1}, {"y": 2, "x": 1}], {"x": 1, "y": [1, 2]}),
        ([[{"x": 1}], [{"x": 1}], {"x": 2}], [{"x": 1}, {"x": 2}]),
        ([[{"x": 1, "y": 2}], [{"y": 2, "x": 1}], [{"z": 1}], {"x": 1, "y": 2}], [{"x": 1, "y": 2}, {"z": 1}]),
    ],
)
@pytest.mark.parametrize("id", ["id", ""])
def test_merged_rows_have_each_value_once(tmp_path: Path, values: list[Any], expected: Any, id: str) -> None:
    assert merged(tmp_path, [{"id": 1, "v": value} for value in values], id) == [{"id": 1, "v": expected}]


def test_rows_are_merged_under_a_nested_id(tmp_path: Path) -> None:
    rows = [{"p": {"id": id, "n": n}} for id, n in ((1, "a"), (1, "b"), (2, "c"))]
    assert merged(tmp_path, rows, "p.id") == [{"p": {"id": 1, "n": ["a", "b"]}}, {"p": {"id": 2, "n": "c"}}]


@pytest.mark.parametrize("none", ["", None])
def test_a_row_without_an_id_is_of_the_one_above(tmp_path: Path, none: str | None) -> None:
    rows = [{"id": id, "v": v} for id, v in (("a", "Legs"), (none, "Color"), ("b", "x"), (none, "y"))]
    assert merged(tmp_path, rows) == [{"id": "a", "v": ["Legs", "Color"]}, {"id": "b", "v": ["x", "y"]}]
    assert "no id" in merged(tmp_path, [rows[1], rows[0]])[0]


def test_rows_of_one_id_are_compared_with_those_before_at_once_and_held_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    class Value(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(other)
            return str.__eq__(self, other)

    rows = [{"id": 1, "v": f"{number:04}"} for number in range(100)]
    assert merged(tmp_path, rows) == [{"id": 1, "v": [row["v"] for row in rows]}]
    with monkeypatch.context() as patched:
        values = [{"id": 1, "v": Value(row["v"])} for row in rows]
        patched.setattr("vademecum_builder.sources.catalog.read_records", lambda *_, **__: enumerate(values))
        assert len(merged(tmp_path, [])[0]["v"]) == 100
    assert not compared  # each with all before it would be 4,950
    monkeypatch.setattr("vademecum_builder.sources.formats.merged_rows.MAX_BYTES", 500)
    [failed, other] = merged(tmp_path, [*rows, {"id": 2}])
    assert (failed, other) == ("its rows together are larger than 0.000476837 MiB", {"id": 2})
    for more in ([{f"v{n}": "x" * 99} for n in range(9)], [{"in": {f"v{n}": "x" * 99}} for n in range(9)]):
        assert merged(tmp_path, [*({"id": 1} | one for one in more), {"id": 2}]) == [failed, other]


def test_rows_that_are_merged_and_nested_too_deeply_are_told(tmp_path: Path) -> None:
    row = '{"id": 1, "v": ' + '{"a": ' * 1000 + "1" + "}" * 1001
    found, skipped = listed(catalog(tmp_path, "a.json", f'[{row}, {row}, {{"id": 2}}]', id="id", merge=True))
    assert (found, skipped) == ({"2": {"id": 2}}, {"a.json:1": "nested too deeply"})


@pytest.mark.parametrize(("records", "told"), [("*", {"a": {"x": {"y": [1]}}, "b": {}}), ("in.it.*", None)])
def test_an_object_of_records_is_a_list_of_them(tmp_path: Path, records: str, told: Any) -> None:
    inner = told or {"a": {"x": {"y": [1]}}, "b": {}}
    value = inner if told else {"n": {"z": {}}, "in": {"it": inner, "other": {"c": {}}}}
    (tmp_path / "a.json").write_text(json.dumps(value, indent=1))
    source = CatalogSource(str(tmp_path / "a.json"), Layout(records))
    found = [json.loads(entry.data) for entry in source.changes(None).entries if isinstance(entry, SourceItem)]
    assert found == [{"_key": "a", "x": {"y": [1]}}, {"_key": "b"}]


@pytest.mark.parametrize("key", ["é", 'a"b\\c', "a\nb", "😀", "\ud800"])
def test_the_key_of_a_record_is_what_its_escapes_stand_for(key: str) -> None:
    text = json.dumps({key: {key: {"x": 1}}})
    [(_, record)] = split_records(io.BytesIO(text.encode()), 100, key.replace("\ud800", "\ufffd"))
    assert json.loads(record or b"") == {"_key": key.replace("\ud800", "\ufffd"), "x": 1}


def test_line_breaks_that_a_shop_writes_as_two_characters_are_some(tmp_path: Path) -> None:
    told = r"<p>Warm.</p>\n<p>Red.</p>\r\n\nOf wool.\nFor heads, in C:\new and D:\names."
    [record] = catalog(tmp_path, "a.csv", f'id,about\n7,"{told}"\n').sample(1)
    assert record["about"] == "<p>Warm.</p>\n<p>Red.</p>\n\nOf wool.\nFor heads, in C:\\new and D:\\names."


def test_an_id_has_spaces_as_its_language_writes_them() -> None:
    for id in ("Page «\xa0plan du site\xa0»", "La page a-t-elle un titre\u202f?"):
        assert record_key(id) == id
    for id in ("a\nb", "a\u200bb", "\xa0a", "a\u2028b"):
        assert record_key(id) is None


def test_what_gzip_packed_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,name\n1,Pump\n2,Valve\n")
    (tmp_path / "a.csv.gz").write_bytes(packed)
    for place in (tmp_path, tmp_path / "a.csv.gz", tmp_path / "*.gz"):
        assert [one["name"] for one in CatalogSource(str(place), id="id").sample(5)] == ["Pump", "Valve"]
    with PagesHost(tmp_path) as host:
        assert [*listed(CatalogSource(f"{host.url}a.csv.gz", id="id"))[0]] == ["1", "2"]
    for damaged in (packed[:-9], packed[:20] + b"x" + packed[21:]):
        (tmp_path / "a.csv.gz").write_bytes(damaged)
        with pytest.raises(UsageError, match=r"a\.csv\.gz: cannot be unpacked"):
            listed(CatalogSource(str(tmp_path), id="id"))


def test_names_that_are_said_again_and_totals_are_no_records(tmp_path: Path) -> None:
    text = "nr;name;price;about\n01;Pump;2;Old\nnr;name;price;about\n02;Sum;3;New\nSumme;;5;\n03;;;\nTotal;4;5;6\n"
    source = catalog(tmp_path, "a.csv", text, id="nr")
    changes = source.changes(None)
    keys = [one.key for one in changes.entries if isinstance(one, SourceItem)]
    assert keys == ["01", "02", "03", "Total"]
    assert [*changes.warnings] == [
        "a.csv: left out: 1 row with the names of its columns again", "a.csv: left out: 1 row with totals",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["nr\nnumber\nnr\n", "nr,of,price,since\nTotal,oil,,\nSomme,,Amiens,\n", "nr,of,price\nTotal,,\n"]
)
def test_a_word_that_is_called_as_its_column_and_a_firm_that_is_called_total_are_records(
    tmp_path: Path, text: str
) -> None:
    source = catalog(tmp_path, "a.csv", text, id="nr")
    assert len(source.sample(9)) == text.count("\n") - 1


def test_half_an_emoji_beside_a_number_that_is_none_is_refused_as_elsewhere(tmp_path: Path) -> None:
    source = catalog(tmp_path, "a.jsonl", '{"id": 1, "x": NaN, "y": "\\ud83d"}\n{"id": 2}\n')
    assert source.sample(3) == [{"id": 2}]


def test_numbers_that_are_none_are_nothing(tmp_path: Path) -> None:
    text = '{"id": 1, "x": NaN, "y": [1, -Infinity], "said": "NaN"}\n{"id": 2, "x": nan}\n'
    source = catalog(tmp_path, "a.jsonl", text)
    assert source.sample(3) == [{"id": 1, "x": None, "y": [1, None], "said": "NaN"}]


def test_what_is_escaped_in_json_in_a_cell_stays_escaped() -> None:
    told = 'id,body\n1,"{""a"": ""b.\\\\nc""}"\n2,"a.\\\\n\\\\nb"\n'.replace("\\\\", "\\")
    found = [record for _, record in read_records(io.BytesIO(told.encode()), ".csv", Layout())]
    assert found == [{"id": "1", "body": '{"a": "b.\\nc"}'}, {"id": "2", "body": "a.\n\nb"}]


@pytest.mark.parametrize(
    ("delimiter", "cells", "read"),
    [
        (";", ["3,50", "12", "1.250,5"], ["3.50", "12", "1250.5"]),
        (";", ["1,234", "2,345", "3,456"], ["1,234", "2,345", "3,456"]),  # thousands, perhaps
        (";", ["3,50", "1,2,3", "4"], ["3,50", "1,2,3", "4"]),
        (",", ["3,50", "12", "4"], ["3,50", "12", "4"]),
    ],
)
def test_a_column_of_numbers_with_decimal_commas_has_points(delimiter: str, cells: list[str], read: list[str]) -> None:
    lines = [delimiter.join(("name", "weight")), *(f'n{delimiter}"{cell}"' for cell in cells)]
    rows = csv_rows(io.StringIO("\n".join([*lines, ""]), newline=""), 1000, print)
    assert [row["weight"] for _, row in rows if not isinstance(row, Failed)] == read


def test_a_box_that_is_ticked_is_true_and_an_empty_one_false() -> None:
    """As Airtable writes them: what is not published says nothing."""
    text = "name,Published?,told\na,checked,checked\nb,,unchecked\nc,checked,\n"
    rows = [row for _, row in csv_rows(io.StringIO(text, newline=""), 1000, print) if not isinstance(row, Failed)]
    assert [row["Published?"] for row in rows] == ["true", "false", "true"]
    assert [why_private(row) for row in rows] == ["", "published?", ""]
    assert [row.get("told") for row in rows] == ["checked", "unchecked", None]
    text = "name,Published?,told\n" + "draft,,x\n" * 30 + "b,checked,\n"
    last = [row for _, row in read_records(io.BytesIO(text.encode()), ".csv", Layout())]
    assert last[0] == {"name": "draft", "Published?": "false", "told": "x"}, "be it ticked far below for the first time"


def test_a_number_that_is_written_as_a_formula_is_its_text() -> None:
    """As Goodreads keeps the zeros of an ISBN."""
    text = 'Title,ISBN,Said\nA,"=""0439023483""","=""x"""\nB,="",y\n'
    rows = [row for _, row in csv_rows(io.StringIO(text, newline=""), 1000, print)]
    assert rows == [{"Title": "A", "ISBN": "0439023483", "Said": '="x"'}, {"Title": "B", "Said": "y"}]


def test_fields_in_lines_are_no_table() -> None:
    """As Debian lists packages: each line was a record, below `Package: boat`."""
    packages = "Package: boat\nDepends: sail (>= 2), mast\nDescription: a boat\n It floats.\n .\n\nPackage: sail\n"
    with pytest.raises(ContentError, match=r"^no table: each line is a field \(Package: boat\): make JSON of it"):
        list(csv_rows(io.StringIO(packages, newline=""), 1000, print))
    texts = "Note: all of them\nA text\nAnother: one\n"
    assert len(list(csv_rows(io.StringIO(texts, newline=""), 1000, print))) == 2
