"""Documents: from raw Markdown, HTML and plain text to titled sections of plain text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import ContentError, UsageError
from vademecum.format.markup import Code, Item, Paragraph, Run
from vademecum_builder.chunking.markup import write
from vademecum_builder.profiles.config import read_yaml
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.markdown import read_markdown
from vademecum_builder.readers.outline import Block, Section, block_text
from vademecum_builder.readers.slugs import GITHUB
from vademecum_builder.sources.base import HTML, MARKDOWN, PLAIN_TEXT, SourceItem


def read(text: str, media_type: str = MARKDOWN, key: str = "guide/keys.md", base_url: str = "") -> Document:
    return parse_document(SourceItem(key, media_type, text.encode()), base_url=base_url)


def blocks(text: str, media_type: str = MARKDOWN) -> tuple[str, ...]:
    """The plain text of each block."""
    return texts_of(read(text, media_type))


def texts_of(document: Document) -> tuple[str, ...]:
    return tuple(block_text(block) for section in document.sections for block in section.blocks)


# Markdown: structure


@pytest.mark.parametrize(
    "text",
    [
        "**bold** *it* `a*b*` ***both***",
        "[link *text*](http://x.org) [**`code`**](../a.md#b) [mail](mailto:a@b.org)",
        "![a pump](a.png) and [![badge](https://x.org/b.svg)](https://x.org)",
        "one\ntwo",
        "```python\ndef f():\n\n    return 1\n```",
        "````\n```\n````",
        "- a\n- b\n  1. c\n  2. d\n- e\n  - f\n    - g",
        "1. a\n\n```\nx\n```\n\n2. b",
        "| h1 | h2 |\n| --- | --- |\n| a \\| b | `x\\|y` |\n|  | [c](d.md) |",
        "a \\*b\\* \\[c\\](d) \\`e\\` \\\\ f\\![g](h)",
        "\\- a\n1\\. b",
    ],
)
def test_what_is_written_in_our_way_is_kept_as_it_is(text: str) -> None:
    (section,) = read(text.replace("\n", "  \n") if text in ("one\ntwo", "\\- a\n1\\. b") else text).sections
    assert write([b if not isinstance(b, str) else Paragraph((Run(b),)) for b in section.blocks]) == text


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("* a\n+ b\n\n3) c", (Item((Run("a"),)), Item((Run("b"),)), Item((Run("c"),), 0, 3))),
        ("- a\n\n  b", (Item((Run("a"),)), "b")),
        *(
            (f"~~~{info}\nx\n~~~", (Code("x", language),))
            for info, language in {
                "js {1}": "js",
                "ts{1,3-4}": "ts",
                "rust,editable": "rust",
                "md:line-numbers": "md",
                "{r, echo=FALSE}": "r",
                "{.python .numbered}": "python",
                "{=html}": "html",
                "c++": "c++",
                "[a.conf]": "",
            }.items()
        ),
        ("__a__ _b_", (Paragraph((Run("a", strong=True), Run(" "), Run("b", emphasis=True))),)),
        ("[a\nb](c.md)", (Paragraph((Run("a b", link="c.md"),)),)),
        ("[a][r]\n\n[r]: c.md", (Paragraph((Run("a", link="c.md"),)),)),
        ("> ## Part\n> text", (Paragraph((Run("Part", strong=True),)), "text")),
        ("![](a.png)", ()),
        ("<div><h2>Head</h2><p>Text.</p></div>", ("Head", "Text.")),
        (r"so $a_1 * b_2 * \\\frac{c}{d}$ is, for $5 or $6", (r"so $a_1 * b_2 * \\\frac{c}{d}$ is, for $5 or $6",)),
        (
            'a <b>b</b> <a href="c.md?d&amp;e">c <kbd>d</kbd></a> <img src=x.png alt="an x"> e</i>',
            (
                Paragraph(
                    (
                        Run("a "),
                        Run("b", strong=True),
                        Run(" "),
                        Run("c ", link="c.md?d&e"),
                        Run("d", code=True, link="c.md?d&e"),
                        Run(" "),
                        Run("an x", image="x.png"),
                        Run(" e"),
                    )
                ),
            ),
        ),
        ("![Edit *it*](e.svg) Edit it now", ("Edit it now",)),
        ('<a href="e.md"><img src="e.svg" alt="edit">Edit</a>', (Paragraph((Run("Edit", link="e.md"),)),)),
        ("![Edit](e.svg) Editors", (Paragraph((Run("Edit", image="e.svg"), Run(" Editors"))),)),
        ("![A pump](e.svg)\n*A pump*", (Paragraph((Run("A pump", emphasis=True),)),)),
        ("![A pump](e.svg)\n\nFigure 1: A pump.", ("Figure 1: A pump.",)),
        ("A pump:\n\n![a pump](e.svg)\n\nIts valve", ("A pump:", "Its valve")),
        ("![A pump](e.svg)\n\nPumps", (Paragraph((Run("A pump", image="e.svg"),)), "Pumps")),
        ("![Edit](e.svg) Read", (Paragraph((Run("Edit", image="e.svg"), Run(" Read"))),)),
        ("$a and `$b_c`, $d", (Paragraph((Run("$a and "), Run("$b_c", code=True), Run(", $d"))),)),
        ("$$\na_1 *b* \\\\ c_2\n$$", ("$$\na_1 *b* \\\\ c_2\n$$",)),
    ],
)
def test_other_ways_to_write_it(markdown: str, blocks: tuple[Block, ...]) -> None:
    assert tuple(block for section in read(markdown).sections for block in section.blocks) == blocks


@pytest.mark.parametrize(
    "link", ["[a](ftp://x)", "[a](javascript:x)", "[a](data:text/html,x)", f"[a]({'x' * 2001})", "![a](mailto:b)"]
)
def test_links_that_no_reader_may_follow_are_text(link: str) -> None:
    assert blocks(link) in (("a",), (link,))
    assert all(isinstance(block, str) for section in read(link).sections for block in section.blocks)


def test_images_and_files_are_addressed_from_the_folder_that_a_page_is_served_as() -> None:
    text = "![a](img/a.png) [b](b.md#c) [d](d.pdf) [e](/e.pdf) [f](https://x.org/f.png) [g](g/)\n\n- ![h](../h.svg)"
    site = "https://x.org/"
    assert "img/a.png" in addresses(text, "guide/keys.md", "") & addresses(text, "guide/index.md", site)
    assert addresses(text, "guide/keys.md", site) == {
        *("../img/a.png", "b.md#c", "../d.pdf", "/e.pdf", "https://x.org/f.png", "g/", "../../h.svg")
    }


def addresses(text: str, key: str, base_url: str) -> set[str]:
    blocks = [block for section in read(text, key=key, base_url=base_url).sections for block in section.blocks]
    runs = [run for block in blocks if isinstance(block, Paragraph | Item) for run in block.runs]
    return {run.link or run.image for run in runs} - {""}


# Markdown: sections


def test_sections_stand_under_their_headings() -> None:
    document = read(
        "# Keys\n\nIntro.\n\n## Rotate\n\nRun it.\n\n### Often\n\nYes.\n\n## Lose\n\nNo.\n\n# More\n\nEnd.\n"
    )
    assert document.title == "Keys"
    assert document.sections == (
        Section((), "keys", ("Intro.",)),
        Section(("Rotate",), "rotate", ("Run it.",)),
        Section(("Rotate", "Often"), "often", ("Yes.",)),
        Section(("Lose",), "lose", ("No.",)),
        Section(("More",), "more", ("End.",)),
    )


def test_text_before_the_first_heading_has_no_anchor() -> None:
    assert read("Hello.\n\n## One\n\nx").sections[0] == Section((), "", ("Hello.",))


def test_levels_may_be_left_out() -> None:
    headings = [section.headings for section in read("Text.\n\n## A\n\n#### B\n\n### C\n\n## D\n").sections]
    assert headings == [(), ("A",), ("A", "B"), ("A", "C"), ("D",)]


@pytest.mark.parametrize(
    ("text", "title", "headings"),
    [
        ("## Installing\n\nBolt.\n\n### On wood\n\nMore.\n", "Installing", [(), ("On wood",)]),
        ("### Deep\n\nBolt.\n", "Deep", [()]),
        ("## One\n\n1\n\n## Two\n\n2\n", "One", [(), ("Two",)]),
        ("Text.\n\n## One\n\n1\n", "Keys", [(), ("One",)]),
        ("## One\n\n1\n\n# Whole\n\n2\n", "Whole", [("One",), ()]),
    ],
)
def test_a_page_that_begins_with_a_heading_is_called_by_it(
    text: str, title: str, headings: list[tuple[str, ...]]
) -> None:
    document = read(text)
    assert (document.title, [section.headings for section in document.sections]) == (title, headings)


@pytest.mark.parametrize(
    "text", ["# T\n\nThe key\u00adboard, zero\u200bwidth\u2060.\n", "# T\n\n- The key\u00adboard, zero\ufeffwidth.\n"]
)
def test_what_nobody_sees_is_no_part_of_a_word(text: str) -> None:
    (section,) = read(text).sections
    assert block_text(section.blocks[0]) == "The keyboard, zerowidth."


def test_a_pasted_picture_is_no_text() -> None:
    data = base64.b64encode(bytes(range(256)) * 80).decode()
    wrapped = "\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    for picture in (
        f"![photo](data:image/png;base64,{data})",
        f'<img alt="photo" src="data:image/png;base64,{wrapped}">',
    ):
        document = read(f"# T\n\nThe pump {picture} is red.\n")
        shown = " ".join(block_text(block) for section in document.sections for block in section.blocks)
        assert "is red." in shown and len(shown) < 40
        assert document.warnings == ()
    assert "data:text/plain;base64,aGk=" in block_text(
        read("# T\n\n`data:text/plain;base64,aGk=`\n").sections[0].blocks[0]
    )


@pytest.mark.parametrize(
    ("url", "expected", "anchors"),
    [
        ("https://ex.org/?page=3#part", "https://ex.org/?page=3", ["part", "oil"]),
        ("https://ex.org/#/pump", "https://ex.org/#/pump", ["", ""]),
        ("https://ex.org/#!pump", "https://ex.org/#!pump", ["", ""]),
        ("https://ex.org/a", "https://ex.org/a", ["", "oil"]),
    ],
)
def test_an_address_has_one_fragment(url: str, expected: str, anchors: list[str]) -> None:
    document = read(f"---\nurl: {url}\n---\nRed lever.\n\n## Oil\n\nIn May.\n")
    assert (document.url, [section.anchor for section in document.sections]) == (expected, anchors)


@pytest.mark.parametrize("space", ["\n", " ", "\n\n  "])
def test_white_space_before_front_matter_is_none_of_it(space: str) -> None:
    for head in ("---\ntitle: Pump\n---\n", '+++\ntitle = "Pump"\n+++\n'):
        document = read(f"{space}{head}\nWater.\n")
        assert (document.title, texts_of(document)) == ("Pump", ("Water.",))
    assert blocks(f"{space}---\n\nWater.\n\n---\n\nOil.\n") == ("Water.", "Oil.")


def test_a_front_matter_title_keeps_another_h1_as_heading() -> None:
    document = read("---\ntitle: All keys\n---\n# Keys\n\nx\n")
    assert document.title == "All keys"
    assert document.sections == (Section(("Keys",), "keys", ("x",)),)
    assert read("---\ntitle: '  Keys '\n---\n# Keys\n\nx\n").sections == (Section((), "keys", ("x",)),)


@pytest.mark.parametrize(
    ("heading", "text", "anchor"),
    [
        ("## Rotate { #turn }", "Rotate", "turn"),
        ("## Rotate {#turn}", "Rotate", "turn"),
        ("## Rotate {: #turn .big data-x=1 }", "Rotate", "turn"),
        ("## Rotate { .big #__a_b__ }", "Rotate", "__a_b__"),
        ("## Rotate { .big }", "Rotate", "rotate"),
        ("Rotate { #turn }\n---", "Rotate", "turn"),
        ("## Use {name}", "Use {name}", "use-name"),
        ("## Use {}", "Use {}", "use-"),
        ("## `{ #x }` first", "{ #x } first", "-x--first"),
        ("## A & B: C! 🤓", "A & B: C! 🤓", "a--b-c-"),
        ("## snake_case **Über** `x`", "snake_case Über x", "snake_case-über-x"),
    ],
)
def test_anchors(heading: str, text: str, anchor: str) -> None:
    (section,) = read(f"---\ntitle: t\n---\n{heading}\n").sections
    assert (section.headings, section.anchor) == ((text,), anchor)


def test_slugs_keep_marks_of_scripts_that_need_them() -> None:
    assert GITHUB.slug("हिन्दी पाठ") == "हिन्दी-पाठ"


def test_a_code_of_an_emoji_is_shown_as_one_and_the_anchor_is_that_of_its_name() -> None:
    text = "# :tada: Party\n\n## Oil :+1:\n\n"
    text += "A :white_check_mark:, `:tada:`, std::io::x, 10:30:45, :ref: a:key:b, /a/:id:/b.\n"
    document = parse_document(SourceItem("a.md", MARKDOWN, text.encode()))
    assert document.title == "🎉 Party"
    assert [(section.headings, section.anchor) for section in document.sections] == [
        ((), "tada-party"),
        (("Oil 👍",), "oil-1"),
    ]
    assert block_text(document.sections[1].blocks[0]) == "A ✅, :tada:, std::io::x, 10:30:45, :ref: a:key:b, /a/:id:/b."


def test_anchors_are_unique_in_the_page() -> None:
    text = "# T\n## a\n## a { #a }\n## a-1\n## a\n> ## q\n\n## q\n## 🤓\n## 🤓\n"
    anchors = [section.anchor for section in read(text).sections]
    assert anchors == ["t", "a", "a", "a-1", "a-2", "q-1", "", ""]


def test_a_heading_too_long_to_be_one_keeps_its_text() -> None:
    document = read("Text.\n\n## " + "word " * 100)
    _, section = document.sections
    assert len(section.headings[0]) <= 200
    assert section.headings[0].endswith("word…")
    assert section.blocks == (("word " * 100).strip(),)


# Markdown: plain text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold** _it_ ~~gone~~ `a*b*` <https://x.org> \\*", "bold it gone a*b* https://x.org *"),
        ("[link *text*](http://x.org 'title') ![a **pump**](a.png)", "link text a pump"),
        ("[ref]\n\n[ref]: http://x.org", "ref"),
        ("a <b>b</b> <!-- no --> &amp; &lt;c&gt;", "a b  & <c>"),
        ("one\ntwo", "one two"),
        ("one\\\ntwo<br>three", "one\ntwo\nthree"),
        ("```python\ndef f():\n\n    return 1\n```", "def f():\n\n    return 1"),
        ("    indented\n      code", "indented\n  code"),
        ("- a\n- b\n  1. c\n\n     d\n- ```\n  x = 1\n  ```", "a|b|c|d|x = 1"),
        ("| h1 | h2 |\n|----|:--:|\n| a  | `b` |\n| | c |", "h1 | h2|a | b|c"),
        ("<table><tr><th>A<th>B</tr><tr><td>1</td><td>2</td></tr></table>", "A | B|1 | 2"),
        ("<!-- nothing -->\n\n<script>\nevil()\n\nmore()\n</script>\n\nyes", "yes"),
        ("/// note | Watch *out*\n\nx\n\n///", "Watch out|x"),
        ("/// tip\nx\n///", "x"),
        ('!!! warning "Take care"\n    x', "Take care x"),
        ("!!!tip\nx\n\n**!!!THIS WORKS ONCE!!!**\n\n???what is this", "x|!!!THIS WORKS ONCE!!!|???what is this"),
        ("::: info Title\nx\n:::", "Title x"),
        ("a\n\n{* ../docs_src/a.py hl[1] *}\n\nb", "a|b"),
        ("{! a.md !}\n\n{% include 'x' %}\n\n--8<-- \"x\"\n\n{{ name }}", "{{ name }}"),
        ("> one\n>\n> two", "one|two"),
        (
            "If **$XDG_HOME** is set, **$XDG_HOME/a**; $a_1$ is maths.",
            "If $XDG_HOME is set, $XDG_HOME/a; $a_1$ is maths.",
        ),
        ("Words[^1].\n\n[^1]: A *note*.\n\n# Next\n\n`[^1]` and [^2]", "Words.|A note.|[^1] and [^2]"),
        (
            "<table><tr><th>A<th>B</tr>\n\n<tr><td><b>x</b><br>y</td><td>1</td></tr>\n<tr><td>z</td><td>\n\n*two*\n\n</td></tr>\n\n"
            "</table>\n\nAfter.",
            "A | B|x y | 1|z | two|After.",
        ),
        ("<table>\n    <tr><td>a</td></tr>\n\n    <tr><td>b</td></tr>\n\n</table>\n\nAfter.", "a|b|After."),
        ("<table><tr><td>\n\n    b\n\n</td></tr></table>", "b"),
        ("<table><tr><td>open\n\nwords", "open|words"),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, text: str) -> None:
    assert "|".join(blocks(markdown)).replace(" | ", "\t") == text.replace(" | ", "\t")


def test_cells_and_items_of_html_within_a_line_are_words_apart() -> None:
    """Renderers leave it as it is, and a table in a cell cannot be written otherwise."""
    cell = "Fields<table><tr><th>Name</th><th>Type</th></tr><tr><td>`url`</td><td>text</td></tr></table>end"
    told = f"| a | b |\n| --- | --- |\n| 1 | {cell} |\n\nOne<ul><li>two</li><li>**three**</li></ul>f<b>ou</b>r\n"
    [section] = read_markdown(told).sections
    assert [block_text(block) for block in section.blocks] == [
        "a | b",
        "1 | Fields Name Type url text end",
        "One two three four",
    ]


def test_control_characters_never_reach_a_document() -> None:
    document = read(
        '---\nx: "\\x1f\\ud800a"\ntitle: "a\\x1fb\\ud800"\n---\n## c&#31;\x1fd\n\n'
        "\x1b[1;31me\x1b[m\x07&#x1f;f\x0cg\ttab\r\nh"
    )
    assert document.title == "ab"
    assert document.metadata == {"x": "a"}
    assert document.sections[0].headings == ("c\N{REPLACEMENT CHARACTER}d",)
    assert document.sections[0].blocks == ("e\N{REPLACEMENT CHARACTER}f g\ttab h",)


# Titles


@pytest.mark.parametrize(
    ("key", "text", "title"),
    [
        ("guide/getting-started_now.md", "Text.\n\n## x", "Getting started now"),
        ("guide/README.md", "x", "Guide"),
        ("guide/index.md", "x", "Guide"),
        ("index.md", "x", "Index"),
        ("a.md", "x\n\n## B\n\n# *Real* `title`\n", "Real title"),
        ("a.md", "---\ntitle: 2025\n---\n# H", "2025"),
        ("a.md", "---\ntitle: ''\n---\n# H", "H"),
        ("a.md", "---\ntitle: [x]\n---\n# H", "H"),
        ("-.md", "x", "-"),
        ("07_Frequently_Asked.md", "x", "Frequently Asked"),
        ("Procès-verbal de réunion_2.md", "x", "Procès-verbal de réunion 2"),
        ("guide/10_filter.md", "x", "Filter"),
        ("02-install/index.md", "x", "Install"),
        ("2-factor.md", "x", "2 factor"),
        ("2_factor.md", "x", "2 factor"),
        ("0-rtt.md", "x", "0 rtt"),
        ("2024_review.md", "x", "2024 review"),
        ("0001-use-markdown.md", "x", "0001 use markdown"),
        ("v1.3/_index.md", "x", "v1.3"),
        ("03.md", "x", "03"),
    ],
)
def test_titles(key: str, text: str, title: str) -> None:
    assert read(text, key=key).title == title


# Front matter


def test_front_matter_becomes_json_metadata() -> None:
    document = read(
        "---\ntitle: T\nslug: s\ndate: 2025-09-20\nat: 2025-09-20 10:00:00\ntags: [a, 1, 1.5, true, null]\n"
        "nested: {1: {b: c}}\n---\nx\n"
    )
    assert document.metadata == {
        "date": "2025-09-20",
        "at": "2025-09-20T10:00:00",
        "tags": ["a", 1, 1.5, True, None],
        "nested": {"1": {"b": "c"}},
    }
    assert document.warnings == ()
    assert blocks("---\ntitle: T\n---\nx\n") == ("x",)


def test_a_tab_parts_a_name_and_its_value() -> None:
    document = read('---\ntitle:\t"T"\ntags:\t[a,\tb]\nnested:\t\n  at: 1\t# one\nsaid: |\n  a:\tb\n---\nx\n')
    assert (document.title, document.warnings) == ("T", ())
    assert document.metadata == {"tags": ["a", "b"], "nested": {"at": 1}, "said": "a:\tb"}


def test_a_tag_that_only_the_site_knows_leaves_the_page_its_front_matter() -> None:
    document = read("---\ntitle: T\nneeds: !HEATER\npath: !file a.md\nall: !any [a, b]\nnone: ! x\n---\nx\n")
    assert (document.title, document.warnings) == ("T", ())
    assert document.metadata == {"needs": "HEATER", "path": "file a.md", "all": ["a", "b"], "none": "x"}


@pytest.mark.parametrize(
    ("front_matter", "warning"),
    [
        ("title: [\nx", "line 3: the front matter is not valid YAML (did not find expected"),
        ("a: b: c", "line 2: the front matter is not valid YAML (mapping values are not allowed here)"),
        ("a:\n\tb: c", "line 3: the front matter is not valid YAML (found character '\\t' that cannot start any"),
        ("- a", "line 2: the front matter is not a mapping"),
        ("just text", "line 2: the front matter is not a mapping"),
        ("a: !!python/object:os.system {}", "line 2: the front matter is not valid YAML (could not determine"),
        ("a: 2025-13-45", "line 2: the front matter is not valid YAML (month must be"),
        ('a: !!int ""', "line 2: the front matter is not valid YAML"),
        ("a: !!bool x", "line 2: the front matter is not valid YAML"),
        ("a: !!timestamp x", "line 2: the front matter is not valid YAML"),
        ("? {}\n: x", "line 2: the front matter is not valid YAML"),
        ("a: " + "[" * 700, "line 2: the front matter is not valid YAML (nested too deeply)"),
    ],
)
def test_broken_front_matter_is_named_and_the_rest_is_read(front_matter: str, warning: str) -> None:
    document = read(f"---\n{front_matter}\n---\n# Title\n\nBody.\n")
    (found,) = document.warnings
    assert found.startswith(f"guide/keys.md: {warning.partition('(')[0]}")
    assert warning.partition("(")[2][:10] in found or "expected" in found
    assert "\n" not in found
    assert (document.title, document.metadata) == ("Title", {})
    assert document.sections == (Section((), "title", ("Body.",)),)


MERGE_BOMB = "m0: &m0 {x: 1, y: 2}\n" + "".join(f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 60))
"""Each line is twice the one before: 1.7 kB that would take 2^60 steps."""


def test_aliases_that_double_with_each_line_are_left_out_and_told_at_once() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]" for n in range(40))]
    document = read("---\n" + "\n".join(lines) + "\n---\n# T\n\nText.\n")
    assert document.title == "T"
    kept = len(document.metadata)
    assert 5 < kept < 12 and len(document.warnings) == 41 - kept
    assert all("more than 1000 values" in warning for warning in document.warnings)
    assert read_yaml("\n".join(lines)) == {}


def test_a_configuration_may_be_long() -> None:
    nav = [{f"Page {n}": f"{n}.md"} for n in range(1500)]
    assert read_yaml("nav:\n" + "".join(f"- Page {n}: {n}.md\n" for n in range(1500))) == {"nav": nav}


@pytest.mark.parametrize("text", ['{\n\t"a": 1\n}', "{a: 1}", ' {"a": 1,}', "a: 1"])
def test_a_configuration_may_be_json_or_look_like_it(text: str) -> None:
    assert read_yaml(text) == {"a": 1}


def test_merge_keys_that_double_with_each_line_are_read_at_once() -> None:
    """PyYAML's own part since 6.0.4, the oldest that pyproject.toml takes."""
    assert read(f"---\n{MERGE_BOMB}---\n# Title\n").metadata["m59"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("9007199254740993", "Integer"),
        ("0x" + "f" * 5000, "Integer"),
        ("!!binary aGk=", "bytes"),
        ("!!set {a, b}", "set"),
        ("&x [*x]", "recursion"),
        ("[" * 40 + "1" + "]" * 40, "nested deeper than 32"),
        ("{1: a, '1': b}", "twice"),
    ],
)
def test_values_that_are_not_json_are_left_out_one_by_one(value: str, reason: str) -> None:
    document = read(f"---\ngood: 1\nbad: {value}\n---\nx\n")
    assert document.metadata == {"good": 1}
    (warning,) = document.warnings
    assert warning.startswith("guide/keys.md: line 2: 'bad' in the front matter is left out: ")
    assert reason in warning


