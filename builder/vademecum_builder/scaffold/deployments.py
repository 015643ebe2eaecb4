"""Reads a repository's workflows, and finds one that publishes a site, which another would overwrite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from vademecum_builder.profiles.config import read_yaml
from vademecum_builder.scaffold.repository import WORKFLOW, Repository

# Actions that deploy a folder as the site, the input with the folder, and its default.
_DEPLOYS = {
    "actions/upload-pages-artifact": ("path", "_site"),
    "actions/deploy-pages": ("", ""),
    "peaceiris/actions-gh-pages": ("publish_dir", "public"),
    "jamesives/github-pages-deploy-action": ("folder", ""),
    "withastro/action": ("out-dir", "dist"),
}
_RENDERS = ("withastro/action",)
"""Those that also render the site, so that no step can come between."""
_PAGES_ACTION = re.compile(r"[\w.-]+/[\w.-]*(?:gh|github)-pages[\w./-]*")
_BRANCH_INPUT = re.compile(r"(?:(?:target|publish|publishing|deploy|pages|gh-pages)[_-])?branch", re.IGNORECASE)
_FOLDER_INPUT = re.compile(
    r"(?:(?:build|publish|output|site|source|local|docs?)[_-]?)?(?:dir|directory|folder|path)", re.IGNORECASE
)
"""Inputs for folder and branch in the many other actions that push a folder to the branch `gh-pages`."""
_PUSHES = (
    (re.compile(r"\bghp-import\b[^\n]*\s(?P<folder>[^\s-][^\s]*)[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"\bgh-pages (?:-d|--dist)[ =](?P<folder>\S+)"), ""),
    (re.compile(r"\b(?P<at_once>mkdocs gh-deploy)\b"), "site"),
    (re.compile(r"\b(?P<at_once>docusaurus deploy)\b(?![^\n]*--skip-build)"), "build"),
    (re.compile(r"\bdocusaurus deploy\b[^\n]*--skip-build"), "build"),
    (re.compile(r"\b(?P<at_once>mike deploy)\b"), ""),
)
"""Commands that push a folder, and its default."""
VADE = re.compile(r"(?:^|[\s;&|(\['\"])vade\s+(?:build|publish)\b", re.MULTILINE)
_OURS = re.compile(r"[.$]/\.github/actions/vademecum/?")
_ACTION = re.compile(rf"[\w.-]+/vademecum(?:/[\w./-]+)?@\S+|[.$]/?|{_OURS.pattern}")


@dataclass(frozen=True)
class Workflow:
    """A workflow of the repository.

    Attributes:
        path: Its file.
        content: The parsed file; empty if it is not a mapping.
        deploys: Whether it publishes a site.
        folder: The folder of that site; may be empty.
        publishes: Whether it publishes a knowledge base.
        at_once: The command or action that both renders and publishes the site; empty if there are two steps.
    """

    path: str
    content: Mapping[str, Any]
    deploys: bool
    folder: str
    publishes: bool
    at_once: str = ""

    @property
    def uses_ours(self) -> bool:
        """Whether it runs the action that `vade init` writes."""
        return any(_OURS.fullmatch(str(step.get("uses") or "")) for _, step in self.steps)

    @property
    def by_actions(self) -> bool:
        """Whether it deploys with GitHub's own action; others push a branch."""
        return any(str(step.get("uses") or "").startswith("actions/deploy-pages@") for _, step in self.steps)

    @property
    def steps(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Each step, with its job before it."""
        yield from _steps(self.content)


def read_workflows(repository: Repository) -> tuple[Workflow, ...]:
    """Return the workflows of a repository, sorted by name."""
    names = filter(WORKFLOW.fullmatch, repository.files)
    return tuple(_workflow(name, (repository.top / name).read_text("utf-8", "replace")) for name in names)


def _workflow(path: str, text: str) -> Workflow:
    content = read_yaml(text)
    deploys, folder, publishes, at_once = False, "", False, ""
    for _, step in _steps(content):
        run, uses = str(step.get("run") or ""), str(step.get("uses") or "")
        action = uses.partition("@")[0].lower()
        publishes = publishes or bool(VADE.search(run) or _ACTION.fullmatch(uses))
        deploys = deploys or action in _DEPLOYS
        at_once = action if action in _RENDERS else at_once
        for pattern, usual in _PUSHES:
            if pushed := pattern.search(run):
                said = pushed.groupdict()
                deploys, at_once = True, said.get("at_once") or ""
                folder = said.get("folder", usual).removeprefix("./").rstrip("/")
        inputs = step.get("with")
        name, usual = _DEPLOYS.get(action, ("", ""))
        named = str(inputs.get(name, usual) if isinstance(inputs, Mapping) else usual).strip()
        if action not in _DEPLOYS and (pushed_by := _pushed_by(action, step)):
            deploys, named = True, pushed_by
        if action in _RENDERS and isinstance(inputs, Mapping):
            named = str(
                PurePosixPath(str(inputs.get("path") or "."), named)
            )  # the project's folder, relative to the repository
        if named and "${{" not in named:
            folder = named.removeprefix("./").rstrip("/")
    return Workflow(path, content, deploys, folder, publishes, at_once)


def _pushed_by(action: str, step: Mapping[str, Any]) -> str:
    """Return the folder that an action pushes to the branch of a site; empty if it does not do that."""
    said = [pair for key in ("with", "env") if isinstance(step.get(key), Mapping) for pair in step[key].items()]
    branches = [str(value) for key, value in said if _BRANCH_INPUT.fullmatch(str(key))]
    folders = [str(value).strip() for key, value in said if _FOLDER_INPUT.fullmatch(str(key))]
    pushes = "gh-pages" in branches or (not branches and _PAGES_ACTION.fullmatch(action))
    return next(filter(None, folders), "") if pushes else ""


def _steps(content: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    jobs = content.get("jobs")
    for job in jobs.values() if isinstance(jobs, Mapping) else ():
        steps = job.get("steps") if isinstance(job, Mapping) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, Mapping):
                yield job, step
