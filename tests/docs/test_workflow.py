"""The workflow that publishing.md shows: its shell is run, and what stands beside the key is pinned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.publishing import HANDBOOK, Line
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE

PAGE = Path(__file__).parents[2] / "site" / "content" / "publishing.md"
(SHOWN,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
WORKFLOW: dict[str, Any] = yaml.safe_load(SHOWN)
JOBS: dict[str, Any] = WORKFLOW["jobs"]
(STEP,) = (step["run"] for step in JOBS["build"]["steps"] if step.get("id") == "build")
SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], None: ["bash", "-e"]}
"""How GitHub runs a step: with the shell that is named, or with none."""


@pytest.fixture
def line(tmp_path: Path) -> Line:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    for key, text in HANDBOOK.items():
        file = tmp_path / "docs" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "root.json").write_bytes((line.keys / ROOT_FILE).read_bytes())
    return line


def run(line: Line, shell: str | None, key: str, step: str = STEP) -> tuple[int, str, str]:
    """Run the step as GitHub does, on the tree in `tree`; return its exit code, its output and what it sets."""
    bin = line.folder / "bin"
    bin.mkdir(exist_ok=True)
    vade = bin / "vade"
    vade.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vademecum_builder.cli.main "$@" --no-site\n')
    vade.chmod(0o700)
    script, outputs = line.folder / "step.sh", line.folder / "outputs"
    outputs.write_text("")
    step = step.replace("https://OWNER.github.io/REPOSITORY/", "tree").replace(
        "${{ github.run_number }}", "3"
    )
    script.write_text(step)
    environ = {**os.environ, "CI": "true", KEY_VARIABLE: key, "GITHUB_OUTPUT": str(outputs)}
    done = subprocess.run(
        [*SHELLS[shell], str(script)],
        cwd=line.folder,
        env={**environ, "PATH": f"{bin}{os.pathsep}{environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr, outputs.read_text()


@pytest.mark.process
@pytest.mark.fault("E65")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_step_fails_where_the_build_does(line: Line, shell: str | None) -> None:
    key = (line.keys / RELEASE_KEY).read_text()
    (line.folder / "docs" / "new.md").write_text("# New\n\nA new page.\n")
    code, _, outputs = run(line, shell, key)
    assert (code, outputs) == (0, "signed=true\n")
    for wrong, step, said in (
        ("", STEP, "set VADEMECUM_SIGNING_KEY"),
        ("no key", STEP, "neither a PEM key nor"),
        (key, STEP.replace("https://OWNER.github.io/REPOSITORY/", "nowhere"), "previous release at nowhere"),
        (
            "",
            STEP.replace("--root root.json", "").replace("--previous https", "--force --previous https"),
            "secret",
        ),
    ):
        code, shown, outputs = run(line, shell, wrong, step)
        assert (code != 0, outputs, said in shown) == (True, "", True), shown
    assert not (line.folder / ".vademecum").exists()


@pytest.mark.fault("E65")
def test_the_job_that_can_deploy_has_no_key_and_the_one_with_the_key_cannot_deploy() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["defaults"] == {"run": {"shell": "bash"}}
    holders = [name for name, job in JOBS.items() if "secrets." in json.dumps(job)]
    deployers = [name for name, job in JOBS.items() if "write" in json.dumps(job.get("permissions", {}))]
    assert (holders, deployers) == (["build"], ["deploy"])
    assert not any("run" in step for step in JOBS["deploy"]["steps"])


@pytest.mark.fault("E65")
def test_actions_stand_by_commit_and_packages_by_digest() -> None:
    steps = [step for job in JOBS.values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 5
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)
    installs = [step["run"] for step in steps if "pip install" in step.get("run", "")]
    assert installs == ["pip install --require-hashes -r requirements.txt"]
