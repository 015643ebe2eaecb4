"""The one workflow: first run to last, by push, by schedule and by hand. Its text is written by `vade init`, and so is
what it installs: the vademecum that set it up, from where that came."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from string import Template
from urllib.request import url2pathname

from vademecum_builder.scaffold.repository import git

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


REQUIREMENTS_FILE = ".github/vademecum-requirements.txt"

_TEXT = """\
# What the action installs: vademecum as it was when `vade init` ran, by its commit, as it came from no package index.
# When it has been released there, delete this file: the workflow names the version.
{}
"""


def requirements() -> tuple[str, str]:
    """Return the text of the file of requirements, and what the publisher should know instead of it.

    Both are empty where vademecum came from a package index: its version is enough.
    """
    told = distribution("vademecum").read_text("direct_url.json")
    if told is None:
        return "", ""
    line = requirement(json.loads(told))
    if line:
        return _TEXT.format(line), ""
    return "", (
        "this vademecum came from no package index, nor from a repository that a workflow could reach: say in "
        f"{REQUIREMENTS_FILE} which one it installs, as vademecum[build] @ git+https://HOST/REPOSITORY@COMMIT"
    )


def requirement(came: dict[str, dict[str, str] | str]) -> str:
    """Return a line for pip that installs what came from there; empty: nobody else can reach that.

    Args:
        came: `direct_url.json`, as the packaging specification "Recording the Direct URL Origin" has it.
    """
    url, version_control = str(came["url"]), came.get("vcs_info")
    if isinstance(version_control, dict):
        return _of_git(url, version_control["commit_id"])
    if "dir_info" in came:
        folder = Path(url2pathname(url.removeprefix("file://")))
        if not folder.is_dir():
            return ""
        remote = git(folder, "remote", "get-url", "origin") or ""
        # Only a commit that the remote has can be installed from there.
        pushed = git(folder, "branch", "--remotes", "--contains", "HEAD")
        return _of_git(remote, git(folder, "rev-parse", "HEAD") or "") if pushed else ""
    return f"vademecum[build] @ {url}" if url.startswith("https://") else ""


def _of_git(remote: str, commit: str) -> str:
    """Return a line that names a commit; of an address that only its owner can use (SSH) the public one."""
    ssh = re.fullmatch(r"(?:ssh://)?(?:[^@/]*@)?([\w.-]+\.\w+)(?::\d+/|[:/])(.+)", remote)
    address = f"https://{ssh[1]}/{ssh[2]}" if ssh and "://" not in remote.removeprefix("ssh://") else remote
    address = re.sub(r"(?<=://)[^/]*@", "", address)
    return f"vademecum[build] @ git+{address}@{commit}" if address.startswith("https://") and commit else ""
