"""`vade serve` answers as GitHub Pages does, and counts what it sends."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from pathlib import Path

import pytest

from support.pages_host import PagesHost
from vademecum.errors import UsageError
from vademecum_builder.server.static import Request

PAGE = "<h1>Schlüssel</h1>\n" * 200


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "dist"
    (root / "docs").mkdir(parents=True)
    (root / "bare").mkdir()
    (root / "index.html").write_text("<h1>Home</h1>", encoding="utf-8")
    (root / "docs" / "index.html").write_text(PAGE, encoding="utf-8")
    (root / "docs" / "c# ü.html").write_text("awkward", encoding="utf-8")
    (root / "object.gz").write_bytes(gzip.compress(b"x" * 5000))
    (root / "bare" / "file.bin").write_bytes(bytes(5000))
    (tmp_path / "secret.html").write_text("secret")
    return root


@pytest.fixture
def server(tree: Path) -> Iterator[PagesHost]:
    with PagesHost(tree) as server:
        yield server


class Got:
    """An answer as it came: status, lower-case headers, and the body with nothing undone."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def ask(server: PagesHost, target: str, method: str = "GET", **headers: str) -> Got:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request(method, target, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return Got(connection.getresponse())


def raw(server: PagesHost, request: bytes) -> bytes:
    """Send these bytes and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_pages_and_folders(server: PagesHost) -> None:
    assert ask(server, "/").body == b"<h1>Home</h1>"
    assert ask(server, "/index.html?q=rotate").body == b"<h1>Home</h1>"
    assert ask(server, "/docs/").body == PAGE.encode()
    assert ask(server, "/docs/c%23%20%C3%BC.html").body == b"awkward"


def test_a_folder_without_its_slash_redirects(server: PagesHost) -> None:
    got = ask(server, "/docs?q=a")
    assert (got.status, got.headers["location"]) == (301, "/docs/?q=a")


def test_a_folder_without_an_index_is_not_listed(server: PagesHost) -> None:
    for target in ("/bare", "/bare/"):
        got = ask(server, target)
        assert got.status == 404
        assert b"file.bin" not in got.body


def test_only_the_headers_that_pages_sends(server: PagesHost) -> None:
    got = ask(server, "/index.html")
    assert set(got.headers) == {
        "server", "date", "content-type", "content-length", "last-modified", "etag", "cache-control",
        "access-control-allow-origin", "vary",
    }  # fmt: skip
    assert got.headers["cache-control"] == "max-age=600"
    assert got.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("name", "kind", "packed"),
    [
        ("a.html", "text/html; charset=utf-8", True),
        ("a.css", "text/css; charset=utf-8", True),
        ("a.js", "text/javascript; charset=utf-8", True),
        ("a.mjs", "text/javascript; charset=utf-8", True),
        ("a.json", "application/json; charset=utf-8", True),
        ("a.svg", "image/svg+xml", True),
        ("a.txt", "text/plain; charset=utf-8", True),
        ("a.wasm", "application/wasm", True),
        ("a.webmanifest", "application/manifest+json; charset=utf-8", True),
        ("a.PNG", "image/png", False),
        ("a.gz", "application/gzip", False),
        ("a.zip", "application/zip", False),
        ("a.whl", "application/octet-stream", False),
        ("a.tar.unknown", "application/octet-stream", False),
        ("noextension", "application/octet-stream", False),
    ],
)
def test_types_and_compression(server: PagesHost, tree: Path, name: str, kind: str, packed: bool) -> None:
    content = b"the same again and again\n" * 100
    (tree / name).write_bytes(content)
    plain = ask(server, f"/{name}")
    assert (plain.headers["content-type"], plain.body) == (kind, content)
    assert "content-encoding" not in plain.headers
    zipped = ask(server, f"/{name}", Accept_Encoding="br, gzip")
    assert ("content-encoding" in zipped.headers) == ("vary" in zipped.headers) == packed
    assert (gzip.decompress(zipped.body) if packed else zipped.body) == content
    assert int(zipped.headers["content-length"]) == len(zipped.body)
    assert ("vary" in plain.headers) == packed


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_compression_is_negotiated(server: PagesHost, accept: str, packed: bool) -> None:
    got = ask(server, "/docs/", Accept_Encoding=accept)
    assert ("content-encoding" in got.headers) == packed


def test_what_does_not_shrink_goes_as_it_is(server: PagesHost, tree: Path) -> None:
    noise = os.urandom(2000)
    (tree / "noise.txt").write_bytes(noise)
    got = ask(server, "/noise.txt", Accept_Encoding="gzip")
    assert got.body == noise
    assert "content-encoding" not in got.headers


@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_an_unchanged_file_is_304(server: PagesHost, tree: Path, accept: str) -> None:
    first = ask(server, "/docs/", Accept_Encoding=accept)
    etag, changed = first.headers["etag"], first.headers["last-modified"]
    assert etag.startswith('W/"' if accept == "gzip" else '"')
    for known in (etag, f'"other", {etag}', "*", etag.removeprefix("W/")):
        got = ask(server, "/docs/", Accept_Encoding=accept, If_None_Match=known)
        assert (got.status, got.body, got.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in got.headers
    assert ask(server, "/docs/", If_Modified_Since=changed).status == 304
    assert ask(server, "/docs/", If_Modified_Since=formatdate(0, usegmt=True)).status == 200
    assert ask(server, "/docs/", If_Modified_Since="yesterday").status == 200
    # The tag decides alone.
    assert ask(server, "/docs/", If_None_Match='"other"', If_Modified_Since=changed).status == 200


def test_a_new_build_within_a_second_has_a_new_tag(server: PagesHost, tree: Path) -> None:
    file = tree / "timestamp.json"
    file.write_bytes(b'{"version": 1}')
    os.utime(file, ns=(10**18, 10**18))
    etag = ask(server, "/timestamp.json").headers["etag"]
    file.write_bytes(b'{"version": 2}')
    os.utime(file, ns=(10**18, 10**18 + 1000))
    got = ask(server, "/timestamp.json", If_None_Match=etag)
    assert (got.status, got.body) == (200, b'{"version": 2}')


def test_a_date_that_is_none_is_no_date(server: PagesHost) -> None:
    assert ask(server, "/index.html", If_Modified_Since="1 Nov 67 9:" + "8" * 100).status == 200


def test_range_is_ignored(server: PagesHost, tree: Path) -> None:
    got = ask(server, "/bare/file.bin", Range="bytes=0-9")
    assert (got.status, len(got.body)) == (200, 5000)
    assert not {"accept-ranges", "content-range"} & set(got.headers)


def test_head(server: PagesHost) -> None:
    got, full = (
        ask(server, "/docs/", "HEAD", Accept_Encoding="gzip"),
        ask(server, "/docs/", Accept_Encoding="gzip"),
    )
    assert got.body == b""
    assert got.headers | {"date": ""} == full.headers | {"date": ""}
    assert server.requests[0].sent_bytes == 0


def test_missing(server: PagesHost, tree: Path) -> None:
    assert ask(server, "/nothing").status == 404
    (tree / "404.html").write_text(PAGE, encoding="utf-8")
    got = ask(server, "/nothing", Accept_Encoding="gzip", If_None_Match="*")
    assert (got.status, gzip.decompress(got.body)) == (404, PAGE.encode())
    assert got.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/docs/../../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/docs/..%5c..%5csecret.html",
        "/out.html",
        "/up/secret.html",
        "/up",
        "/up/",
        "/circle",
        "/index.html%00.txt",
        "/index.html/",
        "/docs//index.html",
        "/" + "n" * 300,
        "/%ff%fe",
        "http://127.0.0.1/index.html",
        "*",
        "index.html",
    ],
)
def test_nothing_outside_the_folder(server: PagesHost, tree: Path, target: str) -> None:
    (tree / "out.html").symlink_to(tree.parent / "secret.html")
    (tree / "up").symlink_to(tree.parent)
    (tree.parent / "index.html").write_text("secret")
    (tree / "circle").symlink_to(tree / "circle")
    answer = raw(server, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"secret" not in answer.replace(target.encode(), b"")


@pytest.mark.parametrize(
    "target", ["/.vademecum/keys/release.pem", "/%2egit/config", "/.git/", "/.git", "/link", "/docs/.env"]
)
def test_hidden_files_are_not_there(server: PagesHost, tree: Path, target: str) -> None:
    """Any page that a browser has open may ask 127.0.0.1, and our answers may be read from anywhere."""
    for name in (".vademecum/keys/release.pem", ".git/config", ".git/index.html", "docs/.env"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("secret")
    (tree / "link").symlink_to(tree / ".git" / "config")
    assert ask(server, target).status == 404


def test_what_is_well_known_is_no_secret(server: PagesHost, tree: Path) -> None:
    (tree / ".well-known").mkdir()
    (tree / ".well-known" / "security.txt").write_text("Contact: x")
    assert ask(server, "/.well-known/security.txt").body == b"Contact: x"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_an_answer_and_the_server_goes_on(
    server: PagesHost, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = raw(server, request_)
    assert re.match(rb"(HTTP/1\.1 (400|414|431|505) |<!DOCTYPE|$)", answer)
    assert ask(server, "/index.html").status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_slow_connections_keep_nobody_waiting(server: PagesHost) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")  # and never more
    assert ask(server, "/index.html").status == 200
    for connection in slow:
        connection.close()


def test_no_redirection_to_another_host(server: PagesHost, tree: Path) -> None:
    (tree / "example.org").mkdir()
    (tree / "example.org" / "index.html").touch()
    answer = raw(server, b"GET //example.org HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Location: //" not in answer


def test_an_unreadable_file_is_missing(
    server: PagesHost, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        assert ask(server, "/index.html").status == 404
    assert ask(server, "/index.html").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(server: PagesHost, method: str) -> None:
    assert ask(server, "/index.html", method).status == 405


def test_a_body_is_not_taken_for_the_next_request(server: PagesHost) -> None:
    inner = b"GET /docs/ HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(inner)}\r\n\r\n".encode()
    assert raw(server, head + inner).count(b"HTTP/1.1 ") == 1
    assert [request.method for request in server.requests] == ["POST"]


def test_connections_are_kept(server: PagesHost) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        for target in ("/", "/nothing", "/docs/", "/docs"):
            connection.request("GET", target)
            connection.getresponse().read()
            if target == "/":
                first = connection.sock
            assert connection.sock is first
    assert raw(server, b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\nConnection: close\r\n\r\n<h1>Home</h1>")


def test_requests_are_counted_as_sent(tree: Path) -> None:
    logged: list[Request] = []
    with PagesHost(tree, log=logged.append) as server:
        answers = [
            raw(
                server,
                f"GET {target} HTTP/1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode(),
            )
            for target in ("/docs/?q=1", "/nothing", "/docs")
        ]
        assert [(r.method, r.path, r.status) for r in server.requests] == [
            ("GET", "/docs/?q=1", 200),
            ("GET", "/nothing", 404),
            ("GET", "/docs", 301),
        ]
        for request, answer in zip(server.requests, answers, strict=True):
            head, body = answer.split(b"\r\n\r\n", 1)
            assert (request.header_bytes, request.sent_bytes) == (len(head) + 4, len(body))
            assert request.seconds >= 0
        assert logged == server.requests


def test_a_project_page_lies_below_its_prefix(tree: Path) -> None:
    with PagesHost(tree, prefix="/repo/") as server:
        assert server.url == f"http://127.0.0.1:{server.port}/repo/"
        assert ask(server, "/repo/docs/").body == PAGE.encode()
        assert ask(server, "/repo").headers["location"] == "/repo/"
        assert ask(server, "/repo/docs").headers["location"] == "/repo/docs/"
        for target in ("/", "/docs/", "/repository/", "/repo/../docs/"):
            assert ask(server, target).status == 404


def test_headers_and_age_can_be_told(tree: Path) -> None:
    policy = {"Content-Security-Policy": "default-src 'self'", "server": "GitHub.com"}
    with PagesHost(tree, max_age=5, headers=policy) as server:
        for target in ("/", "/nothing"):
            got = ask(server, target)
            assert got.headers["content-security-policy"] == "default-src 'self'"
            assert got.headers["server"] == "GitHub.com"
        assert ask(server, "/").headers["cache-control"] == "max-age=5"


def test_a_tree_may_change_while_it_is_served(server: PagesHost, tree: Path) -> None:
    assert ask(server, "/").body == b"<h1>Home</h1>"
    (tree / "index.html").write_bytes(b"new")
    assert ask(server, "/", Accept_Encoding="gzip").body == b"new"


def test_a_port_that_cannot_be_had(tree: Path) -> None:
    with (
        PagesHost(tree) as server,
        pytest.raises(UsageError, match=f"port {server.port} .* is in use; choose"),
    ):
        PagesHost(tree, server.port)
    with pytest.raises(UsageError, match="port 99999"):
        PagesHost(tree, 99999)
    with pytest.raises(UsageError, match="no such folder"):
        PagesHost(tree / "missing")


def test_stopping_cuts_kept_connections_and_frees_the_port(tree: Path) -> None:
    server = PagesHost(tree).start()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", "/")
        connection.getresponse().read()
        server.stop()
        assert connection.sock.recv(1) == b""
    server.stop()
    with PagesHost(tree, server.port) as again:
        assert ask(again, "/").status == 200


def test_stopping_what_never_started(tree: Path) -> None:
    PagesHost(tree).stop()


def test_clients_that_go_away_say_nothing(
    server: PagesHost, tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tree / "large.bin").write_bytes(bytes(30_000_000))
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET /large.bin HTTP/1.1\r\n\r\n")
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not close
    server.stop()
    assert capfd.readouterr() == ("", "")


def test_many_clients_at_once(server: PagesHost) -> None:
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(ask(server, "/docs/").body)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [PAGE.encode()] * 20
    assert len(server.requests) == 20


@pytest.mark.process
def test_serving_for_ever_ends_with_an_interrupt(tree: Path) -> None:
    script = """
import sys
from pathlib import Path
from vademecum_builder.server.static import PagesServer
server = PagesServer(Path(sys.argv[1]))
print(server.server_port, flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    command = [sys.executable, "-c", script, str(tree)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with closing(
            http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=10)
        ) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"<h1>Home</h1>"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
        assert process.wait() == 0
