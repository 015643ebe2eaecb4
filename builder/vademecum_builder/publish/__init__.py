"""Writing a published tree where a host serves it. `tree` does it in a folder: what is immutable first,
`timestamp.json` last, each file whole, so that a crash at any moment leaves a tree that can be served. `guard` looks
before that whether the folder is one to write to.
"""
