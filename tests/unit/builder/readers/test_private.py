"""What its own generator would not show to everybody is left out, also where its front matter is broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.readers.private import head_of, why_private, why_private_record
from vademecum_builder.sources.base import HTML, MARKDOWN, NOTEBOOK, SourceItem
from vademecum_builder.sources.left_out import TEMPLATES

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
    "<html><head><meta name=googlebot content=noindex></head>",
    '<!doctype html>\n<html>\n  <head>\n    <meta name="robots" content="noindex">\n',
    '# A\n\n<meta name="robots" content="noindex">\n\n```\ncode\n```\n',
    '```\ncode\n```\n<meta name="robots" content="noindex">\n',
    "---\ntitle: [x\nparams:\n  draft: true\n---\n",
    "---\ntitle: a: b\n  unlisted: true\n---\n",
    "\n---\ndraft: true\n---\n",
    "---\npagefind: false\n---\n",
    "---\nvisibility: private\n---\n",
    "---\nhead:\n  - - meta\n    - name: robots\n      content: noindex\n---\n",
    "---\nhead: [[meta, {name: robots, content: 'noindex,nofollow'}]]\n---\n",
    ".. meta::\n   :description: x\n   :robots: noindex\n\nTitle\n=====\n",
]
PUBLIC = [
    "# draft: true\n\ndraft: true\n",
    "---\ntitle: A draft: true or false\ndraft: false\n---\ndraft: true\n",
    "---\nsearch:\n  boost: 2\n---\n",
    "---\nother:\n  draft: true\n---\n",
    "+++\n[other]\n  draft = true\n+++\n",
    "---\nhead:\n  - - meta\n    - name: description\n      content: How to\n---\nnoindex\n",
    "---\nvisibility: public\n---\n",
    "---\ndate: 2026-11-28\nexpiryDate: 2026-11-28\n---\n",
    '<html><head><meta name="robots" content="index, follow"></head>',
    '# Heads\n\n``` html\n<head>\n  <meta name="robots" content="noindex">\n</head>\n```\n',
    'Write `<meta name="robots" content="noindex">`:\n\n    <meta name="robots" content="noindex">\n',
    'Heads\n=====\n\n.. code-block:: html\n\n   <meta name="robots" content="noindex">\n',
    "",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_for_everybody_is_left_out(text: str) -> None:
    assert why_private(text, NOW)
    assert why_private(head_of(text.encode()), NOW) and why_private(head_of(text.encode("utf-16")), NOW)


@pytest.mark.parametrize("text", PUBLIC)
def test_everything_else_stays(text: str) -> None:
    assert why_private(text, NOW) == ""


def test_it_is_told_what_says_so() -> None:
    said = ["draft: yes", "search:\n  exclude: true", "publishDate: 2999-01-01", "expiryDate: 2020-01-01"]
    told = [why_private(f"---\n{one}\n---\n", NOW).removeprefix("pages that are not for everybody: ") for one in said]
    assert told == ["draft", "search", "publishDate to come", "expiryDate over"]


def test_dates_count_where_there_is_a_clock() -> None:
    assert why_private("---\ndate: 2999-01-01\n---\n") == ""


def test_a_page_says_noindex_however_long_its_head_is() -> None:
    style = f"<style>{'p {} ' * 9000}</style>"
    page = f"<html><head>{style}<meta name=robots content=noindex><title>T</title></head><body><p>x</p></body></html>"
    item = SourceItem("a.html", HTML, page.encode())
    assert why_private(head_of(item.data)) == ""
    assert parse_document(item).metadata == {"robots": "noindex"}


def test_private_comments_in_cells_of_a_notebook_are_left_out() -> None:
    cells = [
        {"cell_type": "markdown", "source": "# T\n\nSeen. %% not seen %%"},
        {"cell_type": "code", "source": "%%time\n1 %% 2", "outputs": []},
    ]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (section,) = parse_document(SourceItem("a.ipynb", NOTEBOOK, notebook.encode())).sections
    assert [block_text(block) for block in section.blocks] == ["Seen.", "%%time\n1 %% 2"]


def test_a_template_of_pages_is_no_page_and_a_page_on_templates_is_one() -> None:
    pages = PlainPages(Path("/nowhere"))

    def read(key: str, text: str) -> object:
        return pages.read(SourceItem(key, MARKDOWN, text.encode()))

    assert read("archetypes/default.md", "---\ntitle: '{{ .Name }}'\n---\n") == TEMPLATES
    assert isinstance(read("templates/overview.md", "# Templates\n\nHow to write one.\n"), Document)
    assert isinstance(read("guide/jinja.md", "# Jinja\n\nWrite `{{ name }}`.\n"), Document)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("published_at", "2100-01-01T00:00:00Z", "published_at to come"),
        ("publishAt", 4102444800, "publishat to come"),
        ("embargoed_until", "2100-01-01", "embargoed_until to come"),
        ("unpublish_at", "2001-01-01", "unpublish_at over"),
        ("published_at", "2001-01-01", ""),
        ("unpublish_at", "2100-01-01", ""),
        ("unpublish_on", 0, ""),  # as programs write that it is never
        ("visible_until", 2030, ""),
        ("embargo_until", "never", ""),
        ("publication_date", "2100-01-01", ""),  # of a book that is to come
    ],
)
def test_a_record_is_published_when_it_says(name: str, value: object, said: str) -> None:
    record = json.dumps({"id": 1, name: value}).encode()
    assert why_private_record(record, NOW) == (said and f"pages that are not for everybody: {said}")
    assert why_private_record(record) == ""
