"""What a peer is: a program that brings a file to a client that has an older one; what it did is checked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PATIENCE = 600.0
"""Seconds after which a program is taken to hang."""


class BenchError(Exception):
    """A peer failed, or did not bring the file: the figures would mean nothing."""


@dataclass(frozen=True)
class Job:
    """One file to bring.

    Attributes:
        old: What the client has; None: nothing.
        new: What it is to get.
        folder: Empty; for the peer's own files.
    """

    old: Path | None
    new: Path
    folder: Path

    @property
    def old_or_stub(self) -> Path:
        """For programs that need a file in any case: with nothing to build on, one zero byte."""
        if self.old is not None:
            return self.old
        stub = self.folder / "stub"
        stub.write_bytes(b"\0")
        return stub


class Peer(Protocol):
    """One program. `name` is its row in the table, and the Debian package that has it."""

    @property
    def name(self) -> str: ...

    @property
    def programs(self) -> tuple[str, ...]:
        """What must be installed."""
        ...

    def transfer(self, job: Job) -> tuple[int, Path]:
        """Bring the file; return the bytes that cross the network, and the file as the client then has it.

        Raises:
            BenchError: A program failed.
        """
        ...


def is_installed(peer: Peer) -> bool:
    return all(shutil.which(program) for program in peer.programs)


def measure(peer: Peer, job: Job) -> int:
    """Return the bytes of a transfer whose result is, byte for byte, the new file.

    Raises:
        BenchError: It is not, or a program failed.
    """
    count, result = peer.transfer(job)
    if not result.is_file() or result.read_bytes() != job.new.read_bytes():
        raise BenchError(f"{peer.name}: what it made of {job.old} is not {job.new}")
    return count


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a program in `folder`; return its stdout.

    Raises:
        BenchError: It failed; the message has what it said last.
    """
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env=environment, capture_output=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"{' '.join(map(str, command))}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout.decode(errors="replace")
