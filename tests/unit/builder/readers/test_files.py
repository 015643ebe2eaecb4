"""PDF, Word, PowerPoint, Excel, EPUB: files that the well-known libraries have written, and damaged ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from ebooklib import epub
from fpdf import FPDF

from support.expectation_files import shown
from support.publishing import Line
from vademecum.errors import ContentError
from vademecum.format.markup import Row
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.readers import document, office
from vademecum_builder.readers.document import Document, MissingReader, parse_document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.readers.pdf import read_pdf
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import BINARY_TYPES
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.formats import office_files
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.documents import choose_reader
from vademecum_builder.stages.read import read_source

KEY = f"-----BEGIN PRIVATE KEY-----\n{'aB3d' * 40}\n-----END PRIVATE KEY-----"


def made_pdf(*pages: str, title: str = "", password: str = "", headings: bool = True) -> bytes:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    if title:
        pdf.set_title(title)
    if password:
        pdf.set_encryption(owner_password="other", user_password=password)
    for number, text in enumerate(pages, 1):
        pdf.add_page()
        for line in text.split("\n"):
            if line.startswith("#"):
                pdf.start_section(line.lstrip("# "), level=line.count("#") - 1)
            pdf.multi_cell(0, 8, line.lstrip("# ") or " ", new_x="LMARGIN", new_y="NEXT")
        if headings:
            pdf.cell(0, 8, f"Page {number}")
    return bytes(pdf.output())


def made_docx(text: str = "Oil the pump weekly.") -> bytes:
    book = docx.Document()
    book.add_heading("Pump manual", 0)
    book.add_heading("Care", 1)
    book.add_paragraph(text)
    book.add_paragraph("Thin oil", style="List Bullet")
    table = book.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Part", "Steel"
    return saved(book)


def made_pptx(text: str = "Oil the pump.") -> bytes:
    slides = pptx.Presentation()
    for number in (1, 2):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = f"Slide on pumps {number}"
        slide.placeholders[1].text = text
        slide.notes_slide.notes_text_frame.text = "Do not tell the price"
    hidden = slides.slides.add_slide(slides.slide_layouts[1])
    hidden.shapes.title.text = "Not to be shown"
    hidden.element.set("show", "0")
    table = slides.slides[1].shapes.add_table(2, 2, 0, 0, 9144000, 9144000).table
    table.cell(0, 0).text, table.cell(1, 1).text = "Cell", "Of two  words"
    bare = slides.slides.add_slide(slides.slide_layouts[6])
    box = bare.shapes.add_group_shape().shapes.add_textbox(0, 0, 9144000, 9144000)
    box.text_frame.text = "In a group\vbroken\n\nNext"
    return saved(slides)


def made_xlsx(text: str = "Pump") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Parts"
    book.properties.title = "List of parts"
    book.active.append(["Part", "Weight"])
    book.active.append([text, 4.5])
    hidden = book.create_sheet("Costs")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    return saved(book)


def made_epub(text: str = "Oil it.") -> bytes:
    book = epub.EpubBook()
    book.set_title("Pumps")
    chapters = [epub.EpubHtml(title=f"C{n}", file_name=f"sub/c {n}.xhtml") for n in (1, 2)]
    for number, chapter in enumerate(chapters, 1):
        chapter.content = f"<h1>Chapter {number}</h1><p>{text}</p><h2>Care</h2><p>Weekly {number}.</p>"
        book.add_item(chapter)
    book.spine = [chapters[1], chapters[0]]
    book.toc = chapters
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    out = io.BytesIO()
    epub.write_epub(out, book)
    return out.getvalue()


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def made_odf(*around: str) -> bytes:
    """A file with one paragraph within these elements."""
    begins, ends = "".join(f"<o:{name}>" for name in around), "".join(f"</o:{name}>" for name in reversed(around))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", f"<o:c xmlns:o='o'><o:body>{begins}<o:p>Pump</o:p>{ends}</o:body></o:c>")
    return file.getvalue()


MADE: dict[str, Callable[..., bytes]] = {
    ".pdf": lambda text="Oil the pump.": made_pdf(text),
    **dict.fromkeys((".docx", ".docm"), made_docx),
    **dict.fromkeys((".pptx", ".pptm"), made_pptx),
    **dict.fromkeys((".xlsx", ".xlsm"), made_xlsx),
    ".odt": lambda: made_odf("text"),
    ".ods": lambda: made_odf("spreadsheet", "table", "table-row", "table-cell"),
    ".odp": lambda: made_odf("presentation", "page", "frame"),
    ".epub": made_epub,
}


def read(ending: str, data: bytes) -> Document:
    return parse_document(SourceItem(f"a{ending}", BINARY_TYPES[ending], data), base_url="https://a.example/")


def told(found: Document) -> list[tuple[tuple[str, ...], str, str]]:
    return [
        (section.headings, section.anchor, "\n".join(map(block_text, section.blocks)))
        for section in found.sections
        if section.blocks
    ]


def test_a_pdf_is_pages_under_the_headings_of_its_outline() -> None:
    data = made_pdf(
        "Before.\n# Care\nOil the pump.\n## Daily\nWipe it.", "More of it.", "# End\nBye.", "x.", title="Pumps"
    )
    found = read(".pdf", data)
    assert (found.title, found.url) == ("Pumps", "https://a.example/a.pdf")
    assert told(found) == [
        ((), "page=1", "Before."),
        (("Care",), "page=1", "Oil the pump."),
        (("Care", "Daily"), "page=1", "Wipe it."),
        (("Care", "Daily"), "page=2", "More of it."),
        (("End",), "page=3", "Bye."),
        (("End",), "page=4", "x."),
    ]


def test_lines_of_a_pdf_go_on_and_paragraphs_end() -> None:
    text = (
        "A line of text that fills the page from its left to its right, and goes on in the line that is below it: so "
    )
    text += "does the second one, which is about as long as the one before it was.\nShort\nEnd of it."
    [(_, _, said)] = told(read(".pdf", made_pdf(text, headings=False)))
    assert said == text


@pytest.mark.parametrize(
    ("column", "said"),
    [
        # Lines of a column are held against their neighbours, not against a headline over the whole page.
        (["The Federal Aviation", "Administration proposes to", "Require the Boeing"] * 2, None),
        # A line that is much shorter than they are goes on where the next begins in small letters.
        (["Water runs through the pipe and then", "into the tank", "of the house, where it stays for days"] * 2, None),
        (["Care", "Water runs through the pipe and on."] * 2, ["Care", "Water runs through the pipe and on."] * 2),
    ],
)
def test_lines_of_a_narrow_column_go_on(column: list[str], said: list[str] | None) -> None:
    above = ["A headline over all of the columns, which is as long as the page is wide, and that is long.", *"abcdefg"]
    [section] = read(".pdf", made_pdf("\n".join([*above, "The end.", *column]), headings=False)).sections
    shown = [block_text(block) for block in section.blocks]
    assert shown[shown.index("The end.") + 1 :] == (said or [" ".join(column)])


def test_rows_of_a_table_in_a_pdf_are_rows_and_a_note_in_the_margin_is_none() -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    rows = [
        ["Code", "Meaning"],
        ["E01", "The motor does not"],
        ["", "start at all"],
        ["E02", "Too hot"],
        ["v3", "A note"],
        ["", "and more."],
    ]
    for number, row in enumerate(rows):
        if number == 4:
            pdf.cell(
                0,
                8,
                "What is written below a table is as wide as the page is, and goes on.",
                new_x="LMARGIN",
                new_y="NEXT",
            )
        pdf.set_x(10 if row[0] else 60)
        for cell in filter(None, row):
            pdf.cell(50, 8, cell)
        pdf.ln()
    pdf.cell(0, 8, "- an item", new_x="LMARGIN", new_y="NEXT")
    [section] = read_pdf(bytes(pdf.output())).sections
    assert [block_text(block) for block in section.blocks] == [
        "Code | Meaning", "E01 | The motor does not start at all", "E02 | Too hot",
        "What is written below a table is as wide as the page is, and goes on.", "v3 A note and more.", "- an item",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "told", [b"/Encoding <</Differences [126 /u1F600]>>", b"/ToUnicode 99 0 R"], ids=["one", "pair"]
)
def test_a_character_that_is_two_in_utf_16_moves_no_cell_of_a_table_in_a_pdf(told: bytes) -> None:
    """PDFium counts it as one where the name of the glyph says it, as two where a map to Unicode does."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    for row in (["~~~~~~~~ ~"], ["Code", "Meaning"], ["E01 ~", "Too hot"], ["E02", "Too cold"], ["........"]):
        for cell in row:
            pdf.cell(50, 8, cell)
        pdf.ln()
    cmap = (
        b"begincmap\n1 beginbfchar\n<7E> <D83DDE00>\nendbfchar\n1 beginbfrange\n<20> <7D> <0020>\nendbfrange\nendcmap"
    )
    stream = b"99 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(cmap), cmap)
    data = bytes(pdf.output()).replace(b"/Encoding /WinAnsiEncoding", told)
    [section] = read_pdf(data.replace(b"xref\n", stream + b"xref\n", 1)).sections
    rows = ["Code | Meaning", "E01 😀 | Too hot", "E02 | Too cold"]
    assert [block_text(block) for block in section.blocks] == ["😀😀😀😀😀😀😀😀 😀", *rows, "........"]


