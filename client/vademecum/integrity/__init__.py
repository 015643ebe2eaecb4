"""Integrity of a store: finding damage, and repairing just that.

scrub.py compares objects with their names; inspection.py judges a whole store, offline and without writing; repair.py
fetches what is broken again, by the same way and with the same checks as an update.
"""
