"""`build(BuildRequest) -> BuildReport`: the one way to build, for every caller."""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.pages_host import PagesHost
from support.publishing import HANDBOOK, NOW, Line, make_runtime, tree_of
from vademecum.errors import (
    BusyError,
    ContentError,
    NetworkError,
    ServerError,
    SignatureError,
    UsageError,
    VademecumError,
)
from vademecum_builder.build import BuildReport, BuildRequest, build
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.index.rows import rows_of
from vademecum_builder.index.tiers import TierLimits
from vademecum_builder.kinds.registry import joined, open_sources
from vademecum_builder.publish.guard import timestamp_version
from vademecum_builder.release.previous import Previous, find_previous
from vademecum_builder.release.verify import verify
from vademecum_builder.request import ArchiveLimits, SourceSettings, TreeRequest
from vademecum_builder.signing.keyring import throwaway_authority
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, ROOT_KEY
from vademecum_builder.signing.root import renew_root
from vademecum_builder.stages.context import BuildContext

PAGE = Path(__file__).parents[3] / "site" / "content" / "building.md"


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildRequest:
    monkeypatch.chdir(tmp_path)
    for key, text in HANDBOOK.items():
        Path("docs", key).parent.mkdir(parents=True, exist_ok=True)
        Path("docs", key).write_text(text)
    return BuildRequest(source=Path("docs"), out=Path("tree"), site=False)


def test_a_request_needs_a_source_and_a_folder_alone(request_: BuildRequest) -> None:
    told: list[str] = []
    report = build(request_, now=NOW, progress=lambda stage, done, total: told.append(stage))
    assert (report.sequence, report.version, report.added, report.changed) == (1, "2026.11.21-1", 3, True)
    assert set(told) == {"reading", "embedding"}
    assert report.seconds > 0
    assert "development keys" in report.notices[0]
    again = build(request_, now=NOW)
    assert (again.sequence, again.changed, again.notices) == (1, False, ())
    assert build(replace(request_, out=Path("docs.example.org")), now=NOW).sequence == 1  # a folder, whatever its name


def test_a_first_build_that_died_before_its_timestamp_was_nobodys_release(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    (request_.out / "metadata/timestamp.json").unlink()
    assert build(replace(request_, title="Other"), now=NOW + timedelta(hours=1)).sequence == 1
    (request_.out / "metadata/timestamp.json").unlink()
    assert build(request_, now=NOW + timedelta(days=3)).sequence > 1  # it may have been seen, and lost


def test_without_a_time_it_is_this_machines(request_: BuildRequest) -> None:
    report = build(request_)
    assert re.fullmatch(r"20\d\d\.\d\d\.\d\d-1", report.version)


def test_the_same_request_at_the_same_time_gives_the_same_bytes(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    build(replace(request_, out=Path("twin")), now=NOW)
    assert tree_of(Path("tree")) == tree_of(Path("twin"))


def test_the_signing_key_can_be_handed_over_and_is_not_shown(request_: BuildRequest) -> None:
    line = Line(Path("elsewhere"))
    key = (line.keys / RELEASE_KEY).read_text()
    request = replace(request_, root=line.keys / ROOT_FILE, signing_key=key)
    (line.keys / ROOT_KEY).unlink()
    (line.keys / RELEASE_KEY).unlink()
    assert "PRIVATE" not in repr(request)
    assert build(request, now=NOW).signed
    assert Path("tree/metadata/1.root.json").read_bytes() == line.root


def test_no_keys_are_made_over_a_release_that_was_signed_with_others(request_: BuildRequest) -> None:
    line = Line(Path())
    line.release(HANDBOOK)
    with pytest.raises(UsageError, match=r"no keys in .*tree.*name them with --keys"):
        build(request_, now=NOW)
    assert not Path(".vademecum").exists()
    assert build(replace(request_, force=True), now=NOW).notices


def test_an_unusable_previous_release_is_given_up_only_where_that_is_asked_for(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    shutil.copytree("tree", "before")
    Path("before/metadata/timestamp.json").write_bytes(b"<html>")
    request_ = replace(request_, previous="before")
    with pytest.raises(ContentError, match="previous release at before cannot be used"):
        build(request_, now=NOW)
    report = build(replace(request_, force=True), now=NOW)
    assert report.changed and report.sequence > 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"out": Path()}, "contains the source"),
        ({"source": Path("dist")}, "dist is a knowledge base that `vade build` has published"),
        ({"source": Path("empty")}, "no document in this folder"),
        ({"source": Path("missing")}, "no such folder"),
        ({"encoder": "magic"}, "unknown encoder 'magic'"),
    ],
)
def test_what_cannot_be_meant_is_said_before_keys_are_made(
    request_: BuildRequest, changes: dict[str, Any], said: str
) -> None:
    Path("empty").mkdir()
    Path("dist/metadata").mkdir(parents=True)
    Path("dist/metadata/timestamp.json").touch()
    Path("dist/releases").mkdir()
    with pytest.raises(UsageError, match=said):
        build(replace(request_, **changes), now=NOW)
    assert not Path(".vademecum").exists()


