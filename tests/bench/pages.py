"""A large site, end to end, beside Pagefind: `pages.py [--pages 14000] [--tree FOLDER] [--pagefind PROGRAM]`.

Without --tree the pages are those of Debian's manuals (`PACKAGES`, brought by `apt-get download`), each package in a
folder of its own. Prints for reading and cutting, for a whole build (`builtin`, no pages around it), and for
Pagefind on the tree: seconds of processors and of the clock, pages a second, the most memory; and the build's CPU as
a multiple of Pagefind's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.dev_keys import make_keys
from bench.peak import Cost, cost_of
from vademecum_builder.release.previous import Previous
from vademecum_builder.request import BuildRequest, ignore_progress
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, load_authority, load_roots
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.documents import choose_reader
from vademecum_builder.stages.read import read_source

PACKAGES = (
    "openjdk-17-doc",
    "linux-doc-6.1",
    "postgresql-doc-15",
    "python3.11-doc",
    "python-django-doc",
    "libcommons-lang3-java-doc",
    "junit4-doc",
    "sqlite3-doc",
    "git-doc",
)
VADE = [sys.executable, "-m", "vademecum_builder.cli.main"]


def bring(folder: Path, pages: int) -> Path:
    """Unpack the manuals, and keep so many of their pages: the same ones each time."""
    for package in PACKAGES:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
    (folder / "all").mkdir()
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, folder / "all" / archive.name.partition("_")[0]], check=True)
    found = [path for path in (folder / "all").rglob("*.html") if path.is_file() and not path.is_symlink()]
    for path in sorted(found, key=lambda path: hashlib.sha256(str(path.relative_to(folder)).encode()).digest())[:pages]:
        place = folder / "tree" / path.relative_to(folder / "all")
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    return folder / "tree"


def read(tree: Path) -> dict[str, int]:
    """Read and cut a tree, and do nothing with it; return how much there was."""
    request = BuildRequest(source=tree, out=tree.parent / "none", site=False)
    source = FolderSource(tree)
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name:
        keys = make_keys(Path(name) / "keys")
        authority = load_authority(load_roots(keys / ROOT_FILE), keys / RELEASE_KEY, {}, now)
    reader = choose_reader(source, request.profile, request.base_url)
    context = BuildContext(request, authority, Previous(), None, now, ignore_progress, reader)
    state = read_source(source, Base(), context)
    return {"documents": len(state.documents), "chunks": len(state.chunks)}


def shown(name: str, cost: Cost, pages: int) -> str:
    rate = f"{pages / cost.cpu:.0f} pages a second"
    return f"{name:<16} {cost.cpu:7.1f} s CPU {cost.seconds:7.1f} s {rate:>20} {cost.bytes / 1e6:7.0f} MB  {cost.said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=14_000)
    parser.add_argument("--tree", type=Path)
    parser.add_argument("--pagefind", default="pagefind")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(json.dumps(read(options.read)))
        return
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        tree = options.tree or bring(work, options.pages)
        pages = sum(1 for _ in tree.rglob("*.html"))
        print(f"{pages} pages, {sum(path.stat().st_size for path in tree.rglob('*.html')) / 1e6:.0f} MB of HTML")
        reading = cost_of([sys.executable, __file__, "--read", str(tree)])
        print(shown("read and cut", reading, pages), flush=True)
        out, keys = work / "out", make_keys(work / "keys")
        build = cost_of([*VADE, "build", str(tree), "--out", str(out), "--keys", str(keys), "--no-site", "--json"])
        told = {name: build.said[name] for name in ("documents", "chunks", "bytes")}
        print(shown("vade build", Cost(build.seconds, build.cpu, build.bytes, told), pages), flush=True)
        if shutil.which(options.pagefind):
            other = cost_of([options.pagefind, "--site", str(tree), "--output-path", str(work / "pagefind")])
            size = sum(path.stat().st_size for path in (work / "pagefind").rglob("*") if path.is_file())
            print(shown("pagefind", Cost(other.seconds, other.cpu, other.bytes, {"bytes": size}), pages))
            times, share = build.cpu / other.cpu, build.bytes / other.bytes
            print(f"the build takes {times:.1f} times Pagefind's CPU, {share:.2f} of its memory")


if __name__ == "__main__":
    main()
