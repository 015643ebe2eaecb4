"""The steps left to do after `vade init`: at most five, each a command to paste or one sentence."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
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
"""The build step of a workflow, on one line."""


_OFFLINE = "Move {} offline, to where only you can reach it: it can replace every other key."
_MESSAGE = "Publish the knowledge base"


@dataclass(frozen=True)
class PlannedFile:
    """A file of the repository.

    Attributes:
        state: `new`, `added` (lines at its end) or `kept` (it exists, and is not changed).
        text: Its future content; empty if it is made with the keys, or kept.
        added: The lines that it gets at its end; empty if it is not `added`.
    """

    path: str
    state: str
    text: str = ""
    added: str = ""


@dataclass(frozen=True)
class SetupStep:
    """A step left to do: a command to paste with its purpose, or only a sentence."""

    why: str
    command: str = ""


@dataclass(frozen=True)
class Setup:
    """The decisions of `vade init`.

    Attributes:
        files: As planned.
        sources: Folders of documents.
        out: Folder of the published tree.
        keys: Folder of the keys.
        makes_keys: Whether there are no keys yet.
        deployed: The workflow that publishes the repository's own site, if there is one.
        requirement: What a workflow has to install, if the publisher must complete it; else empty.
    """

    known: Repository
    files: Sequence[PlannedFile]
    sources: Sequence[str]
    out: str
    keys: str
    makes_keys: bool
    deployed: Workflow | None
    requirement: str

    def steps(self) -> tuple[SetupStep, ...]:
        """Return the steps left to do, without those that seem to be done."""
        offline = [SetupStep(_OFFLINE.format(f"{self.keys}/{ROOT_KEY}"))] if self._has(ROOT_KEY) else []
        if not self.known.is_git:
            return (
                SetupStep("build it, now and after each edit", "vade build"),
                SetupStep(
                    f"Put all that lies in {self.out} on your web space, as by FTP; its search page is index.html."
                ),
                *offline,
                SetupStep("Or push this folder to GitHub, and run `vade init` again: then each push publishes it."),
            )
        return (*self._requires(), *self._builds(), *self._hands_over(), *self._pushes(), *offline)

    def _has(self, key: str) -> bool:
        return self.makes_keys or (self.known.top / self.keys / key).exists()

    @property
    def _has_own_workflow(self) -> bool:
        return any(file.path == WORKFLOW_FILE for file in self.files)

    def _requires(self) -> Iterator[SetupStep]:
        if self.requirement:
            why = "say which vademecum the workflow installs: it cannot reach the place that this one came from"
            yield SetupStep(why, f"echo '{self.requirement}' > {REQUIREMENTS_FILE}")

    def _builds(self) -> Iterator[SetupStep]:
        known, deployed = self.known, self.deployed
        if deployed is not None:
            yield SetupStep(
                f"have {deployed.path}, which publishes your site, build {after_rendering(deployed)}", BUILDS
            )
        elif not known.owner:
            held = f" (what {self.keys}/{RELEASE_KEY} holds; then delete it)" if self._has(RELEASE_KEY) else ""
            secret = f"with the secret {KEY_VARIABLE}{held}"
            yield SetupStep(f"Have your CI run `vade build`, {secret}, and upload {self.out}.")
        elif self._has_own_workflow and WORKFLOW_FILE not in known.tracked:
            pages = f"gh api -X POST repos/{known.owner}/{known.name}/pages -f build_type=workflow"
            yield SetupStep("let a workflow publish the repository's site", pages)

    def _hands_over(self) -> Iterator[SetupStep]:
        if self._has(RELEASE_KEY) and (self.known.owner or self.deployed is not None):
            secret = _secret(self.known, f"{self.keys}/{RELEASE_KEY}", of_environment=self._has_own_workflow)
            yield SetupStep("hand over the key that signs releases", secret)

    def _pushes(self) -> Iterator[SetupStep]:
        known = self.known
        pending = [file.path for file in self.files if file.state != "kept" or file.path not in known.tracked]
        untracked = [name for name in known.files if name not in known.tracked]
        pending += [source for source in self.sources if any(is_below(name, source) for name in untracked)]
        pending += [REQUIREMENTS_FILE] if self.requirement else []
        pending = ["."] if "." in pending or not known.tracked else pending
        if pending:
            added = " ".join(shlex.quote(path) for path in pending)
            pushed = f" && git push -u {shlex.quote(known.upstream)} HEAD" if known.upstream else ""
            yield SetupStep("publish the first release", f"git add {added} && git commit -m '{_MESSAGE}'{pushed}")


def after_rendering(deployed: Workflow) -> str:
    """Return where to build a knowledge base in a workflow that publishes a site."""
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
