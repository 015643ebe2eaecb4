"""The store in IndexedDB: js/store/store.mjs has the transactions, this is the port over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate
from typing import Any

from pyodide.ffi import to_js

from vademecum.errors import BusyError, UsageError
from vademecum.ports import Span
from vademecum.runtime.js_errors import js_errors


class BrowserStore:
    """A `Store` over IndexedDB; its lock is a Web Lock, which ends with its page or worker.

    Args:
        store: An `IndexedStore` of js/store/store.mjs.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    async def read(self, name: str) -> bytes | None:
        with js_errors():
            return _bytes_or_none(await self._store.read(name))

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        for name, value in records.items():
            if value is not None and not isinstance(value, bytes):
                raise UsageError(f"record {name!r}: expected bytes or None, got {type(value).__name__}")
        with js_errors():
            await self._store.write(to_js([[name, value] for name, value in records.items()]))

    async def objects(self) -> Mapping[str, int]:
        with js_errors():
            return dict((await self._store.objects()).to_py())

    async def get(self, digest: str) -> bytes | None:
        with js_errors():
            return _bytes_or_none(await self._store.get(digest))

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        with js_errors():
            joined = _bytes_or_none(await self._store.parts(digest, to_js([list(span) for span in spans])))
        if joined is None:
            return None
        ends = list(accumulate(length for _, length in spans))
        return [joined[end - length : end] for end, (_, length) in zip(ends, spans, strict=True)]

    async def put(self, digest: str, data: bytes) -> None:
        with js_errors():
            await self._store.put(digest, to_js(data))

    async def discard(self, digests: Iterable[str]) -> None:
        with js_errors():
            await self._store.discard(to_js(list(digests)))

    async def words(self, digest: str) -> bytes | None:
        with js_errors():
            return _bytes_or_none(await self._store.words(digest))

    async def keep_words(self, digest: str, words: bytes) -> None:
        with js_errors():
            await self._store.keepWords(digest, to_js(words))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        with js_errors():
            let_go = await self._store.lock()
        if let_go is None:
            raise BusyError("another page or tab is updating this knowledge base; it will be done soon")
        try:
            yield
        finally:
            await let_go()

    async def close(self) -> None:
        with js_errors():
            await self._store.close()


def _bytes_or_none(value: Any) -> bytes | None:
    return None if value is None else bytes(value.to_bytes())
