"""Statistics of the fields of records: types, counts and samples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.kinds.formats import is_html
from vademecum_builder.kinds.values import ADDRESS, CHECKSUM, is_rich_text, shown
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.formats.json_records import parsed_or_none
from vademecum_builder.sources.prices import price_of
from vademecum_builder.sources.private_fields import is_named_private, many_reach, may_say, plain_name, reaches
from vademecum_builder.sources.times import read_time

SAMPLED: Final = 1000
"""How many records are looked at."""
_SAMPLES: Final = 3
_SHOWN: Final = 60
_PROSE: Final = 20
"""Prose has this many characters on average, or several words."""
CODE: Final = re.compile(
    r"key|(?:.*[ _.-])?(?:sku|isbn(?:_?1[03])?|issn|gtin|ean|upc|asin|mpn|doi|model|"
    r"part|ref|(?:part|article|item|order|catalog|ref|teile)[ _-]?(?:no|nr|num|number|nummer|code)|"
    r"art(?:ikel)?[-_. ]?(?:nr|nummer)|bestell-?(?:nr|nummer)|referencia|r[ée]f[ée]rence)\.?",
    re.IGNORECASE,
)
"""Codes that people copy from a label or an order, and type."""
_OF_SOMEBODY: Final = ("secret", "key", "mail", "reached", "paid", "lent")
"""Reasons why an object is private as a whole; an artist's date of birth is only left out by itself."""
_OF_WRITERS: Final = re.compile(r"(?:creat|edit|updat|modif|author)\w*_", re.IGNORECASE)
"""Private fields of whoever wrote something, which is not about them."""
_SEVERAL: Final = 5
"""A text with this many spaces is read, whatever is beside it."""
_ON_A_DISK: Final = re.compile(r"[A-Za-z]:\\\w|\\\\\w")
"""A path of Windows, which often has somebody's name in it."""
_NAMES: Final = 10
"""With fewer names in an object, each may be a field."""
_FEW: Final = 3
"""An object with more fields is a thing of its own."""
_MANY: Final = 10
"""With this many records, a field that has the same value in all of them says nothing."""
_NESTED: Final = re.compile(r"'(?:[^']|'')+':\d+[A-D]?(?:,\d+[A-D]?)*(?: '|$)|\w+=[^,=]*(?:,\w+=[^,=]*)+$")
"""PostgreSQL's search index of a text (`tsvector`), and fields that a shop has packed into one:
`has_options=0,color=Blue`."""
_ATTACHED: Final = re.compile(r"(?:[^()\n]+\(https?://[^()\s]+\)(?:,|$))+|[^;\n]+;https?://\S+")
"""Files and where they lie, as Airtable and Jira write them."""
_PATH: Final = re.compile(r"/\S+")
_PICTURE: Final = re.compile(r"[^\s:]+\.(?:jpe?g|png|gif|webp|svg|avif|tiff?)", re.IGNORECASE)
SLUG: Final = re.compile(
    r"(?:.*[_ .])?(?:slug|handle|url_?key|urlslug|permalink|post_name|short_?(?:link|url|code))", re.IGNORECASE
)
"""The part of an address that is the title again, without spaces."""
_WHOLE: Final = re.compile(r"-?\d+")
LONGEST_TITLE: Final = 120
"""The most characters of a title, on average: a summary may be the text."""
_SHARE: Final = 4
"""How many records share a value, on average."""
_LONGEST_GROUP: Final = 20
"""The most characters, on average, of a value that records are grouped by."""
LONGEST_CODE: Final = 20
"""The most characters of a code, on average: a longer one, without spaces, is a digest or a path."""
_MARKDOWN = re.compile(r"\[[^\[\]\n]+\]\((?:https?:|[#/.])[^()\s]*\)|^(?:#{2,6} \S|```)", re.MULTILINE)


