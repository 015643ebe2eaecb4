"""Hexo: `_config.yml` with its folders, as in a new site, or beside a package.json with Hexo."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import address_of, at, folder_of, matcher, read_yaml, text_at, texts_at
from vademecum_builder.profiles.tags import liquid_with_values
from vademecum_builder.readers.document import title_from_key
from vademecum_builder.readers.slugs import HEXO, NO_IDS
from vademecum_builder.sources.places import language_named

FILES = ("_config.yml", "_config.yaml")
_POST_LINK = re.compile(r"\{%\s*post_(?:link|path)\s+(\S+)[ \t]*([^%{}]*?)(?:\s+(?:true|false))?\s*%\}")
_CAPTION = re.compile(
    r"^([ \t]*(?:`{3,}|~{3,})[ \t]*[\w+#.-]+)[ \t]+([^\s`={\"][^`=\"\n]*?)(?:[ \t]+https?://.*)?$", re.MULTILINE
)
_RAW_TAG = re.compile(r"^\{%-?[ \t]*raw[ \t]*-?%\}[ \t]*</?\w[^\n]*\{%-?[ \t]*endraw[ \t]*-?%\}[ \t]*$", re.MULTILINE)
"""Hexo puts a comment in its place until Markdown is read, so the next line is Markdown, not HTML."""
_UNKNOWN = re.compile(r":(?:category|id|hash)\b")


def tags(text: str, page: Page) -> str:
    """Tags of Nunjucks, except in fenced code, as in Hexo; the language of a fence may precede a caption."""

    def edit(plain: str) -> str:
        return liquid_with_values(_POST_LINK.sub(lambda m: m[2].strip("\"' ") or title_from_key(m[1]), plain), page)

    text = _RAW_TAG.sub(r"\n\g<0>\n", _CAPTION.sub(r'\1 title="\2"', text))
    return outside_code(text, edit, fenced=True) if "{%" in text or "{{" in text else text


def open_hexo(project: Project) -> Rules | None:
    config = read_yaml(project.text(*FILES))
    package = project.text("package.json")
    if not ({"source_dir", "public_dir"} & config.keys() or '"hexo"' in package):
        return None
    source = folder_of(text_at(config, "source_dir", default="source"))
    tops = {key.removeprefix(f"{source}/").partition("/")[0] for key in project.keys}
    first = {"lang": spoken} if (spoken := next(iter(texts_at(config, "language")), "")) else {}
    pattern = text_at(config, "permalink", default=":year/:month/:day/:title/")
    excluded = matcher([*texts_at(config, "exclude"), *texts_at(config, "ignore")])
    included = matcher(texts_at(config, "include"))
    files = _file_names(text_at(config, "new_post_name", default=":title.md"))
    html = at(config, "pretty_urls", "trailing_html") is not False

    def address(path: str, metadata: Metadata) -> str:
        post = path.startswith("_posts/")
        names = path.split("/")[1 if post else 0 :]
        if excluded(path):
            raise NotServed("exclude")
        if metadata.get("published") is False:
            raise NotServed("published: false")
        if not included(path) and any(name.startswith(("_", ".")) for name in names):
            raise NotServed("in a folder that begins with _")
        own = named(metadata, "permalink")
        if not post:
            whole = own.lstrip("/") or (f"{stem(path)}.html" if html else stem(path))
            return re.sub(r"(^|/)index(\.html)?$", r"\1", whole)
        name = stem("/".join(names))
        written = files.fullmatch(name)
        return _post(own or pattern, written.groupdict() if written else {"title": name}, metadata)

    return Rules(
        (Folder(source, address),),
        HEXO if re.search(r'"hexo-renderer-(?:marked|markdown-it)', package) or not package else NO_IDS,
        (alerts, attribute_lists),
        templates=(tags,),
        copies=True,
        base_url=address_of(config.get("url")),
        title=text_at(config, "title"),
        first=first if any(map(language_named, tops)) else {},
        doubts=("permalinks have parts that only Hexo knows",) if _UNKNOWN.search(pattern) else (),
    )


def _post(pattern: str, parts: Mapping[str, str | None], metadata: Metadata) -> str:
    """Return the address of a post, given the parts of its name."""
    date = re.match(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", str(metadata.get("date") or ""))
    year, month, day = date.groups() if date else (parts.get(part) or "" for part in ("year", "month", "day"))
    if not year and re.search(r":(?:year|i?_?month|i?_?day)", pattern):
        raise NotServed("a post without a date")
    title = parts["title"] or ""
    values = {
        "year": year, "month": month.zfill(2), "day": day.zfill(2),
        "i_month": month.lstrip("0"), "i_day": day.lstrip("0"),
        "title": title, "name": posixpath.basename(title), "post_title": named(metadata, "title"),
    }  # fmt: skip
    return re.sub(r":(\w+)", lambda m: values.get(m[1], ""), pattern).lstrip("/")


def _file_names(pattern: str) -> re.Pattern[str]:
    """Return the pattern of the names of posts (`:year-:month-:day-:title.md`)."""
    parts = {":year": r"(?P<year>\d{4})", ":title": "(?P<title>.+)"}
    parts |= {f":{i}{name}": rf"(?P<{name}>\d{{1,2}})" for name in ("month", "day") for i in ("", "i_")}
    written = re.escape(stem(pattern))
    for name, group in parts.items():
        written = written.replace(name, group, 1)
    return re.compile(written if "(?P<title>" in written else "(?P<title>.+)")


PROFILE = Profile("hexo", "Hexo", FILES, open_hexo)
