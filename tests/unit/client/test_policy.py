"""Policies: what is done unasked about a release, in both languages; and what an app and its users may choose."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from support.app import App, texts
from support.followed_tree import FAST, FollowedTree
from support.policy import CASES, TABLE
from vademecum import KnowledgeBase
from vademecum.errors import EmptyStoreError, NetworkError, UsageError
from vademecum.format.manifest import MOST_CHANGED, changed_last, decode_manifest, encode_manifest
from vademecum.policy import CHOICES, Connection, Policy, check_choices, decide
from vademecum.trust.rollout import bucket
from vademecum.update import ladder, update
from vademecum.update.plan import plans

ROOT = Path(__file__).parents[3]
JS = ROOT / "client" / "vademecum" / "js"
ONE = {"a": texts("rotate the key"), "b": texts("a lamp"), "c": texts("run")}
TWO = {"a": texts("rotate the lamp"), "b": texts("a lamp"), "c": texts("run")}
THREE = {"a": texts("run home"), "b": texts("a key")}


# One table for both languages ------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "offered", "connection", "expected"), CASES)
def test_what_is_done_unasked(policy: Policy, offered: Any, connection: Connection, expected: Any) -> None:
    assert decide(policy, offered, connection) == expected


READ = """
const [{ decide, POLICY, fault }, files] = await Promise.all(process.argv.slice(1, 3).map((name) => import(name)));
const { cases, choices } = JSON.parse(files.readFileSync(process.argv[3], "utf-8"));
const decided = cases.map(([policy, offered, connection]) =>
  decide({ ...POLICY, ...policy }, offered && { sequence: 9, ...offered }, connection));
