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
# At the top, or where a generator that lies at most two folders below takes it from.
_CNAME = re.compile(r"(?:(?:[^/]+/){0,2}(?:docs|static|public|source|src|content)/)?CNAME")
# What writes that file while it publishes: an input of an action, an option of `ghp-import` and of npm's `gh-pages`.
_WRITES_CNAME = re.compile(r"(?:\bcname: *|\s--cname[ =]|\bghp-import\b[^\n]*\s-c[ =]?)['\"]?([\w.-]+)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)


@dataclass(frozen=True)
class Repository:
    """A folder, and what git says of it.

    Attributes:
        top: Its topmost folder.
        files: All files that are tracked or could be, `/`-separated; those that git ignores are left out.
        tracked: The tracked ones.
        branch: The one that is published from.
        owner, name: On GitHub; empty: it is pushed elsewhere, or nowhere.
        remote: The address that it is pushed to, without a password; empty: none.
        upstream: What git calls that remote.
        wiki: Where GitHub shows it, if it is a wiki: that has no workflows and no site, and so no owner here.
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
        if len(domains) == 1:  # of several, one is a preview's
            yield domains[0]

    def _text(self, name: str | PurePosixPath) -> str:
        return (self.top / name).read_text("utf-8", "replace")

    def ignores(self, path: str) -> bool:
        """Return whether git ignores a path, be it there or not."""
        return git(self.top, "check-ignore", "-q", "--no-index", path) is not None


def open_repository(folder: Path) -> Repository | None:
    """Return the repository that a folder lies in, or None; raise UsageError if Git is not there, or refuses."""
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
    """Return what git prints, without the last line break; None: it said no.

    Args:
        refusals: What it says where a no is an answer; any other is an error.

    Raises:
        UsageError: There is no git, or it refuses in another way.
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
