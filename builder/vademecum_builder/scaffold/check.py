"""`vade init --check`: what is missing or wrong for a push to publish the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from vademecum.errors import UsageError, VademecumError, counted
from vademecum_builder.plan import plan_build
from vademecum_builder.request import BuildRequest
from vademecum_builder.scaffold.audit import check_other_ci, check_workflows
from vademecum_builder.scaffold.choices import relative
from vademecum_builder.scaffold.deployments import read_workflows
from vademecum_builder.scaffold.files import SETTINGS_FILE
from vademecum_builder.scaffold.findings import GOOD, LOOK, WRONG, Finding
from vademecum_builder.scaffold.live import check_live
from vademecum_builder.scaffold.on_github import check_github
from vademecum_builder.scaffold.plan import KEY_FOLDERS, source_folders
from vademecum_builder.scaffold.repository import Repository, git, open_repository
from vademecum_builder.scaffold.requirement import check_requirements, extras_of
from vademecum_builder.settings import read_settings
from vademecum_builder.signing.keys import (
    KEY_VARIABLE,
    RELEASE_KEY,
    ROOT_FILE,
    ROOT_KEY,
    is_named,
    load_authority,
    load_roots,
)
from vademecum_builder.signing.metadata import parse_root
from vademecum_builder.sources.private_keys import private_key_line

_SOON = timedelta(days=90)
"""A root that is replaced so long before its expiry reaches all clients that update occasionally."""
_KEY_NAME = re.compile(r"(?:.*/)?[^/]*\.(?:pem|key)", re.IGNORECASE)
_DEPLOYING = timedelta(hours=1)
"""A more recent commit may still be in deployment."""
_MOST_OF_A_KEY = 64 * 1024


def check_setup(folder: Path, now: datetime, *, live: bool = True) -> tuple[Finding, ...]:
    """Return what was checked, and what is missing or wrong.

    Args:
        live: Whether to ask GitHub and the published site as well.

    Raises:
        UsageError: The folder is not a git repository.
    """
    known = open_repository(folder)
    if known is None:
        raise UsageError(
            f"{folder.resolve()}: not a git repository, so there is no set-up to check; `vade build` needs none"
        )
    return tuple(_findings(known, now, live=live))


def _findings(known: Repository, now: datetime, *, live: bool) -> Iterator[Finding]:
    request: BuildRequest | None = None
    if not (known.top / SETTINGS_FILE).exists():
        yield Finding(SETTINGS_FILE, WRONG, f"{SETTINGS_FILE} is missing: `vade init` writes it")
    else:
        try:
            request = read_settings(known.top / SETTINGS_FILE)
            yield from _settings(known, request)
        except UsageError as error:
            yield Finding(SETTINGS_FILE, WRONG, error.message)
    sources = [relative(folder, known.top) for folder in source_folders(request)] if request is not None else []
    workflows = read_workflows(known)
    if known.owner or workflows:
        yield from check_workflows(known, workflows, sources)
        if request is not None and any(workflow.uses_ours for workflow in workflows):
            yield from check_requirements(known, extras_of(known, sources, request.encoder or "", request))
    else:
        yield from check_other_ci(known)
    root = (request and request.root) or known.top / ROOT_FILE
    yield from _root(known, root, now)
    yield from _keys(known, root, now)
    if request is not None:
        yield from _built(known, request)
    if live and known.owner:
        yield from check_github(known, workflows, (request and request.previous) or "")
    if live and request is not None and request.previous and root.is_file():
        yield from _moved(known, request.previous)
        behind = partial(_behind, known, request, now)
        yield from check_live(request.previous, root.read_bytes(), request.channel, now, behind)


def _settings(known: Repository, request: BuildRequest) -> Iterator[Finding]:
    yield _committed(known, SETTINGS_FILE)
    if not request.previous:
        address = known.pages or "https://..."
        lost = f'{SETTINGS_FILE} has no address: without one each build starts over; add address = "{address}"'
        yield Finding(SETTINGS_FILE, WRONG, lost)
    for folder in source_folders(request):
        place = relative(folder, known.top)
        if not folder.is_dir() and git(known.top, "log", "-1", "--format=%h", "--", place):
            gone = f"{place} is not here any more: name the folder of today in {SETTINGS_FILE}, and in the workflow"
            yield Finding(SETTINGS_FILE, WRONG, gone)
        elif not folder.is_dir():
            yield Finding(SETTINGS_FILE, LOOK, f"{place} is not here: the workflow has to make it before it builds")
        elif not any(name.startswith(f"{place}/") or place == "." for name in known.tracked):
            yield Finding(SETTINGS_FILE, LOOK, f"{place} is not in git: the workflow has to make it before it builds")
        else:
            yield Finding(SETTINGS_FILE, GOOD, f"{place} is built, for {request.previous or 'nowhere'}")


def _committed(known: Repository, path: str) -> Finding:
    if path not in known.tracked:
        return Finding(path, WRONG, f"{path} is not in git: git add {path}, commit and push")
    if git(known.top, "status", "--porcelain", "--", path):
        return Finding(path, WRONG, f"{path} is not in git as it is here: git add {path}, commit and push")
    return Finding(path, GOOD, f"{path} is in git")


def _root(known: Repository, file: Path, now: datetime) -> Iterator[Finding]:
    try:
        place = relative(file, known.top)
        expires = parse_root(file.read_bytes()).signed.expires
    except (OSError, VademecumError) as error:
        reason = error.message if isinstance(error, VademecumError) else "is missing: `vade init` makes it"
        yield Finding(ROOT_FILE, WRONG, f"{file.name}: {reason}")
        return
    yield _committed(known, place)
    left, renewed = expires - now, "`vade keys renew` signs it again, with root.pem; commit it"
    if left <= timedelta():
        yield Finding(ROOT_FILE, WRONG, f"{place} expired on {expires:%Y-%m-%d}, so nothing is built: {renewed}")
    elif left < _SOON:
        yield Finding(ROOT_FILE, LOOK, f"{place} expires on {expires:%Y-%m-%d}: {renewed}")
    else:
        yield Finding(ROOT_FILE, GOOD, f"{place} is valid until {expires:%Y-%m-%d}")


def _keys(known: Repository, root: Path, now: datetime) -> Iterator[Finding]:
    stolen = "take the key for stolen: `vade keys rotate`, then `git rm` it, for history keeps it"
    public = {name for name in known.tracked if _KEY_NAME.fullmatch(name) and _is_ours(known.top / name, root)}
    for name in sorted(public):
        yield Finding("keys", WRONG, f"{name} is a private key, and in git for everybody to read: {stolen}")
    added = git(known.top, "log", "--all", "--diff-filter=A", "--format=", "--name-only", "--", "*.pem") or ""
    for name in sorted(set(added.split("\n")) - public):
        if name.rpartition("/")[2] in (ROOT_KEY, RELEASE_KEY):
            yield Finding("keys", WRONG, f"{name} was in git once, and history keeps it: {stolen}")
    names = [f"{folder}/{key}" for folder in KEY_FOLDERS for key in (RELEASE_KEY, ROOT_KEY)]
    here = [name for name in names if (known.top / name).exists()]
    for name in here:
        if name not in known.tracked and not known.ignores(name):
            yield Finding("keys", WRONG, f"{name} is a private key that .gitignore does not name: `vade init` adds it")
        elif name.endswith(ROOT_KEY):
            yield Finding("keys", LOOK, f"{name} lies here: move it offline, to where only you can reach it")
        else:
            yield _release_key_here(known.top / name, name, root, now)
    if not public and not here:
        yield Finding("keys", GOOD, "no private key lies here")


def _is_ours(key: Path, root: Path) -> bool:
    data = key.read_bytes()[:_MOST_OF_A_KEY]
    try:
        return (key.name in (ROOT_KEY, RELEASE_KEY) and private_key_line(data) > 0) or is_named(data, root.read_bytes())
    except (OSError, VademecumError):
        return False


def _release_key_here(key: Path, name: str, root: Path, now: datetime) -> Finding:
    try:
        load_authority(load_roots(root), key, {}, now)
    except VademecumError as error:
        return Finding("keys", WRONG, f"{name}: {error.message}")
    return Finding("keys", LOOK, f"{name} lies here: once the secret {KEY_VARIABLE} holds it, delete it")


def _built(known: Repository, request: BuildRequest) -> Iterator[Finding]:
    out = relative(request.out, known.top)
    if any(name.startswith(f"{out}/") for name in known.tracked):
        yield Finding("out", WRONG, f"{out} is built and in git: `git rm -r --cached {out}`, and name it in .gitignore")
    elif not known.ignores(f"{out}/x"):
        yield Finding("out", LOOK, f"{out} is built, and .gitignore does not name it: `vade init` adds it")
    elif not request.out.is_dir():
        yield Finding("out", LOOK, f"{out} is not here yet, and git ignores it: `vade build` makes it")
    else:
        yield Finding("out", GOOD, f"{out} is built, and git ignores it")


def _moved(known: Repository, address: str) -> Iterator[Finding]:
    host = urlsplit(address).hostname or ""
    if host.endswith(".github.io") and known.pages and not address.lower().startswith(known.pages.lower()):
        elsewhere = f"the repository is served at {known.pages}, and {SETTINGS_FILE} says {address}: was it moved?"
        lead = "GitHub leads nobody on: keep the old one as a mirror, or tell apps the new address"
        yield Finding(SETTINGS_FILE, WRONG, f"{elsewhere} {lead}")


def _behind(known: Repository, request: BuildRequest, now: datetime, built: datetime) -> Iterator[Finding]:
    """Check whether documents on this branch are newer than the published ones: a commit may change none."""
    places = [relative(folder, known.top) for folder in source_folders(request)]
    seconds = git(known.top, "log", "-1", "--format=%ct", "--", *places, SETTINGS_FILE)
    changed = datetime.fromtimestamp(int(seconds), UTC) if seconds else built
    if changed <= built:
        return
    try:
        seen = plan_build(request, now=now)
    except VademecumError as error:
        yield Finding("site", LOOK, f"whether it is up to date cannot be told here: {error.message}")
        return
    if not seen.added + seen.modified + seen.removed:
        return
    what = (
        f"{counted(seen.added, 'documents')} added, {seen.modified} modified, {seen.removed} removed since it was built"
    )
    state = WRONG if now - changed > _DEPLOYING else LOOK
    yield Finding("site", state, f"{what}, by {changed:%Y-%m-%d %H:%M}: did the workflow run (`gh run list`)?")
