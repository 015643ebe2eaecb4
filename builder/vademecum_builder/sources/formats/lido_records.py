"""Objects of museums (LIDO) as people search them. What is not named here is not read: who gave or sold an object, what
it is insured for, by what programs identify things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree as ET

LIDO: Final = "{http://www.lido-schema.org}lido"
_FIELDS: Final = {
    "id": "lidoRecID", "title": "titleSet/appellationValue", "type": "objectWorkType//term|objectWorkType//prefLabel",
    "classification": "classification//term", "description": "objectDescriptionSet/descriptiveNoteValue",
    "inscriptions": "inscriptionTranscription", "measurements": "displayObjectMeasurements",
    "inventory number": "repositorySet/workID", "repository": "repositoryName//appellationValue",
    "subjects": "displaySubject|subjectSet//term", "url": "recordInfoLink",
}  # fmt: skip
"""By what a field is called the elements that say it: https://lido-schema.org."""
_MADE: Final = {
    "people": "eventActor//nameActorSet/appellationValue", "date": "eventDate/displayDate",
    "place": "eventPlace/displayPlace|eventPlace/place/namePlaceSet/appellationValue",
    "materials": "displayMaterialsTech|termMaterialsTech/term", "culture": "culture/term",
}  # fmt: skip
"""The same of what has been done with an object, but how it changed hands."""
_CHANGED_HANDS: Final = re.compile(
    r"acqui|erw[eo]rb|provenan|herkunft|owner|besitz|loan|leih|prove|bestand|lido0000[18]$|lido01146$", re.IGNORECASE
)
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_ONE: Final = frozenset({"id", "title", "url", "inventory number"})


def lido_fields(record: ET.Element) -> dict[str, Any]:
    """Return what a record of a museum says, of several languages in the one that it describes the object in."""
    described = record.find("{*}descriptiveMetadata")
    language = described.get(_LANGUAGE, "") if described is not None else ""
    events = [one for one in record.iterfind(".//{*}event") if not _CHANGED_HANDS.search(" ".join(_kind_of(one)))]
    told = {name: [*dict.fromkeys(_texts([record], paths, language))] for name, paths in _FIELDS.items()}
    told |= {name: [*dict.fromkeys(_texts(events, paths, language))] for name, paths in _MADE.items()}
    return {name: values[0] if name in _ONE else values for name, values in told.items() if values}


def _kind_of(event: ET.Element) -> Iterator[str]:
    for kind in event.iterfind("{*}eventType"):
        yield from map(str.strip, kind.itertext())


def _texts(elements: list[ET.Element], paths: str, language: str) -> Iterator[str]:
    for path in paths.split("|"):
        plain = re.sub(r"\w+", r"{*}\g<0>", path)
        for element in elements:
            for one in element.iterfind(f".//{plain}"):
                said = " ".join("".join(one.itertext()).split())
                if said and one.get(_LANGUAGE, language)[:2] == language[:2]:
                    yield said
