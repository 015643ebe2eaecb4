"""The one JSON parser: what it takes, and everything that it refuses."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import ContentError, NewerFormatError
from vademecum.format.json import Fields, canonical, iso_time, parse_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_a_writer_makes_is_read_back(value: dict[str, object]) -> None:
    assert parse_object(canonical(value), "x") == value


@pytest.mark.fault("A12")
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"a":1,"a":1}', "occurs twice"),
        (b'{"a":{"b":1,"b":2}}', "occurs twice"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":Infinity}', "Infinity is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1e999}', "too large a number"),
        (b'{"a":-1e999}', "too large a number"),
        (b'{"a":' + b"9" * 5000 + b"}", "too large a number"),
        (b'{"a":-' + b"9" * 400 + b"}", "too large a number"),
        (b'\xef\xbb\xbf{"a":1}', "BOM"),
        (b'{"a":"\\ud800"}', "lone surrogate"),
        (b'{"\\udfff":1}', "lone surrogate"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":1}{"a":1}', "Extra data"),
        (b'{"a":1}\0', "Extra data"),
        (b'{"a":1,}', "x: "),
        (b"{'a':1}", "x: "),
        (b"", "x: "),
        (b"[]", "expected an object"),
        (b'"a"', "expected an object"),
        (b"null", "expected an object"),
        (b"<!doctype html><html></html>", "HTML or XML"),
        (b"\n <html>", "HTML or XML"),
        (b"Not found", "x: "),
    ],
)
def test_anything_else_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ContentError, match=re.escape(complaint)):
        parse_object(data, "x")


def nested(depth: int) -> bytes:
    """A value nested `depth` deep in all."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.fault("A12")
def test_nesting_is_bounded() -> None:
    assert parse_object(nested(32), "x")
    with pytest.raises(ContentError, match="nested deeper than 32"):
        parse_object(nested(33), "x")


@pytest.mark.parametrize("prefix", [b'"]]]]]]"', b'"' + b"]" * 100_000 + b'"', rb'"\"' + b"]" * 100_000 + b'"'])
def test_brackets_in_strings_do_not_hide_nesting(prefix: bytes) -> None:
    deep = b'{"a":' + prefix + b',"b":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(ContentError, match="nested deeper"):
        parse_object(deep, "x")


def test_brackets_in_strings_are_no_nesting() -> None:
    value = {"a": "[" * 1000, "b": '"[{\\' * 100}
    assert parse_object(json.dumps(value).encode(), "x") == value


@pytest.mark.parametrize("tail", [b'"', b'\\"', b"\\"])
def test_unfinished_strings_end_at_once(tail: bytes) -> None:
    with pytest.raises(ContentError):
        parse_object(b'{"a":"' + tail * 500_000, "x")


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0d8ntrue1e.-<', max_size=60).map(str.encode))
def test_any_bytes_parse_or_raise_our_error(data: bytes) -> None:
    try:
        value = parse_object(data, "x")
    except ContentError:
        return
    assert isinstance(value, dict)


def fields(**values: object) -> Fields:
    return Fields(values, "file")


def test_fields_read_what_is_there() -> None:
    read = fields(
        number=7,
        text="hello",
        child={"list": [{"x": 1}, {"x": 2}]},
        digest="ab" * 32,
        digests=["cd" * 32],
        numbers=[0, 1],
        time="2026-11-21T08:00:00+01:00",
        nothing=None,
    )
    assert read.integer("number") == 7
    assert read.text("text") == "hello"
    assert [child.integer("x") for child in read.child("child").children("list")] == [1, 2]
    assert read.match("digest", re.compile("[ab]{64}")) == "ab" * 32
    assert read.digests("digests") == ("cd" * 32,)
    assert read.integers("numbers") == (0, 1)
    assert read.time("time") == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert read.optional("nothing", read.integer) is None
    assert read.optional("missing", read.integer) is None
    assert read.optional("number", read.integer) == 7


@pytest.mark.parametrize("value", [True, "1", 1.0, -1, 2**53 + 1, None, []])
def test_integers_are_integers_in_range(value: object) -> None:
    with pytest.raises(ContentError, match=r"^file\.x: expected an integer"):
        fields(x=value).integer("x")


@pytest.mark.parametrize("value", [1, None, "", "x" * 1001, ["a"]])
def test_texts_are_texts_of_a_length(value: object) -> None:
    with pytest.raises(ContentError, match=r"^file\.x: expected a text"):
        fields(x=value).text("x", shortest=1)


@pytest.mark.parametrize("value", [5, "gg" * 32, "AB" * 32, "ab" * 31, "ab" * 32 + "\n"])
def test_patterns_match_whole(value: object) -> None:
    with pytest.raises(ContentError, match=r"^file\.x: expected"):
        fields(x=value).match("x", re.compile("[0-9a-f]{64}"))


@pytest.mark.parametrize("value", ["yesterday", "2026-11-21T08:00:00", 5, ""])
def test_times_have_a_zone(value: object) -> None:
    with pytest.raises(ContentError, match=r"^file\.x: expected"):
        fields(x=value).time("x")


def test_structures_are_what_they_should_be() -> None:
    read = fields(x=[1, {"y": 2}], y={"z": 5}, digests=["ab" * 32, "short"], numbers=[1, True], negative=[-1])
    with pytest.raises(ContentError, match=r"^file\.x: expected a list of objects"):
        read.children("x")
    with pytest.raises(ContentError, match=r"^file\.x: expected an object"):
        read.child("x")
    with pytest.raises(ContentError, match=r"^file\.y: expected a list"):
        read.children("y")
    with pytest.raises(ContentError, match=r"^file\.digests: expected a list of digests"):
        read.digests("digests")
    for name in ("numbers", "negative"):
        with pytest.raises(ContentError, match=rf"^file\.{name}: expected a list of integers"):
            read.integers(name)
    with pytest.raises(ContentError, match=r"^file\.y\.missing: expected"):
        read.child("y").integer("missing")


def test_errors_name_the_place() -> None:
    read = fields(segments=[{"object": {}}])
    with pytest.raises(ContentError, match=r"^file\.segments\[0\]\.object\.size: "):
        read.children("segments")[0].child("object").integer("size")


def test_a_newer_format_is_refused_clearly() -> None:
    fields(format=1).refuse_newer(1)
    with pytest.raises(NewerFormatError, match="format 2, this vademecum reads up to 1: update"):
        fields(format=2).refuse_newer(1)
    with pytest.raises(ContentError) as caught:
        fields().refuse_newer(1)
    assert not isinstance(caught.value, NewerFormatError)


def test_a_writer_sorts_and_refuses_nan() -> None:
    assert canonical({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


def test_times_are_written_in_utc() -> None:
    assert iso_time(datetime(2026, 11, 21, 8, 0, 0, 999, tzinfo=UTC)) == "2026-11-21T08:00:00Z"
    assert iso_time(datetime(2026, 11, 21, 9, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-21T08:00:00Z"
