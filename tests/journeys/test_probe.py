"""`vade probe`: what a user gets from outside, tried with the client that users have."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from support.pages_host import PagesHost
from vademecum_builder.cli.main import main

PAGE = "# {0}\n\nWhat there is to know about {0}.\n"


def publish(*subjects: str) -> None:
    """Build a release of these pages, and deploy it."""
    build(*subjects)
    deploy()


def build(*subjects: str) -> None:
    Path("docs").mkdir(exist_ok=True)
    for subject in subjects:
        Path("docs", f"{subject}.md").write_text(PAGE.format(subject))
    assert main(["build", "docs", "--out", "dist", "--no-site"]) == 0


def deploy() -> None:
    shutil.copytree("dist", "host", dirs_exist_ok=True)


def probe(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["probe", *options, "--json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told


def test_it_installs_updates_and_searches(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish("pumps", "valves")
    with PagesHost(Path("host")) as host:
        code, told = probe(capsys, host.url, "--expect", "1", "--store", "before/kb.db")
        assert (code, told["sequence"], told["address"]) == (0, 1, host.url)
        assert (told["installed"]["plan"], told["installed"]["found"]) == ("full", "pumps")
        publish("levers")
        code, told = probe(capsys, host.url, "--expect", "2", "--store", "before/kb.db")
        assert (code, told["installed"]["from"], told["updated"]["from"]) == (0, None, 1)
        assert told["updated"]["sequence"] == 2 and told["updated"]["plan"] != "full"
        code, told = probe(capsys, host.url, "--expect", "3")
        assert (code, told["error"]["code"]) == (5, "rollback")
        assert "serves release 2, expected 3" in told["error"]["message"]


def test_a_release_that_was_taken_back_is_told_as_such(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish("pumps")
    assert main(["yank", "1", "--out", "dist"]) == 0
    deploy()
    with PagesHost(Path("host")) as host:
        code, told = probe(capsys, host.url)
    assert (code, told["error"]["code"]) == (1, "empty")
    assert f"{host.url} has no release for a new user" in told["error"]["message"]


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_pull_of_what_was_taken_back_installs_nothing_and_says_so(
    place: Path, capsys: pytest.CaptureFixture[str], force: list[str]
) -> None:
    publish("pumps")
    publish("valves")
    assert main(["rollback", "--to", "1", "--out", "dist"]) == 0
    assert main(["pull", "dist", "--store", "early.db", "--quiet"]) == 0
    assert main(["yank", "3", "--out", "dist"]) == 0
    capsys.readouterr()
    assert main(["pull", "dist", "--store", "kb.db", "--json", *force]) == 1
    told = "nothing is installed: release 3 was taken back by its publisher, and there is no other yet"
    assert json.loads(capsys.readouterr().out) == {"error": {"code": "empty", "message": told, "exit": 1}}
    assert main(["status", "--store", "kb.db", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["installed"], status["reason"]) == (None, "yanked")
    assert main(["pull", "dist", "--store", "early.db"]) == 0, "who has it reads on"
    publish("levers")
    assert main(["pull", "dist", "--store", "kb.db", "--quiet"]) == 0


def test_the_settings_say_where_and_whom_to_trust(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish("pumps")
    assert main(["keys", "new", "--out", "others"]) == 0
    with PagesHost(Path("host")) as host:
        settings = f'address = "{host.url}"\nroot = "root.json"\n[[source]]\npath = "docs"\n'
        Path("vademecum.toml").write_text(settings)
        shutil.copy(".vademecum/keys/root.json", "root.json")
        assert probe(capsys)[1]["sequence"] == 1
        shutil.copy("others/root.json", "root.json")
        assert probe(capsys)[1]["error"]["code"] == "signature"
    Path("vademecum.toml").write_text('[[source]]\npath = "docs"\n')
    code, told = probe(capsys)
    assert (code, told["error"]["message"][:24]) == (2, "where is it published? n")


def test_it_waits_for_a_deploy_that_arrives_bit_by_bit(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum_builder.cli.commands.probe._PAUSE", 0.05)
    publish("pumps")
    build("levers")

    def arrive() -> None:
        for part in ("metadata", "releases", "objects"):  # the wrong way round, as caches let go
            time.sleep(0.2)
            shutil.copytree(Path("dist", part), Path("host", part), dirs_exist_ok=True)

    with PagesHost(Path("host")) as host:
        assert probe(capsys, host.url, "--store", "kb.db")[1]["sequence"] == 1
        arriving = threading.Thread(target=arrive)
        arriving.start()
        code, told = probe(capsys, host.url, "--expect", "2", "--wait", "60", "--store", "kb.db")
        arriving.join()
    assert (code, told["sequence"], told["updated"]["from"]) == (0, 2, 1)


def test_a_search_that_finds_nothing_is_a_failure(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("pumps")
    monkeypatch.setattr("vademecum.knowledge.KnowledgeBase.search", lambda *_, **__: [])
    code, told = probe(capsys, "host")
    assert (code, told["error"]["code"]) == (1, "self-test")