@dataclass
class FieldFound:
    """A field, in the records that were looked at.

    Attributes:
        name: With dots if it is nested.
        records: How many have it, not empty.
        types: How often it is `text`, `number`, `truth`, `time`, `address`, `list` (of texts), `objects`, `private`
            (objects with private fields) or `nested`.
        samples: The first few different values, shortened.
        length: Characters of all its texts.
        letters: How many of them are letters.
        words: How many of its texts have several words.
        parts, codes: How many texts there are, counting each item of a list; how many of them are long, without spaces.
        sentences: How many of its lists have mostly items of four words or more.
        values: Different values; long ones only by their beginning and end.
        reached: How many of its texts contain somebody's contact.
        is_marked: Whether a text has HTML markup.
        is_markdown: Whether a text has a link, a heading or code in Markdown.
        is_ascii: Whether all texts are ASCII: then a long one without spaces is not prose in any language.
    """

    name: str
    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    length: int = 0
    letters: int = 0
    words: int = 0
    parts: int = 0
    codes: int = 0
    sentences: int = 0
    values: set[str] = field(default_factory=set, repr=False)
    reached: int = 0
    is_marked: bool = False
    is_markdown: bool = False
    is_ascii: bool = True

    @property
    def type(self) -> str:
        """The most frequent type."""
        return self.types.most_common(1)[0][0]

    @property
    def is_private(self) -> bool:
        """Whether it is private: by its name, or since its short texts are contacts of people."""
        short = self.length <= LONGEST_TITLE * self.records
        return is_named_private(self.name) or (
            short and not CODE.fullmatch(self.name) and many_reach(self.reached, self.records)
        )

    @property
    def has_objects(self) -> bool:
        """Whether it has objects with texts in most records, and none with private fields."""
        return self.type == "objects" and not self.types["private"]

    @property
    def is_long(self) -> bool:
        """Whether it is a list to be read, such as ingredients or steps, not of ids or of words to filter by."""
        return self.type == "list" and 2 * self.letters > self.length > LONGEST_TITLE * self.records

    @property
    def is_group(self) -> bool:
        """Whether many records share its values, such as countries: one can filter by them."""
        short = self.length <= _LONGEST_GROUP * self.records
        return self.type == "text" and short and len(self.values) > 1 and _SHARE * len(self.values) <= self.records

    @property
    def is_whole(self) -> bool:
        """Whether it holds integers, not prices."""
        return self.type == "number" and all(map(_WHOLE.fullmatch, self.values))

    @property
    def is_name(self) -> bool:
        """Whether people search by it: a brand, an author, a category. Flags are for filters."""
        named = self.type in ("text", "list") and not SLUG.fullmatch(self.name) and 3 * self.letters > self.length
        coded = self.is_ascii and 2 * self.codes > self.parts
        return named and len(self.values) > 2 and not coded and not may_say(self.name)

    @property
    def is_prose(self) -> bool:
        """Whether people read it; not what a record says about who may see it, or when."""
        long = self.words * 2 > self.records or (self.length > _PROSE * self.records and not self.is_ascii)
        return (
            ((self.type == "text" and long) or (self.type == "list" and 2 * self.sentences > self.records))
            and not SLUG.fullmatch(self.name)
            and 3 * self.letters > self.length
            and not may_say(self.name)
        )

    def note(self, value: Any) -> None:
        """Add a value that is not empty."""
        self.records += 1
        kind = _type_of(value)
        self.types[kind] += 1
        text = str(value)
        parts = [str(one).strip() for one in value] if isinstance(value, list) else [text.strip()]
        self.length += len(text)
        self.letters += sum(map(str.isalpha, text))
        self.words += " " in text.strip()
        self.parts += len(parts)
        self.codes += sum(len(one) > LONGEST_CODE and " " not in one for one in parts)
        if isinstance(value, list):
            self.sentences += 2 * sum(str(one).strip().count(" ") > 2 for one in value) > len(value)
        if len(self.samples) < _SAMPLES and text[:_SHOWN] not in self.samples:
            self.samples.append(text[:_SHOWN])
        self.values.add(text if len(text) <= _SHOWN else text[:_SHOWN] + text[-_SHOWN:])
        # Of objects what reaches people was looked at; `0101-01-01 00:00`, Calibre's for no date, looks like a number.
        self.reached += kind not in ("objects", "time") and reaches(text)
        self.is_marked = self.is_marked or is_html(text)
        self.is_markdown = self.is_markdown or _MARKDOWN.search(text) is not None
        self.is_ascii = self.is_ascii and text.isascii()

    def is_the_same(self, records: int) -> bool:
        """Return whether it has the same value in each of these records, which are all that there are."""
        return _MANY <= self.records == records < SAMPLED and len(self.values) == 1


