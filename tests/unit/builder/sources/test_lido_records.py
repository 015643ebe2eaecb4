"""Objects of museums (LIDO), as files and within others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from vademecum_builder.discovery.discover import discover
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.formats.record_lists import find_lists

SCHEMA = 'xmlns:l="http://www.lido-schema.org"'


def event(kind: str, who: str, when: str) -> str:
    actor = f"<l:nameActorSet><l:appellationValue>{who}</l:appellationValue></l:nameActorSet>"
    return (
        f"<l:eventSet><l:event><l:eventType><l:term>{kind}</l:term></l:eventType><l:eventActor>{actor}</l:eventActor>"
        f"<l:eventDate><l:displayDate>{when}</l:displayDate></l:eventDate></l:event></l:eventSet>"
    )


def lido(number: int) -> str:
    title = f'<l:titleSet><l:appellationValue xml:lang="de">Schrank {number}</l:appellationValue></l:titleSet>'
    terms = '<l:term xml:lang="de">Möbel</l:term><l:term xml:lang="en">furniture</l:term><l:term>Eiche</l:term>'
    told = "<l:descriptiveNoteValue>Er steht im\n Saal.</l:descriptiveNoteValue>"
    events = "".join(
        event(kind, who, when)
        for kind, who, when in (("Herstellung", "Ann Lee", "um 1600"), ("Erwerbung", "Bo Rich", "1990"),
                                ("Acquisition", "Cy Rich", "1991"), ("lido00001", "Di Rich", "1992"))
    )  # fmt: skip
    return (
        f'<l:lido {SCHEMA}><l:lidoRecID>a/{number}</l:lidoRecID><l:descriptiveMetadata xml:lang="de">{title}'
        f"<l:classification>{terms}</l:classification><l:objectDescriptionSet>{told}</l:objectDescriptionSet>{events}"
        f"</l:descriptiveMetadata><l:recordInfoLink>https://a.example/{number}</l:recordInfoLink></l:lido>"
    )


def records(data: str) -> list[Any]:
    return [record for _, record in read_records(io.BytesIO(data.encode()), ".xml", Layout())]


def test_an_object_of_a_museum_says_what_is_known_of_it_in_its_language_and_not_who_gave_it() -> None:
    assert records(lido(1)) == [
        {"id": "a/1", "title": "Schrank 1", "classification": ["Möbel", "Eiche"], "description": ["Er steht im Saal."],
         "url": "https://a.example/1", "people": ["Ann Lee"], "date": ["um 1600"]},
    ]  # fmt: skip


def test_objects_are_records_whether_one_stands_in_a_file_or_many(tmp_path: Path) -> None:
    many = f"<l:lidoWrap {SCHEMA}>{lido(2)}{lido(3)}</l:lidoWrap>"
    for name, data in (("one.xml", lido(1)), ("many.xml", many), ("alone.xml", f"<l:wrap {SCHEMA}>{lido(4)}</l:wrap>")):
        (tmp_path / name).write_text(data)
        assert find_lists(io.BytesIO(data.encode()), ".xml") == ["lido"]
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.settings["records"], found.settings["id"], found.settings["title"]) == ("lido", "id", "title")
    assert [one["id"] for one in records(many)] == ["a/2", "a/3"]
    within = "".join(f"<record><header/><metadata>{lido(n)}</metadata></record>" for n in range(2))
    assert find_lists(io.BytesIO(f"<ListRecords>{within}</ListRecords>".encode()), ".xml") == ["record"]
    marc = '<record xmlns="http://www.loc.gov/MARC21/slim"><datafield tag="245"/><datafield tag="260"/></record>'
    assert find_lists(io.BytesIO(f"<collection>{marc}</collection>".encode()), ".xml") == ["record"]
