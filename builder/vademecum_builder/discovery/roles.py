"""The roles of fields: which one is the id, the title, the text, the address, or metadata."""

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

NOW: Final = re.compile(r"(?:current|last|latest|active|next|prev(?:ious)?|first|default)_", re.IGNORECASE)
"""Prefixes for one of many things that a record has, not one that it is part of."""
_ID: Final = re.compile(
    r"(?:.*[ _.@$-])?(?:(?:rec|row|doc|obj|object|item|page|post|entry)?id|oid|key|sku|uuid|guid|slug|handle|code"
    r"|number|nr|no|isbn|gtin|ean|asin|ref)\.?",
    re.IGNORECASE,
)
_IN_IDS: Final = re.compile(r"(?:.*\.)?(?:external_?)?(?:ids?|identifiers?)\.[^.]+", re.IGNORECASE)
"""Ids of a record elsewhere, in an object: `id.wikidata`. Such a field may be proposed as the id."""
_ID_OF: Final = re.compile(r"(?:.*_)?id_.+", re.IGNORECASE)
"""`idBoard`: what a program calls something else by."""
_NAME: Final = re.compile(
    r"(?!(?:.*_)?(?:first|last|sur|middle|given|family|user|nick|contact|login|file|host|domain|path)_?name(?:_[a-z]{2})?$)"
    r"(?:.+_|(?=.+_(?:en|de|fr|es|it|nl|pt)$))"
    r"(?:name|title|titel|titre|titulo|titolo|nombre|naam|bezeichnung)(?:_(?:en|de|fr|es|it|nl|pt))?",
    re.IGNORECASE,
)
"""The name of what a record is about, in one language (`name_de`) or in all; not a part of a person's name, nor a
file's name."""
_FORMS: Final = tuple(
    "rendered common plain raw text value main default full official en de fr es it nl pt und @value #text _".split()
)
"""Forms of a title in an object, the likeliest first: `title.rendered` of WordPress, `name.common`."""
_PERSON: Final = tuple(
    re.compile(rf"(?:.*_)?(?:{words})", re.IGNORECASE)
    for words in (
        r"(?:first|given|fore)_?name|name_(?:first|given)|vorname",
        r"(?:last|family|sur)_?name|name_(?:last|family)|nachname",
    )
)
_USER: Final = re.compile(r"user_?name|login|screen_?name", re.IGNORECASE)
_SHOWN_AS: Final = ("name", "display_name", "displayName", "display_username", "full_name")
"""What a person is called, beside the name of the person's account."""
_ASKED_FOR: Final = ("text", "list", "number", "truth", "time")
_OWN: Final = re.compile(
    r"inventory_?(?:item|manage|policy|qty|quantity|track)|fulfil|taxable|tax_?(?:status|class|code)|(?:requires|needs)_?shipping|shipping_?class|back_?order|"
    r"weight_unit|gift_card|use_config|(?:min|max)_cart|qty_inc|is_(?:qty_)?decimal|(?:manage|notify|out_of)_?stock|"
    r"attribute_set|product_websites",
    re.IGNORECASE,
)
_LAID_OUT: Final = re.compile(
    r"(?:^|_)(?:pos(?:ition)?|column_\d+|lft|rgt|rght|tree_id|numchild|lock_version|by)$|(?:sort|menu|display)_?(?:order|index|row|column)",
    re.IGNORECASE,
)
"""Numbers only: as text, a position is one in a team. Numbers of trees and edits are only for the program."""
_DIGEST: Final = re.compile(
    r"(?:\[')?(?:(?:[0-9a-f]{32}){1,4}|[0-9a-f]{40}|[0-9a-f]{96}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:'.*)?",
    re.IGNORECASE,
)
"""Also UUIDs, and lists of them."""
_MACHINE: Final = re.compile(r"https?://[^?#]*(?:/api/|\.json$)", re.IGNORECASE)
"""Addresses for programs: they are not pages to read."""
_TAG: Final = re.compile(r"<[^<>]*>?|&\w+;")
_ALMOST_ALL: Final = 0.95
_LINKS: Final = ("html_url", "web_url", "url", "link", "permalink", "href", "@id")
"""The first ones are pages when `url` is the address of an API (GitHub, GitLab, Zendesk)."""
_SITES: Final = ("product_url", "website_url", "homepage_url", "website", "homepage", "identifier")
"""The own site of what a record is about, or its page in Dublin Core; what many records share is a maker's."""
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
"""Times when a program did something, unrelated to what a record is about."""


