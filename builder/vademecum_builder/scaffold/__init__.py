"""Setting up a repository (`vade init`), and saying later what it lacks (`vade init --check`).

`repository` asks git; `candidates` finds the documents; `files` is the text of what is written, `workflow` that of the
job; `plan` puts both together and writes; `check` looks at the repository and `live` at what it publishes.
"""
