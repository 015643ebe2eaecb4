"""Sheets of a spreadsheet as records: a shop's catalog, a club's library."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl import load_workbook

from vademecum.errors import ContentError, UsageError
from vademecum.format.markup import Row
from vademecum_builder.discovery.discover import discover
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.readers.office import read_xlsx
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.formats import sheets
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.formats.record_lists import find_lists
from vademecum_builder.sources.records import Failed

TEXT = "Of ash.\nLasts; as it says, for life."


def saved(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def book_of(**tables: Sequence[Sequence[Any]]) -> Any:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def shop() -> Any:
    """A title over all columns, a date, the names of columns in the second one and further, and joined cells."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet["B1"], sheet["B2"] = "Oak Ltd.; tools, seeds", "As of March"
    sheet.merge_cells("B1:F1")
    rows: list[list[Any]] = [
        ["No.", "Name", "Group", "Told", "Price\n(EUR)", "Cost", "Since"],
        ["0012", 'Spade "Oak"', "Tools", TEXT, 49.9, 20, date(2026, 3, 1)],
        ["0013", "Rake", None, "For leaves.", 1500, 8, None],
        ["0014", "Bean", "Seeds", "Early.", 2.5, 1, None],
        ["hidden", "Hoe", "Tools", "Gone.", 1, 1, None],
        ["Total", None, None, None, 1551.4, None, None],
    ]
    for number, row in enumerate(rows, 4):
        for column, value in enumerate(row, 2):
            sheet.cell(number, column, value)
        sheet.cell(number, 6).number_format = '#,##0.00 "€"'
    sheet.merge_cells("D5:D6")
    sheet.column_dimensions["G"].hidden = sheet.row_dimensions[8].hidden = True
    return book


def records(data: bytes, at: str = "", ending: str = ".xlsx") -> tuple[list[tuple[int, Any]], list[str]]:
    told: list[str] = []
    return [*read_records(io.BytesIO(data), ending, Layout(at), warn=told.append)], told


def test_a_row_is_a_record_by_the_names_of_its_columns() -> None:
    found, told = records(saved(shop()))
    assert found == [
        (5, {"No.": "0012", "Name": 'Spade "Oak"', "Group": "Tools", "Told": TEXT, "Price (EUR)": "49.90 €",
             "Since": "2026-03-01"}),
        (6, {"No.": "0013", "Name": "Rake", "Group": "Tools", "Told": "For leaves.", "Price (EUR)": "1500.00 €"}),
        (7, {"No.": "0014", "Name": "Bean", "Group": "Seeds", "Told": "Early.", "Price (EUR)": "2.50 €"}),
    ]  # fmt: skip
    assert told == [
        "left out: 1 hidden row and 1 hidden column",
        'left out: 2 lines above the names of its columns ("Oak Ltd.; tools, seeds")',
        "left out: 1 row with totals",
    ]


def test_a_table_may_begin_anywhere_and_an_address_end_as_it_likes() -> None:
    data = saved(
        book_of(A=[[], [None, "Our books"], [None, "Title", "Told"], [None, "Storm", "Sea."], [None, "Field", "Land."]])
    )
    assert records(data, ending="")[0] == [
        (4, {"Title": "Storm", "Told": "Sea."}),
        (5, {"Title": "Field", "Told": "Land."}),
    ]


def test_a_formula_is_its_last_value_and_an_error_is_nothing() -> None:
    book = book_of(A=[["Name", "Price", "Gross"], ["Spade", 2, "=B2*2"], ["Rake", "#N/A", 3]])
    [one, two], told = records(saved(book))
    assert (one, two) == ((2, {"Name": "Spade", "Price": "2"}), (3, {"Name": "Rake", "Gross": "3"}))
    assert told == ["1 formula without a value: open it and save it once"]


BOOKS = [["Title", "Told"], ["Storm", "Of the sea."], ["Field", "Of the land."]]
FILMS = [["Film", "Plot"], ["Heist", "They rob it."], ["Return", "They bring it back."]]
LETTER = [["Dear members,"], ["the garden opens."], ["Come in May."], ["Bring a spade."], ["", "Yours"]]
NOTES = [["Hall", "Garden"], ["key"], ["", "gate"], ["lamp"], ["", "hose"]]


