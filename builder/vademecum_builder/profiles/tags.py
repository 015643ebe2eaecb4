"""Tags of templates: shortcodes of Hugo, Liquid of Jekyll, macros of MDN. The tags are removed; the text between
them stays, and so does text for readers in a tag's arguments."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_left
from collections.abc import Callable
from html import unescape

from vademecum_builder.profiles.base import Page, Pass
from vademecum_builder.profiles.code import GONE, replacing
from vademecum_builder.profiles.go_templates import INNER, Call
from vademecum_builder.readers.fences import fenced
from vademecum_builder.readers.html.elements import APART

_ARGUMENT = re.compile(
    r"(?:([\w-]+)[ \t]*[=:][ \t]*)?(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|`([^`]*)`|([^\s\"'`,=]+))"
)
_SHOWN = """
    text title name label caption summary header alt tooltip tabName heading
""".split()
_SHORTCODE = re.compile(
    r"\{\{([<%])([-/* \t\n]*)([\w./-]+)"
    r"((?:\"(?:\\.|(?!\{\{)[^\"\\])*\"|`(?:(?!\{\{)[^`])*`|(?!\{\{)[^\"`>%]|[>%](?!\}\}))*)[>%]\}\}"
)
_ESCAPED = re.compile(r"\{\{([<%])/\*([\s\S]*?)\*/")
"""The start of a tag that is shown, up to the first end of its comment: there may be more tags in between."""
_SHOWN_BRACES = "\ue009"
_SHORTCODE_COMMENT = re.compile(
    r"\{\{([<%])\s*comment\s*[>%]\}\}(?:(?!\{\{[<%]\s*comment)[\s\S])*?\{\{[<%]\s*/\s*comment\s*[>%]\}\}"
)
_COLUMN = re.compile(r"^[ \t]*\\?<--->[ \t]*$", re.MULTILINE)
"""The separator of columns in Hugo Book."""
_CLOSING = re.compile(r"\{\{[<%]\s*/\s*([\w./-]+)")
_KNOWN = re.compile(r"(?:(?:rel)?ref|highlight|include|readfile|include-md|codefile|code_sample)$")
"""Shortcodes with the target of a link, or with a file to include."""
_BLOCK_TAG = re.compile(rf"</?(?:{'|'.join(sorted(APART))}|h[1-6])\b[^<>]*>", re.IGNORECASE)
_ALONE = re.compile(r"[ \t]*(?:\n|\Z)")
_HIDDEN = re.compile("\ue006[^\ue006\ue007]*\ue007")
"""The text within a tag whose template does not show it."""
_LAID = re.compile(r"<(?:table|ul|ol|dl|pre)\b", re.IGNORECASE)
_TABPANE = re.compile(r"\{\{<\s*tabpane(?P<said>[^{}]*)>\}\}(?:(?!\{\{<\s*tabpane)[\s\S])*?\{\{<\s*/\s*tabpane\s*>\}\}")
_TAB = re.compile(
    r"\{\{<\s*tab\b(?P<said>[^{}]*)>\}\}(?P<body>(?:(?!\{\{<\s*/?\s*tab\b)[\s\S])*?)\{\{<\s*/\s*tab\s*>\}\}"
)
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
_BLOCKS = frozenset(
    {"tab", "tabpane", "tabs", "details", "expand", "card", "accordion", "step", "steps", "notice", "alert"}
)
_PROSE_ENDINGS = frozenset("md markdown mdx qmd rmd html htm txt".split()) | {""}
"""Endings of files that are included as text; others are code."""


def arguments(text: str) -> tuple[list[str], dict[str, str]]:
    """Return the positional and the named arguments of a tag."""
    placed: list[str] = []
    by_name: dict[str, str] = {}
    for name, double, single, raw, bare in _ARGUMENT.findall(text):
        value = re.sub(r"\\(.)", r"\1", double or single) or raw or bare
        if name:
            by_name[name] = value
        else:
            placed.append(value)
    return placed, by_name


def shown(by_name: dict[str, str]) -> str:
    """Return the text for readers in a tag's arguments."""
    return next((by_name[name] for name in _SHOWN if by_name.get(name) not in (None, "", "true", "false")), "")


Own = Callable[[str, Call, Page], str | None]
"""Returns the HTML of a shortcode by the site's own template; None if there is none, or if it is not understood."""


