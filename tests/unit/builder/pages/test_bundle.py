"""Modules of JavaScript in files that pages and workers load: as they are written here, and our own, run by Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import vademecum
from vademecum_builder.pages import bundle
from vademecum_builder.pages.bundle import bundled, loaded
from vademecum_builder.pages.client_bundle import condensed

JS = Path(vademecum.__file__).parent / "js"
MODULES = {
    "errors.mjs": "export class Fault extends Error {}\nexport const asFault = (what) => new Fault(what);\n",
    "page/start.mjs": 'import { asFault as named } from "../errors.mjs";\nconst HERE = import.meta.url;\n'
    'export const file = () => new URL("../query.mjs", import.meta.url).pathname;\n'
    "export const fault = named;\nexport const here = HERE;\n",
    "page/later.mjs": 'import { Fault } from "../errors.mjs";\nimport { twice } from "./twice.mjs";\n'
    "export const isFault = (what) => twice(what instanceof Fault);\n",
    "page/twice.mjs": "export function twice(what) {\nreturn [what, what];\n}\n",
    "page/words.mjs": "export default `\none two\n`;\n",
    "ui/field.mjs": 'import { Fault } from "../errors.mjs";\nexport async function read() {\nreturn Fault;\n}\n',
    "vademecum.mjs": 'import { Fault } from "./errors.mjs";\nimport { fault, file, here } from "./page/start.mjs";\n'
    "export { Fault };\nexport const told = { fault, file, here };\n"
    'export const later = () => import("./page/later.mjs");\nexport const words = () => import("./page/words.mjs");\n',
    "vademecum-search.mjs": 'import { told } from "./vademecum.mjs";\nimport { read } from "./ui/field.mjs";\n'
    "export const element = { told, read };\n",
    "query.mjs": 'import { scan } from "./search/scan.mjs";\nimport "./errors.mjs";\nexport const found = scan();\n',
    "search/scan.mjs": 'import { Fault } from "../errors.mjs";\nexport function* scan() {\nyield Fault;\n}\n',
    "worker.mjs": "export const worker = 1;\n",
}  # fmt: skip
RUN = """
import { readdirSync } from "node:fs";
const folder = process.argv[1];
const of = (name) => import(folder + name);
const { Fault, later, told, words } = await of("vademecum.mjs");
const { element } = await of("vademecum-search.mjs");
console.log(JSON.stringify({
  same: [Fault === (await of("errors.mjs")).Fault, Fault === await element.read()],
  field: (await of("ui/field.mjs")).read === element.read,
  later: (await later()).isFault(told.fault("x")),
  words: (await words()).default,
  file: told.file() === new URL("query.mjs", folder).pathname,
  here: [told.here, (await of("vademecum.mjs?v=2#x")).told.here].map((address) => address.replace(folder, "")),
  worker: [...(await of("query.mjs")).found].length,
}));
"""
NAMES = """
import { readdirSync } from "node:fs";
globalThis.self = { addEventListener() {} };
Object.assign(globalThis, { HTMLElement: class {}, customElements: { get: () => true } });
const [before, after] = process.argv.slice(1);
const names = async (address) => Object.keys(await import(address)).filter((name) => name !== "$shared");
const found = [];
for (const name of readdirSync(new URL(before), { recursive: true })) {
  if (name.endsWith(".mjs")) found.push([name, await names(before + name), await names(after + name)]);
}
console.log(JSON.stringify(found));
"""
WORDS = """
import { readFileSync } from "node:fs";
const [, pairs, typescript] = process.argv;
const ts = (await import(typescript)).default;
function words(text) {
  const file = ts.createSourceFile("x.mjs", text, ts.ScriptTarget.Latest, true), found = [];
  (function walk(node) {
    if (node.getChildCount(file)) node.getChildren(file).forEach(walk);
    else found.push(node.kind === ts.SyntaxKind.ConstKeyword ? "let" : node.getText(file));
  })(file);
  return found.filter((word) => word !== ";");
}
for (const [large, small] of JSON.parse(readFileSync(new URL(pairs), "utf8"))) {
  const [a, b] = [words(large), words(small)], at = a.findIndex((word, i) => word !== b[i]);
  if (at >= 0 || a.length !== b.length) console.log(`${a.slice(at - 5, at + 5)} | ${b.slice(at - 5, at + 5)}`);
}
"""
TYPESCRIPT = Path(__file__).parents[3] / "unit/js/node_modules/typescript/lib/typescript.js"


def laid(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return f"{folder.as_uri()}/"


def node(script: str, *arguments: str) -> str:
    program = shutil.which("node")
    assert program is not None
    command = [program, "--input-type=module", "--eval", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.process
def test_what_is_held_by_another_file_is_still_where_it_was_and_the_same(tmp_path: Path) -> None:
    told = json.loads(node(RUN, laid(tmp_path, bundled(MODULES))))
    assert told == {
        "same": [True, True],
        "field": True,
        "later": [True, True],
        "words": "\none two\n",
        "file": True,
        "here": ["page/start.mjs", "page/start.mjs"],
        "worker": 1,
    }


def test_a_page_begins_with_two_files_and_each_worker_with_one_of_its_own_and_the_pages() -> None:
    files = bundled(MODULES)

    def imports(name: str) -> list[str]:
        return re.findall(r'^import .*"(.*)";$', files[name], re.MULTILINE)

    assert imports("vademecum.mjs") == []
    for name in ("vademecum-search.mjs", "query.mjs", "worker.mjs"):
        assert {*imports(name)} == {"./vademecum.mjs"}, name
    assert imports("page/later.mjs") == ["../vademecum.mjs"]
    entries = {"vademecum.mjs", "vademecum-search.mjs", "query.mjs", "worker.mjs"}
    assert loaded(files) == {*entries, "page/later.mjs", "page/words.mjs"}
    assert files["search/scan.mjs"] == MODULES["search/scan.mjs"], "nobody's page begins a worker's work"
    assert files["page/start.mjs"] == MODULES["page/start.mjs"], "no other file takes any of it"
    assert "asFault" in files["errors.mjs"] and "class" not in files["errors.mjs"], "others take a class of it"
    assert "class" not in files["query.mjs"], "the page's file has it, for the worker as well"
    assert "=>new Fault" in files["vademecum.mjs"], "spaces that tell programs nothing"
    assert "let asFault=" in files["vademecum.mjs"], "nor whether what nobody assigns to may be"
    assert "{yield Fault}" in files["query.mjs"], "nor does the end of a statement where its block ends"


@pytest.mark.process
def test_what_is_left_out_tells_programs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TypeScript reads the same words, `let` for `const`. rjsmin knows no template within a template: no module may
    have one."""
    modules = {path.relative_to(JS).as_posix(): condensed(path.read_bytes()).decode() for path in JS.rglob("*.mjs")}
    small = bundled(modules)
    monkeypatch.setattr(bundle, "jsmin", str)
    monkeypatch.setattr(bundle, "_CONSTANT", re.compile("(?!)"))
    large = bundled(modules)
    changed = [name for name in small if small[name] != large[name]]
    assert {"vademecum.mjs", "vademecum-search.mjs", "query.mjs", "worker.mjs"} <= {*changed}
    (tmp_path / "pairs.json").write_text(json.dumps([[large[name], small[name]] for name in changed]))
    assert node(WORDS, (tmp_path / "pairs.json").as_uri(), TYPESCRIPT.as_uri()) == ""


@pytest.mark.process
def test_a_page_that_another_bundler_has_packed_knows_no_address_of_its_files(tmp_path: Path) -> None:
    """Then `workers/start.mjs` and `workers/boot.mjs` must not believe that they lie where they were published."""
    folder = laid(tmp_path, bundled(MODULES))
    (tmp_path / "vademecum.mjs").rename(tmp_path / "app.mjs")
    assert (
        node("console.log((await import(`${process.argv[1]}app.mjs`)).told.here);", folder).strip()
        == f"{folder}app.mjs"
    )


@pytest.mark.process
def test_every_module_exports_what_it_did(tmp_path: Path) -> None:
    modules = {path.relative_to(JS).as_posix(): condensed(path.read_bytes()).decode() for path in JS.rglob("*.mjs")}
    read = json.loads(node(NAMES, f"{JS.as_uri()}/", laid(tmp_path, bundled(modules))))
    assert len(read) == len(modules) > 60
    assert [name for name, before, after in read if before != after] == []
