"""What `vade` tells a job on GitHub: outputs, summary, annotations, whatever documents and messages hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from vademecum.errors import UsageError
from vademecum_builder.cli.github import refuse_moved
from vademecum_builder.cli.main import main
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_KEY

PAGE = "# {0}\n\n## Part\n\nWhat there is to know about {0}.\n"


class Job:
    """A job's folder, and what `vade` has told it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("one", "two", "three", "four", "five"):
            self.write(f"{name}.md", PAGE.format(name))

    def write(self, name: str, text: str) -> None:
        (self.folder / "docs").mkdir(exist_ok=True)
        (self.folder / "docs" / name).write_text(text)

    def build(self, *options: str) -> int:
        for name in ("outputs", "summary"):
            (self.folder / name).write_text("")
        return main(["build", "docs", "--out", "dist", "--no-site", *options])

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text()

    @property
    def outputs(self) -> Mapping[str, str]:
        """The outputs, read as GitHub's runner does."""
        text = (self.folder / "outputs").read_text()
        found = re.findall(r"^(\w+)<<(\S+)\n(.*?)\n?^\2\n", text, re.DOTALL | re.MULTILINE)
        assert text.count("<<") == len(found) or "<<" in "".join(value for _, _, value in found)
        return {name: value for name, _, value in found}


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "outputs",
        "GITHUB_STEP_SUMMARY": "summary",
        "GITHUB_WORKSPACE": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    return Job(tmp_path)


def test_a_build_sets_outputs_and_summarises_itself(job: Job) -> None:
    assert job.build("--release-version", "May") == 0
    release = {"sequence": "1", "version": "May", "changed": "true", "signed": "true", "previous": ""}
    documents = {"documents": "5", "added": "5", "modified": "0", "removed": "0"}
    assert job.outputs == {**release, **documents, "address": "", "out": "dist"}
    assert "### vade build: release 1 (May)" in job.summary and "added: " not in job.summary  # all are
    job.write("one.md", PAGE.format("lamps"))
    assert job.build() == 0
    assert job.outputs["sequence"] == "2" and job.outputs["previous"] == "1"
    for row in ("| added | 0 |", "| modified | 1 |", "| removed | 0 |", "| chunks embedded | 1 of 5 |"):
        assert row in job.summary
    assert "<pre>modified: one.md</pre>" in job.summary
    assert re.search(r"release before downloads \| [\d.]+ k?B \|", job.summary)
    assert job.build() == 0
    assert (job.outputs["changed"], job.outputs["signed"]) == ("false", "false")
    assert "nothing changed, release 2" in job.summary


def test_the_summary_names_pages_with_marks_of_a_merge(job: Job) -> None:
    job.write("one.md", "# One\n\n<<<<<<< HEAD\nOurs.\n=======\nTheirs.\n>>>>>>> other\n")
    assert job.build() == 0
    assert "left of markup, or of a merge: 1 page\n\n<pre>one.md: &lt;&lt;&lt;" in job.summary


