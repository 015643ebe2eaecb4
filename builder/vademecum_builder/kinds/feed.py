"""`kind = "feed"`: the entries of an RSS or Atom feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.kinds.base import Key, OpenedSource, as_bool
from vademecum_builder.kinds.catalog import as_place
from vademecum_builder.kinds.formats import AUTO
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.kinds.templates import Template
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.feed import FeedSource
from vademecum_builder.sources.fetched import is_address

KEYS: Final[Mapping[str, Key]] = {
    "path": Key("a file, or an address", as_place, required=True),
    "keep": Key("true or false", as_bool),
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:  # noqa: ARG001
    """Return the feed; raise UsageError if there is no such file, or what reads it is not installed."""
    source = FeedSource(settings.values["path"], settings.values.get("keep", True))
    if not find_spec("feedparser"):
        raise UsageError(f"{settings.where}: a feed needs {pip_install('feed')}")
    if not is_address(source.place) and not Path(source.place).is_file():
        raise UsageError(f"{source.place}: no such file")
    reader = RecordReader(
        settings.where,
        title=Template.of("title"),
        text=(Template.of("text"),),
        link=Template.of("link"),
        metadata=("author", "tags"),
        updated="updated",
        format=AUTO,
    )
    return [OpenedSource(source, lambda: reader)]