def test_the_sign_of_an_item_in_a_font_of_symbols_is_a_bullet() -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    for line in ("~ Oil it.", "~ Wipe it."):
        pdf.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    data = bytes(pdf.output()).replace(b"/Encoding /WinAnsiEncoding", b"/Encoding <</Differences [126 /uF0B7]>>")
    [section] = read_pdf(data).sections
    assert [block_text(block) for block in section.blocks] == ["• Oil it.", "• Wipe it."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Our well-known pump is made\nfrom well-\ntried parts.", "well-tried"),
        ("An interna-\ntional norm.", "international"),
        ("The overall view of an over-\nall view is well-known. It is over, and all is well.", "an overall"),
        ("A state-of-\nthe-art device.", "state-of-the-art"),
        ("It is high-pressure, or high-\npressure.", "high-pressure"),
        ("It is over, the over-\nview.", "the overview"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_stays_where_the_word_has_one(text: str, said: str) -> None:
    sections = read_pdf(made_pdf(text, headings=False)).sections
    assert said in " ".join(block_text(block) for one in sections for block in one.blocks)


def test_pages_without_text_are_told() -> None:
    assert read_pdf(made_pdf("Text.", "", headings=False)).warnings == ("1 of 2 pages without text (scanned?)",)
    with pytest.raises(ContentError, match="let a program recognise the text"):
        read(".pdf", made_pdf("", headings=False))


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (".docx", "Pump manual ## Care Oil the pump weekly. - Thin oil | Part | Steel |"),
        (
            ".pptx",
            "Slide on pumps 1 ## Slide on pumps 1 {#slide=1} Oil the pump. ## Slide on pumps 2 {#slide=2} Oil "
            "the pump. | Cell |  | | --- | --- | |  | Of two words | ## 4 {#slide=4} In a group broken Next",
        ),
        (".xlsx", "List of parts ## Parts | Part | Weight | | --- | --- | | Pump | 4.5 |"),
        (
            ".epub",
            "Pumps ## Chapter 2 Oil it. ### Chapter 2 > Care Weekly 2. "
            "## Chapter 1 Oil it. ### Chapter 1 > Care Weekly 1.",
        ),
    ],
)
def test_all_that_is_shown_is_read_and_nothing_else(ending: str, said: str) -> None:
    found = read(ending, MADE[ending]())
    lines = "\n".join(shown(replace(found, url=""))).split("\n")
    assert " ".join(filter(None, lines)) == said


