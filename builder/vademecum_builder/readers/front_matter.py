"""Front matter: the mapping at the head of a Markdown file (YAML, TOML or JSON), as JSON values."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import orjson
import yaml

from vademecum.errors import ContentError
from vademecum.format.json import parse_object
from vademecum_builder.readers.text import clean, clean_line
from vademecum_builder.sources.formats.yaml_values import YAML_ERRORS, data_of_tag

MOST_VALUES = 1000
_FIRST = 2
"""The number of its first line in the file."""


class _Loader(yaml.SafeLoader):
    """Booleans are those of YAML 1.2, as in generators: a page may be called "Off". A tab separates like a space."""

    def scan_to_next_token(self) -> None:
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):  # never an indentation
            self.forward()
            super().scan_to_next_token()


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)
_Loader.add_multi_constructor("!", data_of_tag)  # a page's own tags: Jekyll and Hugo read on past them
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_STRICT_INTEGER  # JavaScript would round larger integers


def read_front_matter(text: str) -> tuple[dict[str, Any], list[str]]:
    """Return the mapping as JSON values, and warnings.

    Dates become ISO 8601 text, keys become text. Unreadable values are left out with a warning.

    Args:
        text: YAML without the `---` lines; its first line is the second of the file.
    """
    try:
        value = yaml.load(clean(text), _Loader)
    except YAML_ERRORS as error:
        where, what = _explain(error)
        return {}, [f"line {where}: the front matter is not valid YAML ({what}): the page is read without it"]
    return _publishable(value)


def is_endless(value: Any, most: int = MOST_VALUES) -> bool:
    """Return whether a value has too many parts: aliases of YAML repeat lists of lists."""
    left, waiting = most, [value]
    while waiting and left:
        item = waiting.pop()
        waiting += [*item.values()] if isinstance(item, dict) else item if isinstance(item, list) else ()
        left -= 1
    return bool(waiting)


def _publishable(value: Any) -> tuple[dict[str, Any], list[str]]:
    if value is None:
        return {}, []
    if not isinstance(value, dict):
        return {}, [f"line {_FIRST}: the front matter is not a mapping (name: value): left out"]
    kept: dict[str, Any] = {}
    warnings: list[str] = []
    for name, item in value.items():
        name = "title" if name == "Title" and "title" not in value else name  # Pelican and Hugo accept any case
        try:
            if is_endless(item):
                raise RecursionError(f"more than {MOST_VALUES} values, or a recursion")
            # Parsed again like in a client: what a client would refuse must not be published.
            kept |= parse_object(orjson.dumps(_clean({name: item}), option=_OPTIONS), "JSON")
        except (orjson.JSONEncodeError, ContentError, RecursionError) as error:
            label = clean_line(repr(name), 40)
            warnings.append(f"line {_FIRST}: {label} in the front matter is left out: {error}")
    return kept, warnings


_HEAD = re.compile(
    r"\A(?:---[ \t]*\n(?P<yaml>[\s\S]*?)^(?:---|\.\.\.)[ \t]*$|\+\+\+[ \t]*\n(?P<toml>[\s\S]*?)^\+\+\+[ \t]*$"
    r"|---[ \t]*(?:js|javascript|json)[ \t]*\n(?P<script>[\s\S]*?)^---[ \t]*$)\n?",
    re.MULTILINE,
)
_NESTED = re.compile(r"(?<=[:=(\[,>)])\s*(?:\{[^{}]*\}|\[[^\[\]{}]*\])")
_STATED = re.compile(
    r"""(?:^|[{,;])[ \t]*(?:(?:export\s+)?(?:const|let|var)\s+)?(["']?)(?P<name>\w+)\1\s*[:=]\s*"""
    r"""(?:(["'`])(?P<text>(?:(?!\3)[^\n\\$])*)\3|(?P<value>true|false|-?\d+))(?=\s*(?:[,;}\n]|\Z))""",
    re.MULTILINE,
)


def _of_script(code: str) -> dict[str, Any]:
    """Return the values that are written out in front matter in JavaScript (`---js` of Eleventy: constants, or one
    object), or all of JSON; it is never run."""
    try:
        found = orjson.loads(code)
    except orjson.JSONDecodeError:
        while (flat := _NESTED.sub(" _", code)) != code:
            code = flat
        return {
            match["name"]: match["text"] if match["value"] is None else json.loads(match["value"])
            for match in _STATED.finditer(code)
        }
    return found if isinstance(found, dict) else {}


_SPACE = re.compile(r"\A\s+(?=(?:---|\+\+\+)[ \t]*\n[\"']?\w[\w -]*[\"']?[ \t]*[:=])")


def without_space(text: str) -> str:
    """Return a text without white space before its front matter, which Hugo and others accept."""
    return _SPACE.sub("", text)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter of a page, and the text after it. Broken front matter is empty."""
    text = without_space(text)
    found = _HEAD.match(text)
    if found is not None and found["yaml"] is not None:
        return read_front_matter(found["yaml"])[0], text[found.end() :]
    metadata, body, _ = take_other_front_matter(text)
    return metadata, body


def take_other_front_matter(text: str) -> tuple[dict[str, Any], str, list[str]]:
    """Return front matter in TOML (`+++`) or JSON (`{`) of Hugo, or in JavaScript (`---js`) of Eleventy, the text
    without it, and warnings."""
    found = _HEAD.match(text)
    try:
        if found is not None and found["toml"] is not None:
            end, value = found.end(), tomllib.loads(found["toml"])
        elif found is not None and found["script"] is not None:
            end, value = found.end(), _of_script(found["script"])
        elif re.match(r"\{\s*\"", text):
            value, end = json.JSONDecoder().raw_decode(text)
        else:
            return {}, text, []
    except (ValueError, RecursionError) as error:
        if found is None:
            return {}, text, []  # a text that begins with a brace
        warning = f"line 2: the front matter is not valid TOML ({clean_line(str(error), 80)}): left out"
        return {}, text[found.end() :], [warning]
    metadata, warnings = _publishable(value)
    return metadata, text[end:], warnings


def _clean(value: Any) -> Any:
    """Return the value without control characters and lone surrogates, which escapes in YAML can make."""
    match value:
        case str():
            return clean(value)
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _explain(error: Exception) -> tuple[int, str]:
    """Return the number of the line, and the error in it."""
    if isinstance(error, RecursionError):
        return _FIRST, "nested too deeply"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return _FIRST + error.problem_mark.line, clean_line(str(error.problem or error.context), 80)
    return _FIRST, clean_line(str(error), 80)
