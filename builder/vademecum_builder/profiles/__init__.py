"""Profiles: how a site generator reads its sources, so that hits lead to the pages that it serves. `registry` finds
the generator by its configuration; each generator is a module of data and a few functions; `base` has their parts.
`code`, `blocks`, `tags`, `links` and `includes` turn markup of single generators into plain Markdown; `formats` adds
the files that reStructuredText and AsciiDoc include."""