def test_a_title_above_a_picture_is_what_its_slide_says() -> None:
    slides = pptx.Presentation()
    for layout in (5, 6):  # one with a title alone, and one with nothing
        slides.slides.add_slide(slides.slide_layouts[layout])
    slides.slides[0].shapes.title.text = "How water flows"
    assert told(read(".pptx", saved(slides))) == [(("How water flows",), "slide=1", "How water flows")]


def test_sheets_are_rows_and_hidden_ones_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(".xlsx", made_xlsx())
    assert [(headings, text.replace("\n", "|")) for headings, _, text in told(found)] == [
        (("Parts",), "Part | Weight|Pump | 4.5")
    ]
    assert "secret" not in str(found)
    monkeypatch.setattr(office, "MOST_ROWS", 1)
    short = read(".xlsx", made_xlsx())
    assert short.warnings == ("a.xlsx: Parts: only 1 rows are read",)
    book = openpyxl.Workbook()
    for number in range(4):
        book.active.append([number])
    assert [text for _, _, text in told(read(".xlsx", saved(book)))] == ["0"]


def test_a_book_is_read_in_its_order() -> None:
    found = read(".epub", made_epub())
    assert found.title == "Pumps"
    assert [(headings, text) for headings, _, text in told(found)] == [
        (("Chapter 2",), "Oil it."), (("Chapter 2", "Care"), "Weekly 2."),
        (("Chapter 1",), "Oil it."), (("Chapter 1", "Care"), "Weekly 1."),
    ]  # fmt: skip


