"""The one workflow: first run to last, by push, by schedule and by hand. Its text is written by `vade init`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

WORKFLOW_FILE = ".github/workflows/knowledge-base.yml"
ACTION_FILE = ".github/actions/vademecum/action.yml"
ENVIRONMENT = "github-pages"
"""Holds the secret: no workflow on another branch can read it."""


_SPECIAL, _ESCAPED = re.compile(r"([*?+!\[\]\\])"), r"\\\1"


class _Text(Template):
    delimiter = "@@"


def action() -> str:
    """Return the action's text: the repository has its own, so that nobody else can change what runs beside the key."""
    packaged = Path(__file__).with_name("action.yml")
    file = packaged if packaged.exists() else Path(__file__).parents[3] / "action.yml"
    return file.read_text(encoding="utf-8")


def workflow(*, branch: str, sources: Sequence[str], version: str) -> str:
    """Return the workflow's text.

    Args:
        branch: Pushes to it are published.
        sources: Folders whose changes are built, relative to the repository's top; `.` is all of it.
        version: Of vademecum.
    """
    watched = [f"{_SPECIAL.sub(_ESCAPED, path)}/**" if path != "." else "**" for path in sources]
    paths = [
        *watched,
        *([] if "**" in watched else ["vademecum.toml", "root.json", WORKFLOW_FILE, ACTION_FILE]),
    ]
    template = Path(__file__).with_name("workflow.yml").read_text(encoding="utf-8")
    return _Text(template).substitute(
        branch=json.dumps(branch, ensure_ascii=False),
        paths=", ".join(json.dumps(path, ensure_ascii=False) for path in paths),
        environment=ENVIRONMENT,
        action=f"$/{ACTION_FILE.removesuffix('/action.yml')}",
        version=json.dumps(version),
    )
