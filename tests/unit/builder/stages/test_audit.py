"""What a build tells of what it read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docx
import pytest

from vademecum_builder.build import BuildReport, BuildRequest, build
from vademecum_builder.cli.commands.build import _audited
from vademecum_builder.cli.main import main
from vademecum_builder.sources.endings import suffix_of
from vademecum_builder.stages.audit import Audit, KindCount


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/good.md").write_text(
        "# Good\n\nPlain words, `{{ code }}` a list<T>, your &lt;URL>, copy &lt;a> &lt;b>.\n\n```\n[[x]] <div>\n```\n"
    )
    return tmp_path / "docs"


PEM = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----"""


def released(docs: Path, **said: Any) -> BuildReport:
    return build(BuildRequest(source=docs, out=docs.parent / "dist", profile="plain", site=False, **said))


def test_leftovers_of_markup_are_told_by_page_and_code_is_none(docs: Path) -> None:
    tags = """div span br hr img table thead tbody tr td th ul ol li dl dt em strong code pre details summary center
    font sub sup kbd iframe video h1 h6 section figure""".split()
    left = [*(f"<{tag}>" for tag in tags), "</div>", "<br/>", "<img src='a'/>", "<div class='x'>", "<Tabs group='x'>"]
    left += ["<Note />", "</Card>", "</b>", "<a href='x'>", "</a>", "</i>", "</p>", "{{", "{%"]
    fine = ["<URL>", "<Name>", "<a>", "<b>", "list<T>", "{", "%}", "a ::: b", "x < y", "<h7>", "<divx>"]
    text = " and ".join([*left, *fine, "[[a page]]"]).translate({ord(sign): f"\\{sign}" for sign in "<>[]{"})
    (docs / "page.md").write_text(f"# Page\n\n{text} \\[!NOTE\\]\n\n| a |\n| - |\n| \\<hr> |\n| {{% |\n")
    (docs / "a.txt").write_text("A box\n\n:::: tip\n\na :::\n")
    assert released(docs).audit.leftovers == {"a.txt": ("::::",), "page.md": tuple(sorted({*left, "[[", "[!NOTE]"}))}


@pytest.mark.parametrize(
    "lines", ["{}\nOurs.\n=======\nTheirs.\n{}", "{}\n\nOurs.\n\n=======\n\nTheirs.\n\n{}", "- Ours.\n{}\n- {}"]
)
def test_what_git_has_left_of_two_branches_is_told(lines: str, docs: Path) -> None:
    """As a heading, too, which the line between them makes of what is above it; a manual shows it as code."""
    (docs / "page.md").write_text("# Page\n\n" + lines.format("<<<<<<< HEAD", ">>>>>>> feature") + "\n")
    (docs / "manual.md").write_text("# Manual\n\n```\n<<<<<<< HEAD\n=======\n>>>>>>> feature\n```\n")
    assert released(docs).audit.leftovers == {"page.md": ("<<<<<<<",)}


