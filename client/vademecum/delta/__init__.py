"""Direct packs, read: a segment encoded against what the client already has (format.md, sections 3.1 and 4.4).

`reader` reads numbers and streams; `dictionary` is what writer and reader share; `decode` makes the segment, `vectors`
its vectors; `steps` says which packs lead on from an older release. No store: the base is asked through `PackBase`.
"""
