"""What a knowledge base is made of and where it is published: as the publisher says, else as the repository does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vademecum.errors import UsageError
from vademecum_builder.encoders.registry import DEFAULT_ENCODER
from vademecum_builder.publish.tree import TIMESTAMP
from vademecum_builder.scaffold.candidates import Candidate, describe, find_candidates
from vademecum_builder.scaffold.deployments import Workflow
from vademecum_builder.scaffold.repository import Repository
from vademecum_builder.sources.folder import FolderSource

_OUT = ("knowledge-base", "knowledge-base-site")
"""No generator writes there."""
_BESIDE = "kb"
"""Folder of the knowledge base in a site that has pages of its own."""
Ask = Callable[[str, str], str]
"""Called with a question and what is taken where nobody answers; returns the answer."""


@dataclass(frozen=True)
class Wishes:
    """What the publisher has said; what is empty is found.

    Attributes:
        source: Folder of documents.
        address: Where the knowledge base is to be published.
    """

    source: str = ""
    address: str = ""
    encoder: str = DEFAULT_ENCODER
    channel: str = "stable"


@dataclass(frozen=True)
class Choice:
    """What to build, and for where. Paths are relative to the repository's top.

    Attributes:
        sources: Folders of documents.
        shown: They, as a person reads it.
        out: Folder of the published tree.
        base_url: Where the documents are served; empty: their configuration or the pages say it, or nobody.
        notes: What the publisher should know.
    """

    sources: tuple[str, ...]
    shown: str
    address: str
    out: str
    base_url: str = ""
    notes: tuple[str, ...] = ()


def choose(known: Repository, folder: Path, deployed: Workflow | None, wishes: Wishes, ask: Ask) -> Choice:
    """Return what to build and for where.

    Args:
        folder: What the publisher names is relative to it.
        deployed: The workflow that publishes a site of the repository's own.

    Raises:
        UsageError: It cannot be found, or is not there.
    """
    rendered = deployed.folder if deployed and known.pages else ""
    source = _source(known, folder, rendered, wishes, ask)
    served = (_served(known) or known.pages) if rendered else ""
    address = wishes.address or ask("Published at", f"{served}{_BESIDE}/" if rendered else known.pages)
    if not address:
        elsewhere = f"it is pushed to {known.remote}" if known.remote else "it has no remote"
        raise UsageError(
            f"{known.top}: {elsewhere if known.is_git else 'it is no git repository'}, so nothing says where it is "
            "published: name that with --address https://..., or `git remote add origin` its repository on GitHub"
        )
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", address):
        raise UsageError(
            f"--address {address}: expected an address that begins with https://, without ? and #"
        )
    address = f"{address.rstrip('/')}/"
    if rendered:
        return Choice((source.path,), str(source), address, f"{rendered}/{_BESIDE}", served)
    notes = []
    if source.served and f"{source.served.rstrip('/')}/".lower() == address.lower():
        notes.append(
            f"the documents are served at {address} as well, as their configuration says, and a repository has one "
            "site: to keep theirs, put the knowledge base into a folder of it, as the guide of your generator shows"
        )
    outs = (o for o in _OUT if not (known.top / o).exists() or (known.top / o / TIMESTAMP).is_file())
    return Choice((source.path,), str(source), address, next(outs, _OUT[-1]), notes=tuple(notes))


def _served(known: Repository) -> str:
    """Return where the generator's configuration says that the site is served; empty: it does not, or two differ."""
    said = {c.served.rstrip("/") for c in find_candidates(known.top, known.files) if c.served}
    return f"{said.pop()}/" if len(said) == 1 else ""


def relative(path: Path, top: Path) -> str:
    """Return a path relative to the repository's top, `/`-separated.

    Raises:
        UsageError: It lies elsewhere.
    """
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError as error:
        raise UsageError(f"{path}: not in the repository ({top}), so no workflow would find it") from error


def _source(known: Repository, folder: Path, rendered: str, wishes: Wishes, ask: Ask) -> Candidate:
    if wishes.source:
        return _named(known, folder / wishes.source, wishes.source)
    if rendered:
        return Candidate(rendered, "what your workflow renders")
    found = find_candidates(known.top, known.files)
    if not found:
        raise UsageError(
            f"{known.top}: no document in this repository; add Markdown, text or HTML files, or name the folder that "
            "your generator makes with --source"
        )
    listed = ", ".join(map(str, found))
    alone = found[0].path if len(found) == 1 else ""
    answer = ask("Documents" if alone else f"Which are the documents, {listed}?", alone)
    if not answer:
        raise UsageError(f"{len(found)} folders could be meant: {listed}; name one with --source")
    return found[0] if answer == alone else _named(known, known.top / answer, answer)


def _named(known: Repository, path: Path, name: str) -> Candidate:
    if not path.is_dir():
        raise UsageError(
            f"--source {name}: {'is a file' if path.exists() else 'no such folder'}; name a folder"
        )
    place = relative(path, known.top)
    candidate = describe(known.top, place, known.files)
    if not candidate.documents:  # what git ignores, a workflow has to make
        source = FolderSource(path)
        inside = list(map(f"{place}/{{}}".format, source.keys()))
        candidate = replace(describe(known.top, place, inside), what="git ignores it")
    if not candidate.documents:
        raise UsageError(f"--source {name}: no document in this folder; name the one that holds them")
    return candidate
