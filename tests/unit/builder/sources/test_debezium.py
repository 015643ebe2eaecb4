"""Change events in Debezium's shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.applied_changes import AppliedChanges
from vademecum.errors import UsageError
from vademecum_builder.sources.base import Checkpoint, Skipped
from vademecum_builder.sources.databases.debezium import DebeziumEvents


def event(op: str, before: Any = None, after: Any = None, around: str = "payload", table: str = "item") -> str:
    told = {"op": op, "before": before, "after": after, "source": {"table": table}, "ts_ms": 1}
    return json.dumps({around: told} if around else told) + "\n"


def row(id: Any, name: str = "a") -> dict[str, Any]:
    return {"id": id, "name": name}


def names(told: AppliedChanges) -> dict[str, str]:
    return {key: json.loads(data)["name"] for key, data in told.items.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "events-1.jsonl"
    found.write_text(
        event("r", after=row(1)) + event("c", after=row(2), around="") + event("c", after=row(3), around="value")
    )
    return found


def add(file: Path, *lines: str) -> None:
    with file.open("a") as stream:
        stream.writelines(lines)


def test_the_last_event_of_a_row_counts(file: Path, tmp_path: Path) -> None:
    source, told = DebeziumEvents(tmp_path), AppliedChanges()
    assert names(told.listen(source)) == {"1": "a", "2": "a", "3": "a"}
    add(file, event("u", row(1), row(1, "b")), event("d", row(2)), "null\n", event("u", row(3), row(30, "moved")))
    told.listen(source)
    assert (told.news, told.gone, told.left_out) == ({"1", "30"}, {"2", "3"}, [])
    (tmp_path / "events-2.jsonl").write_text(event("c", after=row(2, "back")))
    told.listen(source)
    assert (told.news, told.gone) == ({"2"}, set())
    assert AppliedChanges().listen(source).items == told.items
    before = told.checkpoint
    assert before and before.strategy == "debezium"
    assert json.loads(before.position).keys() == {"events-1.jsonl", "events-2.jsonl"}
    told.listen(source)
    assert (told.news, told.gone, told.checkpoint) == (set(), set(), before)


def test_a_line_that_is_being_written_is_read_the_next_time(file: Path) -> None:
    source, told = DebeziumEvents(file), AppliedChanges()
    line = event("c", after=row(4, "whole"))
    add(file, line[:40])
    assert names(told.listen(source)).keys() == {"1", "2", "3"}
    add(file, line[40:])
    assert names(told.listen(source))["4"] == "whole"
    assert told.news == {"4"}


def test_where_a_file_is_another_one_everything_is_told(file: Path) -> None:
    source, told = DebeziumEvents(file), AppliedChanges()
    told.listen(source)
    file.write_text(event("c", after=row(9)))
    assert source.changes(told.checkpoint).whole
    assert names(told.listen(source)) == {"9": "a"}
    assert not source.changes(told.checkpoint).whole
    add(file, event("d", row(9)))
    told.listen(source)
    assert (told.items, told.gone) == ({}, {"9"})
    add(file, event("c", after=row(11)), event("t"), event("c", after=row(10)))
    assert names(told.listen(source)) == {"10": "a"}
    assert not source.changes(told.checkpoint).whole


def test_what_is_no_event_is_left_out_and_the_others_go_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["{\n", event("c", after={"name": "x"}), "\n", event("x", after=row(5)), "7\n", event("c", after=7)]
    add(file, *lines, event("c", after=row(6)), event("c", after=row(7) | {"text": "x" * 999}))
    monkeypatch.setattr("vademecum_builder.sources.records.MAX_BYTES", 900)
    told = AppliedChanges().listen(DebeziumEvents(file))
    assert told.items.keys() == {"1", "2", "3", "6"}
    no_row = "no event of a row with id: op {!r}"
    why = ["not a JSON object", no_row.format("c"), "", no_row.format("x"), "not a JSON object", no_row.format("c")]
    expected = [
        Skipped(f"events-1.jsonl, line {number} of {len(line)}", reason)
        for number, (line, reason) in enumerate(zip(lines, why, strict=True), 4)
        if reason
    ]
    assert told.left_out == [*expected, told.left_out[-1]]
    assert told.left_out[-1].reason == "larger than 0 MB; the largest field is 'text'"


def test_events_of_other_tables_are_left_out(file: Path) -> None:
    add(file, event("c", after=row(6), table="other"))
    assert AppliedChanges().listen(DebeziumEvents(file, table="other")).items.keys() == {"6"}


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file, and no folder with \.jsonl in it"):
        DebeziumEvents(tmp_path / "none").changes(None)
    (tmp_path / "a.jsonl").write_text(event("d", row(1)))
    with pytest.raises(UsageError, match="there is no row; nothing is changed"):
        AppliedChanges().listen(DebeziumEvents(tmp_path))
    for checkpoint in (Checkpoint("cursor", "{}"), Checkpoint("debezium", "[]"), Checkpoint("debezium", '{"a": [1]}')):
        with pytest.raises(UsageError, match="not a checkpoint of Debezium's events"):
            DebeziumEvents(tmp_path).changes(checkpoint)