def test_two_rules_are_not_front_matter_unless_they_begin_the_file() -> None:
    assert blocks("a\n\n---\n\nb: c\n\n---\n") == ("a", "b: c")
    assert blocks("---\nnever closed\n") == ("never closed",)


# URLs


@pytest.mark.parametrize(
    ("key", "media_type", "url"),
    [
        ("guide/keys.md", MARKDOWN, "https://x.org/kb/guide/keys/"),
        ("guide/index.md", MARKDOWN, "https://x.org/kb/guide/"),
        ("README.md", MARKDOWN, "https://x.org/kb/"),
        ("a b/ü#?.md", MARKDOWN, "https://x.org/kb/a%20b/%C3%BC%23%3F/"),
        ("guide/keys.html", HTML, "https://x.org/kb/guide/keys.html"),
        ("notes.txt", PLAIN_TEXT, "https://x.org/kb/notes.txt"),
    ],
)
@pytest.mark.parametrize("base_url", ["https://x.org/kb", "https://x.org/kb/"])
def test_urls_follow_the_key(key: str, media_type: str, url: str, base_url: str) -> None:
    assert read("x", media_type, key, base_url).url == url
    assert read("x", media_type, key).url == ""


@pytest.mark.parametrize(
    "base_url",
    [
        "https://github.com/o/r/blob/main/",
        "https://gitlab.example/g/r/-/blob/v2/docs",
        "https://codeberg.org/o/r/src/branch/main/",
    ],
)
def test_where_a_forge_shows_the_files_an_address_is_that_of_the_file(base_url: str) -> None:
    document = read(
        "---\nslug: b\npermalink: /c/\n---\n# A\n\n## Rotating keys\n\nx", key="a b/README.md", base_url=base_url
    )
    assert document.url == f"{base_url.removesuffix('/')}/a%20b/README.md"
    assert [section.anchor for section in document.sections if section.blocks] == ["rotating-keys"]
    assert not document.metadata


