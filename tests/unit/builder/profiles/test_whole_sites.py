"""All that is made of a small site of each generator: of every file its place and text, or why it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.expectation_files import check, inputs_of, shown
from vademecum_builder.profiles.reader import PlainPages, ProfilePages
from vademecum_builder.profiles.registry import find_profile
from vademecum_builder.readers import document
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.plain import read_plain_text
from vademecum_builder.sources.base import ASCIIDOC, SourceItem
from vademecum_builder.sources.endings import media_type

SITES = sorted((Path(__file__).parent / "whole").glob("*.txt"))


def made_of(root: Path, keys: list[str]) -> Iterator[str]:
    """Yield what is told and shown; AsciiDoc is shown as it is handed to Asciidoctor, which need not be there."""
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
        yield f"--- {key}: {read if isinstance(read, str) else ''}"
        if isinstance(read, Document):
            yield f"{place.page} {place.lang} {place.version}" if place else ""
            yield from shown(read)
    yield from pages.warnings()


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.stem)
def test_all_that_is_made_of_a_site(site: Path, tmp_path: Path) -> None:
    for key, text in inputs_of(site).items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text(text, encoding="utf-8")
    readers = {ASCIIDOC: read_plain_text}
    by_library = document._by_library
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_by_library", lambda media: readers.get(media) or by_library(media))
        check(site, made_of(tmp_path, sorted(key for key in inputs_of(site) if not key.startswith("."))))
