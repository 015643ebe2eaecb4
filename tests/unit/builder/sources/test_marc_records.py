"""Records of libraries (MARC 21, UNIMARC), as files and as OAI-PMH hands them out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from vademecum_builder.discovery.discover import discover
from vademecum_builder.readers.private import why_private_record
from vademecum_builder.sources.formats.record_files import Layout, read_records

LEADER = "00000nam a2200000 a 4500"
SLIM = "http://www.loc.gov/MARC21/slim"


def marc(*said: str, leader: str = LEADER, **control: str) -> str:
    """Return a record of fields, each written as `245 $a Wood : $b A book /`."""
    fields = "".join(f'<controlfield tag="{name[1:]}">{text}</controlfield>' for name, text in control.items())
    for field in said:
        tag, *parts = field.split("$")
        inner = "".join(f'<subfield code="{one[0]}">{one[1:].strip()}</subfield>' for one in parts)
        fields += f'<datafield tag="{tag.strip()}" ind1=" " ind2=" ">{inner}</datafield>'
    return f'<record xmlns="{SLIM}"><leader>{leader}</leader>{fields}</record>'


def records(*said: str, at: str = "record") -> list[Any]:
    data = f"<collection>{''.join(said)}</collection>".encode()
    return [record for _, record in read_records(io.BytesIO(data), ".xml", Layout(at))]


def test_a_record_of_a_library_says_what_its_fields_mean() -> None:
    american = marc(
        "020 $a 0596000855", "041 $a rus", "100 $a Lutz, Mark, $d 1956- $0 n95",
        "245 $a \x98The\x9c woods : $b a guide / $c M. Lutz.",
        "260 $a Boston, $a Paris : $b Oak, $c c2001.", "490 $a Trees ; $v 7", "500 $a Has an index.",
        "520 $a Of trees.", "541 $a Given by Ann, $h 90 EUR", "650 $a Oaks $x Care $z Italy.",
        "650 $a Oaks $x Care $z Italy.", "650 $a Elms", "700 $a Lee, Ann",
        "856 $u https://a.example/1 $z Here", "856 $u https://a.example/2", "880 $6 245-01/$1 $a 木",
        "952 $p 12345 $g 90", _001=" a1 ", _008="010101s2001    mau           000 0 eng d",
    )  # fmt: skip
    french = marc(
        "010 $a 2-01", "101 $a fre $c eng", "200 $a Le bois $e guide $f Ann Lee", "210 $a Paris $c Chêne $d DL 2003",
        "330 $a Des arbres.", "606 $a Arbres $x Soins", "700 $a Lee $b Ann", _001="f1",
    )  # fmt: skip
    assert records(american, french) == [
        {"id": "a1", "isbn": ["0596000855"], "authors": ["Lutz, Mark", "Lee, Ann"], "title": "The woods : a guide = 木",
         "place": ["Boston, Paris"], "publisher": ["Oak"], "series": ["Trees ; 7"], "notes": ["Has an index."],
         "summary": ["Of trees."], "subjects": ["Oaks -- Care -- Italy.", "Elms"], "url": "https://a.example/1",
         "year": 2001, "language": "eng"},
        {"id": "f1", "isbn": ["2-01"], "language": "fre", "title": "Le bois guide", "authors": ["Lee Ann"],
         "place": ["Paris"], "publisher": ["Chêne"], "summary": ["Des arbres."], "subjects": ["Arbres -- Soins"],
         "year": 2003},
    ]  # fmt: skip
    assert records("<record><datafield>a</datafield><of>b</of></record>") == [{"datafield": "a", "of": "b"}]


def test_a_record_that_was_deleted_is_not_for_everybody(tmp_path: Path) -> None:
    def handed_out(inner: str, status: str = "") -> str:
        return f"<record><header{status}><identifier>i</identifier></header><metadata>{inner}</metadata></record>"

    title = "245 $a Wood"
    kept = [
        marc(title),
        marc(title, "942 $c BK $n 0"),
        handed_out(marc(title)),
        handed_out("<dc><title>Wood</title></dc>"),
    ]
    gone = [
        marc(title, "942 $c BK $n 1"),
        marc(title, leader=LEADER.replace("nam", "dam")),
        handed_out(marc(title, leader=LEADER.replace("nam", "dam"))),
        handed_out("", ' status="deleted"'),
    ]
    assert [bool(why_private_record(one)) for one in records(*kept, *gone)] == [False] * 4 + [True] * 4

    books = "".join(
        marc(f"245 $a Wood {n}", f"100 $a Lee, Ann {n}", f"520 $a {n} trees, and what becomes of them.", _001=f"a{n}")
        for n in range(9)
    )
    (tmp_path / "books.xml").write_text(f"<collection>{books}</collection>")
    [found] = discover(str(tmp_path / "books.xml"), tmp_path)
    assert (found.settings["id"], found.settings["title"]) == ("id", "title")
    assert {"summary", "authors"} <= {*found.settings["text"]}
