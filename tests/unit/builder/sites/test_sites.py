"""The manual as fourteen generators render it: each hit lands where it says, and nothing of a theme is in the text."""

from __future__ import annotations

import functools
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from sites.manual import PAGES
from sites.questions import search_of, unanswered
from vademecum_builder.chunking.structure import Chunk, chunk_document
from vademecum_builder.readers.document import Document
from vademecum_builder.sites.detect import LOOKED_AT, detect
from vademecum_builder.sites.kinds import LeftOut
from vademecum_builder.sites.site import open_site

TREES = Path(__file__).parents[3] / "sites"
NAMES = sorted(path.name for path in TREES.iterdir() if any(path.rglob("*.html")))
BASE = "https://docs.example/a%2Fb/"
ATTRIBUTE = re.compile(r"""\s(?:id|name)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
LEFTOVERS = re.compile(
    r"¶|🔗|Edit this [Pp]age|Skip to|^Copy$|Copy code|^Next$|^Previous$|Next page|Previous page|On this page|Search|"
    r"Table of [Cc]ontents|Permalink|Back to top|Made (?:by|with)|This page was built|Section titled|Powered by|"
    r"Water for the village|Expand description|^Source$|Last updated|\[!|:::|\{\{|<Tab",
    re.MULTILINE,
)


@functools.cache
def read_tree(name: str) -> tuple[dict[str, Document], list[LeftOut]]:
    root = TREES / name
    keys = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.html"))
    found = detect(keys, ((root / key).read_bytes()[:LOOKED_AT] for key in keys))
    assert found is not None
    site = open_site(keys, lambda key: (root / key).read_bytes(), generator=found.generator, base_url=BASE)
    read = [site.read(key, (root / key).read_bytes()) for key in keys]
    documents = {item.key: item for item in read if isinstance(item, Document)}
    return documents, [item for item in read if isinstance(item, LeftOut)]


@functools.cache
def chunks_of(name: str) -> list[tuple[Document, Chunk]]:
    return [(document, chunk) for document in read_tree(name)[0].values() for chunk in chunk_document(document)]


def test_all_generators_are_here() -> None:
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_every_address_and_anchor_exists(name: str) -> None:
    ids: dict[str, set[str]] = {}
    for document, chunk in chunks_of(name):
        assert document.url.startswith(BASE)
        place = unquote(document.url.removeprefix(BASE))
        file = TREES / name / (f"{place}index.html" if place.endswith("/") or not place else place)
        assert file.is_file() and file.relative_to(TREES / name).as_posix() == document.key
        if document.key not in ids:
            ids[document.key] = {
                unescape("".join(told)) for told in ATTRIBUTE.findall(file.read_text(encoding="utf-8"))
            }
        assert not chunk.anchor or chunk.anchor in ids[document.key], (document.key, chunk)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_has_an_anchor_where_the_generator_made_one(name: str) -> None:
    headed = [chunk for _, chunk in chunks_of(name) if chunk.headings]
    assert sum(bool(chunk.anchor) for chunk in headed) >= 0.99 * len(headed)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_theme_is_in_the_text(name: str) -> None:
    titles = {title for _, title, _ in PAGES}
    for document, chunk in chunks_of(name):
        for text in (*chunk.headings, chunk.text):
            assert not LEFTOVERS.search(text), (document.key, text)
        lines = chunk.text.split("\n")
        menu = [line for line in lines if line in titles and line != document.title]
        assert len(menu) < 3 or document.key.endswith(("package-summary.html", "brunnen/index.html")), (
            document.key,
            menu,
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_page_of_the_manual_is_a_document_with_its_title(name: str) -> None:
    documents, left_out = read_tree(name)
    titles = [document.title for document in documents.values()]
    for _, title, _ in PAGES:
        compact = re.sub(r"\W", "", title.lower())
        # javadoc names classes after the titles, rustdoc modules after the keys.
        assert name == "rustdoc" or any(compact in re.sub(r"\W", "", found.lower()) for found in titles), title
    assert all(item.reason for item in left_out)
    assert not any(item.kind.value == "files that cannot be read" for item in left_out)


@pytest.mark.parametrize("name", NAMES)
def test_code_is_what_was_written(name: str) -> None:
    if name in ("javadoc", "rustdoc"):
        return
    text = "\n".join(chunk.text for _, chunk in chunks_of(name))
    assert "brunnen setup --port 3\nbrunnen check --all" in text
    assert 'for tank in brunnen.connect("pump-house").tanks():\n    print(tank.name, tank.level)' in text


@pytest.mark.parametrize("name", NAMES)
def test_nine_of_ten_questions_find_their_page_among_the_first_three(name: str) -> None:
    assert len(unanswered(search_of(read_tree(name)[0].values()))) <= 1
