"""The steps left to do after `vade init`: at most five, each a command to paste or one sentence."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from vademecum_builder.scaffold.candidates import is_below
from vademecum_builder.scaffold.deployments import Workflow
from vademecum_builder.scaffold.files import ACTION_FILE, ENVIRONMENT, WORKFLOW_FILE
from vademecum_builder.scaffold.repository import Repository
from vademecum_builder.scaffold.requirement import REQUIREMENTS_FILE
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_KEY

BUILDS = (
    f"- {{uses: $/{ACTION_FILE.removesuffix('/action.yml')}, "
    f'with: {{signing-key: "${{{{ secrets.{KEY_VARIABLE} }}}}"}}}}'
)
"""What a workflow builds by, as one line of its steps."""


@dataclass(frozen=True)
class PlannedFile:
    """A file of the repository.

    Attributes:
        state: `new`, `added` (lines at its end) or `kept` (it is there, and stays as it is).
        text: What it is to hold; empty: the keys make it, or it is kept.
    """

    path: str
    state: str
    text: str = ""


@dataclass(frozen=True)
class Step:
    """What is left to do: a command to paste, and what for; or a sentence alone."""

    why: str
    command: str = ""


def left_to_do(
    known: Repository,
    files: Sequence[PlannedFile],
    *,
    sources: Sequence[str],
    out: str,
    keys: str,
    makes_keys: bool,
    deployed: Workflow | None,
    requirement: str,
) -> tuple[Step, ...]:
    """Return what is left to do; what has been done already is not among it, as far as can be seen from here.

    Args:
        files: As planned.
        sources: Folders of documents.
        out: Folder of the published tree.
        keys: Folder of the keys.
        makes_keys: Whether they are made first.
        deployed: The workflow that publishes the repository's own site.
        requirement: What a workflow is to install, where the publisher has to say it; else empty.
    """
    offline = Step(f"Move {keys}/{ROOT_KEY} to where you alone reach it, offline: it can replace every other key.")
    has_root = makes_keys or (known.top / keys / ROOT_KEY).exists()
    if not known.is_git:
        return (
            Step("build it, now and after each edit", "vade build"),
            Step(f"Put all that lies in {out} on your web space, as by FTP; its search page is index.html."),
            *([offline] if has_root else []),
            Step("Or push this folder to GitHub, and run `vade init` again: then each push publishes it."),
        )
    pending = [file.path for file in files if file.state != "kept" or file.path not in known.tracked]
    untracked = [name for name in known.files if name not in known.tracked]
    fresh = [source for source in sources if any(is_below(name, source) for name in untracked)]
    pending = ["."] if "." in fresh or not known.tracked else pending + fresh
    secret_here = makes_keys or (known.top / keys / RELEASE_KEY).exists()
    ours = any(file.path == WORKFLOW_FILE for file in files)
    steps = []
    if requirement:
        why = "say which vademecum the workflow installs: what this one came from is out of its reach"
        steps.append(Step(why, f"echo '{requirement}' > {REQUIREMENTS_FILE}"))
        pending += [REQUIREMENTS_FILE] if "." not in pending else []
    if deployed is not None:
        steps.append(
            Step(f"have {deployed.path}, which publishes your site, build {after_rendering(deployed)}", BUILDS)
        )
    elif not known.owner:
        held = f" (what {keys}/{RELEASE_KEY} holds; then delete it)" if secret_here else ""
        secret = f"with the secret {KEY_VARIABLE}{held}"
        steps.append(Step(f"Have your CI run `vade build`, {secret}, and upload {out}."))
    elif ours and WORKFLOW_FILE not in known.tracked:
        pages = f"gh api -X POST repos/{known.owner}/{known.name}/pages -f build_type=workflow"
        steps.append(Step("let a workflow publish the repository's site", pages))
    if secret_here and (known.owner or deployed is not None):
        secret = _secret(known, f"{keys}/{RELEASE_KEY}", of_environment=ours)
        steps.append(Step("hand over the key that signs releases", secret))
    if pending:
        added = " ".join(shlex.quote(path) for path in pending)
        pushed = f" && git push -u {shlex.quote(known.upstream)} HEAD" if known.upstream else ""
        command = f"git add {added} && git commit -m 'Publish the knowledge base'{pushed}"
        steps.append(Step("publish the first release", command))
    if has_root:
        steps.append(offline)
    return tuple(steps)


def after_rendering(deployed: Workflow) -> str:
    """Return where in a workflow that publishes a site a knowledge base is built."""
    if deployed.at_once:
        return (
            f"between rendering and publishing. `{deployed.at_once}` does both at once: replace it by three steps, one "
            "that renders, this one, and one that publishes"
        )
    return f"after the last step that renders {deployed.folder or 'the pages'}"


def _secret(known: Repository, release: str, *, of_environment: bool) -> str:
    if not of_environment:
        return f"gh secret set {KEY_VARIABLE} < {release} && rm {release}"
    environment = f"gh api -X PUT repos/{known.owner}/{known.name}/environments/{ENVIRONMENT}"
    return f"{environment} && gh secret set {KEY_VARIABLE} --env {ENVIRONMENT} < {release} && rm {release}"
