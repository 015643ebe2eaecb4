"""Published trees over the browser's `fetch`: js/net/transport.mjs asks, this is the port over it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from vademecum.ports import Body, Progress
from vademecum.runtime.js_errors import js_errors
from vademecum.transport.http_date import http_date
from vademecum.transport.paths import check_path


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
        with js_errors():
            body = await self._tree.fetch(check_path(path), limit, progress)
        return Body(body.data.to_bytes(), body.transferred, http_date(body.date or None))

    async def close(self) -> None:
        pass
