"""`http:https://host/v1#MODEL`: embeddings from any host with an API like OpenAI's `POST /embeddings`.

Options may follow `#MODEL`: `&batch=64&parallel=4&per-minute=600&price=0.02` (the price of a million tokens). The key
comes from the environment, and is in no message.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from vademecum.errors import ContentError, NetworkError, ServerError, UsageError, counted
from vademecum.log import logger
from vademecum.runtime.http import retry_after
from vademecum_builder.encoders.table import Matrix, Progress

if TYPE_CHECKING:
    import httpx

PREFIX: Final = "http:"
KEY: Final = "VADEMECUM_ENCODER_KEY"
"""The environment variable with the key; empty: the host needs none."""
CHARACTERS_OF_TOKEN: Final = 4
"""An estimate; the host counts the real use."""
_SAID = 200
"""Characters of a host's own words in a message."""
_TIMES = 10
"""An answer may take so many times as long as the host may be silent: some send white space to stay connected."""
_MOST = 1_000_000
"""Bytes of an answer for each text."""
_BUSY = 10.0
"""Seconds to wait for a host that is asked too much (429) and does not say how long."""


@dataclass(frozen=True)
class HttpLimits:
    """Limits for requests to a host.

    Attributes:
        batch: Texts in one request.
        parallel: Requests at a time.
        per_minute: The most requests in a minute; 0: no limit.
        price: Of a million tokens; 0: unknown.
        attempts: How often a host that is busy or silent is asked.
        seconds: How long it may be silent.
        longest_wait: The longest Retry-After to wait for, in seconds; a longer one is an error at once.
    """

    batch: int = 64
    parallel: int = 4
    per_minute: int = 0
    price: float = 0
    attempts: int = 6
    seconds: float = 60
    longest_wait: float = 120


@dataclass(frozen=True)
class Cost:
    """What embedding texts cost.

    Attributes:
        price: In the currency of the host's price; 0: unknown.
    """

    texts: int
    requests: int
    tokens: int
    price: float

    @property
    def before(self) -> str:
        """The estimate as a line."""
        costs = f", which cost about {self.price:.4g}" if self.price else ""
        return (
            f"about {counted(self.texts, 'texts')} in {counted(self.requests, 'requests')}: {self.tokens} tokens{costs}"
        )

    def __str__(self) -> str:
        costs = f", which cost {self.price:.4g}" if self.price else ""
        return (
            f"{counted(self.texts, 'texts')} embedded in {counted(self.requests, 'requests')}: "
            f"{self.tokens} tokens{costs}"
        )


