"""What the builder's commands do: choose keys, read the previous release, run the pipeline."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from vademecum.config import Config
from vademecum.encoder import decode_encoder
from vademecum.errors import UsageError, VademecumError
from vademecum.ports import Transport
from vademecum.runtime.cpython import FolderTransport, SystemClock, open_transport, run

from .arguments import DEFAULT_KEYS
from .embed import DocumentEncoder, Fitted, fit_encoder, load_encoder
from .pipeline import Options, Progress, Report, build, check_out
from .previous import Published, read_published
from .publish import TIMESTAMP, check_target
from .sign import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE, Authority, load_authority, load_roots, new_keys
from .site import SiteBuilder
from .sources.folder import FolderSource
from .verify import Verified, verify_tree

DEFAULT_ENCODER = "builtin"


@dataclass(frozen=True)
class Done:
    """What `vade build` did. `notices` are for the publisher's eyes: keys that were made, say."""

    report: Report
    seconds: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedEncoders:
    """The real encoders, by the name on the command line; without one, that of the previous release."""

    name: str | None

    def load(self, query_encoder: bytes) -> DocumentEncoder | None:
        name = self.name or decode_encoder(query_encoder).name
        return load_encoder(name, query_encoder)

    def fit(self, texts: Sequence[str], progress: Callable[[int, int], None] | None) -> Fitted:
        return fit_encoder(self.name or DEFAULT_ENCODER, texts, progress=progress)


def publish(options: Namespace, environ: Mapping[str, str], progress: Progress) -> Done:
    """Run `vade build`.

    Raises:
        VademecumError: One clear line; the tree is as it was.
    """
    started = time.monotonic()
    now = now_of(environ)
    check_out(options.source, options.out)
    check_target(options.out)
    source = FolderSource(options.source, options.pattern, leave_out=(options.out, DEFAULT_KEYS.parent))
    source.scan()  # a missing folder is said before keys are made or a release is fetched
    keys = _Keys.find(options, environ, now)
    previous = _previous(options, keys)
    authority = keys.authority(previous, environ, now)
    report = build(
        source,
        NamedEncoders(options.encoder),
        authority,
        Options(
            out=options.out,
            base_url=options.base_url,
            title=options.title,
            version=options.release_version,
            refit=options.refit,
        ),
        previous=previous,
        site=SiteBuilder() if options.site else None,
        now=now,
        progress=progress,
    )
    return Done(report, time.monotonic() - started, keys.notices)


def verify(location: str, trust: Path | None) -> Verified:
    """Run `vade verify`. Raises VademecumError: the first thing that is wrong."""
    root = None if trust is None else _read(trust)
    return run(_verify(location, root))


async def _verify(location: str, root: bytes | None) -> Verified:
    transport = open_transport(location)
    try:
        return await verify_tree(transport, root, SystemClock(), _config(transport))
    finally:
        await transport.close()


def now_of(environ: Mapping[str, str]) -> datetime:
    """Return the time of this build: SOURCE_DATE_EPOCH where it is set, so that builds can be repeated.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    given = environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH={given!r} is not a number of seconds since 1970") from error


# Keys ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Keys:
    """Where the keys are. `roots` is empty where only the release key is known: the tree's root rules then."""

    roots: Mapping[int, bytes]
    key_file: Path
    notices: tuple[str, ...] = field(default=())

    @classmethod
    def find(cls, options: Namespace, environ: Mapping[str, str], now: datetime) -> _Keys:
        folder: Path = options.keys or DEFAULT_KEYS
        root_file: Path = options.root or folder / ROOT_FILE
        key_file = folder / RELEASE_KEY
        if root_file.exists() or options.root is not None or options.keys is not None:
            return cls(load_roots(root_file), key_file)
        if environ.get(KEY_VARIABLE):
            return cls({}, key_file)
        new_keys(folder, now)
        (folder.parent / ".gitignore").write_text("*\n")
        notice = (
            f"made development keys in {folder} (git-ignored). Anybody who has them can sign releases; "
            "for a real site make your own with `vade keys new`"
        )
        return cls(load_roots(root_file), key_file, (notice,))

    def authority(self, previous: Published | None, environ: Mapping[str, str], now: datetime) -> Authority:
        roots = self.roots
        if not roots:
            if previous is None:
                raise UsageError(
                    f"{KEY_VARIABLE} is set, but there is no root metadata: commit the public root.json that "
                    "`vade keys new` made and name it with --root"
                )
            roots = previous.roots
        return load_authority(roots, self.key_file, environ, now)


# The previous release -----------------------------------------------------------------------------


def _previous(options: Namespace, keys: _Keys) -> Published | None:
    location = options.previous
    if location is None:
        if not (options.out / TIMESTAMP).is_file():
            return None
        location = str(options.out)
    # The oldest root that we hold: the tree's own chain leads from it to whichever key signed the tree.
    root = keys.roots[min(keys.roots)] if keys.roots else None
    try:
        return run(_read_previous(location, root))
    except VademecumError as error:
        if options.force:
            return None
        raise type(error)(*_with_advice(error, location)) from error


def _with_advice(error: VademecumError, location: str) -> tuple[object, ...]:
    advice = f"the previous release at {location} cannot be used: {error.message} (--force starts a new line)"
    return (advice, *error.args[1:]) if not hasattr(error, "status") else (advice, error.status)


async def _read_previous(location: str, root: bytes | None) -> Published:
    transport = open_transport(location)
    try:
        return await read_published(transport, root, SystemClock(), config=_config(transport))
    finally:
        await transport.close()


def _config(transport: Transport) -> Config:
    """A folder does not get better by asking again."""
    return Config(retries=0) if isinstance(transport, FolderTransport) else Config()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
