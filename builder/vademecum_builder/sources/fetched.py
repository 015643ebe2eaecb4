"""Conditional download of a file into a temporary one (ETag, Last-Modified)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import httpx
import stamina

from vademecum.errors import NetworkError, ServerError

SECONDS = 30.0
"""How long a host may be silent."""
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
                return _fetch(url, validators)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NetworkError(f"{url}: no answer ({error or type(error).__name__})") from None
    raise AssertionError  # not reached: stamina raises the last failure


def _may_pass(error: Exception) -> bool:
    busy = isinstance(error, ServerError) and (error.status >= 500 or error.status in (408, 429))
    return busy or isinstance(error, httpx.TransportError)


def _fetch(url: str, validators: Mapping[str, str]) -> Fetched | None:
    body = tempfile.TemporaryFile()  # noqa: SIM115 - who reads it closes it
    try:
        with httpx.stream("GET", url, headers=validators, timeout=SECONDS, follow_redirects=True) as answer:
            if answer.status_code == 304 and validators:
                body.close()
                return None
            if answer.status_code != 200:
                raise ServerError(f"{url}: the host answers {answer.status_code}", answer.status_code)
            for chunk in answer.iter_bytes():
                body.write(chunk)
        body.seek(0)
        given = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
        return Fetched(body, {ask: answer.headers[by] for ask, by in given.items() if by in answer.headers})
    except BaseException:
        body.close()
        raise