def test_records_are_counted_by_their_source_whatever_their_ids_look_like(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs.parent / "shop.csv").write_text("id,name\n" + "".join(f"oak{n}.com,Oak\n" for n in range(9)))
    (docs.parent / "vademecum.toml").write_text(
        'out = "dist"\n[[source]]\nname = "the-shop-of-ours"\nkind = "catalog"\npath = "shop.csv"\n'
        '[[source]]\nname = "docs"\nkind = "folder"\npath = "docs"\n'
    )
    assert main(["build", "--no-site"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[2:6] == [
        "    source             items  documents   the others",
        "    the-shop-of-ours       9          9",
        "    .md                    1          1",
        "  without text: 9, as the-shop-of-ours:oak0.com; the-shop-of-ours:oak1.com; the-shop-of-ours:oak2.com (--json"
        " lists all)",
    ]


def test_files_are_counted_by_ending_read_or_not(docs: Path) -> None:
    for name in ("a.rtf", "b.RTF", "c.png", "LICENSE"):
        (docs / name).write_bytes(b"x")
    (docs / "draft.md").write_text("---\ndraft: true\n---\n# D\n")
    audit = released(docs).audit
    counted = {ending: (kind.files, kind.documents) for ending, kind in audit.kinds.items()}
    assert counted == {".rtf": (2, 0), ".md": (2, 1), "": (1, 0), ".png": (1, 0)}


def test_a_line_of_a_file_has_the_ending_of_its_file() -> None:
    assert list(map(suffix_of, ("a/b.csv:11", "a.JSONL:3", "handbook:a.md", "v1.2:3/a"))) == [
        ".csv",
        ".jsonl",
        ".md",
        "",
    ]


def test_a_private_key_that_is_an_example_is_published_by_name_and_told(docs: Path) -> None:
    (docs / "tls.md").write_text(f"# TLS\n\n```\n{PEM}\n```\n")
    (docs / "own.md").write_text(f"# Own\n\n```\n{PEM}\n```\n")
    report = released(docs, example_keys=("tls.md",))
    assert report.audit.private_keys == ("tls.md",)
    assert report.json()["audit"]["privateKeys"] == ("tls.md",)
    assert [line for line in report.warnings if "private key" in line] == [
        "own.md: skipped: it holds a private key (line 4): take it out, or name it in example-keys (vademecum.toml)"
    ]
    assert "  a private key, which example-keys names: tls.md" in _audited(report.audit)


def test_each_file_that_is_no_document_has_a_reason(docs: Path) -> None:
    foreign = "rtf tex textile wiki mediawiki creole pod rdoc dita dbk typ".split()
    office = "doc ppt ppsx ppsm xls xlsb".split()
    for ending in (*foreign, *office, "png", "eml", "msg"):
        (docs / f"a.{ending}").write_bytes(b"x")
    (docs / "draft.md").write_text("---\ndraft: true\n---\n# D\n")
    (docs / "broken.md").write_bytes(b"\0")
    kinds = released(docs).audit.kinds
    assert {ending: dict(kind.others) for ending, kind in kinds.items()} == {
        ".md": {"pages that are not public: draft": 1, "skipped": 1},
        **{f".{ending}": {"no reader: `pandoc FILE -t gfm -o FILE.md`": 1} for ending in foreign},
        **{f".{ending}": {"no reader: `soffice --headless --convert-to html FILE`": 1} for ending in office},
        ".png": {"no document by its ending": 1},
        ".eml": {'no reader: a [[source]] of kind = "messages" and shape = "mbox" reads mail': 1},
        ".msg": {'no reader: save it as .eml: a [[source]] of kind = "messages" and shape = "mbox" reads mail': 1},
    }
    assert released(docs).json()["audit"]["kinds"][".png"]["others"] == {"no document by its ending": 1}


def test_what_is_no_document_by_its_ending_is_one_row(docs: Path) -> None:
    for name in ("Makefile", *(f"x.{ending}" for ending in "abcdef")):
        (docs / name).write_bytes(b"x")
    (docs / "x.rtf").write_bytes(b"x")
    _, *rows = (line.split(maxsplit=3) for line in _audited(released(docs).audit) if line.startswith("    "))
    others = ["others", "7", "0", "no documents: no ending, .a, .b, .c, .d and 2 more"]
    assert ([row[0] for row in rows], rows[-1]) == ([".md", ".rtf", "others"], others)


def test_what_is_packed_is_named_and_is_no_fault(docs: Path) -> None:
    for number in range(9):
        (docs / f"handover {number}.zip").write_bytes(b"PK")
    report = released(docs)
    [told] = (line for line in _audited(report.audit) if ".zip" in line)
    assert told.split(maxsplit=3) == [".zip", "9", "0", "9 packed: unpack what has documents"]
    assert not report.audit.warnings


PAGE = b"---\ntitle: A\n---\nWater.\n"


@pytest.mark.parametrize(
    ("first", "second", "warning"),
    [
        (
            {"a.png": b"x", "b.png": b"x", "c.rtf": b"x"},
            {"d.xls": b"x"},
            "not read, beside 5 documents: 1 .rtf (`pandoc FILE -t gfm -o FILE.md`); 1 .xls "
            "(`soffice --headless --convert-to html FILE`); or leave these files out by --pattern",
        ),
        (
            {"a.njk": PAGE, "a.yml": b"---\na: 1\n" + 99 * b"  - b: 1\n", "b.yml": b"---\r\n" + 99 * b"a: 1\r\n"},
            {"b.njk": PAGE},
            "2 files (.njk) with front matter, as pages have it, that nothing reads: copy them as .md, or build "
            "the rendered site (the folder has 5 documents beside them)",
        ),
    ],
)
def test_a_fourth_as_many_unread_documents_as_read_ones_are_a_warning_and_pictures_are_none(
    docs: Path, first: dict[str, bytes], second: dict[str, bytes], warning: str
) -> None:
    for name, data in (first | {f"good{n}.md": b"# Good %d\n" % n for n in range(4)}).items():
        (docs / name).write_bytes(data)
    assert released(docs).warnings == ()
    for name, data in second.items():
        (docs / name).write_bytes(data)
    assert released(docs).warnings == (warning,)


def test_a_damaged_file_needs_no_other_program_and_one_file_is_told_as_many_are() -> None:
    mail = 'no reader: save it as .eml: a [[source]] of kind = "messages" and shape = "mbox" reads mail'
    audit = Audit({".docx": KindCount(1, 0, {"skipped": 1}), ".msg": KindCount(1, 0, {mail: 1})})
    (warning,) = audit.warnings
    assert warning.startswith("not read, beside 0 documents: 1 .docx (each has its own warning); 1 .msg (save it as")
    assert any(f"1 {mail}" in line for line in _audited(audit))


def test_documents_that_the_publisher_leaves_out_are_no_unread_ones() -> None:
    audit = Audit({".md": KindCount(1, 1), ".rst": KindCount(9, 1, {"files that Sphinx does not serve: no": 8})})
    assert audit.warnings == ()


def test_what_is_said_of_many_documents_is_one_line_with_the_first_ten(docs: Path) -> None:
    for n in range(12):
        (docs / f"{n:02}.md").write_text(f"---\nurl: javascript:{n // 11}\n---\n# A\n")
    said = "URL 'javascript:%d' is left out: it must be relative, http or https, without spaces"
    first = ", ".join(f"{n:02}.md" for n in range(10))
    assert released(docs).warnings == (f"11 documents: {said % 0} ({first} and 1 more)", f"11.md: {said % 1}")


def test_files_that_are_skipped_for_one_reason_are_one_line(docs: Path) -> None:
    for n in range(12):
        (docs / f"{n:02}.md").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    (said,) = released(docs).warnings
    assert said.startswith("12 documents: skipped: Git LFS has the file") and said.endswith("09.md and 2 more)")


def test_pages_without_text_and_the_same_text_twice_are_named(docs: Path) -> None:
    (docs / "twin.md").write_text((docs / "good.md").read_text())
    (docs / "empty.md").write_text("")
    (docs / "headings.md").write_text("# A\n\n## B\n\n### *C*\n\n## D\n")
    (docs / "listed.md").write_text("# A\n\n## B\n\n## C\n\nText.\n")
    audit = released(docs).audit
    assert (audit.without_text, audit.duplicates) == (("empty.md", "headings.md"), (("good.md", "twin.md"),))


def test_an_unchanged_build_tells_the_same(docs: Path) -> None:
    (docs / "page.md").write_text("# Page\n\n{{ left }}\n")
    first, second = released(docs), released(docs)
    assert first.changed and not second.changed
    assert first.audit == second.audit


def test_the_command_shows_the_table(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (docs / "page.md").write_text("# Page\n\n{{ left }}\n")
    (docs / "a.rtf").write_bytes(b"x")
    arguments = ["build", str(docs), "--out", "dist", "--no-site"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert ".md              2          2" in told
    assert "left of markup: page.md: {{" in told
    assert main([*arguments, "--json"]) == 0
    audit = json.loads(capsys.readouterr().out)["audit"]
    assert audit["kinds"][".rtf"].items() >= {"files": 1, "documents": 0}.items()
    assert "1          0   1 no reader: `pandoc FILE -t gfm -o FILE.md`" in told
    assert audit.keys() == {
        "kinds",
        "leftovers",
        "privateKeys",
        "withoutText",
        "stale",
        "duplicates",
        "unfinished",
        "versions",
    }


def test_a_copy_under_another_name_is_a_duplicate(docs: Path) -> None:
    (docs / "copied.md").write_text((docs / "good.md").read_text().replace("# ", "# Copied ", 1))
    assert released(docs).audit.duplicates == (("copied.md", "good.md"),)


@pytest.mark.slow
def test_files_that_are_called_drafts_copies_and_versions_are_named(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unfinished = ["Plan (Entwurf)", "Kopie von Plan", "offer_draft_2", "Bill (1)"]
    versions = ["Care_v1", "Care_v2_final", "care", "a/Care-old"]
    for n, name in enumerate([*unfinished, *versions, "Gesetzentwurf", "Copyright", "Chapter 1", "Chapter 2"]):
        file = docx.Document()
        file.add_paragraph(f"Oil the pump {n} times.")
        (docs / name).parent.mkdir(exist_ok=True)
        file.save(str(docs / f"{name}.docx"))
    (docs / "draft of words.md").write_text("# A draft\n\nOf a page.\n")
    audit = released(docs).audit
    assert audit.unfinished == tuple(sorted(f"{name}.docx" for name in unfinished))
    assert audit.versions == (("Care_v1.docx", "Care_v2_final.docx", "care.docx"),)
    assert main(["build", str(docs), "--out", "dist", "--no-site"]) == 0
    said = capsys.readouterr().out
    assert "  published, although its name says draft or copy: Plan (Entwurf).docx\n" in said
    assert "  published, all versions of one document: Care_v1.docx, Care_v2_final.docx, care.docx\n" in said


def test_a_page_that_is_marked_as_a_draft_is_named_and_one_about_drafts_is_not(docs: Path) -> None:
    marked = ["ENTWURF Plan", "Plan (draft v2)", "guide/DRAFT_offer", "plan [WIP]"]
    (docs / "guide").mkdir()
    for name in (*marked, "draft of words", "draft-releases", "Gesetzentwurf 2", "copy", "The (drafty) house", "WIPE"):
        (docs / f"{name}.md").write_text(f"# {name.title()}\n\nOf {name}.\n")
    assert released(docs).audit.unfinished == tuple(sorted(f"{name}.md" for name in marked))


def test_one_page_in_two_versions_is_no_duplicate(docs: Path) -> None:
    for version in ("1.0", "2.0"):
        (docs / version).mkdir()
        (docs / version / "pump.md").write_text("# Pump\n\nThe same lever.\n")
    assert released(docs).audit.duplicates == ()


def test_a_page_that_is_written_twice_for_two_kinds_of_hosts_is_one(docs: Path) -> None:
    for name, lever in (("x.html", "red"), ("x/index.html", "red"), ("y.html", "red"), ("y/index.html", "blue")):
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(
            f"<html><head><title>{name[0]}</title></head><body><p>A {lever} lever.</p></body></html>"
        )
    report = released(docs)
    assert (report.documents, report.left_out) == (4, {"the same page as x.html and x/index.html": 1})
