"""Sets up a repository (`vade init`), and checks later what it lacks (`vade init --check`).

`repository` asks git; `deployments` reads the workflows; `candidates` finds the documents; `choices` decides what to
build, and where it is published. `files`, `requirement` and `steps` make the texts; `plan` combines and writes them.
`check` looks at the repository, `audit` at workflows, `live` at the published tree; each of their `findings` says what
to do.
"""