def test_of_a_pdf_running_heads_and_the_table_of_contents_are_no_text() -> None:
    pages = [f"Acme {number}\nManual\nOf valve {word}." for number, word in enumerate("abcd")]
    pages[0] += "\n# Care\nOil it."
    pages += [f"Care\nOn hinge {word}." for word in "efgh"] + ["List of parts\nOne.", "x."] * 6
    pages += ["Introduction . . . . . . 7\nCare ........ iv\nWait .... 5 minutes."]
    found = told(read(".pdf", made_pdf(*pages, headings=False)))
    said = "|".join(text for _, _, text in found)
    assert "Wait .... 5 minutes." in said and "On hinge e." in said
    assert not any(words in said for words in ("Introduction", "Care", "ii"))
    short = "|".join(text for _, _, text in told(read(".pdf", made_pdf(*pages[:4], headings=False))))
    assert "valve d" in short and not any(words in short for words in ("Acme", "Manual"))


@pytest.mark.parametrize("title", ["Microsoft Word - draft_v3.docx", "(anonymous)", "untitled", "Document1"])
def test_a_title_that_a_program_filled_in_is_none(title: str) -> None:
    assert read(".pdf", made_pdf("Text.", title=title)).title == "A"


def test_files_with_macros_are_read_like_those_without() -> None:
    for ending in (".docx", ".pptx", ".xlsx"):
        assert read(f"{ending[:-1]}m", MADE[ending]()).sections == read(ending, MADE[ending]()).sections != ()


def test_words_below_signs_that_tell_their_reading_are_text() -> None:
    book = docx.Document()
    run = book.add_paragraph("In ").add_run()._r
    signs = "<w:{0}><w:r><w:t>{1}</w:t></w:r></w:{0}>"
    both = signs.format("rt", "とうきょう") + signs.format("rubyBase", "東京")
    run.append(parse_xml(f"<w:ruby {nsdecls('w')}><w:rubyPr/>{both}</w:ruby>"))
    assert told(read(".docx", saved(book))) == [((), "", "In 東京")]


def test_what_is_hidden_in_a_word_document_is_not_read() -> None:
    book = docx.Document()
    line = book.add_paragraph("Shown. ")
    for hidden in (True, False, None):
        line.add_run(f"Hidden is {hidden}. ").font.hidden = hidden
    assert told(read(".docx", saved(book))) == [((), "", "Shown. Hidden is False. Hidden is None.")]


