"""The browser's ports: the store in IndexedDB, published trees over `fetch`, and the errors that cross the border.

js/store/store.mjs has the transactions, js/net/transport.mjs asks; errors that js/errors.mjs names become ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate
from typing import Any, Protocol

from pyodide.ffi import JsException, to_js

from vademecum.errors import (
    BusyError,
    ContentError,
    NetworkError,
    NewerFormatError,
    QuotaError,
    ServerError,
    StorageError,
    UsageError,
    VademecumError,
)
from vademecum.ports import Body, Progress, Span
from vademecum.transport.paths import check_path
from vademecum.transport.waiting import http_date

_ERRORS: Mapping[str, type[VademecumError]] = {
    kind.code: kind
    for kind in (BusyError, ContentError, NetworkError, NewerFormatError, QuotaError, StorageError, UsageError)
}


async def _js(promise: Awaitable[Any]) -> Any:
    """Return what js/*.mjs answers. What it threw on purpose becomes an error of ours; others are bugs and pass."""
    try:
        return await promise
    except JsException as error:
        code, message = str(getattr(error, "code", "")), str(getattr(error, "message", error))
        if code == "server":
            wait = error.retryAfter
            raise ServerError(message, error.status, float(wait) if isinstance(wait, int | float) else None) from error
        if code not in _ERRORS:
            raise
        raise _ERRORS[code](message) from error


class Tree(Protocol):
    """One address of the published tree."""

    url: str

    def fetch(self, path: str, limit: int, progress: Progress | None) -> Awaitable[Any]:
        """Return `fetchBody` of js/net/transport.mjs for a path in the tree."""


class BrowserTransport:
    """A `Transport` over `fetch`, always past the browser's own cache: see js/net/transport.mjs."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    async def fetch(
        self,
        path: str,
        *,
        limit: int,
        fresh: bool = False,  # noqa: ARG002 - every request is
        progress: Progress | None = None,
    ) -> Body:
        body = await _js(self._tree.fetch(check_path(path), limit, progress))
        return Body(body.data.to_bytes(), body.transferred, http_date(body.date or None))

    async def close(self) -> None:
        pass


class BrowserStore:
    """A `Store` over IndexedDB; its lock is a Web Lock, which ends with its page or worker.

    Args:
        store: An `IndexedStore` of js/store/store.mjs.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    async def read(self, name: str) -> bytes | None:
        return _bytes_or_none(await _js(self._store.read(name)))

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        await _js(self._store.write(to_js([[name, value] for name, value in records.items()])))

    async def objects(self) -> Mapping[str, int]:
        return dict((await _js(self._store.objects())).to_py())

    async def get(self, digest: str) -> bytes | None:
        return _bytes_or_none(await _js(self._store.get(digest)))

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        joined = _bytes_or_none(await _js(self._store.parts(digest, to_js([list(span) for span in spans]))))
        if joined is None:
            return None
        ends = list(accumulate(length for _, length in spans))
        return [joined[end - length : end] for end, (_, length) in zip(ends, spans, strict=True)]

    async def put(self, digest: str, data: bytes) -> None:
        await _js(self._store.put(digest, to_js(data)))

    async def discard(self, digests: Iterable[str]) -> None:
        await _js(self._store.discard(to_js(list(digests))))

    async def words(self, digest: str) -> bytes | None:
        return _bytes_or_none(await _js(self._store.words(digest)))

    async def keep_words(self, digest: str, words: bytes) -> None:
        await _js(self._store.keepWords(digest, to_js(words)))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        let_go = await _js(self._store.lock())
        if let_go is None:
            raise BusyError("another page or tab is updating this knowledge base; it will be done soon")
        try:
            yield
        finally:
            await let_go()

    async def close(self) -> None:
        await _js(self._store.close())


def _bytes_or_none(value: Any) -> bytes | None:
    return None if value is None else bytes(value.to_bytes())