def test_pages_come_with_a_runtime_from_the_named_cache(
    request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []
    runtime = make_runtime(Path("runtime"))

    def fetch(cache: Path | None) -> Path:
        asked.append(cache)
        return runtime

    monkeypatch.setattr("vademecum_builder.pages.site.fetch_runtime", fetch)
    assert build(replace(request_, site=True, runtime_cache=Path("cache")), now=NOW).site
    assert asked == [Path("cache")]


def test_questions_to_try_are_of_all_documents_after_an_update_too(
    request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum_builder.pages.site.fetch_runtime", lambda _: make_runtime(Path("runtime")))
    Path("docs/a.md").write_text("# A\n\n## How to oil a pump\n\nOil it.\n")
    request, asked = replace(request_, site=True), Path("tree/assets/examples.json")
    build(request, now=NOW)
    before = asked.read_text()
    Path("docs/b.md").write_text("# B\n\nText.\n")
    shutil.rmtree("runtime")
    assert build(request, now=NOW).changed
    assert "How to oil a pump" in before
    assert asked.read_text() == before


def test_every_field_is_explained() -> None:
    for kind in (BuildRequest, TreeRequest, BuildReport):
        told = "".join(each.__doc__ or "" for each in reversed(kind.mro()[:-1]))
        explained = re.findall(r"^        ([\w, ]+): ", told, re.MULTILINE)
        assert ", ".join(explained).split(", ") == [field.name for field in fields(kind)]


def test_the_example_in_the_docs_runs(request_: BuildRequest, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    Line(Path(), now=datetime.now(UTC))  # makes keys/
    exec(code.replace('out=Path("site")', 'out=Path("site"), site=False'), {})
    assert capsys.readouterr().out == "release 1: 3 added, 0 modified, 0 removed, 4 embedded\n"


MKDOCS = {
    "mkdocs.yml": "site_name: B\nsite_url: https://b.example/m/\n",
    "docs/index.md": '# Start\n\nSee --8<-- below.\n\n--8<-- "docs/oil.md"\n',
    "docs/oil.md": "# Oil\n\n!!! note\n\n    Change it in **May**.\n",
    "README.md": "# Not a page\n",
}


@pytest.fixture
def manual(request_: BuildRequest) -> BuildRequest:
    for name, text in MKDOCS.items():
        Path("manual", name).parent.mkdir(parents=True, exist_ok=True)
        Path("manual", name).write_text(text)
    return replace(request_, source=Path("manual"))


def test_sources_of_a_generator_are_read_as_it_reads_them_and_that_is_said(manual: BuildRequest) -> None:
    report = build(manual, now=NOW)
    assert (report.documents, report.left_out) == (2, {"files outside the folders of pages": 1})
    assert report.json()["leftOut"] == report.left_out
    [notice] = [line for line in report.notices if "MkDocs" in line]
    assert all(part in notice for part in ("mkdocs.yml", "pages in docs", "https://b.example/m/", "--profile plain"))
    published = find_previous(str(manual.out), {}).published
    assert published is not None
    assert rows_of(published.segments).documents["docs/oil.md"].url == "https://b.example/m/oil/"


def test_a_knowledge_base_is_called_as_the_configuration_of_its_site_says(manual: BuildRequest) -> None:
    config = Path("manual/mkdocs.yml")
    config.write_text(f"site_name: B\n{config.read_text()}")
    own = SourceSettings("own", "folder", {"path": manual.source})
    for request in (manual, replace(manual, sources=(own,))):
        context = BuildContext(
            request, throwaway_authority(NOW), Previous(), None, NOW, reader=joined(open_sources(request))[1]
        )
        assert context.title == "B"
        assert replace(context, request=replace(request, title="Own")).title == "Own"


def test_the_publisher_names_the_profile(manual: BuildRequest) -> None:
    assert build(replace(manual, profile="plain"), now=NOW).documents == 3
    with pytest.raises(UsageError, match="--profile mkdoks: there is mkdocs, "):
        build(replace(manual, profile="mkdoks", out=Path("other")), now=NOW)


def test_a_page_is_read_again_when_what_it_includes_changes(manual: BuildRequest) -> None:
    build(manual, now=NOW)
    Path("manual/docs/oil.md").write_text("# Oil\n\nChange it in June.\n")
    assert build(manual, now=NOW).modified == 2
    assert build(manual, now=NOW).changed is False


def test_what_a_page_asks_for_and_is_not_there_is_one_warning(manual: BuildRequest) -> None:
    for name in ("a", "b"):
        Path(f"manual/docs/{name}.md").write_text(f'# {name}\n\nText.\n\n--8<-- "../../{name}.md"\n')
    [warning] = build(manual, now=NOW).warnings
    assert warning.startswith("parts of pages are missing (2): includes without a file in the tree (../../a.md in ")


def test_drafts_are_left_out_and_counted_and_taken_in_by_an_option_alone(manual: BuildRequest) -> None:
    Path("manual/docs/secret.md").write_text("---\ndraft: true\n---\n# Secret\n")
    Path("manual/docs/index.md").write_text('# Start\n\nText.\n\n--8<-- "docs/secret.md"\n')
    Path("manual/docs/old.md").write_text("---\nexpiryDate: 2026-12-01\n---\n# Old\n")
    report = build(manual, now=NOW)
    assert report.left_out["pages that are not public: draft"] == 1
    assert (report.documents, len(report.warnings)) == (3, 1)
    later = build(manual, now=NOW + timedelta(days=20))
    assert (later.removed, later.left_out["pages that are not public: expiryDate over"]) == (1, 1)
    assert build(replace(manual, drafts=True), now=NOW + timedelta(days=20)).documents == 4


def test_what_the_configuration_no_longer_serves_goes(manual: BuildRequest) -> None:
    build(manual, now=NOW)
    Path("manual/mkdocs.yml").write_text("site_name: B\nexclude_docs: oil.md\n")
    assert build(manual, now=NOW).removed == 1


@pytest.mark.parametrize(
    "said",
    [
        "{glob: 'parts/*'}",
        "{glob: ['*/two.md', parts/one.md]}",
        r"{regex: ['[', 'parts/.*\.md$']}",
        r"{glob: parts/one.md, regex: '.*/two\.md'}",
    ],
)
def test_what_mkdocs_exclude_names_is_not_published(manual: BuildRequest, said: str) -> None:
    Path("manual/docs/parts").mkdir()
    Path("manual/docs/parts/one.md").write_text("# One\n\nA fragment.\n")
    Path("manual/docs/parts/two.md").write_text("# Two\n\nAnother.\n")
    Path("manual/mkdocs.yml").write_text(f"site_name: B\nplugins:\n  - search\n  - exclude: {said}\n")
    report = build(manual, now=NOW)
    assert [count for why, count in report.left_out.items() if why.endswith(": the plugin exclude")] == [2]


def test_a_host_without_a_tree_gets_its_first_release_and_a_lost_one_goes_on_above(
    request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def no_wait(self: object, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("vademecum.runtime.clock.SystemClock.sleep", no_wait)
    keys = Line(Path("line")).keys
    Path("host").mkdir()

    def run(out: str, after: timedelta = timedelta()) -> BuildReport:
        return build(replace(request_, out=Path(out), keys=keys, previous=host.url), now=NOW + after)

    with PagesHost(Path("host")) as host:
        report = run("tree")
        assert (report.sequence, report.changed, waits) == (1, True, [])
        assert report.notices == (f"nothing is published at {host.url} yet: this is its first release, number 1",)
        shutil.copytree("tree", "host", dirs_exist_ok=True)
        assert run("fresh").changed is False
        shutil.rmtree("host/metadata")
        again = run("tree")  # nothing was deployed yet
        number = f"what was built here before is not there, and this is number {again.sequence}"
        assert again.sequence > 1 and again.notices[0].endswith(number)
        hour = timedelta(hours=1)
        fresh = run("unknown", hour)  # as in a clone: nothing was built here before
        assert fresh.sequence == hour.total_seconds() + 1
        assert "its first release as far as can be seen from here, number 3601, above all" in fresh.notices[0]
        assert timestamp_version(Path("unknown")) == hour.total_seconds() + 1
        lost = run("later", 48 * hour)
        assert lost.sequence > 10_000_000, "above all that there can have been: the keys are not new"
        Path("host/metadata").mkdir()
        shutil.copy("tree/metadata/1.root.json", "host/metadata/1.root.json")
        with pytest.raises(ServerError, match="cannot be used"):
            run("half")
    with pytest.raises(NetworkError, match="cannot be used"):
        run("gone")
    assert not Path("half").exists()


def test_a_link_to_a_file_that_is_read_anyway_is_no_second_page(request_: BuildRequest) -> None:
    Path("docs/alias.md").symlink_to("guide/keys.md")
    Path("docs/also").symlink_to("guide")
    report = build(request_, now=NOW)
    assert (report.documents, report.left_out) == (3, {"links to files that are read anyway": 3})
    assert not build(request_, now=NOW).changed


def test_a_link_among_the_pages_to_a_file_that_is_none_is_the_page(request_: BuildRequest) -> None:
    """`docs/index.md` that leads to the README above it."""
    Path("repository/docs").mkdir(parents=True)
    Path("repository/mkdocs.yml").write_text("site_name: Pump\n")
    Path("repository/README.md").write_text("# Pump\n\nRed lever.\n")
    Path("repository/docs/index.md").symlink_to("../README.md")
    report = build(replace(request_, source=Path("repository")), now=NOW)
    assert (report.documents, report.left_out) == (1, {"files outside the folders of pages": 1})


def test_addresses_that_no_configuration_told_are_a_warning(request_: BuildRequest) -> None:
    asked = replace(request_, base_url="https://ex.org/")
    (warning,) = build(asked, now=NOW).warnings
    assert "the addresses of 2 pages follow their files" in warning and "--profile" in warning
    assert build(replace(asked, out=Path("named"), profile="plain"), now=NOW).warnings == ()
    assert build(replace(request_, out=Path("nowhere")), now=NOW).warnings == ()
    Path("docs/mkdocs.yml").write_text("site_name: x\ndocs_dir: .\n")
    assert build(replace(asked, out=Path("known")), now=NOW).warnings == ()


@pytest.mark.fault("E65")
@pytest.mark.parametrize("left", [0, 1, 4])
def test_most_of_the_documents_are_given_up_by_name_alone(request_: BuildRequest, left: int) -> None:
    pages = [Path(f"docs/p{number}.md") for number in range(9)]
    shutil.rmtree("docs")
    Path("docs").mkdir()
    for page in pages:
        page.write_text(f"# Page {page.stem}\n\nText of {page.stem}.\n")
    build(request_, now=NOW)
    for page in pages[left:]:
        page.write_text("---\ndraft: true\n---\n# Page\n\nText.\n")  # files are there, documents are not
    before = tree_of(request_.out)
    allowing = replace(request_, allow_shrink=True) if left else replace(request_, allow_empty=True)
    option = "--allow-shrink" if left else "--allow-empty"
    out = rf"left out: {9 - left} pages that are not public: draft \(p{left}\.md\); drafts = true includes"
    with pytest.raises(UsageError, match=rf"^{left} documents?, and the release before has 9: .*{out}.*{option}"):
        build(request_, now=NOW)
    assert tree_of(request_.out) == before
    report = build(allowing, now=NOW)
    assert (report.documents, report.removed, report.sequence) == (left, 9 - left, 2)
    assert not build(replace(request_, allow_empty=True), now=NOW).changed


def test_a_generator_that_stopped_is_asked_for_whatever_else_was_left_out(request_: BuildRequest) -> None:
    shutil.rmtree("docs")
    Path("docs").mkdir()
    for name in ("404", "index", "a", "b", "c"):
        Path(f"docs/{name}.html").write_text(
            f'<meta name="generator" content="mkdocs-1.6"><title>{name}</title><p>{name}.'
        )
    build(request_, now=NOW)
    for page in Path("docs").glob("[abc].html"):
        page.unlink()
    asked = r"left out: 1 error page \(404\.html\)\. Did the generator fail.*--allow-shrink \(in a workflow"
    with pytest.raises(UsageError, match=asked):
        build(request_, now=NOW)


def test_half_of_the_documents_may_go(request_: BuildRequest) -> None:
    Path("docs/more.md").write_text("# More\n\nMore text.\n")
    assert build(request_, now=NOW).documents == 4
    shutil.rmtree("docs/guide")
    assert build(request_, now=NOW).documents == 2


def test_a_new_encoder_is_no_reason_to_forget_how_many_there_were(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    shutil.rmtree("docs/guide")
    with pytest.raises(UsageError, match=r"^1 document, and the release before has 3"):
        build(replace(request_, refit=True), now=NOW)


@pytest.mark.parametrize("fitted", [True, False])
def test_what_was_removed_stays_until_it_is_erased(fitted: bool, request_: BuildRequest) -> None:
    """In dead rows, packs, earlier releases, and in the words of an encoder that was fitted to it."""

    def holding(word: bytes) -> list[str]:
        files = [(path, path.read_bytes()) for path in request_.out.rglob("*") if path.is_file()]
        return [str(path) for path, data in files if word in (gzip.decompress(data) if path.suffix == ".gz" else data)]

    request = replace(request_, tiers=TierLimits(dead_share=1, cheap=0, s0=0, eps=0))
    slip, beside = Path("docs/slip.md"), Path("docs/guide/install.md")
    for number, secret in enumerate((fitted, True, False)):
        if secret:
            slip.write_text("# Slip\n\nOur door opens with zyxwvut at night.\n")
        else:
            slip.unlink(missing_ok=True)
        beside.write_text(f"---\ndate: 2026-01-0{1 + (number > 0)}\n---\n{HANDBOOK['guide/install.md']}")
        build(request, now=NOW)
    assert holding(b"zyxwvut")
    candidate = build(replace(request, erase_removed=True, candidate=0), now=NOW)
    assert candidate.warnings == (
        f"what was removed may be in release {candidate.sequence - 1} still, which a channel leads to: promote this "
        "one, or build the other channel, and build with --erase-removed once more",
    )
    request = replace(request, erase_removed=True)
    said = replace(request, packs=PackLimits(most=9)) if fitted else replace(request, archive=ArchiveLimits(3))
    report = build(said, now=NOW)
    assert (report.documents, report.changed, report.warnings) == (3, True, ())
    [told] = [notice for notice in report.notices if "erase" in notice]
    assert told.startswith(f"what is said of `{'packs' if fitted else 'keep'}` waits for the next build")
    assert not holding(b"zyxwvut") and holding(b"weather")


def test_a_folder_without_documents_is_one_where_that_is_said(request_: BuildRequest) -> None:
    shutil.rmtree("docs")
    Path("docs").mkdir()
    with pytest.raises(UsageError, match="no document in this folder"):
        build(request_, now=NOW)
    report = build(replace(request_, allow_empty=True), now=NOW)
    assert (report.documents, report.changed) == (0, True)
    Path("docs/new.md").write_text("# New\n\nA page.\n")
    assert build(request_, now=NOW).documents == 1


def test_a_preview_needs_no_key_and_nobody_goes_on_from_it(request_: BuildRequest) -> None:
    keys = Line(Path("line")).keys
    build(replace(request_, keys=keys), now=NOW)
    renew_root(keys, NOW)
    build(replace(request_, keys=keys), now=NOW)
    assert Path("tree/metadata/2.root.json").exists()
    before = tree_of(request_.out)
    Path("docs/new.md").write_text("# New\n\nA page.\n")
    Path("root.json").write_bytes((keys / ROOT_FILE).read_bytes())
    asked = replace(request_, out=Path("look"), previous="tree", preview=True, root=Path("root.json"))
    report = build(replace(asked, make_keys=False), now=NOW)
    assert (report.added, report.modified, report.removed, report.embedded) == (1, 0, 0, 1)
    assert tree_of(request_.out) == before and not Path(".vademecum").exists()
    found = verify("look", None)
    assert (found.sequence, found.documents, found.unsigned) == (2, 4, ())
    with pytest.raises(VademecumError):
        verify("look", Path("root.json"))
    assert not list(Path("look/metadata").glob("2.root.json"))
    with pytest.raises(VademecumError):
        build(replace(request_, keys=keys, previous="look", out=Path("next")), now=NOW)


def test_a_preview_takes_not_the_place_of_the_only_release(request_: BuildRequest) -> None:
    build(request_, now=NOW)
    before = Path("tree/metadata/timestamp.json").read_bytes()
    with pytest.raises(UsageError, match="another folder for the preview with --out"):
        build(replace(request_, preview=True), now=NOW)
    assert Path("tree/metadata/timestamp.json").read_bytes() == before
    assert build(replace(request_, preview=True, out=Path("look")), now=NOW).sequence == 1


def test_a_preview_of_what_did_not_change_is_there_too(request_: BuildRequest) -> None:
    keys = Line(Path("line")).keys
    build(replace(request_, keys=keys), now=NOW)
    report = build(replace(request_, out=Path("look"), previous="tree", preview=True, keys=keys), now=NOW)
    assert (report.changed, report.signed) == (False, True)
    assert verify("look", None).documents == 3


def test_a_preview_of_what_nobody_has_published_yet(request_: BuildRequest) -> None:
    report = build(replace(request_, preview=True, make_keys=False), now=NOW)
    assert (report.documents, report.previous) == (3, None)
    assert verify("tree", None).documents == 3


def test_a_preview_needs_no_network_where_a_build_does(request_: BuildRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_wait(_: object, seconds: float) -> None:
        told.append("waits")

    told: list[str] = []
    monkeypatch.setattr("vademecum.runtime.clock.SystemClock.sleep", no_wait)
    asked = replace(request_, keys=Line(Path("line")).keys, previous="http://127.0.0.1:9/")

    def listen(stage: str, done: int, total: int) -> None:
        told.append(stage)

    with pytest.raises(NetworkError, match=r"\(build again when .*, or --preview to try it here; "):
        build(asked, now=NOW, progress=listen)
    assert told == ["asking", *["waits"] * 4], "who waits for a network is told what for"
    look = replace(asked, preview=True)
    report = build(look, now=NOW)
    assert (report.sequence, report.added, verify("tree", None).documents) == (1, 3, 3)
    assert report.notices[0].endswith("cannot be reached: this preview is not compared with it, and is number 1")
    Path("docs/new.md").write_text("# New\n\nA page.\n")
    again = build(look, now=NOW)
    assert (again.sequence, again.documents) == (2, 4), "above the preview that lies there"


def test_a_preview_that_is_served_here_is_followed_by_another(request_: BuildRequest) -> None:
    """The address of who tries it is that of `vade serve`."""
    with PagesHost(Path("tree")) as host:
        look = replace(request_, keys=Line(Path("line")).keys, previous=host.url, preview=True)
        assert build(look, now=NOW).sequence == 1
        again = build(look, now=NOW)
        assert again.sequence == 2 and "not compared with it" in again.notices[0]
        with pytest.raises(SignatureError):
            build(replace(look, preview=False), now=NOW)


def test_previews_raise_no_number_of_the_real_line_and_leave_nothing_in_it(request_: BuildRequest) -> None:
    line = Line(Path("line"))
    real = replace(request_, keys=line.keys, out=Path("host"))
    build(real, now=NOW)
    look = replace(request_, keys=line.keys, previous="http://127.0.0.1:9/", preview=True)
    for number in range(2):  # of more releases than the host has
        Path("docs/draft.md").write_text(f"# Draft {number}\n\nA page that nobody is to see.\n")
        build(replace(look, previous=None, make_keys=False), now=NOW)
    assert timestamp_version(request_.out) > timestamp_version(Path("host"))
    Path("docs/draft.md").unlink()
    with PagesHost(Path("host")) as host:
        unchanged = build(replace(real, out=request_.out, previous=host.url), now=NOW)
        assert (unchanged.sequence, unchanged.changed, unchanged.signed) == (1, False, True)
        with pytest.raises(BusyError, match="was built before and is not yet published"):
            build(replace(look, previous=host.url), now=NOW)
        shutil.rmtree("tree")
        build(replace(look, previous=host.url), now=NOW)
        Path("docs/new.md").write_text("# New\n\nA page.\n")
        report = build(replace(real, out=request_.out, previous=host.url), now=NOW)
    assert (report.sequence, report.added) == (2, 1)
    assert verify("tree", line.keys / ROOT_FILE).sequence == 2
    names = {path.name for path in Path("tree/metadata").iterdir()}
    assert max(int(name.split(".")[0]) for name in names if name[0].isdigit()) <= 3
    assert len(list(Path("tree/releases").iterdir())) <= 2, "what a preview showed is not published"


def test_the_first_build_after_previews_is_as_if_there_had_been_none(request_: BuildRequest) -> None:
    for _ in range(2):
        build(replace(request_, preview=True, make_keys=False), now=NOW)
    line = Line(Path("line"))
    report = build(replace(request_, keys=line.keys), now=NOW)
    assert report.documents == 3 and verify("tree", line.keys / ROOT_FILE).sequence == report.sequence
    without = build(replace(request_, keys=line.keys, out=Path("other")), now=NOW)
    assert report.sequence == without.sequence


def test_a_preview_of_a_host_in_trouble_is_one_of_its_own(
    request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_trouble(*_: object) -> None:
        raise ServerError("http://127.0.0.1:9/: the host answers 503 (later)", 503)

    monkeypatch.setattr("vademecum_builder.build.find_previous", in_trouble)
    monkeypatch.setattr("vademecum_builder.build.is_empty", lambda _: False)
    asked = replace(request_, keys=Line(Path("line")).keys, previous="http://127.0.0.1:9/")
    with pytest.raises(ServerError):
        build(asked, now=NOW)
    assert build(replace(asked, preview=True), now=NOW).sequence == 1


def test_most_of_one_source_is_given_up_by_name_alone(request_: BuildRequest) -> None:
    Path("notes").mkdir()
    for number in range(5):
        Path(f"notes/{number}.md").write_text(f"# Note {number}\n\nText of {number}.\n")
    both = [SourceSettings(name, "folder", {"path": Path(name)}) for name in ("docs", "notes")]
    several = replace(request_, sources=tuple(both))
    assert build(several, now=NOW).documents == 8
    for number in range(3):
        Path(f"notes/{number}.md").unlink()
    with pytest.raises(UsageError, match=r"^notes: 2 documents, and the release before has 5"):
        build(several, now=NOW)
    assert build(replace(several, allow_shrink=True), now=NOW).documents == 5
    Path("notes/3.md").write_text("# Note\n\nMore.\n")
    with pytest.raises(UsageError, match=r"^2 documents, and the release before has 5"):
        build(replace(several, sources=tuple(both[1:])), now=NOW)


def test_a_tree_that_is_part_of_a_site_is_written_also_where_nothing_changed(request_: BuildRequest) -> None:
    first = build(request_, now=NOW)
    fresh = replace(request_, out=Path("fresh"), previous="tree")
    assert build(fresh, now=NOW).signed is False
    assert not Path("fresh").exists()
    report = build(replace(fresh, whole=True), now=NOW)
    assert (report.changed, report.signed, report.sequence) == (False, True, first.sequence)
    assert verify("fresh", None).sequence == first.sequence
    assert build(replace(request_, whole=True), now=NOW).signed is False
