"""The composite action, the workflow that `vade init` writes, and our own: what is in them, what zizmor finds."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from vademecum_builder.cli.github import OUTPUTS
from vademecum_builder.scaffold.files import ACTION_FILE, action, workflow

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "builder" / "vademecum_builder" / "scaffold" / "workflow.yml"
TEXT = workflow(branch="main", sources=["docs"], version="1.0")
USED = "$/.github/actions/vademecum"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOW: dict[str, Any] = yaml.load(TEXT, yaml.BaseLoader)
JOBS: dict[str, Any] = WORKFLOW["jobs"]


@pytest.mark.process
def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "knowledge-base.yml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    [program] = [str(file.locate()) for file in files("zizmor") or () if file.stem == "zizmor" and "bin" in file.parts]
    looked_at = [file, ROOT / "action.yml", ROOT / ".github" / "workflows"]
    done = subprocess.run([program, "--offline", "--no-config", *map(str, looked_at)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    (tmp_path / "bad.yml").write_text(
        "on: pull_request_target\njobs:\n  a:\n    steps: [{run: '${{ github.head_ref }}'}]\n"
    )
    bad = [program, "--offline", "--no-config", str(tmp_path / "bad.yml")]
    assert subprocess.run(bad, capture_output=True).returncode != 0


@pytest.mark.fault("E65")
def test_every_action_stands_by_commit_and_no_script_holds_an_expression() -> None:
    files_ = [ROOT / "action.yml", TEMPLATE, *(ROOT / ".github" / "workflows").glob("*.yml")]
    for file in files_:
        text = file.read_text()
        for used in re.findall(r"uses: (\S+)", text):
            assert used == "@@action" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{file.name}: {used}"
    steps = [*ACTION["runs"]["steps"], *(step for job in JOBS.values() for step in job["steps"])]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    assert "--require-hashes" in steps[2]["run"]
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"] if "run" in step)
    assert WORKFLOW["defaults"] == {"run": {"shell": "bash"}}


def test_the_key_is_given_to_the_one_step_that_signs() -> None:
    holders = [step.get("id") for step in ACTION["runs"]["steps"] if "signing-key" in json.dumps(step)]
    assert holders == ["vade"]
    assert [name for name, job in JOBS.items() if "secrets." in json.dumps(job)] == ["build"]


@pytest.mark.fault("E65")
def test_whoever_may_write_has_no_key_and_runs_nothing_that_was_installed() -> None:
    assert WORKFLOW["permissions"] == {}
    writers = {name: job for name, job in JOBS.items() if "write" in json.dumps(job["permissions"])}
    assert writers.keys() == {"deploy", "comment"}
    for job in writers.values():
        assert "secrets." not in json.dumps(job)
        assert not [
            step
            for step in job["steps"]
            if step.get("uses", "actions/deploy-pages").partition("@")[0] != "actions/deploy-pages"
        ]
    told = [step["run"] for job in writers.values() for step in job["steps"] if "run" in step]
    assert all("vade" not in run and "pip" not in run for run in told)


def test_a_pull_request_gets_no_key_and_nothing_else_is_built_beside_a_build() -> None:
    assert JOBS["build"]["if"] == "github.event_name != 'pull_request'"
    assert JOBS["preview"]["if"] == "github.event_name == 'pull_request'"
    assert JOBS["preview"]["permissions"] == {"contents": "read"} and "environment" not in JOBS["preview"]
    assert "pull_request_target" not in WORKFLOW["on"]
    assert WORKFLOW["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_each_output_of_the_action_is_one_that_vade_sets() -> None:
    assert set(ACTION["outputs"]) <= set(OUTPUTS)
    assert all(told["value"] == f"${{{{ steps.vade.outputs.{name} }}}}" for name, told in ACTION["outputs"].items())
    used = re.findall(r"steps\.vade\.outputs\.(\w+)", TEMPLATE.read_text())
    assert set(used) <= ACTION["outputs"].keys()


@pytest.mark.parametrize("job", ["build", "probe", "preview"])
def test_the_workflow_asks_for_inputs_and_commands_that_the_action_has(job: str) -> None:
    [step] = [step for step in JOBS[job]["steps"] if step.get("uses") == USED]
    assert set(step["with"]) <= ACTION["inputs"].keys()
    commands = re.findall(r"^ *(\w+)\) set --", ACTION["runs"]["steps"][-1]["run"], re.MULTILINE)
    offered = WORKFLOW["on"]["workflow_dispatch"]["inputs"]["command"]["options"]
    assert {*offered, "probe", "preview"} == set(commands)


def test_a_repository_gets_the_action_as_it_is() -> None:
    assert action() == (ROOT / "action.yml").read_text()
    assert ACTION_FILE.removesuffix("action.yml").strip("/") == USED.removeprefix("$/")
