"""The published site: everything around the index.

`site` puts it together and lists it for signing; `render` makes the pages (the one owner of jinja2),
`client_bundle` the browser client, of whose modules `bundle` makes files, and `pyodide` brings the Python that it runs
on, pinned by digests.
"""
