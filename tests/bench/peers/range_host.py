"""A static host with Range support, which GitHub Pages does not promise: zsync cannot do without. Counts bytes."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

_BOUNDARY = "vademecum-range"
_MOST_RANGES = 1000


class RangeHost:
    """Serves the files of one folder on 127.0.0.1 while it is open.

    Attributes:
        sent: Bytes of all answers so far: status lines, headers and bodies.
        requests: How many there were.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = 0
        self.requests = 0
        self._lock = threading.Lock()
        host = self

        class Handler(_Handler):
            owner = host

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def count(self, sent: int) -> None:
        with self._lock:
            self.sent += sent
            self.requests += 1

    def __enter__(self) -> RangeHost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def parse_ranges(header: str, size: int) -> list[tuple[int, int]]:
    """Return the ranges `bytes=a-b,c-d` as (first, last), both inside the file; none: send the whole."""
    match = re.fullmatch(r"bytes=\d+-\d+(?:, ?\d+-\d+)*", header)
    if not match:
        return []
    pairs = [(int(first), int(last)) for first, last in re.findall(r"(\d+)-(\d+)", header)]
    ranges = [(first, min(last, size - 1)) for first, last in pairs if first <= last and first < size]
    return ranges[:_MOST_RANGES]


def multipart(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """Return the body of a multipart/byteranges answer (RFC 9110, section 14.6)."""
    parts = [
        f"\r\n--{_BOUNDARY}\r\nContent-Range: bytes {first}-{last}/{len(data)}\r\n\r\n".encode()
        + data[first : last + 1]
        for first, last in ranges
    ]
    return b"".join([*parts, f"\r\n--{_BOUNDARY}--\r\n".encode()])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    owner: RangeHost

    def do_GET(self) -> None:
        file = self.owner.folder / Path(self.path).name
        if not file.is_file():
            return self._send("404 Not Found", [], b"")
        data = file.read_bytes()
        ranges = parse_ranges(self.headers.get("Range", ""), len(data))
        if not ranges:
            return self._send("200 OK", ["Accept-Ranges: bytes"], data)
        if len(ranges) > 1:
            kind = f"Content-Type: multipart/byteranges; boundary={_BOUNDARY}"
            return self._send("206 Partial Content", [kind], multipart(data, ranges))
        first, last = ranges[0]
        facts = [f"Content-Range: bytes {first}-{last}/{len(data)}"]
        return self._send("206 Partial Content", facts, data[first : last + 1])

    def _send(self, status: str, headers: list[str], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        answer = "\r\n".join(lines).encode() + body
        self.owner.count(len(answer))
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""
