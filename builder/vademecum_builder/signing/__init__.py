"""Keys, and the metadata of The Update Framework that are signed with them.

`keys` makes and renews them, `keyring` finds those of a build and says who may sign, `metadata` is the four roles as
we publish them, `defaults` where keys lie. Whether metadata are acceptable is the client's question: vademecum.trust.
"""
