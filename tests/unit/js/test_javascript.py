"""JavaScript's own tests and types, and that what is typed in both languages agrees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from vademecum.config import Config
from vademecum.encoder import alphabet, query
from vademecum.encoder import file as encoder
from vademecum.errors import VademecumError
from vademecum.format import segment, version
from vademecum.knowledge import EVENTS
from vademecum.runtime.http import HttpLimits
from vademecum.search import results
from vademecum.search import vectors as search
from vademecum.trust import refresh

pytestmark = pytest.mark.process

JS = Path(__file__).parent
CLIENT = Path(__file__).parents[3] / "client" / "vademecum" / "js"
CONSTANTS = """
const modules = await Promise.all(process.argv.slice(1).map((address) => import(address)));
console.log(JSON.stringify(Object.assign({}, ...modules)));
"""


def node(*arguments: str) -> str:
    program = shutil.which("node")
    assert program is not None, "Node.js 20 or newer is needed to test the browser client"
    done = subprocess.run([program, *arguments], cwd=JS, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def constants() -> Any:
    entries = {CLIENT / "worker.mjs", CLIENT / "query.mjs"}  # they serve at once: there is no worker here
    modules = (path.as_uri() for path in sorted(CLIENT.rglob("*.mjs")) if path not in entries)
    return json.loads(node("--input-type=module", "--eval", CONSTANTS, *modules))


def test_the_tests_of_the_modules_pass() -> None:
    assert "# fail 0" in node("--test", "--test-reporter=tap")


@pytest.mark.parametrize("project", [CLIENT, JS], ids=["modules", "app"])
def test_the_types_hold(project: Path) -> None:
    compiler = JS / "node_modules" / "typescript" / "bin" / "tsc"
    assert compiler.exists(), f"run `npm ci` in {JS}"
    node(str(compiler), "-p", str(project))


def test_limits_and_formats_are_the_same_in_both_languages(constants: Any) -> None:
    expected = {
        "ENCODER_FORMAT": encoder.ENCODER_FORMAT,
        "MAX_WORDS_READ": alphabet.MAX_WORDS_READ,
        "MIN_PREFIX": query.MIN_PREFIX,
        "MAX_COMPLETIONS": query.MAX_COMPLETIONS,
        "SEGMENT_FORMAT": segment.SEGMENT_FORMAT,
        "HEADING_SEPARATOR": segment.HEADING_SEPARATOR,
        "HEAD_FORMAT": version.FORMAT,
        "IDLE_CHECK_AGE_MS": Config().idle_check_age * 1000,
        "MAX_TIMESTAMP": Config().max_timestamp,
        "TIMESTAMP": refresh.TIMESTAMP,
        "EVENTS": list(EVENTS),
        "MOST_HITS": search.MOST_HITS,
        "TIMEOUTS": {"idle": HttpLimits().idle * 1000, "total": HttpLimits().total * 1000},
    }
    assert {name: constants.get(name) for name in expected} == expected


def codes(kind: type[VademecumError]) -> set[str]:
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


def transient(kind: type[VademecumError]) -> set[str]:
    return ({kind.code} if kind.transient else set()).union(*map(transient, kind.__subclasses__()))


def test_error_codes_are_the_same_in_both_languages(constants: Any) -> None:
    declared = (CLIENT / "vademecum.d.mts").read_text().split("export type ErrorCode =")[1].split(";")[0]
    known = {word.strip(' |\n"') for word in declared.splitlines()} - {""}
    assert codes(VademecumError) - {"not-a-store"} == known
    assert set(constants["TRANSIENT"]) == transient(VademecumError)


@pytest.mark.parametrize(
    ("interface", "python"),
    [("Hit", results.Hit), ("Passage", results.Passage), ("KnowledgeDocument", results.DocumentView)],
)
def test_results_have_the_same_keys_in_both_languages(interface: str, python: type) -> None:
    declared = (CLIENT / "vademecum.d.mts").read_text()
    (body,) = re.findall(rf"export interface {interface} {{(.*?)\n}}", declared, re.DOTALL)
    assert re.findall(r"^  (\w+):", body, re.MULTILINE) == [field.name for field in fields(python)]
