"""Which pages of a site are documents, and where they are served."""

from __future__ import annotations

import pytest

from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.sites.addresses import Addresses, are_clean, base_of, place_of, version_in
from vademecum_builder.sites.detect import detect
from vademecum_builder.sites.kinds import LeftOut, LeftOutKind
from vademecum_builder.sites.site import Site, open_site
from vademecum_builder.sites.survey import SAMPLE, SAMPLE_OF_FOLDER, sample_of

PROSE = "<p>Turn the red lever, then wait until water comes.</p>"
MENU = "<div class=side><ul><li>Start</li><li>Oil</li><li>Frost</li></ul></div>"


def site_of(files: dict[str, str], *, generator: str = "", base_url: str = "https://x.org/d/") -> Site:
    pages = {key: text.encode() for key, text in files.items()}
    return open_site(sorted(pages), pages.__getitem__, generator=generator, base_url=base_url)


def read(key: str, text: str, *, generator: str = "") -> Document | LeftOut:
    site = site_of({key: text}, generator=generator)
    return site.read(key, text.encode())


def html(body: str, head: str = "<title>Pump</title>") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def test_what_is_no_text_is_left_out() -> None:
    found = read("a.html", "\x00\x01\x02" * 100)
    assert isinstance(found, LeftOut) and found.kind is LeftOutKind.UNREADABLE


@pytest.mark.parametrize(
    "key",
    "guide/search/index.html tags/index.html reference/classes.html errors/404-pages.html print.html "
    "status/404/index.html errors/401.html".split(),
)
def test_a_document_is_not_left_out_for_its_name(key: str) -> None:
    long = html(PROSE * 20) if "search" in key or "401" in key else html(PROSE)
    assert isinstance(read(key, long), Document)


@pytest.mark.parametrize(
    ("generator", "key"),
    [
        ("javadoc/17", "org/x/class-use/Pump.html"),
        ("Doxygen 1.9", "annotated.html"),
        ("rustdoc", "src/x/lib.rs.html"),
        ("rustdoc", "x/all.html"),
        ("GAPDoc2HTML", "ref/chap4_mj.html"),
    ],
)
def test_indexes_are_known_by_the_generator_that_makes_them(generator: str, key: str) -> None:
    assert isinstance(read(key, html(PROSE), generator=generator), LeftOut)
    assert isinstance(read(key, html(PROSE)), Document)


def test_a_page_that_is_called_index_and_is_links_is_no_document() -> None:
    links = "<ul>" + "".join(f"<li>pump {n}<ul><li><a href=p.html#{n}>of page {n}</a></ul>" for n in range(9)) + "</ul>"
    for title, body, key, is_document in (
        ("Concept Index", links, "cindex.html", False),
        ("Index", links, "theindex.html", False),
        ("Index", links, "index.html", True),
        ("Body mass index", links, "bmi.html", True),
        ("Index", PROSE + links[:99], "theindex.html", True),
    ):
        found = read(key, html(body, f"<title>{title}</title>"))
        assert isinstance(found, Document) == is_document, (title, key)
    framed = read("class_list.html", html('<h1 id="full_list_header">Class List</h1>' + PROSE))
    assert isinstance(framed, LeftOut) and framed.kind is LeftOutKind.INDEX


def test_a_manual_on_one_page_is_a_copy_beside_its_chapters() -> None:
    chapters = {f"p{number}.html": html(f"<p>Text of page {number}.") for number in range(9)}
    long, short = html(PROSE * 2500), html(PROSE)
    for files, key, is_document in (
        (chapters | {"pump_singlepage.html": long}, "pump_singlepage.html", False),
        (chapters | {"single-page.html": short}, "single-page.html", True),
        ({"pump_singlepage.html": long}, "pump_singlepage.html", True),
        (chapters | {"phone-page.html": long}, "phone-page.html", True),
        (chapters | {"pump/one-page/index.html": long}, "pump/one-page/index.html", True),
        (
            {f"{n}/singlepage.html": html(f"<p>{n}") for n in range(12)} | {"3/singlepage.html": long},
            "3/singlepage.html",
            True,
        ),
        (
            {f"a/b/{key}": one for key, one in chapters.items()} | {"a/one-page/index.html": long},
            "a/one-page/index.html",
            False,
        ),
    ):
        assert isinstance(site_of(files).read(key, files[key].encode()), Document) == is_document, key


