"""The text of a chunk: blocks and runs, and any string can be read (format.md, section 4.5)."""

from __future__ import annotations

import doctest

import pytest

from vademecum.format import markup
from vademecum.format.markup import Block, Code, Item, Paragraph, Row, Run, Runs, parse, plain

RUNS_OF = [
    (
        "a **b** *c* `d`",
        (Run("a "), Run("b", strong=True), Run(" "), Run("c", emphasis=True), Run(" "), Run("d", code=True)),
    ),
    ("***a***", (Run("a", strong=True, emphasis=True),)),
    ("[a `b`](x.md#c)", (Run("a ", link="x.md#c"), Run("b", code=True, link="x.md#c"))),
    ("[![a](b.png)](c)", (Run("a", link="c", image="b.png"),)),
    ("![a](http://b/c.png)", (Run("a", image="http://b/c.png"),)),
    ("[a](http://b/c)", (Run("a", link="http://b/c"),)),
    ("[a](mailto:b@c)", (Run("a", link="mailto:b@c"),)),
    ("`` a`b ``", (Run("a`b", code=True),)),
    ("`**a** \\[b](c)`", (Run("**a** \\[b](c)", code=True),)),
    (r"\*a\* \`b\` \[c\](d) \\", (Run("*a* `b` [c](d) \\"),)),
    ("a\nb", (Run("a\nb"),)),
    ("[a](x\\(y\\))", (Run("a", link="x(y)"),)),
]


def of(text: str) -> Runs:
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    return block.runs


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(markup).failed == 0


@pytest.mark.parametrize(("text", "runs"), RUNS_OF)
def test_runs(text: str, runs: Runs) -> None:
    assert of(text) == runs


@pytest.mark.parametrize(
    "text",
    [
        "a * b",
        "**a",
        "*a",
        "`a",
        "[a]",
        "[a](b c)",
        "[a](b",
        "![a](",
        "[[a]](b",
        "a_b_c",
        "<b>a</b>",
        "C:\\dir",
        "# a",
        "> a",
        "&lt;",
    ],
)
def test_what_is_no_markup_is_text(text: str) -> None:
    assert of(text) == (Run(text),)


@pytest.mark.parametrize(
    "address",
    ["javascript:a", "JavaScript:a", "data:text/html,x", "vbscript:a", "file:///etc", "x:y", "a\x7fb", "ftp://a"],
)
def test_an_address_that_no_reader_may_follow_is_none(address: str) -> None:
    assert of(f"[a]({address})") == (Run("a"),)
    assert of(f"![a]({address})") == (Run("a"),)
    assert of("![a](mailto:b@c)") == (Run("a"),)


def test_blocks() -> None:
    text = "One\ntwo.\n\n- a\n  2. b\n- c\n\n| h |\n| --- |\n| \\| |\n\n````c++\n```\n\n````\n\nEnd."
    blocks: list[Block] = [
        Paragraph((Run("One\ntwo."),)),
        *(Item((Run("a"),)), Item((Run("b"),), 1, 2), Item((Run("c"),))),
        *(Row(((Run("h"),),), True), Row(((Run("|"),),))),
        *(Code("```\n", "c++"), Paragraph((Run("End."),))),
    ]
    assert list(parse(text)) == blocks
    assert plain(text) == "One\ntwo.\n\na\nb\nc\n\nh\n|\n\n```\n\n\nEnd."


def test_code_that_is_not_closed_ends_with_the_text() -> None:
    assert parse("```sh\na\n\nb") == (Code("a\n\nb", "sh"),)


@pytest.mark.parametrize(
    "unit", ["[", "*", "**a", "`", "`` ", "![", "](", "[a](", "***", "\\", "[`", "![a](", "- a\n", "| a |\n", "```\n"]
)
def test_a_long_text_is_read_at_once(unit: str) -> None:
    """A pattern that goes back and forth would take minutes here."""
    assert len(plain(unit * 5_000)) <= len(unit) * 5_000