def test_of_several_sheets_one_is_named_and_what_is_no_table_is_none() -> None:
    data = saved(book_of(Books=BOOKS, Films=FILMS, Note=LETTER, Notes=NOTES))
    assert records(data, "Films")[0] == [
        (2, {"Film": "Heist", "Plot": "They rob it."}),
        (3, {"Film": "Return", "Plot": "They bring it back."}),
    ]
    assert [row["_list"] for _, row in records(data, "*[]")[0]] == ["Books", "Books", "Films", "Films"]
    assert records(saved(book_of(Note=LETTER, Books=BOOKS)))[0][0] == (2, {"Title": "Storm", "Told": "Of the sea."})
    for at, why in (("", "several sheets: name one, as in records = 'Books' or 'Films'"), ("X", "no sheet 'X'")):
        with pytest.raises(ContentError, match=why):
            records(data, at)


def rewritten(data: bytes, old: str, new: str) -> bytes:
    """A workbook of one sheet, in whose XML something stands instead."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(file, "w") as out:
        for name in parts.namelist():
            told, times = re.subn(old, new, parts.read(name).decode()) if "/sheet1." in name else ("", 0)
            assert times or not told
            out.writestr(name, told or parts.read(name))
    return file.getvalue()


def test_a_sheet_that_says_it_is_one_cell_is_read_whole() -> None:
    """Programs that write a sheet as a stream do not know how large it becomes."""
    book = book_of(A=[["Name", "Told", "Group"], ["Spade", "Digs.", "Tools"], ["Rake"], ["Hoe"], ["Bean", "Early."]])
    book["A"].merge_cells("C2:C4")
    whole = [
        (2, {"Name": "Spade", "Told": "Digs.", "Group": "Tools"}),
        (3, {"Name": "Rake", "Group": "Tools"}),
        (4, {"Name": "Hoe", "Group": "Tools"}),
        (5, {"Name": "Bean", "Told": "Early."}),
    ]
    for size in ('<dimension ref="A1"/>', "", '<dimension ref="A1:XFD1048576"/>'):
        data = rewritten(saved(book), "<dimension[^>]*>", size)
        assert records(data)[0] == whole
        assert [len(block.cells) for block in read_xlsx(data).sections[0].blocks if isinstance(block, Row)] == [3] * 5


def test_a_sheet_that_is_hidden_cannot_be_named() -> None:
    book = book_of(Books=BOOKS, Own=FILMS)
    book["Own"].sheet_state = "hidden"
    assert len(records(saved(book))[0]) == 2
    with pytest.raises(ContentError, match="no sheet 'Own' that is shown; there is Books"):
        records(saved(book), "Own")


SPACES = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("o", "t", "tab"))


def of_cells(*rows: str) -> bytes:
    file = io.BytesIO()
    table = "".join(f"<tab:table-row>{row}</tab:table-row>" for row in rows)
    with zipfile.ZipFile(file, "w") as made:
        sheet = f'<o:spreadsheet><tab:table tab:name="A">{table}</tab:table></o:spreadsheet>'
        made.writestr("content.xml", f"<o:content {SPACES}><o:body>{sheet}</o:body></o:content>")
    return file.getvalue()


def cell(text: str, kind: str = "string", **told: str) -> str:
    more = "".join(
        f' {"tab" if name.startswith("number") else "o"}:{name.replace("_", "-")}="{one}"' for name, one in told.items()
    )
    return f'<tab:table-cell o:value-type="{kind}"{more}><t:p>{text}</t:p></tab:table-cell>'


def test_opendocument_says_what_it_holds_in_no_language() -> None:
    head = "".join(map(cell, ("Group", "Name", "Since", "Price", "Part", "Code", "New")))
    row = cell("Sea", number_rows_spanned="2") + cell("A<t:s/>b</t:p><t:p>c")
    row += cell("3. März 2024", "date", date_value="2024-03-03T00:00:00") + cell(
        "1.234,50 €", "currency", value="1234.5"
    )
    row += cell("12,5 %", "percentage", value="0.125") + cell("007", "float", value="7")
    row = row.replace(' o:value-type="string"><t:p>A', ' tab:number-rows-spanned="2"><t:p>A')
    row += cell("WAHR", "boolean", boolean_value="true")
    under = "<tab:covered-table-cell tab:number-columns-repeated='2'/>" + cell("2024", "float", value="2024")
    broad = cell("Land", number_columns_spanned="2") + "<tab:covered-table-cell/>" + cell("E")
    found, _ = records(of_cells(head, row, under, broad), ending=".ods")
    assert found == [
        (2, {"Group": "Sea", "Name": "A b\nc", "Since": "2024-03-03", "Price": "1234.50 €", "Part": "12.5 %",
             "Code": "007", "New": "true"}),
        (3, {"Group": "Sea", "Name": "A b\nc", "Since": "2024"}),
        (4, {"Group": "Land", "Since": "E"}),
    ]  # fmt: skip


def test_each_sheet_that_is_a_table_is_proposed_without_those_of_people(tmp_path: Path) -> None:
    people = [["Member", "Email"], *([f"Ann {n}", f"ann{n}@a.example"] for n in range(3))]
    (tmp_path / "club.xlsx").write_bytes(saved(book_of(Books=BOOKS, Films=FILMS, Members=people, Note=LETTER)))
    books, films = discover(str(tmp_path / "club.xlsx"), tmp_path)
    assert (books.name, books.settings["records"], books.settings["title"]) == ("club-books", "Books", "Title")
    assert (films.name, films.settings["records"]) == ("club-films", "Films")
    assert "sheets that hold what is private, or what somebody bought, are left out: Members" in books.notes
    assert "sheets that are not tables are not read: Note" in books.notes

    shut: Any = book_of(Books=BOOKS, Films=FILMS, Values=[["a", "b"], [1.25, 2.25], [7.75, 9.5]])
    for number in range(2, shut["Films"].max_row + 1):
        shut["Films"].row_dimensions[number].hidden = True  # as a filter leaves them that somebody has set
    (tmp_path / "shut.xlsx").write_bytes(saved(shut))
    [books] = discover(str(tmp_path / "shut.xlsx"), tmp_path)
    hidden = f"left out: {shut['Films'].max_row - 1} hidden rows"
    assert f"sheets that are not tables are not read: Films ({hidden})" in books.notes
    assert "sheets that hold numbers alone, by which nobody finds them, are left out: Values" in books.notes

    (tmp_path / "years.xlsx").write_bytes(
        saved(book_of(a=BOOKS, b=[BOOKS[0], ["Wood", "Of trees."], ["Fire", "Hot."]]))
    )
    [years] = discover(str(tmp_path / "years.xlsx"), tmp_path)
    assert (years.name, years.settings["records"]) == ("years", "*[]")

    (tmp_path / "one.xlsx").write_bytes(saved(shop()))
    [one] = discover(str(tmp_path / "one.xlsx"), tmp_path)
    assert "records" not in one.settings
    assert one.settings["title"] == "Name"

    (tmp_path / "letter.xlsx").write_bytes(saved(book_of(Note=LETTER)))
    with pytest.raises(UsageError, match=r"letter\.xlsx: one document; name the folder that it lies in"):
        discover(str(tmp_path / "letter.xlsx"), tmp_path)


def test_what_is_of_a_draft_in_another_sheet_is_left_out_with_it(tmp_path: Path) -> None:
    posts: list[list[Any]] = [["ID", "Title", "Status"], [1, "Wood", "published"], [2, "Fire", "draft"]]
    answers: list[list[Any]] = [["Key", "Post ID", "Answer"], ["a", 1, "Of trees."], ["b", 2, "It is hot."]]
    (tmp_path / "blog.xlsx").write_bytes(saved(book_of(Answers=answers, Posts=posts)))
    proposed, _ = discover(str(tmp_path / "blog.xlsx"), tmp_path)
    assert proposed.settings["parents"] == ["Post ID in blog.xlsx#Posts"]
    told = "\n".join(f"{name} = {json.dumps(value)}" for name, value in proposed.settings.items())
    (tmp_path / "vademecum.toml").write_text(f'[[source]]\nname = "a"\nkind = "catalog"\n{told}')
    [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    reader = opened.reader()
    items = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    assert [isinstance(reader.read(one), str) for one in items] == [False, True]


def test_a_workbook_is_read_once_for_a_proposal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def load(file: io.BytesIO, **_: Any) -> Any:
        read.append("once")
        return load_workbook(file, read_only=True, data_only=True)

    monkeypatch.setattr(openpyxl, "load_workbook", load)
    (tmp_path / "books.xlsx").write_bytes(saved(book_of(Books=BOOKS, Films=FILMS, Read_once=BOOKS)))
    assert discover(str(tmp_path / "books.xlsx"), tmp_path)
    assert read == ["once"]


def test_tables_among_the_files_of_a_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "books.xlsx").write_bytes(saved(book_of(Books=BOOKS)))
    (tmp_path / "letter.xlsx").write_bytes(saved(book_of(Note=LETTER)))
    (tmp_path / "broken.ods").write_bytes(b"PK\x03\x04")
    [found] = discover(str(tmp_path), tmp_path)
    assert found.kind == "files"
    assert found.notes == [
        "reads the documents alone; name to --discover what holds records or mail: books.xlsx; "
        'then leave sheets out here, as in pattern = ["!books.xlsx"]'
    ]


def test_sheets_are_taken_out_of_a_folder_where_nothing_else_holds_records(tmp_path: Path) -> None:
    (tmp_path / "books.xlsx").write_bytes(saved(book_of(A=BOOKS)))
    assert [file.name for file in CatalogSource(str(tmp_path)).files()] == ["books.xlsx"]
    (tmp_path / "products.xml").write_text("<products/>")
    assert [file.name for file in CatalogSource(str(tmp_path)).files()] == ["products.xml"]


def test_what_cannot_be_read_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ContentError, match="damaged: no spreadsheet that can be opened"):
        records(saved(shop())[:900])
    with pytest.raises(ContentError, match="encrypted, or of before 2007"):
        records(b"\xd0\xcf\x11\xe0" + bytes(100))
    monkeypatch.setattr(sheets, "find_spec", lambda _: None)
    with pytest.raises(ContentError, match=r"a workbook needs pip install .*\[files\]"):
        records(saved(shop()))


def test_a_row_that_is_too_long_is_left_out() -> None:
    data = saved(book_of(Books=[*BOOKS, ["Long", "x" * 500]]))
    found = [*read_records(io.BytesIO(data), ".xlsx", Layout(), longest=300)]
    assert isinstance(found[-1][1], Failed)
    assert [number for number, _ in found] == [2, 3, 4]


def test_tables_below_each_other_are_two_and_a_form_is_none() -> None:
    pumps: list[list[Any]] = [["Name", "Price"], *([f"Pump {n}", n + 0.5] for n in range(4))]
    cities: list[list[Any]] = [["City", "People"], *([f"City {n}", 1000 + n] for n in range(4))]
    form = [["Name:", "Ann"], ["Day:", "Monday"], ["Why:", "A reason"]]
    trees = [
        ["Name", "Kind"],
        ["Oak", "Tree"],
        ["Elm", "Tree"],
        [],
        ["Rose", "Shrub"],
        ["Box", "Shrub"],
        ["Yew", "Tree"],
    ]
    terms = [["Term", "Sense"], ["Pump:", "It pumps"], ["Lamp:", "It shines"], ["Fan:", "It turns"]]
    titled = [["Pumps"], [], *pumps, [], ["Cities"], [], *cities]
    prices = {
        "Prices": [*pumps, [], *cities],
        "Titled": titled,
        "Grouped": [*pumps, [], ["Old"], *pumps[1:], [], ["Without tax"]],
    }
    data = saved(book_of(Trees=trees, **prices, Form=form, Terms=terms))
    tables = ["Prices", "Prices (2)", "Titled", "Titled (2)", "Grouped"]
    assert find_lists(io.BytesIO(data), ".xlsx") == ["Trees", *tables, "Terms"]
    assert [len(records(data, at)[0]) for at in tables] == [4, 4, 4, 4, 10]
    assert records(data, "Titled (2)")[0][0] == (12, {"City": "City 0", "People": "1000"})
    assert records(data, "Prices (2)")[0][0] == (8, {"City": "City 0", "People": "1000"})


def test_a_row_leads_where_its_first_link_does() -> None:
    book = book_of(A=[["Name", "Price", "Shop"], *([f"Pump {n}", n, "Here"] for n in range(4))])
    for cell, address in (("A2", "https://a.example/0"), ("C2", "https://b.example"), ("B3", "https://c.example/1"),
                          ("A4", "mailto:ann@a.example")):  # fmt: skip
        book["A"][cell].hyperlink = address
    book["A"].column_dimensions["B"].hidden = True
    assert [row.get("url") for _, row in records(saved(book))[0]] == ["https://a.example/0", None, None, None]
