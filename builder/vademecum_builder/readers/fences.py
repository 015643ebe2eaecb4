"""The visible part of a block of code: comments steer highlighters and compilers (Shiki, Prism, Twoslash)."""

from __future__ import annotations

import re

_LANGUAGE = re.compile(r"\{?[.=]?([A-Za-z0-9_][A-Za-z0-9_+#.-]{0,39})")
_CAPTION = re.compile(
    r"(?:^|[\s{,:])(?:title|filename|file)=(?:\"([^\"]+)\"|'([^']+)'|([^\s\"'{},]+))"
    r"|^[\w+#.:-]+(?:\{[\d,\s-]*\})?(?:[ \t]+[\w-]+)*[ \t]*\[([^\[\]]+)\]"
)
"""`js title="a.js"` of most, `{.js filename="a.js"}` of Quarto, `js:title=a.js` of Gatsby, `sh [npm]` of VitePress."""
_COMMENT = r"(?://|#|--|/\*|<!--|\{/\*|%|;)[ \t]*"
_END = r"[ \t]*(?:\*/\}?|-->)?[ \t]*"
_STEERING = re.compile(
    rf"^[ \t]*{_COMMENT}(?:highlight-(?:start|end|next-line)|\[!code [^\]\n]*\]){_END}(?:\n|\Z)"
    rf"|[ \t]*{_COMMENT}\[!code [^\]\n]*\]{_END}$",
    re.MULTILINE,
)
_UNSEEN = re.compile(
    r"\A[\s\S]*^[ \t]*//[ \t]*---cut(?:-before)?---[ \t]*\n|^[ \t]*//[ \t]*---cut-after---[\s\S]*"
    r"|^[ \t]*//[ \t]*---cut-start---(?:(?!---cut-)[\s\S])*---cut-end---[ \t]*(?:\n|\Z)"
    r"|^[ \t]*//[ \t]*(?:@(?!(?:filename|log|warn|error)\b)\w+(?:[ \t]*:.*)?|\^[?|].*|\^{3,}.*)(?:\n|\Z)"
    r"|(?<=//)[ \t]*@(?:log|warn|error):",
    re.MULTILINE,
)
"""Hidden parts for Twoslash: compiled lines, options, and questions about the line above (`^?`); the text of `@error:`
is shown."""


def fenced(code: str, language: str = "") -> str:
    """Return code between fences that are longer than the backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}{language}\n{code}\n{fence}"


def language(info: str) -> str:
    """Return the language of `python {1,3}`, `rust,editable`, `ts{1}`, `{r, echo=FALSE}`, `{.python .numbered}`."""
    match = _LANGUAGE.match(info.strip())
    return match[1] if match else ""


def caption(info: str) -> str:
    """Return the caption of the code: the name of its file, or of its tab."""
    match = _CAPTION.search(info.strip())
    return next(filter(None, match.groups())) if match else ""


def visible_code(code: str, info: str) -> str:
    """Return the visible part of the code in a fence with this `info`."""
    code = _UNSEEN.sub("", code) if "twoslash" in info.split() else code
    return _STEERING.sub("", code) if "highlight-" in code or "[!code " in code else code
