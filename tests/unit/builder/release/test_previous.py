"""What a build goes on from: which keys it may use, and which previous release it believes."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.in_hand import FixedClock
from support.publishing import HANDBOOK, NOW, ONCE, Line, pull, tree_of
from vademecum.errors import (
    ContentError,
    EmptyStoreError,
    NetworkError,
    ServerError,
    SignatureError,
    UsageError,
    VademecumError,
)
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum_builder.release.numbers import Numbers, begun_anew
from vademecum_builder.release.previous import Previous, find_previous, locate_previous, read_previous
from vademecum_builder.request import BuildRequest
from vademecum_builder.signing.defaults import SigningRequest
from vademecum_builder.signing.keyring import Keys, choose_authority, find_keys
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, load_roots
from vademecum_builder.signing.root import new_keys, renew_root
from vademecum_builder.workspace.check import published_of

MORE = {**HANDBOOK, "new.md": "# New\n\nA new page.\n"}


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.chdir(tmp_path)
    return Line(tmp_path)


def found_keys(
    line: Line,
    folder: Path | None = None,
    root_file: Path | None = None,
    *,
    published_at: str | None = None,
    signing_key: str = "",
) -> Keys:
    return find_keys(
        SigningRequest(keys=folder, root=root_file, signing_key=signing_key),
        out=line.out,
        published_at=published_at,
        now=NOW,
    )


def previous(line: Line, held: dict[int, bytes]) -> Previous:
    transport = FolderTransport(line.out)
    return asyncio.run(read_previous(transport, held, FixedClock(line.now), ONCE))


def test_a_first_build_makes_development_keys_and_says_so(line: Line) -> None:
    keys = found_keys(line)
    assert "Anybody who has them" in keys.notices[0]
    assert Path(".vademecum/.gitignore").read_text() == "*\n"
    assert found_keys(line) == Keys(keys.roots, keys.key_file)


@pytest.mark.fault("E65")
def test_no_keys_are_made_where_they_would_be_lost(line: Line) -> None:
    with pytest.raises(UsageError, match="secret VADEMECUM_SIGNING_KEY"):
        find_keys(SigningRequest(), out=line.out, published_at=None, make=False, now=NOW)
    assert not Path(".vademecum").exists()


def test_no_keys_are_made_where_a_release_was_signed_with_others(line: Line) -> None:
    with pytest.raises(UsageError, match=r"no keys in .*release at https://example.org/kb/.*name them with --keys"):
        found_keys(line, published_at="https://example.org/kb/")
    assert not Path(".vademecum").exists()


@pytest.mark.parametrize("folder", ["tree", "tree/keys", "tree/.vademecum/keys"])
def test_keys_that_would_be_published_are_refused(line: Line, folder: str) -> None:
    with pytest.raises(UsageError, match="would be published"):
        found_keys(line, Path(folder))


def test_named_keys_that_are_not_there(line: Line) -> None:
    with pytest.raises(UsageError, match=r"nowhere/root\.json"):
        found_keys(line, Path("nowhere"))
    with pytest.raises(UsageError, match=r"missing\.json"):
        found_keys(line, root_file=Path("missing.json"))


def test_a_signing_key_alone_uses_the_published_root(line: Line) -> None:
    keys = found_keys(line, signing_key=(line.keys / RELEASE_KEY).read_text())
    assert keys.roots == {}
    with pytest.raises(UsageError, match="name it with --root"):
        choose_authority(keys, {}, NOW)
    line.release(HANDBOOK)
    assert choose_authority(keys, previous(line, {}).roots, NOW).root == line.root
    assert "PRIVATE" not in repr(keys)


def test_a_root_that_is_published_is_never_taken_back(line: Line) -> None:
    """A machine that still has the old root.json goes on from the published one, and needs its key."""
    old_keys = shutil.copytree(line.keys, line.folder / "old")
    line.release(HANDBOOK)
    renew_root(line.keys, NOW, rotate=True)
    line.release(MORE)
    keys = Keys(load_roots(old_keys / ROOT_FILE), old_keys / RELEASE_KEY)
    found = previous(line, dict(keys.roots))
    with pytest.raises(SignatureError, match="not one that the root metadata names"):
        choose_authority(keys, found.roots, NOW)
    keys = replace(keys, signing_key=(line.keys / RELEASE_KEY).read_text())
    authority = choose_authority(keys, found.roots, NOW)
    assert authority.roots == load_roots(line.keys / ROOT_FILE)


def test_two_different_roots_of_one_version_are_refused(line: Line) -> None:
    line.release(HANDBOOK)
    twin = shutil.copytree(line.keys, line.folder / "twin")
    renew_root(line.keys, NOW, rotate=False)
    line.release(MORE)
    renew_root(twin, NOW, rotate=True)
    keys = Keys(load_roots(twin / ROOT_FILE), twin / RELEASE_KEY)
    found = previous(line, {1: keys.roots[1]})
    with pytest.raises(UsageError, match="root version 2 differs from the published one"):
        choose_authority(keys, found.roots, NOW)


def test_a_root_that_is_written_in_another_way_is_the_published_one(line: Line) -> None:
    """By git on Windows, or by a formatter of JSON: what was published stays as it is."""
    line.release(HANDBOOK)
    published = dict(load_roots(line.keys / ROOT_FILE))
    keys = Keys({1: published[1].replace(b"\n", b"\r\n") + b"\r\n"}, line.keys / RELEASE_KEY)
    assert choose_authority(keys, previous(line, dict(keys.roots)).roots, NOW).roots == published


def test_a_new_root_alone_is_enough_after_a_rotation(line: Line) -> None:
    """CI has the newest root.json and a key: the tree is still signed by the key before."""
    line.release(HANDBOOK)
    shipped = line.root
    renew_root(line.keys, NOW, rotate=True)
    for older in line.keys.glob("1.*"):
        older.unlink()
    assert sorted(load_roots(line.keys / ROOT_FILE)) == [2]
    assert previous(line, {2: line.root}).numbers.sequence == 1
    line.release(MORE)
    assert {"metadata/1.root.json", "metadata/2.root.json"} <= tree_of(line.out).keys()
    pull(MemoryStore(), FolderTransport(line.out), shipped)


def test_earlier_roots_count_only_where_our_root_key_signed_them(line: Line) -> None:
    """A stranger's tree is not believed because it shows a root before ours."""
    stranger = Line(line.folder / "stranger")
    stranger.release(HANDBOOK)
    renew_root(line.keys, NOW, rotate=True)
    with pytest.raises(SignatureError):
        asyncio.run(read_previous(FolderTransport(stranger.out), {2: line.root}, FixedClock(NOW), ONCE))


