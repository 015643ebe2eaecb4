"""Private keys in documents: a signed release on people's devices cannot be called back."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Callable
from itertools import islice
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
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}|(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/=]{16,}")
# PuTTY's own format (https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html): 48 characters are a key.
_OTHERS = re.compile(
    rf"Private-Lines: ?\d{{1,3}}(?:{_BETWEEN.pattern})?+[A-Za-z0-9+/=]{{40}}"
    # age (https://age-encryption.org/v1): Bech32 of 32 bytes.
    r"|AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}"
    # `openssl pkey -text`.
    r"|(?:privateExponent|\bpriv):\s*(?:[0-9a-f]{2}:\s*){20}"
    # .NET's XML; tags are still there where it is looked for.
    r"|<D>\s*(?:[A-Za-z0-9+/=]\s*){40}"
)
# RFC 7517 (JWK), as JSON, YAML, TOML or a program's: `d` is the private part of RSA, elliptic and Edwards keys.
_JWK_TYPE = re.compile(r"\bkty\W{1,8}(?:RSA|EC|OKP)\b")
_JWK_PRIVATE = re.compile(r"(?<![\w-])d[^\w\n]{0,4}[:=][^\w-]{0,8}[A-Za-z0-9_-]{43}")
_JWK_LONGEST = 8_000
# The Base64 of DER (X.690) where no mark says so: a sequence that begins with version 0 or 1, as PKCS #8 (RFC 5958),
# PKCS #1 (RFC 8017, A.1.2) and SEC 1 (RFC 5915) have it; and OpenSSH's `openssh-key-v1`.
_DER = r"M(?:II[A-P].[AQgw]IBA[DA]|I[GH].AgE[AB]|[A-H].CAQ(?:Aw|EE))"
_SSH = "b3BlbnNzaC1rZXktdjE"
_BARE = re.compile(rf"(?<![A-Za-z0-9+/])(?:{_DER}|(?P<ssh>{_SSH}))")
_SSH_LEAST = 300
# The three ways in which Base64 writes "PRIVATE KEY": of a PEM in a Secret of Kubernetes, with whatever before it.
_ENCODED = re.compile(r"UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW")
_MOST = 200
"""Beginnings that are looked at of each: no text of keys has more, and a row of them takes no time."""
_ENCODED_LINE = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_ENCODED_GAP = re.compile(r"(?:\\+[nrt]|[^A-Za-z0-9\\]){0,16}")
_ESCAPED = re.compile(r"\\(?:u00|x)([2-7][0-9a-fA-F])|\\(?=-)")
# None of all that is in a text without one of these, which is seen at once: one literal a search is what is fast.
_HINT = re.compile(rb"key(?:[ \t_+]|block|%20|&nbsp;|<[^<>]{0,200}>)*(?:-[- ]{3}|[\\&%\xc2\xe2])")
"""In lower case."""
_DER_HINT = re.compile(_DER.encode())
_WORDS = tuple(
    word.encode()
    for word in (
        *("Private-Lines", "AGE-SECRET-KEY-1", "kty", "privateExponent", "priv:", "RSAKeyValue", _SSH),
        *_ENCODED.pattern.split("|"),
    )
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
    # What a key is made of is the same in UTF-16 then, with a mark or without.
    data = data.replace(b"\0", b"")
    if not _may_hold(data):
        return 0
    # Line breaks that are written as escapes become blanks first, so that lines can still be counted.
    text = _LINE_BREAKS.sub(" ", data.decode("utf-8", "replace"))
    text = _LINE_BREAKS.sub(" ", unquote(text)) if "%25" in text else text
    text = html.unescape(unquote(text)).translate(_AS_TYPED)
    text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else "", text)
    tagged, text = text, _TAG.sub(lambda tag: "\n" * tag[0].count("\n"), text)
    before = 0
    for mark in _KEY_MARK.finditer(text):
        begins = mark[1].upper() == "BEGIN"
        if _length_after(text, mark.end()) if begins else _length_before(text, before, mark.start()):
            return text.count("\n", 0, mark.start()) + 1
        before = mark.end()
    for whole in dict.fromkeys((text, tagged)):
        found = (
            _OTHERS.search(whole)
            or _first(_JWK_PRIVATE, _is_of_jwk, whole)
            or _first(_BARE, _is_bare, whole)
            or _first(_ENCODED, _is_encoded, whole)
        )
        if found:
            return whole.count("\n", 0, found.start()) + 1
    return 0


def _may_hold(data: bytes) -> bool:
    return (
        any(word in data for word in _WORDS)
        or _DER_HINT.search(data) is not None
        or _HINT.search(data.lower()) is not None
    )


def _first(pattern: re.Pattern[str], is_key: Callable[[re.Match[str]], bool], text: str) -> re.Match[str] | None:
    return next(filter(is_key, islice(pattern.finditer(text), _MOST)), None)


def _is_of_jwk(private: re.Match[str]) -> bool:
    first, last = max(0, private.start() - _JWK_LONGEST), private.end() + _JWK_LONGEST
    return _JWK_TYPE.search(private.string, first, last) is not None


def _is_bare(begun: re.Match[str]) -> bool:
    """Return whether a key is there to its end: a shortened example is text."""
    letters = ""
    for line in _BETWEEN.split(begun.string[begun.start() : begun.start() + _LONGEST_KEY]):
        letters += line
        if not _KEY_LINE.fullmatch(line):
            break
    if begun["ssh"]:
        return len(letters) >= _SSH_LEAST
    data = _decoded(letters)
    header, length = _sequence(data)
    inner = data[header + 3 : header + 6]  # behind the version
    return (
        header + length <= len(data)
        and (
            (inner[:1] == b"\x30" and inner[2:] == b"\x06")  # PKCS #8: a sequence with the algorithm's identifier
            or (inner[:1] == b"\x04" and b"\x10" <= inner[1:2] <= b"\x42")  # SEC 1: a number as octets
            or (inner[:1] == b"\x02" and inner[1:2] >= b"\x40")  # PKCS #1: the modulus
        )
    )


def _is_encoded(word: re.Match[str]) -> bool:
    """Return whether Base64 of "PRIVATE KEY" stands in that of a private key, however its lines are quoted."""
    text = word.string
    first, last = max(0, word.start() - _LONGEST_KEY), word.end() + _LONGEST_KEY
    run, end = "", first
    for line in _ENCODED_LINE.finditer(text, first, last):
        joined = _ENCODED_GAP.fullmatch(text, end, line.start())
        if not joined and line.start() > word.start():
            break
        run, end = (run if joined else "") + line[0], line.end()
    return any(private_key_line(_decoded(run[start:])) for start in range(4))


def _decoded(letters: str) -> bytes:
    letters = re.sub("[^A-Za-z0-9+/]", "", letters.replace("-", "+").replace("_", "/"))
    return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + "==")


def _sequence(data: bytes) -> tuple[int, int]:
    """Return the lengths of a DER sequence's header and content (X.690, 8.1); zeros: it is none."""
    if len(data) < 4 or data[0] != 0x30:
        return 0, 0
    more = max(0, data[1] - 0x80)
    return (2 + more, int.from_bytes(data[2 : 2 + more], "big") if more else data[1]) if more <= 2 else (0, 0)


def _length_after(text: str, start: int) -> bool:
    end = _NEXT_MARK.search(text, start, start + _LONGEST_KEY)
    body = text[start : end.start() if end else start + _LONGEST_KEY]
    lines = _BETWEEN.split(body)
    if sum(map(len, filter(_KEY_LINE.fullmatch, lines))) >= _LEAST:
        return True
    # In lines that are as short as words it is told by what it holds: all of a sequence, or what is OpenSSH's.
    data = _decoded("".join(lines))
    header, length = _sequence(data)
    return (0 < header + length <= len(data) <= header + length + 2) or data.startswith(b"openssh-key-v1")


def _length_before(text: str, before: int, end: int) -> bool:
    """Return whether a key's last lines stand before its end, and after another mark: its first may lie elsewhere."""
    length = 0
    for line in reversed(_BETWEEN.split(text[max(before, end - 1000) : end])):
        if line and length and not _KEY_LINE.fullmatch(line):
            break
        length += len(line)  # the last one may be short
    return length >= _LEAST
