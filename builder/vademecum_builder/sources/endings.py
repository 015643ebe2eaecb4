"""Which files are documents, by their endings."""

from __future__ import annotations

from pathlib import PurePosixPath

from vademecum.origin import pip_install
from vademecum_builder.sources.base import (
    ASCIIDOC,
    DOCX,
    EPUB,
    HTML,
    MARKDOWN,
    NOTEBOOK,
    ODF,
    ORG,
    PDF,
    PLAIN_TEXT,
    PPTX,
    RST,
    XLSX,
)

_MARKDOWN = (
    ".md .markdown .mdown .mkd .mkdn .mkdown .mdwn .mdx .qmd .rmd .livemd .cheatmd .mdoc .markerb .topic".split()
)
MEDIA_TYPES = {
    **dict.fromkeys(_MARKDOWN, MARKDOWN),
    ".txt": PLAIN_TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".rst": RST,
    ".adoc": ASCIIDOC,
    ".asciidoc": ASCIIDOC,
    ".asc": ASCIIDOC,
    ".org": ORG,
    ".ipynb": NOTEBOOK,
}
"""By their endings, the files that are documents: the one place where a kind's endings are named."""
_OPEN = dict.fromkeys((".odt", ".ods", ".odp"), ODF)
BINARY_TYPES = {".pdf": PDF, ".docx": DOCX, ".pptx": PPTX, ".xlsx": XLSX, ".epub": EPUB, **_OPEN}
"""Files that hold a document, and that pages link to as they lie."""

EXTRAS = {RST: "rst", NOTEBOOK: "notebook", ORG: "org", **dict.fromkeys({*BINARY_TYPES.values()} - {ODF}, "files")}
"""By media type, the extra of this distribution that brings the reader; the others need none."""


def install_hint(media: str) -> str:
    """Return what brings a reader that is not always there; empty: it always is."""
    if media == ASCIIDOC:
        return "install Asciidoctor (apt, brew or gem install asciidoctor)"
    return pip_install(EXTRAS[media]) if media in EXTRAS else ""


def media_type(key: str) -> str | None:
    """Return the media type of a file by its ending; None: it is no document."""
    path = PurePosixPath(key.lower())
    ending = PurePosixPath(path.stem).suffix if path.suffix == ".erb" else path.suffix
    if path.suffix == ".erb" and ending not in _MARKDOWN:
        return None  # a template
    return MEDIA_TYPES.get(ending) or BINARY_TYPES.get(ending)
