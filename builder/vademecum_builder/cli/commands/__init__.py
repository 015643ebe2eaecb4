"""One module for each command of `vade`: `run(options)` takes the parsed command line and returns what to show.

A command calls one function of the builder or of the client's `KnowledgeBase`, and words its result: no work is
done here. `cli.main` prints. What several commands word alike is in `cli.wording`.
"""
