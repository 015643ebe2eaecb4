"""The git repository around a folder: its files, branch and remote, and so where GitHub serves it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vademecum.errors import UsageError
from vademecum_builder.scaffold.candidates import NOBODYS

# `git@github.com:o/r.git`, `https://token@github.com/o/r`, `ssh://git@ssh.github.com:443/o/r`, and the alias of a
# second account, `git@github.com-work:o/r`. A server of GitHub Enterprise (`github.acme.example`) has its own ones.
_GITHUB = re.compile(
    r"(?:.*[@/])?(?:ssh\.|www\.)?github\.com(?:-[\w.-]+)?(?::\d+/|[:/]/?)([\w.-]+)/([\w.-]+?)(?:\.git)?/?",
    re.IGNORECASE,
)
# At the top, or in the static files of a generator at most two folders below.
_CNAME = re.compile(r"(?:(?:[^/]+/){0,2}(?:docs|static|public|source|src|content)/)?CNAME")
# What writes that file when publishing: an input of an action, an option of `ghp-import` and of npm's `gh-pages`.
_WRITES_CNAME = re.compile(r"(?:\bcname: *|\s--cname[ =]|\bghp-import\b[^\n]*\s-c[ =]?)['\"]?([\w.-]+)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)


@dataclass(frozen=True)
class Repository:
    """A folder, and what git knows about it.

    Attributes:
        top: Its topmost folder.
        files: All files except those that git ignores, `/`-separated.
        tracked: The tracked ones.
        branch: The branch to publish from.
        owner, name: On GitHub; empty if it is pushed elsewhere or nowhere.
        remote: The address that it is pushed to, without a password; may be empty.
        upstream: Git's name of that remote.
        wiki: Its address on GitHub, if it is a wiki: wikis have no workflows and no site, and so no owner here.
        is_git: Whether it is a repository at all.
    """

    top: Path
    files: tuple[str, ...]
    tracked: frozenset[str] = frozenset()
    branch: str = "main"
    owner: str = ""
    name: str = ""
    remote: str = ""
    upstream: str = ""
    wiki: str = ""
    is_git: bool = True

    @property
    def pages(self) -> str:
        """Where GitHub Pages serves it: at its own domain (`CNAME`), as the page of its owner, or below that."""
        if domain := next(self._domains(), ""):
            return f"https://{domain.lower()}/"
        if not self.owner:
            return ""
        host = f"{self.owner.lower()}.github.io"
        return f"https://{host}/" if self.name.lower() == host else f"https://{host}/{self.name}/"

    def _domains(self) -> Iterator[str]:
        named = (PurePosixPath(name) for name in self.files if _CNAME.fullmatch(name))
        for place in sorted(named, key=lambda path: len(path.parts)):
            domain = self._text(place).strip()
            if _HOST_NAME.fullmatch(domain) and not NOBODYS & {*place.parts}:
                yield domain
        workflows = (_COMMENT.sub("", self._text(name)) for name in self.files if WORKFLOW.fullmatch(name))
        written = {domain.lower() for text in workflows for domain in _WRITES_CNAME.findall(text)}
        domains = [*filter(_HOST_NAME.fullmatch, written)]
        if len(domains) == 1:  # if there are several, one is for previews
            yield domains[0]

    def _text(self, name: str | PurePosixPath) -> str:
        return (self.top / name).read_text("utf-8", "replace")

    def ignores(self, path: str) -> bool:
        """Return whether git ignores a path, which need not exist."""
        return git(self.top, "check-ignore", "-q", "--no-index", path) is not None


def open_repository(folder: Path) -> Repository | None:
    """Return the repository of a folder, or None; raise UsageError if Git is not installed, or refuses."""
    top = git(folder, "rev-parse", "--show-toplevel", refusals=("not a git repository",))
    if not top:
        return None
    root = Path(top)
    tracked = _listed(root)
    others = _listed(root, "--others", "--exclude-standard")
    remotes = (git(root, "remote") or "").split()
    remote = "origin" if "origin" in remotes else remotes[0] if remotes else ""
    address = (git(root, "remote", "get-url", remote) or "") if remote else ""
    found = _GITHUB.fullmatch(address)
    owner, name = (found[1], found[2]) if found else ("", "")
    of = name.removesuffix(".wiki")
    local = set((git(root, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads") or "").split())
    return Repository(
        root,
        tuple(sorted({*tracked, *others})),
        frozenset(tracked),
        _branch(root, remote, local),
        "" if of != name else owner,
        of,
        re.sub(r"(?<=://)[^/]*@", "", address),
        remote,
        f"https://github.com/{owner}/{of}/wiki/" if of != name else "",
    )


def git(folder: Path, *arguments: str, refusals: Iterable[str] = ("",)) -> str | None:
    """Return git's output without the last line break; None if it fails with an expected message.

    Args:
        refusals: The expected messages.

    Raises:
        UsageError: Git is not installed, or fails with another message.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
    except OSError as error:
        raise UsageError(f"git: {error.strerror}; `vade init` asks git what is in the repository") from error
    if done.returncode and not any(said in done.stderr for said in refusals):
        raise UsageError(f"{folder}: git says: {done.stderr.strip()}")
    return None if done.returncode else done.stdout.removesuffix("\n")


def _listed(top: Path, *options: str) -> list[str]:
    listed = (git(top, "ls-files", "-z", *options) or "").split("\0")
    return [name for name in listed if name and (top / name).is_file()]


def _branch(top: Path, remote: str, local: set[str]) -> str:
    head = git(top, "symbolic-ref", "--short", f"refs/remotes/{remote}/HEAD") if remote else None
    if head:
        return head.removeprefix(f"{remote}/")
    usual = [name for name in ("main", "master") if name in local]
    return usual[0] if usual else git(top, "symbolic-ref", "--short", "HEAD") or "main"
