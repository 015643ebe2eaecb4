"""Records of libraries (MARCXML): the fields of MARC 21 and UNIMARC that people search, by name.

Other fields are not read: they may be notes for the staff, the price of a copy, or its donor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

MARC: Final = "{http://www.loc.gov/MARC21/slim}record"
_SUBJECTS: Final = "600 610 611 630 650 651 653"
_MARC_21: Final = {
    "isbn": ("020", "a"), "issn": ("022", "a"), "authors": ("100 110 111 700 710 711", "abc"), "title": ("245", "abnp"),
    "other titles": ("130 240 246 730", "abnp"), "edition": ("250", "a"), "place": ("260 264", "a"),
    "publisher": ("260 264", "b"), "year": ("260 264", "c"), "extent": ("300", "a"), "series": ("440 490", "av"),
    "notes": ("500 546", "a"), "contents": ("505", "agrt"), "summary": ("520", "ab"), "subjects": (_SUBJECTS, "abvxyz"),
    "genre": ("655", "a"), "url": ("856", "u"),
}  # fmt: skip
"""Tags and subfields by the name of a field: https://www.loc.gov/marc/bibliographic/."""
_UNIMARC: Final = {
    "isbn": ("010", "a"), "issn": ("011", "a"), "language": ("101", "a"), "title": ("200", "aehi"),
    "authors": ("700 701 702 710 711 712", "ab"), "edition": ("205", "a"), "place": ("210 214", "a"),
    "publisher": ("210 214", "c"), "year": ("210 214", "d"), "extent": ("215", "a"), "series": ("225", "av"),
    "notes": ("300", "a"), "contents": ("327", "a"), "summary": ("330", "a"),
    "subjects": ("600 601 602 604 605 606 607 610", "abxyz"), "other titles": ("500 517", "a"), "url": ("856", "u"),
}  # fmt: skip
"""The same for UNIMARC, which has the title in 200."""
_ONE: Final = frozenset({"title", "year", "language", "url", "edition"})
_IS_DELETED: Final = "d"
"""The status of a record in its leader."""
_NOT_SORTED: Final = dict.fromkeys(map(ord, "\x88\x89\x98\x9c"))
"""Marks around an article that does not count for sorting titles (ISO 6630)."""
_ENDS: Final = " /:;,="
"""Punctuation of ISBD before the next part."""
_YEAR: Final = re.compile(r"\d{4}")


def is_marc(record: ET.Element) -> bool:
    """Return whether an element is a MARC record."""
    return record.tag.endswith("record") and record.find("{*}datafield[@tag]") is not None


def marc_fields(record: ET.Element) -> dict[str, Any]:
    """Return the fields of a MARC record, and whether it is `deleted` or `hidden`."""
    said = [*_fields_of(record)]
    names = _MARC_21 if any(tag == "245" for tag, _ in said) else _UNIMARC
    told: dict[str, Any] = {}
    for name, (tags, codes) in names.items():
        mark = " -- " if name == "subjects" else " "
        texts = [
            mark.join(text.strip(_ENDS) if mark != " " else text for code, text in parts if code in codes)
            for tag, parts in said
            if tag in tags.split()
        ]
        if values := [*dict.fromkeys(filter(None, (text.strip(_ENDS) for text in texts)))]:
            told[name] = " = ".join(values) if name == "title" else values[0] if name in _ONE else values
    if found := _YEAR.search(told.pop("year", "")):
        told["year"] = int(found[0])
    control = {one.get("tag"): one.text or "" for one in record.iterfind("{*}controlfield")}
    if names is _MARC_21 and (language := control.get("008", "")[35:38].strip(" |")):
        told["language"] = language
    leader = record.findtext("{*}leader", "")
    hidden = any(tag == "942" and ("n", "1") in parts for tag, parts in said)  # Koha shows it only to the staff
    return (
        ({"id": control["001"].strip()} if control.get("001") else {})
        | told
        | ({"hidden": True} if hidden else {})
        | ({"deleted": True} if leader[5:6] == _IS_DELETED else {})
    )


def _fields_of(record: ET.Element) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the fields: the tag and the subfields, each after its code. A field in original script (880) counts as the
    field that it repeats."""
    for field in record.iterfind("{*}datafield"):
        parts = [
            (one.get("code", ""), " ".join("".join(one.itertext()).translate(_NOT_SORTED).split()))
            for one in field.iterfind("{*}subfield")
        ]
        linked: Mapping[str, str] = dict(parts)
        yield linked.get("6", "")[:3] if field.get("tag") == "880" else field.get("tag", ""), parts
