"""Documents to chunks. `structure` cuts along headings and blocks, each section by itself, so that an edit does not
shift its neighbours, and `markup` writes them. An algorithm has a name, which is part of the epoch: another border is
a new epoch.
"""
