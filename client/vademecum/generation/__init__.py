"""One installed release, read from the store: which of its rows count, and their texts (format.md, section 5).

`row_index` are compact maps of keys and ids to rows; `live_rows` merges segments (last writer wins) and gives the state
digest. `opened` holds a generation in memory, for searching, and has the self-test; `staged` (with `lazy_segment`)
leaves texts and vectors in the store, for updates; `compaction` merges small segments, as an LSM tree does.
"""
