"""A release of ours, read by another TUF client: tuf-js, from the npm registry, against the Pages-like host."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.pages_host import PagesHost
from vademecum_builder.cli.main import main

pytestmark = pytest.mark.process

JS = Path(__file__).parent / "js"


def build(folder: Path, *more: str) -> None:
    options = ["--out", str(folder / "dist"), "--keys", str(folder / "keys"), *more]
    assert main(["build", str(folder / "source"), *options, "--json"]) == 0


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources, keys and a tree with two releases."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "source").mkdir()
    (folder / "source/lamp.md").write_text("# Lamps\n\nHow to light a lamp and carry it home.\n")
    assert main(["keys", "new", "--out", str(folder / "keys")]) == 0
    build(folder, "--no-site")
    (folder / "source/key.md").write_text("# Keys\n\nHow to rotate the key of the root.\n")
    build(folder, "--no-site")
    return folder


@pytest.fixture
def place(published: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(published, tmp_path / "published"))


def read(folder: Path, reader: Path) -> dict[str, Any]:
    """What tuf-js makes of the tree: a client of its own lives in `reader`."""
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed: the README says how the tests are set up"
    assert (JS / "node_modules/tuf-js").is_dir(), f"run `npm ci` in {JS}"
    with PagesHost(folder / "dist") as host:
        command = [node, str(JS / "read.mjs"), host.url, str(folder / "keys/root.json"), str(reader)]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_another_client_reads_what_we_publish(place: Path, tmp_path: Path) -> None:
    """Every target that we sign, and every object that the manifest names."""
    (place / "source/root.md").write_text("# Roots\n\nThe root says who signs.\n")
    build(place)
    answer = read(place, tmp_path / "reader")
    assert "refused" not in answer, answer
    assert answer["release"] == "releases/3.json"
    files = {
        "releases/3.json": next((place / "dist/releases").glob("*.3.json")),
        "site.json": next((place / "dist").glob("*.site.json")),
    }
    targets = {path: base64.b64decode(content) for path, content in answer["targets"].items()}
    assert targets == {path: file.read_bytes() for path, file in files.items()}
    assert len(answer["objects"]) >= 2, "an encoder and a segment"
    for digest, content in answer["objects"].items():
        stored = (place / f"dist/objects/{digest}.gz").read_bytes()
        assert base64.b64decode(content) == gzip.decompress(stored)


def test_another_client_follows_a_rotation_of_keys(place: Path, tmp_path: Path) -> None:
    shipped = (place / "keys/root.json").read_bytes()
    assert main(["keys", "rotate", "--keys", str(place / "keys")]) == 0
    build(place, "--no-site")
    (place / "keys/root.json").write_bytes(shipped)
    assert len(list((place / "dist/metadata").glob("*.root.json"))) == 2
    assert "refused" not in read(place, tmp_path / "reader")


def change_manifest(dist: Path) -> None:
    (manifest,) = (dist / "releases").glob("*.2.json")
    manifest.write_bytes(manifest.read_bytes().replace(b'"documents":2', b'"documents":3'))


def change_targets(dist: Path) -> None:
    targets = dist / "metadata/2.targets.json"
    targets.write_bytes(targets.read_bytes().replace(b'"sequence":2', b'"sequence":3'))


def change_timestamp(dist: Path) -> None:
    timestamp = dist / "metadata/timestamp.json"
    timestamp.write_bytes(timestamp.read_bytes().replace(b'"version":2', b'"version":3'))


def mix(dist: Path) -> None:
    shutil.copyfile(dist / "metadata/1.targets.json", dist / "metadata/2.targets.json")


def change_object(dist: Path) -> None:
    for body in (dist / "objects").iterdir():
        body.write_bytes(gzip.compress(b"other content"))


@pytest.mark.parametrize(
    ("tamper", "word"),
    [
        (change_manifest, "hash"),
        (change_targets, "signed by 0"),
        (change_timestamp, "sign"),
        (mix, "does not match snapshot version"),
        (change_object, "not the bytes"),
    ],
)
def test_another_client_refuses_a_tampered_tree(
    place: Path, tmp_path: Path, tamper: Callable[[Path], None], word: str
) -> None:
    before = {path: path.read_bytes() for path in (place / "dist").rglob("*") if path.is_file()}
    tamper(place / "dist")
    assert any(path.read_bytes() != data for path, data in before.items()), "nothing was changed"
    answer = read(place, tmp_path / "reader")
    assert answer.keys() == {"refused", "message"}
    assert word in answer["message"]
