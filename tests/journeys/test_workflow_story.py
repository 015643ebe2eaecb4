"""The workflow that `vade init` writes, run as GitHub's runner would: a story of commits, and clients that follow."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from support.expressions import evaluate
from support.pages_host import PagesHost
from support.publishing import read, tree_of
from support.runner import Run, Runner
from vademecum import KnowledgeBase
from vademecum.config import Config
from vademecum.errors import SignatureError
from vademecum.runtime.folder import FolderTransport
from vademecum.testing import FixedClock
from vademecum_builder.cli.main import main
from vademecum_builder.scaffold.workflow import WORKFLOW_FILE
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY

SUBJECTS = ("pumps", "valves", "levers", "lanterns", "ropes", "anchors")
KEYS = Path(".vademecum/keys")


def page(subject: str, more: str = "") -> str:
    return f"# About {subject}\n\n## Use\n\nWhat there is to know about {subject}. {more}\n"


@dataclass
class Client:
    """An app on CPython. `downloads` is what each of its updates took: the release, requests, bytes."""

    store: Path
    url: str
    trust: bytes
    downloads: list[tuple[int, int, int]] = field(default_factory=list)

    def open(self, now: datetime) -> KnowledgeBase:
        return KnowledgeBase(
            self.store,
            locations=[self.url],
            trust=self.trust,
            config=Config(retries=0),
            clock=FixedClock(now),
        )

    def follow(self, now: datetime) -> str:
        """Update; return the code of what went wrong, or nothing."""
        with self.open(now) as knowledge:
            outcome = knowledge.sync()
            self.downloads.append((outcome.to_sequence, outcome.requests, outcome.bytes))
            return outcome.error.code if outcome.error else ""

    def shown(self, now: datetime) -> dict[str, list[str]]:
        """What a reader sees of each document."""
        with self.open(now) as knowledge:
            keys = [entry.key for entry in knowledge.documents()]
            views = {key: knowledge.document(key) for key in keys}
            return {key: [chunk.text for chunk in view.chunks] for key, view in views.items() if view}


@dataclass
class Story:
    """A repository on GitHub, its site, and the time."""

    folder: Path
    host: PagesHost
    now: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(days=80)
    )
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository = self.folder / "repository"
        for subject in SUBJECTS:
            self.write(f"docs/{subject}.md", page(subject))
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://github.com/Acme/Handbook.git")
        self.commit("documents")
        self.vade("init", "--yes", "--address", self.host.url, "--source", "docs")
        settings = self.repository / "vademecum.toml"
        settings.write_text(settings.read_text().replace("\n[[source]]", "site = false\n\n[[source]]"))
        self.commit("vade init")
        self.runner = Runner(self.repository, self.folder / "site", self.folder / "runs", WORKFLOW_FILE)
        self.hand_over_key()
        self.later(minutes=0)

    # What a publisher does ------------------------------------------------------------------------

    def vade(self, *arguments: str) -> None:
        """Run a command here, at the story's time."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", str(int(self.now.timestamp())))
            assert main(arguments) == 0

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.repository, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def write(self, name: str, text: str) -> None:
        file = self.repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")

    def hand_over_key(self) -> None:
        self.runner.secrets = {KEY_VARIABLE: (self.repository / KEYS / RELEASE_KEY).read_text()}

    def later(self, **time: float) -> None:
        """Time goes on, here, on the host and on the machines of GitHub."""
        self.now += timedelta(**time)
        self.runner.environ["SOURCE_DATE_EPOCH"] = str(int(self.now.timestamp()))
        self.host.extra["Date"] = format_datetime(self.now, usegmt=True)

    # What GitHub does -----------------------------------------------------------------------------

    def push(self, message: str) -> Run:
        self.commit(message)
        return self.told_of(message, self.runner.run("push"))

    def by_hand(self, command: str, **inputs: Any) -> Run:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.told_of(command, self.runner.run("workflow_dispatch", {"command": command, **given}))

    def told_of(self, what: str, run: Run) -> Run:
        results = ", ".join(
            f"{name} {job.result}" for name, job in run.jobs.items() if job.result != "skipped"
        )
        self.told.append(f"{what}: {results}")
        self.later(hours=3)
        return run

    def client(self, name: str) -> Client:
        trust = (self.repository / "root.json").read_bytes()
        return Client(self.folder / f"{name}.db", self.host.url, trust)

    def documents(self) -> set[str]:
        docs = self.repository / "docs"
        return {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}


