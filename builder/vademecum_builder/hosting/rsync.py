"""A folder on another machine, by rsync: over SSH (`user@host:/path`, `ssh://user@host:port/path`) or from its daemon
(`rsync://host/module/path`). rsync writes each file under another name and renames it; both sides need rsync.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vademecum.errors import BusyError, HostError, NetworkError, UsageError
from vademecum_builder.hosting.base import Done, StoredFile, Upload, is_immutable

_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10"
"""Nobody can answer a prompt for a password or an unknown host."""
_ABSENT = ("No such file or directory", "failed: No such file")
_PARTIAL_TRANSFER = 23
_OF_THE_NETWORK = frozenset({5, 10, 12, 30, 35, 255})
"""Exit codes of rsync(1) and of ssh for the connection, its protocol and time-outs."""


@contextmanager
def rsync_folder(target: str) -> Iterator[RemoteFolder]:
    """Open the folder.

    Raises:
        UsageError: rsync is not installed here, or the target names no folder.
    """
    if shutil.which("rsync") is None:
        raise UsageError(f"{target} needs rsync on this machine, which is not there (apt install rsync)")
    shell = os.environ.get("RSYNC_RSH", _SSH)
    if target.startswith("ssh://"):
        parts = urlsplit(target)
        if not parts.hostname or parts.path in ("", "/"):
            raise UsageError(f"{target}: name a host and a folder, ssh://user@host/path")
        shell += f" -p {parts.port}" if parts.port else ""
        at, host = f"{parts.username}@" if parts.username else "", parts.hostname
        target = f"{at}{f'[{host}]' if ':' in host else host}:{unquote(parts.path)}"
    with tempfile.TemporaryDirectory(prefix="vademecum-") as scratch:
        yield RemoteFolder(f"{target.rstrip('/')}/", shell, Path(scratch))


class RemoteFolder:
    """A `Host`.

    Args:
        address: In rsync's notation, with a slash at the end.
        shell: What rsync runs in place of ssh.
        scratch: An empty folder for files that are sent and fetched.
    """

    def __init__(self, address: str, shell: str, scratch: Path) -> None:
        self._address = address
        self._shell = shell
        self._scratch = scratch
        self._read: dict[str, bytes | None] = {}

    def list(self) -> Mapping[str, StoredFile]:
        told = self._rsync("-r", "--dry-run", "--out-format=%l %n", self._address, f"{self._fresh()}/")
        files = [line.partition(" ") for line in (told or "").splitlines()]
        return {path: StoredFile(int(size)) for size, _, path in files if not path.endswith("/")}

    def holds(self, upload: Upload, stored: StoredFile) -> bool:  # noqa: ARG002 - it has the same size
        return is_immutable(upload.path)  # rsync itself compares the others

    def read(self, path: str) -> bytes | None:
        target = self._fresh()
        found = self._rsync(self._address + path, f"{target}/")
        self._read[path] = (
            None if found is None else next(file for file in target.iterdir() if file.is_file()).read_bytes()
        )
        return self._read[path]

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        for upload in uploads:
            path = upload.path
            if path in self._read and self._read[path] != self.read(path):
                raise BusyError(f"{self._address}: another publisher has written {path} in the meantime; publish again")
        source = self._fresh()
        for upload in uploads:
            file = source / upload.path
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(upload.content, bytes):
                file.write_bytes(upload.content)
            else:
                shutil.copyfile(upload.content, file)
        modes = ("--perms", "--chmod=D755,F644")
        options = ("-r", "--checksum", "--mkpath", *modes, "--out-format=%n")
        told = self._rsync(*options, f"{source}/", self._address, absent=False)
        for path in (told or "").splitlines():
            if not path.endswith("/"):
                done(path)

    def delete(self, paths: Sequence[str]) -> None:
        if paths:
            source = self._fresh()  # without these files, so that they are deleted; but with their folders, which stay
            for path in paths:
                (source / path).parent.mkdir(parents=True, exist_ok=True)
            options = ("-r", "--delete-missing-args", "--files-from=-", "--from0")
            self._rsync(*options, f"{source}/", self._address, given="\0".join(paths))

    def commit(self, message: str) -> None:
        """Do nothing: each file became visible when it was renamed."""

    def _fresh(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._scratch))

    def _rsync(self, *arguments: str, given: str = "", absent: bool = True) -> str | None:
        """Run rsync; return what it lists; None: it reports that there is no such file or folder."""
        # With a daemon, this option would make rsync connect to it through ssh.
        daemon = self._address.startswith("rsync://") or "::" in self._address
        shell = [] if daemon else [f"--rsh={self._shell}"]
        command = ["rsync", "--8-bit-output", "--timeout=60", *shell, *arguments]
        ran = subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if ran.returncode == 0:
            return ran.stdout
        if absent and ran.returncode == _PARTIAL_TRANSFER and any(text in ran.stderr for text in _ABSENT):
            return None
        said = [line for line in ran.stderr.splitlines() if not re.match(r"rsync error: |\s*$", line)]
        kind = NetworkError if ran.returncode in _OF_THE_NETWORK else HostError
        raise kind(f"{self._address}: rsync failed ({ran.returncode}): {' '.join(said[-2:]) or ran.stderr}")
