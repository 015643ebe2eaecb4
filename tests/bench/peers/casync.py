"""casync: content-defined chunks in a store; a client fetches the index and the chunks that it lacks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .peer import Job, run


@dataclass(frozen=True)
class Casync:
    """The index and the compressed chunks that the old file does not have; requests and their headers are left out.

    The size of chunks is casync's own for the usual layout; for ours it is the one that was measured to be best.
    The client's store gets these chunks beside those of its old file, and makes the new file from them.
    """

    name: str = "casync"
    programs: tuple[str, ...] = ("casync",)
    chunk_size: str = "2048"

    def transfer(self, job: Job) -> tuple[int, Path]:
        host, client = job.folder / "host.castr", job.folder / "client.castr"
        index = self._make(job.new, host, job.folder / "new.caibx")
        client.mkdir()
        if job.old is not None:
            self._make(job.old, client, job.folder / "old.caibx")
        count = index.stat().st_size
        for chunk in host.rglob("*.cacnk"):
            mine = client / chunk.relative_to(host)
            if not mine.exists():
                count += chunk.stat().st_size
                mine.parent.mkdir(exist_ok=True)
                shutil.copyfile(chunk, mine)
        result = job.folder / "result"
        run(["casync", "extract", f"--store={client}", "--seed-output=no", index, result], job.folder)
        return count, result

    def _make(self, file: Path, store: Path, index: Path) -> Path:
        size = [] if file.suffix == ".gz" else [f"--chunk-size={self.chunk_size}"]
        run(["casync", "make", f"--store={store}", *size, index, file], store.parent)
        return index
