"""`vade init`: a repository is set up, once; what is there is never overwritten; mistakes are one line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, PathDistribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.repositories import commit, git, repository
from vademecum.errors import StorageError
from vademecum.version import __version__
from vademecum_builder.cli.main import main
from vademecum_builder.scaffold.check import check_setup
from vademecum_builder.scaffold.choices import Wishes
from vademecum_builder.scaffold.files import ACTION_FILE, WORKFLOW_FILE
from vademecum_builder.scaffold.plan import plan_setup, write_plan
from vademecum_builder.scaffold.requirement import REQUIREMENTS_FILE, requirement
from vademecum_builder.settings import read_settings

PAGE = "# Lanterns\n\nA page about lanterns.\n"
DOCS = {"docs/lanterns.md": PAGE, "README.md": "# Lamps\n"}
KEYS = Path(".vademecum/keys")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Vade = Callable[..., Ran]


@pytest.fixture(autouse=True)
def from_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for most who install it; what runs here came from this repository."""
    read = PathDistribution.read_text
    monkeypatch.setattr(
        PathDistribution, "read_text", lambda self, name: None if name == "direct_url.json" else read(self, name)
    )


@pytest.fixture
def vade(place: Path, capsys: pytest.CaptureFixture[str]) -> Vade:
    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def everything() -> dict[str, bytes]:
    files = (p for p in Path().rglob("*") if p.is_file() and ".git" not in p.parts)
    return {path.as_posix(): path.read_bytes() for path in files}


# What it writes ----------------------------------------------------------------------------------------


def test_a_repository_gets_all_that_a_push_needs(vade: Vade) -> None:
    repository(DOCS)
    ran = vade("init", "--yes")
    assert ran.code == 0
    assert "docs (1 document), published at https://acme.github.io/Handbook/" in ran.out
    told = read_settings(Path("vademecum.toml"))
    assert (told.source, told.previous) == (Path("docs"), "https://acme.github.io/Handbook/")
    assert (told.encoder, told.channel, told.root) == ("builtin", "stable", Path("root.json"))
    workflow = yaml.safe_load(Path(WORKFLOW_FILE).read_text(encoding="utf-8"))
    assert workflow[True]["push"] == {
        "branches": ["main"],
        "paths": ["docs/**", "vademecum.toml", "root.json", WORKFLOW_FILE, ACTION_FILE],
    }
    assert Path("root.json").read_bytes() == (KEYS / "root.json").read_bytes()
    assert {path.name for path in KEYS.glob("*.pem")} == {"root.pem", "release.pem"}
    git("add", "--all")
    assert {*git("ls-files").split()} == {
        *DOCS,
        "vademecum.toml",
        "root.json",
        ".gitignore",
        WORKFLOW_FILE,
        ACTION_FILE,
    }


@pytest.mark.parametrize(
    ("came", "line"),
    [
        (
            {"url": "https://git.example.org/a/b", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}},
            f"git+https://git.example.org/a/b@{'c' * 40}",
        ),
        (
            {"url": "ssh://git@example.org/a/b.git", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}},
            f"git+https://example.org/a/b.git@{'c' * 40}",
        ),
        (
            {"url": "https://me:secret@example.org/b", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}},
            f"git+https://example.org/b@{'c' * 40}",
        ),
        ({"url": "https://example.org/v.whl", "archive_info": {}}, "https://example.org/v.whl"),
        ({"url": "file:///tmp/v.whl", "archive_info": {}}, ""),
        ({"url": "file:///nowhere/at/all", "dir_info": {}}, ""),
    ],
)
def test_what_a_workflow_installs_is_what_set_the_repository_up(came: dict[str, Any], line: str) -> None:
    assert requirement(came) == line


def test_a_clone_is_installed_by_its_commit_where_that_was_pushed(vade: Vade, place: Path) -> None:
    repository(DOCS, "git@example.org:a/b.git")
    came: dict[str, Any] = {"url": place.as_uri(), "dir_info": {"editable": True}}
    assert requirement(came) == "", "nobody else has this commit"
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert requirement(came) == f"git+https://example.org/a/b.git@{git('rev-parse', 'HEAD').strip()}"


def test_where_no_package_index_has_it_the_requirement_is_written(vade: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    came = f'{{"url": "https://example.org/a/b", "vcs_info": {{"vcs": "git", "commit_id": "{"c" * 40}"}}}}'
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: came)
    repository(DOCS)
    ran = vade("init", "--yes", "--json").json
    assert f" {REQUIREMENTS_FILE} " in ran["steps"][2]["command"]
    assert Path(REQUIREMENTS_FILE).read_text().splitlines()[-1].endswith(f"git+https://example.org/a/b@{'c' * 40}")
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: None)
    Path(REQUIREMENTS_FILE).unlink()
    Path(ACTION_FILE).unlink()
    assert len(vade("init", "--yes", "--json").json["steps"]) == 4
    assert not Path(REQUIREMENTS_FILE).exists(), "a release is named by its version"
    monkeypatch.setattr(
        PathDistribution, "read_text", lambda self, name: '{"url": "file:///v.whl", "archive_info": {}}'
    )
    step, *_, push, _ = vade("init", "--yes", "--json", "--dry-run").json["steps"]
    line = "vademecum[build] @ git+https://HOST/REPOSITORY@COMMIT"
    assert step["command"] == f"echo '{line}' > {REQUIREMENTS_FILE}"
    assert f" {REQUIREMENTS_FILE} " in push["command"]


