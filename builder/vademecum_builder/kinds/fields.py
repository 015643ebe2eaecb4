"""What the fields of records are: their types, how many records have them, samples, and what each may be for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

import orjson

from vademecum.errors import ContentError
from vademecum_builder.kinds.records import PRICE, TITLES, is_html
from vademecum_builder.kinds.templates import is_rich_text, shown
from vademecum_builder.sources.catalog import ID_NAMES
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.prices import price_of
from vademecum_builder.sources.private_fields import is_named_private, many_reach, may_say, plain_name, reaches
from vademecum_builder.sources.times import read_time

SAMPLED: Final = 1000
"""Records that are looked at."""
_SAMPLES: Final = 3
_SHOWN: Final = 60
_PROSE: Final = 20
"""Characters that a text has on the average where it is prose; or it has several words."""
_ID: Final = re.compile(
    r"(?:.*[ _.@$-])?(?:id|oid|key|sku|uuid|guid|slug|handle|code|number|nr|no|isbn|gtin|ean|asin|ref)\.?",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"key|(?:.*[ _.-])?(?:sku|isbn(?:_?1[03])?|issn|gtin|ean|upc|asin|mpn|doi|model|"
    r"part|ref|(?:part|article|item|order|catalog|ref|teile)[ _-]?(?:no|nr|num|number|nummer|code)|"
    r"art(?:ikel)?[-_. ]?(?:nr|nummer)|bestell-?(?:nr|nummer)|referencia|r[ée]f[ée]rence)\.?",
    re.IGNORECASE,
)
"""What people copy from a label or an order, and type."""
_NAME: Final = re.compile(
    r"(?!(?:.*_)?(?:first|last|sur|middle|given|family|user|nick|contact|login|file|host|domain|path)_?name$)"
    r".+_(?:name|title|titel|titre|titulo|titolo|nombre|naam|bezeichnung)",
    re.IGNORECASE,
)
"""What names what a record is about, and neither a part of somebody's name nor a file."""
_FORMS: Final = frozenset(
    "rendered common plain raw text value full main default en de fr es it nl pt und @value #text _".split()
)
"""How a title is said, in an object of several ways: `title.rendered` of WordPress, `name.common`."""
_PERSON: Final = tuple(
    re.compile(rf"(?:.*_)?(?:{words})", re.IGNORECASE)
    for words in (
        r"(?:first|given|fore)_?name|name_(?:first|given)|vorname",
        r"(?:last|family|sur)_?name|name_(?:last|family)|nachname",
    )
)
_NAMES: Final = 10
"""In an object; of fewer each may be a field."""
_MANY: Final = 10
"""Of so many records a field that says the same in all of them says nothing."""
_BYTES: Final = re.compile("sha256:[0-9a-f]{64}")
"""What a record has in place of bytes (`records.json_value`)."""
_INDEXED: Final = re.compile(r"'(?:[^']|'')+':\d+[A-D]?(?:,\d+[A-D]?)*(?: '|$)")
"""The words of a text and where they stand, as PostgreSQL keeps them to search by (`tsvector`)."""
_SLUG: Final = re.compile(r"(?:.*[_ .])?(?:slug|handle|url_?key|urlslug|permalink|post_name)", re.IGNORECASE)
"""What an address is made of: the title again, without its blanks."""
_ASKED_FOR: Final = ("text", "list", "number", "truth", "time")
_OWN: Final = re.compile(
    r"inventory_?(?:item|manage|policy|qty|quantity|track)|fulfil|taxable|tax_?(?:status|class|code)|(?:requires|needs)_?shipping|shipping_?class|back_?order|"
    r"weight_unit|gift_card",
    re.IGNORECASE,
)
_LAID_OUT: Final = re.compile(
    r"(?:^|_)(?:position|column_\d+)$|(?:sort|menu|display)_?(?:order|index|row|column)", re.IGNORECASE
)
"""Numbers: in words a position is one in a team."""
_TAG: Final = re.compile(r"<[^<>]*>?|&\w+;")
_WHOLE: Final = re.compile(r"-?\d+")
_ALMOST_ALL: Final = 0.95
_LONGEST_TITLE: Final = 120
"""Characters on the average: a summary may be the text."""
_SHARE: Final = 4
"""Records that share a value, on the average."""
_LONGEST_GROUP: Final = 20
"""Characters on the average of what records are grouped by."""
_LONGEST_CODE: Final = 20
"""Characters on the average: what is longer, without a blank, is a digest or a path."""
_LINKS: Final = ("html_url", "web_url", "url", "link", "permalink", "href")
"""The first are those of pages where `url` is that of an API (GitHub, GitLab, Zendesk)."""
_UPDATED: Final = re.compile(
    r"(?:updated|modified|changed|edited|last_?(?:update|change|edit)|ge(?:ae?|ä)ndert|bearbeitet|modifi(?:cad|cat|é|e_le)|"
    r"a(?:c)?tualizad|gewijzigd)",
    re.IGNORECASE,
)


