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
        expected: What it may be, in words.
        read: Returns its value, given what the file says and the file's folder; None for what it may not be.
        required: Whether a source needs it.
    """

    expected: str
    read: Callable[[Any, Path], Any]
    required: bool = False


@dataclass(frozen=True)
class Opened:
    """A source that can be read. A source of several strategies opens as several views.

    Attributes:
        source: Yields items; their keys are unique in all views of the source.
        reader: Returns what makes documents of the items of every view; called once, when the reading begins.
        view: Which view of the source it is; empty: there is one.
    """

    source: Source
    reader: Callable[[], DocumentReader]
    view: str = ""


class Kind(Protocol):
    """A module of this package, by the name of the kind."""

    KEYS: Mapping[str, Key]

    def open_source(self, settings: SourceSettings, request: BuildRequest) -> Sequence[Opened]:
        """Return the source, after what can be said at once.

        Raises:
            UsageError: The settings do not go together, or there is nothing to read.
        """
        ...


def is_text(value: Any, _: Path) -> str | None:
    """Take a text that is not empty."""
    return value if isinstance(value, str) and value else None


def is_path(value: Any, folder: Path) -> Path | None:
    """Take a path, relative to the settings; an address is none."""
    return folder / value if isinstance(value, str) and value and "://" not in value else None


def is_truth(value: Any, _: Path) -> bool | None:
    """Take true or false."""
    return value if isinstance(value, bool) else None


def is_truth_or_texts(value: Any, folder: Path) -> bool | tuple[str, ...] | None:
    """Take true or false, or a list of texts."""
    return value if isinstance(value, bool) else is_texts(value, folder)


def is_texts(value: Any, _: Path) -> tuple[str, ...] | None:
    """Take a list of texts."""
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def is_one_of(*values: Any) -> Callable[[Any, Path], Any]:
    """Return what takes one of these."""
    return lambda value, _: value if type(value) is type(values[0]) and value in values else None


def is_number(
    least: float = 0, most: float = inf, *, real: bool = False, make: Callable[[Any], Any] = lambda number: number
) -> Callable[[Any, Path], Any]:
    """Return what takes a number within these bounds, whole unless it may be `real`, and what it makes of it."""
    kinds = (int, float) if real else (int,)
    return lambda value, _: make(value) if type(value) in kinds and least <= value <= most else None


def is_http(value: Any, _: Path) -> str | None:
    """Take an address that begins with https:// or http://."""
    address = isinstance(value, str) and value.partition("://")
    if not address or address[0] not in ("http", "https") or not address[2].strip("/") or " " in value:
        return None
    return str(value)


ADDRESS = "an address that begins with https:// or http://, without blanks"
