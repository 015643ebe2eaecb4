"""Writerside of JetBrains: `writerside.cfg`, `project.ihp`. Pages are the topics in the trees of its
instances, in Markdown or in XML (`.topic`)."""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections import Counter
from html import escape, unescape

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Pass, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.code import Kept, outside_code
from vademecum_builder.profiles.config import address_of
from vademecum_builder.profiles.includes import part
from vademecum_builder.profiles.mdx import jsx
from vademecum_builder.readers.fences import fenced
from vademecum_builder.readers.slugs import WRITERSIDE

FILES = ("writerside.cfg", "project.ihp")
_TITLE = re.compile(r"^\[//\]: # \(title: *([^\n]*?)\)[ \t]*$", re.MULTILINE)
_CODE = re.compile(r"^([ \t]*)<code-block\b([^<>]*)>((?:(?!<code-block\b)[\s\S])*?)</code-block>[ \t]*$", re.MULTILINE)
_CDATA = re.compile(r"\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*")
_HOLDING = re.compile(r"<(/?)(table|tab|step|def)\b")
_EMPTY_TABLE = re.compile(r"(?<=\n\n)\|(?:-+\|)+\n")
"""A mark before code with a folded solution."""
_TITLED = re.compile(r"</?(?:tabs|tab|def|deflist|procedure|step|chapter)\b([^<>]*)>")
_INCLUDE = re.compile(r"<include\b([^<>]*?)/?>(?:[ \t]*</include>)?")
_NOT_SHOWN = re.compile(
    r"<\?xml[^<>]*\?>|<!DOCTYPE[^<>]*>|<!--[\s\S]*?-->|<(?:show-structure|primary-label)\b[^<>]*>"
    r"|<(?P<summary>(?:link|card|web)-summary)\b[^<>]*>(?:(?!</?(?P=summary)\b)[\s\S])*</(?P=summary)>"
)
_XML_CODE = re.compile(r"[ \t]*<code-block\b([^<>]*?)(?:/>|>((?:(?!<code-block\b)[\s\S])*?)</code-block>)[ \t]*")
_ELEMENT = re.compile(r"<(?P<end>/?)(?P<name>topic|chapter|list|title|a)\b(?P<said>[^<>]*?)(?P<empty>/?)>")
_UNTITLED = re.compile(r"(?<!!)\[\]\(([\w.-]+\.(?:md|topic))(#[\w-]+)?\)")
_MARKED = re.compile(r"^#[ \t]+(.+?)[ \t]*(?:\{[^{}\n]*\})?$", re.MULTILINE)


def _key(name: str, page: Page) -> str:
    """Return the file of a topic, in whatever folder: Writerside identifies topics by name only."""
    return next((key for key in sorted(page.project.keys) if posixpath.basename(key) == name), "")


def _title_of(name: str, page: Page) -> str:
    """Return the title of a topic; its name if there is none, as for an address of another site."""
    text = page.project.text(key) if (key := _key(name, page)) else ""
    tag = re.search(r"<topic\b[^<>]*>", text)
    found = _TITLE.search(text) or _MARKED.search(text)
    title = unescape(_attribute("title", tag[0])) if tag else found[1] if found else ""
    page.included[f":title:{name}"] = title
    return title or name


def titles(text: str, page: Page) -> str:
    """`[](oil.md)` shows the title of its target."""

    def titled(match: re.Match[str]) -> str:
        return f"[{_title_of(match[1], page)}]({match[1]}{match[2] or ''})"

    return outside_code(text, lambda plain: _UNTITLED.sub(titled, plain)) if "[](" in text else text


def topic(text: str, page: Page) -> str:
    """A topic in XML becomes Markdown: headings and code are written as Markdown, the rest as HTML."""
    if not page.key.endswith(".topic"):
        return text
    kept = Kept()
    depth = 1

    def code(match: re.Match[str]) -> str:
        inner = match[2] or ""
        inner = inner if "<![CDATA[" in inner else textwrap.dedent(unescape(inner))
        block = f"<code-block{match[1]}>\n{inner}\n</code-block>" if inner.strip() else ""
        return f"\n\n{kept.keep(block)}\n\n"

    def element(match: re.Match[str]) -> str:
        nonlocal depth
        name, said = match["name"], match["said"]
        if name in ("topic", "chapter"):
            depth += -1 if match["end"] else 1
            anchor = f" {{#{_attribute('id', said)}}}" if name == "chapter" and _attribute("id", said) else ""
            return "\n\n" if match["end"] else f"\n\n{'#' * min(depth - 1, 6)} {_attribute('title', said)}{anchor}\n\n"
        if name in ("list", "title"):
            return f"<{match['end']}{'ul' if name == 'list' else 'p'}>"
        if match["end"]:
            return match[0]
        shown = f"{_title_of(_attribute('href', said).partition('#')[0], page)}</a>" if match["empty"] else ""
        anchor = f' href="#{_attribute("anchor", said)}"' if "href=" not in said else ""
        return f"<a{said}{anchor}>{shown}"

    text = _XML_CODE.sub(code, _NOT_SHOWN.sub("", text.replace("\ue000", "")))
    text = re.sub(r"\n(?:[ \t]*\n)+", "\n", re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE))
    text = re.sub("\n(\ue000\\d+\ue001)\n", r"\n\n\1\n\n", _ELEMENT.sub(element, text))
    return kept.back(text)


def topics(text: str, page: Page) -> str:
    """Topics in XML without a known configuration."""
    return markup(topic(text, page), page) if page.key.endswith(".topic") else text


