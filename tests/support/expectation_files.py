"""Files that hold what goes in and all that comes of it: parts below `==> PATH`, then below `<==` what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vademecum.format.markup import Paragraph, Run
from vademecum_builder.chunking.markup import write
from vademecum_builder.readers.document import Document


def check(file: Path, made: Iterator[str]) -> None:
    """Compare what came of a file with what it says; blank lines say nothing."""
    wanted = file.read_text(encoding="utf-8").partition("<==\n")[2]
    assert [*filter(None, "\n".join(made).split("\n"))] == [*filter(None, wanted.split("\n"))]


def inputs_of(file: Path) -> dict[str, str]:
    """Return the files that go in."""
    told = file.read_text(encoding="utf-8").partition("<==\n")[0]
    return {path: text for path, _, text in (part.partition("\n") for part in told.split("==> ")[1:])}


def shown(document: Document) -> Iterator[str]:
    """Yield the lines of all that a document is."""
    yield " | ".join(filter(None, [document.title, document.url, str(document.metadata or "")]))
    yield from document.warnings
    for section in document.sections:
        anchor = f" {{#{section.anchor}}}" if section.anchor else ""
        if section.headings or anchor:
            yield f"{'#' * (1 + len(section.headings))} {' > '.join(section.headings)}{anchor}"
        yield write([Paragraph((Run(one),)) if isinstance(one, str) else one for one in section.blocks])
