"""ExDoc: the pages in `extras` of a `mix.exs`; documentation in code is only in the rendered site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import address_of
from vademecum_builder.profiles.jupyterbook import files_of
from vademecum_builder.readers.slugs import EXDOC

_PAGES = (".md", ".livemd", ".cheatmd")
_CALLED = r"\w*(?:extra|guide|page)\w*"
_LISTED = re.compile(
    r"\bextras:\s*(?:[^\[\n]*\n|(?P<list>[^\[\n]*\[))"
    rf"|^[ \t]*defp?[ \t]+{_CALLED}(?:\(\))?[ \t]*(?:,[ \t]*do:[^\n]*|do\b[\s\S]*?^[ \t]*end\b)"
    rf"|^[ \t]*@{_CALLED}[ \t]+(?:\[[^\[\]]*\]|[^\n]*)",
    re.MULTILINE,
)
_NAME = re.compile(r"\"([^\"\n]+\.(?:md|livemd|cheatmd)|[^\"\n]*\*[^\"\n]*)\"(?:\s*[:,]\s*\[(?P<options>[^\[\]]*)\])?")
_WORDS = re.compile(r"~[wW]([(\[{|/])([\s\S]*?)[)\]}|/]")
_OPTION = re.compile(r"\b(filename|title):\s*\"([^\"]*)\"")
spaces = replacing(
    re.compile(r"(\[[^\[\]\n]*\]\()([^()<>\s\"'][^()<>\"'\n]*? [^()<>\"'\n]*\.(?:md|livemd|cheatmd)(?:#[^()\s]*)?)\)"),
    r"\1<\2>)",
    "](",
)
"""`[x](Up and running.md)`: links may have spaces."""


def _extras(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the listed files and patterns, with their options."""
    for match in _LISTED.finditer(source):
        text = match[0]
        if match["list"]:
            depth, end = 1, match.end()
            while depth and end < len(source):
                depth += {"[": 1, "]": -1}.get(source[end], 0)
                end += 1
            text = source[match.start() : end] + source[end:].partition("\n")[0]
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
        for found in _NAME.finditer(text):
            if "url:" not in (found["options"] or ""):
                yield found[1], dict(_OPTION.findall(found["options"] or ""))
        for found in _WORDS.finditer(text):
            yield from ((name, {}) for name in found[2].split())


def open_exdoc(project: Project) -> Rules | None:
    source = project.text("mix.exs")
    pages = {
        key: options
        for name, options in _extras(source)
        for key in files_of([name], (key for key in project.keys if key.endswith(_PAGES)), ())
    }
    if "ex_doc" not in source or not any("/" in key for key in pages):
        return None  # the pages are about the package itself; documents are elsewhere

    def address(path: str, metadata: Metadata) -> str:
        if path not in pages:
            raise NotServed("not in extras")
        return f"{pages[path].get('filename') or EXDOC.slug(posixpath.basename(stem(path)))}.html"

    app = re.search(r"\bapp:\s*:(\w+)", source)
    said = re.search(r"\bcanonical:\s*\"([^\"#]+)\"", source)
    published = f"https://hexdocs.pm/{app[1]}/" if app and re.search(r"\bpackage:", source) else ""
    return Rules(
        (Folder("", address),),
        EXDOC,
        (spaces, alerts, attribute_lists),
        called=lambda path: pages.get(path, {}).get("title", ""),
        base_url=address_of(said[1]) if said else published,
        title=app[1] if app else "",
    )


PROFILE = Profile("exdoc", "ExDoc", ("mix.exs",), open_exdoc)
