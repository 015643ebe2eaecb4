"""Interpreters and browsers: the implementations of `vademecum.ports`."""
