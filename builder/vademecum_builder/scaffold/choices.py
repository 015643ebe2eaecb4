"""Decides which documents to publish, and where: as the publisher says, else as the repository suggests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from vademecum.errors import UsageError
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.encoders.registry import DEFAULT_ENCODER
from vademecum_builder.scaffold.beside import records_beside
from vademecum_builder.scaffold.candidates import (
    CandidateFolder,
    beside_plain,
    describe,
    find_candidates,
    larger_beside,
    main_of,
)
from vademecum_builder.scaffold.deployments import Workflow
from vademecum_builder.scaffold.repository import Repository
from vademecum_builder.sources.folder import FolderSource

_OUT = ("knowledge-base", "knowledge-base-site")
"""Folders that no generator writes to."""
_BESIDE = "kb"
"""Folder of the knowledge base in a site with pages of its own."""
_IGNORED = "git ignores it"
_NO_WORKFLOWS = ".readthedocs."
"""Read the Docs renders sites itself: workflows cannot publish there."""
_SOURCES = "sources of "
"""How what a generator reads is described."""
_SITE = "a rendered site"
"""How rendered pages are described."""
_BY_BRANCH = (".", "docs")
"""The folders that GitHub Pages serves from a branch, without a workflow."""
_TOLD = 5
"""The most places with records that are named."""
_LOOPBACK = re.compile(r"http://(?:127\.|localhost[:/]|\[::1\])")
Ask = Callable[[str, str], str]
"""Called with a question and the default answer; returns the answer."""


@dataclass(frozen=True)
class Wishes:
    """The publisher's wishes; empty values are found automatically.

    Attributes:
        source: Folder of documents.
        address: The address to publish the knowledge base at.
    """

    source: str = ""
    address: str = ""
    encoder: str = DEFAULT_ENCODER
    channel: str = "stable"


@dataclass(frozen=True)
class Choice:
    """What to build, and for which address. Paths are relative to the repository's top.

    Attributes:
        sources: Folders of documents.
        shown: The same for people.
        address: Where the tree is published; empty if the publisher copies it there by hand.
        out: Folder of the published tree.
        base_url: Where the documents are served; empty if it is unknown, or in their configuration or pages.
        title: The site's title according to the generator; empty if there is none.
        notes: What the publisher should know.
    """

    sources: tuple[str, ...]
    shown: str
    address: str
    out: str
    base_url: str = ""
    title: str = ""
    notes: tuple[str, ...] = ()


def choose(known: Repository, folder: Path, deployed: Workflow | None, wishes: Wishes, ask: Ask) -> Choice:
    """Return what to build, and for which address.

    Args:
        folder: The folder that the publisher's paths are relative to.
        deployed: The workflow that publishes the repository's own site.

    Raises:
        UsageError: The documents or the address cannot be found, or a named folder does not exist.
    """
    rendered = deployed.folder if deployed and known.pages else ""
    source = _source(known, folder, rendered, wishes, ask)
    generators = find_candidates(known.top, known.files)
    title = source.title or _agreed(candidate.title for candidate in generators)
    own = (c.served.rstrip("/") for c in generators if _NO_WORKFLOWS not in c.served)
    served = (_agreed(own) or known.pages) if rendered else ""
    served = f"{served.rstrip('/')}/" if served else ""
    address = wishes.address or ask("Published at", f"{served}{_BESIDE}/" if rendered else known.pages)
    address = _checked(known, address)
    notes = [*_not_read(known, source, generators, pages=bool(rendered or source.what))]
    if address.startswith("http:") and not _LOOPBACK.match(address):
        notes.append(f"{address} is not https: no page that came by https may read it; GitHub Pages serves https")
    if rendered:
        served = "" if _NO_WORKFLOWS in source.served else served
        return Choice((source.path,), str(source), address, f"{rendered}/{_BESIDE}", served, title, tuple(notes))
    base_url = known.wiki if source.path == "." else ""  # the pages of a wiki are at its top
    notes += _about(known, source, address, base_url)
    outs = (o for o in _OUT if not (known.top / o).exists() or (known.top / o / TIMESTAMP).is_file())
    out = next(outs, _OUT[-1])
    return Choice((source.path,), str(source), address, out, base_url, title, notes=tuple(notes))


def _about(known: Repository, source: CandidateFolder, address: str, base_url: str) -> Iterator[str]:
    """Yield what to know about documents that no workflow renders."""
    same = source.served and f"{source.served.rstrip('/')}/".lower() == address.lower()
    if same or (source.what.startswith(_SITE) and source.path in _BY_BRANCH and address == known.pages):
        why = "as their configuration says" if same else "if GitHub Pages serves them from this branch"
        yield (
            f"the documents are served at {address} as well, {why}, and a repository has one site: this replaces it. "
            "To keep it, have a workflow publish it first; then `vade init` puts the knowledge base into a folder of it"
        )
    if source.what == _IGNORED:
        yield f"git ignores {source.path}, so a checkout has none of it: a workflow has to make it before it builds"
    read = FolderSource(known.top / source.path)
    yield from read.unread_pages(read.keys())
    if not (source.served or base_url) and (not source.what or source.what.startswith(_SOURCES)):
        yield (
            "where these documents are served is not known, so hits open only in the reader of the search page: set "
            f"base-url in vademecum.toml{_on_github(known, source.path)}"
        )


def _on_github(known: Repository, path: str) -> str:
    place = f"{known.branch}/" + ("" if path == "." else f"{path}/")
    files = f"https://github.com/{known.owner}/{known.name}/blob/{quote(place)}"
    return f', as "{files}", where GitHub shows the files themselves' if known.owner else ""


def _not_read(
    known: Repository, source: CandidateFolder, generators: Sequence[CandidateFolder], *, pages: bool
) -> Iterator[str]:
    """Yield what to do about records and folders beside the documents. Single files of records beside pages are left
    out: pages show them."""
    found = [(place, count) for place, count in records_beside(known.files) if count > 1 or not pages]
    if found:
        named = ", ".join(f"{place} ({count} files)" if count > 1 else place for place, count in found[:_TOLD])
        more = f" and {len(found) - _TOLD} more" if found[_TOLD:] else ""
        yield (
            f"records lie beside the documents and are not read: {named}{more}; where people are to find them: "
            f"vade sources --discover {shlex.quote(found[0][0])} --write"
        )
    others = [c for c in generators if source in generators and c != source]
    if source in generators and source.what.startswith(_SOURCES):
        others += larger_beside(source, generators, known.files)
    if not source.what:
        places = {c.path for c in others}
        others += [c for c in beside_plain(source, known.files) if c.path not in places]
    if others:
        named = ", ".join(map(str, others[:_TOLD])) + (f" and {len(others) - _TOLD} more" if others[_TOLD:] else "")
        yield f"not read: {named}; each can be another [[source]], all with a name"


def _checked(known: Repository, address: str) -> str:
    """Return an address with its final slash; empty if there is none, and none is needed.

    Raises:
        UsageError: Nothing can be served there, it contains secrets, or a repository has none.
    """
    if not address and known.wiki:
        raise UsageError(
            f"{known.top}: a wiki of GitHub has no workflows and no site of its own: say where you publish it with "
            "--address https://..., or have the repository that it is the wiki of publish it, by a source of "
            'kind = "git"'
        )
    if not address and known.is_git:
        elsewhere = f"it is pushed to {known.remote}" if known.remote else "it has no remote"
        raise UsageError(
            f"{known.top}: {elsewhere}, so nothing says where it is published: name that with --address https://..., "
            "or `git remote add origin` its repository on GitHub"
        )
    if not address:
        return ""
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", address):
        raise UsageError(f"--address {address}: expected an address that begins with https://, without ? and #")
    host = urlsplit(address)
    if host.username is not None:
        raise UsageError("--address: without user and password, for vademecum.toml is for everybody to read")
    if host.hostname in ("github.com", "www.github.com"):
        raise UsageError(f"--address {address}: the repository itself; its site is {known.pages or 'elsewhere'}")
    return f"{address.removesuffix('index.html').rstrip('/')}/"


def _agreed(said: Iterable[str]) -> str:
    """Return the value in the generators' configurations; empty if there is none, or if two differ."""
    found = {*filter(None, said)}
    return found.pop() if len(found) == 1 else ""