def proposal(fields: Sequence[FieldFound], records: int, keys: Collection[str] = ()) -> dict[str, Any]:
    """Return the settings that these fields suggest: `id`, `title`, `text`, `link`, `metadata`, `updated`, `zone`.

    Fields with a private name are in none of them.

    Args:
        keys: Fields that identify a record, as declared in a database.
    """
    told: dict[str, Any] = {}
    several = "" if keys else _id_of_several(fields, records)
    if several:
        told |= {"id": several, "merge": True}
    elif id := next(iter(keys), "") or _id_of(fields, records):
        told["id"] = id
    named = [*told.values(), "_key"]  # a key is of no use if the record has an id of its own
    open_ = [one for one in fields if not one.is_private and one.name not in named and not _is_of_ids(one.name)]
    marked = [one for one in open_ if one.is_marked]
    open_ = [one for one in open_ if not any(_says_it_too(one, other) for other in marked)]
    open_ = [one for one in open_ if not _is_slug(one, fields) and not _is_writer(one, fields)]
    texts = [one for one in open_ if one.type == "text"]
    ids = [one for one in fields if one.name == told.get("id") and not one.is_private]
    title = _title_of([*open_, *ids], 0 if several else records)
    if title:
        open_ = [one for one in open_ if one is title or one.values != title.values]
    prose = [one.name for one in open_ if one.is_prose and one is not title and not _says_nothing(one, records)]
    person = person_of([one.name for one in open_])
    if title and title.name not in person:
        person = []
    # Without prose, it becomes the text, whose first line is the title.
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
    if told["text"]:  # words are not searched in metadata
        told["text"] += [one.name for one in open_ if one.name in {*kept} - groups and one.is_name]
    if updated:
        told["updated"] = updated.name
        told |= zone_of(updated)
    return told


def _is_of_ids(name: str) -> bool:
    """Return whether a field has ids alone, by its name or by what it is nested in."""
    return bool(_IN_IDS.fullmatch(name) or _ID_OF.fullmatch(plain_name(name.rpartition(".")[2])))


def _metadata(fields: Sequence[FieldFound], records: int) -> list[str]:
    """Return the fields to filter by. The first ones become buttons above the hits: prices and groups, then
    measurements."""
    kept = [
        one
        for one in fields
        if one.type in _ASKED_FOR
        and not ((one.type == "time" or _is_unix(one)) and _is_made(one))
        and not one.is_the_same(records)
        and not _is_kept_by_a_program(one)
        and not one.name.lower().endswith("id")
        and not SLUG.fullmatch(one.name)
        and one.name not in LANGUAGE[1:]  # it becomes `lang`
    ]
    kept.sort(key=lambda one: 0 if PRICE.search(one.name) else _ASKED_FOR.index(one.type))
    return [one.name for one in kept]


