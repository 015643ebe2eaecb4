"""Keys, and the metadata of The Update Framework that are signed with them.

`root` makes and renews the root metadata, `keys` loads keys, `keyring` finds those of a build and decides who signs,
`metadata` has the four roles as we publish them, `defaults` the places of keys. Whether metadata are acceptable is the
client's question: vademecum.trust.
"""
