"""A folder on this machine, which a web server serves, or a mounted share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from vademecum.errors import StorageError, UsageError
from vademecum.runtime.files import real_path
from vademecum_builder.hosting.base import Done, StoredFile, Upload
from vademecum_builder.publish.guard import locked
from vademecum_builder.publish.tree import write_tree


@contextmanager
def local_folder(folder: Path, tree: Path, *, dry_run: bool) -> Iterator[FolderHost]:
    """Lock a folder: of two publishers, one has to try again.

    Raises:
        UsageError: It is a file, or the tree itself. BusyError: Another publisher has locked it.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if real_path(folder).is_relative_to(real_path(tree)):
        raise UsageError(f"{folder} is the built tree itself, or lies in it; name another folder")
    with nullcontext() if dry_run else locked(folder):
        yield FolderHost(folder)


@dataclass(frozen=True)
class FolderHost:
    """A `Host`. Files are written under another name, synced and renamed."""

    folder: Path

    def list(self) -> Mapping[str, StoredFile]:
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path.relative_to(self.folder).as_posix(): StoredFile(path.stat().st_size) for path in found}

    def holds(self, upload: Upload, stored: StoredFile) -> bool:  # noqa: ARG002 - reading it is as fast as asking
        return self.read(upload.path) == upload.read()

    def read(self, path: str) -> bytes | None:
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self.folder / path}: cannot be read: {error.strerror}") from error

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        for upload in uploads:
            write_tree(self.folder, {upload.path: upload.content})
            done(upload.path)

    def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            try:
                (self.folder / path).unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"{self.folder / path}: cannot be deleted: {error.strerror}") from error

    def commit(self, message: str) -> None:
        """Do nothing: each file became visible when it was renamed."""
