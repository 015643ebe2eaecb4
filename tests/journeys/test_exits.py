"""Exit codes: each error has one, and each family has its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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


SLOW = """
import sys, time

class Slow:
    def find_spec(self, name, path, target=None):
        if name == "vademecum_builder.cli.main":
            print("importing", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
from vademecum_builder.cli import entry
entry.main()
"""


@pytest.mark.process
def test_who_stops_it_while_python_imports_sees_no_trace() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)
    assert (process.returncode, told) == (-signal.SIGINT, ("", "")), "a shell makes 130 of it"


def test_the_script_begins_there() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"vade": "vademecum_builder.cli.entry:main"}
