"""`vade serve`."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress

from vademecum.errors import UsageError
from vademecum_builder.cli.environment import settings_named
from vademecum_builder.cli.options.common import or_settings
from vademecum_builder.cli.wording import Shown
from vademecum_builder.server.static import StaticServer


def run(options: Namespace) -> Shown:
    """Serve a folder until interrupted; every request is a line on stderr.

    Raises:
        UsageError: Neither the command line nor the settings name a folder; it cannot be served.
    """
    folder = options.folder
    if folder is None:
        if (settings := settings_named(options.config)) is None:
            raise UsageError(f"serve what? vade serve DIST, or {or_settings()}")
        folder = settings.out
    with StaticServer(folder, options.port, max_age=options.max_age) as server:
        print(f"Serving {folder} at {server.url} (stop with Ctrl+C)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return {}, ["Stopped."]
