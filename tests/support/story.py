"""A repository whose documents are published by the workflow that `vade init` writes, and what happens to it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from support.pages_host import PagesHost
from support.publishing import tree_of
from support.runner import Run, Runner
from vademecum import KnowledgeBase
from vademecum.arguments import OpenOptions
from vademecum.config import Config
from vademecum.runtime.clock import SystemClock
from vademecum_builder.cache import default_cache
from vademecum_builder.cli.main import main
from vademecum_builder.scaffold.files import WORKFLOW_FILE
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY

SUBJECTS = ("pumps", "valves", "levers", "lanterns", "ropes", "anchors")
KEYS = Path(".vademecum/keys")


def page_of(subject: str, more: str = "") -> str:
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
            OpenOptions(
                self.store, locations=(self.url,), trust=self.trust, config=Config(retries=0), clock=FixedClock(now)
            )
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
    """A repository on GitHub, its site, and the time.

    Attributes:
        now: The time of all machines; it goes on with each run.
        pages: Whether pages for browsers are published, too.
    """

    folder: Path
    host: PagesHost
    now: datetime
    pages: bool = False
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository = self.folder / "repository"
        for subject in SUBJECTS:
            self.write(f"docs/{subject}.md", page_of(subject))
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://github.com/Acme/Handbook.git")
        self.commit("documents")
        self.vade("init", "--yes", "--address", self.host.url, "--source", "docs")
        settings = self.repository / "vademecum.toml"
        if not self.pages:
            settings.write_text(settings.read_text().replace("\n[[source]]", "site = false\n\n[[source]]"))
        self.commit("vade init")
        self.runner = Runner(self.repository, self.folder / "site", self.folder / "runs", WORKFLOW_FILE)
        self.runner.environ["VADEMECUM_CACHE"] = str(default_cache())
        self.hand_over_key()
        self.later(minutes=0)

    # What a publisher does ------------------------------------------------------------------------

    def vade(self, *arguments: str) -> None:
        """Run a command here, at the story's time."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", str(int(self.now.timestamp())))
            patch.setattr(SystemClock, "now", lambda clock: self.now)
            assert main(arguments) == 0

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.repository, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

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

    def publish(self, *command: str) -> None:
        """Run a command as the workflow does, but in this process, and put what it made where the site is served."""
        made = self.repository / "knowledge-base"
        shutil.rmtree(made, ignore_errors=True)
        self.vade(*command, "-q", "--config", "vademecum.toml")
        shutil.rmtree(self.folder / "site")
        made.rename(self.folder / "site")
        self.told.append(" ".join(command))
        self.later(hours=3)

    # What GitHub does -----------------------------------------------------------------------------

    def push(self, message: str) -> Run:
        self.commit(message)
        return self.told_of(message, self.runner.run("push"))

    def by_hand(self, command: str, **inputs: Any) -> Run:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.told_of(command, self.runner.run("workflow_dispatch", {"command": command, **given}))

    def told_of(self, what: str, run: Run) -> Run:
        results = ", ".join(f"{name} {job.result}" for name, job in run.jobs.items() if job.result != "skipped")
        self.told.append(f"{what}: {results}")
        self.later(hours=3)
        return run

    def client(self, name: str) -> Client:
        trust = (self.repository / "root.json").read_bytes()
        return Client(self.folder / f"{name}.db", self.host.url, trust)

    def documents(self) -> set[str]:
        docs = self.repository / "docs"
        return {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}


def poison(story: Story) -> None:
    """Whoever has stolen the key and the site's host publishes what the publisher never wrote."""
    stolen = story.folder / "stolen"
    shutil.copytree(story.repository / KEYS, stolen)
    evil = story.folder / "evil"
    evil.mkdir()
    for number in range(len(story.documents())):
        (evil / f"{number}.md").write_text(page_of(f"poison {number}"))
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
    story.vade("keys", "rotate", "--keys", str(KEYS))
    shutil.copy(story.repository / KEYS / "root.json", story.repository / "root.json")
    story.hand_over_key()


def keep_log(story: Story, name: str) -> None:
    """Print what became of each commit, and what each client has downloaded; keep it in `test-artifacts/`."""
    file = Path(__file__).parents[2] / "test-artifacts" / f"story-{name}.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([*story.told, ""]))
    print(file.read_text())
