"""The rendered site: complete, escaped, bound to its own host, and the same each time."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

import vademecum
from vademecum.format.json import canonical
from vademecum.format.manifest import EncoderEntry, Manifest, SegmentEntry
from vademecum.format.objects import ObjectRef
from vademecum.format.segment import DocumentRow
from vademecum.search.stems import LANGUAGES
from vademecum_builder.pages import render
from vademecum_builder.pages.contents import Contents, FileKind, Folder, tree_of
from vademecum_builder.pages.render import CHANGES_SHOWN, ShownRelease, SiteContext, render_site, safe_url, site_folder
from vademecum_builder.pages.site import _examples
from vademecum_builder.release.version_json import DocumentChange, DocumentChanges

PAGES = ("index.html", "documents.html", "release.html", "404.html")
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'; object-src 'none'"
)
EVIL = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
CLIENT = {
    "client/vademecum.mjs": "a" * 64,
    "client/vademecum-search.mjs": "8" * 64,
    "client/query.mjs": "b" * 64,
    "client/format/markup.mjs": "9" * 64,
    "client/page/preview.mjs": "7" * 64,
    "client/vademecum.d.mts": "c" * 64,
    "client/pyodide/pyodide.mjs": "d" * 64,
    "client/vademecum.zip": "e" * 64,
}


def make_root(**changes: Any) -> bytes:
    role = {"keyids": ["a1" * 32], "threshold": 1}
    roles = {"root": {"keyids": ["4f" * 32, "5e" * 32], "threshold": 2}, "timestamp": role} | changes
    return canonical({"signatures": [], "signed": {"_type": "root", "roles": roles}})


def make_context(**changes: Any) -> SiteContext:
    encoder = ObjectRef("3f" * 32, 750_000, 1_500_000)
    segment = SegmentEntry(0, 12, 1530, 30120, ObjectRef("2e" * 32, 250_000, 400_000))
    manifest = Manifest(
        sequence=12,
        version="2026.11.21-12",
        channel="stable",
        built="2026-11-21T08:00:00Z",
        epoch="0123456789abcdef",
        digest="36" * 32,
        documents=1530,
        chunks=30120,
        encoder=EncoderEntry("builtin", 192, encoder),
        segments=(segment,),
        sources=ObjectRef("1d" * 32, 1, 1),
    )
    shown = ShownRelease(manifest, "37" * 32, DocumentChanges(), Contents())
    own = {name: changes.pop(name) for name in ("manifest", "changes", "contents") if name in changes}
    context = SiteContext("Handbook", dataclasses.replace(shown, **own), make_root(), CLIENT)
    return dataclasses.replace(context, **changes)


def page(files: Mapping[str, bytes], name: str) -> BeautifulSoup:
    return BeautifulSoup(files[name], "html.parser")


def addresses(soup: BeautifulSoup) -> list[str]:
    return [
        str(tag[attribute])
        for tag in soup.find_all(True)
        for attribute in ("href", "src", "action")
        if tag.has_attr(attribute)
    ]


def links(soup: BeautifulSoup) -> dict[str, str]:
    return {tag.get_text(): str(tag["href"]) for tag in soup.select("main a[href]")}


def test_the_same_context_gives_the_same_bytes() -> None:
    assert render_site(make_context()) == render_site(make_context())


def test_everything_that_a_page_or_module_names_is_published() -> None:
    published = {*render_site(make_context()), *CLIENT, "version.json"}
    for name, content in render_site(make_context()).items():
        named = addresses(page({name: content}, name)) if name.endswith(".html") else []
        if name.endswith(".mjs"):
            named = re.findall(r'^import .* from "(.+)";$', content.decode(), re.MULTILINE)
        for address in named:
            path = urlsplit(urljoin(f"https://host/repo/{name}", address)).path
            assert path.startswith("/repo/"), f"{name} names {address}"
            assert path.removeprefix("/repo/") in published or address.startswith("#"), f"{name} names {address}"
        assert named or not name.endswith(".html") or name == "404.html"


@pytest.mark.parametrize("name", PAGES)
def test_pages_carry_the_policy_and_nothing_that_it_forbids(name: str) -> None:
    soup = page(render_site(make_context()), name)
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert isinstance(policy, Tag)
    assert policy["content"] == POLICY
    assert soup.find_all("style") == []
    for tag in soup.find_all(True):
        assert not [key for key in tag.attrs if key == "style" or key.startswith("on")], tag
        assert tag.name != "script" or (tag.has_attr("src") and not tag.get_text(strip=True))


def test_only_documents_lead_away_from_the_host() -> None:
    for name, content in render_site(make_context()).items():
        outside = re.findall(rb"https?://[^\s\"']+", content)
        assert [url for url in outside if url != b"http://www.w3.org/2000/svg"] == [], name


def test_an_app_that_is_installed_is_the_whole_site() -> None:
    assert json.loads(render_site(make_context())["manifest.webmanifest"]) == {
        "id": "./",
        "name": "Handbook",
        "short_name": "Handbook",
        "description": "Search by meaning and by word, on your own device, with or without a network.",
        "lang": "en",
        "start_url": "index.html",
        "scope": "./",
        "display": "standalone",
        "background_color": "#fbfaf6",
        "theme_color": "#fbfaf6",
        "icons": [{"src": "icon.svg", "type": "image/svg+xml", "sizes": "any", "purpose": "any maskable"}],
    }


def test_the_page_of_missing_files_is_small() -> None:
    assert len(render_site(make_context(title="T" * 500))["404.html"]) < 600


def test_each_page_leads_to_the_others_and_marks_itself() -> None:
    files = render_site(make_context())
    order = ("index.html", "documents.html", "release.html")
    menus = {name: page(files, name).select("nav a") for name in order}
    assert {tuple(link["href"] for link in menu) for menu in menus.values()} == {order}
    for name, menu in menus.items():
        assert [link["href"] for link in menu if link.get("aria-current") == "page"] == [name]


def test_without_scripts_the_search_page_says_so_in_every_language_of_the_pages() -> None:
    files = render_site(make_context())
    languages = {found[1] for name in files if (found := re.fullmatch(r"assets/(..)\.mjs", name))}
    said = page(files, "index.html").select("noscript p")
    assert languages and {text.get("lang", "en") for text in said} == {"en", *languages}
    assert {link["href"] for text in said for link in text.select("a")} == {"documents.html"}


def test_titles_are_text_wherever_they_stand() -> None:
    entry = DocumentChange(EVIL, EVIL, EVIL)
    changes = DocumentChanges((entry,), (entry,), (entry,))
    files = render_site(make_context(title=EVIL, changes=changes, examples=[EVIL]))
    for name in ("index.html", "release.html"):
        soup = page(files, name)
        brand = soup.select_one(".brand span")
        assert brand is not None
        assert brand.get_text() == EVIL
        assert [tag for tag in soup.find_all("script") if not tag.has_attr("src")] == []
    assert json.loads(files["assets/examples.json"]) == [EVIL]
    assert json.loads(files["manifest.webmanifest"])["name"] == EVIL


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript\r:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
        "view-source:x",
    ],
)
def test_other_schemes_never_become_a_link(url: str) -> None:
    assert safe_url(url) == ""
    changes = DocumentChanges(added=(DocumentChange("key", "A title", url),))
    soup = page(render_site(make_context(changes=changes)), "release.html")
    assert links(soup)["A title"] == "index.html?doc=key"  # the reader shows it


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=c#d", "HTTP://example.org", "guide/keys.html#x", "/a", "a b.html", "?q=x:y", ""]
)
def test_http_and_relative_addresses_stay_as_they_are(url: str) -> None:
    assert safe_url(url) == url


def test_the_release_page_tells_what_the_release_is() -> None:
    text = page(render_site(make_context()), "release.html").get_text(" ", strip=True)
    facts = ["Release 12", "2026.11.21-12", "21 November 2026, 08:00 UTC", "1,530", "30,120", "1.0 MB", "36" * 32]
    facts += ["stable channel", "vade verify", "version.json", "2 of 2", "4f" * 32, "a1" * 32, "builtin"]
    assert [fact for fact in facts if fact not in text] == []
    assert "No document changed" in text


def test_the_release_page_lists_changes_up_to_a_cap() -> None:
    many = tuple(DocumentChange(f"k{i}", f"Page {i}", f"p{i}.html") for i in range(CHANGES_SHOWN + 3))
    changes = DocumentChanges(added=many, removed=(DocumentChange("gone", "", "gone.html"),), more={"added": 7_000})
    soup = page(render_site(make_context(changes=changes)), "release.html")
    found = links(soup)
    assert found["Page 0"] == "p0.html"
    assert f"Page {CHANGES_SHOWN}" not in found
    assert "and 7,003 more" in soup.get_text()
    assert [count.get_text() for count in soup.select("#added .count")] == ["7,053"]
    assert "gone" in soup.get_text()  # a document without a title is named by its key,
    assert "gone.html" not in found.values()  # and one that is gone is no link
    assert soup.find(id="modified") is None


def test_what_a_visitor_does_not_ask_for_is_behind_the_changes() -> None:
    contents = Contents(kinds=(FileKind(".md", 12, 10, "some are left out"),))
    soup = page(render_site(make_context(contents=contents)), "release.html")
    inside = soup.select_one("main details:not([open])")
    assert inside is not None and inside.find_next_sibling() is None
    assert inside.select("h2, table, pre") and not soup.select("main > table, main > pre, main > .scroll table code")


def test_a_renamed_document_is_neither_added_nor_removed() -> None:
    moved, new, old = (
        DocumentChange("b.md", "Oil", "b", "a.md"),
        DocumentChange("c.md", "New"),
        DocumentChange("a.md", "Oil"),
    )
    changes = DocumentChanges((moved, new), removed=(old, DocumentChange("z.md", "Gone")))
    soup = page(render_site(make_context(changes=changes)), "release.html")
    told = {
        str(part.h3["id"]): part.ul.get_text(" ", strip=True) for part in soup.select(".change") if part.h3 and part.ul
    }
    assert told == {"added": "New", "renamed": "Oil a.md → b.md", "removed": "Gone"}


def test_the_release_page_lists_what_earlier_releases_changed() -> None:
    rows = [DocumentRow(f"k{n:02}", n // 2, title=f"Page {n}", url="evil:" * (n == 8)) for n in range(26)]
    soup = page(render_site(make_context(contents=Contents(documents=tuple(rows)))), "release.html")
    told = [part.get_text(" ", strip=True) for part in soup.select("details.change")]
    assert told == [f"Release {n} 2 Page {2 * n} Page {2 * n + 1}" for n in range(11, 1, -1)]  # 12 is this one
    assert [link["href"] for link in soup.select("details.change:has([href$=k08]) a")] == [
        "index.html?doc=k08",
        "index.html?doc=k09",
    ]


def test_where_only_metadata_changed_the_page_says_which() -> None:
    price = DocumentChange("shop:1", "Kettle", fields=("price", "stock"))
    changes = DocumentChanges(modified=(DocumentChange("a.md", "Oil"), price))
    soup = page(render_site(make_context(changes=changes)), "release.html")
    told = [part.get_text(" ", strip=True) for part in soup.select(".change li")]
    assert told == ["Oil", "Kettle price, stock"]
    assert [part["id"] for part in soup.select(".change h3")] == ["modified", "fields"]


def test_the_search_page_narrows_by_fields_of_few_values_or_many_numbers_and_shows_short_ones() -> None:
    said = [
        {"brand co": f"B{n % 3}", "price": price, "care": "wash " * 9, "sole": "x", "order": n, "tags": ["a", "b"]}
        for n, price in enumerate((*range(1000, 1054), "on request", *"abcde"))
    ]
    rows = tuple(DocumentRow(f"k{n}", 1, metadata=json.dumps(one)) for n, one in enumerate(said))
    asked = Contents(documents=rows, fields=("brand co", "price", "care", "sole", "tags", "none"))
    search = page(render_site(make_context(contents=asked)), "index.html").find("vademecum-search")
    assert isinstance(search, Tag)
    assert json.loads(str(search["facets"])) == ["lang", "version", "source", "brand co", "price", "tags"]
    assert json.loads(str(search["badges"])) == ["brand co", "price", "sole", "tags"]
    many = tuple(f"f{n}" for n in range(30))
    flags = tuple(DocumentRow(f"k{n}", 1, metadata=json.dumps(dict.fromkeys(many, n % 2))) for n in range(9))
    search = page(render_site(make_context(contents=Contents(documents=flags, fields=many))), "index.html")
    assert [json.loads(str(search.select("vademecum-search")[0][one]))[-10:] for one in ("facets", "badges")] == [
        [*many[:10]]
    ] * 2
    plain = page(render_site(make_context(contents=Contents(documents=rows))), "index.html")
    assert plain.select("[facets], [badges]") == []  # nobody asked for them


@pytest.mark.parametrize("language", ["ar", "de"])
def test_what_the_pages_say_is_said_in_each_language(language: str) -> None:
    """Only what is folded on the release page, and what stands there without scripts, is English alone."""
    texts = (site_folder() / "static" / f"{language}.mjs").read_text(encoding="utf-8")
    said = dict(re.findall(r'^  "?(.+?)"?:\s+"(.+)",$', texts, re.MULTILINE))
    sources = [*(site_folder() / "templates").iterdir(), *(site_folder() / "static").glob("[!ad]*.mjs")]
    written = "".join(path.read_text(encoding="utf-8") for path in (*sources, site_folder() / "static/app.mjs"))
    marked = {
        str(tag["data-say"] or tag.get_text())
        for name in PAGES
        for tag in page(render_site(make_context()), name).select("[data-say]")
    }
    assert (marked | set(re.findall(r'say\("([^"]+)"', written))) - {"{0}"} <= said.keys()
    known = {*re.findall(r'"([^"\n]+)"', written), *marked, "System", "Light", "Dark"}
    assert said.keys() <= known, "nobody says it"
    for english, other in said.items():
        assert set(re.findall(r"\{\d\}", english)) == set(re.findall(r"\{\d\}", other)), english


def test_bars_show_shares_of_the_download() -> None:
    bars = page(render_site(make_context()), "release.html").select("rect.bar")
    assert [bar["width"] for bar in bars] == ["75.0", "25.0"]


def test_an_empty_release_has_a_page() -> None:
    empty = EncoderEntry("builtin", 0, ObjectRef("3f" * 32, 0, 0))
    manifest = dataclasses.replace(make_context().release.manifest, encoder=empty, segments=())
    files = render_site(make_context(manifest=manifest))
    assert "0 B" in page(files, "release.html").get_text()
    assert "There is no document in this release." in page(files, "documents.html").get_text()


def test_examples_are_questions_from_all_over_the_documents() -> None:
    asked = [f"How to do thing {number}" for number in range(8)]
    changes = DocumentChanges(added=(DocumentChange("k", "A title", ""),))
    read = Contents(headings={"a": ["Overview", *asked, "Notes on other things"]})
    assert _examples(read, changes) == tuple(asked[::2])
    read = Contents(headings={"a": ["Overview", "Why two keys?"], "b": ["Notes on other things"]})
    assert _examples(read, changes) == ("Why two keys?", "Notes on other things", "A title")
    assert _examples(Contents(), DocumentChanges()) == ()


def test_an_example_says_what_it_asks_about() -> None:
    read = Contents(headings={"a": ["How it works", "How to set up", "When do pumps stop?"], "b": ["How to set up"]})
    assert _examples(read, DocumentChanges()) == ("When do pumps stop?",)
    pointing = ["Why this change was necessary", "What pump are you using?", "How to put it to work"]
    read = Contents(headings={"a": ["Ready to pump water?", "What's new for pumps", "How to stop pumps", *pointing]})
    assert _examples(read, DocumentChanges()) == ("How to stop pumps", "Ready to pump water?", "What's new for pumps")


def test_examples_in_writing_without_spaces_are_headings_that_ask_and_are_no_single_word() -> None:
    asking, naming, longer = (
        "なぜポンプは止まるのか？",
        "is 型アサーション関数の一部 (type guard)",
        "油を入れ替える方法",
    )
    read = Contents(headings={"a.md": ["油とは？", naming, longer, asking, "ポンプ"]})
    assert _examples(read, DocumentChanges()) == (asking, naming, longer)


def test_examples_are_in_the_first_language_of_the_release() -> None:
    told = {"a.md": "en", "de/a.md": "de", "b.md": ""}
    rows = [DocumentRow(key, 1, metadata=json.dumps({"lang": lang})) for key, lang in told.items()]
    headings = {"a.md": ["Why two keys?"], "de/a.md": ["Warum zwei Schlüssel?"], "b.md": ["How many keys are there?"]}
    changes = DocumentChanges((DocumentChange("de/a.md", "Schlüssel"),))
    assert _examples(Contents(rows, headings=headings), changes, {"lang": "en"}) == (
        "Why two keys?",
        "How many keys are there?",
    )


def test_examples_are_of_the_newest_version_in_which_a_heading_stands_once() -> None:
    rows = [DocumentRow(f"{name}/a.md", 1, metadata=json.dumps({"version": name})) for name in ("1", "2")]
    headings = {"1/a.md": ["Why two keys?", "Why three keys?"], "2/a.md": ["Why two keys?"]}
    assert _examples(Contents(rows, headings=headings), DocumentChanges(), {"version": "2"}) == ("Why two keys?",)


def test_examples_are_of_one_page_each_before_a_second_one() -> None:
    read = Contents(headings={"a": ["Why two keys?", "When do pumps stop?"], "b": ["How to oil pumps"]})
    assert _examples(read, DocumentChanges()) == ("Why two keys?", "How to oil pumps", "When do pumps stop?")


def test_the_page_ships_the_root_as_it_was_given() -> None:
    root = make_root() + b"\n"
    assert render_site(make_context(root=root))["assets/trust.json"] == root


def constant(worker: bytes, name: str) -> Any:
    found = re.search(rf"^const {name} = (.*?);$", worker.decode(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_worker_keeps_the_search_page_and_what_answers_queries() -> None:
    worker = render_site(make_context())["sw.js"]
    shell = constant(worker, "SHELL")
    assert {"index.html", "assets/app.mjs", "assets/site.css", "assets/trust.json", "icon.svg"} <= set(shell)
    assert not {"404.html", "sw.js"} & set(shell)
    assert {name for name in shell if name.startswith("client/")} == {
        "client/vademecum.mjs",
        "client/vademecum-search.mjs",
        "client/query.mjs",
        "client/format/markup.mjs",
        "client/page/preview.mjs",
    }
    assert set(constant(worker, "RUNTIME")) == {"client/pyodide/pyodide.mjs", "client/vademecum.zip"}
    assert constant(worker, "PER_RELEASE") == ["assets/examples.json", "documents.html", "release.html"]


def test_the_worker_keeps_the_stemmers_of_the_documents_languages_and_of_english() -> None:
    context, modules = make_context(), {f"{name}.js" for name in LANGUAGES.values()}
    stemmers = {f"client/search/stemmers/{name}": "0" * 64 for name in ("COPYING.txt", "base.js", *modules)}
    manifest = dataclasses.replace(context.release.manifest, places={"lang": ("de-AT", "pl", "ja")})
    worker = render_site(make_context(client={**context.client, **stemmers}, manifest=manifest))["sw.js"]
    # As soon as the worker is in charge: a visitor who went offline before Python's files were kept found nothing.
    kept = {name.rpartition("/")[2] for name in constant(worker, "SHELL") if name in stemmers}
    assert not stemmers.keys() & constant(worker, "RUNTIME").keys()
    assert kept == {"base.js", "english.js", "german.js", "polish.js"}


def test_a_release_alone_makes_no_new_worker_and_a_new_runtime_or_page_does() -> None:
    before = render_site(make_context())["sw.js"]
    newer = dataclasses.replace(
        make_context().release.manifest, sequence=13, digest="37" * 32, documents=1, segments=()
    )
    changes = DocumentChanges((DocumentChange("k", "T"),))
    changed = make_context(manifest=newer, changes=changes, examples=["T"])
    assert render_site(changed)["sw.js"] == before
    assert render_site(make_context(title="Other"))["sw.js"] != before
    assert render_site(make_context(client=CLIENT | {"client/vademecum.zip": "f" * 64}))["sw.js"] != before


def test_modules_build_pages_from_nodes_only() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b")
    for path in (site_folder() / "static").glob("*.*js"):
        assert forbidden.findall(path.read_text()) == [], path.name


def test_the_installed_package_finds_the_same_folder() -> None:
    """The wheel's force-include and `site_folder` speak of the same place."""
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    parts = {f"site/{part}": f"vademecum_builder/site/{part}" for part in ("templates", "static")}
    assert included.items() >= parts.items()
    assert {path.name for path in site_folder().iterdir()} >= {"templates", "static"}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1.4.3."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