@pytest.fixture
def story(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    for name in ("site", "repository"):
        (place / name).mkdir()
    monkeypatch.chdir(place / "repository")
    with PagesHost(place / "site") as host:
        yield Story(place, host)


def poison(story: Story) -> None:
    """Whoever has stolen the key and the site's host publishes what the publisher never wrote."""
    stolen = story.folder / "stolen"
    shutil.copytree(story.repository / KEYS, stolen)
    evil = story.folder / "evil"
    evil.mkdir()
    for number in range(len(story.documents())):
        (evil / f"{number}.md").write_text(page(f"poison {number}"))
    options = ("--keys", str(stolen), "--previous", story.host.url, "--no-site", "--allow-shrink")
    story.vade("build", str(evil), "--out", str(story.folder / "evil-tree"), *options)
    shutil.rmtree(story.folder / "site")
    shutil.copytree(story.folder / "evil-tree", story.folder / "site")


def lose(story: Story) -> None:
    """The host has lost everything."""
    shutil.rmtree(story.folder / "site")
    (story.folder / "site").mkdir()


def served(story: Story) -> dict[str, bytes]:
    return tree_of(story.folder / "site")


def rotate(story: Story) -> None:
    story.vade("keys", "renew", "--keys", str(KEYS), "--rotate")
    shutil.copy(story.repository / KEYS / "root.json", story.repository / "root.json")
    story.hand_over_key()


@pytest.mark.fault("E65")
@pytest.mark.fault("E52")
def test_a_story_of_commits_ends_on_the_right_release_for_everybody(story: Story) -> None:
    now, back, trust = story.client("now"), story.client("back"), story.client("new").trust

    def follow() -> int:
        assert now.follow(story.now) == "" and now.shown(story.now).keys() == story.documents(), story.told
        return now.downloads[-1][0]

    run = story.push("first publish")
    assert [job.result for job in run.jobs.values()] == ["success"] * 3 + ["skipped"] * 2, run.log
    assert "nothing is published at" in run.log and "### vade build: release" in run.summary
    first = follow()
    assert back.follow(story.now) == "", "and is offline from now on"

    story.write("docs/pumps.md", page("pumps", "Oil them."))
    run = story.push("edit")
    assert run.is_green and f"a user of release {first}: direct" in run.log, "the probe has updated"
    assert follow() == first + 1

    story.write("docs/picture.svg", "<svg/>")
    before = served(story)
    run = story.push("no change")
    assert [job.result for job in run.jobs.values()] == ["success"] + ["skipped"] * 4
    assert "nothing changed" in run.summary and served(story) == before
    assert follow() == first + 1

    (story.repository / "docs/anchors.md").unlink()
    assert "| removed | 1 |" in story.push("delete").summary
    follow()
    (story.repository / "docs/ropes.md").rename(story.repository / "docs/rigging.md")
    assert "| chunks embedded | 0 of" in story.push("rename").summary
    follow()

    story.write("docs/broken.md", "---\ntitle: [\n---\n# Broken\n\nA page with broken front matter.\n")
    run = story.push("a bad page")
    assert run.is_green and "::warning file=docs/broken.md,line=" in run.log
    good, before = follow(), served(story)

    def refused(message: str, *said: str) -> None:
        run = story.push(message)
        assert [job.result for job in run.jobs.values()] == ["failure"] + ["skipped"] * 4, run.log
        for words in said:
            assert words in run.summary, run.summary
        assert "::error " in run.log and served(story) == before
        assert follow_still() == good

    def follow_still() -> int:
        assert now.follow(story.now) == ""
        return now.downloads[-1][0]

    settings = (story.repository / "vademecum.toml").read_text()
    story.write("vademecum.toml", settings.replace("title", "titel"))
    refused("a bad commit", "vademecum.toml, line 2: titel: no such key; did you mean title?")
    story.write("vademecum.toml", settings)
    kept = {name: (story.repository / "docs" / name).read_text() for name in sorted(story.documents())[2:]}
    for name in kept:
        (story.repository / "docs" / name).unlink()
    refused("a failed build", "2 documents, and the release before has 6", "--allow-shrink")
    for name, text in kept.items():
        story.write(f"docs/{name}", text)
    secret, story.runner.secrets = story.runner.secrets, {}
    refused("no secret", "is set, but empty", "gh secret set VADEMECUM_SIGNING_KEY")
    story.runner.secrets = secret
    story.write("docs/broken.md", page("mending"))
    assert story.push("mended").is_green
    good = follow()

    lose(story)
    story.later(days=2)
    story.write("docs/pumps.md", page("pumps", "Grease them."))
    assert story.push("a lost host").is_green
    assert follow() > good

    rotate(story)
    story.write("docs/valves.md", page("valves", "Open them."))
    assert story.push("key rotation").is_green
    good = follow()

    story.later(days=1)
    poison(story)
    assert now.follow(story.now) == "" and "0.md" in now.shown(story.now), "whoever has the key is believed"
    story.later(days=1)
    rotate(story)
    assert story.push("a stolen key").is_green
    assert follow() > good + 1

    story.later(days=31)
    assert now.follow(story.now) == "expired" and now.shown(story.now).keys() == story.documents()
    good = now.downloads[-1][0]
    run = story.told_of("a late schedule", story.runner.run("schedule"))
    assert run.is_green and "signed anew" in run.summary, run.log
    assert follow() == good, "no new release"

    def push(subject: str) -> None:
        story.write(f"docs/{subject}.md", page(subject))
        story.commit(subject)
        runs.append(threading.Thread(target=lambda: ended.append(story.runner.run("push"))))
        runs[-1].start()

    runs: list[threading.Thread] = []
    ended: list[Run] = []
    for subject in ("tides", "winds"):
        push(subject)
    for thread in runs:
        thread.join()
    assert len(ended) == 2 and all(run.is_green for run in ended), "one waits for the other"
    assert good < follow() <= good + 2

    new = story.client("new")
    assert new.trust != trust
    for client in (back, new):
        assert client.follow(story.now) == "" and client.downloads[-1][0] == now.downloads[-1][0]
        assert client.shown(story.now) == now.shown(story.now)
    keep_log(story, now=now, back=back, new=new)


def keep_log(story: Story, **clients: Client) -> None:
    """Print what became of each commit, and what each client has downloaded."""
    lines = [*story.told, ""]
    for name, client in clients.items():
        lines += [f"{name}: release {r}, {n} requests, {b} bytes" for r, n, b in client.downloads]
    print("\n".join(lines))


def test_a_pull_request_gets_a_preview_and_a_comment_and_no_key(story: Story) -> None:
    story.push("first publish")
    before = served(story)
    story.write("docs/tides.md", page("tides"))
    story.write("docs/pumps.md", page("pumps", "Oil them."))
    (story.repository / "docs/ropes.md").unlink()
    story.commit("a pull request")
    head = {"repo": {"full_name": "Acme/Handbook"}}
    story.runner.secrets = {}
    run = story.runner.run("pull_request", pull_request={"number": 7, "head": head})
    assert {name: job.result for name, job in run.jobs.items() if job.result != "skipped"} == {
        "preview": "success",
        "comment": "success",
    }, run.log
    assert "added: tides.md\nmodified: pumps.md\nremoved: ropes.md" in run.summary
    [comment] = [call for call in story.runner.calls if call.startswith("gh ")]
    assert comment.startswith(
        "gh pr comment 7 --edit-last --body Knowledge base: 1 documents added, 1 modified, 1 removed."
    )
    assert served(story) == before
    [preview] = (story.folder / "runs").glob("run-2/artifacts/preview")
    assert read(FolderTransport(preview), None, story.now).manifest.documents == len(SUBJECTS)
    with pytest.raises(SignatureError):
        read(FolderTransport(preview), (story.repository / "root.json").read_bytes(), story.now)
    fork = {"repo": {"full_name": "Somebody/Handbook"}}
    run = story.runner.run("pull_request", pull_request={"number": 8, "head": fork})
    assert (run.jobs["preview"].result, run.jobs["comment"].result) == ("success", "skipped")
    assert len([call for call in story.runner.calls if call.startswith("gh ")]) == 1


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event_name != 'pull_request'", True),
        ("inputs.command || 'build'", "build"),
        ("github.event.pull_request.number || 'publish'", "publish"),
        ("a.b == 'X' && a.b != ''", True),
        ("!(a.b == 'y') && true", True),
    ],
)
def test_an_expression(expression: str, value: object) -> None:
    contexts = {"github": {"event_name": "push", "event": {}}, "inputs": {}, "a": {"b": "x"}}
    assert evaluate(expression, contexts) == value


@pytest.mark.parametrize("expression", ["secrets.KEY", "contains('a', 'b')", "1 < 2", "a b", "github.x +"])
def test_an_expression_that_nothing_here_knows(expression: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        evaluate(expression, {"github": {}, "a": {}})
