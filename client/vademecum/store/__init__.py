"""The content of a store, whatever its database: pointer, records, objects, and a session over them.

pointer.py says what is installed (the record that a commit flips); records.py has one frozen value and one codec for
each other record; session.py reads and writes them once a run, under the writer's lock; objects.py compares objects
with their names, and checks reads of parts; garbage.py deletes those that nobody names; seal.py is a record's digest.
"""
