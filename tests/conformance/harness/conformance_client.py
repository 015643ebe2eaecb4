"""A TUF client's command line around the real trust and download code: `init`, `refresh` and `download`.

    client --metadata-dir D init ROOT
    client --metadata-dir D --metadata-url U refresh
    client --metadata-dir D --metadata-url U --target-name PATH [--target-name ...] --target-base-url T
           --target-dir TD download

The protocol is the one of the public TUF conformance suites. Exit code 0: all of it succeeded; 1: some of it did
not, and one line on stderr says why; 2: misuse. Nothing is decided here: this module keeps metadata in a folder, as
the protocol asks, and joins the two addresses to the one tree that the client knows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from conformance.harness.delegations import MAX_DELEGATIONS, DelegatingTrust, SignedFile, find_target
from vademecum.config import Config
from vademecum.errors import ContentError, EmptyStoreError, StorageError, VademecumError
from vademecum.ports import Body, Progress, Store
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.http import HttpTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Walk

CONFIG = Config(retries=0)
"""The suites count requests."""


class MetadataFolder(MemoryStore):
    """A store whose records are files: `trust/root.json` is `root.json` in the folder.

    The name of a delegated role may hold anything: it is quoted, so that no file lies outside the folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def read(self, name: str) -> bytes | None:
        try:
            return self._file(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{name}: {error}") from error

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for name, data in records.items():
                if data is None:
                    self._file(name).unlink(missing_ok=True)
                else:
                    write_whole(self._file(name), data)
        except OSError as error:
            raise StorageError(f"{self._folder}: {error}") from error

    def _file(self, name: str) -> Path:
        return self._folder / quote(name.removeprefix("trust/"), safe="")


class TwoAddresses:
    """A transport for one tree whose metadata and targets lie at different addresses."""

    def __init__(self, metadata: str, targets: str) -> None:
        self._parts = {"metadata": HttpTransport(metadata), "targets": HttpTransport(targets)}

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        part, _, rest = path.partition("/")
        return await self._parts[part].fetch(rest, limit=limit, fresh=fresh, progress=progress)

    async def close(self) -> None:
        for transport in self._parts.values():
            await transport.close()


def write_whole(file: Path, data: bytes) -> None:
    """Replace a file at once: a reader sees the old bytes or the new ones."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(data)
    partial.replace(file)


async def initialise(metadata_dir: Path, root: Path) -> None:
    try:
        data = root.read_bytes()
    except OSError as error:
        raise StorageError(f"{root}: {error}") from error
    await MetadataFolder(metadata_dir).write({"trust/root.json": data})


async def update(
    metadata_dir: Path, metadata_url: str, names: Sequence[str], target_base_url: str, target_dir: Path
) -> None:
    """Refresh; then bring each named target.

    Raises:
        VademecumError: The first thing that did not succeed.
    """
    store = MetadataFolder(metadata_dir)
    if await store.read("trust/root.json") is None:
        raise EmptyStoreError(f"{metadata_dir}: no trusted root; run `init` first")
    transport = TwoAddresses(metadata_url, target_base_url)
    downloader = Downloader(transport, SystemClock(), CONFIG)
    try:
        walk = Walk(store, downloader, SystemClock().now(), CONFIG)
        refreshed = await refresh(walk, None, idle_allowed=False)
        for name in names:
            await bring(name, refreshed.trust, store, downloader, CONFIG, target_dir)
    finally:
        await transport.close()


async def bring(
    name: str,
    trust: Trust,
    store: Store,
    downloader: Downloader,
    config: Config,
    target_dir: Path,
    most: int = MAX_DELEGATIONS,
) -> None:
    """Have the target `name` in `target_dir`, verified; one that is there unchanged is not fetched."""
    target = await find_target(name, DelegatingTrust(trust), store, downloader, config, most)
    if target is None:
        raise ContentError(f"{name}: no role signs it")
    file = target_dir / quote(name, safe="")  # one flat file name: no target climbs out of the folder
    if is_current(file, target):
        return
    data = await downloader.fetch(f"targets/{target.url_path}", target.length)
    target.verify(data)
    try:
        target_dir.mkdir(parents=True, exist_ok=True)
        write_whole(file, data)
    except OSError as error:
        raise StorageError(f"{file}: {error}") from error


def is_current(file: Path, target: SignedFile) -> bool:
    try:
        target.verify(file.read_bytes())
    except (FileNotFoundError, ContentError):
        return False
    except OSError as error:
        raise StorageError(f"{file}: {error}") from error
    return True


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="client", description=__doc__)
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url")
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    options = parser.parse_args(arguments)
    if options.command != "init" and not options.metadata_url:
        parser.error("--metadata-url is missing")
    downloads = (options.target_name, options.target_base_url, options.target_dir)
    if options.command == "download" and not all(downloads):
        parser.error("download needs --target-name, --target-base-url and --target-dir")
    return options


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if options.command == "init":
        work = initialise(options.metadata_dir, options.root)
    else:
        names = options.target_name if options.command == "download" else []
        targets = options.target_base_url or options.metadata_url
        work = update(options.metadata_dir, options.metadata_url, names, targets, options.target_dir or Path())
    try:
        asyncio.run(work)
    except VademecumError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    return 0