@pytest.mark.parametrize(
    ("front_matter", "url"),
    [
        ("url: https://y.org/a", "https://y.org/a"),
        ("permalink: /keys/", "https://x.org/kb/keys/"),
        ("url: keys.html?a:b", "https://x.org/kb/keys.html?a:b"),
        ("slug: turn", "https://x.org/kb/guide/turn/"),
        ("slug: /top/turn/", "https://x.org/kb/top/turn/"),
        ("slug: Web/API/Thing", "https://x.org/kb/Web/API/Thing/"),
        ("slug: ''", "https://x.org/kb/guide/keys/"),
        ("url: ''", "https://x.org/kb/guide/keys/"),
    ],
)
def test_front_matter_names_the_url(front_matter: str, url: str) -> None:
    document = read(f"---\n{front_matter}\n---\nx", base_url="https://x.org/kb/")
    assert (document.url, document.metadata, document.warnings) == (url, {}, ())


def test_an_address_of_the_site_is_none_where_the_site_is_not_known() -> None:
    assert read("---\npermalink: /keys/\n---\nx").url == ""


def test_a_pattern_is_no_address() -> None:
    document = read("---\npermalink: /:categories/:title.html\n---\nx", base_url="https://x.org/")
    assert document.url == "https://x.org/guide/keys/" and "is left out" in document.warnings[0]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        '"java\\tscript:x"',
        "data:text/html,x",
        "vbscript:x",
        '"\\u00a0javascript:alert(1)"',
        '"\\x01javascript:x"',
        "view-source:https://x.org",
        "blob:https://x.org/1",
        "file:///etc",
        "http://[",
        "https://x.org/a b",
        "https://x.org/" + "a" * 2000,
    ],
)
def test_unsafe_urls_are_dropped_with_a_warning(url: str) -> None:
    document = read(f"---\nurl: {url if url.startswith(chr(34)) else repr(url)}\n---\nx")
    assert document.url == ""
    (warning,) = document.warnings
    assert warning.startswith("guide/keys.md: URL '")
    assert "\t" not in warning


