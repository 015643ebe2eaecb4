"""Pages and anchors of chunks are where the real generator serves them: trees.py, and what was built of it, served.json."""

# ruff: noqa: E501
from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from sites import build as sites
from sites.manual import PAGES
from sites.questions import search_of, unanswered
from support.growth import grows_with_the_square
from unit.builder.profiles import trees
from vademecum.errors import UsageError
from vademecum.format.markup import Code, Paragraph, Run
from vademecum_builder.chunking.structure import chunk_document
from vademecum_builder.profiles import docfx, mdx, myst_markup, tags, vitepress
from vademecum_builder.profiles.base import Page, Project
from vademecum_builder.profiles.config import address_of
from vademecum_builder.profiles.includes import part
from vademecum_builder.profiles.plain import PASSES
from vademecum_builder.profiles.reader import PlainPages, ProfilePages
from vademecum_builder.profiles.registry import ProfileMatch, find_profile
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.sources.base import ASCIIDOC, HTML, MARKDOWN, PLAIN_TEXT, RST, SourceItem
from vademecum_builder.sources.endings import MEDIA_TYPES
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.left_out import TEMPLATES
from vademecum_builder.sources.places import PagePlace, PagePlaces
from vademecum_builder.stages.documents import choose_reader

SERVED = json.loads(trees.SERVED.read_text(encoding="utf-8"))
SITE = "https://b.example"
NOT_SERVED = {"docusaurus": {"manual/draft.md"}, "jekyll": {"plain.md"}}
"""Drafts are left out by their front matter in all kinds of sources; what Jekyll copies, GitHub Pages renders."""


def keys_of(root: Path) -> list[str]:
    return sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and "/." not in f"/{p.relative_to(root)}"
    )


def found_in(root: Path, name: str = "") -> ProfileMatch:
    found = find_profile(root, keys_of(root), name)
    assert found is not None
    return found


def read_all(root: Path, found: ProfileMatch) -> dict[str, Document]:
    pages = ProfilePages(found, SITE)
    documents = {}
    for key in keys_of(root):
        media_type = MEDIA_TYPES.get(Path(key).suffix.lower(), PLAIN_TEXT)
        if media_type not in (PLAIN_TEXT, HTML):
            document = pages.read(SourceItem(key, media_type, (root / key).read_bytes()))
            if isinstance(document, Document):
                documents[key] = document
    return documents


def files(root: Path, tree: dict[str, str]) -> Path:
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def text_of(document: Document) -> str:
    return "\n".join(block_text(block) for section in document.sections for block in section.blocks)


def place(url: str, served: dict[str, list[str]]) -> str | None:
    path = unquote(url.removeprefix(f"{SITE}/"))
    wanted = (path, f"{path}index.html" if path.endswith("/") or not path else f"{path}/index.html", f"{path}.html")
    return next((name for name in wanted if name in served), None)


