"""From rows to the segments of a release (format.md, sections 3 and 4).

`rows` are the rows that count, and what two vectors must have in common to be compared; `tiers` decides how they are
cut into recency tiers; `segments` writes and reads back; `gzipped` makes the files small.
"""
