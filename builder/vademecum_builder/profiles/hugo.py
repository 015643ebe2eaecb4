"""Hugo: `hugo.*`, `config.*` beside `content/`, `config/_default/`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.config import (
    address_of,
    at,
    expressions,
    folder_of,
    read_toml,
    read_yaml,
    text_at,
    texts_at,
    upward,
    with_endings,
)
from vademecum_builder.profiles.go_templates import Call, Unknown, shown_by
from vademecum_builder.profiles.tags import Own, shortcodes_of
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.slugs import BLACKFRIDAY, GOLDMARK, SlugRule, ascii_of, goldmark, goldmark_cut

_ENDINGS = "toml yaml yml json"
FILES = with_endings(_ENDINGS, "hugo", "config", "config/_default/hugo", "config/_default/config")
_VERSION = re.compile(r"hugo[-_]?version\W{1,9}0\.(\d+)", re.IGNORECASE)
_OF_TEXT = 144
"""Since this version, ids are made from the visible text of headings."""
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")


def _read(project: Project, *names: str) -> dict[str, Any]:
    found = project.has(*names)
    text = project.text(found) if found else ""
    settings = _lower(read_toml(text) if found.endswith("toml") else read_yaml(text))  # JSON is YAML
    return settings if isinstance(settings, dict) else {}


def _lower(value: Any) -> Any:
    """Return settings with keys in lower case, since Hugo ignores case."""
    return {str(name).lower(): _lower(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def _section(name: str) -> str:
    """Return the section of a page; a page that is a folder of its own at the top has none."""
    above = name.removesuffix("/index")
    return above.partition("/")[0].lower() if "/" in above else ""


def _path(text: str) -> str:
    """Return Hugo's path for a file (`MakePathSanitized` of helpers/path.go)."""
    kept = "".join(c for c in re.sub(r"\s+", "-", text.strip()) if c.isalnum() or c in "./\\_-#+~@")
    return re.sub(r"-{2,}", "-", kept) if " " in text else kept


@dataclass(frozen=True)
class _Site:
    """What the address of a page depends on, besides its path and front matter.

    Attributes:
        default: The language whose pages are at the root, unless `in_folder`.
        permalinks: Patterns by section.
        lower: Whether paths are in lower case.
        ugly: Whether addresses end with `.html`, or the sections where they do.
        unrendered: Folders of sections whose pages are not rendered.
        ignored: Patterns of files to leave out.
        bundles: Folders that are a page with its resources.
    """

    languages: Mapping[str, Any]
    default: str
    in_folder: bool
    permalinks: Mapping[str, Any]
    lower: bool
    ugly: bool | Mapping[str, Any]
    unrendered: Sequence[str]
    ignored: Sequence[re.Pattern[str]]
    bundles: frozenset[str]

    def folder(self, path: str, language: str, below: str = "") -> Folder:
        """Return a folder of pages in a language; a page's name may have another one (`a.fr.md`).

        Args:
            below: Where it is mounted in the content.
        """
        return Folder(path, partial(self._address, path, below, language))

    def _address(self, folder: str, below: str, language: str, path: str, metadata: Metadata) -> str:
        if any(pattern.search(f"/{folder}/{path}") for pattern in self.ignored):
            raise NotServed("ignoreFiles")
        name = stem(path)
        own = name.rpartition(".")[2].lower()
        spoken = own if own in self.languages else language
        name = name.removesuffix(f".{name.rpartition('.')[2]}") if own in self.languages else name
        parent, _, last = name.rpartition("/")
        _refuse(metadata, f"{folder}/{parent}".rstrip("/"), last, self.bundles)
        if any(f"{folder}/{name}".startswith(f"{above}/") for above in self.unrendered):
            raise NotServed("its section is not rendered")
        prefix = f"{spoken}/" if spoken and (spoken != self.default or self.in_folder) else ""
        url = named(metadata, "url")
        if url:
            return url.lstrip("/") if url.startswith("/") or not prefix else prefix + url
        name = posixpath.join(below, name)
        whole = self._whole(name, metadata)
        whole = _path(whole.lower() if self.lower else whole).strip("/")
        ugly = self.ugly.get(_section(name)) is True if isinstance(self.ugly, Mapping) else self.ugly
        ending = ".html" if ugly and whole else "/"
        return prefix + (f"{whole}{ending}" if whole else "")

    def _whole(self, name: str, metadata: Metadata) -> str:
        parent, _, last = name.rpartition("/")
        pattern = self.permalinks.get(_section(name)) if last != "_index" else None
        if isinstance(pattern, str):
            return _permalink(pattern, metadata, parent if last == "index" else name)
        slug = named(metadata, "slug")
        if last == "index" and slug:
            return posixpath.join(posixpath.dirname(parent), slug)
        return parent if last in ("index", "_index") else posixpath.join(parent, slug or last)


