"""Profiles: how a site generator reads its sources, so that hits lead where it serves them. `registry` finds the
one whose configuration lies there; each generator is a module of data and a few functions; `base` has what they are
made of. `code`, `blocks`, `tags`, `links` and `includes` turn markup that one generator knows into plain Markdown;
`formats` takes in what reStructuredText and AsciiDoc include."""
