"""What its own generator would not show to everybody is left out, also where its front matter is broken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vademecum_builder.readers.private import head_of, why_private

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)

PRIVATE = [
    "---\ntitle: x\ndraft: true\n---\n",
    "---\r\ntitle: x\r\ndraft: true\r\n---\r\n",
    "---\nDraft: 'yes'\n---\n",
    "+++\ntitle = 'x'\ndraft = true\n+++\n",
    '{\n  "title": "x",\n  "draft": true\n}\n',
    '{"title": "x", "draft": true}\n',
    "---\ntitle: [broken\ndraft: true\n---\n",
    "---\ndraft: true\nno end of it\n",
    "---\npublished: false\n---\n",
    "---\npublish: false\n---\n",
    "---\nunlisted: true\n---\n",
    "---\nsearch: false\n---\n",
    "---\nsearch:\n  boost: 2\n  exclude: true\n---\n",
    "---\nsearch: {exclude: true}\n---\n",
    "---\nrobots: noindex, nofollow\n---\n",
    "---\nnoindex: true\n---\n",
    "---\nsitemap: false\n---\n",
    "---\ndate: 2999-01-01\n---\n",
    "---\nexpiryDate: 2020-01-01\n---\n",
    "+++\npublishDate = 2999-01-01T10:00:00Z\n+++\n",
    '<html><head><meta name="robots" content="noindex"></head>',
    '<html><head><meta content="follow, noindex" name=robots></head>',
]
PUBLIC = [
    "# draft: true\n\ndraft: true\n",
    "---\ntitle: A draft: true or false\ndraft: false\n---\ndraft: true\n",
    "---\nsearch:\n  boost: 2\n---\n",
    "---\nother:\n  draft: true\n---\n",
    "---\ndate: 2026-11-28\nexpiryDate: 2026-11-28\n---\n",
    '<html><head><meta name="robots" content="index, follow"></head>',
    "",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_for_everybody_is_left_out(text: str) -> None:
    assert why_private(text, NOW)
    assert why_private(head_of(text.encode()), NOW) and why_private(head_of(text.encode("utf-16")), NOW)


@pytest.mark.parametrize("text", PUBLIC)
def test_everything_else_stays(text: str) -> None:
    assert why_private(text, NOW) == ""


def test_dates_count_where_there_is_a_clock() -> None:
    assert why_private("---\ndate: 2999-01-01\n---\n") == ""
