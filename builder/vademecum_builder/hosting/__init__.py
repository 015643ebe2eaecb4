"""Bringing a built tree to its hosts. `publishing` keeps the order (immutable files first, `timestamp.json` last, then
files that are no longer needed are deleted), `current` refuses to go back; `base` is the port, and each kind of host
has a module.
"""
