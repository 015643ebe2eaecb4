"""Texts to document vectors, and the query encoder that a release carries for them (format.md, section 4.3).

`registry` finds an encoder by its name: `builtin` (latent semantic analysis of the knowledge base itself) or a
`transformer`, of which a static table stands in for the model on the client. `fit` and `table` are what both are fitted
with, and `quantise` makes vectors the integers of a segment.
"""