@pytest.mark.parametrize("name", trees.TREES)
def test_every_page_and_anchor_is_where_the_generator_serves_it(name: str, tmp_path: Path) -> None:
    root, served = trees.write(name, tmp_path), SERVED[name]
    found = found_in(root)
    assert found.profile.name == name.partition("-")[0]
    documents = read_all(root, found)
    wrong = [
        f"{key}: {document.url}#{chunk.anchor}"
        for key, document in documents.items()
        if key not in NOT_SERVED.get(name, ())
        for chunk in chunk_document(document)
        if (at := place(document.url, served)) is None or (chunk.anchor and chunk.anchor not in served[at])
    ]
    assert wrong == []
    # No two documents at one address, and no served page with headings of ours forgotten.
    assert Counter(d.url for d in documents.values()).most_common(1)[0][1] == 1


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.slow, pytest.mark.process] if name == "antora" else ())
        for name in trees.MANUAL
    ],
)
def manual(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Document]]:
    """A generator, and the manual's documents as its profile reads what it is given."""
    name, root = request.param, tmp_path_factory.mktemp("manual")
    if name == "antora" and not shutil.which("asciidoctor"):
        pytest.skip("Asciidoctor is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sites, "run", lambda *_command, **_options: None)
        patch.setattr(sites, "_with_modules", lambda *_arguments: None)
        sites.GENERATORS[name](root)
    return name, read_all(root, found_in(root))


def test_the_manual_is_where_the_generators_serve_it(manual: tuple[str, dict[str, Document]]) -> None:
    name, documents = manual
    kept = sites.HERE / name
    served = {path.relative_to(kept).as_posix(): trees.ids_of(path) for path in kept.rglob("*.html")}
    assert len(documents) == len(PAGES)
    for document in documents.values():
        at = place(document.url, served)
        assert at, document.url
        assert {chunk.anchor for chunk in chunk_document(document)} - {""} <= set(served[at]), document.key
        assert not re.search(r"\{\{|\[\[|:::|\[!|\{%|!!! |<[A-Z]|\{#", text_of(document)), document.key


def test_nine_of_ten_questions_find_their_page_among_the_first_three(manual: tuple[str, dict[str, Document]]) -> None:
    assert len(unanswered(search_of(manual[1].values()))) <= 1


def test_languages_of_mkdocs_are_those_of_the_plugin(tmp_path: Path) -> None:
    found = found_in(trees.write("mkdocs-languages", tmp_path))
    place = found.page_place("docs/pt_BR/guide/setup.md")
    assert place == PagePlace("docs/de/guide/setup.md", "pt-BR") and found.rules.first == {"lang": "de"}
    assert found.page_place("docs/everywhere.md") is None
    for key, language in {"docs/guide/setup.en.md": "en", "docs/guide/setup.fr.md": "fr"}.items():
        places = PagePlaces(["docs/guide/setup.en.md", "docs/guide/setup.fr.md", "docs/v1.it.md"])
        assert places.of(key) == PagePlace("docs/guide/setup.md", language)
    assert places.of("docs/v1.it.md") == PagePlace()


def test_a_page_that_a_template_engine_is_to_fill_is_no_page(tmp_path: Path) -> None:
    root = files(tmp_path, {"mkdocs.yml": "site_name: B\n", "docs/a.md": "# A\n"})
    page = SourceItem("docs/theme/main.html", HTML, b"{% extends 'base.html' %}<p>No text</p>")
    for pages in (PlainPages(root, SITE), ProfilePages(found_in(root), SITE)):
        assert pages.read(page) == TEMPLATES


def test_configurations_are_read_and_never_run(tmp_path: Path) -> None:
    evil = f"import pathlib\nproject = 'B'\npathlib.Path({str(tmp_path / 'ran')!r}).write_text('x')\n"
    root = files(
        tmp_path,
        {
            "conf.py": evil,
            "index.md": "# A\n\nB.\n",
            "mkdocs.yml": "theme: !!python/object/apply:os.system ['exit 3']\n",
        },
    )
    assert found_in(root, "sphinx").rules and found_in(root, "mkdocs").rules
    assert not (tmp_path / "ran").exists()


def test_a_configuration_above_counts_where_the_source_lies_among_its_pages(tmp_path: Path) -> None:
    root = files(tmp_path, {"mkdocs.yml": "site_name: B\n", "docs/guide/a.md": "# A\n", "notes/b.md": "# B\n"})
    found = find_profile(root / "docs" / "guide", ["a.md"])
    assert found is not None and found.key("a.md") == "docs/guide/a.md"
    assert ProfilePages(found, SITE).read(SourceItem("a.md", MARKDOWN, b"# A\n")).url == f"{SITE}/guide/a/"  # type: ignore[union-attr]
    assert find_profile(root / "notes", ["b.md"]) is None


def test_languages_of_hugo_may_have_a_file_each_and_what_lies_beside_their_folders_is_not_served(
    tmp_path: Path,
) -> None:
    tree = {
        "config/_default/hugo.toml": "[markup.goldmark.parser]\nautoHeadingIDType = 'blackfriday'\n",
        "config/_default/languages.en.toml": "contentDir = 'content/en'\n",
        "config/_default/languages.pt-br.toml": "contentDir = 'content/pt-br'\n",
        "content/en/a.md": "## Let's -- go_on (1/2)\n\nA.\n",
        "content/pt-br/a.md": "## Água\n\nA.\n",
        "content/draft/a.md": "# Nobody's\n\nA.\n",
    }
    root = files(tmp_path, tree)
    documents = read_all(root, found_in(root))
    assert {key: (d.url, d.sections[0].anchor) for key, d in documents.items()} == {
        "content/en/a.md": (f"{SITE}/a/", "let-s-go-on-1-2"),
        "content/pt-br/a.md": (f"{SITE}/pt-br/a/", "água"),
    }


@pytest.mark.parametrize(
    ("said", "guide", "post"),
    [("uglyURLs = true", ".html", ".html"), ("[uglyURLs]\npost = true\ntop2 = true", "/", ".html")],
)
def test_pages_of_hugo_or_those_of_some_sections_end_in_html(said: str, guide: str, post: str, tmp_path: Path) -> None:
    keys = ("_index", "top", "top2/index", "guide/_index", "guide/a", "post/_index", "post/a", "post/b/index")
    root = files(tmp_path, {"hugo.toml": said, **{f"content/{key}.md": "# A\n\nA.\n" for key in keys}})
    rest = [f"{name}{guide}" for name in ("top", "top2", "guide", "guide/a")]
    wanted = ["", *rest, *(f"{name}{post}" for name in ("post", "post/a", "post/b"))]
    assert {d.url.removeprefix(f"{SITE}/") for d in read_all(root, found_in(root)).values()} == {*wanted}


def test_a_configuration_beside_counts_where_it_names_the_source(tmp_path: Path) -> None:
    tree = {"website/docusaurus.config.js": "docs: { path: '../docs' }", "docs/a.md": "", "notes/b.md": ""}
    root = files(tmp_path, tree)
    assert find_profile(root / "docs", ["a.md"]) is None, "nobody says how far the project goes"
    (root / ".git").mkdir()
    found = find_profile(root / "docs", ["a.md"])
    assert found is not None and found.key("a.md") == "../docs/a.md"
    assert ProfilePages(found, SITE).read(SourceItem("a.md", MARKDOWN, b"# A\n")).url == f"{SITE}/docs/a"  # type: ignore[union-attr]
    assert find_profile(root / "notes", ["b.md"]) is None


def test_a_configuration_of_another_folder_is_read_there(tmp_path: Path) -> None:
    (tmp_path / "docs" / "content").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text("docs_dir: docs/content\n")
    (tmp_path / "docs" / "mkdocs.yml").symlink_to("../mkdocs.yml")  # as Read the Docs looks for it
    found = find_profile(tmp_path / "docs", ["content/a.md"])
    assert found is not None and found.place("content/a.md") is not None


def test_a_page_takes_in_what_the_repository_has_and_a_picture_is_nothing_that_is_missing(tmp_path: Path) -> None:
    page = '--8<-- "../../CHANGES.md"\n\n--8<-- "docs/a.svg"\n\n--8<-- "../../.env"\n\n--8<-- "../../plan.md"\n\n'
    page += '--8<-- "docs/made.md"\n'
    tree = {"mkdocs.yml": "", ".gitignore": "made.md\n", "docs/made.md": "Made before.\n", "docs/a.svg": "<svg/>"}
    root = files(tmp_path / "web", tree | {"docs/a.md": page})
    files(tmp_path, {"CHANGES.md": "Oil.\n", ".env": SECRET, "plan.md": SECRET, ".gitignore": "plan.md\n"})
    (tmp_path / ".git").mkdir()
    pages = ProfilePages(found_in(root, "mkdocs"), SITE)
    document = pages.read(SourceItem("docs/a.md", MARKDOWN, page.replace("../../", "../").encode()))
    assert isinstance(document, Document) and text_of(document).split() == "Oil. Made before.".split()
    missing = [f"includes without a file in the tree ({name} in docs/a.md)" for name in ("../.env", "../plan.md")]
    assert list(pages.troubles) == missing


def test_what_a_configuration_of_mkdocs_inherits_lies_below_it_mapping_by_mapping(tmp_path: Path) -> None:
    tree = {
        "mkdocs-all.yml": "site_name: B\nplugins:\n  mkdocstrings:\n",
        "mkdocs-web.yml": "INHERIT: mkdocs-all.yml\nsite_url: https://b.example/\nplugins:\n  blog:\n",
        "docs/blog/posts/a.md": "---\ndate: 2024-01-02\n---\n# A\n",
    }
    found = found_in(files(tmp_path, tree))
    assert (found.rules.title, found.rules.base_url) == ("B", "https://b.example/")
    assert found.rules.folders[0].address("blog/posts/a.md", {"date": "2024-01-02"}) == "blog/2024/01/02/a/"
    assert len(found.rules.passes) == len(
        found_in(files(tmp_path / "x", {"mkdocs.yml": "plugins: [mkdocstrings]"})).rules.passes
    )


@pytest.mark.parametrize(
    ("file", "said", "ids"),
    [
        ("netlify.toml", 'HUGO_VERSION = "0.150.1"', ["a--b", "1-link", "of---flag", "plain"]),
        (".github/workflows/site.yml", "hugo-version: '0.144.0'", ["a--b", "1-link", "of---flag", "plain"]),
        ("netlify.toml", 'HUGO_VERSION = "0.143.1"', ["", "", "of---flag", "plain"]),
        ("hugo.toml", "", ["", "", "of---flag", "plain"]),
    ],
)
def test_hugo_makes_ids_of_text_since_a_version_and_where_it_is_not_known_of_what_both_make_alike(
    file: str, said: str, ids: list[str], tmp_path: Path
) -> None:
    headings = ("A -- b", "1 [link](/x)", "Of `--flag`", "Plain")
    text = "".join(f"## {heading}\n\nW.\n\n" for heading in headings)
    root = files(tmp_path, {"hugo.toml": "", "content/a.md": text, file: said})
    document = read_all(root, found_in(root))["content/a.md"]
    assert [section.anchor for section in document.sections] == ids


@pytest.mark.parametrize(
    ("heading", "id_"),
    [
        ("**What's new** in 3", "what-in-3"),
        ("Plain **Bold's** tail", "plain-bold-tail"),
        ("*One -- two* more", "one--more"),
        ('**"Quoted" word**', "heading"),
        ("[a *em* b](x) c", "a--c"),
        ("***em* b**", "em"),
        ("**[l's m](x) c**", "l"),
        ("**[a](x)** b", "a-b"),
        ("[**a's b** c](x)", "a"),
        ("**`a_b` c** d", "a_b-d"),
        ("**a_b c**", "a_"),
        ('**5" x** z', "5-x-z"),
        ("**a ![img](x.png) c**", "a"),
        ("**a << b** c", "a--b-c"),
        ("**a** b's **c**", "a-bs-c"),
        ("Don't **stop** it's", "dont-stop-its"),
    ],
)
def test_hugo_makes_ids_of_the_first_text_in_what_is_bold_or_a_link(heading: str, id_: str, tmp_path: Path) -> None:
    """As Hugo 0.168 does."""
    tree = {"hugo.toml": "", "netlify.toml": 'HUGO_VERSION = "0.168.0"', "content/a.md": f"## {heading}\n\nW.\n"}
    assert [section.anchor for section in pages_in(tmp_path, tree)["content/a.md"].sections] == [id_]


@pytest.mark.parametrize(
    ("config", "page", "list_", "id_"),
    [
        ("mkdocs.yml", "docs/a.md", "{#v1.2.3}", "v1.2.3"),
        (".vitepress/config.js", "a.md", "{#task.shell .wide}", "task.shell"),
        ("hugo.toml", "content/a.md", "{#task.shell}", "task.shell"),
        ("_config.yml", "a.md", "\n{: #task.wide}", "task"),
    ],
)
def test_an_id_that_is_written_may_have_dots_but_in_kramdown(
    config: str, page: str, list_: str, id_: str, tmp_path: Path
) -> None:
    text = f"---\ntitle: A\n---\n## B {list_}\n\nW. {{.x.y}}\n".replace("B \n", "B\n")
    document = pages_in(tmp_path, {config: "", page: text})[page]
    assert [(s.headings, s.anchor, text_of(document)) for s in document.sections if s.anchor] == [(("B",), id_, "W.")]


def test_the_key_of_tabs_that_change_together_is_no_text(tmp_path: Path) -> None:
    text = "# A\n\n:::tabs key:os\n== Linux\nW.\n:::\n\n::: tip key: oil\nX.\n:::\n"
    page = pages_in(tmp_path, {".vitepress/config.js": "", "a.md": text})["a.md"]
    assert text_of(page).split("\n") == ["Linux", "W.", "key: oil", "X."]


@pytest.mark.parametrize("said", ["includeCurrentVersion: false", "onlyIncludeVersions: [\n'1.0',\n]"])
def test_versions_of_docusaurus_that_are_not_built_have_no_pages(said: str, tmp_path: Path) -> None:
    tree = {
        "docusaurus.config.js": f"module.exports = {{ presets: [['classic', {{ docs: {{ {said} }} }}]] }};",
        "versions.json": '["1.0"]',
        "docs/a.md": "# A\n\nNew.\n",
        "versioned_docs/version-1.0/a.md": "# A\n\nOld.\n",
    }
    pages = pages_in(tmp_path, tree)
    assert {key: page.url for key, page in pages.items()} == {"versioned_docs/version-1.0/a.md": f"{SITE}/docs/a"}


def test_a_configuration_below_counts_where_most_pages_lie_in_it(tmp_path: Path) -> None:
    root = files(
        tmp_path,
        {"web/book.toml": "", "web/src/SUMMARY.md": "[A](a.md)", "web/src/a.md": "# A\n", "README.md": "# R\n"},
    )
    found = find_profile(root, keys_of(root))
    assert found is not None and found.outside == "web/"
    assert find_profile(root, [*keys_of(root), "x.md", "y.md"]) is None


def test_a_table_of_contents_counts_where_no_configuration_does(tmp_path: Path) -> None:
    book = {"src/SUMMARY.md": "[A](a.md)", "src/a.md": "# A\n"}
    root = files(tmp_path, book)
    found = find_profile(root / "src", ["SUMMARY.md", "a.md"])
    assert found is not None and found.profile.name == "gitbook"
    files(tmp_path, {"book.toml": ""})
    found = find_profile(root / "src", ["SUMMARY.md", "a.md"])
    assert found is not None and found.profile.name == "mdbook"


def test_the_publisher_decides(tmp_path: Path) -> None:
    root = files(tmp_path, {"mkdocs.yml": "", "docs/a.md": "# A\n"})
    assert find_profile(root, keys_of(root), "plain") is None
    assert found_in(root, "vitepress").profile.name == "vitepress"
    with pytest.raises(UsageError, match="mkdocs"):
        find_profile(root, keys_of(root), "mkdoks")


SECRET = "nobody may read this"


@pytest.mark.parametrize(
    "name", ["../../secret.txt", "/../../secret.txt", "link.txt", ".env", "key.pem", "../src/a.md", "missing.md"]
)
def test_what_a_page_includes_lies_in_the_tree_and_is_nothing_private(name: str, tmp_path: Path) -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{'Ab1+' * 16}\n"
    root = files(
        tmp_path / "book",
        {
            "book.toml": "",
            "src/SUMMARY.md": "[A](a.md)",
            "src/a.md": f"# A\n\nWater.\n\n{{{{#include {name}}}}}\n",
            "src/.env": SECRET,
            "src/key.pem": key,
        },
    )
    (tmp_path / "secret.txt").write_text(SECRET)
    (root / "src" / "link.txt").symlink_to(tmp_path / "secret.txt")
    pages = ProfilePages(found_in(root), SITE)
    document = pages.read(SourceItem("src/a.md", MARKDOWN, (root / "src" / "a.md").read_bytes()))
    assert isinstance(document, Document) and text_of(document) == "Water."
    assert sum(pages.troubles.values()) == 1 and name.rpartition("/")[2] in "".join(pages.troubles)


def test_includes_of_a_page_are_bounded(tmp_path: Path) -> None:
    tree = {f"src/{n}.md": f"x\n{{{{#include {n + 1}.md}}}}\n{{{{#include {n + 1}.md}}}}\n" for n in range(40)}
    root = files(tmp_path, {"book.toml": "", "src/SUMMARY.md": "[A](0.md)", **tree})
    [document] = read_all(root, found_in(root)).values()
    assert len(text_of(document)) < 2000


def test_what_a_page_includes_is_part_of_what_shapes_it(tmp_path: Path) -> None:
    root = trees.write("mdbook", tmp_path)
    item = SourceItem("text/guide/Set Up.md", MARKDOWN, (root / "text/guide/Set Up.md").read_bytes())
    before = ProfilePages(found_in(root), SITE).shaped_by(item)
    (root / "text" / "oil.md").write_text("Other oil.\n")
    assert ProfilePages(found_in(root), SITE).shaped_by(item) != before


@pytest.mark.parametrize(
    "line",
    [
        "{{#include part.md}}",
        "{{ #include part.md }}\n{{#rustdoc_include part.md}}",
        '--8<-- "part.md"',
        "{* part.md ln[1] *}",
        "{!> part.md !}",
        '{% include-markdown "part.md" %}',
        "{%- include_relative part.md -%}",
        '{{< include "part.md" >}}',
        '{{% readfile file="part.md" %}}',
        '{{< codefile file="part.md" >}}',
        "![[part]]",
        "import Part from './part.md'\n\n<Part />",
    ],
)
def test_every_spelling_of_an_include_is_part_of_what_shapes_a_page(tmp_path: Path, line: str) -> None:
    root = files(tmp_path, {"page.md": f"# B\n\n{line}\n", "part.md": "Oil.\n"})
    item = SourceItem("page.md", MARKDOWN, (root / "page.md").read_bytes())
    before = PlainPages(root, SITE, frozenset({"page.md", "part.md"})).shaped_by(item)
    assert before != SITE
    (root / "part.md").write_text("Other oil.\n")
    assert PlainPages(root, SITE, frozenset({"page.md", "part.md"})).shaped_by(item) != before


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ("docfx.json", "[!INCLUDE [x](part.md)]"),
        (".vitepress/config.ts", "<!--@include: ./part.md-->"),
        (".vitepress/config.ts", "<<< ./part.md"),
        ("conf.py", "```{include} part.md\n```"),
        ("writerside.cfg", "[](part.md)"),
        ("writerside.cfg", '<include from="part.md" element-id="oil"/>'),
        ("conf.py", "```{literalinclude} part.md\n```"),
    ],
)
def test_what_a_generator_takes_in_is_part_of_what_shapes_a_page(tmp_path: Path, config: str, line: str) -> None:
    said = {"docfx.json": '{"build": {"content": [{"files": "**.md"}]}}', "conf.py": "project = 'B'\n"}
    said["writerside.cfg"] = '<ihp><topics dir="."/></ihp>'
    root = files(tmp_path, {config: said.get(config, ""), "page.md": f"# B\n\n{line}\n", "part.md": "# Oil.\n"})
    item = SourceItem("page.md", MARKDOWN, (root / "page.md").read_bytes())
    before = ProfilePages(found_in(root), SITE).shaped_by(item)
    (root / "part.md").write_text("# Other oil.\n")
    assert ProfilePages(found_in(root), SITE).shaped_by(item) != before


def test_what_sphinx_says_for_all_pages_is_said_in_each(tmp_path: Path) -> None:
    config = (
        "project = 'B'\nversion = '1.2'\nextlinks = {'bug': ('https://b.example/%s', 'no. %s'), 'old': ('/%s', None)}\n"
        "rst_prolog = '.. |pump| replace:: the *pump*'\nextensions = ['myst_parser']\n"
    )
    text = "Pump\n====\n\nIn |version| |pump| has :bug:`7`, :bug:`a leak <8>` and :old:`9`.\n"
    tree = {"conf.py": config, "a.rst": text, "b.md": "# B\n\nHas {bug}`7`.\n"}
    a, b = read_all(tmp_path, found_in(files(tmp_path, tree))).values()
    assert (text_of(a), text_of(b)) == ("In 1.2 the pump has no. 7, a leak and /9.", "Has no. 7.")
    assert {
        run.link for s in (*a.sections, *b.sections) for p in s.blocks if isinstance(p, Paragraph) for run in p.runs
    } == {*("", "https://b.example/7", "https://b.example/8", "/9")}


def test_a_configuration_of_sphinx_that_computes_all_of_it_is_known_by_the_page_beside_it(tmp_path: Path) -> None:
    conf = "from sphinx_pump import conf\nglobals().update(conf.build())\n"
    assert found_in(files(tmp_path, {"conf.py": conf, "index.rst": "B\n=\n"})).profile.name == "sphinx"
    other = files(tmp_path / "other", {"conf.py": "import sphinx\n", "a.md": "# A\n"})
    assert find_profile(other, keys_of(other), "") is None


def test_docusaurus_counts_the_id_of_a_title_that_shows_none(tmp_path: Path) -> None:
    text = "---\ntitle: Pump\n---\n&nbsp;\n\n# Pump\n\nA.\n\n## Use\n\nB.\n\n### Pump\n\nC.\n"
    root = files(
        tmp_path,
        {"docusaurus.config.js": f"export default {{ url: '{SITE}', presets: ['classic'] }}\n", "docs/a.md": text},
    )
    [document] = read_all(root, found_in(root)).values()
    assert [chunk.anchor for chunk in chunk_document(document)] == ["", "use", "pump-1"]