console.log(JSON.stringify({ decided, faults: choices.map(([name, value]) => fault(name, value) !== ""), POLICY }));
"""
CHOSEN: list[tuple[str, Any]] = [
    *(("mode", value) for value in ("automatic", "notify", "manual", "off", "Off", "", None)),
    ("mode", 1),
    ("mode", []),
    ("mode", True),
    *(("channel", value) for value in ("beta", "", "b" * 100, "b" * 101, 1, None)),
    *(("connection", value) for value in ("any", "unmetered", "wifi", "4g", None)),
    *(("maxUpdateBytes", value) for value in (0, 1, 2**53 - 1, -1, 1.5, "1", True, None)),
    *(("leastDocuments", value) for value in (0, 7, -1, "3", False, None)),
    *(("activation", value) for value in ("now", "next-start", "later", None)),
    *(("colour", value) for value in ("red", None)),
]


@pytest.mark.process
def test_both_languages_decide_the_same(tmp_path: Path) -> None:
    told = tmp_path / "cases.json"
    told.write_text(json.dumps({"cases": TABLE, "choices": CHOSEN}))
    module = (JS / "update" / "policy.mjs").as_uri()
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "--input-type=module", "--eval", READ, module, "node:fs", str(told)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    for case, decided in zip(TABLE, found["decided"], strict=True):
        assert decided == {"what": case[3], "reason": case[4] if len(case) > 4 else ""}, case
    assert found["POLICY"] == Policy().json()
    for (name, value), faulty in zip(CHOSEN, found["faults"], strict=True):
        assert faulty == bool(_fault(name, value)), (name, value)


def _fault(name: str, value: object) -> str:
    try:
        check_choices({name: value})
    except UsageError as error:
        return error.message
    return ""


def test_a_choice_that_there_is_not_says_which_there_are() -> None:
    assert _fault("mode", "never") == "mode must be one of automatic, notify, manual, off, not 'never'"
    assert _fault("colour", "red").endswith(f"there are {', '.join(CHOICES)}")


# What waits ------------------------------------------------------------------------------------------


def unasked(app: App, **policy: Any) -> Any:
    app.policy = Policy(**policy)
    return app.sync(unasked=True)


@pytest.fixture
def app() -> App:
    app = App.holding(ONE)
    app.publisher.publish(TWO)
    return app


@pytest.mark.parametrize(
    ("policy", "decision", "reason"),
    [
        ({"mode": "notify"}, "notify", None),
        ({"mode": "manual"}, "wait", "manual"),
        ({"least_documents": 2}, "wait", "insignificant"),
        ({"connection": "wifi"}, "wait", "connection"),
    ],
)
def test_a_release_that_waits_is_told_with_its_cost(
    app: App, policy: Mapping[str, Any], decision: str, reason: str | None
) -> None:
    outcome = unasked(app, **policy)
    assert (outcome.plan, app.sequence, app.names()) == ("none", 1, ["updateAvailable"])
    offer = outcome.offer
    assert (offer.available, offer.sequence, offer.documents, offer.critical) == (True, 2, 1, False)
    assert (offer.decision, offer.reason) == (decision, reason)
    assert not app.objects
    taken = app.sync()
    assert (taken.to_sequence, taken.offer) == (2, None)
    assert offer.cost == taken.bytes, "what the notice says is what is downloaded"


@pytest.mark.parametrize("options", [{}, {"force": True}, {"unasked": True}])
def test_an_update_is_planned_once(app: App, options: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planner = Mock(side_effect=plans)
    for module in (update, ladder):
        monkeypatch.setattr(module, "plans", planner)
    assert app.sync(**options).to_sequence == 2
    assert planner.call_count == (0 if "force" in options else 1)


def test_off_asks_nobody(app: App) -> None:
    outcome = unasked(app, mode="off")
    assert (outcome.plan, outcome.offer, app.requests, app.events) == ("none", None, [], [])


def test_documents_are_counted_from_the_installed_release_on(app: App) -> None:
    assert unasked(app, least_documents=2).offer.documents == 1
    app.publisher.publish(THREE)  # changes two, removes one; a has changed before
    outcome = unasked(app, least_documents=4)
    assert outcome.offer.documents == 3
    assert unasked(app, least_documents=3).to_sequence == 3


def test_a_critical_release_does_not_wait_nor_one_after_it(app: App) -> None:
    app.publisher.publish(THREE)
    app.publisher.change_line({**app.publisher.entry, "critical": [2]})
    outcome = unasked(app, least_documents=99)
    assert outcome.to_sequence == 3
    app.publisher.publish(TWO)
    app.publisher.change_line({**app.publisher.entry, "critical": [2]})
    assert unasked(app, least_documents=99).offer.critical is False, "that one is installed"


@pytest.mark.parametrize("junk", [True, "2", [2.5, 2], ["2"], {"2": True}, None])
def test_junk_is_not_critical_and_closes_nothing(app: App, junk: Any) -> None:
    app.publisher.change_line({**app.publisher.entry, "critical": [None] if isinstance(junk, list) else junk})
    assert unasked(app, least_documents=9).offer.critical is False
    assert app.sync().to_sequence == 2


def test_who_has_nothing_gets_the_first_release_however_small(app: App) -> None:
    app.clear()
    assert unasked(app, least_documents=99).to_sequence == 2


def test_how_many_documents_changed_is_said_for_so_many_releases() -> None:
    app = App.holding(ONE)
    manifest = app.publisher.manifest
    assert manifest is not None
    assert manifest.changed == ((1, 3),)
    whole = tuple((sequence, 1) for sequence in range(50, 50 - MOST_CHANGED, -1))
    assert changed_last(range(1, 51)) == whole

    cut = replace(manifest, changed=whole)
    oldest = whole[-1][0]
    assert decode_manifest(encode_manifest(cut)).changed == whole
    assert [cut.documents_since(at) for at in (50, 49, oldest, oldest - 1)] == [0, 1, MOST_CHANGED - 1, MOST_CHANGED]
    assert cut.documents_since(oldest - 2) is None, "what lies before is not told"
    assert replace(manifest, changed=()).documents_since(1) is None
    for junk in (b"7", b"[[1]]", b'[["1",2]]', b"[[1,-1]]", b"{}"):
        data = encode_manifest(manifest).replace(b'"changed":[[1,3]]', b'"changed":' + junk)
        assert decode_manifest(data).changed == (), junk


# What a user chooses persists --------------------------------------------------------------------------


def test_choices_persist_and_rule_over_the_app(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path)
    place.open().set_policy(mode="notify", least_documents=2)
    place.publisher.publish({"a": {"chunks": ["run"]}})
    place.write()
    app_says = KnowledgeBase.open(
        place.path, url=place.site, trust=place.publisher.first_root, config=FAST, policy=Policy(mode="off")
    )
    outcome = app_says.sync()
    assert outcome.offer is not None
    assert (outcome.offer.decision, outcome.offer.documents) == ("notify", 2)
    assert app_says.status()["policy"] == {**Policy().json(), "mode": "notify", "leastDocuments": 2}
    app_says.set_policy(mode=None)
    assert app_says.sync().offer is None, "the app's own choice: off"
    assert app_says.update().to_sequence == 3
    with pytest.raises(UsageError, match="mode must be one of"):
        app_says.set_policy(mode="sometimes")


def test_a_release_that_is_skipped_is_passed_over_for_the_next(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path)
    kb = place.open()
    kb.skip(3)
    place.publisher.publish({"a": {"chunks": ["run"]}})
    place.write()
    assert kb.update().plan == kb.sync().plan == "none"
    assert kb.check().reason == "refused"
    kb.skip(None)
    assert kb.sync().to_sequence == 3
    for wrong in (3, 0, "4", True, 2**53 + 1):
        with pytest.raises(UsageError):
            kb.skip(wrong)  # type: ignore[arg-type]


def test_who_asks_for_an_update_is_told_what_kept_it_from_that(tmp_path: Path) -> None:
    """As in JavaScript; what an app does unasked, `sync`, reports it."""
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tmp_path / "nowhere", config=FAST)
    assert isinstance(kb.sync().error, NetworkError)
    with pytest.raises(NetworkError, match="nowhere"):
        kb.update()
    with pytest.raises(EmptyStoreError, match=r"nothing is installed yet; the last try failed: .*nowhere"):
        kb.search("run")


def test_after_a_rollback_the_way_forward_is_open(tmp_path: Path) -> None:
    kb = FollowedTree(tmp_path).open()
    kb.rollback()
    assert kb.sync().to_sequence == 1
    kb.skip(None)
    assert kb.sync().to_sequence == 2


def test_from_the_next_start_on(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path)
    kb = place.open()
    kb.set_policy(activation="next-start")
    assert kb.search("run home", limit=1)[0].text == "run home"
    place.publisher.publish({"a": {"chunks": ["rotate the lamp"]}})
    place.write()
    assert kb.sync().to_sequence == 3
    assert (kb.release.sequence, kb.search("run home", limit=1)[0].text) == (2, "run home")
    again = place.open(online=False)
    assert again.search("rotate the lamp", limit=1)[0].text == "rotate the lamp"
    assert kb.rollback().sequence == 2, "who goes back does not wait"


def test_another_channel_is_followed_from_the_next_sync_on(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path)
    kb = place.open()
    kb.set_policy(channel="beta")
    error = kb.sync().error
    assert error is not None
    assert "beta" in error.message
    assert kb.release.sequence == 2, "what is installed stays"
    kb.set_policy(channel=None)
    assert kb.sync().error is None


def test_who_comes_back_from_another_channel_waits_till_this_one_has_caught_up() -> None:
    app = App.holding(ONE)
    publisher, stable, targets = app.publisher, app.publisher.entry, app.publisher.targets.targets
    publisher.channel = "beta"
    publisher.publish(TWO)
    both = {"stable": stable, "beta": publisher.entry, "junk": 7, "more": {"sequence": "9"}}
    publisher.targets.targets = {**targets, **publisher.targets.targets}
    publisher.targets.unrecognized_fields["vademecum"] = {"channels": both, "format": 1}
    publisher.sign()
    assert unasked(app, channel="beta").to_sequence == 2
    back = unasked(app, channel="stable")
    assert (back.plan, back.to_sequence, app.status()["lastError"]) == ("none", 2, None)
    assert app.status()["channels"] == ["beta", "junk", "more", "stable"]
    publisher.channel = "stable"
    publisher.publish(THREE)
    assert unasked(app, channel="stable").to_sequence == 3


# Staged rollout ----------------------------------------------------------------------------------------


@pytest.mark.fault("A17")
def test_a_quarter_of_4000_clients_is_a_quarter_and_stays_in_when_it_grows() -> None:
    salts = [hashlib.sha256(f"client {number}".encode()).hexdigest()[:32] for number in range(4000)]
    releases = [hashlib.sha256(f"release {number}".encode()).hexdigest() for number in range(8)]
    drawn = []
    for release in releases:
        buckets = {salt: bucket(salt, release) for salt in salts}
        before: set[str] = set()
        for percent in (1, 5, 25, 50, 75, 100):
            taken = {salt for salt, number in buckets.items() if number < percent * 100}
            assert before <= taken, "who is in stays in"
            before = taken
            if percent == 25:
                assert 0.23 < len(taken) / 4000 < 0.27
                drawn.append(taken)
    for first, second in pairwise(drawn):
        assert 0.04 < len(first & second) / 4000 < 0.09, "drawn anew for the next release: 1 in 16 is in both"


RECIPE = """
const { createHash } = await import("node:crypto");
const hash = (text) => createHash("sha256").update(text).digest();
const salts = Array.from({ length: 4000 }, (_, i) => hash(`client ${i}`).toString("hex").slice(0, 32));
const bucket = (salt, release) =>
  Number(hash(`vademecum.rollout ${salt} ${release}`).readBigUInt64BE(0) % 10000n);
console.log(JSON.stringify(salts.map((salt) => bucket(salt, "a".repeat(64)))));
"""


@pytest.mark.process
def test_another_language_finds_the_same_buckets_by_the_format_page() -> None:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run([node, "--input-type=module", "--eval", RECIPE], capture_output=True, text=True, check=True)
    salts = [hashlib.sha256(f"client {number}".encode()).hexdigest()[:32] for number in range(4000)]
    assert json.loads(done.stdout) == [bucket(salt, "a" * 64) for salt in salts]
