"""Programs in pages of MDX: `import` and `export`. They are no text, but data in them are where the page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vademecum_builder.profiles.base import Page
from vademecum_builder.profiles.code import GONE, outside_code

_BEGIN = re.compile(
    r"(?:(?<=\n\n)|(?<=\A)|(?<=---\n))(?:import\s+(?:[\w$*{][^\n]*\sfrom\s*)?['\"]|import\s*\{|export\s+(?:const|let|var|default|function|async|\{|\*))"
)
_NAMED = re.compile(r"export\s+const\s+(\w+)(?:\s*:[^=\n]*)?\s*=\s*(?=[\[{])")
_STRING = r"\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`"
_TOKEN = re.compile(rf"{_STRING}|/\*[\s\S]*?\*/|(?<![:\w])//[^\n]*|[\[({{]|[\])}}]|\n(?=[ \t]*\n|#{{1,6}}[ \t])|\Z")
_BLANK = re.compile(r"\n[ \t]*\n|\Z")
_LONGEST = 50_000
"""The most characters of a statement."""
_GIVEN = re.compile(
    r"<[A-Z][\w.]*(?=\s)(?:[^<>{}\"']|\"[^\"]*\"|'[^']*'|\{+[^{}]*\}+)*?=\{\s*(\w+)((?:\.\w+)*)\s*\}[^<>]*>"
)
_MAPPED = re.compile(r"\{\s*(\w+)((?:\??\.\w+)*?)\s*\??\.map\(")
_PAIR = re.compile(rf"(?:([\w$]+)[\"']?\s*[:=]\s*)?({_STRING})")
_ASKED = frozenset("title question q name label heading summary".split())
_SAID = frozenset("answer a content description text body caption".split())
_PROSE = 4
"""Words: data without a string of so many are no text, such as the points of a chart."""


def modules(text: str, page: Page) -> str:
    """`import` and `export` at the top level of a page are removed, up to the blank line after their last bracket; data
    of theirs that a component is given, or that `{data.map(...)}` shows, stand there."""
    return outside_code(text, _shown, fenced=True) if _BEGIN.search(text) else text


def _shown(text: str) -> str:
    parts: list[str] = []
    data: dict[str, str] = {}
    at, is_whole = 0, True
    while begin := _BEGIN.search(text, at):
        end = _end(text, begin.start()) if is_whole else 0
        is_whole = end > 0  # after a bracket that is not closed, nothing is sure
        end = end or next(_BLANK.finditer(text, begin.start())).start()
        parts.append(text[at : begin.start()])
        if named := _NAMED.match(text, begin.start(), end):
            data[named[1]] = text[named.end() : end]
        at = end
    rest = "".join((*parts, text[at:]))
    if not data:
        return rest
    asked = [use[1] for found in (_GIVEN, _MAPPED) for use in found.finditer(rest) if use[2]]

    def given(use: re.Match[str]) -> str:
        whole_is_elsewhere = not use[2] and use[1] in asked
        said = "" if whole_is_elsewhere else _text(data.get(use[1], ""), use[2])
        return f"{use[0]}\n\n{said}\n\n" if said else use[0]

    return outside_code(rest, lambda plain: _GIVEN.sub(given, _without_maps(plain, data)))


def _without_maps(text: str, data: dict[str, str]) -> str:
    """Return a text with what `{data.map(...)}` shows."""
    parts: list[str] = []
    at = 0
    while (use := _MAPPED.search(text, at)) and (end := _closed(text, use.start())):
        parts += text[at : use.start()], _text(data.get(use[1], ""), use[2].replace("?", "")) or GONE
        at = end
    return "".join((*parts, text[at:]))


def _text(value: str, path: str) -> str:
    """Return the text for readers in the data under a path such as `.general`, as Markdown."""
    for name in filter(None, path.split(".")):
        found = re.search(rf"(?<![\w$]){name}[\"']?\s*:\s*(?=[\[{{])", value)
        if found is None:
            return ""
        value = value[found.end() : _closed(value, found.end()) or None]
    said = list(_strings(value))
    if not any(len(one.split()) >= _PROSE for _, one in said):
        return ""
    return "\n\n".join(f"**{one}**" if key in _ASKED and "\n" not in one else one for key, one in said)


def _strings(value: str) -> Iterator[tuple[str, str]]:
    """Yield the strings for readers with their keys; a string in a list has none."""
    for key, quoted in _PAIR.findall(value):
        said = re.sub(r"\\(.)", r"\1", quoted[1:-1]).strip()
        if said and (key in _ASKED or key in _SAID or (not key and " " in said)):
            yield key, said


def _end(text: str, start: int) -> int:
    """Return the end of a statement, a blank line or heading outside of its brackets; 0 if these are not closed.

    No program has a heading: text follows, whatever brackets the texts of the program have.
    """
    depth = 0
    for token in _TOKEN.finditer(text, start, start + _LONGEST):
        sign = token[0]
        if sign not in ("", "\n"):
            depth += (sign in "[({") - (sign in "])}")
        elif depth <= 0 or text.startswith("#", token.end()):
            return token.start() if depth <= 0 else 0
    return 0


def _closed(text: str, opening: int) -> int:
    """Return the place after the bracket that closes the one at a place; 0 if there is none."""
    depth = 0
    for token in _TOKEN.finditer(text, opening, opening + _LONGEST):
        depth += (token[0] != "" and token[0] in "[({") - (token[0] != "" and token[0] in "])}")
        if not depth:
            return token.end()
    return 0
