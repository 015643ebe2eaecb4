"""Setting up a repository (`vade init`), and saying later what it lacks (`vade init --check`).

`repository` asks git; `deployments` reads the workflows; `candidates` finds the documents, `choices` says what to build
and for where. `files`, `requirement` and `steps` are the texts; `plan` puts all of it together and writes. `check`
looks at the repository, `audit` at workflows, `live` at what it publishes; each of their `findings` says what to do.
"""
