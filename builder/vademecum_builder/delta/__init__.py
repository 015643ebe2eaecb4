"""Direct packs, written: what a client of an older release lacks, against what it has (format.md, 4.4).

`schedule` says from which releases packs lead; `old_rows` is what those had and the current one has not; `encode`
writes a pack, the vectors in it too. vademecum.delta reads them.
"""