@pytest.mark.parametrize(
    ("head", "metadata", "text"),
    [
        ("title: Big: pumps\nTags: 😀 oil\n    wood\ntags: iron\n\n", {"tags": "😀 oil wood iron"}, "Here: it is."),
        ("\n", {}, "Here: it is."),
        ("---\nother: 1\n---\n", {"other": 1}, "Here: it is."),
        ("Pump it\nNow: do.\n\n", {}, "Pump it Now: do.\nHere: it is."),
    ],
)
def test_mkdocs_takes_names_at_the_head_of_a_page_without_lines_around_them(
    head: str, metadata: dict[str, object], text: str, tmp_path: Path
) -> None:
    found = found_in(files(tmp_path, {"mkdocs.yml": "", "docs/index.md": f"{head}Here: it is.\n"}))
    document = read_all(tmp_path, found)["docs/index.md"]
    assert {name: value for name, value in document.metadata.items() if name in ("tags", "other")} == metadata
    assert text_of(document) == text and (document.title == "Big: pumps") == ("title" in head)


def test_what_mkdocstrings_takes_from_code_is_a_heading_with_the_id_of_the_object_and_is_told(tmp_path: Path) -> None:
    text = "# Tanks\n\n::: pump.Tank\n    options:\n        members:\n            - level\n\n#### ::: pump.Tank.level\n\nIn metres.\n"
    tree = {"mkdocs.yml": "plugins: [search, mkdocstrings]\n", "docs/index.md": f"{text}\n```\n::: shown\n```\n"}
    found = found_in(files(tmp_path, tree))
    pages = ProfilePages(found, SITE)
    document = pages.read(SourceItem("docs/index.md", MARKDOWN, (tmp_path / "docs/index.md").read_bytes()))
    assert isinstance(document, Document)
    assert [(s.headings[-1], s.anchor) for s in document.sections if s.headings] == [
        ("pump.Tank", "pump.Tank"),
        ("pump.Tank.level", "pump.Tank.level"),
    ]
    assert text_of(document) == "In metres.\n::: shown"
    assert pages.warnings() == [
        "parts of pages are missing (2): what mkdocstrings takes from code (pump.Tank): build the rendered site, "
        "what mkdocstrings takes from code (pump.Tank.level): build the rendered site"
    ]


@pytest.mark.parametrize(
    ("key", "config"), [("docs/a.md", "mkdocs.yml"), ("a.md", "_config.yml"), ("a.qmd", "_quarto.yml")]
)
def test_a_pipe_in_code_ends_no_cell_but_in_gfm(key: str, config: str, tmp_path: Path) -> None:
    table = "| Type `a|b` | Text |\n|---|:--|\n| `str | None` | May `a \\| b`, `x|y|z`. |\n"
    document = read_one(tmp_path, key, f"# A\n\n{table}\n`m|n`\n\n```\n{table}```\n", **{config: ""})
    shown = text_of(document)
    for text in ("Type a|b", "str | None", "May a | b, x|y|z.", "m|n", table):
        assert text.strip() in shown


def test_a_reference_of_quarto_is_what_it_refers_to_without_its_number(tmp_path: Path) -> None:
    text = (
        "See @fig-tank, [@sec-oil] and `@fig-code` (jo@tbl-x.org), as Hardin says [see @hardin1968, p. 3].\n"
        "[@jo](https://b.example) asks \\@fig-tank.\n"
    )
    document = read_one(tmp_path, "a.qmd", text, **{"_quarto.yml": ""})
    assert text_of(document) == (
        "See Figure, Section and @fig-code (jo@tbl-x.org), as Hardin says. @jo asks @fig-tank."
    )


def test_what_is_bold_and_a_value_that_is_not_known_is_gone(tmp_path: Path) -> None:
    text = "---\nlayout: x\n---\n# A\n\nRuby **{{ site.data.min }}** or *newer*, `****`, ****\n"
    document = read_one(tmp_path, "a.md", text, **{"_config.yml": ""})
    assert text_of(document) == "Ruby or newer, ****, ****"
    document = read_one(tmp_path, "a.md", "# A\n\nThe\n**{{ site.data.min }}** -\nask us.\n", **{"_config.yml": ""})
    assert [section.headings for section in document.sections] == [()], "what is left of a line underlines nothing"


def test_what_myst_puts_in_the_places_of_names_is_put_in(tmp_path: Path) -> None:
    text = "---\nmyst:\n  substitutions: {tank: the *tank*}\n---\n# A\n\n{{ oil }} in {{tank}}, {{ other }}, `{{ oil }}`.\n"
    config = 'project = "x"\nmyst_substitutions = {"oil": "Oil", "tank": "no"}\n'
    document = read_one(tmp_path, "a.md", text, **{"conf.py": config})
    assert text_of(document) == "Oil in the tank, {{ other }}, {{ oil }}."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("{{'[the AMY]({})'.format(amy)}}", "the AMY"),
        ('{{ "[log {1}\n in]({0}/{1})".format(\n amy, who) }}', "log me in"),
        ("{{ '[x]({})'.format(nobody) }}", "{{ 'x'.format(nobody) }}"),
        ("{{ '{} {}'.format(who) }}", "{{ '{} {}'.format(who) }}"),
        ("{{ '{}'.format(nobody, who) }}", "{{ '{}'.format(nobody, who) }}"),
        ("{{ '{}'.join(who) }}", "{{ '{}'.join(who) }}"),
        ("{{ who | upper }} {{ who", "{{ who | upper }} {{ who"),
    ],
)
def test_an_expression_of_myst_that_puts_names_into_a_text_is_that_text(
    tmp_path: Path, written: str, text: str
) -> None:
    names = '"when": today(), "amy": site + "amy", "who": "me"'
    config = f'project = "x"\nsite = "https://water.example/"\nmyst_substitutions = {{{names}}}\n'
    assert text_of(read_one(tmp_path, "a.md", f"# A\n\nSee {written}.\n", **{"conf.py": config})) == f"See {text}."


def test_what_stands_in_a_directive_of_myst_is_text_though_its_fence_has_a_space(tmp_path: Path) -> None:
    directive = "```{important}\nUp to {{ oil }}.\n```\n"
    text = f"# A\n\nSee {{{{ law }}}}.\n\n{directive}\n```` {{tab-item}} Two\n:sync: two\n\nOf {{{{ oil }}}}.\n\n```sh\nrun {{{{ oil }}}}\n```\n````\n"
    config = 'project = "x"\nmyst_substitutions = {"oil": "9 l", "law": "{pep}`8`"}\n'
    document = read_one(tmp_path, "a.md", text, **{"conf.py": config})
    assert text_of(document) == "See 8.\nUp to 9 l.\nTwo\nOf 9 l.\nrun {{ oil }}"


def test_what_the_editor_of_gitbook_does_not_show_is_no_text(tmp_path: Path) -> None:
    text = "# A\n\nOne\\\nline\\\n\nHeld **** here \\\n- tank\\\n- `a\\` and C:\\\\\n\nTo\\\n1. pump\n\n```\nrun \\\n\n****\n```\n\nEnd.\\"
    document = read_one(tmp_path, "a.md", text, **{"SUMMARY.md": "* [A](a.md)\n", ".gitbook.yaml": "root: ./\n"})
    assert text_of(document) == "One\nline\nHeld  here\ntank\na\\ and C:\\\nTo\npump\nrun \\\n\n****\nEnd."


def test_a_heading_of_gitbook_has_the_id_that_its_editor_writes(tmp_path: Path) -> None:
    named = '<a href="#{0}" id="{0}"></a>'
    text = f"# A\n\n## Simple search {named.format('simple-search')}\n\nOne.\n\n## By words {named.format('words')}\n\nTwo.\n"
    document = read_one(tmp_path, "a.md", text, **{"SUMMARY.md": "* [A](a.md)\n", ".gitbook.yaml": "root: ./\n"})
    told = [(section.headings, section.anchor) for section in document.sections if section.headings]
    assert told == [(("Simple search",), "simple-search"), (("By words",), "words")]


def test_a_hidden_column_of_gitbook_is_no_text(tmp_path: Path) -> None:
    head = '<tr><th></th><th data-hidden data-card-target data-type="content-ref"></th><th>Unit</th></tr>'
    cards = f'<table data-view="cards"><thead>{head}</thead><tbody><tr><td><p>Pump</p></td><td><a href="b.md">b.md</a></td><td>bar</td></tr></tbody></table>'
    plain = "<table><tr><th>Tank</th></tr><tr><td>9 l</td></tr></table>"
    text = f"# A\n\n{cards}\n\n{plain}\n"
    document = read_one(tmp_path, "a.md", text, **{"SUMMARY.md": "* [A](a.md)\n", ".gitbook.yaml": "root: ./\n"})
    assert [line.strip() for line in text_of(document).split("\n")] == ["Unit", "Pump | bar", "Tank", "9 l"]


@pytest.mark.parametrize(
    ("plugins", "mark", "shown"),
    [
        ("[ffc-mkdocs-video: {css_style: {width: 1}}]", "type:video", ""),
        ("[mkdocs-video: {mark: film}]", "film", ""),
        ("[search]", "type:video", "type:video\n"),
    ],
)
def test_what_tells_the_plugin_mkdocs_video_of_a_video_is_no_text(
    plugins: str, mark: str, shown: str, tmp_path: Path
) -> None:
    text = f"# A\n\n![{mark}](https://a.example/v)\n\nPump.\n"
    document = read_one(tmp_path, "docs/a.md", text, **{"mkdocs.yml": f"plugins: {plugins}\n"})
    assert text_of(document) == f"{shown}Pump."


def test_a_language_called_no_is_norwegian(tmp_path: Path) -> None:
    config = "languages:\n  en: {contentDir: content/en}\n  no: {contentDir: content/no}\n"
    document = read_one(tmp_path, "content/no/a.md", "# A\n\nVann.\n", **{"hugo.yaml": config})
    assert document.url == f"{SITE}/no/a/"


def test_keys_in_quotes_configure_docusaurus_as_bare_ones_do(tmp_path: Path) -> None:
    config = """export default {"presets": [["classic", {"docs": {"path": "./guide", "routeBasePath": "/"}, "blog": false}]]}"""
    root = {"docusaurus.config.ts": config, "blog/b.md": "# B\n"}
    document = read_one(tmp_path, "guide/a.md", "# A\n\nWater.\n", **root)
    assert document.url == f"{SITE}/a"
    assert isinstance(read_any(tmp_path, "blog/b.md", "# B\n", **root), str)


def test_the_page_of_a_folder_of_docusaurus_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    page = "---\nslug: start\n---\n# A\n\nWater.\n"
    document = read_one(tmp_path, "docs/oil/index.md", page, **{"docusaurus.config.js": "presets: ['classic']"})
    assert document.url == f"{SITE}/docs/oil/start"


def test_a_site_of_docusaurus_may_have_documents_of_a_plugin_and_none_of_its_preset(tmp_path: Path) -> None:
    config = """export default {presets: [['classic', {docs: false}]],
      plugins: [['@docusaurus/plugin-content-docs', {id: 'oil', path: 'oil', routeBasePath: 'oil'}]]}"""
    document = read_one(tmp_path, "oil/a.md", "# A\n\nWater.\n", **{"docusaurus.config.js": config})
    assert document.url == f"{SITE}/oil/a"


def test_a_source_folder_that_a_plugin_of_vitepress_has_is_not_the_sites(tmp_path: Path) -> None:
    config = "export default { plugins: [pwa({ srcDir: '.vitepress/' })], cleanUrls: true }"
    document = read_one(tmp_path, "core/a.md", "# A\n\nWater.\n", **{".vitepress/config.ts": config})
    assert document.url == f"{SITE}/core/a"


@pytest.mark.parametrize(
    ("said", "address", "doubts"),
    [
        ("const BASE = '/docs';\nexport default {url: HOST, baseUrl: `${BASE}/`}", "https://b.example/docs/", ()),
        ("export default {url: HOST, baseUrl: process.env.BASE}", "", ("baseUrl is computed in the configuration",)),
        ("export default {url: HOST, baseUrl: `${BASE}/`}", "", ("baseUrl is computed in the configuration",)),
        ("export default {url: HOST}", "https://b.example/", ()),
    ],
)
def test_constants_of_a_script_are_read_and_what_it_computes_is_said(
    said: str, address: str, doubts: tuple[str, ...], tmp_path: Path
) -> None:
    config = f'const HOST: string = "x";\nconst HOST = "https://b.example"\n{said}'
    rules = found_in(files(tmp_path, {"docusaurus.config.js": config, "docs/a.md": "# A\n"})).rules
    assert (rules.base_url, tuple(doubt.partition(":")[0] for doubt in rules.doubts)) == (address, doubts)


@pytest.mark.parametrize(
    ("said", "address"),
    [("!ENV READTHEDOCS_CANONICAL_URL", ""), ("!ENV [SITE, 'https://b.example/d/']", "https://b.example/d/")],
)
def test_an_address_that_only_the_machine_knows_that_builds_is_none(said: str, address: str, tmp_path: Path) -> None:
    assert found_in(files(tmp_path, {"mkdocs.yml": f"site_url: {said}\n"})).rules.base_url == address


