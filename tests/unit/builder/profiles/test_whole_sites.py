"""All that is made of a small site of each generator: of every file its place and text, or why it is left out.

A file of `whole/` is a site: its files, each below `==> PATH`, then below `<==` what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vademecum.format.markup import Paragraph, Run
from vademecum_builder.chunking.markup import write
from vademecum_builder.profiles.reader import PlainPages, ProfilePages
from vademecum_builder.profiles.registry import find_profile
from vademecum_builder.readers.document import Document
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import media_type

SITES = sorted((Path(__file__).parent / "whole").glob("*.txt"))


def shown(document: Document) -> Iterator[str]:
    yield from filter(None, [document.url, str(document.metadata or ""), *document.warnings])
    for section in document.sections:
        anchor = f" {{#{section.anchor}}}" if section.anchor else ""
        yield f"{'#' * (1 + len(section.headings))} {' > '.join(section.headings)}{anchor}"
        yield write([Paragraph((Run(one),)) if isinstance(one, str) else one for one in section.blocks])


def made_of(root: Path, keys: list[str]) -> Iterator[str]:
    found = find_profile(root, keys)
    base = "https://b.example"
    pages = ProfilePages(found, found.rules.base_url or base) if found else PlainPages(root, base, frozenset(keys))
    if found:
        yield from filter(None, [pages.notice, found.rules.title, str(found.rules.first or "")])
    for key in keys:
        if not (kind := media_type(key)):
            continue
        read = pages.read(SourceItem(key, kind, (root / key).read_bytes()))
        place = found.page_place(key) if found else None
        yield f"--- {key}: {read.title if isinstance(read, Document) else read}"
        if isinstance(read, Document):
            yield f"{place.page} {place.lang} {place.version}" if place else ""
            yield from shown(read)
    yield from pages.warnings()


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.stem)
def test_all_that_is_made_of_a_site(site: Path, tmp_path: Path) -> None:
    told, _, wanted = site.read_text(encoding="utf-8").partition("<==\n")
    keys = []
    for part in told.split("==> ")[1:]:
        key, _, text = part.partition("\n")
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text(text, encoding="utf-8")
        keys.append(key)
    made = "\n".join(made_of(tmp_path, sorted(key for key in keys if not key.startswith("."))))
    assert [line for line in made.split("\n") if line] == [line for line in wanted.split("\n") if line]
