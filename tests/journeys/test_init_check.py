"""`vade init --check`: each thing that can be missing or wrong is told with what to do, and ends with exit code 1."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from support.pages_host import PagesHost
from support.repositories import commit, fake_gh, git, repository, write
from vademecum.version import __version__
from vademecum_builder.cli.main import main
from vademecum_builder.scaffold.files import ACTION_FILE, WORKFLOW_FILE
from vademecum_builder.scaffold.requirement import REQUIREMENTS_FILE

DOCS = {"docs/lanterns.md": "# Lanterns\n\nA page about lanterns.\n"}
KEYS, SERVED = Path(".vademecum/keys"), Path(".served")
WORKING = {"secret list": '[{"name": "VADEMECUM_SIGNING_KEY"}]', "/pages": "workflow"}
Check = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def from_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for most who install it; what runs here came from this repository."""
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: None)


@pytest.fixture
def host(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PagesHost]:
    """A repository that is set up, committed and published, with nothing left to do."""
    monkeypatch.setenv("PATH", fake_gh(place / ".git-hub", WORKING))
    SERVED.mkdir()
    with PagesHost(SERVED) as host:
        repository(DOCS)
        assert main(["init", "--address", host.url, "-q"]) == 0
        shutil.copytree(KEYS, ".offline")
        Path(".git/info/exclude").write_text("/.git-hub\n/.served\n/.offline\n")
        publish()
        for key in KEYS.glob("*.pem"):
            key.unlink()
        commit(date="2026-01-02T00:00:00Z")
        yield host


def publish() -> None:
    assert main(["build", "--no-site", "--keys", ".offline", "-q"]) == 0
    shutil.copytree("knowledge-base", SERVED, dirs_exist_ok=True)


@pytest.fixture
def check(host: PagesHost, capsys: pytest.CaptureFixture[str]) -> Check:
    """Return what is wrong, after a look that the exit code says the same."""

    def run() -> list[str]:
        capsys.readouterr()
        code = main(["init", "--check", "--json"])
        told = json.loads(capsys.readouterr().out)
        wrong = [finding["message"] for finding in told["findings"] if finding["state"] == "wrong"]
        assert (code, told["sound"]) == (1, False) if wrong else (0, True)
        return wrong

    return run


def looked_at(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    main(["init", "--check"])
    return capsys.readouterr().out


ALL_OF_IT = [
    "vademecum.toml is in git",
    "docs is built, for URL",
    f"{WORKFLOW_FILE} publishes it",
    "root.json is in git",
    "root.json is valid until DATE",
    "no private key lies here",
    "knowledge-base is built, and git ignores it",
    "the secret VADEMECUM_SIGNING_KEY is set",
    "URL serves release 1 (DATE-1), built DATE DATE",
    "signed until DATE",
    "it trusts root.json version 1, as the repository does",
]


def test_all_is_there(check: Check, host: PagesHost, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == []
    shown = looked_at(capsys)
    assert shown.endswith("Nothing is missing\n")
    told = re.sub(r"20\d\d[-.]\d\d[-.]\d\d|\d\d:\d\d", "DATE", shown).replace(host.url, "URL")
    assert [line.split(maxsplit=1)[-1] for line in told.splitlines() if line][:-1] == ALL_OF_IT


def test_what_to_look_at_is_told_and_is_not_wrong(
    check: Check, host: PagesHost, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("root.pem", "release.pem"):
        shutil.copy(f".offline/{name}", KEYS)
    workflow = re.sub(r"(?m)^concurrency:.*\n(  .*\n)+", "", Path(WORKFLOW_FILE).read_text(encoding="utf-8"))
    Path(WORKFLOW_FILE).write_text(re.sub(r"(checkout|deploy-pages)@\w+ ", r"\1@v4 ", workflow), encoding="utf-8")
    git("rm", "-q", "-r", "--cached", "docs")
    write({".gitignore": "/.vademecum/\n/docs/\n/knowledge-base/\n"})
    commit(date="2026-01-02T00:00:00Z")
    write({".gitignore": "/.vademecum/\n/docs/\n"})
    later = datetime.now(UTC) + timedelta(days=3 * 365 - 80)
    monkeypatch.setattr("vademecum_builder.cli.commands.init.time_of_build", lambda _: later)
    capsys.readouterr()
    main(["init", "--check", "--json"])
    told = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["state"] != "good"]
    lines = (f"{one['about']} {one['state']} {one['message']}".replace(WORKFLOW_FILE, "FLOW") for one in told)
    assert (
        re.sub(r"20\d\d-\d\d-\d\d", "DATE", "\n".join(lines))
        == """\
vademecum.toml look docs is not in git: the workflow has to make it before it builds
FLOW look FLOW: no concurrency group: two builds at once, and one of them fails
FLOW look FLOW: actions/checkout@v4, actions/deploy-pages@v4 can be moved to other code: name a commit, not a tag
root.json look root.json expires on DATE: `vade keys renew` signs it again, with root.pem; commit it
keys look .vademecum/keys/release.pem lies here: once the secret VADEMECUM_SIGNING_KEY holds it, delete it
keys look .vademecum/keys/root.pem lies here: move it offline, to where only you can reach it
out look knowledge-base is built, and .gitignore does not name it: `vade init` adds it
site wrong its signatures ran out on DATE: no client installs it; run the workflow by hand"""
    )


def replaced(file: str, old: str, new: str) -> None:
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), encoding="utf-8")
    commit(date="2026-01-02T00:00:00Z")


