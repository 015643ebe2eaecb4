"""The roles of fields: which is the id, the title, the text, the address, the metadata."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.discovery.fields import CODE, LONGEST_CODE, LONGEST_TITLE, SLUG, FieldFound
from vademecum_builder.kinds.records import LANGUAGE, PRICE, TEXTS, TITLES
from vademecum_builder.kinds.values import is_slug_of
from vademecum_builder.sources.catalog import ID_NAMES
from vademecum_builder.sources.private_fields import is_named_private, may_say, plain_name
from vademecum_builder.sources.times import read_time

NOW: Final = re.compile(r"(?:current|last|latest|active|next|first|default)_", re.IGNORECASE)
"""Of the many one had or has, which it is not in."""
_ID: Final = re.compile(
    r"(?:.*[ _.@$-])?(?:(?:rec|row|doc|obj|object|item|page|post|entry)?id|oid|key|sku|uuid|guid|slug|handle|code"
    r"|number|nr|no|isbn|gtin|ean|asin|ref)\.?",
    re.IGNORECASE,
)
_IN_IDS: Final = re.compile(r"(?:.*\.)?(?:external_?)?(?:ids?|identifiers?)\.[^.]+", re.IGNORECASE)
"""What a record is called by others, in an object of such names: `id.wikidata`. Of those an id may be proposed."""
_NAME: Final = re.compile(
    r"(?!(?:.*_)?(?:first|last|sur|middle|given|family|user|nick|contact|login|file|host|domain|path)_?name(?:_[a-z]{2})?$)"
    r"(?:.+_|(?=.+_(?:en|de|fr|es|it|nl|pt)$))"
    r"(?:name|title|titel|titre|titulo|titolo|nombre|naam|bezeichnung)(?:_(?:en|de|fr|es|it|nl|pt))?",
    re.IGNORECASE,
)
"""What names what a record is about, in one language (`name_de`) or in all, and neither a part of somebody's name nor a
file."""
_FORMS: Final = tuple(
    "rendered common plain raw text value main default full official en de fr es it nl pt und @value #text _".split()
)
"""How a title is said, in an object of several ways, the likeliest first: `title.rendered` of WordPress,
`name.common`."""
_PERSON: Final = tuple(
    re.compile(rf"(?:.*_)?(?:{words})", re.IGNORECASE)
    for words in (
        r"(?:first|given|fore)_?name|name_(?:first|given)|vorname",
        r"(?:last|family|sur)_?name|name_(?:last|family)|nachname",
    )
)
_ASKED_FOR: Final = ("text", "list", "number", "truth", "time")
_OWN: Final = re.compile(
    r"inventory_?(?:item|manage|policy|qty|quantity|track)|fulfil|taxable|tax_?(?:status|class|code)|(?:requires|needs)_?shipping|shipping_?class|back_?order|"
    r"weight_unit|gift_card|use_config|(?:min|max)_cart|qty_inc|is_(?:qty_)?decimal|(?:manage|notify|out_of)_?stock|"
    r"attribute_set|product_websites",
    re.IGNORECASE,
)
_LAID_OUT: Final = re.compile(
    r"(?:^|_)(?:position|column_\d+|lft|rgt|rght|tree_id|numchild|lock_version|by)$|(?:sort|menu|display)_?(?:order|index|row|column)",
    re.IGNORECASE,
)
"""Numbers: in words a position is one in a team. Trees and edits are numbered for the program alone."""
_DIGEST: Final = re.compile(
    r"(?:\[')?(?:(?:[0-9a-f]{32}){1,4}|[0-9a-f]{40}|[0-9a-f]{96}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:'.*)?",
    re.IGNORECASE,
)
"""Also a UUID, and a list of them."""
_MACHINE: Final = re.compile(r"https?://[^?#]*(?:/api/|\.json$)", re.IGNORECASE)
"""The address of what a program asks for: nobody reads a page there."""
_TAG: Final = re.compile(r"<[^<>]*>?|&\w+;")
_ALMOST_ALL: Final = 0.95
_LINKS: Final = ("html_url", "web_url", "url", "link", "permalink", "href", "@id")
"""The first are those of pages where `url` is that of an API (GitHub, GitLab, Zendesk)."""
_SITES: Final = ("product_url", "website_url", "homepage_url", "website", "homepage")
"""Where what a record is about lives itself; what many records share is a maker's."""
_UPDATED: Final = re.compile(
    r"(?:updated|modified|changed|edited|last_?(?:update|change|edit)|ge(?:ae?|ä)ndert|bearbeitet|modifi(?:cad|cat|é)|"
    r"a(?:c)?tualizad|gewijzigd)",
    re.IGNORECASE,
)
_MADE: Final = re.compile(
    r"(?:.*[_ .])?(?:creat|insert|add|import(?!an)|index|crawl|fetch|synced|access|seen|login|upload|submit|"
    r"cre(?:ad|e)|erstell|angelegt|expir|exported|time_?stamp|ts$).*",
    re.IGNORECASE,
)
"""A time that tells when a program did something, and nothing of what a record is about."""


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
    open_ = [one for one in fields if not one.is_private and one.name not in named and not _IN_IDS.fullmatch(one.name)]
    marked = [one for one in open_ if one.is_marked]
    open_ = [one for one in open_ if not any(_says_it_too(one, other) for other in marked)]
    open_ = [one for one in open_ if not _is_slug(one, fields)]
    texts = [one for one in open_ if one.type == "text"]
    ids = [one for one in fields if one.name == told.get("id") and not one.is_private]
    title = _title_of([*open_, *ids], 0 if several else records)
    if title:
        open_ = [one for one in open_ if one is title or one.values != title.values]
    prose = [one.name for one in open_ if one.is_prose and one is not title and not _says_nothing(one, records)]
    person = person_of([one.name for one in open_])
    if title and title.name not in person:
        person = []
    # Without prose it is the text, whose first line is the title.
    if person:
        told["title"] = " ".join(f"{{{name}}}" for name in person)
    elif title and (prose or title in ids or _last(title.name) in TITLES or names_a_record(title.name)):
        told["title"] = title.name
    told["text"] = prose or person or ([title.name] if title else [])
    if told["text"]:  # a number alone says nothing
        codes = (one for one in fields if _is_code(one) or (one in ids and one is not title and _is_typed(one, fields)))
        told["text"] += [one.name for one in codes if one.name not in told["text"]]
        told["text"] += [one.name for one in open_ if (one.has_objects or one.is_long) and one.name not in prose]
    groups = {one.name for one in texts if one.is_group and one.name in told["text"]}
    pages = [one for one in open_ if one.type == "address" and _is_page(one.samples[0])]
    page = _called(pages, _LINKS) or _called([one for one in pages if 2 * len(one.values) > records], _SITES)
    link = page.name if page and (title is None or page.name.count(".") <= title.name.count(".")) else ""
    if link:
        told["link"] = link
    times = [one for one in open_ if one.type == "time"]
    updated = next((one for one in times if _UPDATED.search(one.name) and one.types["time"] == one.records), None)
    others = {link, title.name if title else "", updated.name if updated else ""}
    taken = ({*told["text"]} - groups) | others
    if kept := _metadata([one for one in open_ if one.name not in taken], records):
        told["metadata"] = kept
    if told["text"]:  # what is in the metadata alone, no word finds
        told["text"] += [one.name for one in open_ if one.name in {*kept} - groups and one.is_name]
    if updated:
        told["updated"] = updated.name
        told |= zone_of(updated)
    return told


