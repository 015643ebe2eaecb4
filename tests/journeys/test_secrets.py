"""Secrets that a command is given stay out of everything that it prints, logs or stores."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from support.forked import put_vade
from support.pages_host import PagesHost
from support.publisher import Publisher
from vademecum_builder.cli.main import main
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE

SECRET = "s3cr3t"


def run(vade: Path, *arguments: str | Path, **environ: str) -> str:
    """Run `vade` in a process of its own with all its logging; return whatever it says."""
    variables = {**os.environ, "VADEMECUM_LOG": "debug", **environ}
    done = subprocess.run([vade, *arguments], capture_output=True, text=True, check=False, env=variables)
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
    store, vade = tmp_path / "kb.db", put_vade(tmp_path)
    with PagesHost(tmp_path / "tree") as server:
        url = f"http://user:{SECRET}@127.0.0.1:{server.port}/"
        said = [
            run(vade, "pull", url, "--store", store, "--json"),
            run(vade, "status", "--store", store, "--json"),
            run(vade, "verify", url, "--json"),
            run(
                vade,
                *("build", tmp_path / "source", "--out", tmp_path / "out", "--previous", url),
                **{KEY_VARIABLE: "awskms:x"},
            ),
        ]
    assert " DEBUG " in said[0] and "127.0.0.1" in said[0] and "answered 404" in said[2] + said[3]
    assert SECRET not in "".join(said)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("kb.db*"))
    assert stored and SECRET.encode() not in stored


@pytest.mark.fault("E66")
def test_what_another_publisher_signed_moves_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "v\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\x7f"
    publisher = Publisher(change=lambda manifest: replace(manifest, version=evil))
    publisher.publish({"a\x1b[2J": {"title": evil, "chunks": [f"rotate {evil}"]}})
    for path, data in publisher.files.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_bytes(data)
    store = ["--store", str(tmp_path / "kb.db")]
    commands = [["pull", str(tmp_path / "tree")], ["status"], ["search", "rotate"], ["doctor"]]
    for command in [["verify", str(tmp_path / "tree")], *(line + store for line in commands)]:
        for options in ([], ["--json"]):
            main([*command, *options])
            shown = "".join(capsys.readouterr())
            assert shown
            assert not [char for char in shown if ord(char) in {*range(32), *range(127, 160), 0x202E} - {9, 10}]
    assert main(["search", "rotate", *store]) == 0
    assert "\\u001b]0;owned" in capsys.readouterr().out
