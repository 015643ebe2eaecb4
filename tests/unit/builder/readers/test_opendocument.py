"""Texts, spreadsheets and presentations in OpenDocument: what is shown, and nothing else."""

from __future__ import annotations

import io
import zipfile

import pytest

from vademecum.errors import ContentError
from vademecum_builder.readers.document import parse_document
from vademecum_builder.readers.office import MOST_ROWS
from vademecum_builder.readers.opendocument import read_opendocument
from vademecum_builder.readers.outline import Reading, block_text
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import media_type

_SPACES = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("o", "t", "tab", "s", "d", "p", "x", "dc"))
_STYLES = """<o:automatic-styles>
<s:style s:name="H"><s:text-properties t:display="none"/></s:style>
<s:style s:name="HT"><s:table-properties tab:display="false"/></s:style>
<s:style s:name="HP"><s:drawing-page-properties p:visibility="hidden"/></s:style>
</o:automatic-styles>"""


def packed(body: str, **parts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("content.xml", f"<o:content {_SPACES}>{_STYLES}<o:body>{body}</o:body></o:content>")
        for name, part in parts.items():
            made.writestr({"meta": "meta.xml", "manifest": "META-INF/manifest.xml"}[name], part)
    return file.getvalue()


def read(body: str, **parts: str) -> tuple[str, list[tuple[tuple[str, ...], list[str]]]]:
    found: Reading = read_opendocument(packed(body, **parts))
    return found.title, [(one.headings, [block_text(block) for block in one.blocks]) for one in found.sections]


TEXT = """<o:text>
<t:tracked-changes><t:deletion><t:p>Gone.</t:p></t:deletion></t:tracked-changes>
<t:p t:style-name="Title">House rules</t:p><t:table-of-content><t:p>Kitchen 3</t:p></t:table-of-content>
<t:h t:outline-level="2">Kitchen</t:h>
<t:p>Clean<t:s t:c="2"/>it.<o:annotation><t:p>Is it?</t:p></o:annotation><t:note><t:note-citation>1</t:note-citation>
<t:note-body><t:p>Daily &lt;b&gt;.</t:p></t:note-body></t:note><t:line-break/>See <t:a x:href="https://a.example">it</t:a>.</t:p>
<t:p>Open <t:span t:style-name="H">not me </t:span>house</t:p><t:p t:style-name="H">Nor me</t:p>
<t:section t:display="none"><t:p>Nor this</t:p></t:section>
<t:list><t:list-item><t:p>one</t:p></t:list-item><t:list-item><t:p>two</t:p></t:list-item></t:list>
<tab:table><tab:table-row><tab:table-cell><t:p>Day</t:p></tab:table-cell><tab:table-cell><t:p>Who</t:p></tab:table-cell>
</tab:table-row><tab:table-row><tab:table-cell><t:p>Mon</t:p></tab:table-cell><tab:table-cell><t:p>Ann</t:p><t:p>Bo</t:p>
</tab:table-cell></tab:table-row></tab:table></o:text>"""

SHEETS = """<o:spreadsheet><tab:table tab:name="Prices">
<tab:table-column/><tab:table-column tab:visibility="collapse"/><tab:table-column tab:number-columns-repeated="999"/>
<tab:table-header-rows><tab:table-row><tab:table-cell><t:p>Article</t:p></tab:table-cell>
<tab:table-cell><t:p>Own cost</t:p></tab:table-cell><tab:table-cell><t:p>Price</t:p></tab:table-cell>
<tab:table-cell tab:number-columns-repeated="16000"/></tab:table-row></tab:table-header-rows>
<tab:table-row tab:number-rows-repeated="2"><tab:table-cell><t:p>Valve</t:p><o:annotation><t:p>dear</t:p></o:annotation>
</tab:table-cell><tab:table-cell o:value="3"><t:p>3</t:p></tab:table-cell>
<tab:table-cell o:value="12.5"><t:p>12,50 €</t:p></tab:table-cell></tab:table-row>
<tab:table-row tab:visibility="filter"><tab:table-cell><t:p>Hidden</t:p></tab:table-cell></tab:table-row>
<tab:table-row><tab:table-cell/><tab:table-cell/><tab:covered-table-cell><t:p>under</t:p></tab:covered-table-cell></tab:table-row>
<tab:table-row tab:number-rows-repeated="1048000"><tab:table-cell tab:number-columns-repeated="16384"/></tab:table-row>
</tab:table><tab:table tab:name="Own" tab:style-name="HT"><tab:table-row><tab:table-cell><t:p>No</t:p></tab:table-cell>
</tab:table-row></tab:table><tab:table tab:name="People"><tab:table-row><tab:table-cell><t:p>Name</t:p></tab:table-cell>
<tab:table-cell><t:p>E-mail</t:p></tab:table-cell></tab:table-row><tab:table-row><tab:table-cell><t:p>Ann</t:p>
</tab:table-cell><tab:table-cell><t:p>ann@a.example</t:p></tab:table-cell></tab:table-row></tab:table></o:spreadsheet>"""

SLIDES = """<o:presentation><d:page><d:frame p:class="title"><d:text-box><t:p>Pumps</t:p></d:text-box></d:frame>
<d:frame><d:text-box><t:list><t:list-item><t:p>steel</t:p></t:list-item></t:list></d:text-box></d:frame>
<p:notes><t:p>Say hello.</t:p></p:notes></d:page><d:page d:style-name="HP"><d:frame><t:p>Not me</t:p></d:frame></d:page>
<d:page><d:frame><t:p>Bare</t:p></d:frame></d:page></o:presentation>"""


def test_a_text_is_what_its_reader_sees() -> None:
    title, sections = read(TEXT)
    assert title == "House rules"
    assert sections == [
        (("Kitchen",), ["Clean it. (Daily <b>.)\nSee it.", "Open house", "one", "two", "Day | Who", "Mon | Ann Bo"])
    ]
    meta = f"<m {_SPACES}><dc:title>Told</dc:title></m>"
    assert read("<o:text><t:p>A</t:p></o:text>", meta=meta) == ("Told", [((), ["A"])])


def test_a_table_on_a_slide_is_rows_and_a_title_alone_is_text() -> None:
    def frame(inside: str, kind: str = "") -> str:
        return f'<d:frame p:class="{kind}">{inside}</d:frame>'

    hidden = f'<tab:table tab:style-name="HT">{rows(cell("not me"))}</tab:table>'
    table = f"<tab:table>{rows(cell('Day') + cell('Who'))}{rows(cell('Mon') + cell('Ann'))}</tab:table>"
    pages = [
        frame("<t:p>Plan</t:p>", "title") + frame("<d:image/>"),
        frame(table + "<d:image><t:p/></d:image>") + frame(hidden),
    ]
    shown = "".join(f"<d:page>{page}</d:page>" for page in pages)
    assert read(f"<o:presentation>{shown}</o:presentation>")[1] == [
        (("Plan",), ["Plan"]),
        (("2",), ["Day | Who", "Mon | Ann"]),
    ]


def test_sheets_have_the_rows_and_columns_that_are_shown_as_they_are_shown() -> None:
    assert read(SHEETS)[1] == [
        (("Prices",), ["Article | Price", "Valve | 12,50 €", "Valve | 12,50 €"]),
        (("People",), ["Name | E-mail", "Ann | ann@a.example"]),
    ]
    [told] = read_opendocument(packed(SHEETS)).warnings
    assert "published, though maybe private: 1 column (E-mail)" in told


def cell(text: str, times: int = 1) -> str:
    return f'<tab:table-cell tab:number-columns-repeated="{times}"><t:p>{text}</t:p></tab:table-cell>'


def rows(cells: str, times: int = 1) -> str:
    return f'<tab:table-row tab:number-rows-repeated="{times}">{cells}</tab:table-row>'


def test_a_table_in_a_cell_is_text_of_the_cell_once() -> None:
    inner = f"<tab:table><tab:table-column tab:visibility='collapse'/>{rows(cell('in'))}</tab:table>"
    table = rows(f"<tab:table-cell>{inner}<t:p>beside</t:p></tab:table-cell>{cell('out')}") + rows(cell("last"))
    assert read(f"<o:text><tab:table>{table}</tab:table></o:text>")[1] == [((), ["in beside | out", "last"])]


def test_rows_that_are_too_many_are_told_and_what_is_repeated_fills_no_memory() -> None:
    def sheet(cells: str, times: int) -> bytes:
        table = rows(cells, times)
        return packed(f'<o:spreadsheet><tab:table tab:name="A">{table}</tab:table></o:spreadsheet>')

    assert read_opendocument(sheet(cell("x"), MOST_ROWS)).warnings == ()
    many = read_opendocument(sheet(cell("x"), MOST_ROWS + 1))
    assert many.warnings == (f"A: only {MOST_ROWS} rows are read",)
    with pytest.raises(ContentError, match=r"^larger than 256 MB with all that is repeated in its tables"):
        read_opendocument(sheet(cell("word " * 9, 16_384), 1_048_576))


def test_slides_are_sections_without_what_their_speaker_noted() -> None:
    assert read(SLIDES) == ("Pumps", [(("Pumps",), ["steel"]), (("3",), ["Bare"])])
    assert [one.anchor for one in read_opendocument(packed(SLIDES)).sections] == ["slide=1", "slide=3"]


def test_what_cannot_be_read_is_told() -> None:
    for ending in (".odt", ".ods", ".ODP"):
        media = media_type(f"a{ending}")
        assert media
        assert parse_document(SourceItem("a", media, packed(TEXT))).title == "House rules"
        with pytest.raises(ContentError, match="no text in it"):
            parse_document(SourceItem("a", media, packed("<o:text/>")))
    with pytest.raises(ContentError, match=r"^encrypted: save it without a password"):
        read_opendocument(packed(TEXT, manifest="<m><encryption-data/></m>"))
    with pytest.raises(ContentError, match="no OpenDocument file that can be read"):
        read_opendocument(packed("<o:text>&never;</o:text>"))
