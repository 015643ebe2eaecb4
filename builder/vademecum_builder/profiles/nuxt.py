"""Nuxt Content and Docus: `content/` beside `nuxt.config.*`; Markdown with components (MDC). UnDocs: such pages beside
`.config/docs.yaml`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import GONE, outside_code
from vademecum_builder.profiles.config import Script, address_of, read_yaml, scripts
from vademecum_builder.profiles.tags import arguments, shown
from vademecum_builder.readers.slugs import GITHUB

_UNDOCS = ".config/docs.yaml"
FILES = (*scripts("nuxt.config", "content.config"), _UNDOCS)
_NUMBER = re.compile(r"^\d+\.")
_COMPONENT = re.compile(
    r"^[ \t]*:{2,}(?:[a-z][\w-]*(?:\[(?P<label>[^\[\]\n]*)\])?(?:\{(?P<said>[^{}\n]*)\})?)?[ \t]*"
    r"(?:\n[ \t]*---[ \t]*\n(?P<yaml>(?:(?![ \t]*---).*\n)*)[ \t]*---[ \t]*)?$",
    re.MULTILINE | re.IGNORECASE,
)
_SLOT = re.compile(r"^[ \t]*#[a-z][\w-]*(?:\{[^{}\n]*\})?[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"(?<![\w:`]):[a-z][\w-]*(?![\w:-])(?:\[([^\[\]\n]*)\])?(?:\{[^{}\n]*\})?")
_SPAN = re.compile(r"(?<!\])\[([^\[\]\n]+)\]\{[^{}\n]*\}")
_VALUE = re.compile(r"\{\{[^{}\n]*\}\}")
_PREFIX = re.compile(r"include\s*:\s*['\"]([\w./-]*?)/?\*\*[^'\"]*['\"]\s*,\s*prefix\s*:\s*['\"]([^'\"]*)")
_SLUGS = replace(
    GITHUB,
    slug=lambda text: re.sub(r"^(?=\d)", "_", re.sub("-+", "-", GITHUB.slug(text)).removeprefix("-").removesuffix("-")),
)
"""Ids of MDC's compiler: single hyphens, none at the ends, and `_` before a digit."""


def mdc(text: str, page: Page) -> str:
    """`::card{title="x"}`, also with properties in YAML, slots and an end; `:badge[New]`; `{{ $doc.title }}`."""

    def component(match: re.Match[str]) -> str:
        said = arguments(match["said"] or "")[1] | {k: str(v) for k, v in read_yaml(match["yaml"] or "").items()}
        texts = (match["label"], shown(said), said.get("description"))
        return "\n" + "\n\n".join(filter(None, texts)) + "\n"

    def edit(plain: str) -> str:
        plain = _SLOT.sub("", _COMPONENT.sub(component, plain))
        return _VALUE.sub(GONE, _SPAN.sub(r"\1", _INLINE.sub(lambda m: m[1] or GONE, plain)))

    return outside_code(text, edit)


def _address(prefixes: Mapping[str, str], path: str, metadata: Metadata) -> str:
    parts = [_NUMBER.sub("", part) for part in stem(path).split("/")]
    if any(part[:1] in "._" for part in path.split("/")) or parts[-1].endswith(".draft"):
        raise NotServed("a draft, or a part of other pages (its name begins with _)")
    top = next((n for n in range(len(parts) - 1, -1, -1) if "/".join(path.split("/")[:n]) in prefixes), 0)
    above = prefixes.get("/".join(path.split("/")[:top]), "") if prefixes else ""
    whole = posixpath.join(above, *parts[top:]).lower().replace(" ", "-")
    return whole.removesuffix("index").rstrip("/") if parts[-1] == "index" else whole


def open_nuxt(project: Project) -> Rules | None:
    undocs, folder, prefixes = project.text(_UNDOCS), "", {}
    if undocs and "undocs" in undocs + project.text("package.json"):
        said = read_yaml(undocs)
        url, name = said.get("url"), str(said.get("name") or "")
    else:
        script = Script(project.text(*scripts("nuxt.config")))
        collections = Script(project.text(*scripts("content.config"))).code
        named = re.search(r"nuxt/content|docus", script.code + collections)  # Astro has a content.config as well
        if not named or not any(key.startswith("content/") for key in project.keys):
            return None
        folder, url, name = "content", script.text("url"), script.text("name")
        prefixes = {include: prefix.strip("/") for include, prefix in _PREFIX.findall(collections)}
    address = partial(_address, prefixes)
    return Rules(
        (Folder(folder, address),),
        _SLUGS,
        (mdc, alerts, attribute_lists),
        base_url=address_of(url),
        title=name,
        lead="description",
    )


PROFILE = Profile("nuxt", "Nuxt Content, Docus, UnDocs", FILES, open_nuxt)
