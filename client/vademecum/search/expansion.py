"""What the words of a query stand for among the words of the texts: words of the same stem, words that it may be the
beginning or a misspelling of (format.md, section 5.2); js/search/expansion.mjs is the twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from vademecum.encoder.query import Encoder
from vademecum.search.compounds import put_together
from vademecum.search.neighbours import Neighbours
from vademecum.search.segment_words import SegmentWords
from vademecum.search.spelling import MOST_CHANGES, meant_by, tries
from vademecum.search.stems import BEFORE, stems_of
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import (
    CAMEL,
    PAIRED,
    PARTS,
    composed,
    is_typed,
    letters_of,
    parts_of,
    quoted_in,
    runs_of,
    wholes_of,
)

MIN_PREFIX: Final = 2
MOST_ASKED: Final = 64
"""The most words of a query that are looked up."""
_COMPLETED, _MISSPELT, _BEGUN = 0.6, 0.7, 0.3
_QUESTION: Final = 3
"""With so many plain words a query is a question: who types one or two, or a name, means just these."""
_SAME_BEGINNING: Final = 3
"""The first letters that a word shares with others of its stem."""
_NUMBER: Final = re.compile("[0-9][._/:-][0-9]")
"""A version, a time, an address: its parts alone say nothing."""
_PART: Final = re.compile(".{3,}|[0-9]+")
"""What a word may be put together of."""
_LETTER: Final = re.compile("[a-z]|[0-9]{1,3}")
_NO_DIGITS: Final = re.compile("[^0-9]+")

Group: TypeAlias = tuple[tuple[int, int], ...]
"""Words that count as one: (segment, number)."""


@dataclass(frozen=True)
class QueryWord:
    """A word of a query.

    Attributes:
        groups: What it stands for, each with its worth; empty: no live chunk has it.
        word: As it was typed, folded.
        near: Words that are near in meaning, each with its worth: they find chunks, but do not count as found words.
        plain: Whether it is one of the plain words of a question.
    """

    word: str
    groups: tuple[tuple[Group, float], ...]
    near: tuple[tuple[Group, float], ...] = ()
    plain: bool = False

    @property
    def misspelt(self) -> bool:
        """Whether no text has it, but some text has a word nearly the same."""
        return bool(self.groups) and self.groups[0][1] == _MISSPELT


@dataclass(frozen=True)
class ExpandedQuery:
    """A query.

    Attributes:
        words: Those that are looked up.
        meant, encodable: As `WordMatches` has them (words.py).
        guessed: Whether a word counts as misspelt, or as wrongly written as one word or two.
    """

    words: Sequence[QueryWord]
    meant: str
    encodable: str
    guessed: bool


class Expansion:
    """Looks among the words of a generation's segments."""

    def __init__(
        self,
        words: Sequence[SegmentWords],
        algorithms: tuple[str, ...],
        encoder: Encoder,
        is_live: Callable[[Group], bool],
        share: Callable[[Group, Group], bool],
        entitled: Callable[[Group, Group, Group], bool],
    ) -> None:
        """Look among words.

        Args:
            words: Of each segment.
            algorithms: Of Snowball's stemmers.
            encoder: A word that it knows is not misspelt, even if no text has it.
            is_live: Whether a live chunk, or the title of its document, has one of these words.
            share: Whether a live chunk has a word of each group.
            entitled: Whether a title has a word of the first two groups and none of the third, and more live chunks do
                than have one of the third.
        """
        self._words = words
        self._algorithms = algorithms
        self._stop = frozenset().union(*(STOP_WORDS.get(name, frozenset()) for name in algorithms))
        self._has_row = encoder.knows
        self._neighbours = Neighbours(encoder)
        self._is_live = is_live
        self._share = share
        self._entitled = entitled

    def of(self, query: str, *, widely: bool) -> ExpandedQuery:
        """Return what a query stands for.

        Args:
            widely: Whether in a question words stand for those that mean nearly the same, too.
        """
        query = composed(query)
        self._groups: dict[str, Group] = {}
        self._wholes: dict[str, str] = {}
        self._quoted = {run for phrase in quoted_in(query) for run in runs_of(phrase)}
        runs = written = self._written(query)
        letter = runs[-1] if self._is_begun(query, runs) else ""
        if letter:
            runs = runs[:-1]
        plain = {run for run in runs if self._is_plain(run)}
        most = 1 if len(plain) >= _QUESTION else MOST_CHANGES
        asked = self._query_words(runs, typed=letter == "" and is_typed(query), most=most)
        if len(plain) >= _QUESTION:
            asked = [
                replace(word, near=self._near(word) if widely else (), plain=True) if word.word in plain else word
                for word in asked
            ]
        guesses = {word.word: self._commonest(word.groups[-1][0]) for word in asked if word.misspelt}
        guessed = bool(guesses) or written != runs_of(query)
        meant = query
        if guessed:
            meant = _spelt(written, guesses)
        elif not any(word.groups for word in asked):  # "how to" alone means nothing
            meant = _spelt((run for run in runs_of(query) if run not in self._stop), {})
        # Not the parts of a name that texts have: POSIXct, cut where its case changes, means no form of "poser".
        words = {word.word for word in asked} - self._silent
        strange = {word for word in words if not self._has_row(word) and self._has_form(word)}
        stems = {word: stem for word in strange if (stem := self._commonest(self._alike(word))) != word}
        known = _spelt(runs, guesses | stems) if stems or letter else meant
        if letter and self._has_form(letter):
            asked.append(QueryWord(letter, ((self._alike(letter), _BEGUN),)))
        return ExpandedQuery(asked, meant, known, guessed)

    def texts(self, group: Group) -> list[str]:
        return [self._words[which].words[number] for which, number in group]

    def _commonest(self, group: Group) -> str:
        """Return the word of a group that most chunks have; of equals the first by code points."""
        common = {self._words[which].words[number]: 0 for which, number in group}
        for which, number in group:
            common[self._words[which].words[number]] += len(self._words[which].chunks.of(number)[0])
        return min(common, key=lambda word: (-common[word], word))

    def _written(self, query: str) -> list[str]:
        """Return the runs of a query; runs that no text has are joined, or cut in two, if texts have that."""
        left, written = runs_of(query), list[str]()
        while left and len(written) < MOST_ASKED:
            run, *left = left
            if left and self._is_together(run, left[0], typed=len(left) == 1 and is_typed(query)):
                written.append(run + left.pop(0))
            elif not self._is_plain(run):
                written.append(run)
            elif parts := self._in_titles(run):
                written.extend(parts)
                self._wholes |= dict.fromkeys(parts, run)
            elif groups := self._stands_for(run, typed=not left and is_typed(query), most=1).groups:
                joined = groups[0][1] == 1.0 and all(letters_of(word) != word for word in self.texts(groups[0][0]))
                written.append(self._commonest(groups[0][0]) if joined else run)
            else:
                written.extend(self._apart(run))
        return written + left

    def _is_begun(self, query: str, runs: Sequence[str]) -> bool:
        """Return whether the last run is a letter being typed, after a word that is not a stop word.

        It may be a word (the d of *vitamin d*), but more often begins one. Hangul has words of one letter.
        """
        *before, last = runs or [""]
        is_letter = len(last) == 1 and "a" <= last < "\u1100" and self._is_loose(last)
        return is_letter and is_typed(query) and not self._stop.issuperset(before)

    def _is_plain(self, run: str) -> bool:
        return parts_of(run) == (run,) and run not in self._stop and self._is_loose(run)

    def _is_loose(self, word: str) -> bool:
        """Return whether a word may stand for another: words in quotes and pairs of letters may not."""
        return word not in self._quoted and not PAIRED.search(word)

    def _is_together(self, run: str, following: str, *, typed: bool) -> bool:
        """Return whether two words, one of which no text has, stand for one word that texts have.

        A word still being typed may be the beginning of one that texts have: *entry typ* is not *entrytype*.
        """
        pair, together = (run, following), run + following
        if not all(map(self._is_plain, pair)) or all(map(self._has_form, pair)) or not self._has_form(together):
            return False
        if not typed or self._has(together):
            return True
        return not self._is_live(self._each(found.beginning_with(following) for found in self._words))

    def _in_titles(self, run: str) -> list[str]:
        """Return the two words that titles have instead of a word that texts have seldom, if any.

        *whitebalance* is the name of a variable, and the page is called *White balance*.
        """
        for at in range(MIN_PREFIX, len(run) - MIN_PREFIX + 1) if _NO_DIGITS.search(run) else ():
            parts = [run[:at], run[at:]]
            is_cut = self._stop.isdisjoint(parts) and all(map(self._has, parts))
            if is_cut and self._entitled(*map(self._alike, (*parts, run))):
                return parts
        return []

    def _apart(self, run: str) -> list[str]:
        """Return the two words that a word is made of, or the word itself.

        A word that the encoder knows is not cut (*anyone* is not *any one*), nor a number, nor a word whose parts no
        chunk has together (*guitar* is not *gui tar*).
        """
        if self._is_word(run) or not _NO_DIGITS.search(run):
            return [run]
        for at in range(1, len(run)):
            parts = [run[:at], run[at:]]
            if (
                all(map(_PART.fullmatch, parts))
                and parts[0] not in self._stop
                and self._has(parts[0])
                and all(map(self._has_form, parts))
                and self._share(*map(self._alike, parts))
            ):
                return parts
        return [run]

    def _query_words(self, runs: list[str], *, typed: bool, most: int) -> list[QueryWord]:
        *before, last_run = runs or [""]
        last = parts_of(last_run)
        # What is being typed: the whole last run, or its only part; and the parts that it ends with, unless the whole
        # is a word, or the beginning of one.
        ends = [word for word in last if last[0].endswith(word)] if typed else []
        groups = self._stands_for(last[0], typed=True, whole=True).groups if len(ends) > 1 else ()
        left = ends[1:] if groups and groups[0][1] == _COMPLETED else []
        if left or (groups and groups[0][1] == 1.0):
            ends = ends[:1]
        words = [*(word for run in before for word in parts_of(run)), *(word for word in last if word not in left)]
        wholes = {word for run in runs for word in wholes_of(run)}
        # A letter of a name (the P of P-10123) or a short number (the 9 of 2.9) is in too many other names to count
        # beside the other parts.
        in_names = (word for parts in map(parts_of, runs) if len(parts) > 1 for word in parts)
        letters = set(filter(_LETTER.fullmatch, in_names))
        telling = [word for word in words if word not in self._stop and word not in letters] or words
        asked = [
            self._stands_for(word, typed=word in ends, whole=word in wholes, most=most) for word in telling[:MOST_ASKED]
        ]
        groups_of = {word.word: word.groups for word in asked}
        silent = self._silent = set[str]()
        for run in runs:
            whole, *parts = parts_of(run) or ("",)
            if [worth for _, worth in groups_of.get(whole, ())][:1] == [1.0]:
                silent.update(parts)  # the whole name is known: its parts need not be
            elif any(map(groups_of.get, parts)) and all(part in wholes or groups_of.get(part) != () for part in parts):
                silent.update(each for each in wholes_of(run) if not _NUMBER.search(each))  # and the reverse
        asked = [word for word in asked if word.word not in silent or (word.groups and not word.misspelt)]
        if 2 * sum(not word.groups for word in asked) <= len(asked):
            return asked
        # Most words are unknown: it is another language, in which the others are not misspelt either.
        return [replace(word, groups=()) if word.misspelt else word for word in asked]

    def _stands_for(self, word: str, *, typed: bool, whole: bool = False, most: int = MOST_CHANGES) -> QueryWord:
        groups = [(self._alike(word), 1.0)]
        if word in self._wholes:
            groups.append((self._alike(self._wholes[word]), 1.0))
        if typed and (len(word) >= MIN_PREFIX or PAIRED.search(word)):
            groups.append((self._each(found.beginning_with(word) for found in self._words), _COMPLETED))
        if not any(group for group, _ in groups):
            if whole:
                groups += [(self._within(word, begun=False), 1.0)]
                groups += [(self._within(word, begun=True), _COMPLETED)] if typed else []
            elif self._is_loose(word):
                longer = self._each(put_together(found.words, word, self._algorithms) for found in self._words)
                groups.append(
                    (longer, _COMPLETED) if longer else (self._misspelt(word, typed=typed, most=most), _MISSPELT)
                )
        alive = [(group, worth) for group, worth in groups if self._is_live(group)]
        return QueryWord(word, tuple(alive))

    def _is_word(self, word: str) -> bool:
        """Return whether the encoder knows a word or its stem: if it knows *film*, then *films* is not a misspelt
        *files*."""
        return self._has_row(word) or any(map(self._has_row, stems_of(word, self._algorithms)))

    def _near(self, word: QueryWord) -> tuple[tuple[Group, float], ...]:
        """Return words near in meaning to a word that texts have, without those of its groups; each is worth the square
        of its cosine."""
        if not word.groups or word.groups[0][1] != 1.0:
            return ()
        had = {each for group, _ in word.groups for each in group}
        near: list[tuple[Group, float]] = []
        for other, square in self._neighbours.of(word.word):
            group = tuple(each for each in self._alike(other) if each not in had)
            had.update(group)
            if group:
                near.append((group, square))
        return tuple(near)

    def _has(self, word: str) -> bool:
        """Return whether texts have this very word."""
        return any(found.find(word) is not None for found in self._words)

    def _has_form(self, word: str) -> bool:
        """Return whether a live chunk has a word of the same stem."""
        return self._is_live(self._alike(word))

    def _alike(self, word: str) -> Group:
        """Return the words of the same stem, looked up once for each question."""
        return self._groups[word] if word in self._groups else self._groups.setdefault(word, self._of_stem(word))

    def _of_stem(self, word: str) -> Group:
        """Return the words of the same stem, with whatever joint between their parts."""
        letters = letters_of(word)
        stems = stems_of(letters, self._algorithms)
        begins = {each[:_SAME_BEGINNING] for each in (*stems, letters, word)}
        begins |= {letters[:at] + joint for at in (1, 2) for joint in "-_"}
        begins |= {stem[:2] + stem[1:2] for stem in stems}  # abreviation, abbreviation
        before = [each for name in self._algorithms for each in BEFORE.get(name, ())]
        begins |= {each + stem[:_SAME_BEGINNING] for each in before for stem in stems}

        def of(found: SegmentWords) -> list[int]:
            near = sorted({number for begin in begins for number in found.beginning_with(begin)})
            return [number for number in near if is_alike(found.words[number])]

        before_joint = _before_joint(word)

        def is_alike(other: str) -> bool:
            same = letters_of(other)
            if same == letters:
                return True
            # A stem that ends before the last joint is not that of the whole: hanami-cli is not a form of "hanam".
            least = before_joint if same == other else max(before_joint, _before_joint(other))
            return any(len(stem) > least for stem in stems & stems_of(same, self._algorithms))

        return self._each(map(of, self._words))

    def _within(self, name: str, *, begun: bool) -> Group:
        """Return the longer names that have this one among their parts; with `begun` its last part may be
        unfinished."""

        has = re.compile(f"(?:^|[._/:-])v?{re.escape(name)}{'' if begun else '(?:$|[._/:-])'}").search
        return self._each([number for number, word in enumerate(found.words) if has(word)] for found in self._words)

    def _misspelt(self, word: str, *, typed: bool, most: int) -> Group:
        """Return the nearest words, one change away, or two in a long word; none for a word that the encoder knows."""
        for distance, begun in tries(word, typed=typed, most=0 if self._is_word(word) else most):
            found = self._each(meant_by(each.words, word, distance, begun=begun) for each in self._words)
            if found:
                return found
        return ()

    def _each(self, numbers: Iterable[Iterable[int]]) -> Group:
        return tuple((which, number) for which, found in enumerate(numbers) for number in found)


def _spelt(runs: Iterable[str], guesses: Mapping[str, str]) -> str:
    """Return runs joined by spaces, with their words, or the parts of their names, replaced."""
    spelt = (guesses.get(run) or PARTS.sub(lambda part: guesses.get(part[0], part[0]), run) for run in runs)
    return " ".join(spelt).replace(CAMEL, " ")


def _before_joint(word: str) -> int:
    """Return how many letters a word has before its last joint."""
    return len(letters_of(word[: max(word.rfind("-"), word.rfind("_"), 0)]))
