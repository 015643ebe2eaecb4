"""JavaScript's own tests and types, and that what is typed in both languages agrees."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import subprocess
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from vademecum.config import Config
from vademecum.encoder import alphabet, query
from vademecum.encoder import file as encoder
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.format import markup, segment, version
from vademecum.knowledge import EVENTS
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.http import HttpLimits
from vademecum.runtime.memory import MemoryStore
from vademecum.search import results
from vademecum.search import vectors as search
from vademecum.trust import refresh
from vademecum.update.states import OF_STAGE, TRANSITIONS

pytestmark = pytest.mark.process

JS = Path(__file__).parent
CLIENT = Path(__file__).parents[3] / "client" / "vademecum" / "js"
TYPES = (CLIENT / "vademecum.d.mts").read_text(encoding="utf-8")
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


READ_MARKUP = """
const { parseMarkup, plainText } = await import(process.argv[1]);
const texts = JSON.parse((await import("node:fs")).readFileSync(process.argv[2], "utf-8"));
console.log(JSON.stringify(texts.map((text) => [parseMarkup(text), plainText(text)])));
"""
MARKUP = (
    *(
        "a",
        "b ",
        "!",
        "[",
        "]",
        "(",
        ")",
        "*",
        "**",
        "`",
        "``",
        "```",
        "|",
        "\\",
        "- ",
        "1. ",
        "\n",
        "  ",
        "---",
        "<b>",
        "é😀",
    ),
    *(
        "| ",
        " |",
        " | ",
        "](x)",
        "[a](",
        "![a](b.png)",
        "](javascript:x)",
        "](HTTPS://x)",
        "\u2028",
        "\r",
        "\x7f",
        "\t",
        "```py\n",
    ),
)


def test_both_languages_read_the_same_markup(tmp_path: Path) -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(MARKUP, k=chance.randint(1, 25))) for _ in range(4000)]
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    module = (CLIENT / "format" / "markup.mjs").as_uri()
    read = json.loads(
        node("--input-type=module", "--eval", READ_MARKUP, module, str(tmp_path / "texts.json"))
    )
    for text, found in zip(texts, read, strict=True):
        blocks = [{"kind": type(block).__name__.lower(), **asdict(block)} for block in markup.parse(text)]
        assert found == json.loads(json.dumps([blocks, markup.plain(text)])), text


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


def declared(begin: str, end: str) -> list[str]:
    """The words in quotes of a declaration of types."""
    return re.findall(r'"([\w-]+)"', TYPES.split(begin)[1].split(end)[0])


def fields_of(interface: str) -> list[str]:
    (body,) = re.findall(rf"export interface {interface} {{(.*?)\n}}", TYPES, re.DOTALL)
    return re.findall(r"^  (\w+):", body, re.MULTILINE)


def codes(kind: type[VademecumError]) -> set[str]:
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


def transient(kind: type[VademecumError]) -> set[str]:
    return ({kind.code} if kind.transient else set()).union(*map(transient, kind.__subclasses__()))


def test_error_codes_are_the_same_in_both_languages(constants: Any) -> None:
    assert codes(VademecumError) - {"not-a-store"} == set(declared("export type ErrorCode =", ";"))
    assert set(constants["TRANSIENT"]) == transient(VademecumError)


def test_the_states_of_an_update_are_those_of_the_table(constants: Any) -> None:
    """Wherever something happens, it leads to the same state; so JavaScript needs no more of the table than that."""
    leads_to = {happening: state for out in TRANSITIONS.values() for happening, state in out.items()}
    assert all(
        leads_to[happening] == state for out in TRANSITIONS.values() for happening, state in out.items()
    )
    assert constants["LEADS_TO"] == leads_to
    assert constants["OF_STAGE"] == OF_STAGE
    assert set(declared("export type State =", ";")) == set(TRANSITIONS)


def test_the_status_has_the_same_keys_in_both_languages() -> None:
    """A page has four more: what it does by itself, and what it has found since it was opened."""
    status = asyncio.run(Engine(MemoryStore(), {}, SystemClock()).status())
    assert set(fields_of("Status")) == {*status, "state", "mode", "offer", "contacted"}


@pytest.mark.parametrize(
    ("interface", "python"),
    [("Hit", results.Hit), ("Passage", results.Passage), ("KnowledgeDocument", results.DocumentView)],
)
def test_results_have_the_same_keys_in_both_languages(interface: str, python: type) -> None:
    assert fields_of(interface) == [field.name for field in fields(python)]
