"""Is what the host shows acceptable? The Update Framework (TUF), through python-tuf.

metadata.py answers by raising, without clock, network or files; judging.py makes python-tuf's errors ours;
signatures.py says which signatures count; channel.py reads our one field in the signed targets; walk.py walks the
metadata in the specification's order, and refresh.py says from where and how far; floor.py is what was trusted last;
clock_check.py doubts this device's clock; rollout.py chooses among candidates.
"""
