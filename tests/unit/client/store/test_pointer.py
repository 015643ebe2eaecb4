"""The store's pointer: its transitions and its record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from support.samples import generation
from vademecum.errors import ContentError, EmptyStoreError, NewerFormatError
from vademecum.store.pointer import Head, decode_head, encode_head
from vademecum.store.seal import seal, unseal

ONE, TWO, THREE = generation(1, "1"), generation(2, "2", "1"), generation(3, "3")


def test_installing_keeps_the_one_before() -> None:
    head = Head().installed(ONE)
    assert head == Head(current=ONE)
    assert head.installed(TWO) == Head(current=TWO, previous=ONE)
    assert head.installed(TWO).installed(THREE) == Head(current=THREE, previous=TWO)


def test_installing_anew_does_not_lose_the_way_back() -> None:
    head = Head(current=TWO, previous=ONE)
    anew = replace(TWO, installed="2026-12-01T00:00:00Z")
    assert head.installed(anew) == Head(current=anew, previous=ONE)


def test_installing_a_refused_release_forgives_it() -> None:
    assert Head(current=ONE, refused=(2, 3)).installed(TWO).refused == (3,)


def test_rolling_back_refuses_the_release_that_is_left() -> None:
    head = Head(current=TWO, previous=ONE, pinned=2).rolled_back()
    assert head == Head(current=ONE, previous=TWO, pinned=2, refused=(2,))
    assert head.rolled_back() == Head(current=TWO, previous=ONE, pinned=2, refused=(1,))


def test_exchanging_refuses_nothing_and_forgives_where_it_goes() -> None:
    head = Head(current=ONE, previous=TWO, refused=(2, 5)).exchanged()
    assert head == Head(current=TWO, previous=ONE, refused=(5,))


def test_undoing_leaves_no_way_to_the_broken_release() -> None:
    assert Head(current=TWO, previous=ONE).undone() == Head(current=ONE, refused=(2,))
    assert Head(current=ONE).undone() == Head(refused=(1,))


@pytest.mark.parametrize("head", [Head(), Head(current=ONE)])
def test_without_a_previous_generation_there_is_no_way_back(head: Head) -> None:
    for step in (head.rolled_back, head.exchanged):
        with pytest.raises(EmptyStoreError):
            step()
    with pytest.raises(EmptyStoreError):
        Head().undone()


def test_the_list_of_refused_releases_is_bounded() -> None:
    head = Head()
    for sequence in range(1, 101):
        head = head.refuse(sequence)
    assert head.refused == tuple(range(69, 101))
    assert head.refuse(100) == head


def test_a_head_names_everything_that_reading_needs() -> None:
    head = Head(current=TWO, previous=THREE)
    assert head.objects == {"e" * 64, "1" * 64, "2" * 64, "3" * 64}
    assert Head().objects == frozenset()


HEAD = Head(current=TWO, previous=ONE, pinned=2, refused=(3, 4))


@pytest.mark.parametrize("head", [Head(), Head(current=ONE), HEAD])
def test_records_round_trip(head: Head) -> None:
    assert decode_head(encode_head(head)) == head


def test_a_release_is_revoked_when_too_few_of_its_signers_are_named() -> None:
    """A threshold that was raised since revokes nothing: the same keys are named still."""

    def revoked(signers: tuple[str, ...], named: set[str], threshold: int) -> bool:
        current = Head(replace(ONE, signers=signers)).judged(named, threshold).current
        assert current is not None
        return current.revoked

    assert not revoked(("a",), {"a", "b"}, 2)
    assert not revoked(("a", "b", "c"), {"a", "b"}, 2)
    assert revoked(("a", "b", "c"), {"c"}, 2)
    assert revoked(("a",), {"b"}, 1)
    assert revoked((), {"a"}, 1), "nobody vouches for it"


def test_no_record_is_an_empty_head() -> None:
    assert decode_head(None) == Head()


def test_a_newer_store_is_refused() -> None:
    with pytest.raises(NewerFormatError, match="head has format 2"):
        decode_head(seal(b'{"format":2}'))


@pytest.mark.parametrize(
    ("name", "value"),
    [("current", []), ("previous", "x"), ("pinned", "2"), ("refused", None), ("refused", ["3"]), ("format", None)],
)
def test_damaged_records_are_refused(name: str, value: object) -> None:
    values = json.loads(unseal(encode_head(HEAD), "head"))
    with pytest.raises(ContentError, match=f"head.{name}"):
        decode_head(seal(json.dumps({**values, name: value}).encode()))


@pytest.mark.parametrize("name", sorted({*json.loads(encode_head(HEAD))["current"]} - {"places"}))
def test_every_field_of_a_generation_is_needed(name: str) -> None:
    values = json.loads(unseal(encode_head(HEAD), "head"))
    del values["current"][name]
    with pytest.raises(ContentError, match=f"head.current.{name}"):
        decode_head(seal(json.dumps(values).encode()))


def test_why_a_release_does_not_work_here_is_kept_as_long_as_it_is_refused() -> None:
    head = Head(current=TWO, previous=ONE).undone("its golden vectors differ")
    assert head.reasons == ((2, "its golden vectors differ"),)
    assert decode_head(encode_head(head)) == head
    assert head.refuse(3).reasons == head.reasons
    assert head.installed(TWO).reasons == ()
    for sequence in range(3, 40):
        head = head.refuse(sequence, "x" * 2000)
    assert {number for number, _ in head.reasons} == {*head.refused}
    assert decode_head(encode_head(head)).reasons[0][1] == "x" * 1000
