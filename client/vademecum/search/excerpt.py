"""The sentence of a hit that answers, where its words stand in it, and the link that marks them on the page;
js/search/excerpt.mjs is the twin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import quote as percent_encoded

from vademecum.search.tokens import HUMPS, JOINTS, PAIRED, is_between, words_of

MOST_LETTERS: Final = 240
"""Letters of an excerpt."""
_SENTENCE: Final = re.compile(
    r"[^\n.!?。！？]*(?:(?:[.!?]+(?![ \t\r\n\f\v。！？]|$)"
    r"|(?<=[A-Za-zÀ-ӿ])(?<![^ \t\n.(][A-Za-zÀ-ӿ])\.)[^\n.!?。！？]*)*[.!?。！？]*[ \t]*"
)
"""A full stop ends a sentence where a blank follows, but behind a single letter (e.g., z. B.); those of Chinese and
Japanese end it wherever they stand.
"""
_SPACES: Final = re.compile(r"[ \t\r\n\f\v]+")
_LINE_ENDS: Final = re.compile(
    r"(?<![ \t\r\n\f\v.!?…:;,(\[{=&\\。！？：；，、])(?<!\*/)[ \t\r\f\v]*\n(?![ \t]+\*)[ \t\r\n\f\v]*"
    r"(?![ \t\r\n\f\v)\]{}]|\.[A-Za-z_]+\(|&&|\|\|)"
)
"""Where a row, an item or another line ends without a sign that says so, and not in the middle of an expression, before
a brace or around the lines of a comment. All lines of an excerpt are one."""
_BEGINS: Final = re.compile(r"^\|? | $")
"""The line before a cell is none of it, where the sentence before it ended in the cell before."""
_BLANK: Final = " \t\r\n\f\v"
_APART: Final = " \t\r\f\v|"
"""What a page shows apart, or not at all: cells are joined by a line."""
_PHRASE: Final = re.compile(r"[^ \t\r\n\f\v|]{1,40}(?:[ \t]+[^ \t\r\n\f\v|]{1,40}){0,3}")
_BESIDE: Final = 48
"""Letters before and behind a phrase within which whole words say which of several places is meant."""
_EDGES: Final = ".,;:!?()[]{}<>'\"«»“”„‘’…。、，！？；："
_PLAIN: Final = re.compile("[\x00-\x7f\u2010-\u205e]*")
"""ASCII, and signs that are never letters: quotation marks, dashes, dots."""

Mark = tuple[int, int]


class Quote(NamedTuple):
    """Words of a page as they stand there, and what stands before and behind them; empty: nothing is quoted."""

    text: str = ""
    before: str = ""
    after: str = ""


def excerpt_of(
    text: str, words: frozenset[str], standing: Callable[[str], int] = lambda _: -1
) -> tuple[str, tuple[Mark, ...], Quote, frozenset[str]]:
    """Return the sentence with most of the words, with its neighbours as far as there is room; the marks: where words
    stand in it, [start, end), rising; how that sentence goes on from the first of them, for `link_to`; and which of
    them the text has.

    Args:
        standing: Says where a phrase begins that is to be seen, or -1: of the sentences that have it, where any has,
            the excerpt is that with most of the words, and goes on from the phrase (`phrases.standing`).

    >>> excerpt_of("Rotate the key. Done.", frozenset({"key"}))
    ('Rotate the key. Done.', ((11, 14),), Quote(text='key.', before='Rotate the', after='Done'), frozenset({'key'}))
    >>> excerpt_of("Name | Use\\nkey | signs:\\nreleases", frozenset())[0]
    'Name | Use • key | signs: releases'
    """
    sentences = [found.span() for found in _SENTENCE.finditer(text) if _SPACES.sub("", found[0])]
    if not sentences:
        return "", (), Quote(), frozenset()
    shared = _shared(text, sentences, words)
    phrased = [standing(text[start:stop]) for start, stop in sentences]
    sizes = [(at >= 0, len(each)) for at, each in zip(phrased, shared, strict=True)]
    best = sizes.index(max(sizes))
    start, stop = sentences[best]
    quote = _quote(text, (start, stop), words, phrased[best])
    for _, later in sentences[best + 1 :]:
        if later - start > MOST_LETTERS:
            break
        stop = later
    while best and stop - sentences[best - 1][0] <= MOST_LETTERS // 2:
        best -= 1
        start = sentences[best][0]
    shown = _BEGINS.sub("", _SPACES.sub(" ", _LINE_ENDS.sub(" • ", text[start:stop])))
    if len(shown) > MOST_LETTERS:
        shown = _cut(shown, words, standing(shown))
    return shown, tuple(marks_of(shown, words)), quote, frozenset().union(*shared)


def _shared(text: str, sentences: Sequence[Mark], words: frozenset[str]) -> list[frozenset[str]]:
    """Return the words that each sentence has. No run goes across the end of one."""
    shared: list[set[str]] = [set() for _ in sentences]
    which = 0
    for start, stop in _runs(text, words):
        while start < stop and sentences[which][1] <= start:
            which += 1
        shared[which] |= words.intersection(words_of(text[start:stop]))
    return [*map(frozenset, shared)]


def _quote(text: str, span: Mark, words: frozenset[str], first: int) -> Quote:
    """Return up to four words of a sentence, whole ones, as a browser looks for them: from `first` on, or from the
    first of the words, where that is -1; nothing where none is in it. Spaces stay as they are: those of code count."""
    start, stop = span
    if first < 0:
        first = next((at for at, _ in marks_of(text[start:stop], words)), -1)
    if first < 0:
        return Quote()
    first += start
    begin = max(text.rfind(letter, start, first) for letter in _APART) + 1 or start
    found = _PHRASE.match(text, begin if first - begin < MOST_LETTERS // 6 else first, stop)
    if not found:
        return Quote()
    before, after = _before(text, found.start()), _after(text, found.end())
    phrase = found[0] if before else found[0].lstrip(_EDGES)
    return Quote(phrase if after else phrase.rstrip(_EDGES), before, after)


def _before(text: str, end: int) -> str:
    """Return whole words that stand before a phrase, on its line, or, where it begins one, at the end of the last."""
    begin = max(0, end - _BESIDE)
    near = text[begin:end].rstrip(_BLANK)
    cut = max(near.rfind("\n"), near.rfind("|"))
    if begin and cut < 0:
        cut = near.find(" ")
        near = near if cut >= 0 else ""
    return near[cut + 1 :].lstrip(_BLANK + _EDGES)


def _after(text: str, start: int) -> str:
    """Return whole words that stand behind a phrase, on its line, or, where it ends one, at the start of the next."""
    near = text[start : start + _BESIDE].lstrip(_BLANK)
    cuts = [at for at in (near.find("\n"), near.find("|")) if at >= 0]
    if not cuts and start + _BESIDE < len(text):
        cuts = [max(0, near.rfind(" "))]
    return near[: min(cuts, default=len(near))].rstrip(_BLANK + _EDGES)


def as_written(words: Iterable[str], query: str, texts: Sequence[str] = ()) -> Iterator[str]:
    """Yield folded words as they are written: in the query, or else in one of these texts, capitals aside.

    >>> list(as_written(["dubel", "fur", "haken"], "Duebel für Haken", ["Alle Dübel"]))
    ['Dübel', 'für', 'Haken']
    """
    for word in words:
        here, there = (
            (text[start:stop] for text in some for start, stop in marks_of(text, frozenset((word,))))
            for some in ((query,), texts)
        )
        yield next(here, "") or next((text for text in there if text.lower() != word), word)


def lacking(words: Sequence[str], query: str) -> tuple[str, ...]:
    """Return words that no page has as the query writes them: in writing without spaces what stands together, for pairs
    of letters are no words.

    >>> lacking(["kuki", "クッ", "ッキ", "キー"], "Kuki クッキー")
    ('Kuki', 'クッキー')
    """
    pairs = frozenset(filter(PAIRED.fullmatch, words))
    told = as_written((word for word in words if word not in pairs), query)
    return (*told, *dict.fromkeys(query[start:stop] for start, stop in marks_of(query, pairs)))


def link_to(url: str, quote: Quote) -> str:
    """Return an address that marks a quote on its page, by a text fragment (WICG, URL Fragment Text Directives): a
    browser takes the first place that has these words with those before and behind them, wherever the anchor is. Where
    the page does not have them, the anchor leads as before.

    >>> link_to("https://docs.example/keys#rotate", Quote("on-time, now", "Come"))
    'https://docs.example/keys#rotate:~:text=Come-,on%2Dtime%2C%20now'
    """
    if not url or not quote.text:
        return url
    before = f"{_encoded(quote.before)}-," if quote.before else ""
    after = f",-{_encoded(quote.after)}" if quote.after else ""
    return f"{url}{'' if '#' in url else '#'}:~:text={before}{_encoded(quote.text)}{after}"


def _encoded(text: str) -> str:
    # As encodeURIComponent does it; a hyphen has a meaning.
    return percent_encoded(text, safe="!'()*").replace("-", "%2D")


def _cut(text: str, words: frozenset[str], first: int) -> str:
    """Return a long sentence from a little before `first`, or, where that is -1, before the first of the words."""
    if first < 0:
        first = next((start for start, _ in marks_of(text, words)), 0)
    begin = 0 if first < MOST_LETTERS // 2 else text.rfind(" ", 0, first - MOST_LETTERS // 4) + 1
    cut = text[begin : begin + MOST_LETTERS]
    end = cut.rfind(" ") if begin + MOST_LETTERS < len(text) else len(cut)
    cut = cut[: end if end > 0 else len(cut)]
    return f"{'…' if begin else ''}{cut}{'…' if begin + len(cut) < len(text) else ''}"


def marks_of(text: str, words: frozenset[str]) -> Iterator[Mark]:
    """Yield where words stand, [start, end), rising; neighbours that touch are one."""
    last: Mark | None = None
    for start, stop in _parts(text, words):
        if last is not None and start <= last[1]:
            last = (last[0], max(last[1], stop))
            continue
        if last is not None:
            yield last
        last = (start, stop)
    if last is not None:
        yield last


def _parts(text: str, words: frozenset[str]) -> Iterator[Mark]:
    for start, stop in _runs(text, words):
        whole = words_of(text[start:stop])
        if words.isdisjoint(whole):
            continue
        if PAIRED.match(text, start, stop):
            for at in range(start, stop):
                for end in range(min(at + 2, stop), at, -1):
                    if not words.isdisjoint(words_of(text[at:end])):
                        yield at, end
                        break
        elif not words.isdisjoint(whole[:1]):
            yield start, stop
        else:
            cuts = {start, stop}
            for found in (*JOINTS.finditer(text, start, stop), *HUMPS.finditer(text, start, stop)):
                cuts |= {found.start(), found.end()}
            for begin, end in pairwise(sorted(cuts)):
                if not words.isdisjoint(words_of(text[begin:end])):
                    yield begin, end


def _runs(text: str, words: frozenset[str]) -> Iterable[Mark]:
    """Return the runs of a text, rising; of plain English those alone that may have one of the words: far faster."""
    return _runs_around(text, words) if _PLAIN.fullmatch(text) else _all_runs(text)


def _runs_around(text: str, words: frozenset[str]) -> list[Mark]:
    # Whatever words a run of ASCII has, each of them stands in it as it is: nothing is folded there but capitals.
    lower = text.lower()
    spans: dict[int, int] = {}
    for word in words:
        start = at = lower.find(word)
        while at >= 0:
            while start > 0 and not is_between(lower[start - 1]):
                start -= 1
            at += 1
            while at < len(lower) and not is_between(lower[at]):
                at += 1
            spans[start] = at
            start = at = lower.find(word, at)
    return [_trimmed(text, start, stop) for start, stop in sorted(spans.items())]


def _all_runs(text: str) -> Iterator[Mark]:
    for start, stop in _together(text):
        for found in PAIRED.finditer(text, start, stop):
            if found.start() > start:
                yield _trimmed(text, start, found.start())
            yield found.span()
            start = found.end()
        if start < stop:
            yield _trimmed(text, start, stop)


def _together(text: str) -> Iterator[Mark]:
    """Yield where letters and joints stand together."""
    start = -1
    for at, letter in enumerate(text):
        if is_between(letter):
            if start >= 0:
                yield start, at
            start = -1
        elif start < 0:
            start = at
    if start >= 0:
        yield start, len(text)


def _trimmed(text: str, start: int, stop: int) -> Mark:
    """Return a run without the full stop behind it, or other joints that join nothing."""
    head = JOINTS.match(text, start, stop)
    start = head.end() if head else start
    while stop > start and JOINTS.match(text, stop - 1, stop):
        stop -= 1
    return start, stop