@pytest.mark.parametrize(
    ("files", "settings", "extras"),
    [
        ({"docs/a.rst": "A\n=\n\nText.\n", "docs/conf.py": "project = 'A'\n"}, "", "build,rst"),
        ({"docs/a.md": PAGE, "docs/b.pdf": "%PDF-1.4", "docs/c.ipynb": "{}"}, "", "build,files,notebook"),
        (
            {"docs/a.md": PAGE, "src/b.rst": "B"},
            "encoder = 'sentence-transformers:a/b'\n[[source]]\nname = 'a'\nkind = 'folder'\npath = 'docs'\n"
            "[[source]]\nname = 'b'\nkind = 'feed'\npath = 'https://example.org/b.xml'\n"
            "[[source]]\nname = 'c'\nkind = 'sql'\nurl = 'sqlite:///c.db'\ntable = 'c'\n"
            "[[source]]\nname = 'd'\nkind = 'files'\npath = 'docs'\n",
            "build,feed,files,models,sql",
        ),
    ],
    ids=["a generator's sources", "office files", "settings"],
)
def test_a_workflow_installs_what_reads_the_documents(
    vade: Vade, files: dict[str, str], settings: str, extras: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "address = 'https://example.org/kb/'\nout = 'kb'\n"
    repository(files | ({"vademecum.toml": address + settings} if settings else {}))
    assert "here, too" not in str(vade("init", "--dry-run", "--yes", "--json").json["notes"]) or "models" in extras

    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("vademecum_builder.scaffold.requirement.version", version)
    told = vade("init", "--yes", "--json").json
    line = Path(REQUIREMENTS_FILE).read_text().splitlines()[-1]
    assert line == f"vademecum[{extras}]=={__version__}"
    assert extras.removeprefix("build,") in told["notes"][-1]


def test_records_beside_documents_are_told_with_what_reads_them(vade: Vade) -> None:
    places = [*(f"my list/{n}.yml" for n in range(12)), *(f"{n}/a.csv" for n in "abc"), "calendar.ics", "d.csv"]
    repository({"x/a.md": "# A\n\nB\n", **dict.fromkeys(places, "id: 1\n")})
    assert vade("init", "--yes", "--json").json["notes"][0] == (
        "records lie beside the documents and are not read: my list (12 files), a/a.csv, b/a.csv, c/a.csv, "
        "calendar.ics and 1 more; where people are to find them: vade sources --discover 'my list' --write"
    )


def test_a_table_beside_the_pages_of_a_site_is_not_told(vade: Vade) -> None:
    repository({"mkdocs.yml": "site_name: x\n", "docs/a.md": "# A\n\nB\n", "docs/a.csv": "id\n"})
    assert not any("records lie" in note for note in vade("init", "--yes", "--json").json["notes"])


def test_documentation_of_the_whole_is_taken_and_that_of_its_parts_is_told(vade: Vade) -> None:
    sites = {f"{folder}mkdocs.yml": "site_name: x\n" for folder in ("", "packages/pump/")}
    pages = {f"{name}.md": "# A\n\nB\n" for name in ("docs/a", "docs/b", "packages/pump/docs/c")}
    repository(sites | pages)
    told = vade("init", "--yes", "--json").json
    assert told["notes"][0] == (
        "not read: packages/pump/docs (sources of MkDocs, 1 document); each can be another [[source]], all with a name"
    )
    assert 'path = "docs"' in Path("vademecum.toml").read_text()


def test_documents_of_packages_beside_a_folder_of_files_are_told(vade: Vade) -> None:
    named = "docs/a packages/x/README packages/y/README packages/y/docs/b packages/y/CHANGELOG tests/a tests/b tests/c"
    repository(dict.fromkeys([*(f"{name}.md" for name in [*named.split(), "one/README", "one/a"])], "# A\n\nB\n"))
    assert vade("init", "--yes", "--json").json["notes"][0] == (
        "not read: packages (4 documents); each can be another [[source]], all with a name"
    )


def test_a_larger_folder_of_documents_beside_what_a_generator_reads_is_told(vade: Vade) -> None:
    config = {"hugo.toml": "title = 'x'\n", "content/blog/news.md": "# A\n\nB\n", "notes/mine.md": "# N\n\nO\n"}
    repository(config | dict.fromkeys(["docs/a.md", "docs/b/c.md"], "# A\n\nB\n"))
    assert vade("init", "--yes", "--json").json["notes"][0] == (
        "not read: docs (2 documents); each can be another [[source]], all with a name"
    )


def test_pages_that_nothing_reads_are_told_before_the_first_build(vade: Vade) -> None:
    repository({"docs/a.md": "# A\n\nB\n", "docs/b.njk": "---\ntitle: B\n---\n<p>C</p>\n"})
    assert (
        vade("init", "--yes", "--json").json["notes"][0].startswith("1 file (.njk) with front matter, as pages have it")
    )


SERVED_NOWHERE = """\
where these documents are served is not known, so hits open only in the reader of the search page: \
set base-url in vademecum.toml{}
"""
ON_GITHUB = ', as "https://github.com/Acme/Handbook/blob/main/docs/", where GitHub shows the files themselves'
OFFLINE = "Move .vademecum/keys/root.pem offline, to where only you can reach it: it can replace every other key."
PUBLISH = "publish the first release: git add vademecum.toml {} && git commit -m 'Publish the knowledge base' && "
PUBLISH += "git push -u origin HEAD"
SETTINGS = """# What `vade build` reads and publishes: made by `vade init`.
title = "{title}"
address = "{address}"   # where it is published: each build continues from there
out = "{out}"
{whole}root = "root.json"   # public: what apps trust; its keys are elsewhere
encoder = "builtin"   # builtin, or sentence-transformers:MODEL
channel = "stable"

[[source]]
path = "{source}"
{base}   # where these documents are served: hits lead there

[limits]
# packs = 1000000   # most bytes that small updates may take on the host (default: twice the index)
"""


def test_it_says_all_that_it_writes_and_what_is_left(vade: Vade) -> None:
    repository(DOCS)
    told = vade("init", "--yes", "--json").json
    assert (
        whole(told)
        == f"""docs (1 document) https://acme.github.io/Handbook/ knowledge-base
new vademecum.toml
new {WORKFLOW_FILE}
new {ACTION_FILE}
new root.json
new .gitignore
{SERVED_NOWHERE.format(ON_GITHUB)}\
let a workflow publish the repository's site: gh api -X POST repos/Acme/Handbook/pages -f build_type=workflow
hand over the key that signs releases: gh api -X PUT repos/Acme/Handbook/environments/github-pages && \
gh secret set VADEMECUM_SIGNING_KEY --env github-pages < .vademecum/keys/release.pem && rm .vademecum/keys/release.pem
{PUBLISH.format(f"{WORKFLOW_FILE} {ACTION_FILE} root.json .gitignore")}
{OFFLINE}"""
    )
    commands = "\n".join(step["command"] for step in told["steps"])
    assert subprocess.run(["bash", "-n"], input=commands, text=True).returncode == 0
    base = '# base-url = "https://..."'
    address = "https://acme.github.io/Handbook/"
    assert Path("vademecum.toml").read_text() == SETTINGS.format(
        title="Handbook", address=address, out="knowledge-base", whole="", source="docs", base=base
    )


def test_beside_a_site_of_its_own_too(vade: Vade) -> None:
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": DEPLOYS})
    told = whole(vade("init", "--yes", "--json").json)
    assert (
        told
        == f"""site (what your workflow renders) https://acme.github.io/Handbook/kb/ site/kb
new vademecum.toml
kept .github/workflows/docs.yml
new {ACTION_FILE}
new root.json
new .gitignore
a page of yours searches with <script type="module" src="/Handbook/kb/client/vademecum-search.mjs"></script>\
<vademecum-search url="/Handbook/kb/" trust="/Handbook/kb/assets/trust.json" preview></vademecum-search>
have .github/workflows/docs.yml, which publishes your site, build after the last step that renders site: \
- {{uses: $/.github/actions/vademecum, with: {{signing-key: "${{{{ secrets.VADEMECUM_SIGNING_KEY }}}}"}}}}
hand over the key that signs releases: gh secret set VADEMECUM_SIGNING_KEY < .vademecum/keys/release.pem && \
rm .vademecum/keys/release.pem
{PUBLISH.format(f"{ACTION_FILE} root.json .gitignore")}
{OFFLINE}"""
    )
    pages = "whole = true   # the pages around it are deployed with it, each time\n"
    address, base = "https://acme.github.io/Handbook/kb/", 'base-url = "https://acme.github.io/Handbook/"'
    assert Path("vademecum.toml").read_text() == SETTINGS.format(
        title="x", address=address, out="site/kb", whole=pages, source="site", base=base
    )


def test_pages_that_are_not_rendered_yet_are_to_be_rendered_before_a_try(vade: Vade) -> None:
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": DEPLOYS})
    tried = "vade build --preview && vade serve site"
    assert vade("init", "--yes").out.endswith(f"To try it on this machine first: render your pages, then {tried}\n")
    Path("site").mkdir()  # as `mdbook init` makes it
    Path("root.json").unlink()
    assert vade("init", "--yes").out.endswith(f"To try it on this machine first: render your pages, then {tried}\n")
    Path("site/index.html").write_text("<h1>Lamps</h1>")
    Path("root.json").unlink()
    assert vade("init", "--yes").out.endswith(f"To try it on this machine first: {tried}\n")


def test_on_another_forge_too(vade: Vade) -> None:
    repository(DOCS, "https://gitlab.com/acme/b.git")
    told = whole(vade("init", "--yes", "--json", "--address", "https://acme.gitlab.io/b").json)
    assert (
        told
        == f"""docs (1 document) https://acme.gitlab.io/b/ knowledge-base
new vademecum.toml
new root.json
new .gitignore
{SERVED_NOWHERE.format("")}\
Have your CI run `vade build`, with the secret VADEMECUM_SIGNING_KEY (what .vademecum/keys/release.pem holds; then \
delete it), and upload knowledge-base.
{PUBLISH.format("root.json .gitignore")}
{OFFLINE}"""
    )


def whole(told: dict[str, Any]) -> str:
    """Return what a plan says, a line each."""
    steps = (step["why"] + f": {step['command']}" * bool(step["command"]) for step in told["steps"])
    files = (f"{file['state']} {file['path']}" for file in told["files"])
    return "\n".join([f"{told['source']} {told['address']} {told['out']}", *files, *told["notes"], *steps])


def test_a_folder_of_that_name_that_is_there_is_not_built_into(vade: Vade) -> None:
    repository(DOCS | {"knowledge-base/a.css": ""})
    vade("init", "--yes")
    assert read_settings(Path("vademecum.toml")).out == Path("knowledge-base-site")


def test_of_a_repository_without_a_commit_all_is_added(vade: Vade) -> None:
    git("init", "--quiet")
    git("remote", "add", "origin", "https://github.com/Acme/Handbook.git")
    Path("docs").mkdir()
    Path("docs/lanterns.md").write_text(PAGE)
    *_, push, _ = vade("init", "--yes", "--json").json["steps"]
    assert push["command"].startswith("git add . && ")


def test_it_ends_with_how_to_try_it_here(vade: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, and before anything is pushed."""

    async def no_wait(_: object, seconds: float) -> None:
        assert seconds > 0

    monkeypatch.setattr("vademecum.runtime.clock.SystemClock.sleep", no_wait)
    repository(DOCS)
    ran = vade("init", "--yes", "--address", "http://127.0.0.1:9/")
    shown = ran.out.splitlines()[-1].partition(": ")[2]
    assert shown == "vade build --preview && vade serve knowledge-base"
    build, serve = (command.split()[1:] for command in shown.split(" && "))
    assert vade(*build, "--no-site").code == 0
    assert Path(serve[-1], "metadata/timestamp.json").is_file()


def test_documents_that_are_served_nowhere_are_told_of(vade: Vade) -> None:
    wanted = "set base-url in vademecum.toml"
    repository({"doc/conf.py": "project = 'Pumps'\n", "doc/index.rst": "Pumps\n=====\n\nText.\n"})
    assert wanted in vade("init", "--dry-run").out
    Path("doc/conf.py").write_text("project = 'Pumps'\nhtml_baseurl = 'https://acme.example/docs/'\n")
    assert wanted not in vade("init", "--dry-run").out


def test_a_second_run_changes_nothing_and_says_what_is_left(vade: Vade) -> None:
    repository(DOCS)
    vade("init", "--yes")
    before = everything()
    again = vade("init", "--yes", "--json").json
    assert everything() == before
    assert (again["written"], {file["state"] for file in again["files"]}) == (False, {"kept"})
    assert len(again["steps"]) == 4
    assert f" {WORKFLOW_FILE} {ACTION_FILE} " in again["steps"][2]["command"]
    for key in KEYS.glob("*.pem"):
        key.unlink()
    commit()
    done = vade("init", "--yes")
    assert (done.code, "All of it is there" in done.out) == (0, True)
    assert not list(KEYS.glob("*.pem"))


def test_what_is_said_against_the_settings_that_are_there_is_told(vade: Vade) -> None:
    repository(DOCS)
    assert vade("init").code == 0
    assert "passed over" not in vade("init", "--source", "docs/", "--channel", "stable").out
    assert "passed over" not in vade("init", "--source", str(Path("docs").resolve())).out
    said = ("--source", "nope", "--address", "https://acme.example/", "--encoder", "http:https://a.example#m")
    told = vade("init", *said, "--channel", "beta").out
    named = "--source, --address, --encoder, --channel"
    assert f"vademecum.toml is kept, and {named} passed over: change it there, or take the file away" in told


def test_what_is_there_stays_as_it_is(vade: Vade) -> None:
    mine = {
        **DOCS,
        "vademecum.toml": 'title = "Mine"\naddress = "https://acme.example/kb/"\n[[source]]\npath = "."\n',
        ".gitignore": "*.log",
        WORKFLOW_FILE: "name: mine\n",
        "root.json": "{}",
    }
    repository(mine)
    ran = vade("init", "--yes")
    assert ran.code == 0
    kept = {name: text for name, text in mine.items() if name != ".gitignore"}
    assert {name: Path(name).read_text() for name in kept} == kept
    assert Path(".gitignore").read_text() == "*.log\n\n# vademecum: keys and what is built\n/site/\n/.vademecum/\n"
    assert not KEYS.exists()


def test_from_a_folder_of_the_repository_and_with_a_gitignore_of_any_kind(vade: Vade) -> None:
    repository({**DOCS, "wiki/a.md": PAGE})
    Path(".gitignore").write_bytes(b"caf\xe9\r\n*.log\r\n")
    os.chdir("wiki")
    assert vade("init", "--source", ".").code == 0
    os.chdir("..")
    assert read_settings(Path("vademecum.toml")).source == Path("wiki")
    assert Path(".gitignore").read_bytes().startswith(b"caf\xe9\r\n*.log\r\n\n# vademecum")


def test_a_dry_run_shows_all_and_writes_nothing(vade: Vade) -> None:
    repository(DOCS)
    before = everything()
    ran = vade("init", "--dry-run")
    assert everything() == before
    assert "[[source]]" in ran.out and "actions/checkout@" in ran.out and "/.vademecum/" in ran.out
    told = vade("init", "--dry-run", "--json").json
    assert (told["written"], told["keys"]) == (False, ".vademecum/keys")
    Path(".gitignore").write_text("*.of-somebody\n" * 400)
    ran = vade("init", "--dry-run")
    assert "*.of-somebody" not in ran.out and "/.vademecum/" in ran.out


def test_a_repository_of_somebody_else_is_told_with_what_git_advises(
    vade: Vade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container of CI, where another user has fetched it."""
    repository({**DOCS})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    ran = vade("init", "--yes")
    assert ran.code == 2
    assert "dubious ownership" in ran.error and "git config --global --add safe.directory" in ran.error


@pytest.mark.parametrize("named", ["wiki", "parts/wiki"])  # beside a folder as good, or below one that is proposed
def test_on_a_terminal_it_asks_and_a_no_writes_nothing(vade: Vade, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    repository({**DOCS, "docs/lamps.md": PAGE, f"{named}/a.md": PAGE})
    before = everything()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter((f"{named}\n", "https://acme.example/kb\n", "no\n", f"{named}\n", "\n", "\n"))
    monkeypatch.setattr("sys.stdin.readline", lambda: next(answers), raising=False)
    refused = vade("init")
    assert (refused.code, everything()) == (130, before)
    assert vade("init").code == 0
    told = read_settings(Path("vademecum.toml"))
    assert (told.source, told.previous) == (Path(named), "https://acme.github.io/Handbook/")


def test_what_is_named_is_not_looked_for(vade: Vade) -> None:
    repository({**DOCS, "wiki/a.md": PAGE}, remote="")
    ran = vade("init", "--source", "wiki", "--address", "https://acme.example/kb", "--channel", "beta")
    assert ran.code == 0
    told = read_settings(Path("vademecum.toml"))
    assert (told.source, told.previous, told.channel) == (Path("wiki"), "https://acme.example/kb/", "beta")
    assert not Path(".github").exists()
    assert "Have your CI run `vade build`" in ran.out


def test_rendered_pages_that_git_ignores_can_be_named(vade: Vade) -> None:
    repository({"src/a.txt.in": "x", ".gitignore": "/public/\n"})
    Path("public").mkdir()
    Path("public/index.html").write_text("<main>Lamps</main>")
    assert "no document in this repository" in vade("init").error
    told = vade("init", "--source", "public").out
    assert "public (git ignores it, 1 document)" in told
    assert "note: git ignores public, so a checkout has none of it: a workflow has to make it before it builds" in told


def test_keys_that_are_there_are_used(vade: Vade) -> None:
    repository(DOCS)
    vade("keys", "new", "--out", "keys")
    vade("init", "--yes")
    assert Path("root.json").read_bytes() == Path("keys/root.json").read_bytes()
    assert not KEYS.exists()
    git("add", "--all")
    assert ".pem" not in git("ls-files", "keys")


REMOTES = {
    "git@github.com:Acme/Handbook.git": "https://acme.github.io/Handbook/",
    "ssh://git@ssh.github.com:443/Acme/Handbook": "https://acme.github.io/Handbook/",
    "https://hunter2:x@github.com/Acme/Hand.book.git/": "https://acme.github.io/Hand.book/",
    "git@github.com-work:Acme/Handbook.git": "https://acme.github.io/Handbook/",
    "https://github.com/Acme/acme.github.io": "https://acme.github.io/",
}


@pytest.mark.parametrize("remote", REMOTES)
def test_the_address_is_that_of_the_repositorys_pages(vade: Vade, remote: str) -> None:
    repository(DOCS, remote)
    ran = vade("init", "--dry-run", "--json")
    assert (ran.json["address"], "hunter2" in ran.out) == (REMOTES[remote], False)


@pytest.mark.parametrize("held", ["CNAME", "docs/CNAME", "website/static/CNAME", "packages/site/docs/CNAME"])
def test_a_domain_of_its_own(vade: Vade, held: str) -> None:
    no_page = {"tests/static/CNAME": "no.acme.example", "conf/CNAME": "no.acme.example"}
    repository({**DOCS, held: "Docs.Acme.example\n", **no_page})
    assert vade("init", "--dry-run", "--json").json["address"] == "https://docs.acme.example/"


@pytest.mark.parametrize(
    ("step", "address"),
    [
        ("- {uses: peaceiris/actions-gh-pages@v4, with: {publish_dir: site, cname: Docs.acme.example}}", "docs."),
        ("- run: ghp-import -n -p -c docs.acme.example site", "docs."),
        ("- run: npx gh-pages -d site --cname docs.acme.example", "docs."),
        ("- {uses: peaceiris/actions-gh-pages@v4, with: {publish_dir: site, cname: '${{ vars.DOMAIN }}'}}", ""),
        ("- run: ghp-import -c docs.acme.example a\n      - run: ghp-import -c preview.acme.example b", ""),
        ("- run: npx gh-pages -d site\n      #  cname: docs.acme.example", ""),
        ("- run: ghp-import -c docs.acme.example a\n      - run: ghp-import -c Docs.acme.example b", "docs."),
        ("- run: ghp-import -c docs.acme.example a # cname: false", "docs."),
        ("- {uses: a/b@v1, with: {cname: false}}\n      - run: ghp-import -c docs.acme.example a", "docs."),
    ],
)
def test_a_domain_that_only_a_workflow_names(vade: Vade, step: str, address: str) -> None:
    """Of two, one is a preview's, and nothing says which; what a comment says is not done."""
    repository({**DOCS, ".github/workflows/docs.yml": DEPLOYS.partition("      - run:")[0] + f"      {step}\n"})
    said = vade("init", "--dry-run", "--json").json["address"]
    assert said.startswith(f"https://{address}acme.example/" if address else "https://acme.github.io/")


WIKI = {"Home.md": PAGE, "_Sidebar.md": "[[Home]]", "Pump.md": PAGE}


def test_a_wiki_is_shown_where_github_shows_it_and_has_no_workflow(vade: Vade) -> None:
    """Its repository runs no actions and has no Pages: what would be written there would never run."""
    repository(WIKI, "https://github.com/acme/Handbook.wiki.git")
    assert "a wiki of GitHub has no workflows" in vade("init", "--dry-run").error
    ran = vade("init", "--yes", "--json", "--address", "https://acme.example/kb/")
    settings = read_settings(Path("vademecum.toml"))
    assert (settings.base_url, settings.title) == ("https://github.com/acme/Handbook/wiki/", "Handbook")
    assert not Path(".github").exists()
    assert "base-url" not in "".join(ran.json["notes"])


def test_a_wiki_in_a_repository_of_its_own_is_published_as_any_other(vade: Vade) -> None:
    repository(WIKI)
    assert vade("init", "--dry-run", "--json").json["address"] == "https://acme.github.io/Handbook/"


def test_a_workflow_publishes_no_site_of_read_the_docs(vade: Vade) -> None:
    """Beside it a workflow publishes another one, as that of Doxygen."""
    badge = "https://readthedocs.org/projects/pump/badge/"
    sources = {"docs/conf.py": "project = 'Pumps'\n", "docs/index.rst": "Pumps\n=====\n\nText.\n", "README.md": badge}
    repository({**sources, ".github/workflows/docs.yml": DEPLOYS})
    assert vade("init", "--dry-run", "--json").json["address"] == "https://acme.github.io/Handbook/kb/"
    vade("init", "--yes", "--source", "docs")
    assert read_settings(Path("vademecum.toml")).base_url == ""


TITLES: dict[str, dict[str, str]] = {
    "MkDocs": {"mkdocs.yml": "site_name: Sea Trials\n"},
    "Docusaurus": {"docusaurus.config.ts": "export default { title: 'Sea Trials', presets: [['classic', {}]] };"},
    "Hugo": {"hugo.toml": "title = 'Sea Trials'\n", "content/a.md": PAGE},
    "Jekyll": {"_config.yml": "title: Sea Trials\n", "index.md": PAGE},
    "mdBook": {"book.toml": "[book]\ntitle = 'Sea Trials'\n", "src/SUMMARY.md": "[A](a.md)", "src/a.md": PAGE},
    "Quarto": {"_quarto.yml": "project: {type: book}\nbook: {title: Sea Trials, chapters: [a.qmd]}\n", "a.qmd": PAGE},
    "Sphinx": {"docs/conf.py": "project = 'Sea Trials'\n"},
    "Starlight": {
        "astro.config.mjs": "import starlight from '@astrojs/starlight';\n"
        "export default defineConfig({ integrations: [starlight({ title: 'Sea Trials' })] });",
        "src/content/docs/a.md": PAGE,
    },
    "VitePress": {"docs/.vitepress/config.mts": "export default { title: 'Sea Trials' }"},
    "GitBook": {"book.json": '{"title": "Sea Trials"}', "SUMMARY.md": "* [A](a.md)", "a.md": PAGE},
    "a site that a workflow renders": {"mkdocs.yml": "site_name: Sea Trials\n", ".github/workflows/a.yml": ""},
}


@pytest.mark.parametrize("generator", TITLES)
def test_the_title_is_that_of_the_site(vade: Vade, generator: str) -> None:
    repository(
        {**DOCS, **TITLES[generator], **({".github/workflows/a.yml": DEPLOYS} if "workflow" in generator else {})}
    )
    assert vade("init", "--yes").code == 0
    assert read_settings(Path("vademecum.toml")).title == "Sea Trials"


def test_an_address_is_that_of_the_folder_and_http_is_told(vade: Vade) -> None:
    repository(DOCS)
    ran = vade("init", "--dry-run", "--json", "--address", "http://acme.example/kb/index.html")
    assert ran.json["address"] == "http://acme.example/kb/"
    assert any("is not https" in note for note in ran.json["notes"])
    local = vade("init", "--dry-run", "--json", "--address", "http://127.0.0.1:8000")
    assert not any("is not https" in note for note in local.json["notes"])


def test_where_no_github_is_its_program_is_not_named(vade: Vade) -> None:
    repository(DOCS, "https://gitlab.com/acme/b.git")
    git("remote", "rename", "origin", "forge")
    ran = vade("init", "--yes", "--address", "https://acme.gitlab.io/b")
    assert "with the secret VADEMECUM_SIGNING_KEY (what .vademecum/keys/release.pem holds" in ran.out
    assert "gh " not in ran.out and "git push -u forge HEAD" in ran.out
    found = check_setup(Path(), datetime.now(UTC), live=False)
    [about] = [f.message for f in found if "pushed to" in f.message]
    assert "no pipeline that is known here runs `vade build`" in about
    assert not any("workflow" in finding.message for finding in found)
    Path(".gitlab-ci.yml").write_text("pages: {script: [vade build]}\n")
    assert any(f.message == ".gitlab-ci.yml runs `vade`" for f in check_setup(Path(), datetime.now(UTC), live=False))
    git("remote", "remove", "forge")
    assert "git push" not in vade("init", "--yes").out


DEPLOYS = """on: push
jobs:
  site:
    runs-on: ubuntu-latest
    steps:
      - run: mkdocs build
      - uses: actions/upload-pages-artifact@v3
        with: {path: ./site/}
      - uses: actions/deploy-pages@v4
"""


TO_A_BRANCH = DEPLOYS.replace("actions/upload-pages-artifact@v3", "peaceiris/actions-gh-pages@v4")


def pushing(command: str) -> str:
    steps = f"      - run: mkdocs build\n      - run: {command}\n"
    return DEPLOYS.partition("      - run:")[0] + steps


def using(step: str) -> str:
    return DEPLOYS.partition("      - run:")[0] + f"      - run: make docs\n      - {{uses: {step}}}\n"


@pytest.mark.parametrize(
    "step",
    [
        "actions/checkout@v4, with: {ref: gh-pages, path: pages}",
        "a/benchmark@v1, with: {gh-pages-branch: gh-pages, benchmark-data-dir-path: bench}",
        "a/push@v1, with: {branch: main, folder: out}",
        "a/github-pages-deploy-action@v1, with: {branch: main, folder: out}",
        "a/upload@v1, with: {path: out}",
    ],
)
def test_an_action_that_pushes_no_site_is_none_that_publishes_it(vade: Vade, step: str) -> None:
    repository({**DOCS, ".github/workflows/ci.yml": using(step)})
    assert vade("init", "--dry-run", "--json").json["address"] == "https://acme.github.io/Handbook/"


@pytest.mark.parametrize("command", ["mkdocs gh-deploy --force", "npx docusaurus deploy"])
def test_a_command_that_renders_and_publishes_at_once_is_taken_apart(vade: Vade, command: str) -> None:
    """As Material for MkDocs and Docusaurus show it: nothing comes between, so the tree would be pushed nowhere."""
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/ci.yml": pushing(command)})
    ran = vade("init", "--yes", "--json")
    assert ran.json["address"] == "https://acme.github.io/Handbook/kb/"
    folder = "site" if "mkdocs" in command else "build"
    assert read_settings(Path("vademecum.toml")).out == Path(folder, "kb")
    name = command.removeprefix("npx ").removesuffix(" --force")
    lacks = f"between rendering and publishing. `{name}` does both at once: replace it by three steps, one that"
    assert lacks in ran.json["steps"][0]["why"]
    assert lacks in "".join(f.message for f in check_setup(Path(), datetime.now(UTC), live=False))


@pytest.mark.parametrize(("told", "out"), [("", "dist/kb"), ("{path: ./docs/}", "docs/dist/kb")])
def test_an_action_that_renders_and_uploads_at_once_is_taken_apart(vade: Vade, told: str, out: str) -> None:
    """As Astro shows it: after its step the pages are uploaded, and a tree beside them would never be."""
    upload = "actions/upload-pages-artifact@v3\n        with: {path: ./site/}\n"
    workflow = DEPLOYS.replace(upload, f"withastro/action@v3\n{f'        with: {told}' if told else ''}\n")
    assert workflow != DEPLOYS
    repository({**DOCS, ".github/workflows/docs.yml": workflow})
    ran = vade("init", "--yes", "--json")
    assert read_settings(Path("vademecum.toml")).out == Path(out)
    lacks = (
        "between rendering and publishing. `withastro/action` does both at once: replace it by three steps, one that"
    )
    assert lacks in ran.json["steps"][0]["why"]


@pytest.mark.parametrize(
    ("workflow", "folder"),
    [
        (DEPLOYS, "site"),
        (DEPLOYS.replace("        with: {path: ./site/}\n", ""), "_site"),
        (TO_A_BRANCH.replace("path:", "publish_dir:"), "site"),
        (
            using("crazy-max/ghaction-github-pages@v4, with: {target_branch: gh-pages, build_dir: docs/html}"),
            "docs/html",
        ),
        (using("crazy-max/ghaction-github-pages@v4, with: {build_dir: public}"), "public"),
        (using("a/github-pages-deploy-action@master, env: {BRANCH: gh-pages, FOLDER: build/docs}"), "build/docs"),
        (using("a/push@v1, with: {branch: gh-pages, directory: ./out/}"), "out"),
        (pushing("ghp-import --no-jekyll --push --force ./public"), "public"),
        (pushing("npx gh-pages -d out/"), "out"),
        (pushing("npx docusaurus deploy --skip-build"), "build"),
    ],
)
def test_a_repository_with_a_site_gets_a_folder_of_it_and_keeps_its_workflow(
    vade: Vade, workflow: str, folder: str
) -> None:
    """A repository has one site: a second workflow would replace the first one's pages."""
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": workflow})
    ran = vade("init", "--yes", "--json")
    assert ran.json["address"] == "https://acme.github.io/Handbook/kb/"
    told, pages = read_settings(Path("vademecum.toml")), "https://acme.github.io/Handbook/"
    assert (told.source, told.out) == (Path(folder), Path(folder, "kb"))
    assert (told.base_url, told.whole) == (pages, True)
    assert Path(ACTION_FILE).exists() and not Path(WORKFLOW_FILE).exists()
    assert (
        f"docs.yml, which publishes your site, build after the last step that renders {folder}"
        in (ran.json["steps"][0]["why"])
    )
    runs = "      - uses: $/.github/actions/vademecum\n"
    Path(".github/workflows/docs.yml").write_text(workflow + runs)
    for said in (ran.out, vade("init", "--yes").out):
        assert "build_type" not in said and "gh secret set VADEMECUM_SIGNING_KEY < " in said


@pytest.mark.parametrize(
    "site",
    [
        {"mkdocs.yml": "site_url: https://docs.acme.example/en\n"},
        {"hugo.toml": "baseURL = 'https://docs.acme.example/en/'\n", "content/a.md": "# A\n"},
    ],
)
def test_the_base_address_is_the_one_that_the_generator_is_told(vade: Vade, site: dict[str, str]) -> None:
    repository({**DOCS, **site, ".github/workflows/docs.yml": DEPLOYS})
    assert vade("init", "--yes", "--json").json["address"] == "https://docs.acme.example/en/kb/"
    assert read_settings(Path("vademecum.toml")).base_url == "https://docs.acme.example/en/"


def test_beside_a_workflow_the_key_is_handed_over_whatever_the_remote(vade: Vade) -> None:
    site = {"CNAME": "docs.acme.example\n", "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": DEPLOYS}
    repository({**DOCS, **site}, remote="")
    steps = vade("init", "--yes", "--json").json["steps"]
    assert any("gh secret set VADEMECUM_SIGNING_KEY < " in step["command"] for step in steps)


def test_a_tree_that_is_not_there_is_not_called_built(vade: Vade) -> None:
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": DEPLOYS})
    vade("init", "--yes")
    found = {finding.about: finding.message for finding in check_setup(Path(), datetime.now(UTC), live=False)}
    assert found["out"] == "site/kb is not here yet, and git ignores it: `vade build` makes it"


def test_a_sites_workflow_that_does_not_build_yet_is_named(vade: Vade) -> None:
    repository({**DOCS, "mkdocs.yml": "site_name: x\n", ".github/workflows/docs.yml": DEPLOYS})
    vade("init", "--yes")
    found = {finding.about: finding.message for finding in check_setup(Path(), datetime.now(UTC), live=False)}
    lacks = "does not run `vade build` yet: add `- {uses: $/.github/actions/vademecum, with: {signing-key: "
    assert lacks in found[".github/workflows/docs.yml"] and WORKFLOW_FILE not in found


def test_pages_that_say_the_same_address_are_told(vade: Vade) -> None:
    repository({**DOCS, "mkdocs.yml": "site_url: https://acme.github.io/Handbook\n"})
    assert "a repository has one site" in vade("init", "--yes").out


@pytest.mark.parametrize(("folder", "told"), [("docs", True), ("html", False)])
def test_a_site_that_pages_may_serve_from_the_branch_is_told(folder: str, told: bool, vade: Vade) -> None:
    pages = {f"{folder}/{name}.html": f"<!doctype html><h1>{name}</h1><p>Text." for name in ("index", "a")}
    repository({**pages, f"{folder}/.nojekyll": ""})
    assert ("this replaces it" in vade("init", "--yes", "--source", folder).out) is told


# Mistakes ----------------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[dict[str, str], str, list[str], str]] = {
    "no remote": (DOCS, "", [], "it has no remote, so nothing says where it is published: name that with --address"),
    "a remote elsewhere": (
        DOCS,
        "https://me:hunter2@forge.example/a/b.git",
        [],
        "it is pushed to https://forge.example/a/b.git",
    ),
    "GitHub Enterprise": (DOCS, "git@github.acme.example:a/b.git", [], "name that with --address"),
    "two folders": (
        {**DOCS, "wiki/a.md": PAGE},
        "x@github.com:a/b",
        [],
        "2 folders could be meant: docs (1 document), wiki (1 document); name one with --source",
    ),
    "no document": ({"main.py": ""}, "x@github.com:a/b", [], "no document in this repository"),
    "an empty folder": (
        {**DOCS, "img/a.png": ""},
        "x@github.com:a/b",
        ["--source", "img"],
        "no document in this folder",
    ),
    "no such folder": (DOCS, "x@github.com:a/b", ["--source", "dcos"], "--source dcos: no such folder"),
    "a file": (DOCS, "x@github.com:a/b", ["--source", "README.md"], "is a file"),
    "a folder elsewhere": (DOCS, "x@github.com:a/b", ["--source", "/usr"], "not in the repository"),
    "an address without https": (DOCS, "x@github.com:a/b", ["--address", "acme.example/kb"], "begins with https://"),
    "an address with a password": (
        DOCS,
        "x@github.com:a/b",
        ["--address", "https://me:hunter2@acme.example/kb"],
        "--address: without user and password",
    ),
    "the repository's own address": (
        DOCS,
        "x@github.com:a/b",
        ["--address", "https://github.com/a/b"],
        "the repository itself; its site is https://a.github.io/b/",
    ),
    "an unknown encoder": (DOCS, "x@github.com:a/b", ["--encoder", "gpt"], "gpt"),
    "settings that are broken": (
        {**DOCS, "vademecum.toml": "title = \n"},
        "x@github.com:a/b",
        [],
        "vademecum.toml, line 1: cannot be read",
    ),
    "settings with a wrong key": (
        {**DOCS, "vademecum.toml": '[[source]]\npaht = "docs"\n'},
        "x@github.com:a/b",
        [],
        "line 2: source.paht: no such key; did you mean path?",
    ),
    "settings without an address": (
        {**DOCS, "vademecum.toml": '[[source]]\npath = "docs"\n'},
        "x@github.com:a/b",
        [],
        'address = "https://a.github.io/b/"',
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_nothing_is_written(vade: Vade, case: str) -> None:
    files, remote, options, said = MISTAKES[case]
    repository(files, remote)
    before = everything()
    ran = vade("init", *options)
    assert (ran.code, ran.error.count("\n"), ran.out) == (2, 1, "")
    assert said in ran.error
    assert everything() == before


def test_a_file_that_appears_meanwhile_is_not_overwritten(vade: Vade) -> None:
    repository(DOCS)
    plan = plan_setup(Path(), Wishes(), lambda _, taken: taken)
    Path("vademecum.toml").write_text("mine")
    with pytest.raises(StorageError, match=r"vademecum.toml: cannot be written: File exists"):
        write_plan(plan, datetime.now(UTC))
    assert Path("vademecum.toml").read_text() == "mine"


def test_outside_of_a_repository(vade: Vade) -> None:
    """An association with web space has no git: it builds here and puts the folder there by hand."""
    Path("docs").mkdir()
    Path("docs/a.md").write_text(PAGE)
    ran = vade("init")
    assert (ran.code, "Put all that lies in knowledge-base" in ran.out, "gh " in ran.out) == (0, True, False)
    assert {*everything()} >= {"vademecum.toml", "root.json", ".vademecum/keys/release.pem"}
    assert not Path(".gitignore").exists()
    built = [vade("build", "--no-site", "--json").json["sequence"] for _ in range(2)]
    assert built == [1, 1]
    assert vade("init").code == 0


def test_a_folder_that_cannot_be_written(vade: Vade) -> None:
    repository({**DOCS, ".github": "a file, where a folder should be"})
    ran = vade("init", "--yes")
    assert (ran.code, "workflows" in ran.error and "cannot be written" in ran.error) == (7, True)
    Path(".github").unlink()
    assert vade("init", "--yes").code == 0


def test_without_git(vade: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", "")
    ran = vade("init")
    assert (ran.code, ran.error.startswith("vade: git: ")) == (2, True)
