"""Plans the files that a repository needs for a push to publish its documents, and writes them without overwriting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from vademecum.errors import StorageError, UsageError
from vademecum.origin import pip_install
from vademecum.version import __version__
from vademecum_builder.encoders.registry import published_name
from vademecum_builder.request import BuildRequest, SourcesRequest
from vademecum_builder.scaffold.choices import Ask, Choice, Wishes, choose, relative
from vademecum_builder.scaffold.deployments import Workflow, read_workflows
from vademecum_builder.scaffold.files import (
    ACTION_FILE,
    GITIGNORE,
    SETTINGS_FILE,
    WORKFLOW_FILE,
    action,
    gitignore,
    settings,
    workflow,
)
from vademecum_builder.scaffold.repository import Repository, open_repository
from vademecum_builder.scaffold.requirement import REQUIREMENTS_FILE, extras_of, missing, requirements, unreached
from vademecum_builder.scaffold.steps import PlannedFile, Setup, SetupStep
from vademecum_builder.settings import read_settings
from vademecum_builder.signing.defaults import DEFAULT_KEYS
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE
from vademecum_builder.signing.root import new_keys
from vademecum_builder.sources.folder import FolderSource

KEY_FOLDERS = (DEFAULT_KEYS.as_posix(), "keys")


@dataclass(frozen=True)
class SetupPlan:
    """The planned changes.

    Attributes:
        source: The documents, for people.
        address: Where the knowledge base is published; empty if it is unknown.
        out: Folder of the published tree.
        keys: The folder to make keys in; empty if there are some.
        notes: What the publisher should know before.
    """

    top: Path
    source: str
    address: str
    out: str
    files: tuple[PlannedFile, ...]
    keys: str
    notes: tuple[str, ...]
    steps: tuple[SetupStep, ...]


_BOX = (
    'a page of yours searches with <script type="module" src="{0}client/vademecum-search.mjs"></script>'
    '<vademecum-search url="{0}" trust="{0}assets/trust.json" preview></vademecum-search>'
)


def plan_setup(folder: Path, wishes: Wishes, ask: Ask) -> SetupPlan:
    """Look at a repository and return what to write to it. Nothing is written yet.

    Args:
        folder: The repository, or a folder of it.

    Raises:
        UsageError: The documents or the address cannot be found, or the existing settings are broken.
    """
    published_name(wishes.encoder)
    known = open_repository(folder) or Repository(folder.resolve(), tuple(FolderSource(folder).keys()), is_git=False)
    workflows = read_workflows(known)
    publishing = next((w for w in workflows if w.publishes), None)
    deployed = None if publishing else next((w for w in workflows if w.deploys), None)
    request = read_settings(known.top / SETTINGS_FILE) if (known.top / SETTINGS_FILE).exists() else None
    choice = choose(known, folder, deployed, wishes, ask) if request is None else _settled(known, request)
    extras = extras_of(known, choice.sources, wishes.encoder, request)
    keys = key_folder(known.top)
    files = (
        _file(known, SETTINGS_FILE, settings(choice, wishes, choice.title or known.name or known.top.name)),
        *_workflow(known, choice, publishing or deployed, requirements(extras)),
        _file(known, ROOT_FILE, ""),
        *([_ignored(known, choice.out, keys)] if known.is_git else []),
    )
    made = not any((known.top / place).exists() for place in (ROOT_FILE, f"{keys}/{ROOT_FILE}"))
    installs = any(file.path == ACTION_FILE for file in files) and REQUIREMENTS_FILE not in known.files
    requirement = unreached(extras) if installs else ""
    steps = Setup(known, files, choice.sources, choice.out, keys, made, deployed, requirement).steps()
    lacking = missing(extras)
    read_by = f"{pip_install(*lacking)} here, too: what you build from takes that"
    passed_over = _passed_over(wishes, choice, request, known.top, folder)
    kept = f"{SETTINGS_FILE} is kept, and {passed_over} passed over: change it there, or take the file away"
    notes = (
        *choice.notes,
        *([kept] if passed_over else []),
        *([read_by] if lacking else []),
        *([_BOX.format(urlsplit(choice.address).path)] if deployed else []),
    )
    made_in = keys if made else ""
    return SetupPlan(known.top, choice.shown, choice.address, choice.out, files, made_in, notes, steps)


def write_plan(plan: SetupPlan, now: datetime) -> None:
    """Write the planned files, the keys last. Existing files are never overwritten: a second run writes what is still
    missing.

    Raises:
        StorageError: A file or folder cannot be written.
    """
    for file in plan.files:
        if file.text:
            data = file.text.encode("utf-8", "surrogateescape")
            _write(plan.top / file.path, data, new=file.state == "new")
    if plan.keys:
        new_keys(plan.top / plan.keys, now)
    root = plan.top / ROOT_FILE
    if not root.exists():
        _write(root, (plan.top / key_folder(plan.top) / ROOT_FILE).read_bytes(), new=True)


def key_folder(top: Path) -> str:
    """Return the folder of keys: an existing one, else where they are made."""
    there = (f for f in KEY_FOLDERS if (top / f / RELEASE_KEY).exists() or (top / f / ROOT_FILE).exists())
    return next(there, KEY_FOLDERS[0])


def _write(path: Path, data: bytes, *, new: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb" if new else "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from error


def source_folders(request: SourcesRequest) -> Sequence[Path]:
    """Return the folders of documents in the settings."""
    paths = [source.values.get("path") for source in request.sources]
    return [path for path in paths if isinstance(path, Path)] if request.sources else [request.source]


def _settled(known: Repository, request: BuildRequest) -> Choice:
    """Return the choice of the existing settings."""
    if not request.previous and known.is_git:
        address = known.pages or "https://..."
        raise UsageError(f'{SETTINGS_FILE}: add where it is published, at its top: address = "{address}"')
    sources = tuple(relative(folder, known.top) for folder in source_folders(request))
    return Choice(
        sources,
        f"{', '.join(sources)} (as {SETTINGS_FILE} says)",
        request.previous or "",
        relative(request.out, known.top),
    )


def _passed_over(wishes: Wishes, choice: Choice, request: BuildRequest | None, top: Path, folder: Path) -> str:
    """Return the options that differ from the existing settings, and so are ignored; empty if there are none."""
    if request is None:
        return ""
    said = {
        "--source": wishes.source
        and (folder / wishes.source).resolve() not in [(top / source).resolve() for source in choice.sources],
        "--address": wishes.address and wishes.address.rstrip("/") != choice.address.rstrip("/"),
        "--encoder": wishes.encoder not in (Wishes.encoder, request.encoder),
        "--channel": wishes.channel not in (Wishes.channel, request.channel),
    }
    return ", ".join(name for name, differs in said.items() if differs)


def _file(known: Repository, path: str, text: str) -> PlannedFile:
    there = (known.top / path).exists()
    return PlannedFile(path, "kept" if there else "new", "" if there else text)


def _workflow(known: Repository, choice: Choice, other: Workflow | None, required: str) -> list[PlannedFile]:
    runs = [_file(known, ACTION_FILE, action()), *([_file(known, REQUIREMENTS_FILE, required)] if required else [])]
    if other is not None:
        return [PlannedFile(other.path, "kept"), *([] if other.publishes and not other.uses_ours else runs)]
    text = workflow(branch=known.branch, sources=choice.sources, version=__version__)
    return [_file(known, WORKFLOW_FILE, text), *runs] if known.owner else []


def _ignored(known: Repository, out: str, keys: str) -> PlannedFile:
    wanted = {f"/{out}/": f"{out}/x", "/.vademecum/": ".vademecum/x"}
    wanted |= {f"/{keys}/*.pem": f"{keys}/{RELEASE_KEY}"} if keys != KEY_FOLDERS[0] else {}
    missing = [line for line, path in wanted.items() if not known.ignores(path)]
    place = known.top / GITIGNORE
    before = place.read_bytes().decode("utf-8", "surrogateescape") if place.exists() else ""
    state = "kept" if not missing else "added" if place.exists() else "new"
    text = gitignore(before, missing) if missing else ""
    return PlannedFile(GITIGNORE, state, text, text.removeprefix(before) if before else "")