# Plain text and HTML


def test_plain_text() -> None:
    document = read("\n\nThe title\n=========\n\none\ntwo\n\n \n\nthree\n", PLAIN_TEXT, "a.txt")
    assert document.title == "The title"
    assert document.sections == (Section((), "", ("one\ntwo", "three")),)


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("Title\n\nx", "Title", ("x",)),
        ("First line\nsecond line", "First line", ("First line\nsecond line",)),
        ("long " * 20 + "\n\nx", "My notes", (("long " * 20).strip(), "x")),
        ("", "My notes", ()),
        ("# not *markdown*", "not *markdown*", ()),
        ("// Enable it\nlisten 80;", "Enable it", ("// Enable it\nlisten 80;",)),
        ("; -- Zone\n\nx", "; -- Zone", ("x",)),
        ("-- Zone\n\nx", "Zone", ("x",)),
        ("--help\n\nx", "--help", ("x",)),
    ],
)
def test_titles_of_plain_text(text: str, title: str, expected: tuple[str, ...]) -> None:
    document = read(text, PLAIN_TEXT, "my-notes.txt")
    assert document.title == title
    assert texts_of(document) == expected


PAGE = """<!doctype html><html><head><title>Keys - My site</title><meta name="description" content=" All
 keys "><style>x{}</style></head><body><header>HEAD</header><nav>NAV</nav><main>
<h1 id="k">Keys<a class="headerlink" href="#k">¶</a></h1>
<p>Hello <b>wor</b>ld &amp; <!-- c --> co<br>next <img alt="a picture"></p>loose text
<ul><li>one<ul><li>nested</li></ul></li><li><p>two</p></li></ul>
<h2>Run <code>it</code></h2><pre><code>def f():

    return 1
</code></pre><table><tr><td>a</td><td></td><td>b</td></tr><tr><td>c</td></tr></table>
<div>x<div>y</div>z</div><script>evil()</script><template>T</template><noscript>N</noscript></main></body></html>"""


