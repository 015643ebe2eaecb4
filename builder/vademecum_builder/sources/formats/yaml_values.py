"""YAML and TOML files converted to JSON, to read their records."""

from __future__ import annotations

import io
import tomllib
from typing import Any, BinaryIO, Final

import orjson
import yaml

from vademecum.errors import ContentError
from vademecum_builder.sources.records import MAX_BYTES

YAML: Final = (".yaml", ".yml")
TOML: Final = ".toml"
_Loader: Any = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
_Loader.add_constructor(
    "tag:yaml.org,2002:value", _Loader.construct_yaml_str
)  # a plain `=` is a text: PyYAML has no constructor for it
# Besides its own errors, PyYAML passes on those of its constructors: `2025-13-45` (ValueError), `!!int ""`
# (IndexError), `!!bool x` (KeyError), `!!timestamp x` (AttributeError), `{[]: 1}` (TypeError), `[[[[…`.
YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def data_of_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    """Return what stands behind an unknown tag, as data: nothing is constructed or run."""
    if isinstance(node, yaml.MappingNode):
        return {"!": suffix, **loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return f"{suffix} {node.value}".strip()


def json_of(stream: BinaryIO, *, is_toml: bool = False) -> BinaryIO:
    """Return a YAML file, or one of TOML, as JSON; several documents become a list.

    Raises:
        ContentError: It is neither, or too large to be read as a whole.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ContentError(f"larger than {MAX_BYTES >> 20} MiB, in one piece: write it as JSON Lines")
    if is_toml:
        try:
            return io.BytesIO(orjson.dumps(tomllib.loads(data.decode("utf-8-sig")), str))
        except (ValueError, TypeError, RecursionError) as error:
            raise ContentError(f"not TOML that can be read ({error})") from None
    try:
        found = [one for one in yaml.load_all(data, _Loader) if one is not None]
        if _length(found, {}) > MAX_BYTES:
            raise ContentError(f"what its aliases stand for is larger than {MAX_BYTES >> 20} MiB, written out")
        return io.BytesIO(orjson.dumps(found[0] if len(found) == 1 else found, str, orjson.OPT_NON_STR_KEYS))
    except YAML_ERRORS as error:
        raise ContentError(f"not YAML that can be read ({' '.join(str(error).split())})") from None


def _length(value: Any, known: dict[int, int]) -> int:
    """Return about how many characters a YAML value has when written out: an alias is the same object many times."""
    if id(value) not in known:
        parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = len(value) if isinstance(value, str | bytes) else 1
        known[id(value)] = own + sum(_length(part, known) for part in parts)
    return known[id(value)]
