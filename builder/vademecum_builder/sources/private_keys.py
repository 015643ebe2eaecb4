"""Private keys in documents: a signed release on people's devices cannot be called back."""

from __future__ import annotations

import binascii
import codecs
import html
import re
from urllib.parse import unquote

# RFC 7468 (PEM), RFC 9580 (`PGP ... BLOCK`), RFC 4716 (SSH: four dashes and a blank).
_KEY_MARK = re.compile(
    r"-{1,5}[ \t]?(BEGIN|END)[ \t_+]+(?:[A-Z0-9]+[ \t_+]+){0,5}?PRIVATE[ \t_+]+KEY(?:[ \t_+]+BLOCK)?[ \t]?-{1,5}",
    re.IGNORECASE,
)
_NEXT_MARK = re.compile(r"-{1,5}[ \t]?(?:BEGIN|END)[ \t_+]", re.IGNORECASE)
_LONGEST_KEY = 16_384
_LEAST = 64
"""Characters of Base64: `vade keys new` makes 64; an example in a handbook that says "..." is text."""
# What stands between a key's lines, however it is quoted: escapes (JSON, a shell's), and whatever is no Base64.
# Possessive, and a backslash begins an escape alone: else a row of them is cut in every way that there is.
_BETWEEN = re.compile(r"(?:\\++(?:[nrt]|u000[aAdD])?|[^A-Za-z0-9+/=\\])++")
_TAG = re.compile(r"</?[A-Za-z](?![^<>]{0,200}---)[^<>]{0,200}>")
# A line of 40 is no word of a sentence; a shorter one counts where it looks like Base64.
_KEY_LINE = re.compile(
    r"[A-Za-z0-9+/=]{40,}|(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/=]{16,}"
)
# PuTTY's own format (https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html): 48 characters are a key.
_OTHERS = re.compile(
    rf"Private-Lines: ?\d{{1,3}}{_BETWEEN.pattern}[A-Za-z0-9+/=]{{40}}"
    # age (https://age-encryption.org/v1): Bech32 of 32 bytes.
    r"|AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}"
    # RFC 7517 (JWK): `d` is the private part of RSA, elliptic and Edwards keys.
    r"|\{(?=[^{}]{0,8000}?[\"']kty\\*[\"'])[^{}]{0,8000}?[\"']d\\*[\"']\s*:\s*\\*[\"'][A-Za-z0-9_-]{40,}"
)
# Base64 of a whole PEM, as Kubernetes has it in Secrets: it begins with that of "-----BEGIN ".
_ENCODED = re.compile(r"LS0tLS1CRUdJTi(?:[A-Za-z0-9+/_=-]|\\+n|\s){120,}")
_ESCAPED = re.compile(r"\\(?:u00|x)([2-7][0-9a-fA-F])|\\(?=-)")
# None of all that is in a text without one of these; most texts have none, which is seen at once.
_HINT = re.compile(
    rb"(?i:key)(?:[ \t_+]|(?i:block)|%20|&nbsp;|<[^<>]{0,200}>)*(?:-[- ]{3}|[\\&%\xc2\xe2])"
    rb"|Private-Lines|AGE-SECRET-KEY-1|kty\\?[\"']|LS0tLS1CRUdJTi"
)
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
    if not utf16 and not _HINT.search(data):
        return 0
    # Line breaks that are written as escapes become blanks first, so that lines can still be counted.
    text = _LINE_BREAKS.sub(" ", data.decode("utf-16" if utf16 else "utf-8", "replace"))
    text = _LINE_BREAKS.sub(" ", unquote(text)) if "%25" in text else text
    text = _ESCAPED.sub(_unescaped, html.unescape(unquote(text)).translate(_AS_TYPED))
    text = _TAG.sub(lambda tag: "\n" * tag[0].count("\n"), text)
    before = 0
    for mark in _KEY_MARK.finditer(text):
        begins = mark[1].upper() == "BEGIN"
        if _length_after(text, mark.end()) if begins else _length_before(text, before, mark.start()):
            return text.count("\n", 0, mark.start()) + 1
        before = mark.end()
    other = _OTHERS.search(text) or next(filter(_is_encoded, _ENCODED.finditer(text)), None)
    return text.count("\n", 0, other.start()) + 1 if other else 0


def _is_encoded(found: re.Match[str]) -> bool:
    """Return whether Base64 that begins as a PEM does is that of a private key, and not of a certificate."""
    body = re.sub(r"\\+n|[\s=]", "", found[0]).replace("-", "+").replace("_", "/")
    return private_key_line(binascii.a2b_base64(body[: len(body) // 4 * 4])) > 0


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