def _title_of(fields: Sequence[FieldFound], records: int) -> FieldFound | None:
    """Return the field with the title of a record: by its name, else the shortest that most records have."""
    short = [one for one in fields if one.length <= LONGEST_TITLE * one.records]
    apart = [one for one in fields if one.type == "text" and 2 * len(one.values) > one.records]
    most = [one for one in apart if 2 * one.records > records]
    above = [
        one for one in short if one.name.count(".") < 2
    ]  # deeper nested names are of something else, such as the place of a person's death
    # A subject, which many courses share, is the title only if nothing is named as a name.
    titled = _called([one for one in above if one in apart], TITLES)
    titled = titled or _called([one for one in above if not one.is_group], TITLES)
    # Of several, the one with the most different values: the name of a country, not that of its currency.
    several = [one for one in most if one in short and names_a_record(one.name)]
    named = titled or max(several, key=lambda one: len(one.values), default=None) or _called(above, TITLES)
    worded = [one for one in most if one.words * 2 > one.records and 5 * one.letters > one.length]  # no times
    words = [one for one in worded if one in short and _last(one.name) not in TEXTS]
    return named or min(words, key=lambda one: one.length / one.records, default=None)


def person_of(fields: Sequence[str]) -> list[str]:
    """Return the fields with the first and last name of the person that a record is about; empty: none."""
    found = [next((name for name in fields if words.fullmatch(plain_name(name))), "") for words in _PERSON]
    return found if all(found) else []


def _id_of(fields: Sequence[FieldFound], records: int) -> str:
    """Return the id: of the fields that all records have and hardly any two share, one with the name of an id, else one
    that no two share. A record or two may be wrong."""
    names = person_of([one.name for one in fields])
    said = [one for one in fields if one.records == records and one.name not in names]
    # MongoDB's are numbers, texts, or one after the other.
    fit = [one for one in said if one.type == "text" or one.is_whole or {*one.types} == {"number", "text"}]
    # The id names the document and is published: it must not be a contact.
    whole = [one for one in fit if len(one.values) == records and not is_named_private(one.name)]
    # A nested number is a measurement; any other number may be one, so a text is better.
    # The text is searched, the id is not: of a glossary it is the term, never the definition.
    title = _title_of([one for one in fields if not one.is_private], records)
    whole = [one for one in whole if one.type == "text" and (one is title or not one.is_prose)] + [
        one for one in whole if one.is_whole and "." not in one.name
    ]
    enough = min(_ALMOST_ALL * records, max(records - 2, records / 2 + 1))
    most = [one.name for one in fit if not one.is_private and len(one.values) >= enough]
    named = sorted((n for n in most if n.lower() in ID_NAMES), key=lambda name: ID_NAMES.index(name.lower()))
    return next(iter([*named, *filter(_ID.fullmatch, most), *(one.name for one in whole)]), "")


def _id_of_several(fields: Sequence[FieldFound], records: int) -> str:
    """Return the field that the rows of one record have in common, or that only its first row has if the others have no
    title of their own."""
    own = [one for one in fields if "." not in one.name]  # rows are flat, apart from objects in them
    titles = {one.records for one in own if _last(one.name) in TITLES and one.records < _ALMOST_ALL * records}
    found = (one for one in own if len(one.values) in titles and one.records in (records, len(one.values)))
    return next((one.name for one in found if _ID.fullmatch(one.name)), "")


def _is_code(one: FieldFound) -> bool:
    """Return whether a field has numbers by which people search for a record."""
    told_apart = 2 * len(one.values) >= one.records  # a book may have several copies
    return bool(CODE.fullmatch(one.name)) and told_apart and any(map(str.isdigit, "".join(one.samples)))


def _is_kept_by_a_program(one: FieldFound) -> bool:
    """Return whether a field is only for the program, not for filters: who may see a record, how a shop works, how a
    page is laid out."""
    name = plain_name(one.name)
    laid_out = one.type == "number" and _LAID_OUT.search(name)
    own = laid_out or _OWN.search(name) or all(map(_DIGEST.fullmatch, one.values))
    return (may_say(one.name) and len(one.values) <= 2) or bool(own)


def _says_nothing(one: FieldFound, records: int) -> bool:
    """Return whether nobody searches for a text: it is the same in all records, or about how a shop works."""
    return one.is_the_same(records) or _OWN.search(plain_name(one.name)) is not None


