"""The workspace: what a publisher's machine remembers between builds. One transaction a batch moves it forward.

`database` opens the file, `store` has the items, checkpoints and log, `jobs` what was asked and done, `sync` brings
what changed, `run` that of one source, `monitor` only tells it, `building` lets a build read from here, `vectors` keeps
what an encoder was asked. It is a cache with a diary: without it, the published release is the state. Nothing of it is
ever published.
"""