def shortcodes_of(own: Own) -> Pass:
    """Return the pass for `{{< note >}}`, `{{% tab "Linux" %}}`, `{{< ref "page" >}}`; comments are removed, files
    included."""

    def shortcodes(text: str, page: Page) -> str:
        if "{{<" not in text and "{{%" not in text:
            return text
        text = _ESCAPED.sub(lambda m: f"{{{{{m[1]}{m[2]}".replace("{{", _SHOWN_BRACES), text)
        text = _COLUMN.sub("\n", _SHORTCODE_COMMENT.sub("", text))
        text = _TABPANE.sub(_tabs_of_code, text) if "tabpane" in text else text
        closed = frozenset(_CLOSING.findall(text))
        fences = [fence.start() for fence in _FENCE.finditer(text)]
        ends: list[tuple[str, str]] = []  # of open tags, the end of what the site's template shows

        def shown_of(match: re.Match[str]) -> str:
            name = match[3]
            if "/" in match[2] and "*" not in match[2] and ends and ends[-1][0] == name:
                return ends.pop()[1]
            placed, by_name = arguments(match[4].rstrip("/ \t\n"))
            paired = name in closed and not match[4].rstrip().endswith("/")
            plain = not match[2].strip("- \t\n") and not _KNOWN.match(name)
            found = own(name, Call(placed, by_name, paired), page) if plain else None
            if found is None:
                return _shortcode(match, page, shortcodes)
            before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if bisect_left(fences, match.start()) % 2:
                begin, _, end = unescape(re.sub(r"<[^<>]*>", "", found)).partition(INNER)
            elif before.strip():
                begin, end = _as_markdown(found, in_line=True)
            else:
                parts = _as_markdown(found, alone=_ALONE.match(text, match.end()) is not None)
                begin, end = (part.replace("\n", f"\n{before}") for part in parts)
            if paired:
                hidden = INNER not in found
                ends.append((name, "\ue007" if hidden else end))
                begin += "\ue006" if hidden else ""
            return begin or GONE

        text = _SHORTCODE.sub(shown_of, text)
        text = re.sub("[\ue006\ue007]", "", _HIDDEN.sub("", text)) if "\ue006" in text else text
        return text.replace(_SHOWN_BRACES, "{{")

    return shortcodes


shortcodes = shortcodes_of(lambda _name, _call, _page: None)


def _as_markdown(html: str, *, in_line: bool = False, alone: bool = False) -> tuple[str, str]:
    """Return the Markdown before and after the text between two tags; the first is all of a tag without an end.

    Args:
        in_line: Whether there is text before it on its line.
        alone: Whether there is none after it on its line.
    """
    begin, inner, end = html.partition(INNER)
    if not inner and not in_line and _LAID.search(html):
        return "\n\n" + re.sub(r"\n\s*", "\n", html.strip()) + "\n\n", ""
    apart = not in_line and (_BLOCK_TAG.search(html) or (alone and html.lstrip().startswith("<")))
    first, last = (_words(part, "\n\n" if apart else " ") for part in (begin, end.replace(INNER, "")))
    return first, last


def _words(html: str, between: str) -> str:
    """Return HTML with its blocks as paragraphs."""
    words = [line for part in _BLOCK_TAG.split(html) if (line := re.sub(r"\s+", " ", part)).strip()]
    return f"{between}{between.join(words)}{between}" if between.strip(" ") else between.join(words)


def _tabs_of_code(pane: re.Match[str]) -> str:
    """The text in tabs of Docsy is code, unless they declare it to be text."""
    common = arguments(pane["said"])[1]

    def tab(match: re.Match[str]) -> str:
        own = common | arguments(match["said"])[1]
        if own.get("text") == "true" or "```" in match["body"] or "header" not in own:
            return match[0]
        return f"\n\n{own['header']}\n\n```{own.get('lang', '')}\n{match['body'].strip()}\n```\n\n"

    return pane[0] if common.get("text") == "true" else _TAB.sub(tab, pane[0])


def _shortcode(match: re.Match[str], page: Page, shortcodes: Pass) -> str:
    opening, name = match[2], match[3]
    if "*" in opening:
        return match[0]
    if match[4].rstrip().endswith("/") and re.match(r"highlight\b|code(?!file|_sample)", name):
        return GONE  # self-closing: its code is in the site's data
    if re.match(r"highlight\b|code(?!file|_sample)", name) and re.search(rf"\{{\{{[<%]\s*/\s*{name}\b", match.string):
        return "\n```\n" if "/" in opening else "\n```" + " ".join(arguments(match[4])[0][:1]) + "\n"
    if "/" in opening:
        return ""
    placed, by_name = arguments(match[4].rstrip("/ \t\n"))
    if name in ("ref", "relref"):
        return (placed or [by_name.get("path", "")])[0]
    if name in ("include", "readfile", "include-md", "codefile", "code_sample"):
        wanted = next((by_name[n] for n in ("file", "path") if n in by_name), placed[0] if placed else "")
        text = page.include_page(wanted, *_include_folders(page, wanted), passes=(shortcodes,)) if wanted else ""
        ending = wanted.rpartition(".")[2] if "." in wanted else ""
        is_code = by_name.get("code") == "true" or "code" in name or ending.lower() not in _PROSE_ENDINGS
        if not text or not is_code or len(_FENCE.findall(match.string, 0, match.start())) % 2:
            return text
        return fenced(text.rstrip(), ending)
    if "icon" in name:
        by_name.pop("name", None)  # names a picture
    said = shown(by_name)
    if not said and name in _BLOCKS and placed:
        said = placed[0]
    return f"\n\n{said}\n\n" if name in _BLOCKS and said else said or GONE