PIPED = """on: {push: {branches: [main]}, schedule: [{cron: 1 2 * * 3}]}
env: {VADEMECUM_SIGNING_KEY: x}
jobs: {a: {steps: [{run: STEP}]}}
"""


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda: Path("vademecum.toml").unlink(), "vademecum.toml is missing: `vade init` writes it"),
        (
            lambda: Path("vademecum.toml").write_text("["),
            "vademecum.toml: cannot be read: Invalid initial character for a key part (at end of document)",
        ),
        (
            lambda: replaced("vademecum.toml", "address = ", "# address = "),
            "vademecum.toml has no address: without one each build starts over; "
            'add address = "https://acme.github.io/Handbook/"',
        ),
        (
            lambda: Path(WORKFLOW_FILE).unlink(),
            "WORKFLOW is missing: no workflow runs `vade build`; `vade init` writes it",
        ),
        (lambda: Path(WORKFLOW_FILE).write_text("a: ["), "WORKFLOW cannot be read as YAML"),
        (
            lambda: replaced(WORKFLOW_FILE, "VADEMECUM_SIGNING_KEY", "SIGNING_KEY"),
            "WORKFLOW: it is given no key: VADEMECUM_SIGNING_KEY: ${{ secrets.VADEMECUM_SIGNING_KEY }}",
        ),
        (
            lambda: replaced(WORKFLOW_FILE, "schedule:", "no-schedule:"),
            "WORKFLOW: no schedule: after 30 days without a push the signatures run out; add one for each week",
        ),
        (
            lambda: replaced(WORKFLOW_FILE, '["main"]', '["trunk"]'),
            "WORKFLOW: a push to main does not run it: name the branch under on: push: branches:",
        ),
        (
            lambda: replaced(WORKFLOW_FILE, '"docs/**"', '"manual/**"'),
            'WORKFLOW: a push that changes docs does not run it: add "docs/**" under on: push: paths:',
        ),
        (
            lambda: git("mv", "docs", "manual"),
            "docs is not here any more: name the folder of today in vademecum.toml, and in the workflow",
        ),
        (lambda: Path("root.json").unlink(), "root.json: is missing: `vade init` makes it"),
        (
            lambda: Path("root.json").write_text("{}"),
            "root.json: root.json is not self-signed root metadata: Failed to deserialize JSON",
        ),
        (
            lambda: git("rm", "-q", "--cached", "root.json"),
            "root.json is not in git: git add root.json, commit and push",
        ),
        (
            lambda: Path("root.json").write_text(f"{Path('root.json').read_text()}\n"),  # as `vade keys renew` does
            "root.json is not in git as it is here: git add root.json, commit and push",
        ),
        (lambda: git("rm", "-q", "--cached", WORKFLOW_FILE), "WORKFLOW: not in git: git add WORKFLOW, commit and push"),
        (
            lambda: git("rm", "-q", "--cached", ACTION_FILE),
            f"WORKFLOW: its action {ACTION_FILE} is not in git: git add it, commit and push",
        ),
        (
            lambda: git("rm", "-q", ACTION_FILE),
            f"WORKFLOW: its action {ACTION_FILE} is missing: `vade init` writes it, commit and push",
        ),
        (
            lambda: git("add", "-f", "knowledge-base"),
            "knowledge-base is built and in git: `git rm -r --cached knowledge-base`, and name it in .gitignore",
        ),
    ],
)
def test_what_is_missing_in_the_repository(check: Check, break_it: Callable[[], object], said: str) -> None:
    break_it()
    assert check()[0].removeprefix(f"{Path().resolve()}/") == said.replace("WORKFLOW", WORKFLOW_FILE)


