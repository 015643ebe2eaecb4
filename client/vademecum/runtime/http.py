"""Published trees over HTTP, with httpx: streamed, bounded in bytes and in time."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

import httpx

from vademecum.errors import ContentError, NetworkError, ServerError, UsageError
from vademecum.ports import Body, Progress
from vademecum.runtime.content_encoding import Decoder
from vademecum.transport.paths import check_path
from vademecum.transport.waiting import http_date
from vademecum.version import __version__

_FRESH = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


@dataclass(frozen=True)
class HttpLimits:
    """What a host may cost us.

    Attributes:
        connect: Seconds until a connection, TLS included, must stand.
        idle: Seconds that a connection may be silent, or take for an answer's headers or a kilobyte of its body.
        total: Seconds for one file, from the request (or its place in the queue) to its last byte.
        connections: Connections at a time.
        redirects: Redirections followed for one file.
    """

    connect: float = 10.0
    idle: float = 30.0
    total: float = 900.0
    connections: int = 6
    redirects: int = 3


class HttpTransport:
    """A `Transport` for the tree at `base_url`.

    To be used, and closed, in one event loop. The first fetch opens connections.

    Args:
        base_url: `http` or `https`; with or without a final slash or `index.html`. It is kept as it is written, escapes
            and all; a query goes along with every request. User and password in it are sent to that origin only, and
            never shown.

    Raises:
        UsageError: `base_url` is not such a URL.
    """

    def __init__(self, base_url: str, limits: HttpLimits | None = None) -> None:
        self._base, self._auth = _base_of(base_url)
        self._limits = limits if limits is not None else HttpLimits()
        # Not httpx's own queue: the wait in it must not count as one for the host.
        self._turn = asyncio.Semaphore(self._limits.connections)
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def __str__(self) -> str:
        """The address, fit for a message: without user and password."""
        return str(self._base)

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        """See `Transport.fetch`. A redirection from https to http counts as the answer, a ServerError."""
        # A slash that belongs to a name comes as %2F, as TUF has it for names of roles; the rest is quoted here.
        name = quote(check_path(path)).replace("%252F", "%2F")
        folder, _, query = self._base.raw_path.partition(b"?")
        url = self._base.copy_with(raw_path=folder + name.encode() + (b"?" + query if query else b""))
        client = self._opened()
        try:
            async with asyncio.timeout(self._limits.total), self._turn, self._answer(client, url, fresh) as response:
                return await _receive(response, limit, self._limits.idle, progress)
        except TimeoutError as error:
            raise NetworkError(f"{_brief(url)}: not complete within {self._limits.total:g} s") from error

    async def close(self) -> None:
        """Close the connections; nothing is fetched any more."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._closed:
            raise UsageError(f"{self._base}: this transport is closed")
        if self._client is None:
            limits = self._limits
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(limits.idle, connect=limits.connect),
                # Only what the standard library inflates with a bound on its output.
                headers={"User-Agent": f"vademecum/{__version__}", "Accept-Encoding": "gzip"},
                follow_redirects=False,
                verify=_certificates(),
            )
        return self._client

    @asynccontextmanager
    async def _answer(self, client: httpx.AsyncClient, url: httpx.URL, fresh: bool) -> AsyncIterator[httpx.Response]:
        """Follow redirections to the answer with status 200; the body is still to be read."""
        for _ in range(self._limits.redirects + 1):
            request = client.build_request("GET", url, headers=_FRESH if fresh else None)
            auth = self._auth if _origin(url) == _origin(self._base) else None
            with _at_fault(url):
                async with asyncio.timeout(self._limits.idle):
                    response = await client.send(request, auth=auth, stream=True)
            try:
                if response.status_code == 200:
                    yield response
                    return
                url = _redirection(response)
            finally:
                await response.aclose()
        raise ServerError(
            f"{_brief(url)}: more than {self._limits.redirects} redirections", status=response.status_code
        )


