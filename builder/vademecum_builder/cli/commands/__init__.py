"""One module for each command of `vade`: `run(options)` takes the parsed command line and returns what to show.

A command calls one function of the builder or of the client's `KnowledgeBase`, and puts its result into words; it does
nothing else. `cli.main` prints that. Phrases that several commands share are in `cli.wording`.
"""