STYLE = Path(vademecum.__file__).parent / "js" / "ui" / "style.mjs"
COLOURS = re.findall(r'^  "?([\w-]+)"?: \["(#\w{6})", "(#\w{6})"\],$', STYLE.read_text(), re.MULTILINE)
"""Name, light and dark: those of the search, which the pages share."""


def test_the_pages_have_the_colours_of_the_search() -> None:
    css = (site_folder() / "static/site.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", css)
    assert len(pairs) > 5
    assert set(pairs) <= set(COLOURS)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [("ink", ground, 7) for ground in ("ground", "raised", "tint", "mark")]
    + [(ink, ground, 4.5) for ink in ("soft", "accent") for ground in ("ground", "raised", "tint")]
    + [("on-accent", "accent", 4.5), ("edge", "raised", 3), ("good", "raised", 3), ("warn", "raised", 3)],
)
@pytest.mark.parametrize("scheme", [0, 1])
def test_text_can_be_read_in_both_schemes(ink: str, ground: str, least: float, scheme: int) -> None:
    colours = {name: both[scheme] for name, *both in COLOURS}
    assert contrast(colours[ink], colours[ground]) >= least


# Documents


def row(key: str, title: str, url: str = "") -> DocumentRow:
    return DocumentRow(key, 1, title, url, "", ())