def test_of_many_changes_the_summary_names_the_first_and_counts_the_others(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum_builder.release.version_json.MOST_LISTED", 60)
    assert job.build() == 0
    for number in range(70):
        job.write(f"p{number:02}.md", PAGE.format(f"lamp {number}"))
    assert job.build() == 0
    assert "added: p49.md\nadded: and 20 more</pre>" in job.summary


def test_a_version_of_several_lines_is_one_output(job: Job) -> None:
    version = "1<<EOF\nsigned=no\nEOF\nend-\nsigned<<x\nno\nx"
    assert job.build("--release-version", version) == 0
    assert (job.outputs["version"], job.outputs["signed"]) == (version, "true")


def test_a_warning_is_an_annotation_on_file_and_line(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.write("a,b 100%.md", "---\ntitle: [\n---\n# Broken\n\nText.\n")
    assert job.build() == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    assert re.match(r"::warning file=docs/a%2Cb 100%25\.md,line=\d+::a,b 100%25\.md: line \d", line)
    assert "1 warning" in job.summary and "<pre>a,b 100%.md: line" in job.summary


def test_a_warning_of_one_of_several_sources_is_on_its_file(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    (job.folder / "other").mkdir()
    (job.folder / "other" / "bad.md").write_text("---\ntitle: [\n---\n# Broken\n\nText.\n")
    sources = "".join(
        f'[[source]]\nname = "{name}"\npath = "{path}"\n' for name, path in (("a", "docs"), ("b", "other"))
    )
    (job.folder / "vademecum.toml").write_text(f"site = false\n{sources}")
    assert main(["build"]) == 0
    assert "::warning file=other/bad.md,line=" in capsys.readouterr().err


def test_what_a_document_says_is_no_command_and_no_markup(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.write("<img src=x>.md", "---\ntitle: [\n::stop-commands::x\n---\n\nText.\n")
    assert job.build() == 0
    assert not [line for line in capsys.readouterr().err.splitlines() if line.startswith("::stop")]
    assert "<img" not in job.summary and "&lt;img" in job.summary


def test_a_failure_is_an_annotation_and_the_summary_says_why(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    (job.folder / "vademecum.toml").write_text('titel = "Lamps"\n[[source]]\npath = "docs"\n')
    job.build()
    capsys.readouterr()
    assert main(["build"]) == 2
    error = capsys.readouterr().err.splitlines()[0]
    assert error.startswith("::error title=vade build,file=vademecum.toml,line=1::vademecum.toml, line 1: titel")
    assert "### vade build failed" in job.summary and "did you mean title" in job.summary


def test_elsewhere_nothing_is_written(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert job.build() == 0 and job.build("--encoder", "none") == 2
    assert job.summary == "" and job.outputs == {}


@pytest.mark.fault("E65")
def test_an_empty_secret_and_each_wrong_one_are_told_apart(
    job: Job, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["keys", "new", "--out", "keys"]) == 0
    assert main(["keys", "new", "--out", "others"]) == 0
    keys = job.folder / "keys"
    good = (keys / RELEASE_KEY).read_text()
    for secret, said in (
        ("", "is set, but empty: there is no secret of that name"),
        ("  \n", "is set, but empty"),
        ("hunter2", "holds neither a PEM key nor a usable key URI"),
        (good.replace("M", "N"), "a private key that is cut off or damaged"),
        ((keys / ROOT_KEY).read_text(), "is the root key, which no build may have"),
        ((job.folder / "others" / RELEASE_KEY).read_text(), "use the key that belongs to this root.json"),
    ):
        monkeypatch.setenv(KEY_VARIABLE, secret)
        assert job.build("--root", "keys/root.json") in (2, 5)
        told = capsys.readouterr().err
        assert (
            said in told and "gh secret set VADEMECUM_SIGNING_KEY < .vademecum/keys/release.pem  # with --env" in told
        )
        assert said in job.summary.replace("&#x27;", "'") and "hunter2" not in told + job.summary
        assert not (job.folder / "dist").exists()
    monkeypatch.setenv(KEY_VARIABLE, good)
    assert job.build("--root", "keys/root.json") == 0


@pytest.mark.parametrize(
    ("address", "repository", "refused"),
    [
        ("https://acme.github.io/handbook/", "Acme/Handbook", False),
        ("https://acme.github.io/Handbook/kb/", "Acme/Handbook", False),
        ("https://acme.github.io/kb/", "acme/acme.github.io", False),
        ("https://docs.acme.example/", "Acme/Renamed", False),
        ("https://acme.github.io/handbook/", "Acme/Renamed", True),
        ("https://acme.github.io/handbook/", "Acme/Hand", True),
        ("https://acme.github.io/handbook/", "Other/Handbook", True),
    ],
)
def test_a_repository_that_was_moved_is_not_published_for_its_old_address(
    job: Job, monkeypatch: pytest.MonkeyPatch, address: str, repository: str, refused: bool
) -> None:
    empty = True
    monkeypatch.setattr("vademecum_builder.release.previous.is_empty", lambda _: empty)
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": repository}
    if refused:
        with pytest.raises(UsageError, match=r"was it moved or renamed\?"):
            refuse_moved(address, environ)
    else:
        refuse_moved(address, environ)
    refuse_moved(address, {**environ, "GITHUB_ACTIONS": ""})
    empty = False
    refuse_moved(address, environ)  # a tree is there: whoever publishes it elsewhere means it


def test_a_preview_is_not_called_published(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.build("--preview") == 0
    told = capsys.readouterr().out
    assert "A preview of release 1" in told and "Published" not in told