def test_html() -> None:
    document = read(PAGE, HTML, "guide/keys.html", "https://x.org")
    assert (document.key, document.title) == ("guide/keys.html", "Keys")
    assert document.url == "https://x.org/guide/keys.html"
    assert document.metadata == {"description": "All keys"}
    assert [(section.headings, section.anchor) for section in document.sections] == [((), "k"), (("Run it",), "")]
    assert texts_of(document) == (
        *("Hello world & co\nnext a picture", "loose text", "one", "nested", "two"),
        *("def f():\n\n    return 1", "a | b", "c", "x", "y", "z"),
    )


@pytest.mark.parametrize(
    ("page", "title", "headings"),
    [
        ("<title>T</title><h1>Keys</h1>x", "T", ("Keys",)),
        ("<h1>Keys</h1>x", "Keys", ()),
        ("<header><h1>Keys</h1></header><main>x</main>", "Keys", ()),
        ("<title> </title><p>x", "A", ()),
        ("<?xml version='1.0'?><rss><p>x</p></rss>", "A", ()),
        ("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><p>x</p></html>", "A", ()),
    ],
)
def test_titles_of_html(page: str, title: str, headings: tuple[str, ...]) -> None:
    document = read(page, HTML, "a.html")
    assert (document.title, document.sections[0].headings) == (title, headings)
    assert "x" in blocks(page, HTML)


