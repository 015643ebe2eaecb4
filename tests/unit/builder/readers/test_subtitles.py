"""Subtitles: what is said, once, under the time at which it is said."""

from __future__ import annotations

import pytest

from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import MEDIA_TYPES

SRT = """1
00:00:01,000 --> 00:00:04,000
{\\an8}Descale the <i>kettle</i>

2
00:00:04,500 --> 00:00:59,000
with citric acid.

3
01:02:05,000 --> 01:02:09,000
Rinse it twice &amp; dry it.
"""
VTT = """WEBVTT - A talk
Kind: captions

STYLE
::cue { color: red }

NOTE made by a program --> not by hand

intro
00:01.000 --> 00:04.000 align:start position:0%
<v Ann>Good <c.loud>morning</c>.

00:04.000 --> 00:06.000
sprite.jpg#xywh=0,0,160,90
<v Ann>We begin.

00:07.000 --> 00:09.000
<v.first Bob>With<00:00:08.000> what?
"""


def read(name: str, text: str) -> Document:
    ending = name[name.rfind(".") :]
    return parse_document(SourceItem(name, MEDIA_TYPES[ending], text.encode("utf-8-sig")), base_url="https://a.org")


def told(document: Document) -> list[tuple[tuple[str, ...], str, list[str]]]:
    return [(part.headings, part.anchor, [*map(block_text, part.blocks)]) for part in document.sections]


@pytest.mark.parametrize("text", [SRT, SRT.replace("\n", "\r\n")])
@pytest.mark.parametrize("name", ["talks/my-talk.srt", "talks/my-talk.txt"])
def test_parts_have_the_time_as_heading_and_a_players_anchor(name: str, text: str) -> None:
    document = read(name, text)
    assert (document.title, document.url) == ("My talk", f"https://a.org/{name}")
    assert told(document) == [
        (("0:01",), "t=1", ["Descale the kettle with citric acid."]),
        (("1:02:05",), "t=3725", ["Rinse it twice & dry it."]),
    ]


def test_speakers_are_named_where_they_begin_and_notes_and_styles_are_not_said() -> None:
    [(_, anchor, said)] = told(read("talk.vtt", VTT))
    assert (anchor, said) == ("t=1", ["Ann: Good morning. We begin.", "Bob: With what?"])


def test_captions_that_roll_up_are_said_once_and_parts_end_without_sentences() -> None:
    lines = [f"and then number {number}" for number in range(60)]
    cues = (
        f"00:{4 * at // 60:02}:{4 * at % 60:02}.000 --> 00:59:00.000\n{lines[at - 1] if at else ''}\n{line}\n"
        for at, line in enumerate(lines)
    )
    parts = told(read("roll.vtt", "WEBVTT\n\n" + "\n".join(cues)))
    assert " ".join(said for _, _, blocks in parts for said in blocks) == " ".join(lines)
    assert [anchor for _, anchor, _ in parts] == ["t=0", "t=92", "t=184"]


def test_a_text_with_an_arrow_is_no_subtitles() -> None:
    assert told(read("a.txt", "Trains\n\n10:00 --> 12:00 Paris\n")) == [((), "", ["10:00 --> 12:00 Paris"])]
