"""From a raw file to a document: title, URL, metadata, and sections of blocks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from vademecum.errors import ContentError, UsageError
from vademecum.format.markup import Item, Paragraph, Row, Runs
from vademecum_builder.readers.outline import Block, Reading, Section, block_text
from vademecum_builder.readers.plain import read_plain_text
from vademecum_builder.readers.slugs import GITHUB, SlugRule
from vademecum_builder.readers.subtitles import is_subtitles, read_subtitles
from vademecum_builder.readers.text import clean_line, unify_line_breaks
from vademecum_builder.sources import base
from vademecum_builder.sources.base import MARKDOWN, SourceItem
from vademecum_builder.sources.endings import MEDIA_TYPES, install_hint
from vademecum_builder.sources.private_keys import private_key_line

_FOLDER_PAGES = frozenset({"index", "readme", "_index"})
_VERSION = re.compile(r"v\d")
_SORTING = re.compile(r"^(?:0\d{1,2}[-_. ]+|\d{2}_+|\d{1,2}\. )(?=[^\W\d_]{2})")
"""A number that sorts names: `01-intro`, `10_filter`; not `2_factor`, `0-rtt`, `2024_review`, `0001-record`."""
_PATTERN = re.compile(r"(?:^|/):[a-z_]+(?=[/.]|$)")  # Jekyll's `/:categories/:title.html`
_FORGE = re.compile(r"/(?:blob|src/(?:branch|commit|tag))/[^/]+")
_BY_LIBRARY = {base.RST: "rst", base.NOTEBOOK: "notebook", base.ORG: "org", base.ASCIIDOC: "asciidoc"}
"""Readers that need optional libraries or programs."""
LONGEST_URL = 2000
_FILE = re.compile(
    rf"(?![A-Za-z][A-Za-z0-9+.-]*:|/)[^?#]*\.(?!(?:{'|'.join(suffix[1:] for suffix in MEDIA_TYPES)})\b)\w+(?:[?#]|$)"
)
"""A relative address of a file that is not a document."""


@dataclass(frozen=True)
class Document:
    """One page.

    Attributes:
        key: The path of the file, `/`-separated: stable, and unique in its source.
        title: One line, never empty.
        url: Absolute (http, https) or relative, or the empty string.
        metadata: JSON values: the front matter without title and URL.
        sections: In reading order, including those without text.
        warnings: What was wrong with the file, one line each, beginning with its key.
    """

    key: str
    title: str
    url: str
    metadata: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()


class MissingReader(ContentError):
    """The library for such a file is not installed; the message says how to install it, and does not name the file."""


def parse_document(
    file: SourceItem,
    *,
    base_url: str = "",
    slugs: SlugRule = GITHUB,
    address: Callable[[Mapping[str, Any]], str] | None = None,
    mdx: bool = False,
    called: str = "",
    auto_ids: str = "id",
) -> Document:
    """Read one raw file. The same file gives the same document.

    Args:
        file: Its media type chooses the reader.
        base_url: Where the pages are served: `guide/keys.md` becomes `BASE/guide/keys/`, but does not change where a
            forge shows the files (`shows_files`). Empty: documents only have a URL if it is in their front matter.
        slugs: How ids are made of headings.
        address: Returns the URL of the page, given its metadata; it replaces the rule for `base_url`.
        called: The title of a Markdown page with neither a title nor a heading of level 1.
        mdx: Whether all Markdown is MDX; `.mdx` always is.
        auto_ids: How docutils distinguishes equal ids of reStructuredText, see `read_rst`.

    Raises:
        ContentError: The file is binary, undecodable, or not what its media type says; or it holds a private key.
        MissingReader: Its reader's library is not installed.
        UsageError: No reader for its media type.
    """
    try:
        reading = _reading(file, slugs, mdx=mdx or file.key.endswith(".mdx"), called=called, auto_ids=auto_ids)
        # Again, without markup, entities and encodings: a highlighter wraps each word of a PEM in tags.
        if not file.shows_keys and private_key_line(_text_of(reading).encode()):
            raise ContentError("it holds a private key, which everybody could read: take it out")
    except MissingReader:
        raise
    except ContentError as error:
        raise ContentError(f"{file.key}: {error.message}") from None
    metadata = dict(reading.metadata)
    warnings = list(reading.warnings)
    title = clean_line(reading.title) or title_from_key(file.key)
    metadata.pop("title", None)
    url = address(metadata) if address else _url(file, metadata, base_url, warnings)
    sections = reading.sections
    if _has_own_folder(file, url):
        sections = tuple(replace(section, blocks=tuple(map(_moved, section.blocks))) for section in sections)
    url, sections = _without_fragment(url, sections)
    return Document(file.key, title, url, metadata, sections, tuple(f"{file.key}: {warning}" for warning in warnings))


def _without_fragment(url: str, sections: tuple[Section, ...]) -> tuple[str, tuple[Section, ...]]:
    """Return the fragment of an address as the anchor of sections without one."""
    url, fragment = urldefrag(url)
    if fragment.startswith(("/", "!")):  # an address in an app, which has no room for another anchor
        return f"{url}#{fragment}", tuple(replace(section, anchor="") for section in sections)
    return url, tuple(replace(section, anchor=section.anchor or fragment) for section in sections)


def _has_own_folder(file: SourceItem, url: str) -> bool:
    """Return whether a file is served as a folder: `guide/keys.md` at `guide/keys/`."""
    stem = PurePosixPath(file.key).stem
    return file.media_type == MARKDOWN and url.endswith(f"/{quote(stem)}/") and stem.lower() not in _FOLDER_PAGES


def _moved(block: Block) -> Block:
    """Return a block with the addresses of images and files relative to such a folder; those of documents stay."""
    match block:
        case Row():
            return replace(block, cells=tuple(map(_moved_runs, block.cells)))
        case Paragraph() | Item():
            return replace(block, runs=_moved_runs(block.runs))
        case _:
            return block


def _moved_runs(runs: Runs) -> Runs:
    return tuple(replace(run, link=_one_up(run.link), image=_one_up(run.image)) for run in runs)


def _one_up(address: str) -> str:
    return f"../{address}" if _FILE.match(address) else address


def _reading(file: SourceItem, slugs: SlugRule, *, mdx: bool, called: str, auto_ids: str) -> Reading:
    # Imported where needed: a build without changes parses nothing, and need not wait for the parsers of Markdown and
    # HTML (a fifth of its time).
    match file.media_type:
        case base.MARKDOWN:
            from vademecum_builder.readers.markdown import read_markdown

            return read_markdown(unify_line_breaks(file.text()), slugs=slugs, mdx=mdx, called=called)
        case base.HTML:
            from vademecum_builder.readers.html.page import cut_off, read_html
            from vademecum_builder.sources.charset import decode

            decoded = decode(file.data)
            reading = read_html(decoded.text)
            return replace(reading, warnings=tuple(filter(None, (decoded.warning, cut_off(decoded.text)))))
        case base.PLAIN_TEXT:
            text = unify_line_breaks(file.text())
            return read_subtitles(text) if is_subtitles(text) else read_plain_text(text)
        case media if media in base.BINARY:
            return _read_binary(file)
        case base.RST:
            return _by_library(base.RST)(unify_line_breaks(file.text()), auto_ids=auto_ids)
        case base.ASCIIDOC | base.ORG | base.NOTEBOOK:
            return _by_library(file.media_type)(unify_line_breaks(file.text()))
    kinds = ", ".join(sorted({*MEDIA_TYPES.values()}))
    raise UsageError(f"{file.key}: no reader for {file.media_type}; use one of {kinds}")


def _read_binary(file: SourceItem) -> Reading:
    """Read a file in a binary format.

    Raises:
        MissingReader: Its library is not installed.
        ContentError: It cannot be read, or has no text.
    """
    try:
        if file.media_type == base.PDF:
            from vademecum_builder.readers.pdf import read_pdf as read
        else:
            from vademecum_builder.readers import office, opendocument

            read = {
                base.ODF: opendocument.read_opendocument,
                base.DOCX: office.read_docx,
                base.PPTX: office.read_pptx,
                base.XLSX: office.read_xlsx,
                base.EPUB: office.read_epub,
            }[file.media_type]
        reading = read(file.data)
    except ModuleNotFoundError:
        raise MissingReader(f"not read: {install_hint(file.media_type)}") from None
    if not _text_of(reading):
        raise ContentError("no text in it")
    return reading


def _text_of(reading: Reading) -> str:
    return "\n".join(block_text(block) for section in reading.sections for block in section.blocks)


def _by_library(media: str) -> Callable[..., Reading]:
    """Return a reader; raise MissingReader if its library is not installed."""
    try:
        module = import_module(f"vademecum_builder.readers.{_BY_LIBRARY[media]}")
    except ModuleNotFoundError:
        raise MissingReader(f"not read: {install_hint(media)}") from None
    reader: Callable[..., Reading] = getattr(module, f"read_{_BY_LIBRARY[media]}")
    return reader


def title_from_key(key: str) -> str:
    """Return the name of a file in words, without a number that sorts it; for `index` and `README`, that of the folder.
    Versions (`v2`) stay in lower case."""
    path = PurePosixPath(key.removesuffix(".erb"))
    name = path.parent.name if path.stem.lower() in _FOLDER_PAGES and path.parent.name else path.stem
    name = _SORTING.sub("", name)
    # Beside spaces, hyphens are part of words.
    spaced = name if " " in name else name.replace("-", " ")
    words = clean_line(spaced.removesuffix(".html").replace("_", " ")) or clean_line(name) or key
    return words if _VERSION.match(words) else words[0].upper() + words[1:]


def _url(file: SourceItem, metadata: dict[str, Any], base_url: str, warnings: list[str]) -> str:
    """Return the URL of a page; remove the fields with it from the metadata."""
    named = [metadata.pop(name, None) for name in ("url", "permalink")]
    slug = metadata.pop("slug", None)
    for url in () if shows_files(base_url) else named:
        if isinstance(url, str) and url.strip():
            if _is_safe(url.strip()) and not _PATTERN.search(url):
                return _joined(base_url, url.strip())
            shown = repr(url.strip()[:60])
            warnings.append(f"URL {shown} is left out: it must be relative, http or https, without spaces")
    if not base_url:
        return ""
    if shows_files(base_url):
        return base_url.removesuffix("/") + "/" + quote(file.key)
    return base_url.removesuffix("/") + "/" + quote(_path(file, slug))


def shows_files(base_url: str) -> bool:
    """Return whether GitHub, GitLab, Gitea or Forgejo shows the files of a branch at this address."""
    return bool(_FORGE.search(urlsplit(base_url).path))


def _joined(base_url: str, url: str) -> str:
    """Return an address of front matter below the site, which is never below the search page."""
    if urlsplit(url).scheme:
        return url
    return urljoin(base_url.removesuffix("/") + "/", url.lstrip("/")) if base_url else ""


def _path(file: SourceItem, slug: object) -> str:
    path = PurePosixPath(file.key.removesuffix(".erb"))
    if file.media_type in _BY_LIBRARY and not slug:
        return path.with_suffix(".html").as_posix()  # as in Sphinx, Asciidoctor, Org and nbconvert
    if file.media_type != MARKDOWN and not slug:
        return file.key
    folder = "" if path.parent == PurePosixPath(".") else path.parent.as_posix()
    if isinstance(slug, str | int) and str(slug).strip("/ "):
        name = str(slug).strip()
    else:
        name = "" if path.stem.removesuffix(".html").lower() in _FOLDER_PAGES else path.stem
    # A slug with slashes is the whole path.
    whole = (name if "/" in name.strip("/") else posixpath.join(folder, name)).strip("/")
    return whole + "/" if whole and not whole.endswith(".html") else whole  # `a.html.md` is served at `a.html`


def _is_safe(url: str) -> bool:
    # Browsers remove tabs and line feeds inside a URL before they parse its scheme; so none is accepted.
    if len(url) > LONGEST_URL or any(character <= " " or character == "\x7f" for character in url):
        return False
    try:
        return urlsplit(url).scheme in ("", "http", "https")
    except ValueError:
        return False
