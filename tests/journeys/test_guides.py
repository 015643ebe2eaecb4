"""The guides beside documentation sites: what they show is done, and each page's search leads to pages of the site.

MkDocs, Hugo and mdBook come along with the tests. Others are run where they are at hand (`GENERATORS_VENV`,
`GENERATORS_NPM` as in tests/sites/build.py, Debian's Jekyll); else what the guide shows is put into pages that the
generator once made (tests/sites), as it would put it there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import jinja2
import pytest
import yaml
from bs4 import BeautifulSoup

from sites.build import HERE as KEPT
from support.pages_host import PagesHost
from vademecum import KnowledgeBase
from vademecum.version import __version__
from vademecum_builder.cli.main import main

GUIDES = Path(__file__).parents[2] / "site" / "content" / "guides"
VENV = Path(os.environ.get("GENERATORS_VENV", ".venv-generators")).resolve()
NPM = Path(os.environ.get("GENERATORS_NPM", ".npm-generators")).resolve()
BASE = "/handbook/"
PAGE = "# {0}\n\n## About {0}\n\nA page about {0} and their wicks.\n"
TOPICS = ("lanterns", "candles")


@dataclass(frozen=True)
class Case:
    """A generator: a small site of it, and how what the guide shows becomes part of that.

    Attributes:
        files: The site; in a text `SITE` is where it is served.
        suffix: Of a page, whose folder is the last key of `files`.
        command: In place of the guide's program, where another brings it along.
        kept: Pages that it once made.
        joined: Where the guide has only a part of a file: how the whole is made, of both.
    """

    files: Mapping[str, str]
    pages: str
    page: str = PAGE
    program: Callable[[], Path | None] = lambda: None
    kept: str = ""
    joined: Callable[[str, str], str] = lambda whole, part: whole + part
    environment: Mapping[str, str] = field(default_factory=dict)


def beside(name: str) -> Callable[[], Path | None]:
    """Return where a program lies that pip has installed."""

    def look() -> Path | None:
        places = [Path(sys.prefix) / "bin", *(Path(p).parents[2] / "bin" for p in sys.path if "site-packages" in p)]
        return next((p / name for p in [*places, VENV / "bin"] if (p / name).is_file()), None)

    return look


def by_npm(folder: str, name: str) -> Callable[[], Path | None]:
    program = NPM / folder / "node_modules" / ".bin" / name
    return lambda: program if program.exists() else None


def by_debian(name: str) -> Callable[[], Path | None]:
    return lambda: Path(found) if (found := shutil.which(name)) else None


def merged_javascript(whole: str, part: str) -> str:
    return whole + part.replace("export default", "const guide =") + "\nexport default { ...site, ...guide };\n"


HUGO_BASE = """<!doctype html><html><head><title>{{ .Title }}</title></head><body><header>PARTIAL</header>
<main>{{ block "main" . }}{{ end }}</main></body></html>"""
HUGO_MAIN = '{{ define "main" }}<h1>{{ .Title }}</h1>{{ .Content }}{{ end }}'
JEKYLL_BASE = """<!doctype html><html><head><title>{{ page.title }}</title></head><body><header>PARTIAL</header>
<main>{{ content }}</main></body></html>"""
CASES = {
    "mkdocs": Case(
        {"mkdocs.yml": "site_name: Lamps\nsite_url: SITE\n", "docs/index.md": "# Lamps\n"},
        "docs/{}.md",
        program=beside("mkdocs"),
    ),
    "hugo": Case(
        {"hugo.toml": "baseURL = 'SITE'\ntitle = 'Lamps'\n", "layouts/_default/baseof.html": HUGO_BASE,
         "layouts/_default/single.html": HUGO_MAIN, "layouts/_default/list.html": HUGO_MAIN,
         "content/_index.md": "# Lamps\n"},
        "content/{}.md",
        program=beside("hugo"),
    ),
    "mdbook": Case(
        {"book.toml": "[book]\ntitle = 'Lamps'\n", "src/SUMMARY.md": "".join(f"- [{t}]({t}.md)\n" for t in TOPICS)},
        "src/{}.md",
        program=beside("mdbook"),
    ),
    "sphinx": Case(
        {"conf.py": "project = 'Lamps'\nhtml_baseurl = 'SITE'\n",
         "index.rst": "Lamps\n=====\n\n.. toctree::\n\n" + "".join(f"   {topic}\n" for topic in TOPICS)},
        "{}.rst",
        "{0}\n========\n\nAbout {0}\n--------------\n\nA page about {0} and their wicks.\n",
        beside("sphinx-build"),
        "sphinx-alabaster",
    ),
    "jekyll": Case(
        {"_config.yml": "title: Lamps\nbaseurl: /handbook\n", "_layouts/default.html": JEKYLL_BASE,
         "index.md": "---\nlayout: default\n---\n# Lamps\n"},
        "{}.md",
        "---\nlayout: default\ntitle: {0}\n---\n" + PAGE,
        by_debian("jekyll"),
        "jekyll",
    ),
    "vitepress": Case(
        {"package.json": '{"type": "module"}',
         "docs/.vitepress/config.mjs": "const site = { title: 'Lamps', base: '/handbook/' };\n",
         "docs/index.md": "# Lamps\n"},
        "docs/{}.md",
        program=by_npm("vitepress", "vitepress"),
        kept="vitepress",
        joined=merged_javascript,
    ),
    "docusaurus": Case(
        {"package.json": '{"name": "x"}',
         "docusaurus.config.js": "const site = { title: 'Lamps', url: 'http://127.0.0.1', baseUrl: '/handbook/',"
         " presets: [['classic', { docs: { routeBasePath: '/' }, blog: false }]] };\n",
         "docs/index.md": "# Lamps\n"},
        "docs/{}.md",
        program=by_npm("docusaurus", "docusaurus"),
        kept="docusaurus",
        joined=merged_javascript,
        environment={"NODE_OPTIONS": "--max-old-space-size=3000"},
    ),
}  # fmt: skip
IN_PLACES = {"hugo": r'`(\{\{ partial "vademecum.html" \. \}\})`', "jekyll": r"`(\{% include vademecum.html %\})`"}
"""Where the guide says in a sentence what stands in a layout."""


@dataclass(frozen=True)
class Guide:
    """What a guide shows: files by their names, and its blocks in TOML, shell and YAML."""

    text: str

    @property
    def files(self) -> dict[str, str]:
        return dict(re.findall(r"^`([\w./-]+)`[^\n]*:\n```\w+\n(.*?)```", self.text, re.MULTILINE | re.DOTALL))

    def block(self, language: str) -> str:
        return str(re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)[-1])


def guide(name: str, site: str) -> Guide:
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    text = text.replace("https://OWNER.github.io/REPOSITORY/", site)
    return Guide(text.replace("REPOSITORY", "handbook").replace("VERSION", __version__))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VADEMECUM_SIGNING_KEY", raising=False)
    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    return tmp_path / "repository"


def set_up(name: str, shown: Guide, site: str) -> None:
    """Write the site, with what the guide shows."""
    case = CASES[name]
    files = {path: text.replace("SITE", site) for path, text in case.files.items()}
    files |= {case.pages.format(topic): case.page.format(topic) for topic in TOPICS}
    for path, text in shown.files.items():
        files[path] = case.joined(files[path], text) if path in files else text
    if name in IN_PLACES:
        [partial] = re.findall(IN_PLACES[name], shown.text)
        files = {path: text.replace("PARTIAL", partial) for path, text in files.items()}
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


def render(name: str, shown: Guide, out: Path, site: str) -> None:
    """Run the guide's command; where the generator is not at hand, its pages of another day get what is shown."""
    case = CASES[name]
    shutil.rmtree(out, ignore_errors=True)
    program = case.program()
    command = [word for word in shown.block("sh").splitlines()[0].split() if word not in ("npx", "bundle", "exec")]
    if program is not None:
        if "node_modules" in program.parts and not Path("node_modules").exists():
            subprocess.run(["cp", "-a", "--reflink=auto", str(program.parents[1]), "node_modules"], check=True)
        environ = {**os.environ, **case.environment}
        done = subprocess.run([str(program), *command[1:]], env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    shutil.copytree(KEPT / case.kept, out)
    for page in out.rglob("*.html"):
        up = "../" * len(page.relative_to(out).parts[:-1])
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"https?://[\w.]+/handbook/", site, text)  # it was served elsewhere
        page.write_text(text.replace("</body>", f"{put_in(name, shown, up)}</body>"), encoding="utf-8")


