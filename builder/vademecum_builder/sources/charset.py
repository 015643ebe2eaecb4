"""Decoding the bytes of a file: by the declared encoding, else by a guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from vademecum.errors import ContentError, counted

_DECLARED = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})|^\s*<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
_LOOKED_AT = 4096
"""A declaration has to be in this many bytes at the head; browsers look at 1024."""
_SAMPLE = 64 * 1024
# The Encoding Standard, "names and labels": a declared Latin-1 or ASCII has always meant Windows' superset of it.
_LATIN_1 = frozenset({"iso8859-1", "ascii"})
# Python decodes these, but no page uses them: `\n` or `+AGE-` in a page would become other characters.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WESTERN = re.compile("[À-ÖØ-öø-ÿŒœ€‘-”–—…•«»¡¿°§©®™·´\xa0]")
_SIGNS = re.compile(r"(?<=\d)[ºª]|(?<=\b[NnMD])[ºª]|(?<=m)[²³](?![^\W\d_])|£(?=\d)")
"""Signs that are letters of Central Europe elsewhere: `Nº 3`, `m²`, `£5`."""
_WESTERN_SHARE = 0.3
_BINARY = "binary: it holds NUL bytes"


@dataclass(frozen=True)
class Decoded:
    """The text of a page.

    Attributes:
        warning: What a publisher should know about its encoding; empty: nothing.
    """

    text: str
    warning: str = ""


def decode(data: bytes) -> Decoded:
    """Return the text of an HTML file: by byte order mark, declaration, UTF-8, or by what it looks like.

    Bytes that the encoding does not have become U+FFFD, with a warning.

    Raises:
        ContentError: Binary.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding, "")
    wide = _utf_16(data)
    if wide:
        return _decoded(data, wide, f"read as {wide.upper()}, which it does not say")
    if data.count(b"\0") > len(data) // 100 or (b"\0" in data and b"<" not in data[:_LOOKED_AT]):
        raise ContentError(_BINARY)
    data = data.replace(b"\0", b"")  # as in the standard; a page about characters may contain one
    declared = _declared(data)
    try:
        if not declared or declared == "utf-8":
            return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if declared:
        return _decoded(data, declared, "" if declared == "utf-8" else f"read as {declared}, which it declares")
    looked = _looks_like(data) or "cp1252"
    return _decoded(data, looked, f"read as {looked}, which it looks like: it declares no encoding")


def decode_text(data: bytes) -> Decoded:
    """Return the text of a file that declares no encoding: by byte order mark, UTF-8, or by what it looks like.

    Raises:
        ContentError: Binary.
    """
    encoding = encoding_of(data, whole=True)
    if data.startswith(tuple(mark for mark, _ in _MARKS)):
        return _strict(data, encoding)
    if encoding == "utf-8":
        return _decoded(data, encoding, "")
    if b"\0" in data:
        return _decoded(data, encoding, f"read as {encoding.upper()}, which it does not say")
    return _decoded(data, encoding, f"read as {encoding}, which it looks like: save it as UTF-8")


def encoding_of(head: bytes, nul: int = 0, *, whole: bool = False) -> str:
    """Return the encoding of a file that declares none, as `decode_text` finds it.

    Args:
        head: The file or its beginning.
        nul: How many NUL bytes it may contain.
        whole: Whether `head` is the whole file, and so does not end within a character.

    Raises:
        ContentError: Binary.
    """
    if encoding := unicode_of(head, nul):
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, whole)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # Either a stray byte in UTF-8, or another encoding altogether.
    text = head.decode("utf-8", "replace")
    if text.count("\ufffd") <= sum(c > "\x7f" and c != "\ufffd" for c in text):
        return "utf-8"
    looked = _looks_like(head)
    if not looked:
        raise ContentError("in no encoding that is known, or binary: save it as UTF-8")
    return looked


def unicode_of(head: bytes, nul: int = 0) -> str:
    """Return the Unicode encoding that a byte order mark or the NUL bytes of UTF-16 show; empty: neither does.

    Raises:
        ContentError: Binary: more than `nul` NUL bytes that UTF-16 does not explain.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    wide = _utf_16(head) if b"\0" in head else ""
    if not wide and head.count(b"\0") > nul:
        raise ContentError(_BINARY)
    return wide


def _strict(data: bytes, encoding: str) -> Decoded:
    """Return a text with a byte order mark; a NUL or half a mark shows that it was not one."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise ContentError(_BINARY if b"\0" in data else f"no {encoding}, as its first bytes say") from None
    if "\0" in text:
        raise ContentError(_BINARY)
    return Decoded(text)


def _decoded(data: bytes, encoding: str, warning: str) -> Decoded:
    text = data.decode(encoding, "replace")
    lost = text.count("\ufffd")
    if text.count("\0") > len(text) // 100:
        raise ContentError(_BINARY)
    if lost:
        warning = f"not {encoding} in {counted(lost, 'places')}: shown as \ufffd"
    return Decoded(text.replace("\0", ""), warning)


def _declared(data: bytes) -> str:
    """Return the declared encoding under Python's name for it, or the empty string."""
    found = _DECLARED.search(data, 0, _LOOKED_AT)
    if found is None:
        return ""
    try:
        name = codecs.lookup((found[1] or found[2]).decode("ascii", "replace")).name
        if name.startswith("utf-16"):
            return "utf-8"  # as in the standard: a declaration that can be read as ASCII cannot mean UTF-16
        # Nor EBCDIC or UTF-32; codecs that give no text, such as rot13, raise here.
        if name in _NO_CHARSETS or b"<".decode(name, "replace") != "<":
            return ""
    except (LookupError, ValueError):
        return ""
    return "cp1252" if name in _LATIN_1 else name


def _utf_16(data: bytes) -> str:
    """Return the kind of UTF-16 of markup without a byte order mark; empty: it is not UTF-16."""
    head = data[:_LOOKED_AT]
    half = len(head) // 2
    if half > 8 and head[1::2].count(0) > half * 0.7 and not head[::2].count(0):
        return "utf-16-le"
    if half > 8 and head[::2].count(0) > half * 0.7 and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def _looks_like(data: bytes) -> str:
    """Return the encoding that these bytes look like; empty: none.

    Most undeclared text is Western. A library that weighs languages would take some short texts for Central European,
    so text that is mostly ASCII, and Western in the rest, is not given to it.
    """
    sample = data[:_SAMPLE]
    try:
        beyond = [character for character in _SIGNS.sub("°", sample.decode("cp1252")) if character > "\x7f"]
    except UnicodeDecodeError:
        beyond = []
    if beyond and len(beyond) < len(sample) * _WESTERN_SHARE and all(map(_WESTERN.match, beyond)):
        return "cp1252"
    # Imported late: hardly any file is in an encoding other than UTF-8.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best is not None else ""
