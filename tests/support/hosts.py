"""Hosts that trees are published to: one in memory, real servers on 127.0.0.1, and one whose publisher is killed."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vademecum.errors import ContentError, ServerError
from vademecum.ports import Body, Progress
from vademecum_builder.hosting.base import Done, Host, StoredFile, Upload
from vademecum_builder.hosting.git import git_branch
from vademecum_builder.hosting.rsync import rsync_folder
from vademecum_builder.hosting.s3 import s3_bucket
from vademecum_builder.hosting.targets import open_host

Opening = Callable[[], AbstractContextManager[Host]]
"""Opens the host once more, as another process would."""
SSHD = Path("/usr/sbin/sshd")


@dataclass
class MemoryHost:
    """A `Host` in memory: the rules of the port, and nothing else."""

    files: dict[str, bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def list(self) -> Mapping[str, StoredFile]:
        return {path: StoredFile(len(data), _tag(data)) for path, data in self.files.items()}

    def holds(self, upload: Upload, stored: StoredFile) -> bool:
        return stored.tag == _tag(upload.read())

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        for upload in uploads:
            self.files[upload.path] = upload.read()
            self.log.append(f"write {upload.path}")
            done(upload.path)

    def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.files.pop(path, None)
            self.log.append(f"delete {path}")

    def commit(self, message: str) -> None:
        self.log.append("commit")


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Killed(BaseException):
    """The process ends here: no handler of ours runs."""


@dataclass
class Mortal:
    """A host of somebody who is killed before the write, deletion or commit of this number (from 0).

    Attributes:
        written: Paths that have been written.
    """

    host: Host
    number: int
    done: int = 0
    written: set[str] = field(default_factory=set)

    def list(self) -> Mapping[str, StoredFile]:
        return self.host.list()

    def holds(self, upload: Upload, stored: StoredFile) -> bool:
        return self.host.holds(upload, stored)

    def read(self, path: str) -> bytes | None:
        return self.host.read(path)

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        for upload in uploads:
            self._live()
            self.host.write([upload], done)
            self.written.add(upload.path)

    def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._live()
            self.host.delete([path])

    def commit(self, message: str) -> None:
        self._live()
        self.host.commit(message)

    def _live(self) -> None:
        if self.done == self.number:
            raise Killed
        self.done += 1


@dataclass
class HostTransport:
    """What a host shows, as a client asks for it."""

    host: Host

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        data = self.host.read(path)
        if data is None:
            raise ServerError(f"{path}: there is no such file", status=404)
        if len(data) > limit:
            raise ContentError(f"{path}: more than the {limit} bytes allowed")
        return Body(data, transferred=len(data))

    async def close(self) -> None:
        """Nothing is held."""


# Real servers ----------------------------------------------------------------------------------------


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that speaks S3's protocol, with an empty bucket; the environment leads there. Yields its
    name."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        import boto3

        bucket = f"kb-{uuid.uuid4()}"  # all servers of a process have one memory
        boto3.client("s3").create_bucket(Bucket=bucket)
        yield bucket
    finally:
        server.stop()


@contextmanager
def ssh_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Debian's sshd, with keys of its own; yields its port. rsync is made to use them."""
    if not SSHD.exists() or shutil.which("rsync") is None:
        pytest.skip("openssh-server and rsync are not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd asks for it, and a package's script would have made it
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "config").write_text(
        f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
        f"PidFile none\nPasswordAuthentication no\nListenAddress 127.0.0.1\n"
        "KexAlgorithms curve25519-sha256\n"  # what stands up to a quantum computer takes a tenth of a second more
    )
    with running([str(SSHD), "-D", "-e", "-f", str(folder / "config")], "-p") as port:
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes"
        (folder / "port").write_text(str(port))
        monkeypatch.setenv("RSYNC_RSH", f"ssh -F none -i {folder}/user {options}")
        yield port


@contextmanager
def rsync_server(folder: Path, served: Path) -> Iterator[int]:
    """rsync's own daemon, with a module `kb`; yields its port."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    served.mkdir(exist_ok=True)
    config = folder / "rsyncd.conf"
    owner = "uid = root\ngid = root\n" if os.geteuid() == 0 else ""
    config.write_text(f"use chroot = no\naddress = 127.0.0.1\n[kb]\npath = {served}\nread only = no\n{owner}")
    with running(["rsync", "--daemon", "--no-detach", f"--config={config}"], "--port") as port:
        yield port


@contextmanager
def running(command: Sequence[str], option: str) -> Iterator[int]:
    """Run a server on a free port until the end; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, option, str(port)], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "the server does not start"
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def host_of(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    """Start a host of a kind, and yield what opens it."""
    place = folder / "host"
    if kind == "memory":
        host = MemoryHost()
        yield lambda: _same(host)
    elif kind == "folder":
        yield lambda: open_host(str(place), folder / "tree")
    elif kind == "s3":
        with s3_server(monkeypatch) as bucket:
            yield lambda: s3_bucket(f"s3://{bucket}/some/prefix")
    elif kind == "ssh":
        with ssh_server(folder / "ssh", monkeypatch) as port:
            yield lambda: rsync_folder(f"ssh://127.0.0.1:{port}{place}/kb")
    elif kind == "rsync":
        with rsync_server(folder, place) as port:
            yield lambda: rsync_folder(f"rsync://127.0.0.1:{port}/kb/some/folder")
    else:
        subprocess.run(["git", "init", "--quiet", "--bare", str(place)], check=True)
        history = kind == "git, with history"
        yield lambda: git_branch(f"git+file://{place}#gh-pages:kb", history=history)


@contextmanager
def _same(host: Host) -> Iterator[Host]:
    yield host
