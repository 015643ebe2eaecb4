"""pkgdown, the sites of R's packages: `_pkgdown.yml`."""

from __future__ import annotations

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.config import read_yaml, text_at, yamls
from vademecum_builder.profiles.quarto import PASSES
from vademecum_builder.readers.slugs import PANDOC

FILES = yamls("_pkgdown", "pkgdown/_pkgdown")
_NO_PAGES = frozenset({"cran-comments", "issue_template", "pull_request_template", "CLAUDE", "AGENTS"})


def open_pkgdown(project: Project) -> Rules:
    def address(path: str, metadata: Metadata) -> str:
        folder, _, name = stem(path).rpartition("/")
        is_page = path.startswith("vignettes/") if folder else path.endswith(".md")
        if name.startswith("_") or name in _NO_PAGES or not is_page:
            raise NotServed("no page")
        if path == "README.md" and "index.md" in project.keys:
            raise NotServed("README beside an index")
        if not folder:
            return {"README": "", "index": "", "NEWS": "news/index.html"}.get(name, f"{name}.html")
        return f"{stem(path).replace('vignettes', 'articles', 1)}.html"

    unread = "pages of functions (man/*.Rd) are not read: build of the rendered site"
    return Rules(
        (Folder("", address),),
        PANDOC,
        PASSES,
        base_url=text_at(read_yaml(project.text(*FILES)), "url"),
        doubts=(unread,) if project.has("man/*.Rd") else (),
    )


PROFILE = Profile("pkgdown", "pkgdown", FILES, open_pkgdown)
