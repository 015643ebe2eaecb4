"""Every decoder of bytes that came from elsewhere. One entry in the table is all that a new decoder needs:

    Decoder("segment", _segment, lambda: [*golden().segments], mutate_tensors),

`read` gets arbitrary bytes. It returns, or raises a `VademecumError`; anything else is a finding. Let it also use
what was decoded (rows, properties): an error that waits in there waits for a reader. `seeds` are real files, and
`mutate` is one of damage.py. `test_decoders.py` and `fuzz.py` go through this table.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpcore
import httpx
from securesystemslib.exceptions import FormatError

from fuzz.damage import Mutate, mutate_bytes, mutate_gzip, mutate_json, mutate_tensors, mutate_text
from fuzz.seeds import golden, head_record, release_key, resealed, small_encoder, small_pack, small_segment, tiny_tree
from support.drive import drive
from support.packing import Live
from support.publisher import NOW
from vademecum.delta.decode import decode_pack
from vademecum.encoder.query import decode_encoder
from vademecum.errors import DamagedError, SelfTestError, UsageError
from vademecum.format.json import Fields, canonical, parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.markup import parse, plain
from vademecum.format.objects import ObjectRef, inflate
from vademecum.format.segment import decode_segment
from vademecum.format.tensors import decode_tensors
from vademecum.generation.live_rows import assemble
from vademecum.runtime.content_encoding import Decoder as ContentDecoder
from vademecum.runtime.http import HttpTransport, retry_after
from vademecum.search.results import heading_text, metadata_of
from vademecum.store.pointer import decode_head, encode_head
from vademecum.store.records import RECORDS
from vademecum.transport.paths import check_path
from vademecum.trust.metadata import Trust
from vademecum_builder.chunking.markup import write
from vademecum_builder.chunking.structure import chunk_document, embedding_text
from vademecum_builder.delta.old_rows import decode_history
from vademecum_builder.pages.render import safe_url
from vademecum_builder.readers.document import parse_document
from vademecum_builder.release.published import listed_files, listed_sources
from vademecum_builder.release.version_json import read_changes
from vademecum_builder.signing.keys import KEY_VARIABLE, load_authority
from vademecum_builder.signing.metadata import parse_root
from vademecum_builder.sources.base import HTML, MARKDOWN, NOTEBOOK, PLAIN_TEXT, RST, SourceItem


@dataclass(frozen=True)
class Decoder:
    """A decoder under test: what reads, real files to begin with, and how they are damaged.

    `refuses_all`: even a seed is refused, since it is read out of its place.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutate = mutate_bytes
    refuses_all: bool = False


# How the bytes are read --------------------------------------------------------------------------


def _json(data: bytes) -> None:
    canonical(parse_object(data, "file"))


def _tensors(data: bytes) -> None:
    file = decode_tensors(data)
    for tensor in file.tensors.values():
        tensor.values()


def _segment(data: bytes) -> None:
    segment = decode_segment(data)
    for row in range(len(segment.ids)):
        heading_text(segment.chunk(row).headings)
    for row in range(len(segment.keys)):
        metadata_of(segment.document(row).metadata)
    state = assemble([segment])
    assert len(state.digest()) == 64 and state.used <= {0}


