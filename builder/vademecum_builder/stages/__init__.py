"""The stages of a build, each one function from a value to a value; `pipeline` is their order.

`base` finds what can be reused of the previous release, `read` reads the source, `embed` gives vectors to what is
new, `deltas` makes packs, `assemble` makes the release, and `publish` signs and writes it. A stage knows the stages
before it only by their values; `context` has what they all share. `decision` is for changes that only sign anew.
"""
