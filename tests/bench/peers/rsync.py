"""rsync against a daemon on 127.0.0.1."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .peer import BenchError, Job, run

_START = 10.0
"""Seconds that the daemon may take to answer."""


@dataclass(frozen=True)
class Rsync:
    """`rsync -z`: what it sent and what it received, by its own count (`--stats`)."""

    name: str = "rsync"
    programs: tuple[str, ...] = ("rsync",)

    def transfer(self, job: Job) -> tuple[int, Path]:
        host, client = job.folder / "host", job.folder / "client"
        host.mkdir()
        client.mkdir()
        shutil.copyfile(job.new, host / "index")
        if job.old is not None:
            shutil.copyfile(job.old, client / "index")
        with _daemon(host, job.folder) as port:
            # Two releases may have the same size and be made within one second.
            options = ["-z", "--ignore-times", "--stats"]
            said = run(["rsync", *options, f"rsync://127.0.0.1:{port}/host/index", "client/index"], job.folder)
        counts = re.findall(r"^Total bytes (?:sent|received): ([\d,.]+)", said, re.MULTILINE)
        if len(counts) != 2:
            raise BenchError(f"rsync: no counts in {said!r}")
        return sum(int(re.sub(r"\D", "", count)) for count in counts), client / "index"


@contextmanager
def _daemon(host: Path, folder: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    # As root the daemon would become `nobody`, who cannot read our folder.
    owner = ["uid = root", "gid = root"] if os.geteuid() == 0 else []
    lines = ["use chroot = no", *owner, "[host]", f"path = {host}", "read only = yes"]
    settings = folder / "rsyncd.conf"
    settings.write_text("\n".join([*lines, ""]))
    command = ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}", f"--config={settings}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BenchError("rsync: the daemon does not answer")
