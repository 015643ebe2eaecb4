"""The arguments of `KnowledgeBase.open`: their types are checked, and they become one value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vademecum.config import Config
from vademecum.errors import ContentError, UsageError, VademecumError
from vademecum.format.json import parse_object
from vademecum.policy import UNKNOWN, Connection, Policy
from vademecum.ports import Clock
from vademecum.runtime.clock import SystemClock
from vademecum.search.own_encoder import Encode
from vademecum.search.published_model import require_onnx


@dataclass(frozen=True)
class OpenOptions:
    """How an app has opened a knowledge base: the arguments of `KnowledgeBase.open`.

    Attributes:
        path: The SQLite file.
        locations: The published tree and its mirrors, the preferred one first; empty: the network is never asked.
        policy: None: as `config` has it.
    """

    path: Path
    locations: tuple[str, ...] = ()
    trust: bytes | None = None
    seed: str | None = None
    config: Config = field(default_factory=Config)
    policy: Policy | None = None
    connection: Callable[[], Connection] = lambda: UNKNOWN
    fallback: tuple[Mapping[str, object], ...] | None = None
    encoder: Encode | Literal["published"] | None = None
    clock: Clock = field(default_factory=SystemClock)


def check_arguments(store: object, url: object, seed: object, config: object, policy: object, encoder: object) -> None:
    """Raise UsageError if an argument is of another type than `KnowledgeBase.open` takes."""
    if encoder == "published":
        require_onnx()
    elif encoder is not None and not callable(encoder):
        raise UsageError(f"encoder must be a function from a text to a vector, or 'published', not {encoder!r}")
    for name, value, kind, expected in (
        ("store", store, str | Path, "the path of a file"),
        *(
            ("url", location, str | Path, "an address, a folder, or a list of these")
            for location in (url if isinstance(url, list | tuple) else [] if url is None else [url])
        ),
        ("seed", seed, str | Path | None, "the path of a folder"),
        ("config", config, Config | None, "a Config"),
        ("policy", policy, Policy | None, "a Policy"),
    ):
        if not isinstance(value, kind) or (isinstance(value, str) and (not value or "\0" in value)):
            raise UsageError(f"{name} must be {expected}, not {value!r}")


def root_bytes(trust: object) -> bytes:
    """Return the root metadata that an app ships, given as `KnowledgeBase.open` takes it.

    Raises:
        UsageError: It is of another type, or names a file that cannot be read.
        ContentError: That file is no root metadata.
    """
    if isinstance(trust, Mapping):
        trust = json.dumps(trust)
    if isinstance(trust, str) and trust.lstrip().startswith("{"):
        trust = trust.encode()
    if isinstance(trust, bytes):
        return _as_root(trust, "trust")
    if not isinstance(trust, str | Path):
        raise UsageError(f"trust must be root.json: its path, text, bytes or JSON, not {trust!r}")
    try:
        return _as_root(Path(trust).read_bytes(), str(trust), ContentError)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"trust: cannot read {trust}: {why}") from error


def _as_root(data: bytes, name: str, kind: type[VademecumError] = UsageError) -> bytes:
    """Return the bytes if they look like root metadata; whether they are, the first contact shows."""
    with suppress(ContentError):
        if "signed" in parse_object(data, name):
            return data
    raise kind(f"{name} is not root metadata: give the root.json that `vade keys new` made")
