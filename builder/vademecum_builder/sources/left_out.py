"""Files that are not documents, by name: hidden files, packages, page templates, files for programs, and
what `vade build` has published."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

_PACKAGES = re.compile(r"node_modules|bower_components|venv|(?:site|dist)-packages|__pycache__|_site|_build")
_PARTS = re.compile(r"_?partials|_partial|_includes?|_layouts|_templates?|_drafts|.*(?:\{\{|\{%|<%).*")
_FOR_PROGRAMS = re.compile(
    # Proof of ownership for search engines.
    r"(?:google[0-9a-f]{16}|yandex_[0-9a-f]{16}|baidu_verify_[\w-]+|naver[0-9a-f]{32})\.html|"
    r"(?-i:AGENTS|CLAUDE|GEMINI)\.md|"  # `agents.md` may be a page
    r"(?:robots|humans|ads|app-ads|security|llms(?:-full)?|cmakelists|(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?)\.txt",
    re.IGNORECASE,
)
_PUBLISHED = "metadata/timestamp.json"
_RELEASES = "releases/"
"""Other repositories of The Update Framework have `metadata/` too, with documents beside it."""
TEMPLATES = "page templates (_partials, _templates)"
GIT_IGNORED = "files that .gitignore names"
MOST_COUNTED = 10_000
"""At most this many files of a folder are looked at to count its documents."""


def folder_kind(path: Path) -> str:
    """Return why a folder is left out, in words for a table; empty: it is not."""
    name = path.name
    if name.startswith("."):
        return "files in hidden folders"
    if _PACKAGES.fullmatch(name) or _is_file(path / "pyvenv.cfg"):
        return "files of packages and builds (node_modules, venv)"
    if _PARTS.fullmatch(name):
        return TEMPLATES
    return "files of published knowledge bases" if is_published(path) else ""


def _is_file(path: Path) -> bool:
    """Return whether there is such a file; in a folder that may not be looked into there is none."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def is_published(folder: Path) -> bool:
    """Return whether a folder is a tree that `vade build` wrote: its pages show documents, but are not documents."""
    return _is_file(folder / _PUBLISHED) and (folder / _RELEASES).is_dir()


def outside_of_published(files: Sequence[str]) -> list[str]:
    """Return the paths (`/`-separated) that are in no published tree."""
    signed = [name.removesuffix(_PUBLISHED) for name in files if f"/{name}".endswith(f"/{_PUBLISHED}")]
    trees = tuple(tree for tree in signed if any(name.startswith(tree + _RELEASES) for name in files))
    return [name for name in files if not name.startswith(trees)] if trees else list(files)


def files_outside_of_published(folder: Path, files: Sequence[Path]) -> list[Path]:
    """Return the files of a folder that are in no published tree."""
    return [folder / name for name in outside_of_published([file.relative_to(folder).as_posix() for file in files])]


def file_kind(name: str) -> str:
    """Return why a file is left out, in words for a table; empty: it is not."""
    if name.startswith((".", "~$")):  # `~$`: Word's and Excel's mark for a file that is open
        return "hidden files"
    return "files for programs (robots.txt, requirements.txt)" if _FOR_PROGRAMS.fullmatch(name) else ""


def documents_below(folder: Path, is_document: Callable[[str], bool]) -> int:
    """Return how many documents a folder would have had; git's own folder has none."""
    if folder.name == ".git":
        return 0
    seen = found = 0
    for _, _, names in os.walk(folder):
        seen += len(names)
        found += sum(map(is_document, names))
        if seen > MOST_COUNTED:
            break
    return found