STOLEN = "take the key for stolen: `vade keys rotate`, then `git rm` it, for history keeps it"


@pytest.mark.parametrize("name", ["keys/release.pem", "deploy/signer.pem"])
def test_a_key_in_git_whatever_it_is_called(check: Check, name: str) -> None:
    write({name: (Path(".offline") / "release.pem").read_text()})
    git("add", "-f", name)
    assert check() == [f"{name} is a private key, and in git for everybody to read: {STOLEN}"]
    git("rm", "-q", "-f", name)
    write({"deploy/ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"})
    git("add", "-f", "deploy")
    assert check() == []


def test_a_key_that_was_in_git_once(check: Check) -> None:
    write({"keys/root.pem": (Path(".offline") / "root.pem").read_text()})
    commit()
    git("rm", "-q", "-f", "keys/root.pem")
    commit()
    assert check() == [f"keys/root.pem was in git once, and history keeps it: {STOLEN}"]


def test_keys_that_git_does_not_ignore(check: Check) -> None:
    shutil.copy(".offline/root.pem", KEYS)
    (KEYS / ".gitignore").unlink()
    write({".gitignore": "/knowledge-base/\n"})
    assert check() == [f"{KEYS}/root.pem is a private key that .gitignore does not name: `vade init` adds it"]


def test_a_key_that_belongs_to_another_root(check: Check) -> None:
    assert main(["keys", "new", "--out", ".other", "-q"]) == 0
    shutil.copy(".other/release.pem", KEYS)
    assert any("is not one that the root metadata names" in message for message in check())


GREEN = {
    "a pipe without pipefail": ("vade build --json | tee build.json", "", True),
    "a pipe over lines": ('"vade build --json |\\n tee build.json"', "", True),
    "with bash": ("vade build --json | tee build.json", "defaults: {run: {shell: bash}}\n", False),
    "with pipefail": ("set -o pipefail; vade build --json | tee b", "", False),
    "with another shell": ("vade build --json | tee b", "defaults: {run: {shell: sh}}\n", True),
    "no pipe": ("vade build --json > build.json", "", False),
    "or true": ("vade build || true", "defaults: {run: {shell: bash}}\n", True),
    "or else, in any shell": ("vade build || exit 3", "", False),
    "or else": ("vade build || exit 3", "defaults: {run: {shell: bash}}\n", False),
}


@pytest.mark.parametrize("case", GREEN)
def test_a_workflow_that_is_green_when_the_build_fails(check: Check, case: str) -> None:
    step, more, wrong = GREEN[case]
    write({WORKFLOW_FILE: more + PIPED.replace("STEP", step if step.startswith('"') else json.dumps(step))})
    assert [message for message in check() if "green" in message] != [] if wrong else check() == []


def test_what_the_workflow_would_not_install(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("docs/b.rst").write_text("B\n=\n\nText.\n")
    commit()
    told = f"{REQUIREMENTS_FILE}: the build needs the line `vademecum[build,rst]=={__version__}`"
    assert told in check()
    Path(REQUIREMENTS_FILE).write_text("# rst\nvademecum[build] @ git+https://example.org/rst@abc\n")
    assert told in check()
    Path(REQUIREMENTS_FILE).write_text("vademecum[build, rst]\n")
    assert told not in check()
    came = '{"url": "file:///v.whl", "archive_info": {}}'
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: came)
    assert not any(REQUIREMENTS_FILE in message for message in check())
    Path(REQUIREMENTS_FILE).unlink()
    assert any("git+https://HOST/REPOSITORY@COMMIT" in message for message in check())


def test_what_github_says(check: Check, place: Path) -> None:
    fake_gh(place / ".git-hub", WORKING | {"secret list": "[]"})
    handed = "gh secret set VADEMECUM_SIGNING_KEY --env github-pages < .vademecum/keys/release.pem"
    assert any(f"the secret VADEMECUM_SIGNING_KEY is not set: {handed}" in message for message in check())
    fake_gh(place / ".git-hub", {name: said for name, said in WORKING.items() if name != "/pages"})
    assert any("GitHub Pages is switched off: gh api -X POST" in message for message in check())
    fake_gh(place / ".git-hub", WORKING | {"/pages": "legacy"})
    assert any("GitHub Pages serves a branch" in message for message in check())
    replaced(WORKFLOW_FILE, "actions/deploy-pages@", "peaceiris/actions-gh-pages@")
    assert check() == []  # which pushes the branch
    replaced(WORKFLOW_FILE, "peaceiris/actions-gh-pages@", "actions/deploy-pages@")


