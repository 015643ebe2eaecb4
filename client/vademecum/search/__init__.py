"""Searching an opened generation on CPython, with numpy; js/search/ is the twin, and gives the same list.

`vectors` ranks every live chunk exactly; `results` are what an app gets: hits, documents and their chunks.
"""
