"""`kind = "files"`: PDF, Word, PowerPoint, Excel, OpenDocument and EPUB files of a folder, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.kinds import folder
from vademecum_builder.kinds.base import Key, OpenedSource
from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import BINARY_TYPES
from vademecum_builder.sources.folder import FolderSource

KEYS: Final[Mapping[str, Key]] = {name: folder.KEYS[name] for name in ("path", "base-url", "pattern")}
_LIBRARIES: Final = ("pypdfium2", "mammoth", "pptx", "openpyxl")


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:
    """Return the files; raise UsageError if what reads them is not installed, or there is none."""
    values = settings.values
    if not all(map(find_spec, _LIBRARIES)):
        raise UsageError(f"{settings.where}: files of office programs need {pip_install('files')}")
    endings = [f"*{one}" for ending in BINARY_TYPES for one in (ending, ending.upper())]
    source = FolderSource(values["path"], values.get("pattern", ()), leave_out=(request.out,), defaults=endings)
    next(item for item in source.scan() if isinstance(item, SourceItem))
    return [OpenedSource(source, lambda: PlainPages(source.root, values.get("base-url", ""), named=True))]
