"""The docs against the code: what is public is in them, links resolve, code blocks run."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import vademecum
from support.publishing import HANDBOOK, Line
from vademecum import KnowledgeBase
from vademecum.errors import VademecumError
from vademecum.events import EVENTS
from vademecum_builder.cli.arguments import parser
from vademecum_builder.kinds import folder
from vademecum_builder.settings import _APPROVAL, _LIMITS, _TOP, read_settings

ROOT = Path(__file__).parents[2]
JS = ROOT / "client" / "vademecum" / "js"
TYPES = (JS / "vademecum.d.mts").read_text(encoding="utf-8")
APPS = ROOT / "site" / "content" / "apps.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / ".github").glob("*.md"),
        *(ROOT / "site" / "content").rglob("*.md"),
        *(ROOT / "tests" / "golden").glob("*.md"),
    ]
)
EXAMPLE = "https://example.org/kb/"


def tokens(page: Path) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced code of these languages."""
    return [t.content for t in tokens(page) if t.type == "fence" and t.info.strip() in languages]


def section(heading: str) -> str:
    """Return the part of apps.md below a heading of the second level."""
    return APPS.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(heading: str) -> dict[str, set[str]]:
    """Return the tables of a section of apps.md: each word in backticks in a first cell -> those in the second.

    Of a call, `search(query, limit=10)`, the word is the name.
    """
    cells = [line.strip("| ").split(" | ") for line in section(heading).splitlines() if line.startswith("| `")]
    return {
        re.split(r"\W", name, maxsplit=1)[0] if "(" in name else name: set(re.findall(r"`([^`]+)`", second))
        for first, second, *_ in cells
        for name in re.findall(r"`([^`]+)`", first)
    }


def members(declaration: str) -> set[str]:
    """Return the names that a class or interface of the type declarations has."""
    body = TYPES.split(f"{declaration} {{\n")[1].split("\n}")[0]
    return set(re.findall(r"^  (?:readonly |get )*(\w+)[?(:<]", body, re.MULTILINE)) - {"constructor"}


def codes(kind: type[VademecumError]) -> set[str]:
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


# What is public is in apps.md, and what is in apps.md is there ---------------------------------------


def test_every_error_code_is_explained() -> None:
    assert set(rows("Error codes")) == codes(VademecumError)


def test_every_error_class_is_named() -> None:
    named = set(re.findall(r"`(\w+Error)`", section("Error codes")))
    assert named == {name for name in vademecum.__all__ if name.endswith("Error")}


def test_every_event_is_explained() -> None:
    assert set(rows("Events")) == set(EVENTS) == members("export interface Events")


def test_every_public_member_of_the_python_class_is_explained() -> None:
    public = {name for name in vars(KnowledgeBase) if not name.startswith("_")}
    named = set(rows("Python")) | set(re.findall(r"`(?:KnowledgeBase\.)?(\w+)\(", section("Python")))
    assert named == public


def test_every_public_member_and_option_of_the_javascript_class_is_explained() -> None:
    source = (JS / "vademecum.mjs").read_text(encoding="utf-8").split("export class KnowledgeBase {")[1]
    written = set(re.findall(r"^  (?:async |get )*([a-z]\w*)\(", source.split("\n}")[0], re.MULTILINE))
    declared = members("export declare class KnowledgeBase")
    assert written - {"constructor"} <= declared
    assert set(rows("JavaScript")) == declared | members("export interface KnowledgeBaseOptions")


def test_every_setting_is_on_the_page_of_building(tmp_path: Path) -> None:
    """In one file that can be read."""
    text, *_ = blocks(ROOT / "site" / "content" / "building.md", "toml")
    (tmp_path / "vademecum.toml").write_text(text, encoding="utf-8")
    assert read_settings(tmp_path / "vademecum.toml").title == "Handbook"
    shown = tomllib.loads(text)
    (source,) = shown.pop("source")
    for keys, values in ((folder.KEYS, source), (_APPROVAL, shown.pop("approval")), (_LIMITS, shown.pop("limits"))):
        assert set(values) == set(keys)
    assert set(shown) == set(_TOP)


