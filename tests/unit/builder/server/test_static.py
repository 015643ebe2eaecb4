"""`vade serve`: the published files, and nothing else of the folder."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vademecum.errors import UsageError
from vademecum_builder.server.static import StaticServer


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "dist"
    (root / "docs").mkdir(parents=True)
    (root / "bare").mkdir()
    (root / "index.html").write_text("<h1>Home</h1>", encoding="utf-8")
    (root / "docs" / "index.html").write_text("<h1>Docs</h1>", encoding="utf-8")
    (root / "docs" / "c# ü.html").write_text("awkward", encoding="utf-8")
    (root / "bare" / "file.bin").write_bytes(bytes(5000))
    (tmp_path / "secret.html").write_text("secret")
    return root


@pytest.fixture
def server(tree: Path) -> Iterator[StaticServer]:
    with StaticServer(tree, max_age=5) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Got:
    """An answer as it came: status, lower-case headers, and the body with nothing undone."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def ask(server: StaticServer, target: str) -> Got:
    with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)) as connection:
        connection.request("GET", target)
        return Got(connection.getresponse())


def raw(server: StaticServer, request: bytes) -> bytes:
    """Send these bytes and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_pages_and_folders(server: StaticServer, tree: Path) -> None:
    assert ask(server, "/").body == b"<h1>Home</h1>"
    assert ask(server, "/index.html?q=rotate").body == b"<h1>Home</h1>"
    assert ask(server, "/docs/").body == b"<h1>Docs</h1>"
    assert ask(server, "/docs/c%23%20%C3%BC.html").body == b"awkward"
    redirection = ask(server, "/docs?q=a")
    assert (redirection.status, redirection.headers["location"]) == (301, "/docs/?q=a")
    (tree / "index.html").write_bytes(b"published anew")
    assert ask(server, "/").body == b"published anew"


def test_a_folder_without_an_index_is_not_listed(server: StaticServer) -> None:
    for target in ("/bare", "/bare/"):
        got = ask(server, target)
        assert got.status in (301, 404)
        assert b"file.bin" not in got.body


def test_what_is_missing_is_answered_by_the_trees_own_page(server: StaticServer, tree: Path) -> None:
    assert b"Error response" in ask(server, "/gone").body, "the tree has none"
    (tree / "404.html").write_text("<h1>Not here</h1>")
    for target in ("/gone", "/docs/gone/", "/bare/", "/.git/config"):
        got = ask(server, target)
        assert (got.status, got.body) == (404, b"<h1>Not here</h1>")
        assert got.headers["content-type"] == "text/html"
    head = raw(server, b"HEAD /gone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ") and head.endswith(b"\r\n\r\n")
    (tree / "404.html").unlink()
    (tree / "404.html").symlink_to(tree.parent / "secret.html")
    assert b"secret" not in ask(server, "/gone").body


def test_apps_on_other_origins_may_read_and_browsers_may_cache(server: StaticServer) -> None:
    got = ask(server, "/index.html")
    assert got.headers["cache-control"] == "max-age=5"
    assert got.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.mjs", "text/javascript"), ("a.wasm", "application/wasm"), ("a.gz", "application/gzip")]
)
def test_types_that_browsers_insist_on(server: StaticServer, tree: Path, name: str, kind: str) -> None:
    (tree / name).write_bytes(b"x")
    assert ask(server, f"/{name}").headers["content-type"] == kind


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
        "/down/",
        "/circle",
        "/index.html%00.txt",
        "/%ed%a0%80",
        "/" + "n" * 300,
        "/%ff%fe",
        "http://127.0.0.1/index.html",
    ],
)
def test_nothing_outside_the_folder(server: StaticServer, tree: Path, target: str) -> None:
    (tree / "out.html").symlink_to(tree.parent / "secret.html")
    (tree / "up").symlink_to(tree.parent)
    (tree.parent / "index.html").write_text("secret")
    (tree / "down").mkdir()
    (tree / "down" / "index.html").symlink_to(tree.parent / "secret.html")
    (tree / "circle").symlink_to(tree / "circle")
    answer = raw(server, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"secret" not in answer.replace(target.encode(), b"")


@pytest.mark.parametrize(
    "target", ["/.vademecum/keys/release.pem", "/%2egit/config", "/.git/", "/.git", "/link", "/docs/.env"]
)
def test_hidden_files_are_not_there(server: StaticServer, tree: Path, target: str) -> None:
    """Any page that a browser has open may ask 127.0.0.1, and our answers may be read from anywhere."""
    for name in (".vademecum/keys/release.pem", ".git/config", ".git/index.html", "docs/.env"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("secret")
    (tree / "link").symlink_to(tree / ".git" / "config")
    assert ask(server, target).status == 404


def test_what_is_well_known_is_no_secret(server: StaticServer, tree: Path) -> None:
    (tree / ".well-known").mkdir()
    (tree / ".well-known" / "security.txt").write_text("Contact: x")
    assert ask(server, "/.well-known/security.txt").body == b"Contact: x"


def test_no_redirection_to_another_host(server: StaticServer, tree: Path) -> None:
    (tree / "example.org").mkdir()
    (tree / "example.org" / "index.html").touch()
    answer = raw(server, b"GET //example.org HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Location: //" not in answer


def test_clients_that_go_away_say_nothing(server: StaticServer, tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tree / "large.bin").write_bytes(bytes(30_000_000))
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.sendall(b"GET /large.bin HTTP/1.1\r\n\r\n")
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not close
    assert ask(server, "/").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_port_that_cannot_be_had(server: StaticServer, tree: Path) -> None:
    with pytest.raises(UsageError, match=f"port {server.server_port} .* is in use; another one: --port"):
        StaticServer(tree, server.server_port)
    with pytest.raises(UsageError, match="port 99999"):
        StaticServer(tree, 99999)
    with pytest.raises(UsageError, match="no such folder"):
        StaticServer(tree / "missing")