_MADE: Final = re.compile(
    r"(?:.*[_ .])?(?:creat|insert|add|import(?!an)|index|crawl|fetch|synced|access|seen|login|upload|submit|"
    r"cre(?:ad|e)|erstell|angelegt|expir|exported|time_?stamp|ts$).*",
    re.IGNORECASE,
)
"""A time that tells when a program did something, and nothing of what a record is about."""


_MARKDOWN = re.compile(r"\[[^\[\]\n]+\]\((?:https?:|[#/.])[^()\s]*\)|^(?:#{2,6} \S|```)", re.MULTILINE)


@dataclass
class FieldFound:
    """A field, in the records that were looked at.

    Attributes:
        name: With dots where it is nested.
        records: How many have it, and not empty.
        types: `text`, `number`, `truth`, `time`, `address`, `list` (of texts), `objects`, `nested` and how often.
        samples: The first few that differ, cut.
        length: Characters of all texts in it.
        letters: How many of them are letters.
        words: How many of its texts have several words.
        values: Different values, as far as they are short.
        reached: In how many of its texts somebody is reached.
        is_marked: Whether a text has markup of HTML.
        is_markdown: Whether a text has a link, a heading or code as Markdown writes them.
        is_ascii: Whether all texts are: then a long one without a blank is no prose, in any language.
    """

    name: str
    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    length: int = 0
    letters: int = 0
    words: int = 0
    values: set[str] = field(default_factory=set, repr=False)
    reached: int = 0
    is_marked: bool = False
    is_markdown: bool = False
    is_ascii: bool = True

    @property
    def type(self) -> str:
        """The most frequent one."""
        return self.types.most_common(1)[0][0]

    @property
    def is_private(self) -> bool:
        """Whether it is nobody's business: its name says so, or its short texts say where people are reached."""
        short = self.length <= _LONGEST_TITLE * self.records
        return is_named_private(self.name) or (
            short and not _CODE.fullmatch(self.name) and many_reach(self.reached, self.records)
        )

    @property
    def is_long(self) -> bool:
        """Whether it is a list to be read, as of ingredients or steps, and none of ids, or of words to filter by."""
        return self.type == "list" and 2 * self.letters > self.length > _LONGEST_TITLE * self.records

    @property
    def is_group(self) -> bool:
        """Whether many records share its values, as those of a country: they are filtered by, too."""
        short = self.length <= _LONGEST_GROUP * self.records
        return self.type == "text" and short and len(self.values) > 1 and _SHARE * len(self.values) <= self.records

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers, and no prices."""
        return self.type == "number" and all(map(_WHOLE.fullmatch, self.values))

    @property
    def is_name(self) -> bool:
        """Whether people type it: a brand, an author, a category. Of what is so or not so they ask by a filter."""
        named = self.type in ("text", "list") and not _SLUG.fullmatch(self.name) and 3 * self.letters > self.length
        coded = self.is_ascii and 2 * self.words <= self.records and self.length > _LONGEST_CODE * self.records
        return named and len(self.values) > 2 and not coded and not may_say(self.name)

    @property
    def is_prose(self) -> bool:
        """Whether people read it: what a record says of who may see it, or when, they do not."""
        long = self.words * 2 > self.records or (self.length > _PROSE * self.records and not self.is_ascii)
        return (
            self.type == "text"
            and long
            and not _SLUG.fullmatch(self.name)
            and 3 * self.letters > self.length
            and not may_say(self.name)
        )

    def note(self, value: Any) -> None:
        """Take in a value that is not empty."""
        self.records += 1
        self.types[_type_of(value)] += 1
        text = str(value)
        self.length += len(text)
        self.letters += sum(map(str.isalpha, text))
        self.words += " " in text.strip()
        if len(self.samples) < _SAMPLES and text[:_SHOWN] not in self.samples:
            self.samples.append(text[:_SHOWN])
        self.values.add(text[:_SHOWN])
        self.reached += reaches(text)
        self.is_marked = self.is_marked or is_html(text)
        self.is_markdown = self.is_markdown or _MARKDOWN.search(text) is not None
        self.is_ascii = self.is_ascii and text.isascii()

    def is_the_same(self, records: int) -> bool:
        """Return whether it says the same in each of these records, which are all that there are."""
        return _MANY <= self.records == records < SAMPLED and len(self.values) == 1


def fields_of(records: Iterable[Mapping[str, Any]]) -> list[FieldFound]:
    """Return the fields of records, in the order in which they come. An object whose names are values themselves, as of
    languages or currencies, is one field."""
    found: dict[str, FieldFound] = {}
    records = list(records)
    maps = _maps(records)
    for record in records:
        for name, value in _flat(record, "", maps):
            found.setdefault(name, FieldFound(name)).note(value)
    return list(found.values())


def proposal(fields: Sequence[FieldFound], records: int, keys: Collection[str] = ()) -> dict[str, Any]:
    """Return the settings that these fields suggest: `id`, `title`, `text`, `link`, `metadata`, `updated`, `zone`.

    What a name calls private is in none of them.

    Args:
        keys: Fields that identify a record, as a database says.
    """
    told: dict[str, Any] = {}
    several = "" if keys else _id_of_several(fields, records)
    if several:
        told |= {"id": several, "merge": True}
    elif id := next(iter(keys), "") or _id_of(fields, records):
        told["id"] = id
    named = [*told.values(), "_key"]  # a key says nothing where the record has an id of its own
    open_ = [one for one in fields if not one.is_private and one.name not in named]
    marked = [one for one in open_ if one.is_marked]
    open_ = [one for one in open_ if not any(_says_it_too(one, other) for other in marked)]
    texts = [one for one in open_ if one.type == "text"]
    ids = [one for one in fields if one.name == told.get("id") and not one.is_private]
    title = _title_of([*open_, *ids], 0 if several else records)
    prose = [one.name for one in texts if one.is_prose and one is not title]
    person = [] if title else person_of([one.name for one in open_])
    # Without prose it is the text, whose first line is the title.
    if person:
        told["title"] = " ".join(f"{{{name}}}" for name in person)
    elif title and (prose or title in ids or _last(title.name) in TITLES or names_a_record(title.name)):
        told["title"] = title.name
    told["text"] = prose or ([title.name] if title else person)
    if told["text"]:  # a number alone says nothing
        codes = (one for one in fields if _is_code(one) or (one in ids and one is not title and _is_typed(one)))
        told["text"] += [one.name for one in codes if one.name not in told["text"]]
        told["text"] += [one.name for one in open_ if {*one.types} == {"objects"} or one.is_long]
    groups = {one.name for one in texts if one.is_group and one.name in told["text"]}
    page = _called([one for one in open_ if one.type == "address" and one.samples[0].startswith("http")], _LINKS)
    link = page.name if page and (title is None or page.name.count(".") <= title.name.count(".")) else ""
    if link:
        told["link"] = link
    times = [one for one in open_ if one.type == "time"]
    updated = next((one for one in times if _UPDATED.search(one.name) and one.types["time"] == one.records), None)
    taken = {name for name in told["text"] if name not in groups} | {
        link,
        title.name if title else "",
        updated.name if updated else "",
    }
    kept = [
        one.name
        for one in open_
        if one.name not in taken
        and (one.type in ("text", "number", "truth", "list") or (one.type == "time" and not _is_made(one)))
        and not one.is_the_same(records)
        and not _is_kept_by_a_program(one)
    ]
    # Of many the first are buttons above the hits: what records are grouped by and prices, then what is measured.
    order = {one.name: _ASKED_FOR.index(one.type) for one in open_ if one.type in _ASKED_FOR}
    kept.sort(key=lambda name: 0 if PRICE.search(name) else order[name])
    if kept := [name for name in kept if not name.lower().endswith(("id", "_id")) and not _SLUG.fullmatch(name)]:
        told["metadata"] = kept
    if told["text"]:  # what is in the metadata alone, no word finds
        told["text"] += [one.name for one in open_ if one.name in {*kept} - groups and one.is_name]
    if updated:
        told["updated"] = updated.name
        told |= zone_of(updated)
    return told


def _title_of(fields: Sequence[FieldFound], records: int) -> FieldFound | None:
    """Return the field that says what a record is called: by its name, else the shortest that says it of most."""
    short = [one for one in fields if one.length <= _LONGEST_TITLE * one.records]
    apart = [one for one in fields if one.type == "text" and 2 * len(one.values) > one.records]
    most = [one for one in apart if 2 * one.records > records]
    above = [one for one in short if one.name.count(".") < 2]  # the name of a place of death is nested deeper
    titled = _called([one for one in above if one in apart], TITLES) or _called(above, TITLES)
    named = titled or next((one for one in most if one in short and names_a_record(one.name)), None)
    words = [one for one in most if one in short and one.words * 2 > one.records]
    return named or min(words, key=lambda one: one.length / one.records, default=None)


def person_of(fields: Sequence[str]) -> list[str]:
    """Return the fields with the first and the last name of who a record is about; empty: there are none."""
    found = [next((name for name in fields if words.fullmatch(plain_name(name))), "") for words in _PERSON]
    return found if all(found) else []


def _id_of(fields: Sequence[FieldFound], records: int) -> str:
    """Return the field that names records: of those that all have and hardly any two share, one that is called so,
    else one that none share. A record or two may be wrong."""
    fit = [one for one in fields if one.records == records and (one.type == "text" or one.is_whole)]
    whole = [one.name for one in fit if len(one.values) == records]
    enough = min(_ALMOST_ALL * records, max(records - 2, records / 2 + 1))
    most = [one.name for one in fit if not one.is_private and len(one.values) >= enough]
    named = sorted((n for n in most if n.lower() in ID_NAMES), key=lambda name: ID_NAMES.index(name.lower()))
    return next(iter([*named, *filter(_ID.fullmatch, most), *whole]), "")


def _id_of_several(fields: Sequence[FieldFound], records: int) -> str:
    """Return the field that several rows of one record have in common, where the others have no title of their own."""
    own = [one for one in fields if "." not in one.name]  # rows are flat, but those of an object in them
    titles = {one.records for one in own if _last(one.name) in TITLES and one.records < _ALMOST_ALL * records}
    found = (one for one in own if one.records == records and len(one.values) in titles)
    return next((one.name for one in found if _ID.fullmatch(one.name)), "")


def _is_code(one: FieldFound) -> bool:
    """Return whether a field has numbers by which people ask for a record."""
    told_apart = 2 * len(one.values) >= one.records  # of a book there are several copies
    return bool(_CODE.fullmatch(one.name)) and told_apart and any(map(str.isdigit, "".join(one.samples)))


def _is_kept_by_a_program(one: FieldFound) -> bool:
    """Return whether nobody filters by a field: what is published says alike who may see it, and how a shop works or a
    page is laid out is its own."""
    name = plain_name(one.name)
    laid_out = one.type == "number" and _LAID_OUT.search(name)
    return (may_say(one.name) and len(one.values) <= 2) or bool(laid_out or _OWN.search(name))


def _says_it_too(one: FieldFound, other: FieldFound) -> bool:
    """Return whether a field without markup says what another one has in HTML: `answer` beside `answer_html`."""
    plain = [["".join(filter(str.isalnum, _TAG.sub("", text))) for text in field.samples] for field in (one, other)]
    alike = (bool(a) and (a.startswith(b) or b.startswith(a)) for a, b in zip(*plain, strict=False))
    return not one.is_marked and one.type == "text" and len(plain[0]) == len(plain[1]) and all(alike)


def _is_made(one: FieldFound) -> bool:
    """Return whether a time says when a record was made or changed, and not when what it tells of is."""
    return bool(_MADE.fullmatch(plain_name(one.name)) or _UPDATED.search(one.name))


def _is_typed(one: FieldFound) -> bool:
    """Return whether what names a record stands on a label, too: no running number, and no UUID or digest."""
    return one.type == "text" and one.length <= _LONGEST_CODE * one.records and not _SLUG.fullmatch(one.name)


def _called(fields: Sequence[FieldFound], names: Sequence[str]) -> FieldFound | None:
    """Return the field that has one of these names: the least nested, which is no user's and no status's."""
    fit = [one for one in fields if _last(one.name) in names]
    return min(fit, key=lambda one: (one.name.count("."), names.index(_last(one.name))), default=None)


def _last(name: str) -> str:
    """Return a field's own name, without what it is nested in; of what is said in several ways what they say."""
    above, _, own = name.rpartition(".")
    return plain_name(above if above and own.lower() in _FORMS else own).lower().removeprefix("post_")


