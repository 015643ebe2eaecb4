"""The store in one SQLite file (format.md, section 8).

store.py is the port; file.py opens the file and says what its errors mean; lock.py is the writer's lock; rescue.py and
swap.py put a new file in the place of a damaged one.
"""
