"""mdBook: `book.toml`. The pages are those in SUMMARY.md."""

from __future__ import annotations

import posixpath
import re

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import folder_of, read_toml, text_at
from vademecum_builder.profiles.includes import hidden_rust, mdbook_includes
from vademecum_builder.profiles.links import chapters_of
from vademecum_builder.readers.slugs import MDBOOK

_PREPROCESSED = re.compile(
    r"^[ \t]*\{\{[#%][ \t]*(?!(?:include|rustdoc_include|playground|title)\b)([\w-]+)[^{}\n]*\}\}[ \t]*$", re.MULTILINE
)


def preprocessed(text: str, page: Page) -> str:
    """`{{%segment outline}}`, `{{#quiz a.toml}}` alone on a line: for preprocessors outside mdBook."""

    def missed(match: re.Match[str]) -> str:
        return page.miss(f"what a preprocessor makes of {match[1]}")

    return outside_code(text, lambda plain: _PREPROCESSED.sub(missed, plain)) if "{{" in text else text


def open_mdbook(project: Project) -> Rules:
    config = read_toml(project.text("book.toml"))
    source = folder_of(text_at(config, "book", "src", default="src"))
    summary = project.text(posixpath.join(source, "SUMMARY.md"))
    chapters = chapters_of(summary)

    def address(path: str, metadata: Metadata) -> str:
        if summary and path not in chapters:
            raise NotServed("not in SUMMARY.md")
        folder, _, name = stem(path).rpartition("/")
        return posixpath.join(folder, f"{'index' if name.lower() == 'readme' else name}.html")

    domain = text_at(config, "output", "html", "cname")
    below = text_at(config, "output", "html", "site-url").strip("/")
    return Rules(
        (Folder(source, address),),
        MDBOOK,
        (mdbook_includes, preprocessed, hidden_rust, alerts),
        called=lambda path: chapters.get(path, ""),
        base_url=f"https://{domain}/{below}" if domain else "",
        title=text_at(config, "book", "title"),
    )


PROFILE = Profile("mdbook", "mdBook", ("book.toml",), open_mdbook)