def _attribute(name: str, tag: str) -> str:
    found = re.search(rf"(?<![\w-]){name}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return (found[1] or found[2] or "") if found else ""


def _variables(text: str) -> list[tuple[str, str]]:
    return [(_attribute("name", tag), _attribute("value", tag)) for tag in re.findall(r"<var\b[^<>]*>", text)]


def _values(project: Project, files: list[str]) -> Pass:
    """`%product%`: the value in the list of variables, or in the topic; also in code."""
    common = dict(_variables("".join(map(project.text, files))))

    def values_of(text: str, page: Page) -> str:
        values = common | dict(_variables(text))
        return re.sub(r"%([\w.-]+)%", lambda m: values.get(m[1], m[0]), text) if "%" in text else text

    return values_of


_FROM_FILE = re.compile(
    r"(?P<indent>^[ \t]*)```(?P<lang>[\w+#-]*)[ \t]*\n\s*```[ \t]*\n[ \t]*\{(?P<said>[^{}\n]*\bsrc=[^{}\n]*)\}[ \t]*$"
    r"|<code-block\b(?P<tag>[^<>]*\ssrc=[^<>]*?)(?:/>|>\s*</code-block>)",
    re.MULTILINE,
)


def _code_of_files(folder: str) -> Pass:
    """`<code-block src="a.kt" include-lines="2-4"/>`, and fences with `{src="a.kt"}` below, show a file.

    Args:
        folder: The folder of such files in the configuration.
    """

    def code_of_files(text: str, page: Page) -> str:
        def code(match: re.Match[str]) -> str:
            said = match["said"] or match["tag"]
            if _attribute("include-symbol", said):
                return page.miss(f"code by the name of a symbol ({_attribute('src', said)[:80]})")
            text = page.include(_attribute("src", said), folder, "") or ""
            lines = _attribute("include-lines", said)
            shown = textwrap.dedent((part(text, lines) or "") if lines else text).strip("\n")
            if match["tag"]:
                return f"<code-block{match['tag']}>\n<![CDATA[\n{shown}\n]]>\n</code-block>"
            return textwrap.indent(fenced(shown, match["lang"]), match["indent"])

        return _FROM_FILE.sub(code, text) if "src=" in text else text

    return code_of_files


def markup(text: str, page: Page) -> str:
    """Titles in comments, `<code-block lang="sh">`, `<tab title="Linux">`, `<include from="a.md" element-id="b"/>`."""

    def fence(match: re.Match[str]) -> str:
        inner, indent = _CDATA.sub(lambda found: f"\n{found[1]}\n", match[3]).strip("\n").rstrip(), match[1]
        opened = Counter(end + name for end, name in _HOLDING.findall(match.string, 0, match.start()))
        if opened["table"] > opened["/table"]:
            # As HTML in which no blank line ends the table.
            code = escape(textwrap.dedent(inner)).replace("\n", "&#10;")
            return f'{indent}<pre><code class="language-{_attribute("lang", match[2])}">{code}</code></pre>'
        if any(opened[name] > opened[f"/{name}"] for name in ("tab", "step", "def")):  # indented as XML
            inner, indent = textwrap.dedent(inner), ""
        return f"\n{indent}```{_attribute('lang', match[2])}\n{inner}\n{indent}```\n"

    def include(match: re.Match[str]) -> str:
        name, wanted = _attribute("from", match[1]), re.escape(_attribute("element-id", match[1]))
        own = name == posixpath.basename(page.key)  # a page may repeat a part of itself
        folders = (posixpath.dirname(place) for place in (page.key, _key(name, page)))
        found = text if own else page.include(name, *folders, passes=(topic, markup)) if name else None
        part = re.search(rf"<([\w-]+)\b[^<>]*\bid=[\"']{wanted}[\"'][^<>]*>([\s\S]*?)</\1>", found or "")
        return f"\n\n{part[2].strip()}\n\n" if part else ""

    def edit(plain: str) -> str:
        return _TITLED.sub(lambda m: f"\n\n{_attribute('title', m[1])}\n\n", _INCLUDE.sub(include, plain))

    text = _EMPTY_TABLE.sub("", text)
    return outside_code(_CODE.sub(fence, _TITLE.sub(r"# \1", text, count=1)), edit)


def open_writerside(project: Project) -> Rules:
    config = project.text(*FILES)
    tags = {name: re.findall(rf"<{name}\b[^<>]*>", config) for name in ("topics", "vars", "instance")}
    topics = next((found for tag in tags["topics"] if (found := _attribute("dir", tag))), "topics").strip("/")
    trees = "".join(project.text(_attribute("src", tag)) for tag in tags["instance"])
    elements = re.findall(r"<(?:toc-element|instance-profile)\b[^<>]*>", trees)
    served = {_attribute(name, tag) for tag in elements for name in ("topic", "start-page")}
    snippets = re.findall(r"<snippets\b[^<>]*>", config)
    root = re.search(r"<web-root>([^<]*)</web-root>", project.text("cfg/buildprofiles.xml"))
    below = next((path for tag in tags["instance"] if (path := _attribute("web-path", tag))), "")

    def address(path: str, metadata: Metadata) -> str:
        name = posixpath.basename(path)
        if trees and name not in served:
            raise NotServed("not in a tree of an instance")
        return f"{stem(name).lower()}.html"

    values = _values(project, [_attribute("src", tag) for tag in tags["vars"]])
    return Rules(
        (Folder(topics, address),),
        WRITERSIDE,
        (
            _code_of_files(_attribute("src", snippets[0] if snippets else "")),
            topic,
            titles,
            markup,
            values,
            attribute_lists,
            alerts,
            jsx,
        ),
        base_url=address_of(root[1].strip() if root else "", below),
    )


PROFILE = Profile("writerside", "Writerside", FILES, open_writerside)