def page_with_menu(number: int) -> str:
    here = MENU.replace("<li>Oil</li>", f"<li class=here><b>Oil</b> {number}</li>")
    body = f"{here}<div><h2>Oil</h2><p>Text of page {number}.</p></div><div><p>All rights with the friends</p></div>"
    return html(body, f"<title>Page {number} — Pump handbook</title>")


def test_one_page_alone_repeats_nothing() -> None:
    document = read("p.html", page_with_menu(1))
    assert isinstance(document, Document)
    assert any("Frost" in block_text(block) for section in document.sections for block in section.blocks)


# Addresses


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("index.html", ""),
        ("x/index.html", "x/"),
        ("x/index.htm", "x/"),
        ("x/a b.html", "x/a%20b.html"),
        ("x/a#1.html", "x/a%231.html"),
        ("x/indexes.html", "x/indexes.html"),
        ("x/Vec<T>.html", "x/Vec%3CT%3E.html"),
    ],
)
def test_the_address_is_the_files_place(key: str, place: str) -> None:
    assert place_of(key) == place


@pytest.mark.parametrize("base", ["https://x.org/a%2Fb", "https://x.org/a%20b/", "https://bücher.example/(1)/"])
def test_a_base_address_is_kept_as_it_is_written(base: str) -> None:
    assert Addresses(["p.html"], base).of("p.html", "").url == f"{base.removesuffix('/')}/p.html"


@pytest.mark.parametrize(
    ("canonical", "url", "other"),
    [
        ("https://x.org/d/v1/p", "https://x.org/d/v1/p", ""),
        ("https://x.org/d/v1/p/", "https://x.org/d/v1/p/", ""),
        ("p", "https://x.org/d/v1/p", ""),
        ("https://x.org/d/v2/p.html", "https://x.org/d/v1/p.html", "v2/p.html"),
        ("https://y.org/d/v1/p", "https://x.org/d/v1/p.html", ""),
        ("https://x.org/other/p", "https://x.org/d/v1/p.html", ""),
        ("javascript:alert(1)", "https://x.org/d/v1/p.html", ""),
        ("https://x.org/d/p q", "https://x.org/d/v1/p.html", ""),
        ("https://[", "https://x.org/d/v1/p.html", ""),
    ],
)
def test_a_canonical_address_of_the_same_site_wins(canonical: str, url: str, other: str) -> None:
    address = Addresses(["v1/p.html", "v2/p.html"], "https://x.org/d").of("v1/p.html", canonical)
    assert (address.url, address.canonical) == (url, other)


@pytest.mark.parametrize(
    ("links", "clean"),
    [
        (["/d/v1/p", "p", "../v1/p?x#y"], True),
        (["/d/v1/p", "p.html", "../v1/p.html"], False),
        (["index", "/d/v1/p/", "https://y.org/v1/p", "//y.org/v1/p", "q", "start", ""], False),  # other pages, or none
        (["folder", "../v1/folder"], False),  # has a page of its own
        (["/x/q", "x/p", "/"], False),
    ],
)
def test_the_endings_of_pages_are_left_away_where_a_sites_own_links_do_so(links: list[str], clean: bool) -> None:
    keys = ["v1/index.html", "v1/start.html", "v1/p.html", "v1/folder.html", "v1/folder/index.html"]
    assert are_clean(keys, [("v1/start.html", link) for link in links]) is clean
    pages = dict.fromkeys(keys, html(PROSE)) | {
        "v1/start.html": html("".join(f"<a href='{link}'>Oil</a>" for link in links))
    }
    addresses = site_of(pages).addresses
    assert addresses.of("v1/p.html", "").url == f"https://x.org/d/v1/p{'' if clean else '.html'}"
    assert addresses.of("v1/index.html", "").url == "https://x.org/d/v1/"


def test_where_a_site_is_served_is_learnt_from_its_canonical_addresses() -> None:
    pages = [
        ("index.html", "https://x.org/d/"),
        ("a/index.html", "https://x.org/d/a/"),
        ("b.html", "https://x.org/d/b"),
        ("old.html", "https://x.org/d/a/"),
    ]
    assert base_of(pages) == "https://x.org/d/"
    assert base_of([("a.html", "a.html"), ("b.html", "")]) == ""
    assert base_of([("index.html", "https://x.org/d/index.html")]) == "https://x.org/d/"
    assert base_of([("a.html", "https://[")]) == ""
    for here in ("localhost:4000", "127.0.0.1:1313", "[::1]:8000", "0.0.0.0:4000"):
        assert base_of([("a.html", f"http://{here}/a.html")]) == "", "no reader could open it"