DOCUMENTS = (
    row("README.md", "Handbook", "https://x.example/"),
    row("guide/10-oil.md", "Oil"),
    row("guide/2-pump.md", "Pump & tank", "javascript:alert(1)"),
    row("guide/index.md", "The guide"),
    row("api/v1/pump/start.md", "start()"),
    row("api/v1/pump/stop.md", EVIL),
    row("faq/index.html", "Questions"),
)


def outline(folder: Folder) -> list[object]:
    return [[page.title for page in folder.pages], *({inner.name: outline(inner)} for inner in folder.folders)]


def test_documents_are_a_tree_of_folders() -> None:
    tree = tree_of(reversed(DOCUMENTS))
    assert tree.count == 7
    assert outline(tree) == [
        ["Handbook", "Questions"],
        {"api/v1/pump": [["start()", EVIL]]},
        {"The guide": [["The guide", "Pump & tank", "Oil"]]},
    ]
    assert outline(tree_of([])) == [[]]
    moved_up = [row("docs/terms/index.md", "Terms"), row("docs/use/a.md", "A"), row("docs/use/b.md", "B"), DOCUMENTS[0]]
    assert outline(tree_of(moved_up))[1:] == [{"docs": [["Terms"], {"use": [["A", "B"]]}]}]  # not called Terms
    below = [dataclasses.replace(one, key=f"content/{one.key}") for one in DOCUMENTS]
    assert outline(tree_of(below))[1:] == outline(tree)[1:]  # a folder that holds all of it is none to open


