"""Templates of Go, with which Hugo renders a site's own shortcodes: their text, if it is written out.

Loops, and templates that need other pages or files, are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

INNER = "\ue005"
"""Stands for the text between the tags of a shortcode."""
_ACTION = re.compile(
    r"\{\{(\s*/\*(?:(?!\*/)[\s\S])*+\*/\s*|(?:\"(?:\\.|[^\"\\])*+\"|`[^`]*+`|[^{}\"`]|\{(?!\{)|\}(?!\}))*+)\}\}"
)
"""An action of Hugo; a whole comment is one, even `{{/* {{< note >}} "5 */}}`."""
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|[()|]|[^\s()|\"`]+")
_UNSEEN = re.compile(r"<(svg|script|style|iframe|button)\b(?:(?!<\1\b)[\s\S])*?</\1\s*>|<!--[\s\S]*?-->", re.IGNORECASE)
_KEPT = re.compile(r"(?:[$.]*Page\.)?[$.]*RenderString|markdownify|plainify|safe\w+|html\w+|string|emojify|\w+URL")
"""Functions that do not change a text for readers."""


class Unknown(Exception):
    """A template needs what only Hugo knows."""


@dataclass
class Call:
    """A tag on a page.

    Attributes:
        placed: Its positional arguments.
        named: Its named arguments.
        paired: Whether it has a closing tag.
        value: Returns the value of `i18n.NAME`, `site.params.NAME` or `page.NAME`; empty if there is none.
        names: Variables of the template (`$x`).
    """

    placed: Sequence[str]
    named: Mapping[str, str]
    paired: bool
    value: Callable[[str], str] = lambda _name: ""
    names: dict[str, str] = field(default_factory=dict)


def shown_by(template: str, call: Call) -> str:
    """Return the HTML of a tag by its template, with `INNER` in it; raise Unknown if it is not understood."""
    parts = _ACTION.split(re.sub(r"\s*\{\{-(?=[\s/])|(?<=[\s/])-\}\}\s*", lambda m: m[0].strip(" \n\t-"), template))
    try:
        text, at = _block(parts, 0, "", call, live=True)
    except RecursionError:
        raise Unknown from None
    if at < len(parts) or "{{" in "".join(parts[::2]):
        raise Unknown
    return _UNSEEN.sub("", text).strip()


def _block(parts: Sequence[str], at: int, dot: str, call: Call, *, live: bool) -> tuple[str, int]:
    """Return the text up to an `else` or `end`, and its position; empty unless `live`."""
    text = ""
    while at < len(parts):
        text += parts[at] if live else ""
        at += 1
        code = parts[at].strip() if at < len(parts) else ""
        word = code.partition(" ")[0]
        if word in ("else", "end"):
            break
        if word in ("if", "with"):
            said, at = _choice(parts, at, dot, call, live=live)
            text += said
        elif live and not code.startswith("/*"):
            text += _action(code, dot, call, in_tag=text.rfind("<") > text.rfind(">"))
        elif word in ("range", "define", "block"):
            raise Unknown
        at += 1
    return text, at


def _choice(parts: Sequence[str], at: int, dot: str, call: Call, *, live: bool) -> tuple[str, int]:
    """Return the text of an `if` or a `with`, and the position of its `end`."""
    text, open_ = "", live
    code = parts[at].strip()
    while code != "end":
        word, _, rest = code.removeprefix("else").strip().partition(" ")
        value = _value(rest, dot, call) if open_ and word else "true"
        taken = open_ and value not in ("", "false")
        said, at = _block(parts, at + 1, value if word == "with" else dot, call, live=taken)
        text, open_ = text + said, open_ and not taken
        if at >= len(parts):
            raise Unknown
        code = parts[at].strip()
    return text, at


def _action(code: str, dot: str, call: Call, *, in_tag: bool) -> str:
    name, assigned, rest = code.partition("=")
    try:
        if assigned and name.startswith("$"):
            call.names[name.rstrip(": ")] = _value(rest, dot, call)
            return ""
        return _value(code, dot, call)
    except Unknown:
        if in_tag:
            return ""  # an address, or a style
        raise


def _value(code: str, dot: str, call: Call) -> str:
    tokens = _TOKEN.findall(code)
    value = _pipe(tokens, dot, call)
    if tokens:
        raise Unknown
    return value


def _pipe(tokens: list[str], dot: str, call: Call) -> str:
    """Consume tokens up to a closing parenthesis; return their value."""
    value: str | None = None
    while tokens and tokens[0] != ")":
        words: list[str] = []
        name = "" if tokens[0] in "(" or tokens[0][0] in '"`' else tokens.pop(0)
        while tokens and tokens[0] not in ")|":
            words.append(_operand(tokens, dot, call))
        value = _applied(name, [*words, value] if value is not None else words, dot, call)
        if tokens and tokens[0] == "|":
            del tokens[0]
    return value or ""


def _operand(tokens: list[str], dot: str, call: Call) -> str:
    token = tokens.pop(0)
    if token == "(":
        value = _pipe(tokens, dot, call)
        del tokens[:1]
        return value
    if token[0] in '"`':
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    return token if token.isdecimal() else _applied(token, [], dot, call)


def _applied(name: str, words: list[str], dot: str, call: Call) -> str:
    """Return the value of a function, or of a name."""
    bare = name.lstrip("$.")
    match bare, words:
        case "Get", [one]:
            return call.placed[int(one)] if one.isdecimal() and int(one) < len(call.placed) else call.named.get(one, "")
        case "Params", []:
            return ""
        case "isset", [_, one]:
            return "true" if _applied("Get", [one], dot, call) else ""
        case "Inner", []:
            return INNER if call.paired else ""
        case (("i18n" | "T"), [one, *_]):
            return call.value(f"i18n.{one}")
        case "default", [one, *others]:
            return "".join(others) or one
        case (("eq" | "ne"), [one, *others]):
            return "true" if (one in others) == (bare == "eq") else ""
        case "not", [one]:
            return "" if one not in ("", "false") else "true"
        case "or", [*some]:
            return next(filter(None, some), "")
        case "and", [*some]:
            return some[-1] if some and all(some) else ""
        case (("upper" | "lower" | "title" | "trim"), [one, *_]):
            return str(getattr(one, {"trim": "strip"}.get(bare, bare))())
    if name == "." and not words:
        return dot
    if name in call.names and not words:
        return call.names[name]
    if found := re.fullmatch(r"[$.]*(?:Page\.)?[sS]ite\.Params\.([\w.-]+)", name):
        return call.value(f"site.{found[1]}")
    if found := re.fullmatch(r"[$.]*Page\.(?:Params\.)?(\w+)", name):
        return call.value(f"page.{found[1]}")
    if (not name and len(words) == 1) or (words and _KEPT.fullmatch(name)):
        return words[-1]
    raise Unknown
