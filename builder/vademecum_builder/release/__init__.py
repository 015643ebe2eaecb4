"""Published releases, read back: the only state that lasts between builds.

`previous` finds the one to build on; `signed` walks its metadata and `published` reads it, as a client would;
`verify` is `vade verify`; `version_json` describes a release and its changes for people and other tools.
"""