def test_versions_stand_behind_the_other_folders_the_newest_first_called_as_they_are() -> None:
    said = {name: json.dumps({"version": name}, separators=(",", ":")) for name in ("v1.9", "v1.10", "next")}
    keys = [(f"{name}/{page}.md", page, said[name]) for name in said for page in ("index", "a")]
    keys += [("zones/a.md", "A", said["v1.9"]), ("zones/b.md", "B", "{}")]
    tree = tree_of([DocumentRow(key, 1, title=title, metadata=metadata) for key, title, metadata in keys])
    assert [folder.name for folder in tree.folders] == ["zones", "next", "v1.10", "v1.9"]


def test_a_journal_stands_behind_the_other_folders_its_newest_page_first() -> None:
    keys = [
        "blog/index.md",
        "blog/2024-12-30-a.md",
        "blog/2025-01-02-b.md",
        "blog/welcome.md",
        "news/2024/05/c.md",
        "news/2024/05/d.md",
    ]
    keys += ["news/2025/01/e.md", "news/2025/01/f.md", "docs/2-b.md", "docs/1-a.md", "docs/10-2024.md"]
    tree = tree_of([DocumentRow(key, 1, title=key.rpartition("/")[2]) for key in keys])
    assert outline(tree)[1:] == [
        {"docs": [["1-a.md", "2-b.md", "10-2024.md"]]},
        {"index.md": [["index.md", "welcome.md", "2025-01-02-b.md", "2024-12-30-a.md"]]},
        {"news": [[], {"2025/01": [["e.md", "f.md"]]}, {"2024/05": [["c.md", "d.md"]]}]},
    ]