def test_article_and_body_stand_in_for_main() -> None:
    assert blocks("<body>no<article>yes</article></body>", HTML) == ("yes",)
    assert blocks("<body><nav>no</nav>yes</body>", HTML) == ("yes",)


def test_an_unclosed_comment_hides_the_rest_as_in_a_browser() -> None:
    assert blocks("<p>a</p><!-- b --><p>c</p><!-- never closed <p>d</p>", HTML) == ("a", "c")


def test_empty_cells_leave_no_marks() -> None:
    assert blocks("<table><tr><td></td><td>a</td><td></td></tr></table>", HTML) == ("a",)


def test_an_unclosed_heading_loses_no_text() -> None:
    page = "<h1>Title<p>" + "text " * 100
    assert any("text text" in block for block in blocks(page, HTML))


# Hostile input


@pytest.mark.parametrize("media_type", [MARKDOWN, HTML, PLAIN_TEXT])
@pytest.mark.parametrize(
    "text",
    [
        "> " * 20_000,
        "- " * 20_000,
        "[" * 50_000,
        "*a **" * 10_000,
        "<div>" * 10_000,
        "<b>" * 10_000,
        "<" * 50_000,
        "<!--" * 20_000,
        "<![foo>x",
        "<p><![foo]>",
        "<![CDATA[" * 9_000,
        "&#" + "9" * 9_000 + ";",
        "<p title='&#" + "9" * 9_000 + ";'>&#x" + "f" * 9_000 + ";",
        "x" * 100_000,
        "# a\n" * 3_000,
        "\n" * 50_000,
        "---\n" + "{a: " * 2_000 + "\n---\n",
        "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 60,
    ],
)
def test_hostile_input_is_read(text: str, media_type: str) -> None:
    assert read(text, media_type).title