def put_in(name: str, shown: Guide, up: str) -> str:
    """Return what the generator makes of what the guide shows. `up`: from a page to the top of the site."""
    files = shown.files
    if name == "sphinx":
        template = jinja2.Template(files["_templates/searchfield.html"])
        return str(template.render(pathto=lambda path, resource: up + path))
    if name == "jekyll":
        return re.sub(r"\{\{ '/(.*?)' \| relative_url \}\}", rf"{BASE}\1", files["_includes/vademecum.html"])
    drawn = "'<' + tag + Object.entries(attributes).map(([k, v]) => ` ${k}=\"${v}\"`).join('') + '></' + tag + '>';"
    stubs = {
        "@docusaurus/useBaseUrl/index.js": f"export default path => {BASE!r} + path.slice(1);",
        "react/index.js": f"export const createElement = (tag, attributes) => {drawn}",
        "vitepress/index.js": f"export const withBase = path => {BASE!r} + path.slice(1);",
        "vitepress/theme.js": "export default { Layout: 'layout' };",
        "vue/index.js": f"export const h = (tag, attributes, slots) => slots ? Object.values(slots)[0]() : {drawn}",
    }
    for path, text in stubs.items():
        target = Path("node_modules", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        exports = {"type": "module", "exports": {".": "./index.js", "./theme": "./theme.js"}}
        (target.parent / "package.json").write_text(json.dumps(exports))
    Path("package.json").write_text('{"type": "module"}')
    script = """const load = async f => (await import(process.cwd() + '/' + f)).default;
const attributes = tag => Object.entries(tag).map(([k, v]) => ` ${k}="${v}"`).join('');
if (process.argv[1] === 'vitepress') {
  const config = await load('docs/.vitepress/config.mjs');
  console.log(config.head.map(([tag, of]) => `<${tag}${attributes(of)}></${tag}>`).join(''));
  console.log((await load('docs/.vitepress/theme/index.js')).Layout());
} else {
  const config = await load('docusaurus.config.js');
  console.log(config.scripts.map(of => `<script${attributes(of)}></script>`).join(''));
  console.log((await load('src/theme/SearchBar.js'))());
}"""
    done = subprocess.run(["node", "--input-type=module", "-e", script, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def get(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        data: bytes = answer.read()
        return data


@pytest.mark.usefixtures("small_site")
@pytest.mark.parametrize("name", CASES)
def test_the_search_of_each_page_leads_to_pages_of_the_site(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = place / tomllib.loads(guide(name, "x").block("toml"))["source"][0]["path"]
    out.mkdir(parents=True)
    with PagesHost(out, prefix=BASE) as host:
        site = host.url
        shown = guide(name, site)
        set_up(name, shown, site)
        Path("vademecum.toml").write_text(shown.block("toml"), encoding="utf-8")
        assert main(["keys", "new", "--out", "../keys", "-q"]) == 0
        shutil.copy("../keys/root.json", "root.json")
        render(name, shown, out, site)
        assert shown.block("sh").splitlines()[1:] == ["vade build"]
        assert main(["build", "--keys", "../keys", "-q"]) == 0
        pages = [page for page in out.rglob("*.html") if not page.is_relative_to(out / "kb")]
        assert len(pages) > len(TOPICS)
        for page in pages:
            at = site + page.relative_to(out).as_posix()
            html = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
            tag = html.select_one("vademecum-search")
            if tag is None:  # a redirect, a print-out, a page of errors
                assert html.select_one("meta[http-equiv=refresh]") or page.stem in ("404", "toc", "print"), page
                continue
            [script] = [s["src"] for s in html.select("script[type=module]") if "vademecum" in str(s.get("src"))]
            assert b"vademecum-search" in get(urljoin(at, str(script))), at
            assert json.loads(get(urljoin(at, str(tag["trust"])))) == json.loads(Path("root.json").read_text())
        assert main(["links", f"{site}kb/", "--against", str(out), "-q"]) == 0
        with KnowledgeBase.open("../kb.db", url=f"{site}kb/", trust="root.json") as kb:
            kb.sync()
            question = "a page about candles" if CASES[name].program() else "start capacitor worn out"
            [hit, *_] = kb.search(question, limit=1)
            assert hit.url.startswith(site) and b"vademecum-search" in get(hit.url)
        first = (out / "kb" / "version.json").read_bytes()
        served = place.parent / "served"  # a deploy replaces the site, also where nothing changed
        shutil.copytree(out, served)
    with PagesHost(served, prefix=BASE, port=host.port) as host:
        render(name, shown, out, site)
        assert not (out / "kb").exists()
        assert main(["build", "--keys", "../keys", "-q"]) == 0
    assert (out / "kb" / "index.html").is_file()
    assert (out / "kb" / "version.json").read_bytes() == first


@pytest.mark.parametrize("name", CASES)
def test_the_steps_of_the_workflow(name: str) -> None:
    shown = guide(name, "https://acme.github.io/handbook/")
    out = tomllib.loads(shown.block("toml"))["source"][0]["path"]
    render_step, vade, upload = yaml.safe_load(shown.block("yaml"))
    assert render_step == {"run": shown.block("sh").splitlines()[0]}
    action = yaml.safe_load((GUIDES.parents[2] / "action.yml").read_text(encoding="utf-8"))
    assert vade["with"].keys() <= action["inputs"].keys()
    assert re.fullmatch(r"actions/upload-pages-artifact@[0-9a-f]{40}", upload["uses"])
    assert upload["with"] == {"path": out}


def test_each_guide_is_tested_and_the_page_of_publishing_names_it() -> None:
    guides = {page.stem for page in GUIDES.glob("*.md")}
    named = (GUIDES.parent / "publishing.md").read_text(encoding="utf-8")
    assert guides == set(CASES) == set(re.findall(r"\(guides/(\w+)\.md\)", named))
