"""What the builder's commands do: choose keys, read the previous release, run the pipeline."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vademecum.encoder.file import decode_encoder
from vademecum.errors import UsageError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.encoders.transformer import (
    DocumentEncoder,
    Fitted,
    fit_encoder,
    load_encoder,
    published_name,
)
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import Options, Progress, Report, build
from vademecum_builder.publish.tree import check_target
from vademecum_builder.release.previous import choose_authority, find_keys, find_previous
from vademecum_builder.signing.folder import DEFAULT_KEYS
from vademecum_builder.sources.base import SourceFile
from vademecum_builder.sources.folder import FolderSource

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
    source = _checked_source(options)
    keys = find_keys(options, environ, now)
    previous = find_previous(options, keys)
    authority = choose_authority(keys, previous, environ, now)
    report = build(
        source,
        NamedEncoders(options.encoder),
        authority,
        Options(
            out=options.out,
            base_url=options.base_url,
            title=options.title,
            version=options.release_version,
            bits=options.bits,
            refit=options.refit,
            yank=tuple(options.yank),
            packs=PackLimits(most=options.packs),
        ),
        previous=previous,
        site=SiteBuilder() if options.site else None,
        now=now,
        progress=progress,
    )
    return Done(report, time.monotonic() - started, keys.notices)


def _checked_source(options: Namespace) -> FolderSource:
    """Return the source, after what can be said at once: before keys are made or a release is fetched.

    Raises:
        UsageError: A folder or an encoder that cannot be meant; nothing to read.
    """
    published_name(options.encoder or DEFAULT_ENCODER)
    source = FolderSource(options.source, options.pattern, leave_out=(options.out, DEFAULT_KEYS.parent))
    documents = source.scan()
    check_target(options.out, options.source)
    next(item for item in documents if isinstance(item, SourceFile))
    return source


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
