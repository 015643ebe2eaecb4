"""VitePress: `.vitepress/config.*`, read as text. Its predecessor VuePress serves pages in the same way."""

from __future__ import annotations

import posixpath
import re

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers
from vademecum_builder.profiles.code import CODE, GONE, outside_code
from vademecum_builder.profiles.config import Script, address_of, folder_of, matcher, scripts
from vademecum_builder.profiles.includes import vitepress_includes
from vademecum_builder.profiles.mdx import jsx
from vademecum_builder.readers.slugs import VITEPRESS

_VUEPRESS = scripts(".vuepress/config", ".vuepress/config/index")
FILES = (*scripts(".vitepress/config", ".vitepress/config/index"), *_VUEPRESS)
_IMPORT = re.compile(r"^import\s+([^'\";]+?)\s+from\s+['\"](\.{1,2}/[^'\"]+)['\"]", re.MULTILINE)
_BLOCK = re.compile(r"^<(script|style)\b(?:(?!^<\1)[\s\S])*?^</\1>", re.MULTILINE)
_VALUE = re.compile(r"\{\{(?:[^{}]|\{[^{}]*\})*\}\}")


def vue(text: str, page: Page) -> str:
    """Parts of a Vue component: scripts, styles, `{{ values }}`, also in code that is HTML."""
    text = CODE.sub(lambda code: _VALUE.sub(GONE, code[0]) if code["tag"] and "v-pre" not in code[0] else code[0], text)
    return outside_code(text, lambda plain: _VALUE.sub(GONE, _BLOCK.sub("", plain)))


def _configuration(project: Project) -> str:
    """Return a configuration followed by the files that it imports (`shared.ts`, `en.ts`): those of the site
    (`...shared`) before those of its languages."""
    config = project.has(*FILES)
    text, folder = project.text(config), posixpath.dirname(config)
    imports = _IMPORT.findall(text)
    of_site = re.findall(r"\.\.\.(\w+)", text.partition("locales")[0])
    imports.sort(key=lambda item: not any(name in of_site for name in re.findall(r"\w+", item[0])))
    places = [posixpath.normpath(posixpath.join(folder, place)) for _, place in imports]
    endings = ("", *scripts(""), *scripts("/index"))
    return "\n".join([text, *(project.text(*(place + ending for ending in endings)) for place in places)])


def open_vitepress(project: Project) -> Rules:
    script = Script(_configuration(project))
    source = folder_of(script.text("srcDir", "."))
    if not any(key.startswith(f"{source}/") for key in project.keys):
        source = ""  # another plugin has this key
    excluded = matcher(script.texts("srcExclude"))
    clean = script.value("cleanUrls") is True
    vuepress = bool(project.has(*_VUEPRESS))
    rewrites = next(script.objects(r"\brewrites\s*:\s*"), "")
    patterns = [_pattern(*pair) for pair in re.findall(r"['\"]([^'\"\n]+)['\"]\s*:\s*['\"]([^'\"\n]+)['\"]", rewrites)]

    def address(path: str, metadata: Metadata) -> str:
        if excluded(path) or "[" in path:
            raise NotServed("srcExclude" if excluded(path) else "a template of pages")
        if vuepress and (own := named(metadata, "permalink")):
            return own.lstrip("/")
        for pattern, target in patterns:
            if pattern.fullmatch(path):
                path = pattern.sub(target, path)
                break
        folder, _, name = stem(path).rpartition("/")
        if name == "index" or (vuepress and name.lower() == "readme"):
            return posixpath.join(folder, "") if folder else ""
        return stem(path) if clean else f"{stem(path)}.html"

    computed = bool(re.search(r"\brewrites\s*(?:\(|:\s*(?!\{)\S)", script.code))
    doubts = ["rewrites are computed in the configuration"] if computed else []
    doubts += ["permalinkPattern says where pages are served"] if vuepress and script.text("permalinkPattern") else []
    site = script.value("hostname", next(script.objects(r"\bsitemap\s*:\s*"), ""))
    return Rules(
        (Folder(source, address),),
        VITEPRESS,
        (vitepress_includes(source), containers, alerts, vue, attribute_lists, jsx),
        base_url=address_of(site, script.value("base", script.exported())),
        title=script.text("title"),
        first=script.first(),
        doubts=tuple(doubts),
    )


def _pattern(source: str, target: str) -> tuple[re.Pattern[str], str]:
    """Return a rewrite (`:pkg/src/:page.md` to `:pkg/:page.md`) as a pattern and its replacement."""
    parts = re.split(r":(\w+)(\([^)]*\))?(\*?)", source)
    out = ""
    for place in range(0, len(parts), 4):
        out += re.escape(parts[place])
        if place + 1 < len(parts):
            inner = (parts[place + 2] or "")[1:-1] or (".*" if parts[place + 3] else "[^/]+")
            out += f"(?P<{parts[place + 1]}>{inner})"
    try:
        return re.compile(out), re.sub(r":(\w+)\*?", r"\\g<\1>", target)
    except re.error:
        return re.compile(re.escape(source)), target


PROFILE = Profile("vitepress", "VitePress, VuePress", FILES, open_vitepress)
