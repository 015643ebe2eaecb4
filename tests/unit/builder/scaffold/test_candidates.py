"""Where a repository's documents are: what strangers' repositories look like, and what is nobody's document."""

from __future__ import annotations

from pathlib import Path

import pytest

from vademecum_builder.scaffold.candidates import CandidateFolder, find_candidates, main_of

PAGE = "# A page\n\nOf lanterns.\n"
HTML = '<!doctype html><head><meta name="generator" content="Brew 3"></head><body><main>Lamps</main></body>'
FOLDERS = """docs doc documentation content contents handbook manual wiki knowledge knowledge-base kb guide guides
articles notes pages""".split()
OTHERS = """test tests testdata fixtures e2e playground example examples vendor third_party themes templates
layouts""".split()
ABOUT = """README changelog CHANGES HISTORY license LICENCE CONTRIBUTING CODE_OF_CONDUCT SECURITY AUTHORS NOTICE SUPPORT
GOVERNANCE MAINTAINERS CODEOWNERS""".split()
CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "a folder of Markdown": ({"docs/a.md": PAGE, "README.md": PAGE}, ["docs (1 document)"]),
    "code and a handbook": ({"src/a.py": "", "handbook/a.md": PAGE, "src/notes.md": PAGE}, ["handbook (1 document)"]),
    "mkdocs": (
        {"mkdocs.yml": "site_name: x\n", "docs/a.md": PAGE, "README.md": PAGE},
        ["docs (sources of MkDocs, 1 document)"],
    ),
    "mkdocs that names its folder": (
        {"mkdocs.yml": "docs_dir: pages/en\n", "pages/en/a.md": PAGE, "docs/b.md": PAGE},
        ["pages/en (sources of MkDocs, 1 document)"],
    ),
    "Docusaurus beside the code": (
        {
            "website/docusaurus.config.js": "module.exports = {url: 'https://x.example'}",
            "website/docs/a.md": PAGE,
            "website/blog/2026-01-01-b.md": PAGE,
            "src/x.md": PAGE,
        },
        ["website (sources of Docusaurus, 2 documents)"],
    ),
    "Docusaurus with its pages at the top": (
        {
            "website/docusaurus.config.js": "module.exports = {presets: [['classic', {docs: {path: '../docs'}}]]}",
            "docs/a.md": PAGE,
        },
        ["docs (sources of Docusaurus, 1 document)"],
    ),
    "VitePress": (
        {"docs/.vitepress/config.mts": "export default {}", "docs/a.md": PAGE},
        ["docs (sources of VitePress, 1 document)"],
    ),
    "Hugo": (
        {"hugo.toml": "title = 'x'\n", "content/a.md": PAGE, "themes/t/docs/b.md": PAGE},
        ["content (sources of Hugo, 1 document)"],
    ),
    "Hugo beside its pages, and a page that leads to a language": (
        {
            "site/config/_default/hugo.yml": "contentDir: ../docs\ntitle: x\n",
            "docs/a.md": PAGE,
            "index/de/index.html": HTML,
        },
        ["docs (sources of Hugo, 1 document)"],
    ),
    "Sphinx": (
        {"docs/source/conf.py": "project = 'x'\nextensions = []\n", "docs/source/index.rst": "X\n=\n"},
        ["docs/source (sources of Sphinx, 1 document)"],
    ),
    "Jekyll": (
        {"_config.yml": "title: x\n", "index.md": PAGE, "_posts/2026-01-01-b.md": PAGE},
        [". (sources of Jekyll, 2 documents)"],
    ),
    "mdBook": (
        {"book.toml": "[book]\ntitle = 'x'\n", "src/SUMMARY.md": "- [a](a.md)\n", "src/a.md": PAGE},
        ["src (sources of mdBook, 1 document)"],  # its table of contents is none
    ),
    "rendered pages": (
        {"public/index.html": HTML, "public/a/index.html": HTML},
        ["public (a rendered site: rendered by Brew 3, 2 documents)"],
    ),
    "rendered pages below": (
        {"docs/_out/html/index.html": HTML, "docs/_out/html/a.html": HTML},
        ["docs/_out/html (a rendered site: rendered by Brew 3, 2 documents)"],
    ),
    "two folders": (
        {"docs/a.md": PAGE, "wiki/b.md": PAGE, "wiki/c.md": PAGE},
        ["docs (1 document)", "wiki (2 documents)"],
    ),
    "two sites": (
        {
            "a/mkdocs.yml": "site_name: a\n",
            "a/docs/a.md": PAGE,
            "b/book.toml": "[book]\ntitle = 'b'\n",
            "b/src/SUMMARY.md": "- [a](a.md)\n",
            "b/src/a.md": PAGE,
        },
        ["a/docs (sources of MkDocs, 1 document)", "b/src (sources of mdBook, 1 document)"],
    ),
    "a site that is a test's": (
        {"tests/fixtures/mkdocs.yml": "site_name: x\n", "tests/fixtures/docs/a.md": PAGE, "docs/a.md": PAGE},
        ["docs (1 document)"],
    ),
    "a page that is drawn beside sources": (
        {"_config.yml": "title: x\n", "index.md": PAGE, "demo/index.html": HTML},
        [". (sources of Jekyll, 2 documents)"],
    ),
    "a configuration far below": (
        {"docs/a.md": PAGE, "a/b/c/d/mkdocs.yml": "site_name: x\n", "a/b/c/d/docs/a.md": PAGE},
        ["docs (1 document)"],
    ),
    "pages at the top": ({"lamps.md": PAGE, "README.md": PAGE}, [". (2 documents)"]),
    "a folder with a name of its own": (
        {"brewing/a.md": PAGE, "README.md": PAGE, "LICENSE.md": PAGE},
        ["brewing (1 document)"],
    ),
    "documents below the code": (
        {"src/docs/a.md": PAGE, "src/docs/b/c.md": PAGE, "src/a.py": "", "src/notes.md": PAGE, "README.md": PAGE},
        ["src/docs (2 documents)"],
    ),
    "far below, by no name": ({"src/brewing/a.md": PAGE, "src/brewing/b/c.md": PAGE}, ["src/brewing (2 documents)"]),
    "many folders": ({"brewing/a.md": PAGE, "malting/b.md": PAGE}, [". (2 documents)"]),
    "every name that people give": (
        {f"{name}/a.md": PAGE for name in FOLDERS} | {"src/a.md": PAGE},
        [f"{name} (1 document)" for name in FOLDERS],
    ),
    "everybody else's": (
        {f"{name}/x/mkdocs.yml": "site_name: x\n" for name in OTHERS}
        | {f"{name}/x/docs/a.md": PAGE for name in OTHERS}
        | {"a/b/mkdocs.yml": "site_name: y\n", "a/b/docs/a.md": PAGE},
        ["a/b/docs (sources of MkDocs, 1 document)"],
    ),
    "files about a repository": ({f"{n}.md": PAGE for n in ABOUT} | {"x/a.md": PAGE}, ["x (1 document)"]),
    "half of them by a name": ({"a/docs/b.md": PAGE, "a/c.md": PAGE}, ["a (2 documents)"]),
    "more than half of them by a name": (
        {**{f"a/docs/{n}.md": PAGE for n in "bc"}, "c.md": PAGE},
        ["a/docs (2 documents)"],
    ),
    "a name too far below": ({"a/b/c/docs/d.md": PAGE, "a/e.md": PAGE}, ["a (2 documents)"]),
    "a name as far below as may be": ({"a/b/docs/d.md": PAGE}, ["a/b/docs (1 document)"]),
    "a page that a generator does not serve": (
        {"mkdocs.yml": "site_name: x\nexclude_docs: b.md\n", "docs/a.md": PAGE, "docs/b.md": PAGE},
        ["docs (sources of MkDocs, 1 document)"],
    ),
    "what `vade build` has published": (
        {"site/metadata/timestamp.json": "", "site/releases/a.json": "", "site/index.html": HTML, "docs/a.md": PAGE},
        ["docs (1 document)"],
    ),
    "a whole repository of it": ({"metadata/timestamp.json": "", "releases/a.json": "", "docs/a.md": PAGE}, []),
    "what another program has signed": ({"metadata/timestamp.json": "", "docs/a.md": PAGE}, ["docs (1 document)"]),
    "a list of several components": (
        {
            "playbook.yml": "site: {title: x}\ncontent: {sources: [{url: ., start_paths: 'a, b'}]}\n",
            **{f"{name}/antora.yml": f"name: {name}\n" for name in "abc"},
            **{f"{name}/modules/ROOT/pages/x.adoc": PAGE for name in "abc"},
        },
        [". (sources of Antora, 2 documents)"],
    ),
    "a list of components, and other sites below it": (
        {
            "playbook.yml": "site: {title: x}\ncontent: {sources: [{url: ., start_paths: 'a, b'}]}\n",
            **{f"{name}/antora.yml": f"name: {name}\n" for name in "abc"},
            **{f"{name}/modules/ROOT/pages/x.adoc": PAGE for name in "abc"},
            **{f"{folder}/mkdocs.yml": "site_name: x\n" for folder in ("d", "d/e", "f", "f/g")},
            **{f"{folder}/docs/x.md": PAGE for folder in ("d", "d/e", "f/g")},
        },
        [
            ". (sources of Antora, 2 documents)",
            "d/docs (sources of MkDocs, 1 document)",
            "d/e/docs (sources of MkDocs, 1 document)",
            "f/g/docs (sources of MkDocs, 1 document)",
        ],
    ),
    "a small site that sources show": (
        {f"posts/{n}.md": PAGE for n in "abc"}
        | {f"files/old/{n}.html": HTML for n in ("a", "index")}
        | {"files/old/assets/x.css": ""},
        ["posts (3 documents)"],
    ),
    "a small site that is called as generators call theirs": (
        {f"notices/{n}.md": PAGE for n in "abc"} | {f"docs/{n}.html": HTML for n in ("a", "index")},
        ["docs (a rendered site: rendered by Brew 3, 2 documents)"],
    ),
    "templates of pages, and few others": (
        {f"templates/{n}.html": "{% block %}" for n in "abc"} | {"brewing/a.md": PAGE},
        ["brewing (1 document)"],
    ),
    "files of office programs beside pages": (
        {"Rules/a.md": PAGE, "Rules/b.pdf": "", "Fees.xlsx": "", "Rules/~$b.docx": ""},
        ["Rules (2 documents)"],
    ),
    "files of office programs alone": ({"Manuals/a.pdf": "", "README.md": PAGE}, ["Manuals (1 document)"]),
    "files of office programs below the code": ({"src/a.md": PAGE, "docs/b.pdf": ""}, ["src (1 document)"]),
    "a README alone": ({"README.md": PAGE}, [". (1 document)"]),
    "nothing": ({"main.py": "", "requirements.txt": "x", "node_modules/a/README.md": PAGE, ".github/a.md": PAGE}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_the_folder_that_is_meant(tmp_path: Path, case: str) -> None:
    files, expected = CASES[case]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(map(str, find_candidates(tmp_path, sorted(files)))) == expected


@pytest.mark.parametrize(
    ("found", "main"),
    [
        ([("docs", 9)], "docs"),
        ([("packages/a/docs", 2), ("docs", 9), ("packages/b/docs", 3)], "docs"),
        ([("packages/a/docs", 5), ("docs", 9), ("packages/b/docs", 4)], None),  # as many as all others together
        ([("docs", 9), ("wiki", 2)], None),  # beside each other
    ],
)
def test_documents_above_those_of_all_parts_are_meant(found: list[tuple[str, int]], main: str | None) -> None:
    chosen = main_of([CandidateFolder(path, "", documents) for path, documents in found])
    assert (chosen and chosen.path) == main
