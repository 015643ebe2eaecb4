"""Finding the generator of a folder's sources by its configuration."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from vademecum.errors import UsageError
from vademecum_builder.profiles.base import Folder, Profile, Project, Rules
from vademecum_builder.profiles.config import folder_of
from vademecum_builder.sources.base import HTML, PLAIN_TEXT
from vademecum_builder.sources.endings import MEDIA_TYPES
from vademecum_builder.sources.places import PagePlace

_NAMES = """
    mkdocs docusaurus mdbook vitepress starlight astro gatsby antora docfx myst jupyterbook quarto bookdown pkgdown
    exdoc yard mintlify fumadocs nextra nuxt docsify diplodoc eleventy writerside zola hugo pelican nikola sphinx
    gitbook hexo jekyll logseq obsidian wiki
""".split()
PROFILES: tuple[Profile, ...] = tuple(import_module(f"vademecum_builder.profiles.{name}").PROFILE for name in _NAMES)
"""In the order in which they are tried: those with a configuration of a unique name come first."""
PLAIN = "plain"
_SOURCES = tuple(suffix for suffix, kind in MEDIA_TYPES.items() if kind not in (HTML, PLAIN_TEXT))
_ABOVE = 8
"""How many folders above the source are searched for a configuration, at most up to the repository's top."""
_BELOW = 2
"""How many levels of folders below it."""


@dataclass(frozen=True)
class ProfileMatch:
    """A profile with its rules for a source.

    Attributes:
        config: The configuration file, relative to the project; empty: the publisher named the profile.
        inside: The path from the project to the source, ends in `/`; empty: the source is the project, or contains it.
        outside: The path from the source to the project, ends in `/`.
        digests: SHA-256 of each file that shaped the rules: the configuration, a list of chapters, of versions.
    """

    profile: Profile
    rules: Rules
    project: Project
    config: str
    inside: str = ""
    outside: str = ""
    digests: tuple[str, ...] = ()

    def place(self, key: str) -> tuple[Folder, str] | None:
        """Return the folder of pages that an item of the source is in, and its path there; None: it is in none."""
        whole = self.inside + key
        for folder in self.rules.folders:
            prefix = folder_of(self.outside + folder.path)
            prefix += "/" if prefix else ""
            if whole.startswith(prefix):
                return folder, whole.removeprefix(prefix)
        return None

    def page_place(self, key: str) -> PagePlace | None:
        """Return the version and language of a page if the configuration tells them; None: its path may."""
        folder, path = self.place(key) or (None, "")
        if folder is None or folder.place is None:
            return None
        page = posixpath.normpath(posixpath.join(self.outside, folder.place.page, path))
        return replace(folder.place, page=page)

    def key(self, key: str) -> str:
        """Return an item's path in the project."""
        return posixpath.relpath(self.inside + key, self.outside or ".")


def find_profile(source: Path, keys: Iterable[str], name: str = "") -> ProfileMatch | None:
    """Return the profile of a folder of sources; None: it is read as it is (`plain`).

    Its configuration is searched in the folder, above it up to the repository's top, in the folders beside those
    (`website/` may have the one for `docs/`), and two levels below it. Above the folder, it counts if the folder is
    among its pages; beside and below, if most Markdown files are. Pages that are a configuration, such as SUMMARY.md,
    count only if there is no other configuration: mdBook has one, too.

    Args:
        keys: Files of the source.
        name: The profile that the publisher named; empty: any.

    Raises:
        UsageError: There is no such profile.
    """
    if name == PLAIN:
        return None
    wanted = [profile for profile in PROFILES if not name or profile.name == name]
    if not wanted:
        raise UsageError(f"--profile {name}: there is {', '.join(p.name for p in PROFILES)} and {PLAIN}")
    root, listed = Path(os.path.realpath(source)), tuple(keys)
    by_pages: ProfileMatch | None = None
    for folder in _places(root):
        for profile in wanted:
            found = _opened(profile, folder, root, listed)
            if found is None or not (found.config or _pages_in(found, listed)):
                continue
            if not found.config.endswith(_SOURCES):
                return found
            by_pages = by_pages or found
    if by_pages is not None:
        return by_pages
    return _opened(wanted[0], root, root, listed, named=True) if name else None


def _places(root: Path) -> Iterator[Path]:
    yield root
    above = root.parents[:_ABOVE]
    tops = [place for place, folder in enumerate((root, *above)) if (folder / ".git").exists()]
    above = [f for f in above[: tops[0] if tops else 2] if f not in (f.parent, Path.home())]
    yield from above
    if tops:
        yield from sorted({f for folder in above for f in _folders(folder)} - {root, *above})
    level = [root]
    for _ in range(_BELOW):
        level = sorted(sub for folder in level for sub in _folders(folder))
        yield from level


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from (
            p
            for p in folder.iterdir()
            if p.is_dir() and not p.is_symlink() and p.name[0] not in "._" and p.name != "node_modules"
        )
    except OSError:
        return


def _opened(
    profile: Profile, folder: Path, root: Path, keys: tuple[str, ...], *, named: bool = False
) -> ProfileMatch | None:
    config = Project(folder, folder).has(*profile.files)
    if not config and not named:
        return None
    below = folder != root and root in folder.parents
    outside = f"{folder.relative_to(root).as_posix()}/" if below else ""
    inside = f"{os.path.relpath(root, folder)}/" if folder != root and not below else ""
    project = Project(
        folder, folder if inside else root, frozenset(posixpath.relpath(inside + key, outside or ".") for key in keys)
    )
    rules = profile.open(project)
    if rules is None:
        return None
    rules = rules if rules.base_url else replace(rules, base_url=_of_domain(project))
    digests = tuple(sorted(project.seen.values()))
    found = ProfileMatch(profile, rules, project, config, inside, outside, digests)
    if config and (folder / config).is_symlink() and not _pages_in(found, keys):
        return None  # the link is to another folder's configuration, whose paths are meant there
    sources = [key for key in keys if key.lower().endswith(_SOURCES)]
    if folder != root and 2 * sum(found.place(key) is not None for key in sources) <= len(sources):
        return None
    return found


def _of_domain(project: Project) -> str:
    """Return the address of a site with its own domain on GitHub Pages; empty: it has none."""
    domain = project.text(*"CNAME static/CNAME public/CNAME docs/CNAME docs/public/CNAME".split()).strip()
    return f"https://{domain}/" if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", domain) else ""


def _pages_in(found: ProfileMatch, keys: tuple[str, ...]) -> bool:
    return any(found.place(key) for key in keys)
