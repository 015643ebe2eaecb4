"""HttpTransport against hosts that misbehave. A script answers each request on a socket of 127.0.0.1."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from vademecum.errors import ContentError, NetworkError, ServerError, UsageError, VademecumError
from vademecum.ports import Body
from vademecum.runtime.http import HttpLimits, HttpTransport, _at_fault, _origin, _redirection, retry_after

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Host:
    """A scripted host: `requests` holds what it was asked, head by head."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.requests.append(head)
                await self._answer(head, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def host(answer: Answer | bytes) -> AsyncIterator[Host]:
    async def fixed(head: str, writer: asyncio.StreamWriter) -> None:
        assert isinstance(answer, bytes)
        writer.write(answer)
        writer.close()

    scripted = Host(fixed if isinstance(answer, bytes) else answer)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/kb/"
    try:
        yield scripted
    finally:
        server.close()
        await server.wait_closed()


def response(body: bytes = b"", status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body


def fetch(answer: Answer | bytes, limit: int = 1000, limits: HttpLimits | None = None, **options: bool) -> Body:
    """Return what one fetch of `file` from such a host gives."""
    return asyncio.run(_fetch(answer, limit, limits))


async def _fetch(answer: Answer | bytes, limit: int, limits: HttpLimits | None) -> Body:
    async with host(answer) as scripted:
        transport = HttpTransport(scripted.url, limits)
        try:
            return await transport.fetch("file", limit=limit)
        finally:
            await transport.close()


def failure(kind: type[VademecumError], answer: Answer | bytes, limits: HttpLimits | None = None) -> str:
    with pytest.raises(kind) as caught:
        fetch(answer, limits=limits)
    assert "127.0.0.1" in caught.value.message
    return caught.value.message


def asked(form: str, path: str = "metadata/1.root.json") -> str:
    """What is asked for at the address `http://127.0.0.1:PORT/kb` + form."""

    async def check() -> list[str]:
        async with host(response(b"x")) as scripted:
            transport = HttpTransport(f"  {scripted.url.rstrip('/')}{form} ")
            await transport.fetch(path, limit=1)
            await transport.close()
            return scripted.requests

    [request] = asyncio.run(check())
    return request.removeprefix("GET ").partition(" HTTP/1.1\r\n")[0]


@pytest.mark.parametrize("form", ["", "/", "/index.html", "/#keys", "/index.html#b"])
def test_any_form_of_the_base_url(form: str) -> None:
    assert asked(form) == "/kb/metadata/1.root.json"


@pytest.mark.fault("E55")
@pytest.mark.parametrize("name", ["a%2Fb", "a%3Fb", "a%23b", "100%25", "%5Ba%5D", "a%20b", "%C3%BC", "%2e%2E"])
def test_an_address_is_kept_as_it_is_written(name: str) -> None:
    assert asked(f"/{name}/") == f"/kb/{name}/metadata/1.root.json"
    assert asked(f"/{name}?sig=a%2Fb&x") == f"/kb/{name}/metadata/1.root.json?sig=a%2Fb&x"


@pytest.mark.fault("E56")
@pytest.mark.parametrize(
    "head", ["302 Found\r\nLocation: /" + "a" * 60_000, "503 " + "a" * 60_000, "429 X\r\nRetry-After: \r" + "9" * 5000]
)
def test_a_host_does_not_fill_a_message(head: str) -> None:
    """It is shown, and kept in the store."""
    answer = f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(VademecumError) as caught:
        fetch(answer)
    assert len(caught.value.message) < 1000


@pytest.mark.fault("E55")
def test_a_slash_of_a_name_stays_one() -> None:
    """TUF writes the names of roles so (`1.a%2Fb.json`); whatever else a name holds is quoted."""
    assert asked("/", "metadata/1.a%2Fb%41.json") == "/kb/metadata/1.a%2Fb%2541.json"


@pytest.mark.fault("E56")
@pytest.mark.parametrize("error", [ValueError("no label"), OverflowError("port"), AttributeError("of None")])
def test_whatever_the_library_raises_is_the_hosts_fault(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another mirror is asked then."""

    async def send(*_: object, **__: object) -> httpx.Response:
        raise error

    monkeypatch.setattr(httpx.AsyncClient, "send", send)
    assert str(error) in failure(NetworkError, response())


@pytest.mark.fault("E55")
def test_an_address_is_shown_as_it_is_written() -> None:
    for url in ("http://h/a%2Fb/", "https://h:8/a%3Fb/?c=%23", "http://xn--bcher-kva.example/"):
        assert str(HttpTransport(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://host/kb/", "host/kb", "", "http://", "https:///kb/", "http://[::1/", "http://h:x/"),
        *("http://xn--a/", "http://host/\udcff/"),  # no international name; a byte that is not UTF-8
    ],
)
def test_a_base_url_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="https://"):
        HttpTransport(url)


def test_fresh_goes_past_caches() -> None:
    async def check() -> list[str]:
        async with host(response(b"x")) as scripted:
            transport = HttpTransport(scripted.url)
            await transport.fetch("file", limit=1)
            await transport.fetch("file", limit=1, fresh=True)
            await transport.close()
            return [request.lower() for request in scripted.requests]

    usual, fresh = asyncio.run(check())
    assert "cache-control" not in usual
    assert "cache-control: no-cache, no-store\r\n" in fresh
    assert "pragma: no-cache\r\n" in fresh


def test_gzip_is_undone_and_counted_as_sent() -> None:
    text = b"one and the same line\n" * 1000
    packed = gzip.compress(text)
    body = fetch(response(packed, Content_Encoding="gzip"), limit=len(text))
    assert body == Body(text, transferred=len(packed))


@pytest.mark.fault("A11")
def test_a_gzip_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        assert "1000 bytes" in failure(ContentError, response(bomb, Content_Encoding="gzip"))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_endless_deflate_that_gives_nothing() -> None:
    deflate = zlib.compressobj(wbits=31)
    nothing = deflate.compress(b"") + deflate.flush(zlib.Z_FULL_FLUSH)
    body = nothing + b"\x00\x00\x00\xff\xff" * 2000 + deflate.flush()
    assert "1000 bytes" in failure(ContentError, response(body, Content_Encoding="gzip"))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"whole")[:-3]),
        ("gzip", gzip.compress(b"whole") + b"behind"),
        ("gzip", b"<html>not gzip</html>"),
        ("gzip", b""),
        ("br", b"anything"),
    ],
)
def test_a_broken_or_unknown_encoding(encoding: str, body: bytes) -> None:
    assert "encoding" in failure(ContentError, response(body, Content_Encoding=encoding))


def test_a_body_longer_than_it_may_be_is_not_read_to_its_end() -> None:
    sent = 0

    async def pour(head: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(response(length=1_000_000_000))
        for _ in range(10_000):
            writer.write(bytes(100_000))
            await writer.drain()
            sent += 100_000

    assert "1000 bytes" in failure(ContentError, pour)
    assert sent < 100_000_000


def test_a_body_that_breaks_off() -> None:
    failure(NetworkError, response(b"half", length=8))


def test_no_http_at_all() -> None:
    failure(NetworkError, b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    failure(NetworkError, b"")


def test_nobody_listens() -> None:
    async def check() -> None:
        async with host(b"") as scripted:
            url = scripted.url
        transport = HttpTransport(url)
        with pytest.raises(NetworkError, match=r"127\.0\.0\.1"):
            await transport.fetch("file", limit=1)
        await transport.close()

    asyncio.run(check())


def test_a_silent_host() -> None:
    async def hang(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(response(b"half", length=8))
        await writer.drain()
        await asyncio.sleep(60)

    assert "does not answer" in failure(NetworkError, hang, limits=HttpLimits(idle=0.05))


@pytest.mark.fault("B22")
@pytest.mark.parametrize("head", [response(length=1000), b"HTTP/1.1 200 OK\r\nX: "])
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (HttpLimits(idle=30, total=0.2), "not complete within 0.2 s"),
        (HttpLimits(idle=0.2, total=30), "does not answer"),
    ],
)
def test_a_host_that_trickles_runs_into_a_limit(limits: HttpLimits, told: str, head: bytes) -> None:
    async def trickle(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _piece in range(1000):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert told in failure(NetworkError, trickle, limits=limits)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "403 Forbidden", "404 Not Found", "500 Oops"])
def test_any_other_status(status: str) -> None:
    with pytest.raises(ServerError, match=status) as caught:
        fetch(response(status=status))
    assert caught.value.status == int(status[:3])
    assert caught.value.retry_after is None


def test_retry_after_reaches_the_error() -> None:
    with pytest.raises(ServerError) as caught:
        fetch(response(status="503 Busy", Retry_After="120"))
    assert (caught.value.status, caught.value.retry_after) == (503, 120.0)


@pytest.mark.fault("B21")
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 90 ", 90.0),
        ("90\x1e", 90.0),
        ("1 Nov 67 9:" + "8" * 100, None),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90.0),
        ("Sat, 21 Nov 2026 12:01:30 -0000", 90.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 5000, 1e9),
        ("soon", None),
        ("", None),
        ("Sat, 99 Nov 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def redirecting(*locations: str) -> Answer:
    """Answer /kb/file, then /1, /2 ... with these redirections, and what comes after with a body."""

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split()[1]
        step = 0 if path == "/kb/file" else int(path[1:])
        if step < len(locations):
            writer.write(response(status="302 Found", Location=locations[step]))
        else:
            writer.write(response(b"arrived"))

    return answer


def test_three_redirections_are_followed_and_a_fourth_is_not() -> None:
    assert fetch(redirecting("/1", "/2", "/3")).data == b"arrived"
    assert "more than 3" in failure(ServerError, redirecting("/1", "/2", "/3", "/4"))


@pytest.mark.parametrize("location", ["ftp://host/file", "file:///etc/passwd"])
def test_a_redirection_elsewhere_is_not_followed(location: str) -> None:
    assert "not followed" in failure(ServerError, redirecting(location))


@pytest.mark.parametrize("location", ["http://[::1/", "http://h:x/"])
def test_a_redirection_to_nonsense(location: str) -> None:
    failure(NetworkError, redirecting(location))


@pytest.mark.fault("E56")
@pytest.mark.parametrize(
    "location", ["data:text/plain,hello", "javascript:alert(1)", "http://127.0.0.1:99999999/x", "//", "h:"]
)
def test_a_redirection_to_no_address_is_the_hosts_error(location: str) -> None:
    with pytest.raises(ServerError) as caught:
        fetch(redirecting(location))
    assert caught.value.status == 302


def test_a_redirection_without_a_target() -> None:
    with pytest.raises(ServerError) as caught:
        fetch(response(status="302 Found"))
    assert caught.value.status == 302


def test_never_from_https_to_http() -> None:
    def answered(url: str, location: str) -> httpx.Response:
        redirection = httpx.Response(302, request=httpx.Request("GET", url))
        redirection.next_request = httpx.Request("GET", location)
        return redirection

    with pytest.raises(ServerError, match="not followed"):
        _redirection(answered("https://example.org/kb/file", "http://example.org/kb/file"))
    assert str(_redirection(answered("http://a.org/kb/file", "https://b.org/x"))) == "https://b.org/x"


def test_credentials_go_to_their_origin_only_and_into_no_message() -> None:
    async def check() -> tuple[Host, Host, list[str]]:
        messages = []
        async with host(response(status="404 Not Found")) as other:
            away = response(status="302 Found", Location=other.url.replace("//", "//you:hush@"))
            async with host(away) as home:
                transport = HttpTransport(home.url.replace("//", "//me:s3cret@"))
                with pytest.raises(ServerError) as caught:
                    await transport.fetch("file", limit=10)
                messages.append(caught.value.message)
                await transport.close()
        with pytest.raises(UsageError) as closed:
            await transport.fetch("file", limit=10)
        messages.append(closed.value.message)
        return home, other, messages

    home, other, messages = asyncio.run(check())
    assert "Authorization: Basic bWU6czNjcmV0" in home.requests[0]
    assert "authorization" not in other.requests[0].lower()
    assert not any(word in message for message in messages for word in ("s3cret", "hush"))


@pytest.mark.parametrize("url", ["http://me:s3/cret@host/", "ftp://me:s3cret@host/", "http://me:s3cret@host:x/"])
def test_a_refused_url_keeps_its_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        HttpTransport(url)
    assert "s3" not in caught.value.message


def test_at_most_six_connections() -> None:
    open_now = most = 0

    async def slow(head: str, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.02)
        open_now -= 1
        writer.write(response(b"x"))

    async def check() -> None:
        async with host(slow) as scripted:
            transport = HttpTransport(scripted.url)
            await asyncio.gather(*(transport.fetch("file", limit=1) for _ in range(30)))
            await transport.close()

    asyncio.run(check())
    assert most == 6


def test_origins() -> None:
    assert _origin(httpx.URL("https://a.org:443/x")) == _origin(httpx.URL("https://a.org/y"))
    assert _origin(httpx.URL("https://a.org/")) != _origin(httpx.URL("https://a.org:8443/"))


def test_a_host_without_tls_at_an_address_of_https_is_told_with_a_reason() -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def check() -> None:
        async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
            transport = HttpTransport(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            try:
                await transport.fetch("a", limit=10)
            finally:
                await transport.close()

    with pytest.raises(NetworkError, match=r"cannot be reached \(.*\w.*\)"):
        asyncio.run(check())


def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:1")
    with pytest.raises(NetworkError, match=r"through the proxy 127\.0\.0\.1:1 that") as caught:
        asyncio.run(fetch_from("http://kb.example/"))
    assert "secret" not in caught.value.message
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:1/: cannot be reached \("):
        asyncio.run(fetch_from("http://127.0.0.1:1/"))


def test_a_certificate_that_nobody_here_trusts_is_told_with_what_to_do() -> None:
    refused = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain")
    with pytest.raises(NetworkError, match="in SSL_CERT_FILE"), _at_fault(httpx.URL("https://kb.example/")):
        raise refused


async def fetch_from(url: str) -> None:
    transport = HttpTransport(url)
    try:
        await transport.fetch("metadata/timestamp.json", limit=1000)
    finally:
        await transport.close()
