"""Raw bytes to documents. `document` chooses by media type and gives title, URL and metadata; `markdown`, `html` and
`plain` read one kind each, `front_matter` its YAML. `rst`, `org`, `asciidoc` and `notebook` need what is not always
there, and hand what it writes to the reader of HTML (`converted`) or of Markdown. What they find they tell `outline`:
titled sections with anchors, of blocks: paragraphs, items, rows and code. `text` has the rules for text that a
segment may carry. A reader knows bytes, never where from.

A new kind of file: a module here, its case in `document`, its media type in `sources.base`, and its
suffix in `sources.endings.MEDIA_TYPES`.
"""
