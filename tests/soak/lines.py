"""Knowledge bases that live through many releases: one simulated in memory, one by the real builder.

Beside what it publishes, a line keeps the truth: for each good release an index built fresh from its documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

from support.app import texts_of
from support.packing import with_packs
from support.publisher import EPOCH, NOW, Publisher, make_encoder
from support.publishing import Documents, Line, tree_of
from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.format.manifest import Manifest
from vademecum.format.segment import ChunkRow, DocumentRow, decode_segment, encode_segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.opened import Opened
from vademecum.search.question import Question
from vademecum.search.searcher import Searcher
from vademecum.store.pointer import Generation
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.release.previous import Previous
from vademecum_builder.stages.base import Base, space_of
from vademecum_builder.stages.embed import embed_chunks
from vademecum_builder.stages.read import read_source

Hits = list[tuple[str, float, str]]
"""(chunk id, score, text), best first."""

TEXT = "rotate the key of a lamp and run home where seven quiet boats sleep until rain"
WORDS = TEXT.split()
QUERIES = ("rotate the key", "lamp", "run home", "seven boats", "the quiet rain of a key")
KEYS = tuple(f"{name}.md" for name in ("a", "b", "c", "guide/d", "guide/e", "f"))


@dataclass(frozen=True)
class Truth:
    """What one release shows: an index that was built from its documents alone."""

    content: Mapping[str, list[str]]
    index: Searcher

    def hits(self, query: str) -> Hits:
        return hits_of(self.index, query)


def hits_of(index: Searcher, query: str) -> Hits:
    return [(hit.id, hit.score, hit.text) for hit in index.search(Question(query, 20))]


def truth_of(epoch: str, documents: Sequence[DocumentRow], chunks: Sequence[ChunkRow], encoder: Encoder) -> Truth:
    segment = decode_segment(encode_segment(epoch, encoder.dimensions, documents, chunks))
    state = assemble([segment])
    nowhere = Generation(1, "", "", epoch, "", len(documents), len(chunks), "", encoder.dimensions, "", ())
    opened = Opened(nowhere, state, encoder)
    return Truth(texts_of(opened), Searcher(opened))


class KnowledgeBase(Protocol):
    """One line of releases.

    Attributes:
        files: What the host serves.
        root: The root metadata that apps ship.
        now: The publisher's clock.
        latest: The newest release.
        truths: Of each good release.
        broken, spoiled: Releases that fail their self-test; whose signed digest is wrong.
        trusted: Every trusted file that was ever published.
        pointers: Every `timestamp.json` so far.
    """

    files: dict[str, bytes]
    now: datetime
    latest: int
    truths: dict[int, Truth]
    broken: set[int]
    spoiled: set[int]
    trusted: set[bytes]
    pointers: list[bytes]

    @property
    def root(self) -> bytes: ...

    def publish(self, random: Random, *, good: bool = False) -> str:
        """Publish one more release; return what is new in it."""
        ...

    def sign_again(self) -> None:
        """Sign the newest release anew: it must not expire."""
        ...


def say(random: Random, longest: int = 6) -> str:
    return " ".join(random.choice(WORDS) for _ in range(random.randint(1, longest)))


class Simulated:
    """A line of the publisher in memory, with packs, key rotations, new epochs, and releases that are no good."""

    def __init__(self) -> None:
        self.publisher = Publisher()
        self.files = self.publisher.files
        self.now = NOW
        self.latest = 0
        self.truths: dict[int, Truth] = {}
        self.broken: set[int] = set()
        self.spoiled: set[int] = set()
        self.trusted: set[bytes] = set()
        self.pointers: list[bytes] = []
        self._documents: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, dict[str, Any]] = {}
        self._manifests: dict[int, Manifest] = {}
        self._epochs = 0

    @property
    def root(self) -> bytes:
        return self.publisher.first_root

    def publish(self, random: Random, *, good: bool = False) -> str:
        publisher = self.publisher
        publisher.now = self.now
        what = [self._edit(random) for _ in range(random.choice((1, 1, 2, 4)))] if self._documents else []
        what += [self._add(random) for _ in range(1 if what else 3)] if not what or random.random() < 0.3 else []
        if random.random() < 0.08:
            role = random.choice(("root", "timestamp", "snapshot", "targets"))
            publisher.rotate(role, f"{role} {publisher.root.version}")
            what.append(f"new {role} key")
        ill = None if good else random.choices((None, "broken", "spoiled"), (94, 3, 3))[0]
        if self.latest in self.broken or ill == "broken" or random.random() < 0.1:
            self._new_epoch(random, broken=ill == "broken")
            what.append("new epoch")
        publisher.change = self._change(random, spoiled=ill == "spoiled")
        manifest = publisher.publish(self._documents)
        self.latest = manifest.sequence
        self._manifests[self.latest] = manifest
        self._note(ill)
        return f"release {self.latest}: {', '.join([*what, *([] if ill is None else [ill])])}"

    def sign_again(self) -> None:
        self.publisher.now = self.now
        self.publisher.sign()
        self._remember()

    def _note(self, ill: str | None) -> None:
        self._remember()
        if ill == "broken":
            self.broken.add(self.latest)
        if ill == "spoiled":
            self.spoiled.add(self.latest)
        if ill is None:
            fresh = Publisher(epoch=self.publisher.epoch, encoder=self.publisher.encoder)
            fresh._take(self._documents)
            rows, chunks = list(fresh.rows.values()), list(fresh.chunks.values())
            self.truths[self.latest] = truth_of(fresh.epoch, rows, chunks, fresh.encoder)

    def _remember(self) -> None:
        self.trusted |= {data for path, data in self.files.items() if path.startswith("metadata/")}
        self.pointers.append(self.files["metadata/timestamp.json"])

    def _change(self, random: Random, *, spoiled: bool) -> Any:
        """Return what happens to the next manifest: packs that name it, and perhaps a wrong digest."""
        bases = [sequence for sequence in self._manifests if sequence in self._past_of_epoch()]
        steps = [sequence for sequence in bases if sequence % 4 == 0]
        chosen = {*bases[-3:], *steps} if random.random() < 0.8 else set()
        wrong = random.random() < 0.1

        def spoil(data: bytes) -> bytes:
            at = len(data) // 2
            return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :] if wrong else data

        ways = [self._manifests[sequence] for sequence in steps]
        packs = with_packs(self.publisher, *chosen, by_way_of=ways, spoil=spoil)
        return (lambda m: replace(packs(m), digest="0" * 64)) if spoiled else packs

    def _past_of_epoch(self) -> list[int]:
        return [s for s, manifest in self._manifests.items() if manifest.epoch == self.publisher.epoch]

    def _new_epoch(self, random: Random, *, broken: bool) -> None:
        self._epochs += 1
        encoder = make_encoder(" ".join(sorted(random.sample(WORDS, random.randint(5, len(WORDS))))))
        if broken:
            (golden,) = encoder.file.goldens
            file = replace(encoder.file, goldens=[replace(golden, vector=[0] * len(golden.vector))])
            encoder = Encoder(file)
        self.publisher.new_epoch(f"{int(EPOCH, 16) + self._epochs:016x}", encoder)

    def _add(self, random: Random) -> str:
        key = random.choice(KEYS)
        again = key in self._gone and random.random() < 0.5
        self._documents[key] = self._gone[key] if again else self._document(random)
        return f"{key} {'back' if again else 'added'}"

    def _document(self, random: Random) -> dict[str, Any]:
        chunks = list(dict.fromkeys(say(random) for _ in range(random.randint(0, 4))))
        return {"title": random.choice(("", say(random, 2))), "chunks": chunks}

    def _edit(self, random: Random) -> str:
        if not self._documents:
            return self._add(random)
        key = random.choice(sorted(self._documents))
        match random.choice(("text", "text", "delete", "rename", "metadata", "nothing", "add", "clear")):
            case "text":
                document = self._documents[key]
                chunks = [say(random) if random.random() < 0.4 else text for text in document["chunks"]]
                self._documents[key] = {**document, "chunks": list(dict.fromkeys([*chunks, say(random)]))}
                return f"{key} edited"
            case "delete":
                self._gone[key] = self._documents.pop(key)
                return f"{key} deleted"
            case "rename":
                self._documents[to := random.choice(KEYS)] = self._documents.pop(key)
                return f"{key} renamed to {to}"
            case "metadata":
                more = {"url": f"https://example.org/{say(random, 1)}", "metadata": {"n": random.randint(0, 9)}}
                self._documents[key] = {**self._documents[key], **more}
                return f"{key}: metadata"
            case "add":
                return self._add(random)
            case "clear" if random.random() < 0.2:
                self._gone |= self._documents
                self._documents = {}
                return "all deleted"
        return "nothing"


@dataclass
class Built:
    """A line of the real builder, with the builtin encoder, on a small folder."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=dict)
    now: datetime = NOW
    latest: int = 0
    truths: dict[int, Truth] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    spoiled: set[int] = field(default_factory=set)
    trusted: set[bytes] = field(default_factory=set)
    pointers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._line = Line(self.folder, self.now)
        self._sources: dict[str, str] = {}

    @property
    def root(self) -> bytes:
        return self._line.root

    def publish(self, random: Random, *, good: bool = False) -> str:
        before = self.latest
        what = [self._edit(random) for _ in range(random.randint(1, 3))]
        refit = random.random() < 0.15
        self._release(refit=refit)
        while good and self.latest == before:
            what.append(self._edit(random))
            self._release(refit=False)
        return f"release {self.latest}: {', '.join(what)}{', refit' if refit else ''}"

    def sign_again(self) -> None:
        self._line.now = self.now
        self._release(refit=False)

    def _release(self, *, refit: bool) -> None:
        self._line.now = self.now
        report = self._line.release(self._sources, refit=refit)
        self.latest = report.sequence
        self.files.clear()
        self.files.update(tree_of(self._line.out))
        self.trusted |= {data for path, data in self.files.items() if path.startswith("metadata/")}
        self.pointers.append(self.files["metadata/timestamp.json"])
        if self.latest not in self.truths:
            self.truths[self.latest] = self._truth()

    def _truth(self) -> Truth:
        """Return an index of these documents by a first build; only the encoder is the line's own."""
        previous = self._line.previous()
        assert previous is not None
        encoder = NamedEncoders("builtin").load(previous.query_encoder)
        assert encoder is not None
        context = replace(self._line.context(), previous=Previous())
        base = Base(encoder=encoder)
        state = read_source(Documents(self._sources), base, context)
        rows = embed_chunks(state, base, self._line.encoders, context).rows
        epoch = space_of(encoder).epoch
        documents, chunks = list(rows.documents.values()), list(rows.chunks.values())
        return truth_of(epoch, documents, chunks, decode_encoder(previous.query_encoder))

    def _edit(self, random: Random) -> str:
        if len(self._sources) < 3:
            key = random.choice(KEYS)
            self._sources[key] = self._page(random)
            return f"{key} added" if len(self._sources) > 2 else self._edit(random)
        key = random.choice(sorted(self._sources))
        match random.choice(("text", "text", "delete", "rename", "metadata", "nothing", "add")):
            case "text":
                self._sources[key] += f"\n## {say(random, 2)}\n\n{say(random, 12)}.\n"
                return f"{key} edited"
            case "delete":
                del self._sources[key]
                return f"{key} deleted"
            case "rename":
                self._sources[to := random.choice(KEYS)] = self._sources.pop(key)
                return f"{key} renamed to {to}"
            case "metadata":
                text = self._sources[key].split("---\n")[-1]
                self._sources[key] = f"---\ntags: [{say(random, 1)}]\n---\n{text}"
                return f"{key}: metadata"
            case "add":
                self._sources[key := random.choice(KEYS)] = self._page(random)
                return f"{key} written anew"
        return "nothing"

    def _page(self, random: Random) -> str:
        parts = "".join(f"\n## {say(random, 2)}\n\n{say(random, 12)}.\n" for _ in range(random.randint(0, 3)))
        return f"# {say(random, 2)}\n\n{say(random, 12)}.\n{parts}"


def later(knowledge: KnowledgeBase, hours: float) -> None:
    knowledge.now += timedelta(hours=hours)
