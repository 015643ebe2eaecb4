"""The kinds by name, and the opened sources of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Final, cast

from vademecum.errors import UsageError
from vademecum_builder.kinds.base import Kind, OpenedSource
from vademecum_builder.request import BuildRequest, SourceSettings, SourcesRequest
from vademecum_builder.sources.base import MayBeEmpty, Source
from vademecum_builder.sources.several import NamedSources
from vademecum_builder.stages.documents import NamedReaders, PlacedPages

KINDS: Final = tuple("folder files git catalog sql debezium messages feed python joined".split())


def kind_of(name: str) -> Kind:
    """Return the kind of one of the names in `KINDS`."""
    return cast("Kind", import_module(f"vademecum_builder.kinds.{name}"))


def open_sources(request: BuildRequest) -> Mapping[str, Sequence[OpenedSource]]:
    """Return the opened sources of a request by the prefix of their documents' keys; a single folder has no prefix.

    Raises:
        UsageError: There is nothing to read in one of them.
    """
    return {settings.prefix: open_one(settings, request) for settings in sources_of(request)}


class OpenedLater(dict[str, Sequence[OpenedSource]]):
    """The sources of a request, each opened on demand, so that a broken one does not hinder the others."""

    def __init__(self, request: BuildRequest) -> None:
        super().__init__()
        self._request = request

    def __missing__(self, prefix: str) -> Sequence[OpenedSource]:
        """Open one; raise UsageError if there is nothing to read in it."""
        [settings] = (one for one in sources_of(self._request) if one.prefix == prefix)
        return self.setdefault(prefix, open_one(settings, self._request))


def open_one(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return the views of one source; raise UsageError if there is nothing to read in it."""
    try:
        opened = kind_of(settings.kind).open_source(settings, request)
    except UsageError as error:
        if not settings.where or error.message.startswith(settings.where.partition(",")[0]):
            raise
        raise type(error)(f"{settings.where}: source: {error.message}") from error
    if not (request.allow_shrink or request.allow_empty):
        return opened
    return [replace(one, source=MayBeEmpty(one.source)) for one in opened]


def sources_of(request: SourcesRequest) -> Sequence[SourceSettings]:
    """Return the sources of a request; a single folder has no name."""
    if request.sources:
        return request.sources
    values = {
        "path": request.source,
        "pattern": request.patterns,
        "example-keys": request.example_keys,
        "base-url": request.base_url,
        "profile": request.profile,
    }
    return [SourceSettings("", "folder", values)]


def joined(opened: Mapping[str, Sequence[OpenedSource]]) -> tuple[Source, PlacedPages | NamedReaders]:
    """Return all of them as one source, with its reader."""
    if "" in opened:
        [one] = opened[""]
        return one.source, cast("PlacedPages", one.reader())
    readers = {prefix: views[0].reader() for prefix, views in opened.items()}
    sources = {prefix: [view.source for view in views] for prefix, views in opened.items()}
    return NamedSources(sources), NamedReaders(readers)
