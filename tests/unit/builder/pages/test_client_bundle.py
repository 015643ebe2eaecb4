"""The bundle of the browser client. Package managers are small scripts here; nothing leaves the machine."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import stat
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

import vademecum
from support.publishing import make_runtime
from vademecum.errors import ContentError, NetworkError, StorageError, UsageError
from vademecum_builder.cache import default_cache
from vademecum_builder.pages.client_bundle import client_files, digests
from vademecum_builder.pages.pyodide import Pins, _run, fetch_runtime, load_pins

pytestmark = pytest.mark.process

WASM = b"\0asm the interpreter"
WHEEL_NAME = "tuf-7.0.1-py3-none-any.whl"


def make_wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tuf/__init__.py", "")
        archive.writestr("tuf/test_data/large", "x" * 1000)
        archive.writestr("tuf-7.0.1.dist-info/LICENSE", "MIT")
        archive.writestr("tuf-7.0.1.dist-info/RECORD", "")
    return buffer.getvalue()


WHEEL = make_wheel()
PINNED = f"tuf==7.0.1 --hash=sha256:{hashlib.sha256(WHEEL).hexdigest()}\n"


class World(NamedTuple):
    """A PATH with an npm of ours, a Python whose pip is ours, and what is pinned."""

    cache: Path
    pins: Pins
    python: str
    log: Path

    def fetch(self) -> Path:
        return fetch_runtime(self.cache, self.pins, self.python)

    def calls(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


def script(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def npm_package(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def npm_body(log: Path, package: bytes) -> str:
    return f"""
pathlib.Path({str(log)!r}).open("a").write("npm ")
print("npm warn something", file=sys.stderr)
folder = sys.argv.pop(4)
assert sys.argv[1:] == ["pack", "pyodide@1.0.0", "--pack-destination", "--silent"]
(pathlib.Path(folder) / "pyodide-1.0.0.tgz").write_bytes({package!r})"""


def pip_body(log: Path, wheel: bytes) -> str:
    return f"""
pathlib.Path({str(log)!r}).open("a").write("pip ")
options = "--no-deps --only-binary=:all: --require-hashes --no-input --quiet -d"
assert sys.argv[1:-3] == ["-m", "pip", "--disable-pip-version-check", "download", *options.split()]
assert pathlib.Path(sys.argv[-1]).read_text() == {PINNED!r}
(pathlib.Path(sys.argv[sys.argv.index("-d") + 1]) / {WHEEL_NAME!r}).write_bytes({wheel!r})"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    bin_folder, log = tmp_path / "bin", tmp_path / "calls"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", str(bin_folder))
    package = npm_package({"package/pyodide.asm.wasm": WASM, "../escape": b"no", "package/huge.map": b"no"})
    script(bin_folder / "npm", npm_body(log, package))
    script(bin_folder / "python", pip_body(log, WHEEL))
    pins = Pins(
        "pyodide",
        "1.0.0",
        {"pyodide.asm.wasm": hashlib.sha256(WASM).hexdigest()},
        {WHEEL_NAME: hashlib.sha256(WHEEL).hexdigest()},
    )
    return World(tmp_path / "cache", pins, str(bin_folder / "python"), log)


def all_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_pinned_files_and_no_others_are_kept(world: World) -> None:
    folder = world.fetch()
    assert all_files(world.cache) == [f"{folder.name}/pyodide/pyodide.asm.wasm", f"{folder.name}/wheels/{WHEEL_NAME}"]
    assert (folder / "pyodide/pyodide.asm.wasm").read_bytes() == WASM


def test_a_second_build_asks_no_package_manager(world: World) -> None:
    assert world.fetch() == world.fetch()
    assert world.calls() == ["npm", "pip"]


@pytest.mark.fault("E60")
def test_what_killed_builds_have_left_is_swept_and_a_build_that_fetches_now_is_not(world: World) -> None:
    for name, age in (("fetching-old", 7200), ("fetching-now", 60)):
        (world.cache / name).mkdir(parents=True)
        (world.cache / name / "part").write_bytes(b"part")
        os.utime(world.cache / name, (time.time() - age,) * 2)
    world.fetch()
    assert not (world.cache / "fetching-old").exists()
    assert (world.cache / "fetching-now").exists()


def test_a_damaged_cache_is_fetched_anew(world: World) -> None:
    damaged = world.fetch() / "pyodide/pyodide.asm.wasm"
    damaged.write_bytes(b"\0asm something else!")
    world.fetch()
    assert damaged.read_bytes() == WASM
    assert world.calls() == ["npm", "pip"] * 2


