"""Nikola: a `conf.py` of posts and pages, whose metadata are in comments at their heads."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Page, Profile, Project, Rules, front_matter, stem
from vademecum_builder.profiles.blocks import attribute_lists, indented_blocks, markdown_in_html, pipes_in_code
from vademecum_builder.profiles.config import address_of, read_python
from vademecum_builder.profiles.tags import shortcodes
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.slugs import NO_IDS, PYTHON_MARKDOWN, ascii_of
from vademecum_builder.sources.base import RST
from vademecum_builder.sources.endings import MEDIA_TYPES
from vademecum_builder.sources.places import split_language

_HEAD = re.compile(r"\A\s*(?:<!--\s*)?((?:[ \t]*\.\. [a-z][\w-]*:(?!:) ?.*\n?)+)[ \t]*(?:-->)?")
_SAID = re.compile(r"^[ \t]*\.\. ([a-z][\w-]*):(?!:) ?(.*)$", re.MULTILINE)
_USUAL = {
    "POSTS": [(f"posts/*.{ending}", "posts") for ending in ("rst", "md", "txt", "html")],
    "PAGES": [(f"pages/*.{ending}", "") for ending in ("rst", "md", "txt", "html")],
}
"""The values that `nikola init` writes."""


def _slug(name: str) -> str:
    """`slugify` of nikola/utils.py."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^+\w\s-]", "", ascii_of(name)).strip().lower())


def _split(text: str, beside: str = "") -> tuple[dict[str, str], str]:
    """Return the metadata in a page or in the file `.meta` beside it, and its text."""
    head = _HEAD.match(text)
    front, body = split_front_matter(text)
    fields = _SAID.findall(head[1]) if head else [(name, str(value)) for name, value in front.items()]
    known = {
        **dict(fields),
        **{str(n): str(v) for n, v in split_front_matter(beside)[0].items()},
        **dict(_SAID.findall(beside)),
    }
    return {name: value.strip() for name, value in known.items() if value.strip()}, text[head.end() :] if head else body


def _places(config: Mapping[str, Any], name: str) -> Sequence[tuple[str, str]]:
    """Return patterns of files, and where these are served, from `POSTS` or `PAGES`."""
    rules = config.get(name, _USUAL[name])
    lang = str(config.get("DEFAULT_LANG") or "en")
    listed = [rule for rule in rules if isinstance(rule, tuple | list) and len(rule) > 1]
    return [(str(at), str(to.get(lang, "")) if isinstance(to, Mapping) else str(to)) for at, to, *_ in listed]


@dataclass(frozen=True)
class _Site:
    """What the address of a page depends on.

    Attributes:
        places: Patterns of files, and where these are served.
        languages: Where the pages of each language are served.
        kinds: Media types by the endings of files.
    """

    project: Project
    places: Sequence[tuple[str, str]]
    languages: Mapping[str, str]
    kinds: Mapping[str, str]
    pretty: bool

    def metadata(self, path: str) -> dict[str, str]:
        """Return the metadata of a page; a translation also has those of the page that it translates."""
        whole, lang = split_language(path, self.languages)
        own = _split(self.project.text(path), self._meta_file(path))[0]
        return self.metadata(whole) | own if lang else own

    def _meta_file(self, path: str) -> str:
        return self.project.text(f"{stem(path)}.meta")

    def address(self, path: str, _metadata: Mapping[str, Any]) -> str:
        at, to = next(((posixpath.dirname(at), to) for at, to in self.places if _is_of(at, path)), ("", None))
        if to is None:
            raise NotServed("neither in POSTS nor in PAGES")
        fields = self.metadata(path)
        hidden = {fields.get("status", "").lower(), *(tag.strip().lower() for tag in fields.get("tags", "").split(","))}
        if hidden & {"draft", "private"}:
            raise NotServed("a draft, or private")
        whole, lang = split_language(path, self.languages)
        folder, name = posixpath.split(stem(whole))
        slug = fields.get("slug") or _slug(name)
        own = fields.get("pretty_url", "").lower()
        pretty = own in ("true", "yes", "1") if own else self.pretty and slug != "index"
        below = posixpath.relpath(folder or ".", at or ".")
        served = posixpath.normpath(posixpath.join(self.languages.get(lang, ""), to, below, slug))
        return f"{served}/" if pretty else re.sub(r"(^|/)index\.html$", r"\1", f"{served}.html")

    def heads(self, text: str, page: Page) -> str:
        """Writes the metadata of a page as its reader expects them: as fields, or as front matter."""
        said, body = _split(text, self._meta_file(page.key))
        ending = posixpath.splitext(page.key)[1]
        if said and self.kinds.get(ending, MEDIA_TYPES.get(ending)) == RST:
            return "".join(f":{name}: {value}\n" for name, value in said.items()) + f"\n{body.lstrip()}"
        return front_matter(said) + body if said else text


def open_nikola(project: Project) -> Rules | None:
    source = project.text("conf.py")
    if not re.search(r"^(?:POSTS|PAGES)\s*=", source, re.MULTILINE):
        return None
    config = read_python(source)
    translations, compilers = config.get("TRANSLATIONS") or {}, config.get("COMPILERS") or {}
    site = _Site(
        project,
        [*_places(config, "POSTS"), *_places(config, "PAGES")],
        {str(name): str(path) for name, path in translations.items()},
        dict.fromkeys(compilers.get("rest") or (".rst", ".txt"), RST),
        config.get("PRETTY_URLS") is not False,
    )
    computed = [name for name in _USUAL if name not in config and re.search(rf"^{name}\s*=", source, re.MULTILINE)]
    return Rules(
        (Folder("", site.address),),
        PYTHON_MARKDOWN if "toc" in str(config.get("MARKDOWN_EXTENSIONS")) else NO_IDS,
        (indented_blocks, markdown_in_html, attribute_lists, pipes_in_code),
        templates=(site.heads, shortcodes),
        html=True,
        auto_ids="%",
        kinds=site.kinds,
        called=lambda path: site.metadata(path).get("title", ""),
        base_url=address_of(config.get("SITE_URL")),
        title=str(config.get("BLOG_TITLE") or ""),
        doubts=tuple(f"{name} is computed in conf.py" for name in computed),
    )


def _is_of(pattern: str, path: str) -> bool:
    above, name = posixpath.split(pattern)
    return path.startswith(f"{above}/" if above else "") and fnmatch(posixpath.basename(path), name)


PROFILE = Profile("nikola", "Nikola", ("conf.py",), open_nikola)
