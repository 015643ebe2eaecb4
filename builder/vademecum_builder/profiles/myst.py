"""MyST's own generator, also of Jupyter Book 2: `myst.yml`. Addresses are names of files, without their folders."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import at, matcher, read_yaml, table_at, text_at, texts_at, yamls
from vademecum_builder.profiles.jupyterbook import FILES as OF_BOOKS
from vademecum_builder.profiles.jupyterbook import files_of, listed_in
from vademecum_builder.profiles.myst_markup import myst
from vademecum_builder.readers.document import title_from_key
from vademecum_builder.readers.slugs import MYST

FILES = yamls("myst")
_SOURCES = (".md", ".ipynb", ".tex")
_INDEX = re.compile(r"(?:index|readme|main)\.(?:md|ipynb|tex)", re.IGNORECASE)
_SORTING = re.compile(r"(?![12]\d{3}(?:\D|$)|\d{5})[\d_.-]+(?=.)")
"""Numbers that sort names, but not a year (`removeLeadingEnumeration`)."""
labels = replacing(
    re.compile(r"^\(([^\s()]+)\)=[ \t]*\n\s*?(#{1,6}[ \t].*?)[ \t]*$", re.MULTILINE),
    lambda label: f"{label[2]} {{#{MYST.slug(label[1])}}}",
)
"""`(pump)=` above a heading is its id."""
_LONGEST = 50


def _unsorted(name: str) -> str:
    return _SORTING.sub("", name, 1) if _SORTING.match(name) else name


def _slug(name: str) -> str:
    """`createSlug` of mystmd's packages/myst-cli/src/utils/fileInfo.ts."""
    return re.sub(r"[^a-z0-9]+", "-", _unsorted(name).replace("&", " and ").lower()).strip("-")[:_LONGEST]


def _in_order(keys: Iterable[str]) -> list[str]:
    """Return files in their order without a list: those of a folder before its folders, its index first."""

    def place(key: str) -> list[tuple[bool, bool, list[tuple[bool, int, str]]]]:
        *folders, name = key.split("/")
        return [
            *((True, False, _natural(folder)) for folder in folders),
            (False, not _INDEX.match(name), _natural(name)),
        ]

    return sorted((key for key in keys if key.endswith(_SOURCES)), key=place)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key to sort names, with 10 after 9."""
    return [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.findall(r"\d+|[^\W\d]+", name.lower())
    ]


def _addresses(pages: Iterable[str], *, folders: bool) -> dict[str, str]:
    """Return where pages are served; the first one is the start page."""
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for key in pages:
        parts = list(map(_slug, stem(key).split("/")))
        parts = parts if folders else parts[-1:]
        parts = parts[:-1] if parts[-1] == "index" and parts[1:] else parts
        slug = "/".join(parts)
        found[key] = f"{slug}-{seen[slug]}/" if seen[slug] else f"{slug}/" if found else ""
        seen[slug] += 1
    return found


def open_myst(project: Project) -> Rules | None:
    config = read_yaml(project.text(*FILES))
    if not {"project", "site", "extends"} & config.keys():
        return None
    parts = [config, *(read_yaml(project.text(name)) for name in texts_at(config, "extends") if "://" not in name)]
    said = {name: value for part in reversed(parts) for name, value in table_at(part, "project").items()}
    toc = said.get("toc") or read_yaml(project.text(*OF_BOOKS))
    excluded = matcher(f"/{pattern}" for pattern in texts_at(said, "exclude"))
    keys = [key for key in _in_order(project.keys) if not (excluded(key) or f"/{key}".count("/_build/"))]
    folders = any(at(part, "site", "options", "folders") is True for part in parts)
    addresses = _addresses(files_of(listed_in(toc), keys, _SOURCES) if toc else keys, folders=folders)

    def address(path: str, _metadata: Metadata) -> str:
        if path not in addresses:
            raise NotServed("not a page of the project")
        return addresses[path]

    domain = next(iter(texts_at(config, "site", "domains")), "")
    return Rules(
        (Folder("", address),),
        MYST,
        (labels, myst, containers, alerts, attribute_lists),
        called=lambda path: title_from_key(_unsorted(posixpath.basename(path))),
        base_url=f"https://{domain}/" if domain else "",
        title=text_at(config, "site", "title") or text_at(said, "title"),
    )


PROFILE = Profile("myst", "MyST, Jupyter Book 2", FILES, open_myst)
