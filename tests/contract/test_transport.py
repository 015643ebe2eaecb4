"""What every `Transport` must do: in memory, over a folder, and over HTTP."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from support.in_hand import MemoryTransport
from support.pages_host import PagesHost
from vademecum.errors import ContentError, ServerError, UsageError
from vademecum.ports import Transport
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.http import HttpTransport

NOISE = os.urandom(300_000)
FILES = {
    "version.json": b'{"version": "' + b"7" * 5000 + b'"}',
    "empty.bin": b"",
    "metadata/timestamp.json": b"{}",
    "objects/ab.gz": gzip.compress(NOISE, mtime=0),
    "docs/c# 100% ü: a?.html": b"<p>An awkward name.</p>",
}

Open = Callable[[], Transport]


@pytest.fixture(params=["memory", "folder", "http"])
def open_transport(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    tree = tmp_path / "tree"
    for path, data in FILES.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (tmp_path / "outside.json").write_bytes(b"{}")
    if request.param == "memory":
        yield lambda: MemoryTransport(FILES)
    elif request.param == "folder":
        yield lambda: FolderTransport(tree)
    else:
        with PagesHost(tree, prefix="/kb/") as server:
            yield lambda: HttpTransport(server.url)


def drive(open_transport: Open, check: Callable[[Transport], Awaitable[None]]) -> None:
    async def checked() -> None:
        transport = open_transport()
        try:
            await check(transport)
        finally:
            await transport.close()

    asyncio.run(checked())


def test_fetches_every_file_as_it_is(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        for path, data in FILES.items():
            body = await transport.fetch(path, limit=len(data))
            assert body.data == data
            assert type(body.data) is bytes
            assert body.transferred <= len(data) + 32
            assert (await transport.fetch(path, limit=len(data), fresh=True)).data == data

    drive(open_transport, check)


def test_refuses_one_byte_more_than_the_limit(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        for path, data in FILES.items():
            if data:
                with pytest.raises(ContentError, match=f"{len(data) - 1} bytes"):
                    await transport.fetch(path, limit=len(data) - 1)

    drive(open_transport, check)


def test_a_missing_file_is_404(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        for path in ("nothing.json", "metadata", "version.json/x"):  # the second is a folder
            with pytest.raises(ServerError, match=path) as caught:
                await transport.fetch(path, limit=100)
            assert caught.value.status == 404

    drive(open_transport, check)


@pytest.mark.parametrize(
    "path", ["", "/version.json", "../outside.json", "docs/../version.json", "a//b", "./version.json", "a\\b", "a\0"]
)
def test_a_path_stays_inside_the_tree(open_transport: Open, path: str) -> None:
    async def check(transport: Transport) -> None:
        with pytest.raises(UsageError, match="not a path inside"):
            await transport.fetch(path, limit=100)

    drive(open_transport, check)


def test_progress_rises_to_what_was_transferred(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        seen: list[int] = []
        body = await transport.fetch("objects/ab.gz", limit=1_000_000, progress=seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == body.transferred == len(FILES["objects/ab.gz"])

    drive(open_transport, check)


def test_many_at_once(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        paths = list(FILES) * 8
        bodies = await asyncio.gather(*(transport.fetch(path, limit=1_000_000) for path in paths))
        assert [body.data for body in bodies] == [FILES[path] for path in paths]

    drive(open_transport, check)


def test_close_twice(open_transport: Open) -> None:
    async def check(transport: Transport) -> None:
        await transport.fetch("version.json", limit=10_000)
        await transport.close()
        await transport.close()

    drive(open_transport, check)
