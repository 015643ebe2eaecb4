"""The workflow that releases the packages: who may what in it, and that what it builds is whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / ".github/workflows/release.yml").read_text(encoding="utf-8")
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]


def test_only_the_jobs_that_publish_may_sign_in_and_they_run_nothing_else() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {}
    assert JOBS["build"]["permissions"] == {"contents": "read"}
    for name in ("pypi", "npm"):
        assert JOBS[name]["permissions"] == {"id-token": "write"}
        assert JOBS[name]["environment"] == name
        assert not any("checkout" in step.get("uses", "") for step in JOBS[name]["steps"])
    commands = [step["run"] for name in ("pypi", "npm") for step in JOBS[name]["steps"] if "run" in step]
    assert commands == ["npm publish dist/*.tgz --provenance --access public"]
    assert "secrets." not in TEXT and "password" not in TEXT


def test_every_action_stands_by_its_commit() -> None:
    used = re.findall(r"uses: (\S+)", TEXT)
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each)] == []


@pytest.mark.process
def test_what_it_builds_is_whole(tmp_path: Path) -> None:
    """The commands of the workflow, with this environment in place of one that pip has filled."""
    steps = {step.get("name"): step["run"] for step in JOBS["build"]["steps"] if "run" in step}
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environ |= {"GITHUB_REF_NAME": f"v{_version()}", "GITHUB_REPOSITORY": "someone/vademecum"}
    for name in (
        "client",
        "builder",
        "site",
        "tests",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "action.yml",
    ):
        if (PROJECT / name).exists():
            (tmp_path / name).symlink_to(PROJECT / name)
    for name in ("The tag is the version", "The npm package"):
        done = run(steps[name], tmp_path, environ)
        assert done.returncode == 0, done.stdout + done.stderr
    [packed] = (tmp_path / "npm").iterdir()
    with tarfile.open(packed) as archive:
        names = set(archive.getnames())
        told, readme = (archive.extractfile(f"package/{name}") for name in ("package.json", "README.md"))
        assert told is not None and readme is not None
        package, text = json.load(told), readme.read().decode()
    assert packed.name == f"vademecum-{_version()}.tgz" and package["version"] == _version()
    assert package["repository"]["url"] == "git+https://github.com/someone/vademecum.git"
    assert package["homepage"] == "https://github.com/someone/vademecum#readme"
    assert "(https://github.com/someone/vademecum/blob/HEAD/CHANGELOG.md)" in text
    assert "(https://github.com/someone/vademecum/raw/HEAD/site/content/images/search.png)" in text
    assert re.findall(r"\]\((?!https?://|#)[^)]*", text) == []
    for entry in (package["exports"]["."], package["exports"]["./search"]):
        assert {f"package/{path.removeprefix('./')}" for path in entry.values()} <= names
    assert names >= {
        "package/README.md",
        "package/LICENSE",
        "package/client/pyodide/pyodide.asm.wasm",
        "package/client/vademecum.zip",
    }
    environ["GITHUB_REF_NAME"] = "v0.0.0"
    assert run(steps["The tag is the version"], tmp_path, environ).returncode == 1


def run(step: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def _version() -> str:
    from vademecum.version import __version__

    return __version__
