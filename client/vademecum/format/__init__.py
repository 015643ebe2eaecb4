"""Bytes and frozen values: what site/content/format.md, sections 1, 3 and 4, describes, and nothing of where bytes lie.

`json` reads JSON that came from elsewhere; `objects` are gzipped and named by their digests (and have what all share);
a `manifest` lists the objects of a release; `tensors` is the container of `segment` and of the encoder file. Decoders
are pure: they return a value or raise `ContentError` or `NewerFormatError`, and use nothing unchecked.
"""
