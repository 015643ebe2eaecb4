"""`verify_tree`: whatever is wrong is named, leftovers of earlier releases too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from support.in_hand import FixedClock, MemoryTransport
from support.publishing import HANDBOOK, NOW, ONCE, Line, begun, tree_of
from vademecum.encoder.query import Encoder
from vademecum.errors import ClockError, ContentError, ExpiredError, SelfTestError, UsageError, VademecumError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest, decode_manifest, encode_manifest
from vademecum_builder.encoders.directions import encode_directions
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.release.verify import Verified, verify, verify_tree

MORE = {**HANDBOOK, "new.md": "# New\n\nA new page.\n"}


def verified(line: Line, tree: dict[str, bytes] | None = None) -> Verified:
    tree = tree_of(line.out) if tree is None else tree
    files: dict[str, bytes | VademecumError] = {**tree}
    return asyncio.run(verify_tree(MemoryTransport(files), line.root, FixedClock(line.now), ONCE, present=tuple(tree)))


@pytest.fixture
def line(tmp_path: Path, small_site: None) -> Line:
    return begun(_two_releases, tmp_path)


def _two_releases(folder: Path) -> Line:
    line = Line(folder, site=SiteBuilder())
    line.release(HANDBOOK)
    line.release(MORE)
    return line


def test_all_files_are_checked_and_counted(line: Line) -> None:
    tree = tree_of(line.out)
    found = verified(line)
    assert (found.sequence, found.documents, found.chunks) == (2, 4, 5)
    assert (found.files, found.bytes) == (len(tree), sum(map(len, tree.values())))
    assert found.unsigned == ()
    assert found.expires == (NOW + timedelta(days=30)).isoformat()


def test_what_is_not_ours_is_named_and_no_error(line: Line) -> None:
    assert verified(line, {**tree_of(line.out), "CNAME": b"example.org"}).unsigned == ("CNAME",)


def test_expired_signatures_are_an_error_here(line: Line) -> None:
    line.later(days=31)
    with pytest.raises(ExpiredError):
        verified(line)


@pytest.mark.fault("E64")
def test_a_release_of_the_future_is_an_error_here_too(line: Line) -> None:
    """A builder's clock was ahead, and no client installs it before."""
    line.now -= timedelta(days=40)
    with pytest.raises(ClockError, match="release 2 was built on 2026"):
        verified(line)


def leftovers(line: Line) -> dict[str, str]:
    """Return a file of each kind that only release 1 needed."""
    tree = tree_of(line.out)
    [manifest] = [path for path in tree if path.startswith("releases/") and path.endswith(".1.json")]
    old = {ref.path for ref in decode_manifest(tree[manifest]).objects}
    [now] = [path for path in tree if path.endswith(".2.json") and path.startswith("releases/")]
    new = {ref.path for ref in decode_manifest(tree[now]).objects}
    return {
        "manifest": manifest,
        "object": min(old - new),
        "snapshot": "metadata/1.snapshot.json",
        "targets": "metadata/1.targets.json",
    }


@pytest.mark.parametrize("kind", ["manifest", "object", "snapshot", "targets"])
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:9] + b"?" + data[10:]])
def test_damage_in_what_an_earlier_release_left_is_named(
    line: Line, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    tree = tree_of(line.out)
    path = leftovers(line)[kind]
    [told] = verified(line, {**tree, path: damage(tree[path])}).damaged
    assert path.rpartition("/")[2] in told


def test_old_metadata_of_a_stranger_or_under_a_wrong_name(line: Line, tmp_path: Path) -> None:
    stranger = Line(tmp_path / "stranger")
    stranger.release(HANDBOOK)
    tree = tree_of(line.out)
    path = "metadata/1.targets.json"
    [told] = verified(line, {**tree, path: tree_of(stranger.out)[path]}).damaged
    assert "not signed by a key that any of the roots names" in told
    [told] = verified(line, {**tree, path: tree["metadata/2.targets.json"]}).damaged
    assert "holds targets version 2" in told


@pytest.mark.parametrize("change", [{"documentCount": 7}, {"hash": "0" * 64}, {"extra": 1}])
def test_version_json_must_describe_the_release(tmp_path: Path, change: dict[str, object]) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    path = line.out / "version.json"
    path.write_bytes(canonical({**parse_object(path.read_bytes(), "version.json"), **change}))
    with pytest.raises(ContentError, match=r"version\.json does not describe"):
        verified(line)
    path.unlink()
    with pytest.raises(ContentError, match=r"version\.json is missing"):
        verified(line)


LIES: list[tuple[Callable[[Manifest], Manifest], str]] = [
    (lambda m: replace(m, digest="0" * 64), "state digest"),
    (lambda m: replace(m, documents=9), "counts"),
    (lambda m: replace(m, chunks=9), "counts"),
    (lambda m: replace(m, segments=(replace(m.segments[0], chunks=9), *m.segments[1:])), r"objects/.* counts"),
    (lambda m: replace(m, segments=(replace(m.segments[0], after=0, upto=1),)), "a row from outside 0..1"),
]


@pytest.mark.parametrize(("lie", "message"), LIES)
def test_a_signed_manifest_that_lies_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Callable[[Manifest], Manifest], message: str
) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    name = "vademecum_builder.stages.assemble.encode_manifest"
    monkeypatch.setattr(name, lambda manifest: encode_manifest(lie(manifest)))
    line.release(MORE)
    with pytest.raises(ContentError, match=message):
        verified(line)


def test_the_golden_vectors_of_the_encoder_are_checked(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(encoder: Encoder) -> None:
        raise SelfTestError("golden example 0 differs")

    monkeypatch.setattr(Encoder, "check_golden", differs)
    with pytest.raises(SelfTestError, match="golden example 0 differs"):
        verified(line)


def test_directions_of_another_space_are_named(line: Line) -> None:
    wrong = encode_directions(np.ones((5, 7), np.int8))
    line.encoders.directions = wrong
    line.release({**MORE, "more.md": "# More\n"})
    with pytest.raises(ContentError, match="direction"):
        verified(line)


def test_a_file_is_no_tree(line: Line) -> None:
    with pytest.raises(UsageError, match="is a file; name the folder of a published tree"):
        verify(str(line.out / "metadata/timestamp.json"), None)
