"""HTML pages: where their text lies, what nobody reads there, and which id a link can land on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vademecum.format.markup import Paragraph, Run, plain_runs
from vademecum_builder.chunking.markup import write
from vademecum_builder.readers.html.page import Page, look_at, name_parts, open_page, read_html, read_page
from vademecum_builder.readers.outline import block_text

SITES = Path(__file__).parents[3] / "sites"


def page(body: str, head: str = "<title>Pump</title>") -> Page:
    return read_page(open_page(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"))


def text(body: str) -> str:
    return "\n\n".join(block_text(block) for section in page(body).sections for block in section.blocks)


def anchors(body: str) -> dict[str, str]:
    return {" > ".join(section.headings): section.anchor for section in page(body).sections}


# What was written is kept


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        ("<p>a <b>b</b> <em>c</em> <code>d</code> <i>e <b>f</b></i>", "a **b** *c* `d` *e* ***f***"),
        (
            '<p>a <span class="docutils literal"><span class="pre">b</span></span> <span class="tt">c</span>',
            "a `b` `c`",
        ),
        ('<div class="markdown-alert"><p class="markdown-alert-title">Tip</p></div>', "**Tip**"),
        ("<details><summary>Oil leaks</summary></details>", "**Oil leaks**"),
        ('<div class="admonitionHeading_Gvgb"><span><svg></svg></span>tip</div>', "**tip**"),
        ("<p>See <a href=b.html#c>the <code>x*y</code>\n page</a>.", "See [the `x*y` page](b.html#c)."),
        ("<p><a href='javascript:x'>a</a> <a href='data:x'>b</a> <a>c</a>", "a b c"),
        ("<p>a<img src=b.png alt='a lamp'>c", "a ![a lamp](b.png) c"),
        ("<p>a<a href=/joe><img class='avatar small' width=30 src=b.png alt=joe></a>c", "ac"),
        ("<p>a<br><a href=b>b</a>", "a\n[b](b)"),
        ("<p>*a* [b](c)", "\\*a\\* \\[b\\](c)"),
        (
            "<ul><li>a<li><p>b<p>c<ol start=3><li>d<li>e</ol><li><a href=f>f</a></ul>",
            "- a\n- b\nc\n  3. d\n  4. e\n- [f](f)",
        ),
        ("<table><tr><th>a<th>b<tr><td><td><code>c|d</code></table>", "| a | b |\n| --- | --- |\n|  | `c\\|d` |"),
        ("<pre><code class=language-sh>a <b>*</b>\n  b</code></pre>", "```sh\na *\n  b\n```"),
        (
            "<div class='highlight-python notranslate'><div><pre>a<button>copy</button></pre></div></div>",
            "```python\na\n```",
        ),
        ("<h2>A <b>b</b></h2><p><b>c", "**c**"),
    ],
)
def test_structure_is_kept(body: str, markdown: str) -> None:
    blocks = [block for section in page(f"<main>{body}</main>").sections for block in section.blocks]
    assert write([Paragraph((Run(b),)) if isinstance(b, str) else b for b in blocks]) == markdown


@pytest.mark.parametrize("site", sorted(path.name for path in SITES.iterdir() if path.is_dir()))
def test_structure_has_all_words_of_a_line(site: str) -> None:
    for path in (SITES / site).rglob("*.html"):
        for line in look_at(open_page(path.read_text(encoding="utf-8"))).flow.lines:
            kept = " | ".join(filter(None, map(plain_runs, line.cells))) or plain_runs(line.runs) or line.text
            shown, whole = (" ".join(text.split()) for text in (kept, line.text))
            assert shown in whole and {*shown.split()} == {*whole.split()}, path  # an image's words may be said twice


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            "<figure><img src=b.png alt='A pump'><figcaption>Figure 1: A pump</figcaption></figure>",
            ["Figure 1: A pump"],
        ),
        (
            "<div class=figure><p>Figure 2. Pumps</p><div><img src=b.png alt=pumps><p>Old</p></div>"
            "<div><img src=c.png alt=Pumps><p>New</p></div></div>",
            ["Figure 2. Pumps", "Old", "New"],
        ),
        ("<figure><img src=b.png alt='A pump'><figcaption>Pumps</figcaption></figure>", ["A pump", "Pumps"]),
        ("<p>The pump is oiled.<div><img src=b.png alt='The pump'></div>", ["The pump is oiled.", "The pump"]),
        *(  # what nobody sees says nothing
            (f"<figure><img src=b.png alt='A pump'>{unseen}</figure>", ["A pump"])
            for unseen in (
                "<figcaption hidden>A pump</figcaption>",
                "<button>Open A pump</button>",
                "<script type=application/json>{'a': 'A pump'}</script>",
            )
        ),
    ],
)
def test_a_picture_does_not_repeat_the_title_or_caption_of_its_figure(body: str, kept: list[str]) -> None:
    read = page(f"<main><h1>A</h1>{body}</main>")
    assert [block_text(block) for section in read.sections for block in section.blocks] == kept


# Where the text lies


@pytest.mark.parametrize(
    "body",
    [
        "<p>no</p><main>yes</main>",
        "<p>no</p><div role=main>yes</div>",
        "<p>no</p><article>yes</article>",
        "<main>no<div data-pagefind-body>yes</div></main>",
        "<main data-pagefind-body>no<div data-vademecum-body>yes</div></main>",
        "<main></main><article>yes</article>no",
        "<main><script>no()</script><button>no</button></main><div>yes</div>",
        "<header>no</header><nav>no</nav>yes<aside>no</aside><footer>no</footer>",
        "<div class=sidebar>no</div>yes<div id=footer>no</div>",
        "<div role=complementary>no</div>yes",
        f"<nav>{'no ' * 99}</nav>yes",
    ],
)
def test_the_content_is_what_the_page_says_it_is(body: str) -> None:
    assert text(body) == "yes"


def test_what_stands_around_a_list_is_no_part_of_its_items() -> None:
    assert text("<main>a<ul><li>b</ul>c<ol><li>d</ol>e</main>") == "a\n\nb\n\nc\n\nd\n\ne"


def test_all_of_several_articles_are_read() -> None:
    assert text("<article>a<article>b</article></article><article>c</article>") == "a\n\nb\n\nc"


def test_what_holds_the_text_is_not_left_out_for_its_name() -> None:
    assert text(f"<div class='with-toc sidebar'><p>{'text ' * 50}</p></div>").startswith("text")


def test_signatures_of_haddock_are_text_and_links_to_their_code_are_none() -> None:
    link = "<a href=src/P.html#pump class=link>Source</a> <a href=#v:pump class=selflink>#</a>"
    body = f"<main><p class=src><a id=v:pump class=def>pump</a> :: Tank {link}</p><p>Pumps.</p></main>"
    assert text(body) == "pump :: Tank\n\nPumps."
    assert text("<main><h3>Tank<a class=src href=x>Source</a></h3><p>A.</main>") == "A."  # rustdoc's


@pytest.mark.parametrize(
    "links",
    [
        "<p>Next: <a href=a.html rel=next>Pumps</a>, Up: <a href=b.html rel=up>Tanks</a> [<a href=c.html>Index</a>]",
        "<b>Next:</b> <a href=a.html>Pumps</a> <b>Up:</b> <a href=b.html>Tanks</a> <a href=c.html>Index</a>",
        "<table><tr><td>[<a href=a> &lt; </a>]<td>[<a href=b> &gt;&gt; </a>]<td>[<a href=c>Top</a>]</table>",
    ],
)
def test_lines_that_lead_to_the_pages_around_are_no_text(links: str) -> None:
    assert text(f"{links}<h1>Pump</h1><p>Before and after.</p><hr>{links}") == "Before and after."


@pytest.mark.parametrize("here", ["<a href=./>Pumps</a>", "Pumps"])
def test_a_line_that_says_where_the_page_stands_is_no_text(here: str) -> None:
    way = "<a href=https://a.org/>All</a> &gt; <a href=https://b.org/>Manual</a> &gt; <a href=../>Version 2</a>"
    assert text(f"<p>{way} &gt; {here}<p>Kept.") == "Kept."
    assert text(f"<p>Choose {way}.<p>Kept.") == "Choose All > Manual > Version 2.\n\nKept."


@pytest.mark.parametrize(
    "note",
    [
        '<sup class="footnote">[<a class="footnote" href="#_footnotedef_1">1</a>]</sup>',
        '<a class="footnote-reference superscript" href="#id5">1</a>',
        '<a href="#ftn.id" class="footnote"><sup class="footnote">[1]</sup></a>',
        '<a href="#fn1" role="doc-noteref">1</a>',
        '<sup><a id="text1" href="#note1">*</a></sup>',
        '<a name="tex2html1" href="notes.html#foot12"><sup>12</sup></a>',
        '<sup id="cite_ref-1" class="reference"><a href="#cite_note-1">[a]</a></sup>',
    ],
)
def test_what_leads_to_a_note_is_no_end_of_a_word(note: str) -> None:
    assert text(f"<p>The pump{note} turns.") == "The pump turns."


@pytest.mark.parametrize("raised", ["<sup>2</sup>", "<sup><a href='#n'>n</a></sup>", "<a href='#2'>2</a>"])
def test_what_is_raised_or_a_number_alone_is_text(raised: str) -> None:
    assert text(f"<p>x{raised} on.") in ("x2 on.", "xn on.")
    assert text("<p>As <a role=doc-noteref href='#n'>[1]</a> says.") == "As [1] says."


def test_the_name_of_a_site_may_have_brackets_in_its_own() -> None:
    assert name_parts("Axes (Manual (3.2))") == ("Axes", "(Manual (3.2))")


def test_a_sentence_with_such_words_is_text() -> None:
    said = "See <a href=a.html>pumps</a> next, and <a href=b.html>tanks</a>."
    assert text(f"<main><p>{said}</p></main>") == "See pumps next, and tanks."


# Lists of links


@pytest.mark.parametrize(
    "links",
    [
        "<p>Contents<ul><li><a href=a.html>One</a><li><a href=b.html>Two</a><ul><li><a href=b.html#c>3</a></ul></ul>",
        "<p><b>Contents</b><dl><dt>1. <a href=a.html>One</a><dt>2. <a href=b.html>Two</a></dl>",
        "<p><a href=a.html>One</a>, <a href=b.html>Two</a>, <a href=c.html>Three</a></p>",
        "<b>Below</b><ul><li><a href=a.html>1</a><ul><li><a href=b.html>2</a></ul><li><a href=c.html>3</a></ul>",
        "<p>On this page<ul><li><a href=#a>One</a><li><a href=#b>Two</a></ul>",
        f"<ul><li><a href=#a>{'Why ' * 60}</a><li><a href=#b>{'How ' * 60}</a></ul>",
    ],
)
def test_a_list_of_links_to_pages_is_no_text(links: str) -> None:
    assert text(f"<main><h1>Pump</h1><section>{links}</section><p>Before and after.</p></main>") == "Before and after."


@pytest.mark.parametrize(
    "kept",
    [
        "<p>See <a href=a.html>One</a> and <a href=b.html>Two</a></p>",
        "<ul><li><a href=https://a.org/>A</a><li><a href=https://b.org/>B</a><li><a href=//c.org/>C</a></ul>",
        "<dl><dt><a href=a.html>One</a><dt><a href=b.html>Two</a><dd>Both of them.</dl>",
        f"<a href=a.html><p>{'A card that says what it is. ' * 9}</a><a href=b.html><p>{'Another one here. ' * 9}</a>",
        "<ul><li><a href=a.html>One</a>: the first<li><a href=b.html>Two</a>: the second</ul>",
    ],
)
def test_links_that_say_more_than_where_they_lead_are_text(kept: str) -> None:
    said = " ".join(text(f"<main><h1>Pump</h1>{kept}</main>").split())
    assert said == " ".join(re.sub("<[^>]*>", " ", kept).split()).replace(" :", ":")


# What nobody reads


def test_a_heading_that_leads_back_to_the_contents_keeps_its_words() -> None:
    body = "<main><section id=a><h2><a class=toc-backref href=#i>Words</a><a class=headerlink href=#a>¶</a></h2><p>T"
    assert [section.headings for section in page(body).sections if section.headings] == [("Words",)]


def test_half_a_character_is_no_character() -> None:
    assert text("<p>a\ud800b") == "a?b"


def test_invisible_characters_are_dropped_and_no_break_spaces_are_spaces() -> None:
    body = "<p>key\u00adboard dra\u200bwer a\u2060b\ufeff c\u200cd one\u00a0two</p>"
    assert text(body) == "keyboard drawer ab cd one two"
    assert text("<p>می\u200cروم</p>") == "می\u200cروم"  # Persian needs it


@pytest.mark.parametrize(
    "code",
    [
        "<pre><span class=k>def</span> f():\n    <b>pass</b></pre>",
        "<pre><span class=linenos>1</span>def f():\n<span class=linenos>2</span>    pass</pre>",
        "<pre><code><span class=line>def f():</span>\n<span class=line>    pass</span></code></pre>",
        "<pre><div class=ec-line><div class=code>def f():</div></div><div class=ec-line>    pass</div></pre>",
        "<pre>def f():<br>    pass<br></pre>",
        "<div class=fragment><div class=line>def f():</div>\n<div class=line>    pass</div>\n</div>",
        "<div class=language-py><button class=copy></button><span class=lang>py</span>"
        "<pre>def f():\n    pass</pre></div>",
        "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre></td><td><pre>def f():\n    pass</pre></td>"
        "</tr></table>",
        "<table><tr><td class=left><pre>7\n8</pre></td><td class=right><pre>def f():\n    pass</pre></td></tr></table>",
    ],
)
def test_code_keeps_its_lines_and_nothing_else(code: str) -> None:
    assert text(f"<main>{code}</main>") == "def f():\n    pass"


def test_a_number_that_a_table_shows_as_code_stays() -> None:
    row = "<tr><td><pre>1</pre></td><td><pre>oil</pre></td></tr>"
    assert text(f"<main><table>{row}{row.replace('oil', 'air')}</table></main>") == "1 | oil\n\n1 | air"


# Where a link lands


def test_a_heading_that_is_a_link_keeps_its_text() -> None:
    assert anchors("<main><h2 id=a><a class=header href=#a>Oil</a></h2>a</main>") == {"Oil": "a"}
    assert anchors("<main><h2 id=a><a class=anchor href=#a>Oil</a></h2>a</main>") == {"Oil": "a"}


def test_what_is_said_to_be_a_heading_is_one_of_its_level() -> None:
    said_of = {"B": "aria-level=3", "C": "", "D": "aria-level=9", "E": "aria-level=1"}
    roles = "".join(f"<p role=heading {said}>{name}</p>x" for name, said in said_of.items())
    assert list(anchors(f"<main><h1>A</h1>a{roles}")) == ["A", "A > B", "A > C", "A > D", "E"]


def test_a_definition_list_without_ids_is_a_list() -> None:
    assert text("<main><dl><dt>a<dd>b<dt>c<dd>d</dl>") == "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Oil - Docs</title>", "<h1>Oil</h1>a", "Oil"),
        ("<title>Docs</title>", "<h1>Oil</h1>a", "Docs"),
        ("", "<h2>Oil</h2>a", "Oil"),
        ("<title>Oil</title>", "a", "Oil"),
        ("<title>Oil | Docs</title>", "<h1>M600 - Oil</h1>a", "Oil | Docs"),
        ("<title>Oil</title>", "<h1>M600 - Oil</h1>a", "M600 - Oil"),
        ("<title>Oil</title>", "<h1>Class Oil</h1>a", "Oil"),
    ],
)
def test_titles(head: str, body: str, title: str) -> None:
    assert page(f"<main>{body}</main>", head).title == title


def test_what_people_said_beside_a_document_of_google_is_not_of_it() -> None:
    page = read_html(
        '<html><body class="c1 doc-content"><p class="c2 title"><span>Pumps</span></p><h1 id="h.a">Turn</h1>'
        '<p>Turn it.<sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup>'
        '<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup></p>'
        '<div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a> A note.</p></div>'
        '<div class="c3"><p><a href="#cmnt_ref1" id="cmnt1">[a]</a>Jo: secret</p><p>More of it.</p></div></body></html>'
    )
    said = str(page.sections)
    assert page.title == "Pumps"
    assert "A note." in said and "Turn it." in said
    assert not any(left in said for left in ("secret", "More of it", "[a]"))


def test_who_made_a_page_of_confluence_is_not_of_it() -> None:
    page = read_html('<h1>A</h1><div class="page-metadata">Created by <span>Jo</span></div><p>Turn it.</p>')
    assert "Jo" not in str(page.sections) and "Turn it." in str(page.sections)


@pytest.mark.parametrize(
    ("attributes", "heading", "is_read"),
    [
        ('id="related"', "Related", False),
        ('id="related-posts"', "Related posts", False),
        ('id="cookie-consent"', "Cookie consent", False),
        ('id="related-managers"', "Related managers", True),
        ('id="related" class="sect1"', "Related", True),
    ],
)
def test_a_section_named_as_its_heading_is_text_unless_it_is_what_a_blog_has_below_an_article(
    attributes: str, heading: str, is_read: bool
) -> None:
    page = f"<body><h1>Oil</h1><p>Oil the axle.</p><section {attributes}><h2>{heading}</h2><p>More of it.</p></section>"
    assert ("More of it." in str(read_page(open_page(page)))) == is_read
