"""`strict`: what a publisher would want to stop on publishes nothing; without it, it is told and the build goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.publishing import NOW, tree_of
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.cli.main import main
from vademecum_builder.pipeline import StrictError


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildRequest:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    Path("docs/good.md").write_text("# Good\n\nRed lever.\n")
    return BuildRequest(source=Path("docs"), out=Path("tree"), site=False, base_url="https://ex.org/", profile="plain")


PAGE = "<html><head><title>Pump</title></head><body><main><h1>Pump</h1><p>Red lever.</p>"
BAD: dict[str, tuple[str | bytes, str]] = {
    "binary.md": (b"# A\0\0\x01", "binary"),
    "front.md": ("---\ntitle: a: b: [\n---\n# A\n\nText.\n", "not valid YAML"),
    "latin.md": ("# Caf\xe9\n\nEin Caf\xe9 in Z\xfcrich, sch\xf6n.\n".encode("latin-1"), "save it as UTF-8"),
    "stray.md": ("# Caf\u00e9\n\nZ\u00fcrich, sch\u00f6n.\n".encode() + b"\n\xff\n", "not utf-8 in 1 place"),
    "wide.md": ("# Pump\n\nThe red lever.\n".encode("utf-16-le"), "read as UTF-16-LE"),
    "climbs.md": ("# A\n\n{{#include ../../../../etc/passwd}}\n", "parts of pages are missing"),
    "loops.md": ("# A\n\n{{#include loops.md}}\n", "parts of pages are missing"),
    "left.md": ("# A\n\nSee \\[\\[a page\\]\\] here.\n", "left of markup: [["),
    "cut.html": (PAGE, "it ends in the middle"),
    "tag.html": ("<p>Red lever <a href='x", "it ends in the middle"),
    "half.html": ("<html><title>Pump</title><body><main><p>Red lever</p><ul><li>One</ul>", "it ends in the middle"),
    "comment.html": ("<html><body><p>Red</p><!-- lever", "it ends in the middle"),
    "latin.html": (PAGE.replace("Red", "caf\xe9").encode("latin-1") + b"</body></html>", "it declares no encoding"),
    "key.md": ("# A\n\nUse ghp" + "_0a1B2c3D4e5F6g7H8i9JkLmNoPqRsTuVwXyZ.\n", "a token of GitHub"),
    "deep.rst": ("T\n=\n\n" + "".join("  " * i + "* a\n\n" for i in range(400)), "nested too deeply"),
}


def test_what_a_publisher_would_stop_on_stops_a_strict_build_and_no_other(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    before = tree_of(Path("tree"))
    for name, (content, _) in BAD.items():
        Path("docs", name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StrictError) as caught:
        build(replace(request_, strict=True), now=NOW)
    for name, (_, reason) in BAD.items():
        assert any(reason in line and (name in line or "parts of pages" in line) for line in caught.value.found), name
    assert tree_of(Path("tree")) == before
    report = build(request_, now=NOW)
    assert report.warnings and report.audit.leftovers
    with pytest.raises(StrictError) as again:  # also where nothing changed since a build that was not
        build(replace(request_, strict=True), now=NOW)
    assert again.value.found == caught.value.found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("minified.html", "<html><title>Pump</title><body><p>Red <b>lever"),
        ("minified-main.html", "<title>Pump</title><main><p>Red lever</main><script>a = '<div>'</script>"),
        ("minified-head.html", "<head><title>Pump</title><p>Red lever"),
        ("whole.html", PAGE + "</main></body></html>\n<!-- made in 0.1 s -->\n"),
        ("less.html", "<html><head><title>P</title></head><body><p>1 < 2 and a <b>lever</b></body></html>"),
        ("mark.md", "\ufeff# Pump\n\nRed lever.\n"),
    ],
)
def test_what_is_right_is_no_reason(name: str, content: str, request_: BuildRequest) -> None:
    Path("docs", name).write_text(content)
    assert build(replace(request_, strict=True), now=NOW).documents == 2


def test_a_link_that_leads_nowhere_stops_a_strict_build(request_: BuildRequest) -> None:
    Path("real/good").mkdir(parents=True)
    Path("real/good/index.html").write_text("<html><body><h1 id=good>Good</h1></body></html>")
    asked = replace(request_, strict=True, links="real")
    build(asked, now=NOW)
    Path("docs/gone.md").write_text("# Gone\n\nText.\n")
    with pytest.raises(
        StrictError, match=r"1 warning under --strict.*gone.md: https://ex.org/gone/: there is no such page"
    ):
        build(asked, now=NOW)


def test_the_command_line_tells_each_warning_and_ends_with_1(
    request_: BuildRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("docs/a.md").write_bytes(b"\0")
    Path("docs/b.md").write_bytes(b"may include\0")
    assert main(["build", "docs", "--out", "tree", "--no-site", "--strict"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("vade: warning: ")] == [
        "vade: warning: a.md: skipped: binary: it holds NUL bytes",
        "vade: warning: b.md: skipped: binary: it holds NUL bytes",
    ]
    assert lines[-1].startswith("vade: 2 warnings under --strict, so nothing was published; the first: a.md")
    assert not Path("tree/metadata").exists()
