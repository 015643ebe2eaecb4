"""The published knowledge base of a repository: is it there, signed by its keys, fresh, and up to date?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vademecum.config import Config
from vademecum.errors import NetworkError, ServerError, SignatureError, VademecumError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.locations import open_transport
from vademecum.runtime.loop import run
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.refresh import refresh
from vademecum_builder.scaffold.findings import GOOD, WRONG, Finding
from vademecum_builder.signing.defaults import Validity
from vademecum_builder.signing.metadata import parse_root

_ABOUT = "site"
_LATE = Validity().timestamp / 4
"""A build signs anew when half of the time is over: with so little left, several runs have not."""


@dataclass(frozen=True)
class Live:
    """What is published.

    Attributes:
        built: When the release was.
        expires: Until when its timestamp is signed.
        root: The newest published root metadata.
    """

    sequence: int
    version: str
    built: datetime
    expires: datetime
    root: bytes


def check_live(
    address: str, root: bytes, channel: str, now: datetime, behind: Callable[[datetime], Iterator[Finding]]
) -> Iterator[Finding]:
    """Look at a published tree, from outside.

    Args:
        root: The repository's root metadata.
        behind: Says whether the documents are newer than a release that was built at a time.
    """
    try:
        live = run(_read(address, root, channel))
    except ServerError as error:
        gone = "nothing is published there yet: see the runs of the workflow (`gh run list`)"
        message = f"{address}: {gone}" if error.status == 404 else error.message
        yield Finding(_ABOUT, WRONG, message)
        return
    except NetworkError as error:
        yield Finding(_ABOUT, WRONG, f"{address} cannot be reached: {error.message}")
        return
    except SignatureError as error:
        other = "it was signed by other keys than root.json names: another publisher's, or a root.json of another day"
        yield Finding(_ABOUT, WRONG, f"{address}: {other} ({error.message})")
        return
    except VademecumError as error:
        yield Finding(_ABOUT, WRONG, f"{address}: {error.message}")
        return
    release = f"release {live.sequence} ({live.version}), built {live.built:%Y-%m-%d %H:%M}"
    yield Finding(_ABOUT, GOOD, f"{address} serves {release}")
    yield _expiry(live, now)
    yield _root(live, root)
    yield from behind(live.built)


def _expiry(live: Live, now: datetime) -> Finding:
    left = live.expires - now
    if left <= timedelta():
        gone = f"its signatures ran out on {live.expires:%Y-%m-%d}: no client installs it; run the workflow by hand"
        return Finding(_ABOUT, WRONG, gone)
    if left < _LATE:
        soon = f"its signatures run out in {left.days} days, and the schedule has not signed anew: see `gh run list`"
        return Finding(_ABOUT, WRONG, soon)
    return Finding(_ABOUT, GOOD, f"signed until {live.expires:%Y-%m-%d}")


def _root(live: Live, root: bytes) -> Finding:
    mine, shown = parse_root(root).signed.version, parse_root(live.root).signed.version
    same = canonical(parse_object(live.root, "root.json")) == canonical(parse_object(root, "root.json"))
    if mine >= shown and same:
        return Finding(_ABOUT, GOOD, f"it trusts root.json version {mine}, as the repository does")
    newer = f"root.json is version {mine}, and version {shown} is published: replace it by metadata/{shown}.root.json"
    return Finding(_ABOUT, WRONG, newer)


async def _read(address: str, root: bytes, channel: str) -> Live:
    transport = open_transport(address)
    config, clock, store = Config(channel=channel, retries=1), SystemClock(), MemoryStore()
    downloader = Downloader(transport, clock, config)
    try:
        # At any time: what has expired is told, not refused.
        walked = await refresh(store, downloader, ANY_TIME, shipped_root=root, config=config, idle_allowed=False)
        current = walked.trust.line(channel).current
        reference = ObjectRef(current.sha256, current.length, current.length)
        manifest = decode_manifest(await downloader.fetch_plain(current.url_path, reference))
        newest = await store.read("trust/root.json")
    finally:
        await transport.close()
    built, expires = datetime.fromisoformat(manifest.built), walked.trust.timestamp_expires
    return Live(current.sequence, manifest.version, built, expires, newest or root)