@pytest.mark.parametrize(
    ("key", "version"),
    [
        ("2.0/a.html", "2.0"),
        ("en/latest/a.html", "latest"),
        ("v3/a.html", "v3"),
        ("guide/a.html", ""),
        ("2024/a.html", ""),
        ("a.html", ""),
    ],
)
def test_a_version_is_what_the_path_begins_with(key: str, version: str) -> None:
    assert version_in(key) == version


# Detection


@pytest.mark.parametrize(
    ("keys", "head", "is_site"),
    [
        (["index.html", "a/index.html", "sitemap.xml"], b"", True),
        (["a/index.html", "sitemap.xml"], b"", True),
        (["a/b/index.html", "sitemap.xml"], b"", False),
        (["a.html"], b"<meta name=generator content='Hugo 0.1'>", True),
        (["a.html", "a.txt"], b'<meta content="Sphinx" name="generator">', True),
        (["a.html", "b.html"], b"", False),
        ([f"{n}.html" for n in range(10)], b"<html><title>A</title>", True),
        ([f"{n}.html" for n in range(10)], b"{% extends 'base.html' %}<title>A</title>", False),
        (["a.md", "b.md", *(f"{n}.html" for n in range(10))], b"<title>A</title>", False),
        (["a.html"], b'<link href="https://ex.org/a" rel="canonical">', True),
        (["index.html", "a.md", "b.md"], b"<meta name=generator content=Hugo>", False),
        (["a.md", "b.txt"], b"", False),
        ([f"{n}/index.html" for n in range(10)], b'<meta http-equiv="Refresh" content="0; url=/">', False),
        ([], b"", False),
    ],
)
def test_a_site_is_told_from_a_folder_of_sources(keys: list[str], head: bytes, is_site: bool) -> None:
    assert (detect(keys, [head]) is not None) == is_site


def test_the_sample_is_bounded_and_stays_the_same_when_pages_come() -> None:
    keys = [f"f{number % 5}/p{number}.html" for number in range(5000)]
    keys += [f"rare/{number}.html" for number in range(SAMPLE_OF_FOLDER + 1)]
    sample = sample_of(keys)
    assert SAMPLE <= len(sample) < SAMPLE + SAMPLE_OF_FOLDER
    assert sum(key.startswith("rare/") for key in sample) == SAMPLE_OF_FOLDER
    assert len(set(sample) - set(sample_of([*keys, "new.html"]))) <= 1


def test_pages_that_are_all_called_as_the_site_have_the_title_that_doxygen_shows() -> None:
    shown = "<div class=headertitle><div class=title>{}&lt; T &gt; Class <div><a>Parts</a></div></div></div>"
    pages = {
        f"{name}.html": html(shown.format(name) + PROSE, "<title>Pumps - All of Them</title>")
        for name in ("Lever", "Pipe", "Tank", "Valve")
    }
    site = site_of(pages)
    documents = [site.read(key, text.encode()) for key, text in pages.items()]
    titles = [document.title for document in documents if isinstance(document, Document)]
    assert titles == ["Lever< T > Class", "Pipe< T > Class", "Tank< T > Class", "Valve< T > Class"]


def test_the_name_of_a_site_that_has_separators_itself_is_no_part_of_titles() -> None:
    pages = {
        f"{name}.html": html(
            f"<h1>How a {name} works</h1><p>A {name} is made of brass.</p>", f"<title>{name}{end}</title>"
        )
        for name in ("Lever - Long", "Pipe", "Tank", "Valve")
        for end in [" - Acme Pumps - Water for All"]
    }
    site = site_of(pages)
    documents = [site.read(key, text.encode()) for key, text in pages.items()]
    titles = [document.title for document in documents if isinstance(document, Document)]
    assert titles == ["Lever - Long", "Pipe", "Tank", "Valve"]


def test_a_part_of_a_site_that_not_all_pages_are_in_stays_in_their_titles() -> None:
    pages = {
        f"{name}.html": html(
            f"<h1>How a {name} works</h1><p>A {name} is made of brass.</p>", f"<title>{name}{end}</title>"
        )
        for names, end in (("Lever Pipe Tank", " - Guide - Acme"), ("Valve Lid", " - API - Acme"))
        for name in names.split()
    }
    document = site_of(pages).read("Pipe.html", pages["Pipe.html"].encode())
    assert isinstance(document, Document)
    assert document.title == "Pipe - Guide"
