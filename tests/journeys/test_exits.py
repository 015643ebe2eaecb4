"""Exit codes: each error has one, and each family has its own."""

from __future__ import annotations

from vademecum.errors import TRANSIENT, VademecumError
from vademecum_builder.cli.exits import DONE, EXITS, FAMILIES, exit_code


def kinds(kind: type[VademecumError]) -> set[type[VademecumError]]:
    return {kind}.union(*map(kinds, kind.__subclasses__()))


def test_every_error_code_has_one_exit_code() -> None:
    named = [code for _, _, codes in FAMILIES for code in codes]
    assert sorted(named) == sorted({kind.code for kind in kinds(VademecumError)})


def test_families_are_told_apart_and_none_is_success() -> None:
    numbers = [number for number, _, _ in FAMILIES]
    assert len(numbers) == len(set(numbers))
    assert DONE not in numbers
    assert all(0 < number < 126 or number == 130 for number in numbers), "126 to 165 belong to the shell"


def test_what_the_issue_asks_to_be_told_apart() -> None:
    apart = ["network", "content", "signature", "expired", "storage", "busy", "newer-format", "usage", "error"]
    assert len({EXITS[code] for code in apart}) == len(apart)
    assert {code for code in EXITS if EXITS[code] in (3, 8, 130)} == TRANSIENT, "try again later"


def test_a_child_has_the_exit_code_of_its_own_code() -> None:
    class Special(VademecumError):
        code = "quota"

    assert exit_code(Special("full")) == EXITS["quota"]
