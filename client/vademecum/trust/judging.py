"""Errors of python-tuf, and of our strict parser before it, as our own.

>>> with judging("root.json", b"[]"):
...     pass
Traceback (most recent call last):
vademecum.errors.ContentError: root.json: expected an object
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tuf.api import exceptions

from vademecum.errors import ContentError, ExpiredError, RollbackError, SignatureError, VademecumError
from vademecum.format.json import parse_object
from vademecum.trust.channel import CUSTOM


def count(value: object, what: str, least: int = 1) -> int:
    """Return a number for a path or a limit; raise ContentError if it is none: python-tuf takes `true` as well."""
    if type(value) is not int or value < least:
        raise ContentError(f"{what} is {str(value)[:40]}, expected an integer from {least}")
    return value


def limit(length: object, most: int, what: str) -> int:
    """Return how many bytes to take; whoever holds a release key may sign any length."""
    return most if length is None else min(count(length, what), most)


def _unsigned(message: str, signed: Mapping[str, Any]) -> SignatureError:
    if signed.get(CUSTOM) == {"preview": True}:  # anybody may write so, whence the second half
        advice = (
            "it says that it is a preview, which has keys of its own. One that you built yourself opens without "
            "`trust`, in a new store; with any other do not go on"
        )
    else:
        advice = "do not go on, ask the publisher (or is it another root.json?)"
    return SignatureError(f"{message}, as the trusted root.json asks: {advice}")


_ERRORS: tuple[tuple[type[Exception], Callable[[str], VademecumError]], ...] = (
    (exceptions.BadVersionNumberError, RollbackError),
    (exceptions.RepositoryError, ContentError),
)


@contextmanager
def judging(name: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """Turn python-tuf's answers into ours, after our strict parser has seen the bytes; yield what it saw."""
    value: dict[str, Any] = parse_object(data, name)
    if not isinstance(value.get("signed"), dict):
        raise ContentError(f"{name}: not TUF metadata")
    try:
        yield value
    except exceptions.UnsignedMetadataError as error:
        raise _unsigned(f"{name}: {error}", value["signed"]) from error
    except exceptions.ExpiredMetadataError as error:
        # It names the file: where a timestamp is judged, what has expired may be the root.
        raise ExpiredError(str(error).removeprefix("Final ")) from error
    except exceptions.RepositoryError as error:
        make = next(make for kind, make in _ERRORS if isinstance(error, kind))
        raise make(f"{name}: {error}") from error
