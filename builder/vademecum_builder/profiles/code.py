"""Protects code and maths: fenced blocks and spans are taken out before markup is processed, and put back after."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vademecum_builder.profiles.base import Pass

# CommonMark 4.5 (fences of three or more; an info string of backticks holds none), 6.1 (code spans), and HTML.
CODE = re.compile(
    r"^[ \t>]*(?:[-*+] +|\d+[.)] +)?(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*"
    r"(?:\n(?:.*\n)*?[ \t>]*(?P=fence)[`~]*[ \t]*$|[\s\S]*\Z)"
    r"|(?<![`\\])(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`)"
    # Maths as in Pandoc, in which `{` is LaTeX's. Templates (`{{`, `{%`, `${`) are not maths.
    r"|\$\$(?:(?!\n[ \t]*\n|\{[{%])[^$])+?\$\$"
    r"|(?<![\\$\w])\$(?=[^\s${`][^$\n`]*[\\^_{])(?:(?!\{[{%])[^$\n`])*[^\s$\\`]\$(?![\w$])"
    r"|\\(?P<math>[\[(])(?=(?:(?!\\[\])]|\\(?P=math)|\n[ \t]*\n)[\s\S])*(?:\\[A-Za-z]|[\^_]\{))"
    r"(?:(?!\\[\])]|\n[ \t]*\n|\{[{%])[\s\S])+\\[\])]"
    r"|\\begin\{(?P<of>(?:equation|align|alignat|gather|multline|eqnarray|displaymath|math)\*?)\}"
    r"(?:(?!\\(?:begin|end)\{(?P=of)\})[\s\S])*\\end\{(?P=of)\}"
    r"|<(?P<tag>pre|code)\b[^<>]*>(?:(?!<(?P=tag)\b)[\s\S])*?</(?P=tag)>",
    re.MULTILINE,
)
# Here and in the other modules, the text between two marks contains no other opening mark, so that the time for
# thousands of openings without an end stays linear.
GONE = "\ue004"
"""Stands for a computed value until all passes are done: links and emphasis around it must be removed, too."""
_HALF = re.compile(
    rf"(?<!!)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\([^()\n{GONE}]+{GONE}[^()\n]*\)"
    rf"|(<a\b[^<>]*?)\shref=(?:\"[^\"<>{GONE}]+{GONE}[^\"<>]*\"|'[^'<>{GONE}]+{GONE}[^'<>]*')"
)
"""Links with a partly computed address; a computed beginning such as `{{ site.baseurl }}` may be empty."""
_DEFINED = re.compile(rf"^ {{0,3}}\[([^\[\]\n]+)\]:[ \t]*[^\s{GONE}]*{GONE}.*\n?", re.MULTILINE)
_REFERENCE = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\[([^\[\]\n]*)\]")
_BOLD = re.compile(rf"[ \t]?(\*\*|__){GONE}+\1")
_AT_A_MARK = re.compile(rf"(?<=[*_]){GONE}+|{GONE}+(?=[*_])")


class Kept(list[str]):
    """Pieces of a text that marks stand for while the rest is edited."""

    def keep(self, piece: str) -> str:
        """Keep a piece; return its mark."""
        self.append(piece)
        return f"\ue000{len(self) - 1}\ue001"

    def back(self, text: str) -> str:
        """Return the text with pieces in place of their marks."""
        return re.sub("\ue000(\\d+)\ue001", lambda match: self[int(match[1])], text)


def without_gone(text: str) -> str:
    """Return a page without computed values, links to partly computed addresses, and empty emphasis; `**` before a
    space would not be a mark."""
    if GONE not in text:
        return text
    text = _BOLD.sub("\u200b", _HALF.sub(r"\1\2", text))
    if labels := {found[1].casefold() for found in _DEFINED.finditer(text)}:
        text = _REFERENCE.sub(
            lambda match: match[1] if (match[2] or match[1]).casefold() in labels else match[0], _DEFINED.sub("", text)
        )
    return _AT_A_MARK.sub("\u200b", text).replace(GONE, "")


def outside_code(text: str, edit: Callable[[str], str], *, fenced: bool = False) -> str:
    """Return the text with all but its code edited; while it is edited, a piece of code is one word.

    Args:
        fenced: Whether only code between fences is kept from the edit.
    """
    plain, kept = _without_code(text, fenced)
    return kept.back(edit(plain))


@lru_cache(maxsize=2)  # most passes find nothing to do, and the next one asks for the same text
def _without_code(text: str, fenced: bool) -> tuple[str, Kept]:
    kept = Kept()

    def take(match: re.Match[str]) -> str:
        return match[0] if fenced and not match["fence"] else kept.keep(match[0])

    return CODE.sub(take, text.replace("\ue000", "")), kept


def outside(done: Pass) -> Pass:
    """Return a pass that does not change code."""
    return lambda text, page: outside_code(text, lambda plain: done(plain, page))


def replacing(pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], mark: str = "") -> Pass:
    """Return the pass that replaces matches of a pattern outside of code.

    Args:
        mark: Texts without it are not searched: no match is possible in them.
    """
    return lambda text, _page: outside_code(text, lambda plain: pattern.sub(by, plain)) if mark in text else text
