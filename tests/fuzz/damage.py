"""Damage with a sense for structure: JSON stays JSON, tensors keep a header that fits, gzip keeps its checksum.

Plain bytes would stop at the first bracket or checksum, and the code behind it would never run. All choices come
from the `Random` that is passed in.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from vademecum.format.objects import GZIP_HEADER

Mutate = Callable[[bytes, Random], bytes]
"""Takes a file and returns a damaged one; never raises, whatever the bytes."""

_NUMBERS = (0, 1, -1, 2, 255, 256, 65535, 2**31, 2**32 - 1, 2**32, 2**53, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308)
_TEXTS = ("", "0", "-1", "a" * 64, "A" * 64, "../x", "/", "\0", "é", "\ud800", "NaN", "1" * 5000, "vademecum.segment.2")
_OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], {"": ""})


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Flip, insert, delete, double or cut a few bytes."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1 if at < len(changed):
                changed[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x5B, 0x7B))
            case 2:
                changed[at:at] = random.randbytes(random.randint(1, 8))
            case 3:
                del changed[at : at + random.randint(1, 8)]
            case 4:
                changed[at:at] = changed[at : at + random.randint(1, 64)]
            case _ if random.random() < 0.2:
                del changed[at:]
    return bytes(changed)


def mutate_json(data: bytes, random: Random) -> bytes:
    """Change some values somewhere in the JSON; what is not JSON is damaged as bytes."""
    if random.random() < 0.1:
        return mutate_bytes(data, random)
    value = _parsed(data)
    if value is None:
        return mutate_bytes(data, random)
    for _ in range(random.randint(1, 3)):
        value = _changed(value, random)
    return _dumped(value)


def mutate_tensors(data: bytes, random: Random) -> bytes:
    """Change the header or the columns of a tensor file; mostly with offsets that fit again."""
    length = int.from_bytes(data[:8], "little")
    header = _parsed(data[8 : 8 + length]) if len(data) >= 8 and length < len(data) else None
    if not isinstance(header, dict) or random.random() < 0.1:
        return mutate_bytes(data, random)
    body = bytearray(data[8 + length :])
    for _ in range(random.randint(1, 3)):
        names = [name for name, entry in header.items() if isinstance(entry, dict) and "data_offsets" in entry]
        match random.randrange(4):
            case 0:
                changed = _changed(header, random)
                header = changed if isinstance(changed, dict) else header
            case 1 if names and _stretch(header[random.choice(names)], random):
                header, body = _laid_out(header, bytes(body), random)
            case _:
                _poke(body, random)
    text = _dumped(header)
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(body)


def mutate_gzip(data: bytes, random: Random) -> bytes:
    """Change the content below a gzip, or the stream itself; the first four bytes are the declared size."""
    choice = random.random()
    if choice < 0.3:
        return mutate_bytes(data, random)
    try:
        content = zlib.decompressobj(wbits=31).decompress(data[4:], 1 << 20)
    except zlib.error:
        return mutate_bytes(data, random)
    content = content * random.choice((1, 1, 2, 400)) if choice < 0.6 else mutate_bytes(content, random)
    content = content[: 1 << 22]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    body = packer.compress(content) + packer.flush(random.choice((zlib.Z_FINISH, zlib.Z_FULL_FLUSH)))
    trailer = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    size = struct.pack("<I", random.choice((len(content), 0, 1, 100, 2**32 - 1)))
    return size + GZIP_HEADER + body + trailer


def mutate_text(data: bytes, random: Random) -> bytes:
    """Double, mix and nest pieces of a text: what readers of markup stumble over."""
    pieces = data.split(random.choice((b"\n", b" ", b"<", b"#", b"|")))
    at = random.randrange(len(pieces))
    match random.randrange(4):
        case 0:
            pieces[at] *= random.choice((2, 10, 100))
        case 1:
            pieces[at:at] = [random.choice(_MARKUP)] * random.choice((1, 3, 50, 500))
        case 2:
            random.shuffle(pieces)
        case _:
            return mutate_bytes(data, random)
    return random.choice((b"\n", b" ", b"")).join(pieces)[: 1 << 16]


_MARKUP = (
    *(b"> ", b"- ", b"* ", b"[", b"](", b"![", b"`", b"``", b"*", b"_", b"**a", b"<", b"</", b"<!--", b"<![", b"<?"),
    *(b"&#", b"&amp", b"|", b"|-|", b"~~", b"---\n", b"{#", b"{: ", b"\\", b"<a href='", b"<table><td>", b"<div>"),
    *(
        b"<script>",
        b"<svg>",
        b"&x: [*x, *x]",
        b"!!python/object:os.system x",
        b"'",
        b'"',
        b"\0",
        b"\xff",
        b"\xe2\x80\xa8",
    ),
)


def _changed(value: Any, random: Random) -> Any:
    """Return the value with one place in it changed."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        rest = dict(value)
        match random.randrange(8):
            case 0:
                del rest[key]
            case 1:
                rest[random.choice((*_TEXTS, key + "x"))] = rest[key]
            case _:
                rest[key] = _changed(rest[key], random)
        return rest
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        match random.randrange(6):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return value[: at + 1] + value[at:]
            case _:
                return [*value[:at], _changed(value[at], random), *value[at + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and random.random() < 0.5:
        return value + random.choice((-1, 1, 8, -value * 2, value))
    if isinstance(value, str) and value and random.random() < 0.4:
        at = random.randrange(len(value))
        return value[:at] + random.choice((*_TEXTS, value)) + value[at + 1 :]
    return random.choice((random.choice(_NUMBERS), random.choice(_TEXTS), random.choice(_OTHERS)))


def _stretch(entry: dict[str, Any], random: Random) -> bool:
    """Change the shape of a tensor; return whether that can be laid out."""
    shape = entry.get("shape")
    if not isinstance(shape, list) or not shape or not all(type(size) is int for size in shape):
        return False
    at = random.randrange(len(shape))
    shape[at] = max(0, shape[at] + random.choice((-1, 1, 2, -shape[at])))
    return True


def _laid_out(header: dict[str, Any], body: bytes, random: Random) -> tuple[dict[str, Any], bytearray]:
    """Give each tensor the bytes that its shape asks for, one after another, as the format wants it."""
    widths = {"I8": 1, "U8": 1, "U16": 2, "U32": 4, "U64": 8}
    laid = bytearray()
    for entry in header.values():
        width = widths.get(str(entry.get("dtype"))) if isinstance(entry, dict) else None
        if width is None or not isinstance(entry.get("shape"), list):
            continue
        size = width
        for axis in entry["shape"]:
            size *= axis if type(axis) is int and 0 <= axis < 1 << 12 else 1
        size = min(size, 1 << 16)
        span = entry.get("data_offsets")
        start = span[0] if _is_span(span) else 0
        piece = body[start : start + size]
        begin = len(laid)
        laid += piece + random.randbytes(1) * (size - len(piece))
        entry["data_offsets"] = [begin, begin + size]
    return header, laid


def _is_span(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(end) is int and end >= 0 for end in value)


def _poke(body: bytearray, random: Random) -> None:
    """Change a number of one, two, four or eight bytes."""
    width = random.choice((1, 2, 4, 8))
    if len(body) >= width:
        at = random.randrange(len(body) // width) * width
        value = random.choice((0, 1, 2 ** (8 * width) - 1, 0x80, random.getrandbits(8 * width)))
        body[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _dumped(value: Any) -> bytes:
    # Lone surrogates become \ud800 escapes: valid bytes, which the parser under test has to refuse.
    return json.dumps(value).encode()