def test_what_is_nested_too_deeply_is_left_out_with_a_warning() -> None:
    document = read("seen\n\n" + "> " * 100 + "deep")
    assert blocks("seen\n\n" + "> " * 100 + "deep") == ("seen",)
    assert document.warnings == ("guide/keys.md: nested deeper than 40 levels: what lies deeper is left out",)
    assert read("> " * 15 + "fine").warnings == ()


def test_a_huge_paragraph_is_taken_as_it_is_with_a_warning() -> None:
    document = read("# T\n\n" + "*a* " * 3_000)
    assert document.sections[0].blocks == (("*a* " * 3_000).strip(),)
    assert document.warnings == ("guide/keys.md: line 3: a paragraph of more than 10000 characters: taken as it is",)


def test_errors_name_the_file() -> None:
    with pytest.raises(ContentError, match=r"^guide/keys\.md: binary"):
        read("\0")
    with pytest.raises(UsageError, match=r"^guide/keys\.md: no reader for image/png"):
        read("x", "image/png")


# fmt: off
MARKUP = [
    "<", "<!", "<![", "<!--", "-->", "]]>", ">", "<p", "<div>", "</div>", "<h1>", "</h1>", "<pre>", "</pre>",
    "<table><tr><td>", "<br>", "<ul><li>", "<script>", "</script>", "<?", "DOCTYPE ", "CDATA[", "[", "]", "x=\"", "'",
    "&#31;", "&#xd800;", "!!int ", "&a ", "*a", ": ", "title: ", "---\n", "{ #id }", "///", "!!! ", "```", "\\", "#",
    "# ", "- ", "1. ", "> ", "|", "| a | b |\n|--|--|\n", "a", " ", "    ", "\n", "\n\n", "\t", "\r", "\x1f", "\x85",
]
# fmt: on


@pytest.mark.slow
@given(st.lists(st.sampled_from(MARKUP)).map("".join) | st.text(), st.sampled_from([MARKDOWN, HTML, PLAIN_TEXT]))
def test_any_text_gives_a_clean_document(text: str, media_type: str) -> None:
    file = SourceItem("a.x", media_type, text.replace("\0", "").encode())
    document = parse_document(file, base_url="b/")
    assert document == parse_document(file, base_url="b/")
    json.dumps(document.metadata, allow_nan=False)
    headings = [heading for section in document.sections for heading in (*section.headings, section.anchor)]
    lines = [document.title, *headings, *document.warnings]
    assert document.title
    assert not any(ord(character) < 32 for line in lines for character in line)
    texts = list(texts_of(document))
    assert not any(ord(character) < 32 and character not in "\n\t" for block in texts for character in block)
    assert all(block.strip() for block in texts)
    "".join(lines + texts).encode()


TOML = '+++\ntitle = "Pump manual"\nweight = 3\nat = 2024-01-02\n+++'
JSON = '{"title": "Pump manual", "weight": 3, "at": "2024-01-02"}'


@pytest.mark.parametrize("front", [TOML, JSON])
def test_front_matter_in_toml_and_json_is_read_as_yaml_is(front: str) -> None:
    document = read(f"{front}\n\nOil the pump.\n")
    assert (document.title, document.metadata) == ("Pump manual", {"weight": 3, "at": "2024-01-02"})
    assert [section.blocks for section in document.sections] == [("Oil the pump.",)]


def test_broken_toml_is_named_and_the_rest_is_read() -> None:
    document = read("+++\ntitle = \n+++\n\nOil the pump.\n")
    assert "not valid TOML" in document.warnings[0] and document.sections[0].blocks == ("Oil the pump.",)


@pytest.mark.parametrize("title", ["Off", "Yes", "on", "No", "TrueNAS SCALE", "Falsehoods"])
def test_booleans_are_those_of_yaml_1_2(title: str) -> None:
    assert read(f"---\ntitle: {title}\n---\nText.\n").title == title


