"""Published releases, read back: the only state that lasts between builds.

`previous` finds the one to build on, `published` reads and verifies it as a client would, `verify` is `vade verify`,
and `version_json` says for people and other tools what a release is and what it changed.
"""