def open_hugo(project: Project) -> Rules | None:
    config, place, others = _configured(project)
    languages = {**_config_part(project, config, "languages", place), **_of_files(project, "languages", place)}
    permalinks = _config_part(project, config, "permalinks", place)
    permalinks = permalinks.get("page", permalinks)
    content = _content(config)
    if not any(key.startswith(f"{content}/") for key in project.keys) and "baseurl" not in config:
        return None
    default = text_at(config, "defaultcontentlanguage", default="en").lower()
    site = _Site(
        languages,
        default,
        in_folder=config.get("defaultcontentlanguageinsubdir") is True,
        permalinks=permalinks if isinstance(permalinks, Mapping) else {},
        lower=config.get("disablepathtolower") is not True,
        ugly=_config_part(project, config, "uglyurls", place) or config.get("uglyurls") is True,
        unrendered=[
            posixpath.dirname(k) for k in project.keys if k.endswith("/_index.md") and _never(_cascade(project.text(k)))
        ],
        ignored=expressions(texts_at(config, "ignorefiles")),
        bundles=frozenset(
            posixpath.dirname(k) for k in project.keys if re.search(r"/index(\.\w+)?\.(md|html|markdown)$", k)
        ),
    )
    places = {
        str(name): folder_of(own) for name, options in languages.items() if (own := text_at(options, "contentdir"))
    }
    folders = [site.folder(path, name) for name, path in places.items()]
    mounts = at(config, "module", "mounts")
    for mount in mounts if isinstance(mounts, list) else ():
        top, _, below = folder_of(text_at(mount, "target")).partition("/")
        if top == "content":
            folders.append(site.folder(folder_of(text_at(mount, "source")), text_at(mount, "lang") or default, below))
    several = others and place == "config/_default"
    shared = () if default in places else (site.folder(content, default),)
    return Rules(
        (*sorted(folders, key=lambda f: -len(f.path)), *shared),
        _slugs(text_at(config, "markup", "goldmark", "parser", "autoheadingidtype"), _version(project, config)),
        (attribute_lists, alerts),
        templates=(shortcodes_of(_shortcodes(project, config, place, {default: {}} | languages, default)),),
        base_url=address_of(config.get("baseurl")),
        title=text_at(languages, default, "title") or text_at(config, "title"),
        doubts=(
            *((f"{', '.join(others)} are sites of their own: build the folder of each by itself",) if several else ()),
            *_unread(project, config),
        ),
        first={"lang": default} if len(languages) > 1 else {},
    )


def _shortcodes(
    project: Project, config: Mapping[str, Any], place: str, languages: Mapping[str, Any], default: str
) -> Own:
    """Return a function that renders shortcodes with the templates of the site, and of a theme in its folder."""
    parts = [p for top in ("", "themes/*/") for p in sorted(project.root.glob(f"{top}layouts/*shortcodes/**/*.*"))]
    templates: dict[str, str] = {}
    for path in parts:
        name = path.relative_to(project.root).as_posix()
        if name.endswith((".html", ".md")):
            templates.setdefault(stem(name).partition("shortcodes/")[2], project.text(name))
    params = _config_part(project, config, "params", place)
    strings = {
        language: _read(project, *with_endings(_ENDINGS, f"themes/*/i18n/{language}"))
        | _read(project, *with_endings(_ENDINGS, f"i18n/{language}"))
        for language in languages
    }

    def value(language: str, page: Page, name: str) -> str:
        kind, _, rest = name.partition(".")
        if kind == "i18n":
            found = at(strings.get(language, {}), rest.lower())
            found = found.get("other") if isinstance(found, Mapping) else found
        elif kind == "page":
            found = page.metadata.get(rest)
        else:
            path = rest.lower().split(".")
            own = at(languages, language, "params", *path)
            found = own if own is not None else at(params, *path)
        return str(found or "") if isinstance(found, str | int | float) else ""

    def shown(name: str, call: Call, page: Page) -> str | None:
        spoken = page.key.rsplit(".", 2)[-2].lower() if page.key.count(".") > 1 else page.key.partition("/")[2]
        parts = (spoken, spoken.partition("/")[0], page.key.partition("/")[0])
        language = next((part for part in parts if part in languages), default)
        call.value = partial(value, language, page)
        if name == "param" and call.placed and name not in templates:
            return call.value(f"page.{call.placed[0]}") or call.value(f"site.{call.placed[0]}")
        try:
            return shown_by(templates[name], call) if name in templates else None
        except Unknown:
            return None

    return shown


def _content(config: Mapping[str, Any]) -> str:
    return folder_of(text_at(config, "contentdir", default="content"))


