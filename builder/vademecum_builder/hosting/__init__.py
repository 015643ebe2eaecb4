"""Bringing a built tree to its hosts. `publishing` keeps the order (what is immutable first, `timestamp.json` last,
then what nobody needs goes), `current` refuses to go back; `base` is the port, and each kind of host has a module.
"""
