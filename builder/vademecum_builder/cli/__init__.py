"""`vade`: the command line. Scripts depend on its commands, JSON keys and exit codes.

`arguments` is the grammar, `commands/` has one module for each command, `main` calls it and prints the result,
`exits` has the exit codes of errors, `progress` draws bars. No package below this one knows of a command line.
"""
