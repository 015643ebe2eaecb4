"""Small source trees, one a generator, with what that one does in its own way; and the real generators that serve them.

`python tests/unit/builder/profiles/trees.py [NAME ...]` builds them and writes served.json: for every page the ids that are in it.
GENERATORS_VENV and GENERATORS_NPM are those of tests/sites/build.py.
"""

# ruff: noqa: E501
from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
SERVED = HERE / "served.json"

HEADINGS = """
## Fixes

One.

## Fixes

Two.

## Pumps - the details

Three.

## Release 3.2.0

Four.

## Überlauf & mehr

Five.

## `code` and **bold**

Six.

## 2024 in short

Seven.

## What's new? (part 1/2)

Eight.

## C++ and C#

Nine.

## Snake_case name

Ten.

### Fixes

Eleven.
"""
CUSTOM = "\n## Renamed {#own-id}\n\nTwelve.\n"


def page(title: str, body: str = "Water flows.\n", front: str = "") -> str:
    head = f"---\n{front}\n---\n\n" if front else ""
    return f"{head}# {title}\n\n{body}"


def gatsby(plugin: str) -> dict[str, str]:
    """A small site of gatsby-transformer-remark, whose headings get their ids from a plugin."""
    return {
        "package.json": '{"name": "b", "dependencies": {"gatsby": "*"}}',
        "gatsby-config.js": f"""module.exports = {{
  plugins: [
    {{ resolve: `gatsby-source-filesystem`, options: {{ name: `texts`, path: `${{__dirname}}/content` }} }},
    {{ resolve: `gatsby-transformer-remark`, options: {{ plugins: [{plugin}] }} }},
  ],
}};
""",
        "gatsby-node.js": """const { createFilePath } = require(`gatsby-source-filesystem`);

exports.onCreateNode = ({ node, actions, getNode }) => {
  if (node.internal.type === `MarkdownRemark`)
    actions.createNodeField({ node, name: `slug`, value: createFilePath({ node, getNode }) });
};
exports.createPages = async ({ graphql, actions }) => {
  const { data } = await graphql(`{ allMarkdownRemark { nodes { id fields { slug } } } }`);
  for (const { id, fields } of data.allMarkdownRemark.nodes)
    actions.createPage({ path: fields.slug, component: require.resolve(`./src/text.js`), context: { id } });
};
""",
        "src/text.js": """import React from "react";
import { graphql } from "gatsby";

export default ({ data }) => <main dangerouslySetInnerHTML={{ __html: data.markdownRemark.html }} />;
export const query = graphql`query ($id: String!) { markdownRemark(id: { eq: $id }) { html } }`;
""",
        "content/index.md": page("Start"),
        "content/guide/index.md": page("Guide", HEADINGS + CUSTOM),
        "content/guide/Set Up.md": page(
            "Set up",
            "## Press <kbd>Enter</kbd>\n\nP.\n\n## ![Pump](pump.svg) of ours\n\nL.\n\n## Übergröße Æ ế `<b>`\n\nÜ.\n\n### Deep\n\nD.\n",
        ),
        "content/v1.2.md": page("Version"),
    }


def eleventy(plugin: str) -> dict[str, str]:
    """A small site of Eleventy, whose headings get their ids from a plugin."""
    return {
        "package.json": '{"name": "b", "type": "module", "dependencies": {"@11ty/eleventy": "*"}}',
        "eleventy.config.js": f"""{plugin}
  eleventyConfig.ignores.add("text/parts/**");
}}
export const config = {{ dir: {{ input: "text", includes: "_includes", data: "_data" }} }};
""",
        "text/_data/metadata.json": '{"url": "https://b.example/"}',
        "text/_includes/base.njk": "<html><body><main>{{ content | safe }}</main></body></html>\n",
        "text/text.json": '{"layout": "base.njk"}',
        "text/index.md": page("Start"),
        "text/guide/index.md": page("Guide", HEADINGS),
        "text/guide/set-up.md": page("Set up", "## Press <kbd>Enter</kbd>\n\nP.\n\n## Größe & Æ\n\nÜ.\n"),
        "text/pumps/pumps.md": page("Pumps"),
        "text/v1.2.md": page("Version"),
        "text/2024-05-06-news.md": page("News"),
        "text/moved.md": page("Moved", front="permalink: /elsewhere/{{ page.fileSlug }}/"),
        "text/plain.md": page("Plain", front="permalink: plain.html"),
        "text/hidden.md": page("Hidden", front="permalink: false"),
        "text/parts/oil.md": page("Oil"),
    }


def docsify(options: str) -> dict[str, str]:
    """A small site of Docsify, which draws its pages in a browser."""
    return {
        "index.html": f"<!DOCTYPE html><body><div id='app'></div><script>window.$docsify = {{ name: 'B', {options} }}</script>"
        "<script src='/node_modules/docsify/dist/docsify.min.js'></script></body>",
        "_sidebar.md": f"* [Start](/)\n* [Set up](/guide/Set%20Up.md)\n* [Guide](/guide/)\n* [Changes](/changes.md)\n* [It](/v1.2.md)\n{'* [Read me](/README.md)' if 'homepage' in options else ''}\n",
        "_cover.md": "# B\n\n[Go](#start)\n",
        "_part.md": "## Of a part\n\nOil comes from the part.\n",
        "start.md": page("Start"),
        "README.md": page("Read me", "\n[Home](start.md)\n"),
        "changes.md": page(
            "Changes", HEADINGS + "\n## Renamed :id=own-id\n\nTwelve.\n\n## Ignored {docsify-ignore}\n\n13\n"
        ),
        "guide/README.md": page("Guide"),
        "guide/Set Up.md": page(
            "Set up",
            "[part](../_part.md ':include')\n\n!> Mind.\n\n<!-- tabs:start -->\n#### **Linux**\n\nP.\n<!-- tabs:end -->\n",
        ),
        "v1.2.md": page("Version"),
    }


