"""Small lines of releases for tests: documents in memory, keys and a tree in a folder, a clock that stands."""

from __future__ import annotations

import asyncio
import functools
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.in_hand import FixedClock
from vademecum.arguments import OpenOptions
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.generation.opened import open_generation
from vademecum.knowledge import KnowledgeBase
from vademecum.ports import Store, Transport
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.search.question import Question
from vademecum.search.results import Hit
from vademecum.search.searcher import Searcher
from vademecum.store.pointer import decode_head
from vademecum.trust.metadata import TIMESTAMP
from vademecum.update.results import Outcome
from vademecum_builder.encoders.base import DocumentEncoder, Fitted
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.table import Matrix
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import run_stages
from vademecum_builder.publish.guard import timestamp_version
from vademecum_builder.release.previous import Previous, going_on, read_previous
from vademecum_builder.release.published import Published, read_published
from vademecum_builder.request import BuildRequest
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, Authority, load_authority, load_roots
from vademecum_builder.signing.root import new_keys
from vademecum_builder.sources.base import HTML, MARKDOWN, PLAIN_TEXT, RST, Changes, Checkpoint, Skipped, SourceItem
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.report import BuildReport

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ONCE = Config(retries=0)
TYPES = {"md": MARKDOWN, "txt": PLAIN_TEXT, "html": HTML, "rst": RST}

HANDBOOK = {
    "guide/keys.md": (
        "# Keys\n\n## Make\n\nMake a root key and a release key.\n\n## Rotate\n\nRotate the release key.\n"
    ),
    "guide/install.md": "# Install\n\nInstall the package with pip, then pull the knowledge base.\n",
    "notes.txt": "Notes on the weather\n\nRain in the morning, sun in the afternoon.\n",
}


@dataclass(frozen=True)
class Documents:
    """A source in memory: key -> text."""

    files: Mapping[str, str]
    skipped: tuple[Skipped, ...] = ()

    def changes(self, since: Checkpoint | None) -> Changes:
        return Changes(self._items(), expected=len(self.files) + len(self.skipped))

    def _items(self) -> Iterator[SourceItem | Skipped]:
        for key in sorted(self.files, key=str.encode):
            yield SourceItem(key, TYPES[key.rpartition(".")[2]], self.files[key].encode())
        yield from self.skipped


@dataclass
class CountingEncoders:
    """The builtin encoder, with every text that is embedded on record."""

    name: str = "builtin"
    embedded: list[str] = field(default_factory=list)
    fits: int = 0
    directions: bytes = b""

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        encoder = NamedEncoders(self.name).load(query_encoder, directions)
        return None if encoder is None else _Counting(encoder, self.embedded, self.directions)

    def fit(self, texts: Sequence[str], progress: Callable[[int, int], None] | None) -> Fitted:
        self.fits += 1
        self.embedded += texts
        fitted = NamedEncoders(self.name).fit(texts, progress=progress)
        return Fitted(_Counting(fitted.encoder, self.embedded, self.directions), fitted.vectors)


@dataclass(frozen=True)
class _Counting:
    inner: DocumentEncoder
    log: list[str]
    directions: bytes = b""

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def identity(self) -> str:
        return self.inner.identity

    @property
    def dimensions(self) -> int:
        return self.inner.dimensions

    @property
    def query_encoder(self) -> bytes:
        return self.inner.query_encoder

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Matrix:
        self.log.extend(texts)
        return self.inner.embed(texts, progress)


