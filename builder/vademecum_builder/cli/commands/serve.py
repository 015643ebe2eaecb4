"""`vade serve`."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from vademecum_builder.cli.environment import settings_named, settings_or
from vademecum_builder.cli.wording import Shown
from vademecum_builder.request import BuildRequest
from vademecum_builder.server.static import StaticServer


def run(options: Namespace) -> Shown:
    """Serve a folder until interrupted, with a line on stderr for every request."""
    folder = options.folder or settings_or(options.config, "serve what? vade serve DIST").out
    path = _published_path(folder, settings_named(options.config))
    with StaticServer(folder, options.port, max_age=options.max_age, path=path) as server:
        print(f"Serving {folder} at {server.url} (stop with Ctrl+C)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return {}, ["Stopped."]


def _published_path(folder: Path, settings: BuildRequest | None) -> str:
    """Return the path below which a folder is published, as the settings say of the tree that lies in it; "/": they do
    not."""
    if settings is None or not settings.out.resolve().is_relative_to(folder.resolve()):
        return "/"
    tree = settings.out.resolve().relative_to(folder.resolve()).as_posix()
    path = urlsplit(settings.previous or "").path or "/"
    return path if tree == "." else path.removesuffix(f"{tree}/") if path.endswith(f"/{tree}/") else "/"