def test_the_list_of_documents_is_there_without_javascript_and_leads_to_pages_or_the_reader() -> None:
    files = render_site(make_context(contents=Contents(DOCUMENTS)))
    soup = page(files, "documents.html")
    assert {link.get_text(): link["href"] for link in soup.select(".tree a")} == {
        "Handbook": "https://x.example/",
        "Questions": "index.html?doc=faq/index.html",
        "start()": "index.html?doc=api/v1/pump/start.md",
        EVIL: "index.html?doc=api/v1/pump/stop.md",
        "The guide": "index.html?doc=guide/index.md",
        "Pump & tank": "index.html?doc=guide/2-pump.md",
        "Oil": "index.html?doc=guide/10-oil.md",
    }
    assert [summary.get_text() for summary in soup.select("details[open] > summary")] == [
        "api/v1/pump 2",
        "The guide 3",
    ]
    assert not soup.select("main script")
    for name in PAGES[:-1]:
        assert page(files, name).select('header a[href="documents.html"]'), name


def test_of_very_many_documents_the_first_of_each_folder_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [*(f"a/{n}.md" for n in range(30)), *(f"b/{n}.md" for n in range(3)), *(f"{n}.md" for n in range(20))]
    rows = [DocumentRow(key, 1, title=key) for key in keys]
    monkeypatch.setattr(render, "LISTED", 30)
    soup = page(render_site(make_context(contents=Contents(rows))), "documents.html")
    assert [item.get_text(" ", strip=True).partition(" ")[0] for item in soup.select(".tree > ul > li")] == [
        *(f"{n}.md" for n in range(13)), "a", "b", "and",
    ]  # fmt: skip
    assert [item.get_text() for item in soup.select(".tree li") if item.get_text().startswith("and")] == [
        "and 16 more", "and 7 more",
    ]  # fmt: skip
    assert len(soup.select(".tree a")) == 30, "what the small folder does not need, the others have"
    assert "53 in release" in soup.select(".lead")[0].get_text()
    monkeypatch.setattr(render, "LISTED", 53)
    soup = page(render_site(make_context(contents=Contents(rows))), "documents.html")
    assert len(soup.select(".tree a")) == 53 and "All 53" in soup.select(".lead")[0].get_text()
    deep = [DocumentRow(f"a/b/c/d/{n}.md", 1, title="A") for n in range(99)]
    soup = page(render_site(make_context(contents=Contents(deep))), "documents.html")
    assert len(soup.select(".tree a")) == 53, "however deep the folders are"


