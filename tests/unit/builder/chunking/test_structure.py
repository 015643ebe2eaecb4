"""Chunks: borders from structure, within one section, near the target; nothing lost, nothing shifted."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.format.markup import Code, Item, Paragraph, Row, Run, plain, plain_block
from vademecum_builder.chunking.structure import CHUNKER, Chunk, chunk_document, embedding_text
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.outline import Block, Section
from vademecum_builder.sources.base import MARKDOWN, SourceItem

TARGET, LONGEST = 600, 900


def document(*sections: Section, title: str = "Title") -> Document:
    return Document("a.md", title, "", {}, sections)


def cut(*blocks: Block) -> list[str]:
    return [chunk.text for chunk in chunk_document(document(Section(("H",), "h", blocks)))]


def sentence(number: int, length: int = 60) -> str:
    return f"Sentence {number} ".ljust(length - 1, "x") + "."


def paragraph(sentences: int, start: int = 0) -> str:
    return " ".join(sentence(start + number) for number in range(sentences))


def test_a_short_section_is_one_chunk_with_its_blocks_apart() -> None:
    found = chunk_document(document(Section(("A", "B"), "b", ("one", "two\nlines"))))
    assert found == (Chunk(("A", "B"), "b", "one\n\ntwo\nlines"),)


def test_a_section_up_to_the_limit_stays_whole() -> None:
    assert cut("x " * 449 + "xx") == ["x " * 449 + "xx"]
    assert len(cut("x " * 450 + "xx")) == 2


def test_chunks_never_cross_a_heading() -> None:
    found = chunk_document(document(Section(("A",), "a", ("one",)), Section(("B",), "b", ("two",))))
    assert [(chunk.headings, chunk.text) for chunk in found] == [(("A",), "one"), (("B",), "two")]


def test_markup_takes_no_room_and_is_kept_where_a_block_is_cut() -> None:
    bold = Run("word " * 300, strong=True, link="a.md")
    pieces = cut(Paragraph((Run("x "), bold)))
    assert [len(plain(piece)) <= LONGEST for piece in pieces] == [True, True]
    assert pieces[0].startswith("x [**word") and pieces[1].startswith("[**word")
    assert all(piece.endswith("word**](a.md)") for piece in pieces)
    assert sum(piece.count("word") for piece in pieces) == 300
    item, rest = cut(Item((bold,), 1, 3))
    assert item.startswith("  3. [**word ") and rest.startswith("[**word ")
    assert all(text.startswith("```sh\n") and text.endswith("\n```") for text in cut(Code("line\n" * 300, "sh")))
    assert [plain(text).count("line") for text in cut(Code("line\n" * 300, "sh"))] == [120, 180]


def test_a_text_is_escaped_once() -> None:
    assert cut("a *b* [c](d)") == ["a \\*b\\* \\[c\\](d)"]
    assert chunk_document(document(title="- *A*")) == (Chunk((), "", "\\- \\*A\\*"),)
    assert chunk_document(document(Section(("*A*",), "a", ()))) == (Chunk(("*A*",), "a", "\\*A\\*"),)
    assert embedding_text("T", Chunk(("A",), "a", "[*b*](c)")) == "T\nA\nb"


def row(*cells: str, header: bool = False) -> Row:
    return Row(tuple((Run(cell),) for cell in cells), header)


def test_a_table_that_is_cut_has_its_header_in_each_piece() -> None:
    rows = [row(f"option-{number}", "x" * 80) for number in range(30)]
    found = cut("Before.", row("Name", "Pressure", header=True), *rows, "After.")
    assert len(found) > 2
    assert all(text.count("| Name | Pressure |\n| --- | --- |\n| option-") == 1 for text in found)
    assert all(len(plain(text)) <= LONGEST for text in found)
    assert [line for text in found for line in text.split("\n") if "option" in line] == [
        f"| option-{number} | {'x' * 80} |" for number in range(30)
    ]
    assert found[-1].endswith("\n\nAfter.")


def test_a_long_header_is_not_repeated_and_a_long_row_is_cut() -> None:
    found = cut(row("n" * 201, header=True), *(row(str(number), "x" * 300) for number in range(8)))
    assert sum("nnn" in text for text in found) == 1
    first, second = cut(row("a", "word " * 250))
    assert first.startswith("| a | word ") and second.startswith("| word ")
    words = [f"word-{number}" for number in range(250)]
    cells = cut(row(*(" ".join(words[at : at + 50]) for at in range(0, 250, 50))))
    assert [word for text in cells for word in text.split() if word != "|"] == words
    assert all(len(plain(text)) <= LONGEST for text in cells)


def test_blocks_are_packed_towards_the_target() -> None:
    blocks = [paragraph(5, start=10 * number) for number in range(6)]  # 304 characters each
    assert cut(*blocks) == [f"{first}\n\n{second}" for first, second in zip(blocks[::2], blocks[1::2], strict=True)]


def test_a_block_that_fits_is_not_cut_when_a_border_between_blocks_is_near() -> None:
    first, second = paragraph(7), paragraph(11, start=20)  # 426 and 670 characters
    assert cut(first, second) == [first, second]


@pytest.mark.parametrize(
    ("last", "after"),
    [
        (Paragraph((Run("To turn it:"),)), False),
        (Item((Run("如下："),)), False),
        (Paragraph((Run("Turning", strong=True), Run(" "))), False),
        (Paragraph((Run("Turning"),)), True),
        (Code("turn:"), True),
    ],
)
def test_what_introduces_the_next_block_is_not_cut_off_from_it(last: Paragraph | Item | Code, after: bool) -> None:
    steps = (Item((Run(sentence(number)),)) for number in range(10))
    first, second = cut(Paragraph((Run(paragraph(9)),)), last, *steps)
    said = plain_block(last).strip()
    assert (said in first, said in second) == (after, not after)


def test_a_block_that_is_too_long_is_cut_between_lines_before_sentences() -> None:
    lines = [paragraph(2, start=10 * number) for number in range(10)]  # 121 characters each
    chunks = cut("\n".join(lines))
    assert chunks == ["\n".join(lines[:5]), "\n".join(lines[5:])]


def test_between_sentences_before_words() -> None:
    chunks = cut(paragraph(30))
    assert len(chunks) == 3
    assert all(re.fullmatch(r"Sentence \d+ .*x\.", chunk) for chunk in chunks)
    assert " ".join(chunks) == paragraph(30)


def test_sentences_without_spaces_end_too() -> None:
    chunks = cut("鍵を回す方法を説明します。" * 100)
    assert all(chunk.endswith("。") and chunk.startswith("鍵") for chunk in chunks)


def test_between_words_before_inside_of_them() -> None:
    words = [f"word{number}" for number in range(300)]
    chunks = cut(" ".join(words))
    assert " ".join(chunks).split() == words
    assert all(400 <= len(chunk) <= LONGEST for chunk in chunks)


def test_a_word_is_cut_only_if_it_is_longer_than_the_limit() -> None:
    word = "".join(chr(0x4E00 + number) for number in range(2000))
    chunks = cut(word)
    assert "".join(chunks) == word
    assert len(chunks) == 3
    fitting = "y" * LONGEST
    assert cut(f"ab {fitting} cd") == ["ab", fitting, "cd"]


def test_the_text_around_a_word_that_must_be_cut_stays_with_it() -> None:
    chunks = cut("Paste this: " + "".join(chr(0x4E00 + number) for number in range(2000)))
    assert chunks[0].startswith("Paste this: \u4e00")
    assert len(chunks[0]) == TARGET


@pytest.mark.parametrize("extra", [1, 20, 100, 250])
def test_there_are_no_tiny_tails(extra: int) -> None:
    text = "ab " * 300 + "c" * extra
    assert min(map(len, cut(text))) >= TARGET // 4
    assert min(map(len, cut("ab " * 299 + "ab", "c" * extra))) >= TARGET // 4 or extra < TARGET // 4
    assert min(map(len, cut(paragraph(14), "c " * (extra // 2) + "c"))) > 100


def test_a_short_last_block_takes_text_from_the_one_before_it() -> None:
    words = "word " * 178 + "last"
    chunks = cut(words, "The end.")
    assert len(chunks) == 2
    assert chunks[1].endswith("last\n\nThe end.")
    assert len(chunks[1]) >= TARGET // 4


def test_a_section_a_little_too_long_is_cut_in_the_middle() -> None:
    first, second = cut("word " * 190 + "last")
    assert abs(len(first) - len(second)) <= 5


def test_code_keeps_its_lines_and_indentation() -> None:
    code = "\n".join(f"def f{number}():\n    return {number}\n" for number in range(80)).rstrip("\n")
    chunks = cut(code)
    assert len(chunks) > 2
    assert "\n\n".join(chunks) == code
    assert all(chunk.startswith("def ") for chunk in chunks)


def test_a_heading_of_others_alone_gives_no_chunk() -> None:
    found = chunk_document(document(Section(("A",), "a", ()), Section(("A", "B"), "b", ("x", " \n "))))
    assert found == (Chunk(("A", "B"), "b", "x"),)
    assert cut("x", " \n ", "", "y") == ["x\n\ny"]


def test_what_is_only_listed_by_headings_is_found_by_them() -> None:
    listed = [
        Section(("Mail", name), name, blocks) for name, blocks in (("HOST", ()), ("PORT", (" ",)), ("USER", ("x",)))
    ]
    found = chunk_document(document(Section(("Mail",), "mail", ()), *listed, Section(("Cache",), "cache", ())))
    assert [(chunk.anchor, chunk.text) for chunk in found] == [
        ("HOST", "HOST"), ("PORT", "PORT"), ("USER", "x"), ("cache", "Cache"),
    ]  # fmt: skip


def test_a_document_without_text_is_found_by_its_title() -> None:
    assert chunk_document(document(title="Keys")) == (Chunk((), "", "Keys"),)
    assert chunk_document(document(title="")) == ()


def test_equal_chunks_stand_once() -> None:
    same = Section(("A",), "a", ("x",))
    assert chunk_document(document(same, same)) == (Chunk(("A",), "a", "x"),)


def test_control_characters_are_dropped() -> None:
    found = chunk_document(document(Section(("A\x1fB\n", "\x00"), "a\x1f", ("one\x1f\x07\ttwo\x7f\nthree\ud800",))))
    assert found == (Chunk(("AB",), "a", "one\ttwo\nthree"),)


def test_target_and_limit_can_be_chosen() -> None:
    section = Section((), "", (paragraph(10),))
    found = chunk_document(document(section), target=100, longest=150)
    assert len(found) == 5
    assert max(len(chunk.text) for chunk in found) <= 150


def test_a_header_that_is_repeated_is_part_of_what_a_chunk_may_have() -> None:
    section = Section((), "", (row("Pump", "What it is for", header=True), row("P1", " ".join(["w" * 80] * 12))))
    found = chunk_document(document(section), target=100, longest=150)
    assert all(plain(chunk.text).startswith("Pump") and len(plain(chunk.text)) <= 150 for chunk in found)


def some_blocks(drawn: random.Random) -> Iterator[Block]:
    """Yield blocks of all kinds and sizes, with marks where text may be taken for markup."""
    words = ["word", "a", "F1.", "why?", "(e.g.)", "two\nlines", "*", "|", "1. one", "- two", "`", "[x]", "w" * 1000]
    words += ["end!", "「鍵を回す。", "鍵" * 90 + "。", "…", "so.\n\nAnd"]

    def runs(most: int) -> tuple[Run, ...]:
        return tuple(
            Run(
                " ".join(drawn.choices(words, [9, 9, 3, *[1] * 9, 0.1, 3, *[1] * 4], k=drawn.randint(0, most))),
                strong=drawn.random() < 0.2,
                emphasis=drawn.random() < 0.2,
                code=drawn.random() < 0.2,
                link=drawn.choice(["", "", "a(b).md"]),
                image=drawn.choice([""] * 9 + ["i.png"]),
            )
            for _ in range(drawn.randint(1, 4))
        )

    for _ in range(drawn.randint(1, 12)):
        match drawn.randrange(6):
            case 0:
                yield Paragraph(runs(60))
            case 5:
                yield Paragraph((Run("To turn it:"),))
            case 1:
                yield from (Item(runs(12), depth, drawn.choice([None, depth])) for depth in range(drawn.randint(0, 12)))
            case 2:
                yield Row((runs(drawn.choice([3, 80])), runs(2), (Run("---"),)), header=True)
                yield from (Row((runs(9), runs(2), runs(2))) for _ in range(drawn.randint(0, 20)))
            case 3:
                yield Code("\n".join(f"line {n} ```" for n in range(drawn.randint(0, 70))), drawn.choice(["", "sh"]))
            case _:
                yield Row((runs(200), runs(80)))


def test_borders_and_texts_are_those_that_the_name_of_the_chunker_stands_for() -> None:
    """It is part of the epoch: whatever changes them needs another name, with which users download everything anew."""
    cuts = hashlib.sha256()
    for seed in range(15):
        found = document(Section(("H",), "h", tuple(some_blocks(random.Random(seed)))))
        for limits in ({}, {"target": 100, "longest": 150}):
            cuts.update(repr([chunk.text for chunk in chunk_document(found, **limits)]).encode())
    assert (CHUNKER, cuts.hexdigest()[:16]) == ("structure-4", "63bdc4e263bdadc4")


@pytest.mark.parametrize(
    ("above", "chunks"),
    [
        ("Reference", [(("Pumps",), "Reference\n\nOf water.")]),
        ("Reference: all.", [((), "Reference: all."), (("Pumps",), "Of water.")]),
        ("Whatever is moved by pumps and by valves, and how", [((), None), (("Pumps",), "Of water.")]),
    ],
)
def test_a_caption_above_the_first_heading_is_no_passage(above: str, chunks: list[tuple[Any, Any]]) -> None:
    found = chunk_document(
        document(Section((), "", (above,)), Section((), "p", ()), Section(("Pumps",), "w", ("Of water.",)))
    )
    assert [(chunk.headings, chunk.text) for chunk in found] == [(path, text or above) for path, text in chunks]
    assert [chunk.text for chunk in chunk_document(document(Section((), "", (above,))))] == [above]


def test_a_few_words_below_the_title_stay_there() -> None:
    found = chunk_document(document(Section((), "timeout", ("30 seconds",)), Section(("Use",), "use", ("Wait.",))))
    assert [(chunk.headings, chunk.text) for chunk in found] == [((), "30 seconds"), (("Use",), "Wait.")]


def test_the_encoder_reads_title_headings_and_text() -> None:
    assert embedding_text("Keys", Chunk(("Rotate", "Often"), "often", "Run\nit.")) == "Keys\nRotate\nOften\nRun\nit."
    assert embedding_text("", Chunk((), "", "x")) == "x"


WORDS = st.text(alphabet="ab1.!?)…。é", min_size=1, max_size=12)
LONG_WORDS = st.integers(800, 1000).map(lambda length: "w" * length)
SPACES = st.sampled_from([" ", " ", " ", "\n", "\n\n", "  ", "\t"])
BLOCKS = st.lists(st.tuples(st.one_of(WORDS, LONG_WORDS), SPACES).map("".join), max_size=40).map("".join)


@given(st.lists(BLOCKS, max_size=6))
def test_nothing_is_lost_and_no_chunk_is_too_long(blocks: list[str]) -> None:
    chunks = [chunk.text for chunk in chunk_document(document(Section((), "", tuple(blocks)), title="")) if chunk.text]
    text = "".join(blocks)
    assert all(0 < len(chunk) <= LONGEST for chunk in chunks)
    assert all(chunk == chunk.rstrip() and not chunk.startswith("\n") for chunk in chunks)
    read = [plain(chunk) for chunk in chunks]  # "1. 1" is text here, no list: the chunk says "1\\. 1"
    assert set("".join("".join(read).split())) == set("".join(text.split()))
    kept = {piece for chunk in read for piece in chunk.split()}
    whole = [word for word in " ".join(blocks).split() if len(word) <= LONGEST and "。" not in word]
    assert all(word in kept for word in whole)


PROSE = st.lists(
    st.lists(st.text(alphabet="abcdefgh .", min_size=1, max_size=120).map(lambda text: "p" + text), max_size=30)
    .map(" ".join)
    .map(lambda text: "x" + text),
    max_size=5,
).map("\n\n".join)


def markdown(sections: list[str]) -> str:
    return "# Title\n\n" + "".join(f"## Heading {index}\n\n{text}\n\n" for index, text in enumerate(sections))


def chunks_by_anchor(sections: list[str]) -> dict[str, list[Chunk]]:
    file = SourceItem("a.md", MARKDOWN, markdown(sections).encode())
    found: dict[str, list[Chunk]] = {}
    for chunk in chunk_document(parse_document(file)):
        found.setdefault(chunk.anchor, []).append(chunk)
    return found


@given(st.lists(PROSE, min_size=2, max_size=5), PROSE, st.data())
def test_an_edit_leaves_the_chunks_of_all_other_sections_bit_identical(
    sections: list[str], edit: str, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(sections) - 1))
    before = chunks_by_anchor([text + "\n\nkept" for text in sections])
    after = chunks_by_anchor([(edit if i == index else text) + "\n\nkept" for i, text in enumerate(sections)])
    edited = f"heading-{index}"
    assert len(before) == len(sections)
    assert edited in after
    assert before.pop(edited)
    assert after.pop(edited)
    assert before == after


@given(st.lists(PROSE, min_size=1, max_size=3), st.lists(PROSE, min_size=1, max_size=3))
def test_chunks_depend_on_their_own_document_alone(one: list[str], other: list[str]) -> None:
    before = chunks_by_anchor(one)
    chunks_by_anchor(other)
    assert chunks_by_anchor(one) == before


def test_an_edit_at_the_end_of_a_long_section_leaves_its_beginning() -> None:
    before, after = cut(paragraph(60)), cut(paragraph(60) + " One more.")
    assert before[:-2] == after[: len(before) - 2]
    assert len(before) > 5
