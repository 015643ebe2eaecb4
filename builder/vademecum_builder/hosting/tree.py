"""A built tree, verified, as a list of uploads; other files of its folder are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vademecum.format.json import Fields, parse_object
from vademecum.ports import Clock
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.hosting.base import Upload
from vademecum_builder.publish.guard import refuse_preview
from vademecum_builder.publish.tree import rank
from vademecum_builder.release.location import read_at
from vademecum_builder.release.verify import files_below, verify_tree

_ROOT = re.compile(r"metadata/(\d+)\.root\.json")


@dataclass(frozen=True)
class Tree:
    """What is to be published.

    Attributes:
        stages: The files in the order in which they have to arrive: immutable ones, pages, roots, the timestamp.
        roots: The chain of root metadata, oldest first.
        foreign: Files of the folder that are not part of the tree, or are damaged; they are not published.
    """

    sequence: int
    stages: tuple[tuple[Upload, ...], ...]
    roots: tuple[bytes, ...]
    timestamp: bytes
    snapshot: bytes
    foreign: tuple[str, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all its files."""
        return frozenset(upload.path for stage in self.stages for upload in stage)


def read_tree(folder: Path, trust: bytes | None, clock: Clock) -> Tree:
    """Verify a built tree, every signature, hash and digest.

    Args:
        trust: The root metadata to trust; None takes the tree's own first root.

    Raises:
        UsageError: It is a preview. VademecumError: The first thing that is wrong with it.
    """
    refuse_preview(folder)
    present = files_below(folder)
    found = read_at(str(folder), lambda tree, config: verify_tree(tree, trust, clock, config, present=present))
    damaged = [path for path in present if any(path in what for what in found.damaged)]
    foreign = (*found.unsigned, *damaged)
    uploads = [Upload(path, folder / path) for path in present if path not in foreign]
    stages = tuple(tuple(each for each in uploads if rank(each.path) == number) for number in range(4))
    numbered = {int(match[1]): path for path in present if (match := _ROOT.fullmatch(path))}
    timestamp = (folder / TIMESTAMP).read_bytes()
    meta = Fields(parse_object(timestamp, TIMESTAMP), TIMESTAMP).child("signed").child("meta")
    snapshot = folder / f"metadata/{meta.child('snapshot.json').integer('version')}.snapshot.json"
    roots = tuple((folder / numbered[version]).read_bytes() for version in sorted(numbered))
    return Tree(found.sequence, stages, roots, timestamp, snapshot.read_bytes(), foreign)
