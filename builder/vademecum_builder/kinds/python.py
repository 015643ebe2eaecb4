"""`kind = "python"`: what a function yields; of a module beside the settings, or of a package that brings a source."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum_builder.kinds import records
from vademecum_builder.kinds.base import Key, OpenedSource
from vademecum_builder.kinds.formats import AUTO
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import RECORD, SourceItem
from vademecum_builder.sources.catalog import ID_NAMES, CatalogSource
from vademecum_builder.sources.function import FunctionSource
from vademecum_builder.stages.documents import ReaderOver

GROUP: Final = "vademecum.sources"
"""The entry points of packages that bring sources."""


def _as_call(value: Any, folder: Path) -> tuple[str, Path] | None:
    return (value, folder) if isinstance(value, str) and value.strip(":") else None


def _as_table(value: Any, _: Path) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


KEYS: Final[Mapping[str, Key]] = {
    "call": Key("module:function, or the name of an entry point", _as_call, required=True),
    "arguments": Key("a table of arguments, as in {shop = 7}", _as_table),
    "drafts": records.DRAFTS,
    **records.KEYS,
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return what the function yields; raise UsageError if there is no such function."""
    values = settings.values
    name, folder = values["call"]
    call = partial(_function(name, folder, settings.where), **values.get("arguments", {}))
    id = values.get("id", "")
    reader = RecordReader.of(settings, *([] if id else ID_NAMES), form=AUTO)
    is_private = records.keeping_back(values, request)
    listed = CatalogSource(name, id=id, needs=reader.named, where=settings.where, is_private=is_private)
    return [OpenedSource(FunctionSource(call, listed), lambda: YieldedReader(reader))]


def _function(name: str, folder: Path, where: str) -> Callable[..., Any]:
    module, colon, function = name.partition(":")
    sys.path.insert(0, str(folder.resolve()))
    try:
        if colon:
            found = getattr(import_module(module), function)
        else:
            [point] = entry_points(group=GROUP, name=name)
            found = point.load()
    except (ImportError, AttributeError, ValueError) as error:
        known = ", ".join(sorted(point.name for point in entry_points(group=GROUP))) or "none"
        said = error if colon else f"there is no such entry point; there is {known}"
        raise UsageError(f"{where}: source.call: {name}: {said}") from None
    finally:
        sys.path.remove(str(folder.resolve()))
    if not callable(found):
        raise UsageError(f"{where}: source.call: {name} is not a function")
    return found  # type: ignore[no-any-return]  # it can be called


@dataclass(frozen=True)
class YieldedReader(ReaderOver):
    """Makes documents of records, and of items by their media type."""

    def shaped_by(self, item: SourceItem) -> str:
        """Return what shapes a record; of another item nothing does."""
        return self.inner.shaped_by(item) if item.media_type == RECORD else ""

    def read(self, item: SourceItem) -> Document | str:
        """Return the document that an item is; raise ContentError if it cannot be read."""
        return self.inner.read(item) if item.media_type == RECORD else parse_document(item)
