"""A publisher's repository in the working folder, and a `gh` that says what a test wants GitHub to say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

REMOTE = "https://github.com/Acme/Handbook.git"


def git(*arguments: str, date: str = "") -> str:
    """Run git in the working folder, by a name and at a time of its own; return what it prints."""
    dates = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date} if date else {}
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], check=True, capture_output=True, text=True, env={**os.environ, **dates}
    )
    return done.stdout


def commit(date: str = "") -> None:
    """Commit all that lies there."""
    git("add", "--all")
    git("commit", "-qm", "a change", "--allow-empty", date=date)


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def repository(files: Mapping[str, str], remote: str = REMOTE) -> None:
    """Make the working folder a repository with these files in a first commit."""
    git("init", "-q", "-b", "main")
    write(files)
    commit("2026-01-01T00:00:00Z")
    if remote:
        git("remote", "add", "origin", remote)


def fake_gh(folder: Path, answers: Mapping[str, str]) -> str:
    """Write a `gh` that answers commands which hold a text; return a PATH that begins with it.

    Args:
        answers: What it prints, by a text; of none it says that it was not found, as GitHub does.
    """
    cases = "\n".join(f"*'{text}'*) echo '{answer}';;" for text, answer in answers.items())
    script = f'#!/bin/sh\ncase "$*" in\n{cases}\n*) echo "HTTP 404: Not Found" >&2; exit 1;;\nesac\n'
    folder.mkdir(exist_ok=True)
    (folder / "gh").write_text(script)
    (folder / "gh").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
