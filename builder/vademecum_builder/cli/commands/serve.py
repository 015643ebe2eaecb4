"""`vade serve`."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import suppress

from vademecum_builder.cli.wording import Shown
from vademecum_builder.server.static import PagesServer, Request


def run(options: Namespace) -> Shown:
    """Serve a folder until interrupted; every request is a line on stderr."""
    with PagesServer(options.folder, options.port, max_age=options.max_age, log=_log) as server:
        print(f"Serving {options.folder} at {server.url} (stop with Ctrl+C)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return {}, ["Stopped."]


def _log(request: Request) -> None:
    path = ascii(request.path)[1:-1]  # whatever a client sent: nothing that a terminal would obey
    print(
        f"{request.method} {path} {request.status} {request.sent_bytes} B {request.seconds * 1000:.0f} ms",
        file=sys.stderr,
    )