@pytest.mark.fault("E66")
@pytest.mark.parametrize("hide", [lambda key: "".join(f"&#{ord(one)};" for one in key), lambda key: key])
def test_a_private_key_is_found_in_what_is_read_of_a_page(hide: Callable[[str], str]) -> None:
    """Its own spelling hid it: entities for all letters, or an encoding that does not say its name."""
    key = "-----BEGIN PRIVATE KEY-----\n" + "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50\n" * 3
    page = f"<h1>Keys</h1><pre>{hide(key)}</pre>"
    data = page.encode("utf-16-le" if hide(key) == key else "ascii")
    with pytest.raises(ContentError, match="it holds a private key"):
        parse_document(SourceItem("keys.html", HTML, data))


LISTED = """# A

[[_TOC_]]

[TOC]
Of pumps.

**Contents**

* [Oil](#oil)
  1. [`oil` 2](#b)
* [C](#c)

[a](#a) | [b](#b) | [c](#c)

See this.

* [Oil](#oil)
* [B](b.md)
* [C](#c)

[a](#a), [b](#b)

* [a](#a): one
* [b](#b): two
* [c](#c): three
"""


def test_a_list_of_links_into_the_page_is_no_text() -> None:
    blocks = [block_text(b) for s in read_markdown(LISTED).sections for b in s.blocks]
    assert blocks == ["Of pumps.", "See this.", "Oil", "B", "C", "a, b", "a: one", "b: two", "c: three"]


def test_a_task_begins_with_a_box() -> None:
    read = read_markdown("- [ ] **Oil** it\n- [x] Stop\n- [X] Go\n- [x]y\n\n[ ] none\n")
    assert [block_text(b) for s in read.sections for b in s.blocks] == [
        "☐ Oil it",
        "☑ Stop",
        "☑ Go",
        "[x]y",
        "[ ] none",
    ]


def test_a_term_of_a_definition_list_stands_over_what_it_means() -> None:
    written = "`zoom`\n: Hold *Ctrl*.\n: Then pan.\n\nLists\n: - one\n\nText that\nis wrapped\n: goes on.\n"
    (section,) = read_markdown(written).sections
    assert write([b if not isinstance(b, str) else Paragraph((Run(b),)) for b in section.blocks]) == (
        "**`zoom`**\nHold *Ctrl*.\n\nThen pan.\n\n**Lists**\n\n- one\n\nText that is wrapped : goes on."
    )


def test_of_several_terms_the_last_one_stands_over_what_they_mean() -> None:
    (section,) = read_markdown("Pump\nHose\n:   Moves oil.\n\n    Not water.\n\n    - cold\n").sections
    assert [block_text(block) for block in section.blocks] == ["Pump", "Hose\nMoves oil.", "Not water.", "cold"]
    assert isinstance(section.blocks[-1], Item)


def test_a_title_of_front_matter_has_no_inline_html() -> None:
    assert (
        read_markdown("---\ntitle: Oil <em>before</em> [use](#use) &amp; `<base>`\n---\nText.\n").title
        == "Oil before use & <base>"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_[Back to pumps](../)_\n\n# A\n\nOil it.\n\n[Next: valves →](valves.md#a)\n", ["Oil it."]),
        ("# A\n\nOil it.\n\nSee [valves](valves.md).\n", ["Oil it.", "See valves."]),
        ("# A\n\nOil it.\n\n[Valves](https://b.example/)\n", ["Oil it.", "Valves"]),
        ("# A\n\nOil it.\n\n[Plan](plan.pdf)\n", ["Oil it.", "Plan"]),
        ("# A\n\nOil it.\n\n- [Valves](valves.md)\n", ["Oil it.", "Valves"]),
        ("# A\n\n[B](b.md)\n\n[C](c.md)\n\n[D](d.md)\n", ["B", "C", "D"]),
        ("# A\n\n[B](b.md)\n", ["B"]),
    ],
)
def test_a_way_to_another_page_is_no_text(text: str, said: list[str]) -> None:
    assert [block_text(b) for s in read_markdown(text).sections for b in s.blocks] == said


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\n{0} [![Licence](https://img.shields.io/badge/l-MIT-blue)](LICENCE)\n\nOil it.\n",
        '# A\n\n<p>{0}\n<a href="x"><img src="https://img.shields.io/npm/v/x" alt="npm"></a></p>\n\nOil it.\n',
    ],
)
def test_a_row_of_badges_is_no_text(text: str) -> None:
    badge, shot = "https://github.com/a/b/workflows/ci/badge.svg", "https://a.example/badge.png"

    def said(image: str) -> list[str]:
        read = read_markdown(text.format(f'<img src="{image}" alt="Build">' if "<p" in text else f"![Build]({image})"))
        return [block_text(block) for section in read.sections for block in section.blocks]

    assert said(badge) == ["Oil it."]
    assert len(said(shot)) == len(said("badge.svg")) == 2


def test_badges_and_logos_are_no_part_of_a_title() -> None:
    badges = "![logo](l.png) Pump [![build: passing](https://b.example/b.svg)](https://b.example)"
    reading = read_markdown(f"# {badges}\n\nOf pumps.\n\n## ![Oil](oil.png)\n\nFill it.\n")
    assert (reading.title, [s.headings for s in reading.sections]) == ("Pump", [(), ("Oil",)])


def test_code_in_a_cell_of_a_table_stays_code() -> None:
    [section] = read_markdown("<table>\n<tr><td>\n\n    pip install x\n\n</td></tr>\n</table>\n").sections
    assert section.blocks == (Code("pip install x"),)


@pytest.mark.parametrize("alt", ["figure 1", "drawing", "Avatar", "logo", "icon"])
def test_alt_text_that_only_names_a_kind_of_picture_is_no_text(alt: str) -> None:
    [section] = read_markdown(f"![{alt}](a.png)\n\nText.\n").sections
    assert section.blocks == ("Text.",)
