"""The expressions of GitHub's workflows, as far as ours use them; what is not known here is an error, not empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(&&|\|\||==|!=|[!(),])|'((?:[^']|'')*)'|(\d+)|([A-Za-z_][\w-]*(?:\.[\w-]+)*))")
Contexts = Mapping[str, Any]


def fill(text: str, contexts: Contexts, functions: Mapping[str, Callable[..., Any]] | None = None) -> str:
    """Return a text with each `${{ }}` in it evaluated."""
    return re.sub(
        r"\$\{\{(.*?)\}\}", lambda found: shown(evaluate(found[1], contexts, functions)), text, flags=re.DOTALL
    )


def shown(value: object) -> str:
    """Return a value as a text, as GitHub writes it."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value)


def evaluate(text: str, contexts: Contexts, functions: Mapping[str, Callable[..., Any]] | None = None) -> object:
    """Return what an expression is.

    Raises:
        AssertionError: It holds something that nothing here knows.
    """
    parser = _Parser(_tokens(text), contexts, functions or {})
    value = parser.either()
    assert not parser.tokens, f"{text!r}: left over: {parser.tokens}"
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        assert found, f"{text!r}: nothing is known of {text[at:]!r}"
        at = found.end()
        kinds = ("operator", "text", "number", "name")
        tokens += [(kind, value) for kind, value in zip(kinds, found.groups(), strict=True) if value is not None]
    return tokens


class _Parser:
    def __init__(
        self, tokens: list[tuple[str, str]], contexts: Contexts, functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.tokens, self._contexts, self._functions = tokens, contexts, functions

    def either(self) -> Any:
        value = self._both()
        while self._takes("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._single()
        for sign in ("==", "!="):
            if self._takes(sign):
                return (_folded(value) == _folded(self._single())) is (sign == "==")
        return value

    def _single(self) -> Any:
        if self._takes("!"):
            return not self._single()
        if self._takes("("):
            value = self.either()
            assert self._takes(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text.replace("''", "'")
        if kind == "number":
            return int(text)
        assert kind == "name", f"unexpected {text!r}"
        if text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        return self._called(text) if self._takes("(") else self._looked_up(text)

    def _called(self, name: str) -> Any:
        assert name in self._functions, f"no function {name}"
        arguments = []
        while not self._takes(")"):
            arguments.append(self.either())
            self._takes(",")
        return self._functions[name](*arguments)

    def _looked_up(self, path: str) -> Any:
        first, *rest = path.split(".")
        assert first in self._contexts, f"no context {first} in {path}"
        value = self._contexts[first]
        for name in rest:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def _takes(self, sign: str) -> bool:
        if self.tokens[:1] != [("operator", sign)]:
            return False
        del self.tokens[0]
        return True


def _folded(value: object) -> object:
    """Return what GitHub compares: texts without regard to case, nothing as an empty text."""
    return "" if value is None else value.lower() if isinstance(value, str) else value
