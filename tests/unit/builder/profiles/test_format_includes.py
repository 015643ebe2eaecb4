"""What reStructuredText and AsciiDoc include comes from inside the tree, and nothing from outside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vademecum_builder.profiles.base import Page, Project
from vademecum_builder.profiles.formats import asciidoc_includes, asciidoc_references, rst_includes
from vademecum_builder.profiles.includes import part

FILES = {
    "parts/oil.rst": "head\n.. start\n\nOil, *new* oil.\n\n.. end\nfoot\n",
    "parts/loop.rst": ".. include:: loop.rst\n\nTurns.\n",
    "src/turn.py": "one\ntwo\nthree\n",
    "src/pump.py": "class Pump:\n    @slowly\n    def turn(self):\n        pass\n\n    def stop(self): ...\n",
    "modules/ROOT/partials/oil.adoc": "= Oil\n\nNew oil.\n",
    "modules/other/partials/far.adoc": "Far.\n",
    "modules/ROOT/examples/turn.rb": "# tag::turn[]\nturn\n# end::turn[]\nrest\n",
    ".env": "SECRET\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("SECRET\n")
    for name, text in FILES.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text)
    return tmp_path / "docs"


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        (
            ".. include:: ../parts/oil.rst\n   :start-after: .. start\n   :end-before: .. end\n",
            "\n\n\nOil, *new* oil.\n\n\n",
        ),
        (".. include:: /parts/oil.rst\n   :end-before: .. start\n", "\nhead\n\n"),
        (
            ".. literalinclude:: ../src/turn.py\n   :language: python\n   :lines: 2-\n",
            ".. code-block:: python\n\n   two\n   three\n\n\n",
        ),
        (".. include:: ../src/turn.py\n   :code: python\n   :lines: 1\n", ".. code-block:: python\n\n   one\n\n"),
        (
            ".. literalinclude:: ../src/pump.py\n   :pyobject: Pump.turn\n   :dedent:\n",
            ".. code-block:: \n\n   @slowly\n   def turn(self):\n       pass\n\n",
        ),
        (
            ".. literalinclude:: ../src/turn.py\n   :start-at: tw\n   :end-before: thr\n",
            ".. code-block:: \n\n   two\n\n",
        ),
        (
            ".. literalinclude:: ../src/turn.py\n   :start-at: x\n   :end-before: one\n",
            ".. code-block:: \n\n   one\n   two\n   three\n\n\n",
        ),
        (".. literalinclude:: ../src/turn.py\n   :start-after: on\n   :end-at: tw\n", ".. code-block:: \n\n   two\n\n"),
        (".. include:: ../src/turn.py\n   :start-line: 1\n   :end-line: 2\n", "\ntwo\n"),
        (".. include:: ../src/turn.py\n   :start-line: -3\n   :end-line: -1\n", "\ntwo\nthree\n"),
        (f".. include:: ../src/turn.py\n   :start-line: {'9' * 5000}\n   :end-line: --1\n", "\none\ntwo\nthree\n\n"),
        (
            ".. note::\n\n   .. include:: ../src/turn.py\n      :lines: 2\n\n   More.\n",
            ".. note::\n\n\n   two\n\n   More.\n",
        ),
        ("- Item:\n\n  .. include:: ../src/turn.py\n     :lines: 1\n", "- Item:\n\n\n  one\n"),
        ("Write::\n\n   .. include:: ../parts/oil.rst\n", None),
        (".. note::\n\n   .. code-block:: rst\n\n      .. include:: ../parts/oil.rst\n", None),
        ("..\n   .. include:: ../parts/oil.rst\n", None),
        (".. Later:\n   .. include:: ../parts/oil.rst\n", None),
        (".. include:: ../../secret.txt\n", ""),
        (".. include:: ../.env\n", ""),
        (".. include:: gone.rst\n", ""),
    ],
)
def test_rst(root: Path, line: str, taken: str | None) -> None:
    assert rst_includes(line, Page(Project(root, root), "guide/pump.rst")) == (line if taken is None else taken)


def test_a_loop_ends_and_is_told(root: Path) -> None:
    page = Page(Project(root, root), "parts/pump.rst")
    assert rst_includes(".. include:: loop.rst\n", page).strip() == "Turns."
    assert list(page.troubles) == ["includes that lead back to themselves (parts/loop.rst)"]


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("include::partial$oil.adoc[]\n", "= Oil\n\nNew oil.\n"),
        (
            "include::partial$oil.adoc[leveloffset=+1]\n",
            ":leveloffset: +1\n\n= Oil\n\nNew oil.\n\n\n:leveloffset: -1\n\n",
        ),
        ("include::example$turn.rb[tag=turn]\n", "turn\n"),
        ("include::../examples/turn.rb[]\n", "turn\nrest\n"),
        ("include::../examples/turn.rb[lines=1..2]\n", "turn\n"),
        ("include::../examples/turn.rb[lines=3..-1]\n", "rest\n"),
        ("\\include::partial$oil.adoc[]\n", None),
        (
            ":parts: example$\n:file: {parts}turn\n\ninclude::ROOT:{file}.rb[tag=turn]\n",
            ":parts: example$\n:file: {parts}turn\n\nturn\n",
        ),
        ("include::other:partial$far.adoc[]\n", "Far.\n"),
        ("include-code::Turn[tag=x]\n", "\n"),
        ("----\ncode::x[0]\n----\n", None),
        ("image::pump.png[Pump]\n", None),
        ("include::../../../../secret.txt[]\n", "\n"),
        ("include::/etc/passwd[]\n", "\n"),
        ("include::https://example.org/x.adoc[]\n", "\n"),
    ],
)
def test_asciidoc(root: Path, line: str, taken: str | None) -> None:
    page = Page(Project(root, root), "modules/ROOT/pages/pump.adoc")
    assert asciidoc_includes(line, page) == (line if taken is None else taken)


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("xref:oil.adoc[]", "xref:oil.adoc[Oil]"),
        ("xref:other:far/oil.adoc[]", "xref:other:far/oil.adoc[Oil of others]"),
        ("xref:site:other:far/oil.adoc[]", "xref:site:other:far/oil.adoc[Oil of others]"),
        ("xref:./near.adoc[]", "xref:./near.adoc[Near]"),
        (":unit: l\n\nxref:unit.adoc[]", ":unit: l\n\nxref:unit.adoc[By {unit}]"),
        ("xref:oil.adoc[The oil]", None),
        ("xref:oil.adoc#new[]", None),
        ("xref:none.adoc[]", None),
        ("`xref:oil.adoc[]`", None),
        ("----\nxref:oil.adoc[]\n----", None),
        ("-----\nxref:oil.adoc[]\n----", "-----\nxref:oil.adoc[Oil]\n----"),  # no part of a fence is one
    ],
)
def test_a_reference_of_asciidoc_shows_the_title_of_its_page(root: Path, reference: str, shown: str | None) -> None:
    pages = {"ROOT/pages/oil": "Oil", "ROOT/pages/sub/near": "Near", "other/pages/far/oil": "Oil of others"}
    pages["ROOT/pages/unit"] = "By {unit}"
    for name, title in pages.items():
        place = root / f"modules/{name}.adoc"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f":x: y\n= {title}\n\n== Oil below\n")
    (root / "parts/near.adoc").write_text("= Near by\n")
    project = Project(root, root, frozenset(path.relative_to(root).as_posix() for path in root.rglob("*.adoc")))
    page = Page(project, "modules/ROOT/pages/sub/pump.adoc")
    assert asciidoc_references(reference, page) == (shown or reference)
    assert [*page.included.values()] == ([shown.partition("[")[2].partition("]")[0]] if shown else [])
    assert asciidoc_references("xref:near.adoc[]", Page(project, "parts/pump.adoc")) == "xref:near.adoc[Near by]"
    assert asciidoc_references("xref:unit.adoc[]", page) == "xref:unit.adoc[]"  # nobody says what it is


def test_what_an_extension_of_asciidoc_makes_is_told(root: Path) -> None:
    page = Page(Project(root, root), "modules/ROOT/pages/pump.adoc")
    asciidoc_includes("include-code::Turn[]\n", page)
    assert list(page.troubles) == ["what an extension makes of `include-code::`"]


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ("2", "2"), ("2:3", "23"), ("2 - 3", "23"), (" :2", "12"), ("4-", "45"), ("4--1", "45"), ("1, 4 : 5", "145"),
        ("3 4", ""), ("9" * 5000, ""), ("1:" + "9" * 5000, ""), ("1,3 4,5", "15"), ("1,,5", "15"), ("1:2:3", ""),
        (" ", ""),
    ],
)  # fmt: skip
def test_lines_that_are_written_wrongly_are_none(wanted: str, lines: str) -> None:
    assert part("1\n2\n3\n4\n5", wanted).replace("\n", "") == lines