def test_what_the_environment_may_say_is_what_the_configuration_says_without_it_names_of_pages_too(
    tmp_path: Path,
) -> None:
    config = "docs_dir: !ENV [DOCS, text]\nsite_name: !ENV NAME\nnav:\n  - !ENV [HOME, Start]: index.md\n"
    document = read_one(tmp_path, "text/index.md", "Water.\n", **{"mkdocs.yml": config})
    assert (document.title, document.url, found_in(tmp_path).rules.title) == ("Start", f"{SITE}/", "")


def test_collections_of_astro_are_not_nuxts(tmp_path: Path) -> None:
    tree = {
        ".git/HEAD": "",
        "astro.config.mjs": "starlight()",
        "src/content.config.ts": "import { defineCollection } from 'astro:content'",
        "src/content/docs/a.md": "# A\n",
    }
    pages = files(tmp_path, tree) / "src/content/docs"
    found = find_profile(pages, ["a.md"])
    assert found is not None and found.profile.name == "starlight"


@pytest.mark.parametrize(
    ("tree", "doubts"),
    [
        (
            {"mkdocs.yml": "plugins: [gen-files, monorepo, multirepo, search]\n"},
            [f"the plugin {name} may make or move pages" for name in ("gen-files", "monorepo", "multirepo")],
        ),
        (
            {"antora.yml": "name: a\nversion: true\n", "modules/ROOT/pages/a.adoc": "= A\n"},
            ["the version of the component is that of its branch"],
        ),
        (
            {"_bookdown.yml": "", "_output.yml": "bookdown::gitbook:\n  split_by: section\n"},
            ["pages are split by section"],
        ),
        (
            {"eleventy.config.js": "export default {pathPrefix: process.env.BASE}"},
            ["pathPrefix is computed in the configuration"],
        ),
        ({"source.config.ts": ""}, ["no loader() says where pages are served"]),
        ({"_config.yml": "permalink: ordinal\n"}, ["the day of the year in permalinks is unknown"]),
        ({"_pkgdown.yml": "", "man/a.Rd": ""}, ["pages of functions (man/*.Rd) are not read: build the rendered site"]),
        (
            {"conf.py": "project = 'Sphinx'\nexclude_patterns = found()\n", "index.rst": ""},
            ["exclude_patterns is computed in conf.py"],
        ),
        ({".vitepress/config.ts": "export default {rewrites: moved}"}, ["rewrites are computed in the configuration"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_configuration_does_that_is_not_understood_is_said(
    tree: dict[str, str], doubts: list[str], tmp_path: Path
) -> None:
    pages = ProfilePages(found_in(files(tmp_path, {"a.md": "# A\n"} | tree)), SITE)
    assert pages.warnings() == [f"addresses may be wrong: {doubt}" for doubt in doubts]


def test_tabs_indent_what_belongs_to_a_note_as_spaces_do(tmp_path: Path) -> None:
    document = read_one(tmp_path, "docs/a.md", '# A\n\n!!! note "Mind"\n\n\tWater.\n', **{"mkdocs.yml": ""})
    assert [block for section in document.sections for block in section.blocks] == ["Mind", "Water."]


@pytest.mark.parametrize(
    ("said", "version"), [("", "2.0"), ("lastVersion: '1.0'", "1.0"), ("lastVersion: 'current'", "next")]
)
def test_the_version_of_docusaurus_that_goes_first_is_the_one_without_a_part_of_the_address(
    said: str, version: str, tmp_path: Path
) -> None:
    config = f"export default {{presets: [['classic', {{docs: {{{said}}}}}]]}}"
    tree = {"docusaurus.config.js": config, "docs/a.md": "# A\n", "versions.json": '["2.0", "1.0"]'}
    tree |= {f"versioned_docs/version-{number}/a.md": "# A\n" for number in ("1.0", "2.0")}
    found = found_in(files(tmp_path, tree))
    assert found.rules.first == {"version": version}
    folder = "docs" if version == "next" else f"versioned_docs/version-{version}"
    assert read_all(tmp_path, found)[f"{folder}/a.md"].url == f"{SITE}/docs/a"


@pytest.mark.parametrize("said", ["substitutions: {pump: the pump}", "myst: {substitutions: {pump: the pump}}"])
def test_a_page_of_sphinx_says_itself_what_is_put_in(said: str, tmp_path: Path) -> None:
    document = read_one(
        tmp_path, "a.md", f"---\n{said}\n---\n# A\n\nMind {{{{ pump }}}}.\n", **{"conf.py": "project = 'B'"}
    )
    assert text_of(document) == "Mind the pump."


@pytest.mark.parametrize("config", [".vitepress/config.ts", "conf.py"])
def test_a_file_beside_the_pages_is_no_page_where_the_generator_copies_none(config: str, tmp_path: Path) -> None:
    root = files(tmp_path, {config: "project = 'B'\n", "index.md": "# B\n"})
    read = ProfilePages(found_in(root), SITE).read(SourceItem("a.html", HTML, b"<h1>A</h1><p>Water."))
    assert isinstance(read, str) and "does not serve" in read


def test_a_post_of_which_the_rule_is_not_known_is_counted(tmp_path: Path) -> None:
    root = trees.write("jekyll", tmp_path)
    pages = ProfilePages(found_in(root), SITE)
    pages.read(SourceItem("plain.md", MARKDOWN, b"# A\n"))
    assert list(pages.doubts.values()) == [1]


OPENINGS = [
    "\n\nexport const a = [",
    "\n\nexport const a = []\n\n<A b={a",
    "\n\nexport const a = []\n\n{a.map(",
    "[[",
    "{",
    '{{< a "',
    '{% a "',
    "{/* ",
    "<pre>",
    "```{a} b\n",
    "::: a [",
    "<A b={",
    "{{#include ",
    "> [!A",
    "<xref:",
    "<script>\n",
    "`",
    "%%",
    "\\[",
    "{{a.",
    "# A {file_path_of_the_document_below:path}\n",
]


@pytest.mark.parametrize(("begin", "opening"), [*(("", opening) for opening in OPENINGS), ("{% a %}{ ", " ")])
def test_openings_without_an_end_cost_no_more_than_their_length(begin: str, opening: str, tmp_path: Path) -> None:
    page = Page(Project(tmp_path, tmp_path), "a.md")
    passes = {
        *PASSES,
        tags.shortcodes,
        tags.liquid_with_values,
        *mdx.PASSES,
        myst_markup.myst,
        vitepress.vue,
        docfx.docfx_markup,
    }

    def read(length: int) -> None:
        for done in passes:
            done(begin + opening * (length // len(opening)), page)

    assert not grows_with_the_square(read, 4000)


def read_any(root: Path, key: str, text: str, **tree: str) -> Document | str:
    """Read a page of a site of the generator whose configuration is in the tree."""
    files(root, {**tree, key: text})
    return ProfilePages(found_in(root), SITE).read(SourceItem(key, MARKDOWN, text.encode()))


def read_one(root: Path, key: str, text: str, **tree: str) -> Document:
    read = read_any(root, key, text, **tree)
    assert isinstance(read, Document), read
    return read


def test_loops_indented_in_html_leave_no_code(tmp_path: Path) -> None:
    """As kramdown has it, which goes on with the HTML; what is left of the tags would be a blank line."""
    loop = '<div>\n  {% for x in y %}\n      <p class="a">Oil</p>\n  {% endfor %}\n      <p>Wax</p>\n</div>\n'
    found = read_one(tmp_path, "a.md", f"# A\n\n{loop}", **{"_config.yml": ""})
    assert [block for section in found.sections for block in section.blocks] == ["Oil", "Wax"]


@pytest.mark.parametrize("front", ["redirect_url: /a/", "redirect_to: https://x.example/", "permalink: /de/404.html"])
def test_redirects_and_the_page_for_what_does_not_exist_are_no_documents(front: str, tmp_path: Path) -> None:
    read = read_any(tmp_path, "a.md", f"---\n{front}\n---\n# A\n\nMoved.\n", **{"_config.yml": ""})
    assert read == "pages without content: redirects, 404"
    bare = [
        read_any(tmp_path / "m", "docs/a.md", f"redirect: /b/\n{text}", **{"mkdocs.yml": ""}) for text in ("", "\nA.")
    ]
    assert bare[0] == read and isinstance(bare[1], Document)
    for key in ("docs/404.md", "docs/pt-BR/404.md", "docs/v2/404.md"):
        assert read_any(tmp_path / "m", key, "# Nothing\n", **{"mkdocs.yml": ""}) == read
    for said in ("", "use_directory_urls: false\n"):
        assert isinstance(read_any(tmp_path / "m", "docs/errors/404.md", "# None\n", **{"mkdocs.yml": said}), Document)


def test_what_stands_behind_a_box_is_markdown_and_where_the_headings_are_listed_is_none(tmp_path: Path) -> None:
    text = (
        "# A\n\n## Contents\n{: .no_toc }\n\n1. TOC\n{:toc}\n\n* Toc\n{: .toc-like }\n\n<div>\nBox\n</div>\n```sh\nmake\n```\n"
        '<div markdown="1">\n*One*\n</div>\n## B\n\n{% highlight md %}\n```sh\nrun\n```\n{% endhighlight %}\n'
        "\n<table>\n<tr><td>1</td></tr>\n</table>\n## C\n"
    )
    document = read_one(tmp_path, "a.md", f"---\nlayout: x\n---\n{text}", **{"_config.yml": ""})
    assert [section.headings for section in document.sections][-2:] == [("B",), ("C",)]
    assert [block_text(block) for section in document.sections for block in section.blocks] == [
        *("Toc", "Box", "make", "One", "```sh\nrun\n```", "1")
    ]


def test_what_a_tag_marks_as_markdown_is_markdown(tmp_path: Path) -> None:
    html = '<aside class="quote" markdown="1">\n  <img src="a.png" alt="face">\n  Well **done**.\n  <p markdown="1">\n— me, ["Here"](b.md)\n  </p>\n</aside>\n'
    document = read_one(tmp_path, "a.md", f"---\nlayout: x\n---\n{html}", **{"_config.yml": ""})
    face, text, link = Run("face", image="a.png"), Run("done", strong=True), Run('"Here"', link="b.md")
    assert [block for section in document.sections for block in section.blocks] == [
        Paragraph((face, Run(" Well "), text, Run("."))),
        Paragraph((Run("— me, "), link)),
    ]


def test_what_a_tag_marks_as_markdown_in_an_item_of_a_list_stays_in_it(tmp_path: Path) -> None:
    box = '<div class="tip" markdown>\n    <p class="title">Mind</p>\n\n    Oil *it*.\n\n    </div>\n'
    text = f"# A\n\n- One.\n\n    ```\n    code\n    ```\n\n    {box}\n    Then.\n\n1. <div markdown>Two.</div>\n"
    document = read_one(tmp_path, "docs/a.md", text, **{"mkdocs.yml": "markdown_extensions: [md_in_html]\n"})
    assert [type(block) for section in document.sections for block in section.blocks].count(Code) == 1
    assert text_of(document) == "One.\ncode\nMind\nOil it.\nThen.\nTwo."


STARLIGHT = "import { defineConfig } from 'astro';\nexport default defineConfig({ integrations: [starlight({ head: [{ attrs: { 'data-site': 'X', site: 'X' } }] })], base: '/b', site: %s })"
VITE = "export default defineConfig({ themeConfig: { sidebar: [{ base: '/x/' }] }, base: '/b/'%s })"


@pytest.mark.parametrize(
    ("tree", "address"),
    [
        ({"astro.config.mjs": STARLIGHT % "computed"}, ""),
        ({"astro.config.mjs": STARLIGHT % "'https://b.example'"}, "https://b.example/b/"),
        ({".vitepress/config.ts": VITE % ""}, ""),
        ({".vitepress/config.ts": VITE % ", sitemap: { hostname: 'https://b.example' }"}, "https://b.example/b/"),
        ({"book.toml": "", "CNAME": "b.example\n"}, "https://b.example/"),
        ({"_config.yml": "url: https://b.example", "CNAME": "a.example"}, "https://b.example/"),
        ({"hugo.toml": "baseURL = '/'", "static/CNAME": "no domain"}, ""),
    ],
)
def test_where_a_site_is_served_a_setting_of_its_own_says_or_its_domain_from_any_folder_of_its_pages(
    tree: dict[str, str], address: str, tmp_path: Path
) -> None:
    folder = "src/content/docs/de/a/b/c" if "astro.config.mjs" in tree else "content/de" if "hugo.toml" in tree else ""
    folder = folder or ("src" if "book.toml" in tree else "guide")
    files(tmp_path, {**tree, ".git/HEAD": "", f"{folder}/a.md": "# A\n"})
    found = find_profile(tmp_path / folder, ["a.md"])
    assert found is not None and found.rules.base_url == address


def test_a_badge_in_a_heading_is_no_part_of_its_id_and_stands_below(tmp_path: Path) -> None:
    text = '# Pump\n\n- In\n  - It\n\n    ## Typed <Badge text="v4" /> <Badge text="old" />\n\n    *A.*\n\n## Typed\n\n## <Icon /> <Badge text="v\n4" /> On\n'
    document = read_one(tmp_path, "a.md", text, **{".vitepress/config.ts": ""})
    assert [section.anchor for section in document.sections] == ["pump", "typed-1", "on"]
    assert [block_text(block) for block in document.sections[0].blocks] == ["In", "It", "Typed", "v4, old", "A."]
    assert document.sections[-1].blocks == ("v 4",)


MDX = """# Pump

<div id="parts" style={{ color: "red" }}>
  ## Parts

  <Tabs items={[{ label: "A", inner: { deep: [{ x: "}" }] } }]}>
    <Tab title={"Linux"}>
      Type **make**.

      ```sh
      make pump
      ```
    </Tab>
  </Tabs>
</div>

So $a_{i=0} \\cdot b_{1}$ and

$$
\\frac{1}{2}
$$
"""


@pytest.mark.parametrize("name", ["plain", "docusaurus"])
def test_what_stands_in_tags_of_mdx_is_markdown_however_deep_it_is_indented(name: str, tmp_path: Path) -> None:
    pages: PlainPages | ProfilePages = PlainPages(tmp_path)
    if name == "docusaurus":
        pages = ProfilePages(found_in(files(tmp_path, {"docusaurus.config.js": "", "docs/a.md": ""})))
    key = "docs/a.md" if name == "docusaurus" else "a.mdx"
    document = pages.read(SourceItem(key, MARKDOWN, MDX.encode()))
    assert isinstance(document, Document)
    assert document.sections[-1].headings == ("Parts",)
    assert document.sections[-1].blocks == (
        "Linux",
        Paragraph((Run("Type "), Run("make", strong=True), Run("."))),
        Code("make pump", "sh"),
        "So $a_{i=0} \\cdot b_{1}$ and",
        "$$\n\\frac{1}{2}\n$$",
    )


def test_what_is_quoted_in_mdx_is_text_whatever_its_signs_and_what_a_module_says_is_none(tmp_path: Path) -> None:
    page = (
        "# Use {'__x__'}\n\nThe {'__tests__'} of {'&lt;'} and {'$'}1_a, {'~~b~~'}<b>{``}</b>.\n\n{'#'} no heading\n\n"
        "| a | b |\n| - | - |\n| {'x|y'} | z |\n\n"
        "export const Demo = () => (\n  <CodeBlock>{`\nsecret\nb`}</CodeBlock>\n)\n\n"
        '<TabItem value="a" label="Linux">{`apt install x`}</TabItem>\n'
    )
    document = read_one(tmp_path, "docs/a.mdx", page, **{"docusaurus.config.js": ""})
    assert (document.title, [block_text(block) for section in document.sections for block in section.blocks]) == (
        "Use __x__",
        ["The __tests__ of &lt; and $1_a, ~~b~~.", "# no heading", "a | b", "x|y | z", "Linux", "apt install x"],
    )


def test_front_matter_is_no_mdx_and_braces_with_nothing_in_them_are_text(tmp_path: Path) -> None:
    page = "---\ntitle: Set<T>, {}, {x}\n---\n\nSee.\n\n## Of {}{x}\n\nText.\n"
    document = read_one(tmp_path, "docs/a.md", page, **{"docusaurus.config.js": ""})
    assert (document.title, document.sections[-1].headings) == ("Set<T>, {}, {x}", ("Of {}",))


@pytest.mark.parametrize(("version", "shown"), [("^2.4.1", "A {b: c} of 1."), ("3.2.0", "A of 1."), ("", "A of 1.")])
def test_braces_in_a_text_of_docusaurus_2_are_text(version: str, shown: str, tmp_path: Path) -> None:
    said = {"docusaurus.config.js": "", "package.json": f'{{"dependencies": {{"@docusaurus/core": "{version}"}}}}'}
    document = read_one(tmp_path, "docs/a.md", "# T\n\nA {b: c} of {'1'}.\n", **said)
    assert " ".join(text_of(document).split()) == shown


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ({"_data/metadata.json": '{"url": "https://b.example/docs"}'}, "https://b.example/docs/"),
        ({"_data/site.js": "module.exports = {url: 'https://b.example'}"}, "https://b.example/"),
        ({"_data/site.js": "module.exports = {url: process.env.URL}"}, ""),
        ({"_data/people.json": '{"url": "https://c.example"}'}, ""),
    ],
)
def test_data_of_eleventy_say_where_the_site_is_served(data: dict[str, str], url: str, tmp_path: Path) -> None:
    root = files(tmp_path, {".eleventy.js": "", "a.md": "# A\n"} | data)
    assert found_in(root).rules.base_url == url


def test_mdx_without_a_generator_is_read_as_what_it_shows(tmp_path: Path) -> None:
    page = (
        "import Tabs from '@theme/Tabs';\n\nexport const unit = 'bar';\n\n# Pump {/*the-pump*/}\n\n{/* recall */}\n\n"
        "At {unit} {'2'}.\n\n<Tabs><TabItem label=\"Linux\">Type `{make}`.</TabItem></Tabs>\n"
    )
    (item,) = FolderSource(files(tmp_path, {"pump.mdx": page})).scan()
    assert isinstance(item, SourceItem)
    document = PlainPages(tmp_path).read(item)
    assert isinstance(document, Document)
    assert (document.title, document.sections[0].anchor) == ("Pump", "the-pump")
    assert text_of(document) == "At  2.\nLinux\nType {make}."


PROGRAM = """import X from './x'

export const faq = {
  oil: [
    {
      question: "Which oil?",

      answer: `Thin oil, see [the list](/oil).

- Never grease.`,
    },
    { q: 'How\\'s it "bled"?', a: "Open the valve, and close it when water comes.", icon: "drop of water" },
  ],
  water: [["Is rain good", "It is as good as any other water."]],
};

export const points = [{ label: "Monday", value: 3 }];

export const Card = ({ title }) => {
  const [open, setOpen] = useState(false); // don't {

  return (
    <div className="a b c d e">

      {title}
    </div>
  );
};

# Pump

<Data all={faq} />

<Chart wide of={points} />

## Oil

<Questions id="a" style={{ a: 1 }} rows={faq.oil} />

## Water

{faq.water.map(([q, a]) => (
  <details key={q}>

    {a}
  </details>
))}

Use `{faq.water.map(show)}`.
"""


def test_data_in_a_page_of_mdx_stand_where_it_shows_them_and_its_programs_are_no_text(tmp_path: Path) -> None:
    for tree in ({"docusaurus.config.js": ""}, {}):
        (tmp_path / str(len(tree))).mkdir()
        root = files(tmp_path / str(len(tree)), {**tree, "docs/a.mdx": PROGRAM})
        item = SourceItem("docs/a.mdx", MARKDOWN, PROGRAM.encode())
        document = (ProfilePages(found_in(root), SITE) if tree else PlainPages(root)).read(item)
        assert isinstance(document, Document)
        assert {
            part.headings: [block_text(block) for block in part.blocks] for part in document.sections if part.blocks
        } == {
            ("Oil",): [
                "Which oil?",
                "Thin oil, see the list.",
                "Never grease.",
                'How\'s it "bled"?',
                "Open the valve, and close it when water comes.",
            ],
            ("Water",): ["Is rain good", "It is as good as any other water.", "Use {faq.water.map(show)}."],
        }


@pytest.mark.parametrize("shown", ["<p>Dry :( pump</p>", "<p>a) wet b) dry ( pump</p>", "/[(]+/"])
def test_a_bracket_in_what_a_program_shows_takes_no_text_with_it(shown: str, tmp_path: Path) -> None:
    """It was taken for one that a smiley or a list at the end of the page closes."""
    page = f"export const Dry = () => {shown};\n\n# Pump\n\nOil it.\n\n## Two\n\na) Rest :)\n"
    document = read_one(tmp_path, "docs/a.mdx", page, **{"docusaurus.config.js": ""})
    assert (document.title, text_of(document)) == ("Pump", "Oil it.\na) Rest :)")


@pytest.mark.parametrize(("menu", "served"), [("SUMMARY.md", False), ("README.md", True), ("index.md", True)])
def test_a_list_of_pages_that_is_a_folders_page_as_well_is_read(menu: str, served: bool, tmp_path: Path) -> None:
    config = f"plugins:\n  - literate-nav: {{nav_file: {menu}}}\n"
    rules = found_in(files(tmp_path, {"mkdocs.yml": config, f"docs/{menu}": "# Pumps\n"}))
    pages = ProfilePages(rules, SITE)
    read = pages.read(SourceItem(f"docs/{menu}", MARKDOWN, b"# Pumps\n\n* [Oil](oil.md)\n"))
    assert isinstance(read, Document) is served


def test_a_type_of_a_type_is_text(tmp_path: Path) -> None:
    page = "# A\n\nA java.util.List<io.water.Pump> and <m.div>its *hose*</m.div>.\n"
    document = read_one(tmp_path, "a.md", page, **{".vitepress/config.js": ""})
    assert text_of(document) == "A java.util.List<io.water.Pump> and its hose."


def test_markdown_with_ruby_in_it_shows_its_parts_and_links(tmp_path: Path) -> None:
    page = '# <%%= Pump %>\n\n<%= partial "/docs/parts/oil", a: 1 %>\n<% if dry %>Dry <%= link_to "here", "/x" %>.<% end %>\n'
    page += '<%= render(Code.new(title: "Shown")) do %>\n<%# nobody %><%= time -%>\n'
    tree = {
        "a/pump.html.markerb": page,
        "b.md.erb": "<%= partial 'a/gone' %>B",
        "c.html.erb": "C",
        "a/d.livemd": "# D\n",
    }
    source = FolderSource(files(tmp_path, tree | {"parts/_oil.html.erb": "Oil <%= a %>\n"}))
    pages = PlainPages(tmp_path, SITE, frozenset(source.keys()))
    documents = [pages.read(item) for item in source.scan() if isinstance(item, SourceItem)]
    assert [(d.title, d.url.removeprefix(SITE), text_of(d)) for d in documents if isinstance(d, Document)] == [
        ("D", "/a/d/", ""),
        ("<%= Pump %>", "/a/pump.html", "Oil\nDry here. Shown"),
        ("B", "/b/", "B"),
    ]
    assert pages.troubles == {"what ERB computes": 2, "includes without a file in the tree (a/gone in b.md.erb)": 1}


def test_annotations_of_markdoc_are_no_text_and_their_ids_are_anchors(tmp_path: Path) -> None:
    page = '# Pump {% #the-pump .wide %}\n\n{% callout %}Oil{% /callout %} {% $kind %}it. `{% $a %}`\n\n## Two {% id="second" %}\n\nX\n'
    (item,) = FolderSource(files(tmp_path, {"pump.mdoc": page})).scan()
    assert isinstance(item, SourceItem)
    document = PlainPages(tmp_path).read(item)
    assert isinstance(document, Document)
    assert (document.title, [section.anchor for section in document.sections]) == ("Pump", ["the-pump", "second"])
    assert text_of(document) == "Oil it. {% $a %}\nX"


SPHINX_TREE = {
    "index.rst": "Manual\n######\n\n:ref:`Oil`, :doc:`parts/pump`, :ref:`the oil <oil>`, :ref:`gone`.\n\n::\n\n   :ref:`oil`\n",
    "parts/pump.rst": ".. _pump:\n\n====\nPump\n====\n\n:doc:`/index` and :ref:`seals`.\n\n.. _oil:\n.. _dregs:\n\n"
    "Changing ``the`` :term:`oil <o>`\n-------------------\n",
    "seals.md": "# Seals\n\n(seals)=\n## Two seals\n\nSee {ref}`dregs`, {doc}`parts/pump` and {py:func}`~turn`.\n",
}


@pytest.mark.parametrize("name", ["plain", "sphinx"])
def test_a_reference_shows_the_title_that_it_leads_to(name: str, tmp_path: Path) -> None:
    root = files(tmp_path, SPHINX_TREE | ({"conf.py": "project = 'B'\n"} if name == "sphinx" else {}))
    plain = PlainPages(root, "", frozenset(keys_of(root)))

    def read(key: str) -> str:
        pages = ProfilePages(found_in(root)) if name == "sphinx" else plain
        document = pages.read(SourceItem(key, MEDIA_TYPES[Path(key).suffix], (root / key).read_bytes()))
        assert isinstance(document, Document)
        return text_of(document)

    assert read("index.rst") == "Changing the oil, Pump, the oil, gone.\n:ref:`oil`"
    assert read("parts/pump.rst") == "Manual and Two seals."
    if name == "sphinx":
        assert read("seals.md") == "See Changing the oil, Pump and turn."
        item = SourceItem("index.rst", RST, (root / "index.rst").read_bytes())
        before = ProfilePages(found_in(root)).shaped_by(item)
        files(root, {"parts/pump.rst": SPHINX_TREE["parts/pump.rst"].replace("Changing", "Topping")})
        assert ProfilePages(found_in(root)).shaped_by(item) != before  # it is read again


@pytest.mark.parametrize("config", ["antora.yml", ""])
def test_a_page_of_asciidoc_is_read_again_where_the_title_that_it_shows_changes(config: str, tmp_path: Path) -> None:
    pages = {"modules/ROOT/pages/a.adoc": "= A\n\nSee xref:b.adoc[].\n", "modules/ROOT/pages/b.adoc": "= Oil\n"}
    root = files(tmp_path, pages | ({config: "name: x\nversion: '1'\n"} if config else {}))

    def shape(text: str) -> str:
        files(root, {"modules/ROOT/pages/b.adoc": text})
        item = SourceItem("modules/ROOT/pages/a.adoc", ASCIIDOC, pages["modules/ROOT/pages/a.adoc"].encode())
        read = ProfilePages(found_in(root)) if config else PlainPages(root, "", frozenset(keys_of(root)))
        return read.shaped_by(item)

    assert shape("= Oil\n") == shape("= Oil\n\nMore.\n") != shape("= Wax\n")


@pytest.mark.parametrize(
    ("span", "lines"),
    [
        ("2", "b"),
        ("2 - 3", "b\nc"),
        ("2:", "b\nc\nd"),
        (":2", "a\nb"),
        ("1,,4", "a\nd"),
        ("9" * 5_000, ""),
        ("1-2-3", ""),
    ],
)
def test_lines_that_an_include_names(span: str, lines: str) -> None:
    assert part("a\nb\nc\nd", span) == lines


@pytest.mark.parametrize(
    ("config", "said", "served", "parts"),
    [
        ("astro.config.mjs", "starlight()", "src/content/docs/a_b.mdx", "src/content/docs/c/_part.mdx"),
        ("mkdocs.yml", "exclude_docs: /x/\n", "docs/a/templates/b.md", "docs/templates/a.md docs/x/a.md"),
        ("_config.yml", "include: [_pages, b/_b.md]\n", "_pages/a.md b/_b.md", "_other/a.md b/_c.md"),
        ("hugo.toml", "ignoreFiles = ['/_[^/]+\\.md$', '(']\n", "content/a.md", "content/c/_b.md"),
        ("conf.py", "extensions = []\n", "a.rst", "README.md b.ipynb"),
        ("conf.py", "extensions = ['myst_parser']\n", "a.rst b.md", "b.ipynb"),
        ("conf.py", "extensions = []\nsource_suffix = '.txt'\nexclude_patterns = ['x']\n", "a.txt", "b.rst x/a.txt"),
        ("conf.py", "extensions = []\nsource_suffix = {'.rst': '', '.txt': 'markdown'}\n", "a.rst b.txt", "c.org"),
        ("conf.py", "project = 'B'\nextensions = of()\n", "a.rst b.md", "c.txt"),
    ],
)
def test_a_part_of_pages_is_what_its_generator_takes_for_one(
    config: str, said: str, served: str, parts: str, tmp_path: Path
) -> None:
    tree = {config: said, **dict.fromkeys(f"{served} {parts}".split(), "Pump\n====\n\n:ref:`Oil`.\n")}
    pages = ProfilePages(found_in(files(tmp_path, tree)))
    read = {k: pages.read(SourceItem(k, MEDIA_TYPES[Path(k).suffix], tree[k].encode())) for k in tree if k != config}
    assert {key for key, page in read.items() if isinstance(page, Document)} == {*served.split()}
    assert {page.title for page in read.values() if isinstance(page, Document)} == {"Pump"}


TWO_LANGUAGES = """nav: [{Use it: use.md}, {Oil: oil.md}]
plugins: [{i18n: {languages: [
  {locale: en, default: true}, {locale: de, nav_translations: {Use it: Benutzen}}]}}]"""
HEADED = "## How *it*{.x} works\n\nCO~2~ in m^3^, ~~old~~, a~b, 2^3 and `x~1~`; ==all of it==.\n"


@pytest.mark.parametrize(
    ("config", "said", "key", "title"),
    [
        ("mkdocs.yml", "nav: [{A: [{Use it: use.md}]}, other.md]", "docs/use.md", "Use it"),
        ("mkdocs.yml", "", "docs/deep-Use/index.md", "Deep Use"),
        ("mkdocs.yml", TWO_LANGUAGES, "docs/use.en.md", "Use it"),
        ("mkdocs.yml", TWO_LANGUAGES, "docs/use.de.md", "Benutzen"),
        ("mkdocs.yml", TWO_LANGUAGES, "docs/oil.de.md", "Oil"),
        ("mkdocs.yml", TWO_LANGUAGES, "docs/the-pump.de.md", "The pump"),
        ("docusaurus.config.js", "", "docs/2-the-pump.md", "The pump"),
        ("src/SUMMARY.md", "[The `#[pump]`](a\\_b.md)", "src/a_b.md", "The #[pump]"),
        ("src/SUMMARY.md", "[A [b [c]](a.md)", "src/a.md", "b [c]"),
        ("_config.yml", "", "_posts/2024-01-02-the-pump.md", "The pump"),
        ("_config.yml", "", "a.md", "How it works"),
        (".vitepress/config.ts", "", "a.md", "How it works"),
    ],
)
def test_a_page_without_a_title_is_called_as_its_generator_calls_it(
    config: str, said: str, key: str, title: str, tmp_path: Path
) -> None:
    tree = {config: said, **({"book.toml": ""} if "SUMMARY" in config else {})}
    document = read_one(tmp_path, key, HEADED, **tree)
    assert document.title == title
    headed = read_one(tmp_path, key, f"# Own\n\n{HEADED}", **tree)
    assert headed.title == "Own"


@pytest.mark.parametrize(
    ("config", "said", "key", "text"),
    [
        (
            "mkdocs.yml",
            "markdown_extensions: [pymdownx.tilde]",
            "docs/a.md",
            "CO2 in m3, old, a~b, 2^3 and x~1~; all of it.",
        ),
        ("_quarto.yml", "", "a.qmd", "CO2 in m3, old, a~b, 2^3 and x~1~; all of it."),
        ("mkdocs.yml", "", "docs/a.md", "CO~2~ in m^3^, old, a~b, 2^3 and x~1~; ==all of it==."),
    ],
)
def test_what_is_raised_or_marked_is_its_words_where_the_site_has_it(
    config: str, said: str, key: str, text: str, tmp_path: Path
) -> None:
    document = read_one(tmp_path, key, HEADED, **{config: said})
    assert text_of(document) == text


def test_files_that_refer_to_each_other_are_read_once(tmp_path: Path) -> None:
    again = json.dumps({"pages": [{"$ref": "./a.json"}] * 9 + ["guide"]})
    config = json.dumps({"theme": "mint", "navigation": {"$ref": "./a.json"}})
    root = files(tmp_path, {"docs.json": config, "a.json": again, "guide.mdx": "# G\n", "left.mdx": "# L\n"})
    found = found_in(root, "mintlify")
    assert found.profile.name == "mintlify" and found.digests


COMPUTED = "[Files](https://b.example/{0}/a) of [it]({0}/b), **{0}**; **{0} files** and <a href='https://b.example/{0}'>all</a>."


@pytest.mark.parametrize(
    ("config", "key", "written"),
    [
        ("_config.yml", "a.md", "{{ site.release }}"),
        ("hugo.toml", "content/a.md", "{{< param release >}}"),
        (".vitepress/config.ts", "a.md", "{{ release }}"),
        ("docusaurus.config.js", "docs/a.mdx", "{release}"),
        ("mkdocs.yml", "docs/a.md", "{{ release() }}"),
    ],
)
def test_what_is_computed_leaves_no_half_address_and_no_stars(
    config: str, key: str, written: str, tmp_path: Path
) -> None:
    said = {"hugo.toml": "baseURL = 'https://b.example'", "mkdocs.yml": "plugins: [macros]"}.get(config, "")
    text = "---\nlayout: x\n---\n" + COMPUTED.replace("{0}", written)
    document = read_one(tmp_path, key, text, **{config: said})
    assert " ".join(text_of(document).split()) == "Files of it,; files and all."
    [block] = [block for section in document.sections for block in section.blocks]
    assert isinstance(block, Paragraph) and [run.link for run in block.runs if run.link] == ["/b"]


@pytest.mark.parametrize(("alias", "folder"), [("~parts/", "own/parts/"), ("@/", "src/"), ("@/", "")])
def test_imports_are_found_where_the_project_says_that_they_lie(alias: str, folder: str, tmp_path: Path) -> None:
    tree = {"docusaurus.config.js": "", f"{folder}oil.mdx": "Fill it.\n"}
    tree["tsconfig.json"] = '{"compilerOptions": {"paths": {"~parts/*": ["./own/parts/*"]}}} // more'
    document = read_one(tmp_path, "docs/a.mdx", f"import Oil from '{alias}oil.mdx'\n\n# A\n\n<Oil />\n", **tree)
    assert text_of(document) == "Fill it."


def test_attributes_need_no_space_between_and_what_stands_in_one_line_is_markdown_in_mdx(tmp_path: Path) -> None:
    text = (
        '# A\n\n<Field body="key"type="str" required>\nThe key.\n</Field>\n\n<summary>**Open** [it](b.md)</summary>\n'
    )
    document = read_one(tmp_path, "docs/a.mdx", text, **{"docusaurus.config.js": ""})
    assert text_of(document) == "The key.\nOpen it"


@pytest.mark.parametrize(
    ("key", "text"), [("index.html", "<p>Hello.</p>"), ("index.md", "Hello."), ("index.md", "## Hi")]
)
def test_a_start_page_without_a_title_is_called_as_the_site(key: str, text: str, tmp_path: Path) -> None:
    files(tmp_path, {"_config.yml": "title: Pumps", key: f"---\nlayout: x\n---\n{text}"})
    item = SourceItem(key, HTML if key.endswith("html") else MARKDOWN, (tmp_path / key).read_bytes())
    document = ProfilePages(found_in(tmp_path), SITE).read(item)
    assert isinstance(document, Document) and document.title == "Pumps"


def test_of_several_sites_of_hugo_with_common_settings_the_one_of_the_pages_counts(tmp_path: Path) -> None:
    tree = {
        "site/config/_default/hugo.yml": "contentDir: ../docs\ntitle: All\n",
        "site/config/manual/config.yml": "contentDir: ../docs/manual\nDefaultContentLanguage: de\ndefaultContentLanguageInSubdir: true",
        "site/config/manual/languages.yml": "de: {title: Handbuch}\nen: {}\n",
        "site/config/dev/hugo.toml": "contentDir = '../docs/dev'\ntitle = 'Dev'",
        "docs/manual/oil.de.md": "# Oel\n",
        "docs/manual/oil.en.md": "# Oil\n",
        "docs/dev/api.md": "# API\n",
        ".git/HEAD": "",
    }
    root = files(tmp_path, tree)
    found = found_in(root / "docs/manual")
    assert (found.rules.title, found.rules.first, found.rules.doubts) == ("Handbuch", {"lang": "de"}, ())
    pages = ProfilePages(found, SITE)
    served = [pages.read(SourceItem(f"oil.{lang}.md", MARKDOWN, b"# Oil\n")) for lang in ("de", "en")]
    assert [one.url for one in served if isinstance(one, Document)] == [f"{SITE}/de/oil/", f"{SITE}/en/oil/"]
    assert found_in(root / "docs/dev").rules.title == "Dev"
    assert "config/dev, config/manual are sites of their own" in found_in(root).rules.doubts[0]


def test_snippets_of_mkdocs_lie_where_the_configuration_does_by_its_own_word(tmp_path: Path) -> None:
    config = "markdown_extensions:\n  - pymdownx.snippets: {base_path: [!relative $config_dir]}\n"
    tree = {"mkdocs.yml": config, "parts.txt": "Fill it."}
    document = read_one(tmp_path, "docs/a.md", '# A\n\n--8<-- "parts.txt"\n', **tree)
    assert text_of(document) == "Fill it."


@pytest.mark.parametrize(
    ("said", "served"),
    [
        ("https://pump.readthedocs.io", "https://pump.readthedocs.io/de/latest/"),
        ("https://pump.example/docs", "https://pump.example/docs/"),
        ("pump", ""),
    ],
)
def test_pages_of_sphinx_are_where_their_package_says(said: str, served: str, tmp_path: Path) -> None:
    tree = {
        "docs/conf.py": "project = 'b'\nextensions = []\nlanguage = 'de'\n",
        "docs/index.rst": "B\n=\n",
        "pyproject.toml": f"[project.urls]\nDocumentation = '{said}'\n",
        ".git/HEAD": "",
    }
    assert found_in(files(tmp_path, tree) / "docs").rules.base_url == served


@pytest.mark.parametrize(
    ("readme", "served"),
    [
        (
            "[![x](https://readthedocs.org/projects/Pump/badge/?version=latest)](y)",
            "https://pump.readthedocs.io/en/latest/",
        ),
        (".. image:: https://img.shields.io/readthedocs/pump", "https://pump.readthedocs.io/en/latest/"),
        ("As [breathe](https://breathe.readthedocs.io/) does: https://readthedocs.org/projects/breathe/", ""),
        ("readthedocs.org/projects/a/badge readthedocs.org/projects/b/badge", ""),
    ],
)
def test_pages_of_sphinx_are_where_the_badge_of_their_readme_leads(readme: str, served: str, tmp_path: Path) -> None:
    """Links lead to the documentations of others as well, so they say nothing; nor do two badges."""
    tree = {"docs/source/conf.py": "project = 'b'\nextensions = []\n", "README.md": readme, ".git/HEAD": ""}
    assert found_in(files(tmp_path, tree) / "docs/source").rules.base_url == served


@pytest.mark.parametrize("name", [".readthedocs.yaml", "readthedocs.yml"])
def test_sphinx_on_read_the_docs_is_known_by_the_configuration_above_its_folder(name: str, tmp_path: Path) -> None:
    tree = {
        "docs/conf.py": "project = 'b'\nextensions = []\n",
        "docs/oil.rst": "Oil\n===\n\nFill it.\n",
        "pyproject.toml": "[project.urls]\nDocumentation = 'https://pump.example/'\n",
        name: "version: 2\nsphinx: {builder: dirhtml}\n",
        ".git/HEAD": "",
    }
    found = found_in(files(tmp_path, tree) / "docs")
    assert found.rules.base_url == "https://pump.example/en/latest/"
    served = ProfilePages(found, SITE).read(SourceItem("oil.rst", RST, b"Oil\n===\n\nFill it.\n"))
    assert isinstance(served, Document)
    assert served.url == f"{SITE}/oil/"


def test_no_page_takes_in_a_hidden_file_above_the_folder_that_is_built(tmp_path: Path) -> None:
    root = files(tmp_path, {"docs/conf.py": "extensions = []\n", ".env": "KEY=1", ".git/HEAD": ""})
    assert Project(root / "docs", root / "docs").text("../.env") == ""


CONFIGURATIONS = {
    "mkdocs": "mkdocs.yml mkdocs.yaml zensical.toml mkdocs-web.yml",
    "docusaurus": "docusaurus.config.js docusaurus.config.ts docusaurus.config.mjs docusaurus.config.cts",
    "mdbook": "book.toml",
    "vitepress": ".vitepress/config.mts .vuepress/config.js .vitepress/config/index.ts .vuepress/config/index.mjs",
    "starlight": "astro.config.mjs astro.config.cjs",
    "antora": "antora.yml",
    "docfx": "docfx.json",
    "quarto": "_quarto.yml _quarto.yaml",
    "bookdown": "_bookdown.yml _bookdown.yaml",
    "pkgdown": "_pkgdown.yml _pkgdown.yaml pkgdown/_pkgdown.yml pkgdown/_pkgdown.yaml",
    "mintlify": "docs.json mint.json",
    "fumadocs": "source.config.ts src/source.config.tsx",
    "nextra": "next.config.mjs next.config.ts",
    "nuxt": "nuxt.config.ts content.config.ts",
    "docsify": "index.html",
    "diplodoc": ".yfm",
    "eleventy": ".eleventy.js eleventy.config.js",
    "hugo": "hugo.toml hugo.yaml config.yml config.json config/_default/hugo.toml config/_default/config.toml",
    "sphinx": "conf.py",
    "gitbook": ".gitbook.yaml book.json SUMMARY.md",
    "jekyll": "_config.yml _config.yaml",
    "logseq": "logseq/config.edn",
    "obsidian": ".obsidian/app.json",
    "writerside": "writerside.cfg project.ihp",
    "zola": "zola.toml config.toml",
    "hexo": "_config.yml _config.yaml",
    "wiki": "Home.md home.md Home.markdown Home.rst Home.asciidoc",
}
SAID = {
    "antora": "name: a", "docfx": "{}", "mintlify": '{"theme": "x", "navigation": []}', "docsify": "$docsify",
    "starlight": "starlight", "nextra": "nextra", "nuxt": "@nuxt/content", "sphinx": "project = 'B'", "gitbook": "[A](a.md)",
    "zola": "base_url = '/'", "hexo": "source_dir: .",
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_spelling_of_a_configuration_is_known(name: str, tmp_path: Path) -> None:
    for number, file in enumerate(CONFIGURATIONS[name].split()):
        beside = {"wiki": {"_Sidebar.md": ""}, "gitbook": {"SUMMARY.md": "[A](a.md)"}}.get(name, {})
        tree = {"content/a.md": "# A\n", "a.md": "# A\n", **beside, file: SAID.get(name, "")}
        found = found_in(files(tmp_path / str(number), tree))
        assert (found.profile.name, found.config) == (name, ".obsidian" if name == "obsidian" else file)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("mint.json", '{"navigation": []}'),
        ("docs.json", '{"theme": "x", "colors": {}}'),
        ("zola.toml", "title = 'no address'"),
        ("config.toml", "title = 'neither an address nor pages'"),
        ("astro.config.mjs", "export default {}"),
        ("gatsby-config.js", "module.exports = { plugins: ['gatsby-source-contentful'] }"),
        ("myst.yml", "version: 1"),
        (".yardopts", "--readme a.md"),
        ("mix.exs", '[{:ex_doc, "~> 0.3"}]\n[extras: ["a.md"]]'),
        ("_toc.yml", "other: x"),
        ("_toc.yml", "- title: A\n  url: /a/"),
        ("next.config.js", "export default {}"),
        ("nuxt.config.ts", "export default {}"),
        ("antora.yml", "title: no name"),
        ("index.html", "<p>A page."),
        ("conf.py", "x = 1"),
        ("hugo.toml", "title = 'no pages and no address'"),
        ("Home.md", "# Home"),
        ("SUMMARY.md", "# no chapter"),
    ],
)
def test_a_file_of_that_name_alone_is_no_configuration(file: str, said: str, tmp_path: Path) -> None:
    root = files(tmp_path, {file: said, "a.md": "# A\n"})
    assert find_profile(root, keys_of(root)) is None


def test_documents_of_which_yard_serves_few_are_not_its(tmp_path: Path) -> None:
    pages = dict.fromkeys(("docs/a.md", "docs/b.md", "docs/c.md"), "# A\n")
    few, most = (
        files(tmp_path / str(len(names)), {".git/HEAD": "", ".yardopts": f"--files {names}", **pages})
        for names in ("docs/a.md", "docs/a.md,docs/b.md")
    )
    assert find_profile(few, keys_of(few)) is None and find_profile(few / "docs", keys_of(few / "docs")) is None
    assert found_in(most).profile.name == "yard"


def pages_in(root: Path, tree: dict[str, str]) -> dict[str, Document]:
    """Return the documents of a tree as its profile reads them, pages of HTML as well."""
    found = found_in(files(root, tree))
    pages = ProfilePages(found, SITE)
    read = {
        key: pages.read(
            SourceItem(key, MEDIA_TYPES.get(Path(key).suffix.lower(), PLAIN_TEXT), (root / key).read_bytes())
        )
        for key in keys_of(root)
    }
    return {key: page for key, page in read.items() if isinstance(page, Document)}


def addresses(documents: dict[str, Document]) -> dict[str, str]:
    return {key: page.url.removeprefix(f"{SITE}/") for key, page in documents.items()}


SITE_OF_TWO = {
    ".git/HEAD": "",
    "a.playbook.yml": "site: {url: https://a.example}\ncontent: {sources: [{url: https://x.example/y.git}]}\n",
    "b.playbook.yml": "site: {url: https://b.example, title: Both}\ncontent:\n  sources:\n    - {url: ., start_path: guide}\n"
    "    - {url: ./, start_paths: 'api, m{ore,ist}/*, !more/left'}\n"
    "asciidoc: {attributes: {tank: no tank@, oil: oil, pump: a pump@, valve: false}}\n",
    "guide/antora.yml": "name: guide\ntitle: Guide\nasciidoc: {attributes: {tank: a tank, oil: tar, valve: a valve}}\n",
    "guide/modules/ROOT/pages/a.adoc": "= A\n\nIn {tank}: {oil}, {pump}, {valve}. {page-component-title}\n",
    "more/oil/antora.yml": "name: oil\nversion: 2.0\n",
    "more/oil/modules/x/pages/b.adoc": "= B\n\nIn {tank}: {oil}, {valve}. {page-component-title} {page-version}\n",
    "more/left/antora.yml": "name: left\n",
    "more/left/modules/ROOT/pages/d.adoc": "= D\n",
    "theme/antora.yml": "name: theme\n",
    "theme/modules/ROOT/pages/c.adoc": "= C\n",
}


@pytest.mark.process
def test_a_playbook_of_antora_says_which_components_are_one_site(tmp_path: Path) -> None:
    root = files(tmp_path, SITE_OF_TWO)
    found = find_profile(root, keys := keys_of(root))
    assert found is not None
    pages = ProfilePages(found, SITE)
    read = {
        key: pages.read(SourceItem(key, ASCIIDOC, (root / key).read_bytes()))
        for key in keys
        if key.endswith(".adoc") and found.place(key)
    }
    documents = {key: page for key, page in read.items() if isinstance(page, Document)}
    assert {page.url.removeprefix(SITE): text_of(page) for page in documents.values()} == {
        "/guide/a.html": "In a tank: oil, a pump, a valve. Guide",
        "/oil/2.0/x/b.html": "In no tank: oil, {valve}. oil 2.0",
    }
    assert (found.rules.base_url, found.rules.title) == ("https://b.example/", "Both")


@pytest.mark.parametrize(
    ("component", "served"), [("more/oil", "https://b.example/"), ("theme", ""), ("more/left", "")]
)
def test_a_component_of_antora_is_served_where_the_playbook_says_that_lists_it(
    component: str, served: str, tmp_path: Path
) -> None:
    assert found_in(files(tmp_path, SITE_OF_TWO) / component).rules.base_url == served


def test_the_loader_of_fumadocs_counts_where_its_pages_alone_are_built(tmp_path: Path) -> None:
    tree = {
        ".git/HEAD": "",
        "source.config.ts": "export const docs = defineDocs({ dir: 'content/docs' })",
        "src/lib/own/source.ts": "export const source = loader({ baseUrl: '/manual', source: docs.toFumadocsSource() })",
        "content/docs/a.mdx": "# A\n",
    }
    pages = files(tmp_path, tree) / "content/docs"
    found = find_profile(pages, ["a.mdx"])
    assert found is not None and found.place("a.mdx") is not None
    assert (found.rules.folders[0].address("a.mdx", {}), found.rules.doubts) == ("manual/a", ())


LOCALES = "locales: {root: {label: 'English', lang: 'en-GB', themeConfig: {lang: 'no'}}, de: {lang: 'de'}}"


@pytest.mark.parametrize(
    ("file", "said", "first"),
    [
        ("docs/.vitepress/config.ts", f"export default {{{LOCALES}}}", "en-GB"),
        ("docs/.vuepress/config.js", "export default {locales: {'/': {lang: 'fr'}, '/de/': {lang: 'de'}}}", "fr"),
        ("docs/.vitepress/config.mts", "export default {lang: 'it', locales: {root: {label: 'Italiano'}}}", "it"),
        ("docs/.vitepress/config.js", "export default {lang: 'it'}", ""),
        ("astro.config.mjs", f"export default defineConfig({{integrations: [starlight({{{LOCALES}}})]}})", "en-GB"),
        ("_config.yml", "source_dir: docs\nlanguage: [en, de]\n", "en"),
        ("_config.yml", "source_dir: docs\n", ""),
    ],
)
def test_pages_outside_of_folders_of_languages_are_in_the_one_that_the_configuration_says(
    file: str, said: str, first: str, tmp_path: Path
) -> None:
    tree = {file: said, **dict.fromkeys(("docs/a.md", "docs/de/a.md", "src/content/docs/a.md"), "# A\n")}
    assert found_in(files(tmp_path, tree)).rules.first == ({"lang": first} if first else {})


def test_a_configuration_of_vitepress_may_lie_in_a_file_for_each_language(tmp_path: Path) -> None:
    tree = {
        "docs/.vitepress/config/index.ts": "import { en } from './en'\nimport { shared } from './shared.mts'\n"
        "import { none } from '../../../outside'\nexport default defineConfig({ ...shared, locales: { root: { ...en } } })",
        "docs/.vitepress/config/en.ts": "export const en = defineConfig({ lang: 'en-GB', title: 'Not it' })",
        "docs/.vitepress/config/shared.mts": "export const shared = wrapped(defineConfig({ title: 'Pumps', base: '/b/', "
        "cleanUrls: true, sitemap: { hostname: 'https://b.example' } }))",
        "docs/a.md": "# A\n",
    }
    rules = found_in(files(tmp_path, tree) / "docs").rules
    assert (rules.title, rules.base_url, rules.first) == ("Pumps", "https://b.example/b/", {"lang": "en-GB"})
    assert rules.folders[0].address("a.md", {}) == "a"


def test_a_readme_is_the_page_of_its_folder_for_jekyll_where_no_index_is(tmp_path: Path) -> None:
    tree = {
        "_config.yml": "",
        "index.html": "---\ntitle: Start\n---\n<p>Water.</p>",
        "README.md": "# How this site is made\n\nBy hand.\n",
        "oil/README.md": "# Oil\n\nOil.\n",
        "tank/index.md": "---\n---\nTank.\n",
        "tank/README.md": "---\nlayout: x\n---\n# Own\n\nOwn.\n",
    }
    assert addresses(pages_in(tmp_path, tree)) == {
        "index.html": "",
        "oil/README.md": "oil/",
        "tank/index.md": "tank/",
        "tank/README.md": "tank/README.html",
    }


def test_a_file_of_the_repository_is_a_page_of_jekyll_where_it_says_so(tmp_path: Path) -> None:
    tree = {
        "_config.yml": "include: [a/license.md]\n",
        "a/pull_request_template.md": "Closes #\n",
        "LICENSE.md": "# Licence\n\nFree.\n",
        "b/LICENSE.md": "---\ntitle: Licence\n---\nFree.\n",
        "CODE_OF_CONDUCT.md": "---\nlayout: x\n---\nBe kind.\n",
        "a/license.md": "# Free\n\nAs air.\n",
        "CONTRIBUTING.md": "---\ntitle: Helping\n---\nWater.\n",
    }
    served = {"CONTRIBUTING.md": "CONTRIBUTING.html", "a/license.md": "a/license.html"} | {
        "CODE_OF_CONDUCT.md": "CODE_OF_CONDUCT.html",
        "b/LICENSE.md": "b/LICENSE.html",
    }
    assert addresses(pages_in(tmp_path, tree)) == served


def test_pages_of_a_language_without_counterparts_are_not_in_the_default_one(tmp_path: Path) -> None:
    said = f"export default defineConfig({{integrations: [starlight({{{LOCALES}}})]}})".replace("en-GB", "en")
    places = {"a.md": "en", "en/b.md": "en", "de/c.md": None, "guide/d.md": "en"}
    root = files(tmp_path, {"astro.config.mjs": said} | {f"src/content/docs/{name}": "# A\n\nB.\n" for name in places})
    source = FolderSource(root)
    reader = choose_reader(source)
    pages = {item.key: reader.read(item) for item in source.scan() if isinstance(item, SourceItem)}
    told = {
        key.removeprefix("src/content/docs/"): one.metadata for key, one in pages.items() if isinstance(one, Document)
    }
    assert {name: metadata.get("lang") for name, metadata in told.items()} == places


def test_a_site_of_hexo_in_one_language_says_none(tmp_path: Path) -> None:
    tree = {"_config.yml": "source_dir: docs\nlanguage: en\n", "docs/a.md": "# A\n"}
    assert found_in(files(tmp_path, tree)).rules.first == {}


def test_a_page_of_html_with_a_title_of_its_own_keeps_its_first_heading(tmp_path: Path) -> None:
    tree = {
        "_config.yml": "title: B\n",
        "clean.html": "---\ntitle: clean & go\n---\n<h2 id='why'>Why</h2><p>Dirt.</p>\n",
    }
    page = pages_in(tmp_path, tree)["clean.html"]
    assert page.title == "clean & go"
    assert [(s.headings, s.anchor, s.blocks) for s in page.sections if s.blocks] == [(("Why",), "why", ("Dirt.",))]


def test_a_shortcode_of_code_that_is_closed_at_once_opens_none_and_an_icon_says_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path)
    text = '{{< code-toggle config=build />}}\n\nOil.\n\n{{< code-toggle >}}\na = 1\n{{< /code-toggle >}}\n\n{{< icon name="rss" >}}Feed\n'
    read = tags.shortcodes(text, Page(project, "a.md")).replace("\ue004", "")
    assert read == "\n\nOil.\n\n\n```\n\na = 1\n\n```\n\n\nFeed\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{{</* oil >}}x{{< /oil */>}} y", "{{< oil >}}x{{< /oil >}} y"),
        ("{{</* oil\n  of=1 */>}}", "{{< oil\n  of=1 >}}"),
        ("{{%/* oil /*/%}}", "{{% oil /%}}"),
        ("{{</* oil */>}}x{{</* /oil */>}} {{< oil >}}y", "{{< oil >}}x{{< /oil >}} y"),
    ],
)
def test_a_shown_shortcode_ends_where_its_comment_ends(written: str, shown: str, tmp_path: Path) -> None:
    page = Page(Project(tmp_path, tmp_path), "a.md")
    assert tags.shortcodes(written, page).replace("\ue004", "") == shown


