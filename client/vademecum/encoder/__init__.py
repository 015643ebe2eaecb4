"""The query encoder that a release carries: words in, a vector of small integers out (format.md, section 4.3).

`alphabet` splits a text, `file` reads and writes the file, `query` encodes with it. All in exact
integers, so that every runtime finds the same; js/search/encoder.mjs is the twin.
"""
