"""The commands over the workspace: what they print, and how they end."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from support.workshop import Workshop, lamp
from vademecum_builder.cli.main import main
from vademecum_builder.workspace.store import Workspace


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    made = Workshop(tmp_path)
    made.write([lamp(number) for number in range(20)])
    return made


def run(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = 0) -> Any:
    assert main([*arguments, "--json"]) == ends
    return json.loads(capsys.readouterr().out)


def test_sync_then_monitor_then_changes(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    [job] = run(capsys, "sync")["jobs"]
    assert (job["state"], job["source"], job["added"]) == ("done", "products", 20)
    assert run(capsys, "monitor", "--exit-code")["changes"] == []
    shop.write([lamp(number, **({"price": 99} if number == 3 else {})) for number in range(20)])
    [change] = run(capsys, "monitor")["changes"]
    assert (change["key"], list(change["fields"])) == ("products:3", ["price"])
    assert run(capsys, "monitor", "products", "--exit-code", ends=1)["changes"] == [change]
    run(capsys, "sync", "products")
    [done] = run(capsys, "changes", "--since", "20")["changes"]
    assert (done["seq"], done["job"], done["fields"]) == (21, 2, change["fields"])
    [between] = run(capsys, "changes", "--between", "1", "2")["changes"]
    assert (between["old"]["price"], between["new"]["price"], between["fields"]) == (3, 99, ["price"])


def test_between_two_jobs_something_came_or_went_and_what_did_both_is_no_difference(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    for numbers in (range(3), range(1, 4), range(1, 3)):
        shop.write([lamp(number) for number in numbers])
        run(capsys, "sync", "--allow-shrink")
    for last, keys in (("2", ["products:0", "products:3"]), ("3", ["products:0"])):
        assert [one["key"] for one in run(capsys, "changes", "--between", "1", last)["changes"]] == keys


def test_the_log_is_lines_of_json(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sync", "--quiet"])
    main(["changes"])
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["key"] for line in lines] == [f"products:{number}" for number in range(20)]
    main(["changes", "--since", "20"])
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_rollback_is_built_without_a_sync(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(capsys, "build")
    shop.write([lamp(number, text="Damaged.") for number in range(1, 21)])
    assert run(capsys, "build")["modified"] == 19
    job = run(capsys, "jobs", "rollback", "3")["job"]
    assert (job["kind"], job["added"], job["modified"], job["removed"]) == ("rollback", 1, 19, 1)
    assert run(capsys, "jobs", "rollback", "4", ends=2)["error"]["code"] == "usage"
    back = run(capsys, "build", "--no-sync")
    assert (back["documents"], back["embedded"] <= first["embedded"]) == (20, True)
    with Workspace(Path(".vademecum/work.db")) as workspace:
        stored = workspace.item("products", "0")
    assert stored and b"Lamp 0" in stored.item.data


def test_jobs(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "sync")
    assert [job["id"] for job in run(capsys, "jobs")["jobs"]] == [1]
    assert len(run(capsys, "jobs", "show", "1")["changes"]) == 20
    for action in ("resume", "retry", "cancel"):
        assert "error" in run(capsys, "jobs", action, "1", ends=2)
    assert "no job 9" in run(capsys, "jobs", "show", "9", ends=2)["error"]["message"]
    assert "which job" in run(capsys, "jobs", "show", ends=2)["error"]["message"]
    with Workspace(Path(".vademecum/work.db")) as workspace:
        workspace.begin("sync", "products", {"ids": [], "full": False, "batch": 3})
    assert run(capsys, "jobs", "resume", "2")["job"]["state"] == "done"


@pytest.mark.parametrize("damage", [b'{"id": 1}\n{"id": 2, "te', b"", None])
def test_a_source_that_is_damaged_or_gone_ends_with_4(
    shop: Workshop, capsys: pytest.CaptureFixture[str], damage: bytes | None
) -> None:
    run(capsys, "sync")
    file = shop.root / "products.jsonl"
    file.unlink() if damage is None else file.write_bytes(damage)
    for command in ("sync", "monitor", "build"):
        assert run(capsys, command, ends=4)["error"]["code"] == "content"


def test_a_rollback_asks_at_a_terminal(
    shop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "sync")
    shop.write([lamp(number, price=99) for number in range(3, 21)])
    run(capsys, "sync")
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert main(["jobs", "rollback", "2"]) == 130
    told = capsys.readouterr().err
    assert "removes 1 item of products that came since job 2 began, and brings 20 back" in told
    assert [job["kind"] for job in run(capsys, "jobs")["jobs"]] == ["sync", "sync"]
    monkeypatch.setattr("sys.stdin", Terminal("products\n"))
    assert run(capsys, "jobs", "rollback", "2")["job"]["added"] == 3
    assert run(capsys, "jobs", "rollback", "1", "--yes")["job"]["removed"] == 20


@pytest.mark.slow
def test_what_would_be_is_told_and_nothing_written(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "build", "--dry-run")
    assert (told["documents"], told["added"], told["embedded"], told["cost"]) == (20, 20, 20, None)
    assert not (shop.root / "site").exists() and not (shop.root / ".vademecum").exists()
    run(capsys, "sync")
    shop.write([lamp(number) for number in range(19)])
    assert [change["what"] for change in run(capsys, "monitor")["changes"]] == ["removed"]
    assert len(run(capsys, "jobs")["jobs"]) == 1


@pytest.mark.slow
def test_a_build_tells_its_progress_as_json(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--preview", "--progress", "json", "--batch", "5"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [one["done"] for one in lines if one["stage"] == "syncing"][:4] == [5, 10, 15, 20]
    assert {"stage": "reading", "done": 20, "total": 20} in lines


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.slow
def test_what_is_not_synced_need_not_be_there(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "sync")
    (shop.root / "products.jsonl").unlink()
    assert run(capsys, "build", "--no-sync", "--preview")["documents"] == 20


def test_a_sync_warns_of_a_guess(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    settings = (shop.root / "vademecum.toml").read_text().replace("products.jsonl", "a.csv")
    (shop.root / "vademecum.toml").write_text(settings)
    (shop.root / "a.csv").write_bytes(b"id,name,text\n1,Caf\xe9,x\n")
    assert main(["sync"]) == 0
    assert "vade: warning: products: a.csv: read as cp1252" in capsys.readouterr().err


def test_quarantine(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write([*(lamp(number) for number in range(20)), lamp(3, name="Another")])
    run(capsys, "sync")
    [one] = run(capsys, "quarantine")["quarantine"]
    assert "earlier record" in one["reason"] and one["job"] == 1
    assert run(capsys, "quarantine", "retry")["jobs"][0]["failed"] == 1
    assert "not in quarantine" in run(capsys, "quarantine", "drop", "products:9", ends=2)["error"]["message"]
    assert run(capsys, "quarantine", "drop") == {"dropped": 1}
    assert run(capsys, "quarantine")["quarantine"] == []


def test_checkpoints(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "sync")
    [one] = run(capsys, "checkpoints")["checkpoints"]
    assert (one["source"], one["strategy"]) == ("products", None)


def test_a_full_sync_says_what_it_costs_and_asks(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "sync")
    refused = run(capsys, "sync", "--full", ends=2)["error"]["message"]
    assert "reads 20 items again" in refused and "--yes" in refused
    assert run(capsys, "sync", "--full", "--yes")["jobs"][0]["done"] == 20


def test_progress_as_lines_of_json(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sync", "--batch", "5", "--progress", "json", "--quiet"])
    main(["sync", "--batch", "5", "--progress", "json", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["done"] for line in lines] == [5, 10, 15, 20, 20]
    assert {"id", "kind", "source", "state", "total", "failed", "rate", "left", "error"} <= lines[0].keys()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["jobs"], "no workspace yet; `vade sync` makes one"),
        (["sync", "nobody"], "there is no source 'nobody'; there is products"),
        (["sync", "--config", "other.toml"], "no such file: `vade init` writes one"),
        (["sync", "--batch", "0"], "not a whole number above 0"),
        (["build", "--no-sync", "--config", "folder.toml"], "there is none: name it with --workspace"),
        (["sync", "--config", "folder.toml"], 'write name = "docs" below [[source]]'),
    ],
)
def test_what_cannot_be_meant_is_said(
    shop: Workshop, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    Path("folder.toml").write_text('[[source]]\npath = "docs"\n')
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# A\n\nText.\n")
    assert main(arguments) != 0
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_in_ci_nothing_is_kept_that_would_be_gone(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    main(["keys", "new", "--out", "keys", "--quiet"])
    monkeypatch.setenv("CI", "true")
    assert main(["build", "--keys", "keys", "--quiet"]) == 0
    assert not Path(".vademecum").exists()


@pytest.mark.slow
def test_nothing_of_it_is_published(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write([lamp(number, secret="heron") for number in range(20)])
    run(capsys, "build")
    assert Path(".vademecum/work.db").is_file()
    files = [path for path in Path("site").rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"heron" in path.read_bytes() or path.suffix == ".db"]


@pytest.mark.slow
def test_a_check_finds_what_is_missing_orphaned_and_stale_and_mends_just_that(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing is published" in run(capsys, "check", ends=1)["error"]["message"]
    run(capsys, "build")
    assert run(capsys, "check")["sound"]
    shop.write([lamp(number, **({"text": "Edited."} if number == 3 else {})) for number in range(1, 21)])
    [found] = run(capsys, "check", ends=1)["sources"]
    assert (found["missing"], found["orphaned"], list(found["stale"])) == (["20"], ["0"], ["3"])
    run(capsys, "sync")  # a workspace that is further than the release hides nothing
    assert run(capsys, "check", ends=1)["sources"] == [found]
    mended = run(capsys, "check", "--fix")
    assert (mended["sound"], mended["mended"]["before"]["sources"], mended["mended"]["embedded"]) == (True, [found], 2)
    with Workspace(Path(".vademecum/work.db")) as workspace:
        assert [job.done for job in workspace.jobs() if job.kind == "sync"][-1] == 2, "it read just these"


def test_without_a_network_each_command_says_what_it_needs_and_takes_what_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def no_wait(_: object, seconds: float) -> None:
        assert seconds > 0

    def told(*arguments: str) -> str:
        message: str = run(capsys, *arguments, ends=3)["error"]["message"]
        assert "cannot be reached" in message and "--force" not in message and "build again" not in message
        return message

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("vademecum.runtime.clock.SystemClock.sleep", no_wait)
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# A\n\nText.\n")
    Path("vademecum.toml").write_text('address = "http://127.0.0.1:9/"\nout = "built"\n[[source]]\npath = "docs"\n')
    assert told("releases").endswith("cannot be reached (All connection attempts failed)")
    run(capsys, "build", "--restart", "--no-site")
    assert told("releases").endswith("; `vade releases built` lists what was built here")
    run(capsys, "releases", "built")
    for command in (["check"], ["audit"], ["yank", "1"], ["resign"]):
        assert told(*command).endswith("or name a copy of it with --previous built)") or command[0] in (
            "yank",
            "resign",
        )
        run(capsys, *command, "--previous", "built")


@pytest.mark.slow
def test_what_is_left_of_a_source_that_the_settings_have_no_more_is_orphaned(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = shop.root / "vademecum.toml"
    (shop.root / "notes").mkdir()
    (shop.root / "notes/a.md").write_text("# Heron\n\nIt waits.\n")
    alone = settings.read_text()
    settings.write_text(f'{alone}\n[[source]]\nname = "notes"\npath = "notes"\n')
    run(capsys, "build")
    settings.write_text(alone)
    other = run(capsys, "check", ends=1)["sources"][1]
    assert (other["name"], other["documents"], other["orphaned"]) == ("notes", 0, ["a.md"])
    assert run(capsys, "check", "--fix")["sound"]


@pytest.mark.slow
def test_another_encoder_makes_everything_stale(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "build")
    settings = shop.root / "vademecum.toml"
    settings.write_text(f"dimensions = 8\n{settings.read_text()}")
    [found] = run(capsys, "check", ends=1)["sources"]
    assert len(found["stale"]) == 20 and "encoder" in found["stale"]["7"]


@pytest.mark.slow
def test_an_audit_says_how_old_everything_is_and_where_it_came_from(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write([lamp(number, updated="2026-01-02T03:04:05Z") for number in range(20)], more='updated = "updated"\n')
    run(capsys, "build")
    shop.write([lamp(number, **({"text": "Edited."} if number == 3 else {})) for number in range(20)])
    run(capsys, "build")
    shop.write([lamp(number, **({"text": "Edited."} if number in (3, 4) else {})) for number in range(20)])
    told = run(capsys, "audit")
    assert told["madeBy"]["encoder"] == "builtin" and told["release"] == 2
    ages = {one["key"]: one for one in told["documents"]}
    assert (ages["3"]["release"], ages["3"]["vectors"], ages["3"]["job"]) == (2, [2, 2], 3)
    assert ages["3"]["built"] and not ages["3"]["stale"]
    assert (ages["4"]["vectors"], bool(ages["4"]["stale"])) == ([1, 1], True)
    assert main(["audit"]) == 0
    assert "stale: products:4" in capsys.readouterr().out


@pytest.mark.slow
def test_one_folder_can_be_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# Heron\n\nIt waits.\n")
    Path("vademecum.toml").write_text('site = false\n[[source]]\npath = "docs"\n')
    run(capsys, "build")
    Path("docs/b.md").write_text("# Otter\n\nIt sleeps.\n")
    assert run(capsys, "check", ends=1)["sources"][0]["missing"] == ["b.md"]
    assert run(capsys, "check", "--fix")["sound"] and not Path(".vademecum/work.db").exists()
    assert [one["key"] for one in run(capsys, "audit")["documents"]] == ["a.md", "b.md"]