@pytest.mark.parametrize(
    ("plugins", "shown"), [("plugins: [search]\n", True), ("plugins: [include-markdown]\n", False)]
)
def test_an_include_is_text_where_no_plugin_takes_it(plugins: str, shown: bool, tmp_path: Path) -> None:
    written = '```html\n{% include "pencil.html" %}\n```\n'
    tree = {"mkdocs.yml": f"site_name: B\n{plugins}", "docs/a.md": written, "docs/pencil.html": "<b>pencil</b>\n"}
    page = pages_in(tmp_path, tree)["docs/a.md"]
    assert text_of(page) == ('{% include "pencil.html" %}' if shown else "<b>pencil</b>")


def test_what_a_term_means_may_have_paragraphs_and_lists(tmp_path: Path) -> None:
    written = "Pump\n:   It *pumps*.\n\n    It has `oil`:\n\n    - more\n\nDry.\n"
    page = pages_in(tmp_path, {"mkdocs.yml": "site_name: B\n", "docs/a.md": written})["docs/a.md"]
    assert text_of(page) == "Pump\nIt pumps.\nIt has oil:\nmore\nDry."


def test_a_picture_that_is_not_there_is_no_missing_part(tmp_path: Path) -> None:
    page = Page(Project(tmp_path, tmp_path), "a.md")
    assert page.include(".icons/pencil.svg", "", "parts") == ""
    assert not page.troubles


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "https://www.example.org/docs",
        "http://0.0.0.0:1313",
        "http://127.0.0.1",
        "http://localhost:4000",
    ],
)
def test_an_address_that_stands_for_one_to_come_is_none(address: str) -> None:
    assert address_of(address) == ""
    assert address_of("https://example.community/") == "https://example.community/"


