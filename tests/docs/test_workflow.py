"""The action's step is run as GitHub runs it: where `vade` fails, the step fails, with the reason and no output."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.forked import put_vade
from support.pages_host import PagesHost
from support.publishing import HANDBOOK, Line
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE

ACTION: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text())
STEP = ACTION["runs"]["steps"][-1]
SETTINGS = 'address = "{}"\nsite = false\nroot = "root.json"\n[[source]]\npath = "docs"\n'


def run(folder: Path, key: str) -> tuple[int, str, str]:
    """Run the step in a folder; return its exit code, its output and what it sets."""
    (folder / "bin").mkdir(exist_ok=True)
    vade = put_vade(folder / "bin")
    script, outputs = folder / "step.sh", folder / "outputs"
    outputs.write_text("")
    script.write_text(STEP["run"])
    assert STEP["shell"] == "bash"
    given = {"COMMAND": "build", "CONFIG": "vademecum.toml", "ALLOW_SHRINK": "", KEY_VARIABLE: key}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder,
        env={
            **os.environ,
            **given,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(outputs),
            "PATH": f"{vade.parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr, outputs.read_text()


@pytest.mark.process
@pytest.mark.fault("E65")
def test_the_step_fails_where_the_build_does(tmp_path: Path) -> None:
    line = Line(tmp_path / "line")
    line.release(HANDBOOK)
    key = (line.keys / RELEASE_KEY).read_text()
    for name, text in {**HANDBOOK, "new.md": "# New\n\nA new page.\n"}.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "root.json").write_bytes((line.keys / ROOT_FILE).read_bytes())
    with PagesHost(line.out) as host:
        (tmp_path / "vademecum.toml").write_text(SETTINGS.format(host.url))
        code, shown, outputs = run(tmp_path, key)
        assert (code, bool(re.search(r"^signed(?:=|<<.*\n)true$", outputs, re.MULTILINE))) == (0, True), shown
        for wrong, settings, said in (
            ("", SETTINGS.format(host.url), KEY_VARIABLE),
            ("no key", SETTINGS.format(host.url), KEY_VARIABLE),
            (key, SETTINGS.format("http://127.0.0.1:9/"), "previous release at http://127.0.0.1:9/"),
            ("", SETTINGS.format(host.url).replace('root = "root.json"\n', ""), "secret"),
        ):
            (tmp_path / "vademecum.toml").write_text(settings)
            code, shown, outputs = run(tmp_path, wrong)
            assert (code != 0, outputs, said in shown) == (True, "", True), shown
    assert not (tmp_path / ".vademecum").exists()
