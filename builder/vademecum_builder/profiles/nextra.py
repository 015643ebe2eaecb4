"""Nextra of Next.js: a `next.config.*` with it, read as text."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import CODE, replacing
from vademecum_builder.profiles.config import Script, scripts
from vademecum_builder.readers.slugs import GITHUB, NEXTRA
from vademecum_builder.sources.places import split_language

FILES = scripts("next.config")
heading_ids = replacing(
    re.compile(r"^([ \t]*#{1,6}[ \t].*?)[ \t]*\[#([\w-]+)\][ \t]*$", re.MULTILINE), r"\1 {#\2}", "[#"
)
"""`## Title [#id]`."""
_slugged_ids = replacing(
    re.compile(r"^([ \t]*#{2,6}[ \t].*?)[ \t]*\[#([^\]\n]+)\][ \t]*$", re.MULTILINE),
    lambda match: f"{match[1]} {{#{GITHUB.slug(match[2])}}}",
    "[#",
)
"""`## Title [#Own id]`, whose id is a slug as well."""
_HINT = re.compile(r"\{:[\w.-]+\}(?=`+$)")


def _hints(text: str, page: Page) -> str:
    """`` `a = 1{:js}` `` is colored as JavaScript; in headings it stays, as it is part of the id."""

    def bare(match: re.Match[str]) -> str:
        in_heading = text[text.rfind("\n", 0, match.start()) + 1 :].startswith("#")
        return match[0] if in_heading else _HINT.sub("", match[0])

    return CODE.sub(bare, text) if "{:" in text else text


def open_nextra(project: Project) -> Rules | None:
    script = Script(project.text(*FILES))
    if "nextra" not in script.code:
        return None
    locales, default = script.texts("locales"), script.text("defaultLocale")
    below = script.text("contentDirBasePath").strip("/")

    def in_folders(base: str) -> Any:
        def address(path: str, metadata: Metadata) -> str:
            path, language = split_language(path, locales)  # `guide.de.mdx`, as in Nextra 3
            folder, _, name = stem(path).rpartition("/")
            if name.startswith("_") or "[" in path:
                raise NotServed("not a page")
            served = posixpath.join(base, folder if name == "index" else stem(path)).rstrip("/")
            return posixpath.join(language, served) if language not in ("", default) else served

        return address

    def of_app(path: str, metadata: Metadata) -> str:
        """Return the address by Next.js's router: the folders of a page, except those in parentheses."""
        folder, _, name = path.rpartition("/")
        if stem(name) != "page" or "[" in folder:
            raise NotServed("not a page")
        return "/".join(part for part in folder.split("/") if not part.startswith("("))

    return Rules(
        tuple(
            Folder(f"{above}{name}", rule)
            for above in ("src/", "")
            for name, rule in (("content", in_folders(below)), ("pages", in_folders("")), ("app", of_app))
        ),
        NEXTRA,
        passes=(_hints, _slugged_ids, *mdx.PASSES, alerts),
        mdx=True,
        first={"lang": default} if len(locales) > 1 and default else {},
    )


PROFILE = Profile("nextra", "Nextra", FILES, open_nextra)
