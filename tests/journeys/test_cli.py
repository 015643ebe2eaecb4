"""`vade`: JSON keys, exit codes, and one clear line for every bad input, with everything left as it was."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from support.pages_host import PagesHost
from support.publishing import HANDBOOK, tree_of
from vademecum import KnowledgeBase
from vademecum.origin import pip_install
from vademecum_builder.cli.main import main

NOWHERE = "http://127.0.0.1:9/"


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, stdout, and the lines of stderr."""

    code: int
    out: str
    errors: tuple[str, ...]

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Vade = Callable[..., Ran]


@pytest.fixture
def vade(place: Path, capsys: pytest.CaptureFixture[str]) -> Vade:
    """Run a command in this process, in an empty folder."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, tuple(captured.err.splitlines()))

    return run


def write(folder: str, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Path(folder)


@pytest.fixture
def published(vade: Vade) -> Vade:
    """A first release of `docs` in `dist`, signed with `keys`, installed in `kb.db`."""
    write("docs", HANDBOOK)
    assert vade("keys", "new", "--out", "keys").code == 0
    assert build(vade).code == 0
    assert vade("pull", "dist", "--store", "kb.db", "--trust", "keys/root.json").code == 0
    return vade


def test_of_several_root_keys_each_is_to_be_kept_offline(vade: Vade) -> None:
    told = vade("keys", "new", "--out", "keys", "--root-keys", "3", "--threshold", "2").out
    assert "root-1.pem to root-3.pem (keep them offline, each apart: they can replace every other key)" in told
    assert "root.pem (keep it offline: it can" in vade("keys", "new", "--out", "one").out


def build(vade: Vade, *options: object) -> Ran:
    return vade("build", "docs", "--out", "dist", "--keys", "keys", "--no-site", *options)


# What the commands say -----------------------------------------------------------------------------


def test_build_says_what_it_did_as_json(published: Vade) -> None:
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    ran = build(published, "--json")
    assert (ran.code, ran.errors) == (0, ())
    assert ran.out.count("\n") == 1
    expected = {"sequence": 2, "documents": 4, "added": 1, "modified": 0, "removed": 0, "embedded": 1, "changed": True}
    assert ran.json.items() >= expected.items()
    assert ran.json.keys() >= {"version", "chunks", "bytes", "seconds"}
    assert ran.json["bytes"].keys() == {"published", "new"}
    again = build(published, "--json").json
    assert again.items() >= {"sequence": 2, "changed": False, "embedded": 0, "added": 0}.items()


def test_pull_says_what_it_did_as_json(published: Vade) -> None:
    assert (
        published("pull", "dist", "--store", "kb.db", "--json").json.items()
        >= {"from": 1, "to": 1, "plan": "none", "requests": 1}.items()
    )
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published)
    ran = published("pull", "dist", "--store", "kb.db", "--json")
    assert ran.json.keys() >= {"from", "to", "plan", "requests", "bytes", "seconds"}
    assert ran.json.items() >= {"from": 1, "to": 2, "plan": "direct"}.items()
    assert ran.json["bytes"] > 0
    first = published("pull", "dist", "--store", "other.db", "--json").json
    assert first.items() >= {"from": None, "to": 2, "plan": "full"}.items()


def test_a_search_goes_by_version_and_language(vade: Vade) -> None:
    for key in ("v1/pump.md", "v2/pump.md", "v2/de/pump.md"):
        Path("versions", key).parent.mkdir(parents=True, exist_ok=True)
        Path("versions", key).write_text("# Pump\n\nTurn the red lever.\n")
    vade("build", "versions", "--out", "dist", "--no-site")
    vade("pull", "dist", "--store", "kb.db")
    asked = ("search", "red lever", "--store", "kb.db")
    assert "also: v1, v2 de" in vade(*asked).out
    (hit,) = vade(*asked, "--filter", "version=v1", "--json").json["hits"]
    assert (hit["document"], [place["document"] for place in hit["places"]]) == (
        "v1/pump.md",
        ["v2/pump.md", "v2/de/pump.md"],
    )
    assert vade(*asked, "--prefer", "lang=de-AT", "--json").json["hits"][0]["document"] == "v2/de/pump.md"
    assert vade(*asked, "--filter", "version=v1", "--filter", "version=v2", "--json").json["hits"]
    assert_refused(vade(*asked, "--filter", "version"), 2, "'version' is not NAME=TEXT")


def test_search_says_what_it_found_as_json(published: Vade) -> None:
    ran = published("search", "rotate, then pull", "--store", "kb.db", "--limit", 2, "--json")
    assert ran.json["release"] == 1
    hit = ran.json["hits"][0]
    assert hit.keys() >= {"id", "document", "title", "url", "heading", "text", "score"}
    assert (hit["document"], hit["title"], hit["heading"]) == ("guide/keys.md", "Keys", "Rotate")
    assert ran.json["facets"] == {}
    assert (ran.json["total"], ran.json["unknown"], ran.json["nearest"]) == (2, [], False)
    nothing = published("search", "zzzzzz", "--store", "kb.db", "--json").json
    assert (nothing["hits"], nothing["total"], nothing["unknown"]) == ([], 0, ["zzzzzz"])


def test_search_tells_what_no_page_has_what_follows_and_what_is_below(vade: Vade) -> None:
    pages = {f"{n}.md": f"# Lamp {n}\n\nA lamp burns.\n\n## Wick {n}\n\nTrim the lamp.\n" for n in range(4)}
    write("docs", pages)
    vade("build", "docs", "--out", "dist", "--no-site")
    vade("pull", "dist", "--store", "kb.db")
    asked = ("search", "lamp", "pizzeria", "--store", "kb.db", "--mode", "lexical", "--limit", 2)
    first, second = vade(*asked).out, vade(*asked, "--offset", 2).out
    assert "No page has: pizzeria." in first
    assert (
        "Shown for: lamp burns (in quotes words are meant as they are: '\"lmap burns\"')"
        in vade("search", "lmap", "burns", "--store", "kb.db").out
    )
    assert "Shown for" not in vade("search", '"lmap" burns', "--store", "kb.db").out
    assert "No document has a field 'x'." in vade("search", "lamp", "--store", "kb.db", "--filter", "x=1").out
    assert "1 more on this page: " in first
    assert "2 of 4 pages; --offset 2 shows the next." in first
    assert " 3. Lamp" in second
    assert "shows the next" not in second
    assert_refused(vade(*asked, "--offset", -1), 2, "offset must be from 0 to 1000")
    assert_refused(vade(*asked, "--mode", "fuzzy"), 2, "mode must be one of hybrid, semantic, lexical")


def test_what_searching_costs_is_measured_with_ones_own_questions(published: Vade) -> None:
    Path("questions.txt").write_text("rotate a key\n\n  lanterns \nnothing of the kind\n")
    figures = published("bench", "search", "questions.txt", "--store", "kb.db", "--json").json
    assert figures.keys() == {"release", "chunks", "questions", "open", "p50", "p95", "memory"}
    assert (figures["release"], figures["questions"]) == (1, 3)
    assert 0 < figures["p50"] <= figures["p95"]
    assert figures["memory"] > 10_000_000, "bytes, of Python and numpy alone"
    told = published("bench", "search", "questions.txt", "--store", "kb.db").out
    assert "at the median" in told and "MB at most" in told
    Path("questions.txt").write_text("\n")
    ran = published("bench", "search", "questions.txt", "--store", "kb.db")
    assert ran.code == 2
    assert "no question in it" in ran.errors[0]


def test_status_rollback_and_verify_as_json(published: Vade) -> None:
    status = published("status", "--store", "kb.db", "--json").json
    assert status["installed"]["sequence"] == 1
    assert status.keys() >= {"previous", "checked", "expires", "expired", "lastError", "bytes"}
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published)
    published("pull", "dist", "--store", "kb.db")
    back = published("rollback", "--store", "kb.db", "--json").json
    assert back.items() >= {"from": 2, "to": 1}.items()
    assert published("search", "rotate", "--store", "kb.db", "--json").json["release"] == 1
    good = published("verify", "dist", "--json").json
    assert good.items() >= {"sequence": 2, "documents": 4, "unsigned": []}.items()
    assert good["files"] == len(tree_of(Path("dist")))


def test_what_is_named_in_a_wrong_place_is_told_by_its_name(published: Vade) -> None:
    for arguments, told in (
        (("verify", "kb.db"), "kb.db is a file; name the folder of a published tree"),
        (("verify", "dist", "--trust", "keys/release.pem"), "keys/release.pem is not root metadata"),
        (("build", "docs", "--out", "x", "--base-url", "acme.github.io/docs"), "mean https://acme.github.io/docs?"),
    ):
        ran = published(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert told in ran.errors[0]


def test_people_get_lines(published: Vade) -> None:
    assert "Nothing changed: release 1" in build(published).out
    assert "Up to date: release 1" in published("pull", "dist", "--store", "kb.db").out
    assert " 1. Keys › Rotate" in published("search", "rotate", "--store", "kb.db").out
    assert "No hits in release 1." in published("search", "zzzzzz", "--store", "kb.db").out
    assert "3 documents, 4 chunks" in published("status", "--store", "kb.db").out
    assert "trusted" not in published("pull", "dist", "--store", "bound.db", "--trust", "keys/root.json").out
    assert "the keys that this host showed are trusted" in published("pull", "dist", "--store", "free.db").out
    bound, free = published("verify", "dist", "--trust", "keys/root.json"), published("verify", "dist")
    assert "every signature" in bound.out and "own root" not in bound.out
    assert "checked by the tree's own root: --trust root.json checks whose it is" in free.out
    told = published("keys", "renew", "--keys", "keys").out
    assert "Signed root version 2" in told and "believed no more" not in told
    assert "believed no more" not in published("keys", "rotate", "--keys", "keys", "--overlap").out
    assert (
        "believed no more: everybody fetches the next release whole"
        in published("keys", "rotate", "--keys", "keys").out
    )


def test_a_release_that_everybody_downloads_whole_is_told_as_such(published: Vade) -> None:
    told = "every client downloads all of it once, "
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    assert told not in build(published).out
    assert told in build(published, "--refit").out


def test_a_release_that_was_left_is_not_called_up_to_date(published: Vade) -> None:
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published)
    published("pull", "dist", "--store", "kb.db")
    published("rollback", "--store", "kb.db")
    for ran in (published("pull", "dist", "--store", "kb.db"), published("status", "--store", "kb.db")):
        assert "release 2 is published, but a rollback left it" in ran.out
        assert "Up to date" not in ran.out
    assert "Installed release 2" in published("pull", "dist", "--store", "kb.db", "--force").out
    assert "is published" not in published("status", "--store", "kb.db").out


def test_what_a_store_does_about_releases_is_chosen_and_shown(published: Vade) -> None:
    policy = ("policy", "--store", "kb.db")
    assert "follows stable, automatic" in published(*policy).out
    chosen = published(*policy, "--mode", "notify", "--least-documents", 3, "--pin", 1, "--json").json
    assert (chosen["policy"]["mode"], chosen["policy"]["leastDocuments"], chosen["pinned"]) == ("notify", 3, 1)
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published, "--candidate", "0")
    published("pull", "dist", "--store", "kb.db")
    shown = published("status", "--store", "kb.db").out
    assert "follows stable, notify; connection unmetered, no byte budget, waits for 3 changed documents" in shown
    assert "pinned to release 1" in shown and "release 2 is for 0 % of the readers: this store is not" in shown
    published("promote", 2, "--out", "dist", "--keys", "keys")
    taken = published(*policy, "--pin", "none", "--skip", 2, "--mode", "default", "--max-bytes", "1").out
    assert "follows stable, automatic" in taken and "at most 1 B a run" in taken
    assert "passed over: release 2" in taken
    assert published("pull", "dist", "--store", "kb.db", "--json").json["plan"] == "none"
    published(*policy, "--skip", "none")
    KnowledgeBase.open("kb.db").set_policy(channel="beta")  # of an app, which no command looked at
    told = "there is no channel beta; the published channels are: stable (`vade policy --channel NAME` chooses one)"
    assert_refused(published("pull", "dist", "--store", "kb.db"), 4, told)
    published(*policy, "--channel", "default")
    assert "Installed release 2" in published("pull", "dist", "--store", "kb.db").out


@pytest.mark.parametrize("command", ["build", "publish", "releases", "resign"])
def test_below_the_folder_of_the_settings_one_is_led_there(
    vade: Vade, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_refused(vade(command), 2, "or let `vade init` write vademecum.toml")
    Path("vademecum.toml").write_text("")
    top = Path.cwd()
    (top / "docs/guide").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(top / "docs/guide")
    assert_refused(vade(command), 2, f"or run this in {top}, where vademecum.toml lies")
    Path("vademecum.toml").write_text('title = "A"\n\n[[source]]\npath = "docs"\n')
    assert_refused(vade("build", "docs"), 2, "name --out, or name none of it: vademecum.toml says what")


def test_a_wrong_choice_changes_nothing(published: Vade) -> None:
    for wrong, told in (
        (("--mode", "never"), "mode must be one of automatic, notify, manual, off"),
        (("--max-bytes", "much"), "'much' is not a number of bytes"),
        (("--pin", "last"), "'last' is not a release number (or none)"),
        (("--channel", "beta"), "there is no channel beta; the published channels are: stable"),
        (("--pin", 7), "release 7 is not installed here"),
    ):
        ran = published("policy", "--store", "kb.db", "--skip", 9, *wrong)
        assert_refused(ran, 2, told)
    assert "passed over" not in published("status", "--store", "kb.db").out
    assert_refused(published("policy", "--store", "none.db"), 1, "nothing is installed here yet")
    assert published("policy", "--store", "none.db", "--channel", "beta").code == 0
    assert "follows beta" in published("status", "--store", "none.db").out


def test_a_pinned_store_says_what_it_waits_for(published: Vade) -> None:
    KnowledgeBase.open("kb.db").pin(1)
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published)
    assert "pinned to release 1" in published("pull", "dist", "--store", "kb.db").out


def test_another_root_is_told_apart_and_what_to_do(published: Vade) -> None:
    published("keys", "new", "--out", "others")
    ran = published("pull", "dist", "--store", "other.db", "--trust", "others/root.json")
    assert_refused(ran, 5, "ask the publisher (or is it another root.json?)")


def test_a_preview_is_pulled_without_the_publishers_root(published: Vade) -> None:
    published("build", "docs", "--out", "looked-at", "--preview")
    ran = published("pull", "looked-at", "--store", "preview.db", "--trust", "keys/root.json")
    assert_refused(ran, 2, "leave out --trust, and pull it into a new store")
    assert_refused(published("verify", "looked-at", "--trust", "keys/root.json"), 2, "leave out --trust")
    assert published("pull", "looked-at", "--store", "new.db").code == 0


def test_a_preview_that_was_published_is_told_by_the_next_build(published: Vade) -> None:
    published("build", "docs", "--out", "looked-at", "--preview")
    ran = published("build", "docs", "--out", "site", "--keys", "keys", "--previous", "looked-at")
    assert_refused(ran, 5, "looked-at shows a preview (`vade build --preview`), signed with a key that nobody keeps")


def test_nothing_is_decided_about_a_preview(published: Vade) -> None:
    """With the keys, or without: its own are nowhere."""
    published("build", "docs", "--out", "looked-at", "--preview")
    for keys in ("keys", "nowhere"):
        ran = published("yank", "1", "--out", "looked-at", "--keys", keys)
        assert_refused(ran, 2, "looked-at is a preview, signed with a key that nobody keeps")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("build", "https://example.org/docs", "--out", "d"), "is an address, and this takes a path of this machine"),
        (("pull", "dist", "--store", "https://example.org/kb/"), "'https://example.org/kb/' is an address"),
        (("serve", "dist", "--port", "abc"), "'abc' is not a whole number"),
        (("bench", "retrieval", "nowhere"), "nowhere: No such file or directory"),
        (("bench", "search", "nowhere.txt", "--store", "kb.db"), "nowhere.txt: No such file or directory"),
    ],
)
def test_what_cannot_be_meant_on_the_command_line_is_misuse(published: Vade, given: Sequence[str], said: str) -> None:
    assert_refused(published(*given), 2, said)


def test_a_first_build_without_keys_makes_development_keys_and_says_so(vade: Vade) -> None:
    write("docs", HANDBOOK)
    ran = vade("build", "docs", "--out", "dist", "--no-site", "--json")
    assert (ran.code, ran.json["sequence"]) == (0, 1)
    assert len(ran.errors) == 1
    assert "made development keys" in ran.errors[0]
    assert Path(".vademecum/.gitignore").read_text() == "*\n"
    assert vade("build", "docs", "--out", "dist", "--no-site").errors == ()


@pytest.mark.usefixtures("small_site")
def test_a_build_with_its_site(published: Vade) -> None:
    ran = published("build", "docs", "--out", "dist", "--keys", "keys", "--title", "Handbook", "--json")
    assert ran.json.items() >= {"changed": False, "site": True}.items()
    assert "Handbook" in Path("dist/index.html").read_text()
    assert published("verify", "dist").code == 0


def test_builds_can_be_repeated(place: Path, vade: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    write("docs", HANDBOOK)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) - 3600))
    vade("keys", "new", "--out", "keys")
    build(vade)
    vade("build", "docs", "--out", "again", "--keys", "keys", "--no-site")
    assert tree_of(Path("dist")) == tree_of(Path("again"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "tomorrow")
    assert_refused(build(vade), 2, "SOURCE_DATE_EPOCH='tomorrow' is not a number")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) + 2 * 86_400))
    assert_refused(build(vade), 6, "ahead of this machine's clock")


def test_a_build_on_a_url(published: Vade) -> None:
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    with PagesHost(Path("dist")) as server:
        ran = published(
            "build", "docs", "--out", "fresh", "--previous", server.url, "--keys", "keys", "--no-site", "--json"
        )
        pulled = published("pull", server.url, "--store", "kb.db", "--json").json
    assert ran.json.items() >= {"sequence": 2, "added": 1, "embedded": 1}.items()
    assert pulled["requests"] == 1
    assert published("pull", "fresh", "--store", "kb.db", "--json").json["to"] == 2


# Bad input: warned of, and the build goes on ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("binary.md", b"# A\0B"),
        ("undecodable.md", b"# caf\xe9 \xff"),
        ("broken.md", b"---\ntitle: [never closed\n---\n# Broken\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_build_goes_on(published: Vade, name: str, content: bytes) -> None:
    Path("docs", name).write_bytes(content)
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    ran = build(published, "--json")
    assert (ran.code, ran.json["sequence"]) == (0, 2)
    assert [line for line in ran.errors if line.startswith(f"vade: warning: {name}")] == list(ran.errors) != []
    assert ran.json["warnings"]


def test_a_file_of_50_megabytes_is_skipped_unread(published: Vade) -> None:
    with Path("docs/large.md").open("wb") as file:
        file.truncate(50_000_000)
    ran = build(published)
    assert ran.code == 0
    [line] = ran.errors
    assert "large.md: skipped: larger than the limit" in line


# Bad input: refused, and everything stays as it was --------------------------------------------------


def assert_refused(ran: Ran, code: int, message: str) -> None:
    assert ran.code == code
    assert len(ran.errors) == 1, ran.errors
    assert ran.errors[0].startswith("vade: ")
    assert message in ran.errors[0]
    assert ran.out == ""


Change = Callable[[pytest.MonkeyPatch], list[object]]


def nothing(*options: object) -> Change:
    return lambda monkeypatch: list(options)


def other_keys(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    main(["keys", "new", "--out", "other"])
    return ["--keys", "other"]


def wrong_key(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    main(["keys", "new", "--out", "other"])
    monkeypatch.setenv("VADEMECUM_SIGNING_KEY", Path("other/release.pem").read_text())
    return []


def garbage_key(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setenv("VADEMECUM_SIGNING_KEY", "s3cr3t")
    return []


def time_to_come(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1999999999")
    return []


def of_another_key(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    file = Path("dist/metadata/timestamp.json")
    file.write_text(re.sub('"keyid":"[0-9a-f]+"', f'"keyid":"{"0" * 64}"', file.read_text()))
    return []


def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    return []


def read_only(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Permissions do not stop root, and tests may run as root."""

    def replace(path: Path, target: Path) -> Path:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "replace", replace)
    return []


