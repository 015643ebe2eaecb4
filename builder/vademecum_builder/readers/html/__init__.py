"""Reader of HTML, as a browser would read it: the tree that the standard asks for, and what a person sees of it.

`tree` owns the parser, `head` reads what a page says of itself, `content` finds where its text lies, `unseen` knows
what nobody reads there and `elements` what the rest is, `flow` walks it and `writer` makes its `lines`, `anchors` picks
the id that a link can land on, `repeats` takes out what stands on every page, `sections` lays lines under headings,
`page` is all of it together.
"""

from __future__ import annotations