def fields_of(records: Iterable[Mapping[str, Any]]) -> list[FieldFound]:
    """Return the fields of records, in order of appearance. An object whose names are values themselves, such as
    languages or currencies, is one field."""
    found: dict[str, FieldFound] = {}
    records = list(records)
    maps = _maps(records)
    several = {name for record in records for name, value in _flat(record, "", maps) if isinstance(value, list)}
    for record in records:
        for name, value in _flat(record, "", maps, several):
            found.setdefault(name, FieldFound(name)).note(value)
    return list(found.values())


def _maps(records: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the paths of objects whose names are values: many names of which each record has a few, or whose values
    are all alike; or numbers by time or size, or anything by number."""
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for path, value in _objects(record, ""):
            seen.setdefault(path, []).append(value)
    return frozenset(path for path, values in seen.items() if _is_map(values))


def _is_map(values: Sequence[Mapping[str, Any]]) -> bool:
    names = {name for value in values for name in value}
    inner = {frozenset(one) if isinstance(one, dict) else frozenset() for value in values for one in value.values()}
    few = 3 * sum(map(len, values)) < len(names) * len(values)
    if not inner:
        return False  # what has nothing of a list is an empty object in PHP's exports
    alike = bool(frozenset.intersection(*inner)) and len(frozenset.union(*inner)) <= _FEW  # a note is left out at times
    counted = all(map(_is_counted, values)) and all(name[:1].isdecimal() for name in names)
    numbered = len(names) > 1 and all(map(str.isdecimal, names))  # what a spell does at each level
    many = len(names) >= _NAMES and (few or alike or (len(inner) == 1 and inner != {frozenset()}))
    return counted or numbered or many


def _is_counted(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, int | float) for one in value.values())


def _objects(value: Mapping[str, Any], above: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and not is_rich_text(inner):
            path = f"{above}.{name}" if above else name
            yield path, inner
            yield from _objects(inner, path)


def _flat(
    value: Mapping[str, Any], above: str, maps: Collection[str], several: Collection[str] = ()
) -> Iterable[tuple[str, Any]]:
    """Yield the fields of a record.

    Args:
        several: Paths of what other records have several of: in XML, a single one is no list.
    """
    for name, inner in value.items():
        path = f"{above}.{name}" if above else name
        if is_rich_text(inner) or (path in maps and inner):
            yield path, inner if _is_counted(inner) else shown(inner)
        elif isinstance(inner, dict) and path in several:
            yield path, [inner]
        elif isinstance(inner, dict):
            yield from _flat(inner, path, maps, several)
        elif inner not in (None, "", []):
            yield path, inner


def _type_of_objects(value: list[Any]) -> str:
    """Return `objects` for a list of things with public texts, such as authors, whose texts are searched; `private` for
    those with private fields."""
    inner = [one for each in value if isinstance(each, dict) for one in _flat(each, "", ())]
    texts = [str(said) for name, said in inner if _type_of(said) == "text" and not is_named_private(name)]
    private = [(plain_name(name), str(said)) for name, said in inner if is_named_private(name, *_OF_SOMEBODY)]
    read = shown(value) if private else ""
    is_told = any(not _OF_WRITERS.match(name) or said in read for name, said in private)
    if is_told or any(map(reaches, texts)):
        return "private"
    own = (str(said) for name, said in inner if "." not in name)
    long = any(said.count(" ") >= _SEVERAL for said in own)
    return "objects" if inner and (long or 2 * len(texts) >= len(inner)) else "nested"


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case dict():
            return "nested"
        case list():
            if not all(isinstance(one, str) for one in value):
                return _type_of_objects(value)
            # Nobody reads the addresses of pictures, or old ones of a page.
            return "nested" if all(is_address(one) or _PATH.fullmatch(one) for one in value) else "list"
    text = shown(value).strip()
    if _PICTURE.fullmatch(text):
        return "address"
    if (
        (text[:1] in ("{", "[") and parsed_or_none(text) is not None)
        or CHECKSUM.fullmatch(text)
        or _NESTED.match(text)
        or _ATTACHED.fullmatch(text)
    ):
        return "nested"
    if text.startswith(("http://", "https://", "/", "\\/")) or ADDRESS.fullmatch(text) or _ON_A_DISK.match(text):
        return "address"
    if not isinstance(price_of(text), str):
        return "number"
    try:
        read_time(text, UTC)
    except ContentError:
        return "text"
    return "time"