def test_a_domain_that_only_github_knows(
    check: Check, place: Path, host: PagesHost, capsys: pytest.CaptureFixture[str]
) -> None:
    """A site that actions deploy needs no CNAME file: the domain is written in GitHub's settings."""
    fake_gh(place / ".git-hub", WORKING | {"/pages": f"workflow {host.url.replace('http:', 'https:').rstrip('/')}"})
    assert "GitHub Pages serves the repository at" not in looked_at(capsys)
    fake_gh(place / ".git-hub", WORKING | {"/pages": f"workflow {host.url.rstrip('/')[:-1]}"})
    assert "GitHub Pages serves the repository at" in looked_at(capsys), "another, whose name is a part of its own"
    fake_gh(place / ".git-hub", WORKING | {"/pages": "workflow https://docs.acme.example/"})
    assert f"serves the repository at https://docs.acme.example/, and vademecum.toml says {host.url}" in looked_at(
        capsys
    )
    assert check() == []


def test_without_its_program_github_is_not_asked(check: Check, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_gh(place / ".git-hub", {})
    assert check() == []
    assert "whether VADEMECUM_SIGNING_KEY is set is not known: HTTP 404" in looked_at(capsys)


def test_a_site_that_is_not_there(check: Check, host: PagesHost) -> None:
    shutil.rmtree(SERVED)
    SERVED.mkdir()
    (message,) = check()
    assert "nothing is published there yet: see the runs of the workflow" in message
    replaced("vademecum.toml", host.url, "http://127.0.0.1:9/")
    (message,) = check()
    assert message.startswith("http://127.0.0.1:9/ cannot be reached")


def test_a_site_of_other_keys(check: Check, host: PagesHost) -> None:
    shutil.rmtree(SERVED)
    assert main(["keys", "new", "--out", ".other", "-q"]) == 0
    assert main(["build", "docs", "--out", str(SERVED), "--no-site", "--keys", ".other", "-q"]) == 0
    (message,) = (message for message in check() if host.url in message)
    assert "signed by other keys than root.json names" in message


def test_a_root_that_the_repository_lacks(check: Check) -> None:
    assert main(["keys", "renew", "--keys", ".offline", "-q"]) == 0
    before = Path("root.json").read_bytes()
    shutil.copy(".offline/root.json", "root.json")
    write({"docs/more.md": "# More\n\nOf lamps.\n"})
    publish()
    Path("root.json").write_bytes(before)
    (message,) = check()
    assert message == "root.json is version 1, and version 2 is published: replace it by metadata/2.root.json"


@pytest.mark.parametrize(("days", "said"), [(25, "run out in 4 days"), (31, "ran out on")])
def test_a_schedule_that_does_not_run(check: Check, monkeypatch: pytest.MonkeyPatch, days: int, said: str) -> None:
    later = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr("vademecum_builder.cli.commands.init.time_of_build", lambda _: later)
    (message,) = check()
    assert said in message


def test_a_root_that_expires(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime.now(UTC) + timedelta(days=3 * 365 + 1)
    monkeypatch.setattr("vademecum_builder.cli.commands.init.time_of_build", lambda _: later)
    assert any("root.json expired on" in message for message in check())


def test_documents_that_are_newer_than_the_release(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    after = datetime.now(UTC) + timedelta(minutes=1)
    write({"docs/picture.svg": "<svg/>"})
    commit(date=after.isoformat())
    monkeypatch.setattr("vademecum_builder.cli.commands.init.time_of_build", lambda _: after + timedelta(hours=2))
    replaced("vademecum.toml", 'path = "docs"', 'path = "."')
    write({"knowledge-base/page.html": "<!doctype html><title>Built</title><p>By the build that was checked."})
    assert not any("since it was built" in message for message in check())  # neither is a document
    replaced("vademecum.toml", 'path = "."', 'path = "docs"')
    write({"docs/more.md": "# More\n\nOf lamps.\n", "docs/lanterns.md": "# Lanterns\n\nNone.\n"})
    commit(date=after.isoformat())
    (message,) = check()
    assert message.startswith("1 document added, 1 modified, 0 removed since it was built")
    monkeypatch.setattr("vademecum_builder.cli.commands.init.time_of_build", lambda _: after)
    assert check() == []  # it may be on its way


def test_a_repository_that_was_moved(check: Check, host: PagesHost) -> None:
    replaced("vademecum.toml", host.url, "https://acme.github.io/Old/")
    assert any("served at https://acme.github.io/Handbook/, and vademecum.toml says" in m for m in check())


def test_outside_of_a_repository(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--check"]) == 2
    assert "not a git repository, so there is no set-up to check" in capsys.readouterr().err
