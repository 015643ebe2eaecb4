"""Direct packs, read: a segment encoded against what the client already has (format.md, sections 3.1 and 4.4).

`reader` reads numbers and streams; `dictionary` is what writer and reader share, and which packs lead on from an older
release; `decode` makes the segment and its vectors. No store: the base is asked through `PackBase`.
"""
