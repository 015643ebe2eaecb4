"""Faults of the workflows that publish a knowledge base."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pathspec import GitIgnoreSpec

from vademecum_builder.scaffold.deployments import VADE, Workflow
from vademecum_builder.scaffold.files import ACTION_FILE, WORKFLOW_FILE
from vademecum_builder.scaffold.findings import GOOD, LOOK, WRONG, Finding
from vademecum_builder.scaffold.repository import Repository
from vademecum_builder.scaffold.steps import BUILDS, after_rendering
from vademecum_builder.signing.keys import KEY_VARIABLE

_PIPE = re.compile(r"\bvade\b[^\n]*?(?<!\|)\|(?!\|)")
_HIDES = re.compile(r"\bvade\b[^\n]*\|\|\s*(?:true|:|exit 0|echo)\b")
_PIPELINES = re.compile(
    r"\.(?:gitlab-ci|travis|drone|woodpecker)\.ya?ml|\.(?:gitlab|woodpecker|forgejo|gitea|circleci)/.+\.ya?ml"
    r"|(?:azure|bitbucket)-pipelines\.ya?ml|Jenkinsfile"
)
"""Pipelines of other forges."""
_BY_COMMIT = re.compile(r"(?:[^@]+@[0-9a-f]{40}|docker://.+@sha256:[0-9a-f]{64}|\.\.?/.*|\$/.*|\.)")


def check_workflows(known: Repository, workflows: Sequence[Workflow], sources: Sequence[str]) -> Iterator[Finding]:
    """Look at the workflows of a repository.

    Args:
        sources: Folders of documents, relative to the repository's top; `.` is the whole repository.
    """
    publishing = [workflow for workflow in workflows if workflow.publishes]
    deployed = next((workflow for workflow in workflows if workflow.deploys), None)
    if not publishing and deployed is not None:
        lacks = f"it publishes your site, and does not run `vade build` yet: add `{BUILDS}` {after_rendering(deployed)}"
        yield Finding(deployed.path, WRONG, f"{deployed.path}: {lacks}")
    elif not publishing:
        broken = any(workflow.path == WORKFLOW_FILE and not workflow.content for workflow in workflows)
        reason = (
            "cannot be read as YAML" if broken else "is missing: no workflow runs `vade build`; `vade init` writes it"
        )
        yield Finding(WORKFLOW_FILE, WRONG, f"{WORKFLOW_FILE} {reason}")
    for workflow in publishing:
        found = [*_faults(known, workflow), *_unwatched(known, workflow, sources)]
        yield from found or [Finding(workflow.path, GOOD, f"{workflow.path} publishes it")]


def _faults(known: Repository, workflow: Workflow) -> Iterator[Finding]:
    def wrong(message: str) -> Finding:
        return Finding(workflow.path, WRONG, f"{workflow.path}: {message}")

    path, content = workflow.path, workflow.content
    if path not in known.tracked:
        yield wrong(f"not in git: git add {path}, commit and push")
    if workflow.uses_ours and ACTION_FILE not in known.tracked:
        lacks = "not in git: git add it" if ACTION_FILE in known.files else "missing: `vade init` writes it"
        yield wrong(f"its action {ACTION_FILE} is {lacks}, commit and push")
    for job, step in workflow.steps:
        run = str(step.get("run") or "")
        if _PIPE.search(run) and not _has_pipefail(content, job, step, run):
            yield wrong("a build that fails is a green job, for `vade ... |` runs without pipefail: add `shell: bash`")
        if _HIDES.search(run) or (VADE.search(run) and step.get("continue-on-error") is True):
            yield wrong("a build that fails is a green job: take `|| true` or `continue-on-error` away")
    if KEY_VARIABLE not in str(content):
        yield wrong(f"it is given no key: {KEY_VARIABLE}: ${{{{ secrets.{KEY_VARIABLE} }}}}")
    events = _events(content)
    if "schedule" not in events:
        yield wrong("no schedule: after 30 days without a push the signatures run out; add one for each week")
    branches = events.get("push", {}).get("branches")
    patterns = [known.branch] if not isinstance(branches, list) else [*map(str, branches)]
    if "push" not in events or not any(one == known.branch or re.search(r"[*?+!\[]", one) for one in patterns):
        yield wrong(f"a push to {known.branch} does not run it: name the branch under on: push: branches:")
    if "concurrency" not in content:
        yield Finding(path, LOOK, f"{path}: no concurrency group: two builds at once, and one of them fails")
    loose = sorted(
        {uses for _, step in workflow.steps if (uses := str(step.get("uses") or "")) and not _BY_COMMIT.fullmatch(uses)}
    )
    if loose:
        yield Finding(path, LOOK, f"{path}: {', '.join(loose)} can be moved to other code: name a commit, not a tag")


def check_other_ci(known: Repository) -> Iterator[Finding]:
    """Check whether a pipeline of a forge other than GitHub runs `vade build`; nothing else in it is checked."""
    for name in filter(_PIPELINES.fullmatch, known.files):
        if VADE.search((known.top / name).read_text("utf-8", "replace")):
            yield Finding(name, GOOD, f"{name} runs `vade`")
            return
    where = f"it is pushed to {known.remote}" if known.remote else "it has no remote"
    yield Finding("ci", LOOK, f"{where}, and no pipeline that is known here runs `vade build`: yours has to")


def _unwatched(known: Repository, workflow: Workflow, sources: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each folder of documents whose changes do not start the workflow."""
    paths = _events(workflow.content).get("push", {}).get("paths")
    if not isinstance(paths, list):
        return
    watched = GitIgnoreSpec.from_lines(str(path) for path in paths)
    for source in sources:
        inside = [name for name in known.tracked if source == "." or name.startswith(f"{source}/")]
        if inside and not any(map(watched.match_file, inside)):
            lacks = f'a push that changes {source} does not run it: add "{source}/**" under on: push: paths:'
            yield Finding(workflow.path, WRONG, f"{workflow.path}: {lacks}")


def _has_pipefail(content: Mapping[str, Any], job: Mapping[str, Any], step: Mapping[str, Any], run: str) -> bool:
    """Return whether a pipe fails if its first command does: with `shell: bash`, GitHub sets that option."""
    shells = [step.get("shell"), _default_shell(job), _default_shell(content)]
    shell = str(next(filter(None, shells), ""))
    return shell == "bash" or "pipefail" in shell or "pipefail" in run


def _default_shell(of: Mapping[str, Any]) -> object:
    defaults = of.get("defaults")
    run = defaults.get("run") if isinstance(defaults, Mapping) else None
    return run.get("shell") if isinstance(run, Mapping) else None


def _events(content: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
    on = content.get("on", content.get(True))  # YAML 1.1 reads `on` as true
    if isinstance(on, Mapping):
        return {str(name): event if isinstance(event, Mapping) else {} for name, event in on.items()}
    return {str(name): {} for name in (on if isinstance(on, list) else [on])}
