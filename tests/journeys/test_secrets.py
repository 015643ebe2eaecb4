"""Secrets that a command is given stay out of everything that it prints, logs or stores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.pages_host import PagesHost
from vademecum_builder.cli.main import main
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE

SECRET = "s3cr3t"


def run(*arguments: str | Path, **environ: str) -> str:
    """Run `vade` in a process of its own with all its logging; return whatever it says."""
    command = [sys.executable, "-m", "vademecum_builder.cli.main", *map(str, arguments)]
    variables = {**os.environ, "VADEMECUM_LOG": "debug", **environ}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    return done.stdout + done.stderr


@pytest.mark.usefixtures("small_site")
def test_the_key_of_the_environment_is_in_nothing_that_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.md").write_text("# A\n\nText.\n")
    keys, out = tmp_path / "keys", tmp_path / "out"
    assert main(["keys", "new", "--out", str(keys)]) == 0
    pem = (keys / RELEASE_KEY).read_text()
    secret = pem.splitlines()[1]
    monkeypatch.setenv(KEY_VARIABLE, pem)
    for source in (tmp_path / "source", tmp_path / "missing"):
        main(["build", str(source), "--out", str(out), "--root", str(keys / ROOT_FILE), "--json"])
    printed = capfd.readouterr()
    assert secret not in printed.out + printed.err
    files = [path for path in out.rglob("*") if path.is_file()]
    assert files and not [path for path in files if secret[-40:].encode() in path.read_bytes()]


def test_a_password_in_an_address_is_neither_printed_nor_stored(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.md").write_text("# A\n\nText.\n")
    store = tmp_path / "kb.db"
    with PagesHost(tmp_path / "tree") as server:
        url = f"http://user:{SECRET}@127.0.0.1:{server.port}/"
        said = [
            run("pull", url, "--store", store, "--json"),
            run("status", "--store", store, "--json"),
            run("verify", url, "--json"),
            run(
                *("build", tmp_path / "source", "--out", tmp_path / "out", "--previous", url),
                **{KEY_VARIABLE: "awskms:x"},
            ),
        ]
    assert "127.0.0.1" in said[0] and "answered 404" in said[2] + said[3]
    assert SECRET not in "".join(said)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("kb.db*"))
    assert stored and SECRET.encode() not in stored
