"""The parts of a profile, and the project that it reads."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from vademecum_builder.profiles.titles import folded, titles_in
from vademecum_builder.readers.private import why_private
from vademecum_builder.readers.slugs import GITHUB, SlugRule
from vademecum_builder.sources.gitignore import Surroundings
from vademecum_builder.sources.places import PagePlace
from vademecum_builder.sources.private_keys import private_key_line

MOST_BYTES = 1024 * 1024
"""The most bytes of a configuration, or of a file that a page includes."""
MOST_INCLUDES = 200
"""The most includes of one page, nested ones counted: a page that includes itself twice would never end."""
_PICTURE = re.compile(r"\.(?:svg|png|jpe?g|gif|webp|avif)$", re.IGNORECASE)


Metadata = Mapping[str, Any]
"""The front matter of a page."""


class NotServed(Exception):
    """The generator does not make a page of a file; the argument says why."""


@dataclass(frozen=True)
class Project:
    """A folder with a generator's configuration.

    Attributes:
        root: The folder of the configuration.
        top: Files outside of it are only read if they are in the same repository. It is `root`, or the folder above
            it that is built.
        keys: Files below `root`, `/`-separated, hidden ones left out.
        seen: Files that were read so far, with the SHA-256 of each.
    """

    root: Path
    top: Path
    keys: frozenset[str] = frozenset()
    seen: dict[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def notes(self) -> Mapping[str, Sequence[str]]:
        """Markdown files by their name in lower case without `.md`; of several, the nearest to the root comes first."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.keys, key=lambda key: (key.count("/"), key)):
            if key.lower().endswith(".md"):
                found.setdefault(key.lower().rpartition("/")[2].removesuffix(".md"), []).append(key)
        return found

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """The titles that references show, by their target: a page (`/guide/pump`), or a label of Sphinx or MyST."""
        written = (key for key in sorted(self.keys) if key.endswith((".rst", ".txt", ".md", ".adoc")))
        return {name: title for key in written for name, title in titles_in(key, self.text(key))}

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(Path(os.path.realpath(self.top)))

    def gives(self, name: str) -> bool:
        """Return whether a page may include a file that `text` reads: git does not ignore it, or it is in the folder
        that the publisher named, where a step before the generator may write parts of pages."""
        path = Path(os.path.realpath(self.root / name))
        return path.is_relative_to(self._surroundings.root) or not self._surroundings.ignores(path)

    def text(self, *names: str, hidden: bool = False) -> str:
        """Return the text of the first of these files that exists; empty: none does, or it lies outside.

        Args:
            hidden: It is a configuration, and may be a hidden file above the folder that is built.
        """
        for name in names:
            if not (self.root / name).is_file():  # true for most: the cheaper test first
                continue
            path = os.path.realpath(self.root / name)
            shown = Path(path).with_name(Path(path).name.lstrip(".")) if hidden else Path(path)
            if not self._surroundings.holds(shown):
                continue
            try:
                with Path(path).open("rb") as stream:
                    data = stream.read(MOST_BYTES)
            except (OSError, ValueError):
                continue
            self.seen[path] = hashlib.sha256(data).hexdigest()
            return "" if private_key_line(data) else data.decode("utf-8", "replace").removeprefix("\ufeff")
        return ""

    def has(self, *patterns: str) -> str:
        """Return the first file that a pattern matches, relative to `root`; empty: there is none."""
        return next((p.relative_to(self.root).as_posix() for n in patterns for p in sorted(self.root.glob(n))), "")


@dataclass
class Page:
    """A file on its way to Markdown.

    Attributes:
        key: Relative to the project's root.
        metadata: Its front matter.
        troubles: What could not be included, counted.
    """

    project: Project
    key: str
    metadata: Metadata = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)
    included: dict[str, str] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    _count: list[int] = field(default_factory=lambda: [0])

    def include_page(self, name: str, *folders: str, passes: Sequence[Pass] = ()) -> str:
        """Return the text of another page as `include` does, without its front matter; empty: there is none."""
        return without_front_matter(self.include(name, *folders, passes=passes))

    def miss(self, what: str) -> str:
        """Count what the page does not show here; return the empty text that replaces it."""
        self.troubles[what] += 1
        return ""

    def title(self, role: str, name: str) -> str:
        """Return the title of a reference's target (`ref`: a label, `doc`: a page); empty: unknown."""
        here = f"/{posixpath.dirname(self.key)}"
        called = folded(name) if role == "ref" else posixpath.normpath(posixpath.join(here, name.strip()))
        found = self.project.titles.get(called, "")
        if found:
            self.included[f":{role}:{name}"] = found
        return found

    def include(self, name: str, *folders: str, passes: Sequence[Pass] = ()) -> str | None:
        """Return the text of a file inside the tree; None: there is none, which is counted.

        Args:
            name: As the page names it.
            folders: Where it may be, relative to the root; none: beside the page.
            passes: Applied to the included text, as to the page.
        """
        if _PICTURE.search(name):
            return ""  # there is nothing to read in it, so nothing is missing
        for folder in folders or (PurePosixPath(self.key).parent.as_posix(),):
            place = os.path.normpath(f"{folder}/{name.lstrip('/')}" if folder else name.lstrip("/"))
            if any(part.startswith(".") and part not in (".", "..") for part in place.split("/")):
                continue
            if place in (self.key, *self.opened):
                self.troubles[f"includes that lead back to themselves ({place})"] += 1
                return None
            text = self.included.get(place) or self.project.text(place)
            if text and (why_private(text) or not self.project.gives(place)):
                text = ""
            if text and self._count[0] < MOST_INCLUDES:
                self._count[0] += 1
                self.included[place] = text
                inner = replace(self, key=place, opened=(*self.opened, self.key))
                for done in passes:
                    text = done(text, inner)
                return text
        self.troubles[f"includes without a file in the tree ({name[:80]} in {self.key})"] += 1
        return None


