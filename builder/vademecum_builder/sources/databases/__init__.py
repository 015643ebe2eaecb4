"""Databases: tables and queries, read whole, by a cursor, or by the changes that were captured."""
