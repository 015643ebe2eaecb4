"""The workspace: what a publisher's machine remembers between builds. One transaction a batch moves it forward.

`database` opens the file, `store` has the items, checkpoints and log, `jobs` what was asked for and done. `sync` reads
what changed in all sources, `run` in one; `monitor` only reports it. `building` lets a build read from here, `vectors`
caches embeddings. The workspace is a cache with a log: without it, the published release is the only state. Nothing of
it is ever published.
"""
