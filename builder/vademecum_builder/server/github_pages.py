"""What GitHub Pages answers: a pure matter of the folder, the target and the request's headers.

ETag, Last-Modified and 304; `Cache-Control: max-age=600`; gzip for text and wasm; `404.html`; `/dir` leads
to `/dir/`; any origin may read; no Range, no directory listings, no other headers.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from mimetypes import MimeTypes
from pathlib import Path
from urllib.parse import unquote

_KINDS = MimeTypes(filenames=())  # those of Python alone: a machine's own table would make a difference
for _suffix, _kind in {
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}.items():
    _KINDS.add_type(_kind, _suffix)
_COMPRESSED = (
    "text/",
    "application/json",
    "application/wasm",
    "application/xml",
    "application/manifest+json",
    "image/svg",
)
_WITH_CHARSET = ("text/", "application/json", "application/xml", "application/manifest+json")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body; without Date, Content-Length and what concerns the connection."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Site:
    """The folder and how it is served; answers are a function of it, the target and the request's headers."""

    root: Path
    max_age: int

    def answer(self, target: str, headers: Message) -> Answer:
        """Return the answer to GET `target`, which may be anything."""
        try:
            return self._answer(target, headers)
        except OSError:  # unreadable, or gone since we looked
            return plain(HTTPStatus.NOT_FOUND)

    def _answer(self, target: str, headers: Message) -> Answer:
        path = unquote(target.partition("?")[0])
        if not path.startswith("/"):
            return self.not_found(headers)
        name = path[1:]
        file = self._locate(f"{name}index.html" if name == "" or name.endswith("/") else name)
        if file is not None and file.is_file():
            return self._file(file, headers)
        if file is not None and (file / "index.html").is_file():
            return _moved(target)
        return self.not_found(headers)

    def _locate(self, name: str) -> Path | None:
        """Return where the file lies, or None if that is outside the root (`..`, links) or no path at all.

        Hidden files are not there: any page that a browser has open may ask this server, and whoever serves a
        working folder has `.git` or the keys of `vade build` in it. `.well-known` is public by its name (RFC 8615).
        """
        if any(_is_hidden(part) for part in name.split("/")) or "\\" in name or "\0" in name:
            return None
        try:
            file = (self.root / name).resolve()
        except RuntimeError:  # links in a circle
            return None
        if not file.is_relative_to(self.root) or any(map(_is_hidden, file.relative_to(self.root).parts)):
            return None
        return file

    def _file(self, file: Path, headers: Message, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        with file.open("rb") as stream:
            facts, body = os.fstat(stream.fileno()), stream.read()
        kind = _kind_of(file)
        out = {
            "Content-Type": kind,
            "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
            "Access-Control-Allow-Origin": "*",
            # nginx takes the seconds; two builds within one second must not look alike here.
            "ETag": f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"',
            "Cache-Control": f"max-age={self.max_age}",
        }
        if kind.startswith(_COMPRESSED):
            out["Vary"] = "Accept-Encoding"
            if _accepts_gzip(headers) and len(_gzipped(body)) < len(body):
                body = _gzipped(body)
                out |= {"Content-Encoding": "gzip", "ETag": f"W/{out['ETag']}"}
        if status == HTTPStatus.OK and _is_unchanged(headers, out["ETag"], facts.st_mtime):
            return Answer(HTTPStatus.NOT_MODIFIED, {k: v for k, v in out.items() if k[:7] != "Content"})
        return Answer(status, out, body)

    def not_found(self, headers: Message) -> Answer:
        """Return the answer where nothing is: the site's own page for that, if it has one."""
        page = self._locate("404.html")
        if page is not None and page.is_file():
            return self._file(page, headers, HTTPStatus.NOT_FOUND)
        return plain(HTTPStatus.NOT_FOUND)


def _kind_of(file: Path) -> str:
    kind, coding = _KINDS.guess_type(f"a{file.suffix.lower()}")
    if coding is not None:
        return f"application/{coding}"
    kind = kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_WITH_CHARSET) else kind


def _is_hidden(part: str) -> bool:
    return part == "" or (part.startswith(".") and part != ".well-known")


def _moved(target: str) -> Answer:
    path, question, query = target.partition("?")
    return Answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": f"{path}/{question}{query}"})


def plain(status: HTTPStatus) -> Answer:
    """Return an answer that says its status and nothing else."""
    return Answer(
        status, {"Content-Type": "text/plain; charset=utf-8"}, f"{status} {status.phrase}\n".encode()
    )


def _is_unchanged(headers: Message, etag: str, mtime: float) -> bool:
    """RFC 9110, section 13.2.2: If-None-Match decides alone when it is there."""
    known = headers.get("If-None-Match")
    if known is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        return "*" in tags or etag.removeprefix("W/") in tags
    try:
        return int(mtime) <= parsedate_to_datetime(headers.get("If-Modified-Since", "")).timestamp()
    except (ValueError, OverflowError):  # the latter for an hour of a hundred digits
        return False


def _accepts_gzip(headers: Message) -> bool:
    for item in headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = item.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@lru_cache(maxsize=256)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)
