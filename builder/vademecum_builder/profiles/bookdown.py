"""bookdown, books of R Markdown: `_bookdown.yml`. A page is a chapter, named after the id of its heading."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, named
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import at, read_yaml, yamls
from vademecum_builder.profiles.quarto import PASSES
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.slugs import PANDOC

FILES = yamls("_bookdown")
_CODE = re.compile(r"^(`{3,}|~{3,})[\s\S]*?^\1", re.MULTILINE)
_CHAPTER = re.compile(r"^#[ \t]+(?!\((?:PART|APPENDIX))(.+?)[ \t]*(?:\{([^{}\n]*)\}[ \t]*)?$", re.MULTILINE)
labels = replacing(
    re.compile(
        r"^#[ \t]+\((?:PART|APPENDIX)\\?\*?\)[^\n]*$|^\(ref:[\w-]+\)[ \t]*|\\?\\@ref\([\w:.-]+\)|\(\\#[\w:-]+\)",
        re.MULTILINE,
    ),
    "",
)
"""`# (PART) Tools {-}`, `\\@ref(fig:a)`, `(ref:a)`: names of parts, numbers and places are not text of a page."""


def open_bookdown(project: Project) -> Rules:
    config = read_yaml(project.text(*FILES))
    listed = config.get("rmd_files")
    listed = at(config, "rmd_files", "html") if isinstance(listed, Mapping) else listed
    chapters = [str(name).removeprefix("./") for name in listed] if isinstance(listed, list) else []
    output = project.text(*yamls("_output")) + project.text("index.Rmd")[:4096]
    splits = re.search(r"split_by:\s*[\"']?([\w+]+)", output)

    def address(path: str, metadata: Metadata) -> str:
        folder, _, name = path.rpartition("/")
        if path not in chapters and (
            chapters
            or name.startswith("_")
            or not name.endswith((".Rmd", ".rmd"))
            or (folder and not config.get("rmd_subdir"))
        ):
            raise NotServed("not a chapter")
        if path in ("index.Rmd", *chapters[:1]):
            return "index.html"
        heading = _CHAPTER.search(_CODE.sub("", project.text(path)))
        said = re.search(r"#([\w:.-]+)", heading[2] or "") if heading else None
        slug = said[1] if said else PANDOC.slug(re.sub(r"[`*_]", "", heading[1])) if heading else ""
        return f"{slug or 'section'}.html"

    return Rules(
        (Folder("", address),),
        PANDOC,
        (labels, *PASSES),
        base_url=named(split_front_matter(project.text("index.Rmd"))[0], "url").replace("\\:", ":"),  # it is escaped
        doubts=(f"pages are split by {splits[1]}",) if splits and splits[1] != "chapter" else (),
    )


PROFILE = Profile("bookdown", "bookdown", FILES, open_bookdown)
