"""The text of a chunk is written in one way, and what is written is read (format.md, section 4.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.samples import MARKUP_PIECES
from unit.client.format.test_markup import RUNS_OF
from vademecum.format import markup
from vademecum.format.markup import Block, Code, Item, Paragraph, Row, Run, Runs, parse, plain
from vademecum_builder.chunking.markup import write

HOSTILE = st.lists(st.sampled_from(MARKUP_PIECES), max_size=30).map("".join)
LINE = st.lists(st.sampled_from([piece for piece in MARKUP_PIECES if "\n" not in piece]), min_size=1, max_size=6).map(
    "".join
)
ADDRESS = st.sampled_from(["", "", "", "x.md", "../a(b).md#c", "https://e.org/?a=[1]&b=*c*", "a|b", "d\\e"])
RUN = st.builds(Run, LINE, st.booleans(), st.booleans(), st.booleans(), ADDRESS, ADDRESS)
RUNS = st.lists(RUN, min_size=1, max_size=5).map(lambda runs: tuple(_clean(runs)))
BLOCK = (
    st.builds(Paragraph, RUNS)
    | st.builds(Item, RUNS, st.integers(0, 9), st.none() | st.integers(0, 999_999_999))
    | st.builds(Row, st.lists(RUNS, min_size=1, max_size=3).map(tuple), st.booleans())
    | st.builds(Code, st.lists(LINE, min_size=1, max_size=4).map("\n".join), st.sampled_from(["", "c++", "python"]))
)


def _clean(runs: list[Run]) -> list[Run]:
    """What an outline gives: no white space at the ends of a run's text, and words in each."""
    return [replace(run, text=" ".join(run.text.split()) or "x") for run in runs]


@pytest.mark.parametrize(("text", "runs"), RUNS_OF)
def test_runs(text: str, runs: Runs) -> None:
    assert write([Paragraph(runs)]) == text


def test_a_text_is_never_markup_by_itself() -> None:
    for text in ("- a", "12. a", "| a |", "```", "**a**", "[a](b)", "![a](b)", "  - a", "a!", "\\"):
        assert parse(write([Paragraph((Run(text),))])) == (Paragraph((Run(text),)),), text
        assert parse(write([Item((Run(text),))])) == (Item((Run(text.strip()),)),) or text == "  - a"
    assert parse(write([Row(((Run("---"),), (Run("a | b"),)))] * 2)) == (Row(((Run("---"),), (Run("a | b"),))),) * 2


@pytest.mark.slow
@given(st.lists(BLOCK, max_size=5))
def test_what_is_written_is_read(blocks: list[Block]) -> None:
    text = write(blocks)
    assert write(parse(text)) == text
    assert plain(text).split() == markup.join((markup.plain_block(block), block) for block in blocks).split()


@pytest.mark.slow
@given(HOSTILE)
def test_any_string_can_be_read_and_written_again(text: str) -> None:
    assert plain(write(parse(text))).split() == plain(text).split()
