"""Pages of a wiki in the markup of MediaWiki."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.growth import grows_with_the_square
from vademecum.errors import UsageError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.kinds import records
from vademecum_builder.kinds.registry import kind_of
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.mediawiki import categories, is_redirect, read_mediawiki
from vademecum_builder.readers.outline import block_text
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem

PAGE = """{{Infobox plant|name=Apple|family=[[Rosaceae|roses]]|image=a.png|height={{convert|4|m}}}}
'''Apple''' is a [[fruit tree|tree]].<ref name="a">Smith</ref><ref name="a"/> {{#if:x|never}}
{{citation needed|date=May}}
[[File:a.jpg|thumb|An [[apple]]]] __NOTOC__ <!-- own -->
== Planting ==
* dig in {{season|autumn}}
* see [[Pear]] and [https://a.example the book]
{| class="wikitable"
! Sort !! Taste
|-
| Boskoop || sour
|}
[[:Category:Fruit]] [[Category:Trees|a]] [[Kategorie:Obst]]
"""


def text_of(page: str) -> list[tuple[tuple[str, ...], list[str]]]:
    return [(one.headings, [block_text(block) for block in one.blocks]) for one in read_mediawiki(page)]


@pytest.mark.process
def test_a_page_is_text_with_headings_lists_and_tables_and_what_templates_were_handed() -> None:
    assert text_of(PAGE) == [
        ((), ["family: roses", "height: 4 m", "Apple is a tree."]),
        (("Planting",), ["dig in autumn", "see Pear and the book", "Sort | Taste", "Boskoop | sour", "Category:Fruit"]),
    ]
    assert (categories(PAGE), is_redirect(PAGE)) == (["Trees", "Obst"], False)
    assert is_redirect("#REDIRECT [[Apple]]") and is_redirect("#WEITERLEITUNG [[Apfel]]")


@pytest.mark.process
def test_a_table_that_nothing_closes_and_notes_that_nothing_opens_cost_no_text() -> None:
    assert text_of("Before.</ref>\n\n{| class=a\n! Sort\n|-\n| style=b | Oak || Elm\n| {{x|a=b}}\nAfter.") == [
        ((), ["Before.", "Sort", "Oak\nElm", "a: b", "After."])
    ]


@pytest.mark.process
def test_what_stands_as_it_is_written_has_no_templates_links_or_comments() -> None:
    code = "if [[ -f {{ x }} ]]; then # <!-- a -->"
    page = "Say <nowiki>{{name}} [[Category:No]]</nowiki>. {{b|<nowiki>a|b</nowiki>}}\n\n"
    page += f"<syntaxhighlight lang=bash>\n{code}\n</syntaxhighlight>\n"
    page += "<!-- <pre> --> Seen. <!-- </pre> -->\n[[Category:Yes]]"
    assert text_of(page) == [((), ["Say {{name}} [[Category:No]]. a|b", code, "Seen."])]
    assert categories(page) == ["Yes"]


@pytest.mark.process
def test_a_list_that_a_template_is_handed_begins_on_a_line_of_its_own() -> None:
    assert text_of("{{Box|tools=\n* saw\n* file\n}}After.") == [((), ["tools:", "saw", "file", "After."])]


@pytest.mark.process
def test_what_says_how_a_page_looks_or_where_it_is_listed_is_no_text_in_any_language() -> None:
    files = "File Image Media Datei Bild Fichier Archivo Ficheiro Bestand Plik Файл".split()
    looks = "date name group title class style align width image size url access-date accessdate".split()
    lists = "Category Kategorie Categoría Categoria Catégorie Categorie Kategoria Категория".split()
    page = "".join(f"[[{word}:a.png|thumb|No]]" for word in files) + "".join(f"[[{word}:In {word}]]" for word in lists)
    page += "__TOC__<gallery>\na.png|No\n</gallery><references /><ref name=no>No</ref><ref name=no /><languages/>"
    page += "<noinclude>Seen</noinclude> <onlyinclude>as</onlyinclude> <includeonly>it</includeonly> "
    page += "<translate>is</translate>"
    page += f"{{{{Box|{'|'.join(f'{word}=No' for word in looks)}|empty=|use=yes}}}}"
    assert text_of(page) == [((), ["Seen as it is", "use: yes"])]
    assert categories(page) == [f"In {word}" for word in lists]


@pytest.mark.parametrize("opening", ["<pre>", "<ref>", "<gallery "])
def test_notes_that_nothing_closes_cost_no_more_than_their_length(opening: str) -> None:
    assert categories(opening * 500 + "[[Category:Trees]]") == ["Trees"]
    assert not grows_with_the_square(lambda number: categories(opening * number), 1000)


def test_what_reads_a_wiki_may_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "find_spec", lambda _: None)
    (tmp_path / "wiki.json").write_text('[{"id": 1, "text": "A"}]')
    (tmp_path / "vademecum.toml").write_text(
        '[[source]]\nname = "w"\nkind = "catalog"\npath = "wiki.json"\nformat = "mediawiki"\n'
    )
    request = read_settings(tmp_path / "vademecum.toml")
    with pytest.raises(UsageError, match=r"vademecum\.toml, line 1: source\.format: a wiki needs pip install"):
        kind_of("catalog").open_source(request.sources[0], request)


def page(number: int, title: str, text: str, ns: int = 0, more: str = "") -> str:
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>{number}</id>{more}<revision><id>7</id>"
        f"<timestamp>2026-01-0{number}T00:00:00Z</timestamp><contributor><username>Ann</username><id>3</id></contributor>"
        f'<text bytes="9" xml:space="preserve">{text}</text></revision></page>'
    )


@pytest.mark.process
def test_of_an_exported_wiki_articles_are_read_under_its_addresses(tmp_path: Path) -> None:
    pages = [
        page(1, "Old apples/Sorts", "'''Boskoop''' is sour. [[Category:Trees]]"),
        page(2, "Apples", "Moved", more="<redirect title='Old apples'/>"),
        page(3, "Birnen", "#WEITERLEITUNG [[Old apples]]"),
        page(4, "Talk:Apples", "I disagree.", 1),
        page(5, "User:Ann", "My own.", 2),
        page(6, "Help:Pears", "They are sweet.", 12),
    ]
    head = "<siteinfo><base>https://wiki.example/w/Main_Page</base></siteinfo>"
    (tmp_path / "wiki.xml").write_text(
        f"<mediawiki xmlns='http://www.mediawiki.org/x/'>{head}{''.join(pages)}</mediawiki>"
    )
    [found] = discover(str(tmp_path / "wiki.xml"), tmp_path)
    (tmp_path / "vademecum.toml").write_text(found.toml())
    request = read_settings(tmp_path / "vademecum.toml")
    [opened] = kind_of("catalog").open_source(request.sources[0], request)
    reader = opened.reader()
    read = [reader.read(item) for item in opened.source.changes(None).entries if isinstance(item, SourceItem)]
    kept = [(one.title, one.url, one.metadata) for one in read if isinstance(one, Document)]
    assert kept == [
        ("Old apples/Sorts", "https://wiki.example/w/Old_apples/Sorts",
         {"updated": "2026-01-01T00:00:00Z", "tags": ["Trees"]}),
        ("Help:Pears", "https://wiki.example/w/Help%3APears", {"updated": "2026-01-06T00:00:00Z"}),
    ]  # fmt: skip
    others = [one for one in read if isinstance(one, str)]
    assert (
        others
        == ["pages of a wiki that lead to others"] * 2
        + ["pages of a wiki that are not articles (talk, users, files)"] * 2
    )
