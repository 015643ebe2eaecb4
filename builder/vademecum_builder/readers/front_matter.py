"""Front matter: the YAML mapping at the head of a Markdown file, made into JSON values."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

import yaml

from vademecum_builder.readers.text import clean, clean_line

MAX_CHARACTERS = 64 * 1024
"""Longer front matter is not read, and metadata that aliases blow up beyond this is not kept."""
MAX_DEPTH = 8
"""Lists and mappings nested deeper are not kept."""
_SAFE_INTEGER = 2**53

# Beside its own errors, PyYAML lets those of its constructors through: `2025-13-45` (ValueError), `!!int ""`
# (IndexError), `!!bool x` (KeyError), `!!timestamp x` (AttributeError), `{[]: 1}` (TypeError), `[[[[…`.
_YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


class _UnfitError(Exception):
    """A value that has no place in metadata; the message says why."""


def read_front_matter(text: str, line: int) -> tuple[dict[str, Any], list[str]]:
    """Return the mapping as JSON values, and warnings.

    Dates become ISO 8601 text, keys become text. What cannot be read or kept is left out with a warning.

    Args:
        text: YAML, without the `---` lines.
        line: Number of its first line in the file, from 1.
    """
    if len(text) > MAX_CHARACTERS:
        return {}, [f"line {line}: front matter of more than {MAX_CHARACTERS} characters is left out"]
    try:
        value = yaml.safe_load(clean(text))
    except _YAML_ERRORS as error:
        where, what = _explain(error, line)
        return {}, [f"line {where}: the front matter is not valid YAML ({what}): left out"]
    if value is None:
        return {}, []
    if not isinstance(value, dict):
        return {}, [f"line {line}: the front matter is not a mapping (name: value): left out"]
    return _json_mapping(value, line)


def _json_mapping(value: Mapping[Any, Any], line: int) -> tuple[dict[str, Any], list[str]]:
    kept: dict[str, Any] = {}
    warnings: list[str] = []
    for name, item in value.items():
        budget = _Budget(MAX_CHARACTERS)
        try:
            kept[_json_key(name, budget)] = _json_value(item, MAX_DEPTH - 1, budget)
        except _UnfitError as error:
            warnings.append(f"line {line}: {_label(name)} in the front matter is left out: {error}")
    return kept, warnings


def _label(name: object) -> str:
    return repr(clean_line(name, 40)) if isinstance(name, str) else f"a name that is a {type(name).__name__}"


class _Budget:
    """What one value may still cost, in characters: aliases make a small file a huge value."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def spend(self, characters: int) -> None:
        self._left -= characters + 1
        if self._left < 0:
            raise _UnfitError(f"more than {MAX_CHARACTERS} characters")


def _json_value(value: object, depth: int, budget: _Budget) -> Any:
    budget.spend(1)
    if depth < 0:
        raise _UnfitError(f"nested deeper than {MAX_DEPTH}")
    match value:
        case None | bool():
            return value
        case int() if -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
            return value
        case float() if math.isfinite(value):
            return value
        case str():
            budget.spend(len(value))
            return clean(value)
        case datetime.date():  # a datetime is one too
            return value.isoformat()
        case list() | tuple():
            return [_json_value(item, depth - 1, budget) for item in value]
        case dict():
            return {
                _json_key(key, budget): _json_value(item, depth - 1, budget) for key, item in value.items()
            }
    raise _UnfitError(f"a {type(value).__name__} that JSON cannot hold")


def _json_key(key: object, budget: _Budget) -> str:
    value = _json_value(key, 0, budget)
    return value if isinstance(value, str) else str(value)


def _explain(error: Exception, line: int) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and isinstance(mark, yaml.Mark):
        return line + mark.line, clean_line(str(error.problem or error.context), 80)
    if isinstance(error, RecursionError):
        return line, "nested too deeply"
    return line, clean_line(str(error), 80)
