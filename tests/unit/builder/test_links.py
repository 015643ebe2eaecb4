"""`vade links`: whether hits lead where they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.faulty_pages import Rule, endless, faulty_pages, trickle
from support.pages_host import PagesHost
from vademecum.errors import UsageError
from vademecum_builder import links
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.cli.main import main
from vademecum_builder.links import LinkReport, check_links

TREES = Path(__file__).parents[2] / "sites"


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(TREES / "mkdocs", tmp_path / "_site"))


def released(rendered: Path, base_url: str = "") -> str:
    build(BuildRequest(source=rendered, out=rendered.parent / "dist", site=False, base_url=base_url))
    return str(rendered.parent / "dist")


def broken(found: LinkReport) -> list[tuple[str, str]]:
    return [(link.document, link.url.partition("/handbook/")[2]) for link in found.broken]


def spoil(rendered: Path) -> None:
    (rendered / "faq/index.html").unlink()
    page = rendered / "network/index.html"
    text = page.read_text()
    page.write_text(text.replace('id="radio-link"', ""))
    assert page.read_text() != text


def test_all_hits_of_a_rendered_site_lead_somewhere(rendered: Path) -> None:
    found = check_links(released(rendered), str(rendered))
    assert (found.pages, found.unaddressed, found.broken) == (12, 0, ())
    assert found.anchors > 30


def test_a_page_and_an_anchor_that_are_gone_are_named(rendered: Path) -> None:
    dist = released(rendered)
    spoil(rendered)
    found = check_links(dist, str(rendered))
    assert broken(found) == [("faq/index.html", "faq/"), ("network/index.html", "network/#radio-link")]


def test_a_site_is_asked_at_its_paths_whatever_its_host_is_called(rendered: Path, tmp_path: Path) -> None:
    dist = released(rendered)  # its pages say https://brunnen.example/handbook/
    served = tmp_path / "host"
    shutil.copytree(rendered, served / "handbook")
    spoil(served / "handbook")
    with PagesHost(served) as host:
        found = check_links(dist, f"{host.url}handbook/")
    assert broken(found) == [("faq/index.html", "faq/"), ("network/index.html", "network/#radio-link")]
    assert "404" in found.broken[0].reason


def test_a_host_that_does_not_answer_breaks_every_link(rendered: Path) -> None:
    found = check_links(released(rendered), "http://127.0.0.1:9/")
    assert len(found.broken) == found.pages == 12
    assert found.broken[0].reason.startswith("no answer: ")


def test_a_host_that_never_ends_a_page_is_left_after_a_few(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_SECONDS", 0.1)
    monkeypatch.setattr(links, "_PARALLEL", 2)
    dist = released(rendered)
    with faulty_pages(rendered, Rule(".*", trickle)) as host:
        found = check_links(dist, host.url)
    told = [link.reason for link in found.broken]
    asked = [reason for reason in told if reason.startswith("did not come whole within")]
    assert 2 <= len(asked) <= 3, "the second may have begun when the first was late"
    assert {reason for reason in told if reason not in asked} == {f"not asked for: 2 pages before it {asked[0]}"}


def test_a_page_without_end_is_not_read_for_ever(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_MOST", 100_000)
    dist = released(rendered)
    with faulty_pages(rendered, Rule(".*faq/", endless)) as host:
        assert [link.reason for link in check_links(dist, host.url).broken if "faq" in link.document] == [
            "more than the 100000 bytes that a page may have"
        ]


def test_sites_without_a_final_slash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("---\nurl: https://d.example/x/a\n---\n# A\n\n## One\n\nText.\n")
    (tmp_path / "docs/b.md").write_text("# B\n\nNowhere.\n")
    dist = released(tmp_path / "docs")
    (tmp_path / "_site").mkdir()
    (tmp_path / "_site/a.html").write_text("<h2 id=one>One</h2>")
    found = check_links(dist, str(tmp_path / "_site"))
    assert (found.pages, found.anchors, found.unaddressed, found.broken) == (1, 1, 1, ())


def test_where_every_page_is_missing_every_page_is_named(rendered: Path) -> None:
    dist = released(rendered)
    for path in rendered.rglob("*.html"):
        if path.parent != rendered:
            path.unlink()
    found = check_links(dist, str(rendered))
    assert len(found.broken) == 11  # all but the start page


def test_a_page_is_not_there_where_only_a_file_of_its_name_is(rendered: Path) -> None:
    dist = released(rendered)
    (rendered / "faq/index.html").rename(rendered / "faq.html")
    assert broken(check_links(dist, str(rendered))) == [("faq/index.html", "faq/")]


def test_the_command_fails_where_a_link_is_broken(rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dist = released(rendered)
    assert main(["links", dist, "--against", str(rendered)]) == 0
    assert "0 are not there" in capsys.readouterr().out
    spoil(rendered)
    assert main(["links", dist, "--against", str(rendered), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [link["document"] for link in told["broken"]] == ["faq/index.html", "network/index.html"]


def test_where_no_document_has_an_address_nothing_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# A\n\nText.\n")
    assert main(["links", released(tmp_path / "docs"), "--against", "docs"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("Not checked: no document has an address") and "1 document without" in said
    build_ = ["build", "docs", "--out", "look", "--no-site", "--strict"]
    assert main([*build_, "--links", "docs"]) == 1
    assert "base-url" in capsys.readouterr().err and not Path("look").exists()
    assert main(build_) == 0, "who wants documents without addresses has them"
    assert "without an address: 1 of 1 document; " in capsys.readouterr().out
    assert main([*build_, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unaddressed"] == 1


def test_a_release_without_documents_has_no_link_to_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    build(BuildRequest(source=Path("docs"), out=Path("dist"), site=False, allow_empty=True))
    assert main(["links", "dist", "--against", "docs"]) == 0


def test_a_build_can_ask_at_its_end(rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["build", str(rendered), "--out", "dist", "--no-site", "--links"]
    assert main([*arguments, str(rendered)]) == 0
    assert "0 are not there" in capsys.readouterr().out
    (rendered.parent / "empty").mkdir()
    assert main([*arguments, "empty", "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["links"]["broken"]) == 12


@pytest.mark.parametrize("against", ["nowhere", "ftp://a.example/"])
def test_what_cannot_be_asked_is_said(rendered: Path, against: str) -> None:
    with pytest.raises(UsageError, match="--against"):
        check_links(released(rendered), against)


def test_root_metadata_that_is_none_is_told(rendered: Path) -> None:
    """As `vade verify` and `vade releases list` do."""
    dist = released(rendered)
    for name, message in (("gone.json", "gone.json: cannot be read"), ("mkdocs.yml", "is not root metadata")):
        (rendered / "mkdocs.yml").write_text("site_name: x")
        with pytest.raises(UsageError, match=message):
            check_links(dist, str(rendered), trust=rendered / name)
