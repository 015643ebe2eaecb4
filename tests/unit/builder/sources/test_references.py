"""Lists of references as records: BibTeX and RIS, also where some of them are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.growth import grows_with_the_square
from vademecum.errors import ContentError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.formats import references as module
from vademecum_builder.sources.formats.references import references
from vademecum_builder.sources.records import Failed

BIB = r"""@string{nime = "NIME Conference"}
% of pumps
@article{garcia:01, author = {Jos{\'e} Garc{\'\i}a and M{\"u}ller, Anna and {World Pump Union}}, journal = nime,
  title = {Cyrene Reefs in Berlin}, year = 2001, month = mar, doi = {10.1000/x_y}, keywords = {oil, steel; water},
  annote = {Dull.}, file = {/home/ann/x.pdf}, abstract = {We show \emph{fast} 5\% gains of water.}}

@book{broken, title = {Broken
@book{oil, title = {Of Oil}, author = {van der Berg, Jr., A.}, urldate = {2020-01-02}, url = {https://a.example/oil}}
@comment{jabref-meta: own}
@book{oil, title = {Of Oil Again}, author = {de la Cruz, Ana}, options = {useprefix=true}}
@preamble{"own"}
"""
RIS = "TY  - JOUR\nAU  - Berg, A.\nTI  - Of Steel\nPY  - 2003\nAB  - A text.\nER  - \nTY  - BOOK\nTI  - Two\nER  - \n"


def read(text: str, form: str = "biblatex") -> list[tuple[int, Any]]:
    return [(line, one.reason if isinstance(one, Failed) else one) for line, one in references(text, form)]


@pytest.mark.process
def test_references_are_records_and_one_that_is_broken_costs_no_other() -> None:
    garcia, broken, oil, again = read(BIB)
    assert garcia == (3, {
        "id": "garcia:01", "type": "article-journal", "title": "Cyrene Reefs in Berlin", "year": 2001,
        "authors": ["José García", "Anna Müller", "World Pump Union"], "container-title": "NIME Conference",
        "keywords": ["oil", "steel", "water"], "DOI": "10.1000/x_y", "url": "https://doi.org/10.1000/x_y",
        "abstract": "We show <i>fast</i> 5% gains of water.",
    })  # fmt: skip
    assert broken[0] == 7 and "no reference that can be read (Error at" in broken[1]
    told = {"id": "oil", "type": "book", "authors": ["A. van der Berg Jr."], "url": "https://a.example/oil"}
    assert oil == (8, told | {"title": "Of Oil"})
    assert again == (10, {"id": "oil", "type": "book", "title": "Of Oil Again", "authors": ["Ana de la Cruz"]})
    assert [one["title"] for _, one in read(RIS, "ris")] == ["Of Steel", "Two"]
    assert read("% nothing\n") == []


@pytest.mark.process
def test_what_an_entry_has_of_another_one_is_not_lost_beside_a_broken_one() -> None:
    paper = "@inproceedings{%s, title = {On %s},\n  crossref = {%s}}\n"
    volume = "@proceedings{%s, title = {Proceedings of Pumps}%s}\n"
    broken = "@book{broken, title = {\n"
    text = paper % ("a", "Oil", "vol") + broken + paper % ("b", "Tar", "bad") + volume % ("vol", "")
    told = dict(read(text + "@proceedings{bad, title = {Lost\n"))
    found = {one["id"]: one.get("container-title") for one in told.values() if isinstance(one, dict)}
    assert found == {"a": "Proceedings of Pumps", "b": None, "vol": None}
    assert sum(isinstance(one, str) for one in told.values()) == 2


@pytest.mark.process
def test_what_entries_share_is_in_each_and_no_entry() -> None:
    shared = (
        "@xdata{press, publisher = {Oil Press}}\n@book{a, title = {One}, xdata = {press}}\n@book{broken, title = {\n"
    )
    told = read(f"{shared}@book{{b, title = {{Two}}, xdata = {{press}}}}\n")
    assert [one.get("publisher") for _, one in told if isinstance(one, dict)] == ["Oil Press", "Oil Press"]
    assert len(told) == 3


def test_lines_of_many_references_are_counted_in_time_that_grows_with_their_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_converted", lambda text, _: [{}] * text.count("@"))

    def counted(number: int) -> None:
        assert read(f"@book{{a,\n  note = {{{'x' * 1000}}}}}\n" * number)[-1][0] == 2 * number - 1

    assert not grows_with_the_square(counted, 500)


def test_what_reads_references_may_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(ContentError, match="a list of references needs pip install"):
        read(BIB)


@pytest.mark.process
def test_a_folder_of_references_is_a_catalog_whatever_their_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_bytes("@book{a, title = {Über Öl}, abstract = {Of pumps and öl.}}".encode("cp1252"))
    (tmp_path / "b.ris").write_text(RIS)
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.kind, found.settings["id"], found.settings["title"]) == ("catalog", "id", "title")
    assert [one["title"] for one in CatalogSource(str(tmp_path)).sample(9)] == ["Über Öl", "Of Steel", "Two"]
    (tmp_path / "c.bib").write_text(BIB)
    entries = [*CatalogSource(str(tmp_path / "c.bib"), id="id").changes(None).entries]
    assert [one.key for one in entries if isinstance(one, SourceItem)] == ["garcia:01", "oil"]
    assert len(entries) == 4
