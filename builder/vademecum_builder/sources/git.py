"""A ref of a git repository as a folder, with the date of the last commit of each file.

The `git` program does the work: it knows every protocol, credential and repository format that a publisher has.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from vademecum.errors import NetworkError, UsageError
from vademecum.format.json import iso_time
from vademecum_builder.cache import default_cache
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, Removed, digest_of
from vademecum_builder.sources.folder import FolderSource

SECONDS = 900.0
_STRATEGY = "commit"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SECRET = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True)
class Clone:
    """A copy of a repository, at a ref.

    Attributes:
        url: An address, or the path of a repository.
        ref: A branch, a tag or a commit.
        cache: Where the copy is kept.
        where: The settings' file and line, for messages.
    """

    url: str
    ref: str = "HEAD"
    cache: Path | None = None
    where: str = ""

    @property
    def copy(self) -> Path:
        """The folder of the copy: the repository, and its files beside it."""
        return (self.cache or default_cache() / "git") / digest_of(self.url.encode())

    @property
    def files(self) -> Path:
        """The folder of its files."""
        return self.copy / "files"

    @cached_property
    def commit(self) -> str:
        """The commit of the ref; it is fetched, and its files are written, first.

        Raises:
            UsageError: No git, no repository, no such ref.
            NetworkError: It does not answer.
        """
        self.files.mkdir(parents=True, exist_ok=True)
        if not (self.copy / "git/HEAD").exists():
            self._git("init", "--bare", "--quiet")
        refs = "+refs/heads/*:refs/heads/* +refs/tags/*:refs/tags/* +HEAD:refs/vademecum/head".split()
        self._git(*"fetch --quiet --prune --force --update-shallow --".split(), self.url, *refs)
        ref = "refs/vademecum/head" if self.ref == "HEAD" else self.ref
        commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        if not _COMMIT.fullmatch(commit):
            raise UsageError(f"{self.where}: source.ref: {self.name} has no {self.ref}")
        self._git("checkout", "--quiet", "--force", "--detach", commit, "--")
        return commit

    @property
    def name(self) -> str:
        """The address without its secrets."""
        return _SECRET.sub("", self.url)

    def dates(self, folder: str) -> Mapping[str, str]:
        """Return when each file below a folder was last committed (ISO 8601), by its path from there.

        For commits before the beginning of a shallow clone, this is unknown.
        """
        shallow = self.copy / "git/shallow"
        begins = shallow.read_text().split() if shallow.exists() else []
        log = self._git("log", "--format=%x01%H%n%cI", "--name-only", "--no-renames", self.commit, "--", folder or ".")
        found: dict[str, str] = {}
        top = f"{folder}/" if folder else ""
        for part in log.split("\x01")[1:]:
            commit, date, *paths = filter(None, part.split("\n"))
            for path in () if commit in begins else paths:
                found.setdefault(path.removeprefix(top), iso_time(datetime.fromisoformat(date)))
        return found

    def submodules(self, folder: str) -> int:
        """Return how many submodules there are below a folder: they are not read."""
        listed = self._git("ls-tree", "-r", "-z", self.commit, "--", folder or ".")
        return sum(entry.startswith("160000 ") for entry in listed.split("\0"))

    def changed(self, since: str, folder: str) -> Mapping[str, bool] | None:
        """Return the files that differ from an earlier commit, and whether each still exists; None: unknown commit."""
        if not self._git("rev-parse", "--verify", "--quiet", f"{since}^{{commit}}"):
            return None
        states = self._git(
            "diff", "--name-status", "--no-renames", "-z", since, self.commit, "--", folder or "."
        ).split("\0")
        top = f"{folder}/" if folder else ""
        return {path.removeprefix(top): state != "D" for state, path in zip(states[::2], states[1::2], strict=False)}

    def _git(self, *arguments: str) -> str:
        command = ["git", "-c", "core.quotePath=false", "-c", "core.hooksPath=/dev/null", *arguments]
        within = {"GIT_DIR": str(self.copy / "git"), "GIT_TERMINAL_PROMPT": "0"}
        within |= {"GIT_WORK_TREE": str(self.files)} if arguments[0] != "init" else {}
        try:
            done = subprocess.run(
                command, env=os.environ | within, cwd=self.files, capture_output=True, timeout=SECONDS, check=False
            )
        except FileNotFoundError:
            raise UsageError(f"{self.where}: a repository is read by git: install it") from None
        except subprocess.TimeoutExpired:
            raise NetworkError(f"{self.name}: no answer in {SECONDS:g} seconds") from None
        if done.returncode and arguments[0] != "rev-parse":
            said = _SECRET.sub("", " ".join(done.stderr.decode("utf-8", "replace").split()))[:300]
            raise UsageError(f"{self.where}: {self.name} cannot be read: {said}")
        return done.stdout.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class GitSource:
    """The documents below a folder of a repository; the commit is the checkpoint.

    Attributes:
        inner: The same folder as a source.
    """

    repository: Clone
    folder: str
    inner: FolderSource

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all files, or those that differ from the checkpoint's commit.

        Raises:
            UsageError: As `FolderSource` and `Clone.commit`; or the checkpoint is not that of a repository.
            NetworkError: It does not answer.
        """
        here = Checkpoint(_STRATEGY, self.repository.commit)
        commit = since.read(_STRATEGY, f"the repository {self.repository.name}", str) if since else None
        changed = self.repository.changed(commit, self.folder) if commit else None
        others = self.repository.submodules(self.folder)
        submodules = {"submodules (each is a source of its own)": others} if others else {}
        if changed is None:
            said = self.inner.changes(None)
            left_out = {**said.left_out, **submodules}
            return Changes(_then(said.entries, here), since is not None, said.expected, said.unread, left_out)
        return Changes(_then(self._since(changed), here), left_out=submodules)

    def _since(self, changed: Mapping[str, bool]) -> Iterator[Entry]:
        there = {entry.key: entry for entry in self.inner.scan() if entry.key in changed} if changed else {}
        yield from there.values()
        yield from (Removed(key) for key in sorted(changed.keys() - there.keys()))


def _then(entries: Iterator[Entry], checkpoint: Checkpoint) -> Iterator[Entry]:
    yield from entries
    yield checkpoint
