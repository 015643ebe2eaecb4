"""The texts of the files that a repository gets: settings, `.gitignore`, the one workflow (first run to last, by push,
by schedule and by hand)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from vademecum_builder.scaffold.choices import Choice, Wishes

SETTINGS_FILE = "vademecum.toml"
ROOT_FILE = "root.json"
GITIGNORE = ".gitignore"


def settings(choice: Choice, wishes: Wishes, title: str) -> str:
    """Return `vademecum.toml`."""
    address, base_url, out = choice.address, choice.base_url, choice.out
    source = choice.sources[0] if choice.sources else "."
    whole = bool(choice.sources) and out.startswith(f"{source}/")
    lines = [
        "# What `vade build` reads and publishes: made by `vade init`.",
        f"title = {_text(title)}",
        f"address = {_text(address)}   # where it is published: each build continues from there"
        if address
        else '# address = "https://..."   # where it is published: without it a build continues from what is in out',
        f"out = {_text(out)}",
        *(["whole = true   # the pages around it are deployed with it, each time"] if whole else []),
        f"root = {_text(ROOT_FILE)}   # public: what apps trust; its keys are elsewhere",
        f"encoder = {_text(wishes.encoder)}   # builtin, or sentence-transformers:MODEL",
        f"channel = {_text(wishes.channel)}",
        "",
        "[[source]]",
        f"path = {_text(source)}",
        f"base-url = {_text(base_url)}   # where these documents are served: hits lead there"
        if base_url
        else '# base-url = "https://..."   # where these documents are served: hits lead there',
        "",
        "[limits]",
        "# packs = 1000000   # most bytes that small updates may take on the host (default: twice the index)",
    ]
    return "\n".join(lines) + "\n"


def gitignore(before: str, lines: Sequence[str]) -> str:
    """Return `.gitignore` with lines added at the end."""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    return f"{before}{gap}# vademecum: keys and what is built\n" + "".join(f"{line}\n" for line in lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


WORKFLOW_FILE = ".github/workflows/knowledge-base.yml"
ACTION_FILE = ".github/actions/vademecum/action.yml"
ENVIRONMENT = "github-pages"
"""The environment with the secret, so that no workflow on another branch can read it."""


_SPECIAL, _ESCAPED = re.compile(r"([*?+!\[\]\\])"), r"\\\1"


class _Text(Template):
    delimiter = "@@"


def action() -> str:
    """Return the action's text: with its own copy, nobody outside the repository can change what runs with the key."""
    packaged = Path(__file__).with_name("action.yml")
    file = packaged if packaged.exists() else Path(__file__).parents[3] / "action.yml"
    return file.read_text(encoding="utf-8")


def workflow(*, branch: str, sources: Sequence[str], version: str) -> str:
    """Return the workflow's text.

    Args:
        branch: The branch whose pushes are published.
        sources: Folders whose changes start it, relative to the repository's top; `.` is the whole repository.
        version: Vademecum's version.
    """
    watched = [f"{_SPECIAL.sub(_ESCAPED, path)}/**" if path != "." else "**" for path in sources]
    paths = [*watched, *([] if "**" in watched else ["vademecum.toml", "root.json", WORKFLOW_FILE, ACTION_FILE])]
    template = Path(__file__).with_name("workflow.yml").read_text(encoding="utf-8")
    return _Text(template).substitute(
        branch=json.dumps(branch, ensure_ascii=False),
        paths=", ".join(json.dumps(path, ensure_ascii=False) for path in paths),
        environment=ENVIRONMENT,
        action=f"$/{ACTION_FILE.removesuffix('/action.yml')}",
        version=json.dumps(version),
    )
