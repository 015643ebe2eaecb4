"""What a published tree says of itself is read with care: its paths are fetched, written and deleted later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.publishing import HANDBOOK, Line
from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum_builder.release.published import listed_files
from vademecum_builder.release.version_json import DocumentChanges, read_changes

ENTRY = {"sha256": "a" * 64, "size": 1}
DOCUMENT = {"key": "a.md", "title": "A", "url": ""}


def test_listed_files_are_files_of_the_tree() -> None:
    assert set(listed_files({"files": {"index.html": ENTRY, "assets/a.mjs": ENTRY}})) == {"index.html", "assets/a.mjs"}


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0b", ".git/config", "a/.b", ".nojekyll"]
)
def test_no_listing_names_files_outside_or_hidden_ones(path: str) -> None:
    """A stolen release key could sign such a listing, and the next build would delete what it names."""
    with pytest.raises(ContentError, match=r"^site\.json: "):
        listed_files({"files": {path: ENTRY}})


@pytest.mark.parametrize(
    "version",
    [
        {},
        {"changes": []},
        {"changes": {"added": [], "modified": []}},
        {"changes": {"added": [], "modified": [], "removed": {}}},
        {"changes": {"added": [{}], "modified": [], "removed": []}},
        {"changes": {"added": [{**DOCUMENT, "title": 1}], "modified": [], "removed": []}},
        {"changes": {"added": ["a.md"], "modified": [], "removed": []}},
    ],
)
def test_a_version_json_that_is_none(version: dict[str, Any]) -> None:
    with pytest.raises(ContentError, match=r"^version\.json: "):
        read_changes(canonical(version))


def test_changes_that_nobody_signed_reach_no_page(tmp_path: Path) -> None:
    """A tree without a site has an unsigned version.json: a host could write into the next release's pages."""
    line = Line(tmp_path)
    line.release(HANDBOOK)
    forged = canonical({"changes": {"added": [{**DOCUMENT, "title": "forged"}], "modified": [], "removed": []}})
    (line.out / "version.json").write_bytes(forged)
    previous = line.previous()
    assert previous is not None and previous.version_json == forged
    assert previous.changes == DocumentChanges()
    assert replace(previous, site={"files": {}}).changes.added[0].title == "forged"
