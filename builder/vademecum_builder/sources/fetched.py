"""Conditional download of a file into a temporary one (ETag, Last-Modified)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

import httpx
import stamina

from vademecum.errors import NetworkError, ServerError
from vademecum.runtime.http import at_least
from vademecum.runtime.loop import run

SECONDS = 30.0
"""How long a host may be silent, or take to begin its answer: headers, and redirections before them."""
TOTAL = 3600.0
"""How long a file may take."""
ATTEMPTS = 3


@dataclass(frozen=True)
class Fetched:
    """A downloaded file.

    Attributes:
        body: A temporary file, at its beginning; the caller closes it.
        validators: Headers for the next request (RFC 9110, 13.1): `If-None-Match`, `If-Modified-Since`.
    """

    body: BinaryIO
    validators: Mapping[str, str]


def is_address(place: object) -> bool:
    """Return whether a value is an address, not a path."""
    return str(place).startswith(("http://", "https://"))


def fetch(url: str, validators: Mapping[str, str]) -> Fetched | None:
    """Return the file at an address; None: it has not changed since it gave these validators.

    Raises:
        NetworkError: No answer, or one that broke off.
        ServerError: An answer without the file.
    """
    try:
        for attempt in stamina.retry_context(on=_may_pass, attempts=ATTEMPTS):
            with attempt:
                return run(_fetch(url, validators))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NetworkError(f"{url}: no answer ({error or type(error).__name__})") from None
    except TimeoutError:
        raise NetworkError(f"{url}: not complete within {TOTAL:g} s") from None
    raise AssertionError  # not reached: stamina raises the last failure


def _may_pass(error: Exception) -> bool:
    busy = isinstance(error, ServerError) and (error.status >= 500 or error.status in (408, 429))
    return busy or isinstance(error, httpx.TransportError)


async def _fetch(url: str, validators: Mapping[str, str]) -> Fetched | None:
    body = tempfile.TemporaryFile()  # noqa: SIM115 - who reads it closes it
    try:
        async with (
            asyncio.timeout(TOTAL),
            httpx.AsyncClient(timeout=SECONDS, follow_redirects=True) as client,
            _answer(client, url, validators) as answer,
        ):
            if answer.status_code == 304 and validators:
                body.close()
                return None
            if answer.status_code != 200:
                raise ServerError(f"{url}: the host answers {answer.status_code}", answer.status_code)
            async for piece in at_least(answer, answer.aiter_bytes(), SECONDS):
                body.write(piece)
        body.seek(0)
        given = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
        return Fetched(body, {ask: answer.headers[by] for ask, by in given.items() if by in answer.headers})
    except BaseException:
        body.close()
        raise


@asynccontextmanager
async def _answer(client: httpx.AsyncClient, url: str, validators: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
    request = client.build_request("GET", url, headers=validators)
    try:
        async with asyncio.timeout(SECONDS):
            answer = await client.send(request, stream=True)
    except TimeoutError:
        raise httpx.ReadTimeout("its headers did not end") from None
    try:
        yield answer
    finally:
        await answer.aclose()
