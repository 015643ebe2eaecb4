"""Writerside of JetBrains: `writerside.cfg`, `project.ihp`. Pages are the topics that its instances' trees name."""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections.abc import Mapping
from html import escape
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Page, Pass, Profile, Project, Rules, address_of, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.mdx import jsx
from vademecum_builder.readers.slugs import WRITERSIDE

FILES = ("writerside.cfg", "project.ihp")
_TITLE = re.compile(r"^\[//\]: # \(title: *([^\n]*?)\)[ \t]*$", re.MULTILINE)
_CODE = re.compile(r"^([ \t]*)<code-block\b([^<>]*)>((?:(?!<code-block\b)[\s\S])*?)</code-block>[ \t]*$", re.MULTILINE)
_CDATA = re.compile(r"\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*")
_EMPTY_TABLE = re.compile(r"(?<=\n\n)\|(?:-+\|)+\n")
"""Stands before code whose solution is folded."""
_TITLED = re.compile(r"</?(?:tabs|tab|def|deflist|procedure|step|chapter)\b([^<>]*)>")
_INCLUDE = re.compile(r"<include\b([^<>]*?)/?>(?:[ \t]*</include>)?")


def _said(name: str, tag: str) -> str:
    found = re.search(rf"(?<![\w-]){name}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return (found[1] or found[2] or "") if found else ""


def _values(project: Project, files: list[str]) -> Pass:
    """`%product%`: what the list of variables says, in code as well."""
    tags = re.findall(r"<var\b[^<>]*>", "".join(map(project.text, files)))
    values = {_said("name", tag): _said("value", tag) for tag in tags}

    def values_of(text: str, page: Page) -> str:
        return re.sub(r"%([\w.-]+)%", lambda m: values.get(m[1], m[0]), text) if "%" in text else text

    return values_of


def markup(text: str, page: Page) -> str:
    """Titles in comments, `<code-block lang="sh">`, `<tab title="Linux">`, `<include from="a.md" element-id="b"/>`."""

    def fence(match: re.Match[str]) -> str:
        inner = _CDATA.sub(lambda found: f"\n{found[1]}\n", match[3]).strip("\n").rstrip()
        if match.string.count("<table", 0, match.start()) > match.string.count("</table", 0, match.start()):
            # In HTML, a line of which Markdown would end where it is blank.
            code = escape(textwrap.dedent(inner)).replace("\n", "&#10;")
            return f'{match[1]}<pre><code class="language-{_said("lang", match[2])}">{code}</code></pre>'
        return f"{match[1]}```{_said('lang', match[2])}\n{inner}\n{match[1]}```"

    def include(match: re.Match[str]) -> str:
        name, wanted = _said("from", match[1]), re.escape(_said("element-id", match[1]))
        own = name == posixpath.basename(page.key)  # a part of a page may stand in it again
        found = text if own else page.include(name, posixpath.dirname(page.key), passes=(markup,)) if name else None
        part = re.search(rf"<([\w-]+)\b[^<>]*\bid=[\"']{wanted}[\"'][^<>]*>([\s\S]*?)</\1>", found or "")
        return f"\n\n{part[2].strip()}\n\n" if part else ""

    def edit(plain: str) -> str:
        return _TITLED.sub(lambda m: f"\n\n{_said('title', m[1])}\n\n", _INCLUDE.sub(include, plain))

    text = _EMPTY_TABLE.sub("", text)
    return outside_code(_CODE.sub(fence, _TITLE.sub(r"# \1", text, count=1)), edit)


def open_writerside(project: Project) -> Rules:
    config = project.text(*FILES)
    tags = {name: re.findall(rf"<{name}\b[^<>]*>", config) for name in ("topics", "vars", "instance")}
    topics = next((found for tag in tags["topics"] if (found := _said("dir", tag))), "topics").strip("/")
    trees = "".join(project.text(_said("src", tag)) for tag in tags["instance"])
    elements = re.findall(r"<(?:toc-element|instance-profile)\b[^<>]*>", trees)
    served = {_said(name, tag) for tag in elements for name in ("topic", "start-page")}
    unread = sum(name.endswith(".topic") for name in served)
    root = re.search(r"<web-root>([^<]*)</web-root>", project.text("cfg/buildprofiles.xml"))
    below = next((path for tag in tags["instance"] if (path := _said("web-path", tag))), "")

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        name = posixpath.basename(path)
        if trees and name not in served:
            raise NotServed("not in a tree of an instance")
        return f"{stem(name).lower()}.html"

    values = _values(project, [_said("src", tag) for tag in tags["vars"]])
    return Rules(
        (Folder(topics, address),),
        WRITERSIDE,
        (values, markup, attribute_lists, alerts, jsx),
        base_url=address_of(root[1].strip() if root else "", below),
        doubts=(f"{unread} topics in XML (.topic) are not read: build of the rendered site",) if unread else (),
    )


PROFILE = Profile("writerside", "Writerside", FILES, open_writerside)
