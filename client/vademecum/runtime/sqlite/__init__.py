"""The store in one SQLite file (format.md, section 8).

store.py is the port; file.py opens the file and says what its errors mean; lock.py is the writer's lock; rescue.py
begins the store anew where SQLite calls the file malformed.
"""