@pytest.mark.parametrize(
    ("name", "text", "leads"),
    [
        ("a.md", '<meta http-equiv="refresh" content="0; url=../b/">\n\nMoved.\n', True),
        ("a.md", "# Moved\n\n<meta content='0' HTTP-EQUIV=refresh>\n", True),
        ("a.md", '# How to\n\n```html\n<meta http-equiv="refresh" content="0">\n```\n', False),
        ("a.md", '# How to\n\n    <meta http-equiv="refresh" content="0">\n', False),
        ("a.md", '# How to\n\nWrite <meta http-equiv="refresh" content="0">.\n', False),
        ("a.rst", 'A\n=\n\n.. raw:: html\n\n   <meta http-equiv="refresh" content="0; url=b.html">\n', True),
        ("a.rst", ".. meta::\n   :robots: index\n   :http-equiv=refresh: 0; url=../b/\n\nMoved.\n", True),
        ("a.rst", 'A\n=\n\n.. code:: html\n\n   <meta http-equiv="refresh" content="0; url=b.html">\n', False),
    ],
)
def test_a_page_that_only_leads_elsewhere_is_left_out(name: str, text: str, leads: bool, tmp_path: Path) -> None:
    config = "conf.py" if name.endswith("rst") else "mkdocs.yml"
    pages = pages_in(tmp_path, {config: "project = 'B'\n" if config == "conf.py" else "docs_dir: .\n", name: text})
    assert (name in pages) is not leads


