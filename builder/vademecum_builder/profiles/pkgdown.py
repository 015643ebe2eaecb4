"""pkgdown, for sites of R packages: `_pkgdown.yml`."""

from __future__ import annotations

import re
from dataclasses import replace

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import read_yaml, text_at, yamls
from vademecum_builder.profiles.quarto import PASSES
from vademecum_builder.readers.slugs import GITHUB, PANDOC, Slugs

FILES = yamls("_pkgdown", "pkgdown/_pkgdown")
_NO_PAGES = frozenset({"cran-comments", "issue_template", "pull_request_template", "CLAUDE", "AGENTS"})


_HEADING = re.compile(r"^#{1,6}[ \t]+(.*[^\s}])[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"<[^<>]*>|[`*]|!?\[([^\[\]]*)\]\([^()]*\)")
_RELEASE = re.compile(r"\S+ (?:v?(?=\d)|\((?=dev))([\w. -]+)\)?")


def ids(text: str, page: Page) -> str:
    """Writes ids: those of Markdown (`gfm_auto_identifiers`) differ from R Markdown, and end with the release above."""
    if not page.key.endswith(".md"):
        return text
    taken, unique, release = Slugs(GITHUB), Slugs(GITHUB), ""

    def named(heading: re.Match[str]) -> str:
        nonlocal release
        slug = taken.take(_MARKUP.sub(r"\1", heading[1]))
        if page.key == "NEWS.md" and (found := _RELEASE.fullmatch(heading[1])):
            release = re.sub(r"[^a-z0-9]+", "-", found[1])
        elif release:
            slug = unique.take(f"{re.sub(r'-[0-9]+', '', slug)}-{release}")
        return f"{heading[0]} {{#{slug}}}"

    return outside_code(text, lambda plain: _HEADING.sub(named, plain), fenced=True)


def open_pkgdown(project: Project) -> Rules:
    def address(path: str, metadata: Metadata) -> str:
        folder, _, name = stem(path).rpartition("/")
        is_page = path.startswith("vignettes/") if folder else path.endswith(".md")
        if name.startswith("_") or name in _NO_PAGES or not is_page:
            raise NotServed("not a page")
        if path == "README.md" and "index.md" in project.keys:
            raise NotServed("README beside an index")
        if not folder:
            return {"README": "", "index": "", "NEWS": "news/index.html"}.get(name, f"{name}.html")
        return f"{stem(path).replace('vignettes', 'articles', 1)}.html"

    unread = "pages of functions (man/*.Rd) are not read: build the rendered site"
    return Rules(
        (Folder("", address),),
        replace(PANDOC, slug=lambda text: PANDOC.slug(text).replace(".", "-")),
        (ids, *PASSES),
        base_url=text_at(read_yaml(project.text(*FILES)), "url"),
        doubts=(unread,) if project.has("man/*.Rd") else (),
    )


PROFILE = Profile("pkgdown", "pkgdown", FILES, open_pkgdown)
