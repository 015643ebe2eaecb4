"""The built wheel in empty environments: the client with the base dependencies, the builder with its extra.

Nothing is downloaded. The environments get links to the very distributions that the wheel's own metadata asks
for, and what those ask for in turn; anything else stays out of reach.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
PAGES = {"docs/keys.md": "# Keys\n\n## Rotate\n\nRotate the key.\n", "docs/other.md": "# Other\n\nWeather.\n"}


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and a folder to work in."""

    folder: Path
    work: Path

    @property
    def packages(self) -> Path:
        return next(self.folder.glob("lib/python3*/site-packages"))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VADE"))}
        program = str(self.folder / "bin" / command[0])
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.work,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def vade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("vade", *arguments)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(PROJECT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    [wheel] = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def desktop(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What `pip install vademecum` gives."""
    return make_environment(wheel, tmp_path_factory.mktemp("desktop"), extra="")


@pytest.fixture(scope="module")
def builder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What `pip install 'vademecum[build]'` gives."""
    return make_environment(wheel, tmp_path_factory.mktemp("builder"), extra="build")


@pytest.fixture(scope="module")
def tree(builder: Environment) -> Path:
    """A tree that the wheel's builder has published."""
    for name, text in PAGES.items():
        (builder.work / name).parent.mkdir(exist_ok=True)
        (builder.work / name).write_text(text)
    built = builder.vade("build", "docs", "--out", "dist", "--no-site", "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["sequence"] == 1
    return builder.work / "dist"


def make_environment(wheel: Path, folder: Path, extra: str) -> Environment:
    environment = Environment(folder / "venv", folder / "work")
    environment.work.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment.folder)], check=True, timeout=120)
    for name in sorted(wanted(requirements(wheel), extra)):
        link(name, environment.packages)
    pip = [sys.executable, "-m", "pip", "--python", str(environment.folder / "bin" / "python"), "install"]
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run([*pip, *options], check=True, capture_output=True, timeout=120)
    return environment


def requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return BytesParser().parsebytes(archive.read(metadata)).get_all("Requires-Dist", [])


def wanted(lines: list[str], extra: str = "") -> set[str]:
    """Return the names of all distributions that these requirements bring, those of theirs among them."""
    names: set[str] = set()
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        names.add(canonicalize_name(requirement.name))
        own = distribution(requirement.name).requires or []
        for inner in ("", *requirement.extras):
            names |= wanted(own, inner)
    return names


def link(name: str, packages: Path) -> None:
    found = distribution(name)
    for file in found.files or []:
        top = file.parts[0]
        if top not in ("..", "__pycache__") and not (packages / top).exists():
            (packages / top).symlink_to(Path(str(found.locate_file(top))))


def test_the_wheel_holds_all_that_runs_without_the_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= set(shipped("client/vademecum", "")) | set(shipped("builder/vademecum_builder", ""))
    assert names >= set(shipped("site/templates", "vademecum_builder/"))
    assert names >= set(shipped("site/static", "vademecum_builder/"))
    assert "vademecum/js/vademecum.mjs" in names
    assert "vademecum_builder/site/templates/index.html.jinja" in names
    assert "vademecum_builder/scaffold/action.yml" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"vademecum", "vademecum_builder"}


def shipped(folder: str, prefix: str) -> Iterator[str]:
    root = PROJECT / folder
    base = root.parent.parent if prefix else root.parent
    for path in root.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield prefix + path.relative_to(base).as_posix()


def test_the_base_dependencies_are_those_of_a_desktop_client(wheel: Path) -> None:
    base = [Requirement(line) for line in requirements(wheel) if "extra ==" not in line]
    assert {requirement.name for requirement in base} == {"tuf", "httpx", "anyio", "numpy", "snowballstemmer"}


def test_the_client_works_with_the_base_dependencies_alone(desktop: Environment, tree: Path) -> None:
    pulled = desktop.vade("pull", str(tree), "--store", "kb.db", "--json")
    assert (pulled.returncode, json.loads(pulled.stdout)["to"]) == (0, 1), pulled.stderr
    found = desktop.vade("search", "rotate", "--store", "kb.db", "--json")
    assert json.loads(found.stdout)["hits"][0]["document"] == "keys.md"
    assert "Release 1" in desktop.vade("status", "--store", "kb.db").stdout
    for command in ("verify", "probe"):
        looked = desktop.vade(command, str(tree))
        assert looked.returncode == 0, looked.stderr


def test_the_builder_says_what_to_install(desktop: Environment) -> None:
    (desktop.work / "docs").mkdir(exist_ok=True)
    for command in (["build", "docs", "--out", "dist"], ["keys", "new"]):
        ran = desktop.vade(*command)
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran.stderr
        assert re.search(r"pip install '.*\[build\]'", ran.stderr), ran.stderr


def test_importing_the_package_brings_nothing_heavy(desktop: Environment) -> None:
    code = (
        "import sys, vademecum; heavy = {'numpy', 'httpx', 'sqlite3', 'tuf', 'cryptography'} & set(sys.modules);"
        "print(vademecum.__file__); print(sorted(heavy)); from vademecum import KnowledgeBase"
    )
    ran = desktop.run("python", "-W", "error", "-c", code)
    place, heavy = ran.stdout.splitlines()
    assert (ran.returncode, heavy) == (0, "[]"), ran.stderr
    assert Path(place).is_relative_to(desktop.folder)


def test_the_installed_builder_finds_its_pages(builder: Environment) -> None:
    code = (
        "from vademecum_builder.pages.render import site_folder, _environment; print(site_folder());"
        "_environment().get_template('index.html.jinja')"
    )
    ran = builder.run("python", "-c", code)
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).is_relative_to(builder.folder)