def relative(path: Path, top: Path) -> str:
    """Return a path relative to the repository's top, `/`-separated; raise UsageError if it is elsewhere."""
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError as error:
        raise UsageError(f"{path}: not in the repository ({top}), so no workflow would find it") from error


def _source(known: Repository, folder: Path, rendered: str, wishes: Wishes, ask: Ask) -> CandidateFolder:
    if wishes.source:
        return _named(known, folder / wishes.source, wishes.source)
    if rendered:
        return CandidateFolder(rendered, "what your workflow renders")
    found = find_candidates(known.top, known.files)
    if not found:
        raise UsageError(
            f"{known.top}: no document in this repository; add Markdown, text or HTML files, or name the folder that "
            "your generator makes with --source; for a catalog, a database, messages or mail, "
            "`vade sources --discover PLACE --write` says how they are read"
        )
    listed = ", ".join(map(str, found))
    main = main_of(found)
    alone = main.path if main else ""
    answer = ask("Documents" if alone else f"Which are the documents, {listed}?", alone)
    if not answer:
        raise UsageError(f"{len(found)} folders could be meant: {listed}; name one with --source")
    return main if main and answer == alone else _named(known, known.top / answer, answer)


def _named(known: Repository, path: Path, name: str) -> CandidateFolder:
    if not path.is_dir():
        raise UsageError(f"--source {name}: {'is a file' if path.exists() else 'no such folder'}; name a folder")
    place = relative(path, known.top)
    candidate = describe(known.top, place, known.files)
    if not candidate.documents:  # a workflow has to make what git ignores
        source = FolderSource(path)
        inside = list(map(f"{place}/{{}}".format, source.keys()))
        candidate = replace(describe(known.top, place, inside), what=_IGNORED)
    if not candidate.documents:
        raise UsageError(f"--source {name}: no document in this folder; name the one that holds them")
    return candidate