def _include_folders(page: Page, wanted: str) -> tuple[str, ...]:
    roots = ("", "content", "content/en", "assets", "static")
    return roots if wanted.startswith("/") else (page.key.rpartition("/")[0], *roots)


_ERB = re.compile(r"<%(?P<mark>[%#=]?)-?(?P<code>(?:(?!<%|-?%>)[\s\S])*)(?:-%>\n?|%>)")
_ERB_LINK = re.compile(r"\s*\w*link\w*[ (]\s*([\"'])(?P<shown>[^\"'\n]+)\1\s*,\s*([\"'])(?P<address>[^\"'\s]+)\3")
_ERB_PART = re.compile(r"\s*(?:partial|render)[ (]\s*(?:partial:\s*)?([\"'])(?P<name>[\w./-]+)\1")


def erb(text: str, page: Page) -> str:
    """`<%= partial "x" %>` of Ruby is included, a link and a title are shown; other expressions are unknown."""
    if "<%" not in text or not page.key.endswith((".markerb", ".erb")):
        return text

    def tag(match: re.Match[str]) -> str:
        if match["mark"] == "%":
            return match[0].replace("<%%", "<%")
        link, part = _ERB_LINK.match(match["code"]), _ERB_PART.match(match["code"])
        if match["mark"] != "=" or link:
            return f"[{link['shown']}]({link['address']})" if link else ""
        if part:
            return page.include_page(_partial(part["name"], page), "", passes=(erb,))
        said = shown(arguments(match["code"].replace("(", " "))[1])
        if not said and "render" not in match["code"]:  # a component: its text is below
            page.troubles["what ERB computes"] += 1
        return said

    return _ERB.sub(tag, text)


def _partial(name: str, page: Page) -> str:
    """Return the file of a part of pages (`/docs/parts/oil` is `parts/_oil.html.erb`, as the site's root may be)."""
    *folders, last = name.strip("/").split("/")
    places = [page.key.split("/")[:-1] + folders, *(folders[n:] for n in range(len(folders) + 1))]
    return page.project.has(*("/".join([*place, f"_{last}.*"]) for place in places)) or name


_MARKDOC_VALUE = re.compile(r"\{%-?\s*[/$][^{}%]*%\}")
_ANNOTATION = re.compile(r"\{%[ \t]*([#.][^{}%\n]*|[\w-]+=[^{}%\n]*)%\}")


def markdoc(text: str, page: Page) -> str:
    """`{% #id .class %}` of Markdoc becomes `{#id .class}`; `{% $value %}` is unknown."""
    if "{%" not in text or not page.key.endswith(".mdoc"):
        return text
    return _ANNOTATION.sub(r"{\1}", _MARKDOC_VALUE.sub("", text))


def _macro(match: re.Match[str]) -> str:
    if match[2] is None:
        return "" if match[1][0].isupper() else match[0]
    placed = arguments(match[2])[0]
    return next((value for value in placed[1:2] if value), "") or (placed[0] if placed else "")