def test_the_release_page_says_how_old_the_documents_of_each_source_are() -> None:
    told = [("shop", "2026-01-02T10:00:00Z", 3), ("shop", "2025-03-04", 7), ("faq", "", 2), (EVIL, "", 1)]
    rows = [
        DocumentRow(f"{source}:{n}", sequence, metadata=json.dumps({"source": source, "updated": updated}))
        for n, (source, updated, sequence) in enumerate(told)
    ]
    soup = page(render_site(make_context(contents=Contents(rows))), "release.html")
    found = [[cell.get_text() for cell in row.select("td")] for row in soup.select("[aria-labelledby=ages] tbody tr")]
    assert sorted(found) == sorted([
        [EVIL, "1", "not said", "not said", "1"],
        ["faq", "1", "not said", "not said", "2"],
        ["shop", "2", "2025-03-04", "2026-01-02", "3 to 7"],
    ])  # fmt: skip
    undated = make_context(contents=Contents([DocumentRow("a.md", 1)]))
    assert not page(render_site(undated), "release.html").select("#ages")  # nothing to say


def test_the_release_page_says_what_was_read_and_what_was_not() -> None:
    contents = Contents(
        kinds=(FileKind(".md", 12, 10, "some are left out"), FileKind(".pdf", 3, 0, "nothing reads them")),
        left_out={"drafts": 2},
        leftovers={"a.md": ["{{"]},
        without_text=["b.md"],
        private_keys=["tls.md"],
        stale=["old.pdf"],
        duplicates=[["c.md", EVIL]],
        made_by={"vademecum": "1.2", "chunker": "structure-7"},
    )
    soup = page(render_site(make_context(contents=contents)), "release.html")
    rows = [[cell.get_text() for cell in line.select("td")] for line in soup.select("#read + .scroll tbody tr")]
    assert rows == [[".md", "12", "10", "some are left out"], [".pdf", "3", "0", "nothing reads them"]]
    text = soup.get_text(" ", strip=True)
    for said in (
        "2 drafts",
        "Markup that stands as text 1 a.md",
        "by their titles alone 1 b.md",
        "With a private key, as an example 1 tls.md",
        "Stale: older than what their source has, which cannot be read 1 old.pdf",
        f"c.md, {EVIL}",
        "Builder vademecum 1.2 Chunker structure-7 Epoch",
    ):
        assert said in text
    assert not page(render_site(make_context()), "release.html").select("#read")
