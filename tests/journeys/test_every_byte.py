"""Every file of a published tree, damaged in one way after another.

A file that a pull of the release reads: the pull fails with the code that says why, the old generation
goes on answering, and the next clean pull succeeds. A file that it does not read: the pull succeeds, and
`vade verify` names the file. No file is left out.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from support.in_hand import FixedClock, MemoryTransport
from support.publishing import HANDBOOK, NOW, ONCE, Line, ask, pull, pulled, tree_of
from support.sampling import sample
from vademecum.errors import ContentError, VademecumError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.release.verify import verify_tree
from vademecum_builder.signing.root import renew_root

HTML = b"<!doctype html><html><title>Not found</title></html>"
NEWER = {**HANDBOOK, "new.md": "# New\n\nA page about lanterns at night.\n"}

# What a pull answers to damage, by what the file is. The signed JSON of TUF: one flipped byte may leave JSON that
# nobody signed, or that the signed digest does not fit; all else is known by its digest alone.
CODES = {
    "metadata/timestamp.json": {"content", "signature"},
    "metadata/2.root.json": {"content", "signature"},
    "metadata/N.snapshot.json": {"content", "signature"},
    "metadata/N.targets.json": {"content", "signature"},
    "releases/": {"content"},
    "objects/": {"content"},
}

A_DAY_LATER = NOW + timedelta(days=1)
"""A newer root is asked for once a day."""


@dataclass(frozen=True)
class Published:
    """A tree at release 2 under root 2, and the store of a client that stopped at release 1 under root 1."""

    tree: dict[str, bytes]
    root: bytes
    database: MemoryDatabase

    def client(self) -> MemoryStore:
        return MemoryStore(copy.deepcopy(self.database))

    def pull(self, store: MemoryStore, tree: dict[str, bytes]) -> list[str]:
        """Pull; return the paths that were asked for."""
        files: dict[str, bytes | VademecumError] = {**tree}
        transport = MemoryTransport(files)
        pull(store, transport, self.root, A_DAY_LATER)
        return transport.requests

    def verify(self, tree: dict[str, bytes]) -> None:
        files: dict[str, bytes | VademecumError] = {**tree}
        clock = FixedClock(NOW)
        present = tuple(tree)
        found = asyncio.run(verify_tree(MemoryTransport(files), self.root, clock, ONCE, present=present))
        if found.damaged:  # told, though nothing of this release needs it
            raise ContentError(found.damaged[0])


@pytest.fixture
def published(tmp_path: Path, small_site: None) -> Published:
    line = Line(tmp_path, site=SiteBuilder())
    shipped = line.root
    line.release(HANDBOOK)
    database = MemoryDatabase()
    store = pulled(line)
    database.records, database.objects = store._shared.records, store._shared.objects
    renew_root(line.keys, NOW, rotate=False)
    line.release(NEWER)
    return Published(tree_of(line.out), shipped, database)


def damages(path: str, data: bytes) -> list[tuple[str, bytes]]:
    """Return one damage by the seed of the run, all seven in `make faults`: the decoders' own tests have them all."""
    return sample(list(_damages(data)), 7, path)


def _damages(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name, position in (("first", 0), ("middle", len(data) // 2), ("last", len(data) - 1)):
        flipped = bytearray(data)
        flipped[position] ^= 1
        yield f"{name} byte flipped", bytes(flipped)
    yield "cut by a byte", data[:-1]
    yield "cut in half", data[: len(data) // 2]
    yield "emptied", b""
    yield "replaced by HTML", HTML


def without(tree: dict[str, bytes], paths: set[str]) -> dict[str, bytes]:
    return {path: data for path, data in tree.items() if path not in paths}


def kind_of(path: str) -> str:
    for role in ("snapshot", "targets"):
        if path.endswith(f".{role}.json"):
            return f"metadata/N.{role}.json"
    return path if path.startswith("metadata/") else path.partition("/")[0] + "/"


@pytest.mark.fault("A9", "B18")
def test_damage_to_any_file_is_noticed_by_a_pull_or_by_verify(published: Published) -> None:
    tree = published.tree
    packs = {path for path in tree if path.endswith(".pack")}
    read = set(published.pull(published.client(), without(tree, packs))) & tree.keys() - packs
    published.verify(tree)
    noticed: dict[str, str] = {}
    for path in sorted(tree):
        for damage, data in damages(path, tree[path]):
            damaged = {**tree, path: data}
            if path in packs:
                check_pull_goes_on_without(published, damaged, path, damage)
                noticed[path] = "both"
            elif path.endswith(".root.json") and data == HTML:  # an app's page is how its host says that there is none
                check_verify_refuses(published, damaged, path, damage)
            elif path in read:
                check_pull_refuses(published, without(damaged, packs), path, damage)
                noticed[path] = "pull"
            else:
                check_verify_refuses(published, damaged, path, damage)
                noticed[path] = "verify"
    assert noticed.keys() == tree.keys()
    assert packs
    assert {kind_of(path) for path, by in noticed.items() if by == "pull"} == CODES.keys()
    assert {path.partition("/")[0] for path, by in noticed.items() if by == "verify"} >= {
        "assets",
        "client",
        "index.html",
        "metadata",
        "objects",
        "releases",
        "version.json",
    }


def check_pull_refuses(published: Published, damaged: dict[str, bytes], path: str, damage: str) -> None:
    store = published.client()
    with pytest.raises(VademecumError) as caught:
        published.pull(store, damaged)
    assert caught.value.code in CODES[kind_of(path)], (path, damage, caught.value)
    assert not any(hit.document == "new.md" for hit in ask(store, "lanterns")), (path, damage)
    assert [hit.heading for hit in ask(store, "rotate")][:1] == ["Rotate"], (path, damage)
    published.pull(store, published.tree)
    assert ask(store, "lanterns")[0].document == "new.md", (path, damage)


def check_pull_goes_on_without(published: Published, damaged: dict[str, bytes], path: str, damage: str) -> None:
    """A pack saves bytes, no more: the tiers bring the same release."""
    store = published.client()
    assert path in published.pull(store, damaged), damage
    assert ask(store, "lanterns")[0].document == "new.md", (path, damage)
    with pytest.raises(VademecumError) as caught:
        published.verify(damaged)
    assert path.rpartition("/")[2] in str(caught.value), (path, damage, caught.value)


def check_verify_refuses(published: Published, damaged: dict[str, bytes], path: str, damage: str) -> None:
    store = published.client()
    published.pull(store, damaged)
    assert ask(store, "lanterns")[0].document == "new.md", (path, damage)
    with pytest.raises(VademecumError) as caught:
        published.verify(damaged)
    assert path.rpartition("/")[2] in str(caught.value), (path, damage, caught.value)


def test_a_file_that_is_missing_is_noticed_too(published: Published) -> None:
    tree = without(published.tree, {path for path in published.tree if path.endswith(".pack")})
    read = set(published.pull(published.client(), tree)) & tree.keys()
    # No next root is how the newest one is known; and without it, this one has not expired.
    for path in sorted(read - {"metadata/2.root.json"}):
        store = published.client()
        with pytest.raises(VademecumError) as caught:
            published.pull(store, {name: data for name, data in tree.items() if name != path})
        assert caught.value.code == "server"
        assert ask(store, "rotate")[0].heading == "Rotate"
        published.pull(store, tree)
