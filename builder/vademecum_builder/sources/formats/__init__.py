"""Formats of files that hold records: one module each; `record_files` chooses by ending and content."""
