"""Docsify: an `index.html` with `$docsify`, whose script shows the Markdown files."""

from __future__ import annotations

import re
import textwrap

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import Script, folder_of
from vademecum_builder.profiles.vitepress import vue
from vademecum_builder.readers.slugs import NO_IDS

_PARTS = ("loadSidebar", "loadNavbar", "coverpage", "loadFooter", "notFoundPage")
_EMBED = re.compile(r"\[[^\[\]\n]*\]\((?P<name>[^()\s]+)[ \t]+(?P<mark>['\"]):include(?P<said>[^'\"\n]*)(?P=mark)\)")
_TYPE = re.compile(r":type=(\w+)")
_PART = re.compile(r":fragment=([\w-]+)")
_SHOWN = frozenset("html htm mp3 mp4 ogg".split())
"""Endings of files that are shown in a frame."""
_OPTION = re.compile(r"(\]\([^()\s]+)[ \t]+(['\"]):[^'\"\n]*\2\)")
_SAID = re.compile(
    r"^([!?]>[ \t]*)|(?<![ \t])[ \t]*(?:<!--[ \t]*)?\{docsify-[\w-]+\}(?:[ \t]*-->)?|(?<=\S)[ \t]+:id=[\w-]+[ \t]*$",
    re.MULTILINE,
)


def embeds(text: str, page: Page) -> str:
    """`[part](_part.md ':include')` is included; `?>` of a tip, `:id=x` of a heading and options of a link go."""

    def take(match: re.Match[str]) -> str:
        name, ending = match["name"], match["name"].rpartition(".")[2]
        kind = told[1] if (told := _TYPE.search(match["said"])) else ending
        if kind in ("md", "markdown"):
            return f"\n\n{page.include_page(name, passes=(embeds,))}\n\n"
        if "://" in name or kind in _SHOWN or (told and kind != "code"):
            return ""
        found = page.include(name) or ""
        if wanted := _PART.search(match["said"]):
            mark = rf"(?:###|///)[ \t]*\[{wanted[1]}\]"
            found = between[1] if (between := re.search(rf"{mark}([\s\S]*){mark}", found)) else ""
        code = textwrap.dedent(found.rstrip()).lstrip("\n")
        return f"\n\n~~~~~~{ending}\n{code}\n~~~~~~\n\n" if code else ""

    def edit(plain: str) -> str:
        return _SAID.sub("", _OPTION.sub(r"\1)", _EMBED.sub(take, plain)))

    return outside_code(text, edit)


def open_docsify(project: Project) -> Rules | None:
    page = project.text("index.html")
    if "$docsify" not in page:
        return None
    script = Script(page)
    home = script.text("homepage", "README.md")
    parts = {stem(part) for name in _PARTS if (part := script.text(name))}
    route = "" if script.text("routerMode") == "history" else "#/"
    base = script.text("basePath", ".")

    def address(path: str, metadata: Metadata) -> str:
        folder, _, name = stem(path).rpartition("/")
        if name.startswith("_") or name in parts:
            raise NotServed("a part of other pages (a sidebar, a cover)")
        if path == home:
            return route
        if name == "README" and folder:
            return f"{route}{folder}/"
        return route + stem(path)

    # The script finds headings by `?id=`; fragments do not lead to them.
    return Rules(
        (Folder("" if "://" in base else folder_of(base), address),),
        NO_IDS,
        passes=(embeds, alerts, vue),
        title=script.text("name"),
    )


PROFILE = Profile("docsify", "Docsify", ("index.html",), open_docsify)