def test_other_pins_live_in_another_folder(world: World) -> None:
    changed = Pins("pyodide", "1.0.0", {"pyodide.asm.wasm": "0" * 64}, world.pins.wheels)
    assert changed.digest != world.pins.digest


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (npm_package({"package/pyodide.asm.wasm": b"\0asm with a surprise"}), "pyodide.asm.wasm.*not the file"),
        (npm_package({"package/other": b""}), "pyodide.asm.wasm.*not the file"),
        (b"<html>log in</html>", "not a package"),
        (npm_package({"package/pyodide.asm.wasm": WASM * 999})[:60], "not a package"),
    ],
    ids=["another file", "no file", "a page", "cut"],  # the bytes hold the time
)
def test_another_npm_package_is_refused_and_nothing_is_kept(world: World, package: bytes, message: str) -> None:
    script(Path(world.python).with_name("npm"), npm_body(world.log, package))
    with pytest.raises(ContentError, match=message):
        world.fetch()
    assert all_files(world.cache) == []


def test_another_wheel_is_refused_and_nothing_is_kept(world: World) -> None:
    script(Path(world.python), pip_body(world.log, WHEEL + b"!"))
    with pytest.raises(ContentError, match=r"tuf.*pip is not the file"):
        world.fetch()
    assert all_files(world.cache) == []


def test_without_npm_the_error_says_what_to_install(world: World) -> None:
    Path(world.python).with_name("npm").unlink()
    with pytest.raises(UsageError, match=r"install Node\.js .*--no-site"):
        world.fetch()


@pytest.mark.parametrize("manager", ["npm", "pip"])
def test_offline_is_one_clear_line(world: World, manager: str) -> None:
    path = Path(world.python).with_name("python" if manager == "pip" else "npm")
    script(path, 'print("trying", file=sys.stderr); sys.exit("npm error network ENOTFOUND\\n\\n")')
    with pytest.raises(NetworkError, match=rf"^{manager} could not fetch .*ENOTFOUND.*--no-site`$") as caught:
        world.fetch()
    assert "\n" not in str(caught.value)
    assert all_files(world.cache) == []


def test_a_package_manager_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum_builder.pages.pyodide._DOWNLOAD_SECONDS", 0.2)
    with pytest.raises(NetworkError, match="npm did not fetch"):
        _run([sys.executable, "-c", "import time; time.sleep(60)"], "npm", "pyodide", tmp_path)


def test_a_cache_that_cannot_be_written_is_a_storage_error(world: World, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(StorageError, match="VADEMECUM_CACHE"):
        world.fetch()


def test_a_cache_that_cannot_even_be_looked_at_is_the_same_error(world: World, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="VADEMECUM_CACHE"):
        fetch_runtime(tmp_path / ("n" * 300), world.pins, world.python)


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VADEMECUM_CACHE", str(tmp_path / "mine"))
    assert default_cache() == tmp_path / "mine"
    monkeypatch.delenv("VADEMECUM_CACHE")
    assert default_cache().name == "vademecum"


def test_the_real_pins_name_everything_a_browser_needs() -> None:
    pins = load_pins()
    wanted = {"pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"}
    assert set(pins.pyodide) == wanted
    assert [name.split("-")[0] for name in sorted(pins.wheels)] == ["securesystemslib", "tuf"]
    assert all(len(digest) == 64 and int(digest, 16) for digest in pins.files.values())


def archive_names(content: Path | bytes) -> list[str]:
    assert isinstance(content, bytes)
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_the_bundle_lies_below_client_and_its_list_is_true(world: World) -> None:
    files = client_files(world.fetch())
    assert all(path.startswith("client/") for path in files)
    content = files["client/runtime.json"]
    assert isinstance(content, bytes)
    runtime = json.loads(content)
    assert runtime["pyodide"] == "pyodide/"
    assert runtime["python"] == ["vademecum.zip", "wheels/tuf-7.0.1.zip"]
    core, wheel = (files[f"client/{path}"] for path in runtime["python"])
    assert isinstance(core, bytes) and isinstance(wheel, bytes)
    assert runtime["bytes"] == len(core) + len(wheel) + len(WASM)
    assert all(f"client/{path}" in files for path in runtime["python"])
    assert files["client/pyodide/pyodide.asm.wasm"] == world.fetch() / "pyodide/pyodide.asm.wasm"


def test_every_module_of_the_shim_is_in_the_bundle(world: World) -> None:
    folder = Path(vademecum.__file__).parent / "js"
    modules = {f"client/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.mjs")}
    assert {"client/vademecum.mjs", "client/store/store.mjs"} <= modules
    assert modules <= set(client_files(world.fetch()))


