"""Peers that are one file to download: the whole, or a patch made for one pair of releases."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

from .peer import Job, run

ZSTD = ("zstd", "-q", "-f", "-22", "--ultra", "--long=27")


@dataclass(frozen=True)
class Gzip:
    """The whole file, gzipped; one that is gzipped already goes as it is."""

    name: str = "gzip"
    programs: tuple[str, ...] = ()

    def transfer(self, job: Job) -> tuple[int, Path]:
        data, result = job.new.read_bytes(), job.folder / "result"
        body = data if job.new.suffix == ".gz" else gzip.compress(data, 9, mtime=0)
        result.write_bytes(body if job.new.suffix == ".gz" else gzip.decompress(body))
        return len(body), result


@dataclass(frozen=True)
class Zstd:
    """`zstd -22 --ultra --long=27 --patch-from`."""

    name: str = "zstd"
    programs: tuple[str, ...] = ("zstd",)

    def transfer(self, job: Job) -> tuple[int, Path]:
        patch, result = job.folder / "patch", job.folder / "result"
        known = [] if job.old is None else [f"--patch-from={job.old}"]
        run([*ZSTD, *known, job.new, "-o", patch], job.folder)
        run(["zstd", "-q", "-f", "-d", "--long=27", *known, patch, "-o", result], job.folder)
        return patch.stat().st_size, result


@dataclass(frozen=True)
class Bsdiff:
    name: str = "bsdiff"
    programs: tuple[str, ...] = ("bsdiff", "bspatch")

    def transfer(self, job: Job) -> tuple[int, Path]:
        patch, result = job.folder / "patch", job.folder / "result"
        run(["bsdiff", job.old_or_stub, job.new, patch], job.folder)
        run(["bspatch", job.old_or_stub, result, patch], job.folder)
        return patch.stat().st_size, result


@dataclass(frozen=True)
class Xdelta3:
    """`xdelta3 -9`, the whole old file as its window."""

    name: str = "xdelta3"
    programs: tuple[str, ...] = ("xdelta3",)

    def transfer(self, job: Job) -> tuple[int, Path]:
        patch, result = job.folder / "patch", job.folder / "result"
        window = str(max(1 << 26, job.old_or_stub.stat().st_size))
        source: list[str | Path] = [] if job.old is None else ["-B", window, "-s", job.old]
        run(["xdelta3", "-9", "-f", "-e", *source, job.new, patch], job.folder)
        run(["xdelta3", "-f", "-d", *source, patch, result], job.folder)
        return patch.stat().st_size, result
