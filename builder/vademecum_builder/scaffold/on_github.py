"""Asks GitHub through `gh` whether the secret is set, and what it serves as the repository's site."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence

import orjson

from vademecum_builder.scaffold.deployments import Workflow
from vademecum_builder.scaffold.files import ENVIRONMENT, SETTINGS_FILE
from vademecum_builder.scaffold.findings import GOOD, LOOK, WRONG, Finding
from vademecum_builder.scaffold.plan import KEY_FOLDERS
from vademecum_builder.scaffold.repository import Repository
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY

_PATIENCE = 30
"""Seconds to wait for GitHub's answer."""


def check_github(known: Repository, workflows: Sequence[Workflow], address: str) -> Iterator[Finding]:
    """Ask GitHub whether the secret is set, and what it serves.

    Args:
        address: The address of the knowledge base in the settings; may be empty.
    """
    whole = f"{known.owner}/{known.name}"
    secrets: set[str] = set()
    for place in (("--env", ENVIRONMENT), ()):
        said, failure = _gh("secret", "list", "--repo", whole, *place, "--json", "name")
        if said is None and not place:
            yield Finding("secret", LOOK, f"whether {KEY_VARIABLE} is set is not known: {failure}")
            return
        secrets |= {entry["name"] for entry in orjson.loads(said or "[]")}
    if KEY_VARIABLE in secrets:
        yield Finding("secret", GOOD, f"the secret {KEY_VARIABLE} is set")
    else:
        handed = f"gh secret set {KEY_VARIABLE} --env {ENVIRONMENT} < {KEY_FOLDERS[0]}/{RELEASE_KEY}"
        yield Finding("secret", WRONG, f"the secret {KEY_VARIABLE} is not set: {handed}")
    said, failure = _gh("api", f"repos/{whole}/pages", "--jq", '.build_type + " " + .html_url')
    kind, _, served = (said or "").strip().partition(" ")
    if said is None and "404" in failure:
        switched = f"gh api -X POST repos/{whole}/pages -f build_type=workflow"
        yield Finding("site", WRONG, f"GitHub Pages is switched off: {switched}")
    elif kind == "legacy" and any(workflow.by_actions for workflow in workflows):
        switched = f"gh api -X PUT repos/{whole}/pages -f build_type=workflow"
        yield Finding("site", WRONG, f"GitHub Pages serves a branch, and not what the workflow deploys: {switched}")
    if served and address and not _is_within(address, served):
        elsewhere = f"GitHub Pages serves the repository at {served}, and {SETTINGS_FILE} says {address}"
        yield Finding(SETTINGS_FILE, LOOK, f"{elsewhere}: is it published on another host?")


def _is_within(address: str, top: str) -> bool:
    """Return whether an address is that of a site or within it, whether by https or http."""
    one, two = (text.lower().partition("://")[2].rstrip("/") + "/" for text in (address, top))
    return one.startswith(two)


def _gh(*arguments: str) -> tuple[str | None, str]:
    """Return the output of `gh`, or None with the reason."""
    try:
        done = subprocess.run(["gh", *arguments], capture_output=True, text=True, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None, "gh is not installed, or does not answer"
    failure = (done.stderr.strip().splitlines() or ["gh failed"])[0]
    return (None, failure) if done.returncode else (done.stdout, "")
