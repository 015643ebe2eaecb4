"""From bytes to text: what is declared, marked, looked like, lost and refused, with what a publisher is told."""

from __future__ import annotations

import pytest

from vademecum.errors import ContentError
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.charset import Decoded, decode, decode_text, encoding_of

LOOKS = "read as {}, which it looks like: it declares no encoding"
WIDE = "<p>café</p>"
YOUNG = "<p>Młody młynarz i młotek: pięć młodych świerków, młoda mleczarnia, młode wieś i młodzież"
POLISH = "<p>Zażółć gęślą jaźń, pompa działa"


@pytest.mark.parametrize(
    ("data", "text", "warning"),
    [
        ("<p>café".encode(), "<p>café", ""),
        (b"<p>caf\xe9", "<p>café", LOOKS.format("cp1252")),
        (POLISH.encode("cp1250"), POLISH, LOOKS.format("cp1250")),
        (
            "<p>La 3ª sala, Nº 5: 20 m², 4 m³, £5".encode("cp1252"),
            "<p>La 3ª sala, Nº 5: 20 m², 4 m³, £5",
            LOOKS.format("cp1252"),
        ),
        (YOUNG.encode("cp1250"), YOUNG, LOOKS.format("cp1250")),
        (b'<meta charset="iso-8859-1"><p>caf\xe9', None, "read as cp1252, which it declares"),
        (b"<meta charset=ascii><p>caf\xe9", None, "read as cp1252, which it declares"),
        (b"<META name=a CONTENT='b; charset=windows-1251'>\xcd", None, "read as cp1251, which it declares"),
        (b"<?xml version='1.0' encoding='koi8-r'?><p>\xc1", None, "read as koi8-r, which it declares"),
        (b" " * 4070 + b"<meta charset=koi8-r>\xc1", None, "read as koi8-r, which it declares"),
        (b" " * 4096 + b"<meta charset=koi8-r>\xe9", None, LOOKS.format("cp1252")),  # too far from the beginning
        (b"<meta charset=utf-16><p>caf\xc3\xa9", "<meta charset=utf-16><p>café", ""),
        (
            b"<meta charset=utf-8><p>caf\xe9 cr\xe8me",
            "<meta charset=utf-8><p>caf\ufffd cr\ufffdme",
            "not utf-8 in 2 places: shown as \ufffd",
        ),
        (f"\ufeff{WIDE}".encode(), WIDE, ""),
        (WIDE.encode("utf-16"), WIDE, ""),
        (b"\xfe\xff" + WIDE.encode("utf-16-be"), WIDE, ""),
        (WIDE.encode("utf-16-le"), WIDE, "read as UTF-16-LE, which it does not say"),
        (WIDE.encode("utf-16-be"), WIDE, "read as UTF-16-BE, which it does not say"),
        (b"<p>" + b"x" * 197 + b"\0\0", "<p>" + "x" * 197, ""),  # one in a hundred
        (("<p>" + "x" * 197 + "\0").encode("utf-16"), "<p>" + "x" * 197, ""),
        (b"\xff\xfe<", "\ufffd", "not utf-16 in 1 place: shown as \ufffd"),
    ],
)
def test_a_page_is_read_as_it_says_or_looks(data: bytes, text: str | None, warning: str) -> None:
    found = decode(data)
    said = warning.partition("read as ")[2].partition(",")[0]
    assert found == Decoded(data.decode(said) if text is None else text, warning)


@pytest.mark.parametrize(
    "name",
    "rot13 hex zlib idna punycode undefined unicode_escape raw_unicode_escape utf-7 utf-32 cp037 nonsense".split(),
)
def test_what_is_no_charset_of_a_page_is_not_declared(name: str) -> None:
    text = f"<meta charset={name}><p>café +AGE- \\n \\u00e9"
    assert decode(text.encode()) == Decoded(text)


def test_binary_is_refused() -> None:
    for data in (b"\x89PNG\0\0\0\1", b"x" * 300 + b"\0", b"<p>" + b"x" * 196 + b"\0\0\0", b"<p>x" + b"\0" * 9):
        with pytest.raises(ContentError, match="binary: it holds NUL bytes"):
            decode(data)
    for data, why in (
        (b"a\0b", "NUL"), (b"\xef\xbb\xbfa\0", "NUL"), (b"\xff\xfea\0\0\0", "NUL"),
        (b"\xff\xfea", "no utf-16, as its first bytes say"), (bytes(range(128, 256)), "in no encoding that is known"),
    ):  # fmt: skip
        with pytest.raises(ContentError, match=why):
            decode_text(data)


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("Où est la pompe ? Là, à l'école.", "latin-1", "cp1252"),
        ("El niño comió piñas, ¿verdad?", "cp1252", "cp1252"),
        ("café", "latin-1", "cp1252"),
        ("Zażółć gęślą jaźń, pompa działa", "cp1250", "cp1250"),
        ("Красный рычаг запускает насос.", "cp1251", "cp1251"),
        ("日本語のテキストです。ポンプを起動するには赤いレバーを回します。", "shift_jis", "cp932"),
        ("The red lever starts the pump.", "utf-16-le", "UTF-16-LE"),
        ("The red lever starts the pump.", "utf-16-be", "UTF-16-BE"),
    ],
)
def test_a_text_in_another_encoding_is_read_and_told(text: str, encoding: str, told: str) -> None:
    item = SourceItem("a.md", "text/markdown", text.encode(encoding))
    why = "which it does not say" if told.startswith("UTF") else "which it looks like: save it as UTF-8"
    assert item.text() == text
    assert decode_text(item.data) == Decoded(text, f"read as {told}, {why}")


def test_a_stray_byte_loses_one_character_and_is_told() -> None:
    text, warning = "Zürich, schön.\n", "not utf-8 in {}: shown as \ufffd"
    assert decode_text(text.encode() * 9 + b"\xff") == Decoded(text * 9 + "\ufffd", warning.format("1 place"))
    assert decode_text(text.encode() + b"\xff\xff") == Decoded(text + "\ufffd\ufffd", warning.format("2 places"))


def test_where_a_file_is_looked_at_its_beginning_may_end_in_a_character() -> None:
    assert [encoding_of(b"caf\xc3", whole=whole) for whole in (False, True)] == ["utf-8", "cp1252"]
    assert encoding_of(b"a\0b", 1) == "utf-8"
    with pytest.raises(ContentError, match="NUL"):
        encoding_of(b"a\0b\0", 1)


@pytest.mark.parametrize(
    "data",
    [b"caf\xc3\xa9", b"\xef\xbb\xbfcaf\xc3\xa9", "café".encode("utf-16"), b"\xfe\xff" + "café".encode("utf-16-be")],
)
def test_byte_order_marks_are_understood(data: bytes) -> None:
    assert decode_text(data) == Decoded("café")
