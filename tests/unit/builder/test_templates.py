"""Templates of texts and addresses."""

from __future__ import annotations

from typing import Any

import pytest

from vademecum.errors import UsageError
from vademecum_builder.kinds.templates import Template

RECORD = {
    "name": "Oak chair",
    "price": 19.5,
    "sold": True,
    "tags": ["a", "b"],
    "none": None,
    "size": {"w": 1, "h": 2},
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{name}: {price}", "Oak chair: 19.5"),
        ("{{{name}}}", "{Oak chair}"),
        ("{none}|{not there}|{sold}", "||yes"),
        ("{tags} {size}", "a, b w: 1, h: 2"),
        ("no field", "no field"),
    ],
)
def test_fields_stand_in_braces(text: str, shown: str) -> None:
    assert Template.parse(text).render(RECORD) == shown


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.example/{name}?of={price}", "https://a.example/Oak%20chair?of=19.5"),
        ("{address}", "https://a.example/x?y=1"),
        ("https://a.example/{none}", ""),
        ("https://a.example/", "https://a.example/"),
    ],
)
def test_fields_are_encoded_in_addresses(text: str, address: str) -> None:
    record: dict[str, Any] = {**RECORD, "address": "https://a.example/x?y=1"}
    assert Template.parse(text).render_url(record) == address


def test_what_has_no_braces_is_the_name_of_a_field() -> None:
    assert Template.of("name").render(RECORD) == "Oak chair"
    assert Template.of("a {name}").fields == ("name",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{nam}", "there is no field 'nam'; did you mean name?"),
        ("{x}", "there is no field 'x'; there is name, price"),
        ("{name", "expected '}'"),
        ("{}", "expected the name of a field in braces"),
        ("{name!r}", "expected the name of a field in braces"),
        ("{price:.2f}", "expected the name of a field in braces"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Template.parse(text).check(("name", "price"))