def _metadata(fields: Sequence[FieldFound], records: int) -> list[str]:
    """Return the fields to filter by. Of many the first are buttons above the hits: prices and what records are grouped
    by, then what is measured."""
    kept = [
        one
        for one in fields
        if one.type in _ASKED_FOR
        and not ((one.type == "time" or _is_unix(one)) and _is_made(one))
        and not one.is_the_same(records)
        and not _is_kept_by_a_program(one)
        and not one.name.lower().endswith("id")
        and not SLUG.fullmatch(one.name)
        and one.name not in LANGUAGE[1:]  # it is told as `lang`
    ]
    kept.sort(key=lambda one: 0 if PRICE.search(one.name) else _ASKED_FOR.index(one.type))
    return [one.name for one in kept]


def _title_of(fields: Sequence[FieldFound], records: int) -> FieldFound | None:
    """Return the field that says what a record is called: by its name, else the shortest that says it of most."""
    short = [one for one in fields if one.length <= LONGEST_TITLE * one.records]
    apart = [one for one in fields if one.type == "text" and 2 * len(one.values) > one.records]
    most = [one for one in apart if 2 * one.records > records]
    above = [one for one in short if one.name.count(".") < 2]  # the name of a place of death is nested deeper
    # The subject of a course, which many share, is one where nothing is called a name.
    titled = _called([one for one in above if one in apart], TITLES)
    titled = titled or _called([one for one in above if not one.is_group], TITLES)
    # Of several the one that tells most of them apart: of a country its name, and not that of its currency.
    several = [one for one in most if one in short and names_a_record(one.name)]
    named = titled or max(several, key=lambda one: len(one.values), default=None) or _called(above, TITLES)
    words = [one for one in most if one in short and one.words * 2 > one.records and _last(one.name) not in TEXTS]
    return named or min(words, key=lambda one: one.length / one.records, default=None)