TREES: dict[str, dict[str, str]] = {
    "mkdocs": {
        "mkdocs.yml": """site_name: B
docs_dir: manual
exclude_docs: |
  parts/
  *.draft.md
theme: mkdocs
markdown_extensions:
  - toc: {permalink: true}
  - attr_list
  - admonition
  - pymdownx.details
  - pymdownx.superfences
  - pymdownx.tabbed: {alternate_style: true}
  - pymdownx.snippets: {base_path: [snips]}
  - pymdownx.emoji: {emoji_index: !!python/name:material.extensions.emoji.twemoji ''}
""",
        "snips/oil.md": "Oil comes from the snippet.\n",
        "README.md": page("Not a page"),
        "manual/index.md": page("Start"),
        "manual/changes.md": page(
            "Changes",
            HEADINGS
            + "\n## Renamed { #own-id data-toc-label='Other name' }\n\nTwelve.\n\n## <!-- a -->\n\n13\n\n## <!-- b -->\n\n14\n\n## Step_3\n\n15\n\n## Step_3\n\n16\n\n## 9.7 <small>May</small> { id='9.7' }\n\n17\n",
        ),
        "manual/guide/README.md": page("Guide"),
        "manual/guide/Set Up.md": page(
            "Set up",
            '!!! warning "Mind the step"\n\n    Read [on](../changes.md).\n\n    ??? tip "Deep"\n\n        Deepest words.\n\n=== "Linux"\n\n    ```sh\n    make pump\n    ```\n\n--8<-- "oil.md"\n',
        ),
        "manual/both/index.md": page("Both"),
        "manual/both/README.md": page("Beside"),
        "manual/parts/part.md": page("Part"),
        "manual/x.draft.md": page("Draft"),
    },
    "mkdocs-i18n": {
        "mkdocs.yml": """site_name: B
plugins:
  - i18n:
      languages:
        - {locale: en, name: English, default: true}
        - {locale: fr, name: Français}
        - {locale: it, name: Italiano, build: false}
""",
        "docs/index.md": page("Start"),
        "docs/index.fr.md": page("Accueil"),
        "docs/index.it.md": page("Inizio"),
        "docs/guide/README.en.md": page("Guide"),
        "docs/guide/README.fr.md": page("Guide"),
        "docs/guide/setup.en.md": page("Set up"),
        "docs/guide/seulement.fr.md": page("Seulement"),
        "docs/guide/v1.2.md": page("Version"),
    },
    "mkdocs-languages": {
        "mkdocs.yml": """site_name: B
use_directory_urls: false
plugins:
  i18n:
    docs_structure: folder
    languages:
      - {locale: de, name: Deutsch, default: true}
      - {locale: pt_BR, name: Português}
""",
        "docs/de/index.md": page("Start"),
        "docs/de/guide/setup.md": page("Einrichten"),
        "docs/pt_BR/index.md": page("Início"),
        "docs/pt_BR/guide/setup.md": page("Instalação"),
        "docs/everywhere.md": page("Everywhere"),
    },
    "mkdocs-html": {
        "mkdocs.yml": "site_name: B\nuse_directory_urls: false\nmarkdown_extensions:\n  toc: {slugify: !!python/name:markdown.extensions.toc.slugify_unicode '', separator: _}\n",
        "docs/index.md": page("Start"),
        "docs/changes.md": page("Changes", HEADINGS),
        "docs/guide/index.md": page("Guide"),
        "docs/guide/setup.md": page("Set up"),
    },
    "mkdocs-pymdownx": {
        "mkdocs.yml": "site_name: B\nmarkdown_extensions:\n  - toc:\n      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n",
        "docs/index.md": page("Changes", HEADINGS),
    },
    "docusaurus": {
        "package.json": '{"name": "x"}',
        "docusaurus.config.mjs": """// url: 'https://wrong.example'
export default { title: 'B', url: 'https://b.example', baseUrl: '/', onBrokenLinks: 'ignore', onBrokenAnchors: 'ignore',
  presets: [['classic', { docs: { path: 'manual', routeBasePath: 'handbook', lastVersion: '2.0' }, blog: { routeBasePath: 'news', onUntruncatedBlogPosts: 'ignore' } }]] };
""",
        "versions.json": '["2.0", "1.0"]',
        "versioned_docs/version-2.0/intro.md": page("Intro"),
        "versioned_docs/version-1.0/intro.md": page("Intro"),
        "manual/intro.md": page("Start", front="slug: /"),
        "manual/01-guide/index.md": page("Guide"),
        "manual/01-guide/02-set-up.mdx": page(
            "Set up",
            ":::warning[Mind the step]\n\nRead on.\n\n:::\n\nimport Tabs from '@theme/Tabs';\nimport TabItem from '@theme/TabItem';\nimport Oil from '../_oil.mdx';\n\nexport const unit = 'bar';\n\n<Tabs>\n<TabItem value=\"a\" label=\"Linux\">\n\nType make.\n\n</TabItem>\n</Tabs>\n\n<Oil />\n\n{/* nobody reads this */}\n",
        ),
        "manual/01-guide/3-last.md": page("Last", front="slug: very/last"),
        "manual/01-guide/own.md": page("Own", front="id: of-my-own"),
        "manual/pumps/pumps.md": page("Pumps"),
        "manual/2024-01-02-dated.md": page("Dated"),
        "manual/_oil.mdx": "Oil comes from the partial.\n",
        "manual/changes.md": page("Changes", HEADINGS + CUSTOM),
        "blog/2024-05-06-hello.md": page("Hello"),
        "blog/2024/05/07/deep.md": page("Deep"),
        "blog/2024-05-08-named/index.md": page("Named", front="slug: renamed"),
        "blog/undated.md": page("Undated", front="date: 2024-05-09"),
        "src/pages/about.md": page("About"),
        "src/pages/index.md": page("Home"),
        "manual/draft.md": page("Draft", front="draft: true"),
    },
    "docusaurus-bare": {
        "package.json": '{"name": "x"}',
        "docusaurus.config.mjs": """export default { title: 'B', url: 'https://b.example', baseUrl: '/', trailingSlash: false, onBrokenLinks: 'ignore',
  presets: [['classic', { docs: { numberPrefixParser: false, exclude: ['**/_*.{md,mdx}', '*.draft.md', 'kept/{own,secret}/**'] }, blog: false }]],
  plugins: [['@docusaurus/plugin-content-docs', { id: 'api', path: 'api', routeBasePath: 'reference/api', sidebarPath: false, exclude: ['**/*.test.md'] }]] };
""",
        "docs/index.md": page("Start", front="slug: /"),
        "docs/x.draft.md": page("Draft"),
        "docs/kept/y.draft.md": page("Kept"),
        "docs/kept/secret/plan.md": page("Plan"),
        "docs/guide/README.md": page("Guide"),
        "docs/guide/01-setup.mdx": page(
            "Set up",
            "import Oil, {toc as ofOil} from './_oil.mdx';\n\n:::tip[Mind the *step*]{.own #own-tip}\n\nRead on.\n\n:::\n\n<Oil />\n",
        ),
        "docs/guide/_oil.mdx": "## Of oil {#own-oil}\n\nOil comes from the partial.\n",
        "docs/guide/named.md": page("Named", front="slug: of-my-own"),
        "api/index.md": page("Api"),
        "api/deep/2-pumps.md": page("Pumps"),
        "api/deep/a.test.md": page("Test"),
    },
    "hugo": {
        "hugo.toml": "baseURL = 'https://b.example/'\ntitle = 'B'\ndefaultContentLanguage = 'en'\n[permalinks]\nposts = '/news/:year/:month/:slug/'\n[markup.goldmark.renderer]\nunsafe = true\n[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n",
        "layouts/_default/single.html": "<html><body>{{ .Content }}</body></html>",
        "layouts/_default/list.html": "<html><body>{{ .Content }}</body></html>",
        "layouts/shortcodes/note.html": "{{ .Inner }}",
        "layouts/shortcodes/tip.html": '{{ .Get "text" }}',
        "content/_index.md": page("Start"),
        "content/guide/_index.md": page("Guide"),
        "content/guide/Set Up.md": page(
            "Set up",
            '{{< note >}}\nMind the step.\n{{< /note >}}\n\nA pod is {{< tip text="a group of pumps" id="pod" >}}. Show {{</* note */>}}. [On]({{< ref "changes" >}}).\n',
        ),
        "content/guide/Setup.de.md": page("Deutsch"),
        "content/guide/other.md": page("Other", front="slug: Renamed"),
        "content/guide/moved.md": page("Moved", front="url: /elsewhere/here/"),
        "content/blog/bundle/index.md": page("Bundle", front="slug: new-name"),
        "content/blog/bundle/part.md": page("A part"),
        "content/posts/first.md": page("First", front="title: The First One\ndate: 2024-05-06"),
        "content/posts/second.md": page("Second", front="title: Second\nslug: zwei\ndate: 2024-05-07"),
        "content/changes.md": page("Changes", HEADINGS + CUSTOM),
        "content/toml.md": "+++\ntitle = 'Pumps'\nslug = 'from-toml'\n+++\n\nWater.\n",
    },
    "mdbook": {
        "book.toml": "[book]\ntitle = 'B'\nsrc = 'text'\n",
        "text/SUMMARY.md": "# Summary\n\n[Foreword](README.md)\n\n- [Changes](changes.md)\n  - [Guide](guide/README.md)\n  - [Set up](guide/Set%20Up.md)\n  - [Soon]()\n",
        "text/README.md": page("Foreword"),
        "text/changes.md": page("Changes", HEADINGS + CUSTOM),
        "text/guide/README.md": page("Guide"),
        "text/guide/Set Up.md": page(
            "Set up",
            "```rust\n# fn hidden() {}\n{{#include ../../code/main.rs:here}}\n```\n\n{{#include ../oil.md}}\n\n> [!WARNING]\n> Mind the step.\n",
        ),
        "text/oil.md": "Oil comes from the include.\n",
        "text/forgotten.md": page("Forgotten"),
        "code/main.rs": "fn main() {\n// ANCHOR: here\n    pump();\n// ANCHOR_END: here\n}\n",
    },
    "vitepress": {
        "package.json": '{"type": "module"}',
        "docs/.vitepress/config.mjs": "export default { title: 'B', srcDir: 'pages', cleanUrls: false, ignoreDeadLinks: true, srcExclude: ['**/parts/**'],\n  rewrites: { 'packages/:pkg/src/:page.md': 'packages/:pkg/:page.md', 'tools/:tool/docs/:rest*': ':tool/:rest*' } }\n",
        "docs/pages/index.md": page("Start"),
        "docs/pages/changes.md": page("Changes", HEADINGS + CUSTOM),
        "docs/pages/guide/index.md": page("Guide"),
        "docs/pages/guide/Setup.md": page(
            "Set up",
            "<script setup>\nconst unit = 'bar'\n</script>\n\n::: warning Mind the step\nRead on in {{ unit }}.\n:::\n\n<!--@include: ../parts/oil.md-->\n\n[[toc]]\n\n> [!NOTE]\n> Mind the gap.\n",
        ),
        "docs/pages/guide/README.md": page("Beside"),
        "docs/pages/packages/pump/src/use.md": page("Use"),
        "docs/pages/tools/wrench/docs/index.md": page("Wrench"),
        "docs/pages/tools/wrench/docs/deep/turn.md": page("Turn"),
        "docs/pages/parts/oil.md": "Oil comes from the include.\n",
    },
    "vitepress-vuepress": {
        "package.json": '{"type": "module"}',
        "docs/.vuepress/config.js": """import { viteBundler } from '@vuepress/bundler-vite'
import { defaultTheme } from '@vuepress/theme-default'

export default { title: 'B', bundler: viteBundler(), theme: defaultTheme() }
""",
        "docs/README.md": page("Start"),
        "docs/changes.md": page("Changes", HEADINGS),
        "docs/guide/README.md": page("Guide"),
        "docs/guide/Setup.md": page(
            "Set up", "::: warning Mind the step\nRead on.\n:::\n\n## Press <kbd>Enter</kbd>\n\nP.\n"
        ),
        "docs/guide/2024-05-06-news.md": page("News"),
        "docs/own.md": page("Own", front="permalink: /elsewhere/own.html"),
        "docs/v1.2.md": page("Version"),
    },
    "jekyll": {
        "_config.yml": "title: B\npermalink: /news/:year/:month/:title.html\ncollections:\n  docs: {output: true}\n  notes: {output: true, permalink: '/n/:name/'}\n  hidden: {}\nexclude: [old]\ndefaults:\n  - {scope: {path: '', type: posts}, values: {layout: null}}\n",
        "index.md": page("Start", front="layout: null"),
        "changes.md": page("Changes", HEADINGS + "\n## Renamed\n{: #own-id .big}\n\nTwelve.\n", front="layout: null"),
        "guide/Set Up.md": page(
            "Set up",
            "{% comment %}nobody{% endcomment %}Mind {{ page.unit }}. {% raw %}{{ shown }}{% endraw %}\n\n{% highlight ruby %}\npump\n{% endhighlight %}\n",
            front="unit: bar",
        ),
        "guide/index.md": page("Guide", front="layout: null"),
        "guide/moved.md": page("Moved", front="permalink: /elsewhere/"),
        "_posts/2024-05-06-hello.md": page("Hello", front="layout: null"),
        "cats/_posts/2024-05-07-in-a-folder.md": page("In", front="layout: null"),
        "_docs/pump.md": page("Pump", front="layout: null"),
        "_docs/deep/oil.md": page("Oil", front="layout: null"),
        "_notes/one.md": page("One", front="layout: null"),
        "_hidden/two.md": page("Two", front="layout: null"),
        "_drafts/three.md": page("Three", front="layout: null"),
        "old/four.md": page("Four", front="layout: null"),
        "plain.md": "# No front matter\n\nIs copied, not rendered.\n",
    },
    "jekyll-pretty": {
        "_config.yml": "title: B\npermalink: pretty\n",
        "index.md": page("Start", front="layout: null"),
        "guide/setup.md": page("Set up", front="layout: null"),
        "_posts/2024-05-06-hello.md": page("Hello", front="layout: null\ncategories: [News, Deep]"),
    },
    "starlight": {
        "package.json": '{"type": "module"}',
        "astro.config.mjs": "import { defineConfig } from 'astro/config'; import starlight from '@astrojs/starlight';\nexport default defineConfig({ site: 'https://b.example', integrations: [starlight({ title: 'B' })] });\n",
        "src/content.config.ts": "import { defineCollection } from 'astro:content'; import { docsLoader } from '@astrojs/starlight/loaders';\nimport { docsSchema } from '@astrojs/starlight/schema';\nexport const collections = { docs: defineCollection({ loader: docsLoader(), schema: docsSchema() }) };\n",
        "src/content/docs/index.md": "---\ntitle: Start\n---\n\nWater.\n",
        "src/content/docs/changes.md": "---\ntitle: Changes\n---\n" + HEADINGS,
        "src/content/docs/Guides/Set Up.mdx": "---\ntitle: Set up\n---\n\nimport { Tabs, TabItem } from '@astrojs/starlight/components';\n\n:::caution[Mind the step]\nRead on.\n:::\n\n<Tabs>\n<TabItem label=\"Linux\">Type make.</TabItem>\n</Tabs>\n",
        "src/content/docs/guides/index.md": "---\ntitle: Guides\n---\n\nWater.\n",
        "src/content/docs/release-3.2.md": "---\ntitle: Release\n---\n\nWater.\n",
        "src/content/docs/moved.md": "---\ntitle: Moved\nslug: else/where\n---\n\nWater.\n",
    },
    "astro": {
        "package.json": '{"type": "module"}',
        "astro.config.mjs": "import { defineConfig } from 'astro/config'; import mdx from '@astrojs/mdx';\nexport default defineConfig({ site: 'https://b.example', integrations: [mdx()] });\n",
        "src/content.config.ts": "import { defineCollection } from 'astro:content'; import { glob } from 'astro/loaders';\nconst post = defineCollection({ loader: glob({ base: './texts/posts', pattern: '**/*.{md,mdx}' }) });\nexport const collections = {\n  blog: post,\n  notes: defineCollection({ loader: glob({ pattern: '**/*.md', base: 'texts/notes' }) }),\n  top: defineCollection({ loader: glob({ base: 'texts/top', pattern: '*.md' }) }),\n};\n",
        "src/lib/notes.ts": "import { getCollection } from 'astro:content';\nexport const notes = () => getCollection('notes');\n",
        "src/pages/news/[...slug].astro": "---\nimport { getCollection, render } from 'astro:content';\nexport const getStaticPaths = async () => (await getCollection('blog')).map((post) => ({ params: { slug: post.id }, props: { post } }));\nconst { Content } = await render(Astro.props.post);\n---\n<html><body><Content /></body></html>\n",
        "src/pages/notes/[id].astro": "---\nimport { render } from 'astro:content'; import { notes } from '../../lib/notes';\nexport const getStaticPaths = async () => (await notes()).map((post) => ({ params: { id: post.id }, props: { post } }));\nconst { Content } = await render(Astro.props.post);\n---\n<html><body><Content /></body></html>\n",
        "src/pages/[...slug].astro": "---\nimport { getCollection, render } from 'astro:content';\nexport const getStaticPaths = async () => (await getCollection('top')).map((post) => ({ params: { slug: post.id }, props: { post } }));\nconst { Content } = await render(Astro.props.post);\n---\n<html><body><Content /></body></html>\n",
        "src/pages/about.md": page("About"),
        "src/pages/Deep/Set Up.md": page("Set up"),
        "src/pages/Deep/index.mdx": page("Deep"),
        "src/pages/_part.md": page("Part"),
        "texts/posts/First Post.md": page("First", HEADINGS),
        "texts/posts/2024/index.mdx": page("2024"),
        "texts/posts/2024/release-3.2.md": page("Release"),
        "texts/posts/moved.md": page("Moved", front="slug: else/where"),
        "texts/notes/one.md": page("One"),
        "texts/top/imprint.md": page("Imprint"),
        "texts/other.md": page("Other"),
    },
    "myst": {
        "myst.yml": "version: 1\nextends: [parts/toc.yml]\nproject: {title: B, exclude: ['parts/**']}\nsite: {template: theme/template.yml}\n",
        "parts/toc.yml": "version: 1\nproject:\n  toc:\n    - file: start\n    - title: Guide\n      children:\n        - file: guide/01_Set Up & more.md\n        - {pattern: 'pumps/*.md'}\n    - file: other/changes.md\n    - file: changes.md\n      hidden: true\n    - file: 2024_in_short.md\n",
        "theme/template.yml": "jtex: v1\nkind: site\ntitle: x\nversion: 1.0.0\n",
        "start.md": page("Start"),
        "changes.md": page("Changes", HEADINGS + "\n(Own:Id)=\n## Renamed\n\nTwelve.\n"),
        "other/changes.md": page("Other changes"),
        "guide/01_Set Up & more.md": page(
            "Set up", "```{note} Mind the step\n# No section\nRead on.\n```\n\n```{myst}\n# Shown\n```\n"
        ),
        "pumps/a.md": page("A"),
        "pumps/b-which-has-a-name-that-is-much-longer-than-fifty-letters.md": page("B"),
        "2024_in_short.md": page("2024 in short"),
        "forgotten.md": page("Forgotten"),
        "parts/part.md": page("Part"),
    },
    "myst-folders": {
        "myst.yml": "version: 1\nproject: {title: B}\nsite: {template: theme/template.yml, options: {folders: true}}\n",
        "theme/template.yml": "jtex: v1\nkind: site\ntitle: x\nversion: 1.0.0\n",
        "README.md": page("Start"),
        "guide/index.md": page("Guide"),
        "guide/02-pumps.md": page("Pumps"),
        "guide/10-pumps.md": page("More pumps"),
        "guide/Deep Wells/oil.md": page("Oil"),
        "_build/x.md": page("Built"),
    },
    "jupyterbook": {
        "_config.yml": "title: B\nonly_build_toc_files: true\nexecute: {execute_notebooks: 'off'}\nhtml: {baseurl: 'https://b.example'}\n",
        "_toc.yml": "format: jb-book\nroot: intro\nparts:\n  - caption: Guide\n    chapters:\n      - file: guide/Set Up\n        sections:\n          - file: guide/changes.md\n  - caption: Pumps\n    chapters:\n      - glob: pumps/*\n      - url: https://a.example\n",
        "intro.md": page("Start"),
        "guide/Set Up.md": page("Set up", "```{note}\n## No section\nRead on.\n```\n"),
        "guide/changes.md": page("Changes", HEADINGS),
        "pumps/a.md": page("A"),
        "pumps/b.rst": "B\n=\n\nWater.\n\nC\n-\n\nOil.\n",
        "forgotten.md": page("Forgotten"),
    },
    "nikola": {
        "conf.py": "DEFAULT_LANG = 'en'\nTRANSLATIONS = {DEFAULT_LANG: '', 'de': './de'}\nSITE_URL = 'https://b.example/'\nBLOG_TITLE = 'B'\nBLOG_AUTHOR = BLOG_EMAIL = BLOG_DESCRIPTION = ''\nINDEX_PATH = 'blog'\n"
        "POSTS = (('posts/*.rst', 'news', 'post.tmpl'), ('posts/*.md', {'en': 'news', 'de': 'neues'}, 'post.tmpl'))\nPAGES = (('pages/*.txt', '', 'page.tmpl'), ('pages/*.md', '', 'page.tmpl'), ('pages/*.html', '', 'page.tmpl'))\nCOMPILERS = {'rest': ('.rst', '.txt'), 'markdown': ('.md',), 'html': ('.html',)}\n",
        "posts/First Post.rst": ".. title: The first\n.. date: 2024-05-06\n\nWater.\n\nFixes\n=====\n\nOne.\n\nDeep\n----\n\nTwo.\n\nOther\n=====\n\nThree.\n\nFixes\n-----\n\nFour.\n",
        "posts/2024/second.md": "<!--\n.. title: Second\n.. slug: zwei\n.. date: 2024-05-06\n-->\n\nWater.\n\n## A section\n\nOil.\n",
        "posts/draft.md": "<!--\n.. title: Draft\n.. date: 2024-05-06\n.. status: draft\n-->\n\nWater.\n",
        "posts/tagged.md": "---\ntitle: Tagged\ndate: 2024-05-06\ntags: oil, draft\n---\n\nWater.\n",
        "pages/index.txt": ".. title: Start\n.. slug: index\n\nWater.\n\n.. include:: parts/oil.inc\n",
        "pages/guide/index.md": "<!--\n.. title: Guide\n.. slug: index\n-->\n\nWater.\n",
        "pages/guide/Üben & C++.md": "Water.\n",
        "pages/guide/Üben & C++.meta": ".. title: Exercises\n",
        "pages/setup.md": "<!--\n.. title: Set up\n.. pretty_url: false\n-->\n\nWater.\n",
        "pages/setup.de.md": "<!--\n.. title: Einrichten\n.. slug: einrichten\n-->\n\nWasser.\n",
        "pages/html.html": "<!--\n.. title: Of HTML\n-->\n<h2>Not the title</h2><p>Water.</p>\n",
        "parts/oil.inc": "Oil comes from the include.\n",
        "README.md": page("No page"),
    },
    "gitbook": {
        "book.json": '{"title": "B", "variables": {"oil": "thick"}}',
        "LANGS.md": "* [English](en/)\n* [Deutsch](de/)\n",
        "en/SUMMARY.md": "* [Start](README.md)\n* [A page](a/page.md)\n* [Fixes](a/page.md#fixes)\n* [Deep](a/README.md)\n",
        "en/README.md": page("Start", '{% include "/parts/hint.md" %}\n'),
        "en/parts/hint.md": "It is {{ book.oil }}.\n",
        "en/a/page.md": page("A page", HEADINGS),
        "en/a/README.md": page("Deep"),
        "en/GLOSSARY.md": "# Terms\n\n## Pump\n\nIt pumps.\n",
        "en/left.md": page("Left"),
        "de/SUMMARY.md": "* [Anfang](README.md)\n",
        "de/README.md": page("Anfang", HEADINGS),
    },
    "yard": {
        ".yardopts": '--title "B"\n--markup-provider=redcarpet\n--markup markdown\n-o doc\n--readme docs/Overview.md\nlib/**/*.rb\n-\n'
        '"docs/Set Up.md"\ndocs/changes.md\ndocs/deep/*.md\nLICENSE\n',
        "lib/pump.rb": "# The pump.\nclass Pump\n  # Turns.\n  def turn; end\nend\n",
        "docs/Overview.md": page(
            "Start", "See {file:docs/changes.md}, {file:docs/deep/v1.2.md on it} and {Pump#turn the turn}.\n"
        ),
        "docs/Set Up.md": page("Set up", '## Übergröße & "more" — it\'s `<b>`\n\nP.\n\n## 日本語\n\nL.\n'),
        "docs/changes.md": page("Changes", HEADINGS),
        "docs/deep/v1.2.md": "# @title Version\n\n# Other\n\nWater.\n",
        "LICENSE": "MIT\n",
    },
    "docsify": docsify("loadSidebar: true, coverpage: '_cover.md', homepage: 'start.md'"),
    "docsify-history": docsify("loadSidebar: true, routerMode: 'history', basePath: '/'"),
    "diplodoc": {
        ".yfm": "langs: ['en']\nlang: en\nvarsPreset: external\nallowHTML: true\n",
        "en/presets.yaml": "default:\n  name: pump\n  audience: internal\nexternal:\n  audience: external\n",
        "en/toc.yaml": """title: B
href: index.md
items:
  - name: A page
    href: a/page.md
  - name: More
    include: {path: toc_more.yaml, mode: link}
  - name: Secret
    href: secret.md
    when: audience == "internal"
""",
        "en/toc_more.yaml": "items:\n  - name: More\n    href: more.md\n",
        "en/index.md": page("Start", "{% include [hint](_includes/hint.md) %}\n"),
        "en/_includes/hint.md": 'The {{ name }}.\n\n{% if audience == "internal" %}\n\n## Ours\n\nX.\n\n{% endif %}\n',
        "en/a/page.md": page("A page", HEADINGS + CUSTOM),
        "en/more.md": page("More"),
        "en/secret.md": page("Secret"),
        "en/unlisted.md": page("Unlisted"),
    },
    "hexo": {
        "_config.yml": "title: B\nurl: https://b.example\nsource_dir: source\npublic_dir: public\ntheme: false\n",
        "package.json": '{"hexo": {"version": ""}, "dependencies": {"hexo": "*", "hexo-renderer-marked": "*"}}',
        "source/index.md": "---\nlayout: false\n---\n" + page("Start"),
        "source/guide/page.md": "---\ntitle: A page\nlayout: false\n---\n" + HEADINGS,
        "source/_posts/2024-05-06-first.md": "---\ntitle: First\ndate: 2024-05-06 10:00:00\nlayout: false\n---\n"
        + HEADINGS,
        "source/_posts/kept.md": "---\ntitle: Kept\ndate: 2024-05-06\npublished: false\n---\nK.\n",
        "source/_drafts/draft.md": "---\ntitle: Draft\n---\nD.\n",
    },
    "pelican": {
        "pelicanconf.py": """SITENAME = "B"
SITEURL = "https://b.example"
ARTICLE_PATHS = ["lua"]
DEFAULT_DATE_FORMAT = "%Y"
THEME = "simple"
MARKDOWN = {"extension_configs": {"markdown.extensions.toc": {}, "markdown.extensions.meta": {}}}
""",
        "lua/page.md": "Title: A page\nDate: 2024-01-02\n\n" + HEADINGS,
        "lua/colon.md": "---\ntitle: Colon: a title\ndate: 2024-01-03\n---\n\nC.\n",
        "lua/moved.md": "Title: Moved\nDate: 2024-01-03\nSave_as: elsewhere/index.html\nUrl: elsewhere/\n\nM.\n",
        "lua/url.md": "Title: Of a link\nDate: 2024-01-03\nUrl: nowhere/\n\nU.\n",
        "lua/draft.md": "Title: Draft\nDate: 2024-01-04\nStatus: draft\n\nD.\n",
        "lua/untitled.md": "No head.\n",
        "pages/about.md": "Title: About\n\nA.\n",
    },
    "bookdown": {
        "_bookdown.yml": "book_filename: b\n",
        "index.Rmd": "---\ntitle: B\nurl: 'https\\://b.example'\nsite: bookdown::bookdown_site\noutput: bookdown::gitbook\n---\n\n"
        "# Start {-}\n\nS.^[A [note](page.html).]\n",
        "01-page.Rmd": page("A page", HEADINGS + CUSTOM),
        "02-part.Rmd": "# (PART) Tools {-}\n\n# Tools & `more` {#tools}\n\n\\begin{equation}\na^{2}\n\\end{equation}\n",
        "_left.Rmd": page("Left"),
    },
    "pkgdown": {
        "DESCRIPTION": "Package: pumps\nTitle: Pumps\nVersion: 1.0.0\nAuthor: A\nMaintainer: A <a@b.example>\nDescription: P.\n"
        "License: MIT\n",
        "_pkgdown.yml": "url: https://b.example\ntemplate: {bootstrap: 5}\nnews: {cran_dates: false}\n",
        "README.md": '# pumps <img src="a.png" />\n\nP.\n\n## Version 1.0\n\nV.\n',
        "NEWS.md": "# pumps (development version)\n\n## Fixes\n\nF.\n\n# pumps 1.0.2\n\nN.\n\n## Fixes\n\nF.\n\n## Fixes\n\nF.\n\n"
        "## New `code.x`\n\nN.\n",
        "vignettes/use.Rmd": "---\ntitle: Use\n---\n\n## With on.exit()\n\nW.\n" + HEADINGS,
    },
    "nextra": {
        "next.config.mjs": "import nextra from 'nextra'\n\nexport default nextra({ contentDirBasePath: '/docs' })({ output: 'export' })\n",
        "mdx-components.js": "import { useMDXComponents as ofTheme } from 'nextra-theme-docs'\n\nexport const useMDXComponents = (own) => ({ ...ofTheme(), ...own })\n",
        "app/layout.jsx": """import { Layout } from 'nextra-theme-docs'
import { Head } from 'nextra/components'
import { getPageMap } from 'nextra/page-map'

export default async function Root({ children }) {
  const pageMap = await getPageMap()
  return <html lang="en"><Head /><body><Layout pageMap={pageMap} docsRepositoryBase="https://a.example">{children}</Layout></body></html>
}
""",
        "app/docs/[[...mdxPath]]/page.jsx": """import { generateStaticParamsFor, importPage } from 'nextra/pages'
import { useMDXComponents } from '../../../mdx-components'

export const generateStaticParams = generateStaticParamsFor('mdxPath')
const Wrapper = useMDXComponents().wrapper

export default async function Page(props) {
  const { default: Content, ...rest } = await importPage((await props.params).mdxPath)
  return <Wrapper {...rest}><Content {...props} /></Wrapper>
}
""",
        "app/(top)/oil/page.mdx": page("Oil", "## Kinds\n\nThick.\n"),
        "app/(top)/oil/part.mdx": page("Part"),
        "content/index.mdx": page("Start"),
        "content/_part.mdx": page("Part"),
        "content/guide/index.md": page("Guide", "## Guide\n\nG.\n"),
        "content/guide/v1.2.md": page("Version"),
        "content/guide/set-up.mdx": page("Set up", "import Part from '../_part.mdx'\n\n## Step\n\n<Part />\n"),
        "content/fixes.mdx": page(
            "Fixes", HEADINGS + "\n## Renamed [#Own-ID]\n\nTwelve.\n\n## Again [#v1.2 x]\n\nThirteen.\n"
        ),
    },
    "fumadocs": {
        "package.json": '{"name": "b", "type": "module"}',
        "next.config.mjs": "import { createMDX } from 'fumadocs-mdx/next'\n\nexport default createMDX()({ output: 'export' })\n",
        "source.config.ts": "import { defineConfig, defineDocs } from 'fumadocs-mdx/config'\n\nexport const guides = defineDocs({ dir: 'texts/guides' })\nexport const more = defineDocs({ dir: 'texts/more' })\nexport default defineConfig()\n",
        "lib/source.ts": "import { guides, more } from '../.source/server'\nimport { loader } from 'fumadocs-core/source'\n\nexport const source = loader({ baseUrl: '/handbook', source: guides.toFumadocsSource() })\nexport const others = loader({ baseUrl: '/', source: more.toFumadocsSource() })\n",
        "tsconfig.json": '{"compilerOptions": {"jsx": "preserve", "moduleResolution": "bundler", "module": "esnext", "target": "es2022", "strict": false, "skipLibCheck": true}}',
        "app/layout.jsx": 'export default ({ children }) => <html lang="en"><body>{children}</body></html>\n',
        "app/handbook/[[...slug]]/page.jsx": """import parts from 'fumadocs-ui/mdx'
import { source } from '../../../lib/source'

export default async function Page(props) {
  const page = source.getPage((await props.params).slug)
  const Text = page.data.body
  return <main><h1>{page.data.title}</h1><Text components={parts} /></main>
}
export const generateStaticParams = () => source.generateParams()
""",
        "app/(more)/[...slug]/page.jsx": """import parts from 'fumadocs-ui/mdx'
import { others } from '../../../lib/source'

export default async function Page(props) {
  const page = others.getPage((await props.params).slug)
  const Text = page.data.body
  return <main><h1>{page.data.title}</h1><Text components={parts} /></main>
}
export const generateStaticParams = () => others.generateParams()
""",
        "texts/guides/index.mdx": page("Start", front="title: Start"),
        "texts/guides/(oils)/light.mdx": page("Light", front="title: Light"),
        "texts/guides/pumps/index.mdx": page(
            "Pumps", '<include>./part.mdx</include>\n\n<Callout title="Mind">Hot.</Callout>\n', "title: Pumps"
        ),
        "texts/guides/pumps/part.mdx": page("Part", "## Of the part\n\nOil.\n", "title: Part"),
        "texts/guides/pumps/set-up.mdx": page(
            "Set up",
            "### Deep [#Own-ID]\n\nP.\n\n### Other [!toc]\n\nO.\n\n## Only there [toc]\n\nT.\n",
            "title: Set up",
        ),
        "texts/guides/v1.2.mdx": page("Version", front="title: Version"),
        "texts/guides/meta.json": '{"pages": ["index", "pumps"]}',
        "texts/guides/changes.md": page("Changes", HEADINGS, "title: Changes"),
        "texts/more/about.mdx": page("About", front="title: About"),
    },
    "nuxt": {
        "package.json": '{"name": "b", "private": true}',
        "nuxt.config.ts": "export default defineNuxtConfig({ modules: ['@nuxt/content'], telemetry: false, compatibilityDate: '2024-07-01' })\n",
        "pages/[...slug].vue": "<template><main><ContentDoc /></main></template>\n",
        "app.vue": "<template><NuxtPage /></template>\n",
        "content/index.md": page(
            "Start",
            "".join(f"[x]({p})\n" for p in ("/guide", "/guide/set-up", "/changes", "/pumps/2024-news", "/pumps")),
        ),
        "content/1.guide/index.md": page("Guide"),
        "content/1.guide/02.Set Up.md": page(
            "Set up", '::alert{type="info"}\nRead on.\n::\n\n## Press [Enter]{.key}\n\nP.\n'
        ),
        "content/changes.md": page("Changes", HEADINGS),
        "content/pumps/2024-news.md": page("News"),
        "content/pumps/3.index.md": page("Pumps"),
        "content/_part.md": page("Part"),
        "content/later.draft.md": page("Later"),
        "components/content/Alert.vue": "<template><div><slot /></div></template>\n",
    },
    "eleventy": eleventy(
        """import { IdAttributePlugin } from "@11ty/eleventy";

export default function (eleventyConfig) {
  eleventyConfig.addPlugin(IdAttributePlugin);"""
    ),
    "eleventy-anchors": eleventy(
        """import anchors from "markdown-it-anchor";

export default function (eleventyConfig) {
  eleventyConfig.amendLibrary("md", (library) => library.use(anchors));"""
    ),
    "gatsby": gatsby("`gatsby-remark-autolink-headers`"),
    "gatsby-options": gatsby(
        "{ resolve: `gatsby-remark-autolink-headers`, options: { elements: [`h2`], maintainCase: true, removeAccents: true, enableCustomId: true } }"
    ),
}
MANUAL: tuple[str, ...] = ("mkdocs", "zensical", "mdbook", "hugo", "jekyll", "vitepress", "docusaurus", "starlight")
MANUAL += ("sphinx-alabaster", "sphinx-furo", "sphinx-rtd", "antora")
"""Generators that have served tests/sites/manual.py."""
VENV = Path(os.environ.get("GENERATORS_VENV", ".venv-generators"))
NPM = Path(os.environ.get("GENERATORS_NPM", ".npm-generators"))
COMMANDS: dict[str, tuple[str, str]] = {
    "mkdocs": (f"{VENV}/bin/mkdocs build -q", "site"),
    "docusaurus": ("node_modules/.bin/docusaurus build", "build"),
    "hugo": ("hugo --quiet", "public"),
    "mdbook": (f"{VENV}/bin/mdbook build", "book"),
    "vitepress": ("node_modules/.bin/vitepress build docs", "docs/.vitepress/dist"),
    "vitepress-vuepress": ("node_modules/.bin/vuepress build docs", "docs/.vuepress/dist"),
    "jekyll": ("jekyll build -q", "_site"),
    "starlight": ("node_modules/.bin/astro build", "dist"),
    "astro": ("node_modules/.bin/astro build", "dist"),
    "myst": ("node_modules/.bin/myst build --site", "_build/site"),
    "jupyterbook": (f"{VENV}/bin/jupyter-book build -q .", "_build/html"),
    "nikola": (f"{VENV}/bin/nikola build -q", "output"),
    "nextra": ("node_modules/.bin/next build --turbopack", "out"),
    "fumadocs": ("node_modules/.bin/next build --turbopack", "out"),
    "nuxt": ("node_modules/.bin/nuxt generate", ".output/public"),
    "eleventy": ("node_modules/.bin/eleventy --quiet", "_site"),
    "gatsby": ("node_modules/.bin/gatsby build", "public"),
    "gitbook": ("node_modules/.bin/honkit build . out", "out"),
    "diplodoc": ("node_modules/.bin/yfm -i . -o out", "out"),
    "yard": ("yard doc -q", "doc"),
    "docsify": (": node_modules", "."),
    "hexo": ("node_modules/.bin/hexo generate", "public"),
    "pelican": (f"{VENV}/bin/pelican . -q -s pelicanconf.py -o out", "out"),
    "bookdown": ("Rscript -e 'bookdown::render_book(quiet = TRUE)'", "_book"),
    "pkgdown": (
        'git init -q . && Rscript -e \'f <- asNamespace("pkgdown"); unlockBinding("cran_link", f);'
        ' assign("cran_link", function(...) NULL, f); p <- pkgdown::as_pkgdown(); pkgdown::init_site(p);'
        " f$build_home_index(p); pkgdown::build_news(p); pkgdown::build_articles(p)'",
        "docs",
    ),
}
_ID = re.compile(r"\sid=(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))")


