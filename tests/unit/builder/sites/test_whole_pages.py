"""All that is made of a small rendered site: of every page its address and text, or why it is no document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.expectation_files import check, inputs_of, shown
from vademecum_builder.readers.document import Document
from vademecum_builder.sites.detect import detect, pages_of
from vademecum_builder.sites.site import open_site

SITES = sorted((Path(__file__).parent / "whole").glob("*.txt"))


def made_of(files: dict[str, str]) -> Iterator[str]:
    keys = pages_of(files)
    told = detect([*files], [files[key].encode() for key in keys])
    yield f"{told.pages} {told.generator}: {told.reason}" if told else "sources"
    site = open_site(keys, lambda key: files[key].encode(), generator=told.generator if told else "")
    yield site.addresses.base_url
    for key in keys:
        page = site.read(key, files[key].encode())
        yield f"--- {key}" if isinstance(page, Document) else f"--- {key}: {page.kind.value} ({page.reason})"
        yield from shown(page) if isinstance(page, Document) else ()


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.stem)
def test_all_that_is_made_of_a_rendered_site(site: Path) -> None:
    check(site, made_of(inputs_of(site)))
