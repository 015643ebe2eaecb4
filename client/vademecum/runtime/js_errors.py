"""Errors that cross the border from JavaScript: those that js/errors.mjs names become classes of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyodide.ffi import JsException

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

_ERRORS: Mapping[str, type[VademecumError]] = {
    kind.code: kind
    for kind in (
        BusyError,
        ContentError,
        NetworkError,
        NewerFormatError,
        QuotaError,
        StorageError,
        UsageError,
    )
}


@contextmanager
def js_errors() -> Iterator[None]:
    """Turn an error that js/*.mjs threw on purpose into its class here; others are bugs and pass."""
    try:
        yield
    except JsException as error:
        code, message = str(getattr(error, "code", "")), str(getattr(error, "message", error))
        if code == "server":
            raise ServerError(message, error.status, _number_or_none(error.retryAfter)) from error
        if code not in _ERRORS:
            raise
        raise _ERRORS[code](message) from error


def _number_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
