"""`vade serve`."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress

from vademecum_builder.cli.environment import settings_or
from vademecum_builder.cli.wording import Shown
from vademecum_builder.server.static import StaticServer


def run(options: Namespace) -> Shown:
    """Serve a folder until interrupted, with a line on stderr for every request."""
    folder = options.folder or settings_or(options.config, "serve what? vade serve DIST").out
    with StaticServer(folder, options.port, max_age=options.max_age) as server:
        print(f"Serving {folder} at {server.url} (stop with Ctrl+C)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return {}, ["Stopped."]
