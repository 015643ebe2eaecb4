"""Whether a question is in a language that no page is in; js/search/language.mjs is the twin."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from vademecum.search.stems import LANGUAGES
from vademecum.search.stop_words import STOP_WORDS

TAGS: Final = {name: tag for tag, name in LANGUAGES.items() if tag and name in STOP_WORDS}
"""Of the languages that can be told by the words that stand in every text."""
_LEAST: Final = 2


def foreign_language(words: Iterable[str], unknown: Collection[str], languages: Iterable[str]) -> str:
    """Return the tag of the language that a question is in, or nothing: it is that of pages, or cannot be told.

    Args:
        words: Of the question, folded.
        unknown: Those that no page has: pages of a language have the words that stand in every text of it.
        languages: Tags that pages are in.

    >>> foreign_language("comment changer le mot de passe".split(), ["le", "mot"], ["en", "de-AT"])
    'fr'
    >>> foreign_language("a la carte".split(), ["la"], ["en"]), foreign_language("le mot de".split(), [], ["en"])
    ('', '')
    """
    asked = set(words)
    here = {LANGUAGES.get(tag.lower().partition("-")[0], "") for tag in languages}
    said = {name: STOP_WORDS[name] & asked for name in TAGS}
    spoken = max((len(said[name]) for name in here & said.keys()), default=0)
    *_, second, (most, first) = sorted([(0, ""), (0, ""), *((len(said[name]), name) for name in said.keys() - here)])
    sure = most >= max(_LEAST, 2 * spoken + 1, second[0] + 1)
    return TAGS[first] if sure and not said[first].isdisjoint(unknown) else ""