@dataclass
class HttpModel:
    """A model behind an address. `used` counts what was asked for since it was made.

    Attributes:
        url: Of the API, without `/embeddings`.
        dimensions_known: From an earlier answer; 0: none yet.
    """

    url: str
    model: str
    limits: HttpLimits = field(default_factory=HttpLimits)
    key: str = field(default="", repr=False)
    dimensions_known: int = 0
    used: Cost = Cost(0, 0, 0, 0)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _next: float = 0

    @classmethod
    def parse(cls, address: str) -> HttpModel:
        """Return the model that `https://host/v1#MODEL&batch=64` names; raise UsageError if it names none."""
        url, _, rest = address.partition("#")
        model, _, options = rest.partition("&")
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
        except ValueError:  # no port, or no IPv6 address
            known = False
        if not known or not model or not url.isprintable() or " " in url:
            raise UsageError(f"encoder {PREFIX}{model}: write {PREFIX}https://host/v1#MODEL; the key is in {KEY}")
        told: dict[str, Any] = {}
        try:
            for name, value in parse_qsl(options, strict_parsing=bool(options)):
                told[name.replace("-", "_")] = float(value) if name == "price" else int(value)
            limits = HttpLimits(**told)
        except (TypeError, ValueError):
            options = "batch, parallel, per-minute, price, attempts and seconds"
            raise UsageError(f"encoder {PREFIX}…#{rest}: {options} may stand there, each with a number") from None
        if min(limits.batch, limits.parallel, limits.attempts) < 1 or min(limits.per_minute, limits.price) < 0:
            raise UsageError(f"encoder {PREFIX}…#{rest}: a number that is too small")
        key = os.environ.get(KEY, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError(f"{KEY} has characters that no key has: copy it again")
        return cls(url.rstrip("/"), model, limits, key)

    @property
    def digest(self) -> str:
        """The digest of the model's name: its weights are not accessible. Other addresses of it give the same
        vectors."""
        return sha256(f"{PREFIX}{self.model}".encode()).hexdigest()

    @cached_property
    def dimensions(self) -> int:
        """D, asked of the model itself."""
        if not self.dimensions_known:
            self.embed(["a"])
        return self.dimensions_known

    def estimate(self, texts: Sequence[str]) -> Cost:
        """Return an estimate of what embedding these texts costs, without any request."""
        tokens = sum(len(text) // CHARACTERS_OF_TOKEN + 1 for text in texts)
        return Cost(len(texts), -(-len(texts) // self.limits.batch), tokens, tokens * self.limits.price / 1e6)

    def embed(self, texts: Sequence[str], batch: int = 0, progress: Progress | None = None) -> Matrix:  # noqa: ARG002
        """Return float64 [n, D], with several batches at a time. After a failure, nothing more is requested.

        Args:
            batch: Only for a model on this machine; a host has its own limits.

        Raises:
            UsageError: The host refuses the key, the model or a text.
            NetworkError, ServerError: It does not answer, or stays busy.
            ContentError: Its answer is not what was requested.
        """
        parts: dict[int, Matrix] = {}
        for start, vectors in self.batches(texts):
            parts[start] = vectors
            if progress:
                progress(sum(map(len, parts.values())), len(texts))
        return np.vstack([parts[start] for start in sorted(parts)]) if parts else np.zeros((0, self.dimensions))

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[int, Matrix]]:
        """Yield the vectors of each batch as they come: the number of its first text, float64 [n, D].

        After a failure what else has been asked for still comes, and then the error: see `embed`.
        """
        import httpx  # imported late, here and below: other builds do not need it

        with (
            httpx.Client(timeout=self.limits.seconds, headers=self._headers()) as client,
            ThreadPoolExecutor(self.limits.parallel) as pool,
        ):
            starts = range(0, len(texts), self.limits.batch)
            asked = {pool.submit(self._ask, client, list(texts[n : n + self.limits.batch])): n for n in starts}
            try:
                for done in as_completed(asked):
                    if done.exception():
                        break
                    yield asked.pop(done), done.result()
            finally:
                pool.shutdown(cancel_futures=True)
        logger.info("%s: %s", self.model, self.used)
        ended = {done: start for done, start in asked.items() if not done.cancelled()}
        for done in sorted(ended, key=lambda done: done.exception() is not None):
            yield ended[done], done.result()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _ask(self, client: httpx.Client, texts: list[str]) -> Matrix:
        import httpx
        import stamina

        body = {"model": self.model, "input": texts, "encoding_format": "float"}
        try:
            for attempt in stamina.retry_context(on=self._wait_after, attempts=self.limits.attempts, timeout=None):
                with attempt:
                    self._wait_for_turn()
                    with client.stream("POST", f"{self.url}/embeddings", json=body) as answer:
                        data = self._received(answer, len(texts))
                        self._check(answer, data)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NetworkError(f"{self._host}: no answer ({error or type(error).__name__})") from None
        return self._vectors(data, len(texts))

    def _received(self, answer: httpx.Response, count: int) -> bytes:
        """Return the body; raise NetworkError if it does not end, by time or by size."""
        data, whole = bytearray(), self.limits.seconds * _TIMES
        end = time.monotonic() + whole
        for piece in answer.iter_bytes():
            data += piece
            if time.monotonic() > end:
                raise NetworkError(f"{self._host}: its answer was not complete within {whole:g} s")
            if len(data) > _MOST * (count + 1):
                raise NetworkError(f"{self._host}: its answer for {counted(count, 'texts')} does not end")
        return bytes(data)

    @property
    def _host(self) -> str:
        return f"encoder {PREFIX}{self.url}#{self.model}"

    def _wait_for_turn(self) -> None:
        if not self.limits.per_minute:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 60 / self.limits.per_minute
        time.sleep(turn - now)

    def _wait_after(self, error: Exception) -> bool | float:
        """Return whether to ask again, or after how many seconds."""
        import httpx

        if isinstance(error, ServerError):
            wait = error.retry_after or (_BUSY if error.status == 429 else 0)
            return wait <= self.limits.longest_wait and (wait or True)
        return isinstance(error, httpx.TransportError)

    def _check(self, answer: httpx.Response, data: bytes) -> None:
        status = answer.status_code
        if status == 200:
            return
        said = " ".join(data.decode("utf-8", "replace").split())[:_SAID].replace(self.key or "\0", "…")
        if status in (408, 409, 429) or status >= 500:
            after = retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
            later = f" (again in {after:g} s)" if after and after > self.limits.longest_wait else ""
            raise ServerError(f"{self._host}: answers {status}: {said}{later}", status, after)
        if status in (401, 403):
            raise UsageError(f"{self._host}: refuses the key ({status}): set {KEY}")
        raise UsageError(f"{self._host}: refuses what it was asked for ({status}): {said}")

    def _vectors(self, data: bytes, count: int) -> Matrix:
        try:
            told: dict[str, Any] = json.loads(data)
            rows = sorted(told["data"], key=lambda row: int(row["index"]))
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float64)
            tokens = int((told.get("usage") or {}).get("total_tokens", 0))
            whole = [row["index"] for row in rows] == list(range(count)) and vectors.ndim == 2 and vectors.shape[1] > 0
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            whole = False
        if not whole or not np.isfinite(vectors).all():
            raise ContentError(f"{self._host}: its answer is not one vector of numbers for each of {count} texts")
        with self._lock:
            known = self.dimensions_known = self.dimensions_known or vectors.shape[1]
            spent = self.used.tokens + tokens
            self.used = Cost(self.used.texts + count, self.used.requests + 1, spent, spent * self.limits.price / 1e6)
        if vectors.shape[1] != known:
            raise ContentError(f"{self._host}: vectors of {vectors.shape[1]} dimensions where it gave {known} before")
        return vectors
