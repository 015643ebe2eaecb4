"""Text for the rows of a segment: no control characters, no lone surrogates, bounded headings."""

from __future__ import annotations

import re
from html import unescape

LONGEST_HEADING = 200
"""The most characters of a heading or a title; the rest is cut off at a word."""
# U+001F separates the headings of a chunk in a segment (format.md, section 4), so none may remain.
# A lone surrogate cannot be encoded as UTF-8; YAML's "\ud800" makes one.
# Also codes for colours in terminals (`ansi`), of which `[31m` would be left.
_UNWANTED = re.compile("\x1b\\[[\\d;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Soft hyphen, zero-width space, word joiner, byte order mark; the zero-width non-joiner where no script needs it
# (Arabic, Syriac and their kin, the scripts of India and the south-east of Asia).
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u2060\ufeff]|(?<![\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc])\u200c"
)
_DATA = re.compile(r"data:[\w/+.-]+(?:;[\w=.-]+)*;base64,[\w+/=%-]{64,}(?:\s+[A-Za-z0-9+/]{60,}={0,2})*")
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|br|code|em|i|kbd|mark|samp|small|span|strong|su[bp]|[su]|var|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_INLINE_MARKUP = re.compile(
    r"(?<![A-Za-z0-9_)\]])!?\[(?P<link>[^\[\]]+)\]\([^\s()]*\)|(?P<tick>`+)(?P<code>[^`]+)(?P=tick)"
)
_LINE_BREAKS = re.compile("\r\n|[\r\f\v\x85\u2028\u2029]")


def unify_line_breaks(text: str) -> str:
    """Return the text with all line and page breaks as line feeds."""
    return _LINE_BREAKS.sub("\n", text)


def without_invisible(text: str) -> str:
    """Return the text without invisible characters, which no query has: soft hyphens, zero-width spaces."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def without_data(text: str) -> str:
    """Return the text without the contents of `data:` addresses: a pasted picture is not text."""
    return _DATA.sub("", text) if ";base64," in text else text


def clean(text: str) -> str:
    """Return the text without lone surrogates, invisible characters, and control characters other than \\n and \\t."""
    return text if text.isprintable() else without_invisible(_UNWANTED.sub("", text))


def clean_line(text: str, longest: int = LONGEST_HEADING) -> str:
    """Return the text on one line, white space collapsed, cut at a word to at most `longest` characters."""
    line = " ".join(clean(text).split())
    if len(line) <= longest:
        return line
    head, _, _ = line[:longest].rpartition(" ")
    return (head or line[: longest - 1]) + "…"


def clean_block(text: str) -> str:
    """Return the text without blank lines around it and white space at the ends of lines."""
    return "\n".join(line.rstrip() for line in clean(text).split("\n")).strip("\n")


def without_tags(text: str) -> str:
    """Return a text without inline HTML."""
    return unescape(_INLINE_TAG.sub("", text)) if "<" in text or "&" in text else text


def without_markup(title: str) -> str:
    """Return a title of front matter without inline HTML, and without links and code of Markdown: pages show
    it as markup.

    >>> without_markup("Each [image](#image) has an `alt`<br>")
    'Each image has an alt'
    >>> without_markup("Array[int](size), f(x)[0](y), 使用[文档](/docs) ![image](a.png)")
    'Array[int](size), f(x)[0](y), 使用文档 image'
    """
    return _INLINE_MARKUP.sub(lambda found: found["link"] or found["code"], without_tags(title))


def with_emoji(text: str) -> str:
    """Return a text with emoji for names such as `:tada:`, as forges and generators show them; unknown names stay."""
    return _EMOJI.sub(_emoji, text) if ":" in text else text


def without_emoji(text: str) -> str:
    """Return a text without the names of emoji that `with_emoji` replaces."""
    return _EMOJI.sub(lambda code: code[0] if _emoji(code) == code[0] else "", text) if ":" in text else text


# Between slashes, it is a parameter of a path: `/users/:id:/posts`.
_EMOJI = re.compile(r"(?<![\w:/]):(?:[a-z0-9][a-z0-9_+-]*|[+-]1):(?![\w:/])")


def _emoji(code: re.Match[str]) -> str:
    import emoji  # loading its table takes a sixth of a second, and most knowledge bases need none

    return emoji.emojize(code[0], language="alias")


_PLACEHOLDER = re.compile(
    r"\[(?:\w+|\*)\]|alt(?:ernative)?[ _-]text"
    r"|(?:image|img|picture|figure|drawing|avatar|logo|icon|screen ?shot|photo|untitled)"
    r"(?:[ _-]*[\d.:_-]+)?(?: at [\d.:]+)?(?: ?[ap]m)?",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\.\w+$")


def says_nothing(alt: str, source: str) -> bool:
    """Return whether the alternative text of an image has no content: `image`, `Screenshot 2024-05-01`, `[Note]` beside
    the word itself, `[*]` for a number, the name of its file."""
    path = source.removeprefix("./")
    named = "/" in path and alt.removeprefix("./") == _ENDING.sub("", path)
    return named or alt == source or _PLACEHOLDER.fullmatch(alt) is not None


_WORD = re.compile(r"\w+")


def has_words(text: str, said: str) -> bool:
    """Return whether a text has these words, one after the other.

    >>> has_words("Figure 3.4. The Toolbox, opened", "the toolbox"), has_words("Toolboxes", "Toolbox")
    (True, False)
    """
    part = words_in(said)
    return part != "  " and part in words_in(text)


def words_in(text: str) -> str:
    """Return the words of a text in lower case, each between spaces."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "
