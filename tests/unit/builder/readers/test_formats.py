"""reStructuredText, AsciiDoc, Org and notebooks: text and code stay, markup and what is private go."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from docutils.parsers.rst.states import Inliner

from vademecum.errors import ContentError
from vademecum_builder.readers import org
from vademecum_builder.readers.document import Document, MissingReader, parse_document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.sources.base import ASCIIDOC, NOTEBOOK, ORG, RST, SourceItem

KEYS = {RST: "guide/pump.rst", ASCIIDOC: "guide/pump.adoc", ORG: "guide/pump.org", NOTEBOOK: "guide/pump.ipynb"}


def read(text: str, media_type: str, **options: str) -> Document:
    return parse_document(SourceItem(KEYS[media_type], media_type, text.encode()), **options)  # type: ignore[arg-type]


def shown(document: Document) -> str:
    parts = ((*section.headings[-1:], *map(block_text, section.blocks)) for section in document.sections)
    return "\n".join(chain.from_iterable(parts))


def anchors(document: Document) -> dict[str, str]:
    return {section.headings[-1]: section.anchor for section in document.sections if section.headings}


def notebook(*cells: Mapping[str, object], **metadata: object) -> str:
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def markdown(source: str | list[str], *tags: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": "m", "metadata": {"tags": tags}, "source": source}


def code(source: str, *outputs: Mapping[str, object], tags: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": "c",
        "execution_count": 1,
        "metadata": {"tags": tags},
        "source": source,
        "outputs": outputs,
    }


def result(**data: str) -> dict[str, object]:
    named = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": named}


# reStructuredText


@pytest.mark.parametrize(
    "directive",
    [
        ".. include:: {}",
        ".. literalinclude:: {}",
        ".. raw:: html\n   :file: {}",
        ".. csv-table::\n   :file: {}",
        ".. figure:: {}\n   :include: {}",
    ],
)
def test_rst_reads_no_other_file(tmp_path: Path, directive: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the recall,in May\n")
    document = read(f"Pump\n====\n\n{directive.replace('{}', str(secret))}\n\nText.\n", RST)
    assert "recall" not in shown(document)
    assert "Text." in shown(document)


def test_rst_in_a_very_long_paragraph_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each of them is looked for, the work grows with the square."""
    parsed, parse = [], Inliner.parse

    def noted(self: Inliner, text: str, *more: Any) -> Any:
        parsed.append(text)
        return parse(self, text, *more)

    monkeypatch.setattr(Inliner, "parse", noted)
    assert shown(read("Pump\n====\n\n" + "`a " * 10_000 + "\n", RST)).startswith("`a `a")
    assert parsed == ["Pump"]


def test_rst_of_one_file_does_not_shape_the_next() -> None:
    page = "Pump\n====\n\n:shout:`Hello.`\n"
    before = read(page, RST)
    read(".. role:: shout(raw)\n   :format: html\n\n.. default-role:: math\n\n:shout:`x`\n", RST)
    assert read(page, RST) == before
    assert "Hello." in shown(before)


# AsciiDoc

MANUAL = """\
= Pump
Jo Doe <jo@example.org>
:page-draft: true
:unit: bar

// a private remark
////
a recall
////
Water at 2 {unit}, *clean* water. See <<oil,the oil>>.

include::{secret}[]

[#oil]
== Oil change

WARNING: Never run it dry.

[source,python]
----
def turn(): # <1>
    return 1
----
<1> Turns it.

|===
|Part |Wear

|Seal |2 mm
|===

ifdef::internal[]
in May
endif::[]

== Two words

More.
"""


has_asciidoctor = pytest.mark.skipif(shutil.which("asciidoctor") is None, reason="Asciidoctor is not installed")


@pytest.mark.process
@has_asciidoctor
def test_the_id_above_an_asciidoc_title_is_no_place_of_its_own() -> None:
    document = read("[[pump]]\n= Pump\n\nWater.\n\n[[oil]]\n== Oil change\n\nOil.\n", ASCIIDOC)
    assert [section.anchor for section in document.sections] == ["", "oil"]


@pytest.mark.process
@has_asciidoctor
def test_an_asciidoc_attribute_without_a_value_is_told_once_and_one_in_code_is_code() -> None:
    document = read("= Pump\n:oil: SAE 30\n\n{oil}, {seal-kit}, `{seal-kit}`.\n\n----\n{code}\n----\n", ASCIIDOC)
    assert document.warnings == ("guide/pump.adoc: `{seal-kit}` has no value, and is shown as it is",)
    assert shown(document) == "SAE 30, {seal-kit}, {seal-kit}.\n{code}"


@pytest.mark.process
@has_asciidoctor
def test_asciidoc(tmp_path: Path) -> None:
    secret = tmp_path / "secret.adoc"
    secret.write_text("our plan\n")
    document = read(MANUAL.replace("{secret}", str(secret)), ASCIIDOC)
    text = shown(document)
    assert document.title == "Pump"
    assert document.metadata == {"draft": True}
    assert document.warnings == ("guide/pump.adoc: 1 × `include::` left out: no other file is read",)
    assert anchors(document) == {"Oil change": "oil", "Two words": "_two_words"}
    for kept in ("Water at 2 bar, clean water. See the oil.", "Never run it dry.", "def turn():\n    return 1", "Seal"):
        assert kept in text
    for gone in ("private", "recall", "plan", "in May", "::", "===", "<1>", "(1)", "secret"):
        assert gone not in text


def test_without_asciidoctor_its_pages_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "vademecum_builder.readers.asciidoc", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(MissingReader, match="install Asciidoctor"):
        read(MANUAL, ASCIIDOC)


@has_asciidoctor
@pytest.mark.process
def test_asciidoc_whose_code_is_not_closed_is_read_at_once() -> None:
    opened = "".join("-" * size + "\n" for size in range(4, 2000))
    document = read(f"= Pump\n\nOils\n----\n\n{{a}}b[Red].\n\n{opened}{{a}}b[Blue]\n", ASCIIDOC)
    assert "Red." in shown(document) and "{a}b[Blue]" in shown(document)


@has_asciidoctor
@pytest.mark.process
def test_a_link_by_an_attribute_that_is_said_elsewhere_is_what_it_shows() -> None:
    document = read(
        "= Pump\n:own: https://own.example/\n\nSee {docs-url}a/b.html#c[the oil^] and {own}d[water].\n\n"
        "----\n{x}[y]\n----\n",
        ASCIIDOC,
    )
    assert shown(document) == "See the oil and water.\n{x}[y]"


# Org

NOTES = """\
#+TITLE: Pump
#+DRAFT: t
#+HUGO_PUBLISHED: no
# a private remark
Water, *clean* =water=. See [[https://example.org][the oil]] [fn:1:(see [[*Oil change]])].
#+macro: own mine $1
Press {{{kbd(C-c\\, \\)}}}{{{version}}}, {{{own(tank)}}}.
Write ={{{version}}}= or (~[[*Wear]]~).
#+INCLUDE: "SECRET"
* TODO [#A] Oil change                                                :work:
SCHEDULED: <2026-05-01 Fri>
:PROPERTIES:
:CUSTOM_ID: oil
:Owner: Jo
:END:
#+begin_src python
def turn():
    return "#+TITLE: x"
#+end_src
#+begin_comment
a recall
#+end_comment
** COMMENT Plans
in May
** Costs :noexport:
a million
* Wear
:LOGBOOK:
CLOCK: [2026-05-01 Fri 10:00]
:END:
| Part | Wear |
|------+------|
| Seal | 2 mm |
"""


@pytest.mark.process
@pytest.mark.parametrize("key", ["{{{kbd(C-c \\)}}}", "C-c \\ and"])
def test_a_list_with_a_backslash_before_a_blank_is_read(key: str) -> None:
    document = read(f"* Keys\n\n- {key} (~match~) ::\n\n  Searches.\n\n- M-x ::\n\n  More.\n", ORG)
    assert "Searches." in shown(document) and "More." in shown(document)


@pytest.mark.process
def test_org(tmp_path: Path) -> None:
    secret = tmp_path / "secret.org"
    secret.write_text("our plan\n")
    document = read(NOTES.replace("SECRET", str(secret)), ORG)
    text = shown(document)
    assert document.title == "Pump"
    assert document.metadata == {"draft": True, "published": False}
    assert document.warnings == ("guide/pump.org: 1 × `#+INCLUDE` left out: no other file is read",)
    assert anchors(document)["Oil change"] == "oil"
    for kept in (
        "Water, clean water. See the oil",
        "(see Oil change)",
        "Press C-c, \\, mine tank.",
        "Write {{{version}}} or ([[*Wear]]).",
        'def turn():\n    return "#+TITLE: x"',
        "Seal",
        "2 mm",
    ):
        assert kept in text
    for gone in ("private", "recall", "May", "million", "plan", "2026", "Owner", "TODO", "[#", "work", "----", "DRAFT"):
        assert gone not in text


@pytest.mark.process
def test_an_org_block_that_is_not_closed_ends_where_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []

    def converted(_form: str, text: str, *_options: str) -> str:
        handed.append(text)
        return "<p>Seal.</p>"

    monkeypatch.setattr(org, "by_pandoc", converted)
    closed = "#+begin_quote\n#+AUTHOR: Jo\n[[*Wear]]\n#+end_quote\n"
    reading = org.read_org("#+begin_quote\n#+TITLE: Pump\nSee [[*Wear]].\n" + closed)
    assert (reading.title, reading.metadata) == ("Pump", {})
    assert handed[0].startswith("#+begin_quote\n#+TITLE: Pump\nSee Wear.\n" + closed)


# Notebooks


def test_notebook_may_lack_what_the_schema_asks_for() -> None:
    cell = {"cell_type": "markdown", "source": ["# Pump"]}
    assert read(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}), NOTEBOOK).title == "Pump"


def test_notebook_of_an_older_version() -> None:
    old = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Pump"]},
        {"cell_type": "code", "input": ["turn()"], "language": "python", "metadata": {}, "outputs": []},
    ]
    page = {"worksheets": [{"cells": old, "metadata": {}}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    document = read(json.dumps(page), NOTEBOOK)
    assert (document.title, "turn()" in shown(document)) == ("Pump", True)


def test_notebook_output_is_bounded() -> None:
    long = {"output_type": "stream", "name": "stdout", "text": "a line\n" * 100_000}
    assert len(shown(read(notebook(code("x", long)), NOTEBOOK))) < 5000


# All of them


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (NOTEBOOK, '{"cells": [{"cell_type": "mark'),
        (NOTEBOOK, "[" * 100_000),
        (NOTEBOOK, "[1]"),
        (NOTEBOOK, '{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'),
        (RST, "x " * 100_000),
        (RST, "\n\n".join(" " * n + "x" for n in range(500))),
    ],
)
def test_broken_input_is_an_error_that_names_the_file(media_type: str, text: str) -> None:
    with pytest.raises(ContentError, match=rf"^{KEYS[media_type]}: "):
        read(text, media_type)


@pytest.mark.parametrize(
    ("media_type", "module", "extra"),
    [(RST, "docutils", "rst"), (NOTEBOOK, "nbformat", "notebook"), (ORG, "pypandoc", "org")],
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, media_type: str, module: str, extra: str
) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"vademecum_builder.readers.{extra}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingReader, match=rf"pip install .*\[{extra}\]'"):
        read("x", media_type)


def test_their_pages_are_html() -> None:
    assert read("x", RST, base_url="https://example.org/kb/").url == "https://example.org/kb/guide/pump.html"