def _says_it_too(one: FieldFound, other: FieldFound) -> bool:
    """Return whether a field without markup is the same as another one in HTML: `answer` beside `answer_html`."""
    plain = [["".join(filter(str.isalnum, _TAG.sub("", text))) for text in field.samples] for field in (one, other)]
    alike = (bool(a) and (a.startswith(b) or b.startswith(a)) for a, b in zip(*plain, strict=False))
    return not one.is_marked and one.type == "text" and len(plain[0]) == len(plain[1]) and all(alike)


def _is_writer(one: FieldFound, fields: Sequence[FieldFound]) -> bool:
    """Return whether a field is the name of whoever wrote a record, not its title: beside an account's name, and the
    same in several records."""
    beside = any(_USER.fullmatch(other.name) and len(other.values) < other.records for other in fields)
    return beside and one.name in _SHOWN_AS


def _is_page(address: str) -> bool:
    return address.startswith("http") and not _MACHINE.match(address)


def _is_made(one: FieldFound) -> bool:
    """Return whether a time is when a record was made or changed, not one of what it is about."""
    return bool(_MADE.fullmatch(plain_name(one.name)) or _UPDATED.search(one.name))


def _is_unix(one: FieldFound) -> bool:
    """Return whether numbers may be seconds since 1970, or fractions of them."""
    return one.is_whole and all(10 <= len(said) <= 19 for said in one.values)


def _is_typed(one: FieldFound, fields: Sequence[FieldFound]) -> bool:
    """Return whether people may know an id, from a label for instance: not a running number, a UUID, a digest, or the
    name without spaces."""
    short = {*one.types} == {"text"} and one.length <= LONGEST_CODE * one.records
    return short and not SLUG.fullmatch(one.name) and not _MADE.fullmatch(one.name) and not _is_slug(one, fields)


def _is_slug(one: FieldFound, fields: Sequence[FieldFound]) -> bool:
    """Return whether a field is the slug of a name beside it: `category.index` for `category.name`."""
    beside = [other for other in fields if other is not one and _above(other) == _above(one)]
    return one.type == "text" and any(
        len(one.samples) == len(other.samples) and all(map(is_slug_of, one.samples, other.samples))
        for other in beside
        if _last(other.name) in TITLES
    )


def _above(one: FieldFound) -> str:
    return one.name.rpartition(".")[0]


def _called(fields: Sequence[FieldFound], names: Sequence[str]) -> FieldFound | None:
    """Return the field with one of these names: the least nested one, not of a user or a status."""
    fit = [one for one in fields if _last(one.name) in names]
    return min(fit, key=lambda one: (one.name.count("."), names.index(_last(one.name)), _form(one.name)), default=None)


def _form(name: str) -> int:
    """Return the rank of a form of a title, by how well people know it: `name.common` before `name.official`."""
    own = name.rpartition(".")[2].lower()
    return _FORMS.index(own) if own in _FORMS else 0


def _last(name: str) -> str:
    """Return a field's own name, without the objects around it; for a form of a title, that of the title."""
    above, _, own = name.rpartition(".")
    is_form = own.lower() in _FORMS or {*_FORMS}.issuperset(own.lower().split("_"))
    return plain_name(above if above and is_form else own).lower().removeprefix("post_")


def names_a_record(name: str) -> bool:
    """Return whether a field is named as the name of what a record is about, as in `company_name`."""
    return bool(_NAME.fullmatch(plain_name(name)))


def names_an_id(name: str) -> bool:
    """Return whether a field is named as an id."""
    return bool(_ID.fullmatch(_last(name)))


def zone_of(times: FieldFound) -> dict[str, str]:
    """Return the zone for the settings if times have none."""
    try:
        for said in (*times.samples, *times.values):
            read_time(said)
    except ContentError:
        return {"zone": "UTC"}
    return {}
