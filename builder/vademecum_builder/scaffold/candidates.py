"""Finds a repository's documents: sources of a generator, rendered pages, or a folder of files."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vademecum_builder.profiles.base import NotServed
from vademecum_builder.profiles.registry import PROFILES, ProfileMatch, find_profile
from vademecum_builder.sites.detect import HTML_SUFFIXES, LOOKED_AT, detect, pages_of
from vademecum_builder.sources.endings import BINARY_TYPES, MEDIA_TYPES
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.left_out import file_kind, folder_kind, outside_of_published

_NAMED = """
    docs doc documentation content contents handbook manual wiki knowledge knowledge-base kb guide guides
    articles notes pages
""".split()
"""Usual names of folders of documents at the top."""
NOBODYS = frozenset(
    """
    test tests testdata fixtures e2e playground example examples vendor third_party themes templates layouts
    """.split()
)
"""Folders whose sites are not the repository's own documentation."""
_TEMPLATES = frozenset({"themes", "templates", "layouts"})
_ABOUT = frozenset(
    """
    readme changelog changes history license licence contributing code_of_conduct security authors notice
    support governance maintainers codeowners
    """.split()
)
"""Names of files about a repository rather than its subject."""
_RENDERED = frozenset("docs doc public site _site www html out output build dist book gh-pages .".split())
"""Usual names of folders that generators write to: a small site elsewhere is an example in the sources."""
_DEEP = 3
"""Levels of folders in which a configuration or an index is searched."""
_HEADS = 20
_SEVERAL = 3
"""A folder besides the chosen one is only mentioned if it has so many documents."""


@dataclass(frozen=True)
class CandidateFolder:
    """A folder that may have the documents to publish.

    Attributes:
        path: Relative to the repository's top; `.` is the top.
        what: What it is: `sources of MkDocs`, `a rendered site (...)`, or empty.
        documents: The number of readable files in it.
        served, title: The address and title in its configuration; may be empty.
    """

    path: str
    what: str
    documents: int = 0
    served: str = ""
    title: str = ""

    def __str__(self) -> str:
        count = f"{self.documents} document{'s' if self.documents > 1 else ''}" if self.documents else ""
        return f"{self.path} ({', '.join(filter(None, (self.what, count)))})"


def find_candidates(top: Path, files: Sequence[str]) -> tuple[CandidateFolder, ...]:
    """Return the folders that may have the documents, likeliest first; none if there is no document.

    Args:
        files: All files of the repository, as git lists them: ignored ones are missing when a workflow runs.
    """
    files = outside_of_published(files)
    documents = [name for name in files if _is_document(name)]
    found = {candidate.path: candidate for candidate in _of_generators(top, files, documents)}
    for candidate in _rendered(top, files):
        if candidate.documents == 1 < len(documents) or any(is_below(candidate.path, path) for path in found):
            continue  # the first one only redirects, such as to a language
        elsewhere = [name for name in documents if not is_below(name, candidate.path)]
        sources = [name for name in elsewhere if _tells(name) and PurePosixPath(name).suffix not in HTML_SUFFIXES]
        if _RENDERED.isdisjoint(candidate.path.split("/")) and candidate.documents < len(sources):
            documents = elsewhere
        else:
            found[candidate.path] = candidate
    office = [name for name in files if _is_document(name, BINARY_TYPES)]
    return tuple(found.values()) or tuple(_plain(documents, office))


def larger_beside(
    chosen: CandidateFolder, found: Sequence[CandidateFolder], files: Sequence[str]
) -> Sequence[CandidateFolder]:
    """Return the folders that have a usual name, have more documents than the chosen one, and are not within any that
    was found: a generator may only make the blog, with the documents beside it."""
    documents = [name for name in files if _is_document(name) and not any(is_below(name, one.path) for one in found)]
    return [one for one in _plain(documents, []) if one.path in _NAMED and one.documents > chosen.documents]


def beside_plain(chosen: CandidateFolder, files: Sequence[str]) -> Sequence[CandidateFolder]:
    """Return the folders at the top that have several documents outside a chosen folder of files, such as packages in
    one repository: each may also have a README with its purpose."""
    others = [n for n in outside_of_published(files) if _is_document(n) and "/" in n and not is_below(n, chosen.path)]
    told = (name for name in others if _tells(name) or PurePosixPath(name).stem.lower() == "readme")
    tops = Counter(name.partition("/")[0] for name in told)
    several = [top for top, count in tops.most_common() if count >= _SEVERAL and top not in NOBODYS]
    return [CandidateFolder(top, "", len(_in_folder(top, others))) for top in several]


def main_of(found: Sequence[CandidateFolder]) -> CandidateFolder | None:
    """Return the one to take by default: nearer to the top than the others, with more documents than all of them, since
    a project's own documentation is above those of its parts; None if there is none."""
    first, *others = sorted(found, key=_depth)
    is_above = all(_depth(first) < _depth(other) for other in others)
    return first if is_above and first.documents > sum(other.documents for other in others) else None


def _depth(candidate: CandidateFolder) -> int:
    return len(PurePosixPath(candidate.path).parts)