def test_a_reference_whose_definition_is_computed_is_its_text(tmp_path: Path) -> None:
    written = (
        "See [the guide][guide-3], [Oil][], [kept][k] and ![no][guide-3].\n\n"
        '[guide-3]: {% page "/guide/" %}\n[oil]: {{ site.base }}/oil/\n[k]: /kept/\n'
    )
    page = pages_in(tmp_path, {"eleventy.config.js": "", "a.md": written})["a.md"]
    assert text_of(page) == "See the guide, Oil, kept and ![no][guide-3]."


def test_lines_are_hidden_in_rust_alone_in_quotes_and_lists_too(tmp_path: Path) -> None:
    text = (
        "```console\n# as root\n```\n\n# Second\n\nText.\n\n```\n# unnamed\n```\n\n"
        "> ```rust,ignore\n> # use pump;\n> #[derive(Oil)]\n> #\n> run();\n> ```\n\n- One\n\n  ```rust\n  # hidden\n  go();\n  ```\n"
    )
    page = pages_in(tmp_path, {"book.toml": "", "src/SUMMARY.md": "[A](a.md)\n", "src/a.md": f"# A\n\n{text}"})[
        "src/a.md"
    ]
    assert text_of(page) == "# as root\nText.\n# unnamed\n#[derive(Oil)]\nrun();\nOne\ngo();"
    assert page.sections[-1].headings == ("Second",)


