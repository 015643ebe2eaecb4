"""The protocol of a kind of source: the keys of its `[[source]]`, and a function that opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Protocol

from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.documents import DocumentReader


@dataclass(frozen=True)
class Key:
    """A key of the settings.

    Attributes:
        expected: The values that it may have, in words.
        read: Returns the value, given that of the file and the file's folder; None: it is not allowed.
        required: Whether a source needs the key.
    """

    expected: str
    read: Callable[[Any, Path], Any]
    required: bool = False


@dataclass(frozen=True)
class OpenedSource:
    """A source that can be read. A source with several strategies opens as several views.

    Attributes:
        source: Yields items; their keys are unique in all views of the source.
        reader: Returns the reader for the items of every view; called once, when the reading begins.
        view: The name of the view; empty: there is only one.
    """

    source: Source
    reader: Callable[[], DocumentReader]
    view: str = ""


class Kind(Protocol):
    """A module of this package with the name of the kind."""

    KEYS: Mapping[str, Key]

    def open_source(self, settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
        """Check the settings as far as that is possible without reading, and return the source.

        Raises:
            UsageError: The settings contradict each other, or there is nothing to read.
        """
        ...


def as_text(value: Any, _: Path) -> str | None:
    """Accept a text that is not empty."""
    return value if isinstance(value, str) and value else None


def as_path(value: Any, folder: Path) -> Path | None:
    """Accept a path, relative to the settings, but no address."""
    return folder / value if isinstance(value, str) and value and "://" not in value else None


def as_bool(value: Any, _: Path) -> bool | None:
    """Accept true or false."""
    return value if isinstance(value, bool) else None


def as_bool_or_texts(value: Any, folder: Path) -> bool | tuple[str, ...] | None:
    """Accept true or false, or a list of texts."""
    return value if isinstance(value, bool) else as_texts(value, folder)


def as_texts(value: Any, _: Path) -> tuple[str, ...] | None:
    """Accept a list of texts."""
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def as_one_of(*values: Any) -> Callable[[Any, Path], Any]:
    """Return a function that accepts one of these values."""
    return lambda value, _: value if type(value) is type(values[0]) and value in values else None


def as_number(
    least: float = 0, most: float = inf, *, real: bool = False, make: Callable[[Any], Any] = lambda number: number
) -> Callable[[Any, Path], Any]:
    """Return a function that accepts a number within these bounds, an integer unless `real`, and passes it to
    `make`."""
    kinds = (int, float) if real else (int,)
    return lambda value, _: make(value) if type(value) in kinds and least <= value <= most else None


def as_http(value: Any, _: Path) -> str | None:
    """Accept an address that begins with https:// or http://."""
    address = isinstance(value, str) and value.partition("://")
    if not address or address[0] not in ("http", "https") or not address[2].strip("/") or " " in value:
        return None
    return str(value)


ADDRESS = "an address that begins with https:// or http://, without blanks"
