"""zsync against a host with Range support."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .peer import Job, run
from .range_host import RangeHost


@dataclass(frozen=True)
class Zsync:
    """All answers of the host, headers included: the `.zsync` file and the ranges.

    zsync looks inside a gzip by itself. Its blocks have its own size for the usual layout; for ours it is the one
    that was measured to be best.
    """

    name: str = "zsync"
    programs: tuple[str, ...] = ("zsync", "zsyncmake")
    block: str = "512"

    def transfer(self, job: Job) -> tuple[int, Path]:
        host, client = job.folder / "host", job.folder / "client"
        host.mkdir()
        client.mkdir()
        shutil.copyfile(job.new, host / job.new.name)
        with RangeHost(host) as server:
            url = f"{server.url}{job.new.name}"
            make = ["zsyncmake", "-e", *([] if job.new.suffix == ".gz" else ["-b", self.block]), "-u", url]
            run([*make, "-o", host / "index.zsync", host / job.new.name], job.folder)
            seed: list[str | Path] = [] if job.old is None else ["-i", job.old]
            run(["zsync", *seed, "-o", client / job.new.name, f"{server.url}index.zsync"], client)
            return server.sent, client / job.new.name
