"""Records of several sources that share an identity become one document, by a rule; each conflict is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vademecum.errors import UsageError
from vademecum_builder.build import BuildReport, build
from vademecum_builder.kinds.registry import kind_of, open_sources
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import Checkpoint, Skipped, SourceItem

SHOP = [
    {"id": "1", "sku": "a", "name": "Chair", "price": 10, "at": "2026-01-01T00:00:00Z"},
    {"id": "2", "sku": "b", "name": "Table", "at": "2026-01-01T00:00:00Z"},
]
ERP = [
    {"id": "x", "number": "a", "price": 12, "stock": 3, "name": "Chair", "at": "2026-02-01T00:00:00Z"},
    {"id": "y", "number": "c", "name": "Lamp", "at": "2026-02-01T00:00:00Z"},
    {"id": "z", "name": "nothing to know it by"},
    {"id": "w", "number": "c", "name": "Lamp again"},
]
SETTINGS = """
site = false
[[source]]
name = "shop"
kind = "catalog"
path = "shop.json"
[[source]]
name = "erp"
kind = "catalog"
path = "erp.json"
[[source]]
name = "all"
kind = "joined"
sources = ["shop", "erp"]
identity = {shop = "sku", erp = "number"}
metadata = ["price", "stock"]
updated = "at"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.json").write_text(json.dumps(SHOP))
    (tmp_path / "erp.json").write_text(json.dumps(ERP))
    return tmp_path


def read(place: Path, more: str = "") -> tuple[dict[str, Mapping[str, Any]], dict[str, str], list[str]]:
    """Return the joined records by key, what was left out with the reason, and the warnings."""
    (place / "vademecum.toml").write_text(SETTINGS + more)
    request = read_settings(place / "vademecum.toml")
    [opened] = kind_of("joined").open_source(request.sources[-1], request)
    reader = opened.reader()
    entries = list(opened.source.changes(None).entries)
    records = {one.key: json.loads(one.data) for one in entries if isinstance(one, SourceItem)}
    skipped = {one.key: one.reason for one in entries if isinstance(one, Skipped)}
    return records, skipped, list(reader.warnings())


def test_the_first_source_goes_before_the_others_and_each_conflict_is_told(place: Path) -> None:
    records, skipped, warnings = read(place)
    assert records.keys() == {"a", "b", "c"}
    assert (records["a"]["price"], records["a"]["stock"], records["a"]["name"]) == (10, 3, "Chair")
    assert "a: price: shop says 10, erp says 12" in warnings
    assert not any("name" in warning or " at:" in warning for warning in warnings)
    assert skipped == {"erp:z": "no number", "erp:w": "its number c stands twice"}


@pytest.mark.slow
def test_of_a_record_that_a_source_has_twice_nothing_is_published_where_one_says_that_it_is_not_for_everybody(
    place: Path,
) -> None:
    (place / "erp.json").write_text(json.dumps([*ERP, {"id": "w", "number": "c", "draft": True, "name": "Lamp"}]))
    (place / "shop.json").write_text(json.dumps([*SHOP, {"id": "1", "sku": "a", "draft": True, "name": "Chair"}]))
    for drafts, kept_back in (("", ["all:a", "all:c"]), ("drafts = true", [])):
        assert read(place, drafts)[0].keys() == {"a", "b", "c"}
        report = build(read_settings(place / "vademecum.toml"))
        assert sorted(key for keys in report.files_left_out.values() for key in keys) == kept_back
        assert report.documents == 3 - len(kept_back)


def test_the_newest_goes_before_the_others(place: Path) -> None:
    records, _, warnings = read(place, 'rule = "newest"')
    assert (records["a"]["price"], records["a"]["at"]) == (12, "2026-02-01T00:00:00Z")
    assert "a: price: erp says 12, shop says 10" in warnings


def test_a_conflict_may_be_refused_and_the_others_go_on(place: Path) -> None:
    records, skipped, warnings = read(place, 'rule = "refuse"')
    assert records.keys() == {"b", "c"}
    assert "price: shop says 10, erp says 12" in skipped["a"]
    assert warnings == []


def test_many_conflicts_are_counted(place: Path) -> None:
    for name, key in (("shop", "sku"), ("erp", "number")):
        rows = [{"id": n, key: str(n), "text": f"{name} {n}"} for n in range(60)]
        (place / f"{name}.json").write_text(json.dumps(rows))
    _, _, warnings = read(place)
    assert len(warnings) == 51 and warnings[-1].endswith("more fields differ")


def release(place: Path) -> BuildReport:
    return build(read_settings(place / "vademecum.toml"))


@pytest.mark.slow
def test_joined_sources_are_published_once_and_not_by_themselves(place: Path) -> None:
    (place / "vademecum.toml").write_text(SETTINGS)
    assert open_sources(read_settings(place / "vademecum.toml")).keys() == {"all:"}
    report = release(place)
    assert report.documents == 3
    assert any(warning.endswith("a: price: shop says 10, erp says 12") for warning in report.warnings)
    assert not release(place).changed


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('["shop", "erp"]', '["shop", "epr"]', "there is no source 'epr'; did you mean erp"),
        ('["shop", "erp"]', '["shop"]', "expected a list of names of other sources"),
        ('["shop", "erp"]', '["shop", "all"]', "there is no source 'all'"),
        (', erp = "number"', "", "which field of erp is it"),
        ('updated = "at"', 'rule = "newest"', "newest needs updated"),
        ('updated = "at"', 'rule = "oldest"', "expected precedence, newest, refuse"),
        ('identity = {shop = "sku", erp = "number"}', "", "identity is missing"),
    ],
)
def test_settings_that_cannot_be_meant(place: Path, old: str, new: str, why: str) -> None:
    (place / "vademecum.toml").write_text(SETTINGS.replace(old, new))
    with pytest.raises(UsageError, match=why):
        release(place)


def test_files_cannot_be_joined(place: Path) -> None:
    (place / "docs").mkdir()
    (place / "docs/a.md").write_text("# A")
    (place / "vademecum.toml").write_text(SETTINGS.replace('kind = "catalog"\npath = "erp.json"', 'path = "docs"'))
    with pytest.raises(UsageError, match=r"a\.md is a file: records alone can be joined"):
        release(place)


def test_a_checkpoint_is_refused(place: Path) -> None:
    (place / "vademecum.toml").write_text(SETTINGS)
    [opened] = open_sources(read_settings(place / "vademecum.toml"))["all:"]
    with pytest.raises(UsageError, match="have no checkpoint"):
        opened.source.changes(Checkpoint("x", "y"))
