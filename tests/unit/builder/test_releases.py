"""What a publisher decides about releases, and that clients follow: no sources, no model, and a tree that verifies."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from support.pages_host import PagesHost
from support.publishing import HANDBOOK, Line, ask, begun, make_runtime, read, tree_of
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ContentError, SignatureError, UsageError, VademecumError
from vademecum.format.json import parse_object
from vademecum.ports import Store
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.update.results import Outcome
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.release.inventory import Inventory, read_inventory
from vademecum_builder.release.verify import Verified, files_below, verify_tree
from vademecum_builder.releases import ChangeReport, TreeRequest, promote, resign, roll_back, roll_out, yank
from vademecum_builder.request import ApprovalRule, ArchiveLimits
from vademecum_builder.signing.root import new_keys, renew_root

NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}
OTHER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nLanterns by day are of no use.\n"}


@pytest.fixture
def line(tmp_path: Path) -> Line:
    """Release 1, and 2 as a candidate for nobody."""
    return begun(_with_a_candidate, tmp_path)


def _with_a_candidate(folder: Path) -> Line:
    line = Line(folder)
    line.release(HANDBOOK)
    line.later(hours=1)
    assert line.release(NEWER, candidate=0).candidate == 0
    line.later(hours=1)
    return line


def tree(line: Line, **options: Any) -> TreeRequest:
    return TreeRequest(**{"out": line.out, "keys": line.keys, **options})


def follow(line: Line, store: Store, channel: str = "stable", out: Path | None = None) -> Outcome:
    config = Config(retries=0, channel=channel)
    engine = Engine(store, FolderTransport(out or line.out), FixedClock(line.now), trust=line.root, config=config)
    return asyncio.run(engine.sync())


def verified(line: Line, out: Path | None = None) -> Verified:
    """Check the whole tree: nothing may be damaged, unsigned but version.json, or missing."""
    out = out or line.out
    transport = FolderTransport(out)
    found = asyncio.run(
        verify_tree(transport, line.root, FixedClock(line.now), Config(retries=0), present=files_below(out))
    )
    assert (found.damaged, {*found.unsigned} - {"version.json"}) == ((), set())
    return found


def inventory(line: Line) -> Inventory:
    transport = FolderTransport(line.out)
    return asyncio.run(read_inventory(transport, line.root, FixedClock(line.now), Config(retries=0)))


def held(line: Line) -> list[int]:
    return [one.sequence for one in inventory(line).releases]


def shown(line: Line, channel: str = "stable") -> tuple[int, int | None, int]:
    found = read(FolderTransport(line.out), line.root).channels[channel]
    return found.current.sequence, found.candidate.sequence if found.candidate else None, found.rollout


def metadata_alone(before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return all(path.startswith("metadata/") or path == "version.json" for path in changed)


# Decisions ---------------------------------------------------------------------------------------------


def test_a_candidate_is_rolled_out_and_promoted_by_metadata_alone(line: Line) -> None:
    embedded, store = len(line.encoders.embedded), MemoryStore()
    follow(line, store)
    assert shown(line) == (1, 2, 0)
    before = tree_of(line.out)
    assert roll_out(tree(line), 2, rollout=2500, now=line.now).changed
    assert shown(line) == (1, 2, 2500)
    roll_out(tree(line), 2, rollout=10_000, now=line.now)
    assert follow(line, store).to_sequence == 2
    report = promote(tree(line), 2, now=line.now)
    assert (report.sequence, report.changed, shown(line)) == (2, True, (2, None, 0))
    assert metadata_alone(before, tree_of(line.out))
    assert follow(line, store).plan == "none"
    assert verified(line).sequence == 2
    assert len(line.encoders.embedded) == embedded


def test_a_critical_release_is_named_in_every_channel_and_stays_so(line: Line) -> None:
    line.release(OTHER, channel="beta", critical=True)
    line.later(hours=1)
    line.release(NEWER)
    critical = {name: one.critical for name, one in read(FolderTransport(line.out), line.root).channels.items()}
    assert critical == {"stable": (3,), "beta": (3,)}


def test_what_is_so_already_is_not_written(line: Line) -> None:
    promote(tree(line), 2, now=line.now)
    before = tree_of(line.out)
    report = promote(tree(line), 2, now=line.now)
    assert not report.changed
    assert tree_of(line.out) == before


def test_a_release_that_is_not_there_is_told_from_one_that_never_was(line: Line) -> None:
    with pytest.raises(UsageError, match="release 9 was never published: there is 2, 1"):
        promote(tree(line), 9, now=line.now)
    line.release(OTHER, archive=ArchiveLimits(0))
    with pytest.raises(UsageError, match="release 1 is not kept any more: there is 3"):
        roll_back(tree(line), to=1, now=line.now)


@pytest.mark.parametrize(
    "decide",
    [
        lambda line: promote(tree(line), 1, to="beta", now=line.now),
        lambda line: roll_out(tree(line), 1, rollout=50, now=line.now),
        lambda line: yank(tree(line), [3], now=line.now),
        lambda line: yank(tree(line), [0], now=line.now),
        lambda line: roll_back(tree(line), to=2, now=line.now),
        lambda line: roll_back(tree(line), to=7, now=line.now),
    ],
)
def test_what_cannot_be_meant_changes_nothing(line: Line, decide: Callable[[Line], ChangeReport]) -> None:
    before = tree_of(line.out)
    with pytest.raises(UsageError):
        decide(line)
    assert tree_of(line.out) == before


def test_a_yanked_candidate_is_for_nobody_and_the_next_release_goes_on_from_it(line: Line) -> None:
    roll_out(tree(line), 2, rollout=10_000, now=line.now)
    early, late = MemoryStore(), MemoryStore()
    assert follow(line, early).to_sequence == 2
    yank(tree(line), [2], now=line.now)
    assert follow(line, late).to_sequence == 1
    assert follow(line, early).plan == "none", "what is installed is read on"
    with pytest.raises(UsageError, match="was taken back"):
        promote(tree(line), 2, now=line.now)
    with pytest.raises(UsageError, match="was taken back"):
        roll_out(tree(line), 2, rollout=5, now=line.now)
    with pytest.raises(UsageError, match="was taken back"):
        roll_back(tree(line), to=2, now=line.now)
    assert not line.release(NEWER).changed, "what was taken back is not published anew"
    assert line.release(HANDBOOK).sequence == 3
    for store in (early, late):
        assert follow(line, store).to_sequence == 3
        assert not [hit for hit in ask(store, "lanterns") if "lanterns" in hit.text]
    verified(line)


def test_of_a_channel_whose_release_is_damaged_nothing_is_listed(line: Line) -> None:
    for manifest in (line.out / "releases").iterdir():
        manifest.write_bytes(b"{}")
    with pytest.raises(ContentError, match="releases/"):
        inventory(line)


def test_taking_back_the_current_release_says_what_that_means(line: Line) -> None:
    report = yank(tree(line), [1], now=line.now)
    assert "release 1 is the current one of stable" in report.notices[0]
    assert inventory(line).channels["stable"].yanked == (1,)
    outcome = follow(line, MemoryStore())
    assert (outcome.to_sequence, outcome.plan, outcome.reason) == (0, "none", "yanked")
    assert outcome.json()["reason"] == "yanked"


# Going back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["tree", "fresh"])
def test_going_back_publishes_old_content_under_a_new_number_and_costs_the_difference(
    line: Line, tmp_path: Path, out: str
) -> None:
    """In a fresh folder, too: the tree is whole afterwards, as after a build."""
    old = MemoryStore()
    follow(line, old)
    promote(tree(line), 2, now=line.now)
    store = MemoryStore()
    first = follow(line, store)
    digest = read(FolderTransport(line.out), line.root).manifest.digest
    line.later(hours=1)
    embedded = len(line.encoders.embedded)
    report = roll_back(tree(line, out=tmp_path / out, previous=str(line.out)), to=1, now=line.now)
    assert (report.sequence, len(line.encoders.embedded)) == (3, embedded)
    assert "revert them" in report.notices[0]
    released = read(FolderTransport(tmp_path / out), line.root)
    assert released.manifest.digest != digest
    for one in (store, old):
        outcome = follow(line, one, out=tmp_path / out)
        assert (outcome.to_sequence, outcome.plan) == (3, "direct")
        assert outcome.bytes < first.bytes / 2
        assert not [hit for hit in ask(one, "lanterns at night") if "lanterns" in hit.text]
    verified(line, tmp_path / out)


def test_after_going_back_the_next_build_compares_with_the_content_that_is_back(line: Line) -> None:
    promote(tree(line), 2, now=line.now)
    roll_back(tree(line), to=1, now=line.now)
    assert not line.release(HANDBOOK).changed
    report = line.release(NEWER)
    assert (report.sequence, report.added) == (4, 1)


# Channels ----------------------------------------------------------------------------------------------


def test_two_channels_have_releases_of_one_line_and_clients_change_between_them_at_what_differs(line: Line) -> None:
    stable, beta = MemoryStore(), MemoryStore()
    assert line.release(HANDBOOK, channel="beta").changed, "it begins with the newest of all"
    follow(line, stable)
    follow(line, beta, "beta")
    assert line.release(OTHER, channel="beta").sequence == 4
    assert line.release({**HANDBOOK, "fix.md": "# Fix\n\nA mended page.\n"}).sequence == 5
    assert not line.release(OTHER, channel="beta").changed
    assert (shown(line), shown(line, "beta")) == ((5, None, 0), (4, None, 0))
    assert follow(line, stable).plan == "direct"
    assert follow(line, beta, "beta").plan == "direct"
    line.release({**OTHER, "more.md": "# More\n\nOne more page.\n"}, channel="beta")
    assert promote(tree(line), 6, now=line.now).changed
    outcome = follow(line, stable)
    assert (outcome.to_sequence, outcome.plan) == (6, "direct")
    assert follow(line, beta, "beta").plan == "direct"
    verified(line)


def test_an_unchanged_source_begins_a_channel_with_the_release_that_is_there(line: Line) -> None:
    report = line.release(NEWER, channel="beta")
    assert (report.changed, report.signed, shown(line, "beta")) == (False, True, (2, None, 0))
    store = MemoryStore()
    assert follow(line, store, "beta").to_sequence == 2


def test_the_first_release_of_a_channel_is_for_everybody(tmp_path: Path) -> None:
    line = Line(tmp_path)
    assert line.release(HANDBOOK, candidate=100).candidate is None
    assert shown(line) == (1, None, 0)


def test_what_a_channel_leads_to_is_never_swept(line: Line) -> None:
    line.release(OTHER, channel="beta", archive=ArchiveLimits(0))
    for number in range(5):
        line.release({**HANDBOOK, "page.md": f"# Page\n\nText {number}.\n"}, archive=ArchiveLimits(0))
    assert held(line) == [8, 3]
    store = MemoryStore()
    assert follow(line, store, "beta").to_sequence == 3
    verified(line)


# What stays --------------------------------------------------------------------------------------------


def test_so_many_earlier_releases_stay_and_within_so_many_bytes(tmp_path: Path) -> None:
    line = Line(tmp_path)
    for number in range(6):
        line.release({**HANDBOOK, "page.md": f"# Page\n\nText {number}.\n"}, archive=ArchiveLimits(3))
    assert held(line) == [6, 5, 4, 3]
    line.release({**HANDBOOK, "page.md": "# Page\n\nLast.\n"}, archive=ArchiveLimits(10, share=0, floor=0))
    assert held(line) == [7]
    verified(line)


def test_what_was_taken_back_does_not_stay_once_it_is_no_candidate_any_more(line: Line) -> None:
    yank(tree(line), [2], now=line.now)
    line.release(OTHER)
    assert held(line) == [3, 1]


def test_earlier_releases_are_brought_to_a_fresh_machine_from_an_address(line: Line, tmp_path: Path) -> None:
    with PagesHost(line.out) as host:
        report = promote(tree(line, out=tmp_path / "fresh", previous=host.url), 2, now=line.now)
    assert report.changed
    assert verified(line, tmp_path / "fresh").sequence == 2
    shutil.rmtree(line.out)
    (tmp_path / "fresh").rename(line.out)
    assert held(line) == [2, 1]
    assert roll_back(tree(line), to=1, now=line.now).sequence == 3


# Approval ----------------------------------------------------------------------------------------------


def test_what_changes_too_much_waits_and_what_is_added_to_it_waits_too(tmp_path: Path) -> None:
    line, rule = Line(tmp_path), ApprovalRule(more_than=0.4)
    report = line.release(HANDBOOK, approval=rule)
    assert (report.waits, report.candidate) == ("", None), "nobody has anything yet"
    assert not line.release({**HANDBOOK, "a.md": "# A\n\nOne page more.\n"}, approval=rule).waits
    files = {**HANDBOOK, "b.md": "# B\n\nAnother page.\n", "notes.txt": "Notes\n\nSnow.\n"}
    report = line.release(files, approval=rule, candidate=5000)
    assert (report.waits, report.candidate) == ("75% of the documents change, more than 40%", 0)
    report = line.release({**files, "c.md": "# C\n\nOne page more.\n"}, approval=rule)
    assert (report.added, report.waits) == (1, "100% of the documents change, more than 40%")
    assert shown(line) == (2, 4, 0)
    assert report.json()["candidate"] == {"rollout": 0}
    promote(tree(line), 4, now=line.now)
    assert not line.release(files, approval=rule).waits
    assert shown(line) == (5, None, 0)


def test_all_releases_may_wait_but_for_the_first(tmp_path: Path) -> None:
    line, rule = Line(tmp_path), ApprovalRule(always=True)
    assert not line.release(HANDBOOK, approval=rule).waits
    assert line.release(NEWER, approval=rule).waits == "every release does"
    assert not line.release(NEWER, approval=rule).changed, "it waits still"
    assert shown(line) == (1, 2, 0)


# Signatures --------------------------------------------------------------------------------------------


def test_signing_anew_writes_a_timestamp_and_nothing_else(line: Line) -> None:
    before, expires = tree_of(line.out), inventory(line).expires
    line.later(days=20)
    report = resign(tree(line), now=line.now)
    after = tree_of(line.out)
    assert {path for path in after if before.get(path) != after[path]} == {"metadata/timestamp.json"}
    assert (report.sequence, before.keys()) == (1, after.keys())
    assert inventory(line).expires == expires + timedelta(days=20, hours=1)
    store = MemoryStore()
    assert follow(line, store).to_sequence == 1


def test_signing_anew_renews_all_where_the_rest_would_expire_before_it(line: Line) -> None:
    line.later(days=360)
    resign(tree(line, force=True), now=line.now)
    told = parse_object((line.out / "metadata/3.targets.json").read_bytes(), "targets")["signed"]
    assert told["expires"] > (line.now + timedelta(days=300)).isoformat()
    line.later(days=20)
    assert verified(line).sequence == 1


def test_signing_anew_publishes_a_newer_root(line: Line) -> None:
    renew_root(line.keys, line.now)
    resign(tree(line), now=line.now)
    assert (line.out / "metadata/2.root.json").is_file()
    verified(line)


def test_a_tree_that_has_expired_is_signed_anew(line: Line) -> None:
    line.later(days=40)
    resign(tree(line), now=line.now)
    assert follow(line, MemoryStore()).to_sequence == 1


@pytest.mark.slow
@pytest.mark.parametrize("decide", [resign, lambda request, now: promote(request, 2, now=now)])
def test_pages_stay_whole_in_a_fresh_folder(
    tmp_path: Path, decide: Callable[..., ChangeReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = make_runtime(tmp_path / "runtime")
    monkeypatch.setattr("vademecum_builder.pages.site.fetch_runtime", lambda _: runtime)
    line = Line(tmp_path, site=SiteBuilder(runtime))
    line.release(HANDBOOK, title="Lamps")
    line.release(NEWER, title="Lamps", candidate=0)
    fresh = tmp_path / "fresh"
    request = tree(line, out=fresh, previous=str(line.out), runtime_cache=runtime)
    decide(request, now=line.now)
    verified(line, fresh)
    told = parse_object((fresh / "version.json").read_bytes(), "version.json")
    page = re.sub("<[^>]+>", "", (fresh / "release.html").read_text())
    if decide is resign:
        assert told["channels"]["stable"]["candidate"] == {"rollout": 0, "sequence": 2, "version": "2026.11.21-2"}
        assert (told["sequence"], told["channel"]) == (1, "stable")
        assert "is a candidate of stable. It is for 0 % of its readers." in page
    else:
        assert (told["sequence"], told["changes"]["added"][0]["key"]) == (2, "lanterns.md")
        assert "\n  Release 2\n" in page
        assert "Lanterns" in (fresh / "documents.html").read_text()
        assert "What was read" in page, "the build's own account is kept with the release"
        assert "taken back" not in page
    request = tree(line, out=fresh, runtime_cache=runtime)
    yank(request, [told["sequence"]], now=line.now)
    page = (fresh / "release.html").read_text()
    assert f"Release {told['sequence']} was taken back by its publisher: nobody installs it any more." in page
    assert "<title>Lamps" in (fresh / "index.html").read_text(), "as it was, though nobody says it again"
    assert "Who follows stable gets none until a newer one is published" in page


def test_a_stranger_decides_nothing(line: Line, tmp_path: Path) -> None:
    new_keys(tmp_path / "mine", line.now)
    before = tree_of(line.out)
    with pytest.raises((SignatureError, UsageError)):
        promote(tree(line, keys=tmp_path / "mine"), 2, now=line.now)
    assert tree_of(line.out) == before


def test_a_folder_without_a_tree_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no published tree"):
        resign(TreeRequest(out=tmp_path / "none"))


def test_two_at_once_do_not_write_over_each_other(line: Line, tmp_path: Path) -> None:
    before = shutil.copytree(line.out, tmp_path / "before")
    promote(tree(line), 2, now=line.now)
    with pytest.raises(VademecumError) as caught:
        roll_out(tree(line, previous=str(before)), 2, rollout=5, now=line.now)
    assert caught.value.code == "busy"
    assert shown(line) == (2, None, 0)
