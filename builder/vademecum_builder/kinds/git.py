"""`kind = "git"`: a ref of a repository, read as a folder; each document says when it was last committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum_builder.kinds import folder
from vademecum_builder.kinds.base import Key, OpenedSource, as_text
from vademecum_builder.readers.document import Document
from vademecum_builder.request import BuildRequest, SourceSettings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.git import Clone, GitSource
from vademecum_builder.stages.documents import ReaderOver, choose_reader


def _as_repository(value: Any, within: Path) -> str | None:
    if not isinstance(value, str) or not value or value.startswith("-"):
        return None
    return str((within / value).resolve()) if (within / value).exists() else value


def _as_folder(value: Any, _: Path) -> str | None:
    inside = isinstance(value, str) and ".." not in Path(value).parts and not value.startswith("/")
    return value.strip("/") if inside else None


KEYS: Final[Mapping[str, Key]] = {
    "url": Key("an address or the path of a repository", _as_repository, required=True),
    "ref": Key("a branch, a tag or a commit", as_text),
    "folder": Key("a folder within the repository", _as_folder),
    **{name: folder.KEYS[name] for name in ("base-url", "pattern", "example-keys", "profile", "drafts")},
}


def open_source(settings: SourceSettings, request: BuildRequest) -> Sequence[OpenedSource]:  # noqa: ARG001
    """Return the files at the ref, after they were fetched.

    Raises:
        UsageError: No such repository, ref or folder, or no document there.
        NetworkError: It does not answer.
    """
    values = settings.values
    repository = Clone(values["url"], values.get("ref", "HEAD"), where=settings.where)
    below = values.get("folder", "")
    assert repository.commit
    root = repository.files / below
    if not root.is_dir():
        raise UsageError(f"{settings.where}: source.folder: {repository.name} has no folder {below}")
    files = FolderSource(root, values.get("pattern", ()), example_keys=values.get("example-keys", ()))
    source = GitSource(repository, below, files)
    chosen = (values.get("profile", ""), values.get("base-url", ""))
    return [OpenedSource(source, lambda: DatedReader(choose_reader(files, *chosen), repository.dates(below)))]


@dataclass(frozen=True)
class DatedReader(ReaderOver):
    """A reader whose documents say when their file was last committed."""

    dates: Mapping[str, str]

    def shaped_by(self, item: SourceItem) -> str:
        """Return what shapes the reader's document, and the date."""
        return f"{self.inner.shaped_by(item)} {self.dates.get(item.key, '')}"

    def read(self, item: SourceItem) -> Document | str:
        """Return the reader's document, with the date; raise ContentError if it cannot be read."""
        document = self.inner.read(item)
        if isinstance(document, str) or item.key not in self.dates:
            return document
        return replace(document, metadata={"updated": self.dates[item.key]} | dict(document.metadata))