def _markup(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    blocks = parse(text)
    written = write(blocks)
    assert " ".join(plain(written).split()) == " ".join(plain(text).split())
    assert write(parse(written)) == written or "\n" in written
    for block in blocks:
        for run in getattr(block, "runs", ()):
            assert urlsplit(run.link).scheme in ("", "http", "https", "mailto")
            assert urlsplit(run.image).scheme in ("", "http", "https")


def _encoder(data: bytes) -> None:
    encoder = decode_encoder(data)
    assert len(encoder.encode("Rotate the key, straŋe 東京 qqqq")) == encoder.dimensions
    try:
        encoder.check_golden()
    except SelfTestError:
        return


def _manifest(data: bytes) -> None:
    for ref in decode_manifest(data).objects:
        check_path(ref.path)


def _pack(data: bytes) -> object:
    small = small_pack()
    base = Live(small.state)
    return decode_segment(drive(decode_pack(data, base, small.header, small.state.segments[0].epoch, 100_000)))


def _history(data: bytes) -> object:
    return decode_history(small_segment(), Fields(parse_object(data, "history"), "history"))


def _head(data: bytes) -> None:
    head = decode_head(resealed(data))
    assert decode_head(encode_head(head)) == head


def _records(data: bytes) -> None:
    """Each of the small records: one that can be read by several, is."""
    for record in RECORDS.values():
        with contextlib.suppress(DamagedError):
            value = record.parse(resealed(data))
            assert record.parse(record.format(value)) == value


def _object(data: bytes) -> None:
    """Four bytes say the inflated size that was "signed"; the digest is right where the gzip is."""
    declared, body = int.from_bytes(data[:4], "little") & 0xFFFFF, data[4:]
    try:
        digest = hashlib.sha256(zlib.decompressobj(wbits=31).decompress(body, 1 << 20)).hexdigest()
    except zlib.error:
        digest = hashlib.sha256(body).hexdigest()
    assert len(inflate(ObjectRef(digest, len(body), declared), body)) == declared


def _content_encoding(data: bytes) -> None:
    decode, room = ContentDecoder("gzip", "url"), 1000
    for at in range(0, len(data), 100):
        out = decode.feed(data[at : at + 100], room)
        assert len(out) <= room
    decode.finish()


def _role(role: str) -> Callable[[bytes], None]:
    """Let our trust read a role's metadata: good signatures around whatever the fuzzer made."""

    def read(data: bytes) -> None:
        tree = tiny_tree()
        given = {name: tree.file(name) for name in ("root", "timestamp", "snapshot", "targets")}
        given[role] = _signed(role, data)
        trust = Trust(given["root"], NOW)
        trust.accept_timestamp(given["timestamp"])
        trust.accept_snapshot(given["snapshot"])
        trust.accept_targets(given["targets"])
        numbers = (trust.root_version, trust.timestamp_version, trust.snapshot_version, trust.targets_version)
        limits = (trust.snapshot_length(1000), trust.targets_length(1000))
        pointer = trust.line("stable").current
        check_path(pointer.url_path)
        assert all(type(number) is int for number in (*numbers, *limits, pointer.length, pointer.sequence))
        assert trust.expires <= trust.timestamp_expires

    return read


def _signed(role: str, data: bytes) -> bytes:
    try:
        return json.dumps(tiny_tree().sign(role, json.loads(data))).encode()
    except (ValueError, FormatError):  # it cannot be signed: as it is
        return data


def _next_root(data: bytes) -> None:
    Trust(tiny_tree().file("root"), NOW).accept_root(_signed("root", data))


def _publisher_root(data: bytes) -> None:
    roots = {1: _signed("root", data)}
    parse_root(roots[1])
    load_authority(roots, Path("release.pem"), {KEY_VARIABLE: release_key()}, NOW)


def _key(data: bytes) -> None:
    given = data.decode("latin-1").replace("\0", "")
    try:
        load_authority({1: tiny_tree().file("root")}, Path("/nowhere/release.pem"), {KEY_VARIABLE: given}, NOW)
    except UsageError as error:
        assert not any(run in error.message for run in re.findall(r"[\w+/]{12,}", given))  # nothing of the key is told


def _site(data: bytes) -> None:
    for path in listed_files(parse_object(data, "site.json")):
        check_path(path)


def _metadata(data: bytes) -> None:
    metadata_of(data.decode("utf-8", "replace"))


def _retry_after(data: bytes) -> None:
    wait = retry_after(data.decode("latin-1"), NOW)
    assert wait is None or wait >= 0


def _answer(data: bytes) -> None:
    """Whatever a host answers, status line, headers and all, is a body or its error: nothing else gets out."""
    asyncio.run(_answered(data))


async def _answered(data: bytes) -> None:
    transport, adapter = HttpTransport("http://host.example/kb/"), httpx.AsyncHTTPTransport(verify=False)
    adapter._pool = httpcore.AsyncConnectionPool(network_backend=httpcore.AsyncMockBackend([data]))
    transport._client = httpx.AsyncClient(transport=adapter, verify=False)
    try:
        await transport.fetch("metadata/timestamp.json", limit=1000)
    finally:
        await transport.close()


def _reader(media_type: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        file = SourceItem("guide/page.md", media_type, data)
        document = parse_document(file, base_url="https://example.org/kb/")
        for chunk in chunk_document(document):
            embedding_text(document.title, chunk).encode()
        assert safe_url(document.url) == document.url
        canonical(document.metadata)

    return read


# Real files --------------------------------------------------------------------------------------

_SITE = canonical({"files": {"index.html": {"sha256": "a" * 64, "size": 12}}, "format": 1, "generator": "b" * 64})
_NOTES = canonical(
    {
        "checked": "2026-11-21T08:05:00Z",
        "error": {"code": "network", "message": "no answer", "time": "2026-11-21T09:05:00Z"},
        "expires": "2026-12-21T08:00:00Z",
        "latest": {"sequence": 12, "version": "2026.11.21-12"},
    }
)
_ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nSet-Cookie: a=b\r\n\r\nxy",
    b"HTTP/1.1 302 Found\r\nLocation: http://h.example:8000/kb/x?y#z\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: //[::1]:80/%2F\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 307 x\r\nLocation: data:text/plain,x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n2\r\nxy\r\n0\r\n\r\n",
]
_MARKDOWN = b"""---
title: Keys
url: https://example.org/keys
tags: [a, &x b, *x]
date: 2026-11-21
---
# Keys { #top .x }

> Quote with *emphasis*, [a link](javascript:alert(1)), `code` and <b onclick="x">HTML</b>.

| a | b |
|---|---|
| 1 | ~~2~~ |

- one
  1. two

```js
x
```
<div><script>alert(1)</script>block</div>

!!! note "Title"
"""
_HTML = b"""<!doctype html><base href="javascript:"><title>Keys - site</title>
<meta name=description content="x &amp; y"><main><h1 id=a>Keys</h1>
<p onclick="x">One <a href="data:text/html,x">two</a><script>alert(1)</script>
<table><tr><td>1<td>2</table><pre>a
 b</pre><ul><li>x<ul><li>y</ul></ul><!-- gone --><img alt="seen" src=x onerror=alert(1)><svg><p>no</svg></main>
"""
_RST = (
    b":draft: true\n\n====\nKeys\n====\n\n.. |x| replace:: *one*\n.. _two: data:text/html,x\n\nA |x| two_\n",
    b"Keys\n----\n\n.. note:: Five\n\n   .. code-block:: sh\n\n      run\n\n.. include:: /etc/passwd\n",
    b"==  ==\n x   y\n==  ==\n\nterm\n  * x\n\n    - `y <javascript:alert(1)>`_ [1]_\n\n.. [1] Foot\n",
)
_NOTEBOOK = canonical(
    {
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["x"]}, "source": ["# Keys\n", "One"]},
            {
                "cell_type": "code",
                "execution_count": 1,
                "id": "b",
                "metadata": {},
                "outputs": [
                    {"name": "stdout", "output_type": "stream", "text": ["two"]},
                    {"data": {"text/plain": "3"}, "metadata": {}, "output_type": "display_data"},
                ],
                "source": "#| echo: true\nrun()",
            },
        ],
        "metadata": {"kernelspec": {"language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


def _tree(role: str) -> Callable[[], Sequence[bytes]]:
    return lambda: [tiny_tree().signed(role)]


DECODERS = (
    Decoder("json", _json, lambda: golden().manifests, mutate_json),
    Decoder("tensors", _tensors, lambda: [*golden().segments, small_segment()], mutate_tensors),
    Decoder("segment", _segment, lambda: [*golden().segments, small_segment()], mutate_tensors),
    Decoder("encoder", _encoder, lambda: [small_encoder()], mutate_tensors),
    Decoder("manifest", _manifest, lambda: golden().manifests, mutate_json),
    Decoder("pack", _pack, lambda: [small_pack().data], mutate_bytes),
    Decoder("history", _history, lambda: [b'{"first":1,"documents":[2,2,2],"chunks":[2,2,2]}'], mutate_json),
    Decoder("head", _head, lambda: [head_record()], mutate_json),
    Decoder("records", _records, lambda: [_NOTES], mutate_json),
    Decoder("metadata", _metadata, lambda: [b'{"a":[1,"x",null],"b":{"c":1.5}}'], mutate_json),
    Decoder("object", _object, lambda: [_sized(file) for file in golden().objects], mutate_gzip),
    Decoder("content-encoding", _content_encoding, lambda: [gzip.compress(b"x" * 900)], mutate_bytes),
    Decoder("timestamp", _role("timestamp"), _tree("timestamp"), mutate_json),
    Decoder("snapshot", _role("snapshot"), _tree("snapshot"), mutate_json),
    Decoder("targets", _role("targets"), _tree("targets"), mutate_json),
    Decoder("root", _role("root"), _tree("root"), mutate_json),
    Decoder("next-root", _next_root, lambda: [tiny_tree().next_root()], mutate_json),
    # Refused at the last step: the simulator names its keys in its own way.
    Decoder("publisher-root", _publisher_root, _tree("root"), mutate_json, refuses_all=True),
    Decoder("key", _key, lambda: [release_key().encode()], mutate_bytes, refuses_all=True),
    Decoder("sources", lambda data: listed_sources(data), lambda: golden().sources, mutate_json),
    Decoder("site", _site, lambda: [_SITE], mutate_json),
    Decoder("version", lambda data: read_changes(data), lambda: [golden().version], mutate_json),
    Decoder("retry-after", _retry_after, lambda: [b"120", b"Sat, 21 Nov 2026 09:00:00 GMT"], mutate_bytes),
    Decoder("answer", _answer, lambda: _ANSWERS, mutate_bytes),
    Decoder("markdown", _reader(MARKDOWN), lambda: [_MARKDOWN], mutate_text),
    Decoder("html", _reader(HTML), lambda: [_HTML], mutate_text),
    Decoder("markup", _markup, lambda: [_MARKDOWN], mutate_text),
    Decoder("rst", _reader(RST), lambda: _RST, mutate_text),
    Decoder("notebook", _reader(NOTEBOOK), lambda: [_NOTEBOOK], mutate_json),
    Decoder("plain-text", _reader(PLAIN_TEXT), lambda: [_MARKDOWN], mutate_text),
)


def _sized(file: bytes) -> bytes:
    return file[-4:] + file