@dataclass
class Line:
    """A line of releases in `folder/tree`, signed with the keys in `folder/keys`."""

    folder: Path
    now: datetime = NOW
    encoders: CountingEncoders = field(default_factory=CountingEncoders)
    site: SiteBuilder | None = None

    def __post_init__(self) -> None:
        if not self.keys.exists():
            new_keys(self.keys, self.now)

    @property
    def out(self) -> Path:
        return self.folder / "tree"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def root(self) -> bytes:
        return (self.keys / ROOT_FILE).read_bytes()

    @property
    def authority(self) -> Authority:
        return load_authority(load_roots(self.keys / ROOT_FILE), self.keys / RELEASE_KEY, {}, self.now)

    def previous(self) -> Published | None:
        return self.found().published

    def found(self, channel: str = "stable") -> Previous:
        """What a build for that channel goes on from that finds the tree."""
        if not (self.out / TIMESTAMP).is_file():
            return Previous()
        held = load_roots(self.keys / ROOT_FILE)
        transport = FolderTransport(self.out)
        return asyncio.run(read_previous(transport, held, FixedClock(self.now), ONCE, channel))

    def release(self, files: Mapping[str, str], previous: Published | None = None, **options: Any) -> BuildReport:
        """Build a release of these documents on `previous`, by default what lies in the tree."""
        return run_stages(Documents(files), self.encoders, self.context(previous, **options))

    def context(self, previous: Published | None = None, **options: Any) -> BuildContext:
        """Return what a build on `previous` goes on from, by default on what lies in the tree."""
        found = going_on(previous) if previous is not None else self.found(options.get("channel", "stable"))
        # Lines of a few documents lose most of them, which a publisher would have to say.
        allowed = {"allow_empty": True, "allow_shrink": True}
        request = BuildRequest(source=self.folder, out=self.out, **{**allowed, **options})
        timestamp_before = timestamp_version(self.out)
        return BuildContext(request, self.authority, found, self.site, self.now, timestamp_before=timestamp_before)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def app(self, **options: Any) -> KnowledgeBase:
        """Open what an app opens on the tree, at this time; each time the same store."""
        own = {"locations": (str(self.out),), "trust": self.root, "clock": FixedClock(self.now)}
        return KnowledgeBase(OpenOptions(self.folder / "kb.db", **{**own, **options}))


def searched(folder: Path, files: Mapping[str, str]) -> KnowledgeBase:
    """Return what an app has in a folder that has pulled a release of these documents."""
    line = Line(folder)
    line.release(files)
    base = line.app()
    base.sync()
    return base


def begun(make: Callable[[Path], Line], folder: Path) -> Line:
    """Return the line that `make` makes in a folder, but in this one: it is made once in a process, and copied.

    Args:
        folder: Of a test (`tmp_path`).
    """
    line = _made(make, folder.parent / f"begun {make.__module__}")
    shutil.copytree(line.folder, folder, dirs_exist_ok=True)
    return replace(line, folder=folder, encoders=CountingEncoders(), site=line.site and SiteBuilder())


@functools.cache
def _made(make: Callable[[Path], Line], folder: Path) -> Line:
    folder.mkdir()
    return make(folder)


def read(transport: Transport, root: bytes | None, now: datetime | None = None) -> Published:
    """Return the published release that this transport shows, verified; nothing is asked for twice."""

    async def once() -> Published:
        clock = FixedClock(now or NOW)
        try:
            if now is None:
                return await read_published(transport, root, clock, config=ONCE)
            return await read_published(transport, root, clock, now=now, config=ONCE)
        finally:
            await transport.close()

    return asyncio.run(once())


def pull(
    store: Store, transport: Transport, root: bytes | None, now: datetime = NOW, *, force: bool = False
) -> Outcome:
    engine = Engine(store, transport, FixedClock(now), trust=root, config=ONCE)
    return asyncio.run(engine.sync(force=force))


def ask(store: Store, query: str) -> list[Hit]:
    """Return the hits of the installed generation, without any transport."""

    async def search() -> list[Hit]:
        head = decode_head(await store.read("head"))
        assert head.current is not None
        return Searcher(await open_generation(store, head.current)).search(Question(query, 5))

    return asyncio.run(search())


def pulled(line: Line) -> MemoryStore:
    """Return a new store that holds the line's current release."""
    store = MemoryStore()
    pull(store, FolderTransport(line.out), line.root, line.now)
    return store


def make_runtime(folder: Path) -> Path:
    """Make a stand-in for the browser's runtime, of a few bytes, laid out as `fetch_runtime` lays it out."""
    (folder / "pyodide").mkdir(parents=True)
    (folder / "wheels").mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.wasm"):
        (folder / "pyodide" / name).write_bytes(f"stand-in for {name}".encode())
    with zipfile.ZipFile(folder / "wheels" / "tuf-7.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tuf/__init__.py", "")
    return folder


def tree_of(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder: path -> bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
