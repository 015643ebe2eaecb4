"""The manifest: tiers, packs, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from support.samples import MANIFEST, entry
from vademecum.errors import ContentError, NewerFormatError
from vademecum.format.manifest import PackEntry, decode_manifest, encode_manifest
from vademecum.format.objects import ObjectRef


def test_manifests_round_trip() -> None:
    data = encode_manifest(MANIFEST)
    assert decode_manifest(data) == MANIFEST
    assert encode_manifest(decode_manifest(data)) == data
    assert [ref.sha256[0] for ref in MANIFEST.objects] == ["e", "b", "c", "f"]


def test_an_empty_knowledge_base_has_no_segments() -> None:
    empty = replace(MANIFEST, segments=(), documents=0, chunks=0)
    assert decode_manifest(encode_manifest(empty)) == empty


def test_the_newest_tier_may_end_before_the_release() -> None:
    deletion = replace(MANIFEST, segments=(entry(0, 9),))
    assert decode_manifest(encode_manifest(deletion)) == deletion


def test_a_tier_may_have_several_segments() -> None:
    parts = (entry(4, 12), entry(0, 4, "c"), entry(0, 4, "f"), entry(0, 4, "0"))
    cut = replace(MANIFEST, segments=parts)
    assert decode_manifest(encode_manifest(cut)) == cut


@pytest.mark.parametrize(
    "tiers",
    [
        [(0, 13)],
        [(5, 12), (0, 4)],
        [(3, 12), (0, 4)],
        [(4, 12)],
        [(12, 12), (0, 12)],
        [(0, 4), (4, 12)],
        [(4, 12), (0, 4), (0, 4)],
    ],
)
def test_tiers_join_without_gap_or_overlap(tiers: list[tuple[int, int]]) -> None:
    bad = replace(MANIFEST, segments=tuple(entry(a, b) for a, b in tiers))
    with pytest.raises(ContentError, match=r"manifest\.segments"):
        decode_manifest(encode_manifest(bad))


def set_at(path: str, value: object) -> bytes:
    """The manifest's JSON with the field at a dotted path set, or removed where the value is `...`."""
    root: Any = json.loads(encode_manifest(MANIFEST))
    *parents, name = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = root
    for part in parents:
        place = place[part]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return json.dumps(root).encode()


FIELDS: Mapping[str, object] = {
    "built": "yesterday",
    "channel": "",
    "chunks": -1,
    "digest": "D" * 64,
    "documents": 1.5,
    "encoder": [],
    "encoder.dimensions": 0,
    "encoder.name": "",
    "encoder.object": None,
    "encoder.object.sha256": "../" * 20 + "aaaa",
    "encoder.object.size": "1",
    "encoder.object.uncompressed": True,
    "epoch": "xyz",
    "format": "1",
    "segments": {},
    "segments.1": 5,
    "segments.1.chunks": None,
    "segments.1.documents": -1,
    "segments.1.from": 2**32,
    "segments.1.to": 0,
    "segments.1.object": "b",
    "sequence": 0,
    "sources": None,
    "version": "x" * 101,
}


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_is_checked(path: str) -> None:
    for value in (FIELDS[path], ...):
        if value is ... and path == "segments.1":
            continue  # that is the test of the gaps
        with pytest.raises(ContentError, match=r"^manifest"):
            decode_manifest(set_at(path, value))


def test_unknown_fields_are_ignored() -> None:
    assert decode_manifest(set_at("colour", "blue")) == MANIFEST
    assert decode_manifest(set_at("encoder.object.zstd", {"size": 3})) == MANIFEST


def test_a_newer_format_is_refused_before_anything_else_is_read() -> None:
    with pytest.raises(NewerFormatError, match="format 2"):
        decode_manifest(b'{"format":2,"whatever":[]}')


# Packs ---------------------------------------------------------------------------------------------

WAY = ObjectRef("9" * 64, 700, 700)
PACKS = (PackEntry(11, "1" * 64, 90), PackEntry(8, "2" * 64, 400, WAY))


def test_packs_round_trip() -> None:
    manifest = replace(MANIFEST, packs=PACKS)
    data = encode_manifest(manifest)
    assert decode_manifest(data) == manifest
    assert json.loads(data)["packs"] == [[11, 90, "1" * 64], [8, 400, "2" * 64, 700, "9" * 64]]
    assert "packs" not in json.loads(encode_manifest(MANIFEST))
    assert PACKS[1].object.path == f"objects/{'2' * 64}.pack"
    assert PACKS[1].manifest_path == f"releases/{'9' * 64}.8.json"
    assert PACKS[0].object not in manifest.objects, "a first install needs no pack"


@pytest.mark.parametrize(
    ("packs", "where"),
    [
        ({}, "manifest.packs: expected a list"),
        ([{}], "manifest.packs: expected a list of lists"),
        ([[]], r"manifest.packs\[0\].0"),
        ([[0, 9, "1" * 64]], r"manifest.packs\[0\].0"),
        ([[11, -1, "1" * 64]], r"manifest.packs\[0\].1"),
        ([[11, 9, "1" * 63]], r"manifest.packs\[0\].2"),
        ([[11, 9, "1" * 64], [8, 9, "2" * 64, "700", "9" * 64]], r"manifest.packs\[1\].3"),
        ([[8, 9, "2" * 64, 700]], r"manifest.packs\[0\].4"),
        ([[12, 9, "1" * 64]], r"packs\[0\] begins at 12, expected below 12"),
        ([[8, 9, "1" * 64], [8, 9, "2" * 64]], r"packs\[1\] begins at 8, expected below 8"),
        ([[8, 9, "1" * 64], [9, 9, "2" * 64]], r"packs\[1\] begins at 9, expected below 8"),
    ],
)
def test_packs_are_checked(packs: object, where: str) -> None:
    values = json.loads(encode_manifest(MANIFEST))
    with pytest.raises(ContentError, match=where):
        decode_manifest(json.dumps({**values, "packs": packs}).encode())