def person_of(fields: Sequence[str]) -> list[str]:
    """Return the fields with the first and the last name of who a record is about; empty: there are none."""
    found = [next((name for name in fields if words.fullmatch(plain_name(name))), "") for words in _PERSON]
    return found if all(found) else []


def _id_of(fields: Sequence[FieldFound], records: int) -> str:
    """Return the field that names records: of those that all have and hardly any two share, one that is called so,
    else one that none share. A record or two may be wrong."""
    names = person_of([one.name for one in fields])
    said = [one for one in fields if one.records == records and one.name not in names]
    fit = [one for one in said if one.type == "text" or one.is_whole]
    # The id names the document, and is published: where somebody is reached is none.
    whole = [one for one in fit if len(one.values) == records and not is_named_private(one.name)]
    # A nested number is a measure; a number of its own may be one, and so a text goes before it.
    whole = [one for one in whole if one.type == "text"] + [
        one for one in whole if one.type == "number" and "." not in one.name
    ]
    enough = min(_ALMOST_ALL * records, max(records - 2, records / 2 + 1))
    most = [one.name for one in fit if not one.is_private and len(one.values) >= enough]
    named = sorted((n for n in most if n.lower() in ID_NAMES), key=lambda name: ID_NAMES.index(name.lower()))
    return next(iter([*named, *filter(_ID.fullmatch, most), *(one.name for one in whole)]), "")


def _id_of_several(fields: Sequence[FieldFound], records: int) -> str:
    """Return the field that several rows of one record have in common, or its first row alone has, where the others
    have no title of their own."""
    own = [one for one in fields if "." not in one.name]  # rows are flat, but those of an object in them
    titles = {one.records for one in own if _last(one.name) in TITLES and one.records < _ALMOST_ALL * records}
    found = (one for one in own if len(one.values) in titles and one.records in (records, len(one.values)))
    return next((one.name for one in found if _ID.fullmatch(one.name)), "")


def _is_code(one: FieldFound) -> bool:
    """Return whether a field has numbers by which people ask for a record."""
    told_apart = 2 * len(one.values) >= one.records  # of a book there are several copies
    return bool(CODE.fullmatch(one.name)) and told_apart and any(map(str.isdigit, "".join(one.samples)))


