"""Stop words by language, from the lists that browsers load one by one (js/search/stop_words/).

In a query of stop words alone they count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LISTS: Final = Path(__file__).parents[1] / "js" / "search" / "stop_words"
STOP_WORDS: Final = {
    path.stem: frozenset(path.read_text(encoding="utf-8").split("`")[1].split()) for path in sorted(_LISTS.iterdir())
}
"""By Snowball's name of the language; folded as words of a text are."""
