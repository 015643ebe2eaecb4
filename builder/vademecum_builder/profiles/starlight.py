"""Starlight of Astro: an `astro.config.*` with it, read as text."""

from __future__ import annotations

import re

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, Profile, Project, Rules, named, private, stem
from vademecum_builder.profiles.blocks import containers
from vademecum_builder.profiles.config import Script, address_of, scripts
from vademecum_builder.readers.slugs import GITHUB

FILES = scripts("astro.config")


def id_of(path: str, metadata: Metadata) -> str:
    """`generateIdDefault` of Astro's glob loader: a slug of each part of the path; `index` is its folder."""
    private(path.rpartition("/")[2])
    slug = named(metadata, "slug") or "/".join(map(GITHUB.slug, stem(path).split("/")))
    return re.sub(r"(?:^|/)index$", "", slug.strip("/"))


def _address(path: str, metadata: Metadata) -> str:
    whole = id_of(path, metadata)
    return f"{whole}/" if whole else ""


def open_starlight(project: Project) -> Rules | None:
    script = Script(project.text(*FILES))
    if "starlight" not in script.code:
        return None
    said = script.exported()
    own = script.shallow(next(script.objects(r"starlight\s*\(\s*"), ""))
    title = script.value("title", own)
    site, other = script.value("site", said), script.fallback("site")
    return Rules(
        (Folder("src/content/docs", _address),),
        GITHUB,
        (containers, *map(mdx.in_mdx, mdx.PASSES)),
        base_url=address_of(site or other, script.value("base", said)),
        title=title if isinstance(title, str) else script.text("title"),
        doubts=(f"site is computed in the configuration: {other} is one of several",) if other and not site else (),
        first=script.first(),
    )


PROFILE = Profile("starlight", "Astro Starlight", FILES, open_starlight)