def _is_kept_by_a_program(one: FieldFound) -> bool:
    """Return whether nobody filters by a field: what is published says alike who may see it, and how a shop works or a
    page is laid out is its own."""
    name = plain_name(one.name)
    laid_out = one.type == "number" and _LAID_OUT.search(name)
    own = laid_out or _OWN.search(name) or all(map(_DIGEST.fullmatch, one.values))
    return (may_say(one.name) and len(one.values) <= 2) or bool(own)


def _says_nothing(one: FieldFound, records: int) -> bool:
    """Return whether nobody asks for what a text says: it is the same in all records, or of how a shop works."""
    return one.is_the_same(records) or _OWN.search(plain_name(one.name)) is not None


def _says_it_too(one: FieldFound, other: FieldFound) -> bool:
    """Return whether a field without markup says what another one has in HTML: `answer` beside `answer_html`."""
    plain = [["".join(filter(str.isalnum, _TAG.sub("", text))) for text in field.samples] for field in (one, other)]
    alike = (bool(a) and (a.startswith(b) or b.startswith(a)) for a, b in zip(*plain, strict=False))
    return not one.is_marked and one.type == "text" and len(plain[0]) == len(plain[1]) and all(alike)


def _is_page(address: str) -> bool:
    return address.startswith("http") and not _MACHINE.match(address)


def _is_made(one: FieldFound) -> bool:
    """Return whether a time says when a record was made or changed, and not when what it tells of is."""
    return bool(_MADE.fullmatch(plain_name(one.name)) or _UPDATED.search(one.name))


def _is_unix(one: FieldFound) -> bool:
    """Return whether numbers may be seconds since 1970, or parts of them."""
    return one.is_whole and all(10 <= len(said) <= 19 for said in one.values)


def _is_typed(one: FieldFound, fields: Sequence[FieldFound]) -> bool:
    """Return whether what names a record stands on a label, too: no running number, no UUID or digest, nor its name
    without blanks."""
    short = one.type == "text" and one.length <= LONGEST_CODE * one.records
    return short and not SLUG.fullmatch(one.name) and not _is_slug(one, fields)


def _is_slug(one: FieldFound, fields: Sequence[FieldFound]) -> bool:
    """Return whether a field says what a name beside it does, as addresses have it: `category.index` of
    `category.name`."""
    beside = [other for other in fields if other is not one and _above(other) == _above(one)]
    return one.type == "text" and any(
        len(one.samples) == len(other.samples) and all(map(is_slug_of, one.samples, other.samples))
        for other in beside
        if _last(other.name) in TITLES
    )


def _above(one: FieldFound) -> str:
    return one.name.rpartition(".")[0]


def _called(fields: Sequence[FieldFound], names: Sequence[str]) -> FieldFound | None:
    """Return the field that has one of these names: the least nested, which is no user's and no status's."""
    fit = [one for one in fields if _last(one.name) in names]
    return min(fit, key=lambda one: (one.name.count("."), names.index(_last(one.name)), _form(one.name)), default=None)


def _form(name: str) -> int:
    """Return how likely a way of saying a title is the one that people know: `name.common` before `name.official`."""
    own = name.rpartition(".")[2].lower()
    return _FORMS.index(own) if own in _FORMS else 0


def _last(name: str) -> str:
    """Return a field's own name, without what it is nested in; of what is said in several ways what they say."""
    above, _, own = name.rpartition(".")
    is_form = own.lower() in _FORMS or {*_FORMS}.issuperset(own.lower().split("_"))
    return plain_name(above if above and is_form else own).lower().removeprefix("post_")


def names_a_record(name: str) -> bool:
    """Return whether a field's name says that it names what a record is about, as in `company_name`."""
    return bool(_NAME.fullmatch(plain_name(name)))


def names_an_id(name: str) -> bool:
    """Return whether a field is called as what is there to tell records apart."""
    return bool(_ID.fullmatch(_last(name)))


def zone_of(times: FieldFound) -> dict[str, str]:
    """Return the zone that the settings have to say where times say none."""
    try:
        for said in (*times.samples, *times.values):
            read_time(said)
    except ContentError:
        return {"zone": "UTC"}
    return {}
