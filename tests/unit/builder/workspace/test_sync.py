"""Bringing a workspace to what its sources say, batch by batch."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from support.workshop import Script, Workshop, lamp, scripted
from vademecum.errors import (
    BusyError,
    CancelledError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    StorageError,
    UsageError,
    VademecumError,
)
from vademecum.format.json import parse_object
from vademecum_builder.sources.base import RECORD, Checkpoint, EmptySourceError, Entry, Removed, Skipped, SourceItem
from vademecum_builder.workspace.database import our_errors
from vademecum_builder.workspace.history import roll_back
from vademecum_builder.workspace.items import ADDED, MODIFIED, REMOVED
from vademecum_builder.workspace.jobs import CANCELLED, CANCELLING, DONE, FAILED, INTERRUPTED, RUNNING, Job, SyncOptions
from vademecum_builder.workspace.store import FROM_UPDATE, Workspace
from vademecum_builder.workspace.sync import sync_sources


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    made = Workshop(tmp_path)
    made.write([lamp(number) for number in range(20)])
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "work.db", create=True)


def item(key: str, text: str = "x") -> SourceItem:
    return SourceItem(key, RECORD, f'{{"text":"{text}"}}'.encode())


def test_each_change_names_the_fields_that_changed_and_the_hashes_of_both_values(shop: Workshop) -> None:
    shop.sync()
    shop.write([lamp(number, **({"price": 99} if number == 3 else {})) for number in range(1, 21)])
    [job] = shop.sync()
    asked = {"ids": [], "full": False, "batch": 500}
    assert replace(job, seconds=0.0) == Job(
        2, "sync", "products", DONE, asked, 1000.0, total=20, done=20, added=1, modified=1, removed=1
    )
    with shop.open() as workspace:
        changes = {change.key: change for change in workspace.changes(job=job.id)}
    assert {key: change.what for key, change in changes.items()} == {"0": REMOVED, "3": MODIFIED, "20": ADDED}
    [(name, (old, new))] = changes["3"].fields.items()
    assert name == "price" and old and new and old != new


def test_a_job_tells_how_far_it_is() -> None:
    job = Job(3, "sync", "products", RUNNING, {}, 1000.0, 100, 40, 1, 30, 9, 1, 7, 16.00049, 2, "no")
    assert job.json() == {
        "id": 3,
        "kind": "sync",
        "source": "products",
        "state": "running",
        "asked": {},
        "started": "1970-01-01T00:16:40+00:00",
        "total": 100,
        "done": 40,
        "failed": 1,
        "added": 30,
        "modified": 9,
        "removed": 1,
        "embedded": 7,
        "seconds": 16.0,
        "release": 2,
        "error": "no",
        "rate": 2.5,
        "left": 24.0,
    }
    assert replace(job, total=40).seconds_left == 0
    unknown = [replace(job, **one) for one in ({"total": 39}, {"state": DONE}, {"done": 0}, {"seconds": 0.0})]
    assert [one.seconds_left for one in unknown] == [None] * 4
    assert asdict(Job(1, "build", "", DONE)) == {
        **dict.fromkeys(asdict(job), 0), "id": 1, "kind": "build", "source": "", "state": DONE, "asked": {}, "error": ""
    }  # fmt: skip


def test_a_record_that_changed_its_shape_is_a_change_like_any_other(shop: Workshop) -> None:
    shop.sync()
    told = lamp(1)
    shop.write([told | {"price": "1", "tags": ["a"]}, *(lamp(number) for number in (0, *range(2, 20)))])
    [job] = shop.sync()
    with shop.open() as workspace:
        [change] = workspace.changes(job=job.id)
    assert set(change.fields) == {"price", "tags"} and change.fields["tags"][0] is None


def test_what_did_not_change_is_no_change(shop: Workshop) -> None:
    shop.sync()
    [job] = shop.sync()
    assert (job.done, job.added, job.modified, job.removed) == (20, 0, 0, 0)


def test_some_ids_alone(shop: Workshop) -> None:
    shop.sync()
    shop.write([lamp(number, price=7000) for number in range(1, 20)])
    [job] = shop.sync(SyncOptions(ids=("0", "4")))
    assert (job.done, job.modified, job.removed) == (1, 1, 1)


@pytest.mark.slow
def test_a_release_from_the_workspace_is_that_from_the_sources(shop: Workshop) -> None:
    shop.build()
    shop.write([lamp(number, **({"text": "Another."} if number == 3 else {})) for number in range(1, 21)])
    with_it = shop.build()
    assert (with_it.added, with_it.modified, with_it.removed, with_it.embedded) == (1, 1, 1, 2)
    assert not shop.build(workspace=None).changed


@pytest.mark.slow
def test_what_is_older_than_its_source_is_named_by_the_build(shop: Workshop) -> None:
    records = [lamp(number, at="2026-01-01T00:00:00Z") for number in range(20)]
    shop.write(records, more='updated = "at"\n')
    assert shop.build().audit.stale == ()
    shop.write([*records[:19], lamp(19, at="2026-01-01")], more='updated = "at"\n')
    report = shop.build()
    assert (report.documents, report.audit.stale) == (20, ("products:19",))


@pytest.mark.slow
def test_a_private_key_that_is_an_example_is_published_from_the_workspace_too(shop: Workshop) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 3 + "-----END PRIVATE KEY-----"
    (shop.root / "docs").mkdir()
    for name in ("tls", "own"):
        (shop.root / f"docs/{name}.md").write_text(f"# The {name} page\n\n```\n{key}\n```\n")
    folder = '[[source]]\nname = "manual"\nkind = "folder"\npath = "docs"\nexample-keys = ["tls.md"]\n'
    shop.write([lamp(1)], more=folder)
    report = shop.build()
    assert (report.documents, report.audit.private_keys) == (2, ("manual:tls.md",))


def test_a_changed_field_that_is_no_part_of_the_text_embeds_nothing(shop: Workshop) -> None:
    shop.write([lamp(number) for number in range(20)], more='metadata = ["price"]\n')
    shop.build()
    shop.write([lamp(number, price=number + 1) for number in range(20)], more='metadata = ["price"]\n')
    report = shop.build()
    assert (report.modified, report.embedded) == (20, 0)
    out = shop.request.out
    changes = parse_object((out / "version.json").read_bytes(), "version.json")["changes"]["modified"]
    assert {tuple(change["fields"]) for change in changes} == {("price",)}
    kept = [gzip.decompress(file.read_bytes()) for file in (out / "objects").glob("*.gz")]
    assert any(b'"fields":["price"]' in one for one in kept), "the pages are to show what settings name"


@pytest.mark.slow
def test_a_build_is_a_job(shop: Workshop) -> None:
    report = shop.build()
    with shop.open() as workspace:
        sync, build = workspace.jobs()
    assert (sync.kind, sync.source, sync.added) == ("sync", "products", 20)
    assert (build.kind, build.state, build.embedded, build.release) == ("build", DONE, report.embedded, 1)


def test_a_checkpoint_is_where_the_next_sync_begins(workspace: Workspace) -> None:
    first, second = Checkpoint("log", "1"), Checkpoint("log", "2")
    source = Script(
        lambda since: [item("a", "again"), Removed("b"), second] if since else [item("a"), item("b"), item("c"), first]
    )
    request, opened = scripted(source)
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        [job] = sync_sources(workspace, request, opened)
        assert source.asked == [None, first]
        assert (job.modified, job.removed) == (1, 1)
        assert sorted(workspace.keys("log", "")) == ["a", "c"]
        sync_sources(workspace, request, opened, SyncOptions(full=True))
        assert source.asked[-1] is None


def test_other_settings_begin_anew(workspace: Workspace) -> None:
    source = Script(lambda since: [item("a"), Checkpoint("log", "1")])
    with workspace, workspace.writing():
        for values in ({"table": "x"}, {"table": "y"}):
            request, opened = scripted(source, **values)
            sync_sources(workspace, request, opened)
    assert source.asked == [None, None]


def test_a_checkpoint_is_kept_with_what_came_before_it(workspace: Workspace) -> None:
    points = [Checkpoint("log", str(number)) for number in range(4)]

    def said(since: Checkpoint | None) -> list[Entry]:
        at = points.index(since) + 1 if since else 0
        return [entry for number in range(at, 4) for entry in (item(str(number)), points[number])]

    source = Script(said)
    request, opened = scripted(source)
    with workspace, workspace.writing():
        with pytest.raises(CancelledError, match="vade jobs resume 1"):
            sync_sources(workspace, request, opened, SyncOptions(batch=4, stop=lambda: True))
        stopped = workspace.job(1)
        assert (stopped.state, stopped.done) == (CANCELLED, 2)
        [job] = sync_sources(workspace, request, opened, replace(SyncOptions.of(stopped), resume=stopped))
        assert (job.id, job.state, job.added) == (1, DONE, 4)
        assert source.asked == [None, points[1]]
        assert len(workspace.keys("log", "")) == 4


def test_a_listing_that_was_cut_off_begins_again_so_that_nothing_gone_is_missed(workspace: Workspace) -> None:
    keys = [list("abcd"), list("acd")]
    source = Script(lambda since: [each for key in keys[0] for each in (item(key), Checkpoint("log", key))])
    request, opened = scripted(source, table="x")
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        keys.pop(0)
        request, opened = scripted(source, table="y")
        with pytest.raises(CancelledError):
            sync_sources(workspace, request, opened, SyncOptions(batch=2, stop=lambda: True))
        sync_sources(workspace, request, opened, SyncOptions(batch=2))
        assert sorted(workspace.keys("log", "")) == ["a", "c", "d"]


def test_a_running_job_can_be_cancelled_from_elsewhere(shop: Workshop) -> None:
    def cancel(job: object) -> None:
        with closing(sqlite3.connect(shop.root / "work.db", isolation_level=None)) as other:
            other.execute("UPDATE jobs SET state = ?", [CANCELLING])

    with pytest.raises(CancelledError):
        shop.sync(SyncOptions(batch=5), report=cancel)


def test_what_fails_goes_to_quarantine_and_the_others_go_on(workspace: Workspace) -> None:
    entries: list[Entry] = [item(str(number)) for number in range(30)]
    entries[7] = Skipped("7", "no id", "what it said")
    source = Script(lambda since: entries)
    request, opened = scripted(source)
    with workspace, workspace.writing():
        [job] = sync_sources(workspace, request, opened)
        assert (job.state, job.failed, job.added) == (DONE, 1, 29)
        [one] = workspace.quarantined("log")
        assert (one.key, one.reason, one.said) == ("7", "no id", "what it said")
        entries[7] = item("7")
        sync_sources(workspace, request, opened, SyncOptions(ids=("7",)))
        assert not workspace.quarantined() and workspace.count("log") == 30


@pytest.mark.parametrize(
    ("failing", "of", "share", "state"),
    [(5, 100, 0.05, DONE), (6, 100, 0.05, FAILED), (5, 19, 0.05, DONE), (6, 19, 0.05, FAILED), (1, 19, 0, FAILED)],
)
def test_more_failures_than_a_share_stop_the_job(
    workspace: Workspace, failing: int, of: int, share: float, state: str
) -> None:
    entries: list[Entry] = [Skipped(str(number), "bad") for number in range(failing)]
    entries += [item(str(number)) for number in range(failing, of)]
    request, opened = scripted(Script(lambda since: [*entries, Checkpoint("log", "1")]))
    request = replace(request, failures=share)
    with workspace, workspace.writing():
        try:
            sync_sources(workspace, request, opened, SyncOptions(batch=10))
        except UsageError as error:
            assert f"more than allowed ({share:.0%}" in error.message and "The first: 0: bad." in error.message
        assert workspace.job(1).state == state
        assert (workspace.views() == []) == (state == FAILED)


def test_a_job_with_too_many_failures_removes_nothing(workspace: Workspace) -> None:
    entries: list[Entry] = [item(str(number)) for number in range(100)]
    request, opened = scripted(Script(lambda since: entries))
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        entries[:] = [*(Skipped(str(number), "bad") for number in range(3)), Removed("50")]
        with pytest.raises(UsageError, match=r"3 of 4 .*nothing was removed.*failures = 0.5"):
            sync_sources(workspace, request, opened)
        assert workspace.count("log") == 100 and workspace.jobs()[-1].removed == 0
        entries.pop()
        with pytest.raises(UsageError, match="3 of 3") as told:
            sync_sources(workspace, request, opened)
        assert "failures =" not in told.value.message


def test_a_record_that_fails_stays_as_it_was_read_last(workspace: Workspace) -> None:
    entries: list[Entry] = [item(str(number)) for number in range(30)]
    request, opened = scripted(Script(lambda since: entries))
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        entries[7] = Skipped("7", "too big")
        [job] = sync_sources(workspace, request, opened)
        assert (job.state, job.failed, job.removed) == (DONE, 1, 0)
        assert workspace.item("log", "7") and workspace.quarantined("log")


def test_what_is_gone_is_told_again_where_the_job_that_heard_it_was_stopped(workspace: Workspace) -> None:
    first, second = Checkpoint("log", "1"), Checkpoint("log", "2")
    source = Script(lambda since: [Removed("a"), second, item("d"), item("e")] if since else [*map(item, "abc"), first])
    request, opened = scripted(source)
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        with pytest.raises(CancelledError):
            sync_sources(workspace, request, opened, SyncOptions(batch=2, stop=lambda: True))
        sync_sources(workspace, request, opened)
        assert source.asked == [None, first, first]
        assert sorted(workspace.keys("log", "")) == ["b", "c", "d", "e"]


def test_a_source_that_lost_more_than_half_deletes_nothing(shop: Workshop) -> None:
    shop.sync()
    shop.write([lamp(1)])
    with pytest.raises(UsageError, match="19 of 20 items are gone"):
        shop.sync()
    with shop.open() as workspace:
        assert workspace.count("products") == 20
        assert (workspace.jobs()[-1].state, workspace.jobs()[-1].removed) == (FAILED, 0)
    [job] = shop.sync(allow_shrink=True)
    assert job.removed == 19


def test_so_does_one_that_says_that_they_are_gone(workspace: Workspace) -> None:
    keys = [str(number) for number in range(10)]
    source = Script(
        lambda since: [Removed(key) for key in keys[:6]] if since else [*map(item, keys), Checkpoint("log", "1")]
    )
    request, opened = scripted(source)
    with workspace, workspace.writing():
        sync_sources(workspace, request, opened)
        with pytest.raises(UsageError, match="6 of 10"):
            sync_sources(workspace, request, opened)
        assert workspace.count("log") == 10


@pytest.mark.slow
def test_a_source_that_vanished_changes_nothing(shop: Workshop) -> None:
    shop.build()
    (shop.root / "products.jsonl").unlink()
    with pytest.raises(UsageError, match="no such file"):
        shop.build()
    with shop.open() as workspace:
        assert workspace.count("products") == 20


def test_the_second_of_two_syncs_says_busy(shop: Workshop) -> None:
    with shop.open() as workspace, workspace.writing(), pytest.raises(BusyError, match="another sync or build"):
        shop.sync()


def test_a_job_whose_process_ended_is_interrupted(shop: Workshop) -> None:
    with shop.open() as workspace:
        workspace.begin("sync", "products")
    shop.sync()
    with shop.open() as workspace:
        assert [job.state for job in workspace.jobs()] == [INTERRUPTED, DONE]


@pytest.mark.parametrize(
    ("version", "error", "says"),
    [(1, StorageError, "an older one made it; start over"), (99, NewerFormatError, "update it, or start over")],
)
def test_a_workspace_of_another_version_is_refused(
    shop: Workshop, version: int, error: type[VademecumError], says: str
) -> None:
    shop.sync()
    with closing(sqlite3.connect(shop.root / "work.db")) as database:
        database.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(error, match=rf"version {version}, .*{says} by deleting it") as refused:
        shop.sync()
    assert type(refused.value) is error


def test_another_programs_file_is_left_alone(shop: Workshop) -> None:
    with closing(sqlite3.connect(shop.root / "work.db")) as database:
        database.execute("CREATE TABLE mine (a)")
    with pytest.raises(NotAStoreError, match="another program"):
        shop.sync()
    (shop.root / "work.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(NotAStoreError, match="not a workspace"):
        shop.sync()


def test_a_damaged_workspace_says_how_to_begin_anew(shop: Workshop) -> None:
    shop.sync()
    path = shop.root / "work.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"damaged.*start over by deleting it"):
        shop.sync()


def test_a_full_disk_keeps_the_batches_before(shop: Workshop) -> None:
    shop.write([lamp(number, text="x" * 5000 + str(number)) for number in range(20)])
    with shop.open() as workspace, workspace.writing():
        request = shop.request
        from vademecum_builder.kinds.registry import open_sources

        [(pages,)] = workspace.run("PRAGMA page_count")
        workspace.run(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(QuotaError, match="disk is full"):
            sync_sources(workspace, request, open_sources(request), SyncOptions(batch=5))
        workspace.run("PRAGMA max_page_count = 100000")
    [job] = shop.sync()
    assert job.state == DONE
    with shop.open() as workspace:
        assert workspace.count("products") == 20


def test_a_disk_without_room_for_shared_memory_is_full_too(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_SHMSIZE, "SQLITE_IOERR_SHMSIZE"
    with pytest.raises(QuotaError, match="disk is full"), our_errors(tmp_path / "work.db"):
        raise error


def test_only_the_newest_jobs_keep_what_items_were(shop: Workshop) -> None:
    for price in range(4):
        shop.write([lamp(number, price=price) for number in range(3)], more="[limits]\nhistory = 2\n")
        shop.sync()
    with shop.open() as workspace:
        kept = workspace.before(3, "products")
        assert [stored and b'"price":1' in stored.item.data for stored in kept.values()] == [True] * 3
        with pytest.raises(UsageError, match="before job 2 is not kept"):
            workspace.before(2, "products")


def test_what_cannot_be_made_a_document_is_in_quarantine_when_it_is_synced(shop: Workshop) -> None:
    records = [lamp(number, at="2026-01-01T00:00:00Z") for number in range(19)]
    shop.write([*records, lamp(19, at="2026-01-01")], more='updated = "at"\n')
    for _ in range(2):  # what did not change is tried again, as what failed in its source is
        [job] = shop.sync()
        assert (job.state, job.failed) == (DONE, 1)
        with shop.open() as workspace:
            [one] = workspace.quarantined()
        assert (one.key, one.stage) == ("19", "reader") and "2026-01-01 00:00:00 has no zone" in one.reason
    shop.write([*records, lamp(19, at="2026-01-01T00:00:00Z")], more='updated = "at"\n')
    shop.sync()
    with shop.open() as workspace:
        assert not workspace.quarantined()


@pytest.mark.slow
def test_a_build_tells_what_is_no_character_and_a_guess_of_the_encoding(shop: Workshop) -> None:
    records = "".join(f"{number},Lamp,Shines {number}\n" for number in range(20)) + "20,Caf\xe9,Sh\0ines\0\n"
    settings = (shop.root / "vademecum.toml").read_text().replace("products.jsonl", "products.csv")
    (shop.root / "vademecum.toml").write_text(settings)
    (shop.root / "products.csv").write_bytes(f"id,name,text\n{records}".encode("cp1252"))
    told = {
        "products:20: text: NUL, or what is no character, is shown as \ufffd",
        'products:products.csv: read as cp1252, which it looks like: save it as UTF-8, or write encoding = "cp1252"',
    }
    assert set(shop.build(preview=True).warnings) == told
    assert set(shop.build(workspace=None, restart=True, preview=True).warnings) == told


def test_what_items_were_is_kept_within_bytes(shop: Workshop) -> None:
    for price in range(3):
        shop.write([lamp(number, price=price) for number in range(3)], more="[limits]\nhistory-bytes = 0\n")
        shop.sync()
    with shop.open() as workspace, pytest.raises(UsageError, match="before job 3 is not kept"):
        workspace.before(3, "products")


DATED = 'updated = "changed"\n'


@pytest.mark.slow
def test_a_version_that_cannot_be_read_does_not_take_the_place_of_one_that_could(shop: Workshop) -> None:
    records = [lamp(number, changed="2026-01-01T00:00Z") for number in range(30)]
    shop.write(records, more=DATED)
    shop.build()
    records[3] |= {"changed": "2026-01-02", "text": "Another."}
    shop.write(records, more=DATED)
    for _ in range(2):  # the second build reads it again, and it is there still
        report = shop.build()
        assert (report.added, report.modified, report.removed) == (0, 0, 0)
        assert any("has no zone" in warning for warning in report.warnings)
        with shop.open() as workspace:
            [one] = workspace.quarantined()
            assert (one.key, one.stage) == ("3", FROM_UPDATE)
            stored = workspace.item("products", "3")
            assert stored and b"Another" not in stored.item.data
    records[3] |= {"changed": "2026-01-02T00:00Z"}
    shop.write(records, more=DATED)
    assert shop.build().modified == 1
    with shop.open() as workspace:
        assert not workspace.quarantined()


@pytest.mark.slow
def test_what_a_refused_sync_has_begun_is_not_published(shop: Workshop) -> None:
    shop.build()
    shop.write([lamp(1, text="Another."), *(lamp(number) for number in range(90, 95))])
    with pytest.raises(UsageError, match="19 of 20"):
        shop.sync()
    with pytest.raises(UsageError, match=r"its last sync.*is failed.*vade jobs rollback 3"):
        shop.build(sync=False)
    shop.sync(SyncOptions(ids=("1",)))  # some records say nothing of the others
    with pytest.raises(UsageError, match="its last sync"):
        shop.build(sync=False)
    with shop.open() as workspace, workspace.writing():
        roll_back(workspace, workspace.job(3))
    assert not shop.build(sync=False).changed


@pytest.mark.parametrize(
    ("name", "nothing"),
    [("products.json", "[]"), ("products.json", '{"items": []}'), ("products.csv", "id,name,text\n")],
)
def test_everything_may_go_where_somebody_says_so(shop: Workshop, name: str, nothing: str) -> None:
    shop.sync()
    settings = shop.root / "vademecum.toml"
    settings.write_text(settings.read_text().replace("products.jsonl", name))
    (shop.root / name).write_text('{"error": "too many requests"}')
    if name.endswith("json"):
        with pytest.raises(UsageError, match="no list of objects"):
            shop.sync(allow_shrink=True)
    (shop.root / name).write_text(nothing)
    with pytest.raises(UsageError):
        shop.sync()
    [job] = shop.sync(allow_shrink=True)
    assert (job.state, job.removed) == (DONE, 20)


def test_a_source_that_is_refused_is_not_in_the_way_of_others(workspace: Workspace) -> None:
    def broken(since: Checkpoint | None) -> list[Entry]:
        raise EmptySourceError("there is no row")

    request, opened = scripted(Script(lambda since: [item("a")]))
    empty = replace(request.sources[0], name="empty")
    request = replace(request, sources=(empty, *request.sources))
    opened["empty:"] = [replace(opened["log:"][0], source=Script(broken))]
    with workspace, workspace.writing():
        with pytest.raises(UsageError, match="there is no row"):
            sync_sources(workspace, request, opened)
        assert [job.state for job in workspace.jobs()] == [FAILED, DONE]
        assert workspace.count("log") == 1


def test_ids_that_nobody_has_are_told(shop: Workshop) -> None:
    shop.sync()
    with pytest.raises(UsageError, match="no source that was read has 77, 99"):
        shop.sync(SyncOptions(ids=("3", "99", "77")))
    shop.write([lamp(number) for number in range(1, 20)])
    [job] = shop.sync(SyncOptions(ids=("0",)))  # it was there
    assert job.removed == 1


def test_rows_that_nobody_takes_outlive_the_workspace_without_an_error(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        rows = iter(workspace.rows("SELECT 1 UNION SELECT 2"))
        assert next(rows) == (1,)
    rows.close()  # type: ignore[attr-defined]
