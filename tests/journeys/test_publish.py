"""`vade publish` as people run it: to several hosts at once, real servers among them, and killed for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.hosts import host_of, s3_server, ssh_server
from vademecum_builder.cli.main import main

VADE = [sys.executable, "-m", "vademecum_builder.cli.main"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "keys.md").write_text("# Keys\n\n## Rotate\n\nRotate the key.\n")
    assert main(["build", "docs", "--out", "dist", "--no-site", "--quiet"]) == 0
    return tmp_path / "dist"


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object], str]:
    capsys.readouterr()
    code = main(["publish", *arguments, "--json"])
    told = capsys.readouterr()
    found: dict[str, object] = json.loads(told.out)
    return code, found, told.err


def test_to_four_hosts_at_once_and_one_that_is_not_there(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "site.git"], check=True)
    subprocess.run(["git", "init", "--quiet", "."], check=True)
    subprocess.run(["git", "remote", "add", "origin", str(tmp_path / "site.git")], check=True)
    with s3_server(monkeypatch) as bucket, ssh_server(tmp_path / "ssh", monkeypatch) as port:
        address = os.environ["AWS_ENDPOINT_URL"]
        targets = [
            f"s3://{bucket}/kb",
            f"ssh://127.0.0.1:{port}{tmp_path}/www/kb",
            "folder",
            "gh-pages",
            "s3://no-such/kb",
        ]
        code, told, said = ran(capsys, "dist", *targets)
        assert (code, told["sound"]) == (1, False)
        rows = told["targets"]
        assert isinstance(rows, list)
        assert [row["target"] for row in rows] == targets
        assert [row["error"] and row["error"]["code"] for row in rows] == [None] * 4 + ["usage"]
        assert len({(row["files"], row["bytes"]) for row in rows[:4]}) == 1
        assert "there is no such bucket" in said
        for place in (str(tmp_path / "www/kb"), "folder"):
            assert main(["verify", place, "--quiet"]) == 0
        code, told, _ = ran(capsys, "dist", *targets[:4])
        assert (code, told["sound"]) == (0, True)
        assert [row["files"] for row in told["targets"]] == [0] * 4  # type: ignore[attr-defined]
        import boto3

        [timestamp, one] = (
            boto3.client("s3").head_object(Bucket=bucket, Key=f"kb/{path}")
            for path in ("metadata/timestamp.json", f"objects/{next((tree / 'objects').glob('*.gz')).name}")
        )
        assert address and timestamp["CacheControl"] == "no-cache"
        assert (one["CacheControl"], one["ContentType"]) == ("public, max-age=31536000, immutable", "application/gzip")
        assert "ContentEncoding" not in one
    subprocess.run(["git", "clone", "--quiet", "-b", "gh-pages", "site.git", "clone"], check=True)
    assert main(["verify", "clone", "--quiet"]) == 0
    assert (tmp_path / "clone/.nojekyll").exists()


def test_a_branch_does_not_grow_but_where_it_is_asked_for(tree: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "site.git"], check=True)
    target = f"git+{tmp_path}/site.git#pages"

    def commits() -> int:
        told = subprocess.run(
            ["git", "-C", "site.git", "rev-list", "--count", "pages"], check=True, capture_output=True, text=True
        )
        return int(told.stdout)

    for number in range(2):
        (tmp_path / "docs" / f"{number}.md").write_text(f"# Page {number}\n\nNews.\n")
        assert main(["build", "docs", "--out", "dist", "--no-site", "--quiet"]) == 0
        assert main(["publish", "dist", target, "--quiet"]) == 0
    assert commits() == 1
    (tmp_path / "docs" / "more.md").write_text("# More\n\nNews.\n")
    assert main(["build", "docs", "--out", "dist", "--no-site", "--quiet"]) == 0
    assert main(["publish", "dist", target, "--history", "--quiet"]) == 0
    assert commits() == 2
    assert main(["publish", "dist", target, "--history", "--quiet"]) == 0
    assert commits() == 2, "nothing changed"


def test_a_service_that_refuses_is_told_in_its_own_words(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S3 says why in XML, whose first line says nothing; nothing was published, and nothing says that it was."""
    with s3_server(monkeypatch) as bucket:
        monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)  # from now on keys are looked at
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
        assert main(["publish", "dist", f"s3://{bucket}/kb"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("Did not publish release 1\n")
    assert "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist" in told.err
    assert "<" not in told.err and "look at AWS_ACCESS_KEY_ID" in told.err


def test_a_branch_that_may_not_be_replaced_says_so(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "site.git"], check=True)
    hook = tmp_path / "site.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nprintf 'GH006: Protected branch update failed f\\374r jetzt\\n' >&2; exit 1\n")
    hook.chmod(0o700)
    assert main(["publish", "dist", f"git+{tmp_path}/site.git#pages"]) == 1
    assert "--history" in capsys.readouterr().err


def test_what_the_settings_say(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vademecum.toml").write_text('out = "dist"\npublish = ["www"]\n[[source]]\npath = "docs"\n')
    assert ran(capsys, "--dry-run")[0] == 0
    assert not (tmp_path / "www").exists()
    code, told, _ = ran(capsys)
    assert (code, told["sequence"], (tmp_path / "www/metadata/timestamp.json").exists()) == (0, 1, True)


def test_a_place_is_not_taken_for_the_tree(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vade publish www` beside settings that have a tree and places means to publish there."""
    (tmp_path / "vademecum.toml").write_text('out = "dist"\npublish = ["www"]\n[[source]]\npath = "docs"\n')
    assert main(["publish", "elsewhere"]) == 2
    assert "elsewhere is not a built tree; to publish there: vade publish dist elsewhere" in capsys.readouterr().err
    assert ran(capsys, "dist")[0] == 0
    assert main(["publish", "www"]) == 2, "it has a tree by now"
    assert "www is where vademecum.toml publishes to" in capsys.readouterr().err


def test_releases_of_the_tree_that_the_settings_name(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["releases"]) == 2
    assert "which tree? vade releases URL|DIST, or let `vade init` write vademecum.toml" in capsys.readouterr().err
    settings = tmp_path / "vademecum.toml"
    settings.write_text('out = "dist"\n[[source]]\npath = "docs"\n')
    assert main(["releases"]) == 0
    assert "stable: release 1" in capsys.readouterr().out
    settings.write_text('address = "http://127.0.0.1:9/"\nout = "dist"\n[[source]]\npath = "docs"\n')
    assert main(["releases"]) == 3, "what readers have is what is published"


@pytest.mark.parametrize("kind", ["folder", "ssh"])
def test_killed_for_real_it_leaves_a_release_and_goes_on(
    kind: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["publish", "dist", "www", "--quiet"]) == 0
    (tmp_path / "docs" / "more.md").write_text("# More\n\nNews.\n")
    assert main(["build", "docs", "--out", "dist", "--no-site", "--quiet"]) == 0
    work = tmp_path / "servers"
    work.mkdir()
    with host_of("ssh" if kind == "ssh" else "folder", work, monkeypatch):
        target = "www"
        if kind == "ssh":
            port = os.environ["RSYNC_RSH"] and int((work / "ssh/port").read_text())
            target = f"ssh://127.0.0.1:{port}{tmp_path}/www"
        for delay in (0.4, 0.8):
            process = subprocess.Popen([*VADE, "publish", "dist", target], stdout=subprocess.DEVNULL)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert main(["pull", "www", "--store", f"{delay}.db", "--quiet"]) == 0
        assert main(["publish", "dist", target, "--quiet"]) == 0
    assert main(["verify", "www", "--expect", "2", "--quiet"]) == 0