def test_a_crash_between_root_and_timestamp_is_built_upon(line: Line) -> None:
    line.release(HANDBOOK)
    renew_root(line.keys, NOW, rotate=True)
    (line.out / "metadata" / "2.root.json").write_bytes(line.root)
    held = load_roots(line.keys / ROOT_FILE)
    assert max(previous(line, held).roots) == 1
    assert line.release(MORE).sequence == 2


def test_a_root_that_another_line_began_with_is_told_who_follows(line: Line) -> None:
    stranger = Line(line.folder / "stranger")
    stranger.release(HANDBOOK)
    with pytest.raises(SignatureError, match=r"but none that trusts another root\.json than this: `git log"):
        find_previous(str(stranger.out), load_roots(line.keys / ROOT_FILE))


def test_an_unusable_previous_release_is_refused(line: Line) -> None:
    line.release(HANDBOOK)
    (line.out / "metadata" / "timestamp.json").write_bytes(b"<html>")
    with pytest.raises(ContentError, match=r"previous release at .* HTML .*--force starts a new line"):
        find_previous(str(line.out), load_roots(line.keys / ROOT_FILE))


def test_a_host_that_does_not_answer_is_asked_again_before_anything_is_forced(line: Line) -> None:
    with pytest.raises(NetworkError, match=r"\(build again when the host answers, or --preview .*; .*--force"):
        find_previous("http://127.0.0.1:9/", load_roots(line.keys / ROOT_FILE))


@pytest.mark.parametrize(
    ("where", "error"), [("nowhere", NetworkError), ("empty", ServerError), ("ftp://b.example/", UsageError)]
)
def test_a_previous_release_that_is_not_there(line: Line, where: str, error: type[VademecumError]) -> None:
    Path("empty").mkdir()
    with pytest.raises(error, match=r"the previous release at .* cannot be used") as caught:
        find_previous(where, {}, away="ask again later")
    assert ("ask again later" in caught.value.message) is caught.value.transient


@pytest.mark.parametrize("url", ["http://me:s3cr/et@127.0.0.1:9/", "ftp://me:s3cr@et@example.org/"])
def test_a_password_of_the_previous_release_is_not_shown(url: str) -> None:
    with pytest.raises(VademecumError, match="previous release at") as caught:
        find_previous(url, {})
    assert not any(word in caught.value.message for word in ("me:", "s3cr", "et@"))


def test_a_build_goes_on_from_what_is_named_or_else_from_what_lies_there(line: Line) -> None:
    assert locate_previous(None, line.out) is None
    line.release(HANDBOOK)
    assert locate_previous(None, line.out) == str(line.out)
    assert locate_previous("https://example.org/kb/", line.out) == "https://example.org/kb/"


def test_a_broken_chain_of_roots_is_noticed(line: Line) -> None:
    line.release(HANDBOOK)
    first = line.root
    renew_root(line.keys, NOW, rotate=False)
    line.release(HANDBOOK)
    new_keys(line.folder / "other", NOW)
    chain = line.out / "metadata"
    (chain / "1.root.json").write_bytes((line.folder / "other" / ROOT_FILE).read_bytes())
    with pytest.raises(SignatureError):
        previous(line, {2: line.root})
    with pytest.raises(ContentError, match=r"1\.root\.json is not the trusted root|signed"):
        previous(line, {1: first, 2: line.root})


def test_what_is_published_and_damaged_is_compared_with_nothing(line: Line) -> None:
    line.release(HANDBOOK)
    for manifest in (line.out / "releases").iterdir():
        manifest.write_bytes(b"{}")
    with pytest.raises(EmptyStoreError, match="the previous release is damaged"):
        published_of(BuildRequest(source=line.folder, out=line.out, keys=line.keys))


@pytest.mark.parametrize(("unused", "days", "first"), [(True, 3, True), (True, 31, False), (False, 3, False)])
def test_keys_that_were_not_used_begin_with_the_first_number_for_some_weeks(
    line: Line, unused: bool, days: int, first: bool
) -> None:
    numbers = begun_anew(line.out, {1: line.root}, NOW + timedelta(days=days), lost=False, unused=unused)
    assert (numbers == Numbers()) is first