@pytest.mark.parametrize("said", ["", ' w:val="1"', ' w:val="true"', ' w:val="on"', ' w:val="0"'])
def test_hidden_text_of_notes_is_not_read(said: str) -> None:
    run = f'<w:r w:x="y"><w:rPr>\n<w:vanish{said}/></w:rPr><w:t>x</w:t></w:r><w:r>y</w:r>'
    names = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/other.xml")
    for name in names[:3]:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as written:
            for other in (name, names[3]):
                written.writestr(other, run)
        with (
            zipfile.ZipFile(file) as parts,
            zipfile.ZipFile(io.BytesIO(office._as_shown(file.getvalue(), parts))) as found,
        ):
            assert found.read(name).decode() == (run if "0" in said else "<w:r>y</w:r>")
            assert found.read(names[3]).decode() == run


def test_cells_are_as_they_are_shown_and_what_is_hidden_or_has_no_value_is_told() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Part", "Since", "Share", "Cost", "Gross"])
    sheet.append(["Pump", date(2026, 3, 1), 0.1 + 0.2, "secret", "=C2*2"])
    sheet.append(["Valve", datetime(2026, 3, 1, 14, 5)])
    sheet.append(["Midnight", datetime(2026, 3, 2)])
    sheet["B4"].number_format = "yyyy-mm-dd hh:mm"
    sheet.append(["internal"])
    sheet.column_dimensions["D"].hidden = sheet.row_dimensions[5].hidden = True
    found = read(".xlsx", saved(book))
    assert told(found)[0][2].split("\n") == [
        "Part | Since | Share | Gross",
        "Pump | 2026-03-01 | 0.3",
        "Valve | 2026-03-01 14:05:00",
        "Midnight | 2026-03-02 00:00:00",
    ]
    assert found.warnings == (
        "a.xlsx: Sheet: left out: 1 hidden row and 1 hidden column",
        "a.xlsx: Sheet: 1 formula without a value: open it and save it once",
    )


def test_columns_of_persons_and_secrets_are_told() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Name", "Kennwort", "Reach", "Part"])
    for n, reach in enumerate(("0171 5551234", "soon", "a@b.org")):
        sheet.append([f"Pump {n}", "geheim", reach, 12 * n])
    assert read(".xlsx", saved(book)).warnings == (
        "a.xlsx: Sheet: published, though maybe private: 2 columns (Kennwort, Reach): hide them there, or "
        "leave the file out by --pattern",
    )
    sheet.column_dimensions["B"].hidden = sheet.column_dimensions["C"].hidden = True
    assert read(".xlsx", saved(book)).warnings == ("a.xlsx: Sheet: left out: 2 hidden columns",)


def test_a_note_of_a_book_is_text_of_it() -> None:
    note = 'It.</p><aside epub:type="footnote"><p>A note on the moon.</p></aside><p>More.'
    assert "A note on the moon." in str(told(read(".epub", made_epub(note))))


@pytest.mark.parametrize("ending", BINARY_TYPES)
def test_what_is_damaged_is_one_error(ending: str) -> None:
    whole = MADE[ending]()
    emptied = io.BytesIO()
    with zipfile.ZipFile(emptied, "w") as archive:
        archive.writestr("x", "y")
    for data in (b"", b"x" * 900, whole[: len(whole) // 2], emptied.getvalue(), b"PK\x03\x04" + bytes(900)):
        with pytest.raises(ContentError, match=rf"^a\{ending}: (damaged|not |no text)"):
            read(ending, data)


@pytest.mark.parametrize("ending", BINARY_TYPES)
def test_what_is_encrypted_says_so(ending: str) -> None:
    data = made_pdf("x", password="secret") if ending == ".pdf" else b"\xd0\xcf\x11\xe0" + bytes(900)
    with pytest.raises(ContentError, match=f"^a{ending}: encrypted"):
        read(ending, data)


def test_a_book_that_its_publisher_has_locked_says_so() -> None:
    book = io.BytesIO(made_epub())
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("META-INF/encryption.xml", '<a Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>')
    with pytest.raises(ContentError, match="encrypted: its publisher has locked it"):
        read(".epub", book.getvalue())


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (23.681, '#,##0.00 "€"', "23.68 €"),
        (1234.5, "[$$-409]#,##0.00", "$1234.50"),
        (1234.5, "_-* #,##0.00\\ [$€-407]_-;\\-* #,##0.00", "1234.50 €"),
        (0.195, "0.0%", "19.5%"),
        (0.1 + 0.2, "General", "0.3"),
        (67, "00000", "00067"),
        (-3.456, "#,##0.00_);[Red](#,##0.00)", "-3.46"),
        (3, '#,##0 "kg"', "3 kg"),
        (5.25, "# ?/?", "5.25"),
        (True, "0.00", "True"),
    ],
)
def test_numbers_of_a_workbook_have_the_digits_and_the_currency_that_are_shown(
    value: float, form: str, shown: str
) -> None:
    book = openpyxl.Workbook()
    book.active.append([value, "x"])
    book.active["A1"].number_format = form
    assert [text for _, _, text in told(read(".xlsx", saved(book)))] == [f"{shown} | x"]


