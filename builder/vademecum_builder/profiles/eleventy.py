"""Eleventy: its configuration, read as text. Data files beside the pages may have their addresses."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, pretty, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers
from vademecum_builder.profiles.config import Script, address_of, folder_of, matcher, read_yaml, scripts, upward
from vademecum_builder.profiles.tags import liquid_with_values
from vademecum_builder.readers.slugs import ELEVENTY, GITHUB, MARKDOWN_IT_ANCHOR, NO_IDS, SINDRESORHUS, SlugRule

FILES = scripts(".eleventy", "eleventy.config")
_DATA = (".json", ".11tydata.json", ".11tydata.js", ".11tydata.cjs", ".11tydata.mjs", ".js")
_OF_SITE = tuple(
    f"{name}{ending}" for name in ("metadata", "site", "meta") for ending in (".json", ".js", ".cjs", ".mjs")
)
"""Data files for all pages with the site's `url`, as in starter projects."""
_DATED = re.compile(r"(?:^|(?<=/))\d{4}-\d{2}-\d{2}-(?=[^/]*$)")
_OWN = re.compile(r"(?:\brequire\(|\bfrom)\s*['\"]\./([\w./-]+)['\"]")
"""Modules of the site itself that its configuration imports."""
_INPUT = re.compile(
    r"\beleventy\b[^&|;\"\n]*?\s--input[= ](?:\\\")?([\w./-]+)|\bsetInputDirectory\(\s*['\"`]([^'\"`$]+)['\"`]"
)
_IGNORED = re.compile(r"\.ignores\.add\(\s*['\"`]([^'\"`$]+)['\"`]")
_BARE_ANCHOR = re.compile(r"\.use\(\s*\w*anchor\w*\s*\)", re.IGNORECASE)
"""The plugin without a function of the site for ids."""
_CHOOSES = re.compile(r"\baddPreprocessor\(|\beleventyDataSchema\b|\beleventyComputed\b[\s\S]*\bpermalink\b")
"""By what JavaScript may leave pages out."""
_DRAFTS = re.compile(r"\bdrafts?\b", re.IGNORECASE)
_NO_PAGE = re.compile(r"\.(?!html?$)[a-z]+$")
"""A file that is not a page: `/feed.xml`, `_redirects.txt`."""
_FILLED = re.compile(r"\{\{-?\s*page\.(filePathStem|fileSlug)\s*-?\}\}")
# A macro of Nunjucks; its arguments may be lists and objects, which may contain objects.
_CALL = re.compile(r"\{\{-?\s*([\w.]+)\s*\((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\)\s*-?\}\}")


def calls(text: str, page: Page) -> str:
    """`{{ tabs({...}) }}`: what it shows is only in the templates."""
    what = "what a macro shows ({}): build the rendered site"
    return _CALL.sub(lambda match: page.miss(what.format(match[1])), text)


def open_eleventy(project: Project) -> Rules:
    script = Script(project.text(*FILES))
    named = _INPUT.search(script.code + project.text("package.json"))
    source = folder_of(named[1] or named[2] if named else script.text("input", "."))
    ignored = matcher([*project.text(".eleventyignore").split("\n"), *_IGNORED.findall(script.code)])

    own = "".join(project.text(name, f"{name}.js", f"{name}.ts") for name in _OWN.findall(script.code))
    chooses = _choosing(project, script.code + own, source)

    def permalink(path: str, metadata: Metadata) -> Any:
        said = metadata["permalink"] if "permalink" in metadata else _of_data(project, source, path)
        return _filled(said, path) if isinstance(said, str) else said

    def address(path: str, metadata: Metadata) -> str:
        if path.startswith("_") or ignored(posixpath.join(source, path)):
            raise NotServed("in a folder of includes or data" if path.startswith("_") else "ignored")
        if metadata.get("draft") is True and _DRAFTS.search(chooses):
            raise NotServed("draft: true, and JavaScript of the site asks for drafts")
        said = permalink(path, metadata)
        if said is False or _NO_PAGE.search(str(said)):
            raise NotServed("permalink: false" if said is False else "not a page")
        if isinstance(said, str) and "{" not in said:
            return said.lstrip("/").removesuffix("index.html")
        return pretty(path, "index", posixpath.basename(posixpath.dirname(path)))

    return Rules(
        (Folder(source, address),),
        _slugs(script.code + own),
        (containers, alerts, attribute_lists),
        templates=(calls, liquid_with_values),
        base_url=address_of(
            _site(project, posixpath.join(source, script.text("data", "_data"))), script.text("pathPrefix")
        ),
        doubts=(
            *(("pathPrefix is computed in the configuration",) if script.value("pathPrefix") == "" else ()),
            *(
                ("JavaScript decides which pages there are (a preprocessor, a data schema or computed data)",)
                if chooses
                else ()
            ),
        ),
        doubt=lambda path, metadata: (
            "a template computes their permalinks" if "{" in str(permalink(path, metadata)) else ""
        ),
    )


def _choosing(project: Project, code: str, source: str) -> str:
    """Return the JavaScript by which pages may be left out, of the configuration and of data files; empty: none."""
    within = f"{source}/" if source else ""
    data = (key for key in project.keys if key.startswith(within) and key.endswith((".js", ".cjs", ".mjs")))
    texts = (code, *(f"/{key}\n{project.text(key)}" for key in data if ".11tydata." in key or "/_data/" in f"/{key}"))
    return "\n".join(text for text in texts if _CHOOSES.search(Script(text).code))


def _of_data(project: Project, source: str, path: str) -> str | bool | None:
    """Return the permalink in data files: of the page, of its folder (`guide/guide.json`), of folders above."""
    folders = upward(posixpath.join(source, posixpath.dirname(path)).rstrip("/"))
    names = [posixpath.join(source, stem(path)), *(posixpath.join(f, posixpath.basename(f)) for f in folders)]
    for data in (f"{name}{suffix}" for name in names for suffix in _DATA):
        found = _value(project, data, "permalink") if data in project.keys else None
        if isinstance(found, bool) or found:
            return found
    return None


def _site(project: Project, folder: str) -> str:
    """Return the address in the site's data; empty if there is none."""
    for data in (posixpath.join(folder, name) for name in _OF_SITE):
        url = _value(project, data, "url")
        if isinstance(url, str) and url:
            return url
    return ""


def _value(project: Project, data: str, name: str) -> Any:
    text = project.text(data)
    return read_yaml(text).get(name) if data.endswith(".json") else Script(text).value(name)


def _filled(permalink: str, path: str) -> str:
    whole = _DATED.sub("", stem(path))
    slug = posixpath.basename(whole.removesuffix("/index"))
    return _FILLED.sub(lambda match: f"/{whole}" if match[1] == "filePathStem" else slug, permalink)


def _slugs(code: str) -> SlugRule:
    """Return the rule of ids: only a plugin makes them, and the configuration may name its rule."""
    if re.search(r"github-slugger", code):
        return GITHUB
    if "IdAttributePlugin" in code:
        return ELEVENTY
    if re.search(r"@sindresorhus/slugify|getFilter\(['\"]slugify", code):
        return SINDRESORHUS
    own = re.search(r"\bslugify\b", code) and not _BARE_ANCHOR.search(code)
    return MARKDOWN_IT_ANCHOR if "markdown-it-anchor" in code and not own else NO_IDS


PROFILE = Profile("eleventy", "Eleventy", FILES, open_eleventy)
