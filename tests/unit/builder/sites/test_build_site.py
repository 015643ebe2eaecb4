"""`vade build` over a folder that a generator has rendered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vademecum_builder.build import BuildReport, BuildRequest, build
from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.stages.documents import DocumentReader, SitePages, choose_reader

TREE = Path(__file__).parents[3] / "sites" / "mkdocs"

REDIRECT = "<html><head><meta http-equiv=refresh content='0; url=../install/'></html>"


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(TREE, tmp_path / "_site"))


def reader_of(folder: Path, *patterns: str) -> DocumentReader:
    return choose_reader(FolderSource(folder, patterns)).inner


def release(rendered: Path) -> BuildReport:
    return build(BuildRequest(source=rendered, out=rendered.parent / "dist", site=False))


def test_a_rendered_folder_is_read_as_a_site_by_itself_and_says_so(rendered: Path) -> None:
    (rendered / "old").mkdir()
    (rendered / "old/index.html").write_text(REDIRECT)
    (rendered / "robots.txt").write_text("User-agent: *\n")
    (rendered / "notes.txt").write_text("Of the build\n")
    report = release(rendered)
    assert report.documents == 12
    assert report.left_out == {
        "redirects": 1,
        "error pages": 1,
        "files beside the pages of a rendered site": 1,
        "files for programs (robots.txt, requirements.txt)": 1,
    }
    assert report.json()["leftOut"] == report.left_out
    assert report.json()["filesLeftOut"] == {
        "redirects": ["old/index.html"],
        "error pages": ["404.html"],
        "files beside the pages of a rendered site": ["notes.txt"],
    }
    assert "is read as a rendered site (rendered by mkdocs-" in report.notices[-1]
    assert "served at https://brunnen.example/handbook/" in report.notices[-1]


def test_a_page_that_did_not_change_is_kept_and_one_that_did_is_read(rendered: Path) -> None:
    release(rendered)
    assert not release(rendered).changed
    page = rendered / "faq/index.html"
    page.write_text(page.read_text().replace("42 decibels", "41 decibels"))
    report = release(rendered)
    assert (report.modified, report.added, report.removed, report.embedded) == (1, 0, 0, 1)


def test_a_page_that_turns_into_a_redirect_is_removed(rendered: Path) -> None:
    release(rendered)
    (rendered / "faq/index.html").write_text(REDIRECT)
    report = release(rendered)
    assert (report.removed, report.modified) == (1, 0)


def test_a_folder_of_sources_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n")
    (tmp_path / "index.html").write_text("<title>Page</title><p>Text")
    assert isinstance(reader_of(tmp_path), PlainPages)
    (tmp_path / "a.md").unlink()
    (tmp_path / "404.html").write_text("<title>Page</title><p>Text")
    assert isinstance(reader_of(tmp_path), SitePages)


def test_the_patterns_choose_the_pages_of_a_site(rendered: Path) -> None:
    reader = reader_of(rendered, "!faq/")
    assert "12 pages" in reader.notice