LEAST = 1000
"""Bytes: a host that takes longer than `idle` for so many is as good as silent. js/net/transport.mjs has the same."""
_TOLD = 300
"""Characters of a host's own words in a message: a header may have 64 kB."""
LONGEST_ASKED = 1e9
"""Seconds that count of a Retry-After header: JSON has no infinity. js/net/transport.mjs cuts at the same."""


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom a host's certificate may come from: read once in a process, as it takes as long as ten requests."""
    return httpx.create_ssl_context()


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3), None if unclear."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+", value.strip()):
        return min(float(value.strip()), LONGEST_ASKED)  # float() alone knows fewer kinds of white space
    moment = http_date(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _base_of(text: str) -> tuple[httpx.URL, httpx.BasicAuth | None]:
    """Return the folder's URL without user and password, and these apart."""
    try:
        url = httpx.URL(text.strip())
        host = url.host  # an international name is decoded here
    except (httpx.InvalidURL, UnicodeError):  # its message may quote a piece of a password
        raise UsageError("this is not a URL; expected something like https://example.org/kb/") from None
    if url.scheme not in ("http", "https") or not host:
        raise UsageError(f"{_shown(url)}: expected a URL that begins with https:// or http://")
    # As it is written: what `url.path` has decoded cannot be told from what was not encoded (RFC 3986, section 2.2).
    path, mark, query = url.raw_path.partition(b"?")
    folder = path.removesuffix(b"index.html").removesuffix(b"/") + b"/"
    auth = httpx.BasicAuth(url.username, url.password) if url.userinfo else None
    return _shown(url).copy_with(raw_path=folder + mark + query, fragment=None), auth


def _shown(url: httpx.URL) -> httpx.URL:
    """Return the URL without user and password, fit for a message."""
    return url.copy_with(userinfo=b"")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


@contextmanager
def _at_fault(url: httpx.URL) -> Iterator[None]:
    """Whatever the library raises over an answer is the host's doing: it is told as such, and another may be asked."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise NetworkError(f"{_brief(url)}: the host does not answer ({type(error).__name__})") from error
    except httpx.ConnectError as error:
        why = str(error) or "the connection broke off before it was encrypted"
        if "CERTIFICATE_VERIFY_FAILED" in why:
            why += "; if a proxy shows its own certificate, name the file of its authority in SSL_CERT_FILE"
        raise NetworkError(
            f"{url.copy_with(raw_path=b'/')}: cannot be reached{_through(url)} ({_brief(why)})"
        ) from error
    except httpx.InvalidURL as error:  # of a redirection: ours is one
        raise ServerError(
            f"{_brief(url)}: redirected to something that is not an address ({_brief(error)})", 302
        ) from error
    except Exception as error:
        raise NetworkError(f"{_brief(url)}: {_brief(error) or type(error).__name__}") from error


def _through(url: httpx.URL) -> str:
    """Return the proxy that the environment names for a URL, for a message, without user and password."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return ""
    return f" through the proxy {proxy.rpartition('@')[2].rpartition('//')[2]} that the environment names"


def _brief(told: object) -> str:
    """Return what a host has made us say, short enough for a message and for the store that keeps it."""
    text = str(told)
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}..."


def _redirection(response: httpx.Response) -> httpx.URL:
    """Return where a redirection leads.

    Raises:
        ServerError: The answer is no redirection, or one that is not to be followed.
    """
    url, status = _shown(response.url), response.status_code
    if response.next_request is None:
        wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        raise ServerError(
            f"{_brief(url)}: the host answered {status} {_brief(response.reason_phrase)}".rstrip(), status, wait
        )
    target = _shown(response.next_request.url)
    known = target.scheme in ("http", "https") and target.host and (target.port or 1) < 1 << 16
    if not known or (url.scheme == "https" and target.scheme == "http"):
        raise ServerError(f"{_brief(url)}: redirected to {_brief(target)}, which is not followed", status)
    return target


async def at_least(response: httpx.Response, pieces: AsyncIterator[bytes], idle: float) -> AsyncIterator[bytes]:
    """Pass on the pieces of a body, as sent or decoded; raise httpx.ReadTimeout if `LEAST` bytes take longer than
    `idle` seconds: httpx itself waits for ever for a host that sends a byte now and then."""
    counted, since = 0, time.monotonic()
    async for piece in pieces:
        if response.num_bytes_downloaded - counted >= LEAST:
            counted, since = response.num_bytes_downloaded, time.monotonic()
        elif time.monotonic() - since > idle:
            raise httpx.ReadTimeout("stalled")
        yield piece


async def _pieces(response: httpx.Response, url: httpx.URL, idle: float) -> AsyncIterator[bytes]:
    with _at_fault(url):
        async for chunk in at_least(response, response.aiter_raw(), idle):
            yield chunk


async def _receive(response: httpx.Response, limit: int, idle: float, progress: Progress | None) -> Body:
    url = _shown(response.url)
    decode = Decoder(response.headers.get("Content-Encoding", ""), str(url))
    data = bytearray()
    async for chunk in _pieces(response, url, idle):
        data += decode.feed(chunk, limit + 1 - len(data))
        # Deflate adds a little to what it cannot shrink; far more is a stream that never comes to the point.
        if len(data) > limit or response.num_bytes_downloaded > 2 * limit + 1024:
            raise ContentError(f"{_brief(url)}: more than the {limit} bytes allowed")
        if progress is not None:
            progress(response.num_bytes_downloaded)
    decode.finish()
    host_time = http_date(response.headers.get("Date"))
    return Body(bytes(data), transferred=response.num_bytes_downloaded, host_time=host_time)
