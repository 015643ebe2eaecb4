"""Parquet as records: what a row says, whatever types its columns have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from vademecum.errors import ContentError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.records import json_value


def written(columns: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_row_is_a_record_without_what_says_nothing() -> None:
    columns = {
        "id": [1, 2],
        "price": pa.array(["1.25", None]).cast(pa.decimal128(10, 2)),
        "rating": [4.5, float("nan")],
        "at": pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns", "UTC")),
        "names": pa.array([[("de", "Stuhl")], None], pa.map_(pa.string(), pa.string())),
        "tags": [["oak", "old"], None],
        "kind": pa.array(["chair", "desk"]).dictionary_encode(),
    }
    rows = [(at, json_value(row)) for at, row in read_records(io.BytesIO(written(columns)), "", Layout())]
    assert rows == [
        (1, {
            "id": 1, "price": 1.25, "rating": 4.5, "at": "2023-11-14T22:13:20.123456+00:00",
            "names": {"de": "Stuhl"}, "tags": ["oak", "old"], "kind": "chair",
        }),
        (2, {"id": 2, "kind": "desk"}),
    ]  # fmt: skip


def test_nanoseconds_are_read_wherever_they_stand() -> None:
    at = 1_700_000_000_123_456_789
    columns = {
        "lasts": pa.array([at], pa.duration("ns")),
        "opens": pa.array([123_456_789], pa.time64("ns")),
        "seen": pa.array([[at]], pa.list_(pa.timestamp("ns"))),
        "made": pa.array([{"at": at, "by": "Ann"}], pa.struct([("at", pa.timestamp("ns")), ("by", pa.string())])),
    }
    [(_, row)] = read_records(io.BytesIO(written(columns)), "", Layout())
    assert json_value(row) == {
        "lasts": 1700000000.123456, "opens": "00:00:00.123456", "seen": ["2023-11-14T22:13:20.123456"],
        "made": {"at": "2023-11-14T22:13:20.123456", "by": "Ann"},
    }  # fmt: skip


def test_what_is_no_whole_parquet_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (written({"a": [1]})[:-9], b"PAR1" + bytes(100), b"no table\n"):
        with pytest.raises(ContentError, match="not Parquet that can be read behind row 0"):
            list(read_records(io.BytesIO(data), ".parquet", Layout()))
    monkeypatch.setattr("vademecum_builder.sources.formats.parquet_records.find_spec", lambda _: None)
    with pytest.raises(ContentError, match=r"\[parquet\]"):
        list(read_records(io.BytesIO(written({"a": [1]})), ".parquet", Layout()))


def test_a_folder_of_parquet_is_a_catalog(tmp_path: Path) -> None:
    for part in range(2):
        data = {"sku": [f"p{part}"], "name": [f"Chair {part}"], "about": ["It is made of old oak."]}
        (tmp_path / f"part-{part}.parquet").write_bytes(written(data))
    (proposed,) = discover(str(tmp_path), tmp_path)
    assert (proposed.settings["id"], proposed.settings["title"]) == ("sku", "name")
    found = CatalogSource(str(tmp_path), id="sku").changes(None).entries
    assert [one.key for one in found if isinstance(one, SourceItem)] == ["p0", "p1"]
