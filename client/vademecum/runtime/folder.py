"""Published trees in a local folder: a mounted share, a seed that lies in an app, the builder's output."""

from __future__ import annotations

import asyncio
from pathlib import Path

from vademecum.errors import ContentError, NetworkError, ServerError
from vademecum.ports import Body, Progress
from vademecum.runtime.files import real_path
from vademecum.transport.paths import check_path


class FolderTransport:
    """A `Transport` for the tree in a folder. Links are followed only as long as they stay inside it."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = real_path(folder)

    def __str__(self) -> str:
        return str(self._folder)

    async def fetch(
        self,
        path: str,
        *,
        limit: int,
        fresh: bool = False,  # noqa: ARG002 - there is no cache to go past
        progress: Progress | None = None,
    ) -> Body:
        data = await asyncio.to_thread(self._read, check_path(path), limit)
        if progress is not None:
            progress(len(data))
        return Body(data, transferred=len(data))

    async def close(self) -> None:
        pass

    def _read(self, path: str, limit: int) -> bytes:
        if not self._folder.is_dir():
            raise NetworkError(f"{self._folder}: no knowledge base is there: no such folder (moved, or not mounted?)")
        file = self._folder / path
        try:
            if not (real_path(file).is_relative_to(self._folder) and file.is_file()):
                raise ServerError(f"{file}: there is no such file (damaged, or not a published tree?)", status=404)
            with file.open("rb") as stream:
                data = stream.read(limit + 1)
        except OSError as error:
            raise NetworkError(f"{file}: {error.strerror or error}") from error
        if len(data) > limit:
            raise ContentError(f"{file}: more than the {limit} bytes allowed")
        return data
