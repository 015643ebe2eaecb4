"""MyST: directives, roles and substitutions in Markdown, as Sphinx shows them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Page, Pass
from vademecum_builder.profiles.code import CODE, outside_code
from vademecum_builder.profiles.config import at
from vademecum_builder.profiles.formats import chosen, rst_includes, rst_references
from vademecum_builder.readers.fences import fenced
from vademecum_builder.readers.sphinx_words import ICONS, LABELS, OF_CODE, UNSEEN
from vademecum_builder.sources.base import RST
from vademecum_builder.sources.endings import install_hint

_DIRECTIVE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[\w:.+-]+)\}[ \t]*(?P<said>.*)\n"
    rf"(?P<body>(?:(?![ \t]*(?P=mark)).*\n)*)[ \t]*(?P=mark)[ \t]*$|{CODE.pattern}",
    re.MULTILINE,
)
"""A directive, or code, in which there is none: an example of MyST is shown as it is written."""
_OPTIONS = re.compile(r"\A(?:[ \t]*:[\w-]+:.*\n|---\n[\s\S]*?\n---\n)+")
_OPTION = re.compile(r"^[ \t]*:?([\w-]+):[ \t]*([\"']?)(.*)\2[ \t]*$", re.MULTILINE)
_UNNAMED = re.compile(r"(?<!!)\[\]\((?:([^()\s#]+?)(?:\.(?:md|rst))?|#([\w-]+))\)")
_CODE = frozenset(
    """
    code code-block code-cell sourcecode parsed-literal prompt doctest testcode jupyter-execute myst
    """.split()
)
_DROPPED = frozenset("image raw tableofcontents".split())
_UNSEEN_ARGUMENT = frozenset("figure math tab-set grid card-carousel container class only".split())
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_SUBSTITUTION = re.compile(r"\{\{((?:[^{}]|\{\d?\}){1,400})\}\}")
_FIELD = re.compile(r"\{(\d?)\}")
_ROLE = re.compile(rf"\{{(?:std:)?([\w:.+-]+)\}}`([^`\n]+?)([ \t]*<[^<>`\n]*>)?`|{CODE.pattern}", re.MULTILINE)
"""A role, or code, in which `{` begins none (`${user}`)."""
_PROSE = frozenset("ref doc term numref pep rfc guilabel menuselection abbr download eq cite dfn any".split())


def myst(text: str, page: Page) -> str:
    """MyST: directives in fences (`{note}`), roles (`{ref}`), links that show titles (`[](a.md)`), targets (`(name)=`),
    comments (`%`), breaks (`+++`)."""
    text = _DIRECTIVE.sub(lambda found: _directive(found, page), text) if "{" in text else text
    text = _ROLE.sub(lambda role: _shown(role, page), text)

    def titled(link: re.Match[str]) -> str:
        shown = page.title("doc", link[1]) or page.title("ref", link[1]) if link[1] else page.title("ref", link[2])
        return f"[{shown}{link[0][1:]}"

    def edit(plain: str) -> str:
        return re.sub(
            r"^[ \t]*\([^()\n]+\)=[ \t]*$|^%(?!%).*$|^[ \t]*:[\w-]+:(?: .*)?$|^[ \t]*(?:\+{3}(?!\+).*|\^{3,}[ \t]*)$",
            "",
            _UNNAMED.sub(titled, plain),
            flags=re.MULTILINE,
        )

    return outside_code(text, edit)


def _directive(found: re.Match[str], page: Page) -> str:
    """Return code as it is, and what a directive shows."""
    if not found["name"]:
        return found[0]
    indent, name, said = found["indent"], found["name"], found["said"].strip()
    head = _OPTIONS.match(found["body"])
    body = found["body"][head.end() :] if head else found["body"]
    options = {option[1]: option[3] for option in _OPTION.finditer(head[0])} if head else {}
    if name in _CODE:
        above = f"{indent}{options['caption']}\n\n" if options.get("caption") else ""
        fence = found["mark"].replace(":", "`")
        return f"{above}{indent}{fence}{said}\n{body}{indent}{fence}"
    if name == "eval-rst":
        return f"{indent}<div>{_rst(found['body'], page)}</div>\n"
    plain = name.lower().rpartition(":")[2]
    if plain.startswith(("auto", "doxygen")):
        page.miss(OF_CODE)
    if (
        name in _DROPPED
        or UNSEEN.fullmatch(plain)
        or (name == "only" and (said.split()[:1] == ["not"]) == ("html" in said))
    ):
        return ""
    if name == "include":
        return page.include_page(said, passes=(lambda text, _page: chosen(text, options, by_line=False), myst))
    if name == "literalinclude":
        code = chosen(page.include(said) or "", options, by_line=True)
        return fenced(code, options.get("language", "")) if code else ""
    if name == "math":
        return f"{indent}{body}"
    # A directive does not contain sections.
    inner = outside_code(myst(body, page), lambda plain: _HEADING.sub(r"**\1**", plain))
    return f"{indent}{_argument(name, said, body, page)}\n\n{inner}\n"


def _rst(text: str, page: Page) -> str:
    """Return the HTML of reStructuredText in a page."""
    try:
        from vademecum_builder.readers.rst import rst_as_html
    except ModuleNotFoundError:
        return page.miss(f"reStructuredText in Markdown (eval-rst): {install_hint(RST)}")
    shown, lacks = rst_as_html(rst_references(rst_includes(text, page), page))
    if lacks:
        page.miss(lacks)
    return shown


def _argument(name: str, said: str, body: str, page: Page) -> str:
    """Return what a directive shows of its argument."""
    if name in LABELS:
        return f"{LABELS[name]} {said}".strip()
    if name.startswith("button-"):
        return "" if body.strip() else page.title("doc", said) or page.title("ref", said)
    return "" if name in _UNSEEN_ARGUMENT else said


def _shown(role: re.Match[str], page: Page) -> str:
    """Return code as it is, a role as its text: a reference without one of its own shows the title of its target."""
    if not role[1]:
        return role[0]
    name, text, target = role[1], role[2].lstrip("~!"), role[3]
    if ICONS.fullmatch(name):
        return ""
    found = "" if target or name not in ("ref", "doc") else page.title(name, text)
    return found or (text if name in _PROSE else f"`{text}`")


def substitutions(configured: object) -> Pass:
    """Return the pass that replaces `{{ name }}` of MyST by its value in conf.py or in the front matter."""
    common = configured if isinstance(configured, Mapping) else {}

    def applied(text: str, page: Page) -> str:
        own = page.metadata.get("substitutions") or at(page.metadata, "myst", "substitutions")
        known = {**common, **own} if isinstance(own, Mapping) else common
        if not known or "{{" not in text:
            return text

        def put_in(match: re.Match[str]) -> str:
            value = _expressed(" ".join(match[1].split()), known)
            return match[0] if value is None else value

        return outside_code(text, lambda plain: _SUBSTITUTION.sub(put_in, plain))

    return applied


def _expressed(code: str, known: Mapping[str, Any]) -> str | None:
    """Return the value of an expression of Jinja: a name, or a text with names (`"[AMY]({})".format(amy)`, as used for
    links); None if it is another one."""
    if code in known:
        return str(known[code])
    try:
        call = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=args, keywords=[]):
            values = [str(known[arg.id]) for arg in args if isinstance(arg, ast.Name) and arg.id in known]
        case _:
            return None
    if len(values) < len(args):
        return None
    parts = _FIELD.split(text)  # every second part is the number in a pair of braces
    places = [int(number or place) for place, number in enumerate(parts[1::2])]
    if any(place >= len(values) for place in places):
        return None
    return "".join(part + value for part, value in zip(parts[::2], [*(values[at] for at in places), ""], strict=True))
