"""Which files are documents, by their endings."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from vademecum.origin import pip_install
from vademecum_builder.sources import base

_MARKDOWN = (
    ".md .markdown .mdown .mkd .mkdn .mkdown .mdwn .mdx .qmd .rmd .livemd .cheatmd .mdoc .markerb .topic".split()
)
MEDIA_TYPES = {
    **dict.fromkeys(_MARKDOWN, base.MARKDOWN),
    **dict.fromkeys((".txt", ".srt", ".vtt"), base.PLAIN_TEXT),  # subtitles are told by how they begin
    **dict.fromkeys((".html", ".htm", ".xhtml"), base.HTML),
    ".rst": base.RST,
    **dict.fromkeys((".adoc", ".asciidoc", ".asc"), base.ASCIIDOC),
    ".org": base.ORG,
    ".ipynb": base.NOTEBOOK,
}
"""The files that are documents, by ending: the only place where endings are listed."""
BINARY_TYPES = {
    ".pdf": base.PDF,
    # Those that end in m have macros, which nobody runs here.
    **dict.fromkeys((".docx", ".docm"), base.DOCX),
    **dict.fromkeys((".pptx", ".pptm"), base.PPTX),
    **dict.fromkeys((".xlsx", ".xlsm"), base.XLSX),
    ".epub": base.EPUB,
    **dict.fromkeys((".odt", ".ods", ".odp"), base.ODF),
}
"""Files that contain a document, and that pages link to as they are."""
EXTRAS = {base.RST: "rst", base.NOTEBOOK: "notebook", base.ORG: "org"}
EXTRAS |= dict.fromkeys({*BINARY_TYPES.values()} - {base.ODF}, "files")
"""By media type, the extra of this distribution that brings the reader; the others need none."""
_LINE = re.compile(r"(?<=\w):\d+\Z")
_SUFFIX = re.compile(r"\.[a-z_][\w-]{0,15}")


def install_hint(media: str) -> str:
    """Return how to install the reader of a media type; empty: it is always there."""
    if media == base.ASCIIDOC:
        return "install Asciidoctor (apt, brew or gem install asciidoctor)"
    return pip_install(EXTRAS[media]) if media in EXTRAS else ""


def suffix_of(key: str) -> str:
    """Return a file's ending in lower case with its dot, also that of a line in a file (`a.csv:11`); empty: none."""
    suffix = PurePosixPath(_LINE.sub("", key)).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def media_type(key: str) -> str | None:
    """Return the media type of a file by its ending; None: it is not a document."""
    path = PurePosixPath(key.lower())
    ending = PurePosixPath(path.stem).suffix if path.suffix == ".erb" else path.suffix
    if path.suffix == ".erb" and ending not in _MARKDOWN:
        return None  # a template
    return MEDIA_TYPES.get(ending) or BINARY_TYPES.get(ending)
