"""A branch that a host serves as a site, such as `gh-pages`: one commit has the whole tree, and a push publishes it.

The commit has no parent, so that the repository does not grow with each release. Nothing is checked out, and no branch,
index or work tree on this machine changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vademecum.errors import BusyError, HostError, NetworkError, UsageError, VademecumError
from vademecum_builder.hosting.base import Done, StoredFile, Upload, shown

_NO_JEKYLL = ".nojekyll"
"""Without it GitHub runs Jekyll on the branch, which leaves out names that begin with `_` or a dot."""
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "vademecum"), ("EMAIL", "vademecum@localhost"))
}

_FAILURES: tuple[tuple[str, type[VademecumError], str], ...] = (
    ("not a git repository|no such remote", UsageError, "this folder is in no repository with a remote named origin"),
    ("stale info|fetch first|non-fast-forward", BusyError, "another publisher has pushed meanwhile; publish again"),
    (
        "protected branch|hook declined|denynonfastforwards",
        HostError,
        "the repository refuses the push, as to a protected branch: allow forced pushes, or publish with --history",
    ),
    ("authentication failed|could not read username|permission denied", UsageError, "git cannot sign in there"),
    (
        "could not resolve|could not read from|unable to access|broken pipe|hung up|early eof|disconnect|reset by peer",
        NetworkError,
        "git does not reach the repository",
    ),
)


@contextmanager
def git_branch(target: str, *, history: bool) -> Iterator[Branch]:
    """Open a branch: `gh-pages` of this repository, or `git+URL#branch`; `branch:folder` for a folder in it.

    Args:
        history: Add a commit to the branch; False: replace it by a single commit.

    Raises:
        UsageError: git is not installed, this is not a repository, or the target names no branch.
    """
    address, _, branch = target.removeprefix("git+").rpartition("#")
    branch, _, folder = branch.partition(":")
    if target.startswith("git+") and not (address and branch):
        raise UsageError(f"{shown(target)}: name a branch, git+URL#gh-pages")
    with tempfile.TemporaryDirectory(prefix="vademecum-") as scratch:
        git = Git(Path(scratch) / "index", shown(target))
        if address:
            git.run("init", "--quiet", "--bare", f"{scratch}/repository")
            git.repository = Path(scratch) / "repository"
        else:  # this repository, with its own settings for signing in
            address = git.run("remote", "get-url", "--push", "origin").strip()
        yield Branch(git, address, f"refs/heads/{branch}", folder.strip("/"), history=history)


class Git:
    """Runs git on a repository, with an index of its own.

    Attributes:
        repository: None: the one around this folder.
    """

    def __init__(self, index: Path, name: str) -> None:
        self.repository: Path | None = None
        self._index = index
        self._name = name

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """Return what git prints."""
        return self.bytes(*arguments, given=given).decode("utf-8", "surrogateescape")

    def bytes(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what git prints.

        Raises:
            NetworkError, HostError: It failed. UsageError: It is not installed, or this is not a repository.
        """
        # Nobody can answer a prompt for a password or an unknown host.
        asking = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}
        where = ["-C", str(self.repository)] if self.repository else []
        try:
            ran = subprocess.run(
                ["git", *where, *arguments],
                input=given,
                capture_output=True,
                check=False,
                env={**_AUTHOR, **asking, **os.environ, "GIT_INDEX_FILE": str(self._index)},
            )
        except FileNotFoundError as error:
            raise UsageError(f"{self._name} needs git on this machine, which is not there") from error
        if ran.returncode != 0:
            self._fail(arguments[0], ran.stderr.decode("utf-8", "replace"))
        return ran.stdout

    def _fail(self, command: str, said: str) -> None:
        told = shown(" ".join(said.split()))
        for pattern, kind, message in _FAILURES:
            if re.search(pattern, told, re.IGNORECASE):
                raise kind(f"{self._name}: {message} ({told[-300:]})")
        raise HostError(f"{self._name}: git {command} failed: {told[-300:]}")


class Branch:
    """A `Host`: files are collected in an index, and `commit` publishes them all.

    Args:
        address: The repository, in git's notation.
        reference: Of the branch, `refs/heads/...`.
        folder: The folder of the tree in the branch; empty: the top.
    """

    def __init__(self, git: Git, address: str, reference: str, folder: str, *, history: bool) -> None:
        self._git = git
        self._address = address
        self._reference = reference
        self._prefix = f"{folder}/" if folder else ""
        self._history = history
        told = git.run("ls-remote", address, reference).split()
        self._before = told[0] if told else ""
        self._blobs: dict[str, tuple[str, int]] = {}
        if self._before:
            # Another repository is fetched without history; this one would become shallow by that.
            depth = ["--depth=1"] if git.repository else []
            git.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, address, reference)
            git.run("read-tree", self._before)
            for line in git.run("ls-tree", "-r", "-l", "-z", self._before).split("\0"):
                facts, _, path = line.partition("\t")
                if path:
                    _, _, blob, size = facts.split()
                    self._blobs[path] = (blob, int(size) if size.isdigit() else 0)
        self._staged: list[str] = []

    def list(self) -> Mapping[str, StoredFile]:
        return {
            path.removeprefix(self._prefix): StoredFile(size, blob)
            for path, (blob, size) in self._blobs.items()
            if path.startswith(self._prefix)
        }

    def holds(self, upload: Upload, stored: StoredFile) -> bool:
        make = hashlib.sha1 if len(stored.tag) == 40 else hashlib.sha256
        return stored.tag == make(b"blob %d\0" % upload.size + upload.read()).hexdigest()

    def read(self, path: str) -> bytes | None:
        found = self._blobs.get(self._prefix + path)
        return None if found is None else self._git.bytes("cat-file", "blob", found[0])

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        for upload in uploads:
            self._stage(self._prefix + upload.path, upload)
            done(upload.path)

    def delete(self, paths: Sequence[str]) -> None:
        self._staged += [f"0 {'0' * 40}\t{self._prefix}{path}" for path in paths]

    def commit(self, message: str) -> None:
        if _NO_JEKYLL not in self._blobs:
            self._stage(_NO_JEKYLL, Upload(_NO_JEKYLL, b""))
        if self._staged:
            told = "".join(f"{line}\0" for line in self._staged)
            self._git.run("update-index", "-z", "--index-info", given=told.encode("utf-8", "surrogateescape"))
        tree = self._git.run("write-tree").strip()
        if self._before and tree == self._git.run("rev-parse", f"{self._before}^{{tree}}").strip():
            return
        parents = ["-p", self._before] if self._history and self._before else []
        made = self._git.run("commit-tree", tree, "-m", message, *parents).strip()
        lease = f"--force-with-lease={self._reference}:{self._before}"
        self._git.run("push", "--quiet", "--no-verify", lease, self._address, f"{made}:{self._reference}")

    def _stage(self, path: str, upload: Upload) -> None:
        if isinstance(upload.content, bytes):
            blob = self._git.run("hash-object", "-w", "--no-filters", "--stdin", given=upload.content)
        else:
            blob = self._git.run("hash-object", "-w", "--no-filters", "--", str(upload.content.resolve()))
        self._staged.append(f"100644 {blob.strip()}\t{path}")