def test_lines_above_the_heads_of_columns_are_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Prices of Oak Ltd."], ["from March"], [], ["No.", "Name"], ["7", "Spade"]):
        book.active.append(row)
    [section] = read(".xlsx", saved(book)).sections
    assert section.blocks[:2] == ("Prices of Oak Ltd.", "from March")
    assert [row.header for row in section.blocks[2:] if isinstance(row, Row)] == [True, False]


@pytest.mark.parametrize("ending", [".docx", ".pptx", ".xlsx", ".epub"])
def test_what_grows_too_large_is_not_unpacked(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_files, "LARGEST", 1000)
    with pytest.raises(ContentError, match="when it is unpacked"):
        read(ending, MADE[ending]())


@pytest.mark.parametrize("ending", [".docx", ".pptx", ".epub"])
def test_a_private_key_in_it_is_never_published(ending: str) -> None:
    with pytest.raises(ContentError, match="it holds a private key"):
        read(ending, MADE[ending](KEY))


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: bytes) -> None:
        raise ModuleNotFoundError

    monkeypatch.setattr(office, "read_docx", none)
    with pytest.raises(MissingReader, match=r"pip install .*\[files\]'"):
        read(".docx", made_docx())
    assert document  # the reader is looked up when it is needed


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "files"])
def test_they_are_documents_of_a_folder_and_of_their_own_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for ending, make in MADE.items():
        (tmp_path / f"docs/a{ending}").write_bytes(make())
    (tmp_path / "docs/b.md").write_text("# B\n\n[a](a.pdf) is a file.\n")
    (tmp_path / "docs/c.pdf").write_bytes(b"%PDF-1.4 and no more")
    (tmp_path / "vademecum.toml").write_text(f'site = false\n[[source]]\nname = "x"\nkind = "{kind}"\npath = "docs"\n')
    request: BuildRequest = read_settings(tmp_path / "vademecum.toml")
    report = build(request)
    assert report.documents == 11 + (kind == "folder")
    assert [warning for warning in report.warnings if "c.pdf" in warning] == [
        "c.pdf: damaged: no PDF that can be opened; skipped"
    ]
    assert not build(request).changed


SAID = "Members pay forty euros a year, and the board may waive it for pupils. "


@pytest.mark.parametrize(
    ("written", "issued", "kept"),
    [
        (SAID, made_pdf(f"Statutes, page 1\n{SAID}"), {"a.PDF"}),
        (SAID, made_pdf("Forty euros were paid by the board last year."), {"a.PDF", "a.docx"}),
        (SAID, b"%PDF-1.4 and no more", {"a.docx"}),
    ],
)
def test_of_a_document_that_lies_beside_its_pdf_the_pdf_is_published(
    written: str, issued: bytes, kept: set[str], tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.docx").write_bytes(made_docx(written))
    (tmp_path / "docs/a.PDF").write_bytes(issued)
    source = FolderSource(tmp_path / "docs")
    state = read_source(source, Base(), replace(Line(tmp_path).context(), reader=choose_reader(source)))
    assert {*state.documents} == kept
    assert state.left_out == ({"the same document as the PDF beside it": 1} if kept == {"a.PDF"} else {})
