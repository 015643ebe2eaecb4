"""YAML files as JSON, to be read as records are."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import orjson
import yaml

from vademecum.errors import ContentError
from vademecum_builder.sources.records import MAX_BYTES

_Loader: Any = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)  # a plain `=` is a text: PyYAML has none
# Beside its own errors, PyYAML lets those of its constructors through: `2025-13-45` (ValueError), `!!int ""`
# (IndexError), `!!bool x` (KeyError), `!!timestamp x` (AttributeError), `{[]: 1}` (TypeError), `[[[[…`.
YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def json_of(stream: BinaryIO) -> BinaryIO:
    """Return a YAML file, whose documents are a list if there are several, as JSON.

    Raises:
        ContentError: It is none, or larger than what is read whole.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ContentError(f"larger than {MAX_BYTES >> 20} MiB, in one piece: write it as JSON Lines")
    try:
        found = [one for one in yaml.load_all(data, _Loader) if one is not None]
        if _length(found, {}) > MAX_BYTES:
            raise ContentError(f"what its aliases stand for is larger than {MAX_BYTES >> 20} MiB, written out")
        return io.BytesIO(orjson.dumps(found[0] if len(found) == 1 else found, str, orjson.OPT_NON_STR_KEYS))
    except YAML_ERRORS as error:
        raise ContentError(f"not YAML that can be read ({' '.join(str(error).split())})") from None


def _length(value: Any, known: dict[int, int]) -> int:
    """Return how many characters a value of YAML takes written out, about: an alias is one object, time and again."""
    if id(value) not in known:
        parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = len(value) if isinstance(value, str | bytes) else 1
        known[id(value)] = own + sum(_length(part, known) for part in parts)
    return known[id(value)]
