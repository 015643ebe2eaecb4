"""What its own generator would not show to everybody is left out, also where its front matter is broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.readers.private import head_of, is_raw_note, why_private, why_private_record
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
    '---\ndraft: "true"\n---\n',
    "---\ndraft: 1\n---\n",
    "---\ndraft: t\n---\n",
    "---\nisDraft: true\n---\n",
    "---\nhidden: true\n---\n",
    "---\npublished: 'no'\n---\n",
    "---\npublished: n\n---\n",
    "---\nvisibility: unlisted\n---\n",
    '{"search": {"exclude": true}, "title": "x"}\n\nText.\n',
    '{"cells": [], "metadata": {"draft": true}}',
    '{"title": "x", "params": {"private": true}}\n\nText.\n',
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
    "---\ndate: 2026-11-28T23:30:00\npublishDate: 2026-11-28T23:30:00\n---\n",  # where it was written it is that day
    '---\ndraft: "false"\n---\n',
    "---\npublished: n.d.\n---\n",
    '{"title": "x", "sidebar": {"hidden": true}}\n\nText.\n',
    '{\n  "title": "x",\n  "sidebar": {\n    "hidden": true\n  }\n}\n',
    *(f"---\npublished: {name}\n---\n" for name in ("Future plc", "Next Big Book", "The Future Society")),
    "---\ndate: 2026-01-01\nlast_update:\n  date: 2999-01-01\n---\n",
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
    told = [why_private(f"---\n{one}\n---\n", NOW).removeprefix("pages that are not public: ") for one in said]
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


UNREADABLE = "is not a time that can be read: write it as 2027-03-31"


def unreadable(name: str) -> str:
    return f'{name} {UNREADABLE}, or drafts = ["{name}"] where it is none'


@pytest.mark.parametrize(
    ("head", "said"),
    [
        *((f"publishDate: {one}", f"publishDate {UNREADABLE}") for one in ("soon", "TBD", '"after the fair"', "today")),
        ("expiryDate: when it is sold", f"expiryDate {UNREADABLE}"),
        ("embargo-until: the fair", f"embargo-until {UNREADABLE}"),
        *(
            (f"date: {one}", "date to come")
            for one in (
                "soon",
                "next spring",
                "next few weeks",
                "in the near future",
                "in the future (after the fair)",
                "Future",
                "TBD",
                "2027",
                "Jan 5, 2027",
                "05.01.2027",
                "Q1 2027",
            )
        ),
        ("publishDate: March 2027 # or later", "publishDate to come"),
        ("pubDatetime: 2027-05-01T10:00:00Z", "pubDatetime to come"),
        ("published: '2027-01-01'", "published to come"),
        *((f"date: {one}", "") for one in ("today", "last-modified", "2024", "n.d.", "03/12/2026", "May 3, 2026", "")),
        *((f"publishDate: {one}", "") for one in ("May 3, 2026", "2024", "false", "", "0001-01-01T00:00:00Z")),
        ("date: 09/14/68", ""),
        *((f"expiryDate: {one}", "") for one in ("never", "2027", "0001-01-01", "")),
        ("pubDate: 'Jul 08 2022'", ""),
    ],
)
def test_a_page_is_shown_when_it_says_in_whatever_words(head: str, said: str) -> None:
    told = said and f"pages that are not public: {said}"
    assert why_private(f"---\ntitle: x\n{head}\n---\n", NOW) == told
    name, _, value = head.partition(": ")
    as_json = json.dumps({"title": 1, name: value.partition(" #")[0].strip("'\"")})
    assert why_private(as_json, NOW) == told


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
        *((name, "to be told", unreadable(name)) for name in ("embargo_until", "published_at", "publish_date")),
        *(
            ("published_at", one, unreadable("published_at"))
            for one in ("soon", "TBD", 1234567, "P30D", "31 March", "vor dem Fest")
        ),
        ("visible_until", "the fair", unreadable("visible_until")),
        ("embargo", True, unreadable("embargo")),
        *((f"embargo_{one}", 2027, f"embargo_{one} to come") for one in ("lift_date", "release_date", "ends_on")),
        *(("embargo_until", one, "embargo_until to come") for one in ("end of March 2027", 2026, 20270301, "2027.0")),
        ("embargo_until", "2026-11-28", "embargo_until to come"),
        ("embargo_until", "2025", ""),
        ("embargo", False, ""),
        *(("published_at", one, "published_at to come") for one in ("03.12.2026", "12/03/2026", "Dec 5, 2026")),
        *(("published_at", one, "published_at to come") for one in (2027, "Spring 2026", {"$date": "2027-01-01"})),
        ("published_at", ["2020-01-01", "2027-01-01"], "published_at to come"),
        ("published_at", "Mon, 07 Dec 2026 10:00:00 EST", "published_at to come"),
        *(
            ("published_at", one, "")
            for one in ("n.d.", "2024", 2026, "Spring 2023", "May 3, 2026", "2 hours ago", True)
        ),
        *(("published_at", one, "") for one in ("03.12.2023", 1700000000, 1700000000000, {"$date": "2024-01-01"})),
        *(("unpublish_at", one, "") for one in ("forever", "0000-00-00 00:00:00", 2026, "", "NULL", "-")),
        *(("unpublish_at", one, "unpublish_at over") for one in (2025, "end of March 2026", "12/03/2026")),
        ("published_at", {"_seconds": 1700000000, "_nanoseconds": 0}, ""),
        *(
            ("published_at", one, "")
            for one in ("/Date(1700000000000)/", 45292, 45292.5, "45292", "09/14/68", "31.12.99")
        ),
        *(
            ("published_at", one, "published_at to come")
            for one in ("/Date(1800000000000-0500)/", 46500, "09/14/31", "May 5, 2099")
        ),
        *(("publish_date", one, "") for one in ("19uu", "196-?", "201?")),
        *(("publish_date", one, "publish_date to come") for one in ("20uu", "202-", "2027-12-31 (was 200-)")),
        *(
            ("published_on", one, "")
            for one in ("vor 3 Tagen", "vor einer Woche", "il y a 3 jours", "hace 2 semanas", "3 giorni fa", "gestern")
        ),
        *((name, "FOR IMMEDIATE RELEASE", "") for name in ("published_at", "embargo")),
        ("embargo", "09/14/68", "embargo to come"),
        ("visible_until", "09/14/68", ""),
        ("published_at", {"_seconds": 4102444800, "_nanoseconds": 0}, "published_at to come"),
        *(("publish_date", one, "") for one in ("~", "now", "Immediately")),
        *(("embargo_until", one, "") for one in ("none required", "No embargo", "lifted", "open access")),
        ("publication_date", "2100-01-01", ""),  # of a book that is to come
    ],
)
def test_a_record_is_published_when_it_says(name: str, value: object, said: str) -> None:
    record = {"id": 1, name: value}
    assert why_private_record(record, NOW) == (said and f"pages that are not public: {said}")
    assert why_private_record(record) == ""


@pytest.mark.parametrize("value", [0, "0000-00-00", "never", "-", "n/a", False, "0001-01-01T00:00:00Z"])
def test_a_record_that_was_published_at_no_time_is_left_out(value: object) -> None:
    assert why_private_record({"published_at": value})


def test_a_raw_note_of_joplin_is_known_by_the_fields_behind_it() -> None:
    fields = "id: 0123456789abcdef0123456789abcdef\nparent_id: \nis_conflict: 1\ntype_: 1"
    assert is_raw_note(f"Soup\n\nLeek.\n\n{fields}".encode()) and is_raw_note(f"{fields}\n".encode())
    assert is_raw_note(f"Soup\n\n{fields}".replace("\n", "\r\n").encode())
    for other in (f"{fields}\n\nLeek.", fields.replace("id: 0", "uid: 0"), fields.replace("type_: 1", "type: 1")):
        assert not is_raw_note(other.encode())
