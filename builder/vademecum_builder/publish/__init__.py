"""Writing a published tree into a folder. `tree` writes immutable files first and `timestamp.json` last, each file
whole, so that a crash at any moment leaves a tree that can be served. `guard` checks beforehand that the folder may be
written to.
"""