def names_a_record(name: str) -> bool:
    """Return whether a field's name says that it names what a record is about, as in `company_name`."""
    return bool(_NAME.fullmatch(plain_name(name)))


def names_an_id(name: str) -> bool:
    """Return whether a field is called as what is there to tell records apart."""
    return bool(_ID.fullmatch(_last(name)))


def zone_of(times: FieldFound) -> dict[str, str]:
    """Return the zone that the settings have to say where times say none."""
    try:
        for sample in times.samples:
            read_time(sample)
    except ContentError:
        return {"zone": "UTC"}
    return {}


def _maps(records: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the objects with many names of which each record has a few, or that are alike one and all."""
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for path, value in _objects(record, ""):
            seen.setdefault(path, []).append(value)
    return frozenset(path for path, values in seen.items() if _is_map(values))


def _is_map(values: Sequence[Mapping[str, Any]]) -> bool:
    names = {name for value in values for name in value}
    inner = {frozenset(one) if isinstance(one, dict) else frozenset() for value in values for one in value.values()}
    few = 3 * sum(map(len, values)) < len(names) * len(values)
    return len(names) >= _NAMES and (few or (len(inner) == 1 and inner != {frozenset()}))


def _objects(value: Mapping[str, Any], above: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and not is_rich_text(inner):
            path = f"{above}.{name}" if above else name
            yield path, inner
            yield from _objects(inner, path)


def _flat(value: Mapping[str, Any], above: str, maps: Collection[str]) -> Iterable[tuple[str, Any]]:
    for name, inner in value.items():
        path = f"{above}.{name}" if above else name
        if is_rich_text(inner) or (path in maps and inner):
            yield path, shown(inner)
        elif isinstance(inner, dict):
            yield from _flat(inner, path, maps)
        elif inner not in (None, "", []):
            yield path, inner


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _type_of_objects(value: list[Any]) -> str:
    """Return `objects` of things with texts that anybody may read, such as authors: their texts are found by words."""
    inner = [one for each in value if isinstance(each, dict) for one in _flat(each, "", ())]
    texts = [str(said) for _, said in inner if _type_of(said) == "text"]
    are_open = not any(is_named_private(name) for name, _ in inner) and not any(map(reaches, texts))
    return "objects" if inner and 2 * len(texts) >= len(inner) and are_open else "nested"


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case list():
            if not all(isinstance(one, str) for one in value):
                return _type_of_objects(value)
            return "nested" if all(map(is_address, value)) else "list"  # of pictures nobody reads where they lie
    text = str(value).strip()
    if (text[:1] in ("{", "[") and _is_json(text)) or _BYTES.fullmatch(text) or _INDEXED.match(text):
        return "nested"
    if text.startswith(("http://", "https://", "/", "\\/")):
        return "address"
    if not isinstance(price_of(text), str):
        return "number"
    try:
        read_time(text, UTC)
    except ContentError:
        return "text"
    return "time"
