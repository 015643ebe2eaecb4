"""Which fields of a collection that are called as times of publication hold none: `published_on: Steam`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.sources.private_fields import is_unset, shown_when
from vademecum_builder.sources.times import spans_of

_LEAST: Final = 2
"""Different values: of one alone (`Demnächst`) nobody knows what it means."""
_MOST: Final = 1000
"""Different values that are kept."""
_NUMBER: Final = re.compile(r"\d")
_WAITING: Final = re.compile(
    r"\b(?:soon|tb[acd]|announced|later|pending|next|after|until|till|before|when|once|scheduled|unreleased|not|yet|hold"
    r"|upcoming|forthcoming|future|to(?:day|morrow)|wait\w*|approv\w*|review\w*|embargo\w*|draft|(?:un)?published|closed"
    r"|release[ds]?|day|week|month|quarter|year|spring|summer|autumn|fall|winter|easter|christmas"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|bald|demnächst|später|nach|nächste\w*|noch|morgen|heute|bis|wenn|sobald|gesperrt|freigabe"
    r"|frühjahr|frühling|sommer|herbst|ostern|pfingsten|weihnachten|januar|februar|märz|mai|juni|juli|oktober|dezember"
    r"|bientôt|prochain\w*|après|avant|venir|tard|demain|quand|pronto|pr[oó]xim\w*|después|mañana|hasta|cuando|presto"
    r"|prossim\w*|dopo|domani|quando|breve|depois|amanhã|binnenkort|volgend\w*|nog)\b"
    r"|[^\W\d_\0-\u024f\u1e00-\u1eff]",
    re.IGNORECASE,
)
"""Words of what is to come, and of times without a year; a letter that is not Latin, as nobody knows the words here."""


@dataclass
class PublicationTimes:
    """What the records that were read so far tell of that; it is decided when all are.

    A field is one of times where one of its values can be read, where one speaks of what is to come, or where half of
    them have numbers: a signed release cannot be called back.
    """

    _times: set[str] = field(default_factory=set)
    _values: dict[str, dict[str, None]] = field(default_factory=dict)

    @property
    def doubtful(self) -> Collection[str]:
        """The fields that may turn out to hold no times."""
        return self._values.keys()

    @property
    def others(self) -> Mapping[str, Sequence[str]]:
        """The values of the fields that hold none, by what these are called."""
        return {name: [*values] for name, values in self._values.items() if _are_no_times(values)}

    def note(self, record: Mapping[str, Any]) -> None:
        """Note what the fields of another record hold."""
        for name, value in record.items():
            if shown_when(name) != "from" or name in self._times:
                continue
            said = self._values.setdefault(name, {})
            for one in value if isinstance(value, list) else [value]:
                if is_unset(one):
                    continue
                if not isinstance(one, str) or _WAITING.search(one) or _is_time(one):
                    self._times.add(name)
                    del self._values[name]
                    break
                if len(said) < _MOST:
                    said[one.strip()] = None


def _is_time(value: str) -> bool:
    try:
        return bool(spans_of(value))
    except ContentError:
        return False


def _are_no_times(values: Collection[str]) -> bool:
    return len(values) >= _LEAST and 2 * sum(map(bool, map(_NUMBER.search, values))) < len(values)