def test_our_modules_go_without_what_only_people_read(world: World) -> None:
    """And with everything else: line by line in JavaScript, statement by statement in Python."""
    package, files = Path(vademecum.__file__).parent, client_files(world.fetch(), bundle=False)
    for path in (package / "js").rglob("*.mjs"):
        published = files[f"client/{path.relative_to(package / 'js').as_posix()}"]
        assert isinstance(published, bytes)
        assert b"/**" not in published
        assert code(path.read_text(encoding="utf-8")) == code(published.decode()), path
    core = files["client/vademecum.zip"]
    assert isinstance(core, bytes)
    with zipfile.ZipFile(io.BytesIO(core)) as archive:
        for name in archive.namelist():
            mine, theirs = statements((package.parent / name).read_bytes()), statements(archive.read(name))
            assert [kind for kind in mine if kind != "text"] == theirs, name


def code(text: str) -> list[str]:
    """Return the lines of JavaScript without comments and white space."""
    while "/**" in text:
        before, _, rest = text.partition("/**")
        text = before + rest.partition("*/")[2]
    bare = [line.partition(" // ")[0] if "; // " in line or "{ // " in line else line for line in text.splitlines()]
    lines = ["".join(line.split()) for line in bare]
    return [line for line in lines if line and not line.startswith("//")]


def statements(source: bytes) -> list[str]:
    """Return the kinds of statements in a module, in order, but for a `pass` in the place of a docstring."""
    kinds = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(ast.Constant(str())):
                kinds.append("text")
            case ast.stmt() if not isinstance(node, ast.Pass):
                kinds.append(type(node).__name__)
    return kinds


def test_the_wheel_goes_without_its_test_data_and_with_its_licence(world: World) -> None:
    names = archive_names(client_files(world.fetch())["client/wheels/tuf-7.0.1.zip"])
    assert names == ["tuf-7.0.1.dist-info/LICENSE", "tuf/__init__.py"]


def test_of_tuf_goes_what_judges_metadata_and_nothing_that_reaches_over_http(tmp_path: Path) -> None:
    judges = ["tuf/ngclient/_internal/trusted_metadata_set.py", "tuf/ngclient/config.py"]
    reaches = ["tuf/ngclient/__init__.py", "tuf/ngclient/updater.py", "tuf/repository/__init__.py"]
    installed = {str(file) for file in importlib.metadata.files("tuf") or ()}
    assert set(judges + reaches) <= installed, "tuf has moved its modules"
    runtime = make_runtime(tmp_path)
    with zipfile.ZipFile(runtime / "wheels" / "tuf-7.0.0-py3-none-any.whl", "w") as archive:
        for name in judges + reaches:
            archive.writestr(name, "")
    assert archive_names(client_files(runtime)["client/wheels/tuf-7.0.0.zip"]) == judges


def test_of_python_goes_what_browsers_import(tmp_path: Path) -> None:
    kept = ["_strptime.py", "asyncio/__init__.py", "encodings/idna.py", "pickle.py", "traceback.py"]
    left = ["encodings/big5.py", "multiprocessing/pool.py", "tkinter/__init__.py", "turtle.py", "xml/"]
    runtime = make_runtime(tmp_path)
    with zipfile.ZipFile(runtime / "pyodide" / "python_stdlib.zip", "w") as archive:
        for name in kept + left:
            archive.writestr(name, "")
    (runtime / "pyodide" / "pyodide-lock.json").write_text('{"info": {"python": "3.14"}, "packages": {"x": 1}}')
    files = client_files(runtime)
    assert archive_names(files["client/pyodide/python_stdlib.zip"]) == kept
    assert files["client/pyodide/pyodide-lock.json"] == b'{"info":{"python":"3.14"},"packages":{}}'
    assert client_files(runtime) == files


def test_the_core_in_the_zip_imports_nothing_that_is_not_there(world: World) -> None:
    content = client_files(world.fetch())["client/vademecum.zip"]
    assert isinstance(content, bytes)
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = set(archive.namelist())
    assert "vademecum/errors.py" in names
    assert "vademecum/browser.py" in names
    assert not names & {"vademecum/runtime/http.py", "vademecum/knowledge.py", "vademecum/installation.py"}
    for name in names:
        for module in imported_when_loaded(name, ast.parse(archive.read(name))):
            path = module.replace(".", "/")
            inside = {f"{path}.py", f"{path}/__init__.py"} & names
            assert inside or module.split(".")[0] in ALLOWED, f"{name} imports {module}"


ALLOWED = sys.stdlib_module_names | {"tuf", "securesystemslib", "js", "pyodide"}


def imported_when_loaded(name: str, tree: ast.Module) -> set[str]:
    """Return the absolute names of the modules that a module imports at its top level."""
    package = name.removesuffix(".py").split("/")[:-1]
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {".".join([*base, name]) for name in names}
    return found


def test_the_same_sources_give_the_same_bytes(world: World, tmp_path: Path) -> None:
    folder = world.fetch()
    copy = shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    first, second = client_files(folder), client_files(copy)
    assert digests(first) == digests(second)
    content = first["client/vademecum.zip"]
    assert isinstance(content, bytes)
    entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