def _configured(project: Project) -> tuple[dict[str, Any], str, Sequence[str]]:
    """Return the configuration, the folder of its parts, and those of other sites with common settings.

    If there are several (`config/manual`), only the one with most of the pages is used.
    """
    common = _read(project, *FILES)
    found = {"config/_default": common}
    for folder in sorted(project.root.glob("config/*/")):
        place = f"config/{folder.name}"
        settings = common | _read(project, *with_endings(_ENDINGS, f"{place}/hugo", f"{place}/config"))
        if _content(settings) != _content(common):
            found[place] = settings
    pages = {place: sum(key.startswith(f"{_content(own)}/") for key in project.keys) for place, own in found.items()}
    chosen = max(found, key=lambda place: (pages[place], len(_content(found[place]))))
    return found[chosen], chosen, [place for place in found if place != chosen and pages[place]]


def _config_part(project: Project, config: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any]:
    """Return a part of the configuration that may have a file of its own."""
    settings = config.get(name) or _read(project, *with_endings(_ENDINGS, f"{place}/{name}", f"config/_default/{name}"))
    return settings if isinstance(settings, Mapping) else {}


def _of_files(project: Project, name: str, place: str) -> dict[str, Any]:
    """Return a part of the configuration with a file for each of its keys (`languages.fr.toml`)."""
    found = sorted(project.root.glob(f"{place}/{name}.*.*"))
    return {p.name.split(".")[1].lower(): _read(project, f"{place}/{p.name}") for p in found}


def _slugs(kind: str, version: int) -> SlugRule:
    if kind == "blackfriday":
        return BLACKFRIDAY
    fold = ascii_of if kind == "github-ascii" else str
    return replace(
        GOLDMARK,
        slug=lambda text: GOLDMARK.slug(fold(text)),
        of_source=None if version >= _OF_TEXT else lambda text: goldmark(fold(text)),
        of_markup=goldmark_cut if version >= _OF_TEXT else None,
    )


def _version(project: Project, config: Mapping[str, Any]) -> int:
    """Return the version of Hugo that builds the site (144 for 0.144.2), according to files beside it; 0 if unknown."""
    flows = (p.relative_to(project.root).as_posix() for p in sorted(project.root.glob(".github/workflows/*.y*ml")))
    texts = [f"hugo-version: {text_at(config, 'module', 'hugoversion', 'min')}"]
    texts += map(project.text, ("netlify.toml", *flows))
    return max((int(version) for text in texts for version in _VERSION.findall(text)), default=0)


def _unread(project: Project, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what decides about pages and is not evaluated: content adapters, and cascades for some of the pages."""
    for key in sorted(project.keys):
        if posixpath.basename(key) == "_content.gotmpl":
            yield f"{key} makes pages, which are not read"
        elif key.endswith("/_index.md") and _never(_cascade(project.text(key)), targeted=True):
            yield f"the cascade of {key} keeps pages of a target from being rendered: they are in the index"
    if _never(config.get("cascade"), targeted=True):
        yield "the cascade of the configuration keeps pages of a target from being rendered: they are in the index"


def _cascade(text: str) -> Any:
    return split_front_matter(text)[0].get("cascade") if "cascade" in text else None


def _never(cascade: Any, *, targeted: bool = False) -> bool:
    """Return whether a cascade prevents pages from being rendered: all below its section, or those of a target."""
    return any(
        at(item, name, "render") in (False, "never", "link")
        for item in (cascade if isinstance(cascade, list) else [cascade])
        if isinstance(item, Mapping) and bool(item.keys() & {"_target", "target"}) is targeted
        for name in ("build", "_build")
    )


def _refuse(metadata: Metadata, folder: str, last: str, bundles: Collection[str]) -> None:
    options = metadata.get("build") or metadata.get("_build")
    if metadata.get("headless") is True or at(options, "render") in (False, "never", "link"):
        raise NotServed("not rendered, by its front matter")
    for above in upward(folder):
        if above in bundles and not (above == folder and last == "index") and not (last == "_index"):
            raise NotServed("a resource of a page bundle")


def _permalink(pattern: str, metadata: Metadata, path: str) -> str:
    """Fill in a pattern such as `/:year/:month/:slug/`."""
    date = _DATE.match(str(metadata.get("date") or "")) or _DATE.match(path.rpartition("/")[2])
    folders, _, last = path.rpartition("/")
    title = str(metadata.get("title") or last)
    slug = named(metadata, "slug") or title
    of_file = named(metadata, "slug") or last
    year, month, day = date.groups() if date else ("0001", "01", "01")
    values = {
        "year": year, "month": month, "day": day, "title": title, "slug": slug, "section": path.partition("/")[0],
        "sections": folders, "filename": last, "contentbasename": last,
        "slugorfilename": of_file, "slugorcontentbasename": of_file,
    }  # fmt: skip
    return re.sub(r":(\w+)(?:\[[^\]]*\])?", lambda m: values.get(m[1].lower(), m[0]).replace(" ", "-"), pattern)


PROFILE = Profile("hugo", "Hugo", FILES, open_hugo)
