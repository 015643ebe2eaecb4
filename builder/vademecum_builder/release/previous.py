"""The release that a build goes on from: found, and verified with the roots that the publisher holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from vademecum.config import Config
from vademecum.errors import (
    BusyError,
    ContentError,
    EquivocationError,
    HostError,
    ServerError,
    SignatureError,
    VademecumError,
)
from vademecum.format.json import Fields, parse_object
from vademecum.ports import Body, Clock, Progress, Transport
from vademecum.runtime.clock import SystemClock
from vademecum.transport.downloader import Downloader, is_absent
from vademecum.trust.channel import CUSTOM
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.release.channels import DEFAULT_CHANNEL, Channels
from vademecum_builder.release.location import read_at
from vademecum_builder.release.numbers import Numbers, check_clock, most_by
from vademecum_builder.release.published import Published, read_published
from vademecum_builder.release.signed import Signed, read_signed
from vademecum_builder.signing.defaults import Validity
from vademecum_builder.signing.metadata import vouches

_FIRST_ROOT = "metadata/1.root.json"
_AWAY = "build again when the host answers, or --preview to try it here; where it is gone for good, "


@dataclass(frozen=True)
class Previous:
    """What a build goes on from.

    Attributes:
        numbers: The new release's are higher.
        published: The verified release whose rows, vectors and files are reused: the newest of the channel that is
            built for, else the newest of all; None: everything is read and embedded again.
        channels: What each channel of the tree leads to.
        roots: The published chain of root metadata.
        host_time: The latest Date header of the host, if any.
        location: Its address or folder; empty: there is no place to look again.
        notices: What the publisher should read.
    """

    numbers: Numbers = field(default_factory=Numbers)
    published: Published | None = None
    channels: Channels = field(default_factory=dict)
    roots: Mapping[int, bytes] = field(default_factory=dict)
    host_time: datetime | None = None
    location: str = ""
    notices: tuple[str, ...] = ()


def going_on(published: Published) -> Previous:
    """Return what a build goes on from if it reuses all of a release."""
    return Previous(published.numbers, published, published.channels, published.roots, host_time=published.host_time)


def without_roots(previous: Previous) -> Previous:
    """Return it without the published chain of root metadata, for a build that signs with keys of its own."""
    published = previous.published
    if published is not None:
        files = {path: data for path, data in published.files.items() if not path.endswith(".root.json")}
        published = replace(published, roots={}, files=files)
    return replace(previous, published=published, roots={}, location="")


def locate_previous(previous: str | None, out: Path) -> str | None:
    """Return the place of the release to build on: the one that was named, else `out` if it has a release."""
    if previous is not None:
        return previous
    return str(out) if (out / TIMESTAMP).is_file() else None


def find_previous(
    location: str, held: Mapping[int, bytes], channel: str = DEFAULT_CHANNEL, *, away: str = ""
) -> Previous:
    """Return what to build on, verified.

    Args:
        location: An address or a folder.
        held, channel: See `read_previous`.
        away: Advice for a host that does not answer, for callers other than a build; empty: the build's advice.

    Raises:
        VademecumError: It cannot be read, or is not what was signed. The message says what to do.
    """
    try:
        found = read_at(location, lambda tree, config: read_previous(tree, held, SystemClock(), config, channel))
        host_time = None if is_here(location) else found.host_time  # not independent of this machine's clock
        return replace(found, location=location, host_time=host_time)
    except VademecumError as error:
        where = _without_password(location)
        first = _AWAY if error.transient else ""
        line = f"{'`vade build --force`' if away else '--force'} starts a new line, above all numbers that the old one "
        line += "can have reached: clients follow"
        if isinstance(error, SignatureError):
            line += ", but none that trusts another root.json than this: `git log -- root.json` has the earlier ones"
        shown = (
            ""
            if error.transient or not shows_preview(location)
            else (
                f"{where} shows a preview (`vade build --preview`), signed with a key that nobody keeps: "
                "put what `vade build` makes there; "
            )
        )
        advice = f"the previous release at {where} cannot be used: {shown}{error.message} "
        advice += f"({away if away and error.transient else first + line})"
        if isinstance(error, ServerError):
            raise ServerError(advice, error.status, error.retry_after) from error
        raise type(error)(advice) from error


def is_here(location: str) -> bool:
    """Return whether a location is an address of this machine."""
    return urlsplit(location).hostname in ("127.0.0.1", "::1", "localhost")


def is_empty(location: str) -> bool:
    """Return whether the host answers that it has no tree: neither a timestamp nor a first root."""

    async def read(transport: Transport, config: Config) -> bool:
        downloader = Downloader(transport, SystemClock(), config)
        found = [await downloader.fetch_or_absent(path, config.max_root) for path in (TIMESTAMP, _FIRST_ROOT)]
        return found == [None, None]

    try:
        return read_at(location, read)
    except VademecumError:
        return False


def shows_preview(location: str) -> bool:
    """Return whether what is published in a place calls itself a preview; nobody vouches for that."""
    try:
        shown = read_at(location, lambda tree, config: tree.fetch(TIMESTAMP, limit=config.max_timestamp)).data
        return Fields(parse_object(shown, TIMESTAMP), TIMESTAMP).child("signed").child(CUSTOM).boolean("preview")
    except VademecumError:
        return False


def require_clock(previous: Previous, roots: Mapping[int, bytes], validity: Validity, now: datetime) -> None:
    """Refuse a build time at which no client would install the release: see `check_clock`."""
    found = previous.published
    built, signed = (found.manifest.built, found.expires - validity.timestamp) if found else ("", None)
    check_clock(now, built, previous.host_time, validity, signed=signed, roots=roots)


def require_host_unmoved(previous: Previous) -> None:
    """Raise BusyError if another build has since published a newer release in that place, EquivocationError if it is a
    different release of the same number.

    If the host does not answer now, what was read a moment ago has to do.
    """
    if previous.published is None or not previous.location:
        return
    with suppress(HostError):
        place = previous.location
        shown = read_at(place, lambda tree, config: tree.fetch(TIMESTAMP, limit=config.max_timestamp, fresh=True)).data
        number = Fields(parse_object(shown, TIMESTAMP), TIMESTAMP).child("signed").integer("version")
        known, where = previous.numbers.versions.timestamp, _without_password(previous.location)
        if number > known:
            raise BusyError(
                f"{where}: another build has published there in the meantime (timestamp {number}, this build goes on "
                f"from {known}); nothing was written, run this build again"
            )
        if number == known and shown != previous.published.files[TIMESTAMP]:
            raise EquivocationError(
                f"{where} shows another timestamp {known} than a moment ago: two builds have published one number for "
                "two releases. Nothing was written; see which of the two is to stay, and build on that"
            )


def _without_password(location: str) -> str:
    """Return the location for a message. A password may contain anything, so it ends at the last `@`."""
    return re.sub(r"(?<=://).*@", "", location)


async def read_previous(
    transport: Transport, held: Mapping[int, bytes], clock: Clock, config: Config, channel: str = DEFAULT_CHANNEL
) -> Previous:
    """Read and verify what to build on. Errors: see `read_published`.

    A release counts if the newest root names its keys. If keys of an earlier root have signed it, only its numbers are
    used, capped at as many releases as there can have been by now: a thief may have those keys, and may have put other
    rows under the digests of our sources.

    Args:
        held: The roots that the publisher holds; empty trusts the tree's own first root.
        channel: The channel that is built for.
    """
    newest = held[max(held)] if held else None
    try:
        return going_on(await read_published(transport, newest, clock, config=config, channel=channel))
    except SignatureError as error:
        refusal = error
    except (ContentError, ServerError) as error:
        if isinstance(error, ServerError) and not is_absent(error):
            raise  # a host in trouble: the release may be intact
        try:
            signed = await read_signed(transport, newest, clock, config)
        except VademecumError:
            raise error from None
        return _from_numbers(signed, f"the previous release is damaged ({error.message})", signed.channels)
    if held:
        earlier = await _earlier_roots(held, Downloader(transport, clock, config), config)
        known = {**earlier, **held}
        versions = sorted(known.keys() - {max(held)}, reverse=True)
        # The tree's own chain starts at the oldest root that we hold. If a build crashed between a new root and the
        # timestamp that its keys sign, only earlier roots lead there.
        shown = [(transport, held[min(held)]), *((_Until(transport, v), known[v]) for v in versions)]
        for place, root in shown:
            try:
                signed = await read_signed(place, root, clock, config)
            except SignatureError:
                continue
            why = "the previous release was signed by a key that the root metadata does not name any more"
            found = _from_numbers(replace(signed, roots={**earlier, **signed.roots}), why, None)
            return replace(found, numbers=found.numbers.within(most_by(clock.now())))
    raise refusal


def _from_numbers(signed: Signed, why: str, channels: Channels | None) -> Previous:
    """Return the numbers to go on from, and the tree's channels if they can be trusted."""
    notice = f"{why}: nothing but its numbers is taken, everything is read and embedded again"
    if signed.channels is None:
        notice += "; which releases were taken back is lost: name them again (--yank)"
    return Previous(signed.numbers, None, channels or {}, signed.roots, host_time=signed.host_time, notices=(notice,))


async def _earlier_roots(held: Mapping[int, bytes], downloader: Downloader, config: Config) -> dict[int, bytes]:
    """Return the tree's roots before the oldest that we hold, if our root keys signed them."""
    oldest = min(held)
    earlier: dict[int, bytes] = {}
    for version in range(1, oldest):
        data = await downloader.fetch_or_absent(f"metadata/{version}.root.json", config.max_root)
        if data is not None and vouches(held[oldest], data):
            earlier[version] = data
    return earlier


class _Until:
    """A transport that hides roots newer than `version`."""

    def __init__(self, inner: Transport, version: int) -> None:
        self._inner = inner
        self._hidden = f"metadata/{version + 1}.root.json"

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        if path == self._hidden:
            raise ServerError(f"{path}: left aside", 404)
        return await self._inner.fetch(path, limit=limit, fresh=fresh, progress=progress)

    async def close(self) -> None:
        await self._inner.close()
