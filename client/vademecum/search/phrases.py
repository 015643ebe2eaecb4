"""What chunks, their headings and their pages' titles say of a query, word for word (format.md, section 5.2);
js/search/phrases.mjs is the twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from vademecum.format.markup import plain
from vademecum.format.segment import HEADING_SEPARATOR
from vademecum.generation.opened import Opened
from vademecum.search.tokens import PAIRED, is_typed, named, words_of

_NUMBER = re.compile(r"^[0-9]\S* ")
_ENDS = " ._/:-"
"""What may stand around words, and between those of a longer name."""
_JOINED = bytes(byte for byte in range(128) if not chr(byte).isalnum())
_DATED = re.compile(
    r"/(blog|news)/|/(change[-_ ]?(log|history)|changes\b|release[-_ ]?notes|what.?s[-_ ]?new)"
    r"|[/_-](19|20)\d\d[-/_.]\d\d?[-/_.]\d\d?\b",
    re.ASCII | re.IGNORECASE,
)
"""In the key or title of a document that tells what was new once, as change logs and posts do."""


def _holds(name: str, asked: str) -> bool:
    return f" {asked} " in f" {name} "


def _goes_on(name: str, asked: str) -> bool:
    """Return whether a name continues after these words, inside a word.

    >>> _goes_on("the code of conduct", "code of con"), _goes_on("the code of conduct", "code of conduct")
    (True, False)
    """
    return f" {asked}" in f" {name}" and not _holds(name, asked)


def _letters(text: bytes) -> bytes:
    """Return the ASCII letters and digits, in lower case, and all that is not ASCII."""
    return text.lower().translate(None, _JOINED)


def _saying(asked: str, *, quoted: bool) -> Callable[[str], bool]:
    """Return a function that says whether a text has a phrase, as `named` has it, word for word. `quoted`: see
    `phrased`."""
    edge = "" if quoted and PAIRED.search(asked) else f"[{_ENDS}]"
    has = re.compile(f"{edge}{re.escape(asked)}{edge}").search
    return lambda text: has(f" {' '.join(named(text))} ") is not None


def standing(phrases: Iterable[str]) -> Callable[[str], int]:
    """Return a function that says where the last of these phrases begins in a text, or the word (between blanks) that
    it begins in; -1: nowhere.

    >>> standing(["rotate a key"])("To re-rotate a key, rotate a key."), standing(["a key"])("Rotate keys.")
    (20, -1)
    """
    those = [_saying(" ".join(named(phrase)), quoted=True) for phrase in phrases]

    def stands(text: str) -> int:
        if not any(has(text) for has in those):
            return -1
        starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == " ")]
        low, high = 0, len(starts)
        while high - low > 1:
            middle = (low + high) // 2
            if any(has(text[starts[middle] :]) for has in those):
                low = middle
            else:
                high = middle
        return starts[low]

    return stands


class Phrases:
    """Reads the chunks of a generation that may be shown.

    Args:
        reading: Returns the chunks of a document in reading order, others behind them.
    """

    def __init__(self, opened: Opened, reading: Callable[[int], NDArray[np.int64]]) -> None:
        self._state = opened.state
        self._reading = reading
        self._dated: dict[int, bool] = {}

    def headed(self, query: str) -> Callable[[int], bool]:
        """Return a function that says whether a chunk's innermost heading is the query, with or without its number, or
        its page's title has the words being typed, the last of several unfinished."""
        runs = named(query)
        asked = " ".join(runs)
        is_begun = len(runs) > 1 and is_typed(query)

        def is_headed(row: int) -> bool:
            called = " ".join(named(self._headings(row).rpartition(HEADING_SEPARATOR)[2]))
            if asked != "" and asked in (called, _NUMBER.sub("", called, count=1)):
                return True
            return is_begun and _goes_on(" ".join(named(self._title(self._state.chunks.owners[row]))), asked)

        return is_headed

    def leading(self, query: str) -> Callable[[int, int], int]:
        """Return a function that says, given the best chunk of a document, which of its chunks to show first.

        Below a heading that is the query, with or without its number, that is the first one below it. If the query is
        at least half of the title, it is the document's first chunk, unless the chunk's own heading has the query too.
        """
        runs = named(query)
        asked = " ".join(runs)

        def lead(row: int, document: int) -> int:
            path = self._headings(row).split(HEADING_SEPARATOR)
            names = [" ".join(named(heading)) for heading in path]
            depth = next((i for i, name in enumerate(names, 1) if asked in (name, _NUMBER.sub("", name, count=1))), 0)
            if asked == "" or (depth == 0 and (_holds(names[-1], asked) or not entitled(document))):
                return row
            rows = self._reading(document)
            return next(int(at) for at in rows if self._headings(at).split(HEADING_SEPARATOR)[:depth] == path[:depth])

        def entitled(document: int) -> bool:
            title = named(self._title(document))
            return len(title) <= 2 * len(runs) and _holds(" ".join(title), asked)

        return lead

    def phrased(self, query: str, *, quoted: bool = False) -> Callable[[int], int]:
        """Return a function that says how many words the query has, at least two, if a chunk (its text, headings, or
        page's title) has it word for word; else 0.

        Args:
            quoted: Ignore what a reader does not see (the address of a link inside the phrase); in scripts without
                spaces, words need not end where the phrase does.
        """
        runs, words = named(query), len(words_of(query))
        asked = " ".join(runs)
        has = _saying(asked, quoted=quoted)
        letters = [_letters(run.encode()) for run in runs]

        def phrased(row: int) -> int:
            chunk, title = self._state.chunk(row), self._title(self._state.chunks.owners[row])
            said = f"{title} {chunk.headings} {chunk.text}"
            if asked == "" or (said.isascii() and not all(map(_letters(said.encode()).__contains__, letters))):
                return 0  # a quick check that excludes most of them
            if quoted:
                said = f"{title} {chunk.headings} {plain(chunk.text)}"
            return max(2, words) if has(said) else 0

        return phrased

    def is_dated(self, row: int) -> bool:
        """Return whether a chunk's page tells what was new once, as change logs and posts do, judged by its key or
        title."""
        owner = self._state.chunks.owners[row]
        if owner not in self._dated:
            page = self._state.document(owner)
            self._dated[owner] = _DATED.search(f"/{page.key}/{page.title}") is not None
        return self._dated[owner]

    def _title(self, document: int) -> str:
        return self._state.document(document).title

    def _headings(self, row: int) -> str:
        return self._state.chunk(row).headings
