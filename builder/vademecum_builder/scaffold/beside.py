"""Records beside a repository's documents: tables, calendars, folders with a record in each file. They are not read
with a folder of documents, so `vade init` says where they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from vademecum_builder.discovery.people import is_called_people
from vademecum_builder.scaffold.candidates import NOBODYS
from vademecum_builder.sources.catalog import ENDINGS, SELDOM
from vademecum_builder.sources.left_out import file_kind, folder_kind
from vademecum_builder.sources.unzipped import ending_of

_EITHER = (".json", ".geojson", ".xml", ".yaml", ".yml", ".toml")
"""Formats of settings, too: a single such file is not a record, many in one folder are."""
_ALONE = {*ENDINGS, *SELDOM} - {*_EITHER}
_MANY = 10
"""With so many such files, a folder has a record in each, or tables of one kind."""
_PROGRAMS = re.compile(
    r"locales?|_locales|i18n|l10n|lang(?:uage)?s?|translations?|config|settings|schemas?|static|assets|public|src|lib|"
    r"scripts?|bench(?:mark)?s?|icons|images?|snapshots|mocks?|charts?|manifests?|deploy(?:ment)?s?|k8s",
    re.IGNORECASE,
)
"""Folders with data of programs."""


def records_beside(files: Sequence[str]) -> list[tuple[str, int]]:
    """Return files and folders with records, each folder with its number of files, largest first.

    Names that suggest personal data are left out, so that nobody is invited to publish them.

    Args:
        files: All files of the repository, relative and `/`-separated.
    """
    found: Counter[str] = Counter()
    for ending in (*ENDINGS, *SELDOM):
        names = [name for name in files if ending_of(name) == ending and _is_own(name)]
        for folder, inside in _folders(names):
            # A name that many folders have is a program's: `package.json`, `meta.json`.
            told_apart = 2 * len({name.rpartition("/")[2] for name in inside}) > len(inside)
            if len(inside) >= _MANY and (ending in _ALONE or (folder and told_apart)):
                found[folder or "."] += len(inside)
            elif ending in _ALONE:
                found |= Counter(name for name in inside if not is_called_people(PurePosixPath(name).stem))
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def _is_own(name: str) -> bool:
    path = PurePosixPath(name)
    folders = path.parts[:-1]
    return not (
        file_kind(path.name)
        or any(map(is_called_people, folders))
        or any(one.lower() in NOBODYS or _PROGRAMS.fullmatch(one) or folder_kind(Path(one)) for one in folders)
    )


def _folders(names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders with many of these files, and the remaining ones with the top."""
    left = list(names)
    depth = max((name.count("/") for name in left), default=0)
    while depth:  # innermost first: single records in many folders belong to the folder above
        inside: dict[str, list[str]] = {}
        for name in left:
            if name.count("/") >= depth:
                inside.setdefault("/".join(name.split("/")[:depth]), []).append(name)
        many = {folder: names for folder, names in inside.items() if len(names) >= _MANY}
        yield from many.items()
        given = {name for names in many.values() for name in names}
        left = [name for name in left if name not in given]
        depth -= 1
    yield "", left