# Links -----------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as the hosts that render Markdown make them."""
    lines = [line.lstrip("# ") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    targets = [str(t.attrs.get("href") or t.attrs.get("src") or "") for t in tokens(page)]
    broken = []
    for target in filter(None, targets):
        path, _, fragment = target.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        missing = not file.exists() or not file.is_relative_to(ROOT)
        if missing or (fragment and fragment not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_pages_are_found_and_have_links() -> None:
    assert {"README.md", "SECURITY.md", "apps.md"} <= {page.name for page in PAGES}
    assert sum(token.type in ("link_open", "image") for token in tokens(ROOT / "README.md")) >= 8


# Code ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    line = Line(tmp_path_factory.mktemp("published"))
    line.release(HANDBOOK)
    return line


@pytest.mark.parametrize("page", [ROOT / "README.md", APPS], ids=["readme", "apps"])
def test_the_python_runs_on_a_first_day(
    page: Path, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("root.json").write_bytes(line.root)
    code, *_ = blocks(page, "python")
    assert EXAMPLE in code
    exec(compile(code.replace(EXAMPLE, line.out.as_uri()), str(page), "exec"), {})
    assert "Keys - Rotate" in (shown := capsys.readouterr().out) or "Keys › Rotate" in shown
    # The next day there is no network: the very same code finds what is installed.
    exec(compile(code.replace(EXAMPLE, "http://127.0.0.1:9/"), str(page), "exec"), {})
    later = capsys.readouterr().out
    address = "http://127.0.0.1:9/?doc=guide%2Fkeys.md"  # a tree in a folder has none
    assert address in later
    assert later.replace(address, "").splitlines()[-2:] == shown.splitlines()[-2:]


@pytest.mark.parametrize("page", [ROOT / "README.md", APPS], ids=["readme", "apps"])
def test_the_python_says_what_is_missing_on_a_first_day_without_a_network(
    page: Path, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("root.json").write_bytes(line.root)
    code, *_ = blocks(page, "python")
    exec(compile(code.replace(EXAMPLE, "http://127.0.0.1:9/"), str(page), "exec"), {})
    said = capsys.readouterr().out
    assert re.fullmatch(r"knowledge.db: nothing is installed yet; the last try failed: .*127\.0\.0\.1.*\n", said)


def test_what_events_and_status_hold_is_what_the_page_says(line: Line, tmp_path: Path) -> None:
    heard: dict[str, set[str]] = {}
    knowledge = KnowledgeBase.open(tmp_path / "kb.db", url=line.out, trust=line.root)

    def listen(event: str) -> None:
        def note(detail: Mapping[str, Any]) -> None:
            heard[event] = set(detail)

        knowledge.on(event, note)

    for event in EVENTS:
        listen(event)
    knowledge.check()
    knowledge.sync()
    line.release({**HANDBOOK, "new.md": "# New\n\nA page.\n"})
    knowledge.sync()
    knowledge.rollback()
    documented = rows("Events")
    stages = {"starting", "downloading", "verifying", "installing"}
    assert {event: documented[event] - stages for event in heard} == heard
    assert set(heard) == set(EVENTS) - {"updateFailed", "corruption"}
    said = section("Python").split("`status()` holds")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", said)) == set(knowledge.status())


@pytest.mark.process
@pytest.mark.parametrize("page", [ROOT / "README.md", APPS], ids=["readme", "apps"])
def test_the_javascript_parses_and_waits_for_the_first_release(page: Path, tmp_path: Path) -> None:
    """That it runs on a page, under the policy that the docs name, is shown in tests/browser."""
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed to test the browser client"
    for number, code in enumerate(blocks(page, "js")):
        module = tmp_path / f"app{number}.mjs"
        module.write_text(code, encoding="utf-8")
        done = subprocess.run([node, "--check", module], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    (code,) = (code for code in blocks(page, "js") if "kb.ready" in code)
    assert code.index("kb.ready") < code.index("kb.search")
    imported = re.findall(r"import \{ (\w+) \} from \"./client/([\w.]+)\"", code)
    assert imported == [("KnowledgeBase", "vademecum.mjs")]
    used = set(re.findall(r"\bkb\.(\w+)", code))
    assert used and used <= members("export declare class KnowledgeBase")


def commands(page: Path) -> list[str]:
    text = "\n".join(blocks(page, "sh", "yaml"))
    return [line.strip() for line in text.splitlines() if line.strip().startswith(("vade ", "make "))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_docs_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands(page):
        program, *words = re.split(r"\s+[#|]|>", command)[0].split()
        if program == "make":
            assert words[0] in targets, command
        else:
            assert parser().parse_args(words).command == words[0]


def test_the_page_of_publishing_is_one_screen() -> None:
    text = (ROOT / "site" / "content" / "publishing.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) == 5
    assert len(text.split()) < 400


def test_the_changelog_of_a_release_is_short() -> None:
    """It says what users must know of a release, and not what was wrong between two commits."""
    for release in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        lines = release.splitlines()
        assert len(lines) <= 120 and len(release) <= 12_000


def test_commands_are_found() -> None:
    assert len(commands(ROOT / "README.md")) >= 5
    assert len(commands(ROOT / "site" / "content" / "publishing.md")) >= 1
