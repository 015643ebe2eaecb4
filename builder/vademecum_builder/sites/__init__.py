"""A rendered site as a whole: what its pages share, which of them are documents, and where they are served.

`detect` distinguishes a site from a folder of sources, `survey` looks at a sample of its pages, `kinds` recognises
pages that are not documents (redirects, search, indexes), `addresses` knows where a page is served, `site` reads single
pages.
"""

from __future__ import annotations
