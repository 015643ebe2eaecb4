"""Texts to document vectors, and the query encoder that a release carries for them (format.md, section 4.3).

`registry` finds an encoder by its name: `builtin` (latent semantic analysis of the knowledge base itself) or a
`transformer`, which a static table replaces on the client. `fit` and `table` fit both, and `quantise` turns vectors
into the integers of a segment.
"""
