"""All that is read of a file that has in it what files of its kind have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.expectation_files import check, inputs_of, shown
from vademecum_builder.readers.document import parse_document
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.endings import media_type

FILES = sorted((Path(__file__).parent / "whole").glob("*.txt"))


def read(files: dict[str, str]) -> Iterator[str]:
    for key, text in files.items():
        yield f"--- {key}"
        yield from shown(
            parse_document(SourceItem(key, media_type(key) or "", text.encode()), base_url="https://b.example")
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_all_that_is_read_of_a_file(file: Path) -> None:
    check(file, read(inputs_of(file)))
