"""The runtime of the browser client, fetched once into a cache folder: Pyodide from npm, wheels from pip.

Every file is pinned in `pyodide_pins.json` and hashed before each use, so the package managers and their registries
need not be trusted.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from vademecum.errors import ContentError, NetworkError, StorageError, UsageError
from vademecum.format.json import canonical
from vademecum_builder.cache import default_cache

_PINS_FILE = Path(__file__).with_name("pyodide_pins.json")
_DOWNLOAD_SECONDS = 300
_ABANDONED = 3600
"""Seconds after which a download into a folder counts as abandoned."""
_WITHOUT_SITE = "or build without the browser client: `vade build --no-site`"


@dataclass(frozen=True)
class Pins:
    """The exact files of the runtime.

    Attributes:
        package: Name of the npm package of Pyodide.
        version: Its version.
        pyodide: SHA-256 of each file that is taken from the package.
        wheels: SHA-256 of each wheel, by file name.
    """

    package: str
    version: str
    pyodide: Mapping[str, str]
    wheels: Mapping[str, str]

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of every file of the cache folder, by path."""
        wheels = {f"wheels/{name}": digest for name, digest in self.wheels.items()}
        return {f"pyodide/{name}": digest for name, digest in self.pyodide.items()} | wheels

    @property
    def digest(self) -> str:
        """The name of the cache folder, which depends on the pins."""
        return hashlib.sha256(canonical(dict(self.files))).hexdigest()


def load_pins() -> Pins:
    """Read the pins of this version of the builder."""
    pins = orjson.loads(_PINS_FILE.read_bytes())
    pyodide = pins["pyodide"]
    return Pins(pyodide["package"], pyodide["version"], pyodide["files"], pins["wheels"])


def fetch_runtime(cache: Path | None = None, pins: Pins | None = None, python: str = sys.executable) -> Path:
    """Return a folder that holds the pinned files, each of them hashed just now; download what is missing.

    Args:
        cache: Where runtimes are kept; `default_cache()` if None.
        pins: What to fetch; `load_pins()` if None.
        python: The interpreter whose pip downloads the wheels.

    Raises:
        UsageError: npm or pip is not installed.
        NetworkError: A package manager could not fetch its package, or took too long.
        ContentError: What it fetched is not what is pinned.
        StorageError: The cache folder cannot be written.
    """
    pins = pins or load_pins()
    cache = cache or default_cache()
    folder = cache / f"runtime-{pins.digest[:16]}"
    try:
        _sweep(cache)
        if _damaged(folder, pins) is None:
            return folder
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as temporary:
            fetched = Path(temporary) / "runtime"
            _download(fetched, Path(temporary), pins, python)
            _move_into_place(fetched, folder, pins)
    except OSError as error:
        raise StorageError(
            f"cannot keep the browser's Python runtime in {cache}: {error.strerror or error}; "
            f"set VADEMECUM_CACHE to a folder that can be written, {_WITHOUT_SITE}"
        ) from error
    return folder


def _sweep(cache: Path) -> None:
    """Delete what killed builds have left; a download that is still running is younger."""
    for left in cache.glob("fetching-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left)


def _damaged(folder: Path, pins: Pins) -> str | None:
    """Return the first pinned file that is missing or different, or None."""
    for name, expected in pins.files.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            return name
    return None


def _move_into_place(fetched: Path, folder: Path, pins: Pins) -> None:
    if folder.exists():
        shutil.rmtree(folder)  # it is damaged, so nothing uses it
    try:
        fetched.rename(folder)
    except OSError:
        if _damaged(folder, pins) is not None:  # otherwise another build was faster, with the same bytes
            raise


def _download(target: Path, scratch: Path, pins: Pins, python: str) -> None:
    (target / "pyodide").mkdir(parents=True)
    (target / "wheels").mkdir()
    for name, content in _npm_files(scratch, pins).items():
        (target / "pyodide" / name).write_bytes(content)
    for wheel in _pip_wheels(scratch, pins, python):
        shutil.copyfile(wheel, target / "wheels" / wheel.name)
    wrong = _damaged(target, pins)
    if wrong is not None:
        manager = "npm" if wrong.startswith("pyodide/") else "pip"
        raise ContentError(
            f"{wrong} as fetched with {manager} is not the file pinned (SHA-256 {pins.files[wrong]}); "
            f"check which registry {manager} uses, {_WITHOUT_SITE}"
        )


def _npm_files(scratch: Path, pins: Pins) -> Mapping[str, bytes]:
    """Fetch the npm package and return its pinned files. Nothing else of it is unpacked or run."""
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(
            "npm was not found, and the browser client needs one package from it: "
            f"install Node.js 20 or newer (npm comes with it), {_WITHOUT_SITE}"
        )
    wanted = f"{pins.package}@{pins.version}"
    _run([npm, "pack", wanted, "--pack-destination", str(scratch), "--silent"], "npm", wanted, scratch)
    files: dict[str, bytes] = {}
    for archive in sorted(scratch.glob("*.tgz")):
        try:
            with tarfile.open(archive, "r:gz") as package:
                for name in pins.pyodide:
                    with contextlib.suppress(KeyError):  # a missing file is reported by its hash
                        if (member := package.extractfile(f"package/{name}")) is not None:
                            files[name] = member.read()
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise ContentError(f"{archive.name} as fetched with npm is not a package: {error}") from error
    return files


def _pip_wheels(scratch: Path, pins: Pins, python: str) -> Iterable[Path]:
    """Fetch the wheels; pip itself refuses one with another hash."""
    folder = scratch / "pip"
    folder.mkdir()
    requirements = scratch / "requirements.txt"
    lines = []
    for name, digest in pins.wheels.items():
        distribution, version = name.split("-")[:2]
        lines.append(f"{distribution}=={version} --hash=sha256:{digest}\n")
    requirements.write_text("".join(lines), encoding="utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input", "--quiet"]
    command = [python, "-m", "pip", "--disable-pip-version-check", "download", *options]
    _run([*command, "-d", str(folder), "-r", str(requirements)], "pip", "its three wheels", scratch)
    return [path for path in folder.iterdir() if path.name in pins.wheels]


def _run(command: Sequence[str], manager: str, what: str, folder: Path) -> None:
    """Run a package manager quietly. It may warn on stderr as it likes: only its exit code counts."""
    advice = f"check the network, {_WITHOUT_SITE}"
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=_DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NetworkError(f"{manager} did not fetch {what} in {_DOWNLOAD_SECONDS} s; {advice}") from None
    if done.returncode == 0:
        return
    raise NetworkError(f"{manager} could not fetch {what} ({_last_complaint(done.stderr)}); {advice}")


def _last_complaint(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "err" in line.lower()] or lines or ["no message"]
    return errors[-1][:200]