def foreign_folder(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    write("foreign", {"thesis.txt": "mine"})
    return ["--out", "foreign"]


def no_models(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    return ["--encoder", "sentence-transformers:all-MiniLM-L6-v2"]


BAD_BUILDS: dict[str, tuple[Change, int, str]] = {
    "unknown encoder": (nothing("--encoder", "word2vec"), 2, "unknown encoder 'word2vec'"),
    "no such model": (nothing("--encoder", "sentence-transformers:./nowhere"), 2, "model './nowhere': no such folder"),
    "no sentence-transformers": (no_models, 2, pip_install("models")),
    "previous unreachable": (
        nothing("--previous", NOWHERE),
        3,
        "previous release at http://127.0.0.1:9/ cannot be used",
    ),
    "previous missing": (nothing("--previous", "missing"), 3, "no such folder"),
    "previous of another key": (of_another_key, 5, "--force starts a new line"),
    "previous of others": (other_keys, 5, "cannot be used: timestamp.json"),
    "wrong key": (wrong_key, 5, "use the key that belongs to this root.json"),
    "garbage key": (garbage_key, 2, "VADEMECUM_SIGNING_KEY holds neither"),
    "time to come": (time_to_come, 6, "ahead of this machine's clock"),
    "full disk": (full_disk, 7, "no space left; what was published is unchanged"),
    "read-only": (read_only, 7, "cannot be written: Read-only file system"),
    "foreign folder": (foreign_folder, 2, "has files that vademecum did not publish"),
    "out is a file": (nothing("--out", "docs/notes.txt"), 2, "is a file"),
    "out below a file": (nothing("--out", "docs/notes.txt/dist"), 7, "Not a directory"),
    "out holds the source": (nothing("--out", "."), 2, "contains the source"),
    "no keys there": (nothing("--keys", "nowhere"), 2, "cannot read root metadata"),
    "no root there": (nothing("--root", "nowhere.json"), 2, "`vade keys new` made: commit it"),
    "bad pattern": (nothing("--pattern", "!"), 2, "pattern"),
    "nothing matches": (nothing("--pattern", "never/**"), 2, "no document in this folder"),
}


@pytest.mark.parametrize("case", BAD_BUILDS)
def test_a_build_that_is_refused_leaves_everything_as_it_was(
    published: Vade, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, code, message = BAD_BUILDS[case]
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    with monkeypatch.context() as patch:
        options = change(patch)
        before = tree_of(Path())
        ran = build(published, *options)
        assert "s3cr3t" not in "".join(ran.errors)
        assert_refused(ran, code, message)
        ran = build(published, *options, "--json")
    assert ran.json["error"]["code"]
    assert message in ran.json["error"]["message"]
    assert len(ran.errors) == 1
    assert tree_of(Path()) == before
    if case != "previous of another key":
        assert build(published).code == 0


@pytest.mark.parametrize("case", ["missing", "empty", "a file"])
def test_a_source_that_is_none(vade: Vade, case: str) -> None:
    if case == "empty":
        Path("docs").mkdir()
    if case == "a file":
        Path("docs").write_text("# A file\n")
    before = tree_of(Path())
    ran = vade("build", "docs", "--out", "dist", "--no-site")
    assert_refused(ran, 2, "docs: ")
    assert tree_of(Path()) == before
    assert not Path("dist").exists()


def test_force_builds_anew_over_a_release_that_cannot_be_trusted(
    published: Vade, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_another_key(monkeypatch)
    ran = build(published, "--force", "--json")
    assert (ran.json["sequence"], ran.json["added"], ran.json["changed"]) == (2, 3, True)
    assert published("verify", "dist").code == 0


# The client's commands -----------------------------------------------------------------------------


def newer_store(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 0x76616465")
    connection.execute("PRAGMA user_version = 99")
    connection.execute("CREATE TABLE records (name TEXT PRIMARY KEY, value BLOB)")
    connection.commit()
    connection.close()


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (a TEXT)")
    connection.commit()
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("a thesis, " * 500)


COMMANDS: list[list[object]] = [["pull", "dist"], ["search", "rotate"], ["status"], ["rollback"], ["doctor"]]


@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        (newer_store, 9, "a store of format 99"),
        (other_database, 7, "another program"),
        (text_file, 7, "not a vademecum store"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_store_that_is_none_of_ours_is_left_as_it_is(
    published: Vade, command: list[object], make: Callable[[Path], None], code: int, message: str
) -> None:
    make(Path("strange.db"))
    before = tree_of(Path())
    ran = published(*command, "--store", "strange.db")
    assert_refused(ran, code, message)
    ran = published(*command, "--store", "strange.db", "--json")
    assert message in ran.json["error"]["message"]
    assert tree_of(Path()) == before


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: command[0])
def test_reading_a_store_that_is_not_there_makes_none(vade: Vade, command: list[object]) -> None:
    ran = vade(*command, "--store", "nothing.db")
    assert_refused(ran, 1, "nothing.db")


BAD_PULLS: dict[str, tuple[list[object], int, str, str]] = {
    "unreachable": ([NOWHERE], 3, "network", "127.0.0.1:9"),
    "no such folder": (["nowhere"], 3, "network", "no such folder"),
    "not a tree": (["docs"], 3, "server", "timestamp.json"),
    "another kind of address": (["ftp://example.org/"], 2, "usage", "ftp:// address"),
    "trust that is not there": (["dist", "--trust", "nowhere.json"], 2, "usage", "cannot read nowhere.json"),
    "trust that is none": (["dist", "--trust", "docs/notes.txt"], 4, "content", "root.json"),
}


@pytest.mark.parametrize("case", BAD_PULLS)
def test_a_pull_that_fails_leaves_what_is_installed(published: Vade, case: str) -> None:
    arguments, status, code, message = BAD_PULLS[case]
    assert_refused(published("pull", *arguments, "--store", "kb.db"), status, message)
    ran = published("pull", *arguments, "--store", "kb.db", "--json")
    assert (ran.json["error"]["code"], ran.json["error"]["exit"], ran.code) == (code, status, status)
    assert published("search", "rotate", "--store", "kb.db", "--json").json["hits"][0]["heading"] == "Rotate"
    assert published("pull", "dist", "--store", "kb.db").code == 0


def test_a_damaged_release_is_not_installed(published: Vade) -> None:
    before = set(Path("dist/objects").iterdir())
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n"})
    build(published)
    good = {path: path.read_bytes() for path in set(Path("dist/objects").iterdir()) - before}
    for path, data in good.items():
        path.write_bytes(bytes([*data[:-1], data[-1] ^ 1]))
    ran = published("pull", "dist", "--store", "kb.db", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (4, "content")
    assert_refused(published("pull", "dist", "--store", "kb.db"), 4, "objects/")
    found = published("search", "rotate", "--store", "kb.db", "--json").json
    assert (found["release"], found["hits"][0]["heading"]) == (1, "Rotate")
    last = published("status", "--store", "kb.db", "--json").json["lastError"]
    assert (last["code"], last["transient"]) == ("content", False)
    for path, data in good.items():
        path.write_bytes(data)
    assert published("pull", "dist", "--store", "kb.db", "--json").json["to"] == 2


def test_an_expired_release_is_not_installed(published: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) - 300 * 86_400))
        assert published("keys", "new", "--out", "old").code == 0
        old = ("build", "docs", "--out", "stale", "--keys", "old", "--no-site")
        assert_refused(published(*old), 6, "no client would install it")
        assert not Path("stale").exists()
        assert published(*old, "--force").code == 0
    ran = published("pull", "stale", "--store", "new.db", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (6, "expired")
    assert_refused(published("search", "rotate", "--store", "new.db"), 1, "nothing is installed")


def test_a_store_in_a_folder_that_is_not_there(published: Vade) -> None:
    assert_refused(published("pull", "dist", "--store", "no/such/kb.db"), 7, "does not exist")


def test_a_limit_below_one(published: Vade) -> None:
    assert_refused(published("search", "rotate", "--store", "kb.db", "--limit", 0), 2, "limit must be from 1 to 1000")


def test_a_rollback_with_nothing_to_go_back_to(published: Vade) -> None:
    assert_refused(published("rollback", "--store", "kb.db"), 1, "only one release")


MISUSE = {
    "an unknown command": (["bulid"], "invalid choice: 'bulid'; did you mean build? (see `vade --help`)"),
    "a word like one of the help's": (["query"], "invalid choice: 'query' (choose from 'init', 'build'"),
    "an unknown option": (
        ["build", "docs", "--out", "d", "--kys", "k"],
        "--kys; did you mean --keys? (see `vade build --help`)",
    ),
    "an option that there is not, with a value": (
        ["build", "docs", "--bits", "4"],
        "there is no --bits (see `vade build --help`)",
    ),
    "a word too many": (["audit", "dist"], "dist: not taken here (see `vade audit --help`)"),
    "an abbreviated option": (["build", "docs", "--out", "d", "--refi"], "did you mean --refit?"),
    "nothing to build": (["build"], "name SOURCE and --out, or let `vade init` write vademecum.toml"),
    "no folder to write to": (["build", "docs"], "name --out, or let `vade init` write vademecum.toml"),
    "an action that is missing": (["keys"], "required: ACTION"),
    "a choice": (
        ["build", "docs", "--out", "d", "--query-encoder", "x"],
        "invalid choice: 'x' (choose from 'table', 'transformer')",
    ),
    "an option in a question": (
        ["search", "how", "--keep-within", "--store", "s"],
        "to search for it, put it last, behind --",
    ),
    "a mistyped option": (["search", "how", "--limt", "3", "--store", "s"], "did you mean --limit? to search for it"),
    "an address without https": (["pull", "example.org/kb", "--store", "s"], "did you mean https://example.org/kb?"),
    "a host and a port": (["verify", "localhost:8000"], "did you mean http://localhost:8000?"),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_of_the_command_line(vade: Vade, case: str) -> None:
    arguments, said = MISUSE[case]
    assert_refused(vade(*arguments), 2, said)
    told = vade(*arguments, "--json").json["error"]
    assert (told["code"], told["exit"]) == ("usage", 2)
    assert said in told["message"]


def test_alone_it_shows_its_help(vade: Vade) -> None:
    ran = vade()
    assert (ran.code, ran.out) == (2, "")
    assert "publish a release" in "\n".join(ran.errors)


def test_a_question_without_quotes(published: Vade) -> None:
    asked = published("search", "rotate", "the", "key", "--store", "kb.db", "--json").json
    assert asked == published("search", "rotate the key", "--store", "kb.db", "--json").json


def test_quiet_and_verbose(published: Vade) -> None:
    write("docs", {"new.md": "# New\n\nA page about lanterns.\n", "broken.md": "---\n: [\n---\n# Broken\n"})
    assert build(published, "-q") == Ran(0, "", ())
    assert published("pull", "dist", "--store", "kb.db", "-q") == Ran(0, "", ())
    assert published("pull", "nowhere", "--store", "kb.db", "-q").errors != ()
    try:
        loud = published("pull", "dist", "--store", "kb.db", "-v", "--force")
    finally:
        log = logging.getLogger("vademecum")
        log.handlers.clear()
        log.setLevel(logging.NOTSET)
    assert any("DEBUG" in line for line in loud.errors)


def test_settings_say_what_to_build_and_options_say_otherwise(vade: Vade) -> None:
    write("repo/docs", HANDBOOK)
    write("repo", {"vademecum.toml": 'title = "Lamps"\nroot = "root.json"\nsite = false\n[[source]]\npath = "docs"\n'})
    assert vade("keys", "new", "--out", "keys").code == 0
    shutil.copy("keys/root.json", "repo/root.json")
    told = vade("build", "--config", "repo/vademecum.toml", "--keys", "keys", "--json").json
    assert (told["sequence"], told["documents"]) == (1, 3)
    assert Path("repo/site/metadata/timestamp.json").is_file()
    options = ("--config", "repo/vademecum.toml", "--keys", "keys", "--out", "other", "--pattern", "guide/**")
    assert vade("build", *options, "--json").json["documents"] == 2
    os.chdir("repo")
    assert vade("build", "--keys", "../keys", "--json").json["changed"] is False
    assert_refused(vade("build", "--config", "no.toml"), 2, "no.toml: no such file: `vade init` writes one")


@pytest.mark.usefixtures("small_site")
def test_a_build_that_was_never_published_is_told_from_another_build(vade: Vade) -> None:
    write("docs", HANDBOOK)
    Path("host").mkdir()
    assert vade("keys", "new", "--out", "keys").code == 0
    with PagesHost(Path("host")) as host:
        build(vade, "--previous", host.url)
        shutil.copytree("dist", "host", dirs_exist_ok=True)
        for text in ("# One\n\nFirst try.\n", "# Two\n\nSecond try.\n"):
            write("docs", {"try.md": text})
            again = vade("build", "docs", "--out", "dist", "--keys", "keys", "--previous", host.url)
            assert again.code == (8 if "Two" in text else 0)
        assert "is not yet published" in again.errors[-1] and "--previous dist" in again.errors[-1]
        assert build(vade, "--previous", "dist", "--json").json["sequence"] == 3


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_the_commands(vade: Vade, shell: str) -> None:
    script = vade("completion", shell).out
    assert "--base-url" in script and "doctor" in script
    if shell == "bash":
        done = subprocess.run(
            ["bash", "-c", f"{script}\nCOMP_WORDS=(vade rollb)\nCOMP_CWORD=1\n_shtab_vade\necho ${{COMPREPLY[@]}}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["rollback"]


def test_an_interrupt_is_one_line(published: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Iterator[None]:
        raise KeyboardInterrupt

    monkeypatch.setattr("vademecum.knowledge.KnowledgeBase.open", interrupted)
    assert_refused(published("status", "--store", "kb.db"), 130, "interrupted")


def test_a_fault_of_the_file_system_elsewhere_is_one_line(published: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "docs/notes.txt")

    monkeypatch.setattr("vademecum_builder.sources.folder.FolderSource.scan", fails)
    assert_refused(build(published), 7, "docs/notes.txt: Input/output error")


def test_links_that_lead_in_a_circle_are_one_line(published: Vade) -> None:
    Path("circle").symlink_to("circle")
    assert_refused(published("build", "docs", "--out", "circle"), 7, "circle: cannot be written")
    assert_refused(published("build", "circle", "--out", "other"), 2, "circle: no such folder")


# As a process of its own ---------------------------------------------------------------------------


def child(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vademecum_builder.cli.main"]
    environ = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, env=environ
    )


def test_the_line_from_build_to_search_as_processes(place: Path) -> None:
    write("docs", HANDBOOK)
    built = child("build", "docs", "--out", "dist", "--no-site", "--json")
    assert (built.returncode, json.loads(built.stdout)["sequence"]) == (0, 1), built.stderr
    assert child("pull", "dist", "--store", "kb.db").returncode == 0
    found = child("search", "rotate", "--store", "kb.db", "--json")
    assert json.loads(found.stdout)["hits"][0]["heading"] == "Rotate"
    assert found.stderr == ""
    missing = child("build", "nowhere", "--out", "dist", "--no-site")
    assert (missing.returncode, missing.stderr.count("\n"), missing.stdout) == (2, 1, "")


def test_a_second_try_is_no_message(place: Path) -> None:
    write(".", {"vademecum.toml": "[[source]]\nname = 'n'\nkind = 'feed'\npath = 'http://127.0.0.1:1/feed.xml'\n"})
    ran = child("build")
    assert (ran.returncode, ran.stderr.count("\n"), "127.0.0.1:1" in ran.stderr) == (3, 1, True), ran.stderr


def test_the_log_goes_to_stderr_and_holds_what_the_client_did(published: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VADEMECUM_LOG", "debug")
    pulled = child("pull", "dist", "--store", "new.db", "--json")
    assert json.loads(pulled.stdout)["to"] == 1
    assert "vademecum DEBUG updateCompleted {'sequence': 1" in pulled.stderr
    monkeypatch.setenv("VADEMECUM_LOG", "warning")
    assert child("pull", "dist", "--store", "other.db").stderr == ""


def test_a_reader_that_has_seen_enough_is_no_error(published: Vade) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "vademecum_builder.cli.main", "search", "keys", "--store", "kb.db"]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_terminal_of_another_encoding_gets_every_character(
    published: Vade, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    write("docs", {"abroad.md": "# Schl\xfcssel\n\nAlle Schl\xfcssel \u9375 \U0001f511.\n"})
    assert build(published).code == published("pull", "dist", "--store", "kb.db").code == 0
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1:strict")
    command = [sys.executable, "-m", "vademecum_builder.cli.main", "search", "\u9375", "--store", "kb.db", *options]
    ran = subprocess.run(command, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    if options:
        assert json.loads(ran.stdout)["hits"][0]["text"] == "Alle Schl\xfcssel \u9375 \U0001f511."
    else:
        assert "Alle Schl\xfcssel \\u9375 \\U0001f511." in ran.stdout.decode("latin-1")


@pytest.mark.parametrize(
    ("store", "code", "told"),
    [("kb.db", 7, "vade: the output cannot be written: No space left on device\n"), ("none.db", 1, "vade: ")],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_below_the_output_is_one_line(
    published: Vade, store: str, code: int, told: str, options: list[str]
) -> None:
    assert published("pull", "dist", "--store", "kb.db").code == 0
    command = [sys.executable, "-m", "vademecum_builder.cli.main", "search", "keys", "--store", store, *options]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ran.returncode, ran.stderr.count("\n")) == (code, 1)
    assert ran.stderr.startswith(told)


@pytest.mark.parametrize("named", [True, False])
def test_serve_tells_its_address_and_logs_requests(published: Vade, *, named: bool) -> None:
    if not named:
        assert_refused(published("serve"), 2, "serve what? vade serve DIST, or ")
        Path("vademecum.toml").write_text('title = "Site"\nout = "dist"\n\n[[source]]\npath = "docs"\n')
    with serving(*(["dist"] if named else [])) as (url, log):
        assert json.loads(got(f"{url}version.json"))["sequence"] == 1
        assert '"GET /version.json HTTP/1.1" 200' in log.readline()


def test_a_site_is_served_where_its_pages_ask_for_the_tree_in_it(published: Vade) -> None:
    """As `vade init` writes the tag, from the top of the host; and as it lies."""
    settings = (
        'title = "Site"\nout = "dist"\naddress = "https://acme.github.io/book/dist/"\n\n[[source]]\npath = "docs"\n'
    )
    Path("vademecum.toml").write_text(settings)
    Path(".git").mkdir()
    Path(".git/config").write_text("secret")
    with serving(".") as (url, _):
        assert got(f"{url}book/dist/version.json") == got(f"{url}dist/version.json")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            got(f"{url}book/.git/config")


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, IO[str]]]:
    """`vade serve` with these options: its address, and its log."""
    command = [sys.executable, "-m", "vademecum_builder.cli.main", "serve", *options, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            line = server.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http://127.0.0.1:")), server.stderr
        finally:
            server.terminate()


def got(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_commands_leave_the_source_alone(published: Vade) -> None:
    shutil.rmtree("dist")
    before = tree_of(Path("docs"))
    assert build(published).code == 0
    assert tree_of(Path("docs")) == before


@pytest.mark.fault("B29")
def test_pull_takes_mirrors(published: Vade) -> None:
    """Where the first place has nothing, the others are asked in turn."""
    arguments = ("nothing-here", "--mirror", "nor-here", "--mirror", "dist", "--store", "kb.db")
    assert published("pull", *arguments, "--json").json["to"] == 1


@pytest.mark.fault("B28")
def test_pull_pauses_at_its_byte_budget_and_the_next_goes_on(published: Vade) -> None:
    """A release of two objects, and a budget that each of them exceeds."""
    arguments = ("pull", "dist", "--store", "fresh.db", "--max-bytes", "1")
    paused = published(*arguments)
    assert (paused.code, paused.out) == (3, "")
    assert "paused: 1 file of" in paused.errors[0]
    assert published("search", "keys", "--store", "fresh.db").code == 1
    assert published(*arguments, "--json").json["to"] == 1


# The doctor ----------------------------------------------------------------------------------------


def spoil_store() -> None:
    with closing(sqlite3.connect("kb.db")) as connection:
        connection.execute("UPDATE objects SET data = zeroblob(length(data)) WHERE rowid = 1")
        connection.commit()


def test_the_doctor_reports_and_mends(published: Vade) -> None:
    sound = published("doctor", "--store", "kb.db")
    assert (sound.code, sound.errors) == (0, ())
    assert all(line.startswith("ok   ") for line in sound.out.splitlines())
    assert sound.out.splitlines()[0] == "ok   file: passes SQLite's integrity check"
    spoil_store()
    for arguments in (["--check"], ["dist", "--check"], []):
        ran = published("doctor", *arguments, "--store", "kb.db")
        assert ran.code == 1
        assert "BAD  objects: 0 missing, 1 damaged: " in ran.out
        assert ran.out.splitlines()[-1] == "To repair it: vade doctor --store kb.db URL"
    ran = published("doctor", "nothing-here", "--mirror", "dist", "--store", "kb.db")
    assert (ran.code, ran.out.splitlines()[0][:18]) == (0, "was BAD  objects: ")
    assert published("search", "rotate", "--store", "kb.db").code == 0


@pytest.mark.fault("E54")
def test_what_no_doctor_can_mend_is_not_sent_to_one(published: Vade, monkeypatch: pytest.MonkeyPatch) -> None:
    write("docs", {"new.md": "# New\n\nAnother release 1.\n"})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) - 60))
    again = ("build", "docs", "--out", "other", "--keys", "keys", "--no-site", "--restart")
    begun = published(*again)
    assert begun.code == 0
    assert any("other channels, and what was taken back, are not gone on from" in said for said in begun.errors)
    assert published("pull", "other", "--store", "kb.db", "--trust", "keys/root.json").code == 5
    ran = published("doctor", "--check", "--store", "kb.db")
    assert ran.code == 1
    assert "twice, and not the same: what was taken first stays. Ask the publisher" in ran.out.splitlines()[-1]


def test_the_doctor_as_json(published: Vade) -> None:
    spoil_store()
    ran = published("doctor", "--check", "--store", "kb.db", "--json")
    assert (ran.code, ran.json["sound"], ran.json["setAside"]) == (1, False, None)
    ran = published("doctor", "dist", "--store", "kb.db", "--json")
    assert (ran.code, ran.json["sound"]) == (0, True)
    assert {"name": "leftovers", "sound": True, "message": "none"} in ran.json["checks"]
    assert [check["name"] for check in ran.json["before"] if not check["sound"]] == ["objects"]


def test_the_doctor_without_a_store(vade: Vade) -> None:
    assert_refused(vade("doctor", "--store", "nothing.db"), 1, "nothing is installed")
