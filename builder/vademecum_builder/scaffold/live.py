"""Checks a repository's published knowledge base: is it there, signed by its keys, fresh, and up to date?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from vademecum.config import Config
from vademecum.errors import NetworkError, ServerError, SignatureError, VademecumError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest, decode_manifest
from vademecum.ports import Transport
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.metadata import Trust
from vademecum_builder.release.location import read_at
from vademecum_builder.release.signed import walk
from vademecum_builder.scaffold.findings import GOOD, WRONG, Finding
from vademecum_builder.signing.defaults import Validity
from vademecum_builder.signing.metadata import parse_root

_ABOUT = "site"
_LATE = Validity().timestamp / 4
"""Builds renew the signature after half of its validity: with so little left, several runs have failed."""


def check_live(
    address: str, root: bytes, channel: str, now: datetime, behind: Callable[[datetime], Iterator[Finding]]
) -> Iterator[Finding]:
    """Check a published tree over HTTP.

    Args:
        root: The repository's root metadata.
        behind: Checks whether the documents are newer than a release, by its build time.
    """

    async def read(transport: Transport, config: Config) -> tuple[Trust, bytes, Manifest]:
        config = replace(config, retries=1)  # a person is waiting
        downloader = Downloader(transport, SystemClock(), config)
        # At any time: expired metadata is reported, not refused.
        trust, newest = await walk(downloader, root, ANY_TIME, config, MemoryStore())
        current = trust.line(channel).current
        return trust, newest, decode_manifest(await downloader.fetch_plain(current.url_path, current.manifest))

    try:
        trust, newest, manifest = read_at(address, read)
    except VademecumError as error:
        told = f"{address}: {error.message}"
        if isinstance(error, ServerError):
            gone = "nothing is published there yet: see the runs of the workflow (`gh run list`)"
            told = f"{address}: {gone}" if error.status == 404 else error.message
        elif isinstance(error, NetworkError):
            told = f"{address} cannot be reached: {error.message}"
        elif isinstance(error, SignatureError):
            why = "it was signed by other keys than root.json names: another publisher's, or a root.json of another day"
            told = f"{address}: {why} ({error.message})"
        yield Finding(_ABOUT, WRONG, told)
        return
    built = datetime.fromisoformat(manifest.built)
    release = f"release {manifest.sequence} ({manifest.version}), built {built:%Y-%m-%d %H:%M}"
    yield Finding(_ABOUT, GOOD, f"{address} serves {release}")
    yield _expiry(trust.timestamp_expires, now)
    yield _root(newest, root)
    yield from behind(built)


def _expiry(expires: datetime, now: datetime) -> Finding:
    left = expires - now
    if left <= timedelta():
        gone = f"its signatures ran out on {expires:%Y-%m-%d}: no client installs it; run the workflow by hand"
        return Finding(_ABOUT, WRONG, gone)
    if left < _LATE:
        soon = f"its signatures run out in {left.days} days, and the schedule has not signed again: see `gh run list`"
        return Finding(_ABOUT, WRONG, soon)
    return Finding(_ABOUT, GOOD, f"signed until {expires:%Y-%m-%d}")


def _root(newest: bytes, root: bytes) -> Finding:
    mine, shown = parse_root(root).signed.version, parse_root(newest).signed.version
    same = canonical(parse_object(newest, "root.json")) == canonical(parse_object(root, "root.json"))
    if mine >= shown and same:
        return Finding(_ABOUT, GOOD, f"it trusts root.json version {mine}, as the repository does")
    newer = f"root.json is version {mine}, and version {shown} is published: replace it by metadata/{shown}.root.json"
    return Finding(_ABOUT, WRONG, newer)
