"""The app's own documents, indexed by words in memory: the fallback while no release is installed.

By words alone: what words mean would have to be fitted, which takes SciPy and seconds, and no client has either.
Nothing of it is stored, or ever mixed with a release. js/search/local.mjs is the twin, and finds the same.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Final

from vademecum.encoder.alphabet import Alphabet
from vademecum.encoder.file import EncoderFile
from vademecum.encoder.query import Encoder
from vademecum.errors import UsageError
from vademecum.format.segment import ChunkRow, DocumentRow, chunk_id, decode_segment, encode_segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.opened import Opened
from vademecum.store.pointer import Generation

VERSION: Final = "local"
_ENOUGH: Final = 1000
"""Characters of a passage: paragraphs are put together up to these."""
_UNSEEN: Final = re.compile(r"<(script|style|template|noscript)\b.*?</\1\s*>|<!--.*?-->", re.S | re.I)
_BLOCK: Final = re.compile(r"</?(?:p|div|section|article|h[1-6]|ul|ol|li|table|tr|pre|br|hr)\b[^>]*>", re.I)
_TAG: Final = re.compile(r"</?[a-z][^>]*>", re.I)
_BLANK: Final = re.compile(r"\n\s*\n")


def index_documents(documents: Iterable[Mapping[str, object]]) -> Opened:
    """Return an index of these documents, open: sequence 0, version `local`.

    Args:
        documents: Each has a `key` and a `text` or `html`, and may have `title` and `url`; of equal keys the last
            counts.

    Raises:
        UsageError: One is none; it says which.
    """
    rows: dict[str, DocumentRow] = {}
    chunks: dict[int, ChunkRow] = {}
    for at, document in enumerate(documents):
        key, title, url, text = _checked(document, at)
        passages = _passages(text) or [title]
        ids = [chunk_id(title, "", "", passage) for passage in passages]
        chunks |= {id_: ChunkRow(id_, 1, b"\0", 0, "", "", passage) for id_, passage in zip(ids, passages, strict=True)}
        rows[key] = DocumentRow(key, 1, title, url, chunks=tuple(ids))
    named = {id_ for row in rows.values() for id_ in row.chunks}
    state = assemble([decode_segment(encode_segment(VERSION, 1, rows.values(), map(chunks.__getitem__, named)))])
    encoder = Encoder(EncoderFile(VERSION, 1, [], b"", [], Alphabet([], [], b""), words_weight=1000))
    generation = Generation(
        sequence=0,
        version=VERSION,
        built="",
        epoch=VERSION,
        digest="",
        documents=len(rows),
        chunks=len(named),
        installed="",
        dimensions=1,
        encoder="",
        segments=(),
    )
    return Opened(generation, state, encoder)


def _checked(document: object, at: int) -> tuple[str, str, str, str]:
    told = document if isinstance(document, Mapping) else {}
    key, markup = told.get("key"), told.get("html")
    text = told.get("text", text_of(markup) if isinstance(markup, str) else None)
    title, url = told.get("title") or key, told.get("url") or ""
    if not (isinstance(key, str) and key and isinstance(text, str) and isinstance(title, str) and isinstance(url, str)):
        raise UsageError(f"fallback: document {at} needs a key and a text or html, and title and url are texts")
    return key, title, url, text


def text_of(markup: str) -> str:
    """Return the text of HTML, a blank line between blocks: enough to be found, no more.

    >>> text_of("<h1>Keys</h1><p>Rotate &amp; <b>sign</b></p><script>x</script>").split()
    ['Keys', 'Rotate', '&', 'sign']
    """
    return html.unescape(_TAG.sub("", _BLOCK.sub("\n\n", _UNSEEN.sub(" ", markup))))


def _passages(text: str) -> list[str]:
    passages: list[str] = []
    for paragraph in filter(None, map(str.strip, _BLANK.split(text))):
        if passages and len(passages[-1]) + len(paragraph) < _ENOUGH:
            passages[-1] += f"\n\n{paragraph}"
        else:
            passages.append(paragraph)
    return passages
