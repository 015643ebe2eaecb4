"""A folder of rendered pages as a whole: whether it is one, what its pages share, which of them are documents, where.

`detect` tells a site from a folder of sources, `survey` looks at a sample of its pages, `kinds` tells pages that are no
documents (redirects, search, indexes), `addresses` says where a page is served, `site` reads the pages one by one.
"""

from __future__ import annotations
