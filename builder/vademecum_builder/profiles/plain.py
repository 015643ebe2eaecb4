"""Without a known generator: addresses follow paths, and markup that cannot be meant as text is processed."""

from __future__ import annotations

from vademecum_builder.profiles import blocks, includes, links, mdx, tags, writerside
from vademecum_builder.profiles.base import Pass
from vademecum_builder.profiles.code import outside

PASSES: tuple[Pass, ...] = (
    writerside.topics,
    includes.mdbook_includes,
    tags.erb,
    includes.mkdocs_snippets(("",), ""),
    blocks.indented_blocks,
    blocks.containers,
    blocks.markdown_in_html,
    outside(tags.shortcodes),
    outside(tags.markdoc),
    outside(tags.liquid),
    tags.macros,
    mdx.comments,
    mdx.jsx,
    blocks.attribute_lists,
    links.comments_set_apart,
    links.wikilinks,
    links.block_ids,
    blocks.alerts,
)