Pass = Callable[[str, Page], str]
"""Turns a generator's markup into plain Markdown."""
Address = Callable[[str, Metadata], str]
"""Returns the address of a page below the site, `/`-separated, given its path in its folder; raises `NotServed`."""


@dataclass(frozen=True)
class Folder:
    """A folder of pages.

    Attributes:
        path: Relative to the project; empty: its root. It may lie beside the project (`../docs`).
        address: Returns the address of a page in it.
        place: The language and version of its pages; `page`: the folder with the default language and version. None:
            told by their paths.
    """

    path: str
    address: Address
    place: PagePlace | None = None


@dataclass(frozen=True)
class Rules:
    """How one site is read, by its profile and its configuration.

    Attributes:
        folders: The first folder that contains a file decides.
        slugs: How ids are made of headings.
        passes: Applied to Markdown, in this order.
        templates: Applied before that to text of any kind.
        copies: Whether HTML and plain text among the pages are served as they are.
        html: Whether HTML among the pages is a page, whose address is in a `<meta>`.
        kinds: Media types by ending, if the configuration sets them: `.txt` may be reStructuredText.
        mdx: Whether all Markdown is MDX, in which indented text is not code.
        called: Returns the title of a page without one, given its path in its folder; None: its first heading. For a
            page of HTML, its title in any case.
        auto_ids: How docutils distinguishes equal ids in reStructuredText.
        base_url: Where the site is served, according to its configuration; may be empty.
        title: The site's title in its configuration; may be empty.
        doubts: What in the configuration is not understood.
        first: The current `version` and the default `lang`, if there are several.
        doubt: Returns why the address of a page may be wrong; empty: it is right.
        lead: What of the front matter the theme shows below the title; empty: nothing.
    """

    folders: tuple[Folder, ...]
    slugs: SlugRule = GITHUB
    passes: tuple[Pass, ...] = ()
    templates: tuple[Pass, ...] = ()
    copies: bool = False
    html: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    mdx: bool = False
    called: Callable[[str], str] | None = None
    auto_ids: str = "id"
    base_url: str = ""
    title: str = ""
    doubts: tuple[str, ...] = ()
    first: Mapping[str, str] = field(default_factory=dict)
    doubt: Callable[[str, Metadata], str] = lambda _path, _metadata: ""
    lead: str = ""


@dataclass(frozen=True)
class Profile:
    """A generator.

    Attributes:
        name: What `--profile` takes.
        files: Patterns of its configuration files.
        open: Reads the configuration; None: it is that of another generator.
    """

    name: str
    title: str
    files: tuple[str, ...]
    open: Callable[[Project], Rules | None]


def stem(path: str) -> str:
    """Return a path without its suffix."""
    return re.sub(r"\.[A-Za-z]+$", "", path)


def pretty(path: str, *index: str) -> str:
    """Return `a/b/` for `a/b.md`, and `a/` for its index pages."""
    folder, _, name = stem(path).rpartition("/")
    whole = folder if name in (index or ("index",)) else stem(path)
    return f"{whole}/" if whole else ""


def private(path: str) -> None:
    """Raise NotServed if the name of a file or of one of its folders marks it as a part of pages."""
    if any(part.startswith("_") for part in path.split("/")):
        raise NotServed("a part of other pages (its name begins with _)")


def without_front_matter(text: str | None) -> str:
    """Return an included text without its front matter."""
    return re.sub(r"\A---\n[\s\S]*?\n---\n", "", text or "")


_NAMED = re.compile(r" {0,3}([A-Za-z0-9_-]+):(.*(?:\n(?: {4}|\t).*)*)\n?")


def with_front_matter(text: str) -> str:
    """Return a text with a head as in MultiMarkdown (`Title: Pumps`, without `---`) with proper front matter."""
    fields: dict[str, str] = {}
    at = 0
    while found := _NAMED.match(text, at):
        name, at = found[1].lower(), found.end()
        fields[name] = " ".join(f"{fields.get(name, '')} {found[2]}".split())
    return front_matter(fields) + text[at:] if fields else text


def front_matter(metadata: Mapping[str, Any]) -> str:
    """Return metadata as front matter: JSON is YAML."""
    return f"---\n{json.dumps(metadata, ensure_ascii=False)}\n---\n"


HEADING = "\0heading"
"""The key in metadata for the first heading of a page whose front matter has no title."""


def named(metadata: Metadata, *names: str) -> str:
    """Return the first of these fields of the front matter that is text."""
    return next((v.strip() for n in names if isinstance(v := metadata.get(n), str) and v.strip()), "")
