"""Private keys in documents: a signed release on people's devices cannot be called back."""

from __future__ import annotations

import codecs
import html
import re
from urllib.parse import unquote

# RFC 7468 (PEM), RFC 9580 (`PGP ... BLOCK`), RFC 4716 (SSH: four dashes and a blank).
_KEY_MARK = re.compile(r"-{1,5} ?(BEGIN|END) [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)? ?-{1,5}")
_NEXT_MARK = re.compile(r"-{1,5} ?(?:BEGIN|END) ")
_LONGEST_KEY = 16_384
_LEAST = 64
"""Characters of Base64: `vade keys new` makes 64; an example in a handbook that says "..." is text."""
# What stands between a key's lines, however it is quoted: tags, escapes (JSON, a shell's), and whatever is no Base64.
_BETWEEN = re.compile(r"(?:<[^<>]{0,200}>|\\+(?:[nrt]|u000[aAdD])|[^A-Za-z0-9+/=])+")
# A line of 40 is no word of a sentence; a shorter one counts where it looks like Base64.
_KEY_LINE = re.compile(
    r"[A-Za-z0-9+/=]{40,}|(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/=]{16,}"
)
# PuTTY's own format (https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html): 48 characters are a key.
_PUTTY = re.compile(r"Private-Lines: ?\d{1,3}(?:<[^<>]{0,200}>|\\+[nrt]|[^A-Za-z0-9+/=])+[A-Za-z0-9+/=]{40}")
_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])|\\(?=-)")
_LINE_BREAKS = re.compile(r"%0[aAdD]|&#(?:1[03]|[xX]0?[aAdD]);")
# Typography makes dashes of hyphens, and puts in what is not seen.
_AS_TYPED = {
    **dict.fromkeys(map(ord, "‐‑‒−"), "-"),
    **dict.fromkeys(map(ord, "–—―"), "--"),
    **dict.fromkeys(map(ord, "\u00a0\u202f"), " "),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff")),
}


def private_key_line(data: bytes) -> int:
    """Return the line where a whole private key begins, however it is indented, quoted or escaped; 0: there is none."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not utf16 and b"KEY" not in data and b"Private-Lines" not in data:
        return 0
    # Line breaks that are written as escapes become blanks first, so that lines can still be counted.
    text = _LINE_BREAKS.sub(" ", data.decode("utf-16" if utf16 else "utf-8", "replace"))
    text = _ESCAPED.sub(_unescaped, html.unescape(unquote(text)).translate(_AS_TYPED))
    before = 0
    for mark in _KEY_MARK.finditer(text):
        begins = mark[1] == "BEGIN"
        if _length_after(text, mark.end()) if begins else _length_before(text, before, mark.start()):
            return text.count("\n", 0, mark.start()) + 1
        before = mark.end()
    putty = _PUTTY.search(text)
    return text.count("\n", 0, putty.start()) + 1 if putty else 0


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else ""


def _length_after(text: str, start: int) -> bool:
    end = _NEXT_MARK.search(text, start, start + _LONGEST_KEY)
    body = text[start : end.start() if end else start + _LONGEST_KEY]
    return sum(map(len, filter(_KEY_LINE.fullmatch, _BETWEEN.split(body)))) >= _LEAST


def _length_before(text: str, before: int, end: int) -> bool:
    """Return whether a key's last lines stand before its end, and after another mark: its first may lie elsewhere."""
    length = 0
    for line in reversed(_BETWEEN.split(text[max(before, end - 1000) : end])):
        if line and not _KEY_LINE.fullmatch(line):
            break
        length += len(line)
    return length >= _LEAST