def write(name: str, folder: Path) -> Path:
    """Write a tree below a folder."""
    for path, text in TREES[name].items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def ids_of(path: Path) -> list[str]:
    """The ids in a page, without those of the theme."""
    ids = {
        html.unescape("".join(groups)) for groups in _ID.findall(path.read_text(encoding="utf-8").replace('\\"', '"'))
    }
    return sorted(i for i in ids if not i.startswith(("__", "mdbook-", "keyboard")))


def _of_myst(site: Path) -> dict[str, list[str]]:
    """The pages that a theme of MyST draws, which is fetched: their addresses, and the ids in their trees."""
    start = json.loads((site / "config.json").read_text(encoding="utf-8"))["projects"][0]["index"]
    found = {}
    for path in sorted((site / "content").glob("*.json")):
        told = path.read_text(encoding="utf-8")
        slug = json.loads(told)["slug"]
        place = "" if slug == start else slug.removesuffix(".index").replace(".", "/") + "/"
        found[f"{place}index.html"] = sorted(set(re.findall(r'"html_id":"([^"]+)"', told)))
    return found


def _of_docsify(site: Path) -> dict[str, list[str]]:
    """The pages that Docsify draws in Chromium, from link to link: their addresses, and the ids in them."""
    from playwright.sync_api import sync_playwright

    from support.pages_host import PagesHost

    found: dict[str, list[str]] = {}
    shutil.copy(site / "index.html", site / "404.html")  # in the mode `history` the host shows it for each page
    with PagesHost(site) as host, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page, waiting = browser.new_page(), [host.url]
        while waiting:
            page.goto("about:blank")  # or the next address would be a place in the same page
            page.goto(waiting.pop(0), wait_until="networkidle")
            place = unquote(page.url.removeprefix(host.url)).partition("?")[0]
            place = f"{place}index.html" if not place or place.endswith("/") else f"{place}.html"
            if place not in found and not page.query_selector("#main h1:text('404')"):
                found[place] = page.eval_on_selector_all("#main [id]", "all => all.map(one => one.id).sort()")
                waiting += page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
            waiting = [link for link in waiting if link.startswith(host.url)]
        browser.close()
    return found


