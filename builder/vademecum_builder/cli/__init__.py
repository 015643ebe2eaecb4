"""`vade`: the command line. Scripts depend on its words, JSON keys and exit codes.

`arguments` is the grammar, `commands/` has one module for each command, `main` calls it and prints, `exits` says
which error ends with which code, `progress` draws bars. Nothing below this package knows of a command line.
"""