def describe(top: Path, path: str, files: Sequence[str]) -> CandidateFolder:
    """Describe a folder that the publisher names; it need not be in git."""
    inside = [name for name in files if path == "." or name.startswith(f"{path}/")]
    documents = [name for name in inside if _is_document(name, (*MEDIA_TYPES, *BINARY_TYPES))]
    known = {candidate.path: candidate for candidate in find_candidates(top, files)}
    return known.get(path) or CandidateFolder(path, "", len(documents))


def _is_document(name: str, endings: Collection[str] = MEDIA_TYPES) -> bool:
    path = PurePosixPath(name)
    folders = [part for part in path.parts[:-1] if folder_kind(Path(part))]
    return path.suffix.lower() in endings and not folders and not file_kind(path.name)


def _of_generators(top: Path, files: Sequence[str], documents: Sequence[str]) -> Iterator[CandidateFolder]:
    folders = _without_tests(filter(None, map(_configured, files)))
    listing: dict[str, str] = {}
    for folder in folders:
        # Its pages may be beside it.
        found = find_profile(top / folder, [posixpath.relpath(name, folder) for name in documents])
        if found is None or found.inside or found.outside:
            continue
        places = {posixpath.normpath(posixpath.join(folder, place.path)) for place in found.rules.folders}
        served = [
            name for name in documents if is_below(name, folder) and _is_served(found, _in_folder(folder, [name])[0])
        ]
        beside = [name for name in documents if not is_below(name, folder)]
        held = {place: len(_in_folder(place, [*served, *beside])) for place in places if not place.startswith("..")}
        held = {place: count for place, count in held.items() if count}
        if any(is_below(folder, above) and found.profile.name == name for above, name in listing.items()):
            continue  # a configuration above combines several of these into one site
        if held and all(posixpath.dirname(place) in set(folders) - {folder} for place in held):
            listing[folder] = found.profile.name
        if held:
            inside = all(is_below(place, folder) for place in held)
            path = next(iter(held)) if len(held) == 1 else folder if inside else posixpath.commonpath(held)
            what = f"sources of {found.profile.title.partition(',')[0]}"
            yield CandidateFolder(path or ".", what, sum(held.values()), found.rules.base_url, found.rules.title)


def _rendered(top: Path, files: Sequence[str]) -> Iterator[CandidateFolder]:
    seen: list[str] = []
    indexes = (PurePosixPath(name) for name in files if name.endswith("index.html"))
    for folder in _without_tests(path.parent.as_posix() for path in indexes if path.name == "index.html"):
        if any(is_below(folder, above) for above in seen):
            continue
        keys = _in_folder(folder, files)
        source = FolderSource(top / folder)
        heads = (source.read(key)[:LOOKED_AT] for key in pages_of(keys)[:_HEADS])
        found = detect(keys, heads)
        if found is not None:
            seen.append(folder)
            yield CandidateFolder(folder, f"a rendered site: {found.reason}", found.pages)


def _plain(documents: Sequence[str], office: Sequence[str]) -> list[CandidateFolder]:
    """Return the folder with most files about the repository's subject. Files of office programs only decide if there
    are no others, but are always counted."""
    every = [*documents, *office]
    named = [
        CandidateFolder(name, "", len(_in_folder(name, every)))
        for name in _NAMED
        if _in_folder(name, documents or office)
    ]
    if named or not every:
        return named
    told = list(filter(_tells, documents)) or office
    called, count = Counter(map(_called, told)).most_common(1)[0] if told else ("", 0)
    shared = posixpath.commonpath([posixpath.dirname(name) for name in told]) if told else ""
    alone = called if called and 2 * count > len(told) else shared or "."
    return [CandidateFolder(alone, "", len(_in_folder(alone, every)))]


def _tells(name: str) -> bool:
    """Return whether a file may be about the repository's subject: not the repository itself, nor a template."""
    path = PurePosixPath(name)
    is_template = path.suffix in HTML_SUFFIXES and bool(_TEMPLATES & set(path.parts[:-1]))
    return path.stem.lower() not in _ABOUT and not is_template


def _called(name: str) -> str:
    """Return the outermost folder of a file with a usual name; empty if there is none."""
    parts = PurePosixPath(name).parts[:-1][:_DEEP]
    return next(("/".join(parts[: n + 1]) for n, part in enumerate(parts) if part.lower() in _NAMED), "")


def _is_served(found: ProfileMatch, key: str) -> bool:
    """Return whether the generator makes a page from a file, according to its path."""
    place = found.place(key)
    try:
        return place is not None and place[0].address(place[1], {}) is not None
    except NotServed:
        return False


def _configured(name: str) -> str:
    """Return the folder for which a file is the configuration of a generator; empty if it is not one."""
    path = PurePosixPath(name)
    depths = [pattern.count("/") for profile in PROFILES for pattern in profile.files if path.match(pattern)]
    return path.parents[max(depths)].as_posix() if depths else ""


def _without_tests(folders: Iterable[str]) -> list[str]:
    """Return the folders from the top down, without those of tests and third parties."""
    own = {f for f in folders if f.count("/") < _DEEP and not NOBODYS & set(f.split("/"))}
    return sorted(own, key=lambda folder: (folder != ".", folder.count("/"), folder))


def _in_folder(folder: str, names: Sequence[str]) -> list[str]:
    return list(names) if folder == "." else [n.removeprefix(f"{folder}/") for n in names if is_below(n, folder)]


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is a folder or within it; everything is within `.`."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")
