"""Several sources in one knowledge base: keys, metadata, links between pages, drafts, and what each says."""

from __future__ import annotations

from pathlib import Path

import pytest

from vademecum import KnowledgeBase
from vademecum.errors import UsageError
from vademecum.format.segment import DocumentRow
from vademecum_builder.build import BuildReport, build
from vademecum_builder.pages.contents import tree_of
from vademecum_builder.settings import read_settings

SETTINGS = """
site = false
[[source]]
name = "handbook"
path = "docs"
base-url = "https://a.example/docs/"
[[source]]
name = "notes"
path = "notes"
drafts = true
"""
DRAFT = "---\ndraft: true\n---\n# {}\n\nOf the {}.\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder, page in (("docs", "heron"), ("notes", "otter")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "page.md").write_text(f"# The {page}\n\nAbout the {page} at the river.\n")
        (tmp_path / folder / "draft.md").write_text(DRAFT.format(f"Draft {page}", page))
    (tmp_path / "vademecum.toml").write_text(SETTINGS)
    return tmp_path


def release(place: Path) -> BuildReport:
    return build(read_settings(place / "vademecum.toml"))


def test_documents_have_keys_and_metadata_of_their_source(place: Path) -> None:
    report = release(place)
    assert (report.documents, report.left_out) == (3, {"pages that are not public: draft": 1})
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        found = {hit.document: hit for hit in kb.search("about the river page draft")}
        assert found.keys() == {"handbook:page.md", "notes:page.md", "notes:draft.md"}
        assert found["handbook:page.md"].url.startswith("https://a.example/docs/page/")
        assert [hit.document for hit in kb.search("river", filters={"source": "notes"})] == ["notes:page.md"]


def test_a_change_in_one_source_touches_no_other(place: Path) -> None:
    release(place)
    assert not release(place).changed
    (place / "notes/page.md").write_text("# The otter\n\nNow it sleeps.\n")
    (place / "docs/page.md").rename(place / "docs/other.md")
    report = release(place)
    assert (report.added, report.modified, report.removed, report.embedded) == (1, 1, 1, 1)


def test_one_of_them_with_nothing_to_read_stops_the_build(place: Path) -> None:
    (place / "vademecum.toml").write_text(SETTINGS.replace('path = "notes"', 'path = "note"'))
    with pytest.raises(UsageError, match="note: no such folder"):
        release(place)
    assert not (place / "site").exists()


def test_each_source_is_a_folder_of_the_tree() -> None:
    own = {"handbook:index.md": "handbook", "handbook:a.md": "handbook", "notes:page.md": "notes", "a:b.md": ""}
    rows = [DocumentRow(key, 1, key, "", f'{{"source":"{source}"}}') for key, source in own.items()]
    tree = tree_of(rows)
    assert [(folder.name, folder.count) for folder in tree.folders] == [("handbook:index.md", 2)]
    assert [row.key for row in tree.pages] == ["a:b.md", "notes:page.md"]
