"""YARD: the files in `.yardopts` beside code; documentation in code is only in the rendered site."""

from __future__ import annotations

import itertools
import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Page, Profile, Project, Rules, front_matter, stem
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.jupyterbook import files_of
from vademecum_builder.readers.slugs import NO_IDS, REDCARPET

FILES = (".yardopts",)
_HEAD = re.compile(r"\A(?:\s*#!\S+[ \t]*\n)?((?:[ \t]*#[ \t]*@\S+.*\n)+)")
_SAID = re.compile(r"#[ \t]*@(\S+)[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def heads(text: str, page: Page) -> str:
    """`# @title Pumps` at the head of a file is its title, not a heading."""
    found = _HEAD.match(text)
    metadata = dict(_SAID.findall(found[1])) if found else {}
    return front_matter(metadata) + text[found.end() :] if found else text


_LINK = re.compile(r"\{(?:(?P<file>file:)|include:)?(?P<to>[\w:./#?!-]*[\w?!])(?:[ \t]+(?P<shown>[^{}\n]+))?\}")


def links(text: str, page: Page) -> str:
    """`{Pump#turn}`, `{file:docs/oil.md on oil}`, `{file:docs/oil.md}`: the text of the link."""

    def shown(link: re.Match[str]) -> str:
        if not link["file"]:
            return (link["shown"] or link["to"]) if re.search(r"[A-Z]", link["to"]) else link[0]
        path = link["to"].partition("#")[0]
        head = _HEAD.match(page.project.text(path))
        return (
            link["shown"]
            or (dict(_SAID.findall(head[1])) if head else {}).get("title")
            or stem(posixpath.basename(path))
        )

    return outside_code(text, lambda plain: _LINK.sub(shown, plain)) if "{" in text else text


def open_yard(project: Project) -> Rules | None:
    try:
        written = shlex.split(project.text(*FILES), comments=True)
    except ValueError:
        return None
    words = [part for word in written for part in (word.split("=", 1) if word.startswith("--") else [word])]
    options = dict(itertools.pairwise(words))
    named = words[words.index("-") + 1 :] if "-" in words else []
    readme = options.get("--readme") or options.get("-r") or "README.md"
    named += [*filter(None, options.get("--files", "").split(",")), readme]
    pages = set(files_of(named, project.keys, ()))
    folders = {folder for key in pages if (folder := posixpath.dirname(key))}
    beside = {key for key in project.keys if posixpath.dirname(key) in folders and key.endswith(".md")}
    if not folders or 2 * len(beside & pages) < len(beside):
        return None  # the pages are about the package itself, or few of many; documents are elsewhere

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        if path not in pages:
            raise NotServed("not in .yardopts")
        return f"file.{stem(posixpath.basename(path))}.html"

    provider = options.get("--markup-provider") or options.get("-M")
    ids = REDCARPET if provider == "redcarpet" else NO_IDS  # each library of Ruby that renders Markdown has its own
    return Rules((Folder("", address),), ids, (heads, links), title=options.get("--title", ""))


PROFILE = Profile("yard", "YARD", FILES, open_yard)
