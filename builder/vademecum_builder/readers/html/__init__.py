"""Reader of HTML, which reads pages as a browser does: the tree of the HTML standard, and what a person sees of it.

`tree` owns the parser, `head` reads a page's metadata, `content` finds its main part, `unseen` knows what to leave out
of that and `elements` what the rest is, `flow` walks through it and `writer` makes its `lines`, `anchors` picks the ids
that links can use, `repeats` removes what is on every page, `sections` puts lines under headings, and `page` does all
of it.
"""

from __future__ import annotations
