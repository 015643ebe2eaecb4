"""Hosts that misbehave for the length of one call; which file, and how, depends on the seed alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from vademecum.errors import NetworkError, ServerError, VademecumError

TROUBLES = ("offline", "status", "html", "cut", "bit", "missing", "swap", "old pointer")
HTML = b"<!doctype html><title>Sign in</title>"


class TroubledHost(Mapping[str, bytes | VademecumError]):
    """What the host answers.

    Args:
        trouble: One of TROUBLES.
        pointers: Older `timestamp.json` files.
        seed: Decides about each file by itself, in whatever order they are asked for.
    """

    def __init__(self, files: Mapping[str, bytes], trouble: str, pointers: list[bytes], seed: int) -> None:
        self._files = files
        self._trouble = trouble
        self._pointers = pointers
        self._seed = seed
        self._share = Random(seed).choice((0.1, 0.3, 1.0))

    def __getitem__(self, path: str) -> bytes | VademecumError:
        random = Random(f"{self._seed} {path}")
        data = self._files[path]
        if self._trouble == "old pointer":
            return self._pointers[self._seed % len(self._pointers)] if path.endswith("timestamp.json") else data
        if random.random() >= self._share and self._trouble != "offline":
            return data
        match self._trouble:
            case "offline":
                return NetworkError(f"{path}: no route to host")
            case "status":
                wait = random.choice((None, 0.0, 5.0, 3600.0, 1e12))
                return ServerError(f"{path}: unavailable", random.choice((403, 429, 503)), wait)
            case "html":
                return HTML
            case "cut":
                return data[: random.randrange(len(data) + 1)]
            case "bit":
                at = random.randrange(len(data))
                return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
            case "swap":
                return self._files[random.choice(sorted(self._files))]
        return ServerError(f"{path}: there is no such file", 404)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
