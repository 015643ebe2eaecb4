"""The stages of a build, each one function from a value to a value; `pipeline` is their order.

`base` says what the previous release gives, `read` what the source says now, `embed` gives vectors to what is
new, `deltas` makes packs, `assemble` makes the release, and `publish` signs and writes it. A stage knows those
before it by their values alone; `context` has what they all share. `decision` is for what only signs anew.
"""
