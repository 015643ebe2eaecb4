"""What each idea of packs is worth: `packs.py HISTORY [--encoder NAME]`, decisions/packs.md.

Replays a history through `vade build` and makes packs over 1 to 80 releases, each time with one idea left out.
Prints medians of bytes. That packs are read again as they were written, tests/unit/builder/delta/test_encode.py shows.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from unittest.mock import patch

from bench.dev_keys import make_keys
from bench.embeddings import cached_embeddings
from bench.replay import build, states
from vademecum.delta.dictionary import Entry, Header, OldDocument
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum_builder.delta import vectors
from vademecum_builder.delta.encode import PackWriter
from vademecum_builder.delta.old_rows import OldRelease
from vademecum_builder.index.rows import Rows, rows_of
from vademecum_builder.release.published import config_for, read_published

DISTANCES = (1, 2, 5, 10, 30, 80)
PAIRS = 10
CACHE = Path(__file__).parents[2] / ".cache/embeddings.db"


class NoDictionary(PackWriter):
    """Texts are deflated by themselves, document by document."""

    def _known(self, like: OldDocument | None, entry: Entry) -> bytes:
        return b""


def written(base: OldRelease, rows: Rows, header: Header) -> int:
    return len(PackWriter(base, rows, header).pack())


def without_differences(base: OldRelease, rows: Rows, header: Header) -> int:
    """Every new vector is sent, unless an older one is the very same."""
    with patch.object(vectors, "ALIKE", 2.0):
        return written(base, rows, header)


def without_dictionary(base: OldRelease, rows: Rows, header: Header) -> int:
    return len(NoDictionary(base, rows, header).pack())


WRITERS: dict[str, Callable[[OldRelease, Rows, Header], int]] = {
    "as written": written,
    "no differences of vectors": without_differences,
    "no dictionary": without_dictionary,
}


def releases(history: str, encoder: str) -> Iterator[tuple[Rows, Header]]:
    """Yield the rows of each release, and a header with its bits and dimensions."""
    with tempfile.TemporaryDirectory() as name, cached_embeddings(CACHE):
        folder, last = Path(name), 0
        make_keys(folder / "keys")
        for _ in states(history, folder / "source"):
            report = build(folder / "source", folder / "dist", folder / "keys", encoder)
            if report["sequence"] == last:
                continue
            last = report["sequence"]
            transport = FolderTransport(folder / "dist")
            found = asyncio.run(read_published(transport, None, SystemClock(), config=config_for(transport)))
            segment = found.segments[0]
            yield rows_of(found.segments), Header(last - 1, last, segment.bits, segment.dimensions)


def old(rows: Rows) -> OldRelease:
    return OldRelease(sorted(rows.live, key=lambda row: row.key.encode()), rows.chunks)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history")
    parser.add_argument("--encoder", default="builtin")
    options = parser.parse_args()
    line = list(releases(options.history, options.encoder))
    distances = [distance for distance in DISTANCES if distance < len(line)]
    print("|  |" + "".join(f" {distance} behind |" for distance in distances))
    print("|---|" + "---:|" * len(distances))
    for name, size in WRITERS.items():
        sizes = [median(_sizes(line, distance, size)) for distance in distances]
        print(f"| {name} |" + "".join(f" {size:,.0f} |" for size in sizes), flush=True)


def _sizes(
    line: list[tuple[Rows, Header]], distance: int, size: Callable[[OldRelease, Rows, Header], int]
) -> Iterator[int]:
    for target in range(max(distance, len(line) - PAIRS), len(line)):
        rows, header = line[target]
        after = Header(header.upto - distance, header.upto, header.bits, header.dimensions)
        yield size(old(line[target - distance][0]), rows, after)


if __name__ == "__main__":
    main()
