"""`kind = "folder"`: a folder of rendered pages, or of files that documents are written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from vademecum.errors import UsageError
from vademecum_builder.kinds.base import ADDRESS, Key, OpenedSource, as_bool, as_http, as_path, as_text, as_texts
from vademecum_builder.publish.guard import check_target
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.signing.defaults import DEFAULT_KEYS
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.left_out import is_published
from vademecum_builder.stages.documents import choose_reader

KEYS: Final[Mapping[str, Key]] = {
    "path": Key("a folder", as_path, required=True),
    "base-url": Key(ADDRESS, as_http),
    "pattern": Key("a list of texts", as_texts),
    "example-keys": Key("a list of texts", as_texts),
    "profile": Key("the name of a generator", as_text),
    "drafts": Key("true or false", as_bool),
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return the folder.

    Raises:
        UsageError: There is nothing to read in it, or a published tree; the tree would be written into it.
    """
    values = settings.values
    root: Path = values["path"]
    source = FolderSource(
        root,
        values.get("pattern", ()),
        leave_out=(request.out, DEFAULT_KEYS.parent),
        may_be_empty=request.allow_empty,
        example_keys=values.get("example-keys", ()),
    )
    check_target(request.out, root)
    if is_published(root):
        raise UsageError(
            f"{root} is a knowledge base that `vade build` has published; name the folder of its documents"
        )
    next((item for item in source.scan() if isinstance(item, SourceItem)), None)
    profile, base_url = values.get("profile", ""), values.get("base-url", "")
    return [OpenedSource(source, lambda: choose_reader(source, profile, base_url))]