macros = replacing(re.compile(r"\{\{[ \t]*([A-Za-z][\w-]*)(?:\(([^{}]*)\))?[ \t]*\}\}"), _macro, "{{")
"""`{{name("x", "shown")}}` of MDN: the text to show, or the first argument."""
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}((?:(?!\{%-?\s*raw)[\s\S])*?)\{%-?\s*endraw\s*-?%\}")
_LIQUID_COMMENT = re.compile(
    r"\{%-?\s*comment\s*-?%\}(?:(?!\{%-?\s*comment)[\s\S])*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{%-?\s*#(?:(?!\{%)[^%]|%(?!\}))*%\}"
)
_CODE_TAG = re.compile(
    r"^(?P<indent>[ \t]*)\{%-?\s*(?P<name>(?!(?-i:highlight)\b)\w*(?:code|highlight)\w*)\b[^%{}]*%\}"
    r"(?P<code>(?:(?!```|\{%-?\s*end)[\s\S])*)\{%-?\s*end(?P=name)\b[^%{}]*%\}",
    re.MULTILINE | re.IGNORECASE,
)
"""`{% codeExample %}`: the text in a tag with such a name is code, without headings and lists."""
# A tag with a hyphen removes the white space beside it.
_LIQUID = re.compile(
    r"(?:(?<![ \t])[ \t]*(?:\n[ \t]*)?(?=\{%-))?(?<!\{)\{%-?\s*(\w+)"
    r"((?:\"(?:(?!\{%)[^\"])*\"|'(?:(?!\{%)[^'])*'|(?!\{%)[^\"'%-]|-(?!%\})|%(?!\})|[\"'](?=[^\"'{}%]*%\}))*)"
    r"(?:-%\}\s*|%\})"
)
_FLOW = re.compile(
    r"^[ \t]*(?:\{%-?[ \t]*(?:end)?(?:for|if|unless|case|capture|assign|els(?:e|if)|when|break|continue|cycle)\b"
    r"(?:[^{%]|%(?!\})|\{(?!%))*%\}[ \t]*)+\n[ \t]*(?=<)",
    re.MULTILINE,
)
"""Lines with only a loop or a condition, above HTML: an empty line there would end its block and turn it into code."""


def liquid(text: str, page: Page) -> str:
    """`{% note %}`, `{% include x.md %}`, `{% highlight ruby %}`, `{% link a.md %}`; raw text stays unchanged."""
    return _liquid_text(text, page, with_values=False) if "{%" in text else text


def liquid_with_values(text: str, page: Page) -> str:
    """Like `liquid`, with `{{ page.title }}`: the value in the front matter, a literal text, or nothing."""
    return _liquid_text(text, page, with_values=True) if "{%" in text or "{{" in text else text


def _liquid_text(text: str, page: Page, *, with_values: bool) -> str:
    raw: list[str] = []

    def keep(match: re.Match[str]) -> str:
        raw.append(match[1])
        return f"\ue003{len(raw) - 1}\ue003"

    text = _CODE_TAG.sub(_fenced, _RAW.sub(keep, text))
    text = _FLOW.sub("", _LIQUID_COMMENT.sub("", text))
    text = _LIQUID.sub(lambda match: _liquid(match, page), text)
    if with_values:
        text = _VALUE.sub(lambda match: _value(match, page) or GONE, text)
    return re.sub("\ue003(\\d+)\ue003", lambda match: raw[int(match[1])], text)


def _fenced(match: re.Match[str]) -> str:
    code = textwrap.dedent(match["code"]).strip("\n").rstrip()
    return textwrap.indent(fenced(code), match["indent"])


_SMALL = 400
"""Characters: a shorter include of HTML is a badge or a note, a longer one a menu or a script."""


def _liquid(match: re.Match[str], page: Page) -> str:
    name = match[1]
    placed, by_name = arguments(match[2])
    if name == "highlight":
        return "\n~~~~~~" + (placed[0] if placed else "") + "\n"  # the text in it may have fences of its own
    if name == "endhighlight":
        return "\n~~~~~~\n"
    if name in ("link", "post_url", "ref"):
        return placed[0] if placed else ""
    if name in ("include", "include_relative", "include_cached", "render") and placed:
        top = page.key.partition("/")[0]  # a language, of which HonKit makes a book with files of its own
        beside = ("_includes", "", f"{top}/_includes", top)
        folders = beside if name != "include_relative" else (page.key.rpartition("/")[0],)
        wanted = placed[0] if "." in placed[0] else f"{placed[0]}.liquid"
        found = page.include(wanted, *folders, passes=(liquid,)) or ""
        found = re.sub(r"\{\{-?\s*include\.([\w-]+)\s*-?\}\}", lambda m: by_name.get(m[1], ""), found)
        small = (len(found) < _SMALL or "</" not in found) and not re.search(r"<(?:script|style|nav|ul|li)\b", found)
        return found if small or placed[0].endswith((".md", ".markdown")) else shown(by_name)
    return shown(by_name) or GONE


_VALUE = re.compile(r"\{\{-?\s*(\w[\w.\[\]'\"-]*+)?+((?:\"(?:(?!\{\{)[^\"])*\"|'(?:(?!\{\{)[^'])*'|[^{}\"'])*)-?\}\}")


def _value(match: re.Match[str], page: Page) -> str:
    name = match[1] or ""
    if name.startswith("page."):
        found = page.metadata.get(name.removeprefix("page."))
        return str(found) if isinstance(found, str | int | float) else ""
    quoted = re.match(r"\s*(\"[^\"]*\"|'[^']*')\s*\|\s*(?:relative_url|absolute_url)", match[2])
    return quoted[1][1:-1] if quoted and not name else ""
