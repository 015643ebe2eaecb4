"""`vade` without its start: a process that has imported the builder forks one for each call.

To start Python and import takes ten times what a small build does. What is called is a process all the same, with a
folder, an environment, streams and an exit code of its own. It differs from the program in its clock: the time is that
of SOURCE_DATE_EPOCH, and between two tries none passes. The program itself is started by journeys/test_cli.py.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import vademecum_builder
from vademecum import log_to_stderr
from vademecum.runtime.clock import SystemClock
from vademecum_builder.cli.arguments import parser
from vademecum_builder.cli.main import main

PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"0"], [0, 1, 2])
    server.sendall(json.dumps([os.getcwd(), sys.argv, dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    code = server.recv(1)
    server.recv(1)  # its end
sys.exit(code[0] if code else 1)
"""


LATE = (
    *("vademecum.runtime.http", "httpcore", "anyio._backends._asyncio", "anyio.to_thread"),
    *("scipy.sparse.linalg", "snowballstemmer", "_strptime", "encodings.idna"),
)
"""What is imported where it is used: once for all, it takes half of a call no more."""


def put_vade(folder: Path) -> Path:
    """Write the program `vade` into a folder of programs."""
    program = folder / "vade"
    program.write_text(PROGRAM.format(python=sys.executable, address=_started()))
    program.chmod(0o700)
    return program


@functools.cache
def _started() -> str:
    """Start the process that forks; it ends when this one does."""
    folder = tempfile.mkdtemp(prefix="vade-")
    address = f"{folder}/socket"
    command = [sys.executable, "-m", "support.forked", address]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    server = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    assert server.stdout is not None and server.stdout.readline() == b"ready\n"
    return address


def _serve(address: str) -> int:
    ours = pkgutil.walk_packages(vademecum_builder.__path__, "vademecum_builder.")
    for name in [*LATE, *(module.name for module in ours)]:
        import_module(name)
    parser()
    gc.freeze()  # what a collection touches is no longer shared
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                _call(connection)
            connection.close()
    return 0


def _call(connection: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, *_ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as told:
        folder, sys.argv, environ = json.load(told)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None
    if level := environ.get("VADEMECUM_LOG"):  # as where the client is imported
        log_to_stderr(level)
    clock: Any = SystemClock
    clock.sleep = lambda self, seconds: asyncio.sleep(0)
    if epoch := environ.get("SOURCE_DATE_EPOCH"):
        clock.now = lambda self: datetime.fromtimestamp(int(epoch), UTC)
    try:
        code = main()
    except SystemExit as ended:  # argparse
        code = int(ended.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(code)  # to take down what was imported would copy all its pages: half of a call


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1]))
