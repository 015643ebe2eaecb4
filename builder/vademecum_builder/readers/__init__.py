"""Raw bytes to documents. `document` chooses by media type and gives title, URL and metadata; `markdown`, `html` and
`plain` read one kind each, `front_matter` reads YAML. `rst`, `org`, `asciidoc` and `notebook` need optional libraries
or programs, whose output goes to the reader of HTML (`converted`) or of Markdown. All build an `outline`: titled
sections with anchors, of paragraphs, items, rows and code. `text` has the rules for text in segments. A reader knows
bytes, never where they came from.

A new kind of file: a module here, its case in `document`, its media type in `sources.base`, and its
suffix in `sources.endings.MEDIA_TYPES`.
"""