def test_a_page_of_nikola_is_read_again_when_the_title_beside_it_changes(tmp_path: Path) -> None:
    root = files(tmp_path, {"conf.py": "POSTS = ()\n", "pages/a.md": "Water.\n", "pages/a.meta": ".. title: One\n"})
    item = SourceItem("pages/a.md", MARKDOWN, b"Water.\n")
    before = ProfilePages(found_in(root), SITE).shaped_by(item)
    (root / "pages/a.meta").write_text(".. title: Two\n", encoding="utf-8")
    assert ProfilePages(found_in(root), SITE).shaped_by(item) != before


def test_what_a_configuration_in_python_says_by_a_name_is_read(tmp_path: Path) -> None:
    root = files(
        tmp_path,
        {"conf.py": "version = '3.2'\nrelease = version\nextensions = [other]\nhtml_theme = 'x'\n", "index.rst": ""},
    )
    item = SourceItem("index.rst", RST, b"A\n=\n\nOf |release|.\n")
    document = ProfilePages(found_in(root), SITE).read(item)
    assert isinstance(document, Document)
    assert text_of(document) == "Of 3.2."


def test_of_a_choice_in_a_configuration_in_python_counts_what_stands_behind_else(tmp_path: Path) -> None:
    choice = "if x == 'a':\n    project = 'A'\nelif x:\n    project = 'B'\nelse:\n    project = 'C'\nif x:\n    project = 'D'\n"
    root = files(tmp_path, {"conf.py": f"extensions = []\n{choice}", "index.rst": "A\n=\n"})
    assert found_in(root).rules.title == "C"


@pytest.mark.parametrize(
    ("config", "anchors"),
    [
        ({"pelicanconf.py": "PATH = 'content'\n"}, ["x", "x-1"]),
        ({"content/conf.py": "project = 'B'\nextensions = []\n"}, ["x", "id1"]),
    ],
)
def test_sections_whose_id_is_taken_have_that_of_docutils_or_of_sphinx(
    config: dict[str, str], anchors: list[str], tmp_path: Path
) -> None:
    text = "Pumps\n=====\n\n:date: 2024-05-06\n\nX\n-\n\nOne.\n\nB\n-\n\nX\n~\n\nTwo.\n"
    root = files(tmp_path, {**config, "content/a.rst": text})
    document = read_all(root, found_in(root))["content/a.rst"]
    assert [section.anchor for section in document.sections if section.blocks] == anchors


def test_pages_whose_text_is_in_front_matter_for_a_layout_are_told(tmp_path: Path) -> None:
    said = "  - name: P\n    details: How long the tone lasts in ms\n" * 4
    tree = {
        "_config.yml": "",
        "tone.md": f"---\nparameters:\n{said}---\nPlays a tone.\n",
        "long.md": f"---\nparameters:\n{said}---\n{'Plays a tone. ' * 20}\n",
        "by.md": "---\nauthors:\n  - name: Ann Lee\n    bio: Builds pumps\n---\nA.\n",
        "home.md": f"---\nhome: true\nfeatures:\n{said}---\nA.\n",
    }
    pages = ProfilePages(found_in(files(tmp_path, tree)), SITE)
    for key in ("tone.md", "long.md", "by.md", "home.md"):
        pages.read(SourceItem(key, MARKDOWN, (tmp_path / key).read_bytes()))
    assert pages.warnings() == [
        "parts of pages are missing (1): texts in front matter, which a layout shows: build the rendered site"
    ]
