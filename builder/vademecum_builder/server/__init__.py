"""`vade serve`: a local static host that behaves like GitHub Pages.

`github_pages` says what is answered, a pure matter of folder and request; `static` is the server around it, on
127.0.0.1 alone. Files are read at each request, so a tree may be published anew while it is served.
"""