_DRAWN = {"myst": _of_myst, "docsify": _of_docsify}
"""Generators of which pages are drawn by something else."""


def serve(name: str) -> dict[str, list[str]]:
    """Build a tree with its generator: the ids of each page."""
    kind = name.partition("-")[0]
    command, out = COMMANDS.get(name) or COMMANDS[kind]
    with tempfile.TemporaryDirectory() as work:
        root = write(name, Path(work).resolve())
        if "node_modules" in command:
            subprocess.run(
                [
                    "cp",
                    "-a",
                    "--reflink=auto",
                    NPM.resolve() / (name if name in COMMANDS else kind) / "node_modules",
                    root,
                ],
                check=True,
            )
        subprocess.run(
            command,
            shell=True,
            check=True,
            cwd=root,
            stdout=subprocess.DEVNULL,
            env={
                **os.environ,
                "ASTRO_TELEMETRY_DISABLED": "1",
                "NEXT_TELEMETRY_DISABLED": "1",
                "GATSBY_TELEMETRY_DISABLED": "1",
            },
        )
        if kind in _DRAWN:
            return _DRAWN[kind](root / out)
        found: dict[str, list[str]] = {}
        for path in sorted((root / out).rglob("*.html")):
            found[path.relative_to(root / out).as_posix()] = ids_of(path)
        return found


if __name__ == "__main__":
    served = json.loads(SERVED.read_text(encoding="utf-8")) if SERVED.exists() else {}
    for name in sys.argv[1:] or TREES:
        served[name] = serve(name)
        print(name, len(served[name]))
        SERVED.write_text(json.dumps(served, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
