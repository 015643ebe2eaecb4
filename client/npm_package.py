"""Write the npm package of the browser client: `python client/npm_package.py FOLDER`, then `npm pack FOLDER`.

It holds what `vade build` publishes as `client/`, Python's runtime included. There its files are found by
`runtime.json`; here a module names each of them literally, so that Vite and webpack take them along.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from vademecum.version import __version__
from vademecum_builder.pages.client_bundle import client_files
from vademecum_builder.pages.pyodide import fetch_runtime

PROJECT = Path(__file__).parents[1]
_BUNDLED = "client/workers/bundled.mjs"


def package_json() -> dict[str, Any]:
    """Return package.json: two entries with their types, and every file of `client/` by its path.

    Where a workflow publishes it, npm holds `repository` against the attested one.
    """
    home = _home()
    source: dict[str, Any] = {"repository": {"type": "git", "url": f"git+{home}.git"}, "homepage": f"{home}#readme"}
    return {
        "name": "vademecum",
        "version": __version__,
        "description": "Search a signed, versioned knowledge base offline in the browser, always current.",
        "license": "Apache-2.0",
        "type": "module",
        "exports": {
            ".": _entry("vademecum"),
            "./search": _entry("vademecum-search"),
            "./client/*": "./client/*",
            "./package.json": "./package.json",
        },
        "types": "./client/vademecum.d.mts",
        "sideEffects": ["./client/vademecum-search.mjs", "./client/query.mjs", "./client/worker.mjs"],
        "browser": {"ws": False},  # Pyodide asks for it in Node.js alone, and Vite's development server looks for it
        "files": ["client"],
        **(source if home else {}),
    }


def _home() -> str:
    """Return where the source of this package is, as the workflow says that publishes it; elsewhere nobody knows."""
    place = os.environ.get("GITHUB_REPOSITORY")
    return f"https://github.com/{place}" if place else ""


def readme(text: str) -> str:
    """Return the text of README.md with links that lead somewhere from outside the repository, too."""
    home = _home()
    if not home:
        return text
    kinds = {"!": "raw", "": "blob"}
    link = r"(!?)(\[[^]]*\]\()(?![a-z]+:|#)"
    return re.sub(link, lambda found: f"{found[1]}{found[2]}{home}/{kinds[found[1]]}/HEAD/", text)


def _entry(name: str) -> dict[str, str]:
    return {"types": f"./client/{name}.d.mts", "default": f"./client/{name}.mjs"}


def bundled(runtime: dict[str, Any], lock: str, pyodide: list[str]) -> str:
    """Return the module that names the files of Python's runtime as bundlers find them.

    Args:
        runtime: What `runtime.json` says.
        lock: The text of Pyodide's lock file. It is so short that a bundler would make it an address of its own kind
            (`data:`), which a Content-Security-Policy forbids.
        pyodide: The paths of Pyodide's other files, in `client/`.
    """
    lines = [
        f"  {json.dumps(path)}: new URL({json.dumps(f'../{path}')}, import.meta.url).href,"
        for path in [*runtime["python"], *pyodide]
    ]
    files = "\n".join(["{", *lines, "}"])
    return f"export const BUNDLED = {{ runtime: {json.dumps(runtime)}, lock: {json.dumps(lock)}, files: {files} }};\n"


def write_package(folder: Path) -> None:
    """Write the package into an empty folder."""
    for path, content in client_files(fetch_runtime(), bundle=False).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copyfile(content, target)
    runtime = json.loads((folder / "client/runtime.json").read_bytes())
    home = folder / "client" / runtime["pyodide"]
    script = home / "pyodide.mjs"  # Vite's development server tells of a map of its source that is not there
    script.write_bytes(re.sub(rb"\n//# sourceMappingURL=.*", b"", script.read_bytes()))
    pyodide = sorted(path for path in home.iterdir() if path.suffix != ".json")
    names = [path.relative_to(folder / "client").as_posix() for path in pyodide]
    (folder / _BUNDLED).write_text(bundled(runtime, (home / "pyodide-lock.json").read_text(), names))
    (folder / "package.json").write_text(json.dumps(package_json(), indent=2) + "\n")
    shutil.copyfile(PROJECT / "LICENSE", folder / "LICENSE")
    (folder / "README.md").write_text(readme((PROJECT / "README.md").read_text()))


if __name__ == "__main__":
    write_package(Path(sys.argv[1]))
